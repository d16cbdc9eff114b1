"""Test suites and their cases as JUnit XML, in the form that build servers read.

There is no time and no host in it: the same check gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from rung_engine.frozen import frozen

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Signs that XML 1.0 has no way to write."""


@frozen
class Case:
    """One thing that was judged. `kind` of a failure is its code; `note` is said of a case that passes."""

    name: str
    group: str
    kind: str = ""
    message: str = ""
    detail: str = ""
    note: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.kind)


@frozen
class Suite:
    """All cases of one protocol. `properties` are names and values."""

    name: str
    cases: tuple[Case, ...]
    properties: tuple[tuple[str, str], ...] = ()


def document(suites: Sequence[Suite]) -> str:
    """The XML file, ending in a line end."""
    root = ElementTree.Element("testsuites", _counts([case for suite in suites for case in suite.cases]))
    for suite in suites:
        counts = _counts(suite.cases)
        element = ElementTree.SubElement(root, "testsuite", {"name": _xml(suite.name), **counts})
        if suite.properties:
            properties = ElementTree.SubElement(element, "properties")
            for name, value in suite.properties:
                ElementTree.SubElement(properties, "property", {"name": _xml(name), "value": _xml(value)})
        for case in suite.cases:
            _case(element, case)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    failed = sum(case.failed for case in cases)
    return {"tests": str(len(cases)), "failures": str(failed), "errors": "0"}


def _case(suite: ElementTree.Element, case: Case) -> None:
    element = ElementTree.SubElement(
        suite, "testcase", {"name": _xml(case.name), "classname": _xml(case.group)}
    )
    if case.failed:
        said = {"type": _xml(case.kind), "message": _xml(case.message)}
        ElementTree.SubElement(element, "failure", said).text = _xml(case.detail)
    if case.note:
        ElementTree.SubElement(element, "system-out").text = _xml(case.note)


def _xml(text: str) -> str:
    return _NOT_XML.sub("�", text)
