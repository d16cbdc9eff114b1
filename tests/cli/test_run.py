"""`rung run`: real files in, every row accounted for, and any bad table refused in words."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cli.command import PROTOCOL as SMALL
from tests.cli.command import Ended, rung
from tests.laws.settings import LONG
from tests.once import once

from rung_engine.artifact.load import load
from rung_engine.artifact.model import Certificate
from rung_engine.artifact.seal import seal, to_bytes
from rung_engine.sources.synthetic import write_cohort
from rung_lang.cli.files import reader
from rung_lang.driver import compile_protocol

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = str(ROOT / "protocols" / "septic_shock.rung")
REAL = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first twelve hours of three made-up stays, as Parquet."""
    folder = tmp_path_factory.mktemp("cohort")
    write_cohort(folder, stays=3, seed=7)
    for table in ("events", "infusions"):
        path = folder / f"{table}.parquet"
        pl.read_parquet(path).filter(pl.col("time_min") < 12 * 60).write_parquet(path)
    return folder


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Not proved: that takes long, and is asked of smaller ones below and of this one with those shipped."""

    def compile_to(path: Path) -> None:
        found = compile_protocol(PROTOCOL, reader()).artifact
        assert found is not None
        path.write_bytes(to_bytes(seal(found)))

    return str(once(tmp_path_factory, "septic_shock.rungc", compile_to))


@pytest.fixture
def tables(cohort: Path, tmp_path: Path) -> Path:
    """The same stays as CSV, to be spoilt."""
    for table in ("stays", "events", "infusions"):
        pl.read_parquet(cohort / f"{table}.parquet").write_csv(tmp_path / f"{table}.csv")
    shutil.copy(cohort / "mapping.toml", tmp_path / "mapping.toml")
    return tmp_path


def refused(ended: Ended, code: str, *words: str) -> None:
    assert ended.code == 3, ended.said
    assert f"error {code}:" in ended.err, ended.said
    assert "Traceback" not in ended.said
    for word in words:
        assert word in ended.said, ended.said


def test_every_row_is_accounted_for(cohort: Path, artifact: str) -> None:
    ended = rung("run", "--unverified", artifact, "--data", str(cohort), "--all", "--format", "json")
    assert ended.code == 0, ended.said
    data = json.loads(ended.out)
    assert data["stays"] == 3
    for table in ("events", "infusions"):
        account = data["accounts"][table]
        assert account["rows"] == pl.read_parquet(cohort / f"{table}.parquet").height
        assert account["rows"] == sum(count for _, _, count in account["counts"])


def test_one_stay_is_a_timeline_that_says_why(cohort: Path, artifact: str) -> None:
    stay = str(pl.read_parquet(cohort / "stays.parquet")["stay_id"][0])
    ended = rung(
        "run",
        "--unverified",
        artifact,
        "--data",
        str(cohort),
        "--stay",
        stay,
        "--why",
        "first_line.second_agent",
    )
    assert ended.code == 0, ended.said
    assert f"stay {stay}" in ended.out
    assert "because" in ended.out
    assert ended.out.splitlines()[1].endswith(", not proved, run all the same")
    told = ended.out.split("With nothing new")[0].splitlines()
    assert max(len(line) for line in told) <= 80


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of a small protocol, proved."""
    text = tmp_path_factory.mktemp("small") / "small.rung"
    text.write_text(SMALL, encoding="utf-8")
    assert rung("compile", str(text)).code == 0
    return text.with_suffix(".rungc")


def certified(small: Path, state: str, of: str = "") -> str:
    """The path of the same artifact with a certificate of this state."""
    whole = load(small.read_bytes())
    certificate = Certificate(state=state, of=of or whole.meaning)  # type: ignore[arg-type]
    path = small.with_name(f"{state}{of[:1]}.rungc")
    path.write_bytes(to_bytes(seal(whole.model_copy(update={"certificate": certificate}))))
    return str(path)


