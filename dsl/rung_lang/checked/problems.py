"""What can be wrong with names, units, doses, conditions and rules, as facts. Words are made in `report`."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from rung_engine.frozen import frozen
from rung_lang.finding import Level, Problem
from rung_lang.source import Span

# ---------------------------------------------------------------- names


@frozen
class UnknownName(Problem):
    """No thing of this name is declared. `wanted` says what may stand here; `suggestion` may be empty."""

    code: ClassVar[str] = "R110"
    name: str
    wanted: tuple[str, ...]
    suggestion: str


@frozen
class DeclaredTwice(Problem):
    """A name, or an alias, that already names something else."""

    code: ClassVar[str] = "R111"
    name: str
    previous: Span


@frozen
class ReservedWord(Problem):
    """A declared thing carries a word of the language as its name."""

    code: ClassVar[str] = "R112"
    name: str


@frozen
class NeverUsed(Problem):
    """Declared in this file and never spoken of again."""

    code: ClassVar[str] = "R113"
    level: ClassVar[Level] = "warning"
    name: str
    kind: str


@frozen
class WrongKind(Problem):
    """A name of one kind where another is needed."""

    code: ClassVar[str] = "R114"
    name: str
    found: str
    wanted: tuple[str, ...]
    previous: Span


@frozen
class DefinedByItself(Problem):
    """A definition that comes round to itself; `names` is the way round."""

    code: ClassVar[str] = "R115"
    names: tuple[str, ...]


@frozen
class SettingNeverUsed(Problem):
    """A setting that no condition, dose or time depends on."""

    code: ClassVar[str] = "R116"
    level: ClassVar[Level] = "warning"
    name: str


@frozen
class UndeclaredSource(Problem):
    """`cite` of something that no `source` declares."""

    code: ClassVar[str] = "R117"
    name: str
    suggestion: str


@frozen
class MissingFile(Problem):
    """`use` or `extends` of a file that is not there or is no text."""

    code: ClassVar[str] = "R118"
    target: str
    reason: str


@frozen
class UseCycle(Problem):
    """Files that use or extend one another in a ring."""

    code: ClassVar[str] = "R119"
    targets: tuple[str, ...]


# ---------------------------------------------------------------- units


@frozen
class UnknownUnit(Problem):
    """A unit that is not in the table, or has two readings; `reason` is `unknown_unit` or the code of what
    is unclear."""

    code: ClassVar[str] = "R120"
    unit: str
    reason: str
    suggestion: str


@frozen
class MissingUnit(Problem):
    """A dose, rate, duration or concentration without a unit. `accepts` are units that fit."""

    code: ClassVar[str] = "R121"
    what: str
    literal: str
    accepts: tuple[str, ...]


@frozen
class WrongDimension(Problem):
    """Two quantities of different kinds are compared, added, or one stands for the other."""

    code: ClassVar[str] = "R122"
    found: str
    wanted: str
    reason: str


@frozen
class WrongSubstance(Problem):
    """`units` of one substance where those of another are meant."""

    code: ClassVar[str] = "R123"
    found: str
    found_substance: str
    wanted: str
    wanted_substance: str


@frozen
class ProductOfUnknowns(Problem):
    """A product or quotient of two things that both vary, which no conversion declares."""

    code: ClassVar[str] = "R124"
    op: str
    left: str
    right: str


@frozen
class BareNumber(Problem):
    """A number without a unit where the unit is not plain: `units` are the ones it might be in."""

    code: ClassVar[str] = "R125"
    literal: str
    units: tuple[str, ...]


@frozen
class NoExactMillionth(Problem):
    """A number that is no whole count of millionths of `unit`; `converted_from` is the unit it was written
    in, if another."""

    code: ClassVar[str] = "R126"
    literal: str
    unit: str
    converted_from: str


@frozen
class YearsForTime(Problem):
    """Years or months for something other than an age, or an age in units of time."""

    code: ClassVar[str] = "R127"
    found: str
    wanted: str


@frozen
class WeightBasis(Problem):
    """A dose per kg for a drug held without, or the other way round. `drug_unit` is the drug's own."""

    code: ClassVar[str] = "R128"
    drug: str
    what: str
    written: str
    drug_unit: str


@frozen
class TemperatureArithmetic(Problem):
    """Degrees that do not begin at nought are added, scaled or compared as a difference."""

    code: ClassVar[str] = "R129"
    unit: str


# ---------------------------------------------------------------- doses


@frozen
class AboveMaximum(Problem):
    """A dose above the most the drug allows.

    `factor` is 1000 or 60 where the dose divided by it would fit, else 0.
    """

    code: ClassVar[str] = "R130"
    drug: str
    what: str
    written: str
    maximum: str
    factor: int
    drug_unit: str
    previous: Span


@frozen
class OutsideUsual(Problem):
    """A dose outside the drug's usual range.

    `factor` as for a dose above the maximum; negative where multiplying would fit.
    """

    code: ClassVar[str] = "R131"
    level: ClassVar[Level] = "warning"
    drug: str
    what: str
    written: str
    lo: str
    hi: str
    factor: int
    previous: Span


