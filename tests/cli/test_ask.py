"""`rung ask`: plain words to a question, the answer by proof, and no answer where there is none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.cli.command import rung

from rung_engine.artifact import model as m
from rung_lang.asked import forms as f
from rung_lang.asked.vocabulary import vocabulary
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.source import Source, decode

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "cli" / "golden"
TEXT = """protocol small "Pressure in shock"
  version 1.0.0
  applies when age >= 18 years
source guideline "A guideline" from "A society" 2026
input age in years plausible 0 to 120 years fixed
input weight in kg plausible 20 to 350 kg fixed dosing
input MAP in mmHg plausible 10 to 250 mmHg valid for 2 h
input line yes or no valid for 24 h
drug norepinephrine as NE, noradrenaline
  infusion in mcg/kg/min  start 0.02 mcg/kg/min  maximum 3 mcg/kg/min
drug vasopressin as AVP
  infusion in units/min  start 0.03 units/min  maximum 0.04 units/min  needs norepinephrine
drug octreotide bolus in mcg maximum 200 mcg lasts 8 h
class pressor of norepinephrine, vasopressin
before vasopressin require line clause "A-3"
stage only "First line" initial resting
  rule begin "Start norepinephrine"
    when MAP < 65 and norepinephrine off
    then start norepinephrine
    because "it restores tone"
    cite guideline clause "A-1" erratum "X-1"
  rule second "Add vasopressin"
    when MAP < 65 and NE >= 0.1 mcg/kg/min and vasopressin off
    then consider add vasopressin at 0.03 units/min
    cite guideline clause "A-2"
never order vasopressin above 0.03 units/min
question "Is vasopressin ever alone?"
  ask never order vasopressin while norepinephrine off and not ordered norepinephrine
  clause "A-2"
question "Is norepinephrine always ordered in low pressure?"
  ask always order norepinephrine while MAP < 65
