"""Looks wherever verdicts on a generated protocol and what the protocol does could differ.

`python -m tests.verify.agreement FIRST LAST` looks at the protocols of these seeds, the last included, and
prints what disagrees, what is undecided, and how much was looked at.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random

from tests.verify.generate import protocol
from tests.verify.grid import MILLION, MINUTE, Examined, history, holds, last, played, points

from rung_engine.artifact import model as m
from rung_engine.decision.model import Content
from rung_engine.decision.rules import destination, judge
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.run import run
from rung_engine.session.replay import Replay
from rung_lang.verify.ask import Question
from rung_lang.verify.histories.reading import values_at
from rung_lang.verify.histories.snapshot import judged
from rung_lang.verify.verdict import Obligation, Proved, Refuted, Replayed, Undecided, Witness

KINDS = {"orders": "R201", "stages": "R202", "cycle": "R303"}
ASKS_MORE = frozenset({"R207", "R502"})
"""Asked of patients of whom more is said than `confirm` looks at again."""
AT_REST = frozenset({"R402"})
"""Asked of the stage in which the session comes to rest."""
TREATS = frozenset(
    {"start", "add", "set", "increase", "decrease", "continue", "give", "stop", "pause", "taper"}
)


def disagreements(seed: int, histories: int, instants: int, tally: Counter[str] | None = None) -> list[str]:
    """Sentences, one for each; none where all agree. `tally` is told how much was looked at."""
    examined = Examined.of(protocol(seed).text)
    dice = Random(seed)
    counted = Counter[str]() if tally is None else tally
    found = [
        *undecided(examined), *of_witnesses(examined),
        *of_histories(examined, dice, histories, counted), *of_points(examined, dice, instants, counted),
    ]  # fmt: skip
    counted["protocols"] += 1
    counted["questions"] += len(examined.report.obligations)
    for one in examined.report.obligations:
        counted[f"{one.code} {type(one.verdict).__name__}"] += 1
        if isinstance(one.verdict, Proved):
            counted[f"layer {one.verdict.layer}"] += 1
    counted["disagreements"] += len(found)
    return list(dict.fromkeys(found))


def undecided(examined: Examined) -> Iterator[str]:
    """There are none in the fragment."""
    for one in examined.report.obligations:
        if isinstance(one.verdict, Undecided):
            yield f"undecided: {one.code} {one.about}: {one.verdict.reason}"


# ---------------------------------------------------------------- what is said to be shown, shows


def of_witnesses(examined: Examined) -> Iterator[str]:
    """Both engines play the history of every verdict that rests on one, and it shows what is said."""
    for one in examined.report.obligations:
        witness = one.verdict.witness if isinstance(one.verdict, Proved | Refuted) else None
        if witness is None:
            continue
        program = examined.program(_limit(witness))
        replayed = last(program, witness)
        replay = Replay(program, witness.events)
        replay.advance(witness.time)
        if _outline(replay.content) != _outline(replayed.content):
            yield f"the engines differ on the witness of {one.code} {one.about}"
        if shows(one, replayed) is False:
            yield f"the witness of {one.code} {one.about} does not show it"


def _limit(witness: Witness) -> int | None:
    value = dict(witness.settings).get("limit")
    return value.millionths if isinstance(value, m.Number) else None


def _outline(content: Content | None) -> object:
    if content is None:
        return None
    return content.phase, content.stage, content.orders, content.withheld, content.contradictions


def shows(one: Obligation, replayed: Replayed) -> bool | None:
    """As the engine's decision has it; None for what is not so simply said."""
    content, view, about = replayed.content, replayed.view, one.about
    match one.code:
        case "R201" if _undone(content, about):
            return True
        case "R201" | "R202":
            kinds = ("orders",) if one.code == "R201" else ("stages",)
            return any(
                clash.kind in kinds and set(about) <= set(clash.rules) for clash in content.contradictions
            )
        case "R303":
            return any(clash.kind == "cycle" for clash in content.contradictions)
        case "R301" | "R302":
            stage = about[0].removeprefix("stage:")
            return content.stage == stage or stage in (*content.path, *_left_in_rings(replayed))
        case "R203":
            if any(clash.kind == "cycle" and about[0] in clash.rules for clash in content.contradictions):
                return True
            if _left_in_rings(replayed) and about[0] in {rule for _, rule in _way_round(replayed)}:
                return True
            return about[0] in content.moved_by or about[0] in _firing(replayed, content.stage)
        case "R206" if isinstance(one.verdict, Refuted) and _covers(replayed, about[0]):
            return content.stage == about[0].removeprefix("stage:") and not _acts(content)
        case "R403" if len(about) == 2:
            prop = next(prop for prop in replayed.program.artifact.properties if prop.id == about[0])
            return breaks(prop, view, content, (about[1],))
        case _:
            return None


