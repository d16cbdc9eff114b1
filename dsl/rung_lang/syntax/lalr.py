"""The grammar compiled to an automaton. The one module that imports lark; it is not needed to read a text.

`tables.py` holds what this makes. A test makes it anew and compares, and with RUNG_REWRITE=1 writes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from importlib import resources
from typing import Any

from lark import Lark
from lark.grammar import Rule, Symbol, Terminal
from lark.lexer import PatternStr

from rung_lang.syntax.automaton import END, Lexis, Production, Row, Table, names_of

Action = tuple[Any, int | Rule]
"""As lark has it: what to do, and with which state or rule."""


def grammar_text() -> str:
    """The grammar as shipped."""
    return resources.files("rung_lang.syntax").joinpath("grammar.lark").read_text(encoding="utf-8")


def table_of(grammar: str) -> Table:
    """The automaton of a grammar. Its states are numbered from the first one on, in the order of symbols."""
    lark = Lark(grammar, parser="lalr", start="file", maybe_placeholders=False)
    conf = lark.parse_interactive("").parser_state.parse_conf
    states: Mapping[int, Mapping[str, Action]] = conf.parse_table.states
    numbers = _numbers(states, conf.start_state)
    productions: dict[Rule, Production] = {}
    rows = tuple(_row(states[state], numbers, productions) for state in numbers)
    keywords = {
        terminal.pattern.value: terminal.name
        for terminal in lark.terminals
        if isinstance(terminal.pattern, PatternStr)
    }
    return Table(
        rows,
        numbers[conf.start_state],
        numbers[conf.end_state],
        keywords,
        names_of(productions.values()),
    )


def _numbers(states: Mapping[int, Mapping[str, Action]], start: int) -> dict[int, int]:
    """Lark numbers states as it happens to meet them, and not twice alike."""
    found = {start: 0}
    left = deque([start])
    while left:
        for _, (_, argument) in sorted(states[left.popleft()].items()):
            if not isinstance(argument, Rule) and argument not in found:
                found[argument] = len(found)
                left.append(argument)
    return found


def _row(row: Mapping[str, Action], numbers: Mapping[int, int], productions: dict[Rule, Production]) -> Row:
    actions: dict[str, int | Production] = {}
    gotos: dict[str, int] = {}
    for symbol, (_, argument) in sorted(row.items()):
        if isinstance(argument, Rule):
            if argument not in productions:
                productions[argument] = _production(argument)
            actions[symbol] = productions[argument]
        elif symbol.isupper() or symbol == END:
            actions[symbol] = numbers[argument]
        else:
            gotos[symbol] = numbers[argument]
    lexis: Lexis = "unit" if "UNIT" in actions else "version" if "VERSION" in actions else "plain"
    return Row(actions, gotos, lexis)


def _production(rule: Rule) -> Production:
    """Lark's own rules for what a phrase keeps: no quoted words, and no helper that repeats a part."""
    origin = str(rule.origin.name)
    keep = tuple(
        index
        for index, symbol in enumerate(rule.expansion)
        if rule.options.keep_all_tokens or not (isinstance(symbol, Terminal) and symbol.filter_out)
    )
    spliced = tuple(index for index in keep if _repeats(rule.expansion[index]))
    name = None if _repeats(rule.origin) else str(rule.alias or origin)
    return Production(
        name, origin, len(rule.expansion), keep, spliced, bool(rule.options.expand1 and not rule.alias)
    )


def _repeats(symbol: Symbol) -> bool:
    return not isinstance(symbol, Terminal) and symbol.name.startswith("_")
