"""A whole protocol under examination: every family of obligations, one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from rung_engine.artifact import model as m
from rung_lang.finding import Problem
from rung_lang.lower.examples import LoweredExample
from rung_lang.source import Source
from rung_lang.verify.context import Context, Prover
from rung_lang.verify.cycles import cycles, traps
from rung_lang.verify.doses import limits, needs
from rung_lang.verify.formulas.space import Space
from rung_lang.verify.found import Found
from rung_lang.verify.gaps import gaps, knowledge, missing, same, waits
from rung_lang.verify.histories.histories import Histories
from rung_lang.verify.histories.recorded import Shown, again, shown
from rung_lang.verify.places import Places
from rung_lang.verify.properties import properties, vacuous
from rung_lang.verify.reach import transitions
from rung_lang.verify.reach.problems_history import NotDecided
from rung_lang.verify.reach.reach import Reach
from rung_lang.verify.rules import arms, boundaries, contradictions, dead_rules, redundant_rules
from rung_lang.verify.solving.asks import Asks
from rung_lang.verify.solving.solve import Solver
from rung_lang.verify.verdict import Obligation, Report, Undecided, Witness

Family = Callable[[Context, Places, Reach], Found]

FAMILIES: tuple[Family, ...] = (
    contradictions.obligations,
    dead_rules.obligations,
    redundant_rules.obligations,
    arms.obligations,
    boundaries.obligations,
    gaps.obligations,
    transitions.obligations,
    waits.obligations,
    knowledge.obligations,
    missing.obligations,
    same.obligations,
    cycles.obligations,
    traps.obligations,
)
STATED: tuple[Callable[[Context, Places], Found], ...] = (
    limits.obligations,
    needs.obligations,
    properties.obligations,
    vacuous.obligations,
)
"""About doses and statements: these look at every stage by themselves."""


OTHERS = "what another protocol on the same patient orders"
"""Not analysed of one protocol alone; `together` is asked of two."""


def verify(
    artifact: m.Artifact,
    sources: Mapping[str, Source],
    main: str,
    examples: Sequence[LoweredExample] = (),
    asks: Callable[[Space], Asks] = Solver,
    histories: Histories | None = None,
    played: Sequence[Witness] = (),
    prover: Prover | None = None,
) -> Report:
    """Everything asked of the protocol at `main`, and what came of it. `examples` are its own.

    `asks`: who answers questions; by default a solver. `histories`: those found before, by question.
    `played`: others that are looked through like the instants of examples. `prover`: who is asked for
    invariants where all else leaves a question open.
    """
    context = Context(artifact, asks)
    context.prover = prover
    if histories is not None:
        context.histories = histories
    context.shown = (*shown(artifact, examples), *again(artifact, played))
    reach = Reach(context)
    context.reach = reach
    places = Places(artifact, sources, main)
    obligations: list[Obligation] = []
    problems: list[Problem] = []
    families = [family(context, places, reach) for family in FAMILIES]
    for found in (*families, *(stated(context, places) for stated in STATED)):
        obligations.extend(found.obligations)
        problems.extend(found.problems)
    # Where moves lead round on one instant no history goes round, and that is said already.
    round_found = any(problem.code == "R303" for problem in problems)
    problems.extend(
        NotDecided(
            places.of(one.about[0]) if one.about else places.protocol, one.code, one.about, one.verdict.reason
        )
        for one in obligations
        if isinstance(one.verdict, Undecided) and not (one.code == "R304" and round_found)
    )
    problems.sort(key=lambda problem: (problem.span, problem.code))
    words = artifact.provenance.words
    return Report(
        tuple(obligations),
        tuple(problems),
        assumed=tuple(words.get(str(term), "") for term in artifact.assumptions),
        approximated=tuple(_approximated(artifact)),
        not_analysed=tuple(_not_analysed(artifact)),
        modes=("free", "obeyed"),
        shown=_taken(context.shown, obligations),
    )


def _taken(shown: Sequence[Shown], obligations: Sequence[Obligation]) -> tuple[Witness, ...]:
    """The instants on which verdicts rest."""
    verdicts = (one.verdict for one in obligations)
    used = {id(verdict.witness) for verdict in verdicts if not isinstance(verdict, Undecided)}
    return tuple(one.witness for one in shown if id(one.witness) in used)


def _approximated(artifact: m.Artifact) -> Iterator[str]:
    """Where the proofs allow for more than can happen. A patient shown was played, so none rests on these."""
    yield "readings and rates may change to anything plausible from one instant to the next"
    kinds = {type(term) for term in artifact.terms}
    if kinds & {m.Held, m.Recent, m.Ever, m.Readings}:
        yield "what windows and latches have seen is free within their laws, beyond the last few moves"
    if kinds & {m.Change, m.Extreme, m.Total, m.ValueAt, m.ValueAtStart}:
        yield "means, changes, totals and earlier values are any number their readings allow"
    if any(choice.order.within or choice.order.once != "no" for choice in _single(artifact)):
        yield "whether an order was carried out since is free"


def _not_analysed(artifact: m.Artifact) -> Iterator[str]:
    """What no question is about. Engines look at it on every decision."""
    yield OTHERS
    drugs, restricts = artifact.drugs.values(), artifact.restricts
    if any(drug.rolling for drug in drugs) or any(restrict.rolling for restrict in restricts):
        yield "what infusions, and several orders together, give within the time of a rolling maximum"


def _single(artifact: m.Artifact) -> Iterator[m.One]:
    for rule in artifact.rules:
        yield from (choice for choice in rule.orders if isinstance(choice, m.One))
