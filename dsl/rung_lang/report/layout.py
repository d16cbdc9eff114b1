"""Where everything of a ladder stands on a sheet.

Panels stand under each other in the order of escalation, in as many columns as make the print on an A4 page
largest; `throughout` has a column to itself at the side, or closes the last. Heights begin at 0 with the
first panel; lanes over the columns have negative heights.
"""

from __future__ import annotations

from collections.abc import Sequence

from rung_engine.frozen import frozen
from rung_lang.report.ladder import Ladder, Panel
from rung_lang.report.panels import LABEL_GAP, PITCH, Box, Exit, Label, Placed, Side, place
from rung_lang.report.wires import Net, Wire, gap_of, nets_of, routes_of, trunks_of, wires_of

PAGE_W, PAGE_H = 190, 272
"""Millimetres of an A4 page inside its margins."""
LARGEST = 0.34
"""Millimetres of a pixel at most: a rule's words are then as large as 11.5 points."""
WIDTHS = (460, 420, 380, 340, 310, 280, 255, 230)
SIDE_ROOM = 255
COLUMNS = 5
BETWEEN = 28
"""Between panels of a column; the mark of an initial stage stands there."""
MARGIN = 14
LEAST = 26
HEAD, FOOT = 84, 48
"""Room for the sheet's title, and for its key."""


@frozen
class Sheet:
    """`box` holds all of it, with room for a title and a key; `scale` is millimetres per pixel."""

    box: Box
    scale: float
    placed: tuple[Placed, ...]
    wires: tuple[Wire, ...]

    @property
    def labels(self) -> tuple[Label, ...]:
        return tuple(label for panel in self.placed for label in panel.labels)


def layout(ladder: Ladder) -> Sheet:
    """The sheet that prints largest on A4; of equals, the one with the fewest and widest columns.

    Setting `throughout` apart, at the side, is worth a tenth of the size.
    """
    stacked = sum(1 for panel in ladder.panels if panel.kind != "throughout")
    columns = range(1, min(COLUMNS, max(stacked, 1)) + 1)
    apart = max((_sheet(ladder, number, room, True) for number in columns for room in WIDTHS), key=_size)
    if stacked == len(ladder.panels):
        return apart
    along = max((_sheet(ladder, number, room, False) for number in columns for room in WIDTHS), key=_size)
    return apart if _size(apart) * 10 >= _size(along) * 9 else along


def _size(sheet: Sheet) -> int:
    """Micrometres per pixel: what differs by less is equal."""
    return round(sheet.scale * 1000)


def _sheet(ladder: Ladder, columns: int, room: int, apart: bool) -> Sheet:
    stacked = [panel for panel in ladder.panels if panel.kind != "throughout" or not apart]
    side = [panel for panel in ladder.panels if panel not in stacked]
    heights = [place(panel, room, 0, 0, (), {}).box.h + BETWEEN for panel in stacked]
    parts = [[stacked[index] for index in part] for part in _shares(heights, columns)]
    parts += [side] if side else []
    rooms = [min(room, SIDE_ROOM) if part is side else room for part in parts]
    column = {panel.id: number for number, part in enumerate(parts) for panel in part}
    nets = nets_of(ladder.moves, column)
    upright: dict[str, Placed] = {}
    for number, part in enumerate(parts):
        top = 0
        for panel in part:
            residue = number % 2 * (PITCH // 2)
            found = place(panel, rooms[number], top, residue, _exits(panel, nets), _arrivals(panel, nets))
            upright[panel.id] = found
            top = found.box.bottom + BETWEEN
    routes = routes_of(nets, upright)
    trunks = trunks_of(routes)
    strips = {
        (number, side_): _strip([upright[panel.id] for panel in part], side_)
        for number, part in enumerate(parts)
        for side_ in ("left", "right")
    }
    last = len(parts)
    gaps = [
        gap_of(
            [trunk for trunk in trunks if trunk.gap == number],
            strips.get((number - 1, "right"), 0),
            strips.get((number, "left"), 0),
            0 if number in (0, last) else LEAST,
        )
        for number in range(last + 1)
    ]
    starts = [MARGIN]
    for number in range(last):
        starts.append(starts[-1] + gaps[number].width + rooms[number])
    placed = {
        panel.id: upright[panel.id].moved(starts[number] + gaps[number].width)
        for number, part in enumerate(parts)
        for panel in part
    }
    wide = max(starts[-1] + gaps[-1].width + MARGIN, WIDTHS[-1])
    top = min(routes.over.values(), default=0) - HEAD
    bottom = max((panel.box.bottom for panel in placed.values()), default=0) + FOOT
    scale = min(PAGE_W / wide, PAGE_H / (bottom - top), LARGEST)
    wires = wires_of(routes, gaps, starts, placed)
    return Sheet(Box(0, top, wide, bottom - top), scale, tuple(placed.values()), wires)


def _exits(panel: Panel, nets: Sequence[Net]) -> list[Exit]:
    return [Exit(move, net.leaves) for net in nets for move in net.moves if move.source == panel.id]


def _arrivals(panel: Panel, nets: Sequence[Net]) -> dict[Side, int]:
    sides = [net.arrives for net in nets if net.target == panel.id]
    return {"left": sides.count("left"), "right": sides.count("right")}


def _strip(column: Sequence[Placed], side: Side) -> int:
    """The width of the labels on one side of a column."""
    wide = [label.box.w for panel in column for label in panel.labels if label.side == side]
    return max(wide) + LABEL_GAP if wide else 0


def _shares(heights: Sequence[int], columns: int) -> list[range]:
    """Consecutive runs of the panels, one for each column, the tallest as low as can be."""
    count = len(heights)
    cost = [sum(heights[:end]) for end in range(count + 1)]
    cuts = [[0] * (count + 1)]
    for _ in range(1, columns):
        choices = [
            min((max(cost[cut], sum(heights[cut:end])), -cut) for cut in range(end + 1))
            for end in range(count + 1)
        ]
        cost = [tallest for tallest, _ in choices]
        cuts.append([-cut for _, cut in choices])
    runs: list[range] = []
    end = count
    for cut in reversed(cuts):
        runs.append(range(cut[end], end))
        end = cut[end]
    return [run for run in reversed(runs) if run]
