"""Kernels as machine code compute what the same functions compute as Python, and refuse what they cannot."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rung_engine.cohort import numbers
from rung_engine.cohort.kept import CodeFolder
from rung_engine.cohort.layout import S_FAIL
from rung_engine.cohort.native import Machine, NotNative, kernel
from rung_engine.cohort.numbers import f_compare, f_plus, f_round, f_times, lowest


@kernel
def arithmetic(S, OUT, an, ad, bn, bd):
    S[S_FAIL] = 0
    OUT[0], OUT[1] = f_times(S, an, ad, bn, bd)
    OUT[2], OUT[3] = f_plus(S, an, ad, bn, bd)
    OUT[4] = f_compare(an, ad, bn, bd)
    OUT[5] = f_round(S, an, ad)
    OUT[6], OUT[7] = lowest(an, ad)
    return S[S_FAIL]


@kernel
def control(OUT, n):
    at = 0
    for k in range(n, -n, -3):
        if k % 2 == 0 and not k == 4:
            continue
        if k < -n + 3 or k in (7, 9):
            break
        OUT[at] = k // 2 if k > 0 else -(k // 2)
        at += 1
    left = n
    while left:
        left -= 1
        OUT[at] = max(left, 3) << 2 | (left & 1)
        at += 1
    return at


def test_fractions_are_exact_or_fail() -> None:
    machine = Machine(arithmetic)
    dice = random.Random(5)
    failed = 0
    for _ in range(4_000):
        size = dice.choice((10, 10**6, 2**31, 2**40, 2**61))
        an, bn = (dice.randint(-size, size) for _ in range(2))
        ad, bd = (dice.randint(1, dice.choice((1, 60_000, size))) for _ in range(2))
        S, OUT = np.zeros(32, np.int64), np.zeros(8, np.int64)
        fail = machine(S, OUT, an, ad, bn, bd)
        a, b = Fraction(an, ad), Fraction(bn, bd)
        assert OUT[4] == (a > b) - (a < b)
        assert OUT[5] == round(a)
        assert (OUT[6], OUT[7]) == (a.numerator, a.denominator)
        both = (a * b, a + b)
        most = max(abs(part) for whole in both for part in (whole.numerator, whole.denominator))
        if fail:
            failed += 1
            assert most * 4 >= numbers.LIMIT
        else:
            assert Fraction(int(OUT[0]), int(OUT[1])) == a * b
            assert Fraction(int(OUT[2]), int(OUT[3])) == a + b
    assert 0 < failed < 2_000


@pytest.mark.parametrize("n", [0, 1, 5, 11, 24])
def test_machine_code_goes_the_way_of_python(n: int) -> None:
    said, wanted = np.zeros(64, np.int64), [0] * 64
    assert Machine(control)(said, n) == control(wanted, n)
    assert said.tolist() == wanted


@kernel
def speaks(OUT, n):
    OUT[0] = f"{n}"
    return 0


@kernel
def divides(OUT, n):
    OUT[0] = n / 2
    return 0


@kernel
def asks(OUT, n):
    OUT[0] = len(OUT) + n
    return 0


@pytest.mark.parametrize("made", [speaks, divides, asks])
def test_what_is_no_kernel_is_refused_by_name(made: Any) -> None:
    with pytest.raises(NotNative, match=made.__name__):
        Machine(made)


def test_kept_code_is_used_again_and_never_when_it_is_damaged(tmp_path: Path) -> None:
    folder = CodeFolder(tmp_path / "kernels")
    first = Machine(control, folder)
    (kept,) = (tmp_path / "kernels").iterdir()
    whole = kept.read_bytes()
    said = np.zeros(64, np.int64)
    assert Machine(control, folder)(said, 11) == first(np.zeros(64, np.int64), 11)
    for damaged in (whole[:-9], b"", whole[:40] + b"x" + whole[41:]):
        kept.write_bytes(damaged)
        assert folder.find(about(folder, kept)) is None
        assert Machine(control, folder)(said, 11) == first(np.zeros(64, np.int64), 11)
        assert kept.read_bytes()[:32] == whole[:32]
        assert len(list((tmp_path / "kernels").iterdir())) == 1


def about(folder: CodeFolder, path: Path) -> str:
    """What the file is named by."""
    from rung_engine.cohort.native import about_machine

    named = f"{control.__module__}.{control.__name__} {about_machine()}"
    assert folder._path(named) == path
    return named


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    assert Machine(control, CodeFolder(blocked / "kernels"))(np.zeros(64, np.int64), 5) > 0
