"""Where every row went: used, refused with a reason, or set aside by name. Nothing is dropped in silence.

Each row of a table is counted exactly once. A refused row may still leave a mark on the patient's history
(a drug charted without a unit is running at an unknown rate; an implausible reading ends the one before it);
it is counted as refused all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from rung_engine.frozen import frozen

Category = Literal[
    "used",
    "refused",
    "duplicate",
    "same_row_in_infusions",
    "nothing_given",
    "other_kind",
    "no_fact",
    "ignored",
    "not_mapped",
    "not_declared",
]

CATEGORIES: dict[Category, str] = {
    "used": "used",
    "refused": "refused",
    "duplicate": "exact duplicates of a row that was used or refused",
    "same_row_in_infusions": "the same row as one of the infusions table",
    "nothing_given": "charted as none given",
    "other_kind": "set aside for a better kind of the same stay",
    "no_fact": "say nothing, by the mapping",
    "ignored": "not mapped on purpose",
    "not_mapped": "not mapped",
    "not_declared": "not declared by this protocol",
}

REASONS = {
    "no_value": "no value is charted",
    "not_finite": "the value is not a number",
    "no_time": "no time is charted",
    "no_unit": "a dose without a unit",
    "no_unit_of_reading": "a reading without a unit",
    "unknown_unit": "the unit is not one I know",
    "ambiguous_unit": "the unit can be read in two ways ({about})",
    "unit_not_convertible": "{unit} does not become {to} ({about})",
    "no_concentration": "a flow of {unit} without a concentration does not say how much drug runs",
    "negative": "a negative value",
    "implausible": "implausible: outside {low} to {high} {unit}",
    "weight_unusable": "a weight must be above 0",
    "too_large": "the value is too large to hold exactly",
    "ends_before_start": "the interval ends before it starts",
    "empty_interval": "the interval ends when it starts",
    "no_end": "an interval without an end",
    "unlisted_value": "the mapping gives this value no meaning",
    "no_such_infusion": "a drug row that the infusions table does not have",
}
"""By reason code: the words, with the facts they are filled from."""


@frozen
class Refusal:
    """One row that could not be taken as it stands. `time` is in ms; `row` counts from 1 in the file."""

    stay: str
    time: int | None
    table: str
    row: int
    variable: str
    value: str
    unit: str
    reason: str
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> str:
        why = REASONS[self.reason].format(**dict(self.facts))
        when = "at no charted time" if self.time is None else f"at {self.time / 3_600_000:.2f} h"
        shown = " ".join(part for part in (self.value, self.unit) if part) or "nothing"
        return f"Stay {self.stay}, {when}, {self.variable} {shown}: {why} ({self.table}, row {self.row})."


@frozen
class Account:
    """The rows of one table by what became of them: `(category, detail, count)`, sorted.

    The detail is a reason code where refused and a variable elsewhere. `notes` counts things that befell used
    rows (`rounded`: more than six decimals; `summed`, `overlap`: intervals of one drug that overlap). Raises
    AssertionError where the counts do not add up to `rows`.
    """

    table: str
    rows: int
    counts: tuple[tuple[Category, str, int], ...]
    notes: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        accounted = sum(count for _, _, count in self.counts)
        if accounted != self.rows:
            raise AssertionError(f"{self.table}: {self.rows} rows came in, {accounted} are accounted for")

    def total(self, category: Category) -> int:
        return sum(count for kind, _, count in self.counts if kind == category)

    def by(self, category: Category) -> dict[str, int]:
        """The counts of one category by detail, the largest first."""
        found = [(detail, count) for kind, detail, count in self.counts if kind == category]
        return dict(sorted(found, key=lambda item: (-item[1], item[0])))

    @property
    def lines(self) -> tuple[str, ...]:
        """The account as text: one line for each category, one below it for each detail where that helps."""
        out = [f"{self.table}: {self.rows} rows"]
        for category, words in CATEGORIES.items():
            details = self.by(category)
            if not details:
                continue
            out.append(f"  {sum(details.values())} {words}")
            if category not in ("used", "same_row_in_infusions"):
                out += [f"    {count} {detail}" for detail, count in details.items()]
        return (*out, *(f"  note: {count} {note}" for note, count in self.notes))


def account(
    table: str, rows: int, counts: Counter[tuple[Category, str]], notes: Counter[str] | None = None
) -> Account:
    listed = tuple((category, detail, n) for (category, detail), n in sorted(counts.items()) if n)
    return Account(
        table, rows, listed, tuple((note, n) for note, n in sorted((notes or Counter[str]()).items()) if n)
    )


def total_account(table: str, parts: Iterable[Account]) -> Account:
    """The sum over several stays of one table."""
    rows, counts, notes = 0, Counter[tuple[Category, str]](), Counter[str]()
    for part in parts:
        rows += part.rows
        for category, detail, count in part.counts:
            counts[category, detail] += count
        for note, count in part.notes:
            notes[note] += count
    return account(table, rows, counts, notes)
