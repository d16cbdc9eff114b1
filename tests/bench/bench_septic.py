"""What an event costs a session of the shipped septic shock protocol, early and late in a very long stay.

The stay is made: a pressure every minute, doses and laboratory values as a ward charts them. By hand is a
Python function of the same protocol's conditions on floats, without unknowns, times or doses.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "engine"), str(ROOT / "dsl")]

from tests.bench.machine import machine  # noqa: E402

from rung_engine.artifact import model as m  # noqa: E402
from rung_engine.event import Charted, Dose, Fact, Infusion, NoOtherInfusions, Reading  # noqa: E402
from rung_engine.program import Program  # noqa: E402
from rung_engine.session.session import Session  # noqa: E402
from rung_lang.driver import compile_protocol  # noqa: E402
from rung_lang.source import decode  # noqa: E402

MILLION = 1_000_000
MINUTE = 60_000
MARKS = (100, 1_000, 10_000, 100_000)


def program() -> Program:
    """The shipped protocol with values for what a site must choose."""
    compiled = compile_protocol(
        str(ROOT / "protocols" / "septic_shock.rung"),
        lambda path: decode(path, Path(path).read_bytes()),
    )
    assert compiled.artifact is not None
    dose = m.Number(millionths=MILLION // 4, unit="mcg/kg/min")
    return Program(compiled.artifact, {"high_dose": dose, "emergency_bridge": "no"}, unverified=True)


def stay(dice: Random) -> Iterator[Fact]:
    """Facts of one endless stay, in the order of time."""
    number = 0

    def reading(at: int, name: str, value: float | str | bool | frozenset[str], unit: str = "") -> Reading:
        nonlocal number
        number += 1
        stored = Charted(round(value * MILLION), unit) if unit and isinstance(value, float | int) else value
        assert not isinstance(stored, float)
        return Reading(f"r{number}", at, name, stored)

    yield NoOtherInfusions("silence", 0)
    yield reading(0, "age", 60, "years")
    yield reading(0, "weight", 70, "kg")
    yield reading(0, "shock", frozenset({"septic"}))
    yield reading(0, "central_access", True)
    yield reading(0, "location", "ICU")
    yield Dose("fluid", 0, "crystalloid", Charted(2100 * MILLION, "mL"))
    pressure, rate, minute = 62, 10, 0
    while True:
        minute += 1
        at = minute * MINUTE
        pressure = max(45, min(95, pressure + dice.randint(-2, 2) + (1 if pressure < 66 else 0)))
        yield reading(at, "MAP", pressure, "mmHg")
        if minute % 5 == 0:
            yield reading(at, "SBP", pressure + 30, "mmHg")
            yield reading(at, "DBP", pressure - 15, "mmHg")
        if minute % 10 == 0:
            rate = max(2, min(60, rate + dice.randint(-2, 2)))
            number += 1
            yield Infusion(f"n{number}", at, "norepinephrine", Charted(rate * 10_000, "mcg/kg/min"))
        if minute % 60 == 0:
            number += 1
            yield Infusion(f"v{number}", at, "vasopressin", Charted(30_000, "units/min"))
        if minute % 120 == 0:
            yield reading(at, "lactate", dice.randint(10, 60) / 10, "mmol/L")
            yield reading(at, "CRT", dice.randint(1, 5), "s")


class ByHand:
    """The same protocol's comparisons as one would write them in an afternoon."""

    def __init__(self) -> None:
        self.value: dict[str, float] = {}
        self.since: int | None = None

    def feed(self, fact: Fact) -> list[str]:
        match fact:
            case Reading() if isinstance(fact.value, Charted):
                self.value[fact.input] = fact.value.millionths / MILLION
            case Infusion() if fact.rate is not None:
                self.value[fact.drug] = fact.rate.millionths / MILLION
            case _:
                pass
        get = self.value.get
        pressure, rate, second = get("MAP", 0.0), get("norepinephrine", 0.0), get("vasopressin", 0.0)
        third = get("epinephrine", 0.0)
        low = pressure < 65
        self.since = (self.since if self.since is not None else fact.time) if pressure >= 70 else None
        steady = self.since is not None and fact.time - self.since >= 60 * MINUTE
        orders = []
        if low and rate == 0:
            orders.append("start norepinephrine")
        if low and 0 < rate < 1:
            orders.append("raise norepinephrine")
        if low and rate >= 0.1:
            orders.append("add vasopressin")
        if low and rate >= 0.2 and second == 0:
            orders.append("vasopressin overdue")
        if rate > 0.5 or rate * get("weight", 70.0) > 35:
            orders.append("extreme")
        if low and rate > 0 and second > 0 and third == 0:
            orders.append("epinephrine")
        if second > 0.03:
            orders.append("off dose")
        if second > 0.04:
            orders.append("over the maximum")
        if second > 0 and rate == 0:
            orders.append("vasopressin alone")
        if second > 0 and rate >= 0.25:
            orders.append("perfusion")
        if steady and second > 0 and rate > 0.05:
            orders.append("lower norepinephrine")
        if steady and second > 0 and rate <= 0.05:
            orders.append("taper vasopressin")
        if steady and second == 0 and rate > 0:
            orders.append("taper norepinephrine")
        return orders


def timed(feed: Callable[[Fact], object], count: int, seed: int = 7) -> list[int]:
    """Nanoseconds of each of `count` events."""
    taken = []
    events = stay(Random(seed))
    gc.disable()
    for _ in range(count):
        event = next(events)
        start = time.perf_counter_ns()
        feed(event)
        taken.append(time.perf_counter_ns() - start)
    gc.enable()
    return taken


def memory(ready: Program, count: int) -> int:
    """Bytes held by a session after `count` events."""
    events = stay(Random(7))
    tracemalloc.start()
    session = Session(ready)
    for _ in range(count):
        session.feed(next(events))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held


def main() -> None:
    """Print the table."""
    print(machine())
    ready = program()
    Session(ready)
    print(f"septic_shock: {len(ready.artifact.rules)} rules, {len(ready.artifact.terms)} terms")
    taken = timed(Session(ready).feed, MARKS[-1])
    by_hand = timed(ByHand().feed, MARKS[-2])
    print(f"{'near event':>10} {'median us':>10} {'mean us':>9} {'p99 us':>8} {'memory kB':>10}")
    early = [timed(Session(ready).feed, MARKS[1], seed) for seed in range(20)]
    for mark in MARKS:
        if mark <= MARKS[1]:
            near = sorted(ns for one in early for ns in one[mark - 50 : mark])
        else:
            near = sorted(taken[mark - mark // 10 : mark])
        held = memory(ready, mark) // 1024 if mark <= MARKS[2] else memory(ready, 30_000) // 1024
        print(
            f"{mark:>10,} {statistics.median(near) / 1000:>10.1f} {statistics.fmean(near) / 1000:>9.1f} "
            f"{near[len(near) * 99 // 100] / 1000:>8.1f} {held:>10,}"
        )
    print("the first two rows are over 20 stays; the last memory figure is after 30,000 events")
    ratio = statistics.median(taken) / statistics.median(by_hand)
    print(f"by hand, without unknowns: median {statistics.median(by_hand) / 1000:.2f} us; ratio {ratio:.0f}")
    print("target: median under 50 us, the same early and late; memory bounded by windows")


if __name__ == "__main__":
    main()
