"""Versions of a generated protocol, for the laws of a takeover."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import strategies as st
from tests.laws.strategies import LAST, SEEDS, any_artifact

from rung_engine.artifact import model as m
from rung_engine.program import Program
from rung_engine.reference.takeover import Stretch


def newer(dice: Random, old: m.Artifact, version: str) -> m.Artifact:
    """Another protocol, or the same one with some rules changed, under which every session can go on."""
    made = any_artifact(dice, dice.randint(1, 14)) if dice.randint(0, 1) else _changed(dice, old)
    names = {stage.name for stage in made.stages}
    if "three" in names and dice.randint(0, 1):
        made = _renamed(made, "three", "four")
        names = {stage.name for stage in made.stages}
    migrates = []
    for stage in old.stages:
        told = dice.randint(0, 2)
        if told == 0 or stage.name not in names:
            to = dice.choice((*sorted(names), None))
            migrates.append(m.Migrate(stage=stage.name, to=to, because="so"))
    return replace(made, version=version, seal=version, migrates=tuple(migrates) or None)


def _changed(dice: Random, old: m.Artifact) -> m.Artifact:
    """Some rules gone, some with the condition or the orders of another."""
    rules = []
    for rule in old.rules:
        other = dice.choice(old.rules)
        match dice.randint(0, 5):
            case 0:
                continue
            case 1:
                rules.append(replace(rule, condition=other.condition))
            case 2 if other.stage == rule.stage:
                rules.append(replace(rule, orders=other.orders))
            case _:
                rules.append(rule)
    kept = {rule.id for rule in rules}
    return replace(
        old,
        rules=tuple(
            replace(rule, overrides=tuple(one for one in rule.overrides if one in kept)) for rule in rules
        ),
    )


def _renamed(artifact: m.Artifact, was: str, name: str) -> m.Artifact:
    def order(one: m.Order) -> m.Order:
        return replace(one, target=name) if one.op == "go" and one.target == was else one

    def choice(one: m.Choice) -> m.Choice:
        if isinstance(one, m.One):
            return replace(one, order=order(one.order))
        return replace(one, orders=tuple(order(each) for each in one.orders))

    return replace(
        artifact,
        stages=tuple(replace(stage, name=name) if stage.name == was else stage for stage in artifact.stages),
        rules=tuple(
            replace(
                rule,
                stage=name if rule.stage == was else rule.stage,
                orders=tuple(choice(one) for one in rule.orders),
            )
            for rule in artifact.rules
        ),
    )


def versions(seed: int, size: int, times: tuple[int, ...]) -> tuple[Stretch, ...]:
    """A protocol of about `size` truths, and a newer version of it for each of `times`."""
    dice = Random(seed)
    artifact = replace(any_artifact(dice, size), seal="1.0.0")
    found = [Stretch(Program(artifact, unverified=True))]
    for place, at in enumerate(times):
        artifact = newer(dice, artifact, f"{place + 2}.0.0")
        found.append(Stretch(Program(artifact, unverified=True), at))
    return tuple(found)


def in_turn(takeovers: int) -> st.SearchStrategy[tuple[Stretch, ...]]:
    """A protocol and so many newer versions, each taking over later than the one before."""
    times = st.lists(st.integers(-1, LAST + 2), min_size=takeovers, max_size=takeovers, unique=True).map(
        lambda found: tuple(sorted(found))
    )
    return st.builds(versions, SEEDS, st.integers(1, 14), times)
