"""What a session takes along into a new version, what its log says, and when nobody is moved at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rung_engine.artifact.certificate import CertificateProblem
from rung_engine.artifact.load import load
from rung_engine.artifact.model import Artifact, Migrate
from rung_engine.artifact.seal import seal, to_bytes
from rung_engine.decision.model import Decision
from rung_engine.event import Charted, Event, Reading, Retraction
from rung_engine.program import Program, SettingProblem
from rung_engine.session.session import DAY, Session, TooLate
from rung_engine.takeover.check import TakeoverProblem, check, successor
from rung_engine.takeover.landing import landings
from rung_engine.takeover.moved import Moved
from rung_engine.takeover.take_over import take_over
from rung_lang.driver import compile_protocol
from rung_lang.report.documents.markdown import markdown
from rung_lang.report.documents.protocol import protocol_page
from rung_lang.source import Source

HOUR = 3_600_000
HEAD = """protocol ladder "A ladder"
  version {version}
  applies when MAP < 250
input MAP in mmHg valid for 48 h
setting floor = {floor}, from 40 to 70 mmHg
task line "place a line"
task scan "look at the heart"
stage calm initial resting
  rule up when MAP < floor then go to {low} and do line
stage {low} resting
  rule long when time in stage >= 4 h then notify "intensivist"
  rule seen when ever MAP < 45 mmHg then notify "deep"
throughout
  rule look when MAP < 65 then do scan within {within}
  rule held when time in stage >= 90 min for 30 min then notify "held"
