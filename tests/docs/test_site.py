"""The site builds without a warning, its links hold, and it fetches nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, ROOT, anchors, links, pages

CONFIG = DOCS / "mkdocs" / "mkdocs.yml"
ELSEWHERE = re.compile(r"^[a-z]+:")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-f", str(CONFIG), "-d", str(out)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return out


def test_the_site_has_every_page(site: Path) -> None:
    for page in sorted(DOCS.rglob("*.md")):
        if page.parent.name == "packet":
            # A packet is kept as it was made; its summary is for a pull request.
            continue
        made = page.with_name("index.md") if page.name == "README.md" else page
        assert (site / made.relative_to(DOCS)).with_suffix(".html").is_file(), page
    assert (site / "findings" / "index.html").is_file()
    assert not (site / "mkdocs").exists()


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    """Links that a reader follows may lead away; scripts, styles, fonts and pictures may not."""
    loads = re.compile(
        r"""<(?:script|img|iframe|source|audio|video|embed)\b[^>]*\bsrc=["']?(?:https?:)?//[^\s"'>]+"""
        r"""|<link\b[^>]*\bhref=["']?(?:https?:)?//[^\s"'>]+"""
        r"""|(?:url\(|@import\s)["']?(?:https?:)?//[^)"'\s]+""",
        re.IGNORECASE,
    )
    found = [
        f"{file.relative_to(site)}: {match.group()}"
        for file in sorted(site.rglob("*"))
        if file.suffix in (".html", ".css")
        for match in loads.finditer(file.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_hold(page: Path) -> None:
    broken = []
    for line, target in links(page):
        if ELSEWHERE.match(target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        if path.endswith("findings/index.md"):
            continue  # made by the hook, where it is not written
        if not place.is_file() or (anchor and anchor not in anchors(place)):
            broken.append(f"{page.name}:{line}: {target}")
    assert broken == []


def test_files_that_the_pages_name_exist() -> None:
    named = re.compile(r"`((?:dsl|engine|protocols|schemas|tests|docs)/[\w./-]+)`")
    missing = [
        f"{page.name}: {path}"
        for page in pages()
        for path in named.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / path).exists()
    ]
    assert missing == []


def test_the_makefile_builds_this_site() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"mkdocs build --strict -f {CONFIG.relative_to(ROOT).as_posix()}" in makefile


def test_every_command_and_option_stands_in_the_reference() -> None:
    import click

    from rung_lang.cli.main import cli

    text = (DOCS / "reference" / "command.md").read_text(encoding="utf-8")
    context = click.Context(cli)
    absent = []
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        absent += [name] if f"`rung {name}" not in text else []
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                absent += [f"{name} {option}" for option in parameter.opts if f"`{option}" not in text]
    assert [item for item in absent if not item.endswith("--output")] == []


def test_every_code_of_the_commands_stands_in_the_reference() -> None:
    text = (DOCS / "reference" / "command.md").read_text(encoding="utf-8")
    codes = {
        code
        for file in sorted((ROOT / "dsl" / "rung_lang" / "cli").glob("*.py"))
        for code in re.findall(r"\bC1\d\d\b", file.read_text(encoding="utf-8"))
    }
    assert sorted(code for code in codes if code not in text) == []


def test_every_exit_code_stands_in_the_reference() -> None:
    from rung_lang.cli import exits

    text = (DOCS / "reference" / "command.md").read_text(encoding="utf-8")
    codes = [value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)]
    assert [code for code in codes if f"| {code} |" not in text] == []


def test_every_part_of_an_artifact_stands_in_its_page() -> None:
    from rung_engine.artifact.model import Artifact

    text = (DOCS / "reference" / "artifact.md").read_text(encoding="utf-8")
    assert [name for name in Artifact.__dataclass_fields__ if f"`{name}`" not in text] == []


def test_every_word_of_a_timeline_stands_in_the_reference() -> None:
    """The words that lead a line are what `report/decisions.py` says things with."""
    source = (ROOT / "dsl" / "rung_lang" / "report" / "decisions.py").read_text(encoding="utf-8")
    text = (DOCS / "reference" / "command.md").read_text(encoding="utf-8")
    words = set(re.findall(r'Said\("([A-Za-z][A-Za-z ]*)"', source))
    words |= set(re.findall(r'"([A-Za-z]+)"', source.partition("lead = ")[2].partition("[item.mark]")[0])) - {
        "not_due"
    }
    assert {"NEW", "because", "waits for"} <= words
    assert sorted(word for word in words if f"`{word}`" not in text) == []
