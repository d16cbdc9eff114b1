"""What a program says of its rules, orders and drugs, as tables for the kernels of `decide`.

Everything that a decision can name is numbered here, in the order of the names wherever the reference sorts
them; `Codebook` has the names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.cohort import decide_layout as d
from rung_engine.cohort.codebook import Codebook
from rung_engine.cohort.decide_doses import TIME, Doses
from rung_engine.cohort.decide_room import reserve
from rung_engine.decision.conflicts import opposed_ops
from rung_engine.decision.rules import destination
from rung_engine.exact import round_millionths
from rung_engine.program import BODY_WEIGHT, Amount

_STRENGTH = ("consider", "recommend", "must")
_ONCE = {"no": d.ONCE_NO, "session": d.ONCE_SESSION, "course": d.ONCE_COURSE}


def decision_tables(builder: Any) -> Codebook:
    """The tables of the decision, put into the builder's program.

    `builder`: a `flat.Builder`. What the kernels cannot hold raises what its `unsupported` makes.
    """
    return _Tables(builder).codebook()


def written_orders(choice: m.Choice) -> tuple[m.Order, ...]:
    """The orders of a choice."""
    return (choice.order,) if isinstance(choice, m.One) else choice.orders


def _numbers(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(sorted(set(names)))}


def _term(condition: int | None) -> int:
    return -1 if condition is None else condition


class _Tables(Doses):
    """The tables as they are put together."""

    def __init__(self, builder: Any) -> None:
        super().__init__(builder)
        artifact = self.artifact
        self.inputs = {name: place for place, name in enumerate(builder.inputs)}
        self.drugs = {name: place for place, name in enumerate(builder.drugs)}
        self.tasks = {name: place for place, name in enumerate(builder.tasks)}
        self.courses = {name: place for place, name in enumerate(builder.courses)}
        self.stages = {name: place for place, name in enumerate(builder.stages)}
        self.rules = sorted(artifact.rules, key=lambda rule: rule.id)
        self.rank = {rule.id: rank for rank, rule in enumerate(self.rules)}
        self.orders: list[m.Order] = []
        self.order_records: list[int] = []
        written = self.program.orders
        self.targets = _numbers([*(order.target for order in written), *artifact.drugs])
        self.checks = _numbers(self._checks())
        self.cautions = _numbers(
            [
                *(f"above_dose:{name}" for name in artifact.drugs),
                *(f"prefer:{before.drug}:{before.condition}" for before in artifact.befores),
            ]
        )
        self.details = _numbers(self._details())
        self.choices = _numbers(
            ["", *(f"{rule.id}#{k}" for rule in self.rules for k in range(len(rule.orders)))]
        )
        self.labels = _numbers(
            [
                "applies",
                *self.rank,
                *(f"unless:{name}" for name in self.rank),
                *(f"initial:{name}" for name in self.stages),
            ]
        )
        moving = [order for rule in self.rules if (order := destination(rule)) is not None]
        self.goals = sorted({(str(order.op), order.target) for order in moving})
        self.finishes = _numbers(target for op, target in self.goals if op == "finish")
        self.slots: dict[int, str] = {}

    def _checks(self) -> Iterable[str]:
        artifact = self.artifact
        yield "weight"
        for rule in self.rules:
            yield from (rule.id, f"unless:{rule.id}")
        for index, restrict in enumerate(artifact.restricts):
            yield f"restrict:{restrict.drug}:{index}"
        for name in artifact.drugs:
            for kind in ("incompatible", "available", "before", "rolling", "needs"):
                yield f"{kind}:{name}"

    def _details(self) -> Iterable[str]:
        artifact = self.artifact
        yield from ("", "maximum")
        yield from artifact.drugs
        for index in range(len(artifact.restricts)):
            yield from (str(index), f"restrict:{index}")
        for windows in self.program.rolling.values():
            for window in windows:
                yield from (str(window.over), f"rolling:{window.over}")
        for before in artifact.befores:
            yield str(before.condition)
        for decl in artifact.drugs.values():
            for need in decl.needs:
                yield from (f"{need} off", f"{need} unknown")

    # -- orders and rules

    def order(self, order: m.Order) -> int:
        """The number of an order, written once."""
        place = len(self.orders)
        self.orders.append(order)
        program = self.program
        op = d.OPS.index(order.op)
        drug = self.drugs.get(order.target, -1)
        if drug < 0 and (d.GIVES | d.STEPS | 1 << d.PAUSE | 1 << d.STOP) >> op & 1:
            raise self.builder.unsupported(f"an order of something that is no drug: {order.target}")
        members: list[int] = []
        if op == d.MEASURE:
            members = [self.inputs[name] for name in self.artifact.panels.get(order.target, (order.target,))]
        elif op == d.END:
            members = [self.drugs[name] for name in self.artifact.courses[order.target].drugs]
        volume = -1
        if order.volume is not None:
            unit = self.unit_of(order.volume.hi)
            ends = (program.amount(end).value / unit.factor for end in (order.volume.lo, order.volume.hi))
            volume = self.plain((self.shape(None, unit), *(self.fit(round_millionths(end)) for end in ends)))
        if order.total is not None:
            self._check_total(order)
        self.order_records.extend(
            (
                op, self.targets[order.target], drug,
                self.range_of(order.target, order.dose), self.range_of(order.target, order.step),
                self.amount_of(order.target, order.limit),
                -1 if order.every is None else self.fit(program.millis(order.every.lo)),
                -1 if order.every is None else self.fit(program.millis(order.every.hi)),
                -1 if order.within is None else self.fit(program.millis(order.within)),
                -1 if order.within_of is None else self.builder.ref(order.within_of),
                _ONCE[order.once], -1 if order.once_per is None else self.courses[order.once_per],
                self.amount_of(order.target, order.cap), self.amount_of(order.target, order.total),
                int(order.continuously), volume, self.keep(members), self.tasks.get(order.target, -1),
                self.cautions.get(f"above_dose:{order.target}", 0),
            )
        )  # fmt: skip
        return place

    def _check_total(self, order: m.Order) -> None:
        """Doses of the drug must be of the dimensions of the total, or what was given could not be told."""
        assert order.total is not None
        decl = self.artifact.drugs[order.target]
        own = set(self.program.units[decl.unit].without_weight)
        if decl.form == "infusion":
            own.discard(TIME)
        total = {item for item in self.program.amount(order.total).dims if item[0] != BODY_WEIGHT}
        if own != total:
            raise self.builder.unsupported(f"a total in another dimension than the doses: {order.target}")

    def slot(self, label: str, term: int) -> int:
        number = self.builder.slot(label, term)
        self.slots[number] = label
        return int(number)

    def choice(self, rule: m.Rule, index: int, choice: m.Choice) -> int:
        form = {"one": d.ONE, "either": d.EITHER, "prefer": d.PREFER}[choice.form]
        written = written_orders(choice)
        conditions = choice.conditions if isinstance(choice, m.Prefer) else (None,) * len(written)
        rows: list[int] = []
        for order, condition in zip(written, conditions, strict=True):
            number = self.order(order)
            slot = -1 if condition is None else self.slot(rule.id, condition)
            rows.extend((number, -1 if condition is None else condition, slot))
        label = self.choices[f"{rule.id}#{index}"]
        return self.plain((_STRENGTH.index(choice.strength), form, label, len(written), *rows))

    def rule(self, rule: m.Rule) -> list[int]:
        choices = [self.choice(rule, index, choice) for index, choice in enumerate(rule.orders)]
        against = {
            (self.targets[order.target], self.opposed(order.op))
            for choice in rule.orders
            for order in written_orders(choice)
        }
        goal = destination(rule)
        return [
            rule.condition,
            -1 if rule.unless is None else rule.unless,
            -1 if rule.stage is None else self.stages[rule.stage],
            self.slot(rule.id, rule.condition),
            -1 if rule.unless is None else self.slot(f"unless:{rule.id}", rule.unless),
            -1 if goal is None else self.goals.index((goal.op, goal.target)),
            self.keep(choices),
            self.records(sorted(pair for pair in against if pair[1])),
            self.keep([self.rank[name] for name in rule.overrides if name in self.rank]),
            self.labels[rule.id],
            self.checks[rule.id],
            self.checks[f"unless:{rule.id}"],
        ]

    @staticmethod
    def opposed(op: str) -> int:
        return sum(1 << d.OPS.index(other) for other in opposed_ops(op))

    def stage(self, name: str | None) -> int:
        """The rules judged in a stage; those that are overridden there after those that override them."""
        rules = list(self.program.rules_of[None])
        if name is not None:
            rules.extend(self.program.rules_of[name])
        here = {rule.id for rule in rules}
        over: dict[str, set[str]] = {}
        for rule in rules:
            for loser in rule.overrides:
                if loser in here:
                    over.setdefault(loser, set()).add(rule.id)
        ordered: list[str] = []
        left = set(over)
        while left:
            ready = sorted(name for name in left if not over[name] & left)
            if not ready:
                raise self.builder.unsupported("rules that override each other in a circle")
            ordered.extend(ready)
            left.difference_update(ready)
        pairs: list[int] = []
        for loser in ordered:
            pairs.extend((self.rank[loser], self.keep(sorted(self.rank[winner] for winner in over[loser]))))
        ranks = sorted(self.rank[name] for name in here)
        return self.plain((len(ranks), *ranks, len(ordered), *pairs))

    # -- drugs

    def drug(self, name: str) -> list[int]:
        artifact, program = self.artifact, self.program
        decl = artifact.drugs[name]
        restricts = [(index, item) for index, item in enumerate(artifact.restricts) if item.drug == name]
        starts = [
            (_term(r.condition), self.range_of(name, r.start)) for _, r in restricts if r.start is not None
        ]
        if decl.start is not None:
            starts.append((-1, self.range_of(name, decl.start)))
        ceilings = []
        if name in program.maximum:
            ceilings.append(self._ceiling(-1, program.maximum[name], "maximum"))
        for index, restrict in restricts:
            if restrict.maximum is not None:
                most = program.amount(restrict.maximum)
                ceilings.append(self._ceiling(_term(restrict.condition), most, f"restrict:{index}"))
        windows = []
        for index, window in enumerate(program.rolling.get(name, ())):
            condition = None if window.restrict is None else artifact.restricts[window.restrict].condition
            most = window.maximum
            per = tuple(sorted((*most.dims, TIME)))
            if window.over <= 0:
                raise self.builder.unsupported("a rolling maximum over no time")
            windows.append(
                (
                    self.builder.window(name, index), _term(condition), *self.limit(most),
                    int(TIME in most.dims), self.dim(per), self.fit(window.over),
                    self.details[f"rolling:{window.over}"], self.details[str(window.over)],
                )
            )  # fmt: skip
        needs = [
            (
                self.drugs[need], self.checks[f"needs:{need}"], self.details[need],
                self.details[f"{need} off"], self.details[f"{need} unknown"],
            )
            for need in decl.needs
        ]  # fmt: skip
        contra = [
            (_term(item.condition), self.checks[f"restrict:{name}:{index}"], self.details[str(index)])
            for index, item in restricts
            if item.contraindicated
        ]
        pairs = []
        for pair in artifact.incompatible:
            if name in pair.drugs:
                other = pair.drugs[0] if pair.drugs[1] == name else pair.drugs[1]
                pairs.append((self.drugs[other], self.checks[f"incompatible:{other}"], self.details[other]))
        befores = [
            (
                before.condition, int(before.prefer), self.cautions[f"prefer:{name}:{before.condition}"],
                self.checks[f"before:{name}"], self.details[str(before.condition)],
                -1 if before.otherwise is None else self.order(before.otherwise),
            )
            for before in artifact.befores
            if before.drug == name
        ]  # fmt: skip
        return [
            self.records(starts), self.records(ceilings), self.records(windows), self.records(needs),
            self.records(contra), self.records(pairs), _term(decl.available_if),
            self.checks[f"available:{name}"], self.records(befores),
            self.dim(program.units[decl.unit].dims), self.checks[f"rolling:{name}"],
            int(bool(ceilings or windows or needs)),
        ]  # fmt: skip

    def _ceiling(self, condition: int, most: Amount, whose: str) -> tuple[int, ...]:
        return (condition, *self.limit(most), int(TIME in most.dims), self.details[whose])

    def _check_circles(self) -> None:
        """No order may stand in for itself, at any distance."""
        instead = {before.drug: before.otherwise for before in self.artifact.befores if before.otherwise}
        for name in instead:
            seen = {name}
            at = instead[name].target
            while at in instead:
                if at in seen:
                    raise self.builder.unsupported("orders that stand in for each other in a circle")
                seen.add(at)
                at = instead[at].target

    # -- the whole

    def codebook(self) -> Codebook:
        artifact, program, builder = self.artifact, self.program, self.builder
        self._check_circles()
        rules = [word for rule in self.rules for word in self.rule(rule)]
        dosing = [self.drug(name) for name in self.drugs]
        goals: list[int] = []
        for op, target in self.goals:
            if op == "go" and target not in self.stages:
                raise builder.unsupported(f"a stage that is not there: {target}")
            goals.extend(
                (d.GOAL_GO, self.stages.get(target, 0))
                if op == "go"
                else (d.GOAL_FINISH, self.finishes[target])
            )
        stages = [self.stage(None), *(self.stage(name) for name in self.stages)]
        applies = -1 if artifact.applies is None else artifact.applies
        initial = [
            (
                self.stages[stage.name],
                -1 if stage.initial_if is None else stage.initial_if,
                -1 if stage.initial_if is None else self.slot(f"initial:{stage.name}", stage.initial_if),
            )
            for stage in program.initial_stages
        ]
        act = [place for place, row in enumerate(dosing) if row[d.DS_ALERTS]]
        outcomes = sorted(artifact.outcomes)
        applies_slot = -1 if applies < 0 else self.slot("applies", applies)
        places = (
            self.records(initial), self.keep([self.inputs[name] for name in program.inputs_read]),
            self.keep(act), len(self.drugs),
            self.keep([artifact.outcomes[name].condition for name in outcomes]),
            self.keep(list(artifact.assumptions)),
            self.records([[self.targets[name] for name in pair.drugs] for pair in artifact.incompatible]),
            self.checks["weight"],
        )  # fmt: skip
        reserve(
            builder,
            [rule.stage for rule in self.rules],
            [sum(len(written_orders(choice)) for choice in rule.orders) for rule in self.rules],
            max(self.slots, default=-1) + 1,
            max(len(self.checks), len(self.cautions)),
            max((len(shape.flows) for shape in self.shapes), default=0) + 1,
            (len(self.targets), applies, applies_slot, *places),
        )
        builder.table(d.H_RULES, rules)
        builder.table(d.H_STAGES, stages)
        builder.table(d.H_ORDERS, self.order_records)
        builder.table(d.H_GOALS, goals)
        builder.table(d.H_SHAPES, self.shape_records)
        builder.table(d.H_DOSING, [word for row in dosing for word in row])
        builder.table(d.H_TARGETS, [self.drugs.get(name, -1) for name in self.targets])
        builder.table(d.H_OPPOSED, [self.opposed(op) for op in d.OPS])
        labels = [0] * (max(self.slots, default=-1) + 1)
        for number, label in self.slots.items():
            labels[number] = self.labels[label]
        builder.table(d.H_LABELS, labels)
        builder.table(d.H_POOL, self.pool)
        return Codebook(
            stages=tuple(self.stages),
            rules=tuple(self.rank),
            targets=tuple(self.targets),
            choices=tuple(self.choices),
            checks=tuple(self.checks),
            cautions=tuple(self.cautions),
            details=tuple(self.details),
            goals=tuple(target for _, target in self.goals),
            finishes=tuple(self.finishes),
            labels=tuple(self.labels),
            inputs=tuple(self.inputs),
            drugs=tuple(self.drugs),
            outcomes=tuple(outcomes),
            outside=tuple(str(term) for term in artifact.assumptions),
            shapes=tuple(self.shapes),
            unproved=program.unproved,
        )
