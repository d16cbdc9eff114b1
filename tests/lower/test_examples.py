"""Examples become histories: every form of fact, repetition, and what is expected when."""

from __future__ import annotations

from pathlib import Path

from rung_engine.artifact.model import Number
from rung_engine.event import Charted, Done, Dose, Happened, Infusion, NoOtherInfusions, Reading
from rung_lang.driver import compile_protocol
from rung_lang.examples import run_examples
from rung_lang.lower.examples import LoweredExample
from rung_lang.source import Source, Unreadable, decode

GOOD = Path(__file__).parents[1] / "checked" / "good"


def examples(name: str) -> dict[str, LoweredExample]:
    def read(path: str) -> Source | Unreadable | None:
        file = Path(path)
        return decode(path, file.read_bytes()) if file.exists() else None

    return {found.title: found for found in compile_protocol((GOOD / name).as_posix(), read).examples}


def test_each_form_of_fact_becomes_its_event() -> None:
    found = examples("every_form.rung")["facts"]
    events = {type(event).__name__: event for event in found.events}
    by_name = {
        event.input: event.value for event in found.events if isinstance(event, Reading) and event.time == 0
    }
    rates = {event.drug: event.rate for event in found.events if isinstance(event, Infusion)}
    assert by_name["MAP"] == Charted(62_000_000, "mmHg")
    assert by_name["creatinine"] == Charted(1_100_000, "mg/dL")
    assert by_name["shock"] == frozenset({"septic", "cardiogenic"})
    assert by_name["airway"] == "tube"
    assert by_name["rass"] == Charted(-3_000_000, "points")
    assert "lactate" not in by_name
    assert rates["norepinephrine"] == Charted(7_000_000, "mcg/min")
    assert rates["phenylephrine"] is None
    assert rates["vasopressin"] == Charted(0, "units/min")
    assert isinstance(events["Dose"], Dose) and events["Dose"].amount == Charted(7_500_000, "mg")
    assert isinstance(events["Happened"], Happened) and events["Happened"].event == "HRS_onset"
    assert isinstance(events["Done"], Done) and events["Done"].task == "central_line"
    assert dict(found.settings) == {
        "map_target": Number(millionths=70_000_000, unit="mmHg"),
        "steroids": "no",
    }


def test_an_unknown_reading_ends_an_earlier_one_as_an_implausible_one_does() -> None:
    found = examples("every_form.rung")["facts"]
    later = [event for event in found.events if event.time == 3_600_000]
    assert len(later) == 1 and isinstance(later[0], Reading)
    assert later[0].value == Charted(251_000_000, "mmHg")


def test_drugs_not_mentioned_are_off_from_the_earliest_instant() -> None:
    found = examples("septic_shock.rung")["refractory after four hours"]
    assert isinstance(found.events[0], NoOtherInfusions) and found.events[0].time == 0


def test_an_unknown_drug_is_left_out_and_every_other_infusion_is_charted_off() -> None:
    found = examples("every_form.rung")["a drug unknown"]
    assert not any(isinstance(event, NoOtherInfusions) for event in found.events)
    off = {event.drug for event in found.events if isinstance(event, Infusion)}
    assert "norepinephrine" not in off and "vasopressin" in off
    assert {event.time for event in found.events} == {-3_600_000}


def test_a_repeated_fact_stands_at_every_instant_both_ends_included() -> None:
    found = examples("septic_shock.rung")["refractory after four hours"]
    pressures = [event.time for event in found.events if isinstance(event, Reading) and event.input == "MAP"]
    assert pressures == list(range(0, 4 * 3_600_000 + 1, 900_000))
    assert [event.id for event in found.events] == [f"f{place}" for place in range(1, len(found.events) + 1)]


def test_expectations_keep_their_instant_and_their_words() -> None:
    found = examples("septic_shock.rung")["refractory after four hours"]
    assert [(check.time_ms, check.expects[0].word, check.expects[0].names) for check in found.checks] == [
        (3 * 3_600_000, "no", ("hydrocortisone",)),
        (4 * 3_600_000, "either", ("epinephrine", "hydrocortisone")),
    ]


def test_a_pending_rule_is_named_by_its_id_and_a_class_by_its_members() -> None:
    found = examples("every_form.rung")["facts"]
    expects = {expect.word: expect.names for expect in found.checks[1].expects}
    assert expects["pending"] == ("rung_one.all_forms",)
    assert "norepinephrine" in expects["no"]
    assert found.checks[2].proposed is not None and found.checks[2].proposed.op == "start"


DILUTED = """
protocol diluted "Diluted"
  version 1.0.0
  applies when MAP known
input MAP in mmHg plausible 10 to 250 mmHg valid for 15 min
drug phentolamine bolus in mg maximum 10 mg
stage only initial resting
  rule found when MAP < 65 then give phentolamine 5 to 10 mg in 10 to 15 mL
example "as ordered" given MAP 60
  expect give phentolamine 5 to 10 mg in 0.01 to 0.015 L, give phentolamine 5 to 10 mg
example "in another volume" given MAP 60 expect give phentolamine 5 to 10 mg in 10 to 20 mL
example "proposed in another unit" [0 h] MAP 60 propose give phentolamine 5 mg in 0.1 dL expect accepted
example "proposed in too much" [0 h] MAP 60 propose give phentolamine 5 mg in 1 L expect refused
example "proposed without" [0 h] MAP 60 propose give phentolamine 5 mg expect caution
"""


def test_a_volume_is_compared_where_it_is_written_in_whatever_unit() -> None:
    def read(path: str) -> Source | Unreadable | None:
        return decode(path, DILUTED.encode()) if path == "diluted.rung" else None

    compiled = compile_protocol("diluted.rung", read)
    assert compiled.artifact is not None
    results = run_examples(compiled.artifact, compiled.examples)
    failed = [result.example.title for result in results if result.failures]
    assert failed == ["in another volume"]
