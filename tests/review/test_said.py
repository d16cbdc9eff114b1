"""Sentences that a reader once stumbled over, or that were not true."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.review.made import packet, sides

from rung_engine.artifact import model as m
from rung_lang.diff import model as d
from rung_lang.report import diff_said
from rung_lang.report.diff_cubes import plain_cube
from rung_lang.report.diff_declared import otherwise
from rung_lang.report.diff_first import by_class, safety
from rung_lang.report.diff_said import Sides
from rung_lang.report.diff_tonight import tonight
from rung_lang.report.documents.markdown import markdown
from rung_lang.report.review_page.page import review_page
from rung_lang.verify.gaps.regions import Condition, State

FIRST = d.StagePair("first_line", "first_line")


def _with(**parts: Any) -> Sides:
    return replace(sides(), difference=replace(sides().difference, **parts))


def test_what_is_not_known_is_a_sentence() -> None:
    off = State("vasopressin", "off", true=False)
    several = Condition("MAP, aki_risk and weight known", true=False)
    two = Condition("vasopressin and weight known", true=False)
    written = Condition("fluids_adequate and NE >= 0.1 mcg/kg/min", true=False)
    assert plain_cube((off, several), str) == (
        "vasopressin not off, while one of MAP, aki risk and weight is not known"
    )
    assert plain_cube((two,), str) == "while vasopressin or weight is not known"
    assert plain_cube((written,), lambda words: "fluids adequate") == "not (fluids adequate)"


def test_a_region_says_every_strength_that_it_may_have() -> None:
    region = sides().difference.changes[0].regions[0]
    must = replace(region.old[0], rule="first_line.overdue", strength="must")
    both = replace(region, old=(*region.old, must))
    assert diff_said.gives(sides(), both, "old") == (
        "add vasopressin at 0.03 units/min (must or recommended)"
    )


def test_what_nobody_is_told_any_more_is_looked_at_first() -> None:
    told = m.Order(op="notify", target="intensivist: vasopressin is off its dose")
    add = sides().difference.changes[0]
    musts = tuple(replace(one, old=(replace(one.old[0], strength="must"),)) for one in add.regions)
    region = replace(
        add.regions[0],
        classes=("order gone",),
        old=(d.Given("both.off", told, "recommend"),),
        patient=None,
    )
    gone = replace(
        add, name="gone", subject=("notify", told.target), classes=("order gone",), regions=(region,)
    )
    found = safety(_with(changes=(replace(add, regions=musts), gone), undecided=(), declared=()))
    assert found == (
        "No longer told to the intensivist: “vasopressin is off its dose”, in the stage “Norepinephrine” "
        "(change 2): patients with norepinephrine 0.1 to below 0.25 mcg/kg/min and low",
        "A must for fewer patients: add vasopressin (change 1)",
    )


def test_a_question_about_another_number_is_one_and_a_list_says_what_was_added() -> None:
    rule = "first_line.second_agent"
    declared = (
        d.Declared("question", "Why from 0.25 mcg/kg/min?", "", "", "asked", ("question",)),
        d.Declared("question", "Why from 0.1 mcg/kg/min?", "", "asked", "", ("question",)),
        d.Declared("rule", rule, "clauses", "LAD-01, LAD-02", "LAD-02, LAD-03", ("source",)),
        d.Declared("rule", rule, "title", "Start it from here on at 0.1", "Start it from here on at 0.2",
                   ("wording",)),
    )  # fmt: skip
    assert [one.sentence for one in otherwise(_with(declared=declared))] == [
        "rule “Add vasopressin”, clauses: also LAD-03; without LAD-01",
        "a rule's title: before, “Start it from here on at 0.1”; now, “Start it from here on at 0.2”",
        "question: before, “Why from 0.1 mcg/kg/min?”; now, “Why from 0.25 mcg/kg/min?”",
    ]
    # The rule differs by more than its wording.
    assert "wording" not in dict(by_class(_with(declared=declared)))


def test_whoever_has_a_drug_keeps_it_unless_something_lowers_it() -> None:
    add = sides().difference.changes[0]
    stay = (d.Tonight("first_line", "first_line", "same", "", (add,), ()),)
    keeps = "Whoever already has vasopressin keeps it: nothing that stops or lowers it differs."
    lines = list(tonight(_with(changes=(add,), undecided=(), declared=(), tonight=stay)))
    assert lines == [
        "Every patient stays in the stage she is in. No infusion is stopped abruptly.",
        keeps,
        "At once, for some: change 1 in “Norepinephrine”.",
    ]
    lower = replace(add, name="lower", subject=("decrease", "vasopressin"))
    assert keeps not in list(tonight(_with(changes=(add, lower), undecided=(), declared=(), tonight=stay)))


def test_no_page_says_without_its_text_that_a_version_has_no_warning() -> None:
    told = "an artifact does not tell it"
    assert told in markdown(review_page(replace(packet(), old=None)))
    assert told not in markdown(review_page(packet()))
    assert "R131" in markdown(review_page(replace(packet(), old=None)))
