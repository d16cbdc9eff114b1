"""Walks: one patient is led from stage to stage, and the reference engine sees him where they say he is."""

from __future__ import annotations

import pytest

from rung_engine.artifact.model import Artifact
from rung_lang.driver import compile_protocol
from rung_lang.source import Source
from rung_lang.verify.context import Context
from rung_lang.verify.histories.replay import replay_of
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.reach.walks import Walks
from rung_lang.verify.verdict import Replayed

STAGES = 12
"""More moves than the search for a history spells out."""


def ladder() -> Artifact:
    """Stages one above the other; each is left after a wait, the last one never."""
    parts = [
        'protocol ladder "Ladder"\n  version 1.0.0\n  applies when age >= 18 years\n',
        "input age in years fixed\n"
        "input MAP in mmHg plausible 10 to 250 mmHg valid for 15 min charted every 15 min step 1 mmHg\n"
        "input lactate in mmol/L plausible 0 to 30 mmol/L valid for 8 h charted every 6 h\n",
    ]
    for stage in range(STAGES):
        start = " initial" if stage == 0 else ""
        parts.append(f'stage s{stage} "Stage"{start} resting\n')
        if stage + 1 < STAGES:
            parts.append(
                f"  rule up{stage} when (MAP < {64 - stage}) for 30 min and time in stage >= 20 min "
                f"then go to s{stage + 1}\n"
            )
        parts.append(
            f'  rule call{stage} when MAP >= 70 and ever lactate >= 2 mmol/L then notify "n{stage}"\n'
        )
    source = Source("main.rung", "".join(parts))
    found = compile_protocol("main.rung", lambda path: source if path == "main.rung" else None)
    assert found.artifact is not None, found.problems
    return found.artifact


@pytest.fixture(scope="module")
def context() -> Context:
    found = Context(ladder())
    found.reach = Reach(found)
    return found


def walks(context: Context) -> Walks:
    assert isinstance(context.reach, Reach)
    return Walks(context, context.reach)


@pytest.mark.parametrize("stage", [0, 1, STAGES - 1])
def test_a_patient_is_led_to_a_stage_however_far(context: Context, stage: int) -> None:
    situation = context.situation(f"s{stage}")

    def there(replayed: Replayed) -> bool:
        return replayed.state.stage == f"s{stage}"

    shown = walks(context).shows(situation, (), there)
    assert shown is not None
    seen = replay_of(context.artifact, shown.witness)
    assert seen is not None
    assert there(seen)
    assert seen.state == shown.replayed.state


def test_what_a_question_asks_for_is_charted_when_he_is_there(context: Context) -> None:
    situation = context.situation("s5")

    def called(replayed: Replayed) -> bool:
        return any("s5.call5" in order.rules for order in replayed.content.orders)

    shown = walks(context).shows(situation, (situation.rules["s5.call5"].fires,), called)
    assert shown is not None
    seen = replay_of(context.artifact, shown.witness)
    assert seen is not None
    assert called(seen)


def test_what_no_patient_shows_is_not_shown(context: Context) -> None:
    situation = context.situation("s1")
    low, high = situation.rules["s1.up1"].fires, situation.rules["s1.call1"].fires
    assert walks(context).shows(situation, (low, high), lambda replayed: False) is None
    assert walks(context).shows(situation, (high,), lambda replayed: False) is None
