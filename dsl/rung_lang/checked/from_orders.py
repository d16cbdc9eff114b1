"""Orders as written, to settled ones: doses against the drug's limits, regimens and classes written out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, assert_never

from rung_engine import units as kernel
from rung_engine.units import Unit
from rung_lang.checked import orders as c
from rung_lang.checked.amounts import Amounts, words
from rung_lang.checked.conditions import Truth
from rung_lang.checked.from_conditions import Conditions
from rung_lang.checked.names import Scope, nearest
from rung_lang.checked.problems import (
    AboveMaximum,
    BadCount,
    GroupInChoice,
    MoveInChoice,
    NeedsWeight,
    NoDose,
    NotABolus,
    NotAnInfusion,
    NotPositive,
    OutsideUsual,
    UndeclaredSource,
    UnknownStage,
    WeightBasis,
    WrongDoseUnit,
    ZeroLength,
)
from rung_lang.checked.quantities import Amount, Number, OfSetting, Range, greatest, least
from rung_lang.checked.tree import Drug, Restrict
from rung_lang.checked.units import relation, spelled, substance_of
from rung_lang.finding import Problem
from rung_lang.syntax import tree as t

InfusionWord = Literal["start", "add", "set", "increase", "decrease", "taper"]


@dataclass(slots=True)
class Orders:
    """Settles orders against what is declared."""

    scope: Scope
    amounts: Amounts
    conditions: Conditions
    drugs: Mapping[str, Drug]
    restricts: list[Restrict]
    problems: list[Problem]
    limited: bool = True
    """Whether doses are judged against limits. Not in examples, which may propose what must be refused."""
    _regimens: dict[str, tuple[c.Order, ...] | None] = field(default_factory=dict)

    def choice(self, choice: t.Choice) -> tuple[c.Choice, ...] | None:
        """The choice, or the several it stands for once its regimens and classes are written out."""
        strength = choice.strength or "recommend"
        branches = [self.order(order) for order in choice.orders]
        conditions = [None if cond is None else self.conditions.truth(cond) for cond in choice.conditions]
        for written, settled in zip(choice.orders, branches, strict=True):
            if choice.form != "one" and written.word in ("go", "finish"):
                target = written.target.text if isinstance(written.target, t.Name) else written.target.value
                self.problems.append(MoveInChoice(written.span, choice.form, target))
                return None
            if choice.form == "either" and settled is not None and len(settled) > 1:
                assert isinstance(written.target, t.Name)
                members = tuple(order.target for order in settled)
                self.problems.append(GroupInChoice(written.span, written.target.text, choice.form, members))
                return None
        whole = [branch for branch in branches if branch is not None]
        if len(whole) != len(branches):
            return None
        match choice.form:
            case "one":
                return tuple(c.Choice("one", strength, (order,), ()) for order in whole[0])
            case "either":
                return (c.Choice("either", strength, tuple(branch[0] for branch in whole), ()),)
            case "prefer":
                if any(cond is None for cond in conditions[:-1]):
                    return None
                return _prefer(strength, whole, tuple(conditions))
            case _:
                assert_never(choice.form)

    def order(self, order: t.Order) -> tuple[c.Order, ...] | None:
        """The order, or the orders a regimen or a class stands for."""
        target = order.target
        if isinstance(target, t.Text):
            assert order.word in ("notify", "finish")
            return (c.Order(order.word, target.value, order.span),)
        match order.word:
            case "notify" | "finish":
                return None
            case "classify":
                return self._plain(order, target, "outcome")
            case "end":
                return self._plain(order, target, "course")
            case "go":
                symbol = self.scope.symbols.get(target.text)
                if symbol is None or symbol.kind != "stage":
                    stages = [name for name, other in self.scope.symbols.items() if other.kind == "stage"]
                    self.problems.append(UnknownStage(target.span, target.text, nearest(target.text, stages)))
                    return None
                self.scope.used.add(symbol.name)
                return (c.Order("go", symbol.name, order.span),)
            case "begin":
                return self._begin(target)
            case "measure":
                found = self.scope.find(target, ("input", "panel"))
                every = self.amounts.times(order.every, "every")
                if found is None or (every is None and order.every is not None):
                    return None
                return (
                    c.Order("measure", found.name, order.span, every=every, continuously=order.continuously),
                )
            case "do":
                found = self.scope.find(target, ("task",))
                settled = self._timing(order, c.Order("do", "", order.span))
                if found is None or settled is None:
                    return None
                if order.timing.volume is not None:
                    self.problems.append(NotABolus(order.timing.volume.span, found.name, "do", found.span))
                    return None
                return (replace(settled, target=found.name),)
            case "avoid" | "continue" | "pause" | "stop":
                drugs = self.conditions.drug_names(target)
                return (
                    None if drugs is None else tuple(c.Order(order.word, drug, order.span) for drug in drugs)
                )
            case "give":
                return self._give(order, target)
            case "start" | "add" | "set" | "increase" | "decrease" | "taper":
                return self._infuse(order, order.word, target)
            case _:
                assert_never(order.word)

    def _plain(self, order: t.Order, target: t.Name, kind: str) -> tuple[c.Order, ...] | None:
        if kind == "outcome":
            found = self.scope.find(target, ("outcome",))
            return None if found is None else (c.Order("classify", found.name, order.span),)
        found = self.scope.find(target, ("course",))
        return None if found is None else (c.Order("end", found.name, order.span),)

    def _begin(self, target: t.Name) -> tuple[c.Order, ...] | None:
        found = self.scope.find(target, ("regimen",))
        return None if found is None else self.regimen(found.name)

    def regimen(self, name: str) -> tuple[c.Order, ...] | None:
        """The orders of a regimen, settled once."""
        if name not in self._regimens:
            self._regimens[name] = None
            decl = self.scope.symbols[name].decl
            assert isinstance(decl, t.Regimen)
            settled = [self.order(order) for order in decl.orders]
            whole = [part for part in settled if part is not None]
            if len(whole) == len(settled):
                self._regimens[name] = tuple(order for part in whole for order in part)
        return self._regimens[name]

    # ------------------------------------------------------------ infusions

    def drug(self, name: t.Name, word: str) -> Drug | None:
        """A drug that has a rate."""
        symbol = self.scope.find(name, ("drug",))
        drug = self.drugs.get(symbol.name) if symbol is not None else None
        if drug is None:
            return None
        if drug.form == "bolus":
            self.problems.append(NotAnInfusion(name.span, drug.name, word, drug.span))
            return None
        return drug

    def _infuse(self, order: t.Order, word: InfusionWord, target: t.Name) -> tuple[c.Order, ...] | None:
        drug = self.drug(target, word)
        if drug is None:
            return None
        problems = len(self.problems)
        every = self.amounts.times(order.every, "every")
        dose = step = limit = None
        if order.dose is not None:
            dose = self.dose(order.dose, "dose", drug)
        elif word in ("start", "add") and drug.start is None and not self._restricted_start(drug.name):
            self.problems.append(NoDose(order.span, drug.name, word, drug.unit.name, drug.span))
        if order.step is not None:
            step = self.step(order.step, drug)
        if order.limit is not None:
            limit = self.limit(order.limit, drug)
        if any(problem.level == "error" for problem in self.problems[problems:]):
            return None
        return (c.Order(word, drug.name, order.span, dose=dose, step=step, limit=limit, every=every),)

    def _restricted_start(self, drug: str) -> bool:
        return any(restrict.drug == drug and restrict.start is not None for restrict in self.restricts)

    def dose(self, written: t.Range, what: str, drug: Drug) -> Range | None:
        """A rate in the drug's own basis, above nought and within its limits."""
        if self._other_basis(written, what, drug):
            return None
        found = self.amounts.range(written, what, self._basis(written.hi, drug))
        if found is None or not self.amounts.positive(found, what):
            return None
        self.within_limits(found, what, drug)
        return found

    def step(self, written: t.Range, drug: Drug) -> Range | None:
        """A step of a rate, above nought."""
        if self._other_basis(written, "step", drug):
            return None
        found = self.amounts.range(written, "step", self._basis(written.hi, drug))
        return found if found is not None and self.amounts.positive(found, "step") else None

    def limit(self, amount: t.Amount, drug: Drug) -> Amount | None:
        """Up to, down to: a rate of nought or more, within the maximum."""
        written = t.Range(amount, amount, amount.span)
        if self._other_basis(written, "limit", drug):
            return None
        found = self.amounts.amount(amount, "dose", self._basis(amount, drug))
        if found is None:
            return None
        if least(found).value < 0:
            self.problems.append(NotPositive(found.span, "limit", words(found)))
            return None
        self.within_limits(Range(found, found, found.span), "limit", drug)
        return found

    def _basis(self, amount: t.Amount, drug: Drug) -> Unit:
        """The unit held, or the declared one where the amount is written in its dimension."""
        unit = self._unit_of(amount)
        if (
            unit is not None
            and relation(unit, drug.unit) != "same"
            and relation(unit, drug.declared) == "same"
        ):
            return drug.declared
        return drug.unit

    def _unit_of(self, amount: t.Amount) -> Unit | None:
        if isinstance(amount, t.Quantity):
            return spelled(amount.unit.text) if amount.unit is not None else None
        symbol = self.scope.symbols.get(amount.text)
        setting = self.amounts.settings.get(symbol.name) if symbol is not None else None
        return setting.unit if setting is not None else None

    def _other_basis(self, written: t.Range, what: str, drug: Drug) -> bool:
        """A dose per kg of a drug held without, or the other way round, or in a unit of another kind."""
        unit = self._unit_of(written.hi)
        if unit is None or relation(unit, drug.unit) == "same" or relation(unit, drug.declared) == "same":
            return False
        how = relation(unit, drug.unit)
        if how == "weight":
            self.problems.append(WeightBasis(written.span, drug.name, what, unit.name, drug.unit.name))
            return True
        if how == "other":
            self.problems.append(
                WrongDoseUnit(written.span, drug.name, what, unit.name, drug.unit.name, drug.span)
            )
            return True
        return False

    # ------------------------------------------------------------ single doses

    def _give(self, order: t.Order, target: t.Name) -> tuple[c.Order, ...] | None:
        symbol = self.scope.find(target, ("drug",))
        drug = self.drugs.get(symbol.name) if symbol is not None else None
        if drug is None:
            return None
        if drug.bolus is None:
            self.problems.append(NotABolus(target.span, drug.name, "give", drug.span))
            return None
        problems = len(self.problems)
        dose = None if order.dose is None else self._single(order.dose, "dose", drug)
        cap = None if order.cap is None else self._single(order.cap, "at most", drug)
        total = None if order.total is None else self._single(order.total, "totalling", drug)
        volume = None if order.timing.volume is None else self._volume(order.timing.volume)
        settled = self._timing(order, c.Order("give", drug.name, order.span))
        if dose is not None:
            self.within_limits(dose, "dose", drug)
        if settled is None or any(problem.level == "error" for problem in self.problems[problems:]):
            return None
        return (
            replace(
                settled,
                dose=dose,
                cap=None if cap is None else cap.hi,
                total=None if total is None else total.hi,
                volume=volume,
            ),
        )

    def _volume(self, written: t.Range) -> Range | None:
        """What a dose is diluted in."""
        found = self.amounts.range(written, "volume", kernel.parse_unit("mL"))
        return found if found is not None and self.amounts.positive(found, "volume") else None

    def _single(self, written: t.Range, what: str, drug: Drug) -> Range | None:
        """An amount, plain, per kg, or per day; a patient's weight takes one to another."""
        assert drug.bolus is not None
        unit = self._unit_of(written.hi)
        fits = drug.bolus
        if unit is not None and ("time", -1) in unit.dims and ("time", -1) not in fits.dims:
            fits = kernel.parse_unit(f"{fits.name}/day", substance_of(fits))
        if unit is not None and relation(unit, fits) == "other":
            self.problems.append(
                WrongDoseUnit(written.span, drug.name, what, unit.name, drug.bolus.name, drug.span)
            )
            return None
        if unit is not None and relation(unit, fits) == "weight" and not self.amounts.weighed:
            self.problems.append(NeedsWeight(written.span, drug.name, unit.name, fits.name))
            return None
        found = self.amounts.range(written, what, fits, basis="weight")
        return found if found is not None and self.amounts.positive(found, what) else None

    def _timing(self, order: t.Order, into: c.Order) -> c.Order | None:
        timing = order.timing
        problems = len(self.problems)
        every = self.amounts.times(timing.every, "every")
        daily = None
        if timing.times_daily is not None:
            count = timing.times_daily.value
            if count.denominator != 1 or not 1 <= count <= 24:
                self.problems.append(BadCount(timing.times_daily.span, timing.times_daily.literal, 24))
            else:
                daily = int(count)
                every = self._daily(timing.times_daily, daily)
        within = self.amounts.time(timing.within, "within")
        within_of = None if timing.within_of is None else self.conditions.ref(timing.within_of)
        over = self.amounts.time(timing.over, "over")
        course = None if timing.once_per is None else self.scope.find(timing.once_per, ("course",))
        if len(self.problems) > problems:
            return None
        return replace(
            into,
            every=every,
            times_daily=daily,
            within=within,
            within_of=within_of,
            over=over,
            once="no" if not timing.once else "session" if course is None else "course",
            once_per=None if course is None else course.name,
        )

    def _daily(self, written: t.Quantity, count: int) -> Range | None:
        """`N times daily` is every 24 h / N, in whole milliseconds."""
        milliseconds = Fraction(86_400_000, count)
        if milliseconds.denominator != 1:
            self.problems.append(ZeroLength(written.span, "times daily", written.literal))
            return None
        each = Number(milliseconds, kernel.parse_unit("ms"), str(milliseconds), written.span)
        return Range(each, each, written.span)

    # ------------------------------------------------------------ limits

    def within_limits(self, dose: Range, what: str, drug: Drug) -> None:
        """A dose above the least maximum in force always is an error; outside `usual` it is a warning."""
        if not self.limited:
            return
        most, least_dose = greatest(dose.hi), least(dose.lo)
        limits = [limit for limit in (drug.maximum, *self._ceilings(drug.name)) if limit is not None]
        fitting = [limit for limit in limits if relation(limit.unit, most.unit) == "same"]
        if fitting:
            limit = min(fitting, key=lambda limit: greatest(limit).base)
            if most.base > greatest(limit).base:
                self.problems.append(
                    AboveMaximum(
                        dose.hi.span, drug.name, what, _written(dose.hi), words(limit),
                        _slip_in(dose.hi, drug), drug.unit.name, drug.span,
                    )
                )  # fmt: skip
                return
        if drug.usual is None or what != "dose" or relation(drug.usual.hi.unit, most.unit) != "same":
            return
        lo, hi = least(drug.usual.lo), greatest(drug.usual.hi)
        for end, value in ((dose.hi, most), (dose.lo, least_dose)):
            if not lo.base <= value.base <= hi.base:
                self.problems.append(
                    OutsideUsual(
                        end.span,
                        drug.name,
                        what,
                        _written(end),
                        lo.words,
                        hi.words,
                        _slip_in(end, drug),
                        drug.span,
                    )
                )
                return

    def _ceilings(self, drug: str) -> tuple[Amount | None, ...]:
        """The maxima of restrictions without a condition."""
        return tuple(
            restrict.maximum
            for restrict in self.restricts
            if restrict.drug == drug and restrict.condition is None
        )

    def notes(self, notes: t.Notes) -> c.Notes:
        """because, cite, clause, erratum, grade; a cited source must be declared."""
        cites = []
        for name in notes.cite:
            symbol = self.scope.symbols.get(name.text)
            if symbol is None or symbol.kind != "source":
                sources = [known for known, other in self.scope.symbols.items() if other.kind == "source"]
                self.problems.append(UndeclaredSource(name.span, name.text, nearest(name.text, sources)))
                continue
            self.scope.used.add(symbol.name)
            cites.append(symbol.name)
        return c.Notes(
            because="" if notes.because is None else notes.because.value,
            cites=tuple(sorted(set(cites))),
            clauses=tuple(sorted({text.value for text in notes.clause})),
            erratum=tuple(sorted({text.value for text in notes.erratum})),
            grade="" if notes.grade is None else notes.grade.text,
        )


