"""A command loads what it needs and no more: a check of a text, once and then again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.command import PROTOCOL

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("lark", "pydantic", "jsonschema", "rich", "polars", "pyarrow", "importlib.metadata")
PROGRAM = """
import sys
from rung_lang.cli.main import run
try:
    run(sys.argv[1:])
except SystemExit as end:
    print("ended", end.code)
print("loaded", *sorted(sys.modules))
"""


def loaded(folder: Path, *arguments: str) -> set[str]:
    """The modules that a command leaves loaded, whether it found anything or not."""
    paths = os.pathsep.join(str(ROOT / part) for part in ("dsl", "engine"))
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**os.environ, "PYTHONPATH": paths, "XDG_CACHE_HOME": str(folder / "cache")},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ended 0" in ran.stdout or "ended 1" in ran.stdout, ran.stdout + ran.stderr
    return set(ran.stdout.partition("loaded ")[2].split())


def test_a_check_loads_no_reader_of_artifacts_or_tables_and_no_maker_of_parsers(tmp_path: Path) -> None:
    (tmp_path / "small.rung").write_text(PROTOCOL, encoding="utf-8")
    assert loaded(tmp_path, "check", "small.rung") & {*HEAVY} == set()


def test_a_check_of_what_was_checked_before_does_not_load_the_solver(tmp_path: Path) -> None:
    (tmp_path / "small.rung").write_text(PROTOCOL, encoding="utf-8")
    loaded(tmp_path, "check", "small.rung")
    assert "z3" not in loaded(tmp_path, "check", "small.rung")


def test_the_help_of_the_command_loads_neither_half(tmp_path: Path) -> None:
    found = loaded(tmp_path, "--help")
    assert not {name for name in found if name.startswith(("rung_engine", "rung_lang.syntax"))}
