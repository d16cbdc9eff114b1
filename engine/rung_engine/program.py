"""An artifact made ready to execute: settings filled in, every quantity in coherent base units.

Coherent base units are those of `Artifact.units` (`num/den` of the base of its dimensions): milliseconds,
micrograms, millilitres, millimetres of mercury and so on. All values are `Fraction`; nothing rounds here.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property

from rung_engine.artifact import model as m
from rung_engine.artifact.certificate import refusal
from rung_engine.event import Charted, Concentration
from rung_engine.frozen import frozen

MILLION = 1_000_000
BODY_WEIGHT = "body_weight"

Dims = tuple[tuple[str, int], ...]


class SettingProblem(ValueError):  # noqa: N818 - a problem is the house's word for a finding
    """A setting that is missing, unknown or outside its range. `kind` is one of those three words."""

    def __init__(self, kind: str, name: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {name} {detail}".strip())
        self.kind = kind
        self.name = name
        self.detail = detail


@frozen
class Unit:
    """`factor` coherent base units of `dims`, plus `offset`."""

    name: str
    factor: Fraction
    offset: Fraction
    dims: Dims

    @property
    def weight_power(self) -> int:
        """The exponent of body weight."""
        return dict(self.dims).get(BODY_WEIGHT, 0)

    @property
    def without_weight(self) -> Dims:
        return tuple(item for item in self.dims if item[0] != BODY_WEIGHT)


@frozen
class Amount:
    """An exact quantity in coherent units, with its dimensions."""

    value: Fraction
    dims: Dims

    def seen_in(self, dims: Dims, weight: Fraction | None) -> Fraction | None:
        """The same amount in other dimensions, through the body weight where they differ by it.

        None where a weight is needed and not known, or the dimensions cannot meet.
        """
        if self.dims == dims:
            return self.value
        own, want = dict(self.dims), dict(dims)
        power = want.pop(BODY_WEIGHT, 0) - own.pop(BODY_WEIGHT, 0)
        if own != want or weight is None or weight <= 0:
            return None
        return self.value * weight**power


@frozen
class Window:
    """No more than `maximum` in (t - over, t]. `restrict`: the place of the restriction that says so."""

    maximum: Amount
    over: int
    restrict: int | None = None


class Program:
    """An artifact with the site's settings: what every engine executes.

    Raises `CertificateProblem` where the artifact is not proved, unless `unverified` says to execute it all
    the same; `unproved` is then why, and every decision carries it. Raises `SettingProblem` where a setting
    that the site must choose has no value, or one is out of range.
    """

    def __init__(
        self,
        artifact: m.Artifact,
        settings: Mapping[str, m.Number | str] | None = None,
        *,
        unverified: bool = False,
    ) -> None:
        problem = refusal(artifact)
        if problem is not None and not unverified:
            raise problem
        self.unproved = problem.state if problem is not None else None
        self.artifact = artifact
        self.units = {
            name: Unit(
                name,
                Fraction(decl.num, decl.den),
                Fraction(decl.offset_num, decl.offset_den),
                tuple(sorted(decl.dims.items())),
            )
            for name, decl in artifact.units.items()
        }
        self.subjects: dict[int, frozenset[tuple[str, str]]] = {}
        """By term, once asked for: the inputs and drugs it reads."""
        given = dict(settings or {})
        for name in given:
            if name not in artifact.settings:
                raise SettingProblem("unknown", name)
        self.settings: dict[str, Fraction | str] = {}
        self.setting_dims: dict[str, Dims] = {}
        self.site_settings: dict[str, m.Number | str] = {}
        for name, decl in sorted(artifact.settings.items()):
            value = given.get(name, decl.value)
            if value is None:
                raise SettingProblem("missing", name)
            self._settle(name, decl, value)
            if name in given:
                self.site_settings[name] = value

    def _settle(self, name: str, decl: m.SettingDecl, value: m.Number | str) -> None:
        if decl.kind != "quantity":
            allowed = decl.choices or ("yes", "no")
            if not isinstance(value, str) or value not in allowed:
                raise SettingProblem("outside", name, ", ".join(allowed))
            self.settings[name] = value
            return
        if not isinstance(value, m.Number) or value.unit not in self.units:
            raise SettingProblem("outside", name, "a quantity is needed")
        amount = self.number(value)
        for limit, low in ((decl.lo, True), (decl.hi, False)):
            if limit is None:
                continue
            bound = self.number(limit)
            if bound.dims != amount.dims or (
                amount.value < bound.value if low else amount.value > bound.value
            ):
                raise SettingProblem("outside", name, f"{limit.unit}")
        self.settings[name] = amount.value
        self.setting_dims[name] = amount.dims

    # -- quantities

    def number(self, value: m.Number | m.Quantity | Charted) -> Amount:
        """A written or charted quantity in coherent units. KeyError for a unit the artifact does not list."""
        unit = self.units[value.unit]
        return Amount(Fraction(value.millionths, MILLION) * unit.factor + unit.offset, unit.dims)

    def amount(self, value: m.Amount) -> Amount:
        """A written quantity or a setting's value."""
        if isinstance(value, m.FromSetting):
            settled = self.settings[value.setting]
            assert isinstance(settled, Fraction)
            return Amount(settled, self.setting_dims[value.setting])
        return self.number(value)

    def millis(self, value: m.Amount) -> int:
        """A duration in whole milliseconds, rounded up: a wait is never shorter than written."""
        amount = self.amount(value).value
        return -((-amount.numerator) // amount.denominator)

    # -- readings and rates

    def reading(self, name: str, value: Charted) -> Fraction | None:
        """A charted value of an input in coherent units; None where the unit is not accepted."""
        line = self.charted_in(name, value.unit)
        return None if line is None else value.millionths * line[0] + line[1]

    def charted_in(self, name: str, unit: str) -> tuple[Fraction, Fraction] | None:
        """What a millionth of `unit` is of an input in coherent units, and where its zero stands."""
        decl = self.artifact.inputs[name]
        assert decl.unit is not None
        declared = self.units[decl.unit]
        if unit != decl.unit:
            for also in decl.also_in:
                if also.unit == unit:
                    return declared.factor / also.factor.millionths, declared.offset
            known = self.units.get(unit)
            if known is None or unit not in decl.accepts or known.dims != declared.dims:
                return None
            declared = known
        return declared.factor / MILLION, declared.offset

    def charted(self, drug: str, value: Charted, concentration: Concentration | None = None) -> Amount | None:
        """A charted rate or dose; a flow through its concentration. None where it cannot be converted."""
        unit = self.units.get(value.unit)
        if unit is None:
            return None
        amount = self.number(value)
        if concentration is not None:
            label, volume = concentration.amount, concentration.volume
            if label.unit not in self.units or volume.unit not in self.units or volume.millionths <= 0:
                return None
            bag, fluid = self.number(label), self.number(volume)
            dims = dict(amount.dims)
            for name, power in bag.dims:
                dims[name] = dims.get(name, 0) + power
            for name, power in fluid.dims:
                dims[name] = dims.get(name, 0) - power
            amount = Amount(
                amount.value * bag.value / fluid.value, tuple(sorted((k, v) for k, v in dims.items() if v))
            )
        return amount

    def is_rate_of(self, drug: str, amount: Amount) -> bool:
        """The amount is a rate (or, of a bolus drug, a dose) in the drug's own dimensions, weight aside."""
        own = self.units[self.artifact.drugs[drug].unit].without_weight
        return tuple(item for item in amount.dims if item[0] != BODY_WEIGHT) == own

    def is_dose_of(self, drug: str, amount: Amount) -> bool:
        """The amount is a dose of an infusion drug that is also given in doses, weight aside."""
        decl = self.artifact.drugs[drug]
        if decl.form != "infusion" or decl.lasts is None:
            return False
        own = (item for item in self.units[decl.unit].without_weight if item[0] != "time")
        return tuple(item for item in amount.dims if item[0] != BODY_WEIGHT) == tuple(own)

    # -- what the declarations say

    @cached_property
    def weight_input(self) -> str | None:
        """The input whose value is the dosing weight."""
        for name, decl in self.artifact.inputs.items():
            if decl.dosing:
                return name
        return None

    @cached_property
    def plausible(self) -> dict[str, tuple[Fraction, Fraction]]:
        """Of each input that says so, in coherent units."""
        found = {}
        for name, decl in self.artifact.inputs.items():
            if decl.plausible is not None:
                found[name] = (self.amount(decl.plausible.lo).value, self.amount(decl.plausible.hi).value)
        return found

    @cached_property
    def maximum(self) -> dict[str, Amount]:
        """The largest rate or single dose of each drug that has one."""
        return {
            name: self.amount(decl.maximum)
            for name, decl in self.artifact.drugs.items()
            if decl.maximum is not None
        }

    @cached_property
    def rolling(self) -> dict[str, tuple[Window, ...]]:
        """The rolling totals that may not be passed, the declaration's and those of a `restrict`, by drug."""
        found: dict[str, list[Window]] = {}
        for name, decl in sorted(self.artifact.drugs.items()):
            for one in decl.rolling:
                found.setdefault(name, []).append(Window(self.amount(one.maximum), self.millis(one.over)))
        for index, restrict in enumerate(self.artifact.restricts):
            for one in restrict.rolling:
                window = Window(self.amount(one.maximum), self.millis(one.over), index)
                found.setdefault(restrict.drug, []).append(window)
        return {name: tuple(windows) for name, windows in found.items()}

    @cached_property
    def rules_of(self) -> dict[str | None, tuple[m.Rule, ...]]:
        """By stage, None for `throughout`, each in the order of ids."""
        found: dict[str | None, list[m.Rule]] = {None: []}
        for stage in self.artifact.stages:
            found[stage.name] = []
        for rule in self.artifact.rules:
            found[rule.stage].append(rule)
        return {stage: tuple(sorted(rules, key=lambda rule: rule.id)) for stage, rules in found.items()}

    @cached_property
    def inputs_read(self) -> tuple[str, ...]:
        """The inputs that this protocol's conditions, orders or doses look at, by name."""
        found: set[str] = set()
        for term in self.artifact.terms:
            match term:
                case (
                    m.Flag()
                    | m.Is()
                    | m.Readings()
                    | m.Change()
                    | m.Extreme()
                    | m.ValueAt()
                    | m.ValueAtStart()
                ):
                    found.add(term.input)
                case m.Input():
                    found.add(term.name)
                case m.Known():
                    if term.kind == "input":
                        found.add(term.name)
                case _:
                    pass
        for order in self.orders:
            if order.op == "measure":
                found.update(self.artifact.panels.get(order.target, (order.target,)))
        if self.weight_input is not None:
            found.add(self.weight_input)
        return tuple(sorted(found))

    @cached_property
    def orders(self) -> tuple[m.Order, ...]:
        """Every written order, those in the place of a prerequisite included."""
        found: list[m.Order] = []
        for rule in self.artifact.rules:
            for choice in rule.orders:
                found.extend((choice.order,) if isinstance(choice, m.One) else choice.orders)
        found.extend(before.otherwise for before in self.artifact.befores if before.otherwise is not None)
        return tuple(found)

    @cached_property
    def constants(self) -> dict[int, Fraction]:
        """The written quantities of the terms table, in coherent units."""
        return {
            index: self.number(term).value
            for index, term in enumerate(self.artifact.terms)
            if isinstance(term, m.Quantity)
        }

    @cached_property
    def decision_terms(self) -> frozenset[int]:
        """Terms that speak of the decision (`ordered D`, `in STAGE`), at any depth; no rule may use them."""
        found: set[int] = set()
        for index, term in enumerate(self.artifact.terms):
            match term:
                case m.Ordered() | m.InStage():
                    found.add(index)
                case m.Not() | m.Held() | m.Recent() | m.Ever():
                    if term.of in found:
                        found.add(index)
                case m.And() | m.Or() | m.Count():
                    if not found.isdisjoint(term.of):
                        found.add(index)
                case m.Readings():
                    if term.drawn in found:
                        found.add(index)
                case _:
                    pass
        return frozenset(found)

    @cached_property
    def conditions(self) -> tuple[int, ...]:
        """Terms that are true, false or unknown without a decision, in their order."""
        return tuple(
            index
            for index, term in enumerate(self.artifact.terms)
            if not isinstance(term, m.Numeric) and index not in self.decision_terms
        )

    @cached_property
    def comparisons(self) -> tuple[m.Cmp, ...]:
        """The terms that compare two numbers, in their order."""
        return tuple(term for term in self.artifact.terms if isinstance(term, m.Cmp))

    @cached_property
    def stages(self) -> dict[str, m.Stage]:
        return {stage.name: stage for stage in self.artifact.stages}

    @cached_property
    def initial_stages(self) -> tuple[m.Stage, ...]:
        """In the order in which they are tried."""
        found = [stage for stage in self.artifact.stages if stage.initial is not None]
        return tuple(sorted(found, key=lambda stage: stage.initial or 0))
