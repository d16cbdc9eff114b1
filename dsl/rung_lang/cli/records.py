"""Every decision change of a run, as JSON Lines or Parquet, written whole or not at all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from rung_engine.decision.model import Decision, decision_bytes, to_json
from rung_lang.cli.exits import UNWRITABLE, USAGE, Refusal

BATCH = 20_000
"""Rows held in memory before a Parquet row group is written."""


class Records:
    """A sink; without a path it only counts. Leaving it with an error leaves no file behind.

    `sign_off`: what every row says of the sign-off of what was run; empty where nobody asked.
    """

    def __init__(self, path: str | None, sign_off: str = "") -> None:
        self.path = Path(path) if path is not None else None
        self.count = 0
        self._signed = {"sign_off": sign_off} if sign_off else {}
        self._rows: list[dict[str, Any]] = []
        self._stream: IO[bytes] | None = None
        self._parquet: Any = None
        self._temporary: Path | None = None
        if self.path is not None and self.path.suffix not in (".jsonl", ".parquet"):
            raise Refusal("C128", f"I can write .jsonl or .parquet, not {path}.", exit_code=USAGE)

    def __enter__(self) -> Self:
        if self.path is not None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                handle = tempfile.NamedTemporaryFile(
                    dir=self.path.parent, prefix=f".{self.path.name}.", delete=False
                )
            except OSError as error:
                raise self._unwritable(error) from None
            self._stream = handle
            self._temporary = Path(handle.name)
        return self

    def add(self, stay: str, decisions: Iterable[Decision]) -> None:
        """The decision changes of one stay, in the order of time."""
        for decision in decisions:
            self.count += 1
            if self.path is None:
                continue
            self._rows.append(
                {**_row(stay, decision), **self._signed}
                if self.path.suffix == ".parquet"
                else {"stay": stay, **to_json(decision), **self._signed}
            )
        if len(self._rows) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._stream is None or self.path is None:
            return
        try:
            if self.path.suffix == ".jsonl":
                for row in self._rows:
                    text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
                    self._stream.write(text.encode("utf-8") + b"\n")
            else:
                import pyarrow as pa
                import pyarrow.parquet as pq

                table = pa.Table.from_pylist(self._rows, schema=_schema(pa, tuple(self._signed)))
                if self._parquet is None:
                    self._parquet = pq.ParquetWriter(self._stream, table.schema)
                self._parquet.write_table(table)
        except OSError as error:
            raise self._unwritable(error) from None
        self._rows = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._temporary is None or self._stream is None or self.path is None:
            return
        try:
            if kind is None:
                self._flush()
                if self._parquet is not None:
                    self._parquet.close()
                self._stream.close()
                self._temporary.chmod(0o644)
                self._temporary.replace(self.path)
        except OSError as problem:
            raise self._unwritable(problem) from None
        finally:
            self._stream.close()
            self._temporary.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> Refusal:
        return Refusal(
            "C103",
            f"I cannot write {self.path}: {(error.strerror or str(error)).lower()}.",
            "Choose another place with -o.",
            UNWRITABLE,
        )


def _row(stay: str, decision: Decision) -> dict[str, Any]:
    content = decision.content
    return {
        "stay_id": stay,
        "time_ms": decision.time,
        "phase": content.phase,
        "stage": content.stage,
        "new_orders": list(decision.new),
        "ended_orders": list(decision.ended),
        "pending_rules": [item.rule for item in content.pending],
        "decision": decision_bytes(decision).decode("utf-8"),
    }


def _schema(pa: Any, more: tuple[str, ...]) -> Any:
    texts = pa.list_(pa.string())
    return pa.schema(
        [
            ("stay_id", pa.string()),
            ("time_ms", pa.int64()),
            ("phase", pa.string()),
            ("stage", pa.string()),
            ("new_orders", texts),
            ("ended_orders", texts),
            ("pending_rules", texts),
            ("decision", pa.string()),
            *((name, pa.string()) for name in more),
        ]
    )
