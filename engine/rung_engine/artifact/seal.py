"""An artifact's hashes, and its bytes."""

from __future__ import annotations

from rung_engine.artifact.canonical import NOT_MEANING, canonical_bytes, digest, pieces
from rung_engine.artifact.model import Artifact


def seal(artifact: Artifact) -> Artifact:
    """The same artifact with the `meaning` and the `seal` of what it now holds."""
    parts = pieces(artifact.model_dump(mode="json"))
    meaning = digest(parts, NOT_MEANING)
    parts["meaning"] = f'"{meaning}"'
    return artifact.model_copy(update={"meaning": meaning, "seal": digest(parts, frozenset({"seal"}))})


def to_bytes(artifact: Artifact) -> bytes:
    """The file of a sealed artifact; `load` reads it back."""
    return canonical_bytes(artifact.model_dump(mode="json"))
