"""A session as a fold over instants: stage, carried orders and, at each instant, what the decision says.

LANGUAGE sections 5, 6, 7 and 10 are the source; the order of the functions follows them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from rung_engine.artifact import model as m
from rung_engine.decision.conflicts import incompatible, inside, opposed_ops
from rung_engine.decision.model import (
    Alert,
    Content,
    Contradiction,
    Dose,
    Mark,
    Pending,
    Rejected,
    Standing,
    Waiting,
    Withheld,
)
from rung_engine.decision.needs import parts_of
from rung_engine.decision.needs import pending as needs_of
from rung_engine.decision.orders import Issue, ceilings, evaluate, windows
from rung_engine.decision.rules import Judged, destination, judge
from rung_engine.decision.view import View
from rung_engine.frozen import frozen
from rung_engine.program import Program

_GIVES = frozenset({"start", "add", "set", "increase", "continue", "give"})
_STRENGTH = {"must": 2, "recommend": 1, "consider": 0}
_MARKS: dict[Mark, int] = {"late": 3, "due": 2, "not_due": 1, "done": 0}


@frozen
class Carried:
    """An order of a rule that moved the session at `since`, not yet carried out."""

    rule: str
    choice: int
    since: int
    confirmed: bool
    check_first: tuple[str, ...]


@frozen
class State:
    """Where a session stands between two instants."""

    began: int | None = None
    finished: bool = False
    ended: bool = False
    outcome: str = ""
    stage: str | None = None
    entered: int | None = None
    carried: tuple[Carried, ...] = ()
    since: tuple[tuple[str, int], ...] = ()
    """By rule: when its orders first stood; an instance lives on while the rule is unknown."""


@dataclass(slots=True)
class Draft:
    """A decision being put together; `unsettled` holds the conditions that need their fewest readings."""

    content: Content
    unsettled: list[tuple[str, int]] = field(default_factory=list)


class Fold:
    """One session. `advance` is called at each instant in rising order of time (again at one instant if
    facts came in), and returns the content where it differs from the one before, else None.
    """

    def __init__(self) -> None:
        self.state = State()
        self.content: Content | None = None
        self._signature: object = None
        self._no_reading_helps: frozenset[tuple[str, int]] = frozenset()

    def copy(self) -> Fold:
        """Another fold that goes on from here by itself."""
        other = Fold()
        other.state, other.content, other._signature = self.state, self.content, self._signature
        other._no_reading_helps = self._no_reading_helps
        return other

    def advance(self, view: View) -> Content | None:
        self.state, draft = step(view, self.state)
        if self._signed(view, draft) == self._signature:
            return None
        found = {(rule, term): needs_of(view, rule, term) for rule, term in draft.unsettled}
        self._no_reading_helps = frozenset(key for key, item in found.items() if not item.needs)
        self._signature = self._signed(view, draft)
        both = dict.fromkeys((*draft.content.pending, *found.values()))
        merged = sorted(both, key=lambda item: item.rule)
        content = replace(draft.content, pending=tuple(merged))
        before = self.content
        self.content = content
        return None if lasting(content) == lasting(before) else content

    def _signed(self, view: View, draft: Draft) -> object:
        """All that the content, with its fewest readings, depends on."""
        conditions = [
            _signature(view, term, key in self._no_reading_helps)
            for key in draft.unsettled
            for term in key[1:]
        ]
        return (lasting(draft.content), *conditions)


def lasting(content: Content | None) -> Content | None:
    """What outlasts one instant: not the way that led there, nor a session's last words.

    That those are over is no change; or the decision would depend on which instants are looked at.
    """
    if content is None:
        return None
    if content.phase in ("finished", "ended"):
        return replace(content, path=(), moved_by=(), orders=(), waiting=(), withheld=())
    return replace(content, path=(), moved_by=()) if content.path or content.moved_by else content


def _signature(view: View, term: int, waits: bool) -> object:
    """What the fewest readings may depend on: the truth of every part, and what is known.

    Where only time can tell (`waits`), a reading may change when that is.
    """
    subjects = sorted(view.subjects(term))
    return (
        term,
        tuple(view.truth(part) for part in parts_of(view.program, term)),
        tuple((view.input(name).why if kind == "input" else view.drug(name).why) for kind, name in subjects),
        tuple(view.last_reading(name) for kind, name in subjects if kind == "input") if waits else (),
    )


def wakes(content: Content, now: int) -> Iterable[int]:
    """Instants after `now` at which the marks of the orders change by themselves."""
    for order in content.orders:
        if order.due_at is not None and order.due_at > now:
            yield order.due_at
        if order.late_after is not None and order.late_after >= now:
            yield order.late_after + 1
    for waiting in content.waiting:
        if waiting.until is not None and waiting.until > now:
            yield waiting.until


def is_fleeting(before: State, after: State, content: Content) -> bool:
    """The contradiction may be over on the next instant: carried orders that cannot both be given are given
    up with it.
    """
    was, now = ((state.stage, state.entered, state.carried) for state in (before, after))
    return bool(content.contradictions) and was != now


# ---------------------------------------------------------------- one instant


def step(view: View, state: State) -> tuple[State, Draft]:
    """The session's next state and its decision on this instant."""
    artifact = view.program.artifact
    view.place(state.stage, state.entered, state.began)
    applies = True if artifact.applies is None else view.truth(artifact.applies)
    if state.began is None:
        if applies is False:
            return replace(state, finished=False), Draft(_idle(view, state))
        if applies is None:
            if state.finished:
                return state, Draft(_idle(view, state))
            assert artifact.applies is not None
            return state, Draft(_blank(view, "unclear", state), [("applies", artifact.applies)])
        if state.finished:
            return state, Draft(_idle(view, state))
        state = State(began=view.time)
    elif applies is False:
        state = State(ended=True)
        return state, Draft(_idle(view, state))
    elif applies is None:
        assert artifact.applies is not None
        return state, Draft(_blank(view, "suspended", state), [("applies", artifact.applies)])
    return _live(view, state)


