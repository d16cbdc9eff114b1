"""A patient as a chart, and as an example to paste: lowered again it is the same patient."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.settings import LONG, tries
from tests.laws.strategies import SEEDS
from tests.report.told import FORMS, SEPTIC, Told, open_settings, told

from rung_engine.artifact import model as m
from rung_engine.decision.model import decision_bytes
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
)
from rung_engine.program import Program
from rung_engine.reference.run import run
from rung_lang.examples import run_examples
from rung_lang.report.chart import excerpt
from rung_lang.report.paste import Unwritable, as_example
from rung_lang.report.text import WIDTH
from rung_lang.syntax.parse import keywords

GOLDEN = Path(__file__).parent / "golden"
REWRITE = bool(os.environ.get("RUNG_REWRITE"))
HOUR = 3_600_000
MINUTE = 60_000
MILLION = 1_000_000

Settings = dict[str, m.Number | str]


def decided(protocol: Told, settings: Settings, events: Sequence[Event], until: int) -> list[bytes]:
    program = Program(protocol.artifact, settings, unverified=True)
    return [decision_bytes(one) for one in run(program, events, until=until)]


def facts(events: Sequence[Event]) -> Counter[str]:
    """What is said, under whatever ids and in whatever order: the same facts are the same patient."""
    return Counter(repr(replace(event, id="")) for event in events)


def tells_the_same(protocol: Told, settings: Settings, events: Sequence[Event], checks: Sequence[int]) -> str:
    """The block; fails where it is another patient, or expects what is not decided."""
    block = as_example(protocol.artifact, settings, events, checks, "told")
    lowered = protocol.pasted(block)
    assert dict(lowered.settings) == settings, block
    until = max([*checks, *(event.time for event in events)])
    assert decided(protocol, settings, lowered.events, until) == decided(protocol, settings, events, until), (
        block
    )
    results = list(run_examples(protocol.artifact, [lowered]))
    assert [failure.expect for failure in results[0].failures] == [], block
    return block


# ---------------------------------------------------------------- as an example


@pytest.mark.parametrize("path", [SEPTIC, FORMS])
def test_every_shipped_example_told_again_is_the_same_patient(path: str) -> None:
    protocol = told(path)
    assert protocol.examples
    for example in protocol.examples[:: 1 if LONG or path == FORMS else 5]:
        settings = open_settings(protocol.artifact, dict(example.settings))
        checks = sorted({check.time_ms for check in example.checks})
        block = tells_the_same(protocol, settings, example.events, checks)
        assert "expect" in block


def reading(dice: Random, artifact: m.Artifact, key: str, time: int) -> Reading:
    names = [name for name, decl in artifact.inputs.items() if keywords().isdisjoint(decl.values)]
    name = dice.choice(sorted(names))
    decl = artifact.inputs[name]
    match decl.kind:
        case "flag":
            return Reading(key, time, name, dice.choice((True, False)))
        case "one_of" | "graded":
            return Reading(key, time, name, dice.choice(decl.values))
        case "any_of":
            chosen = dice.sample(decl.values, dice.randint(0 if "none" not in decl.values else 1, 2))
            return Reading(key, time, name, frozenset(chosen))
        case "quantity":
            assert decl.unit is not None
            unit = dice.choice((decl.unit, decl.unit, *decl.accepts, *(also.unit for also in decl.also_in)))
            limits = decl.plausible
            if limits is not None and isinstance(limits.lo, m.Number) and isinstance(limits.hi, m.Number):
                lo, hi = limits.lo.millionths, limits.hi.millionths
                value = dice.choice((dice.randint(lo, hi) // 10_000 * 10_000, hi, hi + MILLION))
                return Reading(key, time, name, Charted(value, limits.hi.unit))
            return Reading(key, time, name, Charted(dice.randint(-5, 200) * MILLION // 2, unit))


def drug_row(dice: Random, artifact: m.Artifact, key: str, time: int) -> Fact:
    name = dice.choice(sorted(artifact.drugs))
    decl = artifact.drugs[name]
    unit = dice.choice((decl.unit, decl.unit, *decl.accepts))
    value = Charted(dice.choice((1, 2, 5, 15, 30, 40, 300)) * 10_000, unit)
    if decl.form == "bolus":
        return Dose(key, time, name, dice.choice((value, value, None)))
    return Infusion(key, time, name, dice.choice((value, value, value, replace(value, millionths=0), None)))


def any_history(dice: Random, artifact: m.Artifact, size: int) -> list[Event]:
    """Facts at whole minutes and a few odd milliseconds, some of them charted every quarter of an hour."""
    first = dice.choice((0, 0, 0, -HOUR, 5 * MINUTE))
    found: list[Event] = [NoOtherInfusions("silent", first)] if dice.randint(0, 2) else []
    grown = {"age": Charted(60 * MILLION, "years"), "weight": Charted(70 * MILLION, "kg")}
    for name, charted in grown.items():
        found.append(Reading(name, first, name, charted))
    found.append(Reading("shock", first, "shock", frozenset({"septic"})))
    for index in range(size):
        time = first + dice.choice((0, 0, dice.randint(0, 240) * MINUTE, dice.randint(0, HOUR)))
        key = f"f{index}"
        match dice.randint(0, 9):
            case 0 if artifact.events:
                found.append(Happened(key, time, dice.choice(sorted(artifact.events))))
            case 1 if artifact.tasks:
                found.append(Done(key, time, dice.choice(sorted(artifact.tasks))))
            case 2 | 3 | 4:
                found.append(drug_row(dice, artifact, key, time))
            case 5:
                one = Reading(key, time, "MAP", Charted(dice.randint(50, 80) * MILLION, "mmHg"))
                found.extend(
                    replace(one, id=f"{key}_{turn}", time=time + turn * 15 * MINUTE) for turn in range(8)
                )
            case _:
                found.append(reading(dice, artifact, key, time))
    dice.shuffle(found)
    return found


@tries(25)
@given(SEEDS, st.sampled_from([SEPTIC, FORMS]), st.integers(1, 16))
def test_any_history_told_as_an_example_is_the_same_patient_and_expects_what_is_decided(
    seed: int, path: str, size: int
) -> None:
    protocol = told(path)
    dice = Random(seed)
    events = any_history(dice, protocol.artifact, size)
    settings = open_settings(protocol.artifact, {})
    times = sorted({event.time for event in events})
    checks = [times[0], dice.choice(times), times[-1], times[-1] + 20 * MINUTE]
    tells_the_same(protocol, settings, events, checks)


def test_what_is_repeated_is_written_once_and_what_is_not_known_by_name() -> None:
    protocol = told(SEPTIC)
    limits = protocol.artifact.inputs["MAP"].plausible
    assert limits is not None and isinstance(limits.hi, m.Number)
    beyond = Charted(limits.hi.millionths + MILLION, "mmHg")
    off = {name: Charted(0, protocol.artifact.drugs[name].unit) for name in _others()}
    events: list[Event] = [
        Reading("a", 0, "age", Charted(60 * MILLION, "years")),
        Reading("s", 0, "shock", frozenset({"septic", "cardiogenic"})),
        *(Infusion(f"off_{name}", 0, name, nought) for name, nought in off.items()),
        *(Reading(f"m{at}", at * 15 * MINUTE, "MAP", Charted(58 * MILLION, "mmHg")) for at in range(5)),
        Reading("gone", 90 * MINUTE, "MAP", beyond),
    ]
    settings = open_settings(protocol.artifact, {"emergency_bridge": "yes"})
    block = tells_the_same(protocol, settings, events, [])
    assert block == (
        'example "told"\n'
        "  given age 60 years, shock cardiogenic and septic, norepinephrine unknown, emergency_bridge yes,\n"
        "        high_dose 0.1 mcg/kg/min\n"
        "  [0 h to 1 h every 15 min]  MAP 58 mmHg\n"
        "  [90 min]                   MAP unknown\n"
    )


def _others() -> list[str]:
    drugs = told(SEPTIC).artifact.drugs
    return [name for name, decl in drugs.items() if decl.form == "infusion" and name != "norepinephrine"]


def test_a_drug_charted_off_and_later_on_stays_off_in_between() -> None:
    """Where no statement says so, what `D unknown` says of the others is not enough."""
    protocol = told(SEPTIC)
    dose = Charted(100_000, "mcg/kg/min")
    events: list[Event] = [
        Reading("a", 0, "age", Charted(60 * MILLION, "years")),
        Reading("s", 0, "shock", frozenset({"septic"})),
        Reading("v", 0, "fluids", Charted(30 * MILLION, "mL/kg")),
        Reading("m", 0, "MAP", Charted(58 * MILLION, "mmHg")),
        Infusion("o", 0, "norepinephrine", Charted(0, "mcg/kg/min")),
        Infusion("i", HOUR, "norepinephrine", dose),
    ]
    block = tells_the_same(protocol, open_settings(protocol.artifact, {}), events, [0, HOUR])
    assert "norepinephrine off" in block and "start norepinephrine" in block


def test_equal_doses_at_one_instant_are_each_told() -> None:
    protocol = told(SEPTIC)
    dose = Charted(500 * MILLION, "mL")
    events: list[Event] = [
        NoOtherInfusions("n", 0),
        Reading("a", 0, "age", Charted(60 * MILLION, "years")),
        Reading("s", 0, "shock", frozenset({"septic"})),
        Reading("w", 0, "weight", Charted(70 * MILLION, "kg")),
        *(Dose(f"d{number}", MINUTE, "crystalloid", dose) for number in range(3)),
    ]
    block = tells_the_same(protocol, open_settings(protocol.artifact, {}), events, [MINUTE])
    assert block.count("crystalloid given 500 mL") == 3


SMALL = """protocol small "Small"
  version 1.0.0
  applies when MAP < 250
