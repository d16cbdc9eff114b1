"""How much room one decision takes in the state of a stay. What takes more is left to the exact engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rung_engine.cohort import decide_layout as d
from rung_engine.cohort.layout import H_FOLD, NONE

CARRIED = 24
"""Orders that one way through the stages may leave to be carried out."""


def reserve(
    builder: Any,
    rule_stages: Sequence[str | None],
    rule_orders: Sequence[int],
    slots: int,
    names: int,
    figures: int,
    rest: tuple[int, ...],
) -> None:
    """Room for the fold and for one decision, and `H_SIZES`, which ends with `rest`.

    By rule: its stage, and how many orders it has. `names`: how many checks, or cautions, there are.
    `figures`: of one dose at most.
    """
    rules, stages = len(rule_stages), builder.stages
    always = rule_stages.count(None)
    most = max(
        sum(count for stage, count in zip(rule_stages, rule_orders, strict=True) if stage in (None, name))
        for name in (None, *stages)
    )
    standing = 2 + CARRIED + most
    longest = max(rules, names) + 4
    subjects = len(builder.inputs) + len(builder.drugs)
    draft = 1024 + 24 * standing + 8 * slots + len(builder.artifact.terms) + 2 * subjects
    arena = 512 + 4 * rules + 32 * standing
    contra = 256 + 8 * standing
    path, moved = len(stages) + 1, rules + always * len(stages) + 1
    sizes = (
        arena, longest, standing, standing, 2 * standing, standing, contra, slots + 1, path, moved,
        CARRIED, draft, rules, slots,
    )  # fmt: skip
    builder.table(d.H_SIZES, [*sizes, *rest])
    # What the fold remembers, then what one decision is put together in.
    for header, length in (
        (H_FOLD, d.FO_W), (d.H_CARRIED, CARRIED * d.CA_W), (d.H_STOOD, rules), (d.H_WAITS, slots),
        (d.H_CONTENT, draft), (d.H_TAIL, draft), (d.H_CARRIED_BEFORE, CARRIED * d.CA_W),
        (d.H_JUDGED, rules * d.JU_W), (d.H_ISSUE, (standing + 1) * d.IS_W), (d.H_RESULT, d.RE_W),
        (d.H_STANDING, standing * d.ST_W), (d.H_PLACES, standing), (d.H_SURE, standing),
        (d.H_ARMS, standing), (d.H_WAITING, standing * d.RE_W), (d.H_WITHHELD, 2 * standing * d.RE_W),
        (d.H_PENDING, standing * d.RE_W), (d.H_CONTRA, contra + 8), (d.H_UNSETTLED, slots + 1),
        (d.H_MOVES, path + moved), (d.H_ARENA, arena + longest + d.DO_MORE + 2 * figures + 2),
        (d.H_DRAFT, 2 * draft),
    ):  # fmt: skip
        builder.state(header, length)
    fold = builder.P[H_FOLD]
    for field, value in (
        (d.F_BEGAN, NONE), (d.F_ENTERED, NONE), (d.F_STAGE, -1), (d.F_OUTCOME, -1), (d.F_CONTENT, -1),
        (d.F_PREFIX, -1), (d.F_TAIL, -1),
    ):  # fmt: skip
        builder.preset(fold + field, value)
    for rank in range(rules):
        builder.preset(builder.P[d.H_STOOD] + rank, NONE)
