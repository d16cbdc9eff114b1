"""The store of answers gives back what was put or nothing, whatever happens to its files."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.laws.settings import tried

from rung_lang.cli import answers
from rung_lang.cli.answers import Answers, fingerprint, user_folder
from rung_lang.verify.solving.answers import Kept, Memory, key_of

ROOT = Path(__file__).resolve().parents[2]


def key(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def value(number: int) -> bytes:
    """Different lengths, zero among them, and the mark of a record in some."""
    return (b"\x93rA1" if number % 5 == 0 else b"") + str(number).encode() * (number % 7)


def filled(folder: Path, count: int, name: str = "septic") -> Path:
    """A file with that many answers."""
    store = Answers(folder, name)
    for number in range(count):
        store.put(key(number), value(number))
    store.flush()
    return folder / f"{name}.answers"


def found(folder: Path, count: int, name: str = "septic") -> list[int]:
    """Which of them another process would get; each must be the right one."""
    store = Answers(folder, name)
    got = {number: store.get(key(number)) for number in range(count)}
    assert all(one is None or one == value(number) for number, one in got.items())
    return [number for number, one in got.items() if one is not None]


@pytest.mark.parametrize("kind", ["memory", "file", "nowhere"])
def test_what_was_put_is_got(kind: str, tmp_path: Path) -> None:
    kinds: dict[str, Kept] = {
        "memory": Memory(),
        "file": Answers(tmp_path / "a", "septic"),
        "nowhere": Answers(None, "septic"),
    }
    store = kinds[kind]
    assert store.get(key(1)) is None
    store.put(key(1), b"one")
    store.put(key(2), b"")
    assert (store.get(key(1)), store.get(key(2)), store.get(key(3))) == (b"one", b"", None)
    store.flush()
    store.put(key(1), b"another")
    assert store.get(key(1)) == b"another"
    store.flush()
    assert store.get(key(1)) == b"another"


def test_another_process_gets_it_after_the_flush_and_not_before(tmp_path: Path) -> None:
    store = Answers(tmp_path, "septic")
    store.put(key(1), b"one")
    assert Answers(tmp_path, "septic").get(key(1)) is None
    store.flush()
    assert Answers(tmp_path, "septic").get(key(1)) == b"one"
    assert Answers(tmp_path, "other").get(key(1)) is None
    store.put(key(1), b"two")
    store.flush()
    assert Answers(tmp_path, "septic").get(key(1)) == b"two"


def test_an_answer_that_is_there_already_is_not_written_again(tmp_path: Path) -> None:
    file = filled(tmp_path, 50)
    size = file.stat().st_size
    filled(tmp_path, 50)
    assert file.stat().st_size == size
    assert [path.name for path in tmp_path.iterdir()] == ["septic.answers"]


def test_processes_that_write_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from rung_lang.cli.answers import Answers; "
        "from tests.cli.test_answers import key, value\n"
        "folder, first = Path(sys.argv[1]), int(sys.argv[2])\n"
        "for start in range(first, first + 200, 10):\n"
        "    store = Answers(folder, 'septic')\n"
        "    for number in range(start, start + 10): store.put(key(number), value(number))\n"
        "    store.flush()\n"
    )
    paths = os.pathsep.join(str(ROOT / part) for part in ("dsl", "engine", "."))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), str(200 * place)],
            env={**os.environ, "PYTHONPATH": paths},
        )
        for place in range(4)
    ]
    assert [process.wait() for process in running] == [0, 0, 0, 0]
    assert found(tmp_path, 800) == list(range(800))


@settings(max_examples=tried(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32 - 1))
def test_a_damaged_file_gives_right_answers_or_none(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    dice = Random(seed)
    folder = tmp_path_factory.mktemp("damaged")
    file = filled(folder, 30)
    data = bytearray(file.read_bytes())
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data))
        match dice.randint(0, 4):
            case 0:
                data[at] ^= 1 << dice.randint(0, 7)
            case 1:
                del data[at : at + dice.randint(1, 200)]
            case 2:
                data[at:at] = dice.randbytes(dice.randint(1, 90))
            case 3:
                del data[at:]
            case _:
                start = dice.randrange(len(data))
                data[at:at] = data[start : start + dice.randint(1, 200)]
        if not data:
            break
    file.write_bytes(data)
    left = found(folder, 30)
    store = Answers(folder, "septic")
    for number in set(range(30)) - set(left):
        store.put(key(number), value(number))
    store.flush()
    assert found(folder, 30) == list(range(30))


def test_a_damage_costs_the_answers_it_hits_and_no_others(tmp_path: Path) -> None:
    file = filled(tmp_path, 30)
    data = bytearray(file.read_bytes())
    middle = data.index(bytes.fromhex(key(12)))
    data[middle] ^= 255
    file.write_bytes(data)
    assert found(tmp_path, 30) == [number for number in range(30) if number != 12]
    file.write_bytes(data[:-3])
    assert len(found(tmp_path, 30)) == 28


def test_files_do_not_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_OF_ONE", 4_000)
    monkeypatch.setattr(answers, "MOST_BYTES", 9_000)
    for number in range(200):
        store = Answers(tmp_path, "septic")
        store.put(key(number), b"x" * 100)
        store.flush()
        assert (tmp_path / "septic.answers").stat().st_size <= 4_000
        assert Answers(tmp_path, "septic").get(key(number)) == b"x" * 100
    assert Answers(tmp_path, "septic").get(key(0)) is None
    for place in range(10):
        store = Answers(tmp_path, f"p{place}")
        store.put(key(place), b"y" * 2_000)
        store.flush()
        os.utime(tmp_path / f"p{place}.answers", (place, place))
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 9_000
        assert Answers(tmp_path, f"p{place}").get(key(place)) is not None
    assert not (tmp_path / "p0.answers").exists()


def test_where_nothing_can_be_written_nothing_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    for folder in (blocked, blocked / "below", tmp_path / ("x" * 300)):
        store = Answers(folder, "septic")
        store.put(key(1), b"one")
        store.flush()
        assert store.get(key(1)) == b"one"
        assert Answers(folder, "septic").get(key(1)) is None


def test_a_folder_in_the_place_of_the_file_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "septic.answers").mkdir()
    store = Answers(tmp_path, "septic")
    store.put(key(1), b"one")
    store.flush()
    assert Answers(tmp_path, "septic").get(key(1)) is None


@pytest.mark.parametrize(
    ("cache", "home", "folder"),
    [
        ("/var/cache/me", "/home/me", "/var/cache/me/rung/answers"),
        ("/cache", "", "/cache/rung/answers"),
        (None, "/home/me", "/home/me/.cache/rung/answers"),
        ("relative", "/home/me", "/home/me/.cache/rung/answers"),
        (None, None, None),
        (None, "/", None),
        ("", "here", None),
    ],
)
def test_the_folder_is_the_users_cache(
    cache: str | None, home: str | None, folder: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("XDG_CACHE_HOME", cache), ("HOME", home)):
        if text is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, text)
    assert user_folder() == (Path(folder) if folder is not None else None)


def test_a_key_tells_where_its_parts_end() -> None:
    keys = {key_of("ab", "c"), key_of("a", "bc"), key_of("abc"), key_of("abc", ""), key_of("", "abc")}
    assert len(keys) == 5
    assert key_of("µ") == key_of("µ".encode()) and len(key_of()) == 64


def test_the_fingerprint_is_of_the_sources(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    one = tmp_path / "part" / "one.py"
    one.write_text("a = 1\n")
    first = fingerprint([tmp_path])
    assert fingerprint([tmp_path]) == first
    one.write_text("a = 22\n")
    second = fingerprint([tmp_path])
    (tmp_path / "two.py").write_text("")
    assert len({first, second, fingerprint([tmp_path])}) == 3
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "two.py").unlink()
    os.utime(one, ns=(1, 1))
    assert fingerprint([tmp_path]) not in (first, second)
    assert fingerprint() == fingerprint() != fingerprint([tmp_path])
