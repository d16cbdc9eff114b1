"""What a protocol would have said to a cohort, on a terminal of 80 columns. The page holds all of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from rung_engine.cohort.summary import Values
from rung_lang.report.cohort_said import (
    ALERTS,
    FORBIDDEN,
    NEEDS,
    NOTHING,
    PHASES,
    Ran,
    hours,
    in_order,
    spoken_of,
    stays,
    unseen,
    whole,
)

WIDTH = 80
MOST = 10
"""Lines of a group that are shown; the rest are counted."""
FIRST = 4
"""Names of a list that are shown."""


def lines(ran: Ran) -> list[str]:
    """The summary, a line each."""
    told = ran.summary
    return [
        *_head(ran),
        "",
        f"{stays(told.stays)}, the protocol applied to {whole(told.applied)}; "
        f"{whole(told.changes)} decision changes",
        "",
        *_impact(ran),
        *_stages(ran),
        *_agreement(ran),
        *_rules(ran),
        *_waits(ran),
        *_data(ran),
        *_unseen(ran),
    ]


def _head(ran: Ran) -> list[str]:
    artifact = ran.artifact
    said = [
        f"{artifact.name} {artifact.version}  {artifact.title}",
        f"meaning {artifact.meaning[:16]}, {ran.proof}",
        *((f"sign-off {ran.sign_off}",) if ran.sign_off else ()),
        f"data {ran.data}, read as {ran.read_as}",
        f"silence a drug that nobody charted counts as {ran.silence}",
        *(f"setting {one.name} = {one.value} ({one.reason})" for one in ran.settings),
    ]
    return [line for text in said for line in textwrap.wrap(text, WIDTH, subsequent_indent=" " * 8)]


def _table(
    title: str, head: Sequence[str], rows: Iterable[Sequence[str]], most: int | None = MOST
) -> list[str]:
    """A title, a name in every row, and columns set to the right. Nothing where there is no row."""
    listed = list(rows)
    if not listed:
        return []
    shown = listed if most is None or len(listed) <= most + 1 else listed[:most]
    sizes = [max(len(head[k]), *(len(row[k + 1]) for row in shown)) for k in range(len(head))]
    room = WIDTH - sum(sizes) - 2 * len(sizes)
    first = min(max(len(title), *(len(row[0]) + 2 for row in shown)), room)
    out = [_line(title, head, first, sizes)]
    for row in shown:
        name = row[0]
        if len(name) + 2 > first:
            name = name[: first - 3] + "…"
        out.append(_line(f"  {name}", row[1:], first, sizes))
    if len(shown) < len(listed):
        out.append(f"  and {len(listed) - len(shown)} more")
    return [*out, ""]


def _line(name: str, cells: Sequence[str], first: int, sizes: Sequence[int]) -> str:
    right = "".join(f"  {cell:>{size}}" for cell, size in zip(cells, sizes, strict=True))
    return f"{name:<{first}}{right}".rstrip()


def _stages(ran: Ran) -> list[str]:
    told = ran.summary
    rows = [
        (one.name or "no stage yet", hours(one.ms), whole(one.stays))
        for one in in_order(ran.artifact, told.stages)
    ]
    rows += [
        (PHASES.get(one.name, one.name), hours(one.ms), whole(one.stays))
        for one in told.phases
        if one.name != "active"
    ]
    return _table("time in each stage", ("hours", "stays"), rows, None)


def _agreement(ran: Ran) -> list[str]:
    told = [one for one in ran.summary.agreements if spoken_of(one)]
    made = _table(
        "ordered and done",
        ("both", "ordered", "charted", "neither", "to check", "h from order"),
        (
            (
                one.drug,
                whole(one.both),
                whole(one.only_ordered),
                whole(one.only_charted),
                whole(one.neither),
                whole(one.unconfirmed),
                _middle(one.difference),
            )
            for one in told
        ),
        None,
    )
    notes = (
        "  Stays with both, only ordered, only charted, neither; ordered, but never",
        "  without something to check first. Hours from order to chart: the median.",
    )
    return [*made[:-1], *notes, ""] if made else []


def _middle(values: Values) -> str:
    return NOTHING if values.median is None else hours(values.median)


def _rules(ran: Ran) -> list[str]:
    told = ran.summary
    firsts = dict(told.first_orders)
    none = Values(())
    return [
        *_table(
            "new orders by rule",
            ("times", "stays", "first after, h"),
            (
                (one.name, whole(one.times), whole(one.stays), _middle(firsts.get(one.name, none)))
                for one in told.orders
            ),
        ),
        *_table(
            "moves by rule",
            ("times", "stays"),
            ((one.name, whole(one.times), whole(one.stays)) for one in told.moves),
        ),
    ]


def _waits(ran: Ran) -> list[str]:
    told = ran.summary
    return [
        *_table(
            "pending for want of",
            ("hours", "stays"),
            (
                (f"{one.name}, {NEEDS.get(one.more, one.more)}", hours(one.ms), whole(one.stays))
                for one in told.pending
            ),
        ),
        *_table(
            "withheld orders",
            ("times", "stays"),
            (
                (f"{one.more}: {FORBIDDEN.get(one.name, one.name)}", whole(one.times), whole(one.stays))
                for one in told.withheld
            ),
        ),
        *_table(
            "contradictions",
            ("times", "stays"),
            (
                (one.more.replace(" ", " / "), whole(one.times), whole(one.stays))
                for one in told.contradictions
            ),
        ),
        *_table(
            "alerts",
            ("times", "stays"),
            (
                (f"{one.more} {ALERTS.get(one.name, one.name)}", whole(one.times), whole(one.stays))
                for one in told.alerts
            ),
        ),
    ]


def _data(ran: Ran) -> list[str]:
    told = ran.summary
    out = _table(
        "rows that could not be used",
        ("rows",),
        ((f"{name}, {why}", whole(count)) for name, why, count in ran.refused),
    )
    out += _table(
        "readings taken and not used",
        ("times", "stays"),
        (
            (f"{one.name}, {NEEDS.get(one.more, one.more)}", whole(one.times), whole(one.stays))
            for one in told.rejected
        ),
    )
    for account in ran.accounts:
        refused = account.total("refused")
        used = account.total("used")
        if account.rows:
            out.append(
                f"{account.table}: {whole(account.rows)} rows, {whole(used)} used, {whole(refused)} refused, "
                f"{whole(account.rows - used - refused)} set aside"
            )
    return [*out, ""] if ran.accounts else out


def _unseen(ran: Ran) -> list[str]:
    out = []
    for words, names in unseen(ran):
        more = f" and {len(names) - FIRST} more" if len(names) > FIRST else ""
        text = f"{words}: {', '.join(names[:FIRST])}{more}"
        out += textwrap.wrap(
            text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
        )
    return ["these data cannot speak of", *out] if out else []


def _impact(ran: Ran) -> list[str]:
    impact = ran.impact
    if impact is None:
        return []
    seen = ", ".join(f"{kind} {name}" for kind, name in impact.unseen)
    unseen_ = textwrap.wrap(
        f"spoken of by neither version in these stays: {seen}", WIDTH, subsequent_indent="  "
    )
    return [
        f"against {impact.old}: {whole(impact.changed)} of {whole(impact.stays)} stays differ",
        "",
        *_table(
            "first moment, stays",
            ("earlier", "later", "only new", "only old", "same"),
            (
                (
                    f"{one.kind} {one.name}",
                    whole(one.earlier),
                    whole(one.later),
                    whole(one.only_new),
                    whole(one.only_old),
                    whole(one.same),
                )
                for one in impact.changes
            ),
            None,
        ),
        *_table(
            "patient-hours",
            ("old", "new", "only old", "only new", "more", "fewer"),
            (
                (
                    f"{one.kind} {one.name}",
                    hours(one.old_ms),
                    hours(one.new_ms),
                    hours(one.only_old_ms),
                    hours(one.only_new_ms),
                    whole(one.more),
                    whole(one.fewer),
                )
                for one in impact.changes
            ),
            None,
        ),
        *([*unseen_, ""] if seen else []),
    ]
