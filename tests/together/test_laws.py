"""What holds of several protocols on one patient, whatever was charted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from hypothesis import event, given
from hypothesis import strategies as st
from tests.laws.settings import tries
from tests.together.ward import NAMES, histories, program

from rung_engine.decision.conflicts import opposed
from rung_engine.event import Event
from rung_engine.reference.run import run
from rung_engine.together.combine import YIELDED
from rung_engine.together.model import Moment
from rung_engine.together.run import run_together

LATER = 2 * 3_600_000
"""Histories are followed so long after their last fact."""
MEMBERS = st.lists(st.sampled_from(NAMES), min_size=1, unique=True)


def moments(members: Sequence[str], events: Sequence[Event], *, reference: bool = True) -> list[Moment]:
    until = max(one.time for one in events) + LATER
    return run_together([program(name) for name in members], events, until=until, reference=reference)


@given(MEMBERS, histories, st.data())
@tries(40)
def test_the_order_of_the_members_never_changes_a_decision(
    members: list[str], events: list[Event], data: st.DataObject
) -> None:
    assert moments(members, events) == moments(data.draw(st.permutations(members)), events)


@given(st.sampled_from(NAMES), histories)
@tries(40)
def test_one_protocol_by_itself_decides_as_it_does_alone(name: str, events: list[Event]) -> None:
    until = max(one.time for one in events) + LATER
    alone = [(one.time, one.content) for one in run(program(name), events, until=until)]
    together = [(one.time, one.together.shares[0].content) for one in moments([name], events)]
    assert [one for one in together if one[1] is not None] == alone
    assert not any(one.together.yielded or one.together.contradictions for one in moments([name], events))


@given(MEMBERS, histories)
@tries(40)
def test_both_engines_say_the_same_together(members: list[str], events: list[Event]) -> None:
    assert moments(members, events) == moments(members, events, reference=False)


@given(histories)
@tries(80)
def test_nothing_that_is_yielded_is_also_given(events: list[Event]) -> None:
    for moment in moments(NAMES, events):
        shares = {share.protocol: share.content for share in moment.together.shares}
        for one in moment.together.yielded:
            event("yielded")
            content = shares[one.protocol]
            assert content is not None and one.to and one.protocol not in one.to
            assert one.order.op in YIELDED
            assert not [
                order for order in content.orders
                if order.target == one.order.target and order.op in YIELDED
            ]  # fmt: skip


@given(histories)
@tries(80)
def test_no_two_protocols_order_what_cannot_both_be_done(events: list[Event]) -> None:
    programs = {name: program(name) for name in NAMES}
    for moment in moments(NAMES, events):
        standing = [
            (share.protocol, order)
            for share in moment.together.shares
            if share.content is not None
            for order in share.content.orders
            if order.confirmed and order.mark != "done"
        ]
        if moment.together.contradictions:
            event("contradiction")
        for (one, a), (two, b) in combinations(standing, 2):
            units = {**programs[one].units, **programs[two].units}
            pairs = (*programs[one].artifact.incompatible, *programs[two].artifact.incompatible)
            assert one == two or not opposed(units, pairs, a, b)


@given(histories)
@tries(40)
def test_what_forbids_measures_or_tells_stands_as_the_protocol_alone_says_it(events: list[Event]) -> None:
    for name in NAMES:
        alone = {one.time: one.together for one in moments([name], events)}
        for moment in moments(NAMES, events):
            if moment.time not in alone:
                continue
            mine = alone[moment.time].shares[0].content
            content = next(one.content for one in moment.together.shares if one.protocol == name)
            clashing = {rule for one in moment.together.contradictions for rule in one.rules}
            assert mine is not None and content is not None
            for order in mine.orders:
                clashed = any(f"{name}:{rule}" in clashing for rule in order.rules)
                if order.op in ("avoid", "measure", "notify", "do", "classify") and not clashed:
                    assert order in content.orders
            assert (content.alerts, content.pending) == (mine.alerts, mine.pending)
