"""A difference in words for a committee: what changes, for whom, from what to what.

Plain sentences without markup, each made once here for the terminal, Markdown and the review packet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_engine.frozen import frozen
from rung_lang.diff.model import (
    Change,
    Class,
    Difference,
    Given,
    Open,
    Region,
    StagePair,
    Subject,
    Version,
    Weight,
)
from rung_lang.diff.names import matched
from rung_lang.report.decisions import counted
from rung_lang.report.diff_cubes import WHILE, plain_cube
from rung_lang.report.documents.sentences import STRENGTHS, Sentences, given_names, spaced
from rung_lang.report.words_phrases import joined
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

    def meant(self, words: str, *sides: str) -> str:
        """A condition as an author wrote it, in a sentence for readers; nothing where no version has it."""
        for side in sides or ("new", "old"):
            artifact = self.artifact(side)
            for index, written in artifact.provenance.words.items():
                if written == words:
                    return self.sentences(side).condition(int(index))
        return ""

    def worded(self, given: Given) -> m.Order:
        """An order of the old version with the words that it told a person, where they are others now."""
        for one in self.difference.declared:
            if one.kind == "message" and (one.name, one.after) == (given.rule, given.order.target):
                return given.order.model_copy(update={"target": one.before})
        return given.order


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
    parts = [f"{counted(text, 'order')} {_is(text)} written alike"] if text else []
    parts += [f"for {proved} it was proved that nobody is treated otherwise"] if proved else []
    if not parts:
        return "No order of the two versions was found alike."
    whole = "Everything else is" if difference.how == "differs" else "Every order and move is"
    return f"{whole} given to the same patients by both: {'; '.join(parts)}."


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


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
    return capital(subject(sides, group.change.subject))


def classes(names: Iterable[Class]) -> str:
    """`fewer patients, dose up`."""
    return ", ".join(CLASSES[one] for one in names)


def where(sides: Sides, *groups: Group) -> str:
    """`in the stage “Norepinephrine”`."""
    pairs = tuple(
        dict.fromkeys(pair for group in groups for pair in (group.change.stages, *group.change.also))
    )
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


def patients(sides: Sides, region: Region) -> str:
    """`patients with norepinephrine off`."""
    if not region.cube:
        return "everybody in the stage"
    words = cube(sides, region.cube)
    return f"patients {words}" if words.startswith(WHILE) else f"patients with {words}"


def who(sides: Sides, region: Region) -> str:
    """The patients of a region, in the protocol's words."""
    return cube(sides, region.cube) or "everybody in the stage"


def cube(sides: Sides, parts: Cube) -> str:
    """`norepinephrine 0.1 to below 0.25 mcg/kg/min and MAP below 65 mmHg`; nothing where it is everybody."""
    return plain_cube(parts, sides.meant)


def gives(sides: Sides, region: Region, side: str) -> str:
    """What one version may give the patients of a region: `add vasopressin at 0.03 units/min (must or
    recommended)`, in its own words. Where both may give the same, what they give the patient who is shown.
    """
    old, new = _given(sides, region.old, "old"), _given(sides, region.new, "new")
    if old == new and region.patient is not None:
        fired = {
            "old": _given(sides, _fired(sides, region.old, region.patient.old, "old"), "old", " for some"),
            "new": _given(sides, _fired(sides, region.new, region.patient.new, "new"), "new", " for these"),
        }
        return fired[side]
    return old if side == "old" else new


def _given(sides: Sides, given: tuple[Given, ...], side: str, whom: str = "") -> str:
    sentences = sides.sentences(side)
    meant: dict[str, set[tuple[int, str]]] = {}
    for one in given:
        order = sides.worded(one) if side == "old" else one.order
        marks = meant.setdefault(sentences.order(order), set())
        if one.order.op not in ("go", "finish", "classify"):
            place, words = _meant(one.strength)
            marks.add((place, words if one.confirmed else f"{words}, to be confirmed first"))
    said = [
        text + (f" ({' or '.join(words for _, words in sorted(marks))}{whom})" if marks else "")
        for text, marks in meant.items()
    ]
    return "; and ".join(said) or "nothing of it"


def _fired(sides: Sides, given: tuple[Given, ...], content: Content, side: str) -> tuple[Given, ...]:
    """Of several rules that may give it, those that do, at the strength that stands."""
    now = {one.old: one.new for one in sides.difference.renamed if one.kind == "rule"}
    stands = {
        (rule, order.strength)
        for order in content.orders
        for name in order.rules
        for rule in (name, now.get(name, name) if side == "old" else name)
    }
    return tuple(one for one in given if (one.rule, one.strength) in stands) or given


def _meant(strength: str) -> tuple[int, str]:
    """How strongly: its place, the strongest first, and its words."""
    known = enumerate(STRENGTHS.items())
    return next(((place, words) for place, (name, words) in known if name == strength), (0, strength))


# ---------------------------------------------------------------- what is open, what is assumed


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


def changes_words(numbers: Iterable[int]) -> str:
    """`Changes 1, 2 and 4`."""
    own = [str(number) for number in sorted(numbers)]
    return f"Change{'s' * (len(own) > 1)} {joined(own, 'and')}"


def capital(text: str) -> str:
    """With a capital letter to begin with."""
    return text[:1].upper() + text[1:]
