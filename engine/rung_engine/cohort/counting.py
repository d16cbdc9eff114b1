"""From intervals in which two versions differ to what they come to: stay by stay, then all together.

Parts of whole stays are counted by themselves and put together in the end, the same in any cut.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from rung_engine.cohort.compared import LISTED, Compared, Lasting, Met, Moment, Region
from rung_engine.cohort.summary import Values
from rung_engine.decision.model import Content
from rung_engine.frozen import frozen

if TYPE_CHECKING:
    from rung_engine.cohort.differing import Differing
    from rung_engine.cohort.sought import Cause, Sought

Lies = tuple[int, frozenset[str], bool]


@frozen
class Counted:
    """What some whole stays come to. Parts that share no stay add up.

    `intervals`: as `differing.INTERVALS`, with `changes` and `classes`. `stays`: each that differs, with its
    first moment, how long it differs, and how it is explained. `changes`, `classes`: by stay and name, the
    first moment and how long. `waits`, `waiting`: the same by stay, and by stay and change, for readings.
    `places`: by stay and change, of each choice of regions in which the patient may have lain, the first
    moment, and whether more than readings differ. `entered`: by change, the stays in which both versions
    were in a stage of it, and how long.
    """

    intervals: pl.DataFrame
    stays: pl.DataFrame
    changes: pl.DataFrame
    classes: pl.DataFrame
    waits: pl.DataFrame
    waiting: pl.DataFrame
    places: Mapping[tuple[str, str], tuple[Lies, ...]]
    entered: Mapping[str, tuple[int, int]]
    active_ms: int
    every: pl.DataFrame


def counted(
    found: Differing, rows: pl.DataFrame, causes: Sequence[tuple[Cause, ...]], sought: Sequence[Sought]
) -> Counted:
    """`rows`, `causes`: the intervals and what they belong to, as `sought.causes` gives both."""
    numbers = range(len(causes))
    names = [list(dict.fromkeys(cause.change for cause in one)) for one in causes]
    kinds = [list(dict.fromkeys(kind for cause in one for kind in cause.classes)) for one in causes]
    words = pl.List(pl.String)
    schema = pl.Schema({"cause": pl.UInt32(), "changes": words, "classes": words})
    known = pl.DataFrame({"cause": numbers, "changes": names, "classes": kinds}, schema=schema)
    every = rows.join(known, on="cause", how="left", maintain_order="left")
    named = every.filter(pl.col("side") != "readings")
    waits = every.filter(pl.col("side") == "readings")
    active = found.spans.filter("active")
    changes = lasting(named.explode("changes").drop_nulls("changes"), "stay", "changes")
    classes = lasting(named.explode("classes").drop_nulls("classes"), "stay", "classes")
    return Counted(
        every.drop("cause"),
        _explained(named),
        changes,
        classes,
        lasting(waits, "stay"),
        lasting(waits.explode("changes").drop_nulls("changes"), "stay", "changes"),
        _places(every, causes),
        {one.name: _entered(active, one) for one in sought},
        int(active["ms"].sum()),
        found.stays,
    )


def _places(
    rows: pl.DataFrame, causes: Sequence[tuple[Cause, ...]]
) -> dict[tuple[str, str], tuple[Lies, ...]]:
    found: defaultdict[tuple[str, str], dict[tuple[frozenset[str], bool], int]] = defaultdict(dict)
    orders = rows.with_columns(more=pl.col("side") != "readings")
    firsts = orders.group_by("stay", "cause", "more").agg(pl.col("start_ms").min())
    for stay, cause, more, start in firsts.iter_rows():
        for one in causes[cause]:
            kinds, kind = found[stay, one.change], (frozenset(one.places), more)
            if one.places:
                kinds[kind] = min(start, kinds.get(kind, start))
    return {
        key: tuple(
            sorted(((time, names, more) for (names, more), time in kinds.items()), key=lambda lies: lies[0])
        )
        for key, kinds in found.items()
        if kinds
    }


def lasting(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """By these columns `first_ms`, when the first interval begins, and `ms`, the length of all together."""
    before = pl.col("end_ms").cum_max().shift(1).over(by)
    free = pl.col("end_ms") - pl.max_horizontal("start_ms", before)
    return (
        rows.select(*by, "start_ms", "end_ms")
        .sort(*by, "start_ms", "end_ms")
        .with_columns(free=pl.when(free > 0).then(free).otherwise(0))
        .group_by(by, maintain_order=True)
        .agg(first_ms=pl.col("start_ms").min(), ms=pl.col("free").sum())
    )


def _explained(named: pl.DataFrame) -> pl.DataFrame:
    """By stay `first_ms`, `ms`, and for how long what differs there is no change: `follows_first_ms`,
    `follows_ms` after the stay's first change, `odd_first_ms`, `odd_ms` before it."""
    known = pl.col("changes").list.len() > 0
    parted = named.filter(known).group_by("stay").agg(parted_ms=pl.col("start_ms").min())
    other = named.filter(~known).join(parted, on="stay", how="left")
    after = pl.col("start_ms") >= pl.col("parted_ms")
    found = lasting(named, "stay")
    for name, which in (("follows", after.fill_null(False)), ("odd", ~after.fill_null(False))):
        part = lasting(other.filter(which), "stay").rename(
            {"first_ms": f"{name}_first_ms", "ms": f"{name}_ms"}
        )
        found = found.join(part, on="stay", how="left", maintain_order="left")
    return found


