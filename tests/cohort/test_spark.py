"""Spark on two workers, one of them lost in the middle, says what one machine says."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from tests.cohort.struck import StruckOnce, count
from tests.cohort.tables_of import program, shuffled, table

from rung_engine.cohort import api, spark, stream
from rung_engine.cohort.data import open_facts
from rung_engine.program import Program
from rung_engine.sources.problems import DataProblem

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]
TWO_WORKERS = "local-cluster[2,1,1024]"
BRIEF = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""To Java: you will not live long enough to gain from compiling well."""
CONFIGURED = {
    "spark.driver.extraJavaOptions": BRIEF,
    "spark.executor.extraJavaOptions": BRIEF,
    "spark.driver.memory": "512m",
    "spark.executor.memory": "512m",
    "spark.executorEnv.PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'engine'}",
    "spark.task.maxFailures": "2",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "10",
    "spark.log.level": "OFF",
}
STAYS = 12
SMALL, LARGE = 30, 1000
"""Facts in a batch: about one stay, and more than there are."""

pytestmark = [
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def plain(rows: pa.Table) -> pa.Table:
    made = [one.cast(pa.string()) if pa.types.is_dictionary(one.type) else one for one in rows.columns]
    return pa.table(made, names=rows.column_names)


def told(rows: pa.Table) -> list[dict[str, Any]]:
    """Rows in the order of stays, those of a stay as they came."""
    return sorted(rows.to_pylist(), key=lambda row: str(row["stay"]))


def kept(run: stream.Run, kind: str) -> list[dict[str, Any]]:
    paths = run.paths(kind)  # type: ignore[arg-type]
    return told(pa.concat_tables(plain(pq.read_table(path)) for path in paths))


@pytest.mark.parametrize("size", [1, 20, 1000])
@pytest.mark.parametrize("rows", [1, 7, 64])
def test_no_stay_is_split_however_its_rows_arrive(rows: int, size: int) -> None:
    facts = plain(table(program(3), 5, STAYS)).sort_by("stay")
    found = list(spark.whole_stays(facts.to_batches(max_chunksize=rows), size))
    assert pa.concat_tables(found).combine_chunks() == facts.combine_chunks()
    stays = [stay for part in found for stay in set(part["stay"].to_pylist())]
    assert len(stays) == len(set(stays)) == STAYS
    assert all(part.num_rows >= size for part in found[:-1]) or size == 1
    assert (len(found) == 1) == (size == 1000)


@pytest.fixture
def two_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[SparkSession]:
    import pyspark

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.setattr(spark, "FEWEST_PARTITIONS", 4)
    session = spark.session(TWO_WORKERS, CONFIGURED)
    application = session.sparkContext.applicationId
    yield session
    session.stop()
    shutil.rmtree(Path(pyspark.__file__).parent / "work" / application)


def test_two_workers_one_of_them_killed_say_what_one_machine_says(
    two_workers: SparkSession, tmp_path: Path
) -> None:
    of = program(3)
    facts = shuffled(table(of, 5, STAYS), 8)
    data = tmp_path / "data"
    data.mkdir()
    pq.write_table(facts.slice(0, 90), data / "a.parquet")
    pq.write_table(facts.slice(90), data / "b.parquet")
    df = two_workers.read.parquet(str(data))
    marker = tmp_path / "struck"
    found = spark.decisions(of, df, batch=SMALL, partitions=4)
    struck = found.mapInArrow(StruckOnce(str(marker)), found.schema).toArrow()
    assert not Path(f"/proc/{marker.read_text('utf-8')}").exists()
    assert told(struck) == told(plain(api.decisions(of, facts)))
    assert told(spark.items(of, df, batch=SMALL, partitions=3).toArrow()) == told(plain(api.items(of, facts)))

    _a_whole_run_is_the_same(of, facts, tmp_path)
    _a_problem_of_the_data_comes_back_as_one(of, facts, tmp_path)


def _a_whole_run_is_the_same(of: Program, facts: pa.Table, place: Path) -> None:
    """From files that Spark cannot read, into a folder."""
    data = place / "csv"
    data.mkdir()
    csv.write_csv(plain(facts), data / "facts.csv")
    far = spark.run(of, open_facts(data), place / "far", master=TWO_WORKERS, batch=LARGE, tally=count)
    near = stream.run(of, open_facts(data), place / "near", batch=LARGE, tally=count)
    assert (far.stays, far.facts) == (near.stays, near.facts)
    assert (far.stays, len(far.parts) > 2) == (STAYS, True)
    for kind in ("decisions", "items"):
        assert kept(far, kind) == kept(near, kind)
    counted = [pq.read_table(path).to_pylist()[0] for path in far.paths("tally")]
    assert [row["stays"] for row in counted] == [part.stays for part in far.parts]
    assert sum(row["decisions"] for row in counted) == len(kept(near, "decisions"))
    assert not [path for path in far.folder.iterdir() if path.is_dir()]


def _a_problem_of_the_data_comes_back_as_one(of: Program, facts: pa.Table, place: Path) -> None:
    data = place / "wrong"
    data.mkdir()
    kinds = facts.column_names.index("kind")
    wrong = plain(facts).set_column(kinds, "kind", pa.array(["guess"] * len(facts)))
    pq.write_table(wrong, data / "facts.parquet")
    with pytest.raises(DataProblem) as problem:
        spark.run(of, open_facts(data), place / "none", master=TWO_WORKERS)
    assert (problem.value.code, problem.value.facts["kind"]) == ("D125", "guess")
    assert not list((place / "none").glob("decisions-*"))
