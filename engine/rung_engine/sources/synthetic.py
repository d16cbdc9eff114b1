"""A made-up cohort in Rung's tidy form, for trying things out: `python -m rung_engine.sources.synthetic OUT`.

SYNTHETIC. No patient is behind any row, and the model is plain on purpose; it teaches nothing about medicine.
Every number is made by integers alone, and a stay depends on (seed, index) and nothing else, so that the same
call gives the same tables anywhere (and the same bytes with the same pyarrow).

The model, in steps of 5 minutes. Mean arterial pressure is

    usual - vasodilation - empty + norepinephrine + vasopressin + noise

where `vasodilation` rises to 25-50 mmHg and fades from 10-30 h on, `empty` is 12 mmHg less what crystalloid
up to 30 mL/kg has filled, norepinephrine adds 45 mmHg * rate / (rate + 0.2 mcg/kg/min), vasopressin 12 mmHg
at 0.03 units/min, and the noise wanders by a few mmHg. At the bedside somebody looks every 15 to 45 minutes:
below 65 mmHg norepinephrine goes up by 0.02 to 0.06, from a stay's own dose on (0.1 to 0.3) vasopressin is
added once a central line is in, and above 75 mmHg vasopressin and then norepinephrine are weaned.

The charting is as wrong as charting is: gaps, hours without a pressure, norepinephrine in mcg/kg/min, mcg/min
or mL/h of a bag, vasopressin per minute or per hour, and now and then a pressure of 0 or 801, a dose without
a unit, an hourly figure under a unit per minute, a weight that is missing or 0.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

STEP = 5
FILES = ("stays.parquet", "events.parquet", "infusions.parquet", "README.txt", "mapping.toml")
README = """SYNTHETIC DATA. Not patients.

Made by `python -m rung_engine.sources.synthetic OUT --stays {stays} --seed {seed}` from a plain model of
blood pressure under norepinephrine, vasopressin and fluid; the module's text describes it. Use it to try Rung
out and to test it. Nothing may be concluded from it about medicine, a hospital or a protocol.

