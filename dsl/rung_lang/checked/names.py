"""What each name of a protocol stands for. One scope: a name, or an alias, is declared once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, assert_never

from rung_engine.frozen import frozen
from rung_lang.checked.problems import DeclaredTwice, ReservedWord, UnknownName, WrongKind
from rung_lang.finding import Problem
from rung_lang.source import Span
from rung_lang.syntax import tree as t
from rung_lang.syntax.parse import keywords

Kind = Literal[
    "source", "input", "drug", "class", "panel", "event", "task", "course", "outcome", "regimen", "setting",
    "define", "stage",
]  # fmt: skip
Declared = (
    t.SourceDecl | t.Input | t.Drug | t.ClassDecl | t.Panel | t.EventDecl | t.TaskDecl | t.Course | t.Outcome
    | t.Regimen | t.Setting | t.Define | t.Stage
)  # fmt: skip


@frozen
class Symbol:
    """`name` is the declared name, whichever alias it was reached by."""

    name: str
    kind: Kind
    decl: Declared
    span: Span


_LATER = frozenset({"migrate", "history"})
"""Words that came into the language when protocols had been written; one of those may use them as names."""


@lru_cache(maxsize=1)
def reserved_words() -> frozenset[str]:
    """The words of the grammar that no name may be."""
    return frozenset(word for word in keywords() if word.isalpha()) - _LATER


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like this one, or nothing."""
    folded = {other.casefold(): other for other in sorted(known)}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


@dataclass(slots=True)
class Scope:
    """Names in force, the problems met with them, and which were used."""

    problems: list[Problem]
    symbols: dict[str, Symbol] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def declare(self, item: t.Item) -> bool:
        """Enter the item's name and aliases. False where the name is taken: the item is then not settled."""
        kind = kind_of(item)
        if kind is None:
            return True
        assert isinstance(item, Declared)
        symbol = Symbol(item.name.text, kind, item, item.name.span)
        names = (item.name, *item.aliases) if isinstance(item, t.Input | t.Drug) else (item.name,)
        whole = True
        for name in names:
            if name.text in reserved_words():
                self.problems.append(ReservedWord(name.span, name.text))
            taken = self.symbols.get(name.text)
            if taken is None:
                self.symbols[name.text] = symbol
                continue
            self.problems.append(DeclaredTwice(name.span, name.text, taken.span))
            whole = whole and name is not item.name
        return whole

    def find(self, name: t.Name, wanted: Sequence[Kind]) -> Symbol | None:
        """The thing of this name, if it is of a wanted kind; otherwise a problem, and None."""
        symbol = self.symbols.get(name.text)
        if symbol is None:
            fitting = [known for known, other in self.symbols.items() if other.kind in wanted]
            self.problems.append(
                UnknownName(name.span, name.text, tuple(wanted), nearest(name.text, fitting))
            )
            return None
        self.used.add(symbol.name)
        if symbol.kind not in wanted:
            self.problems.append(WrongKind(name.span, name.text, symbol.kind, tuple(wanted), symbol.span))
            return None
        return symbol


def kind_of(item: t.Item) -> Kind | None:
    """The kind of the thing an item declares; None where it declares no name of the common scope."""
    match item:
        case t.SourceDecl():
            return "source"
        case t.Input():
            return "input"
        case t.Drug():
            return "drug"
        case t.ClassDecl():
            return "class"
        case t.Panel():
            return "panel"
        case t.EventDecl():
            return "event"
        case t.TaskDecl():
            return "task"
        case t.Course():
            return "course"
        case t.Outcome():
            return "outcome"
        case t.Regimen():
            return "regimen"
        case t.Setting():
            return "setting"
        case t.Define():
            return "define"
        case t.Stage():
            return "stage"
        case (
            t.Incompatible() | t.Restrict() | t.Before() | t.Throughout() | t.Arm() | t.Goal()
            | t.Covers() | t.Rule()
            | t.Titrate() | t.Override() | t.Property() | t.Prove() | t.Assume() | t.Question()
            | t.Owns() | t.Remove() | t.Migrate() | t.FactDecl() | t.Concern() | t.Check()
            | t.Example()
        ):  # fmt: skip
            return None
        case _:
            assert_never(item)
