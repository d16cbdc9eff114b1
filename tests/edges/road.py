"""From a text and a chart in words to a decision: the road every edge test takes.

A fact is a line such as `4 h MAP 62`, `90 min NE 7 mcg/min`, `0 h albumin given 75 g` or `2 h retract a`; a
leading `a:` names it, a trailing `by monitor` says who charted it. Times add up: `4 h 1 ms`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from tests.edges.columns import agree, is_tried

from rung_engine.artifact import model as m
from rung_engine.decision.explain import Explained, explain
from rung_engine.decision.model import Content, Decision, Standing
from rung_engine.decision.propose import Verdict, judge
from rung_engine.decision.view import View
from rung_engine.event import (
    Charted,
    Concentration,
    Correction,
    Done,
    Dose,
    Event,
    Fact,
    Happened,
    Infusion,
    NoOtherInfusions,
    Reading,
    Retraction,
    Value,
)
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.history import resolve
from rung_engine.reference.run import Runner
from rung_engine.session.session import Session
from rung_engine.truth import Truth
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.source import Source, Unreadable, decode

FORMULARY = """
formulary ward
input MAP in mmHg plausible 10 to 250 mmHg valid for 15 min
input lactate in mmol/L plausible 0.1 to 30 mmol/L valid for 6 h
input creatinine as SCr in mg/dL also in umol/L at 88.42 plausible 0.1 to 20 mg/dL valid for 24 h
input ph in points plausible 6 to 8 points valid for 1 h
input glucose in mg/dL plausible 10 to 2000 mg/dL valid for 1 h
input urine in mL cumulative
input fluids in mL/kg cumulative counts crystalloid
input weight in kg fixed dosing
input age in years fixed
input line yes or no fixed
input bleeding yes or no valid for 1 h
input arrest yes or no valid for 1 h
input shock any of septic, cardiogenic, hemorrhagic valid for 24 h
input rhythm one of sinus, fibrillation valid for 1 h
input aki graded none, stage1, stage2 valid for 24 h
drug norepinephrine as NE infusion in mcg/kg/min start 0.02 to 0.05 mcg/kg/min usual 0.02 to 0.5 mcg/kg/min
  maximum 3 mcg/kg/min concentration 16 mcg/mL and 64 mcg/mL valid for 2 h
drug vasopressin as AVP infusion in units/min start 0.03 units/min maximum 0.04 units/min
  concentration 0.4 units/mL needs norepinephrine
drug epinephrine as EPI infusion in mcg/kg/min start 0.05 mcg/kg/min maximum 2 mcg/kg/min
drug phenylephrine infusion in mcg/min start 50 mcg/min maximum 300 mcg/min
drug dobutamine infusion in mcg/kg/min start 2 mcg/kg/min maximum 20 mcg/kg/min
drug furosemide infusion in mg/h maximum 40 mg/h maximum 100 mg over 24 h
drug crystalloid bolus in mL
drug albumin bolus in g maximum 100 g
drug hydrocortisone bolus in mg maximum 200 mg
drug terlipressin bolus in mg maximum 2 mg lasts 6 h
class pressors of norepinephrine, vasopressin, epinephrine, phenylephrine
class long of norepinephrine, terlipressin
incompatible phenylephrine with dobutamine "opposite aims"
panel gases of lactate, ph
event collapse "collapsed"
event pressed as MAP >= 65
task cannula "place a cannula"
task review "review"
course therapy of long ends after 24 h off
"""

HEAD = """
protocol edge "Edges"
  version 1.0.0
  use "ward.rung"
  applies when {applies}
