"""A decision graph as a ladder: panels in the order of escalation, their rows, and the moves between them.

Reads the graph of an artifact, and its stages and rules for words the graph leaves out. Knows no sizes and
no colours: `layout` places a ladder, `svg` draws it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

from rung_engine.artifact.model import Artifact, Edge, Node, Stage
from rung_engine.frozen import frozen

Kind = Literal["stage", "end", "throughout"]
Way = Literal["onward", "back", "anywhere"]
"""Up in escalation, which is down the page; back; or from whichever stage holds the patient."""

THROUGHOUT = "throughout"
NAMELESS = re.compile(r"rule_\d+")


@frozen
class Row:
    """One rule of a panel, or one move that a stage makes without a rule of its own."""

    id: str
    label: str
    lines: tuple[str, ...]


@frozen
class Panel:
    """A stage with its rules, an outcome that ends the session, or the rules that hold in every stage."""

    id: str
    kind: Kind
    title: str
    name: str
    """As the author's text has it; empty where the title says the same."""
    number: int
    """From 1 among the stages, 0 for what is no stage."""
    starts: str
    """`Starts here …`, or nothing."""
    resting: bool
    rows: tuple[Row, ...]


@frozen
class Move:
    """A way out of a row of `source` into the panel `target`."""

    source: str
    row: str
    target: str
    label: str
    way: Way


@frozen
class Ladder:
    name: str
    title: str
    subtitle: str
    mark: str
    """Tells this drawing from others on one page."""
    panels: tuple[Panel, ...]
    """In the order of escalation, ends after stages, `throughout` last."""
    moves: tuple[Move, ...]


def ladder_of(artifact: Artifact) -> Ladder:
    """The ladder of an artifact. Raises `KeyError` where an edge names a node that is not there."""
    nodes = {node.id: node for node in artifact.graph.nodes}
    owners = _owners(artifact, nodes)
    goes = tuple(edge for edge in artifact.graph.edges if edge.kind == "goes")
    order, onward = _escalation(artifact, nodes, owners, goes)
    moves: list[Move] = []
    extra: dict[str, list[Row]] = {}
    for place, edge in enumerate(goes):
        source, target = owners[edge.source], nodes[edge.target]
        row = edge.source
        label = _heading(nodes[edge.source]) or edge.label
        if nodes[edge.source].kind == "stage":
            row = f"{edge.source} {place}"
            when = (f"when {edge.label}",) if edge.label else ()
            extra.setdefault(source, []).append(Row(row, "", (*when, f"then {_go(target)}")))
            label = edge.label or _go(target)
        way: Way = "anywhere" if source == THROUGHOUT else "onward" if edge in onward else "back"
        moves.append(Move(source, row, edge.target, label, way))
    panels = _panels(artifact, nodes, order, owners, extra)
    return Ladder(
        name=artifact.name,
        title=artifact.title or artifact.name,
        subtitle=" · ".join(part for part in (artifact.name, artifact.version, artifact.status) if part),
        mark="-".join(("rung", artifact.name, artifact.meaning[:8])),
        panels=panels,
        moves=tuple(sorted(dict.fromkeys(moves), key=_reading_order(panels))),
    )


def _heading(node: Node) -> str:
    """A rule's title or name; nothing for a rule that its author left nameless."""
    return "" if NAMELESS.fullmatch(node.label) else node.label


def _go(target: Node) -> str:
    return f"finish: {target.label}" if target.kind == "end" else f"go to {target.label}"


def _owners(artifact: Artifact, nodes: Mapping[str, Node]) -> dict[str, str]:
    """By node id, the id of the panel it stands in."""
    holders = {edge.target: edge.source for edge in artifact.graph.edges if edge.kind == "holds"}
    return {id_: holders.get(id_, THROUGHOUT) if node.kind == "rule" else id_ for id_, node in nodes.items()}