def slip(value: Number, drug: Drug) -> int:
    """The factor that a slip of unit would explain: 60, per hour for per minute, or 1000, mg for mcg.

    Negative where the value is too small; 0 where neither brings it into the start, usual or allowed range.
    """
    ranges = [
        (least(limits.lo).base, greatest(limits.hi).base)
        for limits in (drug.start, drug.usual)
        if limits is not None and relation(limits.hi.unit, value.unit) == "same"
    ]
    if drug.maximum is not None and relation(drug.maximum.unit, value.unit) == "same":
        most = greatest(drug.maximum).base
        ranges.append((most / 1000, most))
    for lo, hi in ranges:
        for factor in _likely(value, drug):
            if factor == 60 and ("time", -1) not in value.unit.dims:
                continue
            if lo <= value.base / factor <= hi:
                return factor
            if lo <= value.base * factor <= hi:
                return -factor
    return 0


def _likely(value: Number, drug: Drug) -> tuple[int, int]:
    """Which slip to look for first: another prefix (mg for mcg) where the mass is written otherwise than the
    drug's, or is a mass at all; another time (per hour for per minute) where only the time differs."""
    ratio = value.unit.factor / drug.unit.factor
    written_otherwise = ratio in (1000, Fraction(1, 1000))
    mass = any(name == "mass" for name, _ in value.unit.dims)
    return (1000, 60) if written_otherwise or (mass and ratio == 1) else (60, 1000)


def _slip_in(amount: Amount, drug: Drug) -> int:
    """Only a literal can be a slip of the pen: a setting's range was written elsewhere, on purpose."""
    return slip(amount, drug) if isinstance(amount, Number) else 0


def _written(amount: Amount) -> str:
    return f"{amount.name} ({greatest(amount).words})" if isinstance(amount, OfSetting) else amount.words


def _prefer(
    strength: c.Strength, branches: list[tuple[c.Order, ...]], conditions: tuple[Truth | None, ...]
) -> tuple[c.Choice, ...]:
    """One choice for each member of the longest branch: the conditions alone say which branch is taken."""
    longest = max(len(branch) for branch in branches)
    return tuple(
        c.Choice(
            "prefer", strength, tuple(branch[min(place, len(branch) - 1)] for branch in branches), conditions
        )
        for place in range(longest)
    )
