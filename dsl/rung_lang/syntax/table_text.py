"""The automaton as lines of text: `lalr.py` writes them into `tables.py`, and every start reads them.

A line that begins with blanks goes on the one before it. A row is its number, its lexis and what leads where,
in pairs: after `>` a kind of token and its state, after `=` a phrase and its state, after `:` a set of kinds
and the production that any of them asks for.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import cast

from rung_lang.syntax.automaton import Lexis, Production, Row, Table, names_of

WIDTH = 100
_NONE = "-"


def written(table: Table) -> str:
    """The text of a table, the same for the same table. `table_from` reads it."""
    asked = [_asked(row) for row in table.rows]
    sets = sorted({kinds for row in asked for kinds in row.values()})
    productions = sorted({production for row in asked for production in row}, key=_words)
    set_of = {kinds: place for place, kinds in enumerate(sets)}
    place_of = {production: place for place, production in enumerate(productions)}
    lines: list[Iterable[object]] = [("keywords",)]
    lines.extend((kind, word) for word, kind in sorted(table.keywords.items()))
    lines.append(("sets",))
    lines.extend((place, *kinds) for place, kinds in enumerate(sets))
    lines.append(("productions",))
    lines.extend((place, *_words(production)) for place, production in enumerate(productions))
    lines.append(("rows", table.start, table.final))
    for number, (row, reduced) in enumerate(zip(table.rows, asked, strict=True)):
        shifts = sorted((kind, to) for kind, to in row.actions.items() if isinstance(to, int))
        reduces = sorted((set_of[kinds], place_of[production]) for production, kinds in reduced.items())
        pairs = (">", *chain(*shifts), "=", *chain(*sorted(row.gotos.items())), ":", *chain(*reduces))
        lines.append((number, row.lexis, *pairs))
    return "".join(
        f"{line}\n"
        for words in lines
        for line in textwrap.wrap(
            " ".join(map(str, words)), WIDTH, subsequent_indent="  ", break_on_hyphens=False
        )
    )


def _asked(row: Row) -> dict[Production, tuple[str, ...]]:
    """The kinds of token that ask for each production."""
    found: dict[Production, list[str]] = {}
    for kind, action in sorted(row.actions.items()):
        if isinstance(action, Production):
            found.setdefault(action, []).append(kind)
    return {production: tuple(kinds) for production, kinds in found.items()}


def _words(production: Production) -> tuple[str, ...]:
    return (
        production.origin,
        production.name or _NONE,
        str(production.size),
        ",".join(map(str, production.keep)) or _NONE,
        ",".join(map(str, production.spliced)) or _NONE,
        "passes" if production.passes else _NONE,
    )


def table_from(text: str) -> Table:
    """The table that `written` wrote."""
    lines = [line.split() for line in text.replace("\n  ", " ").splitlines()]
    of_sets, of_productions = lines.index(["sets"]), lines.index(["productions"])
    of_rows = next(place for place, words in enumerate(lines) if words[0] == "rows")
    keywords = {word: kind for kind, word in lines[1:of_sets]}
    sets = [words[1:] for words in lines[of_sets + 1 : of_productions]]
    productions = [_production(words) for words in lines[of_productions + 1 : of_rows]]
    rows = tuple(_row(words, sets, productions) for words in lines[of_rows + 1 :])
    _, start, final = lines[of_rows]
    return Table(rows, int(start), int(final), keywords, names_of(productions))


def _production(words: list[str]) -> Production:
    _, origin, name, size, keep, spliced, passes = words
    return Production(
        None if name == _NONE else name, origin, int(size), _places(keep), _places(spliced), passes != _NONE
    )


def _places(word: str) -> tuple[int, ...]:
    return () if word == _NONE else tuple(map(int, word.split(",")))


def _row(words: list[str], sets: list[list[str]], productions: list[Production]) -> Row:
    shifts, gotos, reduces = words.index(">"), words.index("="), words.index(":")
    actions: dict[str, int | Production] = dict(_pairs(words[shifts + 1 : gotos]))
    for kinds, place in zip(words[reduces + 1 :: 2], words[reduces + 2 :: 2], strict=True):
        actions.update(dict.fromkeys(sets[int(kinds)], productions[int(place)]))
    return Row(actions, dict(_pairs(words[gotos + 1 : reduces])), cast(Lexis, words[1]))


def _pairs(words: list[str]) -> Iterator[tuple[str, int]]:
    return zip(words[::2], map(int, words[1::2]), strict=True)