@pytest.mark.parametrize(
    ("code", "state", "of", "word"),
    [
        ("A108", "none", "", "missing"),
        ("A109", "failed", "", "failed"),
        ("A110", "undecided", "", "undecided"),
        ("A111", "proved", "0" * 64, "mismatched"),
        ("", "proved", "", None),
    ],
)
def test_what_is_not_proved_is_refused_unless_it_is_asked_for(
    cohort: Path, small: Path, tmp_path: Path, code: str, state: str, of: str, word: str | None
) -> None:
    stay = str(pl.read_parquet(cohort / "stays.parquet")["stay_id"][0])
    run = ("run", certified(small, state, of), "--data", str(cohort))
    asked = rung(*run, "--stay", stay, "--unverified").out
    heads = re.findall(r"^ *\d+d \d\d:\d\d.*", asked.partition("With nothing new")[0], re.MULTILINE)
    told = json.loads(rung(*run, "--stay", stay, "--unverified", "--format", "json").out)
    output = tmp_path / "decisions.jsonl"
    whole = json.loads(rung(*run, "--all", "--unverified", "--format", "json", "-o", str(output)).out)
    lines = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert len(heads) == len(told["decisions"]) > 2
    assert {one.get("unproved") for one in (told, whole, *told["decisions"], *lines)} == {word}
    if word is None:
        assert "not proved" not in asked
        assert rung(*run, "--stay", stay).out == asked
    else:
        assert all(" - not proved" in line for line in heads)
        refused(rung(*run, "--stay", stay), code, "rung check", "--unverified")
        refused(rung(*run, "--all"), code)


def test_a_text_is_proved_before_it_is_run(cohort: Path, small: Path, tmp_path: Path) -> None:
    text = small.with_suffix(".rung")
    asked = ("--data", str(cohort), "--all", "--format", "json")
    assert json.loads(rung("run", str(text), *asked).out)["unproved"] is None
    assert json.loads(rung("run", str(text), *asked, "--unverified").out)["unproved"] == "missing"
    broken = tmp_path / "broken.rung"
    broken.write_text(SMALL.replace(" resting", ""), encoding="utf-8")
    refused(rung("run", str(broken), *asked), "A109", "rung check", "--unverified")
    assert json.loads(rung("run", str(broken), *asked, "--unverified").out)["unproved"] == "missing"


def test_compiling_says_whether_an_engine_will_take_it(small: Path, tmp_path: Path) -> None:
    output = str(tmp_path / "again.rungc")
    told = rung("compile", certified(small, "none"), "-o", output)
    assert told.out.endswith("  certificate  not proved: an engine will refuse it\n")
    broken = tmp_path / "broken.rung"
    broken.write_text(SMALL.replace(" resting", ""), encoding="utf-8")
    told = rung("compile", str(broken), "-o", output)
    assert told.code == 1
    assert f"`rung check {broken}` says why" in told.out
    assert load(Path(output).read_bytes()).certificate.state == "failed"
    told = rung("compile", certified(small, "proved"), "-o", output)
    assert told.out.endswith("  certificate  proved\n")
    for of, word in (("", None), ("0" * 64, "mismatched")):
        told = rung("compile", certified(small, "proved", of), "-o", output, "--format", "json")
        data = json.loads(told.out)
        assert (data["certificate"], data["unproved"]) == ("proved", word)


def test_the_same_stays_give_the_same_bytes_whatever_the_form_and_order(
    cohort: Path, tables: Path, artifact: str, tmp_path: Path
) -> None:
    written = []
    for name, folder in (("a", cohort), ("b", tables)):
        if folder is tables:
            for table in ("events", "infusions"):
                frame = pl.read_csv(folder / f"{table}.csv", infer_schema=False)
                frame.sample(fraction=1.0, shuffle=True, seed=3).write_csv(folder / f"{table}.csv")
        output = tmp_path / f"{name}.jsonl"
        ended = rung("run", "--unverified", artifact, "--data", str(folder), "--all", "-o", str(output))
        assert ended.code == 0, ended.said
        written.append(output.read_bytes())
    assert written[0] == written[1]


def test_what_a_local_protocol_chose_stands_before_the_mapping(cohort: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "protocols", tmp_path / "protocols")
    local = tmp_path / "ours.rung"
    local.write_text(
        'protocol ours "Ours" extends "protocols/septic_shock.rung"\n  version 1.0.0\n\n'
        "setting high_dose = 0.3 mcg/kg/min\n",
        encoding="utf-8",
    )
    ended = rung("run", "--unverified", str(local), "--data", str(cohort), "--all")
    assert ended.code == 0, ended.said
    assert "high_dose" not in ended.out
    assert "setting emergency_bridge = no" in ended.out
    told = rung(
        "run", "--unverified", str(local), "--data", str(cohort), "--all", "--set", "high_dose=0.4 mcg/kg/min"
    )
    assert "setting high_dose = 0.4 mcg/kg/min (--set)" in told.out


