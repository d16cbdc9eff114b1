"""The repository keeps its own promises: folders, versions, light imports, no leftovers.

These tests read files and start one Python; they do not build, install or reach a network.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

from rung_engine.artifact.model import FORMAT, LANGUAGE

ROOT = Path(__file__).resolve().parents[2]

FOLDERS = {"dsl", "engine", "protocols", "schemas", "tests", "docs"}
FILES = {"CHANGELOG.md", "LICENSE", "Makefile", "README.md", "pyproject.toml"}
MADE = {"build", "dist", "site", "__pycache__", "PKG-INFO"}
"""What tools leave behind; only a walk meets these, since git ignores them."""

TARGETS = {"setup", "demo", "test", "lint", "docs", "bench"}
HEAVY = ("lark", "z3", "pydantic", "polars", "numpy")


@cache
def repository_files() -> tuple[Path, ...]:
    """Paths relative to the root: what git tracks or, in a source tarball, what lies there."""
    tracked = _tracked()
    found = tracked if tracked else _walked(ROOT)
    return tuple(sorted(p.relative_to(ROOT) for p in found if p.is_file()))


def _tracked() -> list[Path]:
    """Empty without git, without a repository of our own, or when git refuses a stranger's folder."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return []
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        return []
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def _walked(folder: Path) -> list[Path]:
    found: list[Path] = []
    for entry in folder.iterdir():
        if entry.name in MADE or entry.name.endswith((".egg-info", ".pyc")):
            continue
        if not entry.is_dir():
            found.append(entry)
        elif entry.name == ".ci" or not entry.name.startswith("."):
            found.extend(_walked(entry))
    return found


def _texts() -> list[tuple[Path, str]]:
    texts: list[tuple[Path, str]] = []
    for path in repository_files():
        try:
            texts.append((path, (ROOT / path).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return texts


def _lines_with(pattern: re.Pattern[str], texts: list[tuple[Path, str]]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()}"
        for path, text in texts
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def _latest_release() -> tuple[str, str]:
    """Version and text of the newest release in the changelog."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    parts = re.split(r"^## \[(\d+\.\d+\.\d+)\].*$", changelog, flags=re.MULTILINE)
    assert len(parts) >= 3, "CHANGELOG.md names no release"
    return parts[1], parts[2]


def test_the_top_level_folders_are_exactly_the_six() -> None:
    folders = {p.parts[0] for p in repository_files() if len(p.parts) > 1}
    assert {name for name in folders if not name.startswith(".")} == FOLDERS


def test_the_top_level_files_are_exactly_the_named_ones() -> None:
    files = {p.name for p in repository_files() if len(p.parts) == 1}
    assert {name for name in files if not name.startswith(".")} == FILES


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version, _ = _latest_release()
    assert version == project["version"]


def test_the_changelog_names_the_language_and_artifact_versions_of_the_engine() -> None:
    _, text = _latest_release()
    named = re.search(r"^Language version (\S+)\. Artifact version (\d+)\.$", text, flags=re.MULTILINE)
    assert named is not None
    assert named.groups() == (LANGUAGE, str(FORMAT))


def test_importing_the_engine_loads_nothing_heavy() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules); import rung_engine; "
        f"print(*sorted((set(sys.modules) - before) & set({HEAVY!r})))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(ROOT / "engine")], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == []


def test_the_sources_hold_no_note_of_unfinished_work() -> None:
    sources = [(path, text) for path, text in _texts() if path.parts[0] in {"dsl", "engine"}]
    assert sources
    assert _lines_with(re.compile(r"\b(TODO|FIXME)\b"), sources) == []


def test_the_makefile_has_the_six_targets_and_describes_each() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    described = set(re.findall(r"^([a-z]+):.*## \S", makefile, flags=re.MULTILINE))
    assert described == TARGETS | {"help"}


def test_no_text_mentions_a_path_of_a_build_machine() -> None:
    # Put together from parts, so that this file does not find itself.
    paths = re.compile(r"(?<![\w.~-])" + "/" + r"work/|" + "/" + r"tmp/bash")
    assert _lines_with(paths, _texts()) == []
