"""What the shipped protocols say to real stays: writes `docs/evidence.md`.

    python -m tests.evidence.evidence FOLDER... > docs/evidence.md

Each folder holds stays in Rung's tidy form. Every protocol runs on every stay of every folder, as `rung run
--all` does; what was read by hand stands in `read_by_hand.md` beside this file, and ends the page.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.decision.model import Decision
from rung_engine.event import Done, Dose, Happened, Infusion, Reading
from rung_engine.program import Program
from rung_engine.session.session import Session
from rung_engine.sources.problems import DataProblem
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
NAMED = 4
"""Names in a reason; what follows is counted together."""
UNKNOWN = {
    "never": "never charted",
    "stale": "charted too long ago",
    "contested": "two different values at one instant",
    "rate": "running at an unknown rate",
    "implausible": "implausible as charted",
    "unit": "in a unit that does not convert",
    "weight": "no weight",
}
"""Why something is unknown, in short words."""
NEVER_TRUE = "never true: no such patient, or a setting that leaves it out"
REFUSED = {
    "implausible": "outside the plausible range",
    "no_concentration": "a flow without a concentration",
    "no_unit": "a dose without a unit",
    "no_unit_of_reading": "a reading without a unit",
    "no_value": "no value",
    "unit_not_convertible": "a unit that does not become the declared one",
    "unknown_unit": "a unit not known",
    "ambiguous_unit": "a unit that reads in two ways",
    "negative": "negative",
    "weight_unusable": "a weight of 0 or less",
    "ends_before_start": "ends before it starts",
    "empty_interval": "ends when it starts",
    "no_end": "an interval without an end",
}
"""Reason codes of refused rows in short words; a code that is missing here is shown as it is."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One protocol on one folder."""

    protocol: str
    folder: str
    tally: Tally
    charted: frozenset[str]
    """Inputs, events, tasks and drugs that some stay to which it applied has a fact about."""
    settings: tuple[tuple[str, str], ...]
    waited: dict[str, set[str]] = field(default_factory=dict)
    """By rule: what it waited for at some time, where it could not be judged."""
    held_back: dict[str, set[str]] = field(default_factory=dict)
    """By rule that fired: what kept its order from standing."""
    missing_ms: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How long some rule waited for a name while the protocol applied, by name and why it was unknown."""


def artifact_of(protocol: str) -> m.Artifact:
    """A shipped protocol, compiled and not proved anew."""

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
    waited: dict[str, set[str]] = {}
    held_back: dict[str, set[str]] = {}
    missing_ms: Counter[tuple[str, str]] = Counter()
    for stay in cohort.iter_stays():
        session = Session(program, silence_is_off=cohort.silence == "off")
        decisions: list[Decision] = []
        for event in stay.events:
            decided = session.feed(event)
            if decided.revised_from is not None:
                while decisions and decisions[-1].time >= decided.revised_from:
                    decisions.pop()
            decisions.extend(decided)
        end = stay.events[-1].time if stay.events else 0
        tally.add(stay, decisions, end)
        active = False
        for decision, after in zip(decisions, [*decisions[1:], None], strict=True):
            content = decision.content
            if content.phase != "active":
                continue
            active = True
            span = (after.time if after is not None else max(end, decision.time)) - decision.time
            for name, why in {(need.name, need.why) for item in content.pending for need in item.needs}:
                missing_ms[name, why] += span
            for pending in content.pending:
                waited.setdefault(pending.rule, set()).update(need.name for need in pending.needs)
            for withheld in content.withheld:
                held_back.setdefault(withheld.rule, set()).add(f"{withheld.why} {withheld.target}")
        if active:
            charted.update(filter(None, map(_subject, stay.events)))
    charted.update(name for name, decl in artifact.inputs.items() if decl.counts in charted)
    shown = tuple((name, _shown(chosen.value)) for name, chosen in sorted(cohort.settings.items()))
    return Ran(protocol, Path(folder).name, tally, frozenset(charted), shown, waited, held_back, missing_ms)


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
    """Its order was held back, nobody charts what it waited for, or it was never true of anybody met."""
    if rule.stage is not None and not any(run.tally.stage_ms[rule.stage] for run in runs):
        return f"stage `{rule.stage}` was never entered"
    held_back = {why for run in runs for why in run.held_back.get(rule.id, ())}
    if held_back:
        return f"fired, and its order was held back: {_listed(held_back)}"
    charted = frozenset[str]().union(*(run.charted for run in runs))
    waited = {name for run in runs for name in run.waited.get(rule.id, ())}
    if waited - charted:
        return f"waited for what nobody charts: {_listed(waited - charted)}"
    unseen = names_in(artifact, rule.condition) - charted
    asked = {name for name in unseen if name in artifact.inputs or name in artifact.events}
    if asked:
        return f"never true; of what it asks, nobody charts {_listed(asked)}"
    drugs = {name for name in unseen if name in artifact.drugs}
    return f"never true; nobody was given {_listed(drugs)}" if drugs else NEVER_TRUE


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more


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
        " part of the project. Diagnoses are of the whole stay and known only afterwards. The settings a site"
        f" must choose are those of the shipped mappings, chosen to run a demonstration: {_settings(runs)}."
    )
    yield ""
    yield (
        "An order counts each time it comes to stand, so a rule that stands while one reading lasts counts"
        " anew with the next. Rules of a stage that was never entered are counted and not named."
    )
    yield ""
    yield from _overview(runs, folders)
    for protocol in PROTOCOLS:
        mine = [run for run in runs if run.protocol == protocol]
        yield from _protocol(mine)
    yield from _refused(runs, folders)


def _settings(runs: Sequence[Ran]) -> str:
    chosen = dict.fromkeys(pair for run in runs for pair in run.settings)
    return "; ".join(f"`{name}` {value}" for name, value in sorted(chosen))


def _overview(runs: Sequence[Ran], folders: Sequence[str]) -> Iterator[str]:
    """Who was met: one row for each protocol."""
    heads = [*(f"stays of {folder}" for folder in folders), "hours", "changes"]
    yield "| protocol | " + " | ".join(heads) + " |"
    yield "|---|" + "--:|" * len(heads)
    for protocol in PROTOCOLS:
        tallies = [
            next(run.tally for run in runs if (run.protocol, run.folder) == (protocol, folder))
            for folder in folders
        ]
        cells = [f"{tally.applied} of {tally.stays}" for tally in tallies]
        cells.append(_hours(sum(ms for tally in tallies for ms in tally.stage_ms.values())))
        cells.append(f"{sum(tally.changes for tally in tallies):,}")
        yield f"| `{protocol}` | " + " | ".join(cells) + " |"
    yield ""
    clashes: Counter[str] = Counter()
    for run in runs:
        clashes.update({f"{run.protocol}: {rules}": n for rules, n in run.tally.contradictions.items()})
    yield f"Contradictions met at run time: {sum(clashes.values())}."
    yield ""
    yield from _table(
        "rules that contradicted", ("times",), [(name, (str(n),)) for name, n in clashes.items()]
    )


def _protocol(runs: Sequence[Ran]) -> Iterator[str]:
    artifact = runs[0].tally.artifact
    tallies = [run.tally for run in runs]
    applied = sum(tally.applied for tally in tallies)
    yield f"## {artifact.title}"
    yield ""
    yield f"`{artifact.name}` {artifact.version}; applied to {applied} stays."
    yield ""
    if not applied:
        yield f"Nobody it is written for was met, and none of its {len(artifact.rules)} rules spoke."
        yield ""
        return
    yield from _table("stage", ("hours", "stays"), _both(tallies, "stage_ms", "stage_stays", _hours))
    fired = _both(tallies, "fired", "fired_stays", _count)
    moved = _both(tallies, "moved", "moved_stays", _count)
    yield from _table("rule that gave an order", ("times", "stays"), fired)
    yield from _table("rule that moved the session", ("times", "stays"), moved)
    yield from _never(artifact, runs)
    yield from _missing(runs)
    alerts: Counter[str] = Counter()
    for tally in tallies:
        alerts.update(tally.alerts)
    yield from _table("alert", ("stays",), [(name, (str(n),)) for name, n in sorted(alerts.items())])


def _missing(runs: Sequence[Ran]) -> Iterator[str]:
    """What rules waited for, longest first, and why it was not known."""
    missing: Counter[tuple[str, str]] = Counter()
    for run in runs:
        missing.update(run.missing_ms)
    ranked = sorted(missing.items(), key=lambda item: (-item[1], item[0]))
    rows = [(f"`{name}`, {UNKNOWN.get(why, why)}", (_hours(ms),)) for (name, why), ms in ranked[:MOST]]
    yield from _rows("some rule waited for", ("hours",), rows)
    shorter = dict.fromkeys(name for (name, _), _ in ranked[MOST:])
    if shorter:
        yield f"And for less time than these: {', '.join(f'`{name}`' for name in shorter)}."
        yield ""


def _never(artifact: m.Artifact, runs: Sequence[Ran]) -> Iterator[str]:
    """The rules that neither gave an order nor moved the session, by reason."""
    spoke = {rule for run in runs for rule in (*run.tally.fired, *run.tally.moved)}
    by_reason: dict[str, list[str]] = {}
    for rule in artifact.rules:
        if rule.id not in spoke:
            by_reason.setdefault(why_never(artifact, rule, runs), []).append(rule.id)
    rows = []
    for why, rules in sorted(by_reason.items()):
        entered = "was never entered" not in why
        named = ", ".join(f"`{rule}`" for rule in rules) if entered else f"its {len(rules)} rules"
        rows.append((why, (named,)))
    yield from _rows("why a rule never spoke", ("rules",), rows)


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


Row = tuple[str, tuple[str, ...]]


def _table(head: str, columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """A table whose first column holds names of the protocol."""
    return _rows(head, columns, [(f"`{name}`", cells) for name, cells in rows])


def _rows(head: str, columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """A table; a column that holds only figures is set to the right."""
    if not rows:
        return
    yield f"| {head} | " + " | ".join(columns) + " |"
    figures = [
        all(cell[0].isdigit() for cell in column)
        for column in zip(*(cells for _, cells in rows), strict=True)
    ]
    yield "|---|" + "".join("--:|" if right else "---|" for right in figures)
    for name, cells in rows:
        yield f"| {name} | " + " | ".join(cells) + " |"
    yield ""


def _refused(runs: Sequence[Ran], folders: Sequence[str]) -> Iterator[str]:
    """Of each folder, where all protocols read the same; else of each protocol."""
    yield "## Rows refused"
    yield ""
    yield "Of what a protocol reads; `rung run --all --refused` names each row with its stay, time and value."
    yield ""
    rows: list[Row] = []
    for folder in folders:
        mine = [run for run in runs if run.folder == folder]
        same = all(run.tally.refusals == mine[0].tally.refusals for run in mine)
        for run in mine[:1] if same else mine:
            reasons = sorted(run.tally.refusals.items(), key=lambda item: (-item[1], item[0]))
            name = folder if same else f"{folder}, {run.protocol}"
            rows += [(name, (REFUSED.get(reason, reason), f"{n:,}")) for reason, n in reasons]
    yield from _rows("data", ("why", "rows"), rows)


def _count(n: int) -> str:
    return f"{n:,}"


def _hours(ms: int) -> str:
    tenths = (ms * 10 + HOUR // 2) // HOUR
    return f"{tenths // 10:,}.{tenths % 10}"


def main(folders: Sequence[str]) -> int:
    """The page on standard output; 2 where a folder cannot be read, with nothing written."""
    try:
        for folder in folders:
            find_mapping(folder)
    except DataProblem as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    jobs = [(protocol, folder) for protocol in PROTOCOLS for folder in folders]
    with ProcessPoolExecutor(max_workers=2) as pool:
        runs = list(pool.map(ran, jobs))
    by_hand = Path(__file__).with_name("read_by_hand.md").read_text(encoding="utf-8")
    sys.stdout.write("\n".join(page(runs)) + "\n" + by_hand)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