"""

MILLIS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "day": 86_400_000}

ENGINE: ContextVar[str] = ContextVar("engine", default="reference")
"""The engine that `decide` runs: set by the fixture of `conftest.py`."""


def compiled(text: str, *, applies: str = "always_so") -> Compiled:
    """The protocol with this body. Without `applies` it is for everybody."""
    head = HEAD.format(applies=applies)
    if applies == "always_so":
        head += "define always_so as before collapse or after collapse\n"
    return _compiled(head + text)


@lru_cache(maxsize=512)
def _compiled(text: str) -> Compiled:
    texts = {"edge.rung": text, "ward.rung": FORMULARY}

    def read(path: str) -> Source | Unreadable | None:
        return decode(path, texts[path].encode()) if path in texts else None

    return compile_protocol("edge.rung", read)


def artifact(text: str, *, applies: str = "always_so") -> m.Artifact:
    """The compiled artifact; its problems where there is none."""
    found = compiled(text, applies=applies)
    assert found.artifact is not None, [
        (type(problem).__name__, problem) for problem in found.problems if problem.level == "error"
    ]
    return found.artifact


# ---------------------------------------------------------------- a chart in words


def millis(words: str) -> int:
    """`4 h 1 ms`."""
    found = re.findall(r"(-?\d+(?:\.\d+)?) (ms|s|min|h|day)\b", words)
    assert found, words
    return int(sum(Fraction(value) * MILLIS[unit] for value, unit in found))


_FACT = re.compile(r"(?:(?P<id>\w+): )?(?P<at>(?:-?\d+(?:\.\d+)? (?:ms|s|min|h|day) )+)(?P<rest>.*)")


def chart(about: m.Artifact, facts: tuple[str, ...]) -> tuple[Event, ...]:
    """The events of these lines."""
    return tuple(_event(about, line, f"f{place}") for place, line in enumerate(facts))


def _event(about: m.Artifact, line: str, own: str) -> Event:
    found = _FACT.fullmatch(line)
    assert found is not None, line
    key, at, rest = found["id"] or own, millis(found["at"]), found["rest"]
    rest, _, source = rest.partition(" by ")
    if rest == "no other infusions":
        return NoOtherInfusions(key, at, source)
    word, _, what = rest.partition(" ")
    if word == "retract":
        return Retraction(key, at, what, source)
    if word == "correct":
        of, _, really = what.partition(": ")
        fact = _event(about, really, key)
        assert not isinstance(fact, Retraction | Correction)
        return Correction(key, at, of, fact, source)
    return _fact(about, key, at, word, what, source)


def _fact(about: m.Artifact, key: str, at: int, word: str, what: str, source: str) -> Fact:
    if what == "happened":
        return Happened(key, at, word, source)
    if what == "done":
        return Done(key, at, word, source)
    for name, drug in about.drugs.items():
        if word in (name, *drug.aliases):
            if what.startswith("given"):
                return Dose(
                    key, at, name, quantity(what.removeprefix("given ")) if " " in what else None, source
                )
            if what == "off":
                return Infusion(key, at, name, Charted(0, drug.unit), source=source)
            if what == "running":
                return Infusion(key, at, name, None, source=source)
            rate, _, label = what.partition(" of ")
            bag = label.partition(" in ")
            mixed = Concentration(quantity(bag[0]), quantity(bag[2])) if label else None
            return Infusion(key, at, name, quantity(rate), mixed, source)
    for name, decl in about.inputs.items():
        if word in (name, *decl.aliases):
            return Reading(key, at, name, _value(decl, what), source)
    raise AssertionError(word)


def _value(decl: m.InputDecl, what: str) -> Value:
    match decl.kind:
        case "flag":
            return what == "yes"
        case "any_of":
            return frozenset() if what == "nothing" else frozenset(what.split(" and "))
        case "quantity":
            assert decl.unit is not None
            return quantity(what if " " in what else f"{what} {decl.unit}")
        case _:
            return what


def quantity(words: str) -> Charted:
    """`7 mcg/min`."""
    number, _, unit = words.partition(" ")
    millionths = Fraction(number) * 1_000_000
    assert millionths.denominator == 1, words
    return Charted(millionths.numerator, unit)


# ---------------------------------------------------------------- running


@dataclass(frozen=True)
class Run:
    """What an engine leaves behind at one instant."""

    content: Content | None
    view: View
    decisions: tuple[Decision, ...]
    look_again: Callable[[], int | None]


def _reference(program: Program, events: tuple[Event, ...], at: int, *, silence_is_off: bool) -> Run:
    runner = Runner(program, events, silence_is_off=silence_is_off)
    runner.run(at)
    if is_tried(program):
        agree(program, events, at, runner.decisions, silence_is_off=silence_is_off)
    view = Instant(runner.chart, at, tuple(runner.rows))
    state = runner.fold.state
    view.place(state.stage, state.entered, state.began)
    return Run(runner.fold.content, view, tuple(runner.decisions), runner.look_again)


def _session(program: Program, events: tuple[Event, ...], at: int, *, silence_is_off: bool) -> Run:
    session = Session(program, silence_is_off=silence_is_off, late_window=1000 * MILLIS["day"])
    decisions: list[Decision] = []
    facts, _ = resolve(events)
    later = {fact.id for fact in facts if fact.time > at}
    told = [event for event in events if event.id not in later]
    told.sort(key=lambda event: not isinstance(event, Retraction | Correction) and event.time > at)
    for given in (*map(session.feed, told), session.advance(at)):
        if given.revised_from is not None:
            decisions = [decision for decision in decisions if decision.time < given.revised_from]
        decisions.extend(given)
    content = None if session.decision is None else session.decision.content
    return Run(content, session.view(), tuple(decisions), session.look_again)


ENGINES: dict[str, Callable[..., Run]] = {"reference": _reference, "session": _session}


@dataclass(frozen=True)
class Decided:
    """A decision, with the questions tests ask of it. An order is named `start norepinephrine`."""

    program: Program
    run: Run
    text: str
    applies: str

    @property
    def content(self) -> Content:
        assert self.run.content is not None
        return self.run.content

    @property
    def stage(self) -> str | None:
        return self.content.stage

    def order(self, name: str) -> Standing:
        """The one standing order of this name, done or not."""
        found = [order for order in self.content.orders if f"{order.op} {order.target}" == name]
        assert len(found) == 1, (name, self.content)
        return found[0]

    def _orders(self, *, confirmed: bool) -> list[str]:
        return sorted(
            f"{order.op} {order.target}"
            for order in self.content.orders
            if order.mark != "done" and order.confirmed is confirmed
        )

    @property
    def orders(self) -> list[str]:
        """Confirmed and not done."""
        return self._orders(confirmed=True)

    @property
    def unconfirmed(self) -> list[str]:
        return self._orders(confirmed=False)

    @property
    def done(self) -> list[str]:
        return sorted(f"{order.op} {order.target}" for order in self.content.orders if order.mark == "done")

    @property
    def waiting(self) -> dict[str, str]:
        return {f"{item.op} {item.target}": item.why for item in self.content.waiting}

    @property
    def withheld(self) -> dict[str, str]:
        return {f"{item.op} {item.target}": item.why for item in self.content.withheld}

    @property
    def pending(self) -> dict[str, tuple[str, ...]]:
        """By rule: what to find out, as `MAP stale`."""
        return {
            item.rule: tuple(f"{need.name} {need.why}" for need in item.needs)
            for item in self.content.pending
        }

    @property
    def alerts(self) -> list[str]:
        return [f"{alert.kind} {alert.drug}" for alert in self.content.alerts]

    @property
    def rejected(self) -> list[str]:
        return [f"{item.name} {item.why}" for item in self.content.rejected]

    @property
    def contradictions(self) -> list[str]:
        return [clash.kind for clash in self.content.contradictions]

    def propose(self, order: str) -> Verdict:
        """The verdict on an order written as in a protocol, or on `set NAME to` a dose in any unit."""
        plain = re.fullmatch(r"set (\w+) to ([\d.]+ \S+)", order)
        if plain is not None:
            (name,) = (
                key for key, drug in self.program.artifact.drugs.items() if plain[1] in (key, *drug.aliases)
            )
            dose = quantity(plain[2])
            number = m.Number(millionths=dose.millionths, unit=dose.unit)
            return judge(
                self.run.view,
                self.content,
                m.Order(op="set", target=name, dose=m.Range(lo=number, hi=number)),
            )
        step = f'\nexample "proposed" [0 h] propose {order} expect accepted\n'
        examples = compiled(self.text + step, applies=self.applies).examples
        proposed = examples[-1].checks[0].proposed
        assert proposed is not None, order
        return judge(self.run.view, self.content, proposed)

    def why(self, rule: str) -> Explained:
        """The explanation tree of a rule's condition."""
        (found,) = (item for item in self.program.artifact.rules if item.id == rule)
        return explain(self.run.view, found.condition)

    def next_change(self) -> int | None:
        """When to look again. Moves the run on, so ask nothing else afterwards."""
        return self.run.look_again()


