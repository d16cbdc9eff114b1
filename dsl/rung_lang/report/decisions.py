"""Decisions in words: one patient's timeline, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from fractions import Fraction
from typing import assert_never

from rung_engine.artifact import model as m
from rung_engine.artifact.certificate import Unproved
from rung_engine.decision.explain import Explained, Used
from rung_engine.decision.model import (
    Alert,
    Content,
    Decision,
    Dose,
    Pending,
    Standing,
    Subject,
    Takeover,
    order_key,
)
from rung_engine.frozen import frozen

WIDTH = 80
WHY = {
    "never": "never charted",
    "stale": "charted too long ago",
    "implausible": "the last reading is implausible",
    "contested": "two different values at one instant",
    "unit": "charted in a unit I cannot read as this",
    "rate": "runs at a rate I do not know",
}
UNPROVED: dict[Unproved, str] = {
    "missing": "not proved",
    "failed": "not proved (the proof failed)",
    "undecided": "not proved (undecided)",
    "mismatched": "not proved (the certificate is of other content)",
}


def clock(ms: int) -> str:
    """Time from the encounter's zero: days, then hours and minutes, seconds only where they matter.

    A plus sign says "just after": a reading that holds up to 00:29 has run out at 00:29+.
    """
    sign = "-" if ms < 0 else ""
    just_after = "+" if ms > 0 and ms % 1000 == 1 else ""
    seconds, part = divmod(abs(ms) - bool(just_after), 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    text = f"{sign}{day}d {hour:02}:{minute:02}"
    if second or part:
        text += f":{second:02}" + (f".{part:03}" if part else "")
    return text + just_after


def number(millionths: int, digits: int = 6) -> str:
    """A plain decimal without trailing zeros, rounded half to even for display only."""
    value = round(Fraction(millionths, 10**6) * 10**digits)
    whole, part = divmod(abs(value), 10**digits)
    text = f"{whole}.{part:0{digits}d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text


def _brief(millionths: int) -> str:
    """At most three decimals, fewer for large numbers: how a pump or a chart shows it."""
    size = abs(millionths)
    return number(millionths, 0 if size >= 100_000_000 else 1 if size >= 10_000_000 else 3)


def _range(lo: int, hi: int, show: object = None) -> str:
    text = number if show is None else _brief
    return text(lo) if lo == hi else f"{text(lo)} to {text(hi)}"


def dose(value: Dose) -> str:
    """`0.02 to 0.05 mcg/kg/min (1.4 to 3.5 mcg/min; 5.25 to 13.1 mL/h at 16 mcg/mL)`."""
    text = f"{_range(value.lo, value.hi)} {value.unit}"
    figures = [
        f"{_range(figure.lo, figure.hi, _brief)} {figure.unit}" + (f" at {figure.at}" if figure.at else "")
        for figure in value.figures
    ]
    return text + (f" ({'; '.join(figures)})" if figures else "")


_VERBS = {
    "go": "go to",
    "do": "do",
    "set": "set",
    "give": "give",
    "notify": "notify",
    "finish": "finish",
    "classify": "classify as",
}


def order(value: Standing, artifact: m.Artifact) -> str:
    """The order in the protocol's words, with the computed dose."""
    target = value.target
    if value.op == "do":
        target = artifact.tasks.get(target) or target
    elif value.op == "notify":
        target = f'"{target}"'
    verb = _VERBS.get(value.op, value.op)
    text = f"{verb} {target}"
    if value.dose is not None:
        joint = (
            " "
            if value.op == "give"
            else " to "
            if value.op in ("increase", "decrease", "taper", "set")
            else " at "
        )
        text += joint + dose(value.dose)
    if value.volume is not None:
        text += f" in {dose(value.volume)}"
    if value.remaining is not None:
        text += f", {dose(value.remaining)} still to give"
    if value.continuously:
        text += " continuously"
    elif value.every_lo is not None and value.every_hi is not None:
        text += f" every {_span(value.every_lo, value.every_hi)}"
    if value.instead_of:
        text += f" (before: {value.instead_of})"
    return text


def _span(lo: int, hi: int) -> str:
    return length(lo) if lo == hi else f"{length(lo)} to {length(hi)}"


def length(ms: int) -> str:
    """`4 h`, `90 min`, `30 s`."""
    for size, unit in ((3_600_000, "h"), (60_000, "min"), (1000, "s")):
        if ms % size == 0 and (ms >= size or unit == "s"):
            return f"{ms // size} {unit}"
    return f"{ms} ms"


def subject(value: Subject) -> str:
    """`lactate (never charted)`."""
    return f"{value.name}, {WHY.get(value.why, value.why)}"


def pending(value: Pending) -> str:
    """What would settle a rule."""
    if value.needs:
        return " and ".join(subject(need) for need in value.needs)
    if value.known_at is not None:
        return f"time alone, until {clock(value.known_at)}"
    return "a longer record than there is: no reading taken now would settle it"