stays.parquet, events.parquet, infusions.parquet: Rung's tidy form. mapping.toml: how Rung reads them.
"""

_TEXT, _WHOLE, _NUMBER = pa.string(), pa.int64(), pa.float64()
SCHEMAS = {
    "stays": pa.schema(
        [
            ("stay_id", _TEXT),
            ("icu_los_min", _WHOLE),
            ("age", _WHOLE),
            ("sex", _TEXT),
            ("weight_kg", _NUMBER),
            ("charting_system", _TEXT),
            ("dx_septic_shock", _WHOLE),
        ]
    ),
    "events": pa.schema(
        [
            ("stay_id", _TEXT),
            ("time_min", _WHOLE),
            ("end_min", _WHOLE),
            ("kind", _TEXT),
            ("variable", _TEXT),
            ("value", _NUMBER),
            ("unit", _TEXT),
            ("label", _TEXT),
        ]
    ),
    "infusions": pa.schema(
        [
            ("stay_id", _TEXT),
            ("time_min", _WHOLE),
            ("end_min", _WHOLE),
            ("kind", _TEXT),
            ("drug", _TEXT),
            ("rate", _NUMBER),
            ("rate_unit", _TEXT),
            ("amount", _NUMBER),
            ("amount_unit", _TEXT),
            ("bag_drug_amount", _NUMBER),
            ("bag_volume_ml", _NUMBER),
            ("order_id", _TEXT),
            ("status", _TEXT),
            ("label", _TEXT),
        ]
    ),
}

Cell = str | int | float | None
Row = tuple[Cell, ...]


@dataclass(slots=True)
class _Stay:
    """A stay being made. Pressures are in hundredths of mmHg, rates in thousandths of their unit."""

    id: str
    chance: Random
    weight: int
    """In tenths of a kg: the true one, whatever was charted."""
    events: list[Row] = field(default_factory=list)
    infusions: list[Row] = field(default_factory=list)

    def reading(self, minute: int, variable: str, value: float, unit: str, label: str) -> None:
        self.events.append((self.id, minute, None, "obs", variable, value, unit, label))

    def drug(
        self,
        minute: int,
        end: int | None,
        kind: str,
        drug: str,
        value: float,
        unit: str | None,
        label: str,
        bag: tuple[float, float] | None = None,
    ) -> None:
        amount, volume = bag or (None, None)
        rate = kind in ("rate", "set")
        figures = (value, unit, None, None) if rate else (None, None, value, unit)
        order = f"{self.id}-{drug}"
        self.infusions.append(
            (self.id, minute, end, kind, drug, *figures, amount, volume, order, None, label)
        )
        self.events.append((self.id, minute, end, kind, drug, value, unit, label))


def make_stay(seed: int, index: int) -> tuple[Row, list[Row], list[Row]]:
    """The `stays` row of one stay and its rows of `events` and `infusions`."""
    chance = Random(f"rung synthetic {seed} {index}")
    stay = _Stay(f"SYN-{index:04d}", chance, chance.randint(480, 1150))
    hours = chance.randint(24, 60)
    courses = _bedside(stay, hours * 60)
    style = index % 4
    _chart_norepinephrine(stay, courses["norepinephrine"], hours * 60, style)
    _chart_vasopressin(stay, courses["vasopressin"], hours * 60, style, wrong=index % 12 == 8)
    _chart_laboratory(stay, hours * 60)
    weight: float | None = stay.weight / 10
    if index % 8 == 3:
        weight = None
    elif index % 24 == 13:
        weight = 0.0
    row = (stay.id, hours * 60, chance.randint(24, 90), chance.choice("FM"), weight, "synthetic", 1)
    return row, stay.events, stay.infusions


def make_cohort(stays: int, seed: int) -> dict[str, pa.Table]:
    """The three tables, rows in the order of stays."""
    rows: dict[str, list[Row]] = {name: [] for name in SCHEMAS}
    for index in range(1, stays + 1):
        stay, events, infusions = make_stay(seed, index)
        rows["stays"].append(stay)
        rows["events"] += events
        rows["infusions"] += infusions
    return {name: _table(rows[name], schema) for name, schema in SCHEMAS.items()}


def write_cohort(out: Path, stays: int, seed: int) -> None:
    """Write the tables, the README and the mapping into a folder of their own, which is made if need be.

    Raises FileExistsError where the folder holds anything that is not an earlier synthetic cohort.
    """
    out.mkdir(parents=True, exist_ok=True)
    readme = out / "README.txt"
    ours = readme.is_file() and readme.read_text("utf-8").startswith("SYNTHETIC DATA")
    if not ours and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty, and what it holds was not made by this program")
    for name, table in make_cohort(stays, seed).items():
        pq.write_table(
            table,
            out / f"{name}.parquet",
            version="2.6",
            data_page_version="1.0",
            compression="none",
            use_dictionary=False,
            write_statistics=False,
            store_schema=False,
        )
    shipped = resources.files(__package__) / "mappings" / "synthetic.toml"
    (out / "mapping.toml").write_text(shipped.read_text("utf-8"), "utf-8")
    readme.write_text(README.format(stays=stays, seed=seed), "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rung_engine.sources.synthetic", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", type=Path, help="an empty folder, or one made by this program")
    parser.add_argument("--stays", type=int, default=24, help="how many (24)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same cohort (7)")
    parser.add_argument(
        "--facts", action="store_true", help="the facts form, by a plainer model: for millions"
    )
    asked = parser.parse_args(arguments)
    if asked.stays < 1:
        parser.error("--stays must be at least 1")
    try:
        if asked.facts:
            # Compiled, and of no use to a small cohort.
            from rung_engine.sources.synthetic_facts import write_facts

            write_facts(asked.out, asked.stays, asked.seed)
        else:
            write_cohort(asked.out, asked.stays, asked.seed)
    except FileExistsError as occupied:
        parser.error(str(occupied))
    sys.stdout.write(f"{asked.stays} SYNTHETIC stays, seed {asked.seed}, in {asked.out}\n")
    return 0


def _table(rows: list[Row], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(
        [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema
    )


# --- the patient and the bedside ----------------------------------------------------------------------------

Course = list[tuple[int, int]]
"""(minute, rate from then on), in thousandths; only where it changes."""


def _bedside(stay: _Stay, length: int) -> dict[str, Course]:
    """Live through the stay: chart pressures, boluses and the line; give back how each drug ran."""
    chance = stay.chance
    usual, depth = chance.randint(7800, 9200), chance.randint(2500, 5000)
    fading = chance.randint(10, 30) * 60
    line_at = chance.randint(1, 5) * 60
    add_from = chance.randint(10, 30) * 10
    thirsty = chance.randrange(5) > 0
    norepinephrine, vasopressin, filled, wander = 0, 0, 0, 0
    courses: dict[str, Course] = {"norepinephrine": [], "vasopressin": []}
    look, silent_until, every = 0, 0, chance.choice((5, 15, 15, 30))
    for minute in range(0, length, STEP):
        wander = wander * 7 // 10 + sum(chance.randint(-60, 60) for _ in range(4))
        pressure = (
            usual
            - depth * min(minute + 60, 240) // 240 * max(0, fading + 600 - max(minute, fading)) // 600
            - 1200
            + 1200 * min(filled, 30_000) // 30_000
            + 4500 * norepinephrine // (norepinephrine + 200)
            + 1200 * vasopressin // 30
            + wander
        )
        if minute == line_at:
            stay.reading(minute, "central_access", 1.0, "", "central line in place")
        if minute >= silent_until and chance.randrange(400) == 0:
            silent_until = minute + chance.randint(60, 180)
        if minute % every == 0 and minute >= silent_until and chance.randrange(25) > 0:
            _chart_pressures(stay, minute, pressure)
        if minute < look:
            continue
        look = minute + chance.randint(3, 9) * STEP
        before = (norepinephrine, vasopressin)
        if pressure < 6500:
            if thirsty and filled < 30_000 and minute < 240:
                stay.drug(minute, minute + 30, "bolus", "crystalloid", 500.0, "mL", "balanced crystalloid")
                filled += 500_000 * 10 // stay.weight
            norepinephrine = min(norepinephrine + chance.randint(2, 6) * 10, 1500)
            if norepinephrine >= add_from and not vasopressin and minute >= line_at:
                vasopressin = 30
        elif pressure > 7500 and vasopressin and norepinephrine <= add_from:
            vasopressin -= 10
        elif pressure > 7500:
            norepinephrine = max(0, norepinephrine - chance.randint(1, 4) * 10)
            if not norepinephrine:
                vasopressin = 0
        for name, was, now in (
            ("norepinephrine", before[0], norepinephrine),
            ("vasopressin", before[1], vasopressin),
        ):
            if was != now:
                courses[name].append((minute, now))
    return courses


def _chart_pressures(stay: _Stay, minute: int, pressure: int) -> None:
    chance = stay.chance
    mean = max(20, pressure // 100)
    pulse = chance.randint(35, 55)
    shown, systolic = mean, mean + pulse * 2 // 3
    slip = chance.randrange(600)
    if slip == 0:
        shown = 0
    elif slip == 1:
        shown = 801
    elif slip == 2:
        systolic = systolic * 100 + 47
    stay.reading(minute, "map", float(shown), "mmHg", "arterial line mean")
    stay.reading(minute, "sbp", float(systolic), "mmHg", "arterial line systolic")
    stay.reading(minute, "dbp", float(mean - pulse // 3), "mmHg", "arterial line diastolic")
    if minute % 60 == 0:
        rate = 70 + max(0, 80 - mean) + chance.randint(-6, 6)
        stay.reading(minute, "heart_rate", float(rate), "bpm", "heart rate")
        stay.reading(minute, "spo2", float(chance.randint(91, 100)), "%", "pulse oximeter")


def _chart_laboratory(stay: _Stay, length: int) -> None:
    chance = stay.chance
    lactate, creatinine = chance.randint(25, 90), chance.randint(9, 30)
    for minute in range(0, length, 360):
        late = minute + chance.randint(0, 40)
        stay.reading(late, "lactate", lactate / 10, "mmol/L", "blood gas")
        lactate = max(8, lactate - chance.randint(-2, 12))
        if minute % 720 == 0:
            stay.reading(late, "creatinine", creatinine / 10, "mg/dL", "laboratory")
            creatinine = max(6, creatinine + chance.randint(-4, 3))


def _pieces(course: Course, length: int) -> list[tuple[int, int, int]]:
    """(from, to, rate) without a gap, the last to the end of the stay."""
    ends = [minute for minute, _ in course[1:]] + [length] * bool(course)
    return [(minute, end, rate) for (minute, rate), end in zip(course, ends, strict=True)]


def _chart_norepinephrine(stay: _Stay, course: Course, length: int, style: int) -> None:
    """Style 0: intervals in mcg/kg/min. 1: mcg/min. 2: mL/h of 16 mcg/mL. 3: mcgkgmin, hourly."""
    chance, drug = stay.chance, "norepinephrine"
    for start, end, rate in _pieces(course, length):
        if style == 0:
            if rate:
                stay.drug(start, end, "rate", drug, rate / 1000, "mcg/kg/min", "Norepinephrine")
            continue
        per_min = rate * stay.weight // 1000  # tenths of mcg/min
        times = range(start, end, 60) if rate else (start,)
        for minute in times:
            if minute != start and chance.randrange(12) == 0:
                continue
            if style == 1:
                unit = None if chance.randrange(40) == 0 else "mcg/min"
                stay.drug(minute, None, "set", drug, per_min / 10, unit, "Norepinephrine")
            elif style == 2:
                flow = per_min * 60 // 16
                bag = None if chance.randrange(25) == 0 else (4.0, 250.0)
                stay.drug(minute, None, "set", drug, flow / 10, "mL/hour", "Norepinephrine bag", bag)
            else:
                stay.drug(minute, None, "set", drug, rate / 1000, "mcgkgmin", "Norepinephrine")


def _chart_vasopressin(stay: _Stay, course: Course, length: int, style: int, *, wrong: bool) -> None:
    """Per minute or, in styles 1 and 2, per hour. `wrong`: the figure per hour under the unit per minute."""
    for start, end, rate in _pieces(course, length):
        hourly = style in (1, 2)
        figure = rate * 60 / 1000 if hourly or wrong else rate / 1000
        unit = "units/h" if hourly and not wrong else "units/min"
        for minute in range(start, end, 60) if rate else (start,):
            stay.drug(minute, None, "set", "vasopressin", figure, unit, "Vasopressin")


if __name__ == "__main__":
    sys.exit(main())
