"""Conditions, moments, orders and facts as documents: the parts of a statement.

Parentheses: those the author wrote stay, but for those around a lone atom; a mixture of `and` and `or`, and a
comparison under `not` or `ever`, get them. What stands before `for` and `in the last` is left as it is,
because there a parenthesis answers a question that `rung check` puts to the author.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import assert_never

from rung_lang.source import Span
from rung_lang.syntax import tree as t
from rung_lang.syntax.layout import (
    FILL,
    HARD,
    SOFT,
    Break,
    Doc,
    group,
    join,
    lines_of,
    nest,
    separated,
    words,
)
from rung_lang.syntax.parse import keywords

# ---------------------------------------------------------------- words and numbers


def amount(of: t.Amount) -> str:
    match of:
        case t.Name():
            return of.text
        case t.Quantity():
            if of.unit is None:
                return of.literal
            return f"{of.literal}{'' if of.unit.text == '%' else ' '}{of.unit.text}"
        case _:
            assert_never(of)


def range_(of: t.Range) -> str:
    return amount(of.lo) if of.lo is of.hi else f"{amount(of.lo)} to {amount(of.hi)}"


def quoted(text: t.Text) -> str:
    return f'"{text.value}"'


def names(of: Iterable[t.Name]) -> Doc:
    return separated((name.text for name in of), ",")


def place_of(word: str, mask: str, whole: Span, *nodes: object) -> int:
    """Where the keyword `word` stands in `whole`, outside the nodes; `mask` is the text without comments."""
    taken = [span for node in nodes for span in _spans(node)]
    for match in re.compile(rf"\b{word}\b").finditer(mask, whole.start, whole.end):
        if not any(span.start <= match.start() < span.end for span in taken):
            return match.start()
    return whole.end


def _spans(node: object) -> Iterator[Span]:
    if isinstance(node, tuple):
        for part in node:
            yield from _spans(part)
    elif is_dataclass(node):
        span = getattr(node, "span", None)
        if isinstance(span, Span):
            yield span
        else:
            for field in fields(node):
                yield from _spans(getattr(node, field.name))


# ---------------------------------------------------------------- moments


def ref(of: t.Ref) -> str:
    match of:
        case t.Moment():
            return f"{'first ' if of.first else ''}{of.name.text}{' ' if of.verb else ''}{of.verb}"
        case t.PairMoment():
            return f"{of.how} of {ref(of.left)} and {ref(of.right)}"
        case _:
            assert_never(of)


def _window(of: t.Window) -> str:
    if of.over is not None:
        return f"over {amount(of.over)}"
    assert of.since is not None
    return f"since {ref(of.since)}"


# ---------------------------------------------------------------- conditions


def condition(of: t.Expr, indent: int = 2) -> Doc:
    """A condition in its own right: after `when`, between commas. Broken lines are indented by `indent`."""
    return group(nest(indent, _item(of)))


def _item(of: t.Expr) -> Doc:
    """A whole condition, or one of several joined by `and` or `or`."""
    if isinstance(of, t.Paren) and _is_atom(_bared(of)):
        return expression(_bared(of))
    return expression(of)


def expression(of: t.Expr) -> Doc:
    """As written, with the parentheses the tree holds and those a reader needs."""
    match of:
        case t.Or():
            return lines_of(
                (join("or " if n else "", _or_item(item)) for n, item in enumerate(of.items)), SOFT
            )
        case t.And():
            return lines_of((join("and " if n else "", _item(item)) for n, item in enumerate(of.items)), SOFT)
        case t.Held():
            gaps = join(FILL, f"gaps up to {amount(of.gaps)}") if of.gaps is not None else ""
            return join(expression(of.of), FILL, f"for {amount(of.length)}", gaps)
        case t.Recent():
            return join(expression(of.of), FILL, f"in the last {amount(of.length)}")
        case t.Not():
            return join("not ", _under_not(of.of))
        case t.Ever():
            return join("ever ", _under_not(of.of))
        case t.Paren():
            return join("(", nest(None, group(expression(_bared(of)))), ")")
        case t.CountOf():
            count = f" {amount(of.n)}" if of.n is not None else ""
            items = (group(_item(item)) for item in of.items)
            return join(f"{of.how}{count} of (", nest(None, separated(items, ",")), ")")
        case t.Compare():
            return join(_operand(of.left), FILL, f"{of.rel} ", _operand(of.right))
        case t.Between():
            return join(_operand(of.of), FILL, "from ", _operand(of.lo), FILL, "to ", _operand(of.hi))
        case t.ReadingsApart():
            start = f"{amount(of.n)} readings {amount(of.apart)} apart of {of.name.text}"
            drawn = join(FILL, "drawn while ", _item(of.drawn)) if of.drawn is not None else ""
            return join(start, FILL, f"{of.rel} ", _operand(of.right), drawn)
        case t.IsValue():
            return words(f"{of.name.text} is {'not ' if of.negated else ''}{of.value.text}")
        case t.State():
            return words(f"{of.name.text} {of.state}")
        case t.OrderedDrug():
            above = f" above {amount(of.above)}" if of.above is not None else ""
            return words(f"ordered {of.name.text}{above}")
        case t.InStage():
            return words(f"in {'stage ' if of.stage.text == 'stage' else ''}{of.stage.text}")
        case t.Occurred():
            return words(f"{of.how} {ref(of.ref)}")
        case (
            t.Bare() | t.Literal_() | t.Arith() | t.TimeSince() | t.TimeIn() | t.TimeOn() | t.ChangeIn()
            | t.ExtremeOf() | t.TotalOf() | t.AtMoment() | t.AtStart()
        ):  # fmt: skip
            return _value(of)
        case _:
            assert_never(of)


def _value(
    of: t.Bare | t.Literal_ | t.Arith | t.TimeSince | t.TimeIn | t.TimeOn | t.ChangeIn | t.ExtremeOf
    | t.TotalOf | t.AtMoment | t.AtStart,
) -> Doc:  # fmt: skip
    match of:
        case t.Bare():
            return words(of.name.text)
        case t.Literal_():
            return words(amount(of.quantity))
        case t.Arith():
            return join(_operand(of.left), FILL, f"{of.op} ", _operand(of.right))
        case t.TimeSince():
            return words(f"time since {ref(of.ref)}")
        case t.TimeIn():
            return words(f"time in {'stage' if of.name is None else of.name.text}")
        case t.TimeOn():
            return words(f"time on {of.name.text}")
        case t.ChangeIn():
            return words(f"{of.how} in {of.name.text} {_window(of.window)}")
        case t.ExtremeOf():
            return words(f"{of.how} {of.name.text} {_window(of.window)}")
        case t.TotalOf():
            return words(f"total {of.name.text} {_window(of.window)}")
        case t.AtMoment():
            return words(f"{of.name.text} at {ref(of.ref)}")
        case t.AtStart():
            return words(f"{of.name.text} at start of {of.course.text}")
        case _:
            assert_never(of)


def _bared(of: t.Paren) -> t.Expr:
    """What stands inside, however many parentheses stand around it."""
    inner: t.Expr = of
    while isinstance(inner, t.Paren):
        inner = inner.of
    return inner


def _or_item(of: t.Expr) -> Doc:
    if isinstance(of, t.And):
        return join("(", nest(None, group(expression(of))), ")")
    return _item(of)


def _under_not(of: t.Expr) -> Doc:
    """A single statement stands bare; a comparison, which could be read either way, in parentheses."""
    if isinstance(of, t.Paren):
        inner = _bared(of)
        single = isinstance(inner, t.Bare | t.State | t.OrderedDrug | t.InStage | t.CountOf) and _is_atom(
            inner
        )
        return expression(inner if single else of)
    if isinstance(of, t.Compare | t.Between | t.IsValue | t.ReadingsApart):
        return join("(", nest(None, group(expression(of))), ")")
    return expression(of)


def _operand(of: t.Expr) -> Doc:
    """A side of a comparison or of arithmetic."""
    if isinstance(of, t.Paren):
        inner = _bared(of)
        number = isinstance(inner, t.Literal_) and inner.quantity.value >= 0
        if number or (isinstance(inner, t.Bare) and _starts_plainly(inner)):
            return expression(inner)
    return expression(of)


def _is_atom(of: t.Expr) -> bool:
    """One statement, which parentheses make no plainer.

    A name that is also a word of the language keeps them: `never (stop)` is about a definition called stop.
    """
    match of:
        case t.Bare() | t.State() | t.IsValue():
            return of.name.text not in keywords()
        case t.OrderedDrug() | t.InStage() | t.CountOf() | t.Occurred() | t.Literal_():
            return True
        case t.Compare():
            return _starts_plainly(of.left)
        case t.Between():
            return _starts_plainly(of.of)
        case (
            t.Not() | t.Ever() | t.And() | t.Or() | t.Held() | t.Recent() | t.ReadingsApart() | t.Paren()
            | t.Arith() | t.TimeSince() | t.TimeIn() | t.TimeOn() | t.ChangeIn() | t.ExtremeOf() | t.TotalOf()
            | t.AtMoment() | t.AtStart()
        ):  # fmt: skip
            return False
        case _:
            assert_never(of)


def _starts_plainly(of: t.Expr) -> bool:
    """Whether the first word is no name that is also a word of the language."""
    while isinstance(of, t.Arith | t.Paren):
        of = of.left if isinstance(of, t.Arith) else of.of
    return not (isinstance(of, t.Bare | t.AtMoment | t.AtStart) and of.name.text in keywords())


# ---------------------------------------------------------------- orders


def choice(of: t.Choice, between: Break) -> Doc:
    """`between` stands before each `or` and `else`."""
    strength = f"{of.strength} " if of.strength is not None else ""
    return join(strength, nest(None, _choice(of, between)))


def _choice(of: t.Choice, between: Break) -> Doc:
    match of.form:
        case "one":
            return order(of.orders[0])
        case "either":
            return lines_of(
                (join("or " if number else "either ", order(each)) for number, each in enumerate(of.orders)),
                between,
            )
        case "prefer":
            return lines_of(
                (
                    join("else " if number else "prefer ", order(each), _if(when))
                    for number, (each, when) in enumerate(zip(of.orders, of.conditions, strict=True))
                ),
                between,
            )
        case _:
            assert_never(of.form)


def _if(when: t.Expr | None) -> Doc:
    return join(" if ", condition(when)) if when is not None else words("")


def order(of: t.Order) -> Doc:
    target = of.target.text if isinstance(of.target, t.Name) else quoted(of.target)
    return nest(
        2, lines_of([f"{'go to' if of.word == 'go' else of.word} {target}{_dose(of)}", *_rest(of)], FILL)
    )


def _dose(of: t.Order) -> str:
    match of.word:
        case "start" | "add":
            return f" at {range_(of.dose)}" if of.dose is not None else ""
        case "set":
            assert of.dose is not None
            return f" to {range_(of.dose)}"
        case "give":
            return f" {range_(of.dose)}" if of.dose is not None else ""
        case "increase" | "decrease" | "taper":
            assert of.step is not None
            return f" by {range_(of.step)}"
        case (
            "continue" | "pause" | "stop" | "avoid" | "classify" | "measure" | "do" | "begin" | "end"
            | "notify" | "go" | "finish"
        ):  # fmt: skip
            return ""
        case _:
            assert_never(of.word)


def _rest(of: t.Order) -> Iterator[str]:
    if of.cap is not None:
        yield f"at most {range_(of.cap)}"
    if of.total is not None:
        yield f"totalling {range_(of.total)}"
    if of.every is not None:
        yield f"every {range_(of.every)}"
    if of.limit is not None:
        yield f"{'down' if of.word == 'decrease' else 'up'} to {amount(of.limit)}"
    if of.continuously:
        yield "continuously"
    yield from (text for _, text in sorted(_timing(of.timing)))


def _timing(of: t.Timing) -> Iterator[tuple[int, str]]:
    """In the order written; a lone `once`, which leaves no trace of its place, first."""
    if of.every is not None:
        yield of.every.span.start, f"every {range_(of.every)}"
    if of.times_daily is not None:
        yield of.times_daily.span.start, f"{amount(of.times_daily)} times daily"
    if of.once:
        at = of.once_per.span.start if of.once_per is not None else -1
        yield at, f"once per {of.once_per.text}" if of.once_per is not None else "once"
    if of.within is not None:
        moment = f" of {ref(of.within_of)}" if of.within_of is not None else ""
        yield of.within.span.start, f"within {amount(of.within)}{moment}"
    if of.over is not None:
        yield of.over.span.start, f"over {amount(of.over)}"
    if of.volume is not None:
        yield of.volume.span.start, f"in {range_(of.volume)}"


def notes(of: t.Notes) -> list[Doc]:
    """One line each; the references, which are short, share one. In the order written."""
    written: list[tuple[int, Doc, bool]] = []
    if of.because is not None:
        written.append((of.because.span.start, words(f"because {quoted(of.because)}"), False))
    if of.cite:
        written.append((of.cite[0].span.start, join("cite ", names(of.cite)), True))
    for word, texts in (("clause", of.clause), ("erratum", of.erratum)):
        if texts:
            listed = separated((quoted(text) for text in texts), ",")
            written.append((texts[0].span.start, join(f"{word} ", listed), True))
    if of.grade is not None:
        written.append((of.grade.span.start, words(f"grade {of.grade.text}"), True))
    lines: list[Doc] = []
    shares = False
    for _, doc, is_reference in sorted(written, key=lambda note: note[0]):
        if shares and is_reference:
            lines[-1] = join(lines[-1], FILL, doc)
        else:
            lines.append(doc)
        shares = is_reference
    return [nest(2, line) for line in lines]


# ---------------------------------------------------------------- examples


def step(of: t.Step, column: int) -> Doc:
    """`column` is the width of the example's instants, so that the facts of all its steps are aligned."""
    facts = [nest(None, separated((fact(each) for each in of.facts), ","))] if of.facts else []
    proposed = [join("propose ", order(of.proposed))] if of.proposed is not None else []
    expected = separated((expect(each) for each in of.expects), ",")
    expects: list[Doc] = [join("expect ", nest(None, expected))] if of.expects else []
    if of.at is None:
        given = join("given ", *facts)
        return join(given, HARD, *expects) if expects else given
    return join(instant(of).ljust(column), nest(None, group(lines_of([*facts, *proposed, *expects], SOFT))))


