"""The two tables of `tables`, from what the kernels put out, without a Python object for each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rung_engine.cohort import decide_layout as d
from rung_engine.cohort import explode_kernel as x
from rung_engine.cohort.codebook import Codebook
from rung_engine.cohort.decode import FORBIDS, MARKS, STRENGTHS, SUBJECTS, WAITS, WHYS, contradiction_words
from rung_engine.cohort.kept import code_folder
from rung_engine.cohort.layout import NONE
from rung_engine.cohort.native import Machine
from rung_engine.cohort.tables import DECISIONS, ITEMS, Decided

_KINDS = (
    "order", "waiting", "withheld", "pending", "contradiction", "alert", "rejected", "outcome", "outside",
)  # fmt: skip
_CONTRA = ("orders", "stages", "cycle", "orders")


_COMPILING = Lock()


def machine() -> Machine:
    """The kernel, compiled once in a process and kept for the next; other threads wait for it meanwhile."""
    with _COMPILING:
        return _machine()


@cache
def _machine() -> Machine:
    return Machine(x.explode, code_folder())


class Vocabulary:
    """Every text of a program that is not a list of others, numbered; and where each part of them begins."""

    def __init__(self, book: Codebook) -> None:
        self.book = book
        parts: tuple[Sequence[str], ...] = (
            d.OPS, book.targets, book.choices, book.details, book.labels, book.inputs, book.drugs,
            book.outcomes, book.outside, [shape.unit for shape in book.shapes],
            [f"{op} {target}" for op in d.OPS for target in book.targets], WAITS, FORBIDS, WHYS,
            d.ALERT_KINDS, _CONTRA, _KINDS, MARKS, STRENGTHS, SUBJECTS, d.PHASES, book.stages, book.finishes,
            book.rules, ("time",),
        )  # fmt: skip
        self.texts = ["", *(text for part in parts for text in part)]
        self.bases = np.array(list(accumulate((len(part) for part in parts), initial=1)), np.int64)


def tables(
    words: NDArray[np.int64],
    ends: NDArray[np.int64],
    stays: Sequence[str],
    last: NDArray[np.int64],
    vocabulary: Vocabulary,
) -> Decided:
    """The tables of the stays of one batch.

    `words`: what `fold.advance` put out; `ends`: where each stay's words end; `last`: the time of each
    stay's last fact, in milliseconds. Equal to `tables.decided_of` of the decoded decisions.
    """
    count = len(stays)
    rows = [np.zeros(count, np.int64), np.zeros(count, np.int64)]
    counters = np.zeros(8, np.int64)
    keys = np.zeros(6 * x.KEYS, np.int64)
    none = np.zeros(1, np.int64)
    fixed = (np.ascontiguousarray(words), np.ascontiguousarray(ends), np.ascontiguousarray(last))
    run = machine()
    run(*fixed, vocabulary.bases, none, none, *rows, none, none, keys, counters, count, 0, 0, 1, 0)
    decided, said = int(counters[x.N_DECISIONS]), int(counters[x.N_ITEMS])
    lists = 1 << 12
    while True:
        columns = np.zeros(max(decided, 1) * x.D_COLUMNS, np.int64)
        items = np.zeros(max(said, 1) * x.I_COLUMNS, np.int64)
        slots, found = np.zeros(2 * lists, np.int64), np.zeros(lists * x.U_W, np.int64)
        counters[:] = 0
        full = run(
            *fixed, vocabulary.bases, columns, items, *rows, slots, found, keys, counters, count,
            max(decided, 1), max(said, 1), 2 * lists, lists,
        )  # fmt: skip
        if full == 2:
            raise OverflowError("a decision with more orders than the tables can follow")
        if not full:
            break
        lists *= 4
    names = _Names(vocabulary, words, found[: int(counters[x.N_LISTS]) * x.U_W])
    own = [np.repeat(np.arange(count, dtype=np.int32), many) for many in rows]
    text = pa.array(stays, pa.string())
    table = columns.reshape(x.D_COLUMNS, -1)[:, :decided]
    word = DECISIONS.field("unproved").type
    unproved = pa.array([vocabulary.book.unproved] * decided, pa.string()).dictionary_encode().cast(word)
    head = [
        text.take(pa.array(own[0])), pa.array(table[x.D_TIME]), pa.array(table[x.D_UNTIL]),
        names.column(table[x.D_PHASE]), names.column(table[x.D_STAGE]), names.column(table[x.D_PATH]),
        names.column(table[x.D_MOVED]), names.column(table[x.D_OUTCOME]),
        unproved,
        pa.array(table[x.D_SILENCE] != 0),
    ]  # fmt: skip
    grid = items.reshape(x.I_COLUMNS, -1)[:, :said]
    body = [text.take(pa.array(own[1]))]
    for place, field in enumerate(ITEMS.names[1:]):
        column = grid[place]
        if pa.types.is_dictionary(ITEMS.field(field).type):
            body.append(names.column(column))
        elif pa.types.is_boolean(ITEMS.field(field).type):
            body.append(pa.array(column == 1, mask=column == NONE))
        else:
            body.append(pa.array(column, mask=column == NONE))
    return Decided(pa.table(head, schema=DECISIONS), pa.table(body, schema=ITEMS))


class _Names:
    """The texts of one batch: the vocabulary's, then those of its lists."""

    def __init__(self, vocabulary: Vocabulary, words: NDArray[np.int64], lists: NDArray[np.int64]) -> None:
        texts = [*vocabulary.texts]
        for kind, at, size in lists.reshape(-1, x.U_W).tolist():
            texts.append(_text(vocabulary.book, kind, words[at : at + size].tolist()))
        order = {text: place for place, text in enumerate(sorted({*texts} - {""}))}
        self.texts: list[str] = list(order)
        self.places = np.array([order.get(text, -1) for text in texts], np.int64)

    def column(self, numbers: NDArray[np.int64]) -> Any:
        """The texts of these numbers, as a dictionary of those that occur, in their order."""
        places = self.places[numbers]
        used = np.zeros(len(self.texts) + 1, np.int64)
        used[places] = 1
        used[-1] = 0
        codes = (np.cumsum(used) - used)[places].astype(np.int32)
        chosen = [self.texts[place] for place in np.flatnonzero(used).tolist()]
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=places < 0), pa.array(chosen, pa.string()))


def _text(book: Codebook, kind: int, words: Sequence[int]) -> str:
    if kind == x.L_CONTRA:
        rules = words[1]
        return contradiction_words(book, words[0], words[3 + rules :])
    names = {x.L_RULES: book.rules, x.L_PATH: book.stages}.get(kind)
    if names is not None:
        return " ".join(names[word] for word in words[1:])
    checks = words[0]
    cautions: Iterable[int] = words[2 + checks :]
    return " ".join([*(book.checks[k] for k in words[1 : 1 + checks]), *(book.cautions[k] for k in cautions)])