def _idle(view: View, state: State) -> Content:
    if state.finished:
        return replace(_blank(view, "finished", state), outcome=state.outcome)
    if not state.ended:
        return _blank(view, "not_applicable", state)
    drugs = sorted(view.program.artifact.drugs)
    running = tuple(Alert("still_running", drug) for drug in drugs if view.drug(drug).running is True)
    return replace(_blank(view, "ended", state), alerts=running)


def _blank(view: View, phase: str, state: State) -> Content:
    return Content(
        phase,  # type: ignore[arg-type]
        state.stage,
        rejected=_rejected(view),
        silence_is_off=view.silence_is_off(),
    )


def _live(view: View, state: State) -> tuple[State, Draft]:
    """Settle the stage, follow transitions, then judge what stands."""
    assert state.began is not None
    program = view.program
    unsettled: list[tuple[str, int]] = []
    contradictions: list[Contradiction] = []
    path: list[str] = []
    moved: list[tuple[Judged, int]] = []
    if state.stage is None:
        view.place(None, None, state.began)
        for stage in program.initial_stages:
            chosen = True if stage.initial_if is None else view.truth(stage.initial_if)
            if chosen is None:
                assert stage.initial_if is not None
                unsettled.append((f"initial:{stage.name}", stage.initial_if))
                break
            if chosen:
                state = replace(state, stage=stage.name, entered=view.time)
                break
    start = state
    visited = {state.stage}
    while True:
        view.place(state.stage, state.entered, state.began)
        judged = judge(view, _rules(view, state.stage))
        movers = [
            item for item in judged.values() if item.state == "fires" and _moves(item.rule, state.stage)
        ]
        goals = sorted({(order.op, order.target) for item in movers if (order := destination(item.rule))})
        if not goals:
            break
        names = tuple(item.rule.id for item in movers)
        if len(goals) > 1:
            contradictions.append(Contradiction("stages", names, ", ".join(target for _, target in goals)))
            break
        if _disputed(view, state, judged, {item.rule.id for item in movers}):
            break
        op, target = goals[0]
        moved.extend((item, view.time) for item in movers)
        if op == "finish":
            path.append(state.stage or "")
            return _finish(view, state, moved, tuple(path), target)
        if target in visited:
            # The session stays where it was before this instant, or it would turn at every look.
            contradictions.append(Contradiction("cycle", names, target))
            state, moved, path = start, [], []
            view.place(state.stage, state.entered, state.began)
            judged = judge(view, _rules(view, state.stage))
            break
        visited.add(target)
        if state.stage is not None:
            path.append(state.stage)
        state = replace(state, stage=target, entered=view.time, carried=())
    if moved:
        carried = [
            Carried(item.rule.id, index, when, True, ())
            for item, when in moved
            for index, choice in enumerate(item.rule.orders)
            if not (isinstance(choice, m.One) and choice.order.op in ("go", "finish"))
        ]
        state = replace(state, carried=tuple(carried))
    moved_by = tuple(item.rule.id for item, _ in moved)
    state, draft = _rest(view, state, judged, contradictions, unsettled)
    return state, replace_content(draft, tuple(path), moved_by)


