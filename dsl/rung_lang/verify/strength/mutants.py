"""The protocol with one small thing changed, many times over: what of it would nothing that is stated notice?

A mutant that no property, no other question of the verifier and no example tells from the protocol is a place
where a slip would pass. Mutants are made of the artifact, one rule at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.program import Program

Change = Literal["threshold", "strictness", "conjunct", "dwell", "drug", "rule"]
_LOOSER: dict[m.Relation, m.Relation] = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


@frozen
class Mutant:
    """`before`: what was changed, in the author's words; `after`: what stands there now; empty: nothing."""

    rule: str
    change: Change
    before: str
    after: str
    artifact: m.Artifact


def mutants(program: Program) -> Iterator[Mutant]:
    """Every mutant, by rule."""
    for rule in program.artifact.rules:
        yield from _of_condition(program, rule)
        yield from _of_orders(program, rule)
        yield Mutant(rule.id, "rule", rule.title or rule.id, "", _without(program.artifact, rule))


def _without(artifact: m.Artifact, rule: m.Rule) -> m.Artifact:
    kept = tuple(
        one.model_copy(update={"overrides": tuple(name for name in one.overrides if name != rule.id)})
        for one in artifact.rules
        if one.id != rule.id
    )
    return artifact.model_copy(update={"rules": kept})


# ---------------------------------------------------------------- conditions


def _of_condition(program: Program, rule: m.Rule) -> Iterator[Mutant]:
    artifact = program.artifact
    words = artifact.provenance.words
    for index in _within(artifact, rule.condition):
        term = artifact.terms[index]
        said = words.get(str(index), "")
        match term:
            case m.Cmp():
                for moved, shown in _moved(program, term):
                    yield _mutant(artifact, rule, index, "threshold", said, moved, shown)
                if term.rel in _LOOSER:
                    other = term.model_copy(update={"rel": _LOOSER[term.rel]})
                    shown = said.replace(f" {term.rel} ", f" {other.rel} ")
                    if shown != said:
                        yield _mutant(artifact, rule, index, "strictness", said, (other,), shown)
            case m.And():
                for part in term.of:
                    rest = tuple(one for one in term.of if one != part)
                    if not rest:
                        continue
                    left = m.And(of=rest) if len(rest) > 1 else m.And(of=(rest[0], rest[0]))
                    dropped = words.get(str(part), "")
                    yield _mutant(artifact, rule, index, "conjunct", dropped, (left,), "")
            case m.Held():
                plain = m.And(of=(term.of, term.of))
                yield _mutant(artifact, rule, index, "dwell", said, (plain,), words.get(str(term.of), ""))
            case _:
                pass


def _within(artifact: m.Artifact, root: int) -> list[int]:
    """The conditions inside a condition, itself first, each once. What it compares is not looked into."""
    found: dict[int, None] = {}
    todo = [root]
    while todo:
        index = todo.pop(0)
        if index in found:
            continue
        found[index] = None
        term = artifact.terms[index]
        match term:
            case m.Not() | m.Held() | m.Recent() | m.Ever():
                todo.append(term.of)
            case m.And() | m.Or() | m.Count():
                todo.extend(term.of)
            case m.Readings() if term.drawn is not None:
                todo.append(term.drawn)
            case _:
                pass
    return list(found)


def _moved(program: Program, term: m.Cmp) -> Iterator[tuple[tuple[m.Truth | m.Numeric, ...], str]]:
    """The comparison with its written number one step up and one step down."""
    artifact = program.artifact
    for side in ("left", "right"):
        number = artifact.terms[getattr(term, side)]
        if not isinstance(number, m.Quantity):
            continue
        step = _step(program, artifact.terms[term.right if side == "left" else term.left], number)
        for sign in (1, -1):
            changed = number.model_copy(update={"millionths": number.millionths + sign * step})
            marked = term.model_copy(update={side: -1})
            yield (changed, marked), f"{_decimal(changed.millionths)} {changed.unit}"


def _step(program: Program, other: m.Truth | m.Numeric, number: m.Quantity) -> int:
    """What the monitor shows as one step, where the input says so; else a tenth of the number."""
    if isinstance(other, m.Input):
        step = program.artifact.inputs[other.name].step
        if step is not None and step.unit == number.unit:
            return step.millionths
    return max(1, abs(number.millionths) // 10)


def _decimal(millionths: int) -> str:
    whole, part = divmod(abs(millionths), 1_000_000)
    text = f"{whole}.{part:06d}".rstrip("0").rstrip(".")
    return f"-{text}" if millionths < 0 else text


def _mutant(
    artifact: m.Artifact,
    rule: m.Rule,
    index: int,
    change: Change,
    before: str,
    terms: tuple[m.Truth | m.Numeric, ...],
    after: str,
) -> Mutant:
    """The rule with one condition replaced. New terms are appended; -1 refers to the one before."""
    table = [*artifact.terms]
    for term in terms:
        if isinstance(term, m.Cmp):
            term = term.model_copy(
                update={side: len(table) - 1 for side in ("left", "right") if getattr(term, side) == -1}
            )
        table.append(term)
    root = _rebuilt(table, rule.condition, index, len(table) - 1, {})
    changed = rule.model_copy(update={"condition": root})
    rules = tuple(changed if one.id == rule.id else one for one in artifact.rules)
    mutated = artifact.model_copy(update={"terms": tuple(table), "rules": rules})
    return Mutant(rule.id, change, before, after, mutated)


def _rebuilt(table: list[m.Truth | m.Numeric], root: int, old: int, new: int, done: dict[int, int]) -> int:
    """The condition `root` with `old` replaced by `new`; copies of what holds it are appended."""
    if root == old:
        return new
    if root in done:
        return done[root]
    term = table[root]
    match term:
        case m.Not() | m.Held() | m.Recent() | m.Ever():
            of = _rebuilt(table, term.of, old, new, done)
            copied: m.Truth = term if of == term.of else term.model_copy(update={"of": of})
        case m.And() | m.Or() | m.Count():
            parts = tuple(_rebuilt(table, part, old, new, done) for part in term.of)
            copied = term if parts == term.of else term.model_copy(update={"of": parts})
        case m.Readings() if term.drawn is not None:
            drawn = _rebuilt(table, term.drawn, old, new, done)
            copied = term if drawn == term.drawn else term.model_copy(update={"drawn": drawn})
        case _:
            done[root] = root
            return root
    if copied is term:
        done[root] = root
    else:
        table.append(copied)
        done[root] = len(table) - 1
    return done[root]


# ---------------------------------------------------------------- orders


def _of_orders(program: Program, rule: m.Rule) -> Iterator[Mutant]:
    """Another drug of the same unit in the place of the one that is ordered."""
    artifact = program.artifact
    for place, choice in enumerate(rule.orders):
        if not isinstance(choice, m.One) or choice.order.target not in artifact.drugs:
            continue
        order = choice.order
        unit = artifact.drugs[order.target].unit
        for name, decl in sorted(artifact.drugs.items()):
            if name == order.target or decl.unit != unit or decl.form != artifact.drugs[order.target].form:
                continue
            swapped = choice.model_copy(update={"order": order.model_copy(update={"target": name})})
            orders = (*rule.orders[:place], swapped, *rule.orders[place + 1 :])
            rules = tuple(
                one.model_copy(update={"orders": orders}) if one.id == rule.id else one
                for one in artifact.rules
            )
            mutated = artifact.model_copy(update={"rules": rules})
            yield Mutant(rule.id, "drug", f"{order.op} {order.target}", f"{order.op} {name}", mutated)
            break
