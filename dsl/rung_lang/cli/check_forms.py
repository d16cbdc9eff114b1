"""What `rung check` found, for programs: JSON, SARIF and JUnit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rung_lang import __version__
from rung_lang.cli.checked import Checked, Finding
from rung_lang.cli.exits import Refusal
from rung_lang.cli.files import read_bytes
from rung_lang.report.machine import finding
from rung_lang.report.text import render

if TYPE_CHECKING:
    from rung_lang.report.junit import Case, Suite
    from rung_lang.source import Source
    from rung_lang.verify.strength.mutants import Mutant
    from rung_lang.verify.verdict import Report

    Tried = Sequence[tuple[Mutant, bool]]


def as_json(checked: Sequence[Checked], tried: Mapping[str, Tried]) -> str:
    """Every file with its findings, examples and proof; keys are stable. `tried`: mutants, by file."""
    protocols = [item for item in checked if not item.is_formulary]
    data = {
        "proved": bool(protocols) and all(item.report is not None and not item.fails for item in protocols),
        "files": [
            {
                "file": item.path,
                "findings": [_finding(one, item) for one in item.all_findings],
                "examples": {"total": len(item.examples), "held": item.held},
                "rules": {"total": item.rules, "not_exercised": list(item.uncovered)},
                "meaning": item.compiled.artifact.meaning if item.compiled.artifact is not None else None,
                "proof": None if item.report is None else _proof(item.report),
                "mutants": _mutants(tried[item.path]) if item.path in tried else None,
            }
            for item in checked
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _finding(one: Finding, item: Checked) -> dict[str, Any]:
    found = finding(one.message, item.compiled.sources)
    found["witness"] = None
    if one.witness is not None and item.compiled.artifact is not None:
        from rung_lang.report.witness import data

        found["witness"] = data(item.compiled.artifact, one.witness, one.message, one.below or None)
    return found


def _mutants(tried: Tried) -> dict[str, Any]:
    from rung_lang.report.mutants import data

    return data(tried)


def _proof(report: Report) -> dict[str, Any]:
    from rung_lang.report.proof import data

    return data(report)


# ---------------------------------------------------------------- SARIF


def as_sarif(checked: Sequence[Checked], exit_code: int) -> str:
    """One run over all files."""
    from rung_lang.cli.explain import pages
    from rung_lang.report.sarif import Log, Shown, document

    findings: list[Shown] = []
    sources: dict[str, Source] = {}
    proofs: dict[str, Any] = {}
    for item in checked:
        sources.update(item.compiled.sources)
        findings.extend(Shown(one.message, one.below) for one in item.all_findings)
        if item.report is not None:
            said = _proof(item.report)
            proofs[item.path] = {key: value for key, value in said.items() if key != "obligations"}
    codes = {one.message.code for one in findings}
    texts = {code: page.read_text(encoding="utf-8") for code, page in pages().items() if code in codes}
    hashes = dict(_hashes({*sources, *(item.path for item in checked)}))
    properties = {"proofs": proofs} if proofs else {}
    return document(Log(__version__, findings, sources, hashes, texts, exit_code, properties))


def _hashes(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Of the files' bytes; a file that cannot be read has none."""
    for path in sorted(paths):
        with suppress(Refusal):
            yield path, hashlib.sha256(read_bytes(path)).hexdigest()


# ---------------------------------------------------------------- JUnit


def as_junit(checked: Sequence[Checked]) -> str:
    """A suite for each file."""
    from rung_lang.report.junit import document

    return document([_suite(item) for item in checked])


def _suite(item: Checked) -> Suite:
    """A case for each finding, each example, and each question with its answer."""
    from rung_lang.report.junit import Case, Suite

    cases = [
        _case(f"{one.message.code} {one.message.title}", f"{item.path} findings", (one,), item)
        for one in item.findings
    ]
    if not cases:
        cases.append(Case("the text has no mistakes", f"{item.path} findings"))
    cases += [
        _case(result.example.title, f"{item.path} examples", found, item) for result, found in item.examples
    ]
    if item.report is None:
        return Suite(item.path, tuple(cases))
    from rung_lang.report.proof import named, rests_on, word

    # What is refuted or undecided is among the findings.
    cases += [
        Case(named(one), f"{item.path} proof") for one in item.report.obligations if word(one) == "proved"
    ]
    properties = [(name, value) for name, values in rests_on(item.report) for value in values]
    return Suite(item.path, tuple(cases), (("Proof", item.report.state), *properties))


def _case(name: str, group: str, findings: Sequence[Finding], item: Checked) -> Case:
    """Failed where one of the findings is an error; what else was found is noted."""
    from rung_lang.report.junit import Case

    errors = [one for one in findings if one.message.level == "error"]
    note = "\n".join(_in_full(one, item) for one in findings if one.message.level != "error")
    if not errors:
        return Case(name, group, note=note)
    first = errors[0].message
    detail = "\n".join(_in_full(one, item) for one in errors)
    return Case(name, group, first.code, first.title, detail, note)


def _in_full(one: Finding, item: Checked) -> str:
    return render(one.message, item.compiled.sources) + (f"\n{one.below}\n" if one.below else "")
