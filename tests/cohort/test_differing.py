"""Where two versions decide otherwise: by hand, mirrored, against itself, in any order and cut."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from random import Random

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cohort.tables_of import program, shuffled, stays, table
from tests.laws.settings import tries

from rung_engine.artifact import model as m
from rung_engine.cohort.beside import Beside, Side, beside, write_intervals
from rung_engine.cohort.compared import Compared, as_data
from rung_engine.cohort.data import open_facts
from rung_engine.cohort.differing import INTERVALS, Differing, differing
from rung_engine.cohort.engine import Engine, last_time
from rung_engine.cohort.facts import facts_of
from rung_engine.cohort.sought import CAUSES, Place, Sought, causes
from rung_engine.cohort.tables import Decided, decided_of
from rung_engine.decision.model import Content, Decision, Dose, Standing
from rung_engine.event import Event
from rung_engine.program import Program

Key = tuple[str, str]
BACK = {"only old": "only new", "only new": "only old", "dose up": "dose down", "dose down": "dose up"}
_SEEDS = st.integers(0, 10_000)
SHOWN = 9
"""A pair in whose stays there is something to count of every kind."""


def found(old: Program, new: Program, patients: dict[str, tuple[Event, ...]]) -> Differing:
    tables = [Engine(one, path="session").run(facts_of(one, patients)) for one in (old, new)]
    return differing(tables[0], tables[1], (old, new))


def pair(seed: int) -> tuple[Program, Program]:
    """A program and a later version of it; every fourth time quite another one."""
    old = program(seed)
    if seed % 4 == 0:
        return old, program(seed + 1)
    dice = Random(seed)
    rules = tuple(_later(rule, dice) for rule in old.artifact.rules if dice.random() < 0.9)
    return old, Program(old.artifact.model_copy(update={"rules": rules}), unverified=True)


def _later(rule: m.Rule, dice: Random) -> m.Rule:
    """The rule with some of its orders otherwise, and at times without its `unless`."""
    keeps = {} if dice.random() < 0.7 else {"unless": None}
    return rule.model_copy(update={"orders": tuple(_otherwise(one, dice) for one in rule.orders), **keeps})


def _otherwise(choice: m.Choice, dice: Random) -> m.Choice:
    match dice.randrange(5):
        case 0:
            return choice.model_copy(update={"strength": dice.choice(("must", "recommend", "consider"))})
        case 1 if isinstance(choice, m.Either):
            return m.One(strength=choice.strength, order=choice.orders[0])
        case 2 if isinstance(choice, m.One):
            return m.One(strength=choice.strength, order=_dosed(choice.order, dice))
        case _:
            return choice


def _dosed(order: m.Order, dice: Random) -> m.Order:
    """Another dose, and another time between two."""
    if order.dose is None or not isinstance(order.dose.lo, m.Number):
        return order
    factor = dice.choice((Fraction(1, 2), Fraction(2)))
    ends = {
        name: end.model_copy(update={"millionths": int(end.millionths * factor)})
        for name in ("lo", "hi")
        if isinstance(end := getattr(order.dose, name), m.Number)
    }
    return order.model_copy(update={"dose": order.dose.model_copy(update=ends), "every": None})


# ---------------------------------------------------------------- by hand


def amount(of: Program, one: Standing) -> object:
    if one.dose is None:
        return None
    unit = of.units[one.dose.unit]
    return tuple(unit.factor * Fraction(end, 10**6) for end in (one.dose.lo, one.dose.hi)), unit.dims


def orders(of: Program, content: Content | None) -> dict[str, list[tuple[object, ...]]]:
    found: defaultdict[str, list[tuple[object, ...]]] = defaultdict(list)
    for one in content.orders if content is not None else ():
        when = (one.mark, one.due_at, one.late_after, one.every_lo, one.every_hi)
        strong = (one.strength, bool(one.choice))
        found[f"{one.op} {one.target}"].append((amount(of, one), strong, one.confirmed, when))
    return found


def waits(of: Program, content: Content | None) -> set[str]:
    rules = {rule.id: rule for rule in of.artifact.rules}
    return {
        f"{order.op} {order.target}"
        for one in (content.pending if content is not None else ())
        if one.rule in rules
        for choice in rules[one.rule].orders
        for order in ((choice.order,) if isinstance(choice, m.One) else choice.orders)
    }


def ways(sides: tuple[Program, Program], old: Content | None, new: Content | None) -> set[Key]:
    """What differs at one instant, and how. Of orders that stand more than once only that they differ."""
    out: set[Key] = set()
    beside = ("unclear", "not_applicable")
    phases = [one.phase if one is not None else None for one in (old, new)]
    if None in phases:
        known = phases[0] or phases[1] or "unclear"
        phases = [one or (known if known in beside else "unclear") for one in phases]
    stages = [one.stage if one is not None else None for one in (old, new)]
    if phases[0] != phases[1]:
        out.add(("phase", "phase"))
    elif stages[0] != stages[1]:
        out.add(("stage", "stage"))
    ends = [(one.outcome if one is not None else "") for one in (old, new)]
    if phases[0] == phases[1] and ends[0] != ends[1]:
        out.add(("outcome", "outcome"))
    was, now = orders(sides[0], old), orders(sides[1], new)
    for what in {*was, *now}:
        a, b = was.get(what, []), now.get(what, [])
        if sorted(map(repr, a)) == sorted(map(repr, b)):
            continue
        if max(len(a), len(b)) > 1:
            out.add((what, "many"))
        elif not a or not b:
            out.add((what, "only new" if b else "only old"))
        else:
            out |= {(what, way) for way in compared(a[0], b[0])}
    waiting = waits(sides[0], old) ^ waits(sides[1], new)
    return out | {(what, "readings") for what in waiting - {*was, *now}}


def compared(a: Sequence[object], b: Sequence[object]) -> set[str]:
    out = {
        name for name, x, y in zip(("strength", "certainty", "timing"), a[1:], b[1:], strict=True) if x != y
    }
    if a[0] != b[0]:
        way = "dose changed"
        if a[0] is not None and b[0] is not None and a[0][1] == b[0][1]:  # type: ignore[index]
            steps = [y - x for x, y in zip(a[0][0], b[0][0], strict=True)]  # type: ignore[index]
            way = "dose up" if min(steps) >= 0 else "dose down" if max(steps) <= 0 else way
        out.add(way)
    return out


def by_hand(
    sides: tuple[Program, Program], lines: tuple[list[Decision], list[Decision]], end: int
) -> tuple[dict[Key, int], set[Key]]:
    """How many milliseconds each thing differs so; and all that differs at some instant."""
    lasting: defaultdict[Key, int] = defaultdict(int)
    every: set[Key] = set()
    times = sorted({one.time for line in lines for one in line})
    for time, after in zip(times, [*times[1:], max([end, *times])], strict=True):
        said = [[one.content for one in line if one.time <= time] for line in lines]
        old, new = (one[-1] if one else None for one in said)
        for key in ways(sides, old, new):
            every.add(key)
            lasting[key] += after - time
    return {key: ms for key, ms in lasting.items() if ms}, every


@tries(24)
@given(_SEEDS)
def test_intervals_are_what_a_person_finds_decision_by_decision(seed: int) -> None:
    sides = pair(seed)
    patients = stays(seed, 2)
    rows = found(*sides, patients).intervals
    engines = [Engine(one, path="session") for one in sides]
    facts = [facts_of(one, patients) for one in sides]
    for k, stay in enumerate(facts[0].stays):
        lines = tuple(engine.decisions(one, k) for engine, one in zip(engines, facts, strict=True))
        end = max(last_time(one, k) for one in facts)
        lasting, every = by_hand(sides, (lines[0], lines[1]), end)
        many = {what for what, side in every if side == "many"}
        own = rows.filter((pl.col("stay") == stay) & ~pl.col("what").is_in(many))
        spans = own.group_by("what", "side").agg((pl.col("end_ms") - pl.col("start_ms")).sum())
        assert {(what, side): ms for what, side, ms in spans.iter_rows() if ms} == {
            key: ms for key, ms in lasting.items() if key[0] not in many
        }
        assert set(own.select("what", "side").iter_rows()) == {key for key in every if key[0] not in many}
        for _, part in own.group_by("what", "side"):
            times = part.sort("start_ms").select("start_ms", "end_ms").rows()
            assert all(one[1] <= two[0] for one, two in pairwise(times))


@tries(12)
@given(_SEEDS)
def test_the_other_way_round_it_is_the_mirror_image(seed: int) -> None:
    old, new = pair(seed)
    patients = stays(seed, 3)
    there, back = found(old, new, patients).intervals, found(new, old, patients).intervals
    swapped = {f"{one}_{part}": f"{other}_{part}" for one, other in (("old", "new"), ("new", "old"))
               for part in ("stage", "phase", "lo", "hi", "unit", "rules", "before", "path")}  # fmt: skip
    mirrored = there.rename(swapped).with_columns(pl.col("side").replace(BACK)).select(back.columns)
    assert mirrored.sort(pl.all()).equals(back.sort(pl.all()))
    assert found(old, old, patients).intervals.is_empty()


# ---------------------------------------------------------------- many stays


def side(of: Program, place: Path) -> Side:
    return Side(of, open_facts(place))


def asked(old: Program, new: Program, place: Path, batch: int = 10**6) -> Beside:
    what = sorted({f"{one.op} {one.target}" for rule in new.artifact.rules for choice in rule.orders
                   for one in ((choice.order,) if isinstance(choice, m.One) else choice.orders)})  # fmt: skip
    named = [one.split(" ", 1) for one in what][::2]
    sought = tuple(
        Sought(
            f"{place}", ((stage, stage),), op, target, ("later", "dose up"),
            (Place(f"{place}.1", ("later",), True, False), Place(f"{place}.2", ("dose up",), True, True)),
        )
        for place, (stage, (op, target)) in enumerate((s, n) for s in ("one", "two") for n in named)
    )  # fmt: skip
    return beside(side(old, place), side(new, place), sought=sought, batch=batch, workers=2)


def test_the_order_of_the_rows_and_the_size_of_the_batches_change_nothing(tmp_path: Path) -> None:
    old, new = pair(SHOWN)
    rows = table(old, 11, 14)
    answers: list[Compared] = []
    for name, batch in (("a", 10**6), ("b", 60), ("c", 10**5)):
        place = tmp_path / name
        place.mkdir()
        pq.write_table(rows if name == "a" else shuffled(rows, batch), place / "facts.parquet")
        told = asked(old, new, place, batch)
        write_intervals(told.intervals, tmp_path / f"{name}.parquet", {"rung.old": "x"})
        answers.append(told.compared)
    first = answers[0]
    assert all(one == first and as_data(one) == as_data(first) for one in answers)
    files = {(tmp_path / f"{name}.parquet").read_bytes() for name in "abc"}
    assert len(files) == 1
    assert first.differing.stays > 3
    assert any(met.lasting.stays for met in first.changes)
    assert first.follows.stays


def test_every_differing_stay_is_explained_or_listed(tmp_path: Path) -> None:
    """What belongs to a change, follows from it or is odd is all there is."""
    old, new = pair(SHOWN)
    pq.write_table(table(old, 12, 12), tmp_path / "facts.parquet")
    told = asked(old, new, tmp_path)
    main = told.intervals.filter(pl.col("side") != "readings")
    known = set(main.filter(pl.col("changes").list.len() > 0)["stay"])
    counts = told.compared
    assert counts.differing.stays == main["stay"].n_unique()
    instants = {(stay, at) for stay, start, end in main.select("stay", "start_ms", "end_ms").iter_rows()
                for at in range(start, end)}  # fmt: skip
    assert counts.differing.ms == len(instants)
    others = main.filter(pl.col("changes").list.len() == 0)
    assert {moment.stay for moment in counts.odd} <= set(others["stay"])
    assert set(main["stay"]) - known <= {moment.stay for moment in counts.odd}
    for moment in counts.moments:
        assert moment.old != moment.new
        assert moment.time == main.filter(pl.col("stay") == moment.stay)["start_ms"].min()


INTERVAL = {
    "what": "add vaso", "side": "only old", "old_stage": "one", "new_stage": "one", "old_phase": "active",
    "new_phase": "active", "old_rules": "one.r1", "new_rules": None, "old_before": "one",
    "new_before": "one", "old_path": None, "new_path": None, "parted": False, "carried": False,
}  # fmt: skip
CHANGES = (
    Sought("order", (("three", "three"), ("one", "one")), "add", "vaso", ("later", "dose up", "readings"), (
        Place("order.1", ("later",), old=True, new=False),
        Place("order.2", ("dose up",), old=True, new=True),
        Place("order.3", ("readings",), old=False, new=False),
    ), ("one.r1",)),
    Sought("move", (("one", "one"),), "go", "two", ("earlier",), (
        Place("move.1", ("earlier",), old=False, new=True),
    )),
    Sought("end", (("one", "one"),), "finish", "done", ("order gone",)),
    Sought("whom", ((None, None),), "applies", "", ("more patients",)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, [("order", ("order.1",), ("later",))]),
        ({"side": "dose up"}, [("order", ("order.2",), ("dose up",))]),
        ({"side": "readings"}, [("order", ("order.3",), ("readings",))]),
        ({"new_stage": "two"}, []),
        ({"old_stage": "two", "new_stage": "two", "carried": True}, [("order", ("order.1",), ("later",))]),
        ({"old_stage": "two", "new_stage": "two", "carried": True, "old_rules": "one.r2"}, []),
        (
            {"what": "stage", "side": "stage", "new_stage": "two", "new_path": "one"},
            [("move", ("move.1",), ("earlier",))],
        ),
        (
            {"what": "stage", "side": "stage", "new_stage": "three", "new_path": "one two"},
            [("move", ("move.1",), ("earlier",))],
        ),
        ({"what": "stage", "side": "stage", "new_stage": "two", "parted": True}, []),
        (
            {"what": "phase", "side": "phase", "new_phase": "finished", "new_stage": None},
            [("end", (), ("order gone",))],
        ),
        ({"what": "phase", "side": "phase", "new_phase": "unclear"}, [("whom", (), ("more patients",))]),
    ],
)
def test_what_an_interval_belongs_to(
    own: dict[str, object], expected: list[tuple[str, tuple[str, ...], tuple[str, ...]]]
) -> None:
    row = pl.DataFrame([{**INTERVAL, **own}], schema={name: INTERVALS[name] for name in CAUSES})
    _, ((*found,),) = causes(row, CHANGES)
    assert [(one.change, one.places, one.classes) for one in found] == expected


def test_the_same_dose_in_another_unit_is_the_same_and_a_choice_is_weaker() -> None:
    of = program(1)

    def line(*orders: Standing) -> Decided:
        return decided_of([("s", 9, [Decision(0, Content("active", "one", orders=orders))])])

    def sides(old: Standing, new: Standing) -> list[str]:
        return differing(line(old), line(new), (of, of)).intervals["side"].to_list()

    gram = Standing("give", "pulse", "must", ("r",), "due", dose=Dose("mg", 10**6, 2 * 10**6))
    same = replace(gram, dose=Dose("mcg", 10**9, 2 * 10**9), rules=("other",))
    assert sides(gram, same) == []
    assert sides(gram, replace(same, choice="r#0")) == ["strength"]
    assert sides(gram, replace(gram, dose=Dose("mcg", 10**9, 10**9))) == ["dose down"]
    assert sides(gram, replace(gram, dose=Dose("mcg", 10**8, 10**10))) == ["dose changed"]
    assert sides(gram, replace(gram, dose=None)) == ["dose changed"]
    assert sides(gram, replace(gram, mark="late", confirmed=False)) == ["certainty", "timing"]
