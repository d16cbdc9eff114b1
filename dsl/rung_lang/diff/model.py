"""What `rung diff` finds: values, in the order in which a committee reads them. Words are made in
`report`.
"""

from __future__ import annotations

from typing import Literal, get_args

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_engine.event import Event
from rung_engine.frozen import frozen
from rung_lang.verify.gaps.regions import Cube

Class = Literal[
    "wording",
    "source",
    "question",
    "setting",
    "default",
    "property added",
    "earlier",
    "later",
    "more patients",
    "fewer patients",
    "dose up",
    "dose down",
    "dose changed",
    "order new",
    "order gone",
    "stage new",
    "stage gone",
    "stage merged",
    "timing",
    "strength",
    "certainty",
    "readings",
    "message",
    "limit lowered",
    "limit raised",
    "property weakened",
    "property removed",
    "undecided",
]
"""What kind of change it is. `timing`: how often, by when or for how long an order stands. `certainty`: the
same order, confirmed in one version only. `readings`: other readings are asked for, or count otherwise.
`message`: other words are told to a person. `setting`: what a site may choose; `default`: what stands where
it chooses nothing.
"""

Weight = Literal["none", "papers", "treatment", "safety"]
"""How much a change asks of a committee. `papers`: no order differs. `safety`: less is promised than
before, or something could not be decided."""

WEIGHTS: dict[Class, Weight] = {
    "wording": "none",
    "source": "papers",
    "question": "papers",
    "setting": "papers",
    "property added": "papers",
    "limit raised": "safety",
    "property weakened": "safety",
    "property removed": "safety",
    "undecided": "safety",
}
"""Every other class is about treatment."""

ORDER: tuple[Weight, ...] = ("none", "papers", "treatment", "safety")


def weight(classes: tuple[Class, ...]) -> Weight:
    """The heaviest of them."""
    return max((WEIGHTS.get(one, "treatment") for one in classes), key=ORDER.index, default="none")


@frozen
class Renamed:
    """One thing under another name. `kind`: stage, rule, input, drug, event, task, setting."""

    kind: str
    old: str
    new: str


@frozen
class StagePair:
    """A stage of the old version and the one of the new that it is compared with. None: before any stage,
    where sessions begin, if both are; else the version has no such stage."""

    old: str | None
    new: str | None


Subject = tuple[str, str]
"""What the versions do otherwise: an order by its op and target (`add`, `vasopressin`), a move (`go`, stage
of the new version or, where it is gone, of the old), the end (`finish`, `protocol`), where sessions begin
(`begin`, stage), whether the protocol applies (`applies`, ``)."""


@frozen
class Given:
    """An order of one version, as it is written. A move (`go`) and a beginning have an order too."""

    rule: str
    order: m.Order
    strength: str
    confirmed: bool = True


@frozen
class Patient:
    """A patient whose chart was played in both versions. `time`: the instant at which they differ."""

    settings: tuple[tuple[str, m.Number | str], ...]
    events: tuple[Event, ...]
    time: int
    old: Content
    new: Content


@frozen
class Region:
    """Some of the patients who are treated otherwise: those of whom every part of `cube` is true, in this
    stage.

    `old`, `new`: what each version gives them of the subject; empty where it gives nothing. `classes`: what
    changes for them. `patient`: one of them; None where no history was found that shows one while the
    versions still agree.
    """

    name: str
    cube: Cube
    classes: tuple[Class, ...]
    old: tuple[Given, ...]
    new: tuple[Given, ...]
    patient: Patient | None


@frozen
class Change:
    """One order, move or beginning that the versions give otherwise in one stage.

    `whole`: the regions are all there is; else some were left unsaid. `rules_old`, `rules_new`: ids of the
    rules that speak of it, and differ. `also`: other stages in which it is just so.
    """

    name: str
    stages: StagePair
    subject: Subject
    classes: tuple[Class, ...]
    regions: tuple[Region, ...]
    whole: bool
    rules_old: tuple[str, ...]
    rules_new: tuple[str, ...]
    also: tuple[StagePair, ...] = ()


