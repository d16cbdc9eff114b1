"""The decision graph of an artifact, for drawing: stages, the rules they hold, and where rules lead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.artifact import model as m
from rung_lang.lower.phrase import Phrases


def graph_of(stages: Sequence[m.Stage], rules: Sequence[m.Rule], phrases: Phrases) -> m.Graph:
    """Nodes `stage:NAME`, `rule:ID` and `end:WORDS`; a rule of `throughout` is held by no stage."""
    nodes = [_stage_node(stage) for stage in stages]
    edges: list[m.Edge] = []
    ends: set[str] = set()
    for rule in rules:
        nodes.append(_rule_node(rule, phrases))
        if rule.stage is not None:
            edges.append(m.Edge(source=f"stage:{rule.stage}", target=f"rule:{rule.id}", kind="holds"))
        for order in _orders(rule):
            if order.op == "finish":
                ends.add(order.target)
            if order.op in ("go", "finish"):
                target = f"{'stage' if order.op == 'go' else 'end'}:{order.target}"
                label = rule.title or phrases.term(rule.condition)
                edges.append(m.Edge(source=f"rule:{rule.id}", target=target, kind="goes", label=label))
    nodes.extend(m.Node(id=f"end:{words}", kind="end", label=words) for words in ends)
    return m.Graph(
        nodes=tuple(sorted(nodes, key=lambda node: (node.kind, node.id))),
        edges=tuple(sorted(edges, key=lambda edge: (edge.kind, edge.source, edge.target))),
    )


def _stage_node(stage: m.Stage) -> m.Node:
    return m.Node(
        id=f"stage:{stage.name}",
        kind="stage",
        label=stage.title or stage.name,
        stage=stage.name,
        initial=stage.initial is not None,
        resting=stage.resting,
    )


def _rule_node(rule: m.Rule, phrases: Phrases) -> m.Node:
    detail = [f"when {phrases.term(rule.condition)}"]
    detail.extend(f"then {phrases.choice(choice)}" for choice in rule.orders)
    if rule.unless is not None:
        detail.append(f"unless {phrases.term(rule.unless)}")
    label = rule.title or rule.id.partition(".")[2]
    return m.Node(id=f"rule:{rule.id}", kind="rule", label=label, detail=tuple(detail), stage=rule.stage)


def _orders(rule: m.Rule) -> Iterator[m.Order]:
    for choice in rule.orders:
        if isinstance(choice, m.One):
            yield choice.order
        else:
            yield from choice.orders
