"""The combined decision of several protocols on one patient.

An order that gives a drug or changes its rate does not stand while its protocol yields the drug to another
whose session is on; while that is unknown the order is unconfirmed. What forbids, measures, tells or does
stands. Of two orders of different protocols that cannot both be carried out neither is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rung_engine.decision.conflicts import opposed
from rung_engine.decision.model import Standing
from rung_engine.frozen import frozen
from rung_engine.program import Program
from rung_engine.together.model import Opposed, Share, Together, Voice, Yielded
from rung_engine.together.owners import Claim, claims, rings

YIELDED = frozenset(
    {"start", "add", "set", "increase", "decrease", "taper", "continue", "pause", "stop", "give"}
)
"""The orders that give a drug or change its rate: what a protocol yields with a drug."""


@frozen
class _Order:
    protocol: str
    program: Program
    order: Standing


def combine(voices: Iterable[Voice]) -> Together:
    """The decision of all at one instant. The order of the voices has no part in it."""
    voices = sorted(voices, key=lambda voice: voice.name)
    claimed = claims(voices)
    yielded: list[Yielded] = []
    standing: list[_Order] = []
    for voice in voices:
        if voice.content is None:
            continue
        for order in _spread(voice, voices, claimed):
            mine = [claim for claim in claimed if (claim.protocol, claim.drug) == (voice.name, order.target)]
            if order.op not in YIELDED or not mine:
                standing.append(_Order(voice.name, voice.program, order))
                continue
            sure = [claim for claim in mine if claim.sure]
            if sure:
                because = tuple(dict.fromkeys(claim.because for claim in sure if claim.because))
                to = tuple(dict.fromkeys(claim.to for claim in sure))
                yielded.append(Yielded(voice.name, order, to, because))
            else:
                checks = {*order.check_first, *(f"yields:{claim.to}" for claim in mine)}
                doubted = replace(order, confirmed=False, check_first=tuple(sorted(checks)))
                standing.append(_Order(voice.name, voice.program, doubted))
    left, contradictions = _without_clashes(standing)
    ringed = tuple(
        Opposed("ownership", names, (), f"{drug}: each yields it to another, and nobody speaks for it")
        for drug, names in rings(claimed)
    )
    shares = tuple(
        Share(
            voice.name,
            None
            if voice.content is None
            else replace(
                voice.content, orders=tuple(one.order for one in left if one.protocol == voice.name)
            ),
        )
        for voice in voices
    )
    return Together(shares, tuple(yielded), (*ringed, *contradictions))


def _spread(voice: Voice, voices: Sequence[Voice], claimed: Sequence[Claim]) -> tuple[Standing, ...]:
    """The protocol's orders. To end a course is to stop each of its drugs: where others have a word in one of
    them the stops are told one by one.
    """
    assert voice.content is not None
    out: list[Standing] = []
    for order in voice.content.orders:
        if order.op != "end":
            out.append(order)
            continue
        drugs = voice.program.artifact.courses[order.target].drugs
        theirs = {claim.drug for claim in claimed if claim.protocol == voice.name}
        for other in voices:
            if other.name != voice.name and other.content is not None:
                theirs.update(item.target for item in other.content.orders)
        if not theirs & set(drugs):
            out.append(order)
        else:
            out.extend(
                replace(order, op="stop", target=drug)
                for drug in drugs
                if voice.view.drug(drug).running is not False
            )
    return tuple(out)


def _without_clashes(standing: Sequence[_Order]) -> tuple[list[_Order], list[Opposed]]:
    """What is left when neither of two incompatible orders is given, and each such pair.

    An arm of a free choice gives way while another arm is left, as it does within one protocol.
    """
    sure = [place for place, one in enumerate(standing) if one.order.confirmed and one.order.mark != "done"]
    drop: set[int] = set()
    arms: dict[int, int] = {}
    found: list[Opposed] = []
    for index, i in enumerate(sure):
        for j in sure[index + 1 :]:
            a, b = standing[i], standing[j]
            if a.protocol == b.protocol or not _clash(a, b):
                continue
            if a.order.choice or b.order.choice:
                arm, other = (j, i) if b.order.choice else (i, j)
                drop.add(arm)
                arms[arm] = other
            else:
                drop.update((i, j))
                found.append(_opposed((a, b), _told((a, b), " / ")))
    choices = {(standing[arm].protocol, standing[arm].order.choice) for arm in arms}
    for protocol, choice in sorted(choices):
        if any(
            (one.protocol, one.order.choice) == (protocol, choice)
            for place, one in enumerate(standing)
            if place not in drop
        ):
            continue
        taken = [
            (standing[arm], other)
            for arm, other in sorted(arms.items())
            if (standing[arm].protocol, standing[arm].order.choice) == (protocol, choice)
        ]
        drop.update(other for _, other in taken)
        words = _told([arm for arm, _ in taken], ", ")
        sides = [one for arm, other in taken for one in (arm, standing[other])]
        found.append(_opposed(sides, f"{words}: no arm of the choice is free"))
    return [one for place, one in enumerate(standing) if place not in drop], found


def _clash(a: _Order, b: _Order) -> bool:
    units = {**a.program.units, **b.program.units}
    pairs = (*a.program.artifact.incompatible, *b.program.artifact.incompatible)
    return opposed(units, pairs, a.order, b.order)


def _told(orders: Sequence[_Order], between: str) -> str:
    return between.join(f"{one.protocol}: {one.order.op} {one.order.target}" for one in orders)


def _opposed(sides: Sequence[_Order], detail: str) -> Opposed:
    rules = {f"{one.protocol}:{rule}" for one in sides for rule in one.order.rules}
    return Opposed("orders", tuple(sorted({one.protocol for one in sides})), tuple(sorted(rules)), detail)
