"""What an event costs a session: `python tests/bench/bench_session.py`.

Prints the median microseconds of an event near event 100, 1,000, 10,000 and 100,000 of one stay, the memory
held there, and the ratio to a Python function written by hand for the same twenty rules.
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
sys.path[:0] = [str(ROOT), str(ROOT / "engine")]

from rung_engine.artifact import model as m  # noqa: E402
from rung_engine.event import Charted, Done, Fact, Infusion, Reading  # noqa: E402
from rung_engine.program import Program  # noqa: E402
from rung_engine.session.session import Session  # noqa: E402

MILLION = 1_000_000
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
MARKS = (100, 1_000, 10_000, 100_000)


def _unit(num: int = 1, den: int = 1, **dims: int) -> m.UnitDecl:
    return m.UnitDecl(ucum="1", num=num, den=den, dims=dims)


UNITS = {
    "mmHg": _unit(pressure=1),
    "/min": _unit(1, MINUTE, time=-1),
    "%": _unit(1, 100),
    "points": _unit(),
    "mmol/L": _unit(1, 1000, substance=1, volume=-1),
    "mg/dL": _unit(10, mass=1, volume=-1),
    "mL/kg": _unit(volume=1, body_weight=-1),
    "mL/kg/h": _unit(1, HOUR, volume=1, body_weight=-1, time=-1),
    "kg": _unit(body_weight=1),
    "years": _unit(31_557_600_000, time=1),
    "h": _unit(HOUR, time=1),
    "min": _unit(MINUTE, time=1),
    "mcg/kg/min": _unit(1, MINUTE, mass=1, body_weight=-1, time=-1),
    "mcg/min": _unit(1, MINUTE, mass=1, time=-1),
    "units/min": _unit(1, MINUTE, activity=1, time=-1),
}


def number(text: float, unit: str) -> m.Number:
    return m.Number(millionths=round(text * MILLION), unit=unit)


def between(lo: float, hi: float, unit: str) -> m.Range:
    return m.Range(lo=number(lo, unit), hi=number(hi, unit))


def _quantity(unit: str, lo: float, hi: float, minutes: int) -> m.InputDecl:
    return m.InputDecl(
        kind="quantity", unit=unit, plausible=between(lo, hi, unit), valid_for=minutes * MINUTE
    )


INPUTS = {
    "MAP": _quantity("mmHg", 10, 250, 15),
    "SBP": _quantity("mmHg", 20, 300, 15),
    "HR": _quantity("/min", 10, 300, 15),
    "SpO2": _quantity("%", 30, 100, 30),
    "lactate": _quantity("mmol/L", 0.1, 30, 360),
    "creatinine": _quantity("mg/dL", 0.1, 20, 1440),
    "urine": _quantity("mL/kg/h", 0, 20, 120),
    "fluids": m.InputDecl(kind="quantity", unit="mL/kg", cumulative=True),
    "weight": m.InputDecl(kind="quantity", unit="kg", fixed=True, dosing=True),
    "age": m.InputDecl(kind="quantity", unit="years", fixed=True),
    "central_access": m.InputDecl(kind="flag", fixed=True),
    "shock": m.InputDecl(kind="any_of", values=("septic", "cardiogenic"), fixed=True),
}
DRUGS = {
    "norepinephrine": m.DrugDecl(
        form="infusion", unit="mcg/kg/min", accepts=("mcg/min",), start=between(0.02, 0.05, "mcg/kg/min"),
        maximum=number(3, "mcg/kg/min"), valid_for=24 * HOUR,
    ),
    "vasopressin": m.DrugDecl(
        form="infusion", unit="units/min", start=between(0.03, 0.03, "units/min"),
        maximum=number(0.04, "units/min"), needs=("norepinephrine",),
    ),
    "epinephrine": m.DrugDecl(form="infusion", unit="mcg/kg/min", start=between(0.05, 0.1, "mcg/kg/min")),
}  # fmt: skip


class _Terms:
    def __init__(self) -> None:
        self.table: list[m.Truth | m.Numeric] = []

    def add(self, term: m.Truth | m.Numeric) -> int:
        if term not in self.table:
            self.table.append(term)
        return self.table.index(term)

    def compare(self, left: m.Numeric, rel: m.Relation, value: float, unit: str) -> int:
        bound = self.add(m.Quantity(millionths=round(value * MILLION), unit=unit))
        return self.add(m.Cmp(left=self.add(left), rel=rel, right=bound))

    def held(self, of: int, length: float, unit: str) -> int:
        return self.add(m.Held(of=of, length=number(length, unit)))

    def every(self, *of: int) -> int:
        return self.add(m.And(of=of))

    def some(self, *of: int) -> int:
        return self.add(m.Or(of=of))

    def no(self, of: int) -> int:
        return self.add(m.Not(of=of))


def artifact() -> m.Artifact:
    """Twenty rules and some seventy terms in the manner of a septic shock protocol."""
    t = _Terms()
    ne, vp = m.Rate(drug="norepinephrine", unit="mcg/kg/min"), m.Rate(drug="vasopressin", unit="units/min")
    low = t.compare(m.Input(name="MAP"), "<", 65, "mmHg")
    very_low = t.compare(m.Input(name="MAP"), "<", 50, "mmHg")
    good = t.compare(m.Input(name="MAP"), ">=", 75, "mmHg")
    filled = t.compare(m.Input(name="fluids"), ">=", 30, "mL/kg")
    ne_on, ne_off = t.add(m.Running(drugs=("norepinephrine",))), t.add(m.Off(drugs=("norepinephrine",)))
    vp_on, ep_on = t.add(m.Running(drugs=("vasopressin",))), t.add(m.Running(drugs=("epinephrine",)))
    ne_01 = t.compare(ne, ">=", 0.1, "mcg/kg/min")
    ne_025 = t.compare(ne, ">=", 0.25, "mcg/kg/min")
    ne_005 = t.compare(ne, "<=", 0.05, "mcg/kg/min")
    vp_003 = t.compare(vp, ">=", 0.03, "units/min")
    fast = t.compare(m.Input(name="HR"), ">", 130, "/min")
    slow = t.compare(m.Input(name="HR"), "<", 50, "/min")
    sour = t.compare(m.Input(name="lactate"), ">", 2, "mmol/L")
    very_sour = t.compare(m.Input(name="lactate"), ">=", 4, "mmol/L")
    dry = t.compare(m.Input(name="urine"), "<", 0.5, "mL/kg/h")
    blue = t.compare(m.Input(name="SpO2"), "<", 90, "%")
    narrow = t.compare(m.Input(name="SBP"), "<", 90, "mmHg")
    line = t.add(m.Flag(input="central_access"))
    stuck = t.held(t.every(low, ne_025), 4, "h")
    weanable = t.held(good, 1, "h")
    rising = t.compare(
        m.Change(how="rise", input="creatinine", span=m.Over(over=number(48, "h"))), ">=", 0.3, "mg/dL"
    )
    clearing = t.compare(
        m.Change(how="percent_fall", input="lactate", span=m.Over(over=number(6, "h"))), "<", 0.1, "points"
    )
    in_stage = t.compare(m.TimeInStage(), ">=", 30, "min")
    last_line = t.compare(m.Elapsed(ref=m.DrugRef(kind="started", drugs=("vasopressin",))), ">=", 6, "h")
    twice = t.add(
        m.Readings(
            n=2, apart=number(2, "h"), input="lactate", rel="<=",
            right=t.add(m.Quantity(millionths=2 * MILLION, unit="mmol/L")),
        )
    )  # fmt: skip
    recent_blue = t.add(m.Recent(of=blue, length=number(30, "min")))
    septic = t.every(
        t.compare(m.Input(name="age"), ">=", 18, "years"), t.add(m.Is(input="shock", value="septic"))
    )

    def one(op: m.Op, target: str, **parts: object) -> m.One:
        return m.One(order=m.Order(op=op, target=target, **parts))  # type: ignore[arg-type]

    def rule(stage: str | None, name: str, condition: int, *orders: m.Choice) -> m.Rule:
        return m.Rule(id=f"{stage or 'throughout'}.{name}", stage=stage, condition=condition, orders=orders)

    step = between(0.02, 0.02, "mcg/kg/min")
    five = between(5, 5, "min")
    up = one("increase", "norepinephrine", step=step, every=five)
    down = one("decrease", "norepinephrine", step=step, every=five)
    taper = one("taper", "vasopressin", step=between(0.01, 0.01, "units/min"), every=between(30, 30, "min"))
    rules = (
        rule("fluids", "volume", t.every(low, t.no(filled)), one("notify", "team")),
        rule("fluids", "on", t.every(low, filled), one("go", "first")),
        rule("first", "begin", t.every(low, ne_off), one("start", "norepinephrine")),
        rule(
            "first", "up", t.every(low, ne_on),
            one("increase", "norepinephrine", step=step, every=five, limit=number(0.5, "mcg/kg/min")),
        ),
        rule("first", "second", t.every(ne_01, low), one("add", "vasopressin"), one("go", "second")),
        rule("first", "wean", weanable, one("go", "weaning")),
        rule("second", "up", t.every(low, vp_003, ne_on), up),
        rule("second", "third", t.every(stuck, last_line), one("add", "epinephrine")),
        rule("second", "wean", weanable, one("go", "weaning")),
        rule("second", "late", t.every(in_stage, very_sour, t.no(twice)), one("notify", "consultant")),
        rule("weaning", "taper", t.every(weanable, vp_on), taper),
        rule("weaning", "back", t.held(low, 10, "min"), one("go", "second")),
        rule("weaning", "stop", t.every(weanable, ne_005), down),
        rule(None, "lactate", t.some(sour, ne_025), one("measure", "lactate", every=between(2, 4, "h"))),
        rule(None, "line", t.every(ne_on, t.no(line)), one("do", "central_line", within=number(2, "h"))),
        rule(None, "rate", t.held(t.some(fast, slow), 10, "min"), one("notify", "cardiology")),
        rule(None, "kidney", t.some(rising, t.held(dry, 6, "h")), one("notify", "nephrology")),
        rule(None, "oxygen", t.every(recent_blue, t.no(very_low)), one("notify", "respiratory")),
        rule(None, "clearance", t.every(very_sour, clearing, t.no(ep_on)), one("notify", "consultant")),
        rule(None, "crash", t.some(very_low, t.every(narrow, fast)), one("notify", "arrest")),
    )  # fmt: skip
    return m.Artifact(
        format=m.FORMAT, language=m.LANGUAGE, compiler="bench", name="septic", title="", version="1.0.0",
        settle=HOUR, applies=septic, units=UNITS, inputs=INPUTS, drugs=DRUGS, classes={}, panels={},
        events={}, tasks={"central_line": ""}, courses={}, outcomes={}, settings={}, sources={},
        incompatible=(), restricts=(),
        befores=(m.Before(drug="vasopressin", condition=line),), terms=tuple(t.table), defines={},
        stages=(
            m.Stage(name="fluids", initial=1), m.Stage(name="first", initial=0, initial_if=ne_on),
            m.Stage(name="second"), m.Stage(name="weaning", resting=True),
        ),
        rules=rules, assumptions=(), properties=(), proofs=(), questions=(), ownership=(),
        graph=m.Graph(nodes=(), edges=()), provenance=m.Provenance(files=(), positions={}, words={}),
        certificate=m.Certificate(), meaning="", seal="",
    )  # fmt: skip


def stay(dice: Random) -> Iterator[Fact]:
    """An endless stay, one fact every twenty seconds, that wanders in and out of shock."""
    at = 0
    pressure, rate = 62, 0
    yield Reading("age", at, "age", Charted(60 * MILLION, "years"))
    yield Reading("shock", at, "shock", "septic")
    yield Reading("weight", at, "weight", Charted(70 * MILLION, "kg"))
    yield Reading("line", at, "central_access", True)
    yield Reading("fluids", at, "fluids", Charted(30 * MILLION, "mL/kg"))
    count = 0
    while True:
        count += 1
        at += 20 * SECOND
        key = f"e{count}"
        pressure = min(
            95, max(45, pressure + dice.choice((-3, -2, -1, 0, 1, 2, 3)) + (1 if rate > 200 else 0))
        )
        if count % 180 == 0:
            yield Reading(key, at, "lactate", Charted(dice.randint(10, 60) * MILLION // 10, "mmol/L"))
        elif count % 179 == 0:
            yield Reading(key, at, "urine", Charted(dice.randint(1, 20) * MILLION // 10, "mL/kg/h"))
        elif count % 2160 == 7:
            yield Reading(key, at, "creatinine", Charted(dice.randint(8, 20) * MILLION // 10, "mg/dL"))
        elif count % 45 == 0:
            rate = min(400, max(0, rate + dice.choice((-20, 20, 40)) if pressure < 75 else rate - 40))
            yield Infusion(key, at, "norepinephrine", Charted(rate * 1000, "mcg/kg/min"))
        elif count % 901 == 0:
            vasopressin = dice.choice((0, 30_000))
            yield Infusion(key, at, "vasopressin", Charted(vasopressin, "units/min"))
        elif count % 2000 == 0:
            yield Done(key, at, "central_line")
        else:
            name, lo, hi = dice.choice((("MAP", 0, 0), ("SBP", 80, 140), ("HR", 60, 120), ("SpO2", 92, 100)))
            value = pressure if name == "MAP" else dice.randint(lo, hi)
            yield Reading(key, at, name, Charted(value * MILLION, INPUTS[name].unit or ""))


class ByHand:
    """The same twenty rules as somebody might write them: floats, current values, a few timestamps.

    It forgets what is stale, knows no unknown, explains nothing and cannot take a late fact.
    """

    def __init__(self) -> None:
        self.now: dict[str, float] = {}
        self.since: dict[str, int] = {}
        self.stage = "fluids"
        self.entered = 0
        self.lactates: list[tuple[int, float]] = []
        self.creatinines: list[tuple[int, float]] = []
        self.fired: list[str] = []

    def _for(self, name: str, holds: bool, length: int, at: int) -> bool:
        if not holds:
            self.since.pop(name, None)
            return False
        return at - self.since.setdefault(name, at) >= length

    def feed(self, fact: Fact) -> list[str]:
        at, now = fact.time, self.now
        if isinstance(fact, Reading) and isinstance(fact.value, Charted):
            value = now[fact.input] = fact.value.millionths / 1e6
            if fact.input == "lactate":
                self.lactates = [item for item in self.lactates if item[0] >= at - 6 * HOUR] + [(at, value)]
            elif fact.input == "creatinine":
                self.creatinines = [item for item in self.creatinines if item[0] >= at - 48 * HOUR] + [
                    (at, value)
                ]
        elif isinstance(fact, Infusion) and fact.rate is not None:
            if fact.drug == "vasopressin" and fact.rate.millionths and not now.get("vasopressin"):
                self.since["vp"] = at
            now[fact.drug] = fact.rate.millionths / 1e6
        bp, ne, vp = now.get("MAP", 80.0), now.get("norepinephrine", 0.0), now.get("vasopressin", 0.0)
        hr, lactate = now.get("HR", 80.0), now.get("lactate", 1.0)
        low, good = bp < 65, bp >= 75
        weanable = self._for("good", good, HOUR, at)
        stuck = self._for("stuck", low and ne >= 0.25, 4 * HOUR, at)
        low10 = self._for("low", low, 10 * MINUTE, at)
        fired: list[str] = []
        if self.stage == "fluids":
            if low and now.get("fluids", 0) < 30:
                fired.append("volume")
            elif low:
                self.stage, self.entered = "first", at
        if self.stage == "first":
            if low and ne == 0:
                fired.append("begin")
            if low and ne > 0:
                fired.append("up")
            if ne >= 0.1 and low:
                fired.append("second")
                self.stage, self.entered = "second", at
            elif weanable:
                self.stage, self.entered = "weaning", at
        elif self.stage == "second":
            if low and vp >= 0.03 and ne > 0:
                fired.append("up")
            if stuck and at - self.since.get("vp", at) >= 6 * HOUR:
                fired.append("third")
            cleared = len(self.lactates) > 1 and all(value <= 2 for _, value in self.lactates[-2:])
            if at - self.entered >= 30 * MINUTE and lactate >= 4 and not cleared:
                fired.append("late")
            if weanable:
                self.stage, self.entered = "weaning", at
        elif self.stage == "weaning":
            if weanable and vp > 0:
                fired.append("taper")
            if weanable and ne <= 0.05:
                fired.append("stop")
            if low10:
                self.stage, self.entered = "second", at
        if lactate > 2 or ne >= 0.25:
            fired.append("lactate")
        if self._for("hr", hr > 130 or hr < 50, 10 * MINUTE, at):
            fired.append("rate")
        risen = len(self.creatinines) > 1 and self.creatinines[-1][1] - self.creatinines[0][1] >= 0.3
        if risen or self._for("dry", now.get("urine", 1.0) < 0.5, 6 * HOUR, at):
            fired.append("kidney")
        if now.get("SpO2", 99.0) < 90:
            self.since["blue"] = at
        if at - self.since.get("blue", -HOUR) <= 30 * MINUTE and bp >= 50:
            fired.append("oxygen")
        if lactate >= 4 and len(self.lactates) > 1 and self.lactates[-1][1] > 0.9 * self.lactates[0][1]:
            fired.append("clearance")
        if bp < 50 or (now.get("SBP", 120.0) < 90 and hr > 130):
            fired.append("crash")
        self.fired = fired
        return fired


def timed(feed: Callable[[Fact], object], count: int) -> list[int]:
    """Nanoseconds of each of `count` events."""
    facts = stay(Random(7))
    clock = time.perf_counter_ns
    taken: list[int] = []
    for _ in range(count):
        fact = next(facts)
        start = clock()
        feed(fact)
        taken.append(clock() - start)
    return taken


def memory(program: Program, count: int) -> int:
    """Bytes that a session holds after `count` events."""
    tracemalloc.start()
    session = Session(program)
    facts = stay(Random(7))
    for _ in range(count):
        session.feed(next(facts))
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


def main() -> None:
    program = Program(artifact(), unverified=True)
    Session(program)
    print(f"{len(program.artifact.rules)} rules, {len(program.artifact.terms)} terms")
    last = int(sys.argv[1]) if len(sys.argv) > 1 else MARKS[-1]
    taken = timed(Session(program).feed, last)
    by_hand = timed(ByHand().feed, min(last, 10_000))
    print(f"{'event':>9} {'median µs':>10} {'mean µs':>9} {'p99 µs':>8} {'memory kB':>10}")
    for mark in (mark for mark in MARKS if mark <= last):
        near = sorted(taken[max(0, mark - max(100, mark // 10)) : mark])
        held = memory(program, mark) // 1024 if mark <= MARKS[2] else None
        print(
            f"{mark:>9} {statistics.median(near) / 1000:>10.1f} {statistics.fmean(near) / 1000:>9.1f} "
            f"{near[len(near) * 99 // 100] / 1000:>8.1f} {held if held is not None else '':>10}"
        )
    ratio = statistics.median(taken) / statistics.median(by_hand)
    print(f"by hand {statistics.median(by_hand) / 1000:.1f} µs; a session takes {ratio:.1f} times as long")


if __name__ == "__main__":
    main()
