"""`rung check`: what it prints of a proof, in every form, and the patients it writes down."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, cast
from xml.etree import ElementTree

import pytest
from jsonschema import Draft4Validator
from tests.cli.command import PROTOCOL, rung

from rung_engine.event import Charted, Event, Infusion, NoOtherInfusions, Reading
from rung_lang.cli import checked
from rung_lang.driver import Compiled
from rung_lang.finding import Level, Problem
from rung_lang.report.message import Message
from rung_lang.source import Span
from rung_lang.verify.reach.problems_history import NotDecided
from rung_lang.verify.verdict import Obligation, Proved, Refuted, Report, Undecided, Witness

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "cli" / "golden"
SCHEMA = ROOT / "tests" / "report" / "schemas" / "sarif-2.1.0-rtm.5.json"
REWRITE = bool(os.environ.get("RUNG_REWRITE"))

MILLION = 1_000_000
MINUTE = 60_000

PATIENT: tuple[Event, ...] = (
    NoOtherInfusions("n", 0),
    Reading("a", 0, "age", Charted(60 * MILLION, "years")),
    Reading("w", 0, "weight", Charted(70 * MILLION, "kg")),
    Reading("m", 0, "MAP", Charted(72 * MILLION, "mmHg")),
    Reading("l", 30 * MINUTE, "MAP", Charted(61 * MILLION, "mmHg")),
)
WITNESS = Witness((), PATIENT, 30 * MINUTE)

PROVED = Report(
    (
        *(Obligation("R201", (f"only.r{number}",), Proved("instant", "checked")) for number in range(6)),
        Obligation("R203", ("only.low",), Proved("replay", "replayed", witness=WITNESS)),
        Obligation("R301", ("stage:only",), Proved("letters", "solver")),
    ),
    (),
    assumed=("SBP >= MAP",),
    approximated=("what was charted before the session", "time on vasopressin", "mean MAP", "total fluids"),
    not_analysed=(),
    modes=("free",),
)


TITLES = {
    "R201": "Two rules that can fire together order what cannot be given together",
    "R203": "A rule never fires",
    "R301": "No patient ever gets to a stage",
}


@dataclass(frozen=True, slots=True)
class Found:
    """Stands for a finding of the verifier. Not a `Problem`: those all have words and a page."""

    code: ClassVar[str] = "R201"
    span: Span
    witness: Witness | None
    level: Level = "error"


def refuted(path: str, witness: Witness | None = WITNESS, level: Level = "error") -> Report:
    one = Obligation("R201", ("only.low", "only.other"), Refuted(witness))
    problem = cast(Problem, Found(Span(path, 0, 8), witness, level))
    return replace(PROVED, obligations=(*PROVED.obligations, one), problems=(problem,))


def undecided(path: str) -> Report:
    reason = "three clocks hang together here, more than I follow"
    one = Obligation("R401", ("only.low", "stage:only"), Undecided(reason))
    problem = NotDecided(Span(path, 0, 8), one.code, one.about, reason)
    return replace(PROVED, obligations=(*PROVED.obligations, one), problems=(problem,))


def words(problem: Problem) -> Message:
    match problem:
        case NotDecided():
            title = f"I could not decide {problem.obligation}."
        case _:
            title = "`low` and `other` contradict each other."
    return Message(problem.code, problem.level, title, problem.span, "here", "", (), "Narrow one of the two.")


@pytest.fixture
def protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a clean protocol in the present folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # what the verifier says is feigned
    monkeypatch.setattr("rung_lang.report.words.message", words)
    monkeypatch.setattr("rung_lang.cli.explain.titles", lambda: TITLES)
    Path("small.rung").write_text(PROTOCOL, "utf-8")
    return "small.rung"


@pytest.fixture
def proves(monkeypatch: pytest.MonkeyPatch) -> Callable[[Report], None]:
    """Makes the verifier say this of any protocol."""

    def says(report: Report) -> None:
        def prove(result: Compiled) -> Report:
            assert result.artifact is not None
            return report

        monkeypatch.setattr(checked, "prove", prove)

    return says


def golden(name: str, text: str) -> None:
    expected = GOLDEN / f"{name}.txt"
    if REWRITE:
        GOLDEN.mkdir(exist_ok=True)
        expected.write_text(text, "utf-8")
    assert text == expected.read_text("utf-8")


REPORTS: dict[str, Callable[[str], Report]] = {
    "proved": lambda _: PROVED,
    "proved_with_a_warning": lambda path: refuted(path, level="warning"),
    "refuted": refuted,
    "undecided": undecided,
}


# ---------------------------------------------------------------- on the terminal


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("proofs", [False, True])
def test_a_proof_looks_like_this(
    name: str, proofs: bool, protocol: str, proves: Callable[[Report], None]
) -> None:
    proves(REPORTS[name](protocol))
    ended = rung("check", protocol, *(["--proofs"] if proofs else []))
    assert ended.code == (0 if name.startswith("proved") else 1)
    assert ended.err == ""
    assert max(len(line) for line in ended.out.splitlines()) <= 80
    golden(f"check_{name}" + ("_proofs" if proofs else ""), ended.out)


def test_what_was_not_examined_is_said_of_a_text_with_errors_and_of_no_formulary(protocol: str) -> None:
    Path("f.rung").write_text('formulary f "F"\ninput MAP in mmHg valid for 1 h\n', "utf-8")
    assert "not proved" not in rung("check", "f.rung").out
    Path(protocol).write_text(PROTOCOL.replace("MAP < 65", "MPA < 65"), "utf-8")
    assert "Nothing was proved" in rung("check", protocol).out


def test_a_failing_example_is_not_called_proved(protocol: str, proves: Callable[[Report], None]) -> None:
    Path(protocol).write_text(PROTOCOL.replace("MAP 60", "MAP 70"), "utf-8")
    proves(PROVED)
    ended = rung("check", protocol)
    assert ended.code == 1
    assert "small.rung: not proved, 1 error. 8 questions, 0 of 1 examples hold" in ended.out


# ---------------------------------------------------------------- for programs


def test_json_holds_the_patient_and_the_proof(protocol: str, proves: Callable[[Report], None]) -> None:
    proves(refuted(protocol))
    ended = rung("check", protocol, "--format", "json")
    assert ended.code == 1
    data = json.loads(ended.out)
    assert data["proved"] is False
    (file,) = data["files"]
    (found,) = file["findings"]
    witness = found["witness"]
    assert witness["time_ms"] == 30 * MINUTE
    assert witness["events"][-1] == {
        "kind": "reading",
        "time_ms": 30 * MINUTE,
        "input": "MAP",
        "value": {"millionths": 61 * MILLION, "unit": "mmHg"},
    }
    (decision,) = witness["decisions"]
    assert decision["stage"] == "only"
    assert [order["rules"] for order in decision["orders"]] == [["only.low"]]
    assert witness["example"].startswith('example "R201: low and other contradict each other"\n')
    assert witness["chart"] in rung("check", protocol).out
    proof = file["proof"]
    assert (proof["state"], proof["questions"], proof["proved"], proof["refuted"]) == ("failed", 9, 8, 1)
    assert proof["obligations"][-1] == {
        "code": "R201",
        "about": ["only.low", "only.other"],
        "verdict": "refuted",
        "layer": "replay",
        "trust": "replayed",
    }
    assert proof["assumed"] == ["SBP >= MAP"]


def test_json_says_proved_of_protocols_and_asks_nothing_of_formularies(
    protocol: str, proves: Callable[[Report], None]
) -> None:
    proves(PROVED)
    Path("f.rung").write_text('formulary f "F"\ninput MAP in mmHg valid for 1 h\n', "utf-8")
    both = json.loads(rung("check", protocol, "f.rung", "--format", "json").out)
    assert both["proved"] is True
    assert [file["proof"] is None for file in both["files"]] == [False, True]
    assert json.loads(rung("check", "f.rung", "--format", "json").out)["proved"] is False


def test_an_undecided_question_fails_in_every_form(protocol: str, proves: Callable[[Report], None]) -> None:
    proves(undecided(protocol))
    sarif = rung("check", protocol, "--format", "sarif")
    assert sarif.code == 1
    whole = json.loads(sarif.out)
    Draft4Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(whole)
    (result,) = whole["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("R801", "error")
    proof = whole["runs"][0]["properties"]["proofs"][protocol]
    assert proof["undecided"] == 1 and proof["approximated"] == list(PROVED.approximated)
    junit = rung("check", protocol, "--format", "junit")
    assert junit.code == 1
    suite = ElementTree.fromstring(junit.out.encode())[0]
    assert suite.get("failures") == "1"
    cases = [str(case.get("name")) for case in suite.iter("testcase")]
    assert "R201: only.r0" in cases and "R301: stage only" in cases
    assert not any(name.startswith("R401") for name in cases)
    said = {(one.get("name"), one.get("value")) for one in suite.iter("property")}
    assert ("Assumed", "SBP >= MAP") in said


def test_an_undecided_question_fails_although_no_finding_says_so(
    protocol: str, proves: Callable[[Report], None]
) -> None:
    proves(replace(undecided(protocol), problems=()))
    ended = rung("check", protocol)
    assert ended.code == 1
    assert "small.rung: undecided. 9 questions, 1 undecided" in ended.out


def test_sarif_of_a_refuted_question_shows_its_chart(protocol: str, proves: Callable[[Report], None]) -> None:
    proves(refuted(protocol))
    whole = json.loads(rung("check", protocol, "--format", "sarif").out)
    Draft4Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(whole)
    (result,) = whole["runs"][0]["results"]
    assert "MAP, mmHg" in result["message"]["markdown"]


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit"])
@pytest.mark.parametrize(
    ("paths", "code", "coded"),
    [(("none.rung",), 3, "C101"), (("small.rung", "none.rung"), 3, "C101"), ((".hidden",), 3, "C104")],
)
def test_a_file_that_is_not_there_is_named_on_stderr_and_nothing_half_is_printed(
    form: str, paths: tuple[str, ...], code: int, coded: str, protocol: str
) -> None:
    Path(".hidden").mkdir()
    ended = rung("check", *paths, "--format", form)
    assert ended.code == code
    assert ended.out == ""
    assert f"error {coded}:" in ended.err
    assert paths[-1] in ended.err


def test_a_form_that_does_not_exist_is_a_usage_mistake(protocol: str) -> None:
    ended = rung("check", protocol, "--format", "xml")
    assert ended.code == 2 and ended.out == "" and "sarif" in ended.err


# ---------------------------------------------------------------- --write-examples


def written(report: Report, protocol: str, proves: Callable[[Report], None], *more: str) -> tuple[str, Any]:
    proves(report)
    ended = rung("check", protocol, "--write-examples", "found.rung", *more)
    path = Path("found.rung")
    return (path.read_text("utf-8") if path.exists() else ""), ended


def test_a_patient_is_written_as_an_example_that_can_be_pasted_and_holds(
    protocol: str, proves: Callable[[Report], None]
) -> None:
    text, ended = written(refuted(protocol), protocol, proves)
    assert ended.code == 1
    assert ended.err == "1 example written to found.rung.\n"
    golden("check_example", text)
    proves(PROVED)
    Path("pasted.rung").write_text(f"{PROTOCOL}\n{text}", "utf-8")
    again = rung("check", "pasted.rung")
    assert again.code == 0, again.said
    assert "2 of 2 examples hold" in again.out
    assert rung("fmt", "pasted.rung").code == 0
    assert Path("pasted.rung").read_text("utf-8").endswith(f"\n\n{text}")


def test_a_form_for_programs_stays_whole_while_examples_are_written(
    protocol: str, proves: Callable[[Report], None]
) -> None:
    text, ended = written(refuted(protocol), protocol, proves, "--format", "json")
    assert text
    assert json.loads(ended.out)["files"]


def test_one_patient_of_several_findings_is_written_once(
    protocol: str, proves: Callable[[Report], None]
) -> None:
    report = refuted(protocol)
    later = replace(WITNESS, time=0)
    other = cast(Problem, Found(Span(protocol, 9, 12), later))
    text, _ = written(replace(report, problems=(*report.problems, *report.problems, other)), protocol, proves)
    assert text.count("example ") == 2
    assert text.count("# R201, small.rung:1") == 2


def test_without_a_patient_the_file_is_left_as_it_is(protocol: str, proves: Callable[[Report], None]) -> None:
    Path("found.rung").write_text("mine", "utf-8")
    for report in (PROVED, refuted(protocol, None)):
        text, ended = written(report, protocol, proves)
        assert text == "mine"
        assert "No finding has a patient to write" in ended.err


def test_a_patient_that_no_example_can_tell_is_named(protocol: str, proves: Callable[[Report], None]) -> None:
    odd = Infusion("o", 0, "norepinephrine", Charted(MILLION, "kg"))
    report = refuted(protocol, replace(WITNESS, events=(*PATIENT, odd)))
    text, ended = written(report, protocol, proves)
    assert text == ""
    assert "The patient of R201 cannot be told in an example: norepinephrine is charted in kg." in ended.err
    data = json.loads(rung("check", protocol, "--format", "json").out)
    assert data["files"][0]["findings"][0]["witness"]["example"] is None


def test_examples_that_cannot_be_written_end_with_the_code_for_it(
    protocol: str, proves: Callable[[Report], None]
) -> None:
    proves(refuted(protocol))
    Path("folder.rung").mkdir()
    ended = rung("check", protocol, "--write-examples", "folder.rung")
    assert ended.code == 4
    assert "error C103:" in ended.err
    assert "R201" in ended.out
    assert leftovers(Path()) == []


def leftovers(folder: Path) -> list[str]:
    names: Iterable[str] = (path.name for path in folder.iterdir())
    return [name for name in names if name.startswith(".")]


# ---------------------------------------------------------------- mutants


def test_mutants_that_nothing_notices_are_listed_for_programs_too(protocol: str) -> None:
    (file,) = json.loads(rung("check", protocol, "--mutants", "--format", "json").out)["files"]
    listed = rung("check", protocol, "--mutants").out
    assert 0 < len(file["mutants"]["unnoticed"]) < file["mutants"]["tried"]
    assert f"nothing you stated forbids {len(file['mutants']['unnoticed'])}:" in listed
    assert {"rule", "change", "before", "after"} == set(file["mutants"]["unnoticed"][0])


@pytest.mark.parametrize("form", ["sarif", "junit"])
def test_a_form_without_a_place_for_mutants_refuses_them(protocol: str, form: str) -> None:
    ended = rung("check", protocol, "--mutants", "--format", form)
    assert (ended.code, ended.out) == (2, "")
    assert "C130" in ended.err


def test_help_says_that_check_proves() -> None:
    assert "Prove protocols" in rung("--help").out
    assert "Prove protocols" in rung("check", "--help").out


# ---------------------------------------------------------------- charts of two protocols, and of rounds

WARD = """formulary ward "Ward"
input MAP in mmHg plausible 10 to 200 mmHg valid for 15 min charted every 15 min step 1 mmHg normal 80 mmHg
input creatinine in mg/dL plausible 0.1 to 20 mg/dL valid for 24 h charted every 24 h
drug norepinephrine infusion in mcg/min start 2 mcg/min maximum 60 mcg/min
"""
PRESSURE = """protocol pressure "Pressure"
  version 1.0.0
  use "ward.rung"
  applies when MAP <= 200 mmHg
