"""Words for two protocols on one patient: R601."""

from __future__ import annotations

from rung_lang.report.words_phrases import Words
from rung_lang.verify.together.problems_together import AgainstEachOther

TogetherProblem = AgainstEachOther


def of_together(problem: TogetherProblem) -> Words:
    """The words of one problem."""
    mine, yours = (name.rpartition(".")[2] for name in (problem.rule, problem.other))
    return Words(
        f"`{problem.protocol}` and `{problem.other_protocol}` can give one patient orders that exclude "
        "each other.",
        f"`{mine}` orders this",
        "The chart below shows a patient to whom both protocols apply, and what each of them orders. Whoever "
        "stands at the bed would read two orders that cannot both be carried out.",
        f"Say which protocol speaks for the drug: `yields DRUG to {problem.other_protocol}`, with `while …` "
        "if only then; or narrow one of the two rules.",
        ((problem.other_span, f"`{yours}` of `{problem.other_protocol}` orders against it"),),
    )
