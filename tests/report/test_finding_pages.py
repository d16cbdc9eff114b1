"""Every code has a page, every page a code, and the texts on the pages are as wrong or right as they say."""

from __future__ import annotations

import re
from importlib import import_module
from itertools import combinations
from pathlib import Path
from pkgutil import walk_packages
from typing import get_args

import pytest

from rung_engine.approval.problems import WORDS as APPROVAL_WORDS
from rung_engine.artifact.certificate import CertificateCode
from rung_engine.artifact.load import Code
from rung_engine.sources.problems import WORDS
from rung_lang import verify
from rung_lang.bundle import compile_bundle
from rung_lang.bundle_examples import run_bundle_examples
from rung_lang.checked import problems as checked_problems
from rung_lang.checked import problems_bundle
from rung_lang.driver import compile_protocol
from rung_lang.examples import run_examples
from rung_lang.finding import Problem
from rung_lang.report.pages import FOLDER, index, read_pages
from rung_lang.source import Source, Unreadable, decode
from rung_lang.syntax import problems as syntax_problems
from rung_lang.verify.context import Context
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.together.together import Side, together
from rung_lang.verify.verify import verify as proof

PAGES = read_pages()
MAIN = "example.rung"
LANGUAGE = Path(__file__).resolve().parents[2] / "dsl" / "rung_lang"
_BLOCK = re.compile(r'^```rung(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def known() -> set[str]:
    """The codes that can be printed, from where each is given."""
    proved = [
        import_module(found.name)
        for found in walk_packages(verify.__path__, f"{verify.__name__}.")
        if ".problems_" in found.name
    ]
    modules = (syntax_problems, checked_problems, problems_bundle, *proved)
    codes = {
        found.code
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Problem) and found is not Problem
    }
    codes |= {*get_args(Code), *get_args(CertificateCode), *WORDS, *APPROVAL_WORDS}
    for folder, letter in (("cli", "C"), ("report", "R")):
        for file in (LANGUAGE / folder).glob("*.py"):
            codes |= set(re.findall(rf'(?:"|error )({letter}\d{{3}})\b', file.read_text("utf-8")))
    return codes


def codes_of(section: str, page: str) -> set[str]:
    """The codes of what a section's texts come to: what is told, proved, and comes of their examples.

    A note counts only under the code of the page itself: any text may get a note of another code.
    """
    files = {title or MAIN: text for title, text in _BLOCK.findall(section)}

    def read(path: str) -> Source | Unreadable | None:
        return decode(path, files[path].encode()) if path in files else None

    problems: list[Problem] = []
    codes: set[str] = set()
    sides: list[Side] = []
    for path in [MAIN] if MAIN in files else [path for path, text in files.items() if "\nstage " in text]:
        compiled = compile_protocol(path, read)
        problems.extend(compiled.problems)
        if compiled.artifact is not None:
            results = list(run_examples(compiled.artifact, compiled.examples))
            codes |= {"R701" for result in results if result.failures}
            codes |= {"R702" for result in results if result.depends}
            problems.extend(proof(compiled.artifact, compiled.sources, path, compiled.examples).problems)
            context = Context(compiled.artifact)
            context.reach = Reach(context)
            sides.append(Side(context, Places(compiled.artifact, compiled.sources, path)))
    for path in (path for path in files if path.endswith(".bundle")):
        bundle = compile_bundle(path, read)
        problems.extend(bundle.problems)
        assert not any(one.failures for one in run_bundle_examples(bundle.artifacts, bundle.examples))
    for one, two in combinations(sides, 2):
        problems.extend(together(one, two).problems)
    return codes | {
        problem.code for problem in problems if problem.level != "information" or problem.code == page
    }


def section(code: str, heading: str) -> str:
    return PAGES[code].split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert set(PAGES) == known()


@pytest.mark.parametrize("code", PAGES)
def test_a_page_begins_with_its_code_and_has_the_four_sections(code: str) -> None:
    lines = PAGES[code].splitlines()
    assert re.fullmatch(rf"# {code} \S.*[^.]", lines[0])
    headings = [line for line in lines if line.startswith("## ")]
    assert headings == ["## What it says", "## Wrong", "## Right", "## Why it matters"]
    assert all(section(code, heading.removeprefix("## ")).strip() for heading in headings)


@pytest.mark.parametrize("code", [code for code in PAGES if code.startswith("R")])
def test_the_wrong_text_of_a_page_gives_its_code_alone_and_the_right_one_none(code: str) -> None:
    if code != "R801":  # which no text shows for long: it says what could not be decided yet
        assert codes_of(section(code, "Wrong"), code) == {code}
    assert codes_of(section(code, "Right"), code) == set()


def test_the_table_of_findings_is_up_to_date() -> None:
    assert (FOLDER / "index.md").read_text("utf-8") == index(PAGES), "run: python -m rung_lang.report.pages"
