"""Asking the verifier about a text, with the answers of earlier runs at hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import rung_engine
from rung_lang.cli.answers import Answers, fingerprint, user_folder

if TYPE_CHECKING:
    from rung_engine.artifact import model as m
    from rung_engine.artifact.model import Artifact
    from rung_lang.driver import Compiled
    from rung_lang.verify.formulas.space import Space
    from rung_lang.verify.histories.histories import Histories
    from rung_lang.verify.solving.asks import Explains
    from rung_lang.verify.verdict import Report, Verdict


def store_of(result: Compiled) -> Answers:
    """The answers of earlier runs, shared by a protocol and those that extend it: a local protocol asks again
    only what it changed.
    """
    heads = [file.head for file in (result.files[-1], *result.files[:-1]) if file.head is not None]
    protocols = [head.name.text for head in heads if head.kind == "protocol"]
    return Answers(user_folder(), protocols[-1])


def proof(result: Compiled) -> Report:
    """What the verifier says of a text without errors."""
    from rung_lang.cli.spacer import ask
    from rung_lang.verify.verify import verify

    assert result.artifact is not None
    store = store_of(result)
    asks, histories = _remembering(result.artifact, store)
    main = result.files[-1].path
    report = verify(result.artifact, result.sources, main, result.examples, asks, histories, prover=ask)
    store.flush()
    return report


def answered(question: m.Question, result: Compiled) -> list[Verdict]:
    """What a question about a property comes to: a verdict for each order it is about."""
    from rung_lang.cli.spacer import ask
    from rung_lang.verify.context import Context
    from rung_lang.verify.places import Places
    from rung_lang.verify.properties import properties
    from rung_lang.verify.reach.reach import Reach

    assert result.artifact is not None
    only = {"properties": (), "proofs": (), "questions": (question,)}
    artifact = result.artifact.model_copy(update=only)
    store = store_of(result)
    asks, histories = _remembering(result.artifact, store)
    context = Context(artifact, asks)
    context.prover, context.histories = ask, histories
    context.reach = Reach(context)
    places = Places(artifact, result.sources, result.files[-1].path)
    found = properties.obligations(context, places)
    store.flush()
    return [one.verdict for one in found.obligations]


def certified(result: Compiled) -> tuple[Report, Artifact]:
    """The same, and the sealed artifact with its certificate."""
    from rung_engine.artifact.seal import seal
    from rung_lang.cli.spacer import ask
    from rung_lang.verify.certificates.certificate import certified

    assert result.artifact is not None
    store = store_of(result)
    asks, histories = _remembering(result.artifact, store)
    main = result.files[-1].path
    report, certificate = certified(
        result.artifact, result.sources, main, result.examples, asks, tools(), histories, ask
    )
    store.flush()
    return report, seal(result.artifact.model_copy(update={"certificate": certificate}))


def tools() -> dict[str, str]:
    """The version of each program that takes part in a proof."""
    from importlib.metadata import version

    return {"rung": rung_engine.__version__, "z3": version("z3-solver")}


def _remembering(artifact: Artifact, store: Answers) -> tuple[Callable[[Space], Explains], Histories]:
    from rung_lang.verify.histories.histories import Remembered
    from rung_lang.verify.solving.remembering import Remembering
    from rung_lang.verify.solving.solve import Solver

    code = fingerprint()
    histories = Remembered(store, f"{code} {artifact.meaning}")
    return lambda space: Remembering(Solver(space), store, code), histories
