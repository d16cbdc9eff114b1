"""Phrases of the grammar to nodes of the tree: one builder a production.

A builder gets the parts of its phrase that carry meaning, in order, and the phrase's span. Nothing is looked
up here; the only problems found are those of a word said twice or a number nobody could mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar, cast

from rung_engine.frozen import frozen
from rung_lang.finding import Problem
from rung_lang.source import Source, Span
from rung_lang.syntax import tree as t
from rung_lang.syntax.automaton import Build
from rung_lang.syntax.problems import HugeNumber, Repeated

DIGITS_LIMIT = 40
"""More digits than any chart, dose or conversion has."""

NESTING = frozenset(
    (
        *("paren", "not_", "ever", "held", "recent", "add", "sub", "mul", "div"),
        *("at_least", "at_most_of", "exactly", "any_of_conds", "all_of_conds"),
    )
)
"""The productions that put a condition inside a condition."""


@frozen
class _Part:
    """One optional part of a phrase: the field it fills, and its value."""

    field: str
    value: Any
    span: Span


_N = TypeVar("_N")
_Shape = Callable[[list[Any], Span], Any]

# Productions whose part is one field of what contains them: the value is the first part.
_FIELDS = {
    "aliases": "aliases", "settle": "settle", "applies": "applies", "status": "status",
    "plausible": "plausible", "valid_for": "valid_for", "charted_every": "charted_every", "step_attr": "step",
    "noise": "noise", "normal": "normal", "counts": "counts", "asked": "asked",
    "infusion": "infusion", "bolus": "bolus", "start_attr": "start", "usual": "usual", "needs": "needs",
    "lasts": "lasts", "route": "route", "available": "available", "restrict_in": "unit",
    "setting_is": "value", "setting_from": "range",
    "because": "because", "cite": "cite", "grade": "grade",
    "above": "above", "given": "given", "unless": "unless",
    "at_dose": "dose", "up_to": "limit", "down_to": "limit", "at_most": "cap", "totalling": "total",
    "every": "every", "over_time": "over", "times_daily": "times_daily", "in_volume": "volume",
    "propose": "proposed", "severity": "severity", "says": "says", "chosen": "chosen", "decides": "decides",
    "check_at": "at", "drawn": "drawn",
}  # fmt: skip
_FLAGS = {"fixed", "dosing", "cumulative", "contraindicated", "resting"}
_LISTS = {
    "concentration": "concentrations", "clause": "clause", "erratum": "erratum",
    "facts": "facts", "expecting": "expects",
}  # fmt: skip
_FIRST = {"amount", "iattr", "note", "cattr", "rel", "strength", "before_how"}
_ALL = {"file", "names"}
_NOTES = {"because", "cite", "clause", "erratum", "grade"}
_TIMING = {"every", "times_daily", "within", "over", "once", "volume"}

_ORDERS: dict[str, t.OrderWord] = {
    "order_start": "start", "order_add": "add", "order_set": "set", "order_increase": "increase",
    "order_decrease": "decrease", "order_taper": "taper", "order_continue": "continue",
    "order_pause": "pause", "order_stop": "stop", "order_give": "give", "order_avoid": "avoid",
    "order_classify": "classify",
    "order_measure": "measure", "order_do": "do", "order_begin": "begin", "order_end": "end",
    "order_notify": "notify", "order_go": "go", "order_finish": "finish",
}  # fmt: skip
_SUBJECTS = {
    "prop_stop": "stop", "prop_start": "start", "prop_pause": "pause", "prop_increase": "increase",
    "prop_decrease": "decrease", "prop_order": "order", "prop_condition": "condition",
}  # fmt: skip
_STATES = {
    "state_running": "running", "state_off": "off", "state_known": "known", "state_unknown": "unknown",
}  # fmt: skip
_COUNTS = {
    "at_least": "at least", "at_most_of": "at most", "exactly": "exactly", "any_of_conds": "any",
    "all_of_conds": "all",
}  # fmt: skip
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_CHANGES = {
    "change_in": "change", "rise_in": "rise", "fall_in": "fall", "percent_rise_in": "percent rise",
    "percent_fall_in": "percent fall",
}  # fmt: skip
_EXTREMES = {"lowest", "highest", "mean"}
_MOMENTS = {
    "moment_event": ("", False), "moment_started": ("started", False), "moment_stopped": ("stopped", False),
    "moment_done": ("done", False), "first_event": ("", True), "first_started": ("started", True),
    "first_stopped": ("stopped", True), "first_done": ("done", True),
}  # fmt: skip
_FACT_WORDS = {
    "fact_unknown": "unknown", "fact_yes": "yes", "fact_no": "no", "fact_off": "off",
    "fact_running": "running", "fact_happened": "happened", "fact_done": "done",
}  # fmt: skip
_EXPECTS = {
    "expect_either": "either", "expect_no": "no", "expect_stage": "stage", "expect_pending": "pending",
    "expect_unconfirmed": "unconfirmed", "expect_due": "due", "expect_late": "late",
    "expect_nothing": "nothing",
}  # fmt: skip
_VERDICTS = {"expect_accepted": "accepted", "expect_caution": "caution", "expect_refused": "refused"}


def builders(source: Source, productions: Iterable[str], problems: list[Problem]) -> Mapping[str, Build]:
    """A builder for each production name; problems met while building are added to `problems`."""
    shape = _Shapes(source, problems)
    return {name: _with_span(source.path, _shape(shape, name)) for name in productions}


def _with_span(path: str, build: _Shape) -> Build:
    return lambda parts, start, end: build(parts, Span(path, start, end))


def _shape(shapes: _Shapes, name: str) -> _Shape:
    """The builder of one production: from a table where it is one of a family, else named for it."""
    if name in _FIELDS:
        field = _FIELDS[name]
        return lambda c, s: _Part(field, c[0], s)
    if name in _LISTS:
        listed = _LISTS[name]
        return lambda c, s: _Part(listed, tuple(c), s)
    if name in _FLAGS:
        return lambda c, s: _Part(name, True, s)
    if name in _FIRST:
        return lambda c, s: c[0]
    if name in _ALL:
        return lambda c, s: tuple(c)
    if name in _ORDERS:
        word = _ORDERS[name]
        return lambda c, s: shapes.order(word, c, s)
    return _condition(name) or _fact(name) or cast(_Shape, getattr(shapes, name))


def _condition(name: str) -> _Shape | None:
    if name in _SUBJECTS:
        subject: Any = _SUBJECTS[name]
        return lambda c, s: _about(subject, c, s)
    if name in _STATES:
        state: Any = _STATES[name]
        return lambda c, s: t.State(c[0], state, s)
    if name in _COUNTS:
        how: Any = _COUNTS[name]
        counted = how not in ("any", "all")
        return lambda c, s: t.CountOf(how, c[0] if counted else None, tuple(c[1:] if counted else c), s)
    if name in _SIGNS:
        sign: Any = _SIGNS[name]
        return lambda c, s: t.Arith(sign, c[0], c[1], s)
    if name in _CHANGES:
        change: Any = _CHANGES[name]
        return lambda c, s: t.ChangeIn(change, c[0], c[1], s)
    if name in _EXTREMES:
        extreme: Any = name
        return lambda c, s: t.ExtremeOf(extreme, c[0], c[1], s)
    if name in _MOMENTS:
        verb: Any
        verb, first = _MOMENTS[name]
        return lambda c, s: t.Moment(c[0], verb, first, s)
    return None


def _fact(name: str) -> _Shape | None:
    if name in _FACT_WORDS:
        word: Any = _FACT_WORDS[name]
        return lambda c, s: t.Fact(c[0], word, None, (), s)
    if name in _EXPECTS:
        expected: Any = _EXPECTS[name]
        return lambda c, s: t.Expect(expected, None, tuple(c), s)
    if name in _VERDICTS:
        verdict = _VERDICTS[name]
        return lambda c, s: t.Expect("verdict", None, (t.Name(verdict, s),), s)
    return None


@lru_cache(maxsize=4096)
def _fraction(literal: str) -> Fraction:
    return Fraction(literal)


def _of(kind: type[_N], parts: Iterable[Any]) -> list[_N]:
    return [part for part in parts if isinstance(part, kind)]


def _title(parts: list[Any]) -> t.Text | None:
    return parts[1] if len(parts) > 1 and isinstance(parts[1], t.Text) else None


def _about(subject: Any, c: list[Any], s: Span) -> t.Property:
    fields = {part.field: part.value for part in _of(_Part, c)}
    condition = subject == "condition"
    return t.Property(
        "never", subject, None if condition else c[0], fields.get("above"), c[0] if condition else None,
        fields.get("given"), s,
    )  # fmt: skip


class _Shapes:
    """The builders that are not one of a family, each named for its production."""

    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self.text_of = source.text
        self.problems = problems

    def _fold(self, parts: Iterable[_Part], many: tuple[str, ...] = ()) -> dict[str, Any]:
        """Fields and values; a field said twice is a problem unless it may stand often, as a tuple."""
        out: dict[str, Any] = {}
        for part in parts:
            if part.field in many:
                out[part.field] = (*out.get(part.field, ()), part.value)
            elif part.field in out:
                said = self.text_of[part.span.start : part.span.end].split(None, 1)[0]
                self.problems.append(Repeated(part.span, said))
            else:
                out[part.field] = part.value
        return out

    def _notes(self, parts: Iterable[Any]) -> t.Notes:
        return t.Notes(**self._fold(part for part in _of(_Part, parts) if part.field in _NOTES))

    def _fields(self, parts: Iterable[Any], many: tuple[str, ...] = ()) -> dict[str, Any]:
        return self._fold((part for part in _of(_Part, parts) if part.field not in _NOTES), many)

    # -- words

    def name(self, c: list[str], s: Span) -> t.Name:
        return t.Name(c[0], s)

    def text(self, c: list[str], s: Span) -> t.Text:
        return t.Text(c[0][1:-1], s)

    def unit(self, c: list[str], s: Span) -> t.Unit:
        return t.Unit(c[0], s)

    def number(self, c: list[str], s: Span) -> t.Quantity:
        return self.quantity([c[0]], s)

    def quantity(self, c: list[Any], s: Span) -> t.Quantity:
        literal: str = c[0]
        if len(literal) > DIGITS_LIMIT:
            self.problems.append(HugeNumber(s, DIGITS_LIMIT))
            literal = literal[:DIGITS_LIMIT].rstrip(".")
        if self.text_of[s.start] == "-":
            literal = "-" + literal
        return t.Quantity(_fraction(literal), literal, c[1] if len(c) > 1 else None, s)

    def range(self, c: list[Any], s: Span) -> t.Range:
        return t.Range(c[0], c[-1], s)

    # -- the head

    def protocol_head(self, c: list[Any], s: Span) -> t.Head:
        return self._head("protocol", c, s)

    def formulary_head(self, c: list[Any], s: Span) -> t.Head:
        return self._head("formulary", c, s)

    def bundle_head(self, c: list[Any], s: Span) -> t.Head:
        return self._head("bundle", c, s)

    def _head(self, kind: Any, c: list[Any], s: Span) -> t.Head:
        title, extends, *_ = [*_of(t.Text, c), None, None]
        fields = self._fields(c, many=("uses", "runs"))
        return t.Head(
            kind, c[0], title, extends, fields.get("version"), fields.get("settle"), fields.get("uses", ()),
            fields.get("applies"), fields.get("status"), fields.get("runs", ()), s,
        )  # fmt: skip

    def version(self, c: list[str], s: Span) -> _Part:
        return _Part("version", t.Name(c[0], Span(s.path, s.end - len(c[0]), s.end)), s)

    def use(self, c: list[Any], s: Span) -> _Part:
        return _Part("uses", t.Use(c[0], s), s)

    def runs(self, c: list[Any], s: Span) -> _Part:
        return _Part("runs", t.Use(c[0], s), s)

    # -- declarations

    def declared(self, c: list[Any], s: Span) -> t.Item:
        """A declaration keeps its own place: its notes are not part of what it says."""
        return cast(t.Item, replace(c[0], notes=self._notes(c[1:])) if len(c) > 1 else c[0])

    def source_decl(self, c: list[Any], s: Span) -> t.SourceDecl:
        publisher, *_ = [*_of(t.Text, c[2:]), None]
        year, *_ = [*_of(t.Quantity, c), None]
        return t.SourceDecl(c[0], c[1], publisher, year, s)

    def in_unit(self, c: list[Any], s: Span) -> _Part:
        return _Part("kind", ("quantity", c[0], tuple(c[1:]), ()), s)

    def yes_or_no(self, c: list[Any], s: Span) -> _Part:
        return _Part("kind", ("yes_no", None, (), ()), s)

    def one_of(self, c: list[Any], s: Span) -> _Part:
        return _Part("kind", ("one_of", None, (), c[0]), s)

    def any_of(self, c: list[Any], s: Span) -> _Part:
        return _Part("kind", ("any_of", None, (), c[0]), s)

    def graded(self, c: list[Any], s: Span) -> _Part:
        return _Part("kind", ("graded", None, (), c[0]), s)

    def also(self, c: list[Any], s: Span) -> t.AlsoIn:
        return t.AlsoIn(c[0], c[1])

    def code(self, c: list[Any], s: Span) -> _Part:
        return _Part("codes", t.CodeAttr(c[0], c[1]), s)

    def maximum(self, c: list[Any], s: Span) -> _Part:
        return _Part("maximum", t.Ceiling(c[0], c[1] if len(c) > 1 else None, s), s)

    def input(self, c: list[Any], s: Span) -> t.Input:
        fields = self._fields(c, many=("codes",))
        kind, unit, also, values = fields.pop("kind")
        return t.Input(c[0], _title(c), fields.pop("aliases", ()), kind, unit, also, values, s, **fields)

    def drug(self, c: list[Any], s: Span) -> t.Drug:
        fields = self._fields(c, many=("codes", "maximum", "needs"))
        return t.Drug(c[0], _title(c), fields.pop("aliases", ()), s, **fields)

    def class_decl(self, c: list[Any], s: Span) -> t.ClassDecl:
        return t.ClassDecl(c[0], c[1], s)

    def incompatible(self, c: list[Any], s: Span) -> t.Incompatible:
        return t.Incompatible(c[0], c[1], c[2], s)

    def panel(self, c: list[Any], s: Span) -> t.Panel:
        return t.Panel(c[0], _title(c), c[-1], s)

    def event(self, c: list[Any], s: Span) -> t.EventDecl:
        title = _title(c)
        condition, *_ = [*c[2 if title else 1 :], None]
        return t.EventDecl(c[0], title, condition, s)

    def task(self, c: list[Any], s: Span) -> t.TaskDecl:
        return t.TaskDecl(c[0], c[1], s)

    def course(self, c: list[Any], s: Span) -> t.Course:
        title = _title(c)
        of, ends_after, *_ = [*c[2 if title else 1 :], None]
        return t.Course(c[0], title, of, ends_after, s)

    def outcome(self, c: list[Any], s: Span) -> t.Outcome:
        return t.Outcome(c[0], _title(c), c[-1], s)

    def regimen(self, c: list[Any], s: Span) -> t.Regimen:
        return t.Regimen(c[0], _title(c), tuple(_of(t.Order, c)), s)

    def setting_yes(self, c: list[Any], s: Span) -> _Part:
        return _Part("value", self._last_word(s), s)

    def setting_no(self, c: list[Any], s: Span) -> _Part:
        return _Part("value", self._last_word(s), s)

    def _last_word(self, s: Span) -> t.Name:
        """The `yes` or `no` that ends the phrase, as a name."""
        word = self.text_of[s.start : s.end].rpartition("=")[2].split()[-1]
        return t.Name(word, Span(s.path, s.end - len(word), s.end))

    def setting_by_site(self, c: list[Any], s: Span) -> _Part:
        return _Part("value", None, s)

    def setting(self, c: list[Any], s: Span) -> t.Setting:
        fields = self._fields(c)
        value = fields["value"]
        kind, _, _, choices = fields.get("kind", ("", None, (), ()))
        yes_no = kind == "yes_no" or (isinstance(value, t.Name) and value.text in ("yes", "no"))
        return t.Setting(c[0], _title(c), value, fields.get("range"), choices, yes_no, s)

    def define(self, c: list[Any], s: Span) -> t.Define:
        return t.Define(c[0], _title(c), c[-1], s)

    def restrict(self, c: list[Any], s: Span) -> t.Restrict:
        fields = self._fields(c, many=("maximum",))
        return t.Restrict(c[0], s, condition=fields.pop("given", None), notes=self._notes(c), **fields)

    def before(self, c: list[Any], s: Span) -> t.Before:
        otherwise, *_ = [*_of(t.Order, c[3:]), None]
        return t.Before(c[0], c[1], c[2], otherwise, self._notes(c), s)

    # -- stages and rules

    def initial(self, c: list[Any], s: Span) -> _Part:
        return _Part("initial", c[0] if c else None, s)

    def stage(self, c: list[Any], s: Span) -> t.Stage:
        fields = self._fields(c)
        return t.Stage(c[0], _title(c), "initial" in fields, fields.get("initial"), "resting" in fields, s)

    def throughout(self, c: list[Any], s: Span) -> t.Throughout:
        return t.Throughout(s)

    def arm(self, c: list[Any], s: Span) -> t.Arm:
        return t.Arm(c[0], _title(c), c[-1], s)

    def goal(self, c: list[Any], s: Span) -> t.Goal:
        return t.Goal(c[0], _title(c), c[-1], s)

    def covers(self, c: list[Any], s: Span) -> t.Covers:
        return t.Covers(c[0], s)

    def rule_name(self, c: list[Any], s: Span) -> _Part:
        return _Part("name", (c[0], _title(c)), s)

    def rule(self, c: list[Any], s: Span) -> t.Rule:
        fields = self._fields(c)
        name, title = fields.get("name", (None, None))
        condition = c[0 if name is None else 1]
        choices = tuple(_of(t.Choice, c))
        return t.Rule(name, title, condition, choices, fields.get("unless"), self._notes(c), s)

    def override(self, c: list[Any], s: Span) -> t.Override:
        return t.Override(c[0], c[1], self._notes(c), s)

    def keep_between(self, c: list[Any], s: Span) -> tuple[Any, ...]:
        return (None, c[0], c[1])

    def keep_side(self, c: list[Any], s: Span) -> tuple[Any, ...]:
        return (c[0], c[1], None)

    def titrate(self, c: list[Any], s: Span) -> t.Titrate:
        drug, step, every, lo, hi, name, (rel, low, high) = c[:7]
        limits = t.Range(lo, hi, lo.span.to(hi.span))
        return t.Titrate(drug, step, every, limits, name, rel, low, high, self._notes(c[7:]), s)

    # -- properties

    def never(self, c: list[t.Property], s: Span) -> t.Property:
        return self._polar("never", c[0], s)

    def always(self, c: list[t.Property], s: Span) -> t.Property:
        return self._polar("always", c[0], s)

    def _polar(self, polarity: Any, body: t.Property, s: Span) -> t.Property:
        return t.Property(polarity, body.subject, body.drug, body.above, body.condition, body.given, s)

    def prove_how(self, c: list[str], s: Span) -> str:
        return "exactly" if c[0] == "exactly" else "at_most"

    def prove(self, c: list[Any], s: Span) -> t.Prove:
        return t.Prove(c[0], c[1], s)

    def assume(self, c: list[Any], s: Span) -> t.Assume:
        return t.Assume(c[0], s)

    def ask_property(self, c: list[Any], s: Span) -> tuple[Any, ...]:
        return ("property", c[0], None, None)

    def ask_when(self, c: list[Any], s: Span) -> tuple[Any, ...]:
        return ("when", None, c[0], None)

    def ask_dose(self, c: list[Any], s: Span) -> tuple[Any, ...]:
        return ("dose", None, None, c[0])

    def question(self, c: list[Any], s: Span) -> t.Question:
        ask, about, condition, drug = c[1]
        return t.Question(c[0], ask, about, condition, drug, s)

    def yields(self, c: list[Any], s: Span) -> t.Owns:
        return t.Owns("yields", c[1], (c[0],), self._fields(c).get("given"), None, s)

    def supersedes(self, c: list[Any], s: Span) -> t.Owns:
        return t.Owns("supersedes", c[0], c[1] if len(c) > 2 else (), None, c[-1], s)

    def remove(self, c: list[Any], s: Span) -> t.Remove:
        return t.Remove(c[0], c[1], s)

    def migrate_to(self, c: list[Any], s: Span) -> tuple[t.Name | None]:
        return (c[0],)

    def by_history(self, c: list[Any], s: Span) -> tuple[t.Name | None]:
        return (None,)

    def migrate(self, c: list[Any], s: Span) -> t.Migrate:
        (to,) = c[1]
        return t.Migrate(c[0], to, c[2], s)

    # -- what the sources say

    def fact_decl(self, c: list[Any], s: Span) -> t.FactDecl:
        return t.FactDecl(c[0], s)

    def literally(self, c: list[Any], s: Span) -> _Part:
        return _Part("literally", t.Literally(c[0], c[1], s), s)

    def concern(self, c: list[Any], s: Span) -> t.Concern:
        return t.Concern(c[0], c[1], s, **self._fields(c, many=("literally",)))

    def check_flow(self, c: list[Any], s: Span) -> _Part:
        return _Part("flow", (c[0], c[1]), s)

    def check(self, c: list[Any], s: Span) -> t.Check:
        fields = self._fields(c)
        drug, concentration = fields.get("flow", (None, None))
        return t.Check(c[0], c[1], fields.get("at"), drug, concentration, s)

    # -- orders

    def one(self, c: list[Any], s: Span) -> t.Choice:
        strength, rest = _strength(c)
        return t.Choice("one", strength, (rest[0],), (None,), s)

    def either(self, c: list[Any], s: Span) -> t.Choice:
        strength, rest = _strength(c)
        return t.Choice("either", strength, tuple(rest), (None,) * len(rest), s)

    def prefer(self, c: list[Any], s: Span) -> t.Choice:
        strength, rest = _strength(c)
        return t.Choice("prefer", strength, tuple(rest[0::2]), (*rest[1::2], None), s)

    def order(self, word: t.OrderWord, c: list[Any], s: Span) -> t.Order:
        fields = self._fields(c[1:])
        bare = "step" if word in ("increase", "decrease", "taper") else "dose"
        fields.update((bare, part) for part in _of(t.Range, c[1:]))
        if word not in ("give", "do"):
            return t.Order(word, c[0], s, **fields)
        timing = {field: fields.pop(field) for field in _TIMING & fields.keys()}
        if "within" in timing:
            timing["within"], timing["within_of"] = timing["within"]
        if "once" in timing:
            timing["once"], timing["once_per"] = True, timing["once"]
        return t.Order(word, c[0], s, timing=t.Timing(**timing), **fields)

    def order_measure_continuously(self, c: list[Any], s: Span) -> t.Order:
        return t.Order("measure", c[0], s, continuously=True)

    def within(self, c: list[Any], s: Span) -> _Part:
        return _Part("within", (c[0], c[1] if len(c) > 1 else None), s)

    def once(self, c: list[Any], s: Span) -> _Part:
        return _Part("once", c[0] if c else None, s)

    # -- conditions

    def or_(self, c: list[Any], s: Span) -> t.Expr:
        return t.Or(tuple(c), s)

    def and_(self, c: list[Any], s: Span) -> t.Expr:
        return t.And(tuple(c), s)

    def held(self, c: list[Any], s: Span) -> t.Held:
        return t.Held(c[0], c[1], c[2] if len(c) > 2 else None, s)

    def recent(self, c: list[Any], s: Span) -> t.Recent:
        return t.Recent(c[0], c[1], s)

    def not_(self, c: list[Any], s: Span) -> t.Not:
        return t.Not(c[0], s)

    def ever(self, c: list[Any], s: Span) -> t.Ever:
        return t.Ever(c[0], s)

    def compare(self, c: list[Any], s: Span) -> t.Compare:
        return t.Compare(c[0], c[1], c[2], s)

    def between(self, c: list[Any], s: Span) -> t.Between:
        return t.Between(c[0], c[1], c[2], s)

    def is_value(self, c: list[Any], s: Span) -> t.IsValue:
        return t.IsValue(c[0], c[1], False, s)

    def is_not_value(self, c: list[Any], s: Span) -> t.IsValue:
        return t.IsValue(c[0], c[1], True, s)

    def ordered(self, c: list[Any], s: Span) -> t.OrderedDrug:
        return t.OrderedDrug(c[0], c[1].value if len(c) > 1 else None, s)

    def in_stage(self, c: list[Any], s: Span) -> t.InStage:
        return t.InStage(c[0], s)

    def occurred_before(self, c: list[Any], s: Span) -> t.Occurred:
        return t.Occurred("before", c[0], s)

    def occurred_after(self, c: list[Any], s: Span) -> t.Occurred:
        return t.Occurred("after", c[0], s)

    def readings(self, c: list[Any], s: Span) -> t.ReadingsApart:
        return t.ReadingsApart(c[0], c[1], c[2], c[3], c[4], self._fields(c).get("drawn"), s)

    def paren(self, c: list[Any], s: Span) -> t.Paren:
        return t.Paren(c[0], s)

    def literal(self, c: list[Any], s: Span) -> t.Literal_:
        return t.Literal_(c[0], s)

    def bare(self, c: list[Any], s: Span) -> t.Bare:
        return t.Bare(c[0], s)

    def time_since(self, c: list[Any], s: Span) -> t.TimeSince:
        return t.TimeSince(c[0], s)

    def time_in(self, c: list[Any], s: Span) -> t.TimeIn:
        return t.TimeIn(c[0], s)

    def time_in_stage(self, c: list[Any], s: Span) -> t.TimeIn:
        return t.TimeIn(None, s)

    def time_on(self, c: list[Any], s: Span) -> t.TimeOn:
        return t.TimeOn(c[0], s)

    def total(self, c: list[Any], s: Span) -> t.TotalOf:
        return t.TotalOf(c[0], c[1], s)

    def at_moment(self, c: list[Any], s: Span) -> t.AtMoment:
        return t.AtMoment(c[0], c[1], s)

    def at_start(self, c: list[Any], s: Span) -> t.AtStart:
        return t.AtStart(c[0], c[1], s)

    def window_over(self, c: list[Any], s: Span) -> t.Window:
        return t.Window(c[0], None, s)

    def window_since(self, c: list[Any], s: Span) -> t.Window:
        return t.Window(None, c[0], s)

    def later(self, c: list[Any], s: Span) -> t.PairMoment:
        return t.PairMoment("later", c[0], c[1], s)

    def earlier(self, c: list[Any], s: Span) -> t.PairMoment:
        return t.PairMoment("earlier", c[0], c[1], s)

    # -- examples

    def example(self, c: list[Any], s: Span) -> t.Example:
        return t.Example(c[0], self._notes(c), tuple(_of(t.Step, c)), s)

    def given_step(self, c: list[Any], s: Span) -> t.Step:
        return self._step(None, c, s)

    def timed_step(self, c: list[Any], s: Span) -> t.Step:
        return self._step(c[0], c[1:], s)

    def _step(self, at: t.Quantity | None, c: list[Any], s: Span) -> t.Step:
        fields = self._fields(c)
        to, every = fields.get("repeat", (None, None))
        facts, expects = fields.get("facts", ()), fields.get("expects", ())
        return t.Step(at, to, every, facts, fields.get("proposed"), expects, s)

    def repeat(self, c: list[Any], s: Span) -> _Part:
        return _Part("repeat", (c[0], c[1]), s)

    def fact_value(self, c: list[Any], s: Span) -> t.Fact:
        return t.Fact(c[0], "value", c[1], (), s)

    def fact_names(self, c: list[Any], s: Span) -> t.Fact:
        return t.Fact(c[0], "names", None, tuple(c[1:]), s)

    def fact_given(self, c: list[Any], s: Span) -> t.Fact:
        return t.Fact(c[0], "given", c[1], (), s)

    def expect_order(self, c: list[Any], s: Span) -> t.Expect:
        return t.Expect("order", c[0], (), s)


def _strength(c: list[Any]) -> tuple[t.Strength | None, list[Any]]:
    return (cast(t.Strength, c[0]), c[1:]) if isinstance(c[0], str) else (None, c)