stage treat initial resting
  rule begin when MAP < 65 and norepinephrine off then start norepinephrine
"""
KIDNEY = """protocol kidney "Kidney"
  version 1.0.0
  use "ward.rung"
  applies when MAP <= 200 mmHg
stage treat initial resting
  rule spare when MAP >= 60 and creatinine >= 2 mg/dL then avoid norepinephrine
"""
ROUND = """protocol swing "Swing"
  version 1.0.0
  use "ward.rung"
  applies when MAP <= 200 mmHg
stage press initial resting
  rule begin when MAP < 65 and norepinephrine off then start norepinephrine
  rule halt when MAP > 66 and norepinephrine running then stop norepinephrine
"""


def files_of(folder: Path, **texts: str) -> list[str]:
    (folder / "ward.rung").write_text(WARD.replace("normal", "noise 3 mmHg normal"), encoding="utf-8")
    for name, text in texts.items():
        (folder / f"{name}.rung").write_text(text, encoding="utf-8")
    return [str(folder / f"{name}.rung") for name in texts]


def test_protocols_against_each_other_are_shown_on_one_chart(tmp_path: Path) -> None:
    ended = rung("check", *files_of(tmp_path, kidney=KIDNEY, pressure=PRESSURE))
    assert "error R601" in ended.out
    for row in ("stage of kidney", "stage of pressure", "avoid norepinephrine", "by spare", "by begin"):
        assert row in ended.out


def test_what_was_asked_of_two_protocols_is_not_called_not_analysed(tmp_path: Path) -> None:
    files = files_of(tmp_path, kidney=KIDNEY, pressure=PRESSURE)
    said = "what another protocol on the same patient orders"
    assert said in " ".join(rung("check", files[0]).out.split())
    together = " ".join(rung("check", *files).out.split())
    assert said not in together
    assert "what protocols other than pressure order on the same patient" in together
    assert "what protocols other than kidney order on the same patient" in together


def test_the_chart_of_a_round_begins_with_the_step_that_the_headline_begins_with(tmp_path: Path) -> None:
    ended = rung("check", *files_of(tmp_path, swing=ROUND))
    assert "start `norepinephrine` by `begin` then stop" in " ".join(ended.out.split())
    assert "The chart below shows the round twice." in " ".join(ended.out.split())
    chart = ended.out.partition("MAP, mmHg ")[2].partition("Other drugs")[0]
    orders = [line.split()[0] for line in chart.splitlines() if line.startswith(("  start", "  stop"))]
    assert orders[:2] == ["start", "stop"]
    assert int(chart.split()[0]) < 65, "it begins where the pressure is low"
