"""The JSON Schema of an artifact, made from the models: `python -m rung_engine.artifact.schema` writes it.

One copy is packaged beside this module, for `load`; the same bytes stand in `schemas/` for other engines.
"""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, cast

from rung_engine.artifact.model import FORMAT, Artifact

FILE = "artifact.schema.json"


def schema_bytes() -> bytes:
    """The schema of the models as they are now."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(Artifact).json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = f"urn:rung:artifact:{FORMAT}"
    return (json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


@lru_cache(maxsize=1)
def packaged_schema() -> dict[str, Any]:
    """The schema this package ships."""
    text = resources.files("rung_engine.artifact").joinpath(FILE).read_text(encoding="utf-8")
    return cast(dict[str, Any], json.loads(text))


def write(*folders: Path) -> None:
    """Write the schema into each folder."""
    for folder in folders:
        (folder / FILE).write_bytes(schema_bytes())


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    write(here, *(Path(folder) for folder in sys.argv[1:] or [str(here.parents[2] / "schemas")]))
