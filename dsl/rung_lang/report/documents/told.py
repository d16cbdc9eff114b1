"""A compiled protocol at hand for its page, and the turns of phrase that the parts of the page share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.checked.said import Kind, Remark
from rung_lang.driver import Compiled
from rung_lang.report.documents.sentences import Sentences, given_names, spaced

NOT_ADVICE = (
    "This page is made from the text of a protocol, for encoding and verification. It is not medical "
    "advice and it replaces no judgement at the bedside. Check every number against local policy and the "
    "label before use."
)
SEVERITIES: Mapping[str, str] = {
    "A": "unsafe as written",
    "B": "opposing actions",
    "C": "a gap, or more than one reading",
    "D": "evidence or wording",
}


@frozen
class Told:
    """A compiled protocol with what its parts are made of."""

    artifact: m.Artifact
    own: tuple[Remark, ...]
    """The remarks of the protocol's own files, not of a formulary."""
    compiled: Compiled
    sentences: Sentences

    def of(self, *kinds: Kind) -> Iterator[Remark]:
        """Its remarks of these kinds, as written."""
        return (remark for remark in self.own if remark.kind in kinds)

    def place(self, key: str) -> tuple[str, int, int]:
        """Where a part stands in the text; parts without a place come last."""
        found = self.artifact.provenance.positions.get(key)
        return ("\uffff", 0, 0) if found is None else (found.file, found.line, found.column)


def told(compiled: Compiled, artifact: m.Artifact) -> Told:
    """All that a page needs of a protocol."""
    formularies = {
        file.path for file in compiled.files if file.head is not None and file.head.kind == "formulary"
    }
    own = tuple(remark for remark in compiled.said.remarks if remark.span.path not in formularies)
    titles = {remark.subject: remark.title for remark in own if remark.kind in ("define", "outcome")}
    return Told(artifact, own, compiled, Sentences(artifact, given_names(artifact, titles)))


def source_words(artifact: m.Artifact, name: str) -> str:
    """A source by its title, and its year where it has one."""
    source = artifact.sources.get(name)
    if source is None:
        return spaced(name)
    return source.title + (f" ({source.year})" if source.year is not None else "")


def given_drugs(artifact: m.Artifact) -> list[str]:
    """The drugs that some rule gives."""
    gives = {"start", "add", "set", "increase", "give"}
    return sorted(
        {
            order.target
            for rule in artifact.rules
            for order in orders_of(rule)
            if order.op in gives and order.target in artifact.drugs
        }
    )


def orders_of(rule: m.Rule) -> Iterator[m.Order]:
    """Every order of a rule, those of choices one by one."""
    for choice in rule.orders:
        yield from (choice.order,) if isinstance(choice, m.One) else choice.orders


def ended(text: str) -> str:
    """The words as a sentence."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def ids_of(remark: Remark | None) -> str:
    """The clauses and errata of a remark."""
    if remark is None:
        return ""
    return ", ".join((*remark.notes.clauses, *remark.notes.erratum))


def tail(remark: Remark) -> str:
    """Reason and ids of a remark, to stand behind what it says."""
    return after(remark.notes.because, remark.notes.clauses, remark.notes.erratum)


def after(because: str, clauses: Iterable[str], erratum: Iterable[str]) -> str:
    """A reason and ids, to stand behind what they are about."""
    ids = ", ".join((*clauses, *erratum))
    return (f". Why: {because}" if because else "") + (f" ({ids})" if ids else "")


def place_of(remark: Remark | None) -> tuple[str, int]:
    """Where a remark stands; what has none comes last."""
    return ("\uffff", 0) if remark is None else (remark.span.path, remark.span.start)