question "At what dose of norepinephrine is vasopressin added?" ask when ordered vasopressin
fact "Fewer deaths with noradrenaline: 1 of 10 and 2 of 10" cite guideline clause "A-4"
example "low" given age 60 years, weight 70 kg, MAP 60 expect start norepinephrine at 0.02 mcg/kg/min
"""
BOTH = ("norepinephrine", "vasopressin")
GIVES: tuple[m.Op, ...] = ("start", "add", "give", "set")
OUTSIDE = (
    "A child of 12 years with a fever after bronchitis and scarlet fever",
    "How is a mole removed?",
    "Galcanezumab and rimegepant together?",
    "What does an amphetamine screening cost?",
    "How likely does a dural fistula bleed?",
    "A newborn with an egg-shaped heart on the X-ray",
    "What is done about potassium 5.7 under NICE?",
    "Belatacept after a kidney transplant",
    "Wrist pain in pregnancy",
    "When is the thyroid treated?",
    "What is a normal PSA level?",
    "Treatment options for rheumatoid arthritis",
    "Measles antibodies in SSPE",
    "An iliac mass",
    "How fast is severe hyponatraemia corrected?",
    "Metformin and eGFR",
    "An elderly man with hypotension on losartan and amlodipine",
)


@pytest.fixture(scope="module")
def small() -> Compiled:
    def read(path: str) -> Source | None:
        made = decode(path, TEXT.encode())
        return made if isinstance(made, Source) and path == "small.rung" else None

    return compile_protocol("small.rung", read)


def form(small: Compiled, text: str) -> f.Form | None:
    assert small.artifact is not None
    return f.form_of(text, small.artifact, vocabulary(small.artifact))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("when is AVP added?", f.WhenOrdered("vasopressin", GIVES, "added")),
        ("When do we start noradrenaline", f.WhenOrdered("norepinephrine", GIVES, "start")),
        ("dose of NE", f.DoseOf("norepinephrine", None)),
        ("Which dose of vasopressin in first line?", f.DoseOf("vasopressin", "only")),
        ("is octreotide needed while NE running?", f.NeededWhile("octreotide", "norepinephrine")),
        ("Is octreotide still necessary with norepinephrine?", f.NeededWhile("octreotide", "norepinephrine")),
        ("may vasopressin be given without NE?", f.MayOrder("vasopressin", "norepinephrine off")),
        ("can vasopressin be given while MAP < 50?", f.MayOrder("vasopressin", "MAP < 50")),
        ("what happens if MAP 60?", f.WhatIf("MAP 60")),
        ("why vasopressin?", f.WhyDrug("vasopressin")),
        ("options of pressor", f.Options(BOTH, "pressor")),
        ("What are the treatment options for shock?", f.Options(BOTH, "Pressure in shock")),
    ],
)  # fmt: skip
def test_plain_words_are_one_question(small: Compiled, text: str, asked: f.Form) -> None:
    assert form(small, text) == asked


def test_a_declared_question_is_found_by_its_own_words(small: Compiled) -> None:
    assert small.artifact is not None
    for question in small.artifact.questions:
        for text in (
            question.text,
            question.text.upper(),
            question.text.rstrip("?").replace(" is ", " was "),
        ):
            assert form(small, text) == f.Declared(question), text


def test_opposite_words_are_not_the_same_question(small: Compiled) -> None:
    assert not isinstance(form(small, "Is norepinephrine never ordered in low pressure?"), f.Declared)
    assert not isinstance(form(small, "Is octreotide ever alone?"), f.Declared)


@pytest.mark.parametrize("text", OUTSIDE)
def test_what_is_outside_is_said_to_be_not_covered(text: str, tmp_path: Path) -> None:
    file = tmp_path / "small.rung"
    file.write_text(TEXT, encoding="utf-8")
    ended = rung("ask", text, str(file))
    assert ended.code == 1
    assert "Not covered" in ended.out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("when", "when is vasopressin added?"),
        ("dose", "dose of norepinephrine"),
        ("never", "is vasopressin ever alone?"),
        ("refuted", "Is norepinephrine always ordered in low pressure?"),
        ("needed", "is norepinephrine needed while vasopressin running?"),
        ("may", "can vasopressin be given while MAP < 50?"),
        ("why", "why noradrenaline?"),
        ("what_if", "what happens if age is 60 years, MAP is 60, NE 0.1 mcg/kg/min and line no"),
        ("options", "options of pressor"),
    ],
)
def test_what_is_answered_word_for_word(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "small.rung"
    file.write_text(TEXT, encoding="utf-8")
    ended = rung("ask", text, str(file))
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 80
    golden = GOLDEN / f"ask_{name}.txt"
    if os.environ.get("RUNG_REWRITE"):
        golden.write_text(ended.out, encoding="utf-8")
    assert ended.out == golden.read_text(encoding="utf-8")


def test_as_data(tmp_path: Path) -> None:
    file = tmp_path / "small.rung"
    file.write_text(TEXT, encoding="utf-8")
    ended = rung("ask", "when is vasopressin added?", str(file), "--format", "json")
    said = json.loads(ended.out)
    assert said["covered"] is True
    (answer,) = said["answers"]
    assert [rule["rule"] for rule in answer["rules"]] == ["only.second"]
    assert answer["rules"][0]["clauses"] == ["A-2"]
    assert json.loads(rung("ask", "Metformin?", str(file), "--format", "json").out)["covered"] is False


def test_a_condition_that_cannot_be_read_is_not_covered(tmp_path: Path) -> None:
    file = tmp_path / "small.rung"
    file.write_text(TEXT, encoding="utf-8")
    for text in (
        "can vasopressin be given while the moon is full?",
        "what happens if the moon is full?",
        "can vasopressin be given while MAP < 50 never stop norepinephrine",
    ):
        ended = rung("ask", text, str(file))
        assert ended.code == 1 and "Not covered" in ended.out, text


def test_a_text_with_mistakes_and_a_formulary_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "small.rung"
    file.write_text(
        TEXT.replace("MAP < 65 and norepinephrine", "MAB < 65 and norepinephrine"), encoding="utf-8"
    )
    assert "C106" in rung("ask", "why NE?", str(file)).said
    file.write_text('formulary f "F"\ninput MAP in mmHg valid for 2 h\n', encoding="utf-8")
    assert "C107" in rung("ask", "why NE?", str(file)).said
    assert rung("ask", "why NE?", str(tmp_path / "none.rung")).code == 3
