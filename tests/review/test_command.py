"""`rung diff` and `rung review`: what they compare, how they end, and what they refuse."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.cli.command import Ended, rung
from tests.once import once
from tests.review.made import chart
from tests.review.two import NEW, OLD, compiled, written

from rung_engine.approval.packet import opened
from rung_engine.cohort.facts import facts_of
from rung_engine.cohort.form import form_of
from rung_lang.cli.exits import BY_WEIGHT


@pytest.fixture
def two(tmp_path: Path) -> tuple[str, str]:
    return written(tmp_path)


@pytest.fixture(scope="module")
def packet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the two texts, made once."""

    def make(folder: Path) -> None:
        texts = tmp_path_factory.mktemp("texts")
        ended = rung("review", *written(texts), "-o", str(folder))
        assert ended.code == BY_WEIGHT["safety"], ended.said

    return once(tmp_path_factory, "packet", make)


def _refused(ended: Ended, code: int, word: str) -> None:
    assert ended.code == code, ended.said
    assert f"error {word}:" in ended.err
    assert ended.out == ""


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=R. Field", "-c", "user.email=r@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The old texts, a formulary beside them, committed; the new ones on the disk."""
    place = tmp_path / "repository"
    texts = place / "protocols"
    texts.mkdir(parents=True)
    drugs = 'formulary drugs "Drugs"\n\ndrug norepinephrine as NE\n'
    begin = OLD.index("drug norepinephrine")
    end = OLD.index("drug vasopressin")
    (texts / "drugs.rung").write_text(drugs + OLD[begin:end].partition("\n")[2], encoding="utf-8")
    for text, commit in ((OLD, True), (NEW, False)):
        own = text[:begin] + text[end:]
        used = own.replace("  applies when", '  use "drugs.rung"\n  applies when')
        (texts / "ladder.rung").write_text(used, encoding="utf-8")
        if commit:
            _git(place, "init", "-q")
            _git(place, "add", ".")
            _git(place, "commit", "-q", "-m", "first")
    monkeypatch.chdir(place)
    return place


def test_a_version_beside_itself_means_the_same_and_the_exit_code_says_so(two: tuple[str, str]) -> None:
    ended = rung("diff", two[0], two[0])
    assert ended.code == 0, ended.said
    assert "The two versions mean the same." in ended.out


def test_what_is_promised_less_is_code_22_in_every_form(two: tuple[str, str], tmp_path: Path) -> None:
    target = tmp_path / "summary.md"
    assert rung("diff", *two, "--format", "markdown", "-o", str(target)).code == BY_WEIGHT["safety"]
    assert target.read_text(encoding="utf-8").startswith("# ladder 1.0.0 to 1.1.0\n")
    ended = rung("diff", *two, "--format", "json")
    assert ended.code == BY_WEIGHT["safety"]
    data = json.loads(ended.out)
    assert data["weight"] == "safety"
    assert {"dose up", "property weakened", "limit raised"} <= set(data["classes"])
    assert any(change["subject"] == {"op": "add", "target": "vasopressin"} for change in data["changes"])


def test_what_only_the_text_says_is_wording(two: tuple[str, str]) -> None:
    path = Path(two[1])
    path.write_text(OLD.replace("it spares norepinephrine", "norepinephrine is spared"), encoding="utf-8")
    assert rung("diff", *two).code == 0


def test_a_revision_is_read_with_the_formulary_it_used(repository: Path) -> None:
    assert rung("diff", "HEAD", "--", "protocols").code == BY_WEIGHT["safety"]
    # What lies on the disk is not looked at between two revisions.
    (repository / "protocols" / "drugs.rung").write_text("no formulary at all", encoding="utf-8")
    ended = rung("diff", "HEAD", "main", "--", "protocols/ladder.rung")
    assert ended.code == 0, ended.said


def test_a_protocol_that_is_gone_is_said_and_counts_as_treatment(repository: Path) -> None:
    (repository / "protocols" / "ladder.rung").unlink()
    ended = rung("diff", "HEAD", "--", "protocols/ladder.rung")
    assert ended.code == BY_WEIGHT["treatment"], ended.said
    assert ended.out == "ladder 1.0.0 is gone.\n"


def test_what_cannot_be_compared_is_refused_with_a_code(
    repository: Path, two: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refused(rung("diff", "mian", "--", "protocols"), 3, "C161")
    _refused(rung("diff", "--", "protocols"), 2, "C162")
    _refused(rung("diff", two[0]), 2, "C162")
    _refused(rung("diff", "HEAD", "--", "elsewhere"), 3, "C163")
    _refused(rung("diff", *two, "--set", "target=70 mmHg"), 2, "C164")
    _refused(rung("diff", two[0], "nowhere.rung"), 3, "C101")
    (tmp_path / "broken.rung").write_text(OLD.replace("when low and", "when lo and"), encoding="utf-8")
    ended = rung("diff", str(tmp_path / "broken.rung"), two[1])
    assert (ended.code, "error C106:" in ended.err) == (1, True)
    monkeypatch.chdir("/")
    _refused(rung("diff", "HEAD", "--", "protocols"), 2, "C160")


def test_a_cohort_is_counted_in_every_form(packet: Path, two: tuple[str, str], tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    folder = tmp_path / "stays"
    folder.mkdir()
    old = compiled(OLD).artifact
    assert old is not None
    pq.write_table(form_of(facts_of(old, {"one": chart(), "two": chart()[:-2]})), folder / "facts.parquet")
    ended = rung("diff", *two, "--data", str(folder), "--format", "json")
    counted = json.loads(ended.out)["cohort"]
    assert (ended.code, counted["data"]) == (BY_WEIGHT["safety"], "stays")
    made = tmp_path / "packet"
    pair = (str(packet / "old.rungc"), str(packet / "new.rungc"))
    ended = rung("review", *pair, "-o", str(made), "--data", str(folder))
    assert ended.code == BY_WEIGHT["safety"], ended.said
    page = (made / "review.html").read_text("utf-8").replace("\u00a0", " ")
    assert "The decision differs in 1 of 2 stays" in page
    assert "No cohort was asked" not in page
    assert "On a cohort" in (made / "summary.md").read_text("utf-8")
    listed = json.loads((made / "packet.json").read_text("utf-8"))
    assert listed["cohort"]["data"] == "stays"


# ---------------------------------------------------------------- the packet


def test_the_packet_is_whole_small_and_proved(packet: Path) -> None:
    names = {file.name for file in packet.iterdir()}
    assert names == {
        "review.html", "review.pdf", "summary.md", "old.rungc", "new.rungc", "packet.json",
    }  # fmt: skip
    listed = json.loads((packet / "packet.json").read_text(encoding="utf-8"))
    assert (listed["old"]["proof"], listed["new"]["proof"]) == ("proved", "proved")
    assert (packet / "review.html").stat().st_size < 3_000_000
    page = (packet / "review.html").read_text("utf-8").replace("\u00a0", " ")
    assert "Of 2 safety properties, 2 are proved of both versions." in page
    whole = opened((packet / "packet.json").read_bytes(), listed["files"])
    assert whole.seal == listed["new"]["seal"]


def test_the_same_versions_give_the_same_bytes_from_texts_and_from_artifacts(
    packet: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    ended = rung("review", str(packet / "old.rungc"), str(packet / "new.rungc"), "-o", str(again))
    assert ended.code == BY_WEIGHT["safety"], ended.said
    for file in packet.iterdir():
        # Only a text tells what is wrong in its sources; this one has nothing to tell.
        assert (again / file.name).read_bytes() == file.read_bytes(), file.name


def test_a_packet_replaces_a_packet_and_nothing_else(packet: Path, tmp_path: Path) -> None:
    pair = (str(packet / "old.rungc"), str(packet / "old.rungc"))
    place = tmp_path / "packet"
    place.mkdir()
    assert rung("review", *pair, "-o", str(place)).code == 0
    assert rung("review", *pair, "-o", str(place)).code == 0
    (place / "notes.txt").write_text("mine", encoding="utf-8")
    _refused(rung("review", *pair, "-o", str(place)), 4, "C166")
    assert (place / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["packet"]


def test_a_packet_is_about_one_protocol(two: tuple[str, str], tmp_path: Path) -> None:
    other = Path(two[1]).with_name("other.rung")
    other.write_text(NEW.replace("protocol ladder", "protocol other"), encoding="utf-8")
    folders = [str(Path(path).parent) for path in two]
    _refused(rung("review", *folders, "-o", str(tmp_path / "packet")), 2, "C165")
    assert not (tmp_path / "packet").exists()
