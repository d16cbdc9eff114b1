"""A replay decides as the reference engine does, and programs that it calls alike are."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.laws.engines import by_reference, by_session, last_stamp
from tests.laws.settings import tries
from tests.laws.strategies import LAST, MILLION, SEEDS, any_artifact, histories, number, programs
from tests.laws.strategies import artifact as laws_artifact

from rung_engine.artifact import model as m
from rung_engine.decision.model import decision_bytes
from rung_engine.event import Charted, Event, Reading
from rung_engine.program import Program
from rung_engine.session.replay import Replay, settings_of_conditions

CHOICES: dict[str, tuple[m.Number | str, ...]] = {
    "target": (number(1, "points"), number(4, "points")),
    "brand": ("red", "blue"),
    "strict": ("yes", "no"),
    "wait": (number(2, "ms"), number(5, "ms")),
}


def outline(program: Program, events: tuple[Event, ...], until: int) -> list[tuple[int, object]]:
    """What was decided and when, the fewest readings aside."""
    replay = Replay(program, events)
    replay.advance(until)
    return [(one.time, one.content) for one in replay.decisions]


@tries(100)
@given(programs(), histories(), st.integers(0, LAST), st.integers(0, 5))
def test_a_replay_decides_as_the_reference_engine_does(
    program: Program, events: tuple[Event, ...], stop: int, more: int
) -> None:
    last = last_stamp(events)
    if last is None:
        return
    replay = Replay(program, events, needs=True)
    for until in (stop, LAST + more):
        replay.advance(until)
        expected, _ = by_reference(program, events, until)
        assert [decision_bytes(item) for item in replay.decisions] == expected


@tries(60)
@given(programs(), histories())
def test_without_the_fewest_readings_all_else_is_the_same(
    program: Program, events: tuple[Event, ...]
) -> None:
    if last_stamp(events) is None:
        return
    whole, brief = Replay(program, events, needs=True), Replay(program, events)
    for until in range(-2, LAST + 3):
        whole.advance(until)
        brief.advance(until)
        if whole.content is None or brief.content is None:
            assert whole.content is brief.content
            continue
        assert replace(whole.content, pending=()) == replace(brief.content, pending=())
        assert [item.rule for item in whole.content.pending] == [item.rule for item in brief.content.pending]
        assert whole.state == brief.state


def tangled(dice: Random) -> m.Artifact:
    """Rules whose conditions mix settings with what hides them, now and over time."""
    terms: list[m.Truth | m.Numeric] = [
        m.Setting(name="target"),
        m.Input(name="x"),
        m.Cmp(left=1, rel=">=", right=0),
        m.Input(name="y"),
        m.Quantity(millionths=2_000_000, unit="points"),
        m.Cmp(left=3, rel=">=", right=4),
        m.TimeInStage(),
        m.Quantity(millionths=2_000_000, unit="ms"),
        m.Cmp(left=6, rel=">=", right=7),
        m.SettingIs(setting="strict", value="no"),
        m.Flag(input="line"),
        m.After(ref=m.EventRef(name="crossed")),
        m.Elapsed(ref=m.EventRef(name="crossed")),
        m.Setting(name="wait"),
        m.Cmp(left=12, rel="<", right=13),
        m.Cmp(left=6, rel="<", right=7),
        m.And(of=(2, 15)),
    ]
    truths = [2, 2, 5, 8, 9, 10, 11, 14, 14, 16, 16]
    for _ in range(16):
        one, other = dice.choice(truths), dice.choice((5, 10, dice.choice(truths)))
        pair = tuple(sorted({one, other}))
        terms.append(
            dice.choice(
                (
                    m.And(of=pair), m.And(of=pair), m.Or(of=pair), m.Not(of=one), m.Ever(of=one),
                    m.Held(of=one, length=number(dice.choice((2, 5)), "ms")),
                    m.Recent(of=one, length=number(dice.choice((2, 5)), "ms")),
                )
            )
        )  # fmt: skip
        truths.append(len(terms) - 1)
    drawn: list[tuple[str | None, str, int]] = [
        ("one", "two", dice.choice((5, 10))),
        ("two", "", dice.choice((16, dice.choice(truths)))),
    ]
    for _ in range(3):
        stage = dice.choice(("one", "two", None))
        target = "" if stage is None or dice.random() < 0.5 else "two" if stage == "one" else "one"
        drawn.append((stage, target, dice.choice(truths[-18:])))
    rules = [
        m.Rule(
            id=f"{stage or 'throughout'}.r{place}",
            stage=stage,
            condition=condition,
            orders=(m.One(order=m.Order(op="go" if target else "notify", target=target or "team")),),
        )
        for place, (stage, target, condition) in enumerate(drawn)
    ]
    return laws_artifact(
        terms=tuple(terms), rules=tuple(rules), events={"crossed": m.EventDecl(condition=2)},
        stages=(m.Stage(name="one", initial=1), m.Stage(name="two"), m.Stage(name="three")),
    )  # fmt: skip


def readings(dice: Random) -> tuple[Event, ...]:
    """A few readings of what `tangled` looks at."""
    found: list[Event] = [Reading("f", 0, "y", Charted(dice.choice((1, 3)) * MILLION, "points"))]
    for place in range(dice.randint(2, 9)):
        name = dice.choice(("x", "x", "y", "line"))
        value = dice.random() < 0.5 if name == "line" else Charted(dice.randint(0, 6) * MILLION, "points")
        found.append(Reading(f"f{place}", dice.randint(0, LAST), name, value))
    return tuple(found)


def choices(artifact: m.Artifact, dice: Random) -> list[Program]:
    """Up to three programs that differ in settings that conditions read and nothing else does."""
    read = {term.name for term in artifact.terms if isinstance(term, m.Setting)}
    read |= {term.setting for term in artifact.terms if isinstance(term, m.SettingIs)}
    free = sorted(settings_of_conditions(artifact) & CHOICES.keys() & read)
    values = list(product(*(CHOICES[name] for name in free)))
    drawn = dice.sample(values, min(3, len(values)))
    return [Program(artifact, dict(zip(free, one, strict=True)), unverified=True) for one in drawn]


def alike_and_apart(artifact: m.Artifact, events: tuple[Event, ...], dice: Random) -> tuple[int, int]:
    """How many others are alike to the end and how many are not; while they are, they decide the same."""
    first, *rest = choices(artifact, dice)
    replay = Replay(first, events, rest)
    expected = [outline(program, events, LAST + 2) for program in (first, *rest)]
    for until in (*sorted({event.time for event in events}), LAST + 2):
        replay.advance(until)
        found = [(one.time, one.content) for one in replay.decisions]
        for place in (-1, *replay.alike):
            assert found == [one for one in expected[place + 1] if one[0] <= until]
    return len(replay.alike), len(rest) - len(replay.alike)


@tries(60)
@given(SEEDS, st.integers(1, 14), histories())
def test_programs_that_are_alike_decide_alike(seed: int, size: int, events: tuple[Event, ...]) -> None:
    if last_stamp(events) is not None:
        alike_and_apart(any_artifact(Random(seed), size), events, Random(seed))


@tries(400)
@given(SEEDS)
def test_programs_that_differ_in_what_is_hidden_decide_alike(seed: int) -> None:
    dice = Random(seed)
    alike_and_apart(tangled(dice), readings(dice), dice)


@tries(150)
@given(SEEDS)
def test_both_engines_agree_where_stages_lead_in_circles(seed: int) -> None:
    dice = Random(seed)
    artifact, events = tangled(dice), readings(dice)
    program = choices(artifact, dice)[0]
    assert by_session(program, events, LAST + 2) == by_reference(program, events, LAST + 2)


def test_some_settings_make_no_difference_and_some_do() -> None:
    found = [alike_and_apart(tangled(dice), readings(dice), dice) for dice in map(Random, range(40))]
    assert min(map(sum, zip(*found, strict=True))) > 15


def test_a_setting_from_which_an_amount_is_taken_is_not_of_conditions_alone() -> None:
    artifact = any_artifact(Random(3), 6)
    held = m.Held(of=0, length=m.FromSetting(setting="wait"))
    assert "wait" not in settings_of_conditions(
        artifact.model_copy(update={"terms": (*artifact.terms, held)})
    )
    terms: tuple[m.Truth | m.Numeric, ...] = (
        m.Setting(name="target"),
        m.Input(name="x"),
        m.Cmp(left=1, rel=">=", right=0),
    )
    plain = artifact.model_copy(update={"terms": terms, "rules": (), "befores": (), "restricts": ()})
    assert "target" in settings_of_conditions(plain)
    sums = (*terms, m.Arith(op="add", left=0, right=1))
    assert "target" not in settings_of_conditions(plain.model_copy(update={"terms": sums}))
    runs = (*terms, m.Readings(n=2, apart=number(1, "ms"), input="x", rel=">=", right=0))
    assert "target" not in settings_of_conditions(plain.model_copy(update={"terms": runs}))
    drawn = m.Readings(n=2, apart=number(1, "ms"), input="x", rel=">=", right=4, drawn=3)
    remembered = (*terms, m.Ever(of=2), m.Quantity(millionths=MILLION, unit="points"), drawn)
    assert "target" not in settings_of_conditions(plain.model_copy(update={"terms": remembered}))
    assert "target" in settings_of_conditions(plain.model_copy(update={"terms": remembered[:-1]}))


def test_what_was_so_with_another_setting_is_remembered_until_it_is_asked_for() -> None:
    terms: tuple[m.Truth | m.Numeric, ...] = (
        m.Setting(name="target"),
        m.Input(name="x"),
        m.Cmp(left=1, rel=">=", right=0),
        m.Ever(of=2),
        m.Flag(input="line"),
        m.And(of=(3, 4)),
    )
    notify = (m.One(order=m.Order(op="notify", target="team")),)
    rules = (m.Rule(id="one.r", stage="one", condition=5, orders=notify),)
    artifact = laws_artifact(terms=terms, rules=rules)
    four, one = (Program(artifact, {"target": number(value, "points")}, unverified=True) for value in (4, 1))
    events = (
        Reading("two", 0, "x", Charted(2 * MILLION, "points")),
        Reading("no", 0, "line", value=False),
        Reading("yes", 10, "line", value=True),
    )
    replay = Replay(four, events, [one])
    replay.advance(3)
    assert replay.alike == {0}
    replay.advance(10)
    assert replay.alike == frozenset()
    assert outline(four, events, 10) != outline(one, events, 10)


def test_a_cycle_is_judged_anew_at_every_instant() -> None:
    terms: tuple[m.Truth | m.Numeric, ...] = (
        m.Input(name="x"),
        m.Quantity(millionths=1_000_000, unit="points"),
        m.Cmp(left=0, rel=">=", right=1),
        m.TimeInStage(),
        m.Quantity(millionths=2_000_000, unit="ms"),
        m.Cmp(left=3, rel="<", right=4),
        m.And(of=(2, 5)),
        m.Const(value=True),
    )
    go = {stage: (m.One(order=m.Order(op="go", target=stage)),) for stage in ("one", "two")}
    rules = (
        m.Rule(id="one.r", stage="one", condition=7, orders=go["two"]),
        m.Rule(id="two.r", stage="two", condition=6, orders=go["one"]),
    )
    stages = (m.Stage(name="one", initial=1), m.Stage(name="two"), m.Stage(name="three"))
    program = Program(laws_artifact(terms=terms, rules=rules, stages=stages), unverified=True)
    events = (
        Reading("high", 0, "x", Charted(5 * MILLION, "points")),
        Reading("low", 3, "x", Charted(0, "points")),
    )
    expected = by_reference(program, events, 4)
    assert len(expected[0]) == 2
    assert by_session(program, events, 4) == expected
    replay = Replay(program, events, needs=True)
    replay.advance(4)
    assert [decision_bytes(item) for item in replay.decisions] == expected[0]
