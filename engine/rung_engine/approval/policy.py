"""Who must sign: a TOML file that the committee keeps. Unknown keys are errors.

format = 1
authors    = ["Ada Writer"]           # write protocols here; what they wrote they do not approve
may_retire = ["clinical_lead"]        # roles; left out: every role that is needed

[needs]                               # how many people in each role must approve
clinical_lead = 1
pharmacist    = 2
[needs.wording]                       # instead, where nothing but wording changed; may be left out
pharmacist    = 1

[[person]]
name  = "Robin Field"
roles = ["clinical_lead"]
key   = "…"                           # what `rung keys show` prints; left out: has none now
[[person.former]]                     # a key that is no longer used
key  = "…"
lost = 2026-03-01                     # or compromised = 2026-03-01
"""

from __future__ import annotations

import hashlib
import tomllib
from datetime import UTC, date, datetime
from typing import Any, Literal, NoReturn

from rung_engine.approval.problems import ApprovalProblem
from rung_engine.approval.public_key import LENGTH, from_base64, key_id
from rung_engine.approval.statement import named
from rung_engine.frozen import frozen

FORMAT = 1
WORDING = "wording"

Needs = tuple[tuple[str, int], ...]
"""By role, how many people; in the order of the file."""


@frozen
class Key:
    """A public key of a person, and what became of it. `since`: the day, in UTC, from its first moment on."""

    public: bytes
    state: Literal["in use", "lost", "compromised"]
    since: date | None

    @property
    def id(self) -> str:
        return key_id(self.public)

    def stands_at(self, when: datetime) -> bool:
        """Whether what it signed then counts. Of a compromised key nothing does: a thief dates at will."""
        match self.state:
            case "in use":
                return True
            case "lost":
                assert self.since is not None
                return when < datetime(self.since.year, self.since.month, self.since.day, tzinfo=UTC)
            case "compromised":
                return False


@frozen
class Person:
    name: str
    roles: tuple[str, ...]
    keys: tuple[Key, ...]

    def key(self, wanted: str) -> Key | None:
        """The key of this id, in use or former."""
        return next((key for key in self.keys if key.id == wanted), None)


@frozen
class Policy:
    """`sha256` is of the file's bytes."""

    sha256: str
    authors: tuple[str, ...]
    needs: Needs
    needs_for_wording: Needs
    may_retire: tuple[str, ...]
    people: tuple[Person, ...]

    def person(self, name: str) -> Person | None:
        return next((person for person in self.people if person.name == name), None)


def from_toml(data: bytes, path: str = "the policy") -> Policy:
    """The policy in these bytes. Raises `ApprovalProblem` S102 and S103."""
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ApprovalProblem("S102", path=path, reason=str(error)) from None
    return _Reader(path).policy(raw, hashlib.sha256(data).hexdigest())


@frozen
class _Reader:
    path: str

    def policy(self, raw: dict[str, Any], sha256: str) -> Policy:
        self.known(raw, "it", "format", "authors", "may_retire", "needs", "person")
        if type(raw.get("format")) is not int or raw["format"] != FORMAT:
            self.wrong(f"`format` should be {FORMAT}")
        needs = raw.get("needs")
        if not isinstance(needs, dict):
            self.wrong("it has no table `[needs]`, which says who must approve")
        wording = needs.pop(WORDING, None)
        found = Policy(
            sha256=sha256,
            authors=self.names(raw, "authors", default=()),
            needs=self.needs(needs, "[needs]"),
            needs_for_wording=() if wording is None else self.needs(wording, "[needs.wording]"),
            may_retire=self.names(raw, "may_retire", default=tuple(needs)),
            people=tuple(self.person(one) for one in self.tables(raw, "person")),
        )
        self.whole(found)
        return found

    def needs(self, raw: object, where: str) -> Needs:
        if not isinstance(raw, dict) or not raw:
            self.wrong(f"`{where}` names no role: somebody must approve")
        for role, number in raw.items():
            if type(number) is not int or number < 1:
                self.wrong(f"`{role}` in `{where}` should be a whole number from 1 on")
        return tuple(raw.items())

    def person(self, raw: dict[str, Any]) -> Person:
        name = self.name(raw.get("name"), "a `[[person]]`")
        self.known(raw, name, "name", "roles", "key", "former")
        keys = [Key(self.public(raw["key"], name), "in use", None)] if "key" in raw else []
        keys += [self.former(one, name) for one in self.tables(raw, "former")]
        if not keys:
            self.wrong(f"{name} has no `key`")
        return Person(name, self.names(raw, "roles", default=None, of=name), tuple(keys))

    def former(self, raw: dict[str, Any], name: str) -> Key:
        self.known(raw, f"a former key of {name}", "key", "lost", "compromised")
        public = self.public(raw.get("key"), name)
        states = [state for state in ("lost", "compromised") if state in raw]
        if len(states) != 1 or type(raw[states[0]]) is not date:
            self.wrong(f"a former key of {name} needs `lost` or `compromised`, with a day such as 2026-03-01")
        return Key(public, "lost" if states == ["lost"] else "compromised", raw[states[0]])

    def public(self, raw: object, name: str) -> bytes:
        found = from_base64(raw) if isinstance(raw, str) else None
        if found is None or len(found) != LENGTH:
            self.wrong(f"a `key` of {name} is none: it should be what `rung keys show` prints")
        return found

    def name(self, raw: object, where: str) -> str:
        if not isinstance(raw, str):
            self.wrong(f"{where} has no `name`, or one that is no text")
        try:
            return named(raw)
        except ApprovalProblem as problem:
            self.wrong(f"{where}: {problem.words.rstrip('.')}")

    def names(
        self, raw: dict[str, Any], key: str, *, default: tuple[str, ...] | None, of: str = ""
    ) -> tuple[str, ...]:
        value = raw.get(key, default)
        if not isinstance(value, list | tuple) or (default is None and not value):
            self.wrong(f"{of or 'it'} should have a list of texts as `{key}`")
        return tuple(self.name(one, f"`{key}`") for one in value)

    def tables(self, raw: dict[str, Any], key: str) -> list[dict[str, Any]]:
        value = raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.wrong(f"`{key}` should be written as `[[{key}]]`")
        return value

    def known(self, raw: dict[str, Any], where: str, *keys: str) -> None:
        odd = [key for key in raw if key not in keys]
        if odd:
            self.wrong(f"{where} says `{odd[0]}`, which I do not know; here I know {', '.join(keys)}")

    def whole(self, policy: Policy) -> None:
        """What only shows when all is read: names and keys that stand twice, roles that nobody holds."""
        names = [person.name for person in policy.people]
        for name in names:
            if names.count(name) > 1:
                self.wrong(f"{name} stands in it twice")
        owners: dict[str, str] = {}
        for person in policy.people:
            for key in person.keys:
                if key.id in owners:
                    self.wrong(f"one key stands in it twice: of {owners[key.id]} and of {person.name}")
                owners[key.id] = person.name
        held = {role for person in policy.people for role in person.roles}
        for role in (*dict((*policy.needs, *policy.needs_for_wording)), *policy.may_retire):
            if role not in held:
                self.wrong(f"nobody in it holds the role `{role}`")

    def wrong(self, reason: str) -> NoReturn:
        raise ApprovalProblem("S103", path=self.path, reason=reason)
