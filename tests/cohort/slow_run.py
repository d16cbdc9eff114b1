"""A run that takes its time, to be killed: `python slow_run.py DATA OUT`."""

from __future__ import annotations

import sys
import time

import polars as pl
from tests.cohort.tables_of import program

from rung_engine.cohort.data import open_facts
from rung_engine.cohort.facts import Facts
from rung_engine.cohort.stream import run
from rung_engine.cohort.tables import Decided


def count(facts: Facts, decided: Decided) -> pl.DataFrame:
    """A tally that is slow."""
    time.sleep(0.2)
    return pl.DataFrame({"facts": [facts.count]})


if __name__ == "__main__":
    run(program(3), open_facts(sys.argv[1]), sys.argv[2], batch=40, workers=1, tally=count)
