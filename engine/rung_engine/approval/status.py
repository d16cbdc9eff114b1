"""Where an artifact stands: draft, in review, approved or retired. A function of bytes and nothing else.

The rules, in the order in which they are applied to the statements about exactly these bytes:

1. One counts where its signature fits, its key is known as the signer's and stands, and she holds the role.
2. Of one person's statements the last counts: a statement replaces those it saw. Where two of hers did not
   see each other (signed in two copies, then brought together) both stand, and the more cautious is heeded.
3. One counted that saw a statement which is gone means that somebody took it away: nothing is approved.
4. A retirement by a role that may retire retires; a rejection that stands keeps the artifact in review.
5. Approvals count towards `needs` by role, once for a person, none of an author, all on one packet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, assert_never

from rung_engine.approval.envelope import Envelope, encoded, from_file
from rung_engine.approval.packet import Packet
from rung_engine.approval.policy import Needs, Person, Policy, from_toml
from rung_engine.approval.problems import ApprovalProblem
from rung_engine.approval.public_key import verified
from rung_engine.approval.statement import Statement, Subject, moment
from rung_engine.artifact.load import load as load_artifact
from rung_engine.frozen import frozen

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact

Word = Literal["draft", "in review", "approved", "retired"]

NO_WEIGHT = "none"
"""What `rung diff` calls a change of wording alone."""


@frozen
class Void:
    """A statement that does not count, and why."""

    statement: Statement
    problem: ApprovalProblem


@frozen
class Status:
    """`missing`: by role, how many more must approve. `elsewhere`: statements about other bytes."""

    word: Word
    subject: Subject
    standing: tuple[Statement, ...]
    """Those that count, in the order of the file."""
    replaced: tuple[Statement, ...]
    """Those in whose place their signer put another."""
    void: tuple[Void, ...]
    needs: Needs
    for_wording: bool
    """Whether `needs` are those for a change of wording."""
    missing: Needs
    authors: tuple[str, ...]
    """Who wrote it, as the policy and the statements that stand say; empty where nobody said."""
    gone: tuple[ApprovalProblem, ...]
    """Statements that a signer saw and that are no longer there."""
    elsewhere: int
    other_policy: int
    """How many of those that count were made under the policy as it stood at another time."""
    packet_seen: bool
    """Whether the packet itself was there to be looked at."""

    @property
    def rejected_by(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.person for one in self.standing if one.verdict == "reject"))


def check(artifact: bytes, signoffs: bytes | None, policy: bytes, *, packet: Packet | None = None) -> Status:
    """Where the artifact in these bytes stands. `signoffs`: its file of sign-offs, None where there is none.

    With a packet only approvals of it count. Raises `ApprovalProblem` S101 to S103 and S106, and
    `ArtifactProblem` where the artifact itself was changed.
    """
    return _checked(artifact, signoffs, policy, packet)[1]


def load(artifact: bytes, signoffs: bytes | None, policy: bytes) -> Artifact:
    """The artifact, where it is approved. Raises `ApprovalProblem` S107 where not, or as `check` does."""
    loaded, status = _checked(artifact, signoffs, policy, None)
    if status.word != "approved":
        raise refused(status)
    return loaded


def _checked(
    artifact: bytes, signoffs: bytes | None, policy: bytes, packet: Packet | None
) -> tuple[Artifact, Status]:
    loaded = load_artifact(artifact)
    envelopes = () if signoffs is None else from_file(signoffs)
    return loaded, standing_of(subject_of(loaded, artifact), envelopes, from_toml(policy), packet)


def refused(status: Status, path: str = "") -> ApprovalProblem:
    """Why an engine does not execute an artifact of this status."""
    return ApprovalProblem("S107", path=path or status.subject.name, status=said(status))


def said(status: Status) -> str:
    """The status in a line: `in review, 1 pharmacist still to approve`."""
    match status.word:
        case "draft":
            return "draft, nobody has signed"
        case "approved":
            return "approved"
        case "retired":
            return f"retired by {_listed([one.person for one in status.standing if one.verdict == 'retire'])}"
        case "in review":
            reasons = [one.words.rstrip(".") for one in status.gone]
            if status.rejected_by:
                reasons.append(f"rejected by {_listed(status.rejected_by)}")
            if status.missing:
                reasons.append(f"{missing_said(status.missing)} still to approve")
            if not status.authors:
                reasons.append("nobody has said who wrote it")
            return ", ".join(["in review", *reasons])
        case _:
            assert_never(status.word)


def missing_said(missing: Needs) -> str:
    """`1 clinical lead and 2 pharmacists`."""
    return _listed([f"{number} {role_said(role)}{'s' * (number > 1)}" for role, number in missing])


def role_said(role: str) -> str:
    """A role as it is read: `clinical_lead` is a clinical lead."""
    return role.replace("_", " ")


def subject_of(artifact: Artifact, data: bytes) -> Subject:
    """What a statement about the artifact with these bytes is about."""
    return Subject(
        artifact.name, artifact.version, artifact.meaning, artifact.seal, hashlib.sha256(data).hexdigest()
    )


def standing_of(
    subject: Subject, envelopes: Sequence[Envelope], policy: Policy, packet: Packet | None
) -> Status:
    """As `check`, of what was read. Raises `ApprovalProblem` S106."""
    if packet is not None and packet.seal != subject.seal:
        raise ApprovalProblem("S106", found=packet.seal[:16], seal=subject.seal[:16])
    about = [one for one in envelopes if one.statement.subject.sha256 == subject.sha256]
    void: list[Void] = []
    fit: list[Envelope] = []
    for envelope in about:
        problem = unfit(envelope, subject, policy)
        if problem is None:
            fit.append(envelope)
        else:
            void.append(Void(envelope.statement, problem))
    gone = tuple(_gone(fit, {one.digest for one in envelopes}))
    last = [one.statement for one in _last(fit)]
    authors = tuple(dict.fromkeys((*policy.authors, *(name for one in last for name in one.authors))))
    retired = any(one.verdict == "retire" for one in last)
    approvals = [one for one in last if one.verdict == "approve"]
    for one in approvals:
        problem = _uncounted(one, last, authors)
        if problem is not None:
            void.append(Void(one, problem))
    counted = [one for one in approvals if not any(one is other.statement for other in void)]
    chosen = _chosen(counted, subject, policy, packet)
    void += [Void(one, _other_packet(one)) for one in counted if not any(one is other for other in chosen)]
    standing = tuple(one for one in last if not any(one is other.statement for other in void))
    needs = _needs(chosen, subject, policy)
    missing = _missing(needs, chosen)
    rejected = any(one.verdict == "reject" for one in last)
    word: Word
    if retired:
        word = "retired"
    elif not missing and not rejected and not gone and authors:
        word = "approved"
    else:
        word = "in review" if about else "draft"
    return Status(
        word=word,
        subject=subject,
        standing=standing,
        replaced=tuple(one.statement for one in fit if not any(one.statement is other for other in last)),
        void=tuple(void),
        needs=needs,
        for_wording=_worded(chosen, subject, policy),
        missing=missing,
        authors=authors,
        gone=gone,
        elsewhere=len(envelopes) - len(about),
        other_policy=sum(one.policy != policy.sha256 for one in standing),
        packet_seen=packet is not None,
    )


def unfit(envelope: Envelope, subject: Subject, policy: Policy) -> ApprovalProblem | None:
    """Why a statement about the subject's bytes is not believed; None where it is."""
    statement = envelope.statement
    person = policy.person(statement.person)
    if person is None:
        return ApprovalProblem("S110", person=statement.person)
    problem = unable(person, statement.role, statement.key, statement.when)
    if problem is not None:
        return problem
    key = person.key(statement.key)
    assert key is not None
    fits = envelope.key == statement.key and verified(
        key.public, encoded(envelope.payload), envelope.signature
    )
    if not fits:
        return ApprovalProblem("S117", person=person.name)
    if statement.subject != subject:
        said_of, found = (f"{one.name} {one.version}" for one in (statement.subject, subject))
        return ApprovalProblem("S118", person=person.name, said=said_of, found=found)
    if statement.verdict == "retire" and statement.role not in policy.may_retire:
        roles = _listed([role_said(role) for role in policy.may_retire])
        return ApprovalProblem("S121", person=person.name, roles=roles)
    return None


