"""A difference in words for a committee: what changes, for whom, from what to what.

Plain sentences without markup, each made once here for the terminal, Markdown and the review packet.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.diff.model import (
    WEIGHTS,
    Change,
    Class,
    Declared,
    Difference,
    Given,
    Open,
    Region,
    Renamed,
    StagePair,
    Subject,
    Version,
    Weight,
)
from rung_lang.diff.names import matched
from rung_lang.report.decisions import counted
from rung_lang.report.documents.sentences import STRENGTHS, Sentences, given_names, spaced
from rung_lang.report.words_phrases import joined
from rung_lang.report.words_proof_gaps import cube_words
from rung_lang.verify.gaps.regions import Cube

CLASSES: Mapping[Class, str] = {
    "wording": "wording only",
    "source": "sources",
    "question": "a question",
    "setting": "what a site may choose",
    "default": "what stands where a site chooses nothing",
    "property added": "a safety property more",
    "earlier": "earlier",
    "later": "later",
    "more patients": "more patients",
    "fewer patients": "fewer patients",
    "dose up": "dose up",
    "dose down": "dose down",
    "dose changed": "another dose",
    "order new": "a new order",
    "order gone": "an order gone",
    "stage new": "a new stage",
    "stage gone": "a stage gone",
    "stage merged": "stages merged",
    "timing": "timing",
    "strength": "how strongly it is meant",
    "certainty": "how surely it is ordered",
    "readings": "other readings",
    "message": "a message in other words",
    "limit lowered": "a limit lowered",
    "limit raised": "a limit raised",
    "property weakened": "a safety property weakened",
    "property removed": "a safety property removed",
    "undecided": "not decided",
}
"""What is said of a change of each class."""

WEIGHT_SAID: Mapping[Weight, str] = {
    "none": "",
    "papers": "It asks for a look at the papers: no decision differs.",
    "treatment": "It asks for a decision about treatment.",
    "safety": "It asks for a decision about safety.",
}


ASKS: tuple[Class, ...] = ("readings",)
"""Classes of patients for whom no order differs."""


LESSER = frozenset({"notify", "do", "measure", "classify"})
"""What is ordered beside treatment."""


@frozen
class Sides:
    """A difference with the two protocols it is between. `current`: the old one in the names of the new one,
    in which the difference speaks."""

    difference: Difference
    old: m.Artifact
    new: m.Artifact
    current: m.Artifact

    def artifact(self, side: str) -> m.Artifact:
        """Of `old` or `new`, as the difference speaks of it."""
        return self.current if side == "old" else self.new

    def sentences(self, side: str) -> Sentences:
        """To put conditions and orders of `old` or `new` in words."""
        artifact = self.artifact(side)
        return Sentences(artifact, given_names(artifact, {}))

    def stage(self, side: str, name: str) -> str:
        """A stage by its title, in quotation marks."""
        own = self.old if side == "old" else self.new
        titles = {one.name: one.title for one in (*own.stages, *self.artifact(side).stages)}
        return quoted(titles.get(name) or spaced(name))


def sides(difference: Difference, old: m.Artifact, new: m.Artifact) -> Sides:
    """A difference with its two protocols."""
    return Sides(difference, old, new, matched(old, new)[0])


@frozen
class Group:
    """One change as it is read: its groups of patients, and its `number` from 1, as it is cited."""

    number: int
    change: Change

    @property
    def treated(self) -> tuple[Region, ...]:
        """The patients for whom an order differs."""
        return tuple(one for one in self.change.regions if one.classes != ASKS)

    @property
    def asked(self) -> tuple[Region, ...]:
        """The patients for whom other readings are asked for, and no more."""
        return tuple(one for one in self.change.regions if one.classes == ASKS)

    @property
    def lesser(self) -> bool:
        """It is about what is told, measured or done beside treatment."""
        return self.change.subject[0] in LESSER

    @property
    def only_asks(self) -> bool:
        """No patient is found for whom an order differs."""
        return bool(self.asked) and not self.treated


def groups(sides: Sides) -> tuple[Group, ...]:
    """The changes in their order, first those by which an order differs."""
    made = [Group(0, change) for change in sides.difference.changes]
    made.sort(key=lambda group: group.only_asks)
    return tuple(Group(number, group.change) for number, group in enumerate(made, start=1))


# ---------------------------------------------------------------- the first lines


def named(version: Version) -> str:
    """`septic_shock 1.0.0`."""
    return f"{version.name} {version.version}"


def between(difference: Difference) -> str:
    """`septic_shock 1.0.0 to 1.1.0`."""
    old, new = difference.old, difference.new
    return f"{named(old)} to {new.version if old.name == new.name else named(new)}"


def verdict(difference: Difference) -> str:
    """The answer in one sentence."""
    changes = difference.changes
    treats = [change for change in changes if any(one.classes != ASKS for one in change.regions)]
    stages = {pair for change in treats or changes for pair in (change.stages, *change.also)}
    match difference.weight:
        case "none" if difference.declared or difference.renamed:
            return "The two versions mean the same: only words differ."
        case "none":
            return "The two versions mean the same."
        case "papers":
            return "Nobody is treated otherwise: what changes is what the protocol says about itself."
        case "treatment" | "safety" if changes:
            return f"Some patients are treated otherwise, in {counted(len(stages), 'stage')}."
        case "treatment" | "safety" if any(one.treats for one in difference.declared):
            return "No order was found to go to other patients; what is declared may change what they get."
        case "treatment" | "safety":
            return "No order was found to differ; what is promised does, or something is not decided."
        case _:
            assert_never(difference.weight)


def asks(difference: Difference) -> str:
    """What it asks of a committee, and where no order differs, what that rests on."""
    said = [WEIGHT_SAID[difference.weight]] if difference.weight != "none" else []
    said += [rests_on(difference)] if difference.how != "differs" else []
    return " ".join(said)


def rests_on(difference: Difference) -> str:
    """What it rests on that what is not listed is alike."""
    if difference.how == "text":
        return "What they do is one text, but for names, order and layout."
    proved = sum(one.how == "proved" for one in difference.alike)
    text = len(difference.alike) - proved
    parts = [f"{text} are written alike"] if text else []
    parts += [f"of {proved} it was proved"] if proved else []
    if not parts:
        return "No order of the two versions was found alike."
    whole = "Everything else is" if difference.how == "differs" else "Every order and move is"
    return f"{whole} given to the same patients by both: {' and '.join(parts)}."


def safety(sides: Sides) -> tuple[str, ...]:
    """What is promised less than before, and what is not decided; nothing where all stands."""
    difference = sides.difference
    found = [
        f"{joined([CLASSES[one] for one in grave], 'and')}: {declared(item).removeprefix('property: ')}"
        for item in difference.declared
        if (grave := [one for one in item.classes if WEIGHTS.get(one) == "safety"])
    ]
    found += [f"not decided: {opened(sides, one)}" for one in difference.undecided]
    found += [
        f"not decided for the patients in {sides.stage('old', tonight.stage)} tonight: {opened(sides, one)}"
        for tonight in difference.tonight
        for one in tonight.undecided
    ]
    return tuple(_capital(text) for text in found)


def by_class(sides: Sides) -> Iterator[tuple[Class, str]]:
    """Each class with what is of it, changes by their numbers."""
    for one in sides.difference.classes:
        numbers = [str(group.number) for group in groups(sides) if one in group.change.classes]
        changes = [f"change{'s' * (len(numbers) > 1)} {joined(numbers, 'and')}"] if numbers else []
        items = [_brief(item) for item in sides.difference.declared if one in item.classes]
        if one == "undecided":
            items += ["see what is not decided"]
        yield one, "; ".join([*changes, *dict.fromkeys(items)])


# ---------------------------------------------------------------- one change


def subject(sides: Sides, what: Subject) -> str:
    """`add vasopressin`, `go to the stage “Weaning”`."""
    op, target = what
    side = "new" if target in {stage.name for stage in sides.new.stages} else "old"
    match op:
        case "go":
            return f"go to the stage {sides.stage(side, target)}"
        case "begin" if target in {stage.name for stage in (*sides.old.stages, *sides.new.stages)}:
            return f"begin in the stage {sides.stage(side, target)}"
        case "finish":
            return "end the protocol" if target == "protocol" else f"end the protocol: {quoted(target)}"
        case "do":
            return sides.new.tasks.get(target) or sides.current.tasks.get(target) or f"do {spaced(target)}"
        case "applies":
            return "whom the protocol is for"
        case "notify":
            whom, colon, words = target.partition(": ")
            return f"tell the {whom}: {quoted(words)}" if colon else f"tell: {quoted(target)}"
        case _:
            return f"{op} {spaced(target)}"


def heading(sides: Sides, group: Group) -> str:
    """`Add vasopressin`."""
    return _capital(subject(sides, group.change.subject))


def classes(names: Iterable[Class]) -> str:
    """`fewer patients, dose up`."""
    return ", ".join(CLASSES[one] for one in names)


def where(sides: Sides, group: Group) -> str:
    """`in the stage “Norepinephrine”`."""
    pairs = (group.change.stages, *group.change.also)
    if len(pairs) == 1:
        return _where(sides, pairs[0])
    shown = [_stages(sides, pair) for pair in pairs]
    paired = {pair.new for pair in pairs}
    if paired >= {stage.name for stage in sides.new.stages}:
        return "in every stage"
    return f"in the stages {joined(shown, 'and')}"


def _where(sides: Sides, pair: StagePair) -> str:
    if pair.old is None and pair.new is None:
        return "before any stage"
    return f"in the stage {_stages(sides, pair)}"


def _stages(sides: Sides, pair: StagePair) -> str:
    old = sides.stage("old", pair.old) if pair.old is not None else ""
    new = sides.stage("new", pair.new) if pair.new is not None else ""
    if old and new and old != new:
        return f"{old}, now {new}"
    return new or f"{old}, which is gone"


def patients(region: Region) -> str:
    """`patients with norepinephrine off`."""
    return f"patients with {cube(region.cube)}" if region.cube else "everybody in the stage"


def who(region: Region) -> str:
    """The patients of a region, in the protocol's words."""
    return cube(region.cube) or "everybody in the stage"


