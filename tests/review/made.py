"""A difference made by hand, in which everything that can be said of one occurs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

from tests.review.two import NEW, OLD, compiled

from rung_engine.artifact import model as m
from rung_engine.event import Charted, Event, Infusion, Reading
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_lang.checked.orders import Notes
from rung_lang.checked.said import Concern
from rung_lang.diff import model as d
from rung_lang.report import diff_said
from rung_lang.report.review_page.packet import Packet, Text
from rung_lang.source import Span
from rung_lang.verify.gaps.regions import Between, Bound, Condition, State

MIN = 60_000


def _number(millionths: int, unit: str) -> m.Number:
    return m.Number(millionths=millionths, unit=unit)


def _reading(time: int, name: str, value: Charted | bool) -> Reading:
    return Reading(f"{name}@{time}", time, name, value)


def _rate(time: int, drug: str, millionths: int, unit: str) -> Infusion:
    return Infusion(f"{drug}@{time}", time, drug, Charted(millionths, unit))


def chart() -> tuple[Event, ...]:
    """A patient on norepinephrine alone, for an hour."""
    return (
        _reading(0, "age", Charted(60_000_000, "years")),
        _reading(0, "weight", Charted(70_000_000, "kg")),
        _reading(0, "central_access", True),
        _rate(0, "vasopressin", 0, "units/min"),
        _rate(0, "norepinephrine", 50_000, "mcg/kg/min"),
        _reading(0, "MAP", Charted(60_000_000, "mmHg")),
        _reading(30 * MIN, "MAP", Charted(60_000_000, "mmHg")),
        _rate(60 * MIN, "norepinephrine", 150_000, "mcg/kg/min"),
        _reading(60 * MIN, "MAP", Charted(58_000_000, "mmHg")),
    )


@cache
def patient() -> d.Patient:
    """The chart in both versions."""
    decided = []
    for text in (OLD, NEW):
        artifact = compiled(text).artifact
        assert artifact is not None
        decided.append(Runner(Program(artifact, {}, unverified=True), chart()).run(60 * MIN)[-1].content)
    return d.Patient((), chart(), 60 * MIN, decided[0], decided[1])


def _order(op: m.Op, target: str, lo: int = 0, hi: int = 0) -> m.Order:
    dose = m.Range(lo=_number(lo, "units/min"), hi=_number(hi, "units/min")) if hi else None
    return m.Order(op=op, target=target, dose=dose)


def _version(text: str) -> d.Version:
    artifact = compiled(text).artifact
    assert artifact is not None
    return d.Version(
        artifact.name,
        artifact.title,
        artifact.version,
        artifact.status,
        artifact.meaning,
        artifact.seal,
        "none",
    )


@cache
def sides() -> diff_said.Sides:
    """It with its two protocols."""
    old, new = compiled(OLD).artifact, compiled(NEW).artifact
    assert old is not None
    assert new is not None
    first = d.StagePair("first_line", "first_line")
    both = d.StagePair("both", "both")
    low = Condition("low", true=True)
    ne = ("mcg/kg/min", Fraction(1))
    between = Between(
        "norepinephrine",
        Bound(ne[1] / 10, "0.1 mcg/kg/min", included=True),
        Bound(ne[1] / 4, "0.25 mcg/kg/min", included=False),
    )
    above = Between("norepinephrine", Bound(ne[1] / 4, "0.25 mcg/kg/min", included=True), None)
    was = d.Given("first_line.second_agent", _order("add", "vasopressin", 30_000, 30_000), "recommend")
    now = d.Given("first_line.second_agent", _order("add", "vasopressin", 30_000, 40_000), "recommend")
    add = d.Change(
        "first_line add vasopressin",
        first,
        ("add", "vasopressin"),
        ("later", "fewer patients", "dose up"),
        (
            d.Region("fewer", (between, low), ("later", "fewer patients"), (was,), (), patient()),
            d.Region(
                "more",
                (above, low, State("vasopressin", "off", true=True)),
                ("dose up",),
                (was,),
                (now,),
                None,
            ),
        ),
        True,
        ("first_line.second_agent",),
        ("first_line.second_agent",),
    )
    looked = m.Order(
        op="measure", target="lactate", every=m.Range(lo=_number(4_000_000, "h"), hi=_number(4_000_000, "h"))
    )
    looks = m.Order(
        op="measure", target="lactate", every=m.Range(lo=_number(2_000_000, "h"), hi=_number(2_000_000, "h"))
    )
    measure = d.Change(
        "both measure lactate",
        both,
        ("measure", "lactate"),
        ("timing",),
        (
            d.Region(
                "more often",
                (),
                ("timing",),
                (d.Given("both.look", looked, "recommend"),),
                (d.Given("both.look", looks, "recommend"),),
                None,
            ),
        ),
        False,
        ("both.look",),
        ("both.look",),
    )
    difference = d.Difference(
        _version(OLD),
        _version(NEW),
        "differs",
        (d.Renamed("rule", "both.alone", "both.vasopressin_gone"),),
        (first, both),
        (add, measure),
        (
            d.Alike(first, ("start", "norepinephrine"), "text"),
            d.Alike(both, ("go", "first_line"), "text"),
            d.Alike(first, ("go", "both"), "proved"),
        ),
        (d.Open(both, ("go", "first_line"), "the solver gave no answer in its time"),),
        (
            d.Declared(
                "drug", "vasopressin", "maximum", "0.03 units/min", "0.04 units/min", ("limit raised",)
            ),
            d.Declared("setting", "target", "range", "65 to 80 mmHg", "65 to 90 mmHg", ("setting",)),
            d.Declared(
                "property",
                "property_1",
                "",
                "never order vasopressin above 0.03 units/min",
                "never order vasopressin above 0.04 units/min",
                ("property weakened",),
            ),
        ),
        (
            d.Parting(
                add.name,
                "fewer",
                patient(),
                0,
                (d.Again("held", None, 86_400_000), d.Again("normal", 0, 86_400_000)),
            ),
        ),
        (
            d.Tonight("first_line", "first_line", "same", "", (add,), ()),
            d.Tonight(
                "both",
                None,
                "open",
                "no stage is like it",
                (),
                (d.Stop("vasopressin", "stop", "both.alone", None),),
            ),
        ),
    )
    return diff_said.sides(difference, old, new)


@cache
def packet() -> Packet:
    """Of this difference, with a concern that a changed rule rests on."""
    concern = Concern(
        "X-17",
        "The threshold is an interval",
        "C",
        "The title says 0.1, the body 0.1 to 0.2.",
        (),
        "Recommended from 0.1.",
        (),
        Notes(),
        Span("ladder.rung", 0, 0),
    )
    warned = ("R131", "0.04 units/min is above the usual range of `vasopressin`.")
    return Packet(
        sides(),
        Text((replace(concern, chosen="Recommended from 0.2."),), ()),
        Text((concern,), (warned, warned)),
        None,
        "9.9.9",
        (("old.rungc", "0" * 64), ("new.rungc", "1" * 64)),
        {},
    )