def _left_in_rings(replayed: Replayed) -> set[str | None]:
    """Stages that a session came to and left again on its way round, on this instant."""
    closing = {rule for one in replayed.content.contradictions if one.kind == "cycle" for rule in one.rules}
    left = {rule.stage for rule in replayed.program.artifact.rules if rule.id in closing}
    return {*left, *(stage for stage, _ in _way_round(replayed))} if closing else left


def _way_round(replayed: Replayed) -> Iterator[tuple[str, str]]:
    """Each stage from where the session stands, and the rules that lead out of it on this instant."""
    here, seen = replayed.content.stage, set[str]()
    entered = replayed.before.entered if replayed.before.stage == here else replayed.view.time
    while here is not None and here not in seen:
        seen.add(here)
        view = replayed.view.again()
        view.place(here, entered, replayed.state.began)
        rules = (*replayed.program.rules_of[here], *replayed.program.rules_of[None])
        firing = [one.rule for one in judge(view, rules).values() if one.state == "fires"]
        leading = [
            (rule.id, order.target) for rule in firing if (order := destination(rule)) and order.op == "go"
        ]
        yield from ((here, rule) for rule, target in leading if target != here)
        here = next((target for _, target in leading if target != here), None)
        entered = replayed.view.time


def _undone(content: Content, rules: Iterable[str]) -> bool:
    """One of them starts what another stops; to have done the one calls for the other."""
    orders = [order for order in content.orders if set(order.rules) & set(rules)]
    started = {order.target for order in orders if order.op in ("start", "add")}
    return any(order.op in ("stop", "pause") and order.target in started for order in orders)


def _covers(replayed: Replayed, about: str) -> bool:
    return any(f"stage:{stage.name}" == about and stage.covers for stage in replayed.program.artifact.stages)


def _firing(replayed: Replayed, stage: str | None) -> set[str]:
    rules = replayed.program.rules_of
    own = () if stage is None else rules[stage]
    return {rule for rule, one in judge(replayed.view, (*own, *rules[None])).items() if one.state == "fires"}


def _acts(content: Content) -> bool:
    return any(order.op in TREATS and order.mark != "done" for order in content.orders)


def breaks(prop: m.Property, view: Instant, content: Content, rules: Iterable[str]) -> bool | None:
    """An order of one of the rules is forbidden, by a property about starts, stops or doses."""
    if prop.polarity != "never" or prop.subject not in ("start", "stop", "order"):
        return None
    if prop.given is not None:
        if prop.given in view.program.decision_terms:
            return None
        if view.truth(prop.given) is not True:
            return False
    ops = {
        "start": ("start", "add"),
        "stop": ("stop",),
        "order": ("start", "add", "set", "increase", "continue"),
    }
    for order in content.orders:
        if order.target not in prop.drugs or not set(rules) & set(order.rules) or order.mark == "done":
            continue
        if order.op == "set" and prop.subject == "start" and view.drug(order.target).running is not True:
            return True
        if order.op not in ops[prop.subject]:
            continue
        if not isinstance(prop.above, m.Number):
            return True
        if order.op == "continue":
            rate = view.drug(order.target).rate
            if rate is not None and rate.value > view.program.number(prop.above).value:
                return True
        if order.dose is None:
            continue
        if order.dose.unit == prop.above.unit and order.dose.hi > prop.above.millionths:
            return True
    return False


# ---------------------------------------------------------------- what is said never to show, never does


