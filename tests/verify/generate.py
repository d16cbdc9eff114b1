"""Small protocols as texts, drawn from a seed, for tests of the whole road from text to verdict.

The fragment. `applies when adult`, a fixed flag. Two or three of: `x` from 0 to 4 mmol/L, valid for 10 min,
charted every 5 min; `y` from 0 to 3 mmol/L, valid for 30 min; `n`, a count from 0 to 3 that never falls; a
yes-or-no `flag`; `kind` one of a, b, c. One or two drugs of three rates each, where `second` may need
`prime`. Perhaps a setting from 1 to 3 mmol/L, an event `struck`. Two to four stages with a ladder of moves up
and some down, three to eight rules, some of them `throughout`. Conditions are `and`, `or` and `not` of
thresholds on the grid, of drugs and rates, `for`, `in the last`, `ever`, `time in stage`, `after struck`.
Orders start, stop, set, step, continue and avoid a drug, measure, notify, move and finish. `unless`,
`overrides`, `covers`, `never` and `always` stand in some, and in some `N readings D apart`, drawn while
something holds. No other window over readings, no totals or courses, no products of two readings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

STAGES = ("low", "mid", "high", "peak")

INPUTS = {
    "x": "input x in mmol/L plausible 0 to 4 mmol/L valid for 10 min charted every 5 min step 1 mmol/L",
    "y": "input y in mmol/L plausible 0 to 3 mmol/L valid for 30 min step 1 mmol/L",
    "n": "input n in points plausible 0 to 3 points cumulative",
    "flag": "input flag yes or no valid for 1 h",
    "kind": "input kind one of a, b, c valid for 1 h",
}
DRUGS = {
    "prime": "drug prime infusion in mcg/min start 1 mcg/min usual 1 to 3 mcg/min maximum 3 mcg/min",
    "second": "drug second infusion in mcg/min start 1 mcg/min usual 1 to 2 mcg/min maximum 2 mcg/min",
}
SETTINGS = (
    "setting limit chosen by site, from 1 mmol/L to 3 mmol/L",
    "setting limit = 2 mmol/L, from 1 mmol/L to 3 mmol/L",
)
WAITS = ("5 min", "8 min", "20 min", "40 min")


@dataclass(frozen=True, slots=True)
class Rule:
    """`guards` hold together. `orders` as written."""

    name: str
    guards: tuple[str, ...]
    orders: tuple[str, ...]
    unless: str = ""

    def lines(self) -> list[str]:
        found = [f"  rule {self.name}", f"    when {' and '.join(self.guards)}"]
        if self.unless:
            return [*found, f"    then {' and '.join(self.orders)}", f"    unless {self.unless}"]
        return [*found, f"    then {' and '.join(self.orders)}"]


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    rules: tuple[Rule, ...]
    marks: str = ""
    """`initial`, `resting` or both."""
    covers: str = ""

    def lines(self) -> list[str]:
        head = " ".join(part for part in ("stage", self.name, self.marks) if part)
        covers = [f"  covers {self.covers}"] if self.covers else []
        return [head, *covers, *(line for rule in self.rules for line in rule.lines()), ""]


@dataclass(frozen=True, slots=True)
class Protocol:
    """A text in its parts, so that laws about texts can change one of them."""

    seed: int
    declarations: tuple[str, ...]
    stages: tuple[Stage, ...]
    throughout: tuple[Rule, ...]
    overrides: tuple[tuple[str, str], ...] = ()
    statements: tuple[str, ...] = ()
    defines: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        found = [f'protocol generated "Seed {self.seed}"', "  version 1.0.0", "  applies when adult", ""]
        found += ["input adult yes or no fixed", *self.declarations, ""]
        found += [f"define {name} as {meaning}" for name, meaning in self.defines]
        found += [line for stage in self.stages for line in stage.lines()]
        if self.throughout:
            found += ["throughout", *(line for rule in self.throughout for line in rule.lines()), ""]
        found += [f"rule {one} overrides {other}" for one, other in self.overrides]
        return "\n".join([*found, *self.statements, ""])

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (*(rule for stage in self.stages for rule in stage.rules), *self.throughout)

    def with_rules(self, change: Callable[[Rule], Sequence[Rule]]) -> Protocol:
        """Each rule replaced by others that stand in its place."""

        def changed(rules: Sequence[Rule]) -> tuple[Rule, ...]:
            return tuple(one for rule in rules for one in change(rule))

        stages = tuple(replace(stage, rules=changed(stage.rules)) for stage in self.stages)
        return replace(self, stages=stages, throughout=changed(self.throughout))


def protocol(seed: int, *, runs: bool = True) -> Protocol:
    """The protocol of this seed; without `runs` of readings, as it was before there were any."""
    return _Draw(seed, 0.1 if runs else 0).protocol()


class _Draw:
    """What has been declared, and the dice."""

    def __init__(self, seed: int, share: float) -> None:
        self.seed = seed
        self.share = share
        """Of the conditions about time: how many are runs of readings."""
        self.dice = Random(seed)
        self.runs = Random(f"{seed} runs")
        """Apart, so that a seed without runs of readings is what it was before there were any."""
        others = self.dice.sample(("y", "n", "flag", "kind"), self.dice.randint(1, 2))
        self.inputs = ("x", *sorted(others))
        self.drugs = ("prime", "second") if self.dice.random() < 0.4 else ("prime",)
        self.needs = len(self.drugs) == 2 and self.dice.random() < 0.5
        self.setting = self.dice.choice(("", "", *SETTINGS))
        self.event = self.dice.random() < 0.25
        self.stages = STAGES[: self.dice.choice((2, 2, 3, 3, 4))]
        self.count = 0

    def chance(self, part: float) -> bool:
        return self.dice.random() < part

    def protocol(self) -> Protocol:
        wanted = self.dice.randint(max(3, len(self.stages)), 8)
        by_stage: dict[str, list[Rule]] = {stage: [] for stage in self.stages}
        throughout: list[Rule] = []
        for place, stage in enumerate(self.stages[:-1]):
            by_stage[stage].append(self.rule((*self.upward(), f"go to {self.stages[place + 1]}")))
        while self.count < wanted:
            stage = self.dice.choice((*self.stages, ""))
            if not stage:
                throughout.append(self.rule((self.watch(),)))
            elif self.chance(0.25):
                others = [one for one in self.stages if one != stage]
                move = 'finish "over"' if self.chance(0.1) else f"go to {self.dice.choice(others)}"
                by_stage[stage].append(self.rule((move,)))
            else:
                by_stage[stage].append(self.rule((self.order(),)))
        stages = tuple(
            Stage(stage, tuple(by_stage[stage]), self.marks(place), self.covers())
            for place, stage in enumerate(self.stages)
        )
        return Protocol(
            self.seed, self.declarations(), stages, tuple(throughout), tuple(self.overrides(stages)),
            tuple(self.statement() for _ in range(self.dice.randint(0, 2))),
        )  # fmt: skip

    def declarations(self) -> tuple[str, ...]:
        drugs = [
            DRUGS[drug] + (" needs prime" if drug == "second" and self.needs else "") for drug in self.drugs
        ]
        settings = [self.setting] if self.setting else []
        events = ['event struck "something struck"'] if self.event else []
        return (*(INPUTS[name] for name in self.inputs), *drugs, *settings, *events)

    def marks(self, place: int) -> str:
        resting = place == len(self.stages) - 1 or self.chance(0.6)
        return " ".join((["initial"] if place == 0 else []) + (["resting"] if resting else []))

    def covers(self) -> str:
        return self.condition() if self.chance(0.25) else ""

    # -- conditions

    def threshold(self) -> str:
        name = self.dice.choice(("x", "x", *self.inputs))
        rel = self.dice.choice(("<", "<=", ">=", ">"))
        match name:
            case "x" | "y" if self.setting and self.chance(0.4):
                return f"{name} {rel} limit"
            case "x":
                return f"x {rel} {self.mark(4)} mmol/L"
            case "y":
                return f"y {rel} {self.mark(3)} mmol/L"
            case "n":
                return f"n {self.dice.choice(('<', '>='))} {self.dice.randint(1, 3)} points"
            case "flag":
                return self.dice.choice(("flag", "(not flag)"))
            case _:
                return f"kind is {self.dice.choice(('', 'not '))}{self.dice.choice('abc')}"

    def mark(self, most: int) -> int:
        """Inside the plausible range; now and then at its ends, where all or nobody is meant."""
        return self.dice.randint(0, most) if self.chance(0.1) else self.dice.randint(1, most - 1)

    def of_drug(self) -> str:
        drug = self.dice.choice(self.drugs)
        return self.dice.choice(
            (f"{drug} running", f"{drug} off", f"{drug} {self.dice.choice(('<', '>='))} 2 mcg/min")
        )

    def of_time(self) -> str:
        plain = self.of_one_time()
        return self.of_readings() if self.runs.random() < self.share else plain

    def of_readings(self) -> str:
        name = self.runs.choice([name for name in self.inputs if name in ("x", "y")])
        rel = self.runs.choice(("<", "<=", ">=", ">"))
        bound = "limit" if self.setting and self.runs.random() < 0.2 else f"{self.runs.randint(1, 3)} mmol/L"
        apart = f"{self.runs.choice((1, 2, 2, 3))} readings {self.runs.choice(WAITS)} apart"
        run = f"{apart} of {name} {rel} {bound}"
        if self.runs.random() < 0.25:
            return f"({run})"
        drug = self.runs.choice(self.drugs)
        held = self.runs.choice(
            (
                f"{drug} running",
                f"{drug} off",
                f"x {self.runs.choice(('<', '>='))} 2 mmol/L",
                f"({drug} running for 8 min)",
                "time in stage >= 8 min",
                f"({drug} running and x >= 1 mmol/L)",
            )
        )
        return f"({run} drawn while {held})"

    def of_one_time(self) -> str:
        wait = self.dice.choice(WAITS)
        match self.dice.randint(0, 5 if self.event else 4):
            case 0 | 1:
                return f"({self.threshold()} for {wait})"
            case 2:
                return f"({self.threshold()} in the last {wait})"
            case 3:
                return f"(ever {self.threshold()})"
            case 4:
                return f"time in stage {self.dice.choice(('>=', '<'))} {wait}"
            case _:
                return self.dice.choice(("after struck", "before struck", f"(struck in the last {wait})"))

    def atom(self) -> str:
        draw = self.dice.random()
        return self.threshold() if draw < 0.55 else self.of_drug() if draw < 0.75 else self.of_time()

    def condition(self) -> str:
        """In parentheses unless it is one atom."""
        draw = self.dice.random()
        if draw < 0.6:
            return self.atom()
        if draw < 0.7:
            return f"not ({self.atom()})"
        return f"({self.atom()} {self.dice.choice(('and', 'or'))} {self.atom()})"

    # -- rules

    def rule(self, orders: tuple[str, ...]) -> Rule:
        self.count += 1
        guards = [self.condition() for _ in range(self.dice.choice((1, 1, 2)))]
        moves = any(order.startswith(("go", "finish")) for order in orders)
        if not moves and self.chance(0.5):
            drug = orders[0].partition(" ")[2].partition(" ")[0]
            if drug in self.drugs:
                guards.append(f"{drug} {'off' if orders[0].startswith('start') else 'running'}")
        unless = self.atom() if self.chance(0.12) else ""
        return Rule(f"r{self.count}", tuple(dict.fromkeys(guards)), orders, unless)

    def upward(self) -> tuple[str, ...]:
        return (self.order(),) if self.chance(0.25) else ()

    def order(self) -> str:
        drug = self.dice.choice(self.drugs)
        most = 3 if drug == "prime" else 2
        return self.dice.choice(
            (
                f"start {drug}",
                f"start {drug}",
                f"stop {drug}",
                f"set {drug} to {self.dice.randint(1, most)} mcg/min",
                f"increase {drug} by 1 mcg/min every {self.dice.choice(WAITS)} up to {most} mcg/min",
                f"decrease {drug} by 1 mcg/min every {self.dice.choice(WAITS)} down to 1 mcg/min",
                f"continue {drug}",
                f"avoid {drug}",
                self.watch(),
            )
        )

    def watch(self) -> str:
        return self.dice.choice(
            (
                'notify "doctor"',
                "measure x every 5 min",
                f"measure {self.dice.choice(self.inputs)} every 20 min",
            )
        )

    def overrides(self, stages: Sequence[Stage]) -> list[tuple[str, str]]:
        found = []
        for stage in stages:
            if len(stage.rules) > 1 and self.chance(0.2):
                one, other = self.dice.sample([rule.name for rule in stage.rules], 2)
                found.append((one, other))
        return found

    def statement(self) -> str:
        drug = self.dice.choice(self.drugs)
        given = f" while {self.condition()}" if self.chance(0.8) else ""
        match self.dice.randint(0, 4):
            case 0:
                return f"never start {drug} while {self.condition()}"
            case 1:
                return f"never order {drug} above {self.dice.randint(1, 2)} mcg/min{given}"
            case 2:
                return f"never stop {drug} while {self.condition()}"
            case 3:
                return f"always order {drug} while in {self.dice.choice(self.stages)} and {self.threshold()}"
            case _:
                return f"never in {self.dice.choice(self.stages)} while {self.condition()}"


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The text with these words replaced wherever they stand alone."""
    return "".join(names.get(word, word) for word in _words(text))


def _words(text: str) -> list[str]:
    found: list[str] = []
    for letter in text:
        joins = letter.isalnum() or letter == "_"
        if found and joins and (found[-1][-1].isalnum() or found[-1][-1] == "_"):
            found[-1] += letter
        else:
            found.append(letter)
    return found
