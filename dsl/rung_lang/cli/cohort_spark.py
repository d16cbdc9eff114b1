"""`rung cohort --engine spark`: the run, and what is said where Spark is missing or fails."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rung_lang.cli.exits import UNREADABLE, USAGE, Refusal

if TYPE_CHECKING:
    from rung_engine.cohort.data import Data
    from rung_engine.cohort.stream import Run, Tally
    from rung_engine.program import Program


def on_spark(
    program: Program, data: Data, place: Path, master: str, silence_is_off: bool, items: bool, tally: Tally
) -> Run:
    """A run on the Spark at `master`. Raises `Refusal` C147 and C148, and `DataProblem` as every run."""
    try:
        from pyspark.errors import PySparkException
    except ModuleNotFoundError:
        raise Refusal(
            "C147",
            "Spark is not installed, and --engine spark needs it.",
            "Install the extra `spark` of rung, or leave --engine out.",
            USAGE,
        ) from None
    from rung_engine.cohort.spark import run

    try:
        return run(
            program,
            data,
            place,
            master=master,
            silence_is_off=silence_is_off,
            items=items,
            tally=tally,
            configured={"spark.ui.showConsoleProgress": str(sys.stderr.isatty()).lower()},
        )
    except PySparkException as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise Refusal(
            "C148",
            f"Spark at {master} gave up: {first}",
            "See whether Java is installed and the master can be reached.",
            UNREADABLE,
        ) from None
