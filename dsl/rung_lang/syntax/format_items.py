"""Heads and items as documents: one function an item, in the order of `tree.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from rung_lang.syntax import tree as t
from rung_lang.syntax.format_words import (
    amount,
    choice,
    condition,
    instant,
    names,
    notes,
    order,
    place_of,
    quoted,
    range_,
    step,
)  # fmt: skip
from rung_lang.syntax.layout import FILL, HARD, SOFT, Doc, group, join, lines_of, nest, words

FEW = 2
"""So many attributes may share the line of their declaration; more stand one a line under it."""

_Placed = tuple[int, Doc | str]
"""An attribute and where it stands in the text: attributes keep the order the author gave them."""


def head(of: t.Head) -> Doc:
    """`protocol …` or `formulary …`, and one line for each thing it says."""
    extends = f" extends {quoted(of.extends)}" if of.extends is not None else ""
    lines: list[_Placed] = [(use.span.start, f"use {quoted(use.path)}") for use in of.uses]
    lines.extend((runs.span.start, f"runs {quoted(runs.path)}") for runs in of.runs)
    if of.version is not None:
        lines.append((of.version.span.start, f"version {of.version.text}"))
    if of.settle is not None:
        lines.append((of.settle.span.start, f"settle {amount(of.settle)}"))
    if of.applies is not None:
        lines.append((of.applies.span.start, join("applies when ", condition(of.applies))))
    if of.status is not None:
        lines.append((of.status.span.start, f"status {of.status.text}"))
    return _under(f"{of.kind} {of.name.text}{_title(of.title)}{extends}", _in_order(lines))


def item(of: t.Item, mask: str, pad: int = 0) -> Doc:
    """One item. `mask` is its text without comments; `pad` aligns the `as` of a run of definitions."""
    written = _item(of, mask, pad)
    match of:
        case t.Restrict() | t.Before() | t.Throughout() | t.Rule() | t.Titrate() | t.Override():
            return written
        case t.Remove() | t.Migrate() | t.Example():
            return written
        case _:
            remarks = notes(of.notes)
            return group(written, nest(2, SOFT, lines_of(remarks, SOFT))) if remarks else written


def _item(of: t.Item, mask: str, pad: int) -> Doc:
    match of:
        case t.SourceDecl():
            publisher = f" from {quoted(of.publisher)}" if of.publisher is not None else ""
            year = f" {of.year.literal}" if of.year is not None else ""
            return _fill(f"source {of.name.text}{_title(of.title)}", f"{publisher}{year}".strip())
        case t.Input():
            return _input(of, mask)
        case t.Drug():
            return _drug(of)
        case t.ClassDecl():
            return join(f"class {of.name.text} of ", nest(2, names(of.members)))
        case t.Incompatible():
            return _fill(f"incompatible {of.left.text} with {of.right.text}", quoted(of.why))
        case t.Panel():
            return join(f"panel {of.name.text}{_title(of.title)} of ", nest(2, names(of.members)))
        case t.EventDecl():
            start = f"event {of.name.text}{_title(of.title)}"
            return words(start) if of.condition is None else _led(f"{start} as", of.condition)
        case t.TaskDecl():
            return words(f"task {of.name.text}{_title(of.title)}")
        case t.Course():
            ends = f" ends after {amount(of.ends_after)} off" if of.ends_after is not None else ""
            return _fill(f"course {of.name.text}{_title(of.title)}", f"of {of.of.text}{ends}")
        case t.Outcome():
            return _led(f"outcome {of.name.text}{_title(of.title)} when", of.condition)
        case t.Regimen():
            orders = (join("and " if number else "", order(each)) for number, each in enumerate(of.orders))
            return group(nest(2, f"regimen {of.name.text}{_title(of.title)} of ", lines_of(orders, SOFT)))
        case t.Setting():
            return _setting(of, mask)
        case t.Define():
            return _led(f"{definition(of).ljust(pad)} as", of.condition)
        case t.Restrict():
            return _restrict(of, mask)
        case t.Before():
            needed = _led(f"before {of.drug.text} {of.how}", of.condition)
            otherwise = [join("else ", order(of.otherwise))] if of.otherwise is not None else []
            return group(nest(2, lines_of([needed, *otherwise, *notes(of.notes)], SOFT)))
        case t.Stage() | t.Throughout() | t.Arm() | t.Goal() | t.Covers():
            return _of_a_stage(of)
        case t.Rule() | t.Titrate() | t.Override():
            return _of_a_stage(of)
        case t.Property() | t.Prove() | t.Assume() | t.Question() | t.Owns() | t.Remove() | t.Migrate():
            return _about_the_whole(of)
        case t.FactDecl() | t.Concern() | t.Check():
            return _of_the_sources(of)
        case t.Example():
            column = max(len(instant(each)) for each in of.steps) + 2
            steps = (step(each, column) for each in of.steps)
            return _under(f"example{_title(of.title)}", [*notes(of.notes), *steps])
        case _:
            assert_never(of)


def definition(of: t.Define) -> str:
    """What stands before `as`."""
    return f"define {of.name.text}{_title(of.title)}"


# ---------------------------------------------------------------- declarations


def _input(of: t.Input, mask: str) -> Doc:
    attributes: list[_Placed] = []
    if of.plausible is not None:
        attributes.append((of.plausible.span.start, f"plausible {range_(of.plausible)}"))
    for word, quantity in (
        ("valid for", of.valid_for),
        ("charted every", of.charted_every),
        ("step", of.step),
        ("noise", of.noise),
        ("normal", of.normal),
        ("counts", of.counts),
    ):
        if quantity is not None:
            attributes.append((quantity.span.start, f"{word} {amount(quantity)}"))
    if of.asked is not None:
        attributes.append((of.asked.span.start, f"asked {quoted(of.asked)}"))
    attributes.extend(_codes(of.codes))
    for word, is_set in (("fixed", of.fixed), ("dosing", of.dosing), ("cumulative", of.cumulative)):
        if is_set:
            others = (
                of.name, of.title, of.aliases, of.unit, of.also, of.values, of.plausible, of.valid_for,
                of.charted_every, of.step, of.noise, of.normal, of.counts, of.asked, of.codes,
            )  # fmt: skip
            attributes.append((place_of(word, mask, of.span, *others), word))
    start: list[Doc | str] = [f"input {of.name.text}{_title(of.title)}", *_aliases(of.aliases), _kind(of)]
    start.extend(f"also in {also.unit.text} at {also.factor.literal}" for also in of.also)
    return _declared(start, attributes)


def _kind(of: t.Input) -> Doc | str:
    match of.kind:
        case "quantity":
            assert of.unit is not None
            return f"in {of.unit.text}"
        case "yes_no":
            return "yes or no"
        case "one_of":
            return join("one of ", names(of.values))
        case "any_of":
            return join("any of ", names(of.values))
        case "graded":
            return join("graded ", names(of.values))
        case _:
            assert_never(of.kind)


def _drug(of: t.Drug) -> Doc:
    attributes: list[_Placed] = list(_limits(of.start, of.usual, of.maximum))
    for word, unit in (("infusion", of.infusion), ("bolus", of.bolus)):
        if unit is not None:
            attributes.append((unit.span.start, f"{word} in {unit.text}"))
    if of.concentrations:
        listed = " and ".join(amount(each) for each in of.concentrations)
        attributes.append((of.concentrations[0].span.start, f"concentration {listed}"))
    attributes.extend(_codes(of.codes))
    attributes.extend((name.span.start, f"needs {name.text}") for name in of.needs)
    for word, said in (
        ("valid for", of.valid_for),
        ("lasts", of.lasts),
        ("route", of.route),
        ("available if", of.available),
    ):
        if said is not None:
            attributes.append((said.span.start, f"{word} {amount(said)}"))
    return _declared([f"drug {of.name.text}{_title(of.title)}", *_aliases(of.aliases)], attributes)


def _limits(
    start: t.Range | None, usual: t.Range | None, maximum: tuple[t.Ceiling, ...]
) -> Iterable[tuple[int, str]]:
    if start is not None:
        yield start.span.start, f"start {range_(start)}"
    if usual is not None:
        yield usual.span.start, f"usual {range_(usual)}"
    for ceiling in maximum:
        over = f" over {amount(ceiling.over)}" if ceiling.over is not None else ""
        yield ceiling.span.start, f"maximum {amount(ceiling.amount)}{over}"


def _codes(of: tuple[t.CodeAttr, ...]) -> Iterable[tuple[int, str]]:
    return ((code.system.span.start, f"code {code.system.text} {quoted(code.code)}") for code in of)


def _setting(of: t.Setting, mask: str) -> Doc:
    limits: Doc | None = None
    if of.range is not None:
        limits = words(f"from {range_(of.range)}")
    elif of.choices:
        limits = join("one of ", names(of.choices))
    elif of.yes_no and (of.value is None or "," in mask[of.span.start : of.span.end]):
        limits = words("yes or no")
    value = "chosen by site" if of.value is None else f"= {amount(of.value)}"
    start = f"setting {of.name.text}{_title(of.title)} {value}"
    return nest(2, start, ",", FILL, limits) if limits is not None else words(start)


def _restrict(of: t.Restrict, mask: str) -> Doc:
    attributes: list[_Placed] = list(_limits(of.start, of.usual, of.maximum))
    if of.unit is not None:
        attributes.append((of.unit.span.start, f"in {of.unit.text}"))
    if of.contraindicated:
        others = (of.drug, of.unit, of.start, of.usual, of.maximum, of.condition, of.notes)
        at = place_of("contraindicated", mask, of.span, *others)
        attributes.append((at, "contraindicated"))
    rest: list[Doc | str] = list(_in_order(attributes))
    if of.condition is not None:
        rest.append(_led("while", of.condition))
    return group(nest(2, lines_of([f"restrict {of.drug.text}", *rest, *notes(of.notes)], SOFT)))


# ---------------------------------------------------------------- stages and rules


def _of_a_stage(
    of: t.Stage | t.Throughout | t.Arm | t.Goal | t.Covers | t.Rule | t.Titrate | t.Override,
) -> Doc:
    match of:
        case t.Stage():
            marks: list[Doc | str] = []
            if of.initial:
                marks.append(_led("initial if", of.initial_if) if of.initial_if is not None else "initial")
            if of.resting:
                marks.append("resting")
            return nest(2, lines_of([f"stage {of.name.text}{_title(of.title)}", *marks], FILL))
        case t.Throughout():
            return words("throughout")
        case t.Arm():
            return _led(f"arm {of.name.text}{_title(of.title)} when", of.condition)
        case t.Goal():
            return _led(f"goal {of.name.text}{_title(of.title)} as", of.condition)
        case t.Covers():
            return _led("covers", of.condition)
        case t.Rule():
            return _rule(of)
        case t.Titrate():
            return _titrate(of)
        case t.Override():
            start = f"rule {of.winner.text} overrides {of.loser.text}"
            return group(nest(2, lines_of([start, *notes(of.notes)], SOFT)))
        case _:
            assert_never(of)


def _rule(of: t.Rule) -> Doc:
    """A rule with a name has a line for each of its parts; one without stands on one line if it fits."""
    between = HARD if of.name is not None else SOFT
    choices = (
        join("and " if number else "", choice(each, between)) for number, each in enumerate(of.choices)
    )
    parts: list[Doc | str] = [
        _led("when", of.condition),
        join("then ", group(nest(2, lines_of(choices, SOFT)))),
    ]
    if of.unless is not None:
        parts.append(_led("unless", of.unless))
    parts.extend(notes(of.notes))
    if of.name is not None:
        return _under(f"rule {of.name.text}{_title(of.title)}", parts)
    return group(nest(2, lines_of(parts, SOFT)))


def _titrate(of: t.Titrate) -> Doc:
    if of.rel is not None:
        keep: Doc = join(f"{of.input.text} {of.rel} ", condition(of.lo))
    else:
        assert of.hi is not None
        keep = join(f"{of.input.text} from ", condition(of.lo), FILL, "to ", condition(of.hi))
    step = f"titrate {of.drug.text} by {range_(of.step)} every {range_(of.every)}"
    limits = join(f"from {amount(of.range.lo)} to {amount(of.range.hi)}", FILL, "to keep ", keep)
    return group(nest(2, lines_of([step, nest(2, limits), *notes(of.notes)], SOFT)))


# ---------------------------------------------------------------- about the whole protocol


def _about_the_whole(
    of: t.Property | t.Prove | t.Assume | t.Question | t.Owns | t.Remove | t.Migrate,
) -> Doc:
    match of:
        case t.Property():
            return _property(of)
        case t.Prove():
            how = "exactly" if of.how == "exactly" else "at most"
            return join(f"prove {how} one of ", nest(2, names(of.names)))
        case t.Assume():
            return _led("assume", of.condition)
        case t.Question():
            return _under(f"question {quoted(of.text)}", [join("ask ", _asked(of))])
        case t.Owns():
            return _owns(of)
        case t.Remove():
            return _fill(f"remove rule {of.rule.text}", f"because {quoted(of.because)}")
        case t.Migrate():
            where = "by history" if of.to is None else f"to {of.to.text}"
            return _fill(f"migrate {of.stage.text} {where}", f"because {quoted(of.because)}")
        case _:
            assert_never(of)


def _property(of: t.Property) -> Doc:
    start: Doc | str
    if of.drug is not None:
        above = f" above {amount(of.above)}" if of.above is not None else ""
        start = f"{of.polarity} {of.subject} {of.drug.text}{above}"
    else:
        assert of.condition is not None
        start = _led(of.polarity, of.condition)
    given = [_led("while", of.given)] if of.given is not None else []
    return group(nest(2, lines_of([start, *given], SOFT)))


def _asked(of: t.Question) -> Doc:
    match of.ask:
        case "property":
            assert of.property is not None
            return _property(of.property)
        case "when":
            assert of.condition is not None
            return _led("when", of.condition)
        case "dose":
            assert of.drug is not None
            return words(f"dose of {of.drug.text}")
        case _:
            assert_never(of.ask)


def _owns(of: t.Owns) -> Doc:
    if of.how == "yields":
        given = [_led("while", of.condition)] if of.condition is not None else []
        return group(nest(2, lines_of([f"yields {of.drugs[0].text} to {of.protocol.text}", *given], SOFT)))
    assert of.because is not None
    drugs: list[Doc] = [join("for ", names(of.drugs))] if of.drugs else []
    parts = [f"supersedes {of.protocol.text}", *drugs, f"because {quoted(of.because)}"]
    return nest(2, lines_of(parts, FILL))


# ---------------------------------------------------------------- what the sources say


def _of_the_sources(of: t.FactDecl | t.Concern | t.Check) -> Doc:
    match of:
        case t.FactDecl():
            return words(f"fact {quoted(of.text)}")
        case t.Concern():
            return _concern(of)
        case t.Check():
            at = f" at {amount(of.at)}" if of.at is not None else ""
            flow = ""
            if of.drug is not None and of.concentration is not None:
                flow = f" of {of.drug.text} in {amount(of.concentration)}"
            return words(f"check {amount(of.left)} = {amount(of.right)}{at}{flow}")
        case _:
            assert_never(of)


def _concern(of: t.Concern) -> Doc:
    lines: list[_Placed] = [
        (each.span.start, join(f"literally {quoted(each.file)} reports ", names(each.codes)))
        for each in of.literally
    ]
    if of.severity is not None:
        lines.append((of.severity.span.start, f"severity {of.severity.text}"))
    for word, said in (("says", of.says), ("chosen", of.chosen)):
        if said is not None:
            lines.append((said.span.start, f"{word} {quoted(said)}"))
    if of.decides:
        lines.append((of.decides[0].span.start, join("decides ", names(of.decides))))
    return _under(f"concern {quoted(of.id)} {quoted(of.title)}", _in_order(lines))


# ---------------------------------------------------------------- shared shapes


def _title(of: t.Text | None) -> str:
    return f" {quoted(of)}" if of is not None else ""


def _aliases(of: tuple[t.Name, ...]) -> list[Doc | str]:
    return [join("as ", names(of))] if of else []


def _in_order(of: Iterable[_Placed]) -> list[Doc | str]:
    return [doc for _, doc in sorted(of, key=lambda placed: placed[0])]


def _led(word: str, of: t.Expr) -> Doc:
    """A keyword and its condition."""
    return join(f"{word} ", condition(of))


def _fill(start: str, rest: str) -> Doc:
    return nest(2, start, FILL, rest) if rest else words(start)


def _under(start: str, lines: Iterable[Doc | str]) -> Doc:
    return nest(2, lines_of([start, *lines], HARD))


def _declared(start: list[Doc | str], attributes: list[_Placed]) -> Doc:
    first = nest(4, lines_of(start, FILL))
    lines = lines_of([first, *_in_order(attributes)], HARD if len(attributes) > FEW else SOFT)
    return group(nest(2, lines))