def unable(person: Person, role: str, key: str, when: str) -> ApprovalProblem | None:
    """Why nobody with this key can sign as this person in this role at this moment."""
    known = person.key(key)
    if known is None:
        return ApprovalProblem("S112", key=key, person=person.name)
    if not known.stands_at(moment(when)):
        if known.state == "compromised":
            return ApprovalProblem("S114", person=person.name, key=key)
        return ApprovalProblem("S113", person=person.name, key=key, since=str(known.since), when=when)
    if role not in person.roles:
        held = f", but {_listed([role_said(one) for one in person.roles])}"
        return ApprovalProblem("S111", person=person.name, role=role_said(role), held=held)
    return None


def _last(fit: Sequence[Envelope]) -> list[Envelope]:
    """Without those that a statement of the same person saw."""
    replaced = {(one.statement.person, digest) for one in fit for digest in one.statement.seen}
    return [one for one in fit if (one.statement.person, one.digest) not in replaced]


def _gone(fit: Sequence[Envelope], there: set[str]) -> list[ApprovalProblem]:
    found = []
    for one in fit:
        number = sum(digest not in there for digest in one.statement.seen)
        if number:
            count = f"{number} statement{'s' * (number > 1)}"
            are = "are" if number > 1 else "is"
            found.append(ApprovalProblem("S120", person=one.statement.person, count=count, are=are))
    return found


