"""Bytes to an artifact, or a coded refusal. What is loaded is whole, canonical and unaltered."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from rung_engine.artifact.canonical import NOT_MEANING, digest, joined, pieces
from rung_engine.artifact.model import FORMAT, Artifact
from rung_engine.artifact.references import broken_reference

if TYPE_CHECKING:
    # Heavy, and needed only where there is an artifact to load: a text is checked without them.
    from jsonschema import Draft202012Validator
    from pydantic import TypeAdapter

Code = Literal["A101", "A102", "A103", "A104", "A105", "A106", "A107"]


class ArtifactProblem(ValueError):  # noqa: N818 - a refusal is named for what it holds
    """Why bytes are not a usable artifact.

    A101 not JSON, or cut short; A102 not an artifact (`detail` names the JSON path); A103 of a newer format;
    A104 altered after it was sealed; A105 its `meaning` is not that of its content; A106 a reference leads
    nowhere; A107 not in canonical form.
    """

    def __init__(self, code: Code, reason: str, detail: str = "") -> None:
        super().__init__(code, reason, detail)
        self.code = code
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}" + (f" ({self.detail})" if self.detail else "")


def load(data: bytes) -> Artifact:
    """The artifact in these bytes. Raises `ArtifactProblem`."""
    from jsonschema.exceptions import best_match
    from pydantic import ValidationError

    content = _content(data)
    schema_problem = best_match(_validator().iter_errors(content))
    if schema_problem is not None:
        raise ArtifactProblem(
            "A102", "not an artifact", f"{schema_problem.json_path}: {schema_problem.message[:200]}"
        )
    parts = pieces(content)
    if joined(parts) + b"\n" != data:
        raise ArtifactProblem("A107", "not in canonical form")
    if digest(parts, frozenset({"seal"})) != content["seal"]:
        raise ArtifactProblem("A104", "altered after it was sealed", f"sealed as {content['seal']}")
    if digest(parts, NOT_MEANING) != content["meaning"]:
        raise ArtifactProblem(
            "A105", "its meaning is not that of its content", f"said to be {content['meaning']}"
        )
    try:
        artifact = _adapter().validate_json(data)
    except ValidationError as error:  # the schema cannot say everything the models do
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        raise ArtifactProblem("A102", "not an artifact", f"$.{path}: {first['msg']}") from error
    broken = broken_reference(artifact)
    if broken is not None:
        raise ArtifactProblem("A106", "a reference leads nowhere", broken)
    return artifact


def _content(data: bytes) -> dict[str, Any]:
    try:
        content = json.loads(data.decode("utf-8"), parse_float=_no_float, parse_constant=_no_float)
    except _FloatFoundError as error:
        raise ArtifactProblem("A102", "not an artifact", f"a floating-point number, {error}") from error
    except (ValueError, RecursionError) as error:
        raise ArtifactProblem("A101", "not JSON, or cut short", str(error)[:200]) from error
    if not isinstance(content, dict) or type(content.get("format")) is not int:
        raise ArtifactProblem("A102", "not an artifact", "$.format: no whole number stands there")
    if content["format"] > FORMAT:
        raise ArtifactProblem(
            "A103", "of a newer format", f"format {content['format']}, this engine reads {FORMAT}"
        )
    return content


class _FloatFoundError(Exception):
    """A number with a point, an exponent, or none at all."""


def _no_float(text: str) -> NoReturn:
    raise _FloatFoundError(text)


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    from rung_engine.artifact.schema import packaged_schema

    return Draft202012Validator(packaged_schema())


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Artifact]:
    from pydantic import TypeAdapter

    return TypeAdapter(Artifact)
