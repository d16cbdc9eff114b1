"""Examples by the reference engine: every choice of settings for itself, every instant by definition."""

from __future__ import annotations

from dataclasses import replace

from rung_engine.artifact import model as m
from rung_engine.decision.propose import judge
from rung_engine.program import Program
from rung_engine.reference.evaluate import Instant
from rung_engine.reference.run import Runner
from rung_lang import examples as fast
from rung_lang.examples import Failure, Result
from rung_lang.lower.examples import LoweredExample


def result_of(artifact: m.Artifact, example: LoweredExample) -> Result:
    """What `run_examples` has to say of one example, the stages it visited aside."""
    tried: list[list[Failure]] = []
    fired: set[str] = set()
    for settings in fast._variants(artifact, example):
        failures: list[Failure] = []
        tried.append(failures)
        program = Program(artifact, dict(settings), unverified=True)
        runner = Runner(program, example.events)
        for check in example.checks:
            runner.run(check.time_ms)
            content, state = runner.fold.content, runner.fold.state
            view = Instant(runner.chart, check.time_ms, tuple(runner.rows))
            view.place(state.stage, state.entered, state.began)
            verdict = None
            if check.proposed is not None and content is not None:
                verdict = judge(view, content, check.proposed)
            for expect in check.expects:
                if content is None or not fast.holds(program, content, verdict, expect):
                    explained = fast.rules_about(view, state, expect)
                    failures.append(Failure(example, check, expect, content, verdict, explained, settings))
        for decision in runner.decisions:
            fired.update(decision.content.moved_by)
            for order in decision.content.orders:
                fired.update(order.rules)
            fired.update(item.rule for item in decision.content.waiting)
            fired.update(item.rule for item in decision.content.withheld)
    broken = [failures for failures in tried if failures]
    if len(broken) == len(tried):
        return Result(example, tuple(tried[0]), frozenset(fired))
    own = {name for name, _ in example.settings}
    depends = tuple(item for item in broken[0][0].settings if item[0] not in own) if broken else ()
    return Result(example, (), frozenset(fired), depends)


def told(result: Result) -> object:
    """All of a result but the stages it visited."""
    contents = [failure.content for failure in result.failures if failure.content is not None]
    return replace(result, visited=frozenset()), [(one.path, one.moved_by) for one in contents]