@frozen
class Alike:
    """An order of a stage that both versions give to the same patients. `how`: they are written alike, or
    that they are the same was proved."""

    stages: StagePair
    subject: Subject
    how: Literal["text", "proved"]


@frozen
class Open:
    """What could not be decided, and why."""

    stages: StagePair
    subject: Subject
    reason: str


@frozen
class Declared:
    """What is declared otherwise. `kind`: input, drug, restriction, prerequisite, setting, property,
    question, assumption, message, source, citation, erratum, title, incompatible, course, stage, target,
    ownership, order of words. `what`: which part of it (`maximum`, `valid for`). `before`, `after`: as the
    text says it; empty: not there.
    """

    kind: str
    name: str
    what: str
    before: str
    after: str
    classes: tuple[Class, ...]

    @property
    def treats(self) -> bool:
        """By itself it may change what a patient gets; what only orders show is found with the orders."""
        return self.kind not in ("property", "proof", "assumption") and weight(self.classes) in (
            "treatment",
            "safety",
        )


@frozen
class Again:
    """How it goes on after the versions parted. `how`: `held`, readings and rates stay as charted; `normal`,
    readings return to normal. `after`: milliseconds until they decide alike again, in stages that are paired,
    and go on so to the end of what was looked at; None: not within `within` milliseconds."""

    how: Literal["held", "normal"]
    after: int | None
    within: int


@frozen
class Parting:
    """The shortest history found on which the versions part by a change. `instants`: on which something is
    charted, the last included.
    """

    change: str
    region: str
    patient: Patient
    instants: int
    again: tuple[Again, ...]


@frozen
class Stop:
    """An infusion that the old version leaves running and the new one stops, or pauses, at once."""

    drug: str
    op: str
    rule: str
    patient: Patient | None


@frozen
class Tonight:
    """What becomes of the patients of one old stage when the new version takes over.

    `how`: they stay (`same`), as the text says (`migrate`), the new version finds their stage from the chart
    (`history`), or nobody has said (`open`), and no session of the stage can be moved. `changes`: names of
    the changes that begin for them at once, where they differ.
    """

    stage: str
    landing: str | None
    how: Literal["same", "migrate", "history", "open"]
    because: str
    changes: tuple[Change, ...]
    stops: tuple[Stop, ...]
    undecided: tuple[Open, ...] = ()


@frozen
class Version:
    """One of the two. `proof`: the state of its certificate."""

    name: str
    title: str
    version: str
    status: str
    meaning: str
    seal: str
    proof: Literal["none", "proved", "failed", "undecided"]


@frozen
class Difference:
    """Everything. `how` is about what they do: `text`, everything that a decision can come from is one text
    but for names, order and layout; `proved`, it is written otherwise and comes to the same; `differs`."""

    old: Version
    new: Version
    how: Literal["text", "proved", "differs"]
    renamed: tuple[Renamed, ...]
    stages: tuple[StagePair, ...]
    changes: tuple[Change, ...]
    alike: tuple[Alike, ...]
    undecided: tuple[Open, ...]
    declared: tuple[Declared, ...]
    partings: tuple[Parting, ...]
    tonight: tuple[Tonight, ...]

    @property
    def classes(self) -> tuple[Class, ...]:
        """Each class that occurs, once, in the order of `Class`."""
        found = {one for change in self.changes for one in change.classes}
        found |= {one for declared in self.declared for one in declared.classes}
        if self.undecided or any(one.undecided for one in self.tonight):
            found.add("undecided")
        return tuple(one for one in CLASSES if one in found)

    @property
    def weight(self) -> Weight:
        """How much it asks of a committee."""
        return weight(self.classes)


CLASSES: tuple[Class, ...] = get_args(Class)
