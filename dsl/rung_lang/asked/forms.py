"""Which question plain words are: one that a protocol declares, or one of a few patterns. Else none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.asked.vocabulary import Vocabulary, content, named, plain, words

ALIKE = 0.6
"""The least share of common words at which a declared question counts as the one asked."""


@frozen
class Declared:
    """A question the protocol declares."""

    question: m.Question


@frozen
class WhenOrdered:
    """`when is D added`: which rules order it so, and on which conditions."""

    drug: str
    ops: tuple[m.Op, ...]
    verb: str


@frozen
class DoseOf:
    """`dose of D [in STAGE]`."""

    drug: str
    stage: str | None


@frozen
class NeededWhile:
    """`is D needed while E running`."""

    drug: str
    other: str


@frozen
class MayOrder:
    """`may D be given while C`: `while_` is a condition in the language's own words."""

    drug: str
    while_: str


@frozen
class WhatIf:
    """`what happens if FACTS`: facts as an example states them."""

    facts: str


@frozen
class WhyDrug:
    """`why D`: the reasons and what the sources report."""

    drug: str


@frozen
class Options:
    """`options of CLASS`: each member, or each drug that is ordered at all."""

    members: tuple[str, ...]
    words: str


Form = Declared | WhenOrdered | DoseOf | NeededWhile | MayOrder | WhatIf | WhyDrug | Options

_GIVES: tuple[m.Op, ...] = ("start", "add", "give", "set")
_VERBS: dict[str, tuple[m.Op, ...]] = {
    "added": _GIVES, "add": _GIVES, "started": _GIVES, "start": _GIVES, "given": _GIVES, "give": _GIVES,
    "ordered": _GIVES, "begun": _GIVES, "considered": _GIVES, "due": _GIVES, "indicated": _GIVES,
    "used": _GIVES, "stopped": ("stop", "taper", "end"), "stop": ("stop", "taper", "end"),
    "weaned": ("taper", "decrease"), "tapered": ("taper", "decrease"), "lowered": ("decrease", "taper"),
    "reduced": ("decrease", "taper"), "decreased": ("decrease", "taper"), "raised": ("increase",),
    "increased": ("increase",), "titrated": ("increase", "decrease"), "continued": ("continue",),
    "held": ("continue", "pause"), "paused": ("pause",), "avoided": ("avoid",),
}  # fmt: skip

_WHAT_IF = re.compile(
    r"^\s*what\s+(?:happens?|is\s+ordered|would\s+happen)?\s*(?:if|when|with|for)\s+(.+)$", re.I
)
_NEEDED = re.compile(
    r"\b(?:needed|need|necessary|required)\b(.*?)\b(?:while|when|with|if|during|together with|beside)\b(.+)$",
    re.I,
)
_MAY = re.compile(r"^\s*(?:can|may|could|is|should)\b.*?\b(while|with|without|when|if)\b\s+(.+)$", re.I)
_OPTIONS = re.compile(r"\b(?:options?|alternatives?|choices?|treatments?)\b", re.I)


def form_of(text: str, artifact: m.Artifact, known: Vocabulary) -> Form | None:
    """The question that these words ask of this protocol; None where they ask none that it can be asked."""
    declared = _declared(text, artifact, known)
    if declared is not None and declared[0] >= 0.8:
        return Declared(declared[1])
    return _pattern(text, artifact, known) or (None if declared is None else Declared(declared[1]))


def _declared(text: str, artifact: m.Artifact, known: Vocabulary) -> tuple[float, m.Question] | None:
    """The likest declared question, if it is alike enough and about the same drugs and numbers."""
    asked = content(text, known.drugs)
    best: tuple[float, m.Question] | None = None
    for question in artifact.questions:
        about = content(question.text, known.drugs)
        if not asked or not about or _fixed(asked) != _fixed(about):
            continue
        share = len(asked & about) / len(asked | about)
        if share >= ALIKE and (best is None or share > best[0]):
            best = (share, question)
    return best


def _fixed(about: frozenset[str]) -> frozenset[str]:
    """What no likeness of words makes up for: the drugs named, and `not`, `never`, `without`."""
    opposites = {"not", "never", "without", "alon", "stop", "below", "above"}
    return frozenset(one for one in about if one.startswith("drug:") or one in opposites)


def _pattern(text: str, artifact: m.Artifact, known: Vocabulary) -> Form | None:
    what_if = _WHAT_IF.match(text.strip().rstrip("?. "))
    if what_if is not None:
        return WhatIf(what_if[1])
    drugs = named(text, known.drugs)
    said = words(text)
    if not said:
        return None
    needed = _NEEDED.search(text)
    if needed is not None and len(drugs) == 2 and drugs[0] != drugs[1]:
        return NeededWhile(drugs[0], drugs[1])
    if drugs and said[0] == "why":
        return WhyDrug(drugs[0])
    if drugs and ("dose" in said or plain(text).startswith("how much")):
        stages = named(text, known.stages)
        return DoseOf(drugs[0], stages[0] if stages else None)
    may = _MAY.match(text.strip().rstrip("?. "))
    if may is not None and drugs and said[0] in ("can", "may", "could", "is", "should"):
        return MayOrder(drugs[0], _condition(may[1].lower(), may[2], known))
    verb = next((word for word in said if word in _VERBS), None)
    if len(drugs) == 1 and verb is not None and said[0] in ("when", "at", "how", "from", "after"):
        return WhenOrdered(drugs[0], _VERBS[verb], verb)
    if _OPTIONS.search(text) is not None:
        return _options(text, artifact, known)
    return None


def _condition(link: str, rest: str, known: Vocabulary) -> str:
    """The condition in the language's words: `without E` is `E off`, a bare drug is `E running`."""
    drugs = named(rest, known.drugs)
    alone = set(words(rest)) - {"is", "running", "on", "still", "the"}
    if (
        len(drugs) == 1
        and len(alone) <= len(words(drugs[0].replace("_", " "))) + 1
        and not re.search(r"[<>=]", rest)
    ):
        return f"{drugs[0]} off" if link == "without" or "off" in words(rest) else f"{drugs[0]} running"
    return f"not ({rest})" if link == "without" else rest


def _options(text: str, artifact: m.Artifact, known: Vocabulary) -> Options | None:
    """For a class that is named, its members; for the protocol's own subject, every drug it starts."""
    classes = named(text, known.classes)
    if classes:
        return Options(artifact.classes[classes[0]], classes[0])
    about = content(f"{artifact.name} {artifact.title}", {})
    asked = content(text, {}) - content(
        "options alternatives choices treatments treatment available adults", {}
    )
    if asked and asked <= about:
        return Options(tuple(sorted(_started(artifact))), artifact.title)
    return None


def _started(artifact: m.Artifact) -> set[str]:
    return {
        order.target
        for rule in artifact.rules
        for order in orders_of(rule.orders)
        if order.op in _GIVES and order.target in artifact.drugs
    }


def orders_of(choices: Sequence[m.Choice]) -> list[m.Order]:
    """Every order written in these choices."""
    return [
        order
        for choice in choices
        for order in ((choice.order,) if isinstance(choice, m.One) else choice.orders)
    ]
