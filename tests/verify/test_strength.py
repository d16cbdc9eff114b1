"""Examples that are missing, and small changes that nothing stated notices."""

from __future__ import annotations

from rung_lang.driver import Compiled, compile_protocol
from rung_lang.examples import run_examples, some_fail
from rung_lang.report.mutants import lines
from rung_lang.report.paste import as_example
from rung_lang.source import Source, Span, Unreadable, decode
from rung_lang.verify.context import Context, base_program
from rung_lang.verify.found import Found
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.rules.problems_rules import AlwaysFires
from rung_lang.verify.strength.coverage import Coverage, Tally
from rung_lang.verify.strength.mutants import mutants
from rung_lang.verify.strength.strength import _said, count_of, tried
from rung_lang.verify.strength.suggest import Missing
from rung_lang.verify.strength.told_apart import telling
from rung_lang.verify.verdict import Obligation, Refuted

PATH = "ward.rung"
TEXT = """protocol ward "Ward"
  version 1.0.0
  applies when age >= 18 years
input age in years fixed plausible 0 to 120 years
input weight in kg fixed dosing plausible 1 to 300 kg
input MAP in mmHg plausible 10 to 200 mmHg valid for 15 min charted every 15 min step 1 mmHg normal 80 mmHg
input lactate in mmol/L plausible 0 to 30 mmol/L valid for 6 h charted every 6 h step 0.1 mmol/L
drug norepinephrine as NE infusion in mcg/kg/min start 0.05 mcg/kg/min maximum 3 mcg/kg/min
stage treat initial resting
  rule begin when MAP < 65 and norepinephrine off then start norepinephrine
  rule call when MAP < 65 and lactate > 4 mmol/L then notify "intensivist"
"""
STATED = """never start norepinephrine while MAP >= 65
example "low"
  given age 60 years, MAP 64, norepinephrine off, lactate 1 mmol/L
  expect start norepinephrine
"""


def compiled(text: str) -> Compiled:
    def read(path: str) -> Source | Unreadable | None:
        return decode(path, text.encode()) if path == PATH else None

    result = compile_protocol(PATH, read)
    assert result.artifact is not None, result.problems
    return result


def covered(result: Compiled, missing: Missing) -> Coverage:
    assert result.artifact is not None
    tally = Tally(result.artifact)
    assert not any(one.failures for one in run_examples(result.artifact, result.examples, watch=tally.see))
    return tally.coverage(missing.can_flip)


def asked(result: Compiled) -> Missing:
    assert result.artifact is not None
    context = Context(result.artifact)
    context.reach = Reach(context)
    return Missing(context)


def test_the_suggested_examples_close_every_gap() -> None:
    result = compiled(TEXT)
    missing = asked(result)
    before = covered(result, missing)
    assert not before.complete
    assert result.artifact is not None
    blocks = [
        as_example(
            result.artifact,
            dict(one.witness.settings),
            one.witness.events,
            (one.witness.time,),
            f"suggested {place}",
        )
        for place, one in enumerate(missing.suggestions(before))
    ]
    with_them = compiled(TEXT + "".join(blocks))
    assert covered(with_them, asked(with_them)).complete


FINISHING = """protocol demo "Demonstration"
  version 1.0.0
  applies when MAP <= 250 mmHg
input MAP in mmHg plausible 10 to 250 mmHg valid for 15 min charted every 15 min
stage first_line initial
  when MAP < 65 then go to rescue
  when MAP >= 75 then finish "recovered"
stage rescue resting
  when MAP < 65 then notify "intensivist"
"""


def test_a_condition_of_a_rule_that_finishes_is_judged_before_the_end() -> None:
    result = compiled(FINISHING)
    missing = asked(result)
    found = list(missing.suggestions(covered(result, missing)))
    closed = [gap for one in found for gap in one.closes]
    assert len(closed) == len(set(closed)) == len(covered(result, missing).gaps) == 9
    ends = [one for one in found if one.closes[0].rule == "first_line.rule_2"]
    assert [(gap.words, gap.value) for gap in ends[0].closes if gap.rule == "first_line.rule_2"] == [
        ("", True),
        ("MAP >= 75", True),
    ]


def test_a_patient_who_closes_several_gaps_is_suggested_once() -> None:
    result = compiled(FINISHING)
    missing = asked(result)
    found = [one.witness for one in missing.suggestions(covered(result, missing))]
    assert len(found) == len(set(found)) < 9


def test_a_condition_that_can_never_decide_is_no_gap() -> None:
    result = compiled(TEXT.replace("MAP < 65 and lactate", "MAP < 65 and MAP < 200 and lactate"))
    assert result.artifact is not None
    words = result.artifact.provenance.words
    never = next(index for index, said in words.items() if said == "MAP < 200")
    assert not asked(result).can_flip("treat.call", int(never), to=True)
    low = next(index for index, said in words.items() if said == "MAP < 65")
    assert asked(result).can_flip("treat.call", int(low), to=True)


def test_a_mutant_is_noticed_by_an_example_or_by_a_property_and_else_listed() -> None:
    result = compiled(TEXT + STATED)
    artifact = result.artifact
    assert artifact is not None
    found = list(tried(artifact, result.sources, PATH, result.examples))
    assert len(found) == count_of(artifact) > 10
    noticed = {(one.rule, one.change, one.before, one.after) for one, seen in found if seen}
    unnoticed = {(one.rule, one.change, one.before, one.after) for one, seen in found if not seen}
    assert ("treat.begin", "rule", "treat.begin", "") in noticed, "the example asks for the start"
    assert ("treat.begin", "threshold", "MAP < 65", "66 mmHg") in noticed, "the never forbids it"
    assert ("treat.call", "threshold", "lactate > 4 mmol/L", "4.1 mmol/L") in unnoticed
    shown = list(lines(found))
    assert any("`lactate > 4 mmol/L` with 4.1 mmol/L" in line for line in shown)
    assert all(len(line) <= 80 for line in shown)


def test_a_finding_that_moves_to_another_rule_is_something_else_that_is_said() -> None:
    def found(rule: str) -> Found:
        problem = AlwaysFires(Span(PATH, 0, 0), rule, "MAP < 65", ())
        return Found((Obligation("R204", (rule,), Refuted(None)),), (problem,))

    assert set(_said(found("treat.begin"), "")) != set(_said(found("treat.call"), ""))


def test_an_example_that_could_tell_is_run_on_a_mutant() -> None:
    result = compiled(TEXT + STATED)
    assert result.artifact is not None
    every = list(mutants(base_program(result.artifact)))
    told = telling(result.artifact, every, result.examples)
    for mutant, own in zip(every, told, strict=True):
        fails = any(one.failures for one in run_examples(mutant.artifact, result.examples))
        assert some_fail(mutant.artifact, own) == fails
    assert any(not own for own in told), "some mutant decides in no example otherwise"


def test_every_mutant_is_another_artifact_whose_terms_refer_backwards() -> None:
    artifact = compiled(TEXT + STATED).artifact
    assert artifact is not None
    for mutant in mutants(base_program(artifact)):
        assert mutant.artifact != artifact
        for index, term in enumerate(mutant.artifact.terms):
            operands = [getattr(term, name) for name in ("of", "left", "right") if hasattr(term, name)]
            for operand in operands:
                for one in (operand,) if isinstance(operand, int) else operand:
                    if isinstance(one, int):
                        assert one < index
