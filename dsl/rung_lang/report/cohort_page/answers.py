"""The parts of the page about what the protocol said: stages, orders, what was missing, what was withheld."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.cohort.summary import Counted, Values
from rung_lang.report.cohort_page.parts import BARS, drawn, medians, row, say
from rung_lang.report.cohort_page.plots import Bar, Dot, bars, dots
from rung_lang.report.cohort_said import (
    ALERTS,
    CLASHES,
    FEW,
    FORBIDDEN,
    NEEDS,
    PHASES,
    Ran,
    hours,
    in_order,
    spread,
    stays,
    title_of,
    whole,
)
from rung_lang.report.documents.page import (
    Block,
    Heading,
    Paragraph,
    Table,
    Words,
    code,
    plain,
    quiet,
    strong,
)


def time_in_stages(ran: Ran) -> Iterator[Block]:
    """Hours in each stage, and outside them."""
    artifact, told = ran.artifact, ran.summary
    yield Heading(2, "Time in each stage")
    found = in_order(artifact, told.stages)
    if found:
        rows = [
            Bar(title_of(artifact, one.name), one.ms, f"{hours(one.ms)} h in {stays(one.stays)}")
            for one in found
        ]
        yield drawn(
            bars("stages", "Time in each stage", rows), "Patient-hours in each stage, all stays together."
        )
    else:
        yield Paragraph(plain("The protocol applied to no stay."))
    others = [one for one in told.phases if one.name != "active"]
    yield Table(
        "Time in each stage, and outside them",
        ("stage", "hours", "stays", "decisions"),
        (
            *(
                row(
                    say(title_of(artifact, one.name), quiet(f" {one.name}")),
                    hours(one.ms),
                    whole(one.stays),
                    whole(one.times),
                )
                for one in found
            ),
            *(
                row(quiet(PHASES.get(one.name, one.name)), hours(one.ms), whole(one.stays), whole(one.times))
                for one in others
            ),
        ),
        (1, 2, 3),
    )


def orders(ran: Ran) -> Iterator[Block]:
    """New orders and moves, by rule."""
    told = ran.summary
    yield Heading(2, "Orders by rule")
    if not told.orders:
        yield Paragraph(plain("No rule ordered anything."))
    else:
        shown = told.orders[:BARS]
        rows = [Bar(one.name, one.times, f"{whole(one.times)} in {stays(one.stays)}") for one in shown]
        more = f" The {BARS} with the most of {len(told.orders)}." if len(told.orders) > BARS else ""
        yield drawn(
            bars("orders", "New orders by rule", rows),
            f"How often an order of the rule came to stand that did not stand before.{more}",
        )
        firsts = dict(told.first_orders)
        yield Table(
            "New orders by rule, and when the first came",
            ("rule", "times", "stays", "first order after, h"),
            tuple(
                row(
                    code(one.name),
                    whole(one.times),
                    whole(one.stays),
                    spread(firsts.get(one.name, Values(()))),
                )
                for one in told.orders
            ),
            (1, 2, 3),
        )
        yield Paragraph(
            medians(
                "the time from the first active decision to the rule's first order", "stays where it ordered"
            )
        )
        yield from _first_orders(ran)
    if told.moves:
        yield Table(
            "Moves between stages by rule",
            ("rule", "times", "stays"),
            tuple(row(code(one.name), whole(one.times), whole(one.stays)) for one in told.moves),
            (1, 2),
        )


def _first_orders(ran: Ran) -> Iterator[Block]:
    dotted = []
    for name, values in ran.summary.first_orders:
        middle, ends = values.median, values.quartiles
        if values.number >= FEW and middle is not None and ends is not None:
            shown = f"{hours(middle)} h, {stays(values.number)}"
            dotted.append(Dot(name, ends[0], middle, ends[1], shown))
    if dotted:
        dotted.sort(key=lambda dot: (dot.middle, dot.label))
        yield drawn(
            dots("firsts", "Time to the first order of each rule", dotted[: 2 * BARS]),
            f"Rules that ordered in {FEW} stays or more: median (dot) and quartiles (line), from the first "
            "active decision on.",
        )


def pending(ran: Ran) -> Iterator[Block]:
    """What was missing."""
    told = ran.summary
    yield Heading(2, "What was missing")
    if not told.pending:
        yield Paragraph(plain("No rule ever waited for a reading."))
        return
    yield Paragraph(
        plain(
            "A rule is pending while something it needs is not known. Counted is the time during which at "
            "least one rule waited for the input, whatever else it waited for."
        )
    )
    shown = told.pending[:BARS]
    rows = [
        Bar(f"{one.name}, {NEEDS.get(one.more, one.more)}", one.ms, f"{hours(one.ms)} h") for one in shown
    ]
    yield drawn(
        bars("pending", "Pending hours by what is missing", rows),
        "Patient-hours in which a rule waited for it.",
    )
    yield Table(
        "Pending for want of",
        ("input", "why it was not known", "hours", "stays", "times"),
        tuple(
            row(
                code(one.name),
                NEEDS.get(one.more, one.more),
                hours(one.ms),
                whole(one.stays),
                whole(one.times),
            )
            for one in told.pending
        ),
        (2, 3, 4),
    )
    yield Table(
        "Pending by rule",
        ("rule", "hours", "stays"),
        tuple(row(_rule(one.name), hours(one.ms), whole(one.stays)) for one in told.pending_rules),
        (1, 2),
    )


def _rule(name: str) -> Words:
    kind, _, rest = name.partition(":")
    match kind:
        case "applies":
            return plain("whether the protocol applies")
        case "unless":
            return say("the exception of ", code(rest))
        case "initial":
            return say("the first stage, ", code(rest))
        case _:
            return code(name)


def held(ran: Ran) -> Iterator[Block]:
    """What was withheld, contradictions, alerts, outcomes."""
    told = ran.summary
    yield Heading(2, "Withheld orders, contradictions and alerts")
    groups: tuple[tuple[str, tuple[str, str], Sequence[Counted], dict[str, str]], ...] = (
        ("Withheld orders", ("why", "order"), told.withheld, FORBIDDEN),
        ("Contradictions", ("kind", "rules"), told.contradictions, CLASHES),
        ("Alerts", ("what", "drug"), told.alerts, ALERTS),
    )
    for caption, head, found, words in groups:
        if found:
            yield Table(
                caption,
                (*head, "times", "stays", "hours"),
                tuple(
                    row(
                        words.get(one.name, one.name),
                        code(one.more),
                        whole(one.times),
                        whole(one.stays),
                        hours(one.ms),
                    )
                    for one in found
                ),
                (2, 3, 4),
            )
        else:
            yield Paragraph(say(strong(f"{caption}: "), "none."))
    if told.outcomes:
        yield Table(
            "Outcomes the protocol declares",
            ("outcome", "times", "stays", "hours"),
            tuple(
                row(code(one.name), whole(one.times), whole(one.stays), hours(one.ms))
                for one in told.outcomes
            ),
            (1, 2, 3),
        )
