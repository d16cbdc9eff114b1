"""The table of terms: each distinct condition once, numbered so that the layout leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rung_engine.artifact import model as m
from rung_engine.artifact.references import TERM_FIELDS, operands_of
from rung_engine.frozen import frozen

AnyTerm = m.Truth | m.Numeric


@frozen
class Numbered:
    """The final table; `ids` leads from the provisional number of every reachable term to its place."""

    terms: tuple[AnyTerm, ...]
    ids: Mapping[int, int]
    words: Mapping[str, str]


@dataclass(slots=True)
class Terms:
    """Terms by provisional number, in the order met. Operands are numbers of terms added before."""

    nodes: list[AnyTerm] = field(default_factory=list)
    index: dict[AnyTerm, int] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)

    def add(self, term: AnyTerm, words: str) -> int:
        """The number of the term; `words` are kept from its first meeting."""
        found = self.index.get(term)
        if found is None:
            found = self.index[term] = len(self.nodes)
            self.nodes.append(term)
        self.words.setdefault(found, words)
        return found

    def join(self, op: Literal["and", "or"], operands: Iterable[int], words: str) -> int:
        """A conjunction or disjunction: flat, without repetition; of one operand, that operand."""
        flat: set[int] = set()
        for operand in operands:
            node = self.nodes[operand]
            if (op == "and" and isinstance(node, m.And)) or (op == "or" and isinstance(node, m.Or)):
                flat.update(node.of)
            else:
                flat.add(operand)
        if len(flat) == 1:
            return flat.pop()
        ordered = tuple(sorted(flat))
        return self.add(m.And(of=ordered) if op == "and" else m.Or(of=ordered), words)

    def number(self, roots: Iterable[int]) -> Numbered:
        """Number what the roots reach: by depth, and among equals by content."""
        depth: dict[int, int] = {}
        for root in roots:
            self._measure(root, depth)
        levels: dict[int, list[int]] = {}
        for term, level in depth.items():
            levels.setdefault(level, []).append(term)
        ids: dict[int, int] = {}
        table: list[AnyTerm] = []
        for level in sorted(levels):
            settled = [(renumbered(self.nodes[term], ids), term) for term in levels[level]]
            settled.sort(key=lambda pair: canonical(pair[0]))
            for node, term in settled:
                ids[term] = len(table)
                table.append(node)
        words = {str(ids[term]): self.words[term] for term in ids}
        return Numbered(tuple(table), ids, words)

    def _measure(self, root: int, depth: dict[int, int]) -> None:
        """Numbers rise from operands to terms, so one pass in order over what is reachable settles all."""
        reach = {root}
        stack = [root]
        while stack:
            for operand in operands_of(self.nodes[stack.pop()]):
                if operand not in reach:
                    reach.add(operand)
                    stack.append(operand)
        for term in sorted(reach):
            depth[term] = 1 + max((depth[operand] for operand in operands_of(self.nodes[term])), default=-1)


def renumbered(term: AnyTerm, ids: Mapping[int, int]) -> AnyTerm:
    """The term with its operands' final numbers; where order says nothing, they rise."""
    update: dict[str, object] = {}
    for name in TERM_FIELDS.get(type(term), ()):
        value = getattr(term, name)
        if isinstance(value, tuple):
            update[name] = tuple(sorted(ids[operand] for operand in value))
        elif value is not None:
            update[name] = ids[value]
    return term.model_copy(update=update) if update else term


def canonical(part: m.Model) -> str:
    """The content as text, for an order that no layout can change."""
    return json.dumps(part.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