@frozen
class NotPositive(Problem):
    """A dose, rate, step or interval of nought or less."""

    code: ClassVar[str] = "R132"
    what: str
    written: str


@frozen
class NoDose(Problem):
    """`start` or `add` of a drug with a dose in neither the order nor the declaration."""

    code: ClassVar[str] = "R133"
    drug: str
    word: str
    unit: str
    previous: Span


@frozen
class RangeUpsideDown(Problem):
    """A range whose lower end is above its upper end."""

    code: ClassVar[str] = "R134"
    what: str
    lo: str
    hi: str


@frozen
class PlausibleUpsideDown(Problem):
    """An input's plausible range whose lower end is not below its upper end."""

    code: ClassVar[str] = "R135"
    name: str
    lo: str
    hi: str


@frozen
class StartOutside(Problem):
    """A drug's `start` is outside its own `usual` range or above its `maximum`."""

    code: ClassVar[str] = "R136"
    drug: str
    start: str
    limit: str
    which: str


@frozen
class NotABolus(Problem):
    """`give` of a drug that is not declared as a bolus, or `do` of a task in a volume, as if it were one."""

    code: ClassVar[str] = "R137"
    drug: str
    word: str
    previous: Span


@frozen
class NotAnInfusion(Problem):
    """A rate or an infusion's order for a drug declared as a bolus only."""

    code: ClassVar[str] = "R138"
    drug: str
    word: str
    previous: Span


@frozen
class NoMaximum(Problem):
    """An infusion without a `maximum`."""

    code: ClassVar[str] = "R139"
    level: ClassVar[Level] = "warning"
    drug: str


@frozen
class Widens(Problem):
    """A `restrict` that allows more than the formulary does."""

    code: ClassVar[str] = "R140"
    drug: str
    what: str
    written: str
    limit: str
    previous: Span


@frozen
class NeedsCycle(Problem):
    """Drugs that need one another in a ring."""

    code: ClassVar[str] = "R141"
    names: tuple[str, ...]


@frozen
class NeedsWeight(Problem):
    """A conversion through the body weight, and no input is `dosing`."""

    code: ClassVar[str] = "R142"
    name: str
    written: str
    wanted: str


@frozen
class TwoDosingWeights(Problem):
    """A second input is `dosing`, or one that is no weight in kg or lb."""

    code: ClassVar[str] = "R143"
    name: str
    reason: str
    previous: Span


@frozen
class GroupInChoice(Problem):
    """A regimen or class of several drugs as one branch of a choice, where it cannot be written out."""

    code: ClassVar[str] = "R144"
    name: str
    form: str
    members: tuple[str, ...]


@frozen
class WrongDoseUnit(Problem):
    """A dose, step or limit in a unit of another kind than the drug's."""

    code: ClassVar[str] = "R145"
    drug: str
    what: str
    written: str
    drug_unit: str
    previous: Span


@frozen
class NoForm(Problem):
    """A drug that is neither an infusion nor a bolus."""

    code: ClassVar[str] = "R146"
    drug: str


@frozen
class GroupInside(Problem):
    """A class with a member that is no drug, or a panel with one that is no input, directly."""

    code: ClassVar[str] = "R147"
    name: str
    member: str
    found: str


@frozen
class CheckFails(Problem):
    """A conversion that does not come out: `left` is `value` of the unit of `right`."""

    code: ClassVar[str] = "R148"
    left: str
    right: str
    value: Fraction
    unit: str


@frozen
class CheckIncomplete(Problem):
    """A conversion that cannot be made. `why` is the kernel's kind of refusal, or `no_unit`."""

    code: ClassVar[str] = "R149"
    left: str
    right: str
    why: str


# ---------------------------------------------------------------- conditions


@frozen
class AsksParentheses(Problem):
    """`for` or `in the last` after a `joined` (and, or, not, ever), where a reader could take it for the
    whole."""

    code: ClassVar[str] = "R150"
    word: str
    joined: str
    whole: str
    part: str


@frozen
class ZeroLength(Problem):
    """A time of nought or less, or a time that is no whole millisecond."""

    code: ClassVar[str] = "R151"
    what: str
    written: str


@frozen
class NoValidFor(Problem):
    """An input with no `valid for` that is neither fixed nor cumulative."""

    code: ClassVar[str] = "R152"
    name: str


@frozen
class BareEvent(Problem):
    """An event as a bare word where only a state can be true."""

    code: ClassVar[str] = "R153"
    name: str
    previous: Span


@frozen
class DecisionWord(Problem):
    """`ordered` or `in STAGE` outside properties and questions."""

    code: ClassVar[str] = "R154"
    word: str


@frozen
class NotOrdered(Problem):
    """Values that have no order are compared."""

    code: ClassVar[str] = "R155"
    name: str
    values: tuple[str, ...]


@frozen
class NotAValue(Problem):
    """A value that the input or setting does not declare."""

    code: ClassVar[str] = "R156"
    name: str
    value: str
    values: tuple[str, ...]
    suggestion: str


@frozen
class IsOnNumber(Problem):
    """`is` on something measured."""

    code: ClassVar[str] = "R157"
    name: str
    value: str


