"""A protocol into which examples can be pasted, many times, without compiling it again."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from rung_engine.artifact import model as m
from rung_lang.checked.files import gather, words_at
from rung_lang.checked.from_syntax import Context, from_syntax
from rung_lang.lower.examples import LoweredExample, lower_examples
from rung_lang.lower.from_checked import from_checked
from rung_lang.source import Source, Unreadable, decode
from rung_lang.syntax import tree as t
from rung_lang.syntax.parse import parse

ROOT = Path(__file__).resolve().parents[2]
SEPTIC = "protocols/septic_shock.rung"
FORMS = "tests/checked/good/every_form.rung"


class Told:
    """The protocol at a path of the repository, its own examples, and what a pasted block comes to."""

    def __init__(self, path: str) -> None:
        gathered = gather(path, _read)
        assert gathered.main is not None
        text = partial(words_at, gathered.sources)
        checked = from_syntax(gathered.main, gathered.used, text)
        assert checked.protocol is not None
        self.main: t.File = gathered.main
        self.context: Context = checked.context
        self.artifact: m.Artifact = from_checked(checked.protocol, gathered.sources, text)
        self.examples: tuple[LoweredExample, ...] = lower_examples(self.main, self.context)

    def pasted(self, block: str) -> LoweredExample:
        """The block among the items of the protocol, lowered. Fails where it cannot be read."""
        parsed = parse(Source("pasted.rung", f'protocol p "P" version 1.0.0\n{block}'))
        assert parsed.problems == ()
        items = [item for item in self.main.items if not isinstance(item, t.Example)]
        before = len(self.context.scope.problems)
        found = lower_examples(replace(self.main, items=(*items, *parsed.file.items)), self.context)
        assert self.context.scope.problems[before:] == [], block
        assert len(found) == 1
        return found[0]


@cache
def told(path: str) -> Told:
    return Told(path)


def open_settings(artifact: m.Artifact, own: dict[str, m.Number | str]) -> dict[str, m.Number | str]:
    """`own`, and every setting that has no value at the lower end of its range."""
    found = dict(own)
    for name, decl in artifact.settings.items():
        if decl.value is None and name not in found:
            found[name] = decl.lo if decl.lo is not None else (decl.choices or ("no",))[0]
    return found


def _read(path: str) -> Source | Unreadable | None:
    file = ROOT / path
    return decode(path, file.read_bytes()) if file.exists() else None