def replace_content(draft: Draft, path: tuple[str, ...], moved_by: tuple[str, ...]) -> Draft:
    """The same draft with the way that led to it."""
    if not path and not moved_by:
        return draft
    return Draft(replace(draft.content, path=path, moved_by=moved_by), draft.unsettled)


def _disputed(view: View, state: State, judged: dict[str, Judged], movers: set[str]) -> bool:
    """A moving rule's orders contradict another's on this instant: then the session stays where it is."""
    assert state.began is not None
    since = dict(state.since)
    fires = [item for item in judged.values() if item.state == "fires"]
    if len(fires) < 2:
        return False
    orders = _collect(
        view, [_issues(item, since.get(item.rule.id, view.time), view) for item in fires], state.began
    )
    _needs(view, orders)
    _doubt(view, orders, judged)
    return any(movers.intersection(clash.rules) for clash in _contradict(view, orders))


def _rules(view: View, stage: str | None) -> tuple[m.Rule, ...]:
    always = view.program.rules_of[None]
    return always if stage is None else (*view.program.rules_of[stage], *always)


def _moves(rule: m.Rule, stage: str | None) -> bool:
    order = destination(rule)
    return order is not None and not (order.op == "go" and order.target == stage) and stage is not None


def _finish(
    view: View, state: State, moved: list[tuple[Judged, int]], path: tuple[str, ...], outcome: str
) -> tuple[State, Draft]:
    began = state.began
    assert began is not None
    orders = _collect(view, [_issues(item, when, view) for item, when in moved], began)
    contradictions = _contradict(view, orders)
    done = State(finished=True, outcome=outcome)
    content = replace(
        _blank(view, "finished", state),
        stage=None,
        outcome=outcome,
        path=path,
        moved_by=tuple(item.rule.id for item, _ in moved),
        orders=tuple(orders.standing),
        waiting=tuple(orders.waiting),
        withheld=tuple(orders.withheld),
        contradictions=tuple(contradictions),
        outside_verified=_outside(view),
    )
    return done, Draft(content)


# ---------------------------------------------------------------- what stands at rest


@dataclass(slots=True)
class _Orders:
    standing: list[Standing] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)


