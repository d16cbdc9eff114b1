"""The examples of the shipped protocols come to what the reference engine makes of them, and quickly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from tests.laws.settings import LONG
from tests.protocols.by_definition import result_of, told

from rung_engine.artifact import model as m
from rung_engine.session import replay
from rung_lang.driver import Compiled, compile_protocol
from rung_lang.examples import Result, run_examples
from rung_lang.lower.examples import LoweredExample
from rung_lang.source import Source, Unreadable, decode
from rung_lang.verify.solving.answers import Memory
from rung_lang.verify.strength.examples_again import run_again

PROTOCOLS = sorted((Path(__file__).resolve().parents[2] / "protocols").glob("*.rung"))
MINUTE = 60_000


def compiled(path: Path, old: str = "", new: str = "") -> Compiled:
    """The protocol with one text in the place of another."""

    def read(name: str) -> Source | Unreadable | None:
        file = Path(name)
        if not file.exists():
            return None
        text = file.read_text("utf-8")
        return decode(name, (text.replace(old, new) if file == path and old else text).encode())

    return compile_protocol(str(path), read)


def of(result: Compiled) -> m.Artifact:
    assert result.artifact is not None, result.problems
    return result.artifact


SEPTIC_FILE = next(path for path in PROTOCOLS if path.stem == "septic_shock")
SEPTIC = compiled(SEPTIC_FILE)


@pytest.mark.parametrize("path", PROTOCOLS, ids=lambda path: path.stem)
def test_examples_come_to_what_the_reference_engine_makes_of_them(path: Path) -> None:
    found = compiled(path)
    some = found.examples[:: 7 if LONG else 20]
    for result in run_examples(of(found), some):
        assert told(result) == told(result_of(of(found), result.example))


def spoilt(example: LoweredExample, dice: Random) -> LoweredExample:
    """The same patient at other times, with what others expect and without the choice of the site."""
    expects = [one for other in SEPTIC.examples for check in other.checks for one in check.expects]
    checks = tuple(
        replace(
            check,
            time_ms=check.time_ms + dice.choice((0, 0, 1, 60 * MINUTE)),
            expects=tuple(dice.choice((one, dice.choice(expects))) for one in check.expects),
        )
        for check in example.checks
    )
    kept = example.settings if dice.random() < 0.5 else ()
    return replace(example, checks=tuple(sorted(checks, key=lambda check: check.time_ms)), settings=kept)


def test_what_does_not_hold_is_explained_as_the_reference_engine_would() -> None:
    dice = Random(0)
    some = [spoilt(example, dice) for example in dice.sample(SEPTIC.examples, 9)]
    results = list(run_examples(of(SEPTIC), some))
    assert sum(bool(result.failures) for result in results) > 2
    for result in results:
        assert told(result) == told(result_of(of(SEPTIC), result.example))


def test_an_example_that_holds_for_some_choices_only_says_with_which_it_does_not() -> None:
    some = [replace(example, settings=()) for example in SEPTIC.examples if len(example.settings) == 1]
    results = list(run_examples(of(SEPTIC), some))
    depending = [result for result in results if result.depends]
    assert len(depending) > 2
    for result in depending[:3]:
        assert told(result) == told(result_of(of(SEPTIC), result.example))


def test_most_choices_of_settings_are_not_run_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    made = 0
    start = replay.Replay.__init__

    def counted(self: replay.Replay, *parts: object, **named: object) -> None:
        nonlocal made
        made += 1
        start(self, *parts, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(replay.Replay, "__init__", counted)
    list(run_examples(of(SEPTIC), SEPTIC.examples))
    assert len(SEPTIC.examples) <= made < 1.3 * len(SEPTIC.examples)


# ---------------------------------------------------------------- again


def again(found: Compiled, kept: Memory, version: str = "1") -> tuple[list[LoweredExample], list[object]]:
    """The examples that were run, and what all came to."""
    ran: list[LoweredExample] = []

    def noted(artifact: m.Artifact, examples: list[LoweredExample]) -> Iterator[Result]:
        ran.extend(examples)
        return run_examples(artifact, examples)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rung_lang.verify.strength.examples_again.run_examples", noted)
        results = [told(result) for result in run_again(of(found), found.examples, kept, version)]
    return ran, results


def test_examples_are_not_run_twice() -> None:
    kept = Memory()
    fresh = [told(result) for result in run_examples(of(SEPTIC), SEPTIC.examples)]
    first, results = again(SEPTIC, kept)
    assert (len(first), results) == (len(SEPTIC.examples), fresh)
    assert again(SEPTIC, kept) == ([], fresh)
    assert len(again(SEPTIC, kept, "2")[0]) == len(SEPTIC.examples)


EDITS = {
    "an order of the weaning stage": ("taper epinephrine by 0.05", "taper epinephrine by 0.04"),
    "a guard of the first line": ("and NE >= 0.1 mcg", "and NE >= 0.15 mcg"),
    "a transition": ("when vasopressin off or epinephrine off", "when vasopressin off"),
    "a rule of every stage": ("when shock is cardiogenic", "when shock is septic"),
    "a define": ("for weaning_dwell", "for 2 h"),
    "a declaration": (
        "before vasopressin require central_access",
        "before vasopressin require location is ICU",
    ),
    "a setting": ("from 0.1 mcg/kg/min to 0.5", "from 0.2 mcg/kg/min to 0.5"),
    "a strength": ("then notify", "then must notify"),
    "an example": ("MAP 64, emergency_bridge no", "MAP 66, emergency_bridge no"),
}


@pytest.fixture(scope="module")
def kept() -> Memory:
    """What the protocol as shipped leaves behind."""
    found = Memory()
    again(SEPTIC, found)
    return found


@pytest.mark.parametrize("edit", EDITS)
def test_after_an_edit_examples_come_to_what_they_would_if_all_were_run(edit: str, kept: Memory) -> None:
    changed = compiled(SEPTIC_FILE, *EDITS[edit])
    assert of(changed).meaning != of(SEPTIC).meaning or changed.examples != SEPTIC.examples
    _, results = again(changed, kept)
    assert results == [told(result) for result in run_examples(of(changed), changed.examples)]


def test_an_edit_runs_only_the_examples_that_come_to_its_stage() -> None:
    kept = Memory()
    again(SEPTIC, kept)
    ran, _ = again(compiled(SEPTIC_FILE, *EDITS["an order of the weaning stage"]), kept)
    came = [
        result.example.title
        for result in run_examples(of(SEPTIC), SEPTIC.examples)
        if "weaning" in result.visited
        or any(expect.word == "pending" for check in result.example.checks for expect in check.expects)
    ]
    assert [example.title for example in ran] == came
    assert 0 < len(came) < len(SEPTIC.examples) / 2


def test_words_are_edited_without_running_an_example(kept: Memory) -> None:
    for old, new in (
        ("every step above hangs on the pressure", "all hangs on the pressure"),
        ('rule mixed_shock "Septic', 'rule mixed_shock "Both: septic'),
        ("# ----", "# a remark\n# ----"),
        ("version 1.0.0", "version 1.0.1"),
    ):
        changed = compiled(SEPTIC_FILE, old, new)
        assert of(changed).seal != of(SEPTIC).seal
        assert again(changed, kept)[0] == []
