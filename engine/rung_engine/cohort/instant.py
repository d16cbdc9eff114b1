"""A protocol of present values on a table of patients: which rules fire, and which are pending, in each row.

    table = InstantTable(program)
    judged = table.judge({"MAP": millionths, "norepinephrine": millionths, "central_line": flags})
    judged.fires("throughout.begin")

Every row stands for itself: no row is a change from another. Columns are whole numbers as `Column` says.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from rung_engine.artifact import model as m
from rung_engine.cohort.instant_plan import ONES, Plan, plan
from rung_engine.cohort.instant_work import BadColumn, Work, ready
from rung_engine.program import Program
from rung_engine.session.instant_terms import NotPresent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]
    Array = NDArray[Any]

FEW = 20_000
"""Rows below which the machine code is not worth its loading."""
_CACHE = 1 << 20
"""Bytes of rows of bits that are worked on at a time."""

__all__ = ["BadColumn", "InstantJudged", "InstantTable"]


class InstantJudged:
    """What each rule says of each row: it fires, stands unconfirmed, is pending, or is silent.

    Rows of bits, 64 patients to a word, the first in the lowest bit, as Arrow keeps booleans.
    """

    def __init__(self, plan: Plan, rows: int, fires: Words, doubts: Mapping[int, Words]) -> None:
        self.rows = rows
        self.rules = tuple(item.rule.id for item in plan.rules)
        self.fire_bits = fires
        """uint64[rules, words]"""
        self._plan = plan
        self._doubts = doubts
        self._place = {rule: place for place, rule in enumerate(self.rules)}

    def fires(self, rule: str) -> NDArray[np.bool_]:
        """By row. KeyError for a rule that is not judged here."""
        return self._unpacked(self.fire_bits[self._place[rule]])

    def unconfirmed(self, rule: str) -> NDArray[np.bool_]:
        """By row: the rule fires, unless something unknown stops it."""
        return self._doubt(self._plan.rules[self._place[rule]].unconfirmed)

    def pending(self, rule: str) -> NDArray[np.bool_]:
        """By row: it cannot be judged without more readings."""
        return self._doubt(self._plan.rules[self._place[rule]].pending)

    @property
    def unclear(self) -> NDArray[np.bool_]:
        """By row: it is not known whether the protocol applies."""
        return self._doubt(self._plan.unclear)

    def pending_bits(self, rule: str) -> Words:
        """Words of the rows in which the rule is pending."""
        import numpy as np

        row = self._plan.rules[self._place[rule]].pending
        return self._doubts[row] if row in self._doubts else np.zeros(self.fire_bits.shape[1], np.uint64)

    @cached_property
    def order_rules(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """By verb and object of an order: the rules that issue it for sure when they fire."""
        found: dict[tuple[str, str], list[str]] = {}
        for item in self._plan.rules:
            for choice in item.rule.orders:
                if isinstance(choice, m.One):
                    found.setdefault((choice.order.op, choice.order.target), []).append(item.rule.id)
        return {order: tuple(rules) for order, rules in found.items()}

    def order_bits(self) -> tuple[tuple[tuple[str, str], ...], Words]:
        """Each order, and the rows in which some rule that issues it fires: uint64[orders, words]."""
        import numpy as np

        orders = tuple(self.order_rules)
        out = np.empty((len(orders), self.fire_bits.shape[1]), np.uint64)
        for place, order in enumerate(orders):
            rules = [self._place[rule] for rule in self.order_rules[order]]
            if len(rules) == 1:
                out[place] = self.fire_bits[rules[0]]
            else:
                np.bitwise_or.reduce(self.fire_bits[rules], axis=0, out=out[place])
        return orders, out

    def order_codes(self) -> tuple[tuple[tuple[str, str], ...], Array]:
        """Each order, and by row a number with bit r where order r stands: uint16, uint32 or uint64[rows].

        Raises `NotPresent` for more than 64 orders.
        """
        import numpy as np

        from rung_engine.cohort.instant_kernel import codes

        orders, bits = self.order_bits()
        if len(orders) > 64:
            raise NotPresent(f"The protocol has {len(orders)} orders; a number has 64 bits.")
        kind = np.uint16 if len(orders) <= 16 else np.uint32 if len(orders) <= 32 else np.uint64
        out = np.zeros(self.rows, kind)
        codes(bits, out)
        return orders, out

    def _doubt(self, row: int) -> NDArray[np.bool_]:
        import numpy as np

        if row not in self._doubts:
            return np.zeros(self.rows, np.bool_)
        return self._unpacked(self._doubts[row])

    def _unpacked(self, words: Words) -> NDArray[np.bool_]:
        import numpy as np

        bits = np.unpackbits(words.view(np.uint8), bitorder="little")
        return bits[: self.rows].view(np.bool_)


class InstantTable:
    """Judges rows of present values. `stage`: in which stage the patients stand, where there are several.

    Raises `NotPresent` for a protocol that looks back. `path`: "kernel" is machine code, "numpy" is not,
    "auto" takes the former for many rows. Both give the same bits.
    """

    def __init__(
        self,
        program: Program,
        *,
        stage: str | None = None,
        path: Literal["auto", "kernel", "numpy"] = "auto",
        threads: int | None = None,
    ) -> None:
        self.program = program
        self.plan = plan(program, stage)
        self.path = path
        self.threads = threads or os.cpu_count() or 1

    @property
    def columns(self) -> tuple[str, ...]:
        """The inputs and drugs that are read, by name."""
        return tuple(tested.column.name for tested in self.plan.columns)

    def judge(
        self, columns: Mapping[str, Array], known: Mapping[str, NDArray[np.bool_]] | None = None
    ) -> InstantJudged:
        """All rows. A column that is not given is unknown in every row; `known` says in which rows one is.

        Raises `BadColumn` for a column of another length, type or size than it should have.
        """
        import numpy as np

        rows = len(next(iter(columns.values()))) if columns else 0
        prepared = [ready(tested, columns, known or {}, rows) for tested in self.plan.columns]
        words = (rows + 63) // 64
        doubtful = sorted({row for item in self.plan.rules for row in (item.unconfirmed, item.pending)})
        doubtful = [row for row in {*doubtful, self.plan.unclear} if row > ONES]
        fires = np.empty((len(self.plan.rules), words), np.uint64)
        doubts: dict[int, Words] = {}
        step = max(64, min(1024, _CACHE // 8 // self.plan.rows // 64 * 64))
        use_kernel = self.path == "kernel" or (self.path == "auto" and rows >= FEW)
        work = Work(self.plan, prepared, rows, fires, doubts, tuple(doubtful), use_kernel)
        starts = range(0, words, step)
        share = -(-len(starts) // self.threads) if starts else 1
        parts = [starts[i : i + share] for i in range(0, len(starts), share)]
        if len(parts) < 2 or not use_kernel:
            work.run(starts, step)
        else:
            with ThreadPoolExecutor(len(parts)) as pool:
                for done in [pool.submit(work.run, part, step) for part in parts]:
                    done.result()
        return InstantJudged(self.plan, rows, fires, doubts)
