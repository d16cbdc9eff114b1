"""The tables made from the kernel's words say what the decisions decoded from them say."""

from __future__ import annotations

from random import Random

import numpy as np
from tests.laws.strategies import any_artifact, any_history

from rung_engine.cohort.columnar import Columnar
from rung_engine.cohort.decode import decisions
from rung_engine.cohort.engine import last_time
from rung_engine.cohort.explode import Vocabulary, tables
from rung_engine.cohort.facts import facts_of
from rung_engine.cohort.tables import decided_of
from rung_engine.program import Program

SEEDS = 12
STAYS = 12


def test_tables_of_words_are_the_tables_of_decisions() -> None:
    kinds: set[str] = set()
    for seed in range(SEEDS):
        dice = Random(seed)
        columnar = Columnar(Program(any_artifact(dice, 14), unverified=True), silence_is_off=seed % 2 == 0)
        book = columnar.flat.codebook
        stays = {f"s{place:02d}": any_history(dice, 24) for place in range(STAYS)}
        facts = facts_of(columnar.flat.program, stays)
        streams = columnar.run(facts)
        last = [last_time(facts, place) for place in range(STAYS)]
        made = tables(streams.words, streams.ends, facts.stays, np.array(last, np.int64), Vocabulary(book))
        wanted = decided_of(
            (stay, last[place], decisions(streams.of(place).tolist(), book))
            for place, stay in enumerate(facts.stays)
        )
        assert made.decisions.to_pydict() == wanted.decisions.to_pydict()
        assert made.items.to_pydict() == wanted.items.to_pydict()
        assert made.items.schema == wanted.items.schema
        assert made.decisions.schema == wanted.decisions.schema
        kinds.update(made.items["kind"].to_pylist())
    assert kinds >= {"order", "waiting", "withheld", "pending", "contradiction", "alert", "rejected"}
