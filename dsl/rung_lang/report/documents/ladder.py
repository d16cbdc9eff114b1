"""The ladder of a protocol small enough for a wall: stages, the drugs each may order, the ways between.

The whole graph, with every rule, is drawn by `rung graph`; on A4 its letters are too small to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rung_engine.artifact import model as m
from rung_lang.report.documents.sentences import spaced
from rung_lang.report.ladder import Ladder, Move, Panel, Row, ladder_of
from rung_lang.report.layout import layout
from rung_lang.report.svg import svg_of
from rung_lang.report.words_phrases import joined

_VERBS = {
    "start": "start", "add": "start", "set": "set", "increase": "raise", "decrease": "lower", "taper":
    "taper",
    "give": "give", "stop": "stop", "avoid": "avoid", "continue": "keep", "pause": "pause",
}  # fmt: skip


def overview(artifact: m.Artifact) -> tuple[str, str]:
    """The drawing as SVG, and what it shows in words."""
    ladder = small(artifact)
    return svg_of(ladder, layout(ladder)), said(ladder)


def said(ladder: Ladder) -> str:
    """What such a ladder shows, in words."""
    return " ".join(_said(ladder))


def small(artifact: m.Artifact) -> Ladder:
    """The ladder with a row for what a stage orders and one for each way out of it."""
    whole = ladder_of(artifact)
    titles = {panel.id: panel.title for panel in whole.panels}
    moves: dict[tuple[str, str], list[Move]] = {}
    for move in whole.moves:
        moves.setdefault((move.source, move.target), []).append(move)
    panels: list[Panel] = []
    shown: list[Move] = []
    for panel in whole.panels:
        rows: list[Row] = [*_ordered(artifact, panel)]
        for (source, target), ways in moves.items():
            if source != panel.id:
                continue
            labels = [*dict.fromkeys(way.label for way in ways if way.label)]
            row = f"{source} to {target}"
            rows.append(
                Row(row, f"to {titles[target]}", (f"when {joined([_first(one) for one in labels])}",))
            )
            shown.append(replace(ways[0], row=row, label=""))
        if panel.kind != "throughout" or rows:
            panels.append(replace(panel, rows=tuple(rows), name=""))
    return replace(
        whole,
        title="The stages and the ways between them",
        mark=f"{whole.mark}-overview",
        panels=tuple(panels),
        moves=tuple(shown),
    )


def _ordered(artifact: m.Artifact, panel: Panel) -> Iterator[Row]:
    """What the stage may order of each drug, in one row."""
    stage = None if panel.kind == "throughout" else _stage_of(artifact, panel)
    verbs: dict[str, dict[str, None]] = {}
    for rule in artifact.rules:
        if rule.stage != stage or panel.kind == "end":
            continue
        for choice in rule.orders:
            for order in (choice.order,) if isinstance(choice, m.One) else choice.orders:
                if order.target in artifact.drugs and order.op in _VERBS:
                    verbs.setdefault(order.target, {})[_VERBS[order.op]] = None
    lines = tuple(f"then {joined([*does], 'or')} {spaced(drug)}" for drug, does in verbs.items())
    if lines:
        yield Row(f"{panel.id} orders", "", lines)


def _stage_of(artifact: m.Artifact, panel: Panel) -> str:
    nodes = {node.id: node.stage for node in artifact.graph.nodes}
    return nodes.get(panel.id) or panel.id


def _first(words: str) -> str:
    """With a small letter in front, but for a name in capitals."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _said(ladder: Ladder) -> Iterator[str]:
    for panel in ladder.panels:
        number = f"Stage {panel.number}: " if panel.number else ""
        ways = [row.label for row in panel.rows if row.label]
        starts = f" {panel.starts}." if panel.starts else ""
        ends = " It ends the session." if panel.kind == "end" else ""
        yield f"{number}{panel.title}.{starts}{ends}" + (f" It leads {joined(ways, 'and')}." if ways else "")
