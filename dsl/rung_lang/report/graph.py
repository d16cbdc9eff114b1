"""The decision graph of an artifact as DOT, as Mermaid and as a drawing to print.

Equal artifacts give equal bytes. Text from the author is escaped in every form; nothing of it can become
markup, a directive or a link. DOT and Mermaid leave the arrangement to their own tools; `to_svg` needs none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rung_engine.artifact.model import Artifact
from rung_lang.report.ladder import Ladder, Panel, Row, Way, ladder_of
from rung_lang.report.layout import layout
from rung_lang.report.lettering import clean
from rung_lang.report.svg import svg_of


def to_svg(artifact: Artifact) -> str:
    """The ladder as an SVG document that fits an A4 page, upright. Raises `KeyError` on a broken edge."""
    ladder = ladder_of(artifact)
    return svg_of(ladder, layout(ladder))


# ---------------------------------------------------------------- DOT

_DOT_STYLES: dict[Way, str] = {"onward": "solid", "back": "dashed", "anywhere": "dotted"}


def to_dot(artifact: Artifact) -> str:
    """For Graphviz: a cluster for each stage, moves back without weight in the ranking."""
    ladder = ladder_of(artifact)
    ids = _ids(ladder)
    lines = [
        f"digraph {_dot(ladder.name)} {{",
        f'  graph [rankdir=TB, label={_dot(ladder.title)}, labelloc=t, ranksep=0.3, fontname="Helvetica"];',
        '  node [shape=box, fontname="Helvetica", fontsize=11];',
        '  edge [fontname="Helvetica", fontsize=10];',
    ]
    for number, panel in enumerate(ladder.panels):
        lines += _dot_panel(panel, number, ids)
    for move in ladder.moves:
        style = _DOT_STYLES[move.way]
        loose = "" if move.way == "onward" else ", constraint=false"
        ends = f"{ids[move.source, move.row]} -> {ids[move.target, '']}"
        lines.append(f"  {ends} [label={_dot(move.label)}, style={style}{loose}];")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_panel(panel: Panel, number: int, ids: dict[tuple[str, str], str]) -> Iterator[str]:
    own = ids[panel.id, ""]
    if panel.kind == "end":
        yield f"  {own} [label={_dot(_heading(panel))}, shape=box, style=rounded, peripheries=2];"
        return
    yield f"  subgraph cluster_{number} {{"
    yield '    label="";'
    yield f"    style={'dashed' if panel.kind == 'throughout' else 'solid'};"
    shape = ", peripheries=2" if panel.resting else ""
    label = _dot(_heading(panel), *_marks(panel))
    yield f'    {own} [label={label}, shape=plaintext, fontname="Helvetica-Bold"{shape}];'
    above = own
    for row in panel.rows:
        yield f"    {ids[panel.id, row.id]} [label={_dot(*_row(row), ending='l')}];"
        yield f"    {above} -> {ids[panel.id, row.id]} [style=invis];"
        above = ids[panel.id, row.id]
    yield "  }"


def _dot(*lines: str, ending: str = "n") -> str:
    """A quoted string. Graphviz reads entities and escapes in labels, so both are taken from the author."""
    escaped = [
        clean(line).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"').replace("<", "&lt;")
        for line in lines
    ]
    last = f"\\{ending}" if ending != "n" else ""
    return '"' + f"\\{ending}".join(escaped) + last + '"'


# ---------------------------------------------------------------- Mermaid

_PLAIN = frozenset(" .,:/+=_-()'·–≤≥°µ")
_LIST = re.compile(r"(\d+[.)]|[-+])")
_ARROWS: dict[Way, str] = {"onward": "-->", "back": "-.->", "anywhere": "-.->"}


def to_mermaid(artifact: Artifact) -> str:
    """A `flowchart`, for pages that draw Mermaid; every character that Mermaid could read is an entity."""
    ladder = ladder_of(artifact)
    ids = _ids(ladder)
    lines = ["flowchart TB"]
    for panel in ladder.panels:
        own = ids[panel.id, ""]
        if panel.kind == "end":
            lines.append(f"  {own}(({_mermaid(_heading(panel))}))")
            continue
        lines.append(f"  subgraph {own}[{_mermaid(' · '.join((_heading(panel), *_marks(panel))))}]")
        lines += [f"    {ids[panel.id, row.id]}[{_mermaid(*_row(row))}]" for row in panel.rows]
        lines.append("  end")
    for move in ladder.moves:
        label = f"|{_mermaid(move.label)}|" if clean(move.label) else ""
        lines.append(f"  {ids[move.source, move.row]} {_ARROWS[move.way]}{label} {ids[move.target, '']}")
    return "\n".join(lines) + "\n"


def _mermaid(*lines: str) -> str:
    """A quoted label."""
    return '"' + "<br/>".join(_entities(clean(line)) for line in lines) + '"'


def _entities(line: str) -> str:
    """A mark that would begin a list in Markdown is an entity like all that is not plain."""
    mark = _LIST.match(line)
    end = mark.end() if mark else 0
    return "".join(
        c if c.isalnum() or (c in _PLAIN and place >= end) else f"#{ord(c)};" for place, c in enumerate(line)
    )


# ---------------------------------------------------------------- both


def _ids(ladder: Ladder) -> dict[tuple[str, str], str]:
    """Plain names: `p3` is a panel, `p3r1` a row of it."""
    ids: dict[tuple[str, str], str] = {}
    for number, panel in enumerate(ladder.panels, start=1):
        ids[panel.id, ""] = f"p{number}"
        for place, row in enumerate(panel.rows, start=1):
            ids[panel.id, row.id] = f"p{number}r{place}"
    return ids


def _heading(panel: Panel) -> str:
    if panel.kind == "end":
        return f"End: {panel.title}"
    return f"{panel.number}. {panel.title}" if panel.number else panel.title


def _marks(panel: Panel) -> tuple[str, ...]:
    return tuple(mark for mark in (panel.starts, "May rest here" if panel.resting else "") if mark)


def _row(row: Row) -> tuple[str, ...]:
    return tuple(line for line in (row.label, *row.lines) if line) or ("rule",)
