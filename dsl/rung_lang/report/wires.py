"""The wires of a ladder: which side they take, which lane of a gap they run in, and their corners.

Gap `g` lies left of column `g`; the last gap lies right of the last column. A move onward leaves to the
right, any other to the left. Moves of one kind from one column to one panel form a net: they join one trunk
and arrive with one arrow. A net that skips a column climbs to a lane over the columns and comes down in the
gap beside its target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rung_engine.frozen import frozen
from rung_lang.report.ladder import Move, Way
from rung_lang.report.panels import PITCH, Placed, Side

LANE = 9
RUN = 16
"""From a panel or its labels to the first lane: room for an arrowhead."""
APART = 8
CORNER = 6
CLIMB = -32
"""Height of the lowest lane over the columns, clear of the mark of an initial stage."""

Point = tuple[int, int]


@frozen
class Net:
    target: str
    way: Way
    column: int
    """Of the sources."""
    leaves: Side
    gap: int
    arrives: Side
    last_gap: int
    """Differs from `gap` where the net climbs over the columns."""
    moves: tuple[Move, ...]


@frozen
class Trunk:
    """The upright part of a net in one gap."""

    net: int
    gap: int
    top: int
    bottom: int
    group: Side | None
    """The column, left or right of the gap, to which both ends belong."""


@frozen
class Wire:
    """From a row to a panel; `drawn` is what no other wire of its net draws, `head` if with the arrow."""

    move: Move
    points: tuple[Point, ...]
    drawn: tuple[Point, ...]
    head: bool


def nets_of(moves: Sequence[Move], column: Mapping[str, int]) -> tuple[Net, ...]:
    """The nets, in the order in which their first moves are read."""
    found: dict[tuple[str, Way, int], list[Move]] = {}
    for move in moves:
        found.setdefault((move.target, move.way, column[move.source]), []).append(move)
    nets = []
    for (target, way, source), members in found.items():
        end = column[target]
        leaves: Side = "right" if way == "onward" else "left"
        gap = source + 1 if leaves == "right" else source
        same = end == source
        arrives: Side = leaves if same else "left" if leaves == "right" else "right"
        last = end if arrives == "left" else end + 1
        nets.append(Net(target, way, source, leaves, gap, arrives, last, tuple(members)))
    return tuple(nets)


@frozen
class Routes:
    """Heights of a ladder's wires, before the gaps are given their width."""

    nets: tuple[Net, ...]
    leaves: Mapping[Move, int]
    arrives: tuple[int, ...]
    over: Mapping[int, int]
    """By net, the height of its lane over the columns."""


def routes_of(nets: tuple[Net, ...], placed: Mapping[str, Placed]) -> Routes:
    """Which arrival is whose, and who climbs over the columns at which height (above 0, so negative)."""
    leaves = {move: height for panel in placed.values() for move, height in panel.leaves}
    arrives = []
    for index, net in enumerate(nets):
        turn = sum(1 for n in nets[:index] if (n.target, n.arrives) == (net.target, net.arrives))
        arrives.append(placed[net.target].arrives[net.arrives][turn])
    climbing = [index for index, net in enumerate(nets) if net.gap != net.last_gap]
    return Routes(nets, leaves, tuple(arrives), {net: CLIMB - PITCH * n for n, net in enumerate(climbing)})


def trunks_of(routes: Routes) -> tuple[Trunk, ...]:
    trunks = []
    for index, net in enumerate(routes.nets):
        ends = [routes.leaves[move] for move in net.moves]
        arrival = routes.arrives[index]
        if index in routes.over:
            over = routes.over[index]
            trunks.append(Trunk(index, net.gap, over, max(ends), None))
            trunks.append(Trunk(index, net.last_gap, over, arrival, None))
        else:
            group: Side | None = None
            if net.leaves == net.arrives:
                group = "left" if net.leaves == "right" else "right"
            trunks.append(Trunk(index, net.gap, min(*ends, arrival), max(*ends, arrival), group))
    return tuple(trunks)


