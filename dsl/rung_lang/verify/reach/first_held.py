"""That a session is never held back in a stage, by induction from the first instant on which it would be."""

from __future__ import annotations

from collections.abc import Sequence

from rung_lang.verify.context import Context, Part
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.decide import Situation
from rung_lang.verify.reach.held import held, suspended
from rung_lang.verify.reach.traces import Seen, laws
from rung_lang.verify.verdict import Label, Proved


def never_held(context: Context, situation: Situation, parts: Sequence[Part]) -> Proved | None:
    """Proved, of a question about a session that is held back, where none ever is.

    No instant of a stay can be the first on which it is: on the one before it rested freely, or it had not
    come yet.
    """
    stage = situation.stage
    if stage is None or all(label[0] != "held" for label, _ in parts):
        return None
    now, entry = context.situation(stage), context.situation(stage, entered_now=True)
    before = context.situation(stage, "before/")
    since = context.space.real("in_stage", ("in_stage",), "", f.ZERO)
    earlier = Seen(before.symbols, f.number(1), in_session=True)
    stays: list[Part] = [
        *context.applies(now),
        *context.reached(now),
        (("held", stage), held(context, now)),
        (("rested", stage), f.any_of((suspended(context, before.symbols), before.rests))),
        (("entered", stage), f.compare(since, ">=", f.number(1))),
    ]
    in_stage = "before/in_stage"
    if in_stage in context.space.variables:
        stays.append((("entered", stage), f.compare(f.variable(in_stage).plus(f.number(1)), "=", since)))
    between = f.all_of(laws(context, earlier, Seen(now.symbols, f.number(0), in_session=True), f.number(1)))
    stays.append((("between", "before/", ""), between))
    comes: list[Part] = [
        *context.applies(entry),
        *context.reached(entry),
        (("held", stage), held(context, entry)),
        (("entered", stage), f.compare(since, "=", f.number(0))),
    ]
    core: dict[Label, None] = {}
    linear = True
    for asked in (stays, comes):
        answer = context.solver.refute([part for _, part in asked])
        if answer is None:
            return None
        linear = linear and answer.linear
        core.update(dict.fromkeys(asked[place][0] for place in answer.core))
    return Proved("clocks", "checked" if linear else "solver", tuple(core))
