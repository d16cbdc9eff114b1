"""Ed25519 public keys, as 32 bytes. Private keys are never met here."""

from __future__ import annotations

import base64
import binascii
import hashlib

LENGTH = 32


def key_id(public: bytes) -> str:
    """The short name of a key, 16 hex digits: the beginning of its sha256. The key itself is believed."""
    return hashlib.sha256(public).hexdigest()[:16]


def verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of the key signed exactly this message (RFC 8032)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes | None:
    """The bytes; None where this is not the one way in which base64 writes them."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if to_base64(data) == text else None
