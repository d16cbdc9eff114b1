"""Runs `rung` in this process, as a shell would: what it printed and how it ended."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

from rung_lang.cli.main import run


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


def rung(*arguments: str) -> Ended:
    """`rung ARGUMENTS`."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            run(list(arguments))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return Ended(code, out.getvalue(), err.getvalue())


PROTOCOL = """protocol small "A small protocol"
  version 1.0.0
  applies when age >= 18 years

input age in years fixed
input weight in kg plausible 20 to 350 kg fixed dosing
input MAP in mmHg plausible 10 to 250 mmHg valid for 2 h charted every 1 h
drug norepinephrine as NE
  infusion in mcg/kg/min
  start 0.02 to 0.05 mcg/kg/min
  maximum 3 mcg/kg/min
  valid for 24 h

stage only "Pressure" initial resting
  rule low "Start norepinephrine"
    when MAP < 65 and norepinephrine off
    then start norepinephrine

example "low"
  given age 60 years, weight 70 kg, MAP 60, norepinephrine off
  expect start norepinephrine at 0.02 to 0.05 mcg/kg/min
"""
"""A whole protocol without a finding."""
