"""What a protocol would have said to many stays, counted: a summary that a person reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from rung_engine.artifact.model import Artifact
from rung_engine.decision.model import Decision, order_key
from rung_engine.sources.accounting import Account, total_account
from rung_engine.sources.stay import Stay

HOUR = 3_600_000


class Tally:
    """Counts over stays; order of stays does not matter."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        self.stays = 0
        self.applied = 0
        self.changes = 0
        self.stage_ms: Counter[str] = Counter()
        self.stage_stays: Counter[str] = Counter()
        self.fired: Counter[str] = Counter()
        self.fired_stays: Counter[str] = Counter()
        self.moved: Counter[str] = Counter()
        self.moved_stays: Counter[str] = Counter()
        self.missing_ms: Counter[str] = Counter()
        self.alerts: Counter[str] = Counter()
        self.contradictions: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.refused: list[str] = []
        self._accounts: dict[str, list[Account]] = {}

    def add(self, stay: Stay, decisions: list[Decision], end: int) -> None:
        """One stay: its decision changes in order, and when its last fact was charted (ms)."""
        self.stays += 1
        self.changes += len(decisions)
        self.applied += any(decision.content.phase == "active" for decision in decisions)
        stages: set[str] = set()
        fired: set[str] = set()
        moved: set[str] = set()
        alerts: set[str] = set()
        for decision, after in zip(decisions, [*decisions[1:], None], strict=True):
            content = decision.content
            span = (after.time if after is not None else max(end, decision.time)) - decision.time
            if content.phase == "active":
                stage = content.stage or "no stage yet"
                self.stage_ms[stage] += span
                stages.add(stage)
            for need in {need.name for item in content.pending for need in item.needs}:
                self.missing_ms[need] += span
            self.moved.update(content.moved_by)
            moved.update(content.moved_by)
            for order in content.orders:
                if order_key(order) in decision.new:
                    self.fired.update(order.rules)
                    fired.update(order.rules)
            alerts.update(f"{alert.kind.replace('_', ' ')}: {alert.drug}" for alert in content.alerts)
            for clash in content.contradictions:
                self.contradictions[" / ".join(clash.rules)] += 1
        self.stage_stays.update(stages)
        self.fired_stays.update(fired)
        self.moved_stays.update(moved)
        self.alerts.update(alerts)
        self.refusals.update(refusal.reason for refusal in stay.refusals)
        self.refused.extend(refusal.words for refusal in stay.refusals)
        for account in stay.accounts:
            self._accounts.setdefault(account.table, []).append(account)

    def accounts(self) -> tuple[Account, ...]:
        """Where every row went, by table."""
        return tuple(total_account(table, parts) for table, parts in sorted(self._accounts.items()))


def _hours(ms: int) -> str:
    tenths = (ms * 10 + HOUR // 2) // HOUR
    return f"{tenths // 10}.{tenths % 10}"


def _table(title: str, head: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    listed = list(rows)
    if not listed:
        return []
    width = max(len(name) for name, _ in listed)
    width = min(width, 52)
    lines = [title + f"{head:>{width + 26 - len(title)}}"]
    lines.extend(f"  {name:<{width}}  {value:>22}" for name, value in listed)
    return [*lines, ""]


def summary(tally: Tally) -> list[str]:
    """The summary as lines of at most 80 columns where names allow it."""
    active = tally.fired.keys() | tally.moved.keys()
    never = sorted(rule.id for rule in tally.artifact.rules if rule.id not in active)
    out = [
        f"{tally.stays} stays, the protocol applied to {tally.applied}; {tally.changes} decision changes",
        "",
    ]
    out += _table(
        "time in each stage",
        "hours (stays)",
        ((name, f"{_hours(ms)} ({tally.stage_stays[name]})") for name, ms in tally.stage_ms.most_common()),
    )
    out += _table(
        "new orders by rule",
        "times (stays)",
        (
            (rule, f"{n} ({tally.fired_stays[rule]})")
            for rule, n in sorted(tally.fired.items(), key=lambda i: (-i[1], i[0]))
        ),
    )
    out += _table(
        "moves by rule",
        "times (stays)",
        (
            (rule, f"{n} ({tally.moved_stays[rule]})")
            for rule, n in sorted(tally.moved.items(), key=lambda item: (-item[1], item[0]))
        ),
    )
    if never:
        out += ["rules that neither ordered nor moved anything", *(f"  {rule}" for rule in never), ""]
    out += _table(
        "pending for want of", "hours", ((name, _hours(ms)) for name, ms in tally.missing_ms.most_common())
    )
    out += _table("alerts", "stays", ((name, str(n)) for name, n in sorted(tally.alerts.items())))
    out += _table(
        "contradictions", "times", ((name, str(n)) for name, n in sorted(tally.contradictions.items()))
    )
    out.append("where every row went")
    for account in tally.accounts():
        out.extend("  " + line for line in account.lines)
    return out


def summary_data(tally: Tally) -> dict[str, Any]:
    """The same, as plain data: times in milliseconds."""
    return {
        "protocol": tally.artifact.name,
        "version": tally.artifact.version,
        "meaning": tally.artifact.meaning,
        "stays": tally.stays,
        "applied": tally.applied,
        "decision_changes": tally.changes,
        "stage_ms": dict(tally.stage_ms),
        "stage_stays": dict(tally.stage_stays),
        "orders_by_rule": dict(tally.fired),
        "moves_by_rule": dict(tally.moved),
        "stays_by_rule": dict(tally.fired_stays),
        "pending_ms_by_input": dict(tally.missing_ms),
        "alerts": dict(tally.alerts),
        "contradictions": dict(tally.contradictions),
        "refused_by_reason": dict(tally.refusals),
        "accounts": {
            account.table: {
                "rows": account.rows,
                "counts": [list(item) for item in account.counts],
                "notes": [list(item) for item in account.notes],
            }
            for account in tally.accounts()
        },
    }
