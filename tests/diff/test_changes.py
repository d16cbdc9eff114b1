"""Small changes of one small protocol: what each is called, and what means the same."""

from __future__ import annotations

import pytest

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_lang.diff.diff import diff
from rung_lang.diff.model import Difference
from rung_lang.driver import compile_protocol
from rung_lang.source import Source

BASE = """protocol shock "Shock"
  version 1.0.0
  applies when age >= 18 years

source book "A book" 2020
setting target "target" = 65 mmHg, from 60 mmHg to 70 mmHg
setting margin "margin" = 10 mmHg

input age in years plausible 0 to 120 years fixed
input weight in kg plausible 20 to 300 kg fixed dosing
input MAP "pressure" in mmHg plausible 10 to 200 mmHg valid for 15 min
  normal 80 mmHg step 1 mmHg
input bleeding yes or no valid for 4 h

drug norepinephrine as NE infusion in mcg/kg/min maximum 3 mcg/kg/min
drug vasopressin infusion in units/min maximum 0.04 units/min needs norepinephrine

stage opening "Opening" initial resting
  rule begin
    when MAP < target and norepinephrine off
    then recommend start norepinephrine at 0.02 to 0.05 mcg/kg/min
    because "it is first" cite book
  rule second
    when MAP < target and NE >= 0.1 mcg/kg/min
    then recommend add vasopressin at 0.03 units/min
  rule up
    when (MAP < target) for 1 h and vasopressin running
    then go to rescue

stage rescue "Rescue" resting
  rule call
    when MAP < target
    then must notify "intensivist"
  rule back
    when (MAP >= target + margin) for 2 h
    then go to opening

throughout
  rule alone
    when vasopressin running and norepinephrine off
    then must notify "intensivist: alone"

never order vasopressin above 0.04 units/min
never start vasopressin while bleeding
"""


def version(*changes: tuple[str, str]) -> m.Artifact:
    """The protocol with some of its text replaced."""
    text = BASE
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    source = Source("shock.rung", text)
    found = compile_protocol("shock.rung", lambda path: source if path == "shock.rung" else None)
    assert found.artifact is not None, found.problems
    return found.artifact


def difference(*changes: tuple[str, str]) -> Difference:
    return diff(version(), version(*changes))


CHANGED: tuple[tuple[str, str, str, set[str]], ...] = (
    ("a threshold up", "NE >= 0.1", "NE >= 0.25", {"later", "fewer patients"}),
    ("a threshold down", "NE >= 0.1", "NE >= 0.05", {"earlier", "more patients"}),
    ("a longer wait", "for 1 h and vasopressin", "for 2 h and vasopressin", {"later", "fewer patients"}),
    ("a dose up", "add vasopressin at 0.03", "add vasopressin at 0.04", {"dose up"}),
    ("a dose down", "at 0.02 to 0.05 mcg", "at 0.02 to 0.04 mcg", {"dose down"}),
    ("meant more strongly", "recommend add", "must add", {"strength"}),
    (
        "another number of the text",
        'setting margin "margin" = 10',
        'setting margin "margin" = 5',
        {"earlier"},
    ),
    ("another default", "= 65 mmHg, from", "= 66 mmHg, from", {"default"}),
    ("a wider range", "from 60 mmHg to 70", "from 60 mmHg to 75", {"setting"}),
    ("a reading valid for longer", "valid for 15 min", "valid for 30 min", {"readings"}),
    ("a maximum up", "maximum 3 mcg", "maximum 4 mcg", {"limit raised"}),
    ("a maximum down", "maximum 3 mcg", "maximum 2 mcg", {"limit lowered"}),
    ("a promise weaker", "above 0.04 units", "above 0.05 units", {"property weakened"}),
    ("a promise stronger", "above 0.04 units", "above 0.035 units", {"property added"}),
    ("a promise for fewer", "while bleeding", "while bleeding and MAP < 60", {"property weakened"}),
    ("a promise gone", "never start vasopressin while bleeding\n", "", {"property removed"}),
    ("another source", "cite book", "", {"source"}),
    ("other reasons", "it is first", "it is the first", {"wording"}),
    ("a message in other words", '"intensivist: alone"', '"intensivist: lone vasopressin"', {"message"}),
    ("a title", '"Rescue"', '"The rescue"', {"wording"}),
    (
        "a contraindication",
        "stage opening",
        "restrict vasopressin contraindicated while bleeding\nstage opening",
        {"certainty", "later", "fewer patients", "limit lowered"},
    ),
    (
        "an order new",
        '"intensivist: alone"\n',
        '"intensivist: alone"\n  rule clot when MAP < 50 then do echo\ntask echo "echo"\n',
        {"order new", "wording"},
    ),
)


PROMISES = ("above 0.04 units", "while bleeding", "never start vasopressin while bleeding\n")
"""What only a statement says: no decision differs."""


