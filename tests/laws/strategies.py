"""Small artifacts and histories for the laws: every kind of term, order and fact, in a few milliseconds.

Artifacts are built directly, without a text, so that shapes no author would write are met too. Every wait is
1 to 8 ms, so that a test can judge every single millisecond of a history.
"""

from __future__ import annotations

from random import Random
from typing import Any, Literal

from hypothesis import strategies as st

from rung_engine.artifact import model as m
from rung_engine.event import (
    Charted,
    Concentration,
    Correction,
    Done,
    Dose,
    Event,
    Fact,
    Happened,
    Infusion,
    NoOtherInfusions,
    Reading,
    Retraction,
)
from rung_engine.program import Program

MILLION = 1_000_000


def unit(num: int = 1, den: int = 1, **dims: int) -> m.UnitDecl:
    return m.UnitDecl(ucum="1", num=num, den=den, dims=dims)


UNITS = {
    "ms": unit(time=1),
    "points": unit(),
    "%": unit(1, 100),
    "tens": unit(10),
    "kg": unit(body_weight=1),
    "mcg": unit(mass=1),
    "mg": unit(1000, mass=1),
    "mcg/kg": unit(mass=1, body_weight=-1),
    "mL": unit(volume=1),
    "mcg/mL": unit(mass=1, volume=-1),
    "mcg/ms": unit(mass=1, time=-1),
    "mL/ms": unit(volume=1, time=-1),
    "mg/ms": unit(1000, mass=1, time=-1),
    "mcg/kg/ms": unit(mass=1, body_weight=-1, time=-1),
    "IU": unit(activity=1),
}


