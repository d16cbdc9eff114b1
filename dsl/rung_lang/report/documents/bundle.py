"""The pages of the protocols of one bundle, behind one that says who orders which drug."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_lang.checked.said import Said
from rung_lang.driver import Compiled
from rung_lang.report.documents.page import (
    Block,
    Bullets,
    Heading,
    Notice,
    Page,
    Paragraph,
    Run,
    Table,
    Words,
    code,
    plain,
)
from rung_lang.report.documents.protocol import blocks
from rung_lang.report.documents.sentences import Sentences, given_names, spaced
from rung_lang.report.documents.told import NOT_ADVICE, told
from rung_lang.report.words_phrases import joined

_GIVES = frozenset({"start", "add", "set", "increase", "give"})


@frozen
class Bundled:
    """A bundle with its members, in the order of the text."""

    name: str
    title: str
    version: str
    said: Said
    members: tuple[tuple[Compiled, m.Artifact], ...]


def bundle_page(bundle: Bundled) -> Page:
    """The whole document."""
    title = bundle.title or spaced(bundle.name)
    version = f" · version {bundle.version}" if bundle.version else ""
    return Page(
        title,
        f"{bundle.name}{version} · {len(bundle.members)} protocols that can run on one patient",
        f"{title} · {bundle.version}" if bundle.version else title,
        f"{bundle.name} {bundle.version} · not medical advice".replace("  ", " "),
        tuple(_blocks(bundle)),
    )


def _blocks(bundle: Bundled) -> Iterator[Block]:
    yield Notice("Not medical advice.", plain(NOT_ADVICE))
    yield from _members(bundle.members)
    yield from _owners(bundle)
    for compiled, artifact in bundle.members:
        title = artifact.title or spaced(artifact.name)
        yield Heading(2, f"{title} ({artifact.name} {artifact.version})", fresh=True)
        for block in blocks(told(compiled, artifact)):
            yield _below(block)


def _below(block: Block) -> Block:
    """A member's sections stand below its own title."""
    return replace(block, level=3) if isinstance(block, Heading) else block


def _members(members: Sequence[tuple[Compiled, m.Artifact]]) -> Iterator[Block]:
    yield Heading(2, "The protocols")
    rows: list[tuple[Words, ...]] = []
    for _, artifact in members:
        when = "every patient"
        if artifact.applies is not None:
            when = Sentences(artifact, given_names(artifact, {})).condition(artifact.applies)
        shown = (f"{artifact.title or spaced(artifact.name)}", f"{artifact.name} {artifact.version}", when)
        rows.append(tuple(plain(cell) for cell in shown))
    yield Table("", ("Protocol", "Version", "Applies when"), tuple(rows))


def _owners(bundle: Bundled) -> Iterator[Block]:
    """Each drug with the protocols that give it; where there are several, which of them yields."""
    yield Heading(2, "Who orders which drug")
    gives: dict[str, list[str]] = {}
    for _, artifact in bundle.members:
        for drug in sorted(_given(artifact)):
            gives.setdefault(drug, []).append(artifact.name)
    yields: dict[str, list[str]] = {}
    for _, artifact in bundle.members:
        sentences = Sentences(artifact, given_names(artifact, {}))
        for own in artifact.ownership:
            to = spaced(own.protocol)
            when = "" if own.condition is None else f" while {sentences.condition(own.condition)}"
            verb = "yields to" if own.how == "yields" else "goes before"
            why = f" ({own.because})" if own.because else ""
            for drug in own.drugs:
                yields.setdefault(drug, []).append(f"{spaced(artifact.name)} {verb} {to}{when}{why}")
    rows: list[tuple[Words, ...]] = []
    for drug in sorted({*gives, *yields}):
        names = joined([spaced(name) for name in gives.get(drug, [])], "and")
        said = "; ".join(yields.get(drug, []))
        if not said and len(gives.get(drug, [])) > 1:
            said = "none declared: rung check looks whether they order it against each other (R601)"
        rows.append((plain(spaced(drug)), plain(names), plain(said)))
    yield Paragraph(plain("A protocol that yields a drug orders none of it while the condition holds."))
    yield Table("", ("Drug", "Ordered by", "Precedence"), tuple(rows))
    own_words = [
        remark for remark in bundle.said.remarks if remark.kind in ("yields", "never", "always", "prove")
    ]
    if own_words:
        yield Heading(3, "What the bundle itself states")
        yield Bullets(
            tuple(
                (*code(one.subject), Run(f" ({', '.join(one.notes.clauses)})" if one.notes.clauses else ""))
                for one in own_words
            )
        )


def _given(artifact: m.Artifact) -> set[str]:
    return {
        order.target
        for rule in artifact.rules
        for choice in rule.orders
        for order in ((choice.order,) if isinstance(choice, m.One) else choice.orders)
        if order.op in _GIVES and order.target in artifact.drugs
    }