def cube(parts: Cube) -> str:
    """`norepinephrine 0.1 to below 0.25 mcg/kg/min and MAP below 65 mmHg`; nothing where it is everybody."""
    return plain_names(cube_words(parts))


def gives(sides: Sides, region: Region, side: str) -> str:
    """What one version gives the patients of a region: `add vasopressin at 0.03 units/min (recommended)`."""
    sentences = sides.sentences(side)
    given = region.old if side == "old" else region.new
    meant: dict[str, set[tuple[int, str]]] = {}
    for one in _fired(sides, region, given, side):
        marks = meant.setdefault(sentences.order(one.order), set())
        if one.order.op not in ("go", "finish", "classify"):
            place, words = _meant(one.strength)
            marks.add((place, words if one.confirmed else f"{words}, to be confirmed first"))
    said = [
        text + (f" ({' or '.join(words for _, words in sorted(marks))})" if marks else "")
        for text, marks in meant.items()
    ]
    return "; and ".join(said) or "nothing of it"


def _fired(sides: Sides, region: Region, given: tuple[Given, ...], side: str) -> tuple[Given, ...]:
    """Of several rules that may give it, those that do for the patient who is shown."""
    if region.patient is None:
        return given
    content = region.patient.old if side == "old" else region.patient.new
    rules = {rule for order in content.orders for rule in order.rules}
    now = {one.old: one.new for one in sides.difference.renamed if one.kind == "rule"}
    rules |= {now[rule] for rule in rules if side == "old" and rule in now}
    return tuple(one for one in given if one.rule in rules) or given


