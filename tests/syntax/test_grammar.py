"""One sentence, one reading: nothing in the grammar or its words is decided in silence."""

from __future__ import annotations

import logging
import re
from functools import cache

import pytest
from lark import Lark
from lark import logger as lark_logger
from lark.lexer import PatternStr

from rung_lang.syntax.lalr import grammar_text
from rung_lang.syntax.parse import keywords


@cache
def _lark() -> Lark:
    return Lark(grammar_text(), parser="lalr", start="file", maybe_placeholders=False)


def test_no_conflict_is_resolved_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    level = lark_logger.level
    lark_logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.DEBUG, logger=lark_logger.name):
            Lark(grammar_text(), parser="lalr", start="file", maybe_placeholders=False, debug=True)
    finally:
        lark_logger.removeHandler(caplog.handler)
        lark_logger.setLevel(level)
    assert [message for message in caplog.messages if "conflict" in message.lower()] == []


def test_the_log_would_show_a_conflict(caplog: pytest.LogCaptureFixture) -> None:
    level = lark_logger.level
    lark_logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.DEBUG, logger=lark_logger.name):
            Lark('start: e\ne: e "+" e | "x"\n', parser="lalr", debug=True)
    finally:
        lark_logger.removeHandler(caplog.handler)
        lark_logger.setLevel(level)
    assert any("conflict" in message.lower() for message in caplog.messages)


def test_no_two_kinds_of_token_can_be_the_same_text_at_one_place() -> None:
    states = _lark().parse_interactive("").parser_state.parse_conf.parse_table.states
    alike = [{"NAME", "UNIT"}, {"NUMBER", "VERSION"}]
    assert [pair for row in states.values() for pair in alike if pair <= row.keys()] == []


def test_every_word_of_the_language_is_one_kind_and_could_be_a_name() -> None:
    kinds: dict[str, set[str]] = {}
    for terminal in _lark().terminals:
        if isinstance(terminal.pattern, PatternStr):
            kinds.setdefault(terminal.pattern.value, set()).add(terminal.name)
    assert all(len(names) == 1 for names in kinds.values())
    assert kinds.keys() == keywords()
    name = re.compile(_lark().get_terminal("NAME").pattern.to_regexp())
    assert all(name.fullmatch(word) or len(word) == 1 for word in kinds)


def test_comparison_signs_are_not_words_of_the_language_but_for_the_equals_sign() -> None:
    sign = re.compile(_lark().get_terminal("OP").pattern.to_regexp())
    assert [word for word in keywords() if sign.fullmatch(word)] == []
    assert "=" in keywords()


@pytest.mark.parametrize(
    "unit",
    [
        "mcg",
        "ug",
        "µg",
        "μg",
        "units",
        "U",
        "mEq",
        "mmHg",
        "h",
        "hours",
        "min",
        "kg",
        "mL",
        "points",
        "%",
        "years",
    ],
)
def test_no_unit_is_a_word_of_the_language(unit: str) -> None:
    assert unit not in keywords()
    assert re.fullmatch(_lark().get_terminal("UNIT").pattern.to_regexp(), unit)
