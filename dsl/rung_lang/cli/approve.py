"""`rung approve`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from rung_engine.approval.problems import ApprovalProblem
from rung_engine.approval.public_key import key_id
from rung_engine.approval.statement import VERDICTS, Statement, Verdict, commented, moment, named, written
from rung_lang.cli.exits import UNREADABLE, Refusal
from rung_lang.cli.files import read_bytes
from rung_lang.cli.key_file import public_of, read_key
from rung_lang.cli.sign_off import (
    alone,
    append,
    approval_problems,
    envelopes_at,
    packet_at,
    place_of,
    policy_at,
    refuse_uncompiled,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from rung_engine.approval.packet import Packet
    from rung_engine.approval.policy import Policy
    from rung_engine.approval.statement import Subject
    from rung_engine.approval.status import Status


@click.command("approve")
@click.argument("artifact")
@click.option("--packet", "folder", help="The packet that you have read; an approval needs one.")
@click.option("--as", "person", required=True, metavar="NAME", help="Who you are, as the policy names you.")
@click.option("--role", required=True, help="The role in which you sign.")
@click.option("--key", "key_file", required=True, metavar="FILE", help="Your private key.")
@click.option("--policy", required=True, metavar="FILE", help="Who must sign.")
@click.option("--verdict", type=click.Choice(VERDICTS), default="approve", show_default=True)
@click.option("--comment", default="", metavar="TEXT", help="What you want to have said with it.")
@click.option("--author", "authors", multiple=True, metavar="NAME", help="Who wrote this version.")
@click.option("--at", "when", metavar="MOMENT", help="As 2026-11-22T09:30:00Z; by default now.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    artifact: str,
    folder: str | None,
    person: str,
    role: str,
    key_file: str,
    policy: str,
    verdict: Verdict,
    comment: str,
    authors: tuple[str, ...],
    when: str | None,
    form: str,
) -> None:
    """Sign an artifact, byte for byte, and the packet about it: approve, reject or retire.

    The statement goes to NAME.signoff.json beside the artifact. Signing again replaces what you said before.

    \b
    rung approve septic_shock.rungc --packet packet/ --as "Robin Field" \\
      --role clinical_lead --key robin.key --policy policy.toml
    """
    if verdict == "approve" and folder is None:
        raise click.UsageError("An approval needs --packet: the folder that you have read.")
    with approval_problems():
        subject = _subject(artifact, verdict)
        rules = policy_at(policy)
        packet = None if folder is None else packet_at(folder)
        key = read_key(key_file)
        statement = Statement(
            subject=subject,
            reviewed=None if packet is None else packet.reviewed,
            person=named(person),
            role=named(role, "role"),
            verdict=verdict,
            comment=commented(comment),
            when=written(datetime.now(UTC)) if when is None else written(moment(when)),
            authors=tuple(named(one) for one in authors),
            policy=rules.sha256,
            key=key_id(public_of(key)),
            seen=(),
        )
        _refuse_signer(statement, rules)
        with alone(artifact):
            status = _append(artifact, statement, key, rules, packet)
    _show(artifact, statement, status, form)


def _subject(path: str, verdict: Verdict) -> Subject:
    """What is signed. What is not proved can be rejected and retired, and is not approved."""
    from rung_engine.approval.status import subject_of
    from rung_engine.artifact.certificate import refusal
    from rung_engine.artifact.load import ArtifactProblem, load

    refuse_uncompiled(path)
    data = read_bytes(path)
    try:
        artifact = load(data)
    except ArtifactProblem as problem:
        raise Refusal(problem.code, f"{path}: {problem.reason}", problem.detail, UNREADABLE) from None
    unproved = refusal(artifact)
    if unproved is not None and verdict == "approve":
        raise Refusal(
            unproved.code,
            f"{path}: {unproved.reason}.",
            "What is not proved is not approved. `rung check` says what is missing.",
            UNREADABLE,
        )
    return subject_of(artifact, data)


def _refuse_signer(statement: Statement, policy: Policy) -> None:
    """What is plain before anything is signed. A key given up signs nothing, whatever `when` says."""
    from rung_engine.approval.status import unable

    person = policy.person(statement.person)
    if person is None:
        raise ApprovalProblem("S110", person=statement.person)
    problem = unable(person, statement.role, statement.key, statement.when)
    if problem is not None:
        raise problem
    key = person.key(statement.key)
    if key is not None and key.state == "lost":
        raise ApprovalProblem(
            "S113", person=person.name, key=key.id, since=str(key.since), when=written(datetime.now(UTC))
        )


def _append(
    artifact: str, statement: Statement, key: Ed25519PrivateKey, policy: Policy, packet: Packet | None
) -> Status:
    """The statement signed and put behind those that stand there. One that would not count is not written."""
    from rung_engine.approval.envelope import signed
    from rung_engine.approval.status import standing_of

    before = envelopes_at(artifact)
    statement = replace(statement, seen=tuple(one.digest for one in before))
    after = (*before, signed(statement, key.sign))
    status = standing_of(statement.subject, after, policy, packet)
    for one in status.void:
        if one.statement == statement:
            raise one.problem
    append(artifact, after)
    return status


def _show(artifact: str, statement: Statement, status: Status, form: str) -> None:
    from rung_lang.report.sign_off import as_data, recorded

    if form == "json":
        click.echo(json.dumps(as_data(status), indent=2, ensure_ascii=False))
        return
    for line in recorded(statement, status, place_of(artifact)):
        click.echo(line)
