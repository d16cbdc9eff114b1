"""Every concern about the sources is declared, shown on a text that takes it literally, and on its page.

`RUNG_REWRITE=1` writes `protocols/ERRATA.md` again; so does `rung document --errata protocols/`. A literal
text says on the line what is wrong there, as `### R201`; nothing else in it may be wrong.
"""

from __future__ import annotations

import os
import re
from functools import cache

import pytest
from tests.once import shared
from tests.protocols.test_traceability import ROOT, read, shipped, text_of

from rung_lang.driver import Compiled, compile_protocol
from rung_lang.finding import Problem
from rung_lang.report.documents.clauses import read_concerns
from rung_lang.report.documents.errata import LACKS, Reported, errata, lacking, literal_files
from rung_lang.report.documents.markdown import markdown
from rung_lang.report.words import message
from rung_lang.verify.verify import verify

PAGE = ROOT / "protocols" / "ERRATA.md"
LITERAL = ROOT / "tests" / "literal"
TEXTS = sorted(path.name for path in LITERAL.glob("*.rung"))
REWRITE = os.environ.get("RUNG_REWRITE") == "1"


@cache
def known() -> tuple[tuple[str, str], ...]:
    return read_concerns(text_of("protocols/concerns.csv"))


@cache
def problems(name: str) -> tuple[Compiled, tuple[Problem, ...]]:
    """All that is found in a literal text, by compiling and, where it compiles, by proof."""
    return shared(f"literal-{name}", lambda: _problems(name))


def _problems(name: str) -> tuple[Compiled, tuple[Problem, ...]]:
    path = f"tests/literal/{name}"
    compiled = compile_protocol(path, read)
    found = compiled.problems
    if compiled.artifact is not None:
        found += verify(compiled.artifact, compiled.sources, path, compiled.examples).problems
    return compiled, found


@cache
def reported(name: str) -> Reported:
    found = problems(name)[1]
    codes = tuple(sorted({problem.code for problem in found}))
    return Reported(codes, tuple((problem.code, message(problem).title) for problem in found))


@cache
def all_reported() -> dict[str, Reported]:
    return {name: reported(name) for name in literal_files(shipped()) if (LITERAL / name).is_file()}


@pytest.mark.parametrize("name", TEXTS)
def test_a_literal_text_has_the_faults_it_marks_where_it_marks_them(name: str) -> None:
    compiled, found = problems(name)
    text = (LITERAL / name).read_text(encoding="utf-8")
    marked = {
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for code in re.findall(r"R\d{3}", line.partition("###")[2])
    }
    noted = {code for _, code in marked}
    at = {
        (compiled.sources[problem.span.path].line_and_column(problem.span.start)[0], problem.code)
        for problem in found
        if problem.level != "information" or problem.code in noted
    }
    assert marked
    assert at == marked


@pytest.mark.parametrize("name", TEXTS)
def test_the_concern_reports_exactly_the_codes_of_its_literal_text(name: str) -> None:
    said = {
        code
        for one in shipped()
        for concern in one.compiled.said.concerns
        for text in concern.literally
        if text.file == name
        for code in text.codes
    }
    marked = set(re.findall(r"### *((?:R\d{3}[ ,]*)+)", (LITERAL / name).read_text(encoding="utf-8")))
    assert said == {code for part in marked for code in re.findall(r"R\d{3}", part)}


@pytest.mark.parametrize("kind", LACKS)
def test_nothing_is_missing(kind: str) -> None:
    assert [one.what for one in lacking(known(), shipped(), all_reported()) if one.kind == kind] == []


def test_every_setting_that_a_concern_leaves_to_the_site_has_a_range_or_choices() -> None:
    declared = {
        name: setting
        for one in shipped()
        if one.artifact is not None
        for name, setting in one.artifact.settings.items()
    }
    for one in shipped():
        for concern in one.compiled.said.concerns:
            for name in concern.decides:
                setting = (declared if one.artifact is None else one.artifact.settings)[name]
                assert setting.kind != "quantity" or (setting.lo is not None and setting.hi is not None)


def test_the_page_is_current() -> None:
    text = markdown(errata(known(), shipped(), all_reported()))
    if REWRITE:
        PAGE.write_text(text, encoding="utf-8")
    assert text == PAGE.read_text(encoding="utf-8")


def test_what_is_missing_or_untrue_is_noticed() -> None:
    listed = (*known(), ("X-62", "A"))
    assert "X-62" in [one.what for one in lacking(listed, shipped(), all_reported()) if one.kind == "missing"]
    files = literal_files(shipped())
    nothing = {name: Reported((), ()) for name in files}
    codes = [one.what for one in lacking(known(), shipped(), nothing) if one.kind == "codes"]
    assert len(codes) >= len(files) > 0
    absent = [one.what for one in lacking(known(), shipped(), {}) if one.kind == "no_file"]
    assert len(absent) >= len(files)