def of_histories(examined: Examined, dice: Random, count: int, tally: Counter[str]) -> Iterator[str]:
    """On random and boundary patients nothing shows that was excluded, and control classes cover all."""
    covering = {f"stage:{stage.name}" for stage in examined.artifact.stages if stage.covers}
    unshown = [
        question
        for question in examined.unshown
        if question.code not in ASKS_MORE and (question.code != "R206" or question.about[0] in covering)
    ]
    vain = _always_fire(examined)
    for _ in range(count):
        program = examined.program(dice.choice((MILLION, 3 * MILLION // 2, 2 * MILLION, 3 * MILLION)))
        events = history(dice, examined.artifact, dice.randint(3, 12))
        if not events:
            continue
        until = max(event.time for event in events) + 50 * MINUTE
        tally["histories"] += 1
        replay = Replay(program, events)
        replay.advance(until)
        decisions = [(one.time, _outline(one.content)) for one in run(program, events, until=until)]
        if _changes(decisions) != _changes([(one.time, _outline(one.content)) for one in replay.decisions]):
            yield "the engines differ on a history"
        for replayed in played(program, events, until):
            tally["instants"] += 1
            yield from _of_instant(examined, replayed, unshown, vain)


def _changes(decisions: list[tuple[int, object]]) -> list[tuple[int, object]]:
    return [one for place, one in enumerate(decisions) if not place or decisions[place - 1][1] != one[1]]


def _always_fire(examined: Examined) -> list[m.Rule]:
    always = {
        one.about[0]
        for one in examined.report.obligations
        if one.code == "R204" and isinstance(one.verdict, Refuted)
    }
    return [rule for rule in examined.artifact.rules if rule.id in always]


def _of_instant(
    examined: Examined, replayed: Replayed, unshown: list[Question], vain: list[m.Rule]
) -> Iterator[str]:
    view, content = replayed.view, replayed.content
    if content.phase != "active":
        return
    for question in unshown:
        stages = (content.stage,) if question.code in AT_REST else (content.stage, *content.path)
        here = question.situation.stage in stages
        if here and question.confirm(replayed):
            yield f"a history shows {question.code} {question.about}, which was excluded"
    yield from _of_content(examined, content, "a history")
    if content.stage is None:
        return
    situation = examined.context.situation(content.stage)
    parts = [part for _, part in examined.context.reached(situation)]
    if parts and not all(holds(part, values_at(examined.context.space, view)) for part in parts):
        yield f"a history gets to {content.stage} in a way that no control class covers"
    for rule in vain:
        if rule.stage in (None, content.stage) and view.truth(rule.condition) is False:
            yield f"{rule.id} is said to be of everybody, and is not of a patient"


def _of_content(examined: Examined, content: Content, where: str) -> Iterator[str]:
    for clash in content.contradictions:
        code = KINDS[clash.kind]
        reported = any(
            one.code == code
            and isinstance(one.verdict, Refuted)
            and (code == "R303" or set(one.about) <= set(clash.rules))
            for one in examined.report.obligations
        )
        if not reported:
            yield f"{where} shows {code} of {clash.rules}, which is not reported"


# ---------------------------------------------------------------- instants of the grid


def of_points(examined: Examined, dice: Random, count: int, tally: Counter[str]) -> Iterator[str]:
    """The encoding judges each instant as the decision does, and what it shows is reported or unreachable."""
    vain = _always_fire(examined)
    dead = {
        one.about[0]
        for one in examined.report.obligations
        if one.code == "R203" and isinstance(one.verdict, Refuted) and one.verdict.layer == "instant"
    }
    for point in points(examined, dice, count):
        tally["points"] += 1
        situation = examined.context.situation(point.stage)
        view = point.snapshot.again()
        states = judged(view)
        for rule_id, one in states.items():
            told = situation.rules[rule_id]
            for formula, state in ((told.fires, "fires"), (told.pending, "pending")):
                if holds(formula, point.values) is not (one.state == state):
                    yield f"{rule_id} {state} in the encoding is not what the decision says"
        for rule in vain:
            if rule.id in states and view.truth(rule.condition) is False:
                yield f"{rule.id} is said to be of everybody, and is not of an instant"
        if not all(holds(part, point.values) for _, part in examined.context.reached(situation)):
            continue
        tally["points reached"] += 1
        for rule_id, one in states.items():
            counts = one.state == "fires" and (not point.content.path or rule_id in point.content.moved_by)
            if counts and rule_id in dead:
                yield f"{rule_id} is said never to fire, and fires on an instant"
        for clash in point.content.contradictions:
            tally[f"points {clash.kind}"] += 1
            code = KINDS[clash.kind]
            settled = [
                one for one in examined.report.obligations
                if one.code == code and (code == "R303" or set(one.about) <= set(clash.rules))
            ]  # fmt: skip
            if not any(isinstance(one.verdict, Refuted) or _by_history(one) for one in settled):
                yield f"an instant in {point.stage} shows {code} of {clash.rules}, which is not reported"


def _by_history(one: Obligation) -> bool:
    """Excluded because no history gets there."""
    return isinstance(one.verdict, Proved) and one.verdict.layer in ("letters", "clocks")


# ---------------------------------------------------------------- many protocols


def main(first: int, last_seed: int, histories: int = 4, instants: int = 40) -> bool:
    """Whether all agree and nothing is undecided; tells as it goes."""
    tally: Counter[str] = Counter()
    began = time.process_time()
    for seed in range(first, last_seed + 1):
        since = time.process_time()
        for sentence in disagreements(seed, histories, instants, tally):
            print(f"  {seed}: {sentence}", flush=True)
        print(f"seed {seed}: {time.process_time() - since:.1f} s", flush=True)
    codes = sorted({key.partition(" ")[0] for key in tally if key[0] == "R"})
    print("\ncode  proved  refuted  undecided")
    for code in codes:
        counts = [tally[f"{code} {verdict}"] for verdict in ("Proved", "Refuted", "Undecided")]
        print(f"{code}  {counts[0]:6}  {counts[1]:7}  {counts[2]:9}")
    undecided_ones = sum(tally[f"{code} Undecided"] for code in codes)
    for name in ("protocols", "questions", "histories", "instants", "points", "points reached"):
        print(f"{name}: {tally[name]}")
    for layer in sorted(key for key in tally if key.startswith("layer ")):
        print(f"proved by {layer}: {tally[layer]}")
    print(f"undecided: {undecided_ones}")
    print(f"disagreements: {tally['disagreements'] - undecided_ones}")
    print(f"{time.process_time() - began:.0f} s")
    return not tally["disagreements"]


if __name__ == "__main__":
    sys.exit(0 if main(*map(int, sys.argv[1:])) else 1)
