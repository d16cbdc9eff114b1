"""The made-up cohort is the same for the same call, labelled, and read like any other."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sources.protocol import artifact

from rung_engine.event import Charted, Dose, Infusion, Reading
from rung_engine.sources.synthetic import FILES, main, make_stay
from rung_engine.sources.tidy import find_mapping, open_cohort


def test_the_same_call_writes_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("first", "second"):
        assert main([str(tmp_path / name), "--stays", "5", "--seed", "3"]) == 0
    assert "5 SYNTHETIC stays" in capsys.readouterr().out
    for file in FILES:
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()
    assert (tmp_path / "first" / "README.txt").read_text().startswith("SYNTHETIC DATA. Not patients.")


def test_a_stay_depends_on_its_seed_and_index_only() -> None:
    assert make_stay(7, 4) == make_stay(7, 4)
    assert make_stay(7, 4) != make_stay(8, 4)
    assert make_stay(7, 4)[1] != make_stay(7, 5)[1]


def test_a_folder_with_other_things_in_it_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stays.parquet").write_text("real")
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert "was not made by this program" in capsys.readouterr().err
    assert (tmp_path / "stays.parquet").read_text() == "real"
    with pytest.raises(SystemExit):
        main([str(tmp_path / "new"), "--stays", "0"])


def test_the_usual_cohort_holds_what_a_demonstration_needs(tmp_path: Path) -> None:
    main([str(tmp_path)])
    main([str(tmp_path)])
    mapping = find_mapping(tmp_path)
    assert mapping.name == "synthetic"
    cohort = open_cohort(tmp_path, mapping, artifact())
    assert len(cohort.stay_ids) == 24
    events = [event for stay in cohort.iter_stays() for event in stay.events]
    units = {e.rate.unit for e in events if isinstance(e, Infusion) and e.rate is not None}
    assert units == {"mcg/kg/min", "mcg/min", "mL/h", "units/min", "units/h"}
    assert any(isinstance(e, Dose) and e.amount == Charted(500_000_000, "mL") for e in events)
    assert any(isinstance(e, Reading) and e.input == "central_access" and e.value is True for e in events)
    reasons = {refusal.reason for stay in cohort.iter_stays() for refusal in stay.refusals}
    assert reasons == {"implausible", "no_concentration", "no_unit", "no_value", "weight_unusable"}
    vasopressin = [
        stay.id
        for stay in cohort.iter_stays()
        if any(isinstance(e, Infusion) and e.drug == "vasopressin" for e in stay.events)
    ]
    weaned = [
        stay.id
        for stay in cohort.iter_stays()
        if any(
            isinstance(e, Infusion) and e.drug == "norepinephrine" and e.rate == Charted(0, "mcg/kg/min")
            for e in stay.events
        )
    ]
    assert len(vasopressin) >= 6
    assert len(weaned) >= 6
