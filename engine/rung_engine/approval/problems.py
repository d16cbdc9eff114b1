"""What can be wrong with a sign-off: a stable code, facts, and one plain sentence.

S101 to S109 are about files and S110 to S129 about statements: these are raised where somebody is about to
sign, and stand in a status as the reason why a statement does not count. S130 to S139 are about key files.
"""

from __future__ import annotations

WORDS = {
    "S101": "The sign-offs `{path}` are not as I write them: {reason}. Nothing in them counts.",
    "S102": "The policy `{path}` is not a TOML text: {reason}.",
    "S103": "The policy `{path}`: {reason}.",
    "S104": "The packet `{path}` has no `packet.json` that I can read: {reason}.",
    "S105": "The packet `{path}` is not as it was made: {reason}. Make it anew with `rung review`.",
    "S106": "The packet is about another artifact: it was made of seal {found}, and this one has {seal}.",
    "S107": "{path} is not approved: {status}.",
    "S110": "{person} is not in the policy.",
    "S111": "{person} does not hold the role {role} in the policy{held}.",
    "S112": "The key {key} is not one that the policy knows as {person}'s.",
    "S113": "{person}'s key {key} was lost on {since}, and this is dated {when}.",
    "S114": "{person}'s key {key} is compromised: nothing that it signed counts, whatever its date says.",
    "S115": "{person} wrote this version, and whoever writes does not approve.",
    "S116": "{person} has signed as {other} too, and one person counts once.",
    "S117": "The signature under {person}'s statement does not fit it: one of them was changed.",
    "S118": "{person}'s statement says {said}, and this artifact is {found}.",
    "S119": "{person} approved another packet than the others did ({packet}).",
    "S120": "{person} saw {count} when signing that {are} no longer here.",
    "S121": "{person} may not retire a protocol: the policy leaves that to {roles}.",
    "S122": "`{text}` is no {what}: {reason}.",
    "S123": "{path} is not compiled, and what is signed is an artifact, byte for byte.",
    "S130": "Others can read the key file {path} (its mode is {mode}), so it may not be yours alone.",
    "S131": "I cannot read {path} as an Ed25519 private key: {reason}.",
    "S132": "{path} is there already, and I do not write over a key.",
    "S133": "The key in {path} is under a passphrase, and I was given none.",
}
"""By code: the sentence, with the facts it is filled from."""


class ApprovalProblem(ValueError):  # noqa: N818 - a problem is the house's word for a finding with facts
    """A sign-off, policy, packet or key that cannot be used. `facts` are strings by name."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts

    @property
    def words(self) -> str:
        return WORDS[self.code].format(**self.facts)

    def __str__(self) -> str:
        return f"{self.code}: {self.words}"
