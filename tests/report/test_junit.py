"""JUnit files have the elements that build servers read, and a case for everything that was judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.command import PROTOCOL, rung

from rung_lang.report.junit import Case, Suite, document

ROOT = Path(__file__).resolve().parents[2]
BAD = ROOT / "tests" / "checked" / "bad"

ALLOWED = {
    "testsuites": ({"testsuite"}, {"name", "time", "tests", "failures", "disabled", "errors"}, set()),
    "testsuite": (
        {"properties", "testcase", "system-out", "system-err"},
        {"name", "tests", "failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id",
         "package"},
        {"name", "tests"},
    ),
    "properties": ({"property"}, set[str](), set()),
    "property": (set[str](), {"name", "value"}, {"name", "value"}),
    "testcase": (
        {"skipped", "error", "failure", "system-out", "system-err"},
        {"name", "assertions", "time", "classname", "status"},
        {"name"},
    ),
    "failure": (set[str](), {"type", "message"}, set()),
    "system-out": (set[str](), set[str](), set()),
}  # fmt: skip
"""By element, as in the schema of Jenkins' xUnit plugin (junit-10.xsd): children, attributes, needed ones."""


@pytest.fixture(scope="module", autouse=True)
def _without_a_proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """These tests are about the form; what a proof says in it is in `tests/cli/test_check.py`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("unproved")))
        patch.setattr("rung_lang.cli.checked.prove", lambda result: None)
        yield


def read(text: str) -> ElementTree.Element:
    """The root of a file that keeps to the elements of the schema and counts rightly."""
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n') and text.endswith("\n")
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    for element in root.iter():
        children, attributes, needed = ALLOWED[element.tag]
        assert {child.tag for child in element} <= children, element.tag
        assert needed <= set(element.keys()) <= attributes, element.tag
    for suite in (root, *root):
        cases = list(suite.iter("testcase"))
        assert suite.get("tests") == str(len(cases))
        assert suite.get("failures") == str(sum(case.find("failure") is not None for case in cases))
        assert suite.get("errors") == "0"
    return root


def checked(*paths: str | Path, code: int) -> ElementTree.Element:
    ended = rung("check", *map(str, paths), "--format", "junit")
    assert ended.code == code, ended.said
    assert ended.err == ""
    return read(ended.out)


def test_every_bad_text_is_a_suite_with_a_failure() -> None:
    root = checked(BAD, code=1)
    assert [suite.get("name") for suite in root] == sorted(str(path) for path in BAD.rglob("*.rung"))
    for suite in root:
        code = Path(str(suite.get("name"))).name[:4]
        said = [failure.get("type") for failure in suite.iter("failure")]
        noted = [out.text or "" for out in suite.iter("system-out")]
        assert code in said or any(f" {code}: " in text for text in noted), suite.get("name")


def test_an_example_is_a_case_and_a_failing_one_says_why(tmp_path: Path) -> None:
    second = PROTOCOL[PROTOCOL.index("example") :].replace('"low"', '"high"').replace("MAP 60", "MAP 70")
    path = tmp_path / "small.rung"
    path.write_text(f"{PROTOCOL}\n{second}", "utf-8")
    (suite,) = checked(path, code=1)
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert set(cases) == {"the text has no mistakes", "low", "high"}
    assert cases["low"].get("classname") == f"{path} examples"
    assert cases["low"].find("failure") is None
    failure = cases["high"].find("failure")
    assert failure is not None
    assert failure.get("type") == "R701"
    assert failure.get("message") == 'The example "high" does not hold.'
    assert "MAP 70 mmHg" in (failure.text or "")


def test_a_clean_protocol_passes_and_every_case_is_told(tmp_path: Path) -> None:
    path = tmp_path / "small.rung"
    path.write_text(PROTOCOL, "utf-8")
    (suite,) = checked(path, code=0)
    assert [case.get("name") for case in suite.iter("testcase")] == ["the text has no mistakes", "low"]


def test_a_warning_is_noted_on_a_case_that_passes(tmp_path: Path) -> None:
    text = PROTOCOL.replace("  maximum 3", "  usual 0.02 to 0.5 mcg/kg/min\n  maximum 3")
    text = text.replace("then start norepinephrine", "then start norepinephrine at 1 mcg/kg/min")
    path = tmp_path / "small.rung"
    path.write_text(text.replace("at 0.02 to 0.05 mcg/kg/min", "at 1 mcg/kg/min"), "utf-8")
    root = checked(path, code=0)
    assert root.get("failures") == "0"
    (note,) = root.iter("system-out")
    assert (note.text or "").startswith("warning R131:")


def test_the_same_check_is_the_same_bytes() -> None:
    texts = [rung("check", str(BAD), "--format", "junit").out for _ in range(2)]
    assert texts[0] == texts[1]
    for word in ("time=", "timestamp", "hostname"):
        assert word not in texts[0]


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x0b", "\ufffe", "\ud800"])
def test_signs_that_xml_cannot_hold_are_replaced(sign: str) -> None:
    text = document([Suite(f"a{sign}", (Case(f"b{sign}", "c", "R1", f"d{sign}", f"e{sign}"),))])
    root = read(text)
    assert root[0].get("name") == "a�"
    assert root[0][0][0].text == "e�"


@given(st.text(), st.text(), st.text(), st.text())
def test_any_words_come_back_as_they_were_but_for_what_xml_has_no_sign_for(
    name: str, kind: str, message: str, note: str
) -> None:
    case = Case(name, "group", kind, message, message, note)
    (suite,) = read(document([Suite(name, (case,), (("assumed", note),))]))
    found = suite.find("testcase")
    assert found is not None
    assert (found.find("failure") is not None) == case.failed
    plain = all(sign.isprintable() for sign in message)
    failure = found.find("failure")
    if failure is not None and plain:
        assert failure.get("message") == message
