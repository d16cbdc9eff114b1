"""`rung keys`."""

from __future__ import annotations

import json

import click

from rung_engine.approval.public_key import key_id, to_base64
from rung_engine.approval.statement import named
from rung_lang.cli.key_file import chosen_passphrase, public_of, read_key, write_key
from rung_lang.cli.sign_off import approval_problems


@click.group("keys")
def command() -> None:
    """Make the key that a person signs with, and show its public half.

    \b
    rung keys new "Robin Field" -o ~/robin.key --passphrase
    rung keys show ~/robin.key
    """


@command.command("new")
@click.argument("name")
@click.option("-o", "--output", help="Where to write; by default the name in small letters, as .key.")
@click.option("--passphrase", is_flag=True, help="Ask for a passphrase, or take it from RUNG_KEY_PASSPHRASE.")
def new(name: str, output: str | None, passphrase: bool) -> None:
    """Make a private key in a file that only you can read, and print what belongs in the policy."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    with approval_problems():
        named(name)
        path = output or "-".join(name.lower().replace("/", " ").split()) + ".key"
        key = Ed25519PrivateKey.generate()
        write_key(path, key, chosen_passphrase() if passphrase else "")
    click.echo(
        f"private key written to {path}: keep it to yourself, and keep a copy in a safe place", err=True
    )
    click.echo("[[person]]")
    click.echo(f"name = {json.dumps(name, ensure_ascii=False)}")
    click.echo("roles = []")
    click.echo(f'key = "{to_base64(public_of(key))}"')


@command.command("show")
@click.argument("file")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(file: str, form: str) -> None:
    """Show the public half of a private key, and its short name."""
    with approval_problems():
        public = public_of(read_key(file))
    if form == "json":
        click.echo(json.dumps({"id": key_id(public), "key": to_base64(public)}, indent=2))
        return
    click.echo(f"id   {key_id(public)}")
    click.echo(f"key  {to_base64(public)}")
