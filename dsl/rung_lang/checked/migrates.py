"""`migrate`: where a session of an older version goes on when this one takes over."""

from __future__ import annotations

from collections.abc import Sequence

from rung_lang.checked import orders as o
from rung_lang.checked.names import Scope, nearest
from rung_lang.checked.problems import MigratedTwice, UnknownStage
from rung_lang.source import Span
from rung_lang.syntax import tree as t


def settle_migrates(items: Sequence[t.Item], scope: Scope) -> tuple[o.Migrate, ...]:
    """In the order of the text. The older stage need not be declared here: that version is not at hand."""
    stages = [item.name.text for item in items if isinstance(item, t.Stage)]
    told: dict[str, Span] = {}
    found: list[o.Migrate] = []
    for item in items:
        if not isinstance(item, t.Migrate):
            continue
        if item.to is not None and item.to.text not in stages:
            near = nearest(item.to.text, stages)
            scope.problems.append(UnknownStage(item.to.span, item.to.text, near))
        if item.stage.text in told:
            scope.problems.append(MigratedTwice(item.stage.span, item.stage.text, told[item.stage.text]))
        told.setdefault(item.stage.text, item.stage.span)
        to = None if item.to is None else item.to.text
        found.append(o.Migrate(item.stage.text, to, item.because.value))
    return tuple(found)
