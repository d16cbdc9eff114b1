"""A difference as the summary of a pull request: what a reviewer needs to know before anything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_lang.report import diff_said as said
from rung_lang.report.decisions import counted
from rung_lang.report.diff_first import by_class, safety
from rung_lang.report.diff_patients import PatientSaid, patient
from rung_lang.report.diff_said import Group, Sides
from rung_lang.report.diff_tonight import tonight
from rung_lang.report.documents.markdown import escaped

_MOST_CHANGES = 5
_MOST_REGIONS = 2
_MOST_LINES = 6
"""Of a list: a summary that nobody reads to its end is none."""


def summary(sides: Sides, more: Sequence[str] = ()) -> str:
    """In about sixty lines at most. `more`: lines of Markdown on what a cohort shows."""
    return "\n".join(_lines(sides, more)) + "\n"


def _lines(sides: Sides, more: Sequence[str]) -> Iterator[str]:
    difference = sides.difference
    yield f"# {escaped(said.between(difference))}"
    yield ""
    yield f"**{escaped(said.verdict(difference))}** {escaped(said.asks(difference))}".rstrip()
    yield from _list("Look at this first", safety(sides))
    yield from _classes(sides)
    groups = [group for group in said.groups(sides) if not group.only_asks]
    lesser = [group for group in groups if group.lesser]
    groups = [group for group in groups if not group.lesser]
    for group in groups[:_MOST_CHANGES]:
        yield from _change(sides, group)
    if len(groups) > _MOST_CHANGES:
        yield ""
        yield f"{counted(len(groups) - _MOST_CHANGES, 'more change')} below what fits here."
    beside = [f"{one.number}. {said.heading(sides, one)}, {said.where(sides, one)}: "
              f"{said.classes(one.change.classes)}" for one in lesser]  # fmt: skip
    yield from _list("Told, measured or done beside treatment", beside)
    if more:
        yield ""
        yield from more
    yield from _list("Patients who are on it tonight", list(tonight(sides)))
    yield ""
    if difference.how == "differs":
        yield escaped(said.rests_on(difference))
    yield (
        "All of it: `rung diff OLD NEW`. As a packet to read, try and sign: `rung review OLD NEW -o packet/`."
    )


def _list(lead: str, items: Sequence[str]) -> Iterator[str]:
    if not items:
        return
    yield ""
    yield f"## {lead}"
    yield ""
    yield from (f"- {escaped(item)}" for item in items[:_MOST_LINES])
    if len(items) > _MOST_LINES:
        yield f"- and {len(items) - _MOST_LINES} more"


def _classes(sides: Sides) -> Iterator[str]:
    found = list(by_class(sides))
    if not found:
        return
    yield ""
    yield "| What changes | Where |"
    yield "|---|---|"
    yield from (f"| {escaped(said.CLASSES[one])} | {escaped(what)} |" for one, what in found)


def _change(sides: Sides, group: Group) -> Iterator[str]:
    yield ""
    yield f"### {group.number}. {escaped(said.heading(sides, group))}, {escaped(said.where(sides, group))}"
    yield ""
    regions = group.treated
    shown = False
    for region in regions[:_MOST_REGIONS]:
        yield f"- **{escaped(said.who(sides, region))}** ({escaped(said.classes(region.classes))})"
        yield f"  - old: {escaped(said.gives(sides, region, 'old'))}"
        yield f"  - new: {escaped(said.gives(sides, region, 'new'))}"
        if region.patient is not None and not shown:
            shown = True
            yield f"  - for example: {escaped(_one_line(patient(sides, region.patient)))}"
    if len(regions) > _MOST_REGIONS:
        yield f"- and {counted(len(regions) - _MOST_REGIONS, 'other kind')} of patients"


def _one_line(shown: PatientSaid) -> str:
    last = shown.chart[-1]
    before = "" if len(shown.chart) == 1 else f"; by {last.at}: {last.said}"
    chart = (shown.chart[0].said if before else last.said) + before
    decided = (
        f"old: {'; '.join(shown.old) or 'nothing of this'}. New: {'; '.join(shown.new) or 'nothing of this'}"
    )
    return f"{chart}. {decided[:1].upper()}{decided[1:]}"
