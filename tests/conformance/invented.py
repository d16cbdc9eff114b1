"""Protocols that no author would write and charts to go with them: those of the laws, with more said in them.

Added to what the laws draw: temperatures, whose zero stands elsewhere; volumes, daily doses, caps and totals;
doses, limits and waits taken from settings; restrictions of every kind; drugs held both ways.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Literal, get_args

from tests.laws.strategies import (
    LAST,
    MILLION,
    RELATIONS,
    UNITS,
    any_artifact,
    any_history,
    ms,
    number,
    span,
)

from rung_engine.artifact import model as m
from rung_engine.event import Charted, Correction, Done, Event, Happened, Infusion, Reading

PAIRS = Literal["later", "earlier"]
Change = Literal["change", "rise", "fall", "percent_rise", "percent_fall"]
Extreme = Literal["lowest", "highest", "mean"]

TEMPERATURE = {
    "degC": m.UnitDecl(ucum="Cel", num=1, den=1, dims={"temperature": 1}),
    "degF": m.UnitDecl(
        ucum="[degF]", num=5, den=9, offset_num=-160, offset_den=9, dims={"temperature": 1}
    ),
    "mL/h": m.UnitDecl(ucum="mL/h", num=1, den=3_600_000, dims={"time": -1, "volume": 1}),
}  # fmt: skip

SETTINGS = {
    "push": m.SettingDecl(kind="quantity", value=number(3, "mcg"), lo=number(1, "mcg"), hi=number(9, "mcg")),
    "most": m.SettingDecl(kind="quantity", value=number(4, "mcg/ms")),
    "open": m.SettingDecl(kind="quantity", lo=ms(1), hi=ms(9)),
}

TEMP = m.InputDecl(
    kind="quantity", unit="degC", accepts=("degF",), valid_for=8,
    plausible=span(number(25, "degC"), number(45, "degC")),
)  # fmt: skip

MOMENTS: tuple[m.Ref, ...] = (
    *(m.EventRef(name="struck", first=first) for first in (False, True)),
    *(m.DrugRef(kind="started", drugs=("norad", "bolus"), first=first) for first in (False, True)),
    *(m.DrugRef(kind="stopped", drugs=("norad", "bolus"), first=first) for first in (False, True)),
    *(m.TaskRef(name="cannula", first=first) for first in (False, True)),
    *(
        m.PairRef(kind=kind, of=(m.EventRef(name="struck"), m.TaskRef(name="cannula")))
        for kind in get_args(PAIRS)
    ),
)
SPANS: tuple[m.Span, ...] = (
    m.Over(over=ms(5)), m.Since(since=m.EventRef(name="struck")), m.Over(over=ms(3)),
    m.Since(since=m.TaskRef(name="cannula", first=True)),
)  # fmt: skip
CHANGES: tuple[Change, ...] = get_args(Change)
EXTREMES: tuple[Extreme, ...] = get_args(Extreme)


def invented(seed: int) -> m.Artifact:
    """An artifact of this seed."""
    dice = Random(seed)
    drawn = any_artifact(dice, dice.randint(2, 10))
    return _with_more_conditions(
        drawn.model_copy(
            update={
                "name": f"invented{seed}",
                "units": {**UNITS, **TEMPERATURE},
                "settings": {**drawn.settings, **SETTINGS},
                "drugs": _drugs(drawn, dice),
                "rules": tuple(_rule(rule, dice) for rule in drawn.rules),
                "restricts": (*drawn.restricts, *_restricts(drawn, dice)),
                "incompatible": (*drawn.incompatible, *_incompatible(dice)),
                "stages": _stages(drawn, dice),
            }
        ),
        seed,
        dice,
    )


def _drugs(drawn: m.Artifact, dice: Random) -> dict[str, m.DrugDecl]:
    drugs = dict(drawn.drugs)
    if dice.random() < 0.3:
        drugs["norad"] = drugs["norad"].model_copy(update={"lasts": 2})
    if dice.random() < 0.4:
        drugs["bolus"] = drugs["bolus"].model_copy(
            update={
                "maximum": number(dice.choice((2, 3, 9)), "mcg"),
                "concentrations": (number(2, "mcg/mL"),),
            }
        )
    if dice.random() < 0.2:
        drugs["pulse"] = drugs["pulse"].model_copy(update={"needs": ("norad",)})
    if dice.random() < 0.3:
        window = m.Rolling(maximum=number(dice.randint(3, 9), "mcg"), over=m.FromSetting(setting="open"))
        name = dice.choice(("bolus", "norad", "vaso"))
        drugs[name] = drugs[name].model_copy(update={"rolling": (*drugs[name].rolling, window)})
    return drugs


def _truth(drawn: m.Artifact, dice: Random) -> int:
    return dice.choice([at for at, term in enumerate(drawn.terms) if not isinstance(term, m.Numeric)])


def _restricts(drawn: m.Artifact, dice: Random) -> tuple[m.Restrict, ...]:
    if dice.random() < 0.5:
        return ()
    condition = _truth(drawn, dice) if dice.random() < 0.8 else None
    match dice.randint(0, 2):
        case 0:
            start = span(number(1, "mcg/kg/ms"), number(3, "mcg/kg/ms"))
            return (m.Restrict(drug="norad", start=start, condition=condition),)
        case 1:
            most = m.FromSetting(setting="most")
            return (m.Restrict(drug="vaso", maximum=most, condition=condition, because="frail"),)
        case _:
            rolling = (m.Rolling(maximum=number(4, "mcg"), over=ms(6)),)
            return (m.Restrict(drug="bolus", rolling=rolling, condition=condition),)


def _incompatible(dice: Random) -> tuple[m.Incompatible, ...]:
    if dice.random() < 0.7:
        return ()
    return (m.Incompatible(drugs=("norad", dice.choice(("vaso", "pulse"))), why="they clot"),)


def _stages(drawn: m.Artifact, dice: Random) -> tuple[m.Stage, ...]:
    if dice.random() < 0.8:
        return drawn.stages
    first, *rest = drawn.stages
    return (first.model_copy(update={"initial_if": _truth(drawn, dice)}), *rest)


def _rule(rule: m.Rule, dice: Random) -> m.Rule:
    return rule.model_copy(update={"orders": tuple(_choice(choice, dice) for choice in rule.orders)})


def _choice(choice: m.Choice, dice: Random) -> m.Choice:
    if isinstance(choice, m.One):
        return choice.model_copy(update={"order": _order(choice.order, dice)})
    return choice.model_copy(update={"orders": tuple(_order(order, dice) for order in choice.orders)})


def _order(order: m.Order, dice: Random) -> m.Order:
    """The order with more said in it, at times."""
    more: dict[str, object] = {}
    match order.op:
        case "give":
            if dice.random() < 0.3:
                more["volume"] = span(number(dice.randint(1, 3), "mL"), number(4, "mL"))
            if dice.random() < 0.2:
                more["over"] = ms(2)
            if dice.random() < 0.3 and order.target == "bolus":
                more["dose"] = dice.choice(
                    (
                        span(m.FromSetting(setting="push")), span(number(1, "mcg/ms")),
                        span(number(1, "mcg/kg"), number(2, "mcg/kg")),
                    )
                )  # fmt: skip
        case "measure" | "do":
            if order.every is not None and dice.random() < 0.5:
                more["times_daily"] = 4
            if order.every is None and dice.random() < 0.4:
                more["once"] = "session"
        case "increase":
            if dice.random() < 0.3:
                more["limit"] = m.FromSetting(setting="most")
        case "notify":
            if dice.random() < 0.4:
                more["op"] = "begin"
        case _:
            pass
    if order.within is not None and dice.random() < 0.3:
        more["within"] = m.FromSetting(setting="open")
    return order.model_copy(update=more) if more else order


def _with_more_conditions(drawn: m.Artifact, seed: int, dice: Random) -> m.Artifact:
    """Rules that chance makes seldom: forms of moments and windows in their turn, steps, contradictions."""
    terms: list[m.Truth | m.Numeric] = list(drawn.terms)

    def add(term: m.Truth | m.Numeric) -> int:
        terms.append(term)
        return len(terms) - 1

    def compared(term: m.Numeric, bound: m.Numeric) -> int:
        return add(m.Cmp(left=add(term), rel=dice.choice(RELATIONS), right=add(bound)))

    truth = _truth(drawn, dice)
    moment = MOMENTS[seed % len(MOMENTS)]
    span_ = SPANS[seed % len(SPANS)]
    how = CHANGES[seed // 2 % len(CHANGES)]
    extreme = EXTREMES[seed // 2 % len(EXTREMES)]
    conditions = {
        "hot": compared(
            m.Input(name="temp"),
            m.Quantity(millionths=dice.choice((37_000_000, 38_500_000)), unit="degC"),
        ),
        "never": add(m.Const(value=False)),
        "some": add(
            m.Count(rel=dice.choice((">=", "<=", "=")), n=dice.randint(1, 2), of=(len(terms) - 2, truth))
        ),
        "changed": compared(m.Change(how=how, input="y", span=span_), _points(dice)),
        "extreme": compared(m.Extreme(how=extreme, input="y", span=span_), _points(dice)),
        "elapsed": compared(m.Elapsed(ref=moment), m.Quantity(millionths=4 * MILLION, unit="ms")),
        "then": compared(m.ValueAt(input="y", ref=moment), _points(dice)),
        "run": add(
            m.Readings(
                n=2, apart=ms(2), input="y", rel=RELATIONS[seed % 5], right=add(_points(dice)),
                drawn=dice.choice((None, truth)),
            )
        ),
    }  # fmt: skip
    conditions["had"] = add(m.After(ref=moment))
    if not isinstance(moment, m.PairRef):
        conditions["has"] = add(m.Occurs(ref=moment))
    always = add(m.Const(value=True))
    asked = list(conditions.items())[seed % 2 :: 2]
    rules = [_notify(f"throughout.{name}", index) for name, index in asked]
    befores = list(drawn.befores)
    match seed % 6:
        case 0:
            rules.extend(
                _goes(f"one.{target}", "one", target, conditions["run"]) for target in ("two", "three")
            )
        case 1:
            rules.extend((_goes("one.on", "one", "two", truth), _goes("two.back", "two", "one", truth)))
        case 2 | 3:
            op: m.Op = dice.choice(("increase", "decrease", "taper"))
            step = m.Order(
                op=op, target="norad", step=span(number(1, "mcg/kg/ms"), number(2, "mcg/kg/ms")),
                every=span(ms(dice.randint(1, 3))),
                limit=number(4, "mcg/kg/ms") if op == "increase" else None,
            )  # fmt: skip
            rules.append(
                _notify("throughout.step", always).model_copy(update={"orders": (m.One(order=step),)})
            )
        case _:
            otherwise = m.Order(op="do", target="cannula") if seed % 2 else None
            befores.append(m.Before(drug="vaso", condition=conditions["run"], otherwise=otherwise))
            start = m.One(strength="must", order=m.Order(op="start", target="vaso"))
            rules.append(_notify("throughout.begin", always).model_copy(update={"orders": (start,)}))
    return drawn.model_copy(
        update={
            "terms": tuple(terms), "rules": (*drawn.rules, *rules), "befores": tuple(befores),
            "inputs": {**drawn.inputs, "temp": TEMP},
        }
    )  # fmt: skip


def _points(dice: Random) -> m.Quantity:
    return m.Quantity(millionths=dice.randint(-1, 8) * MILLION // 2, unit="points")


def _notify(key: str, condition: int) -> m.Rule:
    order = m.Order(op="notify", target=key.partition(".")[2])
    return m.Rule(id=key, stage=None, condition=condition, orders=(m.One(strength="consider", order=order),))


def _goes(key: str, stage: str, target: str, condition: int) -> m.Rule:
    order = m.Order(op="go", target=target)
    return m.Rule(id=key, stage=stage, condition=condition, orders=(m.One(order=order),))


def chosen(dice: Random) -> dict[str, m.Number | str]:
    """A site's settings; one of them has no value of its own."""
    given: dict[str, m.Number | str] = {"open": ms(dice.randint(1, 9))}
    if dice.random() < 0.4:
        given["target"] = number(dice.randint(1, 12), "points", 2)
    if dice.random() < 0.3:
        given["brand"] = dice.choice(("red", "blue"))
    if dice.random() < 0.3:
        given["push"] = number(dice.randint(1, 9), "mcg")
    if dice.random() < 0.3:
        given["wait"] = ms(dice.randint(1, 6))
    return given


