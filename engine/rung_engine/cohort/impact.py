"""What a new version of a protocol changes for the same stays: of each drug and each stage, when and how
long.

One row for each stay and each drug or stage that either version speaks of. A drug is spoken of where a
confirmed order to start, add, set or give it stands, a stage where the session is active in it. Times are
whole milliseconds of the stay's own clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from rung_engine.frozen import frozen

from .summary import Values
from .tables import Decided
from .tally import BEGINS, begun_drugs, frame_of

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact

    from .stream import Run

MOMENTS = ("earlier", "later", "only_new", "only_old", "same")
COLUMNS = pa.schema(
    [
        ("stay", pa.string()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("old_first_ms", pa.int64()),
        ("new_first_ms", pa.int64()),
        ("old_ms", pa.int64()),
        ("new_ms", pa.int64()),
        ("only_old_ms", pa.int64()),
        ("only_new_ms", pa.int64()),
        ("moment", pa.string()),
    ]
)
"""`kind` is drug or stage, `moment` one of `MOMENTS`; a first moment that never came is null."""
_LASTING = ("old_ms", "new_ms", "only_old_ms", "only_new_ms")


@frozen
class Change:
    """Of one drug or stage, over all stays. Milliseconds are sums over stays.

    `earlier` to `same`: the stays by what becomes of the first moment. `more`, `fewer`: stays in which the
    new version speaks of it for longer, or less long. `only_old_ms`: while the old version spoke of it and
    the new one does not; `only_new_ms`: the other way round. `shift`: the new first moment less the old one,
    of the stays that have both.
    """

    kind: str
    name: str
    earlier: int
    later: int
    only_new: int
    only_old: int
    same: int
    more: int
    fewer: int
    old_ms: int
    new_ms: int
    only_old_ms: int
    only_new_ms: int
    shift: Values


@frozen
class Impact:
    """`stays` in all, `changed` those in which anything of `changes` differs."""

    old: str
    new: str
    """Which versions: name, version and the beginning of the meaning."""
    stays: int
    changed: int
    changes: tuple[Change, ...]
    unseen: tuple[tuple[str, str], ...]
    """Drugs to begin and stages, by kind and name, that one version has and neither spoke of in any stay."""


def impact(old: Decided, new: Decided) -> pl.DataFrame:
    """The rows of the same whole stays under two versions, as `COLUMNS`, sorted by stay, kind and name."""
    key = ["stay", "kind", "name"]
    both = pl.concat(
        [
            _spans(version).with_columns(was=pl.lit(was, pl.Int64), now=pl.lit(1 - was, pl.Int64))
            for version, was in ((old, 1), (new, 0))
        ]
    )
    first = both.group_by(key).agg(
        old_first_ms=pl.col("start").filter(pl.col("was") == 1).min(),
        new_first_ms=pl.col("start").filter(pl.col("now") == 1).min(),
    )
    ends = [
        both.select(*key, at=pl.col(end), was=pl.col("was") * sign, now=pl.col("now") * sign)
        for end, sign in (("start", 1), ("end", -1))
    ]
    steps = (
        pl.concat(ends)
        .group_by(*key, "at")
        .agg(pl.col("was", "now").sum())
        .sort(*key, "at")
        .with_columns(
            was=pl.col("was").cum_sum().over(key) > 0,
            now=pl.col("now").cum_sum().over(key) > 0,
            span=(pl.col("at").shift(-1).over(key) - pl.col("at")).fill_null(0),
        )
    )
    was, now, span = pl.col("was"), pl.col("now"), pl.col("span")
    lasting = steps.group_by(key).agg(
        old_ms=span.filter(was).sum(),
        new_ms=span.filter(now).sum(),
        only_old_ms=span.filter(was & ~now).sum(),
        only_new_ms=span.filter(now & ~was).sum(),
    )
    before, after = pl.col("old_first_ms"), pl.col("new_first_ms")
    return (
        first.join(lasting, on=key)
        .with_columns(
            moment=pl.when(before.is_null())
            .then(pl.lit("only_new"))
            .when(after.is_null())
            .then(pl.lit("only_old"))
            .when(after < before)
            .then(pl.lit("earlier"))
            .when(after > before)
            .then(pl.lit("later"))
            .otherwise(pl.lit("same"))
        )
        .sort(key)
    )


def _spans(decided: Decided) -> pl.DataFrame:
    """From when to when each drug and stage was spoken of: stay, kind, name, start, end."""
    decisions = frame_of(decided.decisions, ("stay", "time_ms", "until_ms", "phase", "stage"))
    items = frame_of(decided.items, ("stay", "time_ms", "kind", "op", "target", "confirmed"))
    line = decisions.select("stay", "time_ms", "until_ms")
    drugs = (
        items.filter((pl.col("kind") == "order") & pl.col("confirmed") & pl.col("op").is_in(BEGINS))
        .select("stay", "time_ms", kind=pl.lit("drug"), name="target")
        .unique()
        .join(line, on=["stay", "time_ms"])
    )
    stages = (
        decisions.filter(pl.col("phase") == "active")
        .drop_nulls("stage")
        .select("stay", "time_ms", "until_ms", kind=pl.lit("stage"), name="stage")
    )
    columns = ("stay", "kind", "name")
    return pl.concat(
        [
            part.select(*(pl.col(name).cast(pl.String) for name in columns), start="time_ms", end="until_ms")
            for part in (drugs, stages)
        ]
    )


def speaks_of(artifact: Artifact) -> tuple[tuple[str, str], ...]:
    """The drugs that a protocol can begin and its stages, by kind and name."""
    drugs = (("drug", name) for name in begun_drugs(artifact))
    return (*drugs, *(("stage", stage.name) for stage in artifact.stages))


def impacts(old: Run, new: Run) -> Iterator[pl.DataFrame]:
    """The rows of two runs on the same data, part by part where their parts hold the same stays."""
    if _aligned(old, new):
        for part in old.parts:
            yield impact(_read(old, part.number), _read(new, part.number))
    else:
        yield impact(_read(old, None), _read(new, None))


def _aligned(old: Run, new: Run) -> bool:
    """No stay is in parts of different numbers."""
    columns = (
        [pq.read_table(path, columns=["stay"]) for path in run.paths("decisions")] for run in (old, new)
    )
    before, after = ([set(table["stay"].unique().to_pylist()) for table in tables] for tables in columns)
    numbers = [[part.number for part in run.parts] for run in (old, new)]
    return numbers[0] == numbers[1] and before == after


def _read(run: Run, number: int | None) -> Decided:
    """The tables of one part, or of all."""
    kinds: tuple[Literal["decisions", "items"], ...] = ("decisions", "items")
    tables = []
    for kind in kinds:
        paths = [path for path in run.paths(kind) if number is None or path.stem.endswith(f"-{number:05d}")]
        tables.append(pa.concat_tables([pq.read_table(path) for path in paths]))
    return Decided(*tables)


def summarised(
    parts: Iterable[pl.DataFrame],
    *,
    stays: int,
    old: str,
    new: str,
    spoken: Iterable[tuple[str, str]] = (),
) -> Impact:
    """The rows of all stays, counted; `parts` share no stay.

    `old`, `new`: how the versions are called. `spoken`: what either can speak of, see `speaks_of`.
    """
    sums: defaultdict[tuple[str, str], defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    shifts: defaultdict[tuple[str, str], defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    longer, shorter = pl.col("new_ms") > pl.col("old_ms"), pl.col("new_ms") < pl.col("old_ms")
    differs = (pl.col("moment") != "same") | (pl.col("only_old_ms") > 0) | (pl.col("only_new_ms") > 0)
    changed = 0
    for part in parts:
        changed += part.filter(differs)["stay"].n_unique()
        totals = part.group_by("kind", "name").agg(
            longer.sum().alias("more"), shorter.sum().alias("fewer"), pl.col(_LASTING).sum()
        )
        for row in totals.iter_rows(named=True):
            for name in ("more", "fewer", *_LASTING):
                sums[row["kind"], row["name"]][name] += row[name]
        for kind, name, moment, count in part.group_by("kind", "name", "moment").len().iter_rows():
            sums[kind, name][moment] += count
        both = part.drop_nulls(["old_first_ms", "new_first_ms"]).group_by(
            "kind", "name", shift=pl.col("new_first_ms") - pl.col("old_first_ms")
        )
        for kind, name, shift, count in both.len().iter_rows():
            shifts[kind, name][shift] += count
    changes = tuple(
        _change(kind, name, one, Values(tuple(sorted(shifts[kind, name].items()))))
        for (kind, name), one in sorted(sums.items())
    )
    return Impact(old, new, stays, changed, changes, tuple(sorted({*spoken} - {*sums})))


def _change(kind: str, name: str, one: defaultdict[str, int], shift: Values) -> Change:
    return Change(
        kind,
        name,
        one["earlier"],
        one["later"],
        one["only_new"],
        one["only_old"],
        one["same"],
        one["more"],
        one["fewer"],
        one["old_ms"],
        one["new_ms"],
        one["only_old_ms"],
        one["only_new_ms"],
        shift,
    )