def _rest(
    view: View,
    state: State,
    judged: dict[str, Judged],
    contradictions: list[Contradiction],
    unsettled: list[tuple[str, int]],
) -> tuple[State, Draft]:
    assert state.began is not None
    program = view.program
    since = dict(state.since)
    since = {
        rule_id: since.get(rule_id, view.time)
        for rule_id, item in judged.items()
        if item.state in ("fires", "unconfirmed") or (rule_id in since and item.state == "pending")
    }
    issues: list[list[Issue]] = []
    for item in judged.values():
        if item.state == "pending":
            unsettled.append((item.rule.id, item.rule.condition))
        elif item.state != "silent":
            if (
                item.state == "unconfirmed"
                and item.rule.unless is not None
                and view.truth(item.rule.unless) is None
            ):
                unsettled.append((f"unless:{item.rule.id}", item.rule.unless))
            issues.append(_issues(item, since[item.rule.id], view, unsettled))
    live = {item.rule.id for item in judged.values() if item.state in ("fires", "unconfirmed")}
    kept: list[Carried] = []
    rules = {rule.id: rule for rule in program.artifact.rules} if state.carried else {}
    for carried in state.carried:
        if carried.rule in live:
            kept.append(carried)
            continue
        found = _issues(
            Judged(rules[carried.rule], "fires"),
            carried.since,
            view,
            unsettled,
            only=carried.choice,
            carried=True,
        )
        open_ = [issue for issue in found if not _carried_out(view, issue, state.began)]
        if open_ or not found:
            kept.append(carried)
            issues.append(open_)
    orders = _collect(view, issues, state.began)
    _needs(view, orders)
    _doubt(view, orders, judged)
    before = orders.standing
    contradictions.extend(_contradict(view, orders))
    lost = {
        (rule, order.target)
        for order in before
        if order.carried and order not in orders.standing
        for rule in order.rules
    }
    kept = [item for item in kept if item.rule in live or not _given_up(rules[item.rule], item, orders, lost)]
    state = replace(state, carried=tuple(kept), since=tuple(sorted(since.items())))
    content = Content(
        "active",
        state.stage,
        orders=tuple(sorted(orders.standing, key=_place)),
        waiting=tuple(sorted(orders.waiting, key=lambda item: (item.rule, item.op, item.target))),
        withheld=tuple(sorted(orders.withheld, key=lambda item: (item.rule, item.op, item.target))),
        pending=tuple(orders.pending),
        contradictions=tuple(contradictions),
        alerts=_alerts(view),
        rejected=_rejected(view),
        outcomes=tuple(
            name
            for name, decl in sorted(program.artifact.outcomes.items())
            if view.truth(decl.condition) is True
        ),
        silence_is_off=view.silence_is_off(),
        outside_verified=_outside(view),
    )
    return state, Draft(content, unsettled)


def _outside(view: View) -> tuple[str, ...]:
    """Assumptions that are false on this instant: nothing was proved about such a patient."""
    return tuple(str(term) for term in view.program.artifact.assumptions if view.truth(term) is False)


def _place(order: Standing) -> tuple[object, ...]:
    return (-_STRENGTH[order.strength], order.op, order.target, order.choice, order.rules)


def _given_up(rule: m.Rule, carried: Carried, orders: _Orders, lost: set[tuple[str, str]]) -> bool:
    """An incompatible order was given, and no other arm of the choice is left."""
    choice = rule.orders[carried.choice]
    written = (choice.order,) if isinstance(choice, m.One) else choice.orders
    targets = {order.target for order in written}
    return any((rule.id, target) in lost for target in targets) and not any(
        rule.id in order.rules and order.target in targets for order in orders.standing
    )


def _issues(
    item: Judged,
    since: int,
    view: View,
    unsettled: list[tuple[str, int]] | None = None,
    only: int | None = None,
    *,
    carried: bool = False,
) -> list[Issue]:
    """The orders a rule issues now; a `prefer` whose choice is unknown leaves the rule pending."""
    found: list[Issue] = []
    confirmed = item.state == "fires"
    for index, choice in enumerate(item.rule.orders):
        if only is not None and index != only:
            continue
        label = ""
        match choice:
            case m.One():
                picked: tuple[m.Order, ...] = (choice.order,)
                if choice.order.op in ("go", "finish") and confirmed:
                    continue
            case m.Either():
                picked = choice.orders
                label = f"{item.rule.id}#{index}"
            case m.Prefer():
                picked = ()
                for order, condition in zip(choice.orders, choice.conditions, strict=True):
                    holds = True if condition is None else view.truth(condition)
                    if holds is None:
                        assert condition is not None
                        if unsettled is not None:
                            unsettled.append((item.rule.id, condition))
                        break
                    if holds:
                        picked = (order,)
                        break
        found.extend(
            Issue(item.rule.id, choice.strength, order, since, label, carried, confirmed, item.check_first)
            for order in picked
        )
    return found


def _carried_out(view: View, issue: Issue, began: int) -> bool:
    """The drug runs as ordered, the step was taken, the task is done; what recurs never is."""
    order = issue.order
    if order.op in ("increase", "decrease", "taper"):
        changed = view.rate_changed(order.target)
        return changed is not None and changed > issue.since
    if order.every is not None:
        return False
    result = evaluate(view, issue, began)
    return isinstance(result, Standing) and result.mark == "done" and not result.instead_of