def decide(
    text: str,
    *facts: str,
    at: str,
    applies: str = "always_so",
    settings: Mapping[str, str] | None = None,
    silence_is_off: bool = False,
) -> Decided:
    """What the engine says at this instant. Settings are `70 mmHg` or a bare word."""
    about = artifact(text, applies=applies)
    given: dict[str, m.Number | str] = {}
    for name, value in (settings or {}).items():
        charted = quantity(value) if " " in value else None
        given[name] = m.Number(millionths=charted.millionths, unit=charted.unit) if charted else value
    program = Program(about, given, unverified=True)
    run = ENGINES[ENGINE.get()](program, chart(about, facts), millis(at), silence_is_off=silence_is_off)
    return Decided(program, run, text, applies)


def truth(condition: str, *facts: str, at: str, declared: str = "", silence_is_off: bool = False) -> Truth:
    """What a rule makes of a condition: it fires, is silent or is pending."""
    text = f'{declared}\nstage only initial rule asked when {condition} then notify "so"'
    found = decide(text, *facts, at=at, silence_is_off=silence_is_off)
    assert found.stage == "only"
    if found.orders == ["notify so"]:
        assert "only.asked" not in found.pending
        return True
    assert found.orders == []
    return None if "only.asked" in found.pending else False


def reasons(verdict: Verdict) -> list[str]:
    """`refused maximum`, in the order given."""
    return [f"{reason.grade} {reason.kind}" for reason in verdict.reasons]
