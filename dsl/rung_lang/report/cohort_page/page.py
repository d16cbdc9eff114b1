"""The page itself: what to know first, a plot and a table for each question, where it all came from."""

from __future__ import annotations

from collections.abc import Iterator

from rung_lang.report.cohort_page.agreement import agreement, agreement_said, leading
from rung_lang.report.cohort_page.answers import held, orders, pending, time_in_stages
from rung_lang.report.cohort_page.change import changes
from rung_lang.report.cohort_page.origin import data, not_said, origin
from rung_lang.report.cohort_page.parts import drawn, say
from rung_lang.report.cohort_page.plots import tiles
from rung_lang.report.cohort_said import NEEDS, Ran, hours, stays, whole
from rung_lang.report.documents.page import Block, Bullets, Notice, Page, code, plain, strong


def cohort_page(ran: Ran) -> Page:
    """The page of one run."""
    artifact, told = ran.artifact, ran.summary
    parts = (
        _first(ran),
        changes(ran),
        time_in_stages(ran),
        agreement(ran),
        orders(ran),
        pending(ran),
        held(ran),
        data(ran),
        not_said(ran),
        origin(ran),
    )
    return Page(
        f"{artifact.title or artifact.name}: what it would have said",
        f"{artifact.name} {artifact.version} on {stays(told.stays)} of {ran.data}",
        f"{artifact.name} {artifact.version} on {ran.data}",
        "Made by Rung from the decisions of its engine. The same data, protocol and settings give the same "
        "page. " + "; ".join(f"{what} {value}" for what, value in ran.hashes),
        tuple(block for part in parts for block in part),
    )


def _first(ran: Ran) -> Iterator[Block]:
    told = ran.summary
    if ran.unproved:
        yield Notice(
            "Not proved.",
            plain(f"{ran.proof[:1].upper()}{ran.proof[1:]}: no order on this page may be relied on."),
        )
    if ran.sign_off not in ("", "approved"):
        yield Notice(
            "Not approved.",
            plain(f"Its sign-off is {ran.sign_off}. No order on this page may be relied on."),
        )
    active = sum(one.ms for one in told.phases if one.name == "active")
    yield drawn(
        tiles(
            "figures",
            (
                (whole(told.stays), "stays in the data"),
                (whole(told.applied), "stays where the protocol applied at some time"),
                (hours(active), "patient-hours under the protocol"),
                (whole(told.changes), "times a decision changed"),
            ),
        ),
        "All stays together.",
    )
    said = [
        say(
            "The protocol was asked about these patients ",
            strong("as they were treated"),
            ": it saw only what was charted, when it was charted, and nobody acted on what it said. After an "
            "order that was not carried out, the rest of the stay shows other care than the protocol's.",
        )
    ]
    by_drug = {one.drug: one for one in told.agreements}
    said.extend(agreement_said(by_drug[drug], told.applied) for drug in leading(ran))
    if told.pending:
        most = told.pending[0]
        said.append(
            say(
                "The thing most often missing was ",
                code(most.name),
                f" ({NEEDS.get(most.more, most.more)}): some rule waited for it for {hours(most.ms)} hours "
                f"in {stays(most.stays)}.",
            )
        )
    refused = sum(account.total("refused") for account in ran.accounts)
    if ran.accounts:
        rows = sum(account.rows for account in ran.accounts if account.table != "stays")
        said.append(
            plain(
                f"Of {whole(rows)} charted rows, {whole(refused)} could not be used as they stand; each is "
                "counted below."
            )
        )
    yield Bullets(tuple(said))
