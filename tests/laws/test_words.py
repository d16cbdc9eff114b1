"""`for`, `in the last` and `ever` on every word of up to six instants over true, false and unknown.

The definitions here are written from LANGUAGE section 4 and share nothing with either engine. A word of fewer
instants is the beginning of a longer one, so judging each instant of every word of six covers them all.
"""

from __future__ import annotations

from itertools import product

from tests.laws.strategies import artifact, ms

from rung_engine.artifact import model as m
from rung_engine.event import Reading
from rung_engine.program import Program
from rung_engine.reference.run import Runner
from rung_engine.session.session import Session
from rung_engine.truth import Truth

LENGTH = 6
WAITS = (0, 1, 2, 4)
GAPS = (1, 2)
Word = tuple[Truth, ...]


def at(word: Word, instant: int) -> Truth:
    """Unknown before the first instant."""
    return word[instant] if instant >= 0 else None


def held(word: Word, now: int, wait: int) -> Truth:
    window = [at(word, instant) for instant in range(now - wait, now + 1)]
    return False if False in window else None if None in window else True


def bridged(word: Word, now: int, gap: int) -> Word:
    """The word up to now, with each unknown stretch of at most `gap` between two true instants filled."""
    filled = list(word[: now + 1])
    for start in range(1, now):
        for end in range(start, min(now, start + gap)):
            if word[start - 1] is True and word[end + 1] is True and set(word[start : end + 1]) == {None}:
                filled[start : end + 1] = [True] * (end + 1 - start)
    return tuple(filled)


def recent(word: Word, now: int, wait: int) -> Truth:
    window = [at(word, instant) for instant in range(now - wait, now + 1)]
    return True if True in window else None if None in window else False


def ever(word: Word, now: int) -> Truth:
    return True if True in word[: now + 1] else word[now]


def expected(word: Word, now: int) -> list[Truth]:
    """In the order of the terms after the flag."""
    found = [held(word, now, wait) for wait in WAITS]
    found.extend(held(bridged(word, now, gap), now, wait) for wait in WAITS for gap in GAPS)
    found.extend(recent(word, now, wait) for wait in WAITS)
    return [*found, ever(word, now)]


TERMS: tuple[m.Truth, ...] = (
    m.Flag(input="line"),
    *(m.Held(of=0, length=ms(wait)) for wait in WAITS),
    *(m.Held(of=0, length=ms(wait), gaps=ms(gap)) for wait in WAITS for gap in GAPS),
    *(m.Recent(of=0, length=ms(wait)) for wait in WAITS),
    m.Ever(of=0),
)
RULE = m.Rule(
    id="one.r", stage="one", condition=0, orders=(m.One(order=m.Order(op="notify", target="team")),)
)
PROGRAM = Program(artifact(terms=TERMS, rules=(RULE,)), unverified=True)


def readings(word: Word) -> list[Reading]:
    """A word in which unknown is charted as something that is neither yes nor no."""
    return [
        Reading(f"r{time}", time, "line", "?" if letter is None else letter)
        for time, letter in enumerate(word)
    ]


def test_the_reference_engine_means_what_the_words_say() -> None:
    for word in product((True, False, None), repeat=LENGTH):
        runner = Runner(PROGRAM, readings(word))
        runner.run()
        rows = {row.time: row.truths for row in runner.rows}
        for now in range(LENGTH):
            assert list(rows[now][1:]) == expected(word, now), (word, now)


def test_the_session_engine_means_what_the_words_say() -> None:
    for word in product((True, False, None), repeat=LENGTH):
        session = Session(PROGRAM)
        for now, reading in enumerate(readings(word)):
            session.feed(reading)
            truths = [session.view().truth(term) for term in range(1, len(TERMS))]
            assert truths == expected(word, now), (word, now)
