"""A patient who stays as he is, long after anything last changed: what is so then of what rests on the past.

Readings are known all the time and always the same. So a condition over time is what its condition is now,
every time that is counted is longer than any that it is compared with, and windows hold one value. Only what
is so of every such patient is said; what happened before he settled is left free.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rung_engine.artifact import model as m
from rung_lang.verify.context import Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.formulas.formula import Formula
from rung_lang.verify.formulas.symbols import Symbols
from rung_lang.verify.gaps.knowledge import most
from rung_lang.verify.histories.concrete import lengths

MINUTE = 60_000
HOUR = 60 * MINUTE


def longest(situation: Situation) -> int:
    """More than the longest wait that the protocol speaks of, whatever the site chose, in milliseconds."""
    program = situation.symbols.program
    return max((most(program, one) for one in lengths(program.artifact)), default=0) + HOUR


def _long(situation: Situation, name: str) -> Formula:
    """This time is longer than any wait."""
    return f.compare(f.variable(name), ">=", f.number(longest(situation)))


def settled(situation: Situation, parts: Sequence[Formula]) -> tuple[Part, ...]:
    """Of every variable that the parts speak of, and that what is said of these speaks of in turn."""
    space = situation.symbols.space
    told: set[str] = set()
    found: list[Part] = []
    todo = list(parts)
    while todo:
        fresh = sorted(space.spoken(todo) - told)
        told.update(fresh)
        todo = [law for name in fresh for law in _laws(situation, name)]
        found += [(("settled",), law) for law in dict.fromkeys(todo)]
    return tuple(found)


def _laws(situation: Situation, name: str) -> Iterable[Formula]:
    symbols = situation.symbols
    variable = symbols.space.variables[name]
    kind, *about = variable.about
    match kind:
        case "in_stage" | "since" | "unchanged":
            return (_long(situation, name),)
        case "on_for":
            return (f.implies(symbols.drug(about[0]).on, _long(situation, name)),)
        case "past" if name == f"{symbols.at}past:{symbols.name(int(about[0]))}{name[-1]}":
            return _window(symbols, int(about[0]))
        case "run":
            return _run(symbols, int(about[0]), name)
        case "on" if symbols.program.artifact.drugs[about[0]].lasts is not None:
            return (f.negation(f.boolean(name)),)
        case "old" | "lowest" | "mean" | "highest" if about[0].split(" ", 1)[1].startswith('{"over":'):
            now = symbols.input_value(about[0].split(" ", 1)[0])
            return (f.compare(f.variable(name), "=", now),)
        case "old_known" if about[0].split(" ", 1)[1].startswith('{"over":'):
            return (f.iff(f.boolean(name), symbols.input_known(about[0].split(" ", 1)[0])),)
        case _:
            return ()


def _window(symbols: Symbols, index: int) -> Iterator[Formula]:
    """`C for D` and `C in the last D` say what C says."""
    term = symbols.program.artifact.terms[index]
    if isinstance(term, m.Held | m.Recent):
        own, base = symbols.truth(index), symbols.truth(term.of)
        yield f.iff(own.yes, base.yes)
        yield f.iff(own.no, base.no)


def _run(symbols: Symbols, index: int, name: str) -> Iterator[Formula]:
    """Readings that are taken again and again all say the same, and so does what they are compared with."""
    term = symbols.program.artifact.terms[index]
    assert isinstance(term, m.Readings)
    if term.drawn is not None and name != f"{symbols.at}run:{symbols.name(index)}{name[-1]}":
        return
    decl = symbols.program.artifact.inputs[term.input]
    again = not decl.fixed and (decl.charted_every is not None or decl.valid_for is not None)
    if again and isinstance(symbols.program.artifact.terms[term.right], m.Quantity | m.Setting):
        if term.drawn is None:
            yield f.boolean(name)
            return
        drawn = symbols.truth(term.drawn)
        yield f.iff(f.boolean(name), drawn.yes if name.endswith("+") else drawn.no)
