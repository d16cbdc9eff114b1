"""A run over a cohort as its reports know it, and how its numbers are said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rung_engine.artifact.model import Artifact
from rung_engine.cohort.summary import Agreement, Counted, Summary, Values, to_plain
from rung_engine.frozen import frozen
from rung_engine.sources.accounting import REASONS, Account

if TYPE_CHECKING:
    from rung_engine.cohort.impact import Impact

HOUR = 3_600_000
FEW = 5
"""Below this many values each of them is said, for a median of so few says less."""
NOTHING = "–"

NEEDS = {
    "never": "never charted",
    "stale": "charted too long ago",
    "implausible": "the last reading is implausible",
    "contested": "two different values at one instant",
    "unit": "in a unit that cannot be read as this",
    "rate": "runs at a rate that is not known",
    "weight": "needs the dosing weight",
    "time": "time alone settles it",
}
FORBIDDEN = {
    "before": "a prerequisite does not hold",
    "contraindicated": "contraindicated",
    "needs": "it needs a drug that is off",
    "maximum": "above the maximum",
    "unavailable": "not available",
    "incompatible": "must not be given with a drug that runs",
}
ALERTS = {
    "need": "runs without the drug it needs",
    "above_maximum": "charted above its maximum",
    "rolling_maximum": "the most allowed in a period is reached",
    "still_running": "still runs after the protocol ended",
}
CLASHES = {
    "orders": "two orders disagree",
    "stages": "two moves disagree",
    "cycle": "moves without an end",
}
PHASES = {
    "not_applicable": "the protocol does not apply",
    "unclear": "not known whether it applies",
    "suspended": "no longer known whether it applies",
    "ended": "no longer applies",
    "finished": "finished",
}


_UNUSABLE = {
    "ambiguous_unit": "the unit can be read in two ways",
    "unit_not_convertible": "the unit is not one of this input or drug",
    "no_concentration": "a flow without a concentration",
    "implausible": "implausible",
}
"""Of the reasons whose words name facts of one row: the same without them."""


@frozen
class Setting:
    """A setting that the site chose: its name, its value in words, and who chose it."""

    name: str
    value: str
    reason: str


@frozen
class Ran:
    """One run over one cohort. `proof`: what became of the proof, in words."""

    artifact: Artifact
    inputs: tuple[str, ...]
    """Those that the protocol reads."""
    summary: Summary
    impact: Impact | None
    proof: str
    unproved: str
    """Why the artifact does not count as proved, as a code; empty where it does."""
    sign_off: str
    """Whether it is approved, in words; empty where nobody asked."""
    data: str
    """The name of the folder."""
    read_as: str
    silence: str
    """off or unknown: what a drug that nobody charted counts as."""
    silence_why: str
    settings: tuple[Setting, ...]
    accounts: tuple[Account, ...]
    refused: tuple[tuple[str, str, int], ...]
    """Rows that could not be used: the variable, the reason in words, how many."""
    notes: tuple[str, ...]
    """What a reader of results must know about the way the data were read."""
    hashes: tuple[tuple[str, str], ...]
    """What went in and what worked on it, by name: sha256 in hex, or a version."""


def as_data(ran: Ran) -> dict[str, Any]:
    """All of it as plain data for JSON."""
    return {
        "protocol": ran.artifact.name,
        "version": ran.artifact.version,
        "meaning": ran.artifact.meaning,
        "seal": ran.artifact.seal,
        "unproved": ran.unproved or None,
        "sign_off": ran.sign_off or None,
        "data": ran.data,
        "read_as": ran.read_as,
        "silence": ran.silence,
        "settings": {one.name: {"value": one.value, "reason": one.reason} for one in ran.settings},
        "provenance": dict(ran.hashes),
        "summary": to_plain(ran.summary),
        "impact": None if ran.impact is None else to_plain(ran.impact),
        "unseen": {words: list(names) for words, names in unseen(ran)},
        "accounts": {
            one.table: {"rows": one.rows, "counts": [list(item) for item in one.counts]}
            for one in ran.accounts
        },
        "refused": [list(item) for item in ran.refused],
    }


def whole(number: int) -> str:
    """`12,345`."""
    return f"{number:,}"


def hours(ms: int) -> str:
    """Hours with one decimal, half up: `1,234.5`, `-0.3`."""
    tenths = (abs(ms) * 10 + HOUR // 2) // HOUR
    sign = "-" if ms < 0 and tenths else ""
    return f"{sign}{tenths // 10:,}.{tenths % 10}"


def spread(values: Values) -> str:
    """In hours: the median and the quartiles; where there are few, every value."""
    if not values.number:
        return NOTHING
    if values.number < FEW:
        each = (hours(value) for value, count in values.counts for _ in range(count))
        return ", ".join(each)
    low, high = values.quartiles or (0, 0)
    return f"{hours(values.median or 0)} ({hours(low)} to {hours(high)})"


def share(part: int, of: int) -> str:
    """`3 of 24`, and the percentage where the whole is a hundred or more."""
    text = f"{whole(part)} of {whole(of)}"
    return f"{text} ({(part * 1000 // of + 5) // 10} %)" if of >= 100 else text


def unusable(reason: str) -> str:
    """Why rows could not be used, in words."""
    return _UNUSABLE.get(reason, REASONS.get(reason, reason))


def stays(number: int) -> str:
    """`1 stay`, `2 stays`."""
    return f"{whole(number)} stay" + ("" if number == 1 else "s")


def title_of(artifact: Artifact, stage: str) -> str:
    """A stage's title, or its name."""
    if not stage:
        return "no stage yet"
    return next((one.title for one in artifact.stages if one.name == stage and one.title), stage)


def spoken_of(one: Agreement) -> bool:
    """The drug was ordered or charted in some stay."""
    return one.both + one.only_ordered + one.only_charted + one.unconfirmed > 0


def in_order(artifact: Artifact, stages: Iterable[Counted]) -> tuple[Counted, ...]:
    """As the protocol's text has the stages; in none of them comes first."""
    lines = {name: place.line for name, place in artifact.provenance.positions.items()}
    return tuple(sorted(stages, key=lambda one: (lines.get(f"stage:{one.name}", 0), one.name)))


def unseen(ran: Ran) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What this cohort says nothing about: in words, and the names; empty groups are left out."""
    artifact, told = ran.artifact, ran.summary
    active = {one.name for one in (*told.orders, *told.moves)}
    reached = {one.name for one in told.stages}
    charted = {(one.name, one.more) for one in told.seen}
    begun = [one.drug for one in told.agreements]
    groups = (
        ("stages that no stay was ever in", [one.name for one in artifact.stages if one.name not in reached]),
        (
            "rules that neither ordered nor moved anything",
            [r.id for r in artifact.rules if r.id not in active],
        ),
        ("inputs that no stay has charted", [name for name in ran.inputs if ("input", name) not in charted]),
        (
            "drugs to begin that no stay has charted",
            [name for name in begun if ("drug", name) not in charted],
        ),
    )
    return tuple((words, tuple(sorted(names))) for words, names in groups if names)
