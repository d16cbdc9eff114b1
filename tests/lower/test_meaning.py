"""The meaning of a text does not depend on its layout, its order, or which alias it uses."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rung_engine.artifact.model import And, Artifact, Cmp, FromSetting, Or, Rate
from rung_engine.artifact.seal import to_bytes
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.source import Source, Unreadable, decode

GOOD = Path(__file__).parents[1] / "checked" / "good"
PROTOCOL = (GOOD / "septic_shock.rung").read_text(encoding="utf-8")
FORMULARY = (GOOD / "formulary" / "adult_icu.rung").read_text(encoding="utf-8")

_TOP = re.compile(
    r"^(?=(?:source|setting|define|before|stage|throughout|never|question|example)\b)", re.MULTILINE
)
_RULE = re.compile(r"^(?=  (?:rule|when|titrate)\b)", re.MULTILINE)
_DECLARED = re.compile(r"^(?=[a-z])", re.MULTILINE)


def compiled(protocol: str = PROTOCOL, formulary: str = FORMULARY) -> Compiled:
    texts = {"a.rung": protocol, "formulary/adult_icu.rung": formulary}

    def read(path: str) -> Source | Unreadable | None:
        return decode(path, texts[path].encode()) if path in texts else None

    return compile_protocol("a.rung", read)


def artifact(protocol: str = PROTOCOL, formulary: str = FORMULARY) -> Artifact:
    found = compiled(protocol, formulary)
    assert found.artifact is not None, found.problems
    return found.artifact


MEANING = artifact().meaning


def of_file(name: str) -> Artifact:
    def read(path: str) -> Source | Unreadable | None:
        file = Path(path)
        return decode(path, file.read_bytes()) if file.exists() else None

    found = compile_protocol((GOOD / name).as_posix(), read).artifact
    assert found is not None
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_order_of_statements_never_changes_the_meaning(data: st.DataObject) -> None:
    head, *blocks = _TOP.split(PROTOCOL)
    shuffled = []
    for block in data.draw(st.permutations(blocks)):
        first, *rules = _RULE.split(block)
        shuffled.append(first + "".join(data.draw(st.permutations(rules))))
    name, *declared = _DECLARED.split(FORMULARY)[1:]
    formulary = name + "".join(data.draw(st.permutations(declared)))
    assert artifact(head + "".join(shuffled), formulary).meaning == MEANING


def test_blanks_comments_and_line_ends_never_change_the_meaning() -> None:
    one_line = " ".join(PROTOCOL.split())
    assert artifact(one_line).meaning == MEANING
    assert artifact(PROTOCOL.replace("\n", "  # said aloud\r\n")).meaning == MEANING


def test_an_alias_means_what_it_stands_for() -> None:
    assert artifact(re.sub(r"\bNE\b", "norepinephrine", PROTOCOL)).meaning == MEANING


def test_operands_have_no_order_and_repetition_adds_nothing() -> None:
    written = "when NE >= 0.1 mcg/kg/min and MAP < 65"
    assert written in PROTOCOL
    for other in (
        "when MAP < 65 and NE >= 0.1 mcg/kg/min",
        "when (MAP < 65 and (NE >= 0.1 mcg/kg/min and MAP < 65))",
        "when all of (MAP < 65 mmHg, NE >= 0.10 mcg/kg/min)",
    ):
        assert artifact(PROTOCOL.replace(written, other)).meaning == MEANING


def test_another_number_is_another_meaning() -> None:
    assert artifact(PROTOCOL.replace("and MAP < 65", "and MAP < 64")).meaning != MEANING
    assert (
        artifact(PROTOCOL, FORMULARY.replace("valid for 2 h\n  code", "valid for 3 h\n  code")).meaning
        != MEANING
    )


def test_only_positions_and_words_tell_two_layouts_apart() -> None:
    first, second = artifact().model_dump(), artifact(" ".join(PROTOCOL.split())).model_dump()
    assert {key for key in first if first[key] != second[key]} == {"provenance", "seal"}


def test_compiling_twice_gives_the_same_bytes() -> None:
    assert to_bytes(artifact()) == to_bytes(artifact())


def test_terms_refer_only_to_terms_before_them_and_no_conjunction_holds_another() -> None:
    found = of_file("every_form.rung")
    for index, term in enumerate(found.terms):
        if isinstance(term, And | Or):
            assert list(term.of) == sorted(set(term.of))
            assert all(
                operand < index and type(found.terms[operand]) is not type(term) for operand in term.of
            )


def test_every_term_has_words() -> None:
    found = of_file("every_form.rung")
    assert set(found.provenance.words) == {str(index) for index in range(len(found.terms))}
    assert all(found.provenance.words.values())


def test_a_rate_is_seen_in_the_unit_it_is_compared_with() -> None:
    seen = {
        term.unit
        for term in of_file("every_form.rung").terms
        if isinstance(term, Rate) and term.drug == "norepinephrine"
    }
    assert seen == {"mcg/kg/min", "mcg/min"}


def test_a_titration_with_two_ends_is_two_rules_with_opposite_limits() -> None:
    rules = {rule.id: rule for rule in of_file("every_form.rung").rules if rule.from_titrate}
    up, down = rules["rung_one.titrate_norepinephrine_up"], rules["rung_one.titrate_norepinephrine_down"]
    assert (up.arm, down.arm) == ("worse", "worse")
    for rule, op, millionths in ((up, "increase", 500_000), (down, "decrease", 20_000)):
        choice = rule.orders[0]
        assert choice.form == "one"
        assert choice.order.op == op
        assert choice.order.limit is not None and not isinstance(choice.order.limit, FromSetting)
        assert choice.order.limit.millionths == millionths


def test_a_titration_to_a_floor_never_decreases() -> None:
    found = artifact()
    rules = [rule for rule in found.rules if rule.from_titrate]
    assert [rule.id for rule in rules] == ["first_line.titrate_norepinephrine_up"]
    condition = found.terms[rules[0].condition]
    assert isinstance(condition, Cmp) and condition.rel == "<"


def test_a_local_protocol_gives_values_adds_and_removes() -> None:
    found = of_file("local_shock.rung")
    rules = {rule.id for rule in found.rules}
    assert found.name == "local_shock" and found.version == "1.0.1"
    assert found.settings["high_dose"].value is not None
    assert {"second_line.call", "throughout.rule_1", "second_line.rule_1"} <= rules
    assert "throughout.ischaemia_watch" not in rules
    assert found.applies is not None


def test_a_choice_between_a_regimen_and_a_drug_is_written_out() -> None:
    rule = next(rule for rule in of_file("every_form.rung").rules if rule.id == "rung_one.bolus")
    prefers = [choice for choice in rule.orders if choice.form == "prefer"]
    assert {choice.orders[0].target for choice in prefers} == {"midodrine", "octreotide"}
    assert {choice.orders[1].target for choice in prefers} == {"norepinephrine"}


def test_an_arm_is_known_by_the_conditions_that_each_of_its_rules_holds() -> None:
    text = """protocol arms "Arms"
  version 1.0.0
  applies when MAP < 200
