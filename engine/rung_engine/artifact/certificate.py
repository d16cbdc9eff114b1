"""Whether an artifact counts as proved. Believes what its certificate says: `rung verify` checks that.

A certificate counts for the content that was examined and for no other, which its `of` names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact

Unproved = Literal["missing", "failed", "undecided", "mismatched"]
"""Why an artifact does not count as proved."""

CertificateCode = Literal["A108", "A109", "A110", "A111"]

CODES: dict[Unproved, CertificateCode] = {
    "missing": "A108",
    "failed": "A109",
    "undecided": "A110",
    "mismatched": "A111",
}


class CertificateProblem(ValueError):  # noqa: N818 - a refusal is named for what it holds
    """Why an engine does not execute an artifact.

    A108 its certificate is missing; A109 the proof failed; A110 the proof is undecided; A111 the certificate
    is of other content.
    """

    def __init__(self, state: Unproved, reason: str) -> None:
        super().__init__(state, reason)
        self.state = state
        self.reason = reason

    @property
    def code(self) -> CertificateCode:
        return CODES[self.state]

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"


def refusal(artifact: Artifact) -> CertificateProblem | None:
    """Why the artifact is not to be executed; None where it is proved."""
    certificate = artifact.certificate
    if certificate.state == "none":
        return CertificateProblem("missing", "nothing was proved of it")
    # Before the verdict: what became of another protocol's proof says nothing about this one.
    if certificate.of == "" or certificate.of != artifact.meaning:
        return CertificateProblem("mismatched", "its certificate is not of this content")
    match certificate.state:
        case "proved":
            return None
        case "failed":
            return CertificateProblem("failed", "the proof of it failed")
        case "undecided":
            return CertificateProblem("undecided", "not all of it could be proved or refuted")
        case _:
            assert_never(certificate.state)
