"""SARIF is valid against its schema, points at the very words, and is the same bytes each time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from tests.cli.command import PROTOCOL, rung

from rung_lang.report.message import Message
from rung_lang.report.sarif import Log, Shown, document, uri
from rung_lang.source import Source, Span

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
VALIDATOR = Draft4Validator(SCHEMA)
BAD = ROOT / "tests" / "checked" / "bad"


@pytest.fixture(scope="module", autouse=True)
def _without_a_proof(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """These tests are about the form; what a proof says in it is in `tests/cli/test_check.py`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("unproved")))
        patch.setattr("rung_lang.cli.checked.prove", lambda result: None)
        yield


def valid(text: str) -> dict[str, Any]:
    """The one run of a log file that follows the schema."""
    whole = json.loads(text)
    assert [error.message for error in VALIDATOR.iter_errors(whole)] == []
    assert whole["version"] == "2.1.0"
    assert len(whole["runs"]) == 1
    run: dict[str, Any] = whole["runs"][0]
    return run


def checked(*paths: str | Path, code: int | None = None) -> dict[str, Any]:
    ended = rung("check", *map(str, paths), "--format", "sarif")
    assert ended.err == ""
    run = valid(ended.out)
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": ended.code}]
    assert code is None or ended.code == code
    return run


def logged(*messages: Message, text: str = "", path: str = "a.rung", below: str = "") -> dict[str, Any]:
    source = Source(path, text)
    found = [Shown(message, below) for message in messages]
    return valid(document(Log("1.0", found, {path: source}, {}, {}, 1)))


def found(start: int, end: int, text: str, *others: tuple[Span, str]) -> dict[str, Any]:
    message = Message("R999", "error", "A title.", Span("a.rung", start, end), "here", "", others)
    result: dict[str, Any] = logged(message, text=text)["results"][0]
    return result


def region(result: dict[str, Any]) -> dict[str, int]:
    place: dict[str, int] = result["locations"][0]["physicalLocation"]["region"]
    return place


# ---------------------------------------------------------------- every finding there is


@pytest.fixture(scope="module")
def all_bad() -> dict[str, Any]:
    return checked(BAD, ROOT / "tests" / "report" / "messages", code=1)


def test_every_finding_of_the_bad_texts_is_valid_and_points_into_its_file(all_bad: dict[str, Any]) -> None:
    rules = [rule["id"] for rule in all_bad["tool"]["driver"]["rules"]]
    assert rules == sorted(set(rules))
    codes = {result["ruleId"] for result in all_bad["results"]}
    assert {path.stem[:4] for path in BAD.glob("*.rung")} <= codes
    assert codes == set(rules)
    for result in all_bad["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        for location in (*result["locations"], *result.get("relatedLocations", ())):
            points_into_its_file(location["physicalLocation"], all_bad["artifacts"])


def points_into_its_file(place: dict[str, Any], artifacts: list[dict[str, Any]]) -> None:
    artifact = artifacts[place["artifactLocation"]["index"]]["location"]
    assert artifact["uri"] == place["artifactLocation"]["uri"]
    if "region" not in place:
        return
    data = Path(artifact["uri"].removeprefix("file://")).read_bytes().decode("utf-8")
    lines = data.replace("\r\n", "\n").split("\n")
    where = place["region"]
    for line, column in (
        (where["startLine"], where["startColumn"]),
        (where["endLine"], where["endColumn"]),
    ):
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1].encode("utf-16-le")) // 2 + 1


def test_every_rule_says_what_its_page_says(all_bad: dict[str, Any]) -> None:
    for rule in all_bad["tool"]["driver"]["rules"]:
        page = (ROOT / "docs" / "findings" / f"{rule['id']}.md").read_text("utf-8")
        title = page.splitlines()[0].removeprefix(f"# {rule['id']} ")
        assert rule["shortDescription"]["text"] == f"{title}."
        assert rule["help"] == {"text": page, "markdown": page}
        assert rule["fullDescription"]["text"]
        assert "## " not in rule["fullDescription"]["text"]
        assert "helpUri" not in rule


def test_fingerprints_are_of_one_finding_each(all_bad: dict[str, Any]) -> None:
    prints = [result["partialFingerprints"]["rungFinding/v1"] for result in all_bad["results"]]
    assert len(set(prints)) == len(prints)


def test_the_same_texts_are_the_same_bytes() -> None:
    texts = [rung("check", str(BAD), "--format", "sarif").out for _ in range(2)]
    assert texts[0] == texts[1]


# ---------------------------------------------------------------- places


def test_columns_count_utf_16_units() -> None:
    text = "# 😀 µ é\n血 𝛼 MAP < 65\n"
    start = text.index("MAP")
    assert region(found(start, start + 3, text)) == {
        "startLine": 2,
        "startColumn": 6,
        "endLine": 2,
        "endColumn": 9,
    }


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=60), st.data())
def test_a_region_leads_back_to_its_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    where = region(found(start, end, text))
    lines = [line.encode("utf-16-le") for line in text.split("\n")]
    before = b"\n\0".join(lines[: where["startLine"] - 1]) + (b"\n\0" if where["startLine"] > 1 else b"")
    at = len(before) + 2 * (where["startColumn"] - 1)
    upto = sum(len(line) + 2 for line in lines[: where["endLine"] - 1]) + 2 * (where["endColumn"] - 1)
    assert text.encode("utf-16-le")[at:upto].decode("utf-16-le") == text[start:end]


