"""Signed statements as bytes: DSSE envelopes (github.com/secure-systems-lab/dsse), and the file of them.

A signature is over the type and the payload together (the "pre-authentication encoding"), so that a signature
made for something else never counts here. The file is a list that only grows, in one form of JSON.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from rung_engine.approval.problems import ApprovalProblem
from rung_engine.approval.public_key import from_base64, to_base64
from rung_engine.approval.statement import Statement, from_payload, to_payload
from rung_engine.frozen import frozen

PAYLOAD_TYPE = "application/vnd.rung.sign-off+json"
TYPE = "rung sign-offs"
FORMAT = 1


@frozen
class Envelope:
    """A statement as it was signed. `key` names whose signature it is said to be."""

    statement: Statement
    payload: bytes
    key: str
    signature: bytes

    @property
    def digest(self) -> str:
        """sha256, in hex, of what was signed."""
        return hashlib.sha256(self.payload).hexdigest()


def encoded(payload: bytes) -> bytes:
    """What a signature is made over: DSSE's `PAE(type, payload)`."""
    kind = PAYLOAD_TYPE.encode("ascii")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def signed(statement: Statement, sign: Callable[[bytes], bytes]) -> Envelope:
    """`sign`: Ed25519 with the private key whose public half `statement.key` names."""
    payload = to_payload(statement)
    return Envelope(statement, payload, statement.key, sign(encoded(payload)))


def to_file(envelopes: tuple[Envelope, ...]) -> bytes:
    """The file of these sign-offs, in their order."""
    content = {
        "format": FORMAT,
        "signoffs": [
            {
                "payload": to_base64(one.payload),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [{"keyid": one.key, "sig": to_base64(one.signature)}],
            }
            for one in envelopes
        ],
        "type": TYPE,
    }
    return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode("ascii")


def from_file(data: bytes, path: str = "the sign-offs") -> tuple[Envelope, ...]:
    """What `to_file` wrote, byte for byte. Raises `ApprovalProblem` S101. No signature is looked at."""
    try:
        raw = json.loads(data.decode("ascii"))
        kind, form, listed = raw["type"], raw["format"], raw["signoffs"]
        found = tuple(_envelope(one) for one in listed)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ApprovalProblem("S101", path=path, reason="this is no list of sign-offs") from None
    if kind == TYPE and type(form) is int and form > FORMAT:
        raise ApprovalProblem("S101", path=path, reason=f"format {form}, and I read {FORMAT}")
    whole = tuple(one for one in found if one is not None)
    if len(whole) != len(found) or to_file(whole) != data:
        raise ApprovalProblem("S101", path=path, reason="something in the file was changed")
    return whole


def _envelope(raw: dict[str, Any]) -> Envelope | None:
    (one,) = raw["signatures"]
    payload, signature = from_base64(raw["payload"]), from_base64(one["sig"])
    statement = None if payload is None else from_payload(payload)
    if payload is None or signature is None or statement is None or not isinstance(one["keyid"], str):
        return None
    return Envelope(statement, payload, one["keyid"], signature)
