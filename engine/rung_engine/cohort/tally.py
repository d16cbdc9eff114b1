"""What the decisions on some stays come to, counted: one small table, and the sum of several.

A tally is one long frame of exact integers (`SCHEMA`). Tallies of parts of a cohort add up to the tally of
the whole as long as no stay is in two parts, so that a cohort of any size is counted batch by batch. What
needs an order of values, such as a median, is kept as a count for each value; its size grows with the number
of distinct values and not with the number of stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from .charted import first_given, seen

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact

    from .facts import Facts
    from .tables import Decided

SCHEMA = {
    "what": pl.String,
    "name": pl.String,
    "more": pl.String,
    "at_ms": pl.Int64,
    "times": pl.Int64,
    "stays": pl.Int64,
    "ms": pl.Int64,
}
"""`what` is counted of `name` (and `more`): how many times, in how many stays, for how many milliseconds.
`at_ms` is the value counted where there is a count for each value, else null.

| what | name, more | at_ms |
|---|---|---|
| stays, applied, changes | | |
| phase | a phase | |
| stage | a stage; empty where the session is active and stands in none | |
| order, move | a rule | |
| first_order | a rule | from the first active decision to the rule's first new order |
| pending | what is missing, why | |
| pending_rule | a rule | |
| withheld | why, the order | |
| contradiction | its kind, the rules | |
| alert | its kind, the drug | |
| rejected | an input or a drug, why | |
| outcome | a declared outcome | |
| outside | an assumption that is false of the patient | |
| unproved | why the artifact does not count as proved | |
| ordered, charted | a drug | from the first active decision to the first order to begin it, or to give it |
| unconfirmed | a drug whose orders to begin it were never confirmed | |
| agreement | a drug; both, only_ordered, only_charted or neither | |
| difference | a drug | first charted less first ordered |
| followed | | from the first active decision to the last fact |
| seen | a kind of fact, a declared name | |
"""

BEGINS = ("start", "add", "set", "give")
"""The orders that begin a drug."""

_KEYS = ("what", "name", "more", "at_ms")
_COUNTS = ("times", "stays", "ms")


def begun_drugs(artifact: Artifact) -> tuple[str, ...]:
    """The drugs that some rule starts, adds, sets or gives, by name."""
    from rung_engine.artifact.model import One

    found: set[str] = set()
    orders = [
        order
        for rule in artifact.rules
        for choice in rule.orders
        for order in ((choice.order,) if isinstance(choice, One) else choice.orders)
    ]
    orders += [before.otherwise for before in artifact.befores if before.otherwise is not None]
    for order in orders:
        if order.op in BEGINS and order.target in artifact.drugs:
            found.add(order.target)
    return tuple(sorted(found))


def add_up(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The tally of stays that are in none of two parts; the same bytes in whatever order the parts come."""
    frames = [part.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()) for part in parts]
    if not frames:
        return pl.DataFrame(schema=SCHEMA)
    return pl.concat(frames).group_by(_KEYS).agg(pl.col(_COUNTS).sum()).sort(_KEYS).select(SCHEMA.keys())


def tally(facts: Facts, decided: Decided, drugs: Sequence[str]) -> pl.DataFrame:
    """The tally of whole stays: their facts, and what was decided on them.

    `drugs`: those whose first order is held against the chart, see `begun_drugs`.
    """
    line = _line(facts, decided)
    active = line.filter(pl.col("phase") == "active")
    began = active.group_by("stay").agg(began=pl.col("time_ms").min())
    said = _said(facts, decided, line)
    return add_up(
        [
            _one("stays", stays=len(facts.stays)),
            _one("applied", stays=began.height),
            _one("changes", times=line.height),
            _spans("phase", line, "phase"),
            _spans("stage", active, "stage"),
            _spans("unproved", line.drop_nulls("unproved"), "unproved"),
            *_rules(line, said, began),
            *_standing(said),
            *_done(line, said, began, first_given(facts), drugs),
            _frame("seen", seen(facts), name="kind", more="name", stays="stays", times="facts"),
        ]
    )