input MAP in mmHg plausible 10 to 250 mmHg valid for 1 h
input lactate in mmol/L valid for 1 h
drug adrenaline infusion in mcg/min start 5 mcg/min maximum 50 mcg/min valid for 24 h
drug norepinephrine infusion in mcg/min start 5 mcg/min maximum 50 mcg/min valid for 24 h
stage beta initial
  rule lactate
    when MAP < 30
    then notify "surgeon"
  rule watch
    when MAP < 65
    then measure lactate continuously
  rule high
    when lactate > 4
    then notify "intensivist"
  rule adrenaline
    when MAP < 60 and adrenaline off
    then start norepinephrine
  rule wait
    when (MAP < 65) for 30 min
    then go to alpha
stage alpha resting
  rule wait
    when (MAP >= 65) for 30 min
    then go to beta
"""
"""Rules that are called as an input and a drug of which others speak, and one name in two stages."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Told:
    path = tmp_path_factory.mktemp("small") / "small.rung"
    path.write_text(SMALL, "utf-8")
    return Told(str(path))


def test_a_name_that_a_rule_bears_as_well_is_not_taken_for_the_rule(small: Told) -> None:
    low = Reading("m", 0, "MAP", Charted(55 * MILLION, "mmHg"))
    block = tells_the_same(small, {}, [NoOtherInfusions("n", 0), low], [0, HOUR, 2 * HOUR])
    assert "measure lactate" in block and "stage alpha" in block
    assert "late lactate" not in block and "pending lactate" not in block
    tells_the_same(small, {}, [low], [0])


