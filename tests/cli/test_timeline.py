"""`rung run --html`: written whole beside what is printed, or refused in words."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from tests.cli.command import PROTOCOL, rung

from rung_engine.sources.synthetic import write_cohort


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """A small protocol on a made-up cohort of one."""
    folder = tmp_path_factory.mktemp("page")
    write_cohort(folder, stays=1, seed=7)
    text = folder / "small.rung"
    text.write_text(PROTOCOL, encoding="utf-8")
    return "run", str(text), "--unverified", "--data", str(folder)


def test_the_page_is_written_beside_what_is_printed_and_is_the_same_each_time(
    run: tuple[str, ...], tmp_path: Path
) -> None:
    stay = str(pl.read_parquet(Path(run[-1]) / "stays.parquet")["stay_id"][0])
    pages = [tmp_path / name for name in ("one.html", "two.html")]
    ended = [rung(*run, "--stay", stay, "--html", str(page)) for page in pages]
    assert [one.code for one in ended] == [0, 0]
    assert ended[0].out == rung(*run, "--stay", stay).out
    assert f"timeline written to {pages[0]}" in ended[0].err
    assert pages[0].read_bytes() == pages[1].read_bytes()
    assert f"<h1>Stay {stay}: A small protocol</h1>" in pages[0].read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.html", "two.html"]


def test_a_page_of_all_stays_or_in_no_place_is_refused(run: tuple[str, ...], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    ended = rung(*run, "--all", "--html", str(page))
    assert (ended.code, "error C150:" in ended.err) == (2, True), ended.said
    stay = str(pl.read_parquet(Path(run[-1]) / "stays.parquet")["stay_id"][0])
    ended = rung(*run, "--stay", stay, "--html", str(tmp_path))
    assert "error C103:" in ended.err, ended.said
    assert list(tmp_path.iterdir()) == []