def _uncounted(
    statement: Statement, last: Sequence[Statement], authors: Sequence[str]
) -> ApprovalProblem | None:
    """Why an approval that fits is not counted all the same."""
    if statement.person in authors:
        return ApprovalProblem("S115", person=statement.person)
    for other in last:
        if other.person == statement.person and other.verdict == "approve" and other.role != statement.role:
            return ApprovalProblem("S116", person=statement.person, other=role_said(other.role))
    return None


def _chosen(
    approvals: Sequence[Statement], subject: Subject, policy: Policy, packet: Packet | None
) -> list[Statement]:
    """Those on one packet: the one given, else that which comes nearest to enough, the later of two."""
    packets = dict.fromkeys(one.reviewed for one in approvals)
    if packet is not None:
        packets = {found: None for found in packets if found == packet.reviewed}
    groups = [[one for one in approvals if one.reviewed == found] for found in packets]
    best: list[Statement] = []
    for group in groups:
        if not best or _distance(group, subject, policy) <= _distance(best, subject, policy):
            best = group
    return best


def _distance(approvals: list[Statement], subject: Subject, policy: Policy) -> int:
    return sum(number for _, number in _missing(_needs(approvals, subject, policy), approvals))


def _needs(approvals: Sequence[Statement], subject: Subject, policy: Policy) -> Needs:
    return policy.needs_for_wording if _worded(approvals, subject, policy) else policy.needs


def _worded(approvals: Sequence[Statement], subject: Subject, policy: Policy) -> bool:
    """Whether a packet that compares two versions says that wording alone changed, and fewer need sign."""
    reviewed = approvals[0].reviewed if approvals else None
    if reviewed is None or not policy.needs_for_wording:
        return False
    return reviewed.weight == NO_WEIGHT and reviewed.old_seal != subject.seal


def _missing(needs: Needs, approvals: Sequence[Statement]) -> Needs:
    people = {(one.role, one.person) for one in approvals}
    still = ((role, number - sum(own == role for own, _ in people)) for role, number in needs)
    return tuple((role, number) for role, number in still if number > 0)


def _other_packet(statement: Statement) -> ApprovalProblem:
    shown = "none" if statement.reviewed is None else statement.reviewed.sha256[:16]
    return ApprovalProblem("S119", person=statement.person, packet=shown)


def _listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