def test_an_implausible_first_reading_is_told_by_its_value(small: Told) -> None:
    high = Reading("m", 0, "MAP", Charted(251 * MILLION, "mmHg"))
    assert "MAP 251 mmHg" in tells_the_same(small, {}, [NoOtherInfusions("n", 0), high], [0])
    later = replace(high, id="l", time=MINUTE)
    assert "MAP unknown" in tells_the_same(small, {}, [NoOtherInfusions("n", 0), high, later], [0])


def off(drug: str) -> Infusion:
    return Infusion(f"off_{drug}", 0, drug, Charted(0, "mcg/min"))


def test_where_every_infusion_is_charted_off_each_of_them_is(small: Told) -> None:
    lower = Reading("m", 0, "MAP", Charted(55 * MILLION, "mmHg"))
    block = tells_the_same(small, {}, [lower, *map(off, small.artifact.drugs)], [0])
    assert "adrenaline off" in block and "start norepinephrine" in block


def test_a_flow_is_told_as_the_rate_it_amounts_to() -> None:
    protocol = told(SEPTIC)
    bag = Concentration(Charted(4000 * MILLION, "mcg"), Charted(250 * MILLION, "mL"))
    events: list[Event] = [
        NoOtherInfusions("n", 0),
        Reading("a", 0, "age", Charted(60 * MILLION, "years")),
        Reading("s", 0, "shock", frozenset({"septic"})),
        Reading("w", 0, "weight", Charted(70 * MILLION, "kg")),
        Reading("m", 0, "MAP", Charted(60 * MILLION, "mmHg")),
        Infusion("i", 0, "norepinephrine", Charted(30 * MILLION, "mL/h"), bag),
    ]
    block = tells_the_same(protocol, open_settings(protocol.artifact, {}), events, [0])
    assert "norepinephrine 8 mcg/min" in block


