"""A proposed order before several protocols: the strictest verdict wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rung_engine.artifact import model as m
from rung_engine.decision.propose import Grade, Reason, Verdict, judge
from rung_engine.together.combine import YIELDED
from rung_engine.together.model import Heard, Judgement, Together, Voice
from rung_engine.together.owners import claims, is_on

_RANK: dict[Grade, int] = {"accepted": 0, "caution": 1, "unconfirmed": 2, "refused": 3}
_PROHIBITIONS = frozenset(
    {"unit", "unit_error", "maximum", "rolling", "contraindicated", "never", "avoid", "incompatible"}
)
"""The reasons that stand although the protocol yields the drug: those that forbid."""


def judge_together(
    voices: Sequence[Voice], together: Together, orders: Mapping[str, m.Order]
) -> Judgement | None:
    """What all say of a proposed order, beside the combined decision. `orders`: the proposal as each protocol
    reads it, by protocol; one that does not know the drug has no voice. None where nobody has one.

    A protocol without a session has no voice while another has one. Where it is unknown whether a protocol
    applies, its refusals are unconfirmed.
    """
    asked = [voice for voice in sorted(voices, key=lambda one: one.name) if voice.name in orders]
    some_on = any(is_on(voice) is True for voice in voices)
    content = {share.protocol: share.content for share in together.shares}
    yielded = {(claim.protocol, claim.drug) for claim in claims(voices) if claim.sure}
    heard: list[Heard] = []
    for voice in asked:
        mine, order = content[voice.name], orders[voice.name]
        on = is_on(voice)
        if mine is None or (some_on and on is False):
            continue
        reasons = judge(voice.view, mine, order).reasons
        if order.op in YIELDED and (voice.name, order.target) in yielded:
            reasons = tuple(
                one
                for one in reasons
                if one.kind in _PROHIBITIONS and _RANK[one.grade] >= _RANK["unconfirmed"]
            )
            if not reasons:
                continue
        if some_on and on is None:
            reasons = tuple(_softened(one) for one in reasons)
        heard.append(Heard(voice.name, _verdict(reasons)))
    if not heard:
        return None
    grade = max((one.verdict.grade for one in heard), key=_RANK.__getitem__)
    return Judgement(grade, tuple(heard))


def _softened(reason: Reason) -> Reason:
    if reason.grade != "refused":
        return reason
    return Reason("unconfirmed", reason.kind, reason.detail, reason.limit, reason.proposed)


def _verdict(reasons: Sequence[Reason]) -> Verdict:
    ranked = tuple(sorted(reasons, key=lambda one: (-_RANK[one.grade], one.kind, one.detail)))
    return Verdict(ranked[0].grade if ranked else "accepted", ranked)
