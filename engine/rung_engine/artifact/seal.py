"""An artifact's hashes, and its bytes."""

from __future__ import annotations

from rung_engine.artifact.canonical import canonical_bytes, meaning_of, seal_of
from rung_engine.artifact.model import Artifact


def seal(artifact: Artifact) -> Artifact:
    """The same artifact with the `meaning` and the `seal` of what it now holds."""
    content = artifact.model_dump(mode="json")
    content["meaning"] = meaning_of(content)
    return artifact.model_copy(update={"meaning": content["meaning"], "seal": seal_of(content)})


def to_bytes(artifact: Artifact) -> bytes:
    """The file of a sealed artifact; `load` reads it back."""
    return canonical_bytes(artifact.model_dump(mode="json"))
