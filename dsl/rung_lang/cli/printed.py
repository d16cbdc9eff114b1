"""What a check of the same texts printed before, so that nothing is worked out where nothing has changed.

It is kept under a key of the command and of the code as it stands, with a digest of every text that was read;
it counts only while each of them still says the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rung_engine.frozen import frozen
from rung_lang.cli.answers import Answers, fingerprint, user_folder
from rung_lang.source import Source, decode
from rung_lang.verify.solving.answers import key_of

_FILE = "-printed"
"""No protocol has a name like this."""


@frozen
class Printed:
    """The whole of standard output, and the exit code."""

    text: str
    code: int


class Before:
    """Of one command, told by all that it prints hangs on besides the texts. `pages`: others it quotes."""

    def __init__(self, command: Sequence[str], pages: Iterable[Path]) -> None:
        quoted = [f"{page.name} {_digest(page)}" for page in pages]
        self._answers = Answers(user_folder(), _FILE)
        self._key = key_of("printed", fingerprint(), json.dumps([list(command), quoted]))

    def get(self) -> Printed | None:
        """What it printed, where it would print that again."""
        stored = self._answers.get(self._key)
        if stored is None:
            return None
        found = json.loads(stored)
        if any(_digest(Path(path)) != digest for path, digest in found["read"]):
            return None
        return Printed(found["text"], found["code"])

    def put(self, sources: Mapping[str, Source], printed: Printed) -> None:
        """`sources`: every text that was read. Where one says something else by now, nothing is kept."""
        read = []
        for path, source in sorted(sources.items()):
            data = _bytes(Path(path))
            now = None if data is None else decode(path, data)
            if data is None or not isinstance(now, Source) or now.text != source.text:
                return
            read.append([path, hashlib.sha256(data).hexdigest()])
        content = {"read": read, "text": printed.text, "code": printed.code}
        self._answers.put(self._key, json.dumps(content, sort_keys=True, ensure_ascii=False).encode())
        self._answers.flush()


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _digest(path: Path) -> str:
    """Of the file as it stands; empty where it cannot be read."""
    data = _bytes(path)
    return "" if data is None else hashlib.sha256(data).hexdigest()
