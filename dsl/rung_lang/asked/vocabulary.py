"""The words of a question, and what they name in a protocol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen

_WORD = re.compile(r"[a-z][a-z0-9_-]*(?:/[a-z]+)*|\d+(?:\.\d+)?")
_EMPTY = frozenset(
    (
        "a", "an", "and", "are", "as", "at", "be", "been", "being", "by", "can", "could", "did", "do",
        "does", "for", "from", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "may",
        "might", "must", "of", "on", "or", "our", "shall", "should", "so", "some", "than", "that", "the",
        "their", "then", "there", "these", "this", "those", "to", "was", "we", "were", "what", "when",
        "where", "which", "while", "who", "whom", "whose", "why", "will", "with", "would", "you", "your",
    )
)  # fmt: skip
"""Words that say how something is asked and not what it is about."""
_ENDINGS = ("ations", "ation", "ings", "ing", "ied", "ies", "ed", "es", "s")


@frozen
class Vocabulary:
    """`drugs`, `classes` and `stages`: by each word that names one, the declared name."""

    drugs: Mapping[str, str]
    classes: Mapping[str, str]
    stages: Mapping[str, str]


def vocabulary(artifact: m.Artifact) -> Vocabulary:
    """Every word by which this protocol's drugs, classes and stages may be called, in small letters."""
    drugs: dict[str, str] = {}
    for name, drug in artifact.drugs.items():
        for called in (name, drug.title, *drug.aliases):
            if called:
                drugs[plain(called)] = name
    classes: dict[str, str] = {}
    for name in artifact.classes:
        classes[plain(name)] = classes[plain(f"{name}s")] = name
    stages = {
        plain(called): one.name for one in artifact.stages for called in (one.name, one.title) if called
    }
    return Vocabulary(drugs, classes, stages)


def plain(text: str) -> str:
    """Small letters, blanks for underlines and hyphens, single blanks."""
    return " ".join(re.sub(r"[_\-]+", " ", text.casefold()).split())


def words(text: str) -> list[str]:
    """The words and numbers of a text, small, without punctuation."""
    return _WORD.findall(plain(text.replace("µ", "mc").replace("μ", "mc")))


def named(text: str, names: Mapping[str, str]) -> list[str]:
    """The things named in the text, in the order in which they are named; a longer name goes first."""
    flat = f" {' '.join(words(text))} "
    found: list[tuple[int, str]] = []
    for called in sorted(names, key=lambda one: (-len(one), one)):
        spelled = f" {' '.join(words(called))} "
        while spelled.strip() and (at := flat.find(spelled)) >= 0:
            found.append((at, names[called]))
            flat = f"{flat[:at]} {'#' * (len(spelled) - 2)} {flat[at + len(spelled) :]}"
    return [name for _, name in sorted(found)]


def content(text: str, drugs: Mapping[str, str]) -> frozenset[str]:
    """What a text is about: its words by their stems, drugs by their declared names, its numbers."""
    about = set(_stems(words(text)))
    for called, name in drugs.items():
        spelled = words(called)
        if spelled and _runs(spelled, words(text)):
            about -= {*_stems(spelled)}
            about.add(f"drug:{name}")
    return frozenset(about)


def _runs(part: Sequence[str], whole: Sequence[str]) -> bool:
    return any(list(whole[at : at + len(part)]) == list(part) for at in range(len(whole) - len(part) + 1))


def _stems(of: Sequence[str]) -> Iterator[str]:
    for word in of:
        if word in _EMPTY:
            continue
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                yield word[: -len(ending)].rstrip("e")
                break
        else:
            yield word.rstrip("e") if len(word) > 3 else word