def _collect(view: View, issued: list[list[Issue]], began: int) -> _Orders:
    """Every issue evaluated; the same order from several rules becomes one."""
    orders = _Orders()
    merged: dict[tuple[object, ...], Standing] = {}
    for issues in issued:
        for issue in issues:
            if issue.order.op in ("go", "finish"):
                result: object = Standing(
                    issue.order.op,
                    issue.order.target,
                    issue.strength,
                    (issue.rule,),
                    "due",
                    False,
                    issue.check_first,
                )
            else:
                result = evaluate(view, issue, began)
            match result:
                case Standing():
                    key = (*_kind(result), result.dose, result.volume)
                    merged[key] = _merge(merged[key], result) if key in merged else result
                case Waiting():
                    if result not in orders.waiting:
                        orders.waiting.append(result)
                case Withheld():
                    if result not in orders.withheld:
                        orders.withheld.append(result)
                case Pending():
                    if result not in orders.pending:
                        orders.pending.append(result)
    orders.standing = _narrowest(view.program, list(merged.values()))
    return orders


def _kind(order: Standing) -> tuple[object, ...]:
    """What two standing orders must share to be one order, their doses and volumes aside."""
    op = "start" if order.op == "add" else order.op
    timing = (order.every_lo, order.every_hi, order.continuously)
    return (op, order.target, order.remaining, order.choice, *timing)


def _merge(a: Standing, b: Standing) -> Standing:
    """At the greatest strength and with all rules; the more urgent mark; confirmed if either is."""
    strong = a if _STRENGTH[a.strength] >= _STRENGTH[b.strength] else b
    urgent = a if _MARKS[a.mark] >= _MARKS[b.mark] else b
    sure = [order for order in (a, b) if order.confirmed]
    late = [order.late_after for order in (a, b) if order.late_after is not None]
    return replace(
        urgent,
        op=max(a.op, b.op),
        strength=strong.strength,
        rules=tuple(sorted({*a.rules, *b.rules})),
        confirmed=bool(sure),
        check_first=() if sure else tuple(sorted({*a.check_first, *b.check_first})),
        late_after=min(late) if late else None,
        carried=a.carried and b.carried,
        cautions=tuple(sorted({*a.cautions, *b.cautions})),
    )


def _narrowest(program: Program, standing: list[Standing]) -> list[Standing]:
    """Of two ranges of one order, one inside the other, the narrower stands with both reasons."""
    out: list[Standing] = []
    for order in sorted(standing, key=lambda item: (_width(item.dose), _width(item.volume), item.rules)):
        for index, other in enumerate(out):
            if (
                _kind(order) == _kind(other)
                and _holds_dose(order.dose, other.dose)
                and (volume := _shared(program, order, other)) is not None
            ):
                out[index] = replace(_merge(other, order), dose=other.dose, volume=volume[0])
                break
        else:
            out.append(order)
    # A volume that became narrower may lie inside another now.
    return (
        out if len(out) == len(standing) or not any(one.volume for one in out) else _narrowest(program, out)
    )


def _width(dose: Dose | None) -> int:
    return dose.hi - dose.lo if dose is not None else 0


def _holds_dose(wide: Dose | None, narrow: Dose | None) -> bool:
    """One range of doses, in one unit, holds the other."""
    if wide is None or narrow is None:
        return wide is narrow
    return wide.unit == narrow.unit and wide.lo <= narrow.lo and narrow.hi <= wide.hi


def _shared(program: Program, a: Standing, b: Standing) -> tuple[Dose | None] | None:
    """The narrower of two volumes, or the one that is stated; None where neither lies inside the other."""
    if a.volume is None or b.volume is None:
        return (a.volume or b.volume,)
    if inside(program, b.volume, a.volume):
        return (b.volume,)
    return (a.volume,) if inside(program, a.volume, b.volume) else None


def _needs(view: View, orders: _Orders) -> None:
    """No order starts or raises a drug without what it needs; not knowing unconfirms it."""
    begun = {
        order.target for order in orders.standing if order.op in ("start", "add", "set") and order.confirmed
    }
    kept: list[Standing] = []
    for order in orders.standing:
        decl = view.program.artifact.drugs.get(order.target)
        if decl is None or order.mark == "done" or order.op not in _GIVES:
            kept.append(order)
            continue
        for need in decl.needs:
            running = view.drug(need).running
            if running is None:
                checks = tuple(sorted({*order.check_first, f"needs:{need}"}))
                order = replace(order, confirmed=False, check_first=checks)
            elif running is False and need not in begun:
                orders.withheld.extend(
                    Withheld(rule, order.op, order.target, "needs", need) for rule in order.rules
                )
                break
        else:
            kept.append(order)
    orders.standing = kept


