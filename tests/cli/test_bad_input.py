"""Whatever is put in, the command ends in one coded message and a documented exit code, never a traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cli.command import PROTOCOL, Ended, rung
from tests.laws.settings import tried

CODED = re.compile(r"(?:error|warning|note) [A-Z]\d{3}:")


def refused(ended: Ended, code: int, *words: str) -> None:
    assert ended.code == code, ended.said
    assert CODED.search(ended.said), ended.said
    assert "Traceback" not in ended.said
    for word in words:
        assert word in ended.said, ended.said


@pytest.fixture
def protocol(tmp_path: Path) -> Path:
    path = tmp_path / "small.rung"
    path.write_text(PROTOCOL, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "R101"),
        (b"   \n\n", "R101"),
        (b"\x00\x01\x02", "R101"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "R101"),
        ('protocol p "µ"'.encode("utf-16"), "R101"),
        (b'protocol p "\xff\xfe"', "R101"),
        (b"input MAP", "R1"),
        (b"protocol", "R102"),
        (PROTOCOL[: PROTOCOL.index(" and norepinephrine off")].encode(), "R1"),
    ],
)
def test_a_file_that_is_no_protocol_is_refused_with_its_place(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "bad.rung"
    path.write_bytes(data)
    for command in ("check", "fmt", "compile", "graph"):
        arguments = [command, str(path)]
        refused(rung(*arguments), 1, code, str(path))
    assert path.read_bytes() == data
    assert sorted(item.name for item in tmp_path.iterdir()) == ["bad.rung"]


def test_a_byte_order_mark_and_other_line_ends_mean_the_same(tmp_path: Path, protocol: Path) -> None:
    meanings = set()
    for name, data in {
        "bom": b"\xef\xbb\xbf" + PROTOCOL.encode(),
        "crlf": PROTOCOL.replace("\n", "\r\n").encode(),
        "cr": PROTOCOL.replace("\n", "\r").encode(),
        "lf": PROTOCOL.encode(),
    }.items():
        path = tmp_path / f"{name}.rung"
        path.write_bytes(data)
        ended = rung("compile", str(path), "--format", "json")
        assert ended.code == 0, ended.said
        meanings.add(json.loads(ended.out)["meaning"])
    assert len(meanings) == 1


def test_nesting_a_thousand_deep_is_refused(tmp_path: Path) -> None:
    for opening, closing in (("(", ")"), ("not ", ""), ("ever ", "")):
        text = PROTOCOL.replace("MAP < 65 and", f"{opening * 1000}MAP < 65{closing * 1000} and")
        path = tmp_path / "deep.rung"
        path.write_text(text, encoding="utf-8")
        refused(rung("check", str(path)), 1, "R105")


def test_ten_megabytes_are_refused_as_no_protocol(tmp_path: Path) -> None:
    path = tmp_path / "big.rung"
    filler = "# " + "x" * 98 + "\n"
    path.write_text(PROTOCOL + filler * (10_000_000 // len(filler)), encoding="utf-8")
    refused(rung("check", str(path)), 1, "R101")
    path.write_bytes(b"a" * 10_000_000)
    refused(rung("check", str(path)), 1, "R101")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    refused(rung("check", str(tmp_path / "none.rung")), 3, "C101")
    refused(rung("compile", str(tmp_path)), 3, "C102")
    refused(rung("check", str(tmp_path)), 3, "C104")


def test_a_missing_use_is_shown_where_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "uses.rung"
    path.write_text(PROTOCOL.replace("  applies", '  use "nowhere.rung"\n  applies'), encoding="utf-8")
    refused(rung("check", str(path)), 1, "nowhere.rung", "uses.rung:3")


def test_usage_mistakes_suggest_the_way(protocol: Path) -> None:
    refused(rung("chekc", str(protocol)), 2, "rung check")
    refused(rung("check"), 2)
    refused(rung("check", str(protocol), "--formt", "json"), 2)
    refused(rung("run", str(protocol), "--data", "x"), 2, "--all")
    refused(rung("explain", "R9999"), 3)


def test_an_unwritable_output_leaves_nothing_behind(tmp_path: Path, protocol: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, not a folder", encoding="utf-8")
    refused(rung("compile", str(protocol), "-o", str(blocked / "out.rungc")), 4, "C103")
    refused(rung("graph", str(protocol), "-o", str(blocked / "out.svg")), 4, "C103")
    folder = tmp_path / "folder.rungc"
    folder.mkdir()
    refused(rung("compile", str(protocol), "-o", str(folder)), 4, "C103")
    assert not [item for item in tmp_path.iterdir() if item.name.startswith(".")]


def test_altered_artifacts_are_refused(tmp_path: Path, protocol: Path) -> None:
    made = tmp_path / "small.rungc"
    assert rung("compile", str(protocol), "-o", str(made)).code == 0
    data = made.read_bytes()
    cases = {
        "A101": data[: len(data) // 2],
        "A104": data.replace(b'"millionths":65000000', b'"millionths":64000000'),
        "A103": data.replace(b'"format":2', b'"format":99'),
        "A102": data.replace(b'"stages":', b'"stags":'),
        "A107": data.replace(b'"format":2', b'"format": 2'),
    }
    for code, altered in cases.items():
        assert altered != data
        bad = tmp_path / f"{code}.rungc"
        bad.write_bytes(altered)
        refused(rung("graph", str(bad)), 3, code)
    assert rung("graph", str(made)).code == 0


def test_an_interrupt_ends_quietly(tmp_path: Path) -> None:
    path = tmp_path / "big.rung"
    rules = "".join(
        f'  rule r{i}\n    when MAP < {10 + i % 200} and weight > {20 + i % 300} kg\n    then notify "n{i}"\n'
        for i in range(20_000)
    )
    path.write_text(PROTOCOL.replace("example", rules + "\nexample", 1), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", "from rung_lang.cli.main import run; run()", "compile", str(path)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert "interrupted" in err
    assert "Traceback" not in err
    assert [item.name for item in tmp_path.iterdir()] == ["big.rung"]


def mutated(text: str, draw: st.DrawFn) -> str:
    """A few cuts, repeats and foreign pieces."""
    pieces = [
        "(",
        ")",
        "when",
        "then",
        "0.1",
        "mcg",
        "mcg/kg/min",
        '"',
        "#",
        "for",
        "stage",
        "\x0b",
        "é",
        "-",
        "99999999999999999999",
        "NaN",
        "1e9",
    ]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        to = min(len(text), at + draw(st.integers(0, 30)))
        middle = draw(st.sampled_from(["", text[at:to] * 2, *(f" {piece} " for piece in pieces)]))
        text = text[:at] + middle + text[to:]
    return text


@settings(max_examples=tried(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_mutated_protocol_never_breaks_the_command(tmp_path: Path, data: st.DataObject) -> None:
    text = data.draw(st.composite(lambda draw: mutated(PROTOCOL, draw))())
    path = tmp_path / "mutated.rung"
    path.write_bytes(text.encode("utf-8"))
    ended = rung("check", str(path))
    assert ended.code in (0, 1), ended.said
    if ended.code == 1:
        assert CODED.search(ended.said), ended.said
    assert "C199" not in ended.said
