"""Private keys as files: PKCS #8 in PEM, readable by their owner alone, never written over."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rung_engine.approval.problems import ApprovalProblem
from rung_lang.cli.exits import UNWRITABLE, Refusal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PASSPHRASE = "RUNG_KEY_PASSPHRASE"
MOST_BYTES = 10_000
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_key(path: str, key: Ed25519PrivateKey, passphrase: str) -> None:
    """The key in a new file of mode 0600, under the passphrase unless that is empty.

    Raises `ApprovalProblem` S132 where something lies there; `Refusal` C103 where it cannot be written.
    """
    from cryptography.hazmat.primitives import serialization as form

    cover: form.KeySerializationEncryption = form.NoEncryption()
    if passphrase:
        cover = form.BestAvailableEncryption(passphrase.encode("utf-8"))
    data = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, cover)
    target = Path(path)
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # of mode 0600
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.link(temporary, target)  # fails where there is something, which a rename does not
    except FileExistsError:
        raise ApprovalProblem("S132", path=path) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Refusal(
            "C103", f"I cannot write {path}: {why}.", "Choose another place with -o.", UNWRITABLE
        ) from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def read_key(path: str) -> Ed25519PrivateKey:
    """The key in a file. Raises `ApprovalProblem` S130, S131 and S133; `Refusal` C101 where there is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _private(path)
    covered = b"ENCRYPTED" in data
    passphrase = _passphrase(path) if covered else None
    try:
        key = load_pem_private_key(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        reason = "the passphrase does not open it" if covered else "it is of another form"
        raise ApprovalProblem("S131", path=path, reason=reason) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ApprovalProblem("S131", path=path, reason="it is a key of another kind")
    return key


def public_of(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public half."""
    return key.public_key().public_bytes_raw()


def chosen_passphrase() -> str:
    """For a new key: from the environment, else asked for twice."""
    if PASSPHRASE in os.environ:
        return os.environ[PASSPHRASE]
    found: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    return found


def _private(path: str) -> bytes:
    """The file's bytes, where nobody else can read it. Asked of the open file: no name can be swapped."""
    try:
        with Path(path).open("rb") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            if os.name == "posix" and mode & OTHERS:
                raise ApprovalProblem("S130", path=path, mode=f"{mode:04o}")
            return stream.read(MOST_BYTES)
    except FileNotFoundError:
        raise Refusal("C101", f"I cannot find {path}.", "`rung keys new` makes a key.") from None
    except OSError as error:
        raise Refusal("C102", f"I cannot read {path}: {(error.strerror or str(error)).lower()}.") from None


def _passphrase(path: str) -> bytes:
    if PASSPHRASE in os.environ:
        return os.environ[PASSPHRASE].encode("utf-8")
    if not sys.stdin.isatty():
        raise ApprovalProblem("S133", path=path)
    asked: str = click.prompt(f"Passphrase of {path}", hide_input=True, err=True)
    return asked.encode("utf-8")
