"""Examples that can only end as they did are not run again.

A run asks the rules of the stages it comes to, and of `throughout`; rules of other stages are never asked.
So an example ends as before while it, all that is declared, and the rules of those stages are what they were:
what it came to stands under a key of these. Which stages they are stands under a key of the first two. An
example that names what is pending is taken to come to every stage, since which reading would settle a rule
depends on all thresholds of the protocol.

Only what holds for every choice of the site is kept; why something does not hold is worked out anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rung_engine.artifact import model as m
from rung_engine.artifact.references import TERM_FIELDS
from rung_lang.examples import Result, run_examples
from rung_lang.lower.examples import LoweredExample
from rung_lang.verify.solving.answers import Kept, key_of

_NOT_EXECUTED = frozenset(
    {
        *("compiler", "version", "status", "sources", "defines", "graph", "provenance", "certificate"),
        *("meaning", "seal", "title", "because", "cites", "clauses", "erratum", "grade"),
    }
)
"""Fields, wherever they stand, that say what a protocol is or why, and do nothing."""

_BY_STAGE = frozenset({"rules", "terms"})


def run_again(
    artifact: m.Artifact, examples: Sequence[LoweredExample], kept: Kept, version: str
) -> Iterator[Result]:
    """The results of `run_examples`. `version`: of all that takes part in running an example."""
    protocol = _Protocol(artifact)
    keys = [key_of(version, protocol.declared, protocol.digest(_said(example))) for example in examples]
    found = [_kept(example, protocol, kept, key) for example, key in zip(examples, keys, strict=True)]
    made = run_examples(artifact, [example for example, one in zip(examples, found, strict=True) if not one])
    for key, one in zip(keys, found, strict=True):
        result = one or next(made)
        if one is None and not result.failures and not result.depends:
            stages = protocol.stages if _names_pending(result.example) else sorted(result.visited)
            kept.put(key_of("stages", key), _bytes(stages))
            kept.put(protocol.key(key, stages), _bytes(sorted(result.fired)))
        yield result


def _kept(example: LoweredExample, protocol: _Protocol, kept: Kept, key: str) -> Result | None:
    stages = kept.get(key_of("stages", key))
    if stages is None:
        return None
    visited = json.loads(stages)
    fired = kept.get(protocol.key(key, visited))
    if fired is None:
        return None
    return Result(example, (), frozenset(json.loads(fired)), (), frozenset(visited))


def _names_pending(example: LoweredExample) -> bool:
    return any(expect.word == "pending" for check in example.checks for expect in check.expects)


def _said(example: LoweredExample) -> object:
    """All of an example but its title and where it stands."""
    checks = tuple(
        (
            check.time_ms,
            check.proposed,
            tuple((expect.word, expect.order, expect.names) for expect in check.expects),
        )
        for check in example.checks
    )
    return (example.settings, example.events, checks)


class _Protocol:
    """Digests of the parts of an artifact that an example can depend on."""

    def __init__(self, artifact: m.Artifact) -> None:
        self._terms: list[str] = []
        for term in artifact.terms:
            self._terms.append(self.digest(term))
        self.stages = [stage.name for stage in artifact.stages]
        self.declared = self.digest(
            {
                name: self._terms_of(getattr(artifact, name))
                if name in TERM_FIELDS[m.Artifact]
                else getattr(artifact, name)
                for name in artifact.__dataclass_fields__.keys() - _NOT_EXECUTED - _BY_STAGE
            }
        )
        self._rules = {
            stage: self.digest(tuple(rule for rule in artifact.rules if rule.stage == stage))
            for stage in (None, *self.stages)
        }

    def key(self, key: str, stages: Iterable[str]) -> str:
        """Of what the example of `key` comes to, if it comes to these stages."""
        return key_of("fired", key, self._rules[None], *(f"{stage} {self._rules[stage]}" for stage in stages))

    def digest(self, part: object) -> str:
        """Of the content of a part of the artifact or of an example, a term told by its own content."""
        return hashlib.sha256(_bytes(self._content(part))).hexdigest()

    def _content(self, part: object) -> Any:
        fields = getattr(part, "__dataclass_fields__", None)
        if fields is not None:
            of_terms = TERM_FIELDS.get(type(part), ()) if isinstance(part, m.Model) else ()
            return {
                name: (self._terms_of if name in of_terms else self._content)(getattr(part, name))
                for name in fields.keys() - _NOT_EXECUTED
            }
        if isinstance(part, tuple | list):
            return [self._content(item) for item in part]
        if isinstance(part, frozenset):
            return sorted(part)
        if isinstance(part, dict):
            return {name: self._content(item) for name, item in part.items()}
        return part

    def _terms_of(self, value: int | tuple[int | None, ...] | None) -> Any:
        if isinstance(value, tuple):
            return [self._terms_of(index) for index in value]
        return None if value is None else self._terms[value]


def _bytes(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