def test_corrected_facts_are_told_as_corrected_and_unheard_of_ones_not_at_all() -> None:
    protocol = told(SEPTIC)
    wrong = Reading("m", 0, "MAP", Charted(95 * MILLION, "mmHg"))
    events: list[Event] = [
        NoOtherInfusions("n", 0),
        wrong,
        Correction("c", 5, "m", replace(wrong, value=Charted(59 * MILLION, "mmHg"))),
        Reading("x", 0, "age", Charted(60 * MILLION, "years")),
        Retraction("r", 7, "x"),
        Reading("u", 9 * HOUR, "unheard_of", True),
    ]
    block = tells_the_same(protocol, open_settings(protocol.artifact, {}), events, [0])
    assert "MAP 59 mmHg" in block
    assert "age" not in block.split("expect")[0] and "unheard_of" not in block and "9 h" not in block


def test_a_value_that_is_a_word_of_the_language_is_told() -> None:
    protocol = told(SEPTIC)
    settings = open_settings(protocol.artifact, {})
    assert "skin_perfusion normal" in tells_the_same(
        protocol, settings, [Reading("f", 0, "skin_perfusion", "normal")], [0]
    )


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (Reading("f", 0, "MAP", Charted(60 * MILLION, "kg")), "the reading of MAP is no value of it"),
        (Reading("f", 0, "shock", "obstructive_or_so"), "the reading of shock is no value of it"),
        (Infusion("f", 0, "norepinephrine", Charted(MILLION, "kg")), "norepinephrine is charted in kg"),
        (Dose("f", 0, "norepinephrine", None), "a dose of norepinephrine is of unknown amount"),
        (Dose("f", 0, "hydrocortisone", Charted(0, "mg")), "a dose of hydrocortisone is not above nought"),
        (
            NoOtherInfusions("f", HOUR),
            "that no other drug runs is known only after the first fact",
        ),
        (
            Infusion(
                "f", 0, "norepinephrine", Charted(MILLION, "mL/h"),
                Concentration(Charted(7 * MILLION, "mcg"), Charted(13 * MILLION, "mL")),
            ),
            "the flow of norepinephrine is no exact rate in a unit of it",
        ),
    ],
)  # fmt: skip
def test_what_an_example_cannot_say_is_refused_by_name(fact: Fact, reason: str) -> None:
    protocol = told(SEPTIC)
    events = [Reading("a", 0, "age", Charted(60 * MILLION, "years")), fact]
    with pytest.raises(Unwritable) as refused:
        as_example(protocol.artifact, open_settings(protocol.artifact, {}), events, [0], "t")
    assert refused.value.reason == reason


def test_a_history_without_a_fact_is_refused() -> None:
    protocol = told(SEPTIC)
    with pytest.raises(Unwritable):
        as_example(protocol.artifact, open_settings(protocol.artifact, {}), [], [0], "t")


def test_a_title_cannot_end_the_string_it_stands_in() -> None:
    protocol = told(SEPTIC)
    events = [Reading("a", 0, "age", Charted(60 * MILLION, "years"))]
    block = as_example(protocol.artifact, open_settings(protocol.artifact, {}), events, [0], 'a "b"\nc')
    assert block.startswith("example \"a 'b' c\"\n")


# ---------------------------------------------------------------- as a chart


def chart(path: str, title: str) -> str:
    protocol = told(path)
    example = next(one for one in protocol.examples if one.title.startswith(title))
    settings = open_settings(protocol.artifact, dict(example.settings))
    times = [check.time_ms for check in example.checks]
    return excerpt(protocol.artifact, settings, example.events, max(times), times)


