"""One text, checked: what was found, what its examples came to, and what was proved."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from rung_engine.frozen import frozen
from rung_lang.cli.load import compiled
from rung_lang.report.message import Message
from rung_lang.report.words_phrases import joined

if TYPE_CHECKING:
    from rung_lang.bundle_examples import BundleResult
    from rung_lang.driver import Compiled
    from rung_lang.examples import Result
    from rung_lang.verify.verdict import Report, Witness


@frozen
class Finding:
    """`below`: an explanation tree or a chart, as plain text, or nothing."""

    message: Message
    below: str = ""
    witness: Witness | None = None


@frozen
class Checked:
    """`report` is None of a formulary, a bundle and a text with errors: there is nothing to prove yet."""

    path: str
    compiled: Compiled
    findings: tuple[Finding, ...]
    """Of the text and of the proof. What the examples came to is in `examples`."""
    examples: tuple[tuple[Result | BundleResult, tuple[Finding, ...]], ...]
    rules: int
    uncovered: tuple[str, ...]
    report: Report | None

    @property
    def all_findings(self) -> Iterator[Finding]:
        yield from self.findings
        for _, found in self.examples:
            yield from found

    @property
    def held(self) -> int:
        """How many examples hold."""
        return sum(not result.failures for result, _ in self.examples)

    def count(self, level: str) -> int:
        """How many findings are of this level."""
        return sum(one.message.level == level for one in self.all_findings)

    @property
    def fails(self) -> bool:
        """An error, or a question that could not be decided."""
        return self.count("error") > 0 or (self.report is not None and self.report.state != "proved")

    @property
    def is_decided(self) -> bool:
        """Nothing is left to be found out of it."""
        return self.is_formulary or (self.report is not None and self.report.state != "undecided")

    @property
    def is_bundle(self) -> bool:
        """It names protocols that run together; what they order against each other is told of them."""
        return any(file.head is not None and file.head.kind == "bundle" for file in self.compiled.files)

    @property
    def is_formulary(self) -> bool:
        """It orders nothing, so there is nothing to prove of it."""
        return self.compiled.artifact is None and self.count("error") == 0


def check(path: str) -> Checked:
    """Compile the text, run its examples and ask the verifier."""
    result = compiled(path)
    examples: list[tuple[Result, tuple[Finding, ...]]] = []
    rules = 0
    missing: tuple[str, ...] = ()
    report = None
    if result.artifact is not None:
        from rung_lang.cli.answers import fingerprint
        from rung_lang.cli.proving import store_of
        from rung_lang.examples import uncovered
        from rung_lang.report.examples import depends_message, failure_message, failure_tree
        from rung_lang.verify.strength.examples_again import run_again

        store = store_of(result)
        for one in run_again(result.artifact, result.examples, store, fingerprint()):
            found = [
                Finding(failure_message(failure, result.artifact, result.sources), failure_tree(failure))
                for failure in one.failures
            ]
            if one.depends:
                found.append(Finding(depends_message(one)))
            examples.append((one, tuple(found)))
        rules = len(result.artifact.rules)
        missing = uncovered(result.artifact, [one for one, _ in examples])
        store.flush()
        report = prove(result)
    return Checked(path, result, tuple(_findings(result, report)), tuple(examples), rules, missing, report)


def beside(checked: Sequence[Checked], bundles: Sequence[frozenset[str]] = ()) -> list[Checked]:
    """The same, with what each pair of protocols orders against each other; said of the first of the two.

    `bundles`: the files that each bundle runs. What a pair yields to a third protocol counts where that one
    runs in every bundle that has them both; where no bundle has, all that are checked run together.
    """
    from rung_lang.report.witness import chart
    from rung_lang.report.words import message
    from rung_lang.verify.context import Context
    from rung_lang.verify.places import Places
    from rung_lang.verify.reach.reach import Reach
    from rung_lang.verify.together.problems_together import AgainstEachOther, EachYields
    from rung_lang.verify.together.together import Side, together

    out = list(checked)
    sides: dict[int, Side] = {}
    for place, item in enumerate(checked):
        artifact = item.compiled.artifact
        if artifact is not None and item.report is not None:
            context = Context(artifact)
            context.reach = Reach(context)
            sides[place] = Side(
                context, Places(artifact, item.compiled.sources, item.compiled.files[-1].path)
            )
    for one, two in combinations(sides, 2):
        if sides[one].artifact.name == sides[two].artifact.name:
            continue
        pair = {posixpath.normpath(checked[place].path) for place in (one, two)}
        sets = [members for members in bundles if pair <= members]
        others = [
            side
            for place, side in sides.items()
            if place not in (one, two)
            and all(posixpath.normpath(checked[place].path) in members for members in sets)
        ]
        found = together(sides[one], sides[two], others)
        report = out[one].report
        assert report is not None
        findings = [
            Finding(
                message(problem),
                chart(sides[one].artifact, problem.witness, sides[two].context.program),
                problem.witness,
            )
            for problem in found.problems
            if isinstance(problem, AgainstEachOther | EachYields) and problem.witness is not None
        ]
        sources = {**checked[two].compiled.sources, **out[one].compiled.sources}
        out[one] = replace(
            out[one],
            compiled=replace(out[one].compiled, sources=sources),
            findings=(*out[one].findings, *findings),
            report=replace(
                report,
                obligations=(*report.obligations, *found.obligations),
                problems=(*report.problems, *found.problems),
            ),
        )
    for place in sides:
        names = sorted({side.artifact.name for side in sides.values()} - {sides[place].artifact.name})
        report = out[place].report
        if report is not None and names:
            out[place] = replace(out[place], report=_not_alone(report, names))
    return out


def _not_alone(report: Report, names: Sequence[str]) -> Report:
    """What these protocols order on the same patient was looked at."""
    from rung_lang.verify.verify import OTHERS

    left = f"what protocols other than {joined(names, 'and')} order on the same patient"
    return replace(report, not_analysed=tuple(left if one == OTHERS else one for one in report.not_analysed))


def prove(result: Compiled) -> Report | None:
    """What the verifier says of a text without errors."""
    from rung_lang.cli.proving import proof

    return proof(result)


def _findings(result: Compiled, report: Report | None) -> Iterator[Finding]:
    from rung_lang.report.words import message

    for problem in result.problems:
        yield Finding(message(problem))
    if report is None or result.artifact is None:
        return
    from rung_lang.report.witness import chart
    from rung_lang.verify.cycles.problems_cycles import Flapping
    from rung_lang.verify.verdict import Witness

    for problem in report.problems:
        witness = getattr(problem, "witness", None)
        if isinstance(witness, Witness):
            # Of a round only the round is shown, not how the patient came into it.
            shown = chart(result.artifact, witness, whole=not isinstance(problem, Flapping))
            yield Finding(message(problem), shown, witness)
        else:
            yield Finding(message(problem))
