"""Every patient whom two versions treat otherwise is in a region of their difference."""

from __future__ import annotations

from random import Random

from hypothesis import given
from tests.laws.settings import tries
from tests.laws.strategies import LAST, SEEDS, any_artifact, any_history

from rung_engine.artifact import model as m
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_lang.diff.diff import diff, located
from rung_lang.diff.model import Difference
from rung_lang.diff.played import Versions, seen
from rung_lang.verify.strength.mutants import mutants


def two_versions(dice: Random) -> tuple[m.Artifact, m.Artifact] | None:
    """A protocol and itself with one or two small things changed, either of them first."""
    old = new = any_artifact(dice, dice.randint(2, 10))
    for _ in range(dice.choice((1, 1, 2))):
        found = list(mutants(Program(new, unverified=True)))
        if not found:
            return None
        new = dice.choice(found).artifact
    return (old, new) if dice.random() < 0.5 else (new, old)


@given(SEEDS)
@tries(36)
def test_who_is_treated_otherwise_is_in_a_region(seed: int) -> None:
    dice = Random(seed)
    versions = two_versions(dice)
    if versions is None:
        return
    found, where = located(*versions, patients=False)
    played = Versions(*versions).under(())
    for _ in range(6):
        history = any_history(dice, dice.randint(3, 14))
        parted = played.parted(history, LAST + 12)
        if parted is None:
            continue
        assert found.how == "differs" and where is not None
        left_unsaid = found.undecided or not all(change.whole for change in found.changes)
        assert where.at(history, parted[0]) or left_unsaid, (parted, found.changes)


@given(SEEDS)
@tries(18)
def test_a_region_shows_one_of_its_patients_and_both_engines_part_there(seed: int) -> None:
    dice = Random(seed)
    versions = two_versions(dice)
    if versions is None:
        return
    found, where = located(*versions)
    for change in found.changes:
        for region in change.regions:
            patient = region.patient
            if patient is None:
                continue
            assert where is not None
            assert region.name in where.at(patient.events, patient.time, patient.settings)
            decided = []
            for artifact in versions:
                program = Program(artifact, dict(patient.settings), unverified=True)
                runner = Runner(program, patient.events)
                runner.advance(patient.time)
                assert runner.content is not None
                decided.append(seen(program, runner.content))
            assert decided[0] != decided[1]


@given(SEEDS)
@tries(18)
def test_the_difference_the_other_way_round_is_its_mirror(seed: int) -> None:
    versions = two_versions(Random(seed))
    if versions is None:
        return
    old, new = versions
    there, back = (located(*pair, patients=False)[0] for pair in ((old, new), (new, old)))
    assert there.how == back.how
    assert {one.subject for one in there.changes} == {one.subject for one in back.changes}
    mirror = {
        "earlier": "later",
        "more patients": "fewer patients",
        "order new": "order gone",
        "dose up": "dose down",
    }
    mirror |= {value: key for key, value in mirror.items()}

    def classes(found: Difference) -> list[tuple[object, frozenset[str]]]:
        return sorted(
            ((one.stages.new or "", one.subject, one.also), frozenset(one.classes)) for one in found.changes
        )

    mine = [(about, frozenset(mirror.get(one, one) for one in told)) for about, told in classes(there)]
    assert mine == classes(back)


@given(SEEDS)
@tries(18)
def test_a_version_does_not_differ_from_itself(seed: int) -> None:
    dice = Random(seed)
    artifact = any_artifact(dice, dice.randint(2, 12))
    shuffled = list(artifact.rules)
    dice.shuffle(shuffled)
    found = diff(artifact, artifact.model_copy(update={"rules": tuple(shuffled)}))
    assert found.how == "text" and not found.changes and not found.declared
