"""What is loaded is what was sealed; anything else is refused with its code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.settings import tried

from rung_engine.artifact.canonical import canonical_bytes, meaning_of, seal_of
from rung_engine.artifact.load import ArtifactProblem, load
from rung_engine.artifact.schema import FILE, packaged_schema, schema_bytes
from rung_engine.artifact.seal import to_bytes
from rung_lang.driver import compile_protocol
from rung_lang.source import Source, Unreadable, decode

ROOT = Path(__file__).parents[2]
GOOD = ROOT / "tests" / "checked" / "good"


def _bytes() -> bytes:
    def read(path: str) -> Source | Unreadable | None:
        file = Path(path)
        return decode(path, file.read_bytes()) if file.exists() else None

    artifact = compile_protocol((GOOD / "every_form.rung").as_posix(), read).artifact
    assert artifact is not None
    assert load(to_bytes(artifact)) == artifact
    return to_bytes(artifact)


DATA = _bytes()


def resealed(change: Callable[[dict[str, Any]], None], *, meaning: bool = True) -> bytes:
    content = json.loads(DATA)
    change(content)
    if meaning:
        content["meaning"] = meaning_of(content)
    content["seal"] = seal_of(content)
    return canonical_bytes(content)


def refusal(data: bytes) -> ArtifactProblem:
    with pytest.raises(ArtifactProblem) as caught:
        load(data)
    return caught.value


def test_the_schema_shipped_and_the_one_published_are_those_of_the_models() -> None:
    assert (ROOT / "schemas" / FILE).read_bytes() == schema_bytes()
    assert packaged_schema() == json.loads(schema_bytes())
    assert (ROOT / "engine" / "rung_engine" / "artifact" / FILE).read_bytes() == schema_bytes()


@pytest.mark.parametrize("data", [b"", b"{", DATA[: len(DATA) // 2], b"\xff\xfe", b"[" * 5000])
def test_what_is_not_json_or_is_cut_short_is_a101(data: bytes) -> None:
    assert refusal(data).code == "A101"


@pytest.mark.parametrize(
    "data", [b"[]\n", b"{}\n", b'{"format":1}\n', b'{"format":1.5}\n', b'{"format":true}\n']
)
def test_what_is_no_artifact_is_a102(data: bytes) -> None:
    assert refusal(data).code == "A102"


def test_a_break_of_the_schema_names_its_path() -> None:
    def change(content: dict[str, Any]) -> None:
        content["inputs"]["MAP"]["valid_for"] = "15 min"

    problem = refusal(resealed(change))
    assert problem.code == "A102" and "$.inputs.MAP.valid_for" in problem.detail


def test_a_newer_format_is_a103() -> None:
    assert refusal(resealed(lambda content: content.update(format=99))).code == "A103"


def test_an_altered_artifact_is_a104() -> None:
    assert refusal(DATA.replace(b'"millionths":65000000', b'"millionths":56000000')).code == "A104"


def test_a_meaning_that_is_not_that_of_the_content_is_a105() -> None:
    assert refusal(resealed(lambda content: content.update(title="x"), meaning=False)).code == "A105"


BREAKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "term": lambda content: content["terms"][-1].update(of=[len(content["terms"]) - 1]),
    "unit": lambda content: content["units"].pop("mmHg"),
    "drug": lambda content: content["drugs"].pop("vasopressin"),
    "input": lambda content: content["inputs"].pop("MAP"),
    "stage": lambda content: content["stages"].pop(),
    "drawn": lambda content: next(
        term for term in content["terms"] if term["op"] == "readings" and "drawn" in term
    ).update(drawn=len(content["terms"])),
    "rule": lambda content: content["rules"][0].update(overrides=["nowhere.rule"]),
    "define": lambda content: content["defines"].update(hypotensive=10_000),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_reference_that_leads_nowhere_is_a106(what: str) -> None:
    problem = refusal(resealed(BREAKS[what]))
    assert problem.code == "A106" and problem.detail


def test_what_a_text_does_not_use_is_not_written_where_older_artifacts_have_no_word_for_it() -> None:
    content = json.loads(DATA)
    drawn = ["drawn" in term for term in content["terms"] if term["op"] == "readings"]
    assert sorted(drawn) == [False, True]
    orders = [
        order
        for rule in content["rules"]
        for choice in rule["orders"]
        for order in (choice.get("orders") or [choice["order"]])
    ]
    assert orders and not any("volume" in order for order in orders)
    assert all("total" in order for order in orders)


def test_other_bytes_for_the_same_content_are_a107() -> None:
    assert refusal(json.dumps(json.loads(DATA)).encode()).code == "A107"
    assert refusal(DATA.rstrip(b"\n")).code == "A107"


@settings(max_examples=tried(40), deadline=None)
@given(st.integers(min_value=0, max_value=len(DATA) - 1), st.integers(min_value=1, max_value=255))
def test_no_changed_byte_is_ever_loaded(place: int, change: int) -> None:
    data = bytearray(DATA)
    data[place] ^= change
    assert refusal(bytes(data)).code.startswith("A10")


def test_no_float_is_written() -> None:
    with pytest.raises(TypeError):
        canonical_bytes({"dose": 0.1})