def number(value: int, name: str, parts: int = 1) -> m.Number:
    """`value / parts` of a unit; exact where `parts` divides a million."""
    return m.Number(millionths=value * MILLION // parts, unit=name)


def ms(value: int) -> m.Number:
    return number(value, "ms")


def span(lo: m.Amount, hi: m.Amount | None = None) -> m.Range:
    return m.Range(lo=lo, hi=lo if hi is None else hi)


INPUTS = {
    "x": m.InputDecl(
        kind="quantity", unit="points", valid_for=4, plausible=span(number(0, "points"), number(9, "points")),
    ),
    "y": m.InputDecl(
        kind="quantity", unit="points", valid_for=7, accepts=("tens",),
        also_in=(m.AlsoIn(unit="%", factor=number(2, "%")),),
    ),
    "n": m.InputDecl(kind="quantity", unit="points", cumulative=True, counts=None),
    "fluid": m.InputDecl(kind="quantity", unit="mcg/kg", cumulative=True, counts="bolus"),
    "weight": m.InputDecl(kind="quantity", unit="kg", fixed=True, dosing=True),
    "line": m.InputDecl(kind="flag", valid_for=6),
    "shock": m.InputDecl(kind="any_of", values=("a", "b"), valid_for=8),
    "rhythm": m.InputDecl(kind="one_of", values=("p", "q", "r"), valid_for=5),
    "aki": m.InputDecl(kind="graded", values=("none", "one", "two"), valid_for=9),
}  # fmt: skip

DRUGS = {
    "norad": m.DrugDecl(
        form="infusion", unit="mcg/kg/ms", accepts=("mcg/ms", "mg/ms"), valid_for=8,
        start=span(number(1, "mcg/kg/ms"), number(2, "mcg/kg/ms")), maximum=number(5, "mcg/kg/ms"),
        concentrations=(number(4, "mcg/mL"),),
    ),
    "vaso": m.DrugDecl(
        form="infusion", unit="mcg/ms", maximum=number(6, "mcg/ms"), start=span(number(2, "mcg/ms")),
        needs=("norad",),
    ),
    "bolus": m.DrugDecl(form="bolus", unit="mcg", lasts=3),
    "pulse": m.DrugDecl(form="bolus", unit="mcg/kg"),
}  # fmt: skip

RATE_UNIT = {"norad": "mcg/kg/ms", "vaso": "mcg/ms"}
BOLUS = ("bolus", "pulse")
INPUT_UNITS = {"x": ("points",), "y": ("points", "tens", "%"), "n": ("points",), "weight": ("kg",)}
NUMERIC_INPUTS = ("x", "y", "n", "aki")

SETTINGS = {
    "target": m.SettingDecl(kind="quantity", value=number(3, "points")),
    "wait": m.SettingDecl(kind="quantity", value=ms(3)),
    "brand": m.SettingDecl(kind="choice", value="red", choices=("red", "blue")),
    "strict": m.SettingDecl(kind="yes_no", value="yes"),
}

STAGES = ("one", "two", "three")
RELATIONS: tuple[m.Relation, ...] = ("<", "<=", "=", ">=", ">")


class Table:
    """Terms as they are drawn: which indices are truths, and which are numbers of each dimension."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.terms: list[m.Truth | m.Numeric] = []
        self.truths: list[int] = []
        self.numbers: dict[str, list[int]] = {"points": [], "time": [], "mass": []}
        self.events: dict[str, m.EventDecl] = {"struck": m.EventDecl()}

    def pick(self, options: Any) -> Any:
        return self.dice.choice(options)

    def whole(self, lo: int, hi: int) -> int:
        return self.dice.randint(lo, hi)

    def add(self, term: m.Truth | m.Numeric) -> int:
        if term in self.terms:
            return self.terms.index(term)
        self.terms.append(term)
        return len(self.terms) - 1

    def truth_term(self, term: m.Truth) -> int:
        index = self.add(term)
        if index not in self.truths:
            self.truths.append(index)
        return index

    def length(self) -> m.Amount:
        lengths: tuple[m.Amount, ...] = (ms(1), ms(2), ms(3), ms(5), ms(8), m.FromSetting(setting="wait"))
        return self.dice.choice(lengths)

    def moment(self) -> m.Moment:
        first = self.pick((False, False, True))
        match self.whole(0, 3):
            case 0:
                return m.TaskRef(name="cannula", first=first)
            case 1:
                drugs = self.pick((("norad",), ("vaso",), ("bolus",), ("norad", "vaso", "bolus")))
                return m.DrugRef(kind=self.pick(("started", "stopped")), drugs=drugs, first=first)
            case _:
                return m.EventRef(name=self.pick(sorted(self.events)), first=first)

    def ref(self) -> m.Ref:
        if self.whole(0, 4) == 0:
            return m.PairRef(kind=self.pick(("later", "earlier")), of=(self.moment(), self.moment()))
        return self.moment()

    def window(self) -> m.Span:
        return m.Since(since=self.ref()) if self.whole(0, 2) == 0 else m.Over(over=self.length())

    def constant(self, dimension: str) -> int:
        match dimension:
            case "points":
                if self.whole(0, 5) == 0:
                    return self.add(m.Setting(name="target"))
                return self.add(m.Quantity(millionths=self.whole(-1, 8) * MILLION // 2, unit="points"))
            case "time":
                return self.add(m.Quantity(millionths=self.whole(0, 9) * MILLION, unit="ms"))
            case _:
                return self.add(m.Quantity(millionths=self.whole(0, 40) * MILLION, unit="mcg"))

    def numeric(self, dimension: str, depth: int = 1) -> int:
        """A number of `points`, `time` or `mass`."""
        if self.numbers[dimension] and self.whole(0, 3) == 0:
            return int(self.pick(self.numbers[dimension]))
        index = self.add(self.fresh(dimension, depth))
        self.numbers[dimension].append(index)
        return index

    def fresh(self, dimension: str, depth: int) -> m.Numeric:
        if depth and self.whole(0, 4) == 0:
            op: Literal["add", "sub", "mul", "div"] = self.pick(("add", "sub", "add", "sub", "mul", "div"))
            other = self.constant("points") if op in ("mul", "div") else self.numeric(dimension, depth - 1)
            return m.Arith(op=op, left=self.numeric(dimension, depth - 1), right=other)
        if dimension == "time":
            match self.whole(0, 4):
                case 0:
                    return m.TimeInStage()
                case 1:
                    return m.TimeInCourse(course=self.pick(("therapy", "pulses")))
                case 2:
                    return m.TimeOn(drug=self.pick(("norad", "vaso", "bolus")))
                case _:
                    return m.Elapsed(ref=self.ref())
        if dimension == "mass":
            if self.whole(0, 3) == 0:
                return m.Arith(
                    op="mul", left=self.add(m.Input(name="fluid")), right=self.add(m.Input(name="weight"))
                )
            return m.Total(drug=self.pick(sorted(DRUGS)), span=self.window(), unit="mcg")
        name = self.pick(NUMERIC_INPUTS)
        match self.whole(0, 6):
            case 0 | 1:
                return m.Input(name=name)
            case 2:
                how = self.pick(("change", "rise", "fall", "percent_rise", "percent_fall"))
                return m.Change(how=how, input=name, span=self.window())
            case 3 | 4:
                return m.Extreme(how=self.pick(("lowest", "highest", "mean")), input=name, span=self.window())
            case 5:
                return m.ValueAt(input=name, ref=self.ref())
            case _:
                return m.ValueAtStart(input=name, course=self.pick(("therapy", "pulses")))

    def truth(self) -> int:
        return int(self.pick(self.truths))

    def some(self) -> tuple[int, ...]:
        return tuple(self.dice.sample(self.truths, min(len(self.truths), self.whole(2, 3))))

    def grow(self) -> None:
        """One more truth."""
        kind = self.whole(0, 15 if len(self.truths) > 1 else 8)
        match kind:
            case 0 | 1:
                left = self.add(m.Input(name=self.pick(NUMERIC_INPUTS)))
                self.truth_term(m.Cmp(left=left, rel=self.pick(RELATIONS), right=self.constant("points")))
            case 2 | 3:
                dimension = self.pick(("points", "points", "time", "time", "mass"))
                left, right = self.numeric(dimension), self.constant(dimension)
                if self.whole(0, 5) == 0:
                    right = self.numeric(dimension)
                if self.whole(0, 5) == 0:
                    left, right = right, left
                self.truth_term(m.Cmp(left=left, rel=self.pick(RELATIONS), right=right))
            case 4:
                drug = self.pick(sorted(RATE_UNIT))
                seen = self.pick(("mcg/kg/ms", "mcg/ms"))
                left = self.add(m.Rate(drug=drug, unit=seen))
                right = self.add(m.Quantity(millionths=self.whole(0, 6) * MILLION, unit=seen))
                self.truth_term(m.Cmp(left=left, rel=self.pick(RELATIONS), right=right))
            case 5:
                self.truth_term(
                    self.pick(
                        (
                            m.Flag(input="line"),
                            m.Is(input="shock", value="a"),
                            m.Is(input="rhythm", value="q"),
                            m.Known(kind="input", name=self.pick(sorted(INPUTS))),
                            m.Known(kind="drug", name=self.pick(sorted(DRUGS))),
                            m.SettingIs(setting="brand", value="red"),
                            m.Const(value=True),
                        )
                    )
                )
            case 6:
                drugs = self.pick(
                    (("norad",), ("vaso",), ("bolus",), ("norad", "vaso"), ("norad", "bolus", "pulse"))
                )
                self.truth_term(self.pick((m.Running(drugs=drugs), m.Off(drugs=drugs))))
            case 7:
                self.truth_term(m.Occurs(ref=self.moment()) if self.whole(0, 1) else m.After(ref=self.ref()))
            case 8:
                right = self.constant("points") if self.whole(0, 3) else self.numeric("points", 0)
                self.truth_term(
                    m.Readings(
                        n=self.whole(1, 3), apart=self.length(), input=self.pick(NUMERIC_INPUTS),
                        rel=self.pick(RELATIONS), right=right, drawn=self.pick((None, self.truth())),
                    )
                )  # fmt: skip
            case 9 | 10:
                gaps = self.pick((None, None, ms(1), ms(3)))
                self.truth_term(m.Held(of=self.truth(), length=self.length(), gaps=gaps))
            case 11:
                self.truth_term(m.Recent(of=self.truth(), length=self.length()))
            case 12:
                self.truth_term(m.Ever(of=self.truth()))
            case 13:
                self.truth_term(m.Not(of=self.truth()))
            case 14:
                of = self.some()
                self.truth_term(self.pick((m.And(of=of), m.Or(of=of))))
            case _:
                of = self.some()
                self.truth_term(m.Count(rel=self.pick((">=", "<=", "=")), n=self.whole(1, 2), of=of))


def _dose(table: Table, name: str) -> m.Range:
    if table.whole(0, 3) == 0 and name == "mcg":
        return span(number(2, "mcg"), number(4, "mcg"))
    return span(number(table.whole(1, 6), name))


def orders(table: Table) -> m.Order:
    """Any one order."""
    infusion = table.pick(("norad", "vaso"))
    rate = RATE_UNIT[infusion]
    every = table.pick((None, span(ms(2)), span(ms(2), ms(4))))
    within = table.pick((None, None, table.length()))
    within_of = table.ref() if within is not None and table.whole(0, 1) else None
    match table.whole(0, 12):
        case 0 | 1:
            op: m.Op = table.pick(("start", "add", "set"))
            dose = _dose(table, rate) if op == "set" or table.whole(0, 2) else None
            return m.Order(op=op, target=infusion, dose=dose)
        case 2 | 3:
            op = table.pick(("increase", "decrease", "taper"))
            limit = number(4 if op == "increase" else 1, rate)
            return m.Order(
                op=op, target=infusion, step=span(number(1, rate)), every=every,
                limit=None if op == "taper" or table.whole(0, 1) else limit,
            )  # fmt: skip
        case 4:
            return m.Order(op=table.pick(("continue", "pause", "stop")), target=infusion)
        case 5 | 6:
            drug = table.pick(BOLUS)
            once = table.pick(("no", "session", "course"))
            return m.Order(
                op="give", target=drug, dose=_dose(table, DRUGS[drug].unit), every=every, once=once,
                once_per="therapy" if once == "course" else None, within=within, within_of=within_of,
                cap=number(3, "mcg") if table.whole(0, 3) == 0 else None,
                total=number(8, "mcg") if table.whole(0, 2) == 0 else None,
            )  # fmt: skip
        case 7:
            return m.Order(op="avoid", target=table.pick(sorted(DRUGS)))
        case 8:
            if table.whole(0, 3) == 0:
                return m.Order(op="measure", target=table.pick(("x", "labs")), continuously=True)
            return m.Order(
                op="measure",
                target=table.pick(("x", "line", "labs")),
                every=every,
                within=within,
                within_of=within_of,
            )
        case 9:
            return m.Order(op="do", target="cannula", every=every, within=within, within_of=within_of)
        case 10:
            return m.Order(op="end", target=table.pick(("therapy", "pulses")))
        case 11:
            return m.Order(op="notify", target="surgeon")
        case _:
            return m.Order(op="classify", target="well")


def choices(table: Table, stage: str | None) -> tuple[m.Choice, ...]:
    found: list[m.Choice] = []
    for _ in range(table.whole(1, 2)):
        strength = table.pick(("must", "recommend", "consider"))
        match table.whole(0, 5):
            case 0:
                found.append(m.Either(strength=strength, orders=(orders(table), orders(table))))
            case 1:
                found.append(
                    m.Prefer(
                        strength=strength,
                        orders=(orders(table), orders(table)),
                        conditions=(table.truth(), None),
                    )
                )
            case _:
                found.append(m.One(strength=strength, order=orders(table)))
    if stage is not None and table.whole(0, 2) == 0:
        goto = (
            m.Order(op="finish", target="done")
            if table.whole(0, 5) == 0
            else m.Order(op="go", target=table.pick(STAGES))
        )
        found.append(m.One(order=goto))
    return tuple(found)


def any_artifact(dice: Random, size: int) -> m.Artifact:
    """A whole artifact of about `size` truths and half as many rules."""
    table = Table(dice)
    table.truth_term(m.Cmp(left=table.add(m.Input(name="x")), rel=">=", right=table.constant("points")))
    for _ in range(1 + size // 3):
        table.grow()
    table.events["crossed"] = m.EventDecl(condition=table.truth())
    for _ in range(size):
        table.grow()
    rules: list[m.Rule] = []
    for place in range(1 + size // 2):
        stage = table.pick((*STAGES, None))
        rules.append(
            m.Rule(
                id=f"{stage or 'throughout'}.r{place}", stage=stage, condition=table.truth(),
                unless=table.truth() if table.whole(0, 4) == 0 else None, orders=choices(table, stage),
                overrides=(rules[-1].id,) if rules and table.whole(0, 5) == 0 else (),
            )
        )  # fmt: skip
    stages = (
        m.Stage(name="one", initial=1 if table.whole(0, 1) else 9, initial_if=None),
        m.Stage(name="two", initial=2, initial_if=table.truth()),
        m.Stage(name="three"),
    )
    befores = tuple(
        m.Before(
            drug=table.pick(("norad", "vaso", "bolus")), condition=table.truth(),
            prefer=table.whole(0, 3) == 0,
            otherwise=m.Order(op="do", target="cannula") if table.whole(0, 1) else None,
        )
        for _ in range(table.whole(0, 1))
    )  # fmt: skip
    restricts = tuple(
        m.Restrict(
            drug=table.pick(("norad", "bolus")), contraindicated=table.whole(0, 1) == 1,
            maximum=number(3, "mcg") if table.whole(0, 1) else None,
            condition=table.truth() if table.whole(0, 3) else None,
        )
        for _ in range(table.whole(0, 1))
    )  # fmt: skip
    restricts = tuple(
        item
        if item.drug == "bolus" or item.maximum is None
        else item.model_copy(update={"maximum": number(3, "mcg/ms")})
        for item in restricts
    )
    drugs = dict(DRUGS)
    if table.whole(0, 3) == 0:
        drug = table.pick(("norad", "vaso", "bolus"))
        window = m.Rolling(maximum=number(table.whole(2, 12), "mcg"), over=table.length())
        drugs[drug] = drugs[drug].model_copy(update={"rolling": (window,)})
    if table.whole(0, 3) == 0:
        drugs["norad"] = drugs["norad"].model_copy(update={"available_if": table.truth()})
    return artifact(
        terms=tuple(table.terms),
        rules=tuple(rules),
        stages=stages,
        events=table.events,
        drugs=drugs,
        befores=befores,
        restricts=restricts,
        applies=table.truth() if table.whole(0, 5) == 0 else None,
        outcomes={"well": m.OutcomeDecl(condition=table.truth())},
        assumptions=(table.truth(),) if table.whole(0, 3) == 0 else (),
        incompatible=(m.Incompatible(drugs=("vaso", "bolus"), why="they clot"),)
        if table.whole(0, 3) == 0
        else (),
    )


def artifact(**parts: Any) -> m.Artifact:
    """An artifact with the declarations of this module; `parts` replaces fields."""
    whole: dict[str, Any] = {
        "format": m.FORMAT,
        "language": m.LANGUAGE,
        "compiler": "laws",
        "name": "laws",
        "title": "",
        "version": "1.0.0",
        "settle": 1,
        "applies": None,
        "units": UNITS,
        "inputs": INPUTS,
        "drugs": DRUGS,
        "classes": {},
        "panels": {"labs": ("x", "y")},
        "events": {"struck": m.EventDecl()},
        "tasks": {"cannula": ""},
        "courses": {
            "therapy": m.CourseDecl(drugs=("norad", "bolus"), ends_after=3),
            "pulses": m.CourseDecl(drugs=("pulse", "vaso"), ends_after=0),
        },
        "outcomes": {},
        "settings": SETTINGS,
        "sources": {},
        "incompatible": (),
        "restricts": (),
        "befores": (),
        "terms": (),
        "defines": {},
        "stages": (m.Stage(name="one", initial=1), m.Stage(name="two"), m.Stage(name="three")),
        "rules": (),
        "assumptions": (),
        "properties": (),
        "proofs": (),
        "questions": (),
        "ownership": (),
        "graph": m.Graph(nodes=(), edges=()),
        "provenance": m.Provenance(files=(), positions={}, words={}),
        "certificate": m.Certificate(),
        "meaning": "",
        "seal": "",
    }
    whole.update(parts)
    return m.Artifact(**whole)


SEEDS = st.integers(0, 2**32 - 1)


def programs() -> st.SearchStrategy[Program]:
    """Uniformly random once the seed is drawn: Hypothesis alone would keep nearly every artifact trivial."""
    return st.builds(
        lambda seed, size: Program(any_artifact(Random(seed), size), unverified=True),
        SEEDS,
        st.integers(1, 14),
    )


# ---------------------------------------------------------------- histories

LAST = 24
"""The latest stamp, in milliseconds."""


def any_fact(dice: Random, key: str) -> Fact:
    """One fact of any kind, sometimes implausible or in a unit that is not accepted."""
    time = dice.randint(0, LAST)
    match dice.randint(0, 11):
        case 0 | 1 | 2 | 3 | 4:
            name = dice.choice(("x", "x", "x", "y", "y", "n", "fluid", "aki", "line", "shock", "rhythm"))
            return Reading(key, time, name, any_value(dice, name))
        case 5:
            return Reading(key, time, "weight", Charted(dice.choice((2, 2, 2, 2, 3)) * MILLION, "kg"))
        case 6 | 7:
            drug = dice.choice(("norad", "norad", "vaso"))
            return Infusion(key, time, drug, *any_rate(dice, drug))
        case 8 | 9:
            drug = dice.choice((*BOLUS, "bolus", "norad"))
            amount = dice.choice(((2, "mcg"), (1, "mcg/kg"), (4, "mcg"), (1, "IU"), None))
            return Dose(key, time, drug, None if amount is None else Charted(amount[0] * MILLION, amount[1]))
        case 10:
            if dice.randint(0, 1):
                return Happened(key, time, dice.choice(("struck", "crossed", "unheard")))
            return Done(key, time, "cannula")
        case _:
            return NoOtherInfusions(key, time)


def any_value(dice: Random, name: str) -> Charted | bool | str | frozenset[str]:
    match name:
        case "line":
            return dice.choice((True, False))
        case "shock":
            return dice.choice((frozenset({"a"}), frozenset({"a", "b"}), frozenset[str](), "b", "c"))
        case "rhythm":
            return dice.choice(("p", "q", "r", "zz"))
        case "aki":
            return dice.choice(("none", "one", "two", "three"))
        case "fluid":
            return Charted(dice.randint(0, 6) * MILLION, "mcg/kg")
        case _:
            used = dice.choice((*INPUT_UNITS[name] * 4, "points", "kg"))
            value = dice.randint(0, 10)
            return Charted(value * MILLION // (10 if used == "tens" else 2 if used == "points" else 1), used)


def any_rate(dice: Random, drug: str) -> tuple[Charted | None, Concentration | None]:
    used = dice.choice(("own", "own", "own", "mcg/ms", "mcg/kg/ms", "mg/ms", "mL/ms", "IU", None))
    value = dice.choice((0, 0, 1, 2, 4, 6, 9))
    if used is None:
        return None, None
    if used == "mL/ms":
        label = Concentration(Charted(2 * MILLION, "mcg"), Charted(dice.choice((1, 2)) * MILLION, "mL"))
        return Charted(value * MILLION, "mL/ms"), label
    if used == "mg/ms":
        return Charted(value * 1000, "mg/ms"), None
    return Charted(value * MILLION, RATE_UNIT[drug] if used == "own" else used), None


def any_history(dice: Random, count: int) -> tuple[Event, ...]:
    """`count` facts with a few corrections and retractions, in no order of time."""
    found: list[Event] = [any_fact(dice, f"f{index}") for index in range(count)]
    if dice.randint(0, 3):
        found.append(Reading("w", dice.randint(0, 3), "weight", Charted(2 * MILLION, "kg")))
    for index in range(dice.choice((0, 0, 1, 2))):
        of = dice.choice(found).id
        if dice.randint(0, 1):
            found.append(Retraction(f"z{index}", dice.randint(0, LAST), of))
        else:
            found.append(Correction(f"z{index}", dice.randint(0, LAST), of, any_fact(dice, of)))
    if dice.randint(0, 19) == 0:
        found.append(Reading("f0", 3, "x", Charted(MILLION, "points")))
    return tuple(found)


def histories(most: int = 24) -> st.SearchStrategy[tuple[Event, ...]]:
    return st.builds(lambda seed, count: any_history(Random(seed), count), SEEDS, st.integers(1, most))
