"""An instant given by its values is decided as the reference engine decides it at the end of a history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from hypothesis import assume, given
from tests.laws.settings import tries
from tests.laws.strategies import LAST, artifact, histories, number, programs

from rung_engine.artifact import model as m
from rung_engine.decision.fold import State, step
from rung_engine.decision.model import Content
from rung_engine.decision.rules import judge
from rung_engine.decision.view import DrugState
from rung_engine.event import Event
from rung_engine.program import Amount, Program
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.line import Line
from rung_engine.reference.run import Runner
from rung_engine.truth import Truth
from rung_lang.verify.histories.snapshot import Facts, Snapshot, decided, judged


class Recorder(Runner):
    """The reference engine; `seen` holds each instant with the state that the session came to it in."""

    def __init__(self, program: Program, events: Iterable[Event]) -> None:
        super().__init__(program, events)
        self.seen: list[tuple[int, State]] = []

    def judge(self, time: int) -> None:
        self.seen.append((time, self.fold.state))
        super().judge(time)


def told(view: Instant, before: State, after: State) -> Facts:
    """Everything that a snapshot can be told of an instant, read off that instant."""
    program = view.program
    whole = program.artifact
    drugs = whole.drugs
    began = after.began if after.began is not None else before.began
    refs = [order.within_of for order in program.orders if order.within_of is not None]
    windows = [(drug, window) for drug, found in program.rolling.items() for window in found]
    return Facts(
        inputs={name: view.input(name).value for name in whole.inputs},
        drugs={name: view.drug(name) for name in drugs},
        temporal={index: past(view, index) for index, term in enumerate(whole.terms) if rests(term)},
        numbers={index: plain(view, index) for index, term in enumerate(whole.terms) if measures(term)},
        moments={ref: view.time - at for ref in refs if (at := view.moment(ref)) is not None},
        rate_changed={name: view.time - at for name in drugs if (at := view.rate_changed(name)) is not None},
        last_reading={
            name: view.time - at for name in whole.inputs if (at := view.last_reading(name)) is not None
        },
        last_dose={name: view.time - at for name in drugs if (at := view.last_dose(name)) is not None},
        last_done={name: view.time - at for name in whole.tasks if (at := view.last_done(name)) is not None},
        course_began={
            name: view.time - at for name in whole.courses if (at := view.course_began(name)) is not None
        },
        given={name: view.given(name, began) for name in drugs} if began is not None else {},
        rolling={
            (drug, window.over, window.maximum.dims): amount
            for drug, window in windows
            if (amount := view.rolling(drug, window.over, window.maximum.dims)) is not None
        },
    )


def rests(term: m.Truth | m.Numeric) -> bool:
    """A truth that rests on the past."""
    return isinstance(term, m.Held | m.Recent | m.Ever | m.Occurs | m.After | m.Readings)


def measures(term: m.Truth | m.Numeric) -> bool:
    """A number that rests on the past."""
    return isinstance(
        term,
        m.Elapsed | m.TimeInCourse | m.TimeOn | m.Change | m.Extreme | m.Total | m.ValueAt | m.ValueAtStart,
    )


def past(view: Instant, index: int) -> Truth:
    """What the past makes of a term that rests on it: its truth, were the present as told in `Facts`."""
    term = view.program.artifact.terms[index]
    other = Instant(view.chart, view.time, view.rows)
    other.place(view.stage, view.entered, view.began)
    if isinstance(term, m.Held | m.Recent | m.Ever):
        other._truths[term.of] = isinstance(term, m.Held)
    return other.truth(index)


def plain(view: Instant, index: int) -> Fraction | Line | None:
    """A number as a solver would give it, and as a line where its bounds or its movement are in doubt."""
    line = view.number(index)
    term = view.program.artifact.terms[index]
    if line is None or isinstance(term, m.TimeInCourse | m.Total) or line.lo != line.hi:
        return line
    return line.lo


def known_by_id(content: Content) -> Content:
    """Without what a snapshot does not know: why an input is unknown, and what would settle a rule."""
    rejected = tuple(item for item in content.rejected if item.kind == "drug")
    return replace(content, pending=(), rejected=rejected)


def moved_by_the_stage(program: Program) -> bool:
    """An event reads `time in stage`, or readings count while it is so long: what was so on the instant
    changes with the stage.
    """
    terms = program.artifact.terms
    stack = [decl.condition for decl in program.artifact.events.values() if decl.condition is not None]
    stack += [term.drawn for term in terms if isinstance(term, m.Readings) and term.drawn is not None]
    seen: set[int] = set()
    while stack:
        index = stack.pop()
        if index in seen:
            continue
        seen.add(index)
        match terms[index]:
            case m.TimeInStage():
                return True
            case m.Cmp() | m.Arith() as pair:
                stack.extend((pair.left, pair.right))
            case m.Not() | m.Held() | m.Recent() | m.Ever() as one:
                stack.append(one.of)
            case m.And() | m.Or() | m.Count() as many:
                stack.extend(many.of)
            case _:
                pass
    return False


@tries(150)
@given(programs(), histories())
def test_a_snapshot_is_decided_as_the_instant_it_was_read_off(
    program: Program, events: tuple[Event, ...]
) -> None:
    assume(not moved_by_the_stage(program))
    recorder = Recorder(program, events)
    recorder.run(LAST + 12)
    assume(recorder.rows)
    for place, (time, before) in enumerate(recorder.seen):
        view = Instant(recorder.chart, time, recorder.rows[: place + 1])
        after, draft = step(view, before)
        view.place(before.stage, before.entered, before.began)
        snapshot = Snapshot(
            program, told(view, before, after), stage=before.stage, entered=before.entered,
            began=before.began, time=time,
        )  # fmt: skip
        rules = (*program.rules_of[before.stage], *(program.rules_of[None] if before.stage else ()))
        assert judged(snapshot) == judge(view, rules)
        found, content = decided(snapshot, before)
        assert found == after
        assert known_by_id(content) == known_by_id(draft.content)
        waiting = {item.rule for item in draft.content.pending} | {rule for rule, _ in draft.unsettled}
        assert {item.rule for item in content.pending} == waiting


# ---------------------------------------------------------------- what the present says whatever the past is


def points(value: int) -> m.Quantity:
    return m.Quantity(millionths=value * 1_000_000, unit="points")


def at(terms: tuple[m.Truth | m.Numeric, ...], facts: Facts, **place: int | None) -> Snapshot:
    """An instant at 10 ms of a protocol that has these terms and no rules."""
    where = {"entered": 0, "began": 0, **place}
    return Snapshot(
        Program(artifact(terms=terms), unverified=True), facts, stage="one",
        entered=where["entered"], began=where["began"], time=10,
    )  # fmt: skip


X_IS_SMALL = (m.Input(name="x"), points(3), m.Cmp(left=0, rel="<", right=1))


def test_a_wait_that_is_over_needs_its_condition_now() -> None:
    terms = (*X_IS_SMALL, m.Held(of=2, length=number(5, "ms")), m.Recent(of=2, length=number(5, "ms")))
    for value, held, recent in ((Fraction(2), True, True), (Fraction(4), False, False), (None, None, None)):
        snapshot = at(terms, Facts(inputs={"x": value}, temporal={3: True, 4: False}))
        assert (snapshot.truth(3), snapshot.truth(4)) == (held, recent)


def test_a_latch_is_open_when_the_session_begins() -> None:
    terms = (*X_IS_SMALL, m.Ever(of=2))
    facts = Facts(inputs={"x": Fraction(4)}, temporal={3: True})
    assert at(terms, facts).truth(3) is True
    assert at(terms, facts, began=10).truth(3) is False
    assert at(terms, facts, began=None).truth(3) is False


def test_a_form_over_readings_is_unknown_while_the_input_is() -> None:
    terms = (
        *X_IS_SMALL,
        m.Readings(n=2, apart=number(1, "ms"), input="x", rel="<", right=1),
        m.Change(how="rise", input="x", span=m.Over(over=number(5, "ms"))),
        m.Cmp(left=4, rel="<", right=1),
    )
    for value, found in ((Fraction(2), True), (None, None)):
        snapshot = at(terms, Facts(inputs={"x": value}, temporal={3: True}, numbers={4: Fraction(1)}))
        assert (snapshot.truth(3), snapshot.truth(5)) == (found, found)


def test_a_drug_that_is_off_has_run_for_no_time() -> None:
    terms = (m.TimeOn(drug="vaso"), m.Quantity(millionths=0, unit="ms"), m.Cmp(left=0, rel="=", right=1))
    off, on, unknown = (
        DrugState(False),
        DrugState(True, Amount(Fraction(1), ())),
        DrugState(None, None, "stale"),
    )
    for state, found in ((off, True), (on, False), (unknown, None)):
        snapshot = at(terms, Facts(drugs={"vaso": state}, numbers={0: Fraction(7)}))
        assert snapshot.truth(2) is found


def test_a_product_of_two_numbers_that_move_has_no_value() -> None:
    since = m.Elapsed(ref=m.EventRef(name="struck"))
    terms = (since, m.TimeInStage(), points(1), m.Arith(op="mul", left=0, right=1))
    facts = Facts(numbers={0: Fraction(2)})
    product = m.Cmp(left=3, rel=">=", right=2)
    assert at((*terms, product), facts).truth(4) is None
    fixed = m.Arith(op="mul", left=0, right=2)
    assert at((*terms, fixed, m.Cmp(left=4, rel=">=", right=2)), facts).truth(5) is True


def test_what_is_not_told_is_unknown_or_never_happened() -> None:
    struck = m.EventRef(name="struck")
    terms = (*X_IS_SMALL, m.Occurs(ref=struck), m.After(ref=struck), m.Running(drugs=("vaso",)))
    snapshot = at(terms, Facts())
    assert [snapshot.truth(index) for index in (2, 3, 4, 5)] == [None, False, False, None]
    assert snapshot.suppose({("input", "x"): Fraction(2)}, 2) is True
    assert snapshot.suppose({("drug", "vaso"): "off"}, 5) is False


def test_a_stage_entered_on_the_instant_has_lasted_no_time_and_the_snapshot_stays_where_it_was() -> None:
    terms = (
        m.Const(value=True),
        m.TimeInStage(),
        m.Quantity(millionths=0, unit="ms"),
        m.Cmp(left=1, rel=">", right=2),
    )
    deadline = m.EventRef(name="struck")
    rules = (
        m.Rule(
            id="one.on", stage="one", condition=3,
            orders=(m.One(order=m.Order(op="go", target="two")),),
        ),
        m.Rule(
            id="two.back", stage="two", condition=3,
            orders=(m.One(order=m.Order(op="go", target="one")),),
        ),
        m.Rule(
            id="two.line", stage="two", condition=0,
            orders=(
                m.One(
                    order=m.Order(
                        op="do", target="cannula", within=number(4, "ms"), within_of=deadline
                    )
                ),
            ),
        ),
    )  # fmt: skip
    program = Program(artifact(terms=terms, rules=rules), unverified=True)
    snapshot = Snapshot(program, Facts(moments={deadline: 6}), stage="one", entered=0, began=0, time=10)
    before = State(began=0, stage="one", entered=0)
    after, content = decided(snapshot, before)
    assert (after.stage, after.entered, content.path, content.moved_by) == ("two", 10, ("one",), ("one.on",))
    assert [(order.op, order.mark, order.late_after) for order in content.orders] == [("do", "late", 8)]
    assert (snapshot.stage, [item.state for item in judged(snapshot).values()]) == ("one", ["fires"])
