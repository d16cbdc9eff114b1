"""The page of one protocol, from its checked text: all that it orders, and why, for those who act on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rung_engine.artifact import model as m
from rung_lang.driver import Compiled
from rung_lang.report.documents.bedside import doses, measures, outcomes, ownership, questions, takeover
from rung_lang.report.documents.guards import guards
from rung_lang.report.documents.ladder import overview
from rung_lang.report.documents.origins import concerns, facts, sources, version
from rung_lang.report.documents.page import (
    Block,
    Bullets,
    Card,
    Drawing,
    Heading,
    Notice,
    Page,
    Paragraph,
    Run,
    Table,
    Words,
    plain,
    strong,
)
from rung_lang.report.documents.sentences import STRENGTHS, counted, spaced
from rung_lang.report.documents.told import NOT_ADVICE, Told, ids_of, place_of, source_words, tail, told
from rung_lang.report.ladder import NAMELESS, ladder_of
from rung_lang.report.words_phrases import joined


def protocol_page(compiled: Compiled, artifact: m.Artifact) -> Page:
    """The whole page."""
    page = told(compiled, artifact)
    return Page(
        artifact.title or spaced(artifact.name),
        subtitle(artifact),
        f"{artifact.title or spaced(artifact.name)} · {artifact.version}",
        foot(artifact),
        tuple(blocks(page)),
    )


def subtitle(artifact: m.Artifact) -> str:
    """`septic_shock · version 1.0.0 · draft`."""
    parts = (artifact.name, f"version {artifact.version}" if artifact.version else "", artifact.status)
    return " · ".join(part for part in parts if part)


def foot(artifact: m.Artifact) -> str:
    """What a printed page is known by."""
    return f"{artifact.name} {artifact.version} · meaning {artifact.meaning[:12]} · not medical advice"


def blocks(page: Told) -> Iterator[Block]:
    """The page part by part."""
    yield Notice("Not medical advice.", plain(NOT_ADVICE))
    yield from _purpose(page)
    yield from sources(page)
    yield from _ladder(page)
    yield from _settings(page)
    yield from _definitions(page)
    yield from _rules(page)
    yield from guards(page)
    yield from doses(page)
    yield from measures(page)
    yield from outcomes(page)
    yield from ownership(page)
    yield from takeover(page)
    yield from questions(page)
    yield from concerns(page)
    yield from facts(page)
    yield from version(page)


# ---------------------------------------------------------------- who it is for


def _purpose(page: Told) -> Iterator[Block]:
    yield Heading(2, "Who it is for")
    if page.artifact.applies is None:
        yield Paragraph(plain("It applies to every patient."))
    else:
        yield Paragraph(plain(f"It applies when {page.sentences.condition(page.artifact.applies)}."))
    open_ = sorted(name for name, setting in page.artifact.settings.items() if setting.value is None)
    if open_:
        names = joined([spaced(name) for name in open_], "and")
        yield Notice("The site must choose", plain(f"before this protocol runs: {names}."))


def _ladder(page: Told) -> Iterator[Block]:
    svg, alt = overview(page.artifact)
    yield Heading(2, "The ladder", fresh=True)
    caption = (
        "Stages in the order of escalation, what each may order of each drug, and the ways between them."
    )
    yield Drawing(svg, caption, alt)


# ---------------------------------------------------------------- what the site settles


def _settings(page: Told) -> Iterator[Block]:
    settings = page.artifact.settings
    if not settings:
        return
    remarks = {remark.subject: remark for remark in page.of("setting")}
    yield Heading(2, "What the site settles", fresh=True)
    rows: list[tuple[Words, ...]] = []
    for name in sorted(
        settings, key=lambda one: (settings[one].value is not None, place_of(remarks.get(one)))
    ):
        setting, remark = settings[name], remarks.get(name)
        value = settings_value(setting)
        shown = strong("the site must choose") if value is None else plain(value)
        about = ids_of(remark)
        what: Words = (Run(setting.title or spaced(name)), *((Run(f" ({about})", "quiet"),) if about else ()))
        rows.append((strong(spaced(name)), what, shown, plain(allowed(setting))))
    yield Paragraph(
        plain(
            "In the sentences below, words in square brackets name one of these; they stand behind its value."
        )
    )
    yield Table("", ("Name", "What it is", "Value", "Allowed"), tuple(rows))


def settings_value(setting: m.SettingDecl) -> str | None:
    """The value in words; None where the site must choose."""
    if setting.value is None:
        return None
    return counted(setting.value) if isinstance(setting.value, m.Number) else spaced(setting.value)


def allowed(setting: m.SettingDecl) -> str:
    """What a site may choose."""
    if setting.kind != "quantity":
        return joined([spaced(one) for one in setting.choices] or ["yes", "no"])
    if setting.lo is None or setting.hi is None:
        return "any"
    return f"{counted(setting.lo)} to {counted(setting.hi)}"


def _definitions(page: Told) -> Iterator[Block]:
    defines = page.artifact.defines
    rows: list[tuple[Words, ...]] = []
    for remark in page.of("define"):
        if remark.subject in defines:
            meaning = page.sentences.condition(defines[remark.subject], named=False)
            title = (Run(spaced(remark.subject), "strong"), Run(f" {remark.title}" if remark.title else ""))
            rows.append((title, plain(meaning + tail(remark))))
    if rows:
        yield Heading(2, "Words used")
        yield Table("", ("Word", "Means"), tuple(rows))


# ---------------------------------------------------------------- the rules


def _rules(page: Told) -> Iterator[Block]:
    yield Heading(2, "What is done", fresh=True)
    yield Paragraph(
        plain(
            "Each rule says how strongly it is meant: must, recommended, or consider. A rule whose "
            "readings are missing orders nothing by itself: what is missing is asked for."
        )
    )
    names = {node.id: node.stage for node in page.artifact.graph.nodes}
    covers = {remark.subject: remark for remark in page.of("covers")}
    for panel in ladder_of(page.artifact).panels:
        if panel.kind == "end":
            continue
        stage = None if panel.kind == "throughout" else names.get(panel.id) or panel.id
        number = f"{panel.number}. " if panel.number else ""
        yield Heading(3, f"{number}{panel.title}")
        marks = [panel.starts, "The patient may stay here" if panel.resting else ""]
        if any(marks):
            yield Paragraph(plain(". ".join(mark for mark in marks if mark) + "."))
        yield from _goals(page, stage)
        if stage in covers and covers[stage].notes.because:
            yield Paragraph(plain(covers[stage].notes.because))
        for rule in rules_of(page, stage):
            yield _card(page, rule)


def rules_of(page: Told, stage: str | None) -> list[m.Rule]:
    """The rules of a stage in the order of the text."""
    held = (rule for rule in page.artifact.rules if rule.stage == stage)
    return sorted(held, key=lambda rule: (page.place(rule.id), rule.id))


def _goals(page: Told, stage: str | None) -> Iterator[Block]:
    for one in page.artifact.stages:
        if one.name == stage and one.goals:
            yield Bullets(
                tuple(
                    plain(
                        f"Goal: {goal.title or spaced(goal.name)}: {page.sentences.condition(goal.condition)}"
                    )
                    for goal in one.goals
                )
            )


def _card(page: Told, rule: m.Rule) -> Card:
    strengths = [
        choice.strength
        for choice in rule.orders
        if not (isinstance(choice, m.One) and choice.order.op in ("go", "finish", "classify"))
    ]
    mark = " · ".join(STRENGTHS[one] for one in dict.fromkeys(strengths))
    name = rule.id.rpartition(".")[2]
    title = rule.title or ("" if NAMELESS.fullmatch(name) else spaced(name).capitalize()) or "Rule"
    says = tuple(plain(sentence) for sentence in page.sentences.rule(rule))
    lines = list(_notes(page, rule.because, rule.grade, rule.cites, rule.clauses, rule.erratum))
    if rule.overrides:
        lines.append(("Overrides", joined([spaced(other) for other in rule.overrides], "and")))
    return Card(title, mark, says, tuple(lines))


def _notes(
    page: Told,
    because: str,
    grade: str,
    cites: Sequence[str],
    clauses: Sequence[str],
    erratum: Sequence[str],
) -> Iterator[tuple[str, str]]:
    if because:
        yield "Why", because
    if grade:
        yield "Grade", spaced(grade)
    if cites:
        yield "Sources", "; ".join(source_words(page.artifact, one) for one in cites)
    if clauses:
        yield "Clauses", ", ".join(clauses)
    if erratum:
        yield "Errata", ", ".join(erratum)
