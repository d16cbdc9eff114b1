"""Parse, check and lower protocols of 1,000 to 10,000 rules: seconds, and seconds a rule."""

from __future__ import annotations

import gc
import statistics
import time

from tests.bench.machine import machine

from rung_lang.cli.main import COLLECT_AFTER
from rung_lang.driver import compile_protocol
from rung_lang.source import Source

HEAD = """protocol big "A protocol of many rules"
  version 1.0.0
  applies when age >= 18 years

input age in years fixed
input MAP in mmHg plausible 10 to 250 mmHg valid for 15 min
input lactate in mmol/L plausible 0.1 to 30 mmol/L valid for 8 h
input weight in kg plausible 20 to 300 kg fixed dosing
drug norepinephrine as NE infusion in mcg/kg/min start 0.02 to 0.05 mcg/kg/min
  maximum 3 mcg/kg/min valid for 2 h
task note "write it down"

stage only "All of it" initial
"""


def protocol(rules: int) -> str:
    """A protocol of that many rules, each with a condition of its own."""
    parts = [HEAD]
    for index in range(rules):
        low = 10 + index % 230
        part = index // 230
        parts.append(
            f"  rule r{index}\n    when MAP < {low} and lactate >= {1 + part / 100:.2f} mmol/L "
            f'and NE >= 0.{1 + index % 9} mcg/kg/min\n    then notify "n{index}"\n'
        )
    return "".join(parts)


def once(rules: int) -> float:
    """Seconds from text to artifact."""
    source = Source("big.rung", protocol(rules))
    start = time.perf_counter()
    compiled = compile_protocol("big.rung", lambda path: source if path == "big.rung" else None)
    seconds = time.perf_counter() - start
    if compiled.artifact is None:
        raise SystemExit(f"the generated protocol has problems: {compiled.problems[:3]}")
    return seconds


def main() -> None:
    """Print the table."""
    print(machine())
    gc.set_threshold(COLLECT_AFTER)  # as the command does
    print(f"{'rules':>8} {'seconds':>9} {'ms a rule':>10} {'to 1,000':>9}")
    once(100)
    first = 0.0
    for rules, times in ((1_000, 5), (2_000, 3), (5_000, 3), (10_000, 3)):
        seconds = statistics.median(once(rules) for _ in range(times))
        first = first or seconds
        print(f"{rules:>8,} {seconds:>9.3f} {seconds / rules * 1000:>10.3f} {seconds / first:>9.2f}")
    print("target: 1,000 rules under 1 s, growing linearly")


if __name__ == "__main__":
    main()
