"""Problems to messages: the one place where facts become words. Nothing is found or judged here."""

from __future__ import annotations

from rung_lang.finding import Problem
from rung_lang.report.message import Message
from rung_lang.report.words_conditions import ConditionProblem, of_conditions
from rung_lang.report.words_doses import DoseProblem, of_doses
from rung_lang.report.words_names import NameProblem, of_names
from rung_lang.report.words_phrases import Words
from rung_lang.report.words_proof_cycles import CycleProblem, of_cycles
from rung_lang.report.words_proof_doses import ProvedDoseProblem, of_proved_doses
from rung_lang.report.words_proof_gaps import GapProblem, of_gaps
from rung_lang.report.words_proof_history import HistoryProblem, of_history
from rung_lang.report.words_proof_rules import InstantProblem, of_instants
from rung_lang.report.words_proof_together import TogetherProblem, of_together
from rung_lang.report.words_rules import RuleProblem, of_rules
from rung_lang.report.words_syntax import SyntaxProblem, of_syntax
from rung_lang.report.words_units import UnitProblem, of_units


def message(problem: Problem) -> Message:
    """The problem in words. Raises `NotImplementedError` for a class of problem that no family speaks of."""
    words = _words(problem)
    return Message(
        problem.code,
        problem.level,
        words.title,
        problem.span,
        words.label,
        words.body,
        words.others,
        words.help,
    )


def _words(problem: Problem) -> Words:
    """Each family is closed and checked to be whole; a new problem belongs to one of them."""
    if isinstance(problem, SyntaxProblem):
        return of_syntax(problem)
    if isinstance(problem, NameProblem):
        return of_names(problem)
    if isinstance(problem, UnitProblem):
        return of_units(problem)
    if isinstance(problem, DoseProblem):
        return of_doses(problem)
    if isinstance(problem, ConditionProblem):
        return of_conditions(problem)
    if isinstance(problem, RuleProblem):
        return of_rules(problem)
    if isinstance(problem, CycleProblem):
        return of_cycles(problem)
    if isinstance(problem, HistoryProblem):
        return of_history(problem)
    if isinstance(problem, ProvedDoseProblem):
        return of_proved_doses(problem)
    if isinstance(problem, GapProblem):
        return of_gaps(problem)
    if isinstance(problem, InstantProblem):
        return of_instants(problem)
    if isinstance(problem, TogetherProblem):
        return of_together(problem)
    raise NotImplementedError(f"no words for {type(problem).__name__}")
