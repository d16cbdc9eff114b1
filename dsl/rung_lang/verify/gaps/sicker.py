"""R206, its warning: no stage does less for a sicker patient than for a milder one.

Two patients are alike but for one reading, or one rate. The one further from `normal`, on the same side, or
on more of a drug, must not be left with nothing where the other is treated. Only treatment that a normal
reading does not call for counts: what is tapered when all is well need not be tapered in the sick. A patient
who has what was ordered, or of whom somebody is told because of this, is not left with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from rung_engine.artifact import model as m
from rung_engine.decision.fold import step
from rung_engine.decision.model import Content
from rung_engine.exact import show_decimal
from rung_engine.program import Amount, Program
from rung_engine.reference.evaluate import Instant
from rung_lang.finding import Problem
from rung_lang.verify.ask import Question, universal
from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.orders import GIVES
from rung_lang.verify.formulas.space import Variable
from rung_lang.verify.gaps.acting import TREATS, acts, is_silent, silent_parts, treatments
from rung_lang.verify.gaps.patients import about_input, alike, patient_of, reads, values_to_try
from rung_lang.verify.gaps.problems_gaps import LessForSicker
from rung_lang.verify.places import Places
from rung_lang.verify.verdict import Label, Obligation, Proved, Refuted, Replayed, Undecided


def less_for_sicker(context: Context, places: Places, stage: m.Stage) -> tuple[Obligation, Problem | None]:
    """Unsatisfiable iff no two patients alike but for one reading (or rate), of whom the one further from
    normal gets nothing and the other is treated for it.
    """
    situation = context.situation(stage.name)
    about = (f"stage:{stage.name}",)
    core: list[Label] = []
    linear = True
    for kind, name in reads(context, stage.name):
        asked = _further(context, situation, kind, name)
        if asked is None:
            continue
        parts = (
            *patient_of(context, situation),
            *silent_parts(situation),
            *_left_alone(situation, context.situation(stage.name, "twin:")),
            *asked[0],
        )
        verdict = universal(context, Question("R206", about, situation, parts, asked[1]))
        match verdict:
            case Proved():
                core += verdict.core
                linear = linear and verdict.trust == "checked"
            case Refuted():
                milder, worse, rule = asked[1].found
                problem = LessForSicker(
                    places.stage(stage.name), stage.name, name, kind == "drug", rule, places.rule(rule),
                    milder, worse, verdict.witness,
                )  # fmt: skip
                return Obligation("R206", about, verdict), problem
            case Undecided():
                return Obligation("R206", about, verdict), None
    proved = Proved("instant", "checked" if linear else "solver", tuple(dict.fromkeys(core)))
    return Obligation("R206", about, proved), None


def _left_alone(worse: Situation, milder: Situation) -> Iterator[Part]:
    """What was ordered is not simply done, and nobody is told who would not be told of the milder patient."""
    done = f.any_of(order.finished for order in treatments(worse))
    yield ("done", worse.stage or ""), f.negation(done)
    for order, twin in zip(worse.orders, milder.orders, strict=True):
        if order.order.op == "notify":
            yield ("told", order.place.rule), f.implies(order.stands, twin.stands)


def _further(
    context: Context, situation: Situation, kind: str, name: str
) -> tuple[tuple[Part, ...], _Milder] | None:
    """The patient of the situation is the sicker of two; `twin:` is the other, and `third:` shows that
    what is done for that one is done because of the reading.
    """
    if kind == "drug":
        return _higher_rate(context, situation, name)
    decl = context.artifact.inputs[name]
    if decl.normal is None or decl.fixed or decl.cumulative or decl.kind != "quantity":
        return None
    normal = context.program.number(decl.normal).value
    milder, well = (context.situation(situation.stage, at) for at in ("twin:", "third:"))
    worse_value, milder_value, well_value = (
        one.symbols.input_value(name) for one in (situation, milder, well)
    )
    at_normal = f.compare(well_value, "=", f.number(normal))
    below = f.all_of(
        (f.compare(worse_value, "<", milder_value), f.compare(milder_value, "<", f.number(normal)))
    )
    above = f.all_of(
        (f.compare(worse_value, ">", milder_value), f.compare(milder_value, ">", f.number(normal)))
    )
    because = f.any_of(f.all_of((acts(milder, rule), f.negation(acts(well, rule)))) for rule in milder.rules)
    own = [part for _, part in (*patient_of(context, milder), *patient_of(context, well))]
    same = _same_prohibitions(context, situation, milder)

    def value(variable: Variable) -> bool:
        return variable.about in (("input", name), ("steps", name))

    parts: tuple[Part, ...] = (
        (("further", name), f.any_of((below, above))),
        (("milder", name), f.all_of((because, at_normal, *own, same))),
        (("alike", name), alike(context, "", "twin:", value)),
        (("alike", "normal"), alike(context, "twin:", "third:", about_input(context, name))),
    )
    return parts, _Milder(situation.stage or "", "input", name, normal)


def _higher_rate(
    context: Context, situation: Situation, drug: str
) -> tuple[tuple[Part, ...], _Milder] | None:
    """On a higher rate of the drug nothing is given any more. Moves of the milder one count where they need
    that much of the drug: what asks for little of it leads the other way.
    """
    program = context.program
    if context.artifact.drugs[drug].form != "infusion":
        return None
    dims = program.units[context.artifact.drugs[drug].unit].dims
    milder, least = (context.situation(situation.stage, at) for at in ("twin:", "third:"))
    rates = [one.symbols.rate(drug, dims).value for one in (situation, milder, least)]
    runs = [one.symbols.drug(drug).rated for one in (situation, milder, least)]
    gives = f.any_of(
        order.stands for order in milder.orders if order.order.op in GIVES and order.order.op != "continue"
    )
    moved = f.any_of(
        f.all_of((mover.fires, f.negation(least.rules[mover.rule.id].fires))) for mover in milder.movers
    )
    own = [part for _, part in (*patient_of(context, milder), *patient_of(context, least))]
    same = _same_prohibitions(context, situation, milder)

    def value(variable: Variable) -> bool:
        about = variable.about
        return about == ("rate", drug) or (about[0] == "product" and f"rate:{drug}" in about[1])

    parts: tuple[Part, ...] = (
        (
            ("further", drug),
            f.all_of((*runs, f.compare(rates[0], ">", rates[1]), f.compare(rates[1], ">", rates[2]))),
        ),
        (("milder", drug), f.all_of((f.any_of((gives, moved)), *own, same))),
        (("alike", drug), alike(context, "", "twin:", value)),
        (("alike", "least"), alike(context, "twin:", "third:", value)),
    )
    return parts, _Milder(situation.stage or "", "drug", drug, None)


def _same_prohibitions(context: Context, one: Situation, other: Situation) -> Formula:
    """What is contraindicated, or to be avoided, is so in both."""
    conditions = [one.condition for one in context.artifact.restricts if one.contraindicated]
    found = [
        _same(one.symbols.truth(condition).yes, other.symbols.truth(condition).yes)
        for condition in conditions
        if condition is not None
    ]
    for order, twin in zip(one.orders, other.orders, strict=True):
        if order.order.op == "avoid":
            found.append(_same(order.stands, twin.stands))
    return f.all_of(found)


def _same(a: Formula, b: Formula) -> Formula:
    return f.all_of((f.implies(a, b), f.implies(b, a)))


@dataclass(slots=True)
class _Milder:
    """The patient gets nothing; had the reading (or rate) been milder, and all else the same, treatment would
    stand that a normal reading does not call for. `found`: that reading, the patient's, and the rule.
    """

    stage: str
    kind: str
    name: str
    normal: Fraction | None
    found: tuple[str, str, str] = ("", "", "")

    def __call__(self, replayed: Replayed) -> bool:
        view = replayed.view
        if replayed.content.stage != self.stage or not is_silent(view, replayed.content):
            return False
        worse = _now(view, self.kind, self.name)
        if worse is None:
            return False
        if any(order.op in TREATS for order in replayed.content.orders):
            return False
        ops = TREATS if self.kind == "input" else GIVES - {"continue"}
        moved = set(replayed.content.moved_by)
        well: set[str] = set()
        if self.normal is not None:
            well = moved | _treated_by(_were(replayed, self.kind, self.name, self.normal), ops)
        values = _values(view, self.kind, self.name, worse)
        for value in sorted(values, key=lambda one: abs(_size(one) - worse)):
            if self._is_milder(_size(value), worse):
                content = _were(replayed, self.kind, self.name, value)
                # What moved both is no difference, but what it orders besides may stand for the one alone.
                rules = (_ordered_by(content, ops) | (set(content.moved_by) - moved)) - well
                if rules and _told(replayed.content) <= _told(content):
                    self.found = (self._shown(view, _size(value)), self._shown(view, worse), min(rules))
                    return True
        return False

    def _is_milder(self, size: Fraction, worse: Fraction) -> bool:
        if self.normal is None:
            return 0 < size < worse
        return worse < size < self.normal or self.normal < size < worse

    def _shown(self, view: Instant, value: Fraction) -> str:
        artifact = view.program.artifact
        declared = artifact.inputs[self.name].unit if self.kind == "input" else artifact.drugs[self.name].unit
        unit = view.program.units[declared or ""]
        return f"{show_decimal((value - unit.offset) / unit.factor)} {unit.name}"


def _were(replayed: Replayed, kind: str, name: str, value: object) -> Content:
    """The decision on the same instant, were the reading or the rate this one."""
    view = replayed.view.again()
    view.supposed = {(kind, name): value}
    return step(view, replayed.before)[1].content


def _treated_by(content: Content, ops: Iterable[str]) -> set[str]:
    """The rules by which such orders stand, or which moved the session."""
    return _ordered_by(content, ops) | set(content.moved_by)


def _ordered_by(content: Content, ops: Iterable[str]) -> set[str]:
    given = [order for order in content.orders if order.op in ops and order.mark != "done"]
    return {rule for order in given for rule in order.rules}


def _told(content: Content) -> set[str]:
    return {order.target for order in content.orders if order.op == "notify"}


def _now(view: Instant, kind: str, name: str) -> Fraction | None:
    if kind == "input":
        value = view.input(name).value
        return value if isinstance(value, Fraction) else None
    rate = view.drug(name).rate
    dims = view.program.units[view.program.artifact.drugs[name].unit].dims
    return None if rate is None else rate.seen_in(dims, view.weight())


def _values(view: Instant, kind: str, name: str, now: Fraction) -> list[Fraction | Amount]:
    """Readings (on their grid) or rates to try: where a comparison, a limit or a dose changes what is done,
    and in between.
    """
    program = view.program
    if kind == "input":
        return [value for value in values_to_try(program, name) if isinstance(value, Fraction)]
    dims = program.units[program.artifact.drugs[name].unit].dims
    seen = [amount.seen_in(dims, view.weight()) for amount in _marks(program, name)]
    rates = sorted({Fraction(0), now, *(rate for rate in seen if rate is not None)})
    rates += [(low + high) / 2 for low, high in pairwise(rates)]
    return [Amount(rate, dims) for rate in rates]


def _marks(program: Program, drug: str) -> Iterator[Amount]:
    """Rates of a drug that the text writes: in comparisons, orders and limits."""
    terms = program.artifact.terms
    for term in terms:
        if not isinstance(term, m.Cmp):
            continue
        for side, other in ((term.left, term.right), (term.right, term.left)):
            rate, amount = terms[side], terms[other]
            if isinstance(rate, m.Rate) and rate.drug == drug:
                if isinstance(amount, m.Quantity):
                    yield program.number(amount)
                elif isinstance(amount, m.Setting):
                    yield program.amount(m.FromSetting(setting=amount.name))
    for order in program.orders:
        if order.target == drug:
            ranges = [one for one in (order.dose, order.step) if one is not None]
            bounds = [bound for one in ranges for bound in (one.lo, one.hi)]
            yield from (program.amount(bound) for bound in bounds)
            if order.limit is not None:
                yield program.amount(order.limit)
    if drug in program.maximum:
        yield program.maximum[drug]


def _size(value: Fraction | Amount) -> Fraction:
    return value.value if isinstance(value, Amount) else value
