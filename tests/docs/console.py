"""Plays a page: writes the files it shows, runs the commands it shows, gives back what was printed.

A fenced block with `title="NAME"` is a file; `title="NAME, at the end"` is put after what the file holds. In
a `console` block a line that begins with `$ ` is a command; the lines below it are what it prints, `...`
standing for any lines. `RUNG_REWRITE=1` writes what is printed into the pages, and then nothing differs.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.docs.pages import Block, blocks, matches

AT_END = ", at the end"
REWRITE = os.environ.get("RUNG_REWRITE") == "1"


@dataclass(frozen=True, slots=True)
class Ran:
    """One command of a page, what the page shows below it, and what it printed."""

    place: str
    command: str
    shown: str
    printed: str

    @property
    def difference(self) -> str:
        found = matches(self.shown, self.printed)
        return f"{self.place}: $ {self.command}\n{found}\nprinted in full:\n{self.printed}" if found else ""


def play(page: Path, folder: Path) -> list[Ran]:
    """Everything the page does, in order, in `folder`, which must be the present one."""
    assert Path.cwd() == folder.resolve()
    ran: list[Ran] = []
    for block in blocks(page):
        if block.title:
            _write(block, folder)
        elif block.language == "console":
            ran += [
                Ran(block.place, command, shown, _run(command)) for command, shown in commands(block.text)
            ]
    if REWRITE:
        _rewrite(page, ran)
        return [replace(one, shown=one.printed) for one in ran]
    return ran


def commands(text: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with the lines shown below it."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        else:
            assert found, f"a console block begins with a command, not with {line!r}"
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def _write(block: Block, folder: Path) -> None:
    (folder / block.title).parent.mkdir(parents=True, exist_ok=True)
    if block.title.endswith(AT_END):
        file = folder / block.title.removesuffix(AT_END)
        file.write_text(file.read_text(encoding="utf-8") + "\n" + block.text, encoding="utf-8")
    else:
        (folder / block.title).write_text(block.text, encoding="utf-8")


def _run(command: str) -> str:
    words = shlex.split(command)
    if words[0] == "rung":
        return printed(words[1:])
    if words[:3] == ["python", "-m", "rung_engine.sources.synthetic"]:
        from rung_engine.sources.synthetic import main

        return _captured(lambda: main(words[3:]))
    if words[0] in ("cat", "sed"):
        return subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout
    raise AssertionError(f"a page shows a command that its test cannot run: {command}")


def printed(arguments: list[str]) -> str:
    """What `rung ARGUMENTS` writes to either stream."""
    from rung_lang.cli.main import run

    return _captured(lambda: run(arguments))


def _captured(action: Callable[[], object]) -> str:
    stream = io.StringIO()
    with (
        contextlib.redirect_stdout(stream),
        contextlib.redirect_stderr(stream),
        contextlib.suppress(SystemExit),
    ):
        action()
    return stream.getvalue()


def _rewrite(page: Path, ran: list[Ran]) -> None:
    text = page.read_text(encoding="utf-8")
    place = 0
    for one in ran:
        head = f"$ {one.command}\n"
        new = head + _renewed(one.shown, one.printed)
        place = text.index(head + one.shown, place)
        text = text[:place] + new + text[place + len(head + one.shown) :]
        place += len(new)
    page.write_text(text, encoding="utf-8")


def _renewed(shown: str, printed_: str) -> str:
    """What is printed, cut to the stretches the page shows; each is found by the first two words of it."""
    have = [line.rstrip() for line in printed_.strip("\n").splitlines()]
    begins = [line.split()[:2] for line in have]
    if "..." not in shown.splitlines():
        return "".join(f"{line}\n" for line in have)
    out: list[str] = []
    place = 0
    stretches = _stretches(shown)
    for number, stretch in enumerate(stretches, 1):
        if stretch == ["..."]:
            out.append("...")
            continue
        if out:
            place = begins.index(stretch[0].split()[:2], place)
        end = len(have) if number == len(stretches) else place + len(stretch)
        out += have[place:end]
        place = end
    return "".join(f"{line}\n" for line in out)


def _stretches(shown: str) -> list[list[str]]:
    found: list[list[str]] = []
    for line in shown.strip("\n").splitlines():
        if line == "...":
            found.append(["..."])
        elif found and found[-1] != ["..."]:
            found[-1].append(line)
        else:
            found.append([line])
    return found
