"""Two versions asked about one cohort, for `rung diff --data` and `rung review --data`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rung_engine.frozen import frozen
from rung_lang.cli.cohort_data import open_data
from rung_lang.cli.exits import UNWRITABLE, Refusal
from rung_lang.cli.files import write_bytes
from rung_lang.cli.programs import data_problems, program_of
from rung_lang.cli.show import watched

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact
    from rung_engine.cohort.beside import Side
    from rung_lang.cli.cohort_data import Opened
    from rung_lang.report.diff_said import Sides
    from rung_lang.report.impact_said import OnCohort


@frozen
class DataOptions:
    """Which data, as the command line says it: a folder, a mapping, settings as `NAME=VALUE` for each version
    that has one of the name. `output`: a folder for `compared.json` and `compared.parquet`."""

    folder: str
    mapping: str | None = None
    chosen: tuple[str, ...] = ()
    output: str | None = None


def impact(sides: Sides, asked: DataOptions) -> OnCohort:
    """What the difference comes to on the data. Neither version need be proved: nobody is treated by it.

    Raises `Refusal`: of the data, of a setting, or where `output` cannot be written.
    """
    from rung_engine.cohort.beside import beside, write_intervals
    from rung_engine.cohort.data import hash_of
    from rung_lang.diff.impact import alike, sought, which
    from rung_lang.diff.names import reworded
    from rung_lang.report.impact_said import OnCohort, data_of

    # A message in other words is one change of its own; what is counted is when it is told.
    before, _ = reworded(sides.old, sides.new)
    with data_problems():
        (old, _), (new, opened) = (_side(artifact, asked) for artifact in (before, sides.new))
        with watched(f"{sides.new.name} on {Path(asked.folder).name}") as progress:
            found = beside(
                old,
                new,
                alike=alike(sides.difference),
                sought=sought(sides.difference),
                which=which(sides.difference, new.program, silence_is_off=new.silence_is_off),
                progress=progress,
            )
        sha256, _ = hash_of(new.data.files)
    told = OnCohort(
        found.compared,
        Path(asked.folder).resolve().name,
        opened.read_as,
        opened.silence,
        sha256,
        opened.notes,
    )
    if asked.output is not None:
        place = Path(asked.output)
        marks = {"rung.old": sides.old.seal, "rung.new": sides.new.seal, "rung.data": sha256}
        try:
            place.mkdir(parents=True, exist_ok=True)
            write_intervals(found.intervals, place / "compared.parquet", marks)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise Refusal(
                "C103", f"I cannot write to {place}: {why}.", "Choose another place.", UNWRITABLE
            ) from None
        text = json.dumps(data_of(told), indent=2, sort_keys=True, ensure_ascii=False)
        write_bytes(str(place / "compared.json"), f"{text}\n".encode())
    return told


def _side(artifact: Artifact, asked: DataOptions) -> tuple[Side, Opened]:
    from rung_engine.cohort.beside import Side

    opened = open_data(asked.folder, asked.mapping, artifact)
    chosen = tuple(one for one in asked.chosen if one.partition("=")[0].strip() in artifact.settings)
    program = program_of(artifact, opened.settings, chosen, unverified=True)
    return Side(program, opened.data, opened.silence == "off"), opened