def test_parquet_holds_every_decision_change(cohort: Path, artifact: str, tmp_path: Path) -> None:
    one, two = tmp_path / "d.jsonl", tmp_path / "d.parquet"
    for output in (one, two):
        assert (
            rung("run", "--unverified", artifact, "--data", str(cohort), "--all", "-o", str(output)).code == 0
        )
    frame = pl.read_parquet(two)
    lines = one.read_text(encoding="utf-8").splitlines()
    assert frame.height == len(lines) > 10
    assert set(frame["stay_id"]) == set(pl.read_parquet(cohort / "stays.parquet")["stay_id"].cast(str))
    refused_ = rung(
        "run", "--unverified", artifact, "--data", str(cohort), "--all", "-o", str(tmp_path / "d.xlsx")
    )
    assert refused_.code == 2
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_bad_folders_and_stays_are_named(cohort: Path, artifact: str, tmp_path: Path) -> None:
    refused(rung("run", "--unverified", artifact, "--data", str(tmp_path / "none"), "--all"), "D101")
    refused(rung("run", "--unverified", artifact, "--data", str(tmp_path), "--all"), "D102")
    refused(
        rung("run", "--unverified", artifact, "--data", str(cohort), "--stay", "nobody"), "D109", "nobody"
    )
    refused(
        rung("run", "--unverified", artifact, "--data", str(cohort), "--all", "--mapping", "eicu_demo"),
        "D119",
    )
    refused(
        rung("run", "--unverified", artifact, "--data", str(cohort), "--all", "--mapping", "nowhere"), "D110"
    )
    wrong = rung(
        "run", "--unverified", artifact, "--data", str(cohort), "--all", "--set", "high_dos=1 mcg/kg/min"
    )
    assert wrong.code == 2
    assert "high_dose" in wrong.err


def test_a_truncated_or_false_parquet_is_refused(cohort: Path, small: Path, tmp_path: Path) -> None:
    for table in ("stays", "events", "infusions"):
        folder = tmp_path / table
        shutil.copytree(cohort, folder)
        data = (folder / f"{table}.parquet").read_bytes()
        for spoilt in (data[: len(data) // 2], b"", b"PAR1"):
            (folder / f"{table}.parquet").write_bytes(spoilt)
            refused(rung("run", str(small), "--data", str(folder), "--all"), "D104", table)


def test_wrong_types_and_missing_columns_are_located(tables: Path, artifact: str) -> None:
    events = pl.read_csv(tables / "events.csv", infer_schema=False)
    events.drop("value").write_csv(tables / "events.csv")
    refused(rung("run", "--unverified", artifact, "--data", str(tables), "--all"), "D105", "value")
    events.with_columns(pl.lit("soon").alias("time_min")).write_csv(tables / "events.csv")
    refused(rung("run", "--unverified", artifact, "--data", str(tables), "--all"), "D106", "time_min")


def test_absurd_values_are_refused_one_by_one_and_named(tables: Path, artifact: str) -> None:
    events = pl.read_csv(tables / "events.csv", infer_schema=False)
    stay = events["stay_id"][0]
    for time, value in ((1, "NaN"), (2, "inf"), (3, "-27"), (4, "801"), (5, "1e300")):
        row = dict.fromkeys(events.columns)
        row |= {
            "stay_id": stay,
            "time_min": str(time),
            "kind": "obs",
            "variable": "map",
            "value": value,
            "unit": "mmHg",
        }
        events = pl.concat([events, pl.DataFrame([row], schema=events.schema)])
    events.write_csv(tables / "events.csv")
    ended = rung("run", "--unverified", artifact, "--data", str(tables), "--all", "--refused")
    assert ended.code == 0, ended.said
    for value in ("NaN", "inf", "-27", "801"):
        assert any(
            f"Stay {stay}" in line and f"map {value}" in line.replace("nan", "NaN")
            for line in ended.out.splitlines()
        ), value


@settings(
    max_examples=500 if LONG else 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_mutated_tables_never_break_the_command(tables: Path, artifact: str, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(["stays", "events", "infusions"]))
    path = tables / f"{table}.csv"
    whole = path.read_bytes()
    try:
        at = data.draw(st.integers(0, len(whole) - 1))
        to = min(len(whole), at + data.draw(st.integers(0, 40)))
        piece = data.draw(
            st.sampled_from([b"", b",", b"\n", b'"', b"-1", b"NaN", b"\x00", b"\xff", b"9" * 25, b"mcg"])
        )
        path.write_bytes(whole[:at] + piece + whole[to:])
        ended = rung("run", "--unverified", artifact, "--data", str(tables), "--all")
        assert ended.code in (0, 3), ended.said
        if ended.code:
            assert "error D" in ended.err, ended.said
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("name", ["mimic3_demo", "eicu_demo"])
def test_real_stays_are_read_to_the_last_row(name: str, artifact: str) -> None:
    folder = REAL / name
    if not folder.is_dir():
        pytest.skip("the real data does not lie beside the project")
    stays = pl.read_parquet(folder / "stays.parquet")["stay_id"]
    ended = rung("run", "--unverified", artifact, "--data", str(folder), "--stay", str(stays[0]))
    assert ended.code == 0, ended.said
