"""What `rung cohort` reads: how a folder is opened, and what became of its rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rung_engine.frozen import frozen
from rung_engine.sources.accounting import Account
from rung_lang.cli.exits import USAGE, Refusal

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact
    from rung_engine.cohort.data import Data
    from rung_engine.cohort.stream import Run
    from rung_engine.program import Program
    from rung_engine.sources.claims import Chosen
    from rung_lang.report.cohort_said import Setting


@frozen
class Opened:
    """Data, and what its mapping says of them."""

    data: Data
    settings: Mapping[str, Chosen]
    read_as: str
    silence: str
    """off or unknown: what a drug that nobody charted counts as."""
    silence_why: str
    notes: tuple[str, ...]


@frozen
class Accounted:
    """Where every row went, by table; and those that could not be used: variable, reason, how many."""

    accounts: tuple[Account, ...]
    refused: tuple[tuple[str, str, int], ...]


def open_data(folder: str, mapping: str | None, artifact: Artifact) -> Opened:
    """A tidy folder, which has a table of stays, or files in the facts form. Raises `DataProblem`."""
    from rung_engine.cohort.data import open_facts
    from rung_engine.cohort.folders import open_tidy
    from rung_engine.sources.claims import site_settings
    from rung_engine.sources.tidy import find_mapping

    place = Path(folder)
    if any((place / f"stays.{end}").is_file() for end in ("parquet", "csv")):
        site = find_mapping(folder, mapping)
        return Opened(
            open_tidy(folder, site, artifact),
            site_settings(site, artifact),
            site.name,
            site.silence,
            site.silence_why,
            site.notes,
        )
    found = open_facts(folder)
    if mapping is not None:
        raise Refusal(
            "C145",
            f"{folder} holds facts, and a mapping reads tables of stays, events and infusions.",
            "Leave --mapping out.",
            USAGE,
        )
    return Opened(found, {}, "facts", "unknown", "Unless a fact of the stay says that nothing else runs.", ())


def accounted(run: Run) -> Accounted:
    """The accounts of all parts, added up; nothing of facts files, in which every row is a fact."""
    from rung_engine.cohort.charts import accounts_added
    from rung_lang.report.cohort_said import unusable

    parts = [json.loads(path.read_text(encoding="utf-8")) for path in run.paths("account")]
    if not parts:
        return Accounted((), ())
    found = accounts_added(parts)
    accounts = tuple(
        Account(
            table,
            one["rows"],
            tuple((category, detail, count) for category, detail, count in one["counts"]),
            tuple((note, count) for note, count in one["notes"]),
        )
        for table, one in found["tables"].items()
    )
    counts: Counter[tuple[str, str]] = Counter()
    for _, variable, reason, count in found["refused"]:
        counts[variable, reason] += count
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Accounted(
        accounts, tuple((variable, unusable(reason), count) for (variable, reason), count in ranked)
    )


def settings_said(program: Program, mapped: Mapping[str, Chosen]) -> tuple[Setting, ...]:
    """What the site chose, in words, and who chose it."""
    from rung_engine.artifact.model import Number
    from rung_lang.report.cohort_said import Setting
    from rung_lang.report.decisions import number

    found = []
    for name, value in sorted(program.site_settings.items()):
        shown = f"{number(value.millionths)} {value.unit}" if isinstance(value, Number) else value
        item = mapped.get(name)
        found.append(Setting(name, shown, item.why if item is not None and item.value == value else "--set"))
    return tuple(found)
