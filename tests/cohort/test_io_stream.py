"""A run over files of any form and order gives the same answer, goes on where it stopped, and is whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from tests.cohort.slow_run import count
from tests.cohort.tables_of import columns, program, shuffled, table
from tests.sources.protocol import artifact

from rung_engine.cohort import api, stream
from rung_engine.cohort.charts import accounts_added, facts_of_cohort
from rung_engine.cohort.data import open_facts
from rung_engine.cohort.facts import codes_of, events_of, facts_of
from rung_engine.cohort.folders import TidyData, open_data
from rung_engine.cohort.manifest import Folder, Part
from rung_engine.program import Program
from rung_engine.sources.problems import DataProblem
from rung_engine.sources.synthetic import write_cohort
from rung_engine.sources.tidy import find_mapping, open_cohort

STAYS = 9


@pytest.fixture(scope="module")
def of() -> Program:
    return program(3)


def _run(of: Program, data: Path, out: Path, batch: int = 40, **options: Any) -> stream.Run:
    return stream.run(of, open_facts(data), out, batch=batch, **options)


def _bytes(run: stream.Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(run.folder.glob("*.parquet"))}


def _answer(run: stream.Run, kind: str = "decisions") -> list[dict[str, Any]]:
    paths = run.paths(kind)  # type: ignore[arg-type]
    rows = [row for path in paths for row in pq.read_table(path).to_pylist()]
    return sorted(rows, key=lambda row: (row["stay"], row["time_ms"]))


def _plain(rows: pa.Table) -> pa.Table:
    made = [one.cast(pa.string()) if pa.types.is_dictionary(one.type) else one for one in rows.columns]
    return pa.table(made, names=rows.column_names)


def _written(folder: Path, rows: pa.Table) -> dict[str, Path]:
    """The same facts in every form of file, and in files of other orders."""
    forms = {name: folder / name for name in ("parquet", "torn", "csv", "gzip", "arrow", "mixed")}
    for place in forms.values():
        place.mkdir(parents=True)
    half = len(rows) // 2
    pq.write_table(rows.slice(0, half), forms["parquet"] / "a.parquet", row_group_size=30)
    pq.write_table(rows.slice(half), forms["parquet"] / "b.parquet")
    csv.write_csv(_plain(rows), forms["csv"] / "a.csv")
    with pa.CompressedOutputStream(str(forms["gzip"] / "a.csv.gz"), "gzip") as out:
        csv.write_csv(_plain(rows), out)
    with ipc.new_file(forms["arrow"] / "a.arrow", rows.schema) as writer:
        writer.write_table(rows.combine_chunks(), max_chunksize=50)
    mixed = shuffled(rows, 8)
    pq.write_table(mixed, forms["torn"] / "a.parquet")
    with ipc.new_stream(forms["mixed"] / "a.arrow", _plain(mixed).schema) as writer:
        writer.write_table(_plain(mixed.slice(0, 90)))
    csv.write_csv(_plain(mixed.slice(90, 40)), forms["mixed"] / "b.csv")
    (forms["mixed"] / "deep").mkdir()
    pq.write_table(mixed.slice(130), forms["mixed"] / "deep" / "c.parquet")
    return forms


def test_every_form_and_order_of_files_gives_the_same_decisions(of: Program, tmp_path: Path) -> None:
    rows = table(of, 3, STAYS)
    expected = None
    for name, place in _written(tmp_path / "data", rows).items():
        told: list[stream.Progress] = []
        one = _run(of, place, tmp_path / f"{name}1", workers=1, progress=told.append)
        two = _run(of, place, tmp_path / f"{name}2", workers=3)
        assert _bytes(one) == _bytes(two), name
        assert len(one.parts) > 3
        assert (told[-1].done, told[-1].total, told[-1].left) == (one.facts, one.facts, 0)
        answer = (_answer(one), sorted(map(str, _answer(one, "items"))))
        expected = expected or answer
        assert answer == expected, name
    assert expected is not None
    whole = api.run(of, rows)
    assert whole.decisions.to_pylist() == expected[0]


def test_files_say_what_they_are_of(of: Program, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    pq.write_table(table(of, 3, 4), tmp_path / "data" / "a.parquet")
    run = _run(of, tmp_path / "data", tmp_path / "out")
    said = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert said["complete"] is True
    assert said["totals"]["facts"] == run.facts
    marks = pq.read_metadata(run.paths("items")[0]).metadata
    assert marks[b"rung.artifact"].decode() == of.artifact.seal
    assert marks[b"rung.data"].decode() == said["data"]["sha256"]
    assert marks[b"rung.engine"].decode() == said["engine"]
    (tmp_path / "data" / "a.parquet").rename(tmp_path / "data" / "b.parquet")
    other = _run(of, tmp_path / "data", tmp_path / "other")
    assert other.about["data"]["sha256"] == said["data"]["sha256"]


def test_a_file_depends_on_its_rows_and_not_on_how_they_are_held(of: Program, tmp_path: Path) -> None:
    items = api.run(of, table(of, 3, 4)).items
    columns = []
    for column in items.columns:
        if pa.types.is_dictionary(column.type):
            words = sorted({"unused", *filter(None, column.to_pylist())}, reverse=True)
            places = [None if word is None else words.index(word) for word in column.to_pylist()]
            column = pa.DictionaryArray.from_arrays(
                pa.array(places, pa.int32()), pa.array(words, pa.string())
            )
        columns.append(column)
    about = {"artifact": {"seal": "", "meaning": ""}, "data": {"sha256": ""}, "engine": "", "settings": {}}
    folder, written = Folder(tmp_path, about), []
    for rows in (items, pa.table(columns, schema=items.schema), items.slice(0, 5)):
        folder.write_table("items", Part(0, 0, 0, 0, 0), rows)
        written.append((tmp_path / "items-00000.parquet").read_bytes())
    assert pq.read_table(tmp_path / "items-00000.parquet").to_pylist() == items.slice(0, 5).to_pylist()
    assert written[0] == written[1] != written[2]


def test_a_killed_run_goes_on_without_repeating_or_losing_a_stay(of: Program, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    pq.write_table(shuffled(table(of, 3, STAYS), 2), data / "a.parquet")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    script = str(Path(__file__).with_name("slow_run.py"))
    running = subprocess.Popen([sys.executable, script, str(data), str(out)], env=environment)
    until = time.monotonic() + 60
    while len(list(out.glob("decisions-*.parquet"))) < 2 and time.monotonic() < until:
        assert running.poll() is None
        time.sleep(0.01)
    with pytest.raises(DataProblem, match="D132"):
        _run(of, data, out, tally=count)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert json.loads((out / "manifest.json").read_text())["complete"] is False
    before = {path.name: path.stat().st_ino for path in out.glob("decisions-*.parquet")}
    (out / ".items-00000.parquet.tmp").write_bytes(b"half")
    gone_on = _run(of, data, out, workers=1, tally=count)
    whole = _run(of, data, tmp_path / "whole", workers=1, tally=count)
    assert 2 <= len(before) < len(gone_on.parts)
    assert before.items() <= {path.name: path.stat().st_ino for path in gone_on.paths("decisions")}.items()
    assert _bytes(gone_on) == _bytes(whole)
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in whole.folder.iterdir())


def test_only_a_run_of_the_same_goes_on(of: Program, tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    pq.write_table(table(of, 3, 4), data / "a.parquet")
    _run(of, data, out)
    for change, said in (
        (lambda: _run(program(4), data, out), "the protocol"),
        (lambda: _run(of, data, out, silence_is_off=True), "nothing is charted"),
        (lambda: _run(of, data, out, batch=41), "the size of a batch"),
        (lambda: pq.write_table(table(of, 4, 4), data / "a.parquet"), ""),
        (lambda: _run(of, data, out), "the data"),
    ):
        if not said:
            change()
            continue
        with pytest.raises(DataProblem, match="D128") as refused:
            change()
        assert said in refused.value.words
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(DataProblem, match="D129"):
        _run(of, data, tmp_path / "mine")


def test_a_part_that_cannot_be_written_is_not_there(
    of: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    pq.write_table(table(of, 3, STAYS), tmp_path / "data" / "a.parquet")
    write = pq.write_table

    def full(rows: pa.Table, path: Path, **options: Any) -> None:
        write(rows, path, **options)
        if "decisions-00001" in str(path):
            path.write_bytes(path.read_bytes()[:100])
            raise OSError("no space left")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="no space"):
        _run(of, tmp_path / "data", tmp_path / "out", workers=1)
    assert not (tmp_path / "out" / "decisions-00001.parquet").exists()
    monkeypatch.undo()
    again = _run(of, tmp_path / "data", tmp_path / "out", workers=1)
    assert _bytes(again) == _bytes(_run(of, tmp_path / "data", tmp_path / "other"))


def test_files_that_cannot_be_read_are_said(of: Program, tmp_path: Path) -> None:
    rows = table(of, 3, 3)
    with pytest.raises(DataProblem, match="D123"):
        open_facts(tmp_path)
    for name, wrong, code, said in (
        ("cut.parquet", b"", "D104", "cut.parquet"),
        ("words.csv", b"stay,time_ms,kind,name,value\na,0,dose,x,1\na,soon,dose,x,1\n", "D104", "Row #3"),
        ("lacks.csv", b"stay,time_ms,kind,value\na,0,dose,1\n", "D105", "no column `name`"),
        ("kind.csv", b"stay,time_ms,kind,name,value\na,0,dose,x,1\na,1,dos,x,1\n", "D125", "row 2"),
        ("cut.arrow", b"ARROW1\0\0", "D104", "cut.arrow"),
    ):
        place = tmp_path / name
        pq.write_table(rows, place)
        place.write_bytes(wrong or place.read_bytes()[:-200])
        with pytest.raises(DataProblem, match=code) as refused:
            _run(of, place, tmp_path / f"{name}.out")
        assert said in refused.value.words
        assert not list((tmp_path / f"{name}.out").glob("*.parquet"))


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_tidy_folder_in_batches_says_what_it_says_stay_by_stay(form: str, tmp_path: Path) -> None:
    write_cohort(tmp_path / "tidy", 6, 3)
    if form == "csv":
        for name in ("stays", "events", "infusions"):
            parquet = tmp_path / "tidy" / f"{name}.parquet"
            pl.read_parquet(parquet).write_csv(parquet.with_suffix(".csv"))
            parquet.unlink()
    protocol = artifact()
    data = open_data(tmp_path / "tidy", protocol)
    assert isinstance(data, TidyData)
    codes = codes_of(protocol)
    found: dict[int, list[Any]] = {}
    for size in (10**6, 1500):
        batches = data.batches(data.plan(size), codes, frozenset(), tmp_path / "spills", 1, lambda *_: None)
        found[size] = [load() for _, load in batches]
    assert len(found[1500]) > 3
    cohort = open_cohort(tmp_path / "tidy", find_mapping(tmp_path / "tidy"), protocol)
    told = facts_of(codes, {stay.id: stay.events for stay in cohort.iter_stays()})
    for loads in found.values():
        events = {
            stay: sorted(events_of(one.facts, k), key=_said)
            for one in loads
            for k, stay in enumerate(one.facts.stays)
        }
        expected = {stay: sorted(events_of(told, k), key=_said) for k, stay in enumerate(told.stays)}
        assert {stay: list(map(_said, one)) for stay, one in events.items()} == {
            stay: list(map(_said, one)) for stay, one in expected.items()
        }
        account = accounts_added(load.account for load in loads)
        for one in cohort.accounts():
            assert account["tables"][one.table]["counts"] == [list(item) for item in one.counts]
    assert columns(facts_of_cohort(cohort, codes)[0]) == columns(found[10**6][0].facts)


def _said(event: Any) -> str:
    """An event without its id."""
    return repr([getattr(event, name) for name in type(event).__slots__ if name != "id"])


def test_a_table_is_answered_in_its_own_library_and_lazily_all_the_same(of: Program) -> None:
    rows = table(of, 3, 6)
    expected = api.run(of, rows).decisions.to_pylist()
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    assert api.decisions(of, frame).to_dicts() == expected
    lazy = api.decisions(of, frame.lazy(), batch=40)
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().sort("stay", "time_ms").to_dicts() == expected
    wanted = expected[0]["stay"]
    some = lazy.filter(pl.col("stay") == wanted).select("time_ms").head(2).collect()
    assert some["time_ms"].to_list() == [row["time_ms"] for row in expected if row["stay"] == wanted][:2]
    reader = api.decisions(of, rows.to_reader(max_chunksize=30), batch=40)
    read = sorted(reader.read_all().to_pylist(), key=lambda row: (row["stay"], row["time_ms"]))
    assert read == expected
    assert api.items(of, frame).height == api.run(of, frame).items.height > 0


def test_pandas_is_answered_in_pandas(of: Program) -> None:
    pandas = pytest.importorskip("pandas")
    rows = table(of, 3, 3)
    found = api.decisions(of, rows.to_pandas())
    assert isinstance(found, pandas.DataFrame)
    assert found["time_ms"].tolist() == api.run(of, rows).decisions["time_ms"].to_pylist()


def test_made_up_facts_depend_on_seed_and_index_alone(tmp_path: Path) -> None:
    script = (
        "from rung_engine.sources.synthetic_facts import make_facts\n"
        "whole, one = make_facts(7, 1, 4), make_facts(7, 2, 3)\n"
        "rows = whole.to_pylist()\n"
        "assert [row for row in rows if row['stay'] == 'SYN-000000002'] == one.to_pylist()\n"
        "import hashlib\n"
        "print(len(rows), hashlib.sha256(repr(rows).encode()).hexdigest()[:16])\n"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], env=environment, capture_output=True, text=True
    )
    assert (said.stderr, said.stdout) == ("", "1642 05790b8d8d9ae017\n")
