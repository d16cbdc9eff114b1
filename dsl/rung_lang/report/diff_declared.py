"""What two versions declare otherwise, in words: limits, settings, promises, questions, titles, sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.diff.model import Class, Declared, Renamed
from rung_lang.report.diff_said import Sides, quoted
from rung_lang.report.documents.sentences import Sentences, spaced
from rung_lang.report.words_phrases import joined

_LONG = 6
"""Words of a text that is not said twice for the sake of one of them."""
_TITLE = "a rule's title"
_LISTS = ("cites", "clauses", "erratum")
_WHOLE = ("declared", "asked")
"""How a difference says that a thing is there, and no more."""


@frozen
class Otherwise:
    """One thing declared otherwise. `kind`: as in a difference, or `list`, of which `old` and `new` are what
    was left out and added. `name`: of what it is declared. `about`: `rule “Add vasopressin”`.
    `old`, `new`: empty where there is nothing.
    """

    kind: str
    name: str
    about: str
    old: str
    new: str
    classes: tuple[Class, ...]

    @property
    def is_title(self) -> bool:
        """It is how a rule is called."""
        return self.kind == "rule" and self.about == _TITLE

    @property
    def sentence(self) -> str:
        """`drug vasopressin, maximum: before, 0.03 units/min; now, 0.04 units/min`."""
        if self.kind == "list":
            return f"{self.about}: {'; '.join(part for part in (self.new, self.old) if part)}"
        if self.old and self.new:
            told = _merged(self.old, self.new) or f"before, {self.old}; now, {self.new}"
            return f"{self.about}: {told}"
        if self.kind == "rule" and (self.old or self.new):
            return f"{self.about}: {self.old or self.new}"
        what = self.old or self.new
        return f"{self.about}{f': {what}' if what else ''}, which is {'new' if self.new else 'gone'}"


def otherwise(sides: Sides) -> tuple[Otherwise, ...]:
    """Each once: what is declared so in several stages, and a question that names another number now."""
    found: dict[tuple[str, str, str], Otherwise] = {}
    for one in sides.difference.declared:
        if one.kind != "question":
            told = _one(sides, one)
            found.setdefault((told.about, told.old, told.new), told)
    return (*found.values(), *_questions(sides))


def renamed(one: Renamed) -> str:
    """`stage first_line is now first`."""
    return f"{one.kind} {one.old} is now {one.new}"


def rule_title(sides: Sides, rule: str) -> str:
    """A rule by its title, in quotation marks."""
    titles = {one.id: one.title for side in (sides.current, sides.new) for one in side.rules}
    return quoted(titles.get(rule) or spaced(rule.rpartition(".")[2]))


def _merged(old: str, new: str) -> str:
    """The new words with what stood before in the one place where they differ; nothing where they differ in
    more.
    """
    left, right = old.split(), new.split()
    marks = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    differ = [mark for mark in marks if mark[0] != "equal"]
    if len(differ) != 1 or len(right) < _LONG:
        return ""
    tag, a, b, c, d = differ[0]
    if (
        tag != "replace"
        or max(b - a, d - c) > 1
        or any("“" in one or "”" in one for one in (left[a], right[c]))
    ):
        return ""
    return " ".join((*right[:d], f"(before: {left[a]})", *right[d:]))


# ---------------------------------------------------------------- one thing


def _one(sides: Sides, one: Declared) -> Otherwise:
    old, new = _said(sides, one, "old"), _said(sides, one, "new")
    about = f"{one.kind} {spaced(one.name)}" if one.name else one.kind
    match one.kind:
        case "property" | "proof" | "assumption":
            about = {"property": "safety property"}.get(one.kind, one.kind)
        case "rule" if one.what == "title":
            return Otherwise(one.kind, one.name, _TITLE, quoted(old), quoted(new), one.classes)
        case "rule" if one.what in _LISTS:
            return _list(sides, one)
        case "rule":
            about = f"rule {rule_title(sides, one.name)}"
        case "message":
            whom, colon, words = one.after.partition(": ")
            before = one.before.removeprefix(f"{whom}: ")
            about = f"what is told to the {whom}" if colon else "what is told"
            return Otherwise(
                one.kind, one.name, about, quoted(before), quoted(words or one.after), one.classes
            )
        case "source":
            about = "source"
        case "protocol":
            return Otherwise(one.kind, one.name, f"the protocol's {one.what}", old, new, one.classes)
        case _:
            pass
    what = f", {one.what}" if one.what else ""
    # The name of a statement is made of its words, and two statements may be said alike.
    name = "" if one.kind == "property" else one.name
    return Otherwise(one.kind, name, about + what, old, new, one.classes)


def _said(sides: Sides, one: Declared, side: str) -> str:
    text = one.before if side == "old" else one.after
    if text in _WHOLE:
        return "" if (one.before if side == "new" else one.after) else "declared"
    if one.kind in ("rule", "source", "protocol", "message", "setting"):
        return text
    return "; ".join(_plain(sides, part, side) for part in text.split("; ")) if text else ""


def _plain(sides: Sides, text: str, side: str) -> str:
    """With the condition at its end in a sentence for readers."""
    words = text.split(" ")
    for place in range(len(words)):
        told = sides.meant(" ".join(words[place:]), side)
        if told:
            return " ".join([*(spaced(word) for word in words[:place]), told])
    return spaced(text)


def _list(sides: Sides, one: Declared) -> Otherwise:
    """Of a list only what was added or left out."""
    before, after = (text.split(", ") if text else [] for text in (one.before, one.after))
    gone = [_item(sides, one.what, name) for name in before if name not in after]
    come = [_item(sides, one.what, name) for name in after if name not in before]
    title = rule_title(sides, one.name)
    what = {"cites": "sources", "erratum": "errata"}.get(one.what, one.what)
    return Otherwise(
        "list",
        one.name,
        f"rule {title}, {what}",
        f"without {joined(gone, 'and')}" if gone else "",
        f"also {joined(come, 'and')}" if come else "",
        one.classes,
    )


def _item(sides: Sides, what: str, name: str) -> str:
    source = sides.new.sources.get(name) or sides.current.sources.get(name) if what == "cites" else None
    return name if source is None else source.title or spaced(name)


# ---------------------------------------------------------------- questions


def renumbered(sides: Sides) -> dict[str, str]:
    """Questions that differ by their numbers alone, old by new: the same question, asked of other numbers."""
    own = [one for one in sides.difference.declared if one.kind == "question" and not one.what]
    gone = {_masked(one.name): one.name for one in own if not one.after}
    come = {_masked(one.name): one.name for one in own if one.after}
    return {new: gone[mask] for mask, new in come.items() if mask in gone}


def _questions(sides: Sides) -> Iterator[Otherwise]:
    own = [one for one in sides.difference.declared if one.kind == "question"]
    before = renumbered(sides)
    for one in own:
        if one.after and not one.what:
            old = quoted(before[one.name]) if one.name in before else ""
            yield Otherwise("question", one.name, "question", old, quoted(one.name), one.classes)
        elif one.what:
            old, new = (asked(sides, one.name, side) for side in ("old", "new"))
            about = f"what the question {quoted(one.name)} asks"
            yield Otherwise("question", one.name, about, old, new, one.classes)
        elif one.name not in before.values():
            yield Otherwise("question", one.name, "question", quoted(one.name), "", one.classes)


def _masked(text: str) -> str:
    return re.sub(r"\d+(\.\d+)?", "#", text)


def asked(sides: Sides, text: str, side: str) -> str:
    """What a question asks: `never order vasopressin above 0.03 units/min`."""
    question = next(one for one in sides.artifact(side).questions if one.text == text)
    sentences = sides.sentences(side)
    match question.ask:
        case "property" if question.property is not None:
            return property_words(sentences, question.property)
        case "when" if question.condition is not None:
            return f"when {sentences.condition(question.condition)}"
        case _:
            return f"how {spaced(question.drug or '')} is dosed"


def property_words(sentences: Sentences, one: m.Property) -> str:
    """`never order vasopressin above 0.03 units/min`."""
    if one.subject == "condition":
        what = "" if one.condition is None else sentences.condition(one.condition)
    else:
        above = "" if one.above is None else f" above {sentences.amount(one.above)}"
        what = f"{one.subject} {joined([spaced(drug) for drug in one.drugs], 'or')}{above}"
    given = "" if one.given is None else f" while {sentences.condition(one.given)}"
    return f"{one.polarity} {what}{given}"
