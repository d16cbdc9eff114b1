"""All three engines on real stays under the shipped protocol; skipped where the data is absent."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from rung_engine.cohort.engine import Engine
from rung_engine.cohort.facts import facts_of
from rung_engine.decision.model import Decision, decision_bytes
from rung_engine.program import Program
from rung_engine.reference.run import run
from rung_engine.session.session import Session
from rung_engine.sources.tidy import find_mapping, open_cohort
from rung_lang.driver import compile_protocol
from rung_lang.source import decode

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data"
MOST_FACTS = 700
"""The reference looks at the whole history at every instant: short stays keep the test short."""
STAYS = 2


@pytest.mark.parametrize("name", ["mimic3_demo", "eicu_demo"])
def test_the_engines_agree_on_real_stays_bit_for_bit(name: str) -> None:
    folder = REAL / name
    if not folder.is_dir():
        pytest.skip("the real data does not lie beside the project")
    compiled = compile_protocol(
        str(ROOT / "protocols" / "septic_shock.rung"), lambda path: decode(path, Path(path).read_bytes())
    )
    assert compiled.artifact is not None
    cohort = open_cohort(folder, find_mapping(folder), compiled.artifact)
    site = {key: item.value for key, item in cohort.settings.items()}
    program = Program(compiled.artifact, site, unverified=True)
    table = pl.read_parquet(folder / "stays.parquet")
    septic = set(table.filter(pl.col("dx_septic_shock") == 1)["stay_id"])
    seen = 0
    for stay_id in cohort.stay_ids:
        stay = cohort.stay(stay_id) if stay_id in septic else None
        if stay is None or not 100 < len(stay.events) < MOST_FACTS:
            continue
        silence = cohort.silence == "off"
        whole = run(program, stay.events, silence_is_off=silence)
        session = Session(program, silence_is_off=silence)
        given: list[Decision] = []
        for event in stay.events:
            decided = session.feed(event)
            if decided.revised_from is not None:
                given = [decision for decision in given if decision.time < decided.revised_from]
            given.extend(decided)
        assert [decision_bytes(one) for one in given] == [decision_bytes(one) for one in whole]
        (columns,) = Engine(program, silence_is_off=silence, path="kernel").values(
            facts_of(program, {stay_id: stay.events})
        )
        assert [decision_bytes(one) for one in columns] == [decision_bytes(one) for one in whole]
        assert any(decision.content.phase == "active" for decision in whole)
        seen += 1
        if seen == STAYS:
            break
    assert seen == STAYS