def frame_of(table: pa.Table, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The table, or some of its columns, its words as categories."""
    frame = pl.from_arrow(table.select(columns or table.column_names).unify_dictionaries())
    assert isinstance(frame, pl.DataFrame)
    return frame


def _placed(facts: Facts, frame: pl.DataFrame) -> pl.DataFrame:
    """With the place of each stay instead of its id: whole numbers join and group much faster."""
    places = pl.DataFrame(
        {"stay": facts.stays, "place": range(len(facts.stays))}, schema={"stay": pl.String, "place": pl.Int32}
    )
    runs = frame.select(pl.col("stay").rle()).unnest("stay")
    known = runs.join(places, left_on="value", right_on="stay", how="left", maintain_order="left")
    place = known.select(pl.col("place").repeat_by("len").explode()).to_series()
    return frame.with_columns(stay=place)


def _line(facts: Facts, decided: Decided) -> pl.DataFrame:
    """The decisions, each with its length, its place and the place of the one before it in the same stay."""
    columns = ("stay", "time_ms", "until_ms", "phase", "stage", "moved_by", "unproved")
    return (
        _placed(facts, frame_of(decided.decisions, columns))
        .with_row_index("row")
        .with_columns(
            row=pl.col("row").cast(pl.Int64),
            span=pl.col("until_ms") - pl.col("time_ms"),
            first=(pl.col("stay") != pl.col("stay").shift(1)).fill_null(True),
        )
        .with_columns(before=pl.when("first").then(pl.lit(-1)).otherwise(pl.col("row") - 1))
        .drop("first")
    )


def _said(facts: Facts, decided: Decided, line: pl.DataFrame) -> pl.DataFrame:
    """The items, each with the length and place of its decision."""
    columns = ("stay", "time_ms", "kind", "rule", "op", "target", "why", "confirmed", "new")
    return _placed(facts, frame_of(decided.items, columns)).join(
        line.select("stay", "time_ms", "span", "row", "before"), on=["stay", "time_ms"], how="left"
    )


def _one(what: str, *, times: int = 0, stays: int = 0) -> pl.DataFrame:
    row = {"what": what, "name": "", "more": "", "at_ms": None, "times": times, "stays": stays, "ms": 0}
    return pl.DataFrame([row], schema=SCHEMA)


def _frame(what: str, frame: pl.DataFrame, **columns: str) -> pl.DataFrame:
    """`frame` as rows of a tally; `columns` says which of its columns is which."""
    empty: dict[str, str | int | None] = {"name": "", "more": "", "at_ms": None} | dict.fromkeys(_COUNTS, 0)
    words = [
        (pl.col(columns[name]) if name in columns else pl.lit(empty[name])).cast(kind).alias(name)
        for name, kind in SCHEMA.items()
        if name != "what"
    ]
    return frame.select(pl.lit(what).alias("what"), *words).with_columns(pl.col("name", "more").fill_null(""))


def _spans(what: str, line: pl.DataFrame, name: str) -> pl.DataFrame:
    found = line.group_by(name).agg(times=pl.len(), stays=pl.col("stay").n_unique(), ms=pl.col("span").sum())
    return _frame(what, found, name=name, times="times", stays="stays", ms="ms")


def _each_rule(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """A row for each rule that `column` names, as `name`."""
    split = pl.col(column).cast(pl.String).str.split(" ")
    return frame.with_columns(name=split).explode("name").drop_nulls("name")


def _rules(line: pl.DataFrame, said: pl.DataFrame, began: pl.DataFrame) -> list[pl.DataFrame]:
    fresh = said.filter((pl.col("kind") == "order") & pl.col("new"))
    found = []
    firsts = pl.DataFrame()
    for what, frame, column in (("move", line, "moved_by"), ("order", fresh, "rule")):
        grouped = frame.drop_nulls(column).group_by("stay", column)
        each = _each_rule(grouped.agg(times=pl.len(), first=pl.col("time_ms").min()), column)
        counted = each.group_by("name").agg(pl.col("times").sum(), stays=pl.col("stay").n_unique())
        found.append(_frame(what, counted, name="name", times="times", stays="stays"))
        firsts = each.group_by("stay", "name").agg(pl.col("first").min())
    pending = said.filter(pl.col("kind") == "pending").unique(["row", "rule"])
    lasting = pending.group_by("rule").agg(stays=pl.col("stay").n_unique(), ms=pl.col("span").sum())
    return [
        *found,
        _values("first_order", firsts.join(began, on="stay"), pl.col("first") - pl.col("began"), "name"),
        _frame("pending_rule", lasting, name="rule", stays="stays", ms="ms"),
    ]


def _values(what: str, frame: pl.DataFrame, value: pl.Expr, name: str | None) -> pl.DataFrame:
    """A count of stays for each value; `frame` has one row for a stay and name."""
    named = pl.lit("") if name is None else pl.col(name)
    found = frame.group_by(name=named, at=value).agg(stays=pl.len())
    return _frame(what, found, name="name", at_ms="at", stays="stays")


def _standing(said: pl.DataFrame) -> list[pl.DataFrame]:
    """What stands from one decision to the next: how long, and how often it began to."""
    order = pl.concat_str("op", "target", separator=" ")
    why, target, rule, nothing = pl.col("why"), pl.col("target"), pl.col("rule"), pl.lit("")
    known = said.filter((pl.col("kind") != "pending") | pl.col("target").is_not_null())
    return [
        _spells("pending", known, ("target", "why"), target, why),
        _spells("withheld", known, ("why", "op", "target"), why, order),
        _spells("contradiction", known, ("why", "rule"), why, rule),
        _spells("alert", known, ("why", "target"), why, target),
        _spells("rejected", known, ("target", "why"), target, why),
        _spells("outcome", known, ("target",), target, nothing),
        _spells("outside", known, ("target",), target, nothing),
    ]


def _spells(kind: str, said: pl.DataFrame, by: tuple[str, ...], name: pl.Expr, more: pl.Expr) -> pl.DataFrame:
    own = said.filter(pl.col("kind") == kind).unique(["row", *by])
    before = own.select(pl.col("row").alias("before"), *by)
    fresh = own.join(before, on=["before", *by], how="anti", nulls_equal=True)
    found = (
        own.group_by(by)
        .agg(stays=pl.col("stay").n_unique(), ms=pl.col("span").sum())
        .join(fresh.group_by(by).agg(times=pl.len()), on=by, nulls_equal=True)
        .with_columns(pl.col(by).cast(pl.String))
        .with_columns(_name=name, _more=more)
    )
    return _frame(kind, found, name="_name", more="_more", times="times", stays="stays", ms="ms")


def _done(
    line: pl.DataFrame,
    said: pl.DataFrame,
    began: pl.DataFrame,
    given: pl.DataFrame,
    drugs: Sequence[str],
) -> list[pl.DataFrame]:
    """What was ordered against what was done, of the stays to which the protocol applied at some time."""
    ends = line.group_by("stay").agg(end=pl.col("until_ms").max())
    each = began.join(pl.DataFrame({"name": list(drugs)}, schema={"name": pl.String}), how="cross")
    begins = (
        said.filter((pl.col("kind") == "order") & pl.col("op").is_in(BEGINS))
        .group_by("stay", "target")
        .agg(ordered=pl.col("time_ms").filter("confirmed").min())
        .select("stay", "ordered", name=pl.col("target").cast(pl.String))
    )
    doubtful = begins.filter(pl.col("ordered").is_null() & pl.col("name").is_in(drugs))
    both = each.join(begins, on=["stay", "name"], how="left").join(given, on=["stay", "name"], how="left")
    was_ordered, was_charted = pl.col("ordered").is_not_null(), pl.col("charted").is_not_null()
    found = (
        both.with_columns(
            more=pl.when(was_ordered & was_charted)
            .then(pl.lit("both"))
            .when(was_ordered)
            .then(pl.lit("only_ordered"))
            .when(was_charted)
            .then(pl.lit("only_charted"))
            .otherwise(pl.lit("neither"))
        )
        .group_by("name", "more")
        .agg(stays=pl.len())
    )
    lag = pl.col("charted") - pl.col("ordered")
    return [
        _frame("unconfirmed", doubtful.group_by("name").agg(stays=pl.len()), name="name", stays="stays"),
        _frame("agreement", found, name="name", more="more", stays="stays"),
        _values("ordered", both.filter(was_ordered), pl.col("ordered") - pl.col("began"), "name"),
        _values("charted", both.filter(was_charted), pl.col("charted") - pl.col("began"), "name"),
        _values("difference", both.filter(was_ordered & was_charted), lag, "name"),
        _values("followed", began.join(ends, on="stay"), pl.col("end") - pl.col("began"), None),
    ]
