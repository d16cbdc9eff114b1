"""A timeline tells of every condition, on each of its instants, what the reference engine makes of its
chart.
"""

from __future__ import annotations

from random import Random

from tests.laws.strategies import any_artifact

from rung_engine.artifact import model as m
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_engine.truth import Truth
from rung_lang.verify.context import Context
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.factors import products
from rung_lang.verify.formulas.formula import Value
from rung_lang.verify.formulas.subjects import of_term
from rung_lang.verify.formulas.symbols import Tri
from rung_lang.verify.histories.chart_from_model import Chart, TooLong, Unchartable
from rung_lang.verify.histories.concrete import Concrete
from rung_lang.verify.histories.replay import Outline
from rung_lang.verify.histories.timeline import REST, Timeline

Told = dict[tuple[int, int], Tri]
"""By term and instant."""


def conditions(artifact: m.Artifact) -> list[int]:
    """Every term that is true, false or unknown."""
    return [
        index
        for index, term in enumerate(artifact.terms)
        if isinstance(term, m.Truth) and not isinstance(term, m.Ordered | m.InStage)
    ]


def some_history(dice: Random, artifact: m.Artifact) -> tuple[Chart, Told, dict[str, Value]] | None:
    """A few instants that somebody wished for, and what the timeline says of each condition there."""
    context = Context(artifact)
    space = context.space
    line = Timeline(context.program, space, [f"{place}/" for place in range(dice.randint(1, 4))])
    terms = conditions(artifact)
    places = range(len(line.at))
    told = {(term, place): line.symbols(place, REST).truth(term) for term in terms for place in places}
    subjects = sorted(
        {one for term in terms for one in of_term(context.program, term)} | {("input", "weight")}
    )
    wishes = [told[term, 0].yes for term in terms if isinstance(artifact.terms[term], m.SettingIs)]
    for key in dice.sample(sorted(told), min(6, len(told))):
        tri = told[key]
        wishes.append(dice.choice((tri.yes, tri.yes, tri.no, tri.unknown)))
    for place in places[1:]:
        wait = line.time(place).minus(line.time(place - 1))
        wishes.append(f.compare(wait, "<=", f.number(dice.randint(1, 9))))
    every = [one for key in sorted(told) for one in (told[key].yes, told[key].no)]
    names = {name for one in every for name in f.names(one)}
    # So that the solver gives a value to whatever they speak of.
    base = [f.iff(space.bool(f"told {place}", ("told",)), one) for place, one in enumerate(every)]
    base += [*line.order(), *line.frame(subjects), *products(line, names), *line.laws]
    solver = context.solver.fresh(4_000_000)
    for part in base:
        solver.keep(part)
    concrete = Concrete(line, solver, base, subjects, ())
    if not concrete.settle(wishes):
        return None
    return Chart(line, concrete.values, subjects), told, concrete.values


def test_a_timeline_tells_what_the_engine_says() -> None:
    judged = 0
    for seed in range(40):
        dice = Random(seed)
        artifact = any_artifact(dice, dice.randint(1, 9))
        if any(isinstance(term, m.TimeInStage) for term in artifact.terms):
            continue
        found = some_history(dice, artifact)
        if found is None:
            continue
        chart, told, values = found
        try:
            events, times, settings = chart.events(), chart.times, dict(chart.settings())
        except (TooLong, Unchartable):
            continue
        stages = (m.Stage(name="one", initial=1),)
        still = artifact.model_copy(update={"rules": (), "applies": None, "stages": stages})
        runner = Runner(Program(still, settings, unverified=True), events)
        runner.fold = Outline()
        for place, time in enumerate(times):
            runner.run(time)
            if runner.view is None or runner.view.time != time:
                runner.judge(time)
            assert runner.view is not None
            for term in conditions(artifact):
                tri = told[term, place]
                yes, no = f.holds(tri.yes, values), f.holds(tri.no, values)
                told_truth: Truth = True if yes else False if no else None
                assert not (yes and no)
                assert told_truth is runner.view.truth(term), (
                    seed,
                    term,
                    place,
                    artifact.terms[term],
                    events,
                )
                judged += 1
    assert judged > 500
