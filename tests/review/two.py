"""Two versions of one small protocol, between which most kinds of change occur."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rung_lang.driver import Compiled, compile_protocol
from rung_lang.source import Source

OLD = """protocol ladder "Two vasopressors"
  version 1.0.0
  applies when age >= 18 years

source trial "A trial of the second agent" 2008
input age in years fixed
input weight in kg plausible 20 to 350 kg fixed dosing
input MAP "mean arterial pressure" in mmHg plausible 10 to 250 mmHg valid for 1 h charted every 15 min
input lactate in mmol/L plausible 0.1 to 30 mmol/L valid for 6 h
input central_access "central access" yes or no valid for 24 h
drug norepinephrine as NE
  infusion in mcg/kg/min
  start 0.02 to 0.05 mcg/kg/min
  maximum 3 mcg/kg/min
  concentration 16 mcg/mL
  valid for 24 h
drug vasopressin as VP
  infusion in units/min
  start 0.03 units/min
  maximum 0.03 units/min
  concentration 0.2 units/mL
  needs norepinephrine
  valid for 24 h
setting target "pressure to keep" = 65 mmHg, from 65 mmHg to 80 mmHg
define low "pressure below target" as MAP < target
before vasopressin require central_access

stage first_line "Norepinephrine" initial resting
  rule begin "Begin norepinephrine"
    when low and norepinephrine off
    then start norepinephrine
  rule second_agent "Add vasopressin"
    when low and NE >= 0.1 mcg/kg/min
    then recommend add vasopressin at 0.03 units/min
    because "it spares norepinephrine"
    cite trial clause "LAD-02" erratum "X-17"
  rule joined "Vasopressin runs"
    when vasopressin running
    then go to both

stage both "Norepinephrine and vasopressin" resting
  rule look "Look at the lactate"
    when vasopressin running
    then measure lactate every 4 h
  rule alone "Vasopressin is off again"
    when vasopressin off
    then go to first_line

never order vasopressin above 0.03 units/min clause "LAD-03"
never order vasopressin while norepinephrine off

example "A low pressure"
  given age 60 years, weight 70 kg, MAP 60, norepinephrine off, vasopressin off, central_access yes
  expect start norepinephrine at 0.02 to 0.05 mcg/kg/min
"""
EDITS = (
    ("version 1.0.0", "version 1.1.0"),
    ("  maximum 0.03 units/min", "  maximum 0.04 units/min"),
    ("NE >= 0.1 mcg/kg/min", "NE >= 0.25 mcg/kg/min"),
    ("add vasopressin at 0.03 units/min\n", "add vasopressin at 0.03 to 0.04 units/min\n"),
    ("measure lactate every 4 h", "measure lactate every 2 h"),
    ("never order vasopressin above 0.03", "never order vasopressin above 0.04"),
    ("from 65 mmHg to 80 mmHg", "from 65 mmHg to 90 mmHg"),
    ('rule alone "Vasopressin', 'rule vasopressin_gone "Vasopressin'),
)
NEW = OLD
for _before, _after in EDITS:
    assert _before in NEW, _before
    NEW = NEW.replace(_before, _after)


@cache
def compiled(text: str) -> Compiled:
    """Without an error."""
    result = compile_protocol("ladder.rung", lambda path: Source(path, text))
    assert result.artifact is not None, result.problems
    return result


def written(folder: Path) -> tuple[str, str]:
    """Both as files; their paths."""
    for name, text in (("old", OLD), ("new", NEW)):
        place = folder / name
        place.mkdir()
        (place / "ladder.rung").write_text(text, encoding="utf-8")
    return str(folder / "old" / "ladder.rung"), str(folder / "new" / "ladder.rung")
