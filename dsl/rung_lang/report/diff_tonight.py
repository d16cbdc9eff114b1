"""What becomes of the patients who are on the old version tonight, in words."""

from __future__ import annotations

from collections.abc import Iterator

from rung_lang.diff.model import Tonight
from rung_lang.report.diff_said import (
    ASKS,
    LESSER,
    Group,
    Sides,
    capital,
    changes_words,
    groups,
    opened,
    subject,
)
from rung_lang.report.documents.sentences import spaced
from rung_lang.report.words_phrases import joined

STOPPED = "Would be stopped abruptly:"
_LOWERS = ("stop", "pause", "decrease", "taper", "set", "avoid")
_MOVES = ("go", "finish", "begin", "applies")


def tonight(sides: Sides) -> Iterator[str]:
    """In short: where they go, whether anything is stopped abruptly, and which changes begin at once."""
    found = sides.difference.tonight
    if not found:
        return
    moved = [one for one in found if not _stays(sides, one)]
    yield from (f"{sides.stage('old', one.stage)}: {landing(sides, one)}." for one in moved)
    stays = f"Every {'other ' if moved else ''}patient stays in the stage she is in. "
    stops = [f"{spaced(stop.drug)} in {sides.stage('old', one.stage)}" for one in found for stop in one.stops]
    told = f"{STOPPED} {'; '.join(stops)}." if stops else "No infusion is stopped abruptly."
    yield told if len(moved) == len(found) else stays + told
    kept = [] if moved or stops else list(_kept(sides))
    if kept:
        whom = joined(kept, "or")
        yield f"Whoever already has {whom} keeps it: nothing that stops or lowers it differs."
    yield from _begins(sides)
    for one in found:
        where = sides.stage("old", one.stage)
        yield from (f"Not decided, {where}: {opened(sides, each)}." for each in one.undecided)


def _stays(sides: Sides, one: Tonight) -> bool:
    """In the stage that is the same one in the new version, whatever its name."""
    return one.how == "same" and one.landing is not None


def _kept(sides: Sides) -> Iterator[str]:
    """Drugs that other patients are started on, and that nothing takes from those who have them."""
    difference = sides.difference
    subjects = {change.subject for change in difference.changes}
    moves = any(op in _MOVES for op, _ in subjects)
    lowered = any("limit lowered" in one.classes for one in difference.declared)
    if moves or lowered or difference.undecided or any(one.undecided for one in difference.tonight):
        return
    for change in difference.changes:
        op, target = change.subject
        drug = sides.new.drugs.get(target)
        fewer = {"fewer patients", "later", "order gone"} & set(change.classes)
        if op not in ("start", "add") or not fewer or drug is None or drug.form != "infusion":
            continue
        if not any((low, target) in subjects for low in _LOWERS):
            yield spaced(target)


def _begins(sides: Sides) -> Iterator[str]:
    """Which changes begin at once, stages of which the same is so together."""
    stages: dict[str, list[str]] = {}
    for one in sides.difference.tonight:
        told = differs(sides, one)
        if told:
            stages.setdefault(told, []).append(sides.stage("old", one.stage))
    begins = [f"{told} in {joined(own, 'and')}" for told, own in stages.items()]
    yield f"At once, for some: {'; '.join(begins)}." if begins else "Nothing is ordered otherwise at once."


def landing(sides: Sides, one: Tonight) -> str:
    """Where the patients of an old stage find themselves."""
    if one.how == "open":
        return "nobody has said where they go; no session in this stage can be moved"
    if one.how == "history":
        return "where the new version puts them, from what is charted"
    there = "no stage yet" if one.landing is None else sides.stage("new", one.landing)
    return f"they stay in {there}" if one.how == "same" else f"they go to {there}, as the text says"


def differs(sides: Sides, one: Tonight) -> str:
    """Which orders differ for them at once: the changes by their numbers; where patients change stage, what
    it is. Nothing where none does.
    """
    numbers = {group.change.name: group for group in groups(sides)}
    own = [change for change in one.changes if any(region.classes != ASKS for region in change.regions)]
    known = [numbers[change.name] for change in own if _is_listed(numbers.get(change.name), one)]
    if own and len(known) == len(own):
        return changes_words(group.number for group in known).lower()
    shown = dict.fromkeys(
        "what is told, measured or done" if change.subject[0] in LESSER else subject(sides, change.subject)
        for change in sorted(own, key=lambda change: change.subject[0] in LESSER)
    )
    return "; ".join(shown)


def _is_listed(group: Group | None, one: Tonight) -> bool:
    return group is not None and group.change in one.changes


def at_once(sides: Sides, one: Tonight) -> tuple[str, ...]:
    """Everything that begins to differ for the patients of one stage, what would be stopped first."""
    found = [
        f"Stops abruptly: {spaced(stop.drug)} ({stop.op}, by the rule {spaced(stop.rule.rpartition('.')[2])})"
        for stop in one.stops
    ]
    found += [f"Not decided: {opened(sides, each)}" for each in one.undecided]
    told = differs(sides, one)
    if told:
        found.append(f"{capital(told)}, for some")
    elif one.changes:
        found.append("Other readings are asked for; no order differs")
    return tuple(found)
