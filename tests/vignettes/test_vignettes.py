"""The worked patients of the clinical sources, played by the shipped protocols.

The patients lie beside the project; without them their tests skip. Each is also an example of a protocol,
which `rung check` runs everywhere. Twenty-two more are named by the clauses and are not in that file. What
the clauses say of them is written down in `reconstructed.yaml`, with our own patients, and always played.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from tests.vignettes.chart import SITE, chart_of, example, in_own_unit, millis
from tests.vignettes.expected import Heard, holds

from rung_engine.artifact import model as m
from rung_engine.decision.propose import judge
from rung_engine.decision.view import View
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.session.replay import Replay
from rung_lang.checked.files import gather, words_at
from rung_lang.checked.from_syntax import Context, from_syntax
from rung_lang.finding import Problem
from rung_lang.lower.examples import LoweredExample, lower_examples
from rung_lang.lower.from_checked import from_checked
from rung_lang.source import Source, Unreadable, decode
from rung_lang.syntax.parse import parse

ROOT = Path(__file__).resolve().parents[2]
PROTOCOLS = ROOT / "protocols"
PATIENTS = ROOT.parent / "shared" / "clinical" / "vignettes.yaml"
RECONSTRUCTED = Path(__file__).with_name("reconstructed.yaml")


def vignettes_in(file: Path) -> list[Mapping[str, Any]]:
    """The vignettes of a file; none where it is not there."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))["vignettes"] if file.exists() else []


VIGNETTES = vignettes_in(PATIENTS)
OURS = vignettes_in(RECONSTRUCTED)
MEMBERS = (
    "septic_shock",
    "cardiogenic_shock",
    "hepatorenal_syndrome",
    "refractory_hypotension",
    "newborn_hypotension",
)
DISPUTED: Mapping[tuple[str, str, str, str], str] = {}
"""By vignette, instant, `must` or `must_not`, and verb: why the clauses say otherwise."""


@frozen
class Protocol:
    """A shipped protocol, compiled once; an example is lowered against its declarations."""

    artifact: m.Artifact
    context: Context
    concerns: frozenset[str]

    def lowered(self, written: str) -> tuple[LoweredExample | None, list[Problem]]:
        """The one example of this text, or what is wrong with it."""
        head = 'protocol vignette "A vignette" version 1.0.0 applies when age >= 0 years\n'
        source = decode("vignette.rung", f"{head}{written}".encode())
        assert isinstance(source, Source)
        parsed = parse(source)
        problems = self.context.scope.problems
        before = len(problems)
        examples = lower_examples(parsed.file, self.context)
        found = [*parsed.problems, *problems[before:]]
        del problems[before:]
        return (examples[0] if examples else None), [one for one in found if one.level == "error"]


@cache
def protocol(name: str) -> Protocol:
    def read(path: str) -> Source | Unreadable | None:
        file = ROOT / path
        return decode(path, file.read_bytes()) if file.exists() else None

    gathered = gather(f"protocols/{name}.rung", read)
    assert gathered.main is not None
    text = partial(words_at, gathered.sources)
    checked = from_syntax(gathered.main, gathered.used, text)
    assert checked.protocol is not None, [str(one) for one in checked.problems]
    artifact = from_checked(checked.protocol, gathered.sources, text)
    return Protocol(artifact, checked.context, frozenset(one.id for one in checked.said.concerns))


def settings_of(artifact: m.Artifact, given: Mapping[str, m.Number | str]) -> dict[str, m.Number | str]:
    """What the example gives; for the rest that is open, what the mapping says, else the low end."""
    chosen = dict(given)
    for name, decl in artifact.settings.items():
        if decl.value is None and name not in chosen:
            chosen[name] = decl.lo if decl.lo is not None else SITE.get(name) or (decl.choices or ("no",))[0]
    return chosen


def heard_by(name: str, vignette: Mapping[str, Any]) -> dict[int, Heard]:
    """What one protocol says at each instant of the vignette that asks, and of each proposal."""
    known = protocol(name)
    artifact = known.artifact
    chart = chart_of(vignette, artifact)
    checks = [millis(check["at"]) for check in vignette["expect"]]
    lowered, errors = known.lowered(example(chart, checks, artifact))
    if any(problem.code == "R128" for problem in errors):
        # By weight where the protocol does not hold the drug by weight, or the reverse: not its order.
        chart.proposed.clear()
        lowered, errors = known.lowered(example(chart, checks, artifact))
    assert errors == [] and lowered is not None, errors
    program = Program(artifact, settings_of(artifact, dict(lowered.settings)), unverified=True)
    replay = Replay(program, lowered.events, needs=True)
    proposals = iter(sorted(chart.proposed, key=lambda one: one[0]))
    out: dict[int, Heard] = {}
    for check in lowered.checks:
        view = replay.advance(check.time_ms)
        content = replay.content
        assert content is not None
        running = frozenset(drug for drug in artifact.drugs if view.drug(drug).running)
        heard = out.setdefault(check.time_ms, Heard(program, content, running))
        if check.proposed is not None:
            _, words, wanted = next(proposals)
            dose = in_own_unit(words, artifact)[1]
            order = check.proposed if dose is None else check.proposed.model_copy(update={"dose": dose})
            heard.verdicts.append((wanted, judge(view, content, _as_step(view, order))))
        if content.phase == "active":
            heard.yielded = frozenset(
                f"{owns.protocol}:{drug}"
                for owns in artifact.ownership
                if owns.how == "yields" and (owns.condition is None or view.truth(owns.condition))
                for drug in owns.drugs
            )
    return out


