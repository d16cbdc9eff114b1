"""Words for several protocols on one patient: R601 to R604."""

from __future__ import annotations

from typing import assert_never

from rung_lang.checked.problems_bundle import NoMember, YieldsToNobody
from rung_lang.report.words_phrases import Words, did_you_mean
from rung_lang.verify.together.problems_together import AgainstEachOther, EachYields

TogetherProblem = AgainstEachOther | EachYields | YieldsToNobody | NoMember


def of_together(problem: TogetherProblem) -> Words:
    """The words of one problem."""
    match problem:
        case AgainstEachOther():
            return _against(problem)
        case EachYields():
            drug, other = problem.drug, problem.other_protocol
            return Words(
                f"`{problem.protocol}` and `{other}` yield {drug} to each other at once.",
                f"yields {drug} to `{other}`",
                "The chart below shows a patient to whom both protocols apply. Each of them leaves the drug "
                "to the other, so that nobody speaks for it.",
                "Leave one of the two `yields` out, or give them a `while …` that cannot be true together.",
                ((problem.other_span, f"yields {drug} to `{problem.protocol}`"),),
            )
        case YieldsToNobody():
            said = "yields a drug to" if problem.how == "yields" else "supersedes"
            return Words(
                f"`{problem.protocol}` {said} `{problem.other}`, which `{problem.bundle}` does not run.",
                "not in the bundle",
                "A drug is yielded only while the other protocol runs on the same patient. Here it never "
                "does, so that this line changes nothing.",
                did_you_mean(
                    problem.suggestion, "Add the protocol to the bundle with `runs`, or leave this out."
                ),
            )
        case NoMember():
            return _no_member(problem)
        case _:
            assert_never(problem)


def _against(problem: AgainstEachOther) -> Words:
    mine, yours = (name.rpartition(".")[2] for name in (problem.rule, problem.other))
    return Words(
        f"`{problem.protocol}` and `{problem.other_protocol}` can give one patient orders that exclude "
        "each other.",
        f"`{mine}` orders this",
        "The chart below shows a patient to whom both protocols apply, and what each of them orders. Whoever "
        "stands at the bed would read two orders that cannot both be carried out.",
        f"Say which protocol speaks for the drug: `yields DRUG to {problem.other_protocol}`, with `while …` "
        "if only then; or narrow one of the two rules. What forbids a drug, as `avoid`, is never yielded.",
        ((problem.other_span, f"`{yours}` of `{problem.other_protocol}` orders against it"),),
    )


def _no_member(problem: NoMember) -> Words:
    body = "A bundle says which protocols run together on one patient. Each of them must be able to run."
    others = () if problem.other is None else ((problem.other, "named here first"),)
    match problem.why:
        case "none":
            return Words(
                f"`{problem.name}` runs no protocol.",
                "runs nothing",
                body,
                'Name each protocol with `runs "path"`.',
            )
        case "no_bundle":
            return Words(
                f"This file holds a {problem.name}, and its name says that it is a bundle.",
                "no bundle",
                body,
                'Give the file a name that ends in `.rung`, or begin it with `bundle NAME "title"`.',
            )
        case "twice":
            return Words(
                f"`{problem.target}` is named twice.",
                "named before",
                "Each protocol has one session on a patient.",
                "Leave one of the two lines out.",
                others,
            )
        case "name":
            return Words(
                f"Two members of this bundle are called `{problem.name}`.",
                f"also called `{problem.name}`",
                "`yields` and every decision name a protocol, and must mean one.",
                "Give one of them another name, or leave it out of the bundle.",
                others,
            )
        case "unread":
            return Words(
                f"I cannot tell what `{problem.target}` is.",
                "not a protocol that I can read",
                body,
                "See what I found in that file.",
            )
        case "formulary" | "bundle":
            return Words(
                f"`{problem.target}` is a {problem.why}, and only a protocol runs on a patient.",
                f"a {problem.why}",
                body,
                "Name the protocols themselves.",
            )
        case _:
            assert_never(problem.why)