def alert(value: Alert) -> str:
    """A fact to act on."""
    match value.kind:
        case "need":
            other, state = value.detail.rsplit(" ", 1)
            return f"{value.drug} runs, and {other} is {state}: it must not run alone"
        case "above_maximum":
            return f"{value.drug} is charted above its maximum: I neither continue nor raise it"
        case "rolling_maximum":
            return f"{value.drug}: the most allowed in {length(int(value.detail))} is reached"
        case "still_running":
            return f"{value.drug} still runs although this protocol has ended for the patient"


def why(rule: m.Rule | None, artifact: m.Artifact) -> str:
    """The rule's condition and reason, with its clauses and sources."""
    if rule is None:
        return ""
    words = artifact.provenance.words.get(str(rule.condition), "")
    text = words
    if rule.because:
        text += f"; {rule.because}"
    marks = [*rule.clauses, *rule.cites, *rule.erratum]
    if marks:
        text += f" [{', '.join(marks)}]"
    return text


@frozen
class Said:
    """One thing that a decision says: the word before it, the text, and how far in a terminal shows it."""

    lead: str
    text: str
    indent: int = 11


def timeline(decision: Decision, artifact: m.Artifact, *, before: Decision | None = None) -> str:
    """One decision as lines of at most 80 columns: what is new, why, and what it waits for."""
    head = wrapped(state(decision), f"{clock(decision.time):>9}  ", 0)
    body = (
        line
        for item in said(decision, artifact, before=before)
        for line in wrapped(item.text, f"{item.lead} ", item.indent)
    )
    return "\n".join(line.rstrip() for line in (*head, *body))


def state(decision: Decision) -> str:
    """Where the session stands, with the stages passed through; and whether what is run is proved."""
    proof = "" if decision.unproved is None else f" - {UNPROVED[decision.unproved]}"
    return _phase(decision.content) + proof


def said(decision: Decision, artifact: m.Artifact, *, before: Decision | None = None) -> list[Said]:
    """What a decision says that the one before did not, in the order in which it is told."""
    content = decision.content
    rules = {rule.id: rule for rule in artifact.rules}
    told = [Said("TAKEN OVER", took_over(decision.takeover))] if decision.takeover is not None else []
    marks = {order_key(item): item.mark for item in before.content.orders} if before is not None else {}
    unchanged: list[str] = []
    for item in content.orders:
        key = order_key(item)
        fresh = key in decision.new
        strength = "" if item.strength == "recommend" else f"{item.strength.upper()} "
        text = strength + order(item, artifact)
        if not fresh and marks.get(key) == item.mark:
            if item.mark in ("due", "late"):
                unchanged.append(f"{item.op} {item.target}" + (" (late)" if item.mark == "late" else ""))
            continue
        if item.choice:
            text = "either: " + text
        if not item.confirmed:
            text += " - UNCONFIRMED, first check " + _checks(item.check_first, artifact)
        if item.mark == "late":
            text += " - LATE"
        lead = "NEW" if fresh else {"due": "due", "late": "late", "done": "done", "not_due": "met"}[item.mark]
        told.append(Said(lead, text))
        if fresh:
            for rule_id in item.rules:
                reason = f"{rule_id}: {why(rules.get(rule_id), artifact)}"
                told.append(Said("because", reason, 15))
        told.extend(Said("caution", _checks((caution,), artifact), 15) for caution in item.cautions)
    ended = [key.partition(" [")[0] for key in decision.ended]
    if ended and content.phase == "active":
        told.append(Said("ends", ", ".join(dict.fromkeys(ended))))
    if unchanged:
        told.append(Said("still", ", ".join(unchanged)))
    told.extend(Said("ALERT", alert(alert_)) for alert_ in content.alerts)
    for held in content.withheld:
        forbidden = _forbidden(held.why, held.detail, artifact)
        told.append(Said("WITHHELD", f"{held.op} {held.target} ({held.rule}): {forbidden}"))
    for clash in content.contradictions:
        rules_ = " and ".join(clash.rules)
        told.append(Said("CONTRADICTION", f"{rules_} disagree: {clash.detail}; neither is given"))
    old = before.content if before is not None else None
    told.extend(_waits(content, old))
    if old is None or old.rejected != content.rejected:
        for bad in content.rejected:
            why_ = WHY.get(bad.why, bad.why)
            told.append(Said("rejected", f"{bad.name} at {clock(bad.time)}: {why_}"))
    if content.outside_verified and (old is None or old.outside_verified != content.outside_verified):
        assumed = [artifact.provenance.words.get(term, term) for term in content.outside_verified]
        text = f"the protocol assumes {' and '.join(assumed)}, and the chart says otherwise"
        told.append(Said("OUTSIDE WHAT WAS ASSUMED", text))
    return told