@pytest.mark.parametrize(
    ("before", "after", "classes"), [one[1:] for one in CHANGED], ids=[one[0] for one in CHANGED]
)
def test_a_change_is_called_what_it_is(before: str, after: str, classes: set[str]) -> None:
    found = difference((before, after))
    assert classes <= set(found.classes), found.classes
    assert (found.how == "differs") == (found.weight in ("treatment", "safety") and before not in PROMISES)
    heavier = {"property weakened", "property removed", "limit raised", "undecided", "dose up", "order gone"}
    assert not (set(found.classes) - classes) & heavier


ALIKE: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("layout", (("then recommend start", "then\n      recommend start"),)),
    ("a stage by another name", (("rescue", "second_rung"),)),
    ("a rule by another name", (("rule second\n", "rule vasopressin_early\n"),)),
    ("a reading by another name", (("bleeding", "haemorrhage"),)),
    (
        "operands in another order",
        (("MAP < target and norepinephrine off", "norepinephrine off and MAP < target"),),
    ),
    (
        "a name for a condition",
        (
            ("when MAP < target and NE", "when low and NE"),
            ("stage opening", "define low as MAP < target\nstage opening"),
        ),
    ),
)


@pytest.mark.parametrize("changes", [one[1] for one in ALIKE], ids=[one[0] for one in ALIKE])
def test_what_is_written_otherwise_and_the_same_is_an_empty_difference(
    changes: tuple[tuple[str, str], ...],
) -> None:
    found = difference(*changes)
    assert found.how == "text" and not found.changes and found.weight == "none"


def test_another_unit_and_another_form_are_proved_to_be_the_same() -> None:
    found = difference(("MAP < target and NE >= 0.1 mcg/kg/min", "not (MAP >= target or NE < 100 ng/kg/min)"))
    assert found.how == "proved" and not found.changes
    found = difference(
        ("NE >= 0.1 mcg/kg/min\n", "(NE >= 0.1 mcg/kg/min or (NE >= 0.2 mcg/kg/min and bleeding))\n")
    )
    assert found.how == "proved" and not found.changes
    assert ("add", "vasopressin") in {one.subject for one in found.alike if one.how == "proved"}


def test_rules_in_another_order_are_one_text() -> None:
    old = version()
    for rules in (old.rules[::-1], old.rules[2:] + old.rules[:2]):
        found = diff(old, old.model_copy(update={"rules": rules}))
        assert found.how == "text" and not found.classes


def test_a_region_is_said_in_the_thresholds_that_changed_and_shows_one_patient() -> None:
    found = difference(("NE >= 0.1", "NE >= 0.25"))
    (change,) = (one for one in found.changes if one.subject == ("add", "vasopressin"))
    region = change.regions[0]
    (rate,) = (one for one in region.cube if getattr(one, "name", "") == "norepinephrine")
    assert rate.lo is not None and (rate.lo.text, rate.lo.included) == ("0.1 mcg/kg/min", True)  # type: ignore[union-attr]
    assert rate.hi is not None and (rate.hi.text, rate.hi.included) == ("0.25 mcg/kg/min", False)  # type: ignore[union-attr]
    assert region.patient is not None
    assert _adds(region.patient.old) and not _adds(region.patient.new)


def _adds(content: Content) -> bool:
    return any((one.op, one.target) == ("add", "vasopressin") for one in content.orders)


def test_the_versions_come_together_again_when_readings_are_normal() -> None:
    (parting, *_) = difference(("NE >= 0.1", "NE >= 0.25")).partings
    held, normal = parting.again
    assert held.how == "held" and held.after is None
    assert normal.how == "normal" and normal.after == 3_600_000


def test_a_stage_that_is_gone_must_be_spoken_for() -> None:
    tail = BASE[BASE.index("stage rescue") : BASE.index("throughout")]
    up = BASE[BASE.index("  rule up") : BASE.index("stage rescue")]
    found = difference((tail, ""), (up, "\n"))
    assert "stage gone" in found.classes
    (gone,) = (one for one in found.tonight if one.stage == "rescue")
    assert gone.how == "open" and gone.landing is None
    told = difference((tail, 'migrate rescue to opening because "merged"\n'), (up, "\n"))
    (landed,) = (one for one in told.tonight if one.stage == "rescue")
    assert (landed.how, landed.landing) == ("migrate", "opening")
    assert ("notify", "intensivist") not in {one.subject for one in landed.changes}
    assert {one.subject for one in landed.changes} >= {("start", "norepinephrine"), ("add", "vasopressin")}


def test_an_infusion_that_is_stopped_tonight_is_named() -> None:
    found = difference(("  rule call\n", "  rule enough when MAP < 40 then stop vasopressin\n  rule call\n"))
    (rescue,) = (one for one in found.tonight if one.stage == "rescue")
    assert [(one.drug, one.op, one.rule) for one in rescue.stops] == [
        ("vasopressin", "stop", "rescue.enough")
    ]
    assert rescue.stops[0].patient is not None