CHARTS = {
    "one_instant": (SEPTIC, "V57: septic and cardiogenic together"),
    "runs_out": (SEPTIC, "A pressure older than fifteen minutes"),
    "blocks": (SEPTIC, "Weaning: epinephrine"),
    "drug_unknown": (SEPTIC, "Norepinephrine unknown is not off"),
    "every_form": (FORMS, "facts"),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_looks_like_this(name: str) -> None:
    expected = GOLDEN / f"chart_{name}.txt"
    found = chart(*CHARTS[name]) + "\n"
    if REWRITE:
        expected.write_text(found, "utf-8")
    assert found == expected.read_text("utf-8")


@pytest.mark.parametrize("path", [SEPTIC, FORMS])
def test_no_chart_is_wider_than_the_terminal(path: str) -> None:
    for example in told(path).examples[::4]:
        lines = chart(path, example.title).splitlines()
        assert max(len(line) for line in lines) <= WIDTH, example.title
        assert lines == [line.rstrip() for line in lines]


@tries(15)
@given(SEEDS, st.sampled_from([SEPTIC, FORMS]), st.integers(1, 16))
def test_every_value_charted_for_the_first_time_stands_in_the_chart(seed: int, path: str, size: int) -> None:
    protocol = told(path)
    events = any_history(Random(seed), protocol.artifact, size)
    upto = max(event.time for event in events)
    found = excerpt(protocol.artifact, open_settings(protocol.artifact, {}), events, upto)
    lines = found.splitlines()
    assert max(len(line) for line in lines) <= WIDTH
    for event in events:
        if isinstance(event, Reading):
            assert any(line.startswith(f"  {event.input}"[:20]) for line in lines), event
    assert any(line.startswith("  stage ") for line in lines)


AT_ODDS = """protocol odds "At odds"
  version 1.0.0
  applies when MAP < 250
input MAP in mmHg plausible 10 to 250 mmHg valid for 1 h
drug NE infusion in mcg/min start 5 mcg/min maximum 50 mcg/min valid for 24 h
drug AVP infusion in units/min start 0.03 units/min maximum 0.04 units/min valid for 24 h needs NE
stage a initial
  when MAP < 40 then go to b
  rule up
    when MAP < 65
    then start NE
  rule down
    when MAP > 60
    then avoid NE
  rule both
    when MAP < 50
    then add AVP
stage b
  when MAP < 45 then go to a
  when MAP < 10 then go to b
"""


def test_what_stands_in_the_way_is_in_the_chart(tmp_path: Path) -> None:
    path = tmp_path / "odds.rung"
    path.write_text(AT_ODDS, "utf-8")
    odds = Told(str(path))
    readings = [Reading(f"m{at}", at, "MAP", Charted(value * MILLION, "mmHg")) for at, value in
                ((0, 63), (MINUTE, 48), (2 * MINUTE, 35))]  # fmt: skip
    running = Infusion("i", 0, "AVP", Charted(30_000, "units/min"))
    found = excerpt(odds.artifact, {}, [NoOtherInfusions("n", 0), *readings, running], 2 * MINUTE)
    assert found.splitlines() == [
        "                  00:00                00:01      00:02",
        "  MAP, mmHg       63                   48         35",
        "  AVP, units/min  0.03",
        "  stage           a                    a          a",
        "  contradiction   avoid NE / start NE",
        "    by down, up",
        "  alert: AVP      NE off               NE off     NE off",
        "  start NE                             5 mcg/min  5 mcg/min",
        "    by up",
        "  contradiction                                   round to a again",
        "    by b.rule_1",
        "  Other drugs are off.",
    ]


def test_what_comes_after_the_instant_is_not_in_the_chart() -> None:
    protocol = told(SEPTIC)
    events: list[Event] = [
        Reading("a", 0, "age", Charted(60 * MILLION, "years")),
        Reading("m", 0, "MAP", Charted(60 * MILLION, "mmHg")),
        Reading("n", HOUR, "MAP", Charted(77 * MILLION, "mmHg")),
    ]
    found = excerpt(protocol.artifact, open_settings(protocol.artifact, {}), events, HOUR - 1)
    assert "77" not in found
    assert "01:00" not in found