def _escalation(
    artifact: Artifact, nodes: Mapping[str, Node], owners: Mapping[str, str], goes: tuple[Edge, ...]
) -> tuple[list[str], set[Edge]]:
    """The stages in order, and the edges that lead onward.

    A depth-first walk from the initial stages (the unconditional one first, the rest as written) finds the
    edges that close a cycle; those lead back. Without them a stage's layer is its longest path from an
    initial stage. A stage that only `throughout` leads to stands as low as what follows it allows.
    """
    stages = [node.id for node in _as_written(artifact, nodes) if node.kind == "stage"]
    place = {stage: index for index, stage in enumerate(stages)}
    after: dict[str, list[str]] = {stage: [] for stage in stages}
    for edge in goes:
        if owners[edge.source] in place and edge.target in place:
            after[owners[edge.source]].append(edge.target)
    initial = [stage for stage in stages if nodes[stage].initial]
    conditional = {id_ for id_, stage in _stages(artifact, nodes).items() if stage.initial_if is not None}
    initial.sort(key=lambda stage: (stage in conditional, place[stage]))
    in_text_order = {stage: sorted(set(targets), key=place.__getitem__) for stage, targets in after.items()}
    finished = _depth_first(initial, stages, in_text_order)
    rank = {stage: index for index, stage in enumerate(reversed(finished))}
    layer = dict.fromkeys(initial, 0)
    for stage in rank:
        for target in after[stage]:
            if stage in layer and rank[target] > rank[stage]:
                layer[target] = max(layer.get(target, 0), layer[stage] + 1)
    bottom = max(layer.values(), default=0)
    for stage in reversed(rank):
        if stage not in layer:
            below = (layer[target] for target in after[stage] if rank[target] > rank[stage])
            layer[stage] = min(below, default=bottom + 1) - 1
    order = sorted(stages, key=lambda stage: (layer[stage], stage not in initial, place[stage]))
    onward = {
        edge
        for edge in goes
        if edge.target not in place
        or (owners[edge.source] in rank and rank[edge.target] > rank[owners[edge.source]])
    }
    return order, onward


def _depth_first(initial: list[str], stages: list[str], after: Mapping[str, list[str]]) -> list[str]:
    """The stages in the order in which the walk leaves them."""
    seen: set[str] = set()
    finished: list[str] = []
    for root in (*initial, *stages):
        path = [(root, iter(after[root]))] if root not in seen else []
        seen.add(root)
        while path:
            stage, rest = path[-1]
            step = next((target for target in rest if target not in seen), None)
            if step is None:
                finished.append(stage)
                path.pop()
            else:
                seen.add(step)
                path.append((step, iter(after[step])))
    return finished


def _as_written(artifact: Artifact, nodes: Mapping[str, Node]) -> list[Node]:
    """The nodes in the order of the text where it is known, of the graph otherwise."""
    index = {node: place for place, node in enumerate(nodes)}

    def key(node: Node) -> tuple[str, int, int, int]:
        named = f"stage:{node.stage}" if node.kind == "stage" else node.id.removeprefix("rule:")
        position = artifact.provenance.positions.get(named)
        if position is None:
            return ("", 0, 0, index[node.id])
        return (position.file, position.line, position.column, index[node.id])

    return sorted(nodes.values(), key=key)


def _stages(artifact: Artifact, nodes: Mapping[str, Node]) -> dict[str, Stage]:
    """The declarations, by node id."""
    declared = {stage.name: stage for stage in artifact.stages}
    names = {node.id: node.stage or node.id for node in nodes.values() if node.kind == "stage"}
    return {node: declared[name] for node, name in names.items() if name in declared}


def _panels(
    artifact: Artifact,
    nodes: Mapping[str, Node],
    order: list[str],
    owners: Mapping[str, str],
    extra: Mapping[str, list[Row]],
) -> tuple[Panel, ...]:
    held: dict[str, list[Row]] = {}
    for node in _as_written(artifact, nodes):
        if node.kind == "rule":
            held.setdefault(owners[node.id], []).append(Row(node.id, _heading(node), node.detail))
    declared = _stages(artifact, nodes)
    panels = []
    for number, stage in enumerate(order, start=1):
        node = nodes[stage]
        name = node.stage or node.id
        panels.append(
            Panel(
                id=stage,
                kind="stage",
                title=node.label,
                name="" if name == node.label else name,
                number=number,
                starts=_starts(artifact, node, declared.get(stage)),
                resting=node.resting,
                rows=(*held.get(stage, ()), *extra.get(stage, ())),
            )
        )
    ends = (node for node in nodes.values() if node.kind == "end")
    panels += [Panel(node.id, "end", node.label, "", 0, "", False, ()) for node in ends]
    if THROUGHOUT in held:
        rows = tuple(held[THROUGHOUT])
        panels.append(Panel(THROUGHOUT, "throughout", "In every stage", THROUGHOUT, 0, "", False, rows))
    return tuple(panels)


def _starts(artifact: Artifact, node: Node, stage: Stage | None) -> str:
    if not node.initial:
        return ""
    if stage is not None and stage.initial_if is not None:
        words = artifact.provenance.words.get(str(stage.initial_if), "")
        return f"Starts here if {words}" if words else "Starts here on a condition"
    others = any(other.initial_if is not None for other in artifact.stages)
    return "Starts here otherwise" if others else "Starts here"


def _reading_order(panels: tuple[Panel, ...]) -> Callable[[Move], tuple[int, int]]:
    rows = {(p.id, row.id): (i, j) for i, p in enumerate(panels) for j, row in enumerate(p.rows)}
    return lambda move: rows[move.source, move.row]
