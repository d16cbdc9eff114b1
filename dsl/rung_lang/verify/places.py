"""Where the things that findings speak of stand in the text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.source import Source, Span
from rung_lang.verify.verdict import Label, Said

_COVERS = re.compile(r"^[ \t]*covers[ \t]+([^\n#]*[^\s#])", re.MULTILINE)
_CONDITION = re.compile(r"\bwhen\b(.*?)\bthen\b", re.DOTALL)
_REMARK = re.compile(r"(\s*#[^\n]*)+\s*$")
"""Comments after the last word."""
_PROVE = re.compile(r"^[^\n#]*?(prove\s+(exactly|at\s+most)\s+one\s+of\s+(\w+(?:\s*,\s*\w+)*))", re.MULTILINE)


@frozen
class Places:
    """Spans by the ids of an artifact. What has no place stands where the protocol begins."""

    artifact: m.Artifact
    sources: Mapping[str, Source]
    main: str
    """The path of the protocol's own file."""

    def of(self, key: str) -> Span:
        """By a key of `Provenance.positions`: a rule's id, `stage:NAME`, `input:NAME`, `property:ID` (or the
        bare ID); or `question:TEXT`, `prove:PLACE`, `assume:PLACE`, `applies`.
        """
        positions = self.artifact.provenance.positions
        position = positions.get(key) or positions.get(f"property:{key}")
        source = self.sources.get(position.file) if position is not None else None
        if position is None or source is None:
            return self._written(key)
        line = source.line(position.line)
        start = source.offset(position.line, position.column)
        text = line.partition("#")[0].rstrip()
        return Span(position.file, start, start + max(1, len(text) - position.column + 1))

    def _written(self, key: str) -> Span:
        """A statement that has no position, found by its words; where the protocol begins if it is not."""
        kind, _, rest = key.partition(":")
        match kind:
            case "question":
                words = ["question", f'"{rest}"']
            case "prove":
                return self._proof(self.artifact.proofs[int(rest)])
            case "assume":
                term = str(self.artifact.assumptions[int(rest)])
                words = ["assume", *self.artifact.provenance.words.get(term, "").split()]
            case "applies":
                words = ["applies", "when"]
            case _:
                return self.protocol
        pattern = re.compile(r"^[^\n#]*?(" + r"\s+".join(map(re.escape, words)) + ")", re.MULTILINE)
        for path in (self.main, *sorted(self.sources)):
            found = pattern.search(self.sources[path].text)
            if found is not None:
                return Span(path, found.start(1), found.end(1))
        return self.protocol

    def _proof(self, proof: m.Proof) -> Span:
        """A `prove` by what it names, in whatever sequence."""
        for path in (self.main, *sorted(self.sources)):
            for found in _PROVE.finditer(self.sources[path].text):
                named = sorted(name.strip() for name in found.group(3).split(","))
                if named == sorted(proof.names) and proof.how.startswith(found.group(2).split()[0]):
                    return Span(path, found.start(1), found.end(1))
        return self.protocol

    @property
    def protocol(self) -> Span:
        """The line that names the protocol."""
        source = self.sources[self.main]
        found = re.search(r"^\s*protocol\b[^\n]*", source.text, re.MULTILINE)
        return Span(self.main, 0, 1) if found is None else Span(self.main, found.start(), found.end())

    def rule(self, rule_id: str) -> Span:
        """The first line of a rule."""
        return self.of(rule_id)

    def condition(self, rule_id: str) -> Span:
        """What stands between a rule's `when` and `then`; of a titrate, its first line."""
        head = self.of(rule_id)
        found = _CONDITION.search(self.sources[head.path].text, head.start)
        others = [self.of(rule.id).start for rule in self.artifact.rules if rule.id != rule_id]
        if found is None or any(head.start < start <= found.start() for start in others):
            return head
        text = _REMARK.sub("", found.group(1))
        start = found.start(1) + len(text) - len(text.lstrip())
        return Span(head.path, start, start + len(text.strip()))

    def stage(self, name: str) -> Span:
        """The first line of a stage."""
        return self.of(f"stage:{name}")

    def arm(self, stage: str, name: str) -> Span:
        """The first line of an arm."""
        return self.of(f"arm:{stage}.{name}")

    def covers(self, stage: str, words: str) -> Span:
        """A `covers` of a stage by its words: in the stage, or at the top for all of them."""
        head = self.stage(stage)
        others = [self.stage(one.name).start for one in self.artifact.stages]
        for found in _COVERS.finditer(self.sources[head.path].text):
            before = [start for start in others if start < found.start()]
            said = " ".join(found.group(1).split())
            if (
                said
                and " ".join(words.split()).startswith(said)
                and (not before or max(before) == head.start)
            ):
                return Span(head.path, found.start(1) - len("covers "), found.end(1))
        return head

    def said(self, label: Label) -> Said:
        """A part of a question in its author's words: conditions as written, rules by their names."""
        words = self.artifact.provenance.words
        match label[0]:
            case "term":
                return Said(label, words.get(label[1], ""))
            case "assume":
                return Said(label, words.get(str(self.artifact.assumptions[int(label[1])]), ""))
            case "applies" if self.artifact.applies is not None:
                return Said(label, words.get(str(self.artifact.applies), ""))
            case _:
                return Said(label, label[1] if len(label) > 1 else "")

    def input(self, name: str) -> Span:
        """Where an input is declared."""
        return self.of(f"input:{name}")

    def drug(self, name: str) -> Span:
        """Where a drug is declared."""
        return self.of(f"drug:{name}")

    def property(self, ident: str) -> Span:
        """Where a `never` or an `always` stands."""
        return self.of(f"property:{ident}")

    def question(self, text: str) -> Span:
        """Where a question stands, by what it asks."""
        return self.of(f"question:{text}")

    def proof(self, proof: m.Proof) -> Span:
        """Where a `prove` stands."""
        return self.of(f"prove:{self.artifact.proofs.index(proof)}")
