"""The shipped bundle: its members run, nothing is wrong with it, and its examples hold."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from rung_lang.bundle import Bundle, compile_bundle
from rung_lang.bundle_examples import run_bundle_examples
from rung_lang.source import Source, Unreadable, decode
from rung_lang.verify.context import Context
from rung_lang.verify.places import Places
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.together.together import Side, together
from rung_lang.verify.verdict import Proved

ROOT = Path(__file__).resolve().parents[2]
PATH = "protocols/adult_icu.bundle"


def read(path: str) -> Source | Unreadable | None:
    file = ROOT / path
    return decode(path, file.read_bytes()) if file.exists() else None


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return compile_bundle(PATH, read)


def test_it_runs_every_shipped_protocol_and_nothing_is_wrong_with_it(bundle: Bundle) -> None:
    assert bundle.is_whole and bundle.problems == ()
    shipped = {path.relative_to(ROOT).as_posix() for path in (ROOT / "protocols").glob("*.rung")}
    assert {member.path for member in bundle.members} == shipped


def test_its_examples_hold_whatever_the_site_chooses(bundle: Bundle) -> None:
    results = list(run_bundle_examples(bundle.artifacts, bundle.examples))
    assert len(results) >= 6
    for result in results:
        assert not result.failures, result.example.title
        assert not result.depends, (result.example.title, result.depends)


def test_no_two_members_order_against_each_other_on_any_patient(bundle: Bundle) -> None:
    sides = []
    for member in bundle.members:
        artifact = member.compiled.artifact
        assert artifact is not None
        context = Context(artifact)
        context.reach = Reach(context)
        sides.append(Side(context, Places(artifact, member.compiled.sources, member.path)))
    asked = 0
    for one, two in combinations(sides, 2):
        found = together(one, two, [side for side in sides if side not in (one, two)])
        assert found.problems == ()
        assert all(isinstance(one.verdict, Proved) for one in found.obligations)
        asked += len(found.obligations)
    assert asked >= 100
