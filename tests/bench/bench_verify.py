"""The verifier: a search for contradictions over many rules, and a wide control graph; seconds and memory.

Beside the conflict search stands the same question put plainly: every pair of opposed orders to a fresh z3
solver, without the test on bounds, without one solver for all, without anything kept.
"""

from __future__ import annotations

import resource
import time
from itertools import combinations
from random import Random
from typing import assert_never

import z3
from tests.bench.machine import machine

from rung_lang.driver import Compiled, compile_protocol
from rung_lang.source import Source
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import conflict
from rung_lang.verify.formulas.formula import FALSE
from rung_lang.verify.places import Places
from rung_lang.verify.reach import transitions
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.rules import contradictions
from rung_lang.verify.verdict import Undecided

MAIN = "big.rung"


def compiled(text: str) -> Compiled:
    """The text compiled; it must have no error."""
    source = Source(MAIN, text)
    found = compile_protocol(MAIN, lambda path: source if path == MAIN else None)
    if found.artifact is None:
        raise SystemExit(f"the generated protocol has problems: {found.problems[:3]}")
    return found


def wide(rules: int, inputs: int) -> str:
    """One stage. Of each drug half the rules start it and half stop it, at levels of an input that stay
    apart.
    """
    dice = Random(7)
    parts = [
        'protocol wide "Wide"\n  version 1.0.0\n  applies when age >= 18 years\ninput age in years fixed\n'
    ]
    drugs = inputs
    for one in range(inputs):
        parts.append(f"input x{one} in points plausible 0 to 100 points valid for 1 h\n")
        parts.append(f"drug d{one} infusion in mg/h start 1 mg/h maximum 9 mg/h\n")
    parts.append('stage only "Only" initial resting\n')
    for rule in range(rules):
        drug, other = rule % drugs, dice.randrange(inputs)
        side = rule // drugs % 2
        bound = f"x{drug} < {20 + dice.randrange(20)}" if side else f"x{drug} >= {50 + dice.randrange(20)}"
        order = f"start d{drug}" if side else f"stop d{drug}"
        level = dice.randrange(100)
        parts.append(f"  rule r{rule} when {bound} and x{other} >= {level} points then {order}\n")
    return "".join(parts)


def ladder(stages: int, rules: int) -> str:
    """Stages one above the other, with ways up and down, latches and dwell times."""
    parts = [
        'protocol ladder "Ladder"\n  version 1.0.0\n  applies when age >= 18 years\n',
        "input age in years fixed\n"
        "input MAP in mmHg plausible 10 to 250 mmHg valid for 15 min charted every 15 min step 1 mmHg\n"
        "input lactate in mmol/L plausible 0 to 30 mmol/L valid for 8 h charted every 6 h\n",
    ]
    for stage in range(stages):
        start = " initial" if stage == 0 else ""
        parts.append(f'stage s{stage} "Stage"{start} resting\n')
        if stage + 1 < stages:
            parts.append(
                f"  rule up{stage} when (MAP < {64 - stage}) for 30 min and time in stage >= 20 min "
                f"then go to s{stage + 1}\n"
            )
        if stage:
            parts.append(f"  rule down{stage} when (MAP >= {90 - stage}) for 1 h then go to s{stage - 1}\n")
        parts.extend(
            f"  rule call{stage}_{rule} when MAP < {60 - stage} and lactate >= {1 + rule} mmol/L "
            f'and ever lactate >= {2 + rule} mmol/L then notify "n{stage}_{rule}"\n'
            for rule in range(rules - 2)
        )
    return "".join(parts)


def conflicts(text: str) -> tuple[float, int]:
    """Seconds of the search for contradictions, and how many pairs were asked about."""
    found = compiled(text)
    assert found.artifact is not None
    z3.Solver().check()  # loading is no part of this
    start = time.perf_counter()
    context = Context(found.artifact)
    reach = Reach(context)
    context.reach = reach
    answer = contradictions.obligations(context, Places(found.artifact, found.sources, MAIN), reach)
    return time.perf_counter() - start, len(answer.problems)


def plainly(text: str, most: int) -> tuple[float, int]:
    """Seconds for so many pairs with a fresh solver each, and how many pairs there are."""
    found = compiled(text)
    assert found.artifact is not None
    context = Context(found.artifact)
    situation = context.situation("only")
    base = [part for _, part in context.applies(situation)]
    pairs = [
        (one, two)
        for one, two in combinations(situation.orders, 2)
        if one.order.target == two.order.target and conflict(situation, one, two) is not FALSE
    ]
    start = time.perf_counter()
    for one, two in pairs[:most]:
        solver = z3.Solver()
        parts = [*base, situation.rests, one.issued, one.sure, two.issued, two.sure]
        facts = [fact for name in context.space.spoken(parts) for fact in context.space.facts[name]]
        solver.add([plain(part) for part in (*parts, *facts)])
        solver.check()
    return time.perf_counter() - start, len(pairs)


def plain(formula: f.Formula) -> z3.BoolRef:
    """The formula for z3, made anew each time."""
    match formula:
        case f.Bool():
            return z3.Bool(formula.name)
        case f.Compare():
            left = z3.Sum(
                [z3.Real(name) * z3.Q(*factor.as_integer_ratio()) for name, factor in formula.linear.terms]
            )
            right = z3.Q(*(-formula.linear.constant).as_integer_ratio())
            return (
                left < right
                if formula.rel == "<"
                else left <= right
                if formula.rel == "<="
                else left == right
            )
        case f.Product():
            return z3.Real(formula.result) == z3.Real(formula.left) * z3.Real(formula.right)
        case f.Not():
            return z3.Not(plain(formula.of))
        case f.And():
            return z3.And([plain(part) for part in formula.of])
        case f.Or():
            return z3.Or([plain(part) for part in formula.of])
        case _:
            assert_never(formula)


def graph(text: str) -> tuple[float, int, int]:
    """Seconds of the search through control classes, its verdicts on stages and rounds included; how many
    verdicts there are, and how many of them are undecided.
    """
    found = compiled(text)
    assert found.artifact is not None
    start = time.perf_counter()
    context = Context(found.artifact)
    reach = Reach(context)
    context.reach = reach
    asked = transitions.obligations(context, Places(found.artifact, found.sources, MAIN), reach).obligations
    seconds = time.perf_counter() - start
    return seconds, len(asked), sum(isinstance(one.verdict, Undecided) for one in asked)


def main() -> None:
    """Print the tables."""
    print(machine())
    for rules, inputs in ((100, 10), (1000, 50)):
        text = wide(rules, inputs)
        seconds, problems = conflicts(text)
        asked = 60
        taken, pairs = plainly(text, asked)
        whole = taken / min(asked, pairs) * pairs
        print(
            f"{rules} rules, {inputs} inputs: {pairs} pairs in {seconds:.2f} s, {problems} findings; "
            f"plainly {whole:.1f} s (measured on {min(asked, pairs)}), ratio {whole / seconds:.0f}"
        )
    seconds, verdicts, undecided = graph(ladder(30, 10))
    print(f"30 stages, 300 rules: {verdicts} verdicts in {seconds:.2f} s, {undecided} undecided")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