def instant(of: t.Step) -> str:
    """`[2 h]`, or `[0 h to 4 h every 15 min]`; empty for `given`."""
    if of.at is None:
        return ""
    if of.to is None or of.every is None:
        return f"[{amount(of.at)}]"
    return f"[{amount(of.at)} to {amount(of.to)} every {amount(of.every)}]"


def fact(of: t.Fact) -> str:
    match of.word:
        case "value":
            assert of.quantity is not None
            return f"{of.name.text} {amount(of.quantity)}"
        case "given":
            assert of.quantity is not None
            return f"{of.name.text} given {amount(of.quantity)}"
        case "names":
            return f"{of.name.text} {' and '.join(name.text for name in of.names)}"
        case "unknown" | "yes" | "no" | "off" | "running" | "happened" | "done":
            return f"{of.name.text} {of.word}"
        case _:
            assert_never(of.word)


def expect(of: t.Expect) -> Doc:
    match of.word:
        case "order":
            assert of.order is not None
            return order(of.order)
        case "either":
            return words(f"either {' or '.join(name.text for name in of.names)}")
        case "no" | "stage" | "pending" | "unconfirmed" | "due" | "late":
            return words(f"{of.word} {of.names[0].text}")
        case "verdict":
            return words(of.names[0].text)
        case "nothing":
            return words("nothing")
        case _:
            assert_never(of.word)