def _as_step(view: View, order: m.Order) -> m.Order:
    """To set what runs at a known rate is to raise or to lower it: judged as the step that it is."""
    now = view.drug(order.target).rate if order.op == "set" else None
    if now is None or order.dose is None:
        return order
    wanted = view.program.amount(order.dose.hi)
    for name, unit in view.program.units.items():  # the first unit that holds the step exactly
        ends = (now.seen_in(unit.dims, view.weight()), wanted.seen_in(unit.dims, view.weight()))
        if ends[0] is None or ends[1] is None or ends[0] == 0 or ends[0] == ends[1]:
            continue
        change = (ends[1] - ends[0]) / unit.factor * 10**6
        if change.denominator == 1:
            by = m.Number(millionths=abs(int(change)), unit=name)
            op: Literal["increase", "decrease"] = "increase" if change > 0 else "decrease"
            return m.Order(op=op, target=order.target, step=m.Range(lo=by, hi=by))
    return order


def at(time: int, all_heard: Mapping[str, dict[int, Heard]]) -> list[Heard]:
    """The protocols that apply then, each silent on the drugs that another one speaks of."""
    on = {name: heard[time] for name, heard in all_heard.items() if heard[time].content.phase == "active"}
    for heard in on.values():
        pairs = (one.split(":") for one in heard.yielded if ":" in one)
        heard.yielded = frozenset(drug for protocol, drug in pairs if protocol in on)
    return list(on.values())


def concerns() -> set[str]:
    return {concern for name in MEMBERS for concern in protocol(name).concerns}


@pytest.mark.skipif(not VIGNETTES, reason="the vignettes are not beside the project")
@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda one: one["id"])
def test_a_vignette_comes_out_as_its_clauses_say(vignette: Mapping[str, Any]) -> None:
    assert_holds(vignette)


@pytest.mark.parametrize("vignette", OURS, ids=lambda one: one["id"])
def test_what_the_clauses_say_of_a_vignette_not_at_hand(vignette: Mapping[str, Any]) -> None:
    assert_holds(vignette)


def assert_holds(vignette: Mapping[str, Any]) -> None:
    all_heard = {name: heard_by(name, vignette) for name in MEMBERS}
    wrong: list[str] = []
    for check in vignette["expect"]:
        heard = at(millis(check["at"]), all_heard)
        for how in ("must", "must_not"):
            for wanted in check.get(how, []):
                disputed = (vignette["id"], check["at"], how, wanted["do"]) in DISPUTED
                if (holds(wanted, heard) == (how == "must")) == disputed:
                    wrong.append(f"{check['at']}: {how} {wanted}")
        for wanted in check.get("may", []):
            proposed = [verdict for one in heard for order, verdict in one.verdicts if order is wanted]
            if not holds(wanted, heard) and all(verdict.grade == "refused" for verdict in proposed):
                wrong.append(f"{check['at']}: may {wanted}")
        wrong += [f"{check['at']}: flag {flag}" for flag in check.get("flag", []) if flag not in concerns()]
    told = [
        f"  {check['at']} {name}: {heard[millis(check['at'])].content.phase} "
        + "; ".join(
            f"{one.op} {one.target[:60]}{'' if one.confirmed else ' (unconfirmed)'}"
            for one in heard[millis(check["at"])].orders()
        )
        for check in vignette["expect"]
        for name, heard in all_heard.items()
        if heard[millis(check["at"])].content.phase == "active"
    ]
    assert wrong == [], "\n".join([*wrong, *told])


def test_every_vignette_that_the_clauses_name_is_played_once_at_least() -> None:
    named = {f"V{number:02}" for number in range(3, 67, 3)}
    assert {one["id"][:3] for one in OURS} == named
    assert not named & {one["id"] for one in VIGNETTES}


def test_a_fact_or_an_alert_that_stands_nowhere_is_an_error_that_names_it() -> None:
    unknown: Mapping[str, Any] = {**OURS[0], "patient": {**OURS[0]["patient"], "shoe_size": "43"}}
    with pytest.raises(AssertionError, match="a patient fact I do not know: shoe_size"):
        heard_by("hepatorenal_syndrome", unknown)
    heard = at(millis("4 h"), {"hepatorenal_syndrome": heard_by("hepatorenal_syndrome", OURS[0])})
    with pytest.raises(AssertionError, match="an alert I do not know: full_moon"):
        holds({"do": "alert", "code": "full_moon"}, heard)
