"""`rung verify`."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from rung_lang.cli.exits import CLEAN, FINDINGS, USAGE, Refusal
from rung_lang.cli.load import artifact_of, is_text, text_of
from rung_lang.cli.sign_off import approval_problems, refuse_asked, status_of
from rung_lang.report.text import safe

if TYPE_CHECKING:
    from rung_engine.approval.status import Status
    from rung_engine.artifact.model import Artifact
    from rung_lang.verify.certificates.certificate import Judged
    from rung_lang.verify.solving.cross import Agreement


@click.command("verify")
@click.argument("path")
@click.option("--cross-check", is_flag=True, help="Ask cvc5 the questions that z3 answered.")
@click.option("--policy", metavar="FILE", help="Say too whether those have signed who must.")
@click.option("--packet", metavar="DIR", help="With --policy: look at the packet that was signed, too.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    ctx: click.Context, path: str, cross_check: bool, policy: str | None, packet: str | None, form: str
) -> None:
    """Judge an artifact's proof anew, without a solver where it can be.

    Everything that is asked of a protocol is asked again. Answers come from the certificate and are believed
    only as far as its evidence shows them; z3 is asked where there is none. A text is proved first.

    With --policy its sign-off is checked as well, and only what is approved ends with 0.
    """
    from rung_engine.artifact.certificate import refusal
    from rung_lang.cli.spacer import ask
    from rung_lang.verify.certificates.certificate import judge

    if packet is not None and policy is None:
        raise click.UsageError("--packet goes with --policy: nothing is asked of a packet alone.")
    if cross_check:
        _needs_cvc5()
    refuse_asked(path, policy, unapproved=False)
    artifact = _certified(path) if is_text(path) else artifact_of(path)
    problem = refusal(artifact)
    if problem is not None and problem.state == "missing":
        raise Refusal(problem.code, f"{path}: {problem.reason}.", "`rung compile` proves a text.", FINDINGS)
    status = None if policy is None else _signed(path, artifact, policy, packet)
    judged = judge(artifact, ask)
    agreement = _crossed(artifact) if cross_check else None
    holds = not judged.wrong and (agreement is None or not agreement.disagreed)
    if form == "json":
        data = _data(path, artifact, judged, agreement, holds, status)
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        _print(path, artifact, judged, agreement, holds)
        if status is not None:
            _print_signed(status)
    approved = status is None or status.word == "approved"
    ctx.exit(CLEAN if holds and approved and artifact.certificate.state == "proved" else FINDINGS)


def _signed(path: str, artifact: Artifact, policy: str, packet: str | None) -> Status:
    with approval_problems():
        return status_of(path, artifact, policy, packet)


def _certified(path: str) -> Artifact:
    from rung_lang.cli.proving import certified

    return certified(text_of(path))[1]


def _needs_cvc5() -> None:
    from rung_lang.verify.solving.cross import NotInstalled, version

    try:
        version()
    except NotInstalled:
        raise Refusal(
            "C129",
            "--cross-check asks cvc5, and it is not installed.",
            "Install it with `pip install 'rung[cross]'`.",
            USAGE,
        ) from None


def _crossed(artifact: Artifact) -> Agreement | None:
    """None where the certificate cannot be read: then nothing is known of what was asked."""
    from rung_lang.cli.spacer import ask
    from rung_lang.verify.certificates.certificate import crossed

    return crossed(artifact, ask)


def _print(path: str, artifact: Artifact, judged: Judged, agreement: Agreement | None, holds: bool) -> None:
    from rung_lang.report.certificate import faults, standing, table

    click.echo(safe(f"{path}: {standing(artifact.certificate, holds)}."))
    for line in (*table(judged, agreement), *faults(judged, agreement)):
        click.echo(safe(line))


def _print_signed(status: Status) -> None:
    from rung_lang.report.sign_off import table

    for line in table(status):
        click.echo(line)


def _data(
    path: str,
    artifact: Artifact,
    judged: Judged,
    agreement: Agreement | None,
    holds: bool,
    status: Status | None,
) -> dict[str, Any]:
    from rung_lang.report.sign_off import as_data

    verdicts = Counter(one.verdict for one in judged.certificate.obligations)
    return {
        "artifact": path,
        "protocol": artifact.name,
        "meaning": artifact.meaning,
        "state": artifact.certificate.state,
        "holds": holds,
        "wrong": [{"kind": one.kind, "name": one.name} for one in judged.wrong],
        "obligations": {word: verdicts[word] for word in ("proved", "refuted", "undecided")},
        "answers": {
            "bounds": judged.by_bounds,
            "steps": judged.by_steps,
            "values": judged.by_values,
            "histories": judged.by_history,
            "solver": judged.by_solver,
        },
        "cross_check": None
        if agreement is None
        else {
            "tool": agreement.tool,
            "asked": agreement.asked,
            "gave_up": agreement.gave_up,
            "disagreed": list(agreement.disagreed),
        },
        "sign_off": None if status is None else as_data(status),
    }