@frozen
class Gap:
    """Lanes by net, counted from the left end of the gap's lanes, and the width of the whole."""

    width: int
    lanes: Mapping[int, int]
    """By net, pixels from the left end of the gap."""


def gap_of(trunks: Sequence[Trunk], left_strip: int, right_strip: int, least: int) -> Gap:
    """The lanes of one gap between its two strips of labels. Short trunks run nearest to their column."""
    left, left_count = _lanes([trunk for trunk in trunks if trunk.group == "left"])
    middle, middle_count = _lanes([trunk for trunk in trunks if trunk.group is None])
    right, right_count = _lanes([trunk for trunk in trunks if trunk.group == "right"])
    count = left_count + middle_count + right_count
    if not count:
        return Gap(max(least, left_strip + right_strip), {})
    start = left_strip + (RUN if left_strip or left or middle else least)
    lanes = dict(left)
    lanes |= {net: left_count + lane for net, lane in middle.items()}
    lanes |= {net: count - 1 - lane for net, lane in right.items()}
    end = start + LANE * (count - 1) + (RUN if right_strip or right or middle else least) + right_strip
    return Gap(end, {net: start + LANE * lane for net, lane in lanes.items()})


def _lanes(trunks: Sequence[Trunk]) -> tuple[dict[int, int], int]:
    """The first free lane for each trunk, short ones first; and how many lanes that took."""
    lanes: list[list[Trunk]] = []
    taken: dict[int, int] = {}
    for trunk in sorted(trunks, key=lambda t: (t.bottom - t.top, t.top, t.net)):
        free = (n for n, lane in enumerate(lanes) if not any(_near(trunk, other) for other in lane))
        lane = next(free, len(lanes))
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append(trunk)
        taken[trunk.net] = lane
    return taken, len(lanes)


def _near(one: Trunk, other: Trunk) -> bool:
    return one.top < other.bottom + APART and other.top < one.bottom + APART


def wires_of(
    routes: Routes, gaps: Sequence[Gap], starts: Sequence[int], placed: Mapping[str, Placed]
) -> tuple[Wire, ...]:
    """The wires, net by net; `starts` holds the left end of each gap."""
    wires = []
    for index, net in enumerate(routes.nets):
        arrival = routes.arrives[index]
        target = placed[net.target].box
        end = (target.x if net.arrives == "left" else target.right, arrival)
        lane = starts[net.gap] + gaps[net.gap].lanes[index]
        paths: dict[Move, tuple[Point, ...]] = {}
        turn = routes.over.get(index, arrival)
        for move in net.moves:
            source = placed[move.source].box
            height = routes.leaves[move]
            begin = (source.x if net.leaves == "left" else source.right, height)
            corners = [begin, (lane, height), (lane, turn)]
            if index in routes.over:
                last = starts[net.last_gap] + gaps[net.last_gap].lanes[index]
                corners += [(last, turn), (last, arrival)]
            paths[move] = (*corners, end)
        drawn = _shared(paths, turn)
        wires += [Wire(move, points, *drawn[move]) for move, points in paths.items()]
    return tuple(wires)


def _shared(paths: Mapping[Move, tuple[Point, ...]], turn: int) -> dict[Move, tuple[tuple[Point, ...], bool]]:
    """What each path draws of itself: the longest all, with the arrow; the others until they join it."""
    order = sorted(paths, key=lambda move: -abs(paths[move][1][1] - turn))
    drawn: dict[Move, tuple[tuple[Point, ...], bool]] = {}
    joined: set[bool] = set()
    for move in order:
        points = paths[move]
        lane, height = points[1]
        downward = turn > height
        if not drawn:
            drawn[move] = (points, True)
        elif downward in joined:
            step = min(CORNER, abs(turn - height))
            drawn[move] = ((*points[:2], (lane, height + (step if downward else -step))), False)
        else:
            step = CORNER if points[3][0] > lane else -CORNER
            drawn[move] = ((*points[:3], (lane + step, turn)), False)
        joined.add(downward)
    return drawn
