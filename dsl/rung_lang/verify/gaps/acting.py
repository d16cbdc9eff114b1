"""Does a stage do something for a patient on this instant: an order, a move, or a wait that will end?

Said twice from one definition: as formulas of a `Situation`, and of an instant that the engine judged.

*Acts*: an order that changes or upholds treatment stands, or a transition is taken. Measuring, doing,
telling and classifying are not treatment, nor is `avoid`: it gives the patient nothing. *Waits*: a rule of
that kind becomes true if time passes and nothing else changes, or its step is only not due yet. *Holds*: a
titrated drug runs and its reading is in the target. *Pending*: such a rule is not yet known to be true or
false.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content, Standing, Waiting
from rung_engine.decision.orders import Issue, evaluate
from rung_engine.decision.rules import destination, judge
from rung_engine.decision.view import View
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation, written
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import OrderSymbols
from rung_lang.verify.formulas.rules import RuleSymbols
from rung_lang.verify.formulas.symbols import Symbols

TREATS = frozenset({
    "start", "add", "set", "increase", "decrease", "taper", "continue", "pause", "stop", "give", "begin",
    "end",
})  # fmt: skip
STEPS = frozenset({"increase", "decrease", "taper"})
TIMES = m.Elapsed | m.TimeInStage | m.TimeInCourse | m.TimeOn


def treats(rule: m.Rule) -> bool:
    """The rule may order treatment or move the session."""
    return destination(rule) is not None or any(order.op in TREATS for order in written(rule))


def rules_in(program: Program, stage: str | None) -> tuple[m.Rule, ...]:
    """The rules that are judged in a stage: its own and those of `throughout`."""
    always = program.rules_of[None]
    return always if stage is None else (*program.rules_of[stage], *always)


# ---------------------------------------------------------------- what time alone makes true


@frozen
class IsTrue:
    term: int


@frozen
class IsFalse:
    term: int


@frozen
class Runs:
    """The clock of a number that counts time runs."""

    term: int


@frozen
class Every:
    of: tuple[Ripe, ...]


@frozen
class Some:
    of: tuple[Ripe, ...]


Ripe = IsTrue | IsFalse | Runs | Every | Some


def ripening(artifact: m.Artifact, index: int) -> Ripe:
    """What must be so now for a condition to be true once enough time has passed and nothing else changed."""
    terms = artifact.terms
    term = terms[index]
    match term:
        case m.And():
            return Every(tuple(ripening(artifact, part) for part in term.of))
        case m.Or():
            return Some(tuple(ripening(artifact, part) for part in term.of))
        case m.Held():
            return IsTrue(term.of)
        case m.Not():
            base = terms[term.of]
            return Some((IsTrue(index), IsFalse(base.of))) if isinstance(base, m.Recent) else IsTrue(index)
        case m.Cmp():
            clock = _clock(artifact, term)
            return IsTrue(index) if clock is None else Some((IsTrue(index), Runs(clock)))
        case _:
            return IsTrue(index)


def _clock(artifact: m.Artifact, term: m.Cmp) -> int | None:
    """The counted time of a comparison that a longer time makes true."""
    for side, other, grows in ((term.left, term.right, (">", ">=")), (term.right, term.left, ("<", "<="))):
        fixed = isinstance(artifact.terms[other], m.Quantity | m.Setting)
        if fixed and isinstance(artifact.terms[side], TIMES) and term.rel in grows:
            return side
    return None


def ripe(symbols: Symbols, one: Ripe) -> Formula:
    """As a formula."""
    match one:
        case IsTrue():
            return symbols.truth(one.term).yes
        case IsFalse():
            return symbols.truth(one.term).no
        case Runs():
            return _clock_runs(symbols, one.term)
        case Every():
            return f.all_of(ripe(symbols, part) for part in one.of)
        case Some():
            return f.any_of(ripe(symbols, part) for part in one.of)
        case _:
            assert_never(one)


def _clock_runs(symbols: Symbols, index: int) -> Formula:
    term = symbols.program.artifact.terms[index]
    match term:
        case m.TimeOn():
            return symbols.drug(term.drug).on
        case m.TimeInCourse():
            drugs = symbols.program.artifact.courses[term.course].drugs
            return f.any_of(symbols.drug(drug).on for drug in drugs)
        case _:
            return symbols.number(index).known


def is_ripe(view: Instant, one: Ripe) -> bool:
    """Of an instant that was judged."""
    match one:
        case IsTrue():
            return view.truth(one.term) is True
        case IsFalse():
            return view.truth(one.term) is False
        case Runs():
            term = view.program.artifact.terms[one.term]
            if isinstance(term, m.TimeOn):
                return view.drug(term.drug).running is True
            if isinstance(term, m.TimeInCourse):
                drugs = view.program.artifact.courses[term.course].drugs
                return any(view.drug(drug).running is True for drug in drugs)
            return view.number(one.term) is not None
        case Every():
            return all(is_ripe(view, part) for part in one.of)
        case Some():
            return any(is_ripe(view, part) for part in one.of)
        case _:
            assert_never(one)


# ---------------------------------------------------------------- a titration in its target


@frozen
class Band:
    """A titration: its drug, the comparisons that call for a step, and what else must be true (its arm)."""

    drug: str
    calls: tuple[int, ...]
    arm: tuple[int, ...]


def bands(program: Program, stage: str | None) -> tuple[Band, ...]:
    """The titrations of a stage and of `throughout`."""
    rules = rules_in(program, stage)
    halves: dict[str, list[m.Rule]] = {}
    for rule in rules:
        if rule.from_titrate:
            halves.setdefault(rule.id.rpartition("_")[0], []).append(rule)
    return tuple(band for pair in halves.values() for band in _bands_of(program.artifact, pair, rules))


def _bands_of(artifact: m.Artifact, pair: Sequence[m.Rule], rules: Sequence[m.Rule]) -> Iterator[Band]:
    """One band; where the arm cannot be told from the target, one for each way of reading it."""
    drug = written(pair[0])[0].target
    parts = [conjuncts(artifact, rule.condition) for rule in pair]
    if len(pair) == 2:
        shared = [part for part in parts[0] if part in parts[1]]
        calls = tuple(part for own in parts for part in own if part not in shared)
        yield Band(drug, calls, tuple(shared))
        return
    same_arm = [rule for rule in rules if rule.arm is not None and rule.arm == pair[0].arm]
    others = [conjuncts(artifact, rule.condition) for rule in same_arm if rule.stage == pair[0].stage]
    for call in parts[0]:
        arms = pair[0].arm is not None and len(others) > 1 and all(call in other for other in others)
        if isinstance(artifact.terms[call], m.Cmp) and not arms:
            yield Band(drug, (call,), tuple(part for part in parts[0] if part != call))


def conjuncts(artifact: m.Artifact, index: int) -> tuple[int, ...]:
    """The conditions that must all be true."""
    term = artifact.terms[index]
    return term.of if isinstance(term, m.And) else (index,)


# ---------------------------------------------------------------- of a situation


def acts(situation: Situation, rule: str | None = None) -> Formula:
    """Treatment is ordered, confirmed or not, or a transition taken; by one rule, or by any."""
    movers = (one.fires for one in situation.movers if rule in (None, one.rule.id))
    return f.any_of((*movers, *(order.stands for order in treatments(situation, rule))))


def treatments(situation: Situation, rule: str | None = None) -> Iterator[OrderSymbols]:
    """The orders that treat; of one rule, or of any."""
    for order in situation.orders:
        if order.order.op in TREATS and rule in (None, order.place.rule):
            yield order


def waits(situation: Situation, rule: RuleSymbols) -> Formula:
    """The rule will act by itself: when its time has come, or its step is due."""
    symbols = situation.symbols
    steps = (
        f.all_of((f.negation(order.stands), when_due(symbols, order)))
        for order in treatments(situation, rule.rule.id)
        if order.order.op in STEPS and order.order.every is not None
    )
    if not treats(rule.rule):
        return f.FALSE
    artifact = symbols.program.artifact
    parts = [f.negation(rule.issues), ripe(symbols, ripening(artifact, rule.rule.condition))]
    if rule.rule.unless is not None:
        parts.append(symbols.truth(rule.rule.unless).no)
    parts += [
        f.negation(other.fires) for other in situation.rules.values() if rule.rule.id in other.rule.overrides
    ]
    if destination(rule.rule) is None:
        parts.append(
            f.any_of(
                when_due(symbols, order)
                for order in situation.supposing(rule.rule)
                if order.order.op in TREATS
            )
        )
    return f.any_of((*steps, f.all_of(parts)))


def when_due(symbols: Symbols, order: OrderSymbols) -> Formula:
    """The order would stand, had the rate of its drug not been changed of late."""
    return f.substitute(order.stands, {f"{symbols.at}changed:{order.order.target}": False})


def pends(situation: Situation, rule: RuleSymbols) -> Formula:
    """A rule that treats is not yet known to be true or false, or which of its orders it gives."""
    if not treats(rule.rule):
        return f.FALSE
    found = [rule.pending]
    if destination(rule.rule) is not None:
        found.append(rule.unconfirmed)
    for choice in rule.rule.orders:
        if isinstance(choice, m.Prefer):
            before: list[Formula] = [rule.issues]
            for condition in choice.conditions:
                if condition is not None:
                    truth = situation.symbols.truth(condition)
                    found.append(f.all_of((*before, truth.unknown)))
                    before.append(truth.no)
    return f.any_of(found)


def holds(situation: Situation) -> Formula:
    """A titrated drug runs with its reading in the target."""
    symbols = situation.symbols
    return f.any_of(
        f.all_of((
            symbols.running(band.drug).yes,
            *(symbols.truth(call).no for call in band.calls),
            *(symbols.truth(part).yes for part in band.arm),
        ))
        for band in bands(symbols.program, situation.stage)
    )  # fmt: skip


def silent_parts(situation: Situation) -> Iterator[tuple[tuple[str, ...], Formula]]:
    """Named parts that together say: nothing is done for the patient, and nothing will be by itself."""
    for rule_id, rule in situation.rules.items():
        found = f.any_of((acts(situation, rule_id), waits(situation, rule), pends(situation, rule)))
        if found is not f.FALSE:
            yield ("rule", rule_id), f.negation(found)
    carried = f.any_of(order.stands for order in treatments(situation) if order.carried)
    if carried is not f.FALSE:
        yield ("carried", situation.stage or ""), f.negation(carried)
    held = holds(situation)
    if held is not f.FALSE:
        yield ("holds", situation.stage or ""), f.negation(held)


def silent(situation: Situation) -> Formula:
    """Nothing is done for the patient, and nothing will be by itself."""
    return f.all_of(part for _, part in silent_parts(situation))


# ---------------------------------------------------------------- of an instant that was judged


def is_acting(content: Content, stage: str | None) -> bool:
    """Treatment stands in the decision, or a patient who was in the stage is led out of it."""
    return content.stage != stage or any(
        order.op in TREATS and order.mark != "done" for order in content.orders
    )


def is_silent(view: Instant, content: Content) -> bool:
    """Nothing is done for the patient, and nothing will be by itself. A contradiction is not silence."""
    if content.phase != "active" or content.contradictions:
        return False
    if any(order.op in TREATS and order.mark != "done" for order in content.orders):
        return False
    program = view.program
    judged = judge(view, rules_in(program, content.stage))
    rules = [one for one in judged.values() if treats(one.rule)]
    pending = {item.rule for item in content.pending}
    if any(one.rule.id in pending for one in rules):
        return False
    if any(one.state == "unconfirmed" and destination(one.rule) is not None for one in rules):
        return False
    if any(_steps_later(view, one.rule) for one in rules if one.state == "fires"):
        return False
    fires = {winner for one in judged.values() if one.state == "fires" for winner in one.rule.overrides}
    if any(_will_act(view, one.rule) for one in rules if one.rule.id not in fires):
        return False
    return not is_held(view, content.stage)


def is_held(view: View, stage: str | None) -> bool:
    """A titrated drug runs with its reading in the target."""
    return any(
        view.drug(band.drug).running is True
        and all(view.truth(call) is False for call in band.calls)
        and all(view.truth(part) is True for part in band.arm)
        for band in bands(view.program, stage)
    )


def _steps_later(view: Instant, rule: m.Rule) -> bool:
    """A step of the rule would be taken, were its drug's rate not changed of late."""
    drugs = view.program.artifact.drugs
    for choice in rule.orders:
        for order in _picked(view, choice):
            if order.op not in STEPS or order.every is None:
                continue
            lacks = order.op == "increase" and any(
                view.drug(need).running is False for need in drugs[order.target].needs
            )
            at_once = order.model_copy(update={"every": None})
            if not lacks and _stands(
                evaluate(view, Issue(rule.id, choice.strength, at_once, view.time), view.time)
            ):
                return True
    return False


def _will_act(view: Instant, rule: m.Rule) -> bool:
    """A rule that does not fire now would, with something to do, once its time has come."""
    if view.truth(rule.condition) is True or not is_ripe(
        view, ripening(view.program.artifact, rule.condition)
    ):
        return False
    if rule.unless is not None and view.truth(rule.unless) is not False:
        return False
    return destination(rule) is not None or any(
        _stands(evaluate(view, Issue(rule.id, choice.strength, order, view.time), view.time))
        for choice in rule.orders
        for order in _picked(view, choice)
        if order.op in TREATS
    )


def _stands(result: object) -> bool:
    match result:
        case Standing():
            return result.mark != "done"
        case Waiting():
            return result.why == "step_not_due"
        case _:
            return False


def _picked(view: Instant, choice: m.Choice) -> tuple[m.Order, ...]:
    match choice:
        case m.One():
            return (choice.order,)
        case m.Either():
            return choice.orders
        case m.Prefer():
            for order, condition in zip(choice.orders, choice.conditions, strict=True):
                holds = True if condition is None else view.truth(condition)
                if holds is not False:
                    return (order,) if holds else ()
            return ()
        case _:
            assert_never(choice)
