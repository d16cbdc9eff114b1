"""What the shipped protocols say to real stays: writes `docs/evidence.md`.

    python -m tests.evidence.evidence FOLDER... > docs/evidence.md

Each folder holds stays in Rung's tidy form. Every protocol runs on every stay of every folder, as `rung run
--all` does; what was read by hand stands in `read_by_hand.md` beside this file, and ends the page.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.decision.model import Decision
from rung_engine.event import Done, Dose, Happened, Infusion, Reading
from rung_engine.program import Program
from rung_engine.session.session import Session
from rung_engine.sources.tidy import find_mapping, open_cohort
from rung_lang.driver import compile_protocol
from rung_lang.lower.phrase import amount_words
from rung_lang.report.cohort import Tally
from rung_lang.source import Source, Unreadable, decode

ROOT = Path(__file__).resolve().parents[2]
PROTOCOLS = (
    "septic_shock",
    "cardiogenic_shock",
    "hepatorenal_syndrome",
    "refractory_hypotension",
    "newborn_hypotension",
)
CITATION = (
    "Contains information from the MIMIC-III Clinical Database Demo and the eICU-CRD Demo (PhysioNet), made"
    " available under the ODbL 1.0."
)
HOUR = 3_600_000
MOST = 12
"""Rows of a table of inputs; what follows is counted together."""


@dataclass(frozen=True)
class Ran:
    """One protocol on one folder."""

    protocol: str
    folder: str
    tally: Tally
    charted: frozenset[str]
    """Inputs, events and tasks that some stay to which it applied has a fact about."""
    settings: tuple[tuple[str, str], ...]


def artifact_of(protocol: str) -> m.Artifact:
    def read(path: str) -> Source | Unreadable | None:
        file = ROOT / path
        return decode(path, file.read_bytes()) if file.exists() else None

    artifact = compile_protocol(f"protocols/{protocol}.rung", read).artifact
    assert artifact is not None
    return artifact


def ran(job: tuple[str, str]) -> Ran:
    """One protocol on one folder, stay by stay."""
    protocol, folder = job
    artifact = artifact_of(protocol)
    cohort = open_cohort(folder, find_mapping(folder), artifact)
    program = Program(
        artifact, {name: chosen.value for name, chosen in cohort.settings.items()}, unverified=True
    )
    tally = Tally(artifact)
    charted: set[str] = set()
    for stay in cohort.iter_stays():
        session = Session(program, silence_is_off=cohort.silence == "off")
        decisions: list[Decision] = []
        for event in stay.events:
            decided = session.feed(event)
            if decided.revised_from is not None:
                while decisions and decisions[-1].time >= decided.revised_from:
                    decisions.pop()
            decisions.extend(decided)
        tally.add(stay, decisions, stay.events[-1].time if stay.events else 0)
        if any(decision.content.phase == "active" for decision in decisions):
            charted.update(filter(None, map(_subject, stay.events)))
    shown = tuple((name, _shown(chosen.value)) for name, chosen in sorted(cohort.settings.items()))
    return Ran(protocol, Path(folder).name, tally, frozenset(charted), shown)


def _shown(value: m.Number | str) -> str:
    return amount_words(value) if isinstance(value, m.Number) else value


def _subject(event: Any) -> str:
    match event:
        case Reading():
            return str(event.input)
        case Infusion() | Dose():
            return str(event.drug)
        case Happened():
            return str(event.event)
        case Done():
            return str(event.task)
        case _:
            return ""


# ---------------------------------------------------------------- why a rule never fired


def names_in(artifact: m.Artifact, index: int) -> set[str]:
    """The inputs, events, tasks and drugs that a term asks about."""
    found: set[str] = set()
    left = [index]
    while left:
        term = artifact.terms[left.pop()].model_dump()
        for key, value in term.items():
            if key in ("left", "right", "of", "drawn"):
                left += [value] if isinstance(value, int) else list(value or ())
            elif key in ("input", "drug") or (key == "name" and term["op"] in ("input", "known")):
                found.add(value)
            elif key == "drugs":
                found.update(value)
            elif key == "ref" and value.get("name"):
                found.add(value["name"])
    return found


def why_never(artifact: m.Artifact, rule: m.Rule, runs: Sequence[Ran]) -> str:
    """Nobody charts what it asks, its stage was never reached, or no such patient was met."""
    charted = frozenset[str]().union(*(run.charted for run in runs))
    if not any(run.tally.applied for run in runs):
        return "the protocol applied to nobody"
    unseen = sorted(names_in(artifact, rule.condition) - charted)
    asked = [name for name in unseen if name in artifact.inputs or name in artifact.events]
    if rule.stage is not None and not any(run.tally.stage_ms[rule.stage] for run in runs):
        return f"stage {rule.stage} was never entered"
    if asked:
        return f"nobody charts {', '.join(asked)}"
    drugs = [name for name in unseen if name in artifact.drugs]
    return f"nobody was given {', '.join(drugs)}" if drugs else "no such patient"


# ---------------------------------------------------------------- the page


def page(runs: Sequence[Ran]) -> Iterator[str]:
    """The page, line by line."""
    folders = list(dict.fromkeys(run.folder for run in runs))
    stays = sum(run.tally.stays for run in runs if run.protocol == PROTOCOLS[0])
    yield "# The protocols on real stays"
    yield ""
    yield (
        f"Every shipped protocol ran on all {stays} stays of {' and '.join(folders)}, with the diagnoses as"
        " they are charted. It shows what the protocols say to charts nobody made for them. It shows nothing"
        " about benefit: nobody followed them."
    )
    yield ""
    yield f"> {CITATION}"
    yield ""
    yield (
        "Repeat it with `python -m tests.evidence.evidence FOLDER... > docs/evidence.md`. The data are not"
        " part of the project. Diagnoses are of the whole stay and known only afterwards; the settings a site"
        f" must choose are those of the shipped mappings, chosen to run a demonstration: {_settings(runs)}."
    )
    yield ""
    yield from _overview(runs, folders)
    for protocol in PROTOCOLS:
        mine = [run for run in runs if run.protocol == protocol]
        yield from _protocol(mine)
    yield from _refused(runs)


def _settings(runs: Sequence[Ran]) -> str:
    chosen = dict.fromkeys(pair for run in runs for pair in run.settings)
    return "; ".join(f"`{name}` {value}" for name, value in sorted(chosen))


def _overview(runs: Sequence[Ran], folders: Sequence[str]) -> Iterator[str]:
    yield "| protocol | " + " | ".join(f"{folder}: applied to, hours, changes" for folder in folders) + " |"
    yield "|---|" + "---|" * len(folders)
    for protocol in PROTOCOLS:
        cells = []
        for folder in folders:
            tally = next(run.tally for run in runs if (run.protocol, run.folder) == (protocol, folder))
            hours = _hours(sum(tally.stage_ms.values()))
            cells.append(f"{tally.applied} of {tally.stays} stays, {hours} h, {tally.changes}")
        yield f"| `{protocol}` | " + " | ".join(cells) + " |"
    yield ""
    clashes = sum(sum(run.tally.contradictions.values()) for run in runs)
    yield f"Contradictions met at run time: {clashes}."
    yield ""


def _protocol(runs: Sequence[Ran]) -> Iterator[str]:
    artifact = runs[0].tally.artifact
    tallies = [run.tally for run in runs]
    yield f"## {artifact.title}"
    yield ""
    yield f"`{artifact.name}` {artifact.version}; applied to {sum(tally.applied for tally in tallies)} stays."
    yield ""
    yield from _table("stage", ("hours", "stays"), _both(tallies, "stage_ms", "stage_stays", _hours))
    fired = _both(tallies, "fired", "fired_stays", str)
    moved = _both(tallies, "moved", "moved_stays", str)
    yield from _table("rule that gave an order", ("times", "stays"), fired)
    yield from _table("rule that moved the session", ("times", "stays"), moved)
    active = {rule for tally in tallies for rule in (*tally.fired, *tally.moved)}
    never = [
        (rule.id, (why_never(artifact, rule, runs),)) for rule in artifact.rules if rule.id not in active
    ]
    yield from _table("rule that never spoke", ("why",), never)
    missing: Counter[str] = Counter()
    for tally in tallies:
        missing.update(tally.missing_ms)
    rows = [(name, (_hours(ms),)) for name, ms in missing.most_common()]
    more = [("and others", (str(len(rows) - MOST),))] if len(rows) > MOST else []
    yield from _table("some rule waited for", ("hours",), [*rows[:MOST], *more])
    alerts: Counter[str] = Counter()
    for tally in tallies:
        alerts.update(tally.alerts)
    yield from _table("alert", ("stays",), [(name, (str(n),)) for name, n in sorted(alerts.items())])


def _both(tallies: Sequence[Tally], first: str, second: str, shown: Any) -> list[tuple[str, tuple[str, ...]]]:
    one: Counter[str] = Counter()
    two: Counter[str] = Counter()
    for tally in tallies:
        one.update(getattr(tally, first))
        two.update(getattr(tally, second))
    return [
        (name, (shown(n), str(two[name])))
        for name, n in sorted(one.items(), key=lambda item: (-item[1], item[0]))
    ]


def _table(head: str, columns: Sequence[str], rows: Sequence[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    if not rows:
        return
    yield f"| {head} | " + " | ".join(columns) + " |"
    yield "|---|" + ("---|" if columns == ("why",) else "--:|") * len(columns)
    for name, cells in rows:
        yield f"| `{name}` | " + " | ".join(cells) + " |"
    yield ""


def _refused(runs: Sequence[Ran]) -> Iterator[str]:
    yield "## Rows refused"
    yield ""
    yield "Of what a protocol reads; `rung run --all --refused` names each row with its stay, time and value."
    yield ""
    found: list[tuple[str, tuple[str, ...]]] = []
    for run in runs:
        reasons = ", ".join(f"{reason} {n}" for reason, n in sorted(run.tally.refusals.items()))
        found.append((f"{run.protocol} on {run.folder}", (reasons or "none",)))
    yield from _table("run", ("why",), found)


def _hours(ms: int) -> str:
    tenths = (ms * 10 + HOUR // 2) // HOUR
    return f"{tenths // 10:,}.{tenths % 10}"


def main(folders: Sequence[str]) -> int:
    jobs = [(protocol, folder) for protocol in PROTOCOLS for folder in folders]
    with ProcessPoolExecutor(max_workers=2) as pool:
        runs = list(pool.map(ran, jobs))
    by_hand = Path(__file__).with_name("read_by_hand.md").read_text(encoding="utf-8")
    sys.stdout.write("\n".join(page(runs)) + "\n" + by_hand)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
