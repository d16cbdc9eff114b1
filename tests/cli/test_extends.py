"""A local protocol is proved anew where it differs from what it extends, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rung_lang.cli.load import compiled
from rung_lang.cli.proving import proof
from rung_lang.verify.solving.solve import LIMIT, Solver
from rung_lang.verify.verdict import Report

BASE = """protocol base "Base"
  version 1.0.0
  applies when age >= 18 years

input age in years plausible 0 to 120 years fixed
input weight in kg plausible 20 to 350 kg fixed dosing
input MAP in mmHg plausible 10 to 200 mmHg valid for 15 min charted every 15 min
input lactate in mmol/L plausible 0 to 30 mmol/L valid for 6 h charted every 4 h
drug norepinephrine as NE infusion in mcg/kg/min start 0.05 mcg/kg/min maximum 3 mcg/kg/min
drug vasopressin infusion in units/min start 0.03 units/min maximum 0.04 units/min
setting target = 65 mmHg, from 60 mmHg to 75 mmHg

stage pressor initial resting
  rule begin
    when MAP < target and norepinephrine off
    then start norepinephrine
  rule on
    when NE >= 0.25 mcg/kg/min and MAP < target
    then go to second
  rule clears
    when MAP >= 80 and norepinephrine running
    then stop norepinephrine
stage second resting
  rule more
    when MAP < target and vasopressin off
    then add vasopressin
  rule ask
    when lactate >= 4 and vasopressin running
    then notify "intensivist"
  rule back
    when NE < 0.1 mcg/kg/min and MAP >= 80
    then go to pressor
"""
LOCAL = """protocol ours "Ours" extends "base.rung"
  version 1.0.0

stage second
  rule again when lactate >= 8 mmol/L then notify "head of the unit"
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many parts each question about every patient had that came to the solver."""
    found: list[int] = []
    check = Solver._check

    def counted(self: Solver, parts: Any) -> Any:
        if self.limit == LIMIT:  # a search for a history, which is of one protocol, has a lower one
            found.append(len(parts))
        return check(self, parts)

    monkeypatch.setattr(Solver, "_check", counted)
    return found


def proved(path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    result = compiled(str(path))
    assert result.artifact is not None, result.problems
    return proof(result)


def test_a_local_protocol_asks_only_what_it_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[int]
) -> None:
    (tmp_path / "base.rung").write_text(BASE, "utf-8")
    ours = tmp_path / "ours.rung"
    ours.write_text(LOCAL, "utf-8")
    alone = proved(ours, tmp_path / "empty", monkeypatch)
    by_itself = len(asked)
    proved(tmp_path / "base.rung", tmp_path / "shared", monkeypatch)
    asked.clear()
    after = proved(ours, tmp_path / "shared", monkeypatch)
    assert [one.verdict for one in after.obligations] == [one.verdict for one in alone.obligations]
    assert len(asked) * 3 < by_itself