input MAP in mmHg valid for 15 min
input lactate in mmol/L valid for 6 h
drug norepinephrine infusion in mcg/min start 1 mcg/min
stage shock initial resting
  arm low when MAP < 55 and lactate > 2
    rule tell when lactate > 4 then notify "intensivist"
    titrate norepinephrine by 1 mcg/min every 5 min from 1 to 9 mcg/min to keep MAP >= 60
  arm either_way when MAP >= 55 or lactate <= 2
    rule measure when lactate > 1 then measure lactate every 2 h
"""
    found = compile_protocol("a.rung", lambda path: decode(path, text.encode()) if path == "a.rung" else None)
    assert found.artifact is not None
    said = found.artifact.provenance.words
    arms = found.artifact.provenance.arms
    assert {name: sorted(said[str(term)] for term in terms) for name, terms in arms.items()} == {
        "shock.either_way": ["MAP >= 55 or lactate <= 2"],
        "shock.low": ["MAP < 55", "lactate > 2"],
    }
    for rule in found.artifact.rules:
        term = found.artifact.terms[rule.condition]
        assert isinstance(term, And) and set(arms[f"shock.{rule.arm}"]) <= set(term.of)
    assert {"arm:shock.low", "arm:shock.either_way"} <= found.artifact.provenance.positions.keys()