def test_other_places_are_related_locations() -> None:
    result = found(0, 1, "abc\ndef\n", (Span("a.rung", 4, 7), "first"), (Span("b.rung", 0, 0), "unread"))
    first, second = result["relatedLocations"]
    assert first["id"] == 1 and first["message"] == {"text": "first"}
    assert first["physicalLocation"]["region"]["startLine"] == 2
    assert second["physicalLocation"] == {"artifactLocation": {"uri": "b.rung", "index": 1}}


def test_levels_are_those_of_the_standard() -> None:
    levels = [
        logged(Message("R999", level, "T.", Span("a.rung", 0, 0)))["results"][0]["level"]
        for level in ("error", "warning", "information")
    ]
    assert levels == ["error", "warning", "note"]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("protocols/a.rung", "protocols/a.rung"),
        ("./a b.rung", "a%20b.rung"),
        ("ä/ü.rung", "%C3%A4/%C3%BC.rung"),
        ("c:d.rung", "c%3Ad.rung"),
        ("/x/y.rung", "file:///x/y.rung"),
        ("a\\b.rung", "a/b.rung"),
        ("bad\udcff.rung", "bad%FF.rung"),
    ],
)
def test_a_path_is_a_uri(path: str, written: str) -> None:
    assert uri(path) == written


def test_what_is_printed_below_a_finding_is_kept_as_it_stands() -> None:
    message = Message("R999", "error", "Title.", Span("a.rung", 0, 0), "", "Body.", (), "Help.")
    said = logged(message, below="  MAP  58\n  NE   0.1")["results"][0]["message"]
    assert said["text"] == "Title. Body. Help.\n\n  MAP  58\n  NE   0.1"
    assert said["markdown"].endswith("```text\n  MAP  58\n  NE   0.1\n```")


# ---------------------------------------------------------------- fingerprints


def prints(path: Path) -> list[str]:
    return [result["partialFingerprints"]["rungFinding/v1"] for result in checked(path)["results"]]


def test_a_finding_keeps_its_fingerprint_when_lines_are_added_above(tmp_path: Path) -> None:
    path = tmp_path / "a.rung"
    wrong = PROTOCOL.replace("MAP < 65", "MPA < 65").replace("start norepinephrine\n", "start nora\n")
    path.write_text(wrong, "utf-8")
    before = prints(path)
    path.write_text("# a note\n\n" + wrong, "utf-8")
    assert prints(path) == before
    assert len(set(before)) == len(before) >= 2


def test_two_findings_alike_in_one_file_have_two_fingerprints() -> None:
    text = "MPA MPA"
    both = [Message("R110", "error", "T.", Span("a.rung", at, at + 3)) for at in (0, 4)]
    results = logged(*both, text=text)["results"]
    assert len({result["partialFingerprints"]["rungFinding/v1"] for result in results}) == 2


def test_a_finding_in_a_shared_formulary_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "shared.rung").write_text('formulary shared "S"\ninput MAP in mmHgg valid for 1 h\n', "utf-8")
    for name in ("one", "two"):
        text = f'protocol {name} "P"\n  version 1.0.0\n  use "shared.rung"\n  applies when age >= 18 years\n'
        (tmp_path / f"{name}.rung").write_text(
            text + 'input age in years fixed\nstage s initial resting\n  when MAP < 65 then notify "x"\n',
            "utf-8",
        )
    run = checked(tmp_path, code=1)
    assert [result["ruleId"] for result in run["results"]].count("R120") == 1


# ---------------------------------------------------------------- files


def test_a_clean_protocol_has_no_result_and_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "clean.rung"
    data = b"\xef\xbb\xbf" + PROTOCOL.replace("\n", "\r\n").encode()
    path.write_bytes(data)
    run = checked(path, code=0)
    assert run["results"] == []
    assert run["artifacts"] == [
        {"location": {"uri": uri(str(path))}, "hashes": {"sha-256": hashlib.sha256(data).hexdigest()}}
    ]


def test_a_file_that_is_no_text_is_a_result_without_a_region(tmp_path: Path) -> None:
    path = tmp_path / "bad.rung"
    path.write_bytes(b"\x00\x01")
    (result,) = checked(path, code=1)["results"]
    assert result["ruleId"] == "R101"
    assert "region" not in result["locations"][0]["physicalLocation"]


def test_a_failing_example_is_a_result_with_its_tree(tmp_path: Path) -> None:
    path = tmp_path / "small.rung"
    path.write_text(PROTOCOL.replace("MAP 60", "MAP 70"), "utf-8")
    (result,) = checked(path, code=1)["results"]
    assert result["ruleId"] == "R701"
    assert "MAP 70 mmHg" in result["message"]["text"]
    assert "```text" in result["message"]["markdown"]