def _doubt(view: View, orders: _Orders, judged: dict[str, Judged]) -> None:
    """An order that a pending or unconfirmed rule would oppose is unconfirmed, naming that rule."""
    for item in judged.values():
        if item.state not in ("pending", "unconfirmed"):
            continue
        for choice in item.rule.orders:
            written = (choice.order,) if isinstance(choice, m.One) else choice.orders
            for other in written:
                against = opposed_ops(other.op)
                for index, order in enumerate(orders.standing):
                    if order.target != other.target or order.op not in against or order.mark == "done":
                        continue
                    known = [judged[rule].rule for rule in order.rules if rule in judged]
                    if not any(rule.id == item.rule.id or item.rule.id in rule.overrides for rule in known):
                        checks = tuple(sorted({*order.check_first, item.rule.id}))
                        orders.standing[index] = replace(order, confirmed=False, check_first=checks)


def _contradict(view: View, orders: _Orders) -> list[Contradiction]:
    """Neither of two incompatible orders is given. A carried order yields to one that a rule gives now."""
    found: list[Contradiction] = []
    sure = [order for order in orders.standing if order.confirmed and order.mark != "done"]
    drop: set[int] = set()
    arms: dict[int, int] = {}
    for i, a in enumerate(sure):
        for j in range(i + 1, len(sure)):
            b = sure[j]
            if (a.choice and a.choice == b.choice) or not incompatible(view.program, a, b):
                continue
            if a.carried != b.carried:
                drop.add(i if a.carried else j)
            elif a.choice or b.choice:
                # An arm of a free choice gives way while another arm is left.
                arm, other = (j, i) if b.choice else (i, j)
                drop.add(arm)
                arms[arm] = other
            else:
                drop.update((i, j))
                found.append(
                    Contradiction(
                        "orders",
                        tuple(sorted({*a.rules, *b.rules})),
                        f"{a.op} {a.target} / {b.op} {b.target}",
                    )
                )
    dropped = [sure[index] for index in sorted(drop)]
    left = [order for order in orders.standing if order not in dropped]
    for choice in sorted({sure[arm].choice for arm in arms}):
        if any(order.choice == choice for order in left):
            continue
        taken = [(sure[arm], sure[other]) for arm, other in arms.items() if sure[arm].choice == choice]
        rules = {rule for pair in taken for order in pair for rule in order.rules}
        words = ", ".join(sorted(f"{arm.op} {arm.target}" for arm, _ in taken))
        found.append(Contradiction("orders", tuple(sorted(rules)), f"{words}: no arm of the choice is free"))
        against = [other for _, other in taken]
        left = [order for order in left if order not in against]
    orders.standing = left
    return found


# ---------------------------------------------------------------- facts to act on


def _alerts(view: View) -> tuple[Alert, ...]:
    found: list[Alert] = []
    for name, decl in sorted(view.program.artifact.drugs.items()):
        for window, remains in windows(view, name):
            if remains is not None and remains <= 0:
                found.append(Alert("rolling_maximum", name, str(window.over)))
        state = view.drug(name)
        if state.running is not True:
            continue
        for need in decl.needs:
            other = view.drug(need).running
            if other is not True:
                found.append(Alert("need", name, f"{need} {'off' if other is False else 'unknown'}"))
        for limit, _ in ceilings(view, name, surely=True):
            rate = state.rate.seen_in(limit.dims, view.weight()) if state.rate is not None else None
            if rate is not None and rate > limit.value:
                found.append(Alert("above_maximum", name))
                break
    return tuple(found)


def _rejected(view: View) -> tuple[Rejected, ...]:
    found: list[Rejected] = []
    for name in view.program.inputs_read:
        state = view.input(name)
        if state.why in ("implausible", "contested", "unit"):
            found.append(Rejected("input", name, state.why, state.time or 0))
    for name in sorted(view.program.artifact.drugs):
        drug = view.drug(name)
        if drug.why in ("contested", "unit"):
            found.append(Rejected("drug", name, drug.why, drug.time or 0))
    return tuple(found)