"""


def text(version: str = "1.0.0", *, low: str = "low", floor: str = "60 mmHg", within: str = "1 h") -> str:
    return HEAD.format(version=version, low=low, floor=floor, within=within)


def artifact(words: str) -> Artifact:
    compiled = compile_protocol("a.rung", lambda path: Source(path, words))
    assert compiled.artifact is not None, compiled.problems
    return compiled.artifact


def program(words: str) -> Program:
    return Program(artifact(words), unverified=True)


def pressure(hour: float, value: int) -> Reading:
    return Reading(f"m{hour}", int(hour * HOUR), "MAP", Charted(value * 1_000_000, "mmHg"))


FALLING: tuple[Event, ...] = (
    pressure(0, 80),
    pressure(1, 44),
    pressure(2, 64),
)
"""In `low` from 1 h on, with the line and the scan still to come."""


def told(words: str, events: tuple[Event, ...] = FALLING) -> Session:
    session = Session(program(words))
    for event in events:
        session.feed(event)
    return session


HELD = '  rule held when time in stage >= 90 min for 30 min then notify "held"\n'


def moved_at(hours: float, new: str) -> tuple[Moved, Decision]:
    """From the plain version, which has no rule `held`."""
    old = told(text().replace(HELD, ""))
    session, decided = take_over(old, program(new), at=int(hours * HOUR), events=FALLING)
    told_now = (*decided, *session.advance(int(hours * HOUR)))
    (first,) = (one for one in told_now if one.takeover is not None)
    assert first.time == int(hours * HOUR)
    return session, first


def rules_of(decision: Decision) -> dict[str, str]:
    """The mark of each standing order by its rule."""
    return {rule: order.mark for order in decision.content.orders for rule in order.rules}


def test_the_log_says_who_took_over_from_whom_and_why() -> None:
    new = text("2.0.0", low="deep") + 'migrate low to deep because "clearer"\n'
    _, first = moved_at(3, new)
    old_seal, new_seal = artifact(text().replace(HELD, "")).seal, artifact(new).seal
    entry = first.takeover
    assert entry is not None
    assert (entry.before, entry.before_seal, entry.version, entry.seal) == (
        "1.0.0", old_seal, "2.0.0", new_seal,
    )  # fmt: skip
    assert (entry.stage, entry.landing, entry.how, entry.because) == ("low", "deep", "migrate", "clearer")
    assert first.content.stage == "deep"


def test_time_in_stage_goes_on_under_the_same_name_and_starts_anew_elsewhere() -> None:
    same, first = moved_at(3, text("2.0.0"))
    assert first.takeover is not None and first.takeover.how == "same_name"
    assert [one.time for one in same.advance(6 * HOUR) if "low.long" in rules_of(one)][:1] == [5 * HOUR]
    other, _ = moved_at(3, text("2.0.0", low="deep") + 'migrate low to deep because "clearer"\n')
    assert [one.time for one in other.advance(8 * HOUR) if "deep.long" in rules_of(one)][:1] == [7 * HOUR]


def test_what_was_ever_so_is_still_known_in_the_new_version() -> None:
    _, first = moved_at(3, text("2.0.0", low="deep") + 'migrate low to deep because "clearer"\n')
    assert "deep.seen" in rules_of(first)


def test_orders_still_to_be_carried_out_stand_on_where_the_same_rule_gives_the_same() -> None:
    _, first = moved_at(3, text("2.0.0"))
    assert rules_of(first)["calm.up"] == "due"
    other = text("2.0.0").replace("and do line", 'and notify "surgeon"')
    assert "calm.up" not in rules_of(moved_at(3, other)[1])


def test_an_order_is_late_from_when_it_first_stood_and_a_changed_one_is_new() -> None:
    _, same = moved_at(3, text("2.0.0"))
    _, other = moved_at(3, text("2.0.0", within="90 min"))
    assert (rules_of(same)["throughout.look"], rules_of(other)["throughout.look"]) == ("late", "due")


def test_by_history_is_where_the_new_version_would_be() -> None:
    new = text("2.0.0", floor="42 mmHg") + 'migrate low by history because "the floor is lower"\n'
    session, first = moved_at(3, new)
    assert first.content.stage == "calm" and "calm.up" not in rules_of(first)
    assert session.program.artifact.version == "2.0.0"


def test_the_past_of_a_condition_is_that_of_the_stages_the_session_was_in() -> None:
    session, first = moved_at(2.75, text("2.0.0", floor="42 mmHg"))
    assert first.content.stage == "low" and "throughout.held" not in rules_of(first)
    later = session.advance(4 * HOUR)
    assert [one.time for one in later if "throughout.held" in rules_of(one)][:1] == [3 * HOUR]


def test_by_history_the_past_is_that_of_the_stages_the_new_version_would_have_been_in() -> None:
    new = text("2.0.0", floor="42 mmHg") + 'migrate low by history because "the floor is lower"\n'
    _, first = moved_at(2.75, new)
    assert first.content.stage == "calm" and "throughout.held" in rules_of(first)


def test_a_late_fact_changes_the_landing_across_the_takeover() -> None:
    new = text("2.0.0", low="deep") + 'migrate low to deep because "clearer"\n'
    session, first = moved_at(3, new)
    assert first.content.stage == "deep"
    decided = session.feed(Retraction("z", 3 * HOUR, "m1"))
    assert decided.revised_from == HOUR
    entries = [one for one in decided if one.takeover is not None]
    assert [(one.time, one.content.stage) for one in entries] == [(3 * HOUR, "calm")]
    assert entries[0].takeover is not None and entries[0].takeover.how == "same_name"


def test_what_is_older_than_the_late_window_is_too_late() -> None:
    session, _ = moved_at(3, text("2.0.0"))
    session.advance(3 * HOUR + DAY)
    before = session.decision
    with pytest.raises(TooLate):
        session.feed(pressure(1.5, 90))
    assert session.decision == before


def test_a_takeover_may_come_before_its_instant() -> None:
    session, decided = take_over(told(text()), program(text("2.0.0")), at=9 * HOUR, events=FALLING)
    assert decided == () and session.program.artifact.version == "1.0.0"
    assert session.look_again() is not None
    later = session.advance(10 * HOUR)
    assert [one.time for one in later if one.takeover is not None] == [9 * HOUR]
    assert session.program.artifact.version == "2.0.0"


def test_facts_of_one_instant_are_one_to_the_version_that_is_to_come_too() -> None:
    new = text("2.0.0") + 'migrate low by history because "x"\nmigrate calm by history because "x"\n'
    session, _ = take_over(told(text(), ()), program(new), at=3 * HOUR, events=())
    contested = Reading("also", HOUR, "MAP", Charted(80_000_000, "mmHg"))
    for event in (*FALLING[:2], contested, FALLING[2]):
        session.feed(event)
    assert session.advance(3 * HOUR)[-1].content.stage == "calm"


LEFT = text("2.0.0", low="deep")


@pytest.mark.parametrize(
    ("new", "kind", "names"),
    [(LEFT, "untold", ("low",)), (text("2.0.0").replace("MAP < 250", "known"), "input", ("MAP",))],
    ids=["a stage without a landing", "an input of another kind"],
)
def test_a_refused_takeover_leaves_the_session_as_it_was(new: str, kind: str, names: tuple[str, ...]) -> None:
    if kind == "input":
        made = artifact(text("2.0.0"))
        flag = replace(made.inputs["MAP"], kind="flag", unit=None)
        newer = replace(made, inputs={**made.inputs, "MAP": flag})
    else:
        newer = artifact(new)
    session = told(text())
    before = dict(session.__dict__), session.decision
    with pytest.raises(TakeoverProblem) as found:
        take_over(session, Program(newer, unverified=True), at=3 * HOUR, events=FALLING)
    assert (found.value.kind, found.value.names) == (kind, names)
    assert (dict(session.__dict__), session.decision) == before
    assert session.advance(5 * HOUR)[-1].content.stage == "low"


def test_whatever_fails_on_the_way_leaves_the_session_as_it_was() -> None:
    session = told(text())
    before = dict(session.__dict__), session.decision
    newer = artifact(text("2.0.0"))
    broken = Program(replace(newer, rules=(replace(newer.rules[0], condition=10_000),)), unverified=True)
    with pytest.raises(IndexError):
        take_over(session, broken, at=3 * HOUR, events=FALLING)
    with pytest.raises(TakeoverProblem, match="events: m2"):
        take_over(session, Program(newer, unverified=True), at=3 * HOUR, events=FALLING[:-1])
    with pytest.raises(TakeoverProblem, match="early"):
        take_over(session, Program(newer, unverified=True), at=3 * HOUR - DAY * 2, events=FALLING)
    with pytest.raises(CertificateProblem):
        successor(session.program, newer)
    opened = artifact(text("2.0.0").replace("floor = 60 mmHg", "floor chosen by site"))
    with pytest.raises(SettingProblem):
        successor(session.program, opened, unverified=True)
    assert (dict(session.__dict__), session.decision) == before
    once, _ = take_over(session, Program(newer, unverified=True), at=3 * HOUR, events=FALLING)
    with pytest.raises(TakeoverProblem, match="early"):
        take_over(once, Program(newer, unverified=True), at=3 * HOUR, events=FALLING)


def test_a_setting_of_the_same_name_is_carried_over_where_it_is_allowed() -> None:
    opened = artifact(text("2.0.0").replace("floor = 60 mmHg", "floor chosen by site"))
    chosen = artifact(text()).settings["floor"].value
    assert chosen is not None
    old = Program(opened, {"floor": chosen}, unverified=True)
    newer = artifact(text("3.0.0").replace("floor = 60 mmHg", "floor chosen by site"))
    assert successor(old, newer, unverified=True).settings == old.settings
    narrow = artifact(text("3.0.0").replace("from 40 to 70", "from 40 to 50").replace("= 60", "= 45"))
    with pytest.raises(SettingProblem):
        successor(old, narrow, unverified=True)


def test_migrate_is_part_of_the_meaning_and_leaves_other_artifacts_as_they_were() -> None:
    plain = artifact(text())
    told_ = artifact(text() + 'migrate high to low because "merged"\n')
    assert told_.meaning != plain.meaning
    assert told_.migrates == (Migrate(stage="high", to="low", because="merged"),)
    assert load(to_bytes(told_)) == told_
    assert b"migrates" not in to_bytes(plain)
    assert seal(replace(told_, migrates=None)).meaning == plain.meaning
    assert [(one.stage, one.to, one.how) for one in landings(plain, told_)] == [
        ("calm", "calm", "same_name"),
        ("low", "low", "same_name"),
    ]
    check(plain, told_)


def test_the_page_of_a_protocol_tells_where_patients_go_on() -> None:
    words = text() + 'migrate high to low because "merged"\nmigrate deep by history because "split"\n'
    compiled = compile_protocol("a.rung", lambda path: Source(path, words))
    page = markdown(protocol_page(compiled, artifact(words)))
    assert "- A patient in high goes on in low: merged." in page
    assert "- A patient in deep goes on where this version would have brought them by now: split." in page


def test_the_shipped_protocols_say_nothing_of_it() -> None:
    root = Path(__file__).resolve().parents[2] / "protocols"
    assert not any("\nmigrate " in file.read_text(encoding="utf-8") for file in root.glob("*.rung"))
