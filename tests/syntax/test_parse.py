"""Texts become trees whose every node knows its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.syntax.samples import GOOD, parsed, read

from rung_lang.source import Source, Unreadable, decode
from rung_lang.syntax import tree as t
from rung_lang.syntax.parse import parse


def _nodes(node: object) -> Iterator[Any]:
    if isinstance(node, tuple):
        for part in node:
            yield from _nodes(part)
    elif dataclasses.is_dataclass(node):
        yield node
        for field in dataclasses.fields(node):
            yield from _nodes(getattr(node, field.name))


def _item(text: str) -> t.Item:
    result = parsed(f'protocol p "P"\n{text}\n')
    assert result.problems == ()
    assert len(result.file.items) == 1
    return result.file.items[0]


def _condition(text: str) -> t.Expr:
    item = _item(f"assume {text}")
    assert isinstance(item, t.Assume)
    return item.condition


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_file_has_no_problem(path: Path) -> None:
    assert parse(read(path)).problems == ()


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_every_node_knows_its_place(path: Path) -> None:
    source = read(path)
    file = parse(source).file
    for node in _nodes((file.head, file.items)):
        span = getattr(node, "span", None)
        if span is None or not hasattr(span, "start"):
            continue
        text = source.text[span.start : span.end]
        assert text == text.strip() != ""
        match node:
            case t.Name() | t.Unit():
                assert text == node.text
            case t.Text():
                assert text == f'"{node.value}"'
            case t.Quantity():
                assert text.startswith(node.literal)
                assert Fraction(node.literal) == node.value
            case t.Paren():
                assert (text[0], text[-1]) == ("(", ")")
            case t.Comment():
                assert text.startswith("#")


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_node_lies_inside_the_node_it_belongs_to(path: Path) -> None:
    """The notes of a declaration stand after it: what it says ends before them."""
    file = parse(read(path)).file
    own_notes = t.Restrict | t.Before | t.Rule | t.Titrate | t.Override | t.Example
    for node in _nodes(file.items):
        outer = getattr(node, "span", None)
        if outer is None or not hasattr(outer, "start"):
            continue
        parts = [
            getattr(node, field.name)
            for field in dataclasses.fields(node)
            if field.name != "notes" or isinstance(node, own_notes)
        ]
        for inner in _nodes(tuple(parts)):
            span = getattr(inner, "span", None)
            if span is not None and hasattr(span, "start"):
                assert outer.start <= span.start <= span.end <= outer.end


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_an_item_starts_with_its_keyword(path: Path) -> None:
    source = read(path)
    words = {source.text[item.span.start : item.span.end].split()[0] for item in parse(source).file.items}
    assert words <= {
        "source", "input", "drug", "class", "incompatible", "panel", "event", "task", "course", "outcome",
        "regimen", "setting", "define", "restrict", "before", "stage", "throughout", "arm", "goal", "covers",
        "rule", "when", "titrate", "never", "always", "prove", "assume", "question", "yields", "supersedes",
        "remove", "migrate", "fact", "concern", "check", "example",
    }  # fmt: skip


def test_comments_are_kept_with_their_place() -> None:
    text = '# first\nprotocol p "a # b" # second  \n  #third\nassume a\n# last'
    result = parsed(text)
    assert result.problems == ()
    comments = result.file.comments
    assert [(c.text, c.own_line) for c in comments] == [
        ("# first", True), ("# second", False), ("#third", True), ("# last", True),
    ]  # fmt: skip
    assert all(text[c.span.start : c.span.end].rstrip() == c.text for c in comments)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_a_byte_order_mark_change_nothing(ends: str, mark: bytes) -> None:
    text = read(GOOD[0]).text
    source = decode(GOOD[0].name, mark + text.replace("\n", ends).encode())
    assert source == read(GOOD[0])
    assert parse(source) == parse(read(GOOD[0]))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"a\x00b", "binary"),
        (b"\xff\xfe", "encoding"),
        (b"caf\xe9", "encoding"),
    ],
)
def test_bytes_that_are_no_text_are_refused(data: bytes, reason: str) -> None:
    refused = decode("x.rung", data)
    assert isinstance(refused, Unreadable)
    assert refused.reason == reason


def test_an_equals_sign_compares_and_sets() -> None:
    assert isinstance(_condition("SBP = 80 mmHg"), t.Compare)
    assert isinstance(_item("setting a = 3 mg"), t.Setting)


def test_a_keyword_is_a_whole_word() -> None:
    assert parsed('protocol p "P"\nassume (a) android b').problems != ()
    assert parsed('protocol p "P"\nassume (a) orb').problems != ()
    assert isinstance(_condition("(a) or b"), t.Or)


def test_a_word_of_the_language_can_be_a_name_where_no_keyword_can_stand() -> None:
    condition = _condition("trend is normal")
    assert isinstance(condition, t.IsValue)
    assert condition.value.text == "normal"


def test_not_binds_tighter_than_for_and_for_tighter_than_and_and_and_than_or() -> None:
    condition = _condition("not a for 1 h and b or c")
    assert isinstance(condition, t.Or)
    both = condition.items[0]
    assert isinstance(both, t.And)
    held = both.items[0]
    assert isinstance(held, t.Held)
    assert isinstance(held.of, t.Not)


def test_numbers_keep_their_digits() -> None:
    item = _item("assume x > -01.50 mg")
    assert isinstance(item, t.Assume) and isinstance(item.condition, t.Compare)
    right = item.condition.right
    assert isinstance(right, t.Literal_)
    assert (right.quantity.literal, right.quantity.value) == ("-01.50", Fraction(-3, 2))


def test_one_amount_is_a_range_whose_ends_are_one_object() -> None:
    item = _item("drug d bolus in mg start 5 mg usual 5 mg to 5 mg")
    assert isinstance(item, t.Drug) and item.start is not None and item.usual is not None
    assert item.start.lo is item.start.hi
    assert item.usual.lo is not item.usual.hi


def test_a_setting_that_is_yes_or_no_keeps_the_place_of_its_word() -> None:
    source = Source("x", 'protocol p "P"\nsetting a = yes, yes or no\n')
    item = parse(source).file.items[0]
    assert isinstance(item, t.Setting) and isinstance(item.value, t.Name) and item.yes_no
    assert source.text[item.value.span.start : item.value.span.end] == "yes"


def test_both_verdicts_of_a_proposed_order_and_timings_are_read() -> None:
    item = _item('example "e"\n[1 h] x 3 propose stop a expect refused, late b')
    assert isinstance(item, t.Example)
    step = item.steps[0]
    assert step.proposed is not None
    assert [(e.word, e.names[0].text) for e in step.expects] == [("verdict", "refused"), ("late", "b")]
    rule = _item("when a then give d 5 mg once per c within 2 h of e over 1 h")
    assert isinstance(rule, t.Rule)
    timing = rule.choices[0].orders[0].timing
    assert (
        timing.once
        and timing.once_per is not None
        and timing.within_of is not None
        and timing.over is not None
    )
