"""From an artifact, what the data's mapping sets and what the command line chooses, to a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rung_engine.program import Program, SettingProblem
from rung_engine.sources.problems import DataProblem
from rung_lang.cli.exits import UNREADABLE, USAGE, Refusal
from rung_lang.cli.settings import read_setting

if TYPE_CHECKING:
    from rung_engine.artifact.model import Artifact, Name, Number
    from rung_engine.sources.claims import Chosen


@contextmanager
def data_problems() -> Iterator[None]:
    """What is wrong with the data is said as a command says it."""
    try:
        yield
    except DataProblem as problem:
        raise Refusal(problem.code, problem.words, exit_code=UNREADABLE) from None


def program_of(
    artifact: Artifact,
    mapped: Mapping[str, Chosen],
    chosen: tuple[str, ...],
    unverified: bool,
    *,
    kept: Mapping[str, Number | Name] | None = None,
) -> Program:
    """The artifact with its settings: `mapped` as the data's mapping has them, `chosen` as `NAME=VALUE`.

    `kept`: those that an older version ran with; they stand where neither says otherwise.
    """
    # A mapping fills what the protocol leaves open; what a local protocol has chosen stands.
    settings: dict[str, Number | Name] = {
        name: value for name, value in (kept or {}).items() if name in artifact.settings
    }
    settings |= {name: item.value for name, item in mapped.items() if artifact.settings[name].value is None}
    for text in chosen:
        name, value = read_setting(artifact, text)
        settings[name] = value
    try:
        return Program(artifact, settings, unverified=unverified)
    except SettingProblem as problem:
        match problem.kind:
            case "missing":
                decl = artifact.settings[problem.name]
                raise Refusal(
                    "C122",
                    f"`{problem.name}` is chosen by site, and nobody has: no session starts without it.",
                    f"Give it in a local protocol (`extends`), in the mapping's [settings], or with "
                    f'--set {problem.name}="…". {decl.title}'.strip(),
                    USAGE,
                ) from None
            case _:
                raise Refusal(
                    "C123",
                    f"The setting `{problem.name}` cannot have this value: it lies outside its range.",
                    exit_code=USAGE,
                ) from None