def charted(dice: Random) -> tuple[Event, ...]:
    """A short history, some of it told by somebody, at times retracted or corrected."""
    found = list(any_history(dice, dice.randint(1, 7)))
    for place in range(dice.choice((0, 1, 1, 2))):
        tenths, unit = dice.choice(
            ((370, "degC"), (386, "degC"), (1013, "degF"), (986, "degF"), (90, "degC"))
        )
        value = Charted(tenths * MILLION // 10, unit)
        found.append(Reading(f"t{place}", dice.randint(0, LAST), "temp", value))
    if dice.random() < 0.5:
        first = dice.randint(-3, LAST - 8)
        for place in range(3):
            value = Charted(dice.randint(0, 6) * MILLION // 2, "points")
            found.append(Reading(f"y{place}", first + 2 * place, "y", value))
        found.append(Happened("s", first + dice.randint(0, 4), "struck"))
        found.append(Done("c", first + dice.randint(0, 4), "cannula"))
    if dice.random() < 0.3:
        rate = Charted(
            dice.choice((1, 2, 3)) * MILLION, dice.choice(("mcg/kg/ms", "mcg/kg/ms", "mcg/ms", "IU"))
        )
        found.append(Infusion("i", dice.randint(0, LAST // 2), "norad", rate))
        if dice.random() < 0.5:
            found.append(Infusion("o", dice.randint(LAST // 2, LAST), "norad", Charted(0, "mcg/ms")))
    if dice.random() < 0.1:
        of = dice.choice(found)
        if not isinstance(of, Correction):
            found[found.index(of)] = replace(of, source="monitor")
    return tuple(found)
