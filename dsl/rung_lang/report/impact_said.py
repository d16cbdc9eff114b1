"""What a new version changes on a cohort, in words: for a terminal and for Markdown.

Small numbers are numbers. What no stay shows is said to be unseen, and why, where the data tell.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rung_engine.artifact.model import Artifact
from rung_engine.cohort.compared import Compared, Lasting, Met, as_data
from rung_engine.decision.model import Content, Standing
from rung_engine.frozen import frozen
from rung_lang.report import diff_said as said
from rung_lang.report.cohort_said import HOUR, PHASES, hours, share, spread, stays, whole
from rung_lang.report.decisions import clock, order
from rung_lang.report.diff_said import Group, Sides
from rung_lang.report.documents.sentences import STRENGTHS

WAITS = "No order differs by these; one version alone waits for a reading:"
UNSEEN = "Not seen, so these data say nothing of it:"
CLASSES: Mapping[str, str] = {str(name): words for name, words in said.CLASSES.items()}
WIDTH = 80
_MOVES = ("go", "begin")


@frozen
class OnCohort:
    """The counts with the data they are of: the folder's name, the mapping's, what silence counts as, and the
    sha256 of all that was read."""

    compared: Compared
    data: str
    read_as: str
    silence: str
    sha256: str
    notes: tuple[str, ...] = ()


@frozen
class Shown:
    """First moments by one change at which the versions say the same two things of its subject. `who`: the
    region, empty where it is not told. `stays`: each with when, and how long it differs."""

    who: str
    old: str
    new: str
    stays: tuple[tuple[str, int, int], ...]


@frozen
class Row:
    """One change. `label`: its number and words, as in the listing of changes. `shown`: stays by what they
    have in common. `unseen`: why there is nothing, empty where there is."""

    met: Met
    label: str
    shown: tuple[Shown, ...]
    unseen: str

    @property
    def seen(self) -> bool:
        """An order, a stage or the end differs by it in some stay."""
        return self.met.lasting.stays > 0


def data_of(cohort: OnCohort) -> dict[str, Any]:
    """All of it as plain data for JSON."""
    return {
        "data": cohort.data,
        "read_as": cohort.read_as,
        "silence": cohort.silence,
        "sha256": cohort.sha256,
        "compared": as_data(cohort.compared),
    }


def rows(sides: Sides, cohort: OnCohort) -> tuple[Row, ...]:
    """Every change, in the order of the listing."""
    found = {met.change.name: met for met in cohort.compared.changes}
    made = []
    called = Counter(said.heading(sides, group) for group in said.groups(sides))
    for group in said.groups(sides):
        met = found.get(group.change.name)
        if met is None:
            continue
        heading = said.heading(sides, group)
        label = f"{group.number}. {heading}"
        if called[heading] > 1:
            label += f", {said.where(sides, group)}"
        words = {region.name: said.who(sides, region) for region in group.change.regions}
        made.append(Row(met, label, _shown(sides, met, words), _unseen(sides, group, met)))
    return tuple(made)


def _unseen(sides: Sides, group: Group, met: Met) -> str:
    if met.lasting.stays or met.readings.stays:
        return ""
    if met.entered:
        return f"{stays(met.entered)} came to the stage, and none shows it"
    if (None, None) in met.change.stages:
        return "no stay shows it"
    return f"no stay was ever {said.where(sides, group)}"


def _unseen_regions(sides: Sides, cohort: OnCohort) -> tuple[tuple[int, str], ...]:
    """Groups of patients, by the number of their change, whom no stay shows, of changes that some stay
    shows."""
    found = {met.change.name: met for met in cohort.compared.changes}
    out = []
    for group in said.groups(sides):
        counts: dict[str, int] = {}
        met = found.get(group.change.name)
        if met is None or not (met.lasting.stays or met.readings.stays):
            continue
        for region, told in zip(group.change.regions, met.regions, strict=True):
            words = said.patients(sides, region)
            counts[words] = counts.get(words, 0) + told.stays + told.perhaps
        out += [(group.number, words) for words, count in counts.items() if not count]
    return tuple(out)


def head(cohort: OnCohort) -> tuple[str, ...]:
    """The answer in sentences."""
    told = cohort.compared
    first = (
        f"{stays(told.stays)} and {hours(told.ms)} patient-hours of {cohort.data}. The protocol was active "
        f"in {whole(told.active_stays)} of them, for {hours(told.active_ms)} hours."
    )
    if not told.differing.stays:
        found = ["In none of them does an order, a stage or the end differ at any time."]
    else:
        found = [
            f"The decision differs in {share(told.differing.stays, told.stays)} stays, for "
            f"{hours(told.differing.ms)} hours."
        ]
    if told.readings.stays:
        found.append(
            f"In {stays(told.readings.stays)}, for {hours(told.readings.ms)} hours, one version alone waits "
            "for a reading before it can order; neither orders meanwhile."
        )
    if told.follows.stays:
        found.append(
            f"In {stays(told.follows.stays)}, for {hours(told.follows.ms)} hours, something differs that "
            "follows from an earlier difference in the same stay."
        )
    if told.unexplained.stays:
        listed = ", ".join(moment.stay for moment in told.odd)
        found.append(
            f"In {stays(told.unexplained.stays)}, for {hours(told.unexplained.ms)} hours, something differs "
            f"that none of the changes explains ({listed})."
        )
    return (first, *found)


def method(cohort: OnCohort) -> str:
    """What is behind the numbers."""
    return (
        "Both versions saw the patients as they were treated; nobody acted on what they said. After an order "
        "that was not carried out, the rest of a stay shows other care than the protocol's. A drug that "
        f"nobody charted counts as {cohort.silence}. First moments are hours of the stay's own clock: a "
        "median with quartiles, or every value where there are fewer than five."
    )


def by_class(cohort: OnCohort) -> tuple[tuple[str, Lasting], ...]:
    """Each class that occurs, in words, in the order in which classes are listed."""
    names = list(CLASSES)
    known = sorted(cohort.compared.classes, key=lambda one: names.index(one[0]))
    return tuple((CLASSES[name], lasting) for name, lasting in known)


# ---------------------------------------------------------------- one first moment


def _shown(sides: Sides, met: Met, words: Mapping[str, str]) -> tuple[Shown, ...]:
    back = {one.new: one.old for one in sides.difference.renamed}
    change = met.change
    found: dict[tuple[str, str, str], list[tuple[str, int, int]]] = {}
    for moment in met.moments:
        lies = [words[place] for name, place in moment.places if name == change.name]
        old = _gives(sides, "old", moment.old, change.op, back.get(change.target, change.target))
        new = _gives(sides, "new", moment.new, change.op, change.target)
        key = (lies[0] if len(lies) == 1 else "", old, new)
        found.setdefault(key, []).append((moment.stay, moment.time, moment.ms))
    return tuple(Shown(*key, tuple(every)) for key, every in found.items())


def lasts(ms: int) -> str:
    """`for 7.1 h`; of what is shorter than it shows, `for less than 0.1 h`."""
    return f"for {hours(ms)} h" if ms * 20 >= HOUR else "for less than 0.1 h"


def _gives(sides: Sides, side: str, content: Content | None, op: str, target: str) -> str:
    if content is None:
        return "nothing yet"
    if op in _MOVES or op in ("finish", "applies"):
        if content.phase != "active" or content.stage is None:
            return PHASES.get(content.phase, content.phase)
        own = sides.old if side == "old" else sides.new
        title = next((one.title for one in own.stages if one.name == content.stage and one.title), "")
        return f"in {said.quoted(title or content.stage)}"
    artifact = sides.old if side == "old" else sides.new
    found = [_order(sides, one, artifact) for one in content.orders if (one.op, one.target) == (op, target)]
    return "; ".join(found) or "nothing of it"


def _order(sides: Sides, one: Standing, artifact: Artifact) -> str:
    words = said.subject(sides, (one.op, one.target)) if one.op == "notify" else order(one, artifact)
    marks = [next((meant for name, meant in STRENGTHS.items() if name == one.strength), one.strength)]
    marks += [one.mark] if one.mark in ("late", "done") else []
    marks += [] if one.confirmed else ["to be confirmed first"]
    return f"{words} ({', '.join(marks)})"


# ---------------------------------------------------------------- a terminal


def lines(sides: Sides, cohort: OnCohort) -> Iterator[str]:
    """At most 80 columns."""
    yield "On a cohort"
    for text in head(cohort):
        yield from _filled(text, 2)
    found = rows(sides, cohort)
    seen = [one for one in found if one.seen]
    kinds = by_class(cohort)
    if kinds:
        yield ""
        yield from _columns("  class", [(name, lasting) for name, lasting in kinds])
    if seen:
        yield ""
        yield from _columns("  change", [(one.label, one.met.lasting) for one in seen])
    for one in seen:
        yield from _moments(one)
    yield from _listed(WAITS, waits(found))
    yield from _listed(UNSEEN, _few(unseen(sides, cohort, found), 12))
    yield ""
    yield from _filled(method(cohort), 2)


def _columns(title: str, told: Sequence[tuple[str, Lasting]]) -> Iterator[str]:
    cells = [(whole(one.stays), hours(one.ms), spread(one.first)) for _, one in told]
    heads = ("stays", "hours", "first at, h")
    sizes = [max(len(head), *(len(cell[k]) for cell in cells)) for k, head in enumerate(heads)]
    room = WIDTH - sum(sizes) - 2 * len(sizes)
    wide = min(room, max(len(title), *(len(name) + 4 for name, _ in told)))

    def line(name: str, parts: Sequence[str]) -> str:
        return name.ljust(wide) + "".join(
            f"  {part:>{size}}" for part, size in zip(parts, sizes, strict=True)
        )

    yield line(title, heads)
    for (name, _), cell in zip(told, cells, strict=True):
        *first, last = textwrap.wrap(name, wide - 4, break_on_hyphens=False)
        yield from (f"    {part}" for part in first)
        yield line(f"    {last}", cell).rstrip()


def _moments(one: Row) -> Iterator[str]:
    yield ""
    yield from _filled(one.label, 2)
    for shown in one.shown:
        if shown.who:
            yield from _filled(shown.who, 4, "who  ")
        yield from _filled(shown.old, 4, "old  ")
        yield from _filled(shown.new, 4, "new  ")
        for stay, time, ms in shown.stays:
            yield f"      {stay}  first at {clock(time)}, {lasts(ms)}"
    more = one.met.lasting.stays - len(one.met.moments)
    if more:
        yield f"      and {stays(more)} more"


def waits(found: Sequence[Row]) -> list[str]:
    """The changes that some stay shows only by a wait for readings."""
    return [
        f"{one.label}: {stays(one.met.readings.stays)}, {hours(one.met.readings.ms)} h"
        for one in found
        if not one.seen and not one.unseen
    ]


def _few(texts: Sequence[str], most: int) -> Sequence[str]:
    """The first of them, and how many more there are."""
    return texts if len(texts) <= most + 1 else (*texts[:most], f"and {len(texts) - most} more")


def _listed(title: str, told: Sequence[str]) -> Iterator[str]:
    if told:
        yield ""
        yield from _filled(title, 2)
        for text in told:
            yield from _filled(text, 4, "- ")


def unseen(sides: Sides, cohort: OnCohort, found: Sequence[Row]) -> list[str]:
    """What these data say nothing of: changes that no stay shows, and why; patients whom none is."""
    told = [f"{one.label}: {one.unseen}" for one in found if one.unseen]
    return told + [f"{number}. {words}" for number, words in _unseen_regions(sides, cohort)]


def _filled(text: str, indent: int, lead: str = "") -> Iterator[str]:
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent + lead,
        subsequent_indent=" " * (indent + len(lead)),
        break_on_hyphens=False,
    )


# ---------------------------------------------------------------- Markdown


def markdown(sides: Sides, cohort: OnCohort) -> list[str]:
    """A section for a summary of a pull request: counts alone, without single stays."""
    found = rows(sides, cohort)
    out = ["### On a cohort", "", " ".join(head(cohort)), ""]
    seen = [one for one in found if one.seen]
    if seen:
        out += ["| change | stays | hours | first at, h |", "|---|---:|---:|---|"]
        for one in seen:
            told = one.met.lasting
            out.append(
                f"| {_escaped(one.label)} | {whole(told.stays)} | {hours(told.ms)} | {spread(told.first)} |"
            )
        out.append("")
    told_classes = [f"{name}: {stays(one.stays)}, {hours(one.ms)} h" for name, one in by_class(cohort)]
    if told_classes:
        out += ["By class: " + "; ".join(told_classes) + ".", ""]
    for title, told_of in ((WAITS, waits(found)), (UNSEEN, _few(unseen(sides, cohort, found), 5))):
        if told_of:
            out += [title, "", *(f"- {_escaped(one)}" for one in told_of), ""]
    return out


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
