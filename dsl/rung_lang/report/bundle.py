"""What several protocols say together, in words: failing examples and the timeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content, Standing, order_key
from rung_engine.decision.propose import Verdict
from rung_engine.together.model import Moment, Opposed, Share, Together, Yielded
from rung_lang.bundle_examples import BundleFailure, BundleResult, Chosen
from rung_lang.report.decisions import clock, number, order, pending, rule_name, tree, why, wrapped
from rung_lang.report.message import Message
from rung_lang.source import Source

Artifacts = Mapping[str, m.Artifact]
"""By the name of the protocol."""


def failure_message(failure: BundleFailure, artifacts: Artifacts, sources: Mapping[str, Source]) -> Message:
    """The finding R701 for one expectation that does not hold, with what each protocol said."""
    source = sources[failure.expect.span.path]
    expected = " ".join(source.text[failure.expect.span.start : failure.expect.span.end].split())
    chosen = _chosen(failure.chosen) if failure.explained or failure.chosen else ""
    return Message(
        "R701",
        "error",
        f'The example "{failure.example.title}" does not hold.',
        failure.expect.span,
        f"at {clock(failure.check.time_ms)} I expected `{expected}`",
        f"I found: {_found(failure, artifacts)}" + (f". With {chosen}" if chosen else ""),
        help="Change the rule, or the example if it asks for the wrong thing. The tree below says why.",
    )


def depends_message(result: BundleResult) -> Message:
    """The finding R702: the example holds for some values of an open setting only."""
    return Message(
        "R702",
        "warning",
        f'The example "{result.example.title}" holds for some choices of the site only.',
        result.example.span,
        "",
        f"It does not hold with {_chosen(result.depends)}.",
        help="Give the setting a value among the facts of the example, as in `given NAME VALUE`.",
    )


def failure_tree(failure: BundleFailure) -> str:
    """The explanation of each rule that speaks of what was expected, indented for the terminal."""
    lines: list[str] = []
    for protocol, rule, explained in failure.explained:
        lines.append(f"  {protocol}: {rule}")
        lines.extend("    " + line for line in tree(explained).splitlines())
    return "\n".join(lines)


def _chosen(chosen: Chosen) -> str:
    """Each setting once; members that share a name share its value."""
    values = {
        name: f"{number(value.millionths)} {value.unit}" if isinstance(value, m.Number) else value
        for _, settings in chosen
        for name, value in settings
    }
    return ", ".join(f"{name} = {value}" for name, value in sorted(values.items()))


def _found(failure: BundleFailure, artifacts: Artifacts) -> str:
    if failure.expect.word == "verdict":
        if failure.judgement is None:
            return "no protocol has a voice in this order"
        heard = "; ".join(f"{one.protocol}: {_verdict(one.verdict)}" for one in failure.judgement.heard)
        return f"{failure.judgement.grade}, by {heard}"
    return "; ".join(_told(failure.together, artifacts))


def _verdict(verdict: Verdict) -> str:
    reasons = ", ".join(f"{one.kind} {one.detail}".strip() for one in verdict.reasons)
    return verdict.grade + (f" ({reasons})" if reasons else "")


def _told(together: Together, artifacts: Artifacts) -> Iterator[str]:
    """What each protocol says, what is yielded and what nobody may do."""
    for share in together.shares:
        yield f"{share.protocol}: {_share(share, artifacts[share.protocol])}"
    for one in together.yielded:
        yield _yielded(one, artifacts[one.protocol])
    for clash in together.contradictions:
        yield _opposed(clash)


def _share(share: Share, artifact: m.Artifact) -> str:
    content = share.content
    if content is None:
        return "no decision yet"
    parts = [_place(content)]
    for item in content.orders:
        text = order(item, artifact)
        text += " (done)" if item.mark == "done" else ""
        doubts = ", ".join(_check(one) for one in item.check_first)
        parts.append(text if item.confirmed else f"{text} (unconfirmed, first check {doubts})")
    parts.extend(f"withheld {item.op} {item.target}" for item in content.withheld)
    parts.extend(f"{rule_name(item.rule)} waits for {pending(item)}" for item in content.pending)
    return ", ".join(parts)


def _place(content: Content) -> str:
    return f"stage {content.stage}" if content.stage else content.phase.replace("_", " ")


def _yielded(one: Yielded, artifact: m.Artifact) -> str:
    because = f" ({', '.join(one.because)})" if one.because else ""
    return f"{one.protocol} yields `{order(one.order, artifact)}` to {' and '.join(one.to)}{because}"


def _opposed(clash: Opposed) -> str:
    if clash.kind == "ownership":
        return f"{' and '.join(clash.protocols)} disagree: {clash.detail}"
    return f"{' and '.join(clash.protocols)} disagree: {clash.detail}; neither is given"


# ---------------------------------------------------------------- the timeline


def timeline(moment: Moment, artifacts: Artifacts, before: Moment | None) -> str:
    """One combined decision in lines of at most 80 columns: what is new, whose it is, what was yielded."""
    lines: list[str] = []
    old = {share.protocol: share for share in before.together.shares} if before is not None else {}
    places = [
        f"{share.protocol}: {_place(share.content)}"
        for share in moment.together.shares
        if share.content is not None and not _same_place(share, old.get(share.protocol))
    ]
    lines.extend(wrapped("; ".join(places), f"{clock(moment.time):>9}  ", 0))
    for share in moment.together.shares:
        lines.extend(_news(share, old.get(share.protocol), artifacts[share.protocol]))
    earlier = before.together if before is not None else None
    for one in moment.together.yielded:
        if earlier is None or _without_marks(one) not in [_without_marks(item) for item in earlier.yielded]:
            lines.extend(wrapped(_yielded(one, artifacts[one.protocol]), "YIELDED ", 11))
    for clash in moment.together.contradictions:
        lines.extend(wrapped(_opposed(clash), "CONTRADICTION ", 11))
    return "\n".join(line.rstrip() for line in lines)


def _same_place(share: Share, before: Share | None) -> bool:
    if before is None or before.content is None or share.content is None:
        return False
    return _place(share.content) == _place(before.content)


def _without_marks(one: Yielded) -> tuple[str, str, str, tuple[str, ...]]:
    return (one.protocol, one.order.op, one.order.target, one.to)


def _news(share: Share, before: Share | None, artifact: m.Artifact) -> Iterator[str]:
    """New and changed orders of one protocol, and what no longer stands."""
    now = () if share.content is None else share.content.orders
    then = () if before is None or before.content is None else before.content.orders
    old: dict[str, Standing] = {order_key(item): item for item in then}
    rules = {rule.id: rule for rule in artifact.rules}
    for item in now:
        earlier = old.get(order_key(item))
        if earlier is not None and (earlier.mark, earlier.confirmed) == (item.mark, item.confirmed):
            continue
        text = f"{share.protocol}: {'' if item.strength == 'recommend' else item.strength.upper() + ' '}"
        text += ("either: " if item.choice else "") + order(item, artifact)
        if not item.confirmed:
            text += f" - UNCONFIRMED, first check {', '.join(_check(one) for one in item.check_first)}"
        lead = "NEW " if earlier is None else f"{_MARKS[item.mark]} "
        yield from wrapped(text, lead, 11)
        if earlier is None:
            for rule_id in item.rules:
                yield from wrapped(f"{rule_id}: {why(rules.get(rule_id), artifact)}", "because ", 15)
    kept = {order_key(item) for item in now}
    ended = [key.partition(" [")[0] for key in old if key not in kept]
    if ended:
        yield from wrapped(f"{share.protocol}: {', '.join(dict.fromkeys(ended))}", "ends ", 11)
    if share.content is not None:
        gone = () if before is None or before.content is None else before.content.withheld
        for held in share.content.withheld:
            if held not in gone:
                yield from wrapped(
                    f"{share.protocol}: {held.op} {held.target} ({held.why} {held.detail})", "WITHHELD ", 11
                )


_MARKS = {"due": "due", "late": "late", "done": "done", "not_due": "met"}


def _check(text: str) -> str:
    kind, _, rest = text.partition(":")
    return f"whether {rest} speaks for it now" if kind == "yields" else text


def header(artifacts: Sequence[m.Artifact]) -> list[str]:
    """A line for each protocol."""
    return [f"{artifact.name} {artifact.version}  {artifact.title}" for artifact in artifacts]