def _meant(strength: str) -> tuple[int, str]:
    """How strongly: its place, the strongest first, and its words."""
    known = enumerate(STRENGTHS.items())
    return next(((place, words) for place, (name, words) in known if name == strength), (0, strength))


# ---------------------------------------------------------------- what is declared, renamed, open


def declared(one: Declared) -> str:
    """`drug vasopressin, maximum: before, 0.03 units/min; now, 0.04 units/min`."""
    what_it_is = about(one)
    what = f", {one.what}" if one.what else ""
    if one.before and one.after:
        return f"{what_it_is}{what}: before, {one.before}; now, {one.after}"
    if one.after:
        return f"{what_it_is}{what}: {one.after}, which is new"
    return f"{what_it_is}{what}: {one.before}, which is gone"


def _brief(one: Declared) -> str:
    """A property by the beginning of what it says."""
    words = one.after or one.before
    return textwrap.shorten(words, 44, placeholder=" …") if one.kind == "property" else about(one)


def about(one: Declared) -> str:
    """A property has no name of its own: it is what it says."""
    if one.kind == "property" or not one.name:
        return one.kind
    return f"{one.kind} {spaced(one.name.rpartition('.')[2])}"


def renamed(one: Renamed) -> str:
    """`stage first_line is now first`."""
    return f"{one.kind} {one.old} is now {one.new}"


def opened(sides: Sides, one: Open) -> str:
    """What could not be decided, and why."""
    return f"{subject(sides, one.subject)}, {_where(sides, one.stages)}: {one.reason}"


def assumed(sides: Sides) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is to be believed with all this, under a heading each; the two versions' together."""
    found = []
    for lead, name in (
        ("Assumed", "assumed"),
        ("Examined with more behaviours than there are", "approximated"),
        ("Not analysed", "not_analysed"),
    ):
        items = dict.fromkeys(
            item for side in (sides.old, sides.new) for item in getattr(side.certificate, name)
        )
        if items:
            found.append((lead, tuple(items)))
    return tuple(found)


# ---------------------------------------------------------------- turns of phrase


def quoted(text: str) -> str:
    """In quotation marks."""
    return f"“{text}”"


def plain_names(text: str) -> str:
    """Words with names between backticks: a name as words, anything longer in quotation marks."""

    def said(found: re.Match[str]) -> str:
        words = found.group(1)
        return spaced(words) if re.fullmatch(r"\w+( is \w+| known)?", words) else quoted(words)

    text = re.sub(
        "not `([^`]*), ([^`]*) known`", lambda found: f"not all known of {found[1]}, {found[2]}", text
    )
    return re.sub("`([^`]*)`", said, text).replace("_", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
