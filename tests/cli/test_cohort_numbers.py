"""What the decisions on a cohort come to: by columns and by hand, in parts and at once, before and after."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from tests.cli.command import PROTOCOL
from tests.laws.settings import tries

from rung_engine.artifact.model import Artifact
from rung_engine.cohort.engine import Engine
from rung_engine.cohort.facts import facts_of
from rung_engine.cohort.impact import impact, summarised
from rung_engine.cohort.summary import Values, summary
from rung_engine.cohort.tables import Decided, decided_of
from rung_engine.cohort.tally import add_up, begun_drugs, tally
from rung_engine.decision.model import Alert, Content, Decision, Pending, Standing, Subject, Withheld
from rung_engine.event import Charted, Event, Infusion, Reading
from rung_engine.program import Program
from rung_engine.sources.accounting import REASONS
from rung_lang.driver import compile_protocol
from rung_lang.report.cohort import Tally
from rung_lang.report.cohort_said import unusable
from rung_lang.source import Source

HOUR = 3_600_000


def artifact() -> Artifact:
    made = compile_protocol("small.rung", lambda path: Source(path, PROTOCOL)).artifact
    assert made is not None
    return made


SMALL = artifact()
DRUGS = begun_drugs(SMALL)
ORDER = Standing("start", "norepinephrine", "recommend", ("only.low",), "due")
DOUBTFUL = Standing("start", "norepinephrine", "recommend", ("only.low",), "due", confirmed=False)


def active(*orders: Standing, stage: str | None = "only", **parts: object) -> Content:
    return Content("active", stage, orders=orders, **parts)  # type: ignore[arg-type]


def said(*line: tuple[int, Content]) -> list[Decision]:
    """Decisions at these hours; an order is new where the one before did not have it."""
    before: set[str] = set()
    found = []
    for hour, content in line:
        keys = {f"{order.op} {order.target}" for order in content.orders}
        found.append(
            Decision(hour * HOUR, content, tuple(sorted(keys - before)), tuple(sorted(before - keys)))
        )
        before = keys
    return found


def runs(stay: str, hour: int, rate: int) -> Event:
    return Infusion(f"{stay}{hour}", hour * HOUR, "norepinephrine", Charted(rate, "mcg/kg/min"))


def map_(stay: str, hour: int, value: int = 60) -> Event:
    return Reading(f"m{stay}{hour}", hour * HOUR, "MAP", Charted(value * 1_000_000, "mmHg"))


FACTS: dict[str, list[Event]] = {
    "both": [map_("a", 0), runs("a", 1, 0), runs("a", 5, 50_000), map_("a", 10)],
    "chart": [runs("b", -2, 50_000), map_("b", 4)],
    "neither": [map_("c", 0), map_("c", 6)],
    "order": [map_("d", 0), map_("d", 8)],
    "out": [runs("e", 1, 50_000)],
}
NEEDS = (Subject("input", "MAP", "never"),)
DECISIONS = {
    "both": said(
        (0, active(DOUBTFUL, pending=(Pending("only.low", NEEDS), Pending("only.other", NEEDS)))),
        (2, active(ORDER, withheld=(Withheld("r", "give", "x", "before", "3"),))),
        (4, active(alerts=(Alert("above_maximum", "norepinephrine"),))),
    ),
    "chart": said((0, active())),
    "neither": said((0, Content("unclear", None)), (1, active(DOUBTFUL)), (3, active(stage=None))),
    "order": said((0, active(ORDER)), (3, Content("suspended", None)), (5, active(ORDER))),
    "out": said((1, Content("not_applicable", None))),
}


def decided(stays: tuple[str, ...]) -> Decided:
    ends = {stay: max(event.time for event in FACTS[stay]) for stay in stays}
    return decided_of((stay, ends[stay], DECISIONS[stay]) for stay in stays)


STAYS = tuple(sorted(FACTS))
WHOLE = tally(facts_of(SMALL, FACTS), decided(STAYS), DRUGS)


def test_what_was_ordered_is_held_against_what_was_charted() -> None:
    told = summary(WHOLE)
    assert (told.stays, told.applied, told.changes) == (5, 4, 11)
    (one,) = told.agreements
    assert (one.both, one.only_ordered, one.only_charted, one.neither) == (1, 1, 1, 1)
    assert one.unconfirmed == 1
    assert one.ordered.counts == ((0, 1), (2 * HOUR, 1))
    assert one.charted.counts == ((-2 * HOUR, 1), (5 * HOUR, 1))
    assert one.difference.counts == ((3 * HOUR, 1),)
    assert told.followed.counts == ((4 * HOUR, 1), (5 * HOUR, 1), (8 * HOUR, 1), (10 * HOUR, 1))
    assert {(one.name, one.more): (one.stays, one.times) for one in told.seen} == {
        ("drug", "norepinephrine"): (3, 4),
        ("input", "MAP"): (4, 7),
    }


def test_time_is_counted_by_stage_and_by_what_is_missing() -> None:
    told = summary(WHOLE)
    assert {one.name: (one.ms // HOUR, one.stays) for one in told.stages} == {
        "only": (10 + 4 + 2 + 6, 4),
        "": (3, 1),
    }
    assert {one.name: one.ms // HOUR for one in told.phases if one.name != "active"} == {
        "not_applicable": 0,
        "suspended": 2,
        "unclear": 1,
    }
    assert [(one.name, one.more, one.ms // HOUR, one.stays, one.times) for one in told.pending] == [
        ("MAP", "never", 2, 1, 1)
    ]
    assert [(one.name, one.more, one.times, one.ms // HOUR) for one in told.withheld] == [
        ("before", "give x", 1, 2)
    ]
    assert [(one.name, one.more, one.ms // HOUR) for one in told.alerts] == [
        ("above_maximum", "norepinephrine", 6)
    ]
    assert [(one.name, one.times, one.stays) for one in told.orders] == [("only.low", 4, 3)]
    assert dict(told.first_orders)["only.low"].counts == ((0, 3),)


def test_parts_add_up_to_the_whole_in_any_order() -> None:
    parts = [tally(facts_of(SMALL, {stay: FACTS[stay]}), decided((stay,)), DRUGS) for stay in STAYS]
    assert add_up(parts).equals(WHOLE)
    assert add_up([add_up(parts[3:]), *reversed(parts[:3])]).equals(WHOLE)
    assert summary(add_up([])).stays == 0


@tries(15)
@given(st.data())
def test_columns_count_what_a_person_counts_line_by_line(data: st.DataObject) -> None:
    """Against the counter of `rung run --all`, which goes from decision to decision."""
    hours = st.integers(0, 30)
    facts = {
        f"s{k}": [
            *(
                map_(f"s{k}", hour, data.draw(st.sampled_from([50, 70, 5])))
                for hour in data.draw(st.sets(hours))
            ),
            *(
                runs(f"s{k}", hour, data.draw(st.sampled_from([0, 50_000])))
                for hour in data.draw(st.sets(hours))
            ),
            Reading("age", 0, "age", Charted(data.draw(st.sampled_from([10, 60])) * 1_000_000, "years")),
        ]
        for k in range(3)
    }
    program = Program(SMALL, unverified=True)
    engine = Engine(program, path="session")
    columns = facts_of(program, facts)
    told = summary(tally(columns, engine.run(columns), DRUGS))
    by_hand = Tally(SMALL)
    for k, stay in enumerate(columns.stays):
        decisions = engine.decisions(columns, k)
        by_hand.add(_Bare(stay), decisions, max(event.time for event in facts[stay]))  # type: ignore[arg-type]
    assert told.changes == by_hand.changes
    assert told.applied == by_hand.applied
    assert {one.name or "no stage yet": one.ms for one in told.stages} == by_hand.stage_ms
    assert {one.name: one.times for one in told.orders} == by_hand.fired
    assert {one.name: one.stays for one in told.orders} == by_hand.fired_stays
    missing: Counter[str] = Counter()
    for one in told.pending:
        missing[one.name] += one.ms
    assert missing == by_hand.missing_ms
    assert {f"{one.name.replace('_', ' ')}: {one.more}": one.stays for one in told.alerts} == by_hand.alerts


class _Bare:
    """A stay of which nothing was refused."""

    refusals = ()
    accounts = ()

    def __init__(self, stay: str) -> None:
        self.id = stay


@tries(200)
@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30), st.integers(1, 4))
def test_a_quantile_is_the_smallest_value_that_enough_do_not_exceed(values: list[int], quarters: int) -> None:
    found = Values(tuple(sorted(Counter(values).items()))).quantile(quarters, 4)
    assert found is not None
    assert sum(value <= found for value in values) * 4 >= quarters * len(values)
    assert sum(value < found for value in values) * 4 < quarters * len(values)


@tries(50)
@given(*[st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["a", "b", ""])), max_size=6)] * 2)
def test_a_change_is_the_hours_that_only_one_version_has(
    old: list[tuple[int, str]], new: list[tuple[int, str]]
) -> None:
    """Against sets of hours. Each version is a walk through stages, with an order to begin in stage a."""
    tables, hours = [], []
    for walk in (old, new):
        line: list[tuple[int, Content]] = []
        held: dict[str, set[int]] = {}
        time = 0
        for length, stage in walk:
            line.append((time, active(*([ORDER] if stage == "a" else []), stage=stage or None)))
            for name in {"a": ("stage a", "drug norepinephrine"), "b": ("stage b",), "": ()}[stage]:
                held.setdefault(name, set()).update(range(time, time + length))
            time += length
        tables.append(decided_of([("s", time * HOUR, said(*line))]))
        hours.append(held)
    rows = impact(*tables)
    assert [f"{row['kind']} {row['name']}" for row in rows.iter_rows(named=True)] == sorted(
        {*hours[0], *hours[1]}
    )
    for row in rows.iter_rows(named=True):
        was, now = (held.get(f"{row['kind']} {row['name']}", set()) for held in hours)
        assert [row[name] // HOUR for name in ("old_ms", "new_ms", "only_old_ms", "only_new_ms")] == [
            len(was), len(now), len(was - now), len(now - was)
        ]  # fmt: skip
        first = [min(one, default=None) for one in (was, now)]
        assert [row["old_first_ms"], row["new_first_ms"]] == [None if h is None else h * HOUR for h in first]
    counted = summarised([rows], stays=1, old="old", new="new")
    assert counted.changed == (hours[0] != hours[1])
    for change in counted.changes:
        was, now = (held.get(f"{change.kind} {change.name}", set()) for held in hours)
        assert (change.only_new, change.only_old) == (int(not was), int(not now))
        assert (change.more, change.fewer) == (int(len(now) > len(was)), int(len(now) < len(was)))


def test_every_reason_has_words_without_facts() -> None:
    assert [reason for reason in REASONS if "{" in unusable(reason)] == []
