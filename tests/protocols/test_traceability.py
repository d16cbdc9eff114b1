"""Every clause of the sources is carried, every statement says why, and the page that says so is current.

`RUNG_REWRITE=1` writes `docs/traceability.md` again; so does
`rung document --traceability protocols/ -o docs/traceability.md`.
"""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path

import pytest
from tests.once import shared

from rung_lang.bundle import compile_bundle
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.examples import run_examples
from rung_lang.report.documents.clauses import Clause, NotAList, read_clauses, read_concerns
from rung_lang.report.documents.markdown import markdown
from rung_lang.report.documents.traceability import GAPS, Traced, gaps, traceability
from rung_lang.source import Source, Unreadable, decode

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "traceability.md"
REWRITE = os.environ.get("RUNG_REWRITE") == "1"


def _read(root: Path, path: str) -> Source | Unreadable | None:
    file = root / os.path.normpath(path)
    return decode(path, file.read_bytes()) if file.is_file() else None


read = partial(_read, ROOT)


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def known() -> tuple[Clause, ...]:
    return read_clauses(text_of("protocols/clauses.csv"))


@cache
def shipped() -> tuple[Traced, ...]:
    """Every shipped protocol with its examples run, then every bundle."""
    return shared("shipped", _shipped)


def _shipped() -> tuple[Traced, ...]:
    found = []
    for file in sorted((ROOT / "protocols").glob("*.rung")):
        path = file.relative_to(ROOT).as_posix()
        compiled = compile_protocol(path, read)
        assert compiled.artifact is not None, compiled.problems
        runs = tuple(run_examples(compiled.artifact, compiled.examples))
        found.append(Traced(compiled.artifact.name, path, compiled, compiled.artifact, runs))
    for file in sorted((ROOT / "protocols").glob("*.bundle")):
        path = file.relative_to(ROOT).as_posix()
        bundle = compile_bundle(path, read)
        assert bundle.file is not None
        whole = Compiled(None, bundle.said, bundle.problems, bundle.sources, (bundle.file,), ())
        found.append(Traced(bundle.name, path, whole, None, ()))
    return tuple(found)


def test_the_lists_have_every_clause_and_concern_of_the_sources_and_143_can_be_executed() -> None:
    by_article = {"HRSA": 34, "HRST": 41, "SEPT": 39, "HYPO": 56, "CARD": 31}
    ids = [f"{letters}-{number:02d}" for letters, most in by_article.items() for number in range(1, most + 1)]
    assert [clause.id for clause in known()] == ids
    assert sum(clause.executable for clause in known()) == 143
    concerns = read_concerns(text_of("protocols/concerns.csv"))
    assert [id_ for id_, _ in concerns] == [f"X-{number:02d}" for number in range(1, 62)]
    counts = {letter: sum(one == letter for _, one in concerns) for letter in "ABCD"}
    assert counts == {"A": 10, "B": 16, "C": 29, "D": 6}


@pytest.mark.parametrize("kind", GAPS)
def test_nothing_is_missing(kind: str) -> None:
    assert [gap.what for gap in gaps(known(), shipped()) if gap.kind == kind] == []


def test_the_page_is_current() -> None:
    text = markdown(traceability(known(), shipped()))
    if REWRITE:
        PAGE.write_text(text, encoding="utf-8")
    assert text == PAGE.read_text(encoding="utf-8")


# ---------------------------------------------------------------- that it can fail

TEXT = """protocol tiny "Tiny"
  version 1.0.0
  applies when MAP <= 200 mmHg
input MAP in mmHg plausible 10 to 200 mmHg valid for 15 min
drug norepinephrine infusion in mcg/kg/min start 0.02 mcg/kg/min maximum 1 mcg/kg/min
input weight in kg plausible 20 to 350 kg fixed dosing
task look "look"
SOURCE
stage only initial resting
  rule low
    when MAP < 65
    then do look
    NOTES
  rule other
    when MAP > 120
    then do look
    because "high"
FACTS
"""


def tiny(*, source: str = "", notes: str = "", facts: str = "") -> Traced:
    text = TEXT.replace("SOURCE", source).replace("NOTES", notes).replace("FACTS", facts)
    compiled = compile_protocol("tiny.rung", lambda path: Source(path, text))
    assert compiled.artifact is not None, compiled.problems
    return Traced("tiny", "tiny.rung", compiled, compiled.artifact, ())


ONE = (Clause("SEPT-01", "002", "dose", "must", True), Clause("SEPT-02", "002", "rationale", "fact", False))
SOURCE = 'source s "S" 2020'


def found(traced: Traced) -> list[tuple[str, str]]:
    return [(gap.kind, gap.what) for gap in gaps(ONE, (traced,))]


def test_a_text_that_carries_all_has_no_gap() -> None:
    fact = 'fact "told" cite s clause "SEPT-02"'
    assert found(tiny(source=SOURCE, notes='clause "SEPT-01"', facts=fact)) == []


def test_a_clause_that_nobody_names_is_an_orphan() -> None:
    assert found(tiny(source=SOURCE, notes='clause "SEPT-01"')) == [("orphan", "SEPT-02")]


def test_a_clause_that_could_act_and_is_only_told_is_a_gap() -> None:
    facts = 'fact "told" cite s clause "SEPT-01", "SEPT-02"'
    assert found(tiny(source=SOURCE, notes='because "low"', facts=facts)) == [("text_only", "SEPT-01")]


def test_an_id_of_no_list_a_silent_rule_and_a_text_without_a_source_are_gaps() -> None:
    facts = 'fact "told" clause "SEPT-01", "SEPT-02", "SEPT-77"'
    kinds = [kind for kind, _ in found(tiny(facts=facts))]
    assert kinds == ["text_only", "unknown", "no_reason", "no_source"]


def test_an_example_that_exercises_a_rule_counts_for_its_clauses() -> None:
    traced = tiny(
        source=SOURCE,
        notes='clause "SEPT-01"',
        facts='fact "told" clause "SEPT-02"\nexample "it is low" given weight 70 kg, MAP 60 expect do look',
    )
    assert traced.artifact is not None
    run = Traced(
        traced.name,
        traced.path,
        traced.compiled,
        traced.artifact,
        tuple(run_examples(traced.artifact, traced.compiled.examples)),
    )
    assert "“it is low”" in markdown(traceability(ONE, (run,)))
    assert "“it is low”" not in markdown(traceability(ONE, (traced,)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("id,kind\n", 1),
        ("id,article,kind,force,executable\nSEPT-01,002,dose,must,maybe\n", 2),
        ("id,article,kind,force,executable\nNONE-01,002,dose,must,yes\n", 2),
        ("id,article,kind,force,executable\nSEPT-01,002,dose,must,yes\nSEPT-01,002,dose,must,yes\n", 3),
        ("id,article,kind,force,executable\nSEPT-01\n", 2),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(NotAList) as caught:
        read_clauses(text)
    assert caught.value.line == line