def took_over(takeover: Takeover) -> str:
    """`by 2.0.0 (seal 0123456789ab) from 1.0.0 (seal …): stage rescue goes on in second_line, …`."""
    match takeover.how:
        case "same_name":
            landing = f"stage {takeover.stage} goes on in the stage of this name"
        case "migrate":
            landing = f"stage {takeover.stage} goes on in stage {takeover.landing}"
        case "by_history":
            stood = f"stage {takeover.stage}" if takeover.stage is not None else "the session, in no stage,"
            landing = f"{stood} goes on where this version would be had it run from the beginning"
        case "ended":
            landing = "the session had ended, and stays so"
        case "finished":
            landing = "the session had finished, and stays so"
        case _:
            assert_never(takeover.how)
    versions = (
        f"by {takeover.version} (seal {takeover.seal[:12]}) "
        f"from {takeover.before} (seal {takeover.before_seal[:12]})"
    )
    return f"{versions}: {landing}" + (f"; {takeover.because}" if takeover.because else "")


def _waits(content: Content, before: Content | None) -> Iterator[Said]:
    """What would settle the pending rules, those that wait for the same together; only what is new."""
    now, known = _groups(content), _groups(before) if before is not None else {}
    for need, rules in sorted(now.items()):
        if known.get(need) == rules:
            continue
        names = [rule_name(rule) for rule in rules]
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        yield Said("waits for", f"{need} ({shown})")


def _groups(content: Content) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for item in content.pending:
        groups.setdefault(pending(item), []).append(item.rule)
    return groups


def _phase(content: Content) -> str:
    match content.phase:
        case "not_applicable":
            return "the protocol does not apply"
        case "unclear":
            return "not known whether the protocol applies"
        case "suspended":
            return "no longer known whether the protocol applies: nothing is ordered"
        case "ended":
            return "the protocol no longer applies"
        case "finished":
            return f"finished: {content.outcome}"
        case "active":
            path = " > ".join((*content.path, content.stage or "no stage yet"))
            return f"stage {path}"


def rule_name(text: str) -> str:
    """A pending thing in words: a rule's id, the exception of one, or a first stage."""
    return _check(text) if text.startswith(("unless:", "initial:")) else text


def counted(number_: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number_} {noun}" + ("" if number_ == 1 else "s")


def _checks(checks: tuple[str, ...], artifact: m.Artifact) -> str:
    """What to find out first, with the author's own conditions where one stands behind it."""
    words = artifact.provenance.words
    found: list[str] = []
    for check in checks:
        kind, _, rest = check.partition(":")
        name, _, detail = rest.partition(":")
        if kind == "before":
            asked = [
                words.get(str(before.condition), "")
                for before in artifact.befores
                if before.drug == name and not before.prefer
            ]
            found.append(f"{' and '.join(asked)} (before {name})")
        elif kind == "prefer":
            found.append(f"preferably first: {words.get(detail, detail)}")
        elif kind == "restrict" and detail:
            condition = artifact.restricts[int(detail)].condition
            found.append(f"whether {words.get(str(condition), 'it')} ({name} is contraindicated then)")
        else:
            found.append(_check(check))
    return ", ".join(found)


def _check(text: str) -> str:
    kind, _, rest = text.partition(":")
    match kind:
        case "needs" | "incompatible":
            return f"whether {rest} runs"
        case "available":
            return f"whether {rest} is available"
        case "unless":
            return f"the exception of {rest}"
        case "initial":
            return f"the first stage, {rest}"
        case "above_dose":
            return f"{rest} runs above the dose written here; I do not ask to lower it"
        case "rolling":
            return f"how much of {rest} was given"
        case _:
            return text


def _forbidden(why_: str, detail: str, artifact: m.Artifact) -> str:
    match why_:
        case "before":
            return f"first must hold: {artifact.provenance.words.get(detail, detail)}"
        case "contraindicated":
            return artifact.restricts[int(detail)].because or "contraindicated here"
        case "needs":
            return f"it needs {detail}, which is off"
        case "maximum":
            return "above the maximum"
        case "unavailable":
            return "not available"
        case _:
            return f"it must not be given with {detail}, which runs"


def wrapped(text: str, lead: str, indent: int) -> list[str]:
    """Lines of at most 80 columns: `lead` first, what follows under its text."""
    pad = " " * indent
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=pad + lead,
        subsequent_indent=pad + " " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [pad + lead.rstrip()]


_TRUTH = {True: "true", False: "false", None: "unknown"}


def tree(explained: Explained, depth: int = 0) -> str:
    """The explanation tree, a line a part, with the facts it read."""
    facts = "; ".join(used(item) for item in explained.used)
    line = f"{'  ' * depth}{_TRUTH[explained.truth]:<8}{explained.words}" + (
        f"   <- {facts}" if facts else ""
    )
    return "\n".join([line, *(tree(part, depth + 1) for part in explained.parts)])


def used(value: Used) -> str:
    """A fact as charted: `MAP 62 mmHg at 0d 03:00`."""
    at = f" at {clock(value.time)}" if value.time is not None else ""
    if value.millionths is not None:
        weight = ", through the dosing weight" if value.by_weight else ""
        return f"{value.name} {number(value.millionths)} {value.unit}{at}{weight}"
    if value.word and not value.why:
        return f"{value.name} {value.word}{at}"
    return f"{value.name} unknown: {WHY.get(value.why, value.why)}{at}"