@frozen
class NotACondition(Problem):
    """Something that is neither true nor false stands as a condition."""

    code: ClassVar[str] = "R158"
    words: str
    kind: str


@frozen
class NotANumber(Problem):
    """Something without a size stands where a number is needed."""

    code: ClassVar[str] = "R159"
    words: str
    kind: str


@frozen
class BadCount(Problem):
    """A count that can never, or always, be met, or is no whole number."""

    code: ClassVar[str] = "R160"
    written: str
    of: int


# ---------------------------------------------------------------- settings


@frozen
class DefaultOutside(Problem):
    """A setting's value is outside its own range or choices."""

    code: ClassVar[str] = "R161"
    name: str
    value: str
    lo: str
    hi: str


@frozen
class SettingRange(Problem):
    """A quantity chosen by site without a range, or a range of another dimension than the value."""

    code: ClassVar[str] = "R162"
    name: str
    reason: str


@frozen
class SettingInDeclaration(Problem):
    """A setting where a declaration must say the number itself."""

    code: ClassVar[str] = "R163"
    name: str
    what: str


@frozen
class RestrictUnit(Problem):
    """`restrict D in U` under a condition, or for a drug that is restricted to another unit already.

    `reason` is `condition` or `second`.
    """

    code: ClassVar[str] = "R164"
    drug: str
    reason: str
    previous: Span


# ---------------------------------------------------------------- stages and rules


@frozen
class NoInitial(Problem):
    """A protocol with stages, none of them initial."""

    code: ClassVar[str] = "R165"
    names: tuple[str, ...]


@frozen
class TwoInitials(Problem):
    """A second stage is initial without a condition."""

    code: ClassVar[str] = "R166"
    name: str
    previous: Span


@frozen
class RuleOutside(Problem):
    """A rule, titrate or arm before any stage or throughout, or an arm in throughout."""

    code: ClassVar[str] = "R167"
    what: str


@frozen
class UnknownStage(Problem):
    """`go to`, or `migrate … to`, a stage that is not declared."""

    code: ClassVar[str] = "R168"
    name: str
    suggestion: str


@frozen
class Misplaced(Problem):
    """Something that the file it stands in cannot hold.

    `where` is `formulary`, `protocol` or `throughout`.
    """

    code: ClassVar[str] = "R169"
    what: str
    where: str


@frozen
class OverrideUnknown(Problem):
    """`overrides` of, or by, a rule that is not declared, or by one never judged with it."""

    code: ClassVar[str] = "R170"
    name: str
    reason: str
    suggestion: str


@frozen
class OverrideCycle(Problem):
    """Rules that override one another in a ring."""

    code: ClassVar[str] = "R171"
    names: tuple[str, ...]


@frozen
class TwoMoves(Problem):
    """A rule that goes to two places."""

    code: ClassVar[str] = "R172"
    targets: tuple[str, ...]
    previous: Span


@frozen
class MoveInChoice(Problem):
    """`go to` or `finish` as one branch of a choice."""

    code: ClassVar[str] = "R173"
    form: str
    target: str


@frozen
class NoVersion(Problem):
    """A protocol without a version."""

    code: ClassVar[str] = "R174"
    name: str


@frozen
class NoApplies(Problem):
    """A protocol that does not say to whom it applies."""

    code: ClassVar[str] = "R175"
    name: str


@frozen
class BadTitrate(Problem):
    """A target that a titration cannot keep: `=`."""

    code: ClassVar[str] = "R176"
    rel: str


@frozen
class MigratedTwice(Problem):
    """Two `migrate` statements of one older stage."""

    code: ClassVar[str] = "R177"
    name: str
    previous: Span


# ---------------------------------------------------------------- other files


@frozen
class UsesProtocol(Problem):
    """`use` of a protocol, or `extends` of a formulary."""

    code: ClassVar[str] = "R180"
    target: str
    word: str


@frozen
class NotLocal(Problem):
    """A local protocol holds something that only the protocol it extends may hold."""

    code: ClassVar[str] = "R181"
    what: str
    name: str


@frozen
class RemoveUnknown(Problem):
    """`remove rule` of a rule that the extended protocol does not have."""

    code: ClassVar[str] = "R182"
    name: str
    suggestion: str


@frozen
class RemoveOutside(Problem):
    """`remove rule` in a protocol that extends none."""

    code: ClassVar[str] = "R183"
    name: str


# ---------------------------------------------------------------- examples


@frozen
class WrongFact(Problem):
    """A fact that the thing it names cannot have. `wanted` shows forms that fit."""

    code: ClassVar[str] = "R190"
    name: str
    word: str
    kind: str
    wanted: tuple[str, ...]


@frozen
class RepeatNeverEnds(Problem):
    """A repetition whose step is nought or less, or whose end is before its start."""

    code: ClassVar[str] = "R191"
    reason: str
    written: str


@frozen
class TooManyInstants(Problem):
    """A repetition of more instants than an example may have."""

    code: ClassVar[str] = "R192"
    count: int
    limit: int


@frozen
class NothingProposed(Problem):
    """A verdict expected where no order is proposed."""

    code: ClassVar[str] = "R193"
    word: str