def compared(
    parts: Iterable[Counted],
    sought: Sequence[Sought],
    names: tuple[str, str],
    contents: Mapping[tuple[str, int], tuple[Content | None, Content | None]],
) -> Compared:
    """The parts together. `names`: how the versions are called. `contents`: the decisions of the stays that
    are listed, by stay and instant, see `wanted`."""
    every = tuple(parts)
    stays, changes, classes, waits, waiting, whole = (
        pl.concat([getattr(part, name) for part in every])
        for name in ("stays", "changes", "classes", "waits", "waiting", "every")
    )
    places = {key: value for part in every for key, value in part.places.items()}
    told = _Told(sought, stays.sort("stay"), changes, waiting, places, contents)
    kinds = classes.group_by("classes").agg("first_ms", pl.col("ms").sum()).sort("classes")
    return Compared(
        names[0],
        names[1],
        whole.height,
        int((whole["last_ms"] - whole["first_ms"]).sum()),
        sum(part.active_ms for part in every),
        int(whole["active"].sum()),
        _lasting(stays, "first_ms", "ms"),
        _lasting(waits, "first_ms", "ms"),
        tuple(told.met(one, _sum(part.entered[one.name] for part in every)) for one in sought),
        tuple((kind, Lasting(len(firsts), ms, _values(firsts))) for kind, firsts, ms in kinds.iter_rows()),
        _lasting(stays, "follows_first_ms", "follows_ms"),
        _lasting(stays, "odd_first_ms", "odd_ms"),
        told.moments(stays),
        told.moments(stays.drop_nulls("odd_first_ms"), "odd_first_ms"),
    )


def wanted(part: Counted) -> tuple[tuple[str, int], ...]:
    """The stays and instants of this part that may be listed in the end."""
    firsts = [part.changes.filter(pl.col("changes") == name) for name in part.changes["changes"].unique()]
    odd = part.stays.drop_nulls("odd_first_ms").with_columns(first_ms="odd_first_ms")
    found = [one.sort("stay").head(LISTED) for one in (*firsts, part.stays, odd)]
    return tuple(sorted({row for one in found for row in one.select("stay", "first_ms").iter_rows()}))


class _Told:
    """What is known of all stays, to be asked change by change."""

    def __init__(
        self,
        sought: Sequence[Sought],
        stays: pl.DataFrame,
        changes: pl.DataFrame,
        waiting: pl.DataFrame,
        places: Mapping[tuple[str, str], tuple[Lies, ...]],
        contents: Mapping[tuple[str, int], tuple[Content | None, Content | None]],
    ) -> None:
        self._order = {one.name: number for number, one in enumerate(sought)}
        self._changes, self._waiting = changes, waiting
        self._places = places
        self._contents = contents
        self._firsts: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        listed = stays.select("stay").head(LISTED)
        shown = pl.concat([changes.sort("stay").group_by("changes").head(LISTED).select("stay"), listed])
        own = changes.join(shown.unique(), on="stay", how="semi")
        for stay, change, first, _ in own.select("stay", "changes", "first_ms", "ms").iter_rows():
            self._firsts[stay].append((change, first))

    def met(self, one: Sought, entered: tuple[int, int]) -> Met:
        own = self._changes.filter(pl.col("changes") == one.name)
        sure, perhaps = Counter[str](), Counter[str]()
        for (_, change), lies in self._places.items():
            if change == one.name:
                told = {name for _, names, _ in lies if len(names) == 1 for name in names}
                sure.update(told)
                perhaps.update({name for _, names, _ in lies for name in names} - told)
        regions = tuple(
            Region(place.name, place.classes, sure[place.name], perhaps[place.name]) for place in one.places
        )
        waits = self._waiting.filter(pl.col("changes") == one.name)
        orders, waiting = (_lasting(rows, "first_ms", "ms") for rows in (own, waits))
        return Met(one, *entered, orders, waiting, regions, self.moments(own))

    def moments(self, own: pl.DataFrame, first: str = "first_ms") -> tuple[Moment, ...]:
        rows = own.sort("stay").head(LISTED).select("stay", first, "ms")
        return tuple(self._moment(*row) for row in rows.iter_rows())

    def _moment(self, stay: str, time: int, ms: int) -> Moment:
        begins = sorted((name for name, at in self._firsts[stay] if at == time), key=self._order.__getitem__)
        lies = {
            (name, place)
            for name in begins
            for at, places, more in self._places.get((stay, name), ())
            if more and at == time
            for place in places
        }
        return Moment(
            stay,
            time,
            ms,
            tuple(begins),
            tuple(sorted(lies)),
            *self._contents.get((stay, time), (None, None)),
        )


def _entered(active: pl.DataFrame, one: Sought) -> tuple[int, int]:
    schema = {"old_stage": pl.String, "new_stage": pl.String}
    pairs = pl.DataFrame(one.stages, schema=schema, orient="row")
    own = active.join(pairs, on=["old_stage", "new_stage"], how="semi", nulls_equal=True)
    return own["stay"].n_unique(), int(own["ms"].sum())


def _sum(parts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    every = tuple(parts)
    return sum(stays for stays, _ in every), sum(ms for _, ms in every)


def _lasting(rows: pl.DataFrame, first: str, ms: str) -> Lasting:
    firsts = rows[first].drop_nulls().to_list()
    return Lasting(len(firsts), int(rows[ms].sum()), _values(firsts))


def _values(firsts: Iterable[int]) -> Values:
    return Values(tuple(sorted(Counter(firsts).items())))
