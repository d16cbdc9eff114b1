"""Changes between two versions that a cohort is searched for, and which of them an interval belongs to.

An interval belongs to a change if it is about the same order, move or end, in the same stages. What belongs
to none follows from an earlier difference, as a rule: in other stages the versions go on otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rung_engine.frozen import frozen

if TYPE_CHECKING:
    import polars as pl

_BOTH = ("dose up", "dose down", "dose changed", "strength", "certainty", "timing")
_CLASSES: Mapping[str, frozenset[str]] = {
    "only old": frozenset(
        ("earlier", "later", "more patients", "fewer patients", "order gone", "stage gone", "stage merged")
    ),
    "only new": frozenset(
        ("earlier", "later", "more patients", "fewer patients", "order new", "stage new", "stage merged")
    ),
    "dose up": frozenset(("dose up", "dose changed")),
    "dose down": frozenset(("dose down", "dose changed")),
    "dose changed": frozenset(("dose up", "dose down", "dose changed")),
    "strength": frozenset(("strength",)),
    "certainty": frozenset(("certainty", "readings")),
    "timing": frozenset(("timing",)),
}
"""The classes that an interval of this side can be of; of the others, every one."""


@frozen
class Alike:
    """What has another name in the new version: old name, new name. `targets`: what orders are about."""

    stages: tuple[tuple[str, str], ...] = ()
    targets: tuple[tuple[str, str], ...] = ()


SAME = Alike()


@frozen
class Place:
    """Some of the patients of a change. `old`, `new`: the version gives them something of its subject."""

    name: str
    classes: tuple[str, ...]
    old: bool
    new: bool


@frozen
class Sought:
    """A change to look for: an order by its op and target, in the new version's names; a move (`go`, a
    stage), a beginning (`begin`, a stage), the end (`finish`), or whether the protocol applies (`applies`).

    `stages`: where, each by its old and its new name; None before any stage. `old_rules`, `new_rules`: the
    rules that say it.
    """

    name: str
    stages: tuple[tuple[str | None, str | None], ...]
    op: str
    target: str
    classes: tuple[str, ...]
    places: tuple[Place, ...] = ()
    old_rules: tuple[str, ...] = ()
    new_rules: tuple[str, ...] = ()


CAUSES = (
    "what", "side", "old_stage", "new_stage", "old_phase", "new_phase", "old_rules", "new_rules",
    "old_before", "new_before", "old_path", "new_path", "parted", "carried",
)  # fmt: skip
"""The columns of an interval that say what it belongs to."""


@frozen
class Cause:
    """What an interval belongs to: one change with the places it may lie in, and the classes it is of."""

    change: str
    places: tuple[str, ...]
    classes: tuple[str, ...]


def causes(intervals: pl.DataFrame, sought: Sequence[Sought]) -> tuple[pl.DataFrame, list[tuple[Cause, ...]]]:
    """The intervals with `cause`, a place in the list that is the second answer."""
    distinct = intervals.select(CAUSES).unique(maintain_order=True).with_row_index("cause")
    found = [tuple(_causes(row, sought)) for row in distinct.iter_rows(named=True)]
    joined = intervals.join(distinct, on=CAUSES, how="left", nulls_equal=True, maintain_order="left")
    return joined, found


def _causes(row: Mapping[str, Any], sought: Iterable[Sought]) -> Iterable[Cause]:
    every = tuple(sought)
    found = [one for one in every if _belongs(row, one)]
    if not found and row["carried"]:
        found = [one for one in every if _carried(row, one)]
    for one in found:
        wide = tuple(place for place in one.places if _may_lie(row["side"], place))
        classes = dict.fromkeys(part for place in wide for part in place.classes) or dict.fromkeys(
            one.classes
        )
        if row["side"] == "readings":
            classes = {"readings": None}
        fit = _CLASSES.get(row["side"])
        narrow = tuple(part for part in classes if fit is None or part in fit)
        yield Cause(one.name, tuple(place.name for place in wide), narrow or tuple(classes))


def _belongs(row: Mapping[str, Any], one: Sought) -> bool:
    match row["what"]:
        case "stage":
            return not row["parted"] and _moved(row, one)
        case "phase":
            phases = {row["old_phase"], row["new_phase"]}
            if "finished" in phases:
                return one.op == "finish" and _from(row, one)
            return one.op == "applies"
        case "outcome":
            return one.op == "finish" and _from(row, one)
        case what:
            here = (row["old_stage"], row["new_stage"]) in one.stages
            return here and what == f"{one.op} {one.target}"


def _moved(row: Mapping[str, Any], one: Sought) -> bool:
    reached = {row["old_stage"], row["new_stage"], *_words(row["old_path"]), *_words(row["new_path"])}
    if one.target not in reached:
        return False
    if one.op == "begin":
        return row["old_before"] is None or row["new_before"] is None
    return one.op == "go" and _from(row, one)


def _from(row: Mapping[str, Any], one: Sought) -> bool:
    """A version was in the stage of the change just before, or passed it."""
    was, now = ({row[f"{side}_before"], *_words(row[f"{side}_path"])} for side in ("old", "new"))
    return any(old in was or new in now for old, new in one.stages)


def _carried(row: Mapping[str, Any], one: Sought) -> bool:
    """An order that outlasts the stage of its rule."""
    spoken = {*_words(row["old_rules"])} & {*one.old_rules} or {*_words(row["new_rules"])} & {*one.new_rules}
    return bool(spoken) and row["what"] == f"{one.op} {one.target}"


def _may_lie(side: str, place: Place) -> bool:
    if (side == "readings") != (place.classes == ("readings",)):
        return False
    if side == "only old":
        return place.old and not place.new
    if side == "only new":
        return place.new and not place.old
    return side not in _BOTH or (place.old and place.new)


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(" ")) if text else ()
