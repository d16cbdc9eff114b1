"""Who signed, what does not count and why, and what is still missing, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rung_engine.approval.statement import Reviewed, Statement, Verdict
from rung_engine.approval.status import Status, missing_said, role_said, said
from rung_lang.report.decisions import counted, wrapped
from rung_lang.report.text import safe

_DONE: dict[Verdict, str] = {"approve": "approved", "reject": "rejected", "retire": "retired"}
_DOES: dict[Verdict, str] = {"approve": "approves", "reject": "rejects", "retire": "retires"}
_WEIGHTS = {
    "none": "wording only",
    "papers": "no order differs",
    "treatment": "treatment changes",
    "safety": "less safe or undecided",
}


def table(status: Status) -> Iterator[str]:
    """Where an artifact stands, each line at most 80 columns: status, signatures, what is missing."""
    yield from _row("sign-off", said(status))
    for one in status.standing:
        yield from _row(_DONE[one.verdict], _signature(one))
    for one in status.replaced:
        yield from _row("replaced", f"{_signature(one)}: {_DONE[one.verdict]}, before signing again")
    for void in status.void:
        yield from _row("void", f"{void.problem.words} ({void.problem.code})")
    for problem in status.gone:
        yield from _row("GONE", f"{problem.words} ({problem.code})")
    wording = " for a change of wording" if status.for_wording else ""
    yield from _row("needed", f"{missing_said(status.needs)}{wording}")
    if status.authors:
        yield from _row("written by", f"{', '.join(status.authors)}; whoever writes does not approve")
    packets = dict.fromkeys(one.reviewed for one in status.standing if one.reviewed is not None)
    for packet in packets:
        seen = "every file is as it was read" if status.packet_seen else "not looked at: --packet does"
        yield from _row("packet", f"{_packet(packet)}; {seen}")
    if status.elsewhere:
        are = "is" if status.elsewhere == 1 else "are"
        yield from _row(
            "other bytes", f"{counted(status.elsewhere, 'statement')} {are} about another artifact"
        )
    if status.other_policy:
        count = counted(status.other_policy, "statement")
        yield from _row("policy", f"{count} made before its last change; judged by it as it is now")


def recorded(statement: Statement, status: Status, place: str) -> Iterator[str]:
    """What was just signed, and where that leaves the artifact."""
    subject = status.subject
    what = f"{statement.person} {_DOES[statement.verdict]} {subject.name} {subject.version}"
    yield from (safe(line) for line in wrapped(f"{what} as {role_said(statement.role)}", "", 0))
    yield from _row("artifact", f"sha256 {subject.sha256[:16]}, meaning {subject.meaning[:16]}")
    if statement.reviewed is not None:
        yield from _row("packet", _packet(statement.reviewed))
    yield from _row("written to", place)
    for one in status.replaced:
        if one.person == statement.person and one.role != statement.role:
            yield from _row("replaced", f"what you signed as {role_said(one.role)}: one person counts once")
    yield from _row("sign-off", said(status))


def as_data(status: Status) -> dict[str, Any]:
    """The same for programs."""
    return {
        "status": status.word,
        "sha256": status.subject.sha256,
        "standing": [_statement(one) for one in status.standing],
        "replaced": [_statement(one) for one in status.replaced],
        "void": [
            {**_statement(one.statement), "code": one.problem.code, "why": one.problem.words}
            for one in status.void
        ],
        "gone": [one.words for one in status.gone],
        "needs": dict(status.needs),
        "missing": dict(status.missing),
        "authors": list(status.authors),
        "elsewhere": status.elsewhere,
        "other_policy": status.other_policy,
        "packet_seen": status.packet_seen,
    }


def _statement(one: Statement) -> dict[str, Any]:
    return {
        "person": one.person,
        "role": one.role,
        "verdict": one.verdict,
        "when": one.when,
        "comment": one.comment,
        "packet": None if one.reviewed is None else one.reviewed.sha256,
        "key": one.key,
    }


def _signature(one: Statement) -> str:
    comment = f": {' '.join(one.comment.split())}" if one.comment else ""
    return f"{one.when}  {one.person}, {role_said(one.role)}{comment}"


def _packet(reviewed: Reviewed) -> str:
    weight = _WEIGHTS.get(reviewed.weight, reviewed.weight)
    return f"{reviewed.sha256[:16]}, against {reviewed.old_version or 'no version'}: {weight}"


def _row(lead: str, text: str) -> list[str]:
    return [safe(line) for line in wrapped(text, f"{lead:<13}", 2)]
