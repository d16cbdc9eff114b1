"""Texts as they stood in a git revision: read from its objects, with nothing checked out."""

from __future__ import annotations

import posixpath
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from rung_engine.frozen import frozen
from rung_lang.cli.exits import UNREADABLE, USAGE, Refusal
from rung_lang.source import Source, Unreadable, decode


@frozen
class Revision:
    """One commit of the repository that holds the folder we are in. `name` as the user wrote it."""

    name: str
    commit: str
    top: str

    def bytes_at(self, path: str) -> bytes | None:
        """The file's bytes; None where the revision has no such file."""
        inside = self._inside(path)
        if inside is None or self._kind(inside) != "blob":
            return None
        return _git("cat-file", "blob", f"{self.commit}:{inside}", folder=self.top).stdout

    def files(self, path: str) -> tuple[str, ...]:
        """The file, or every file below the folder, each as it would be named from here; none where there is
        no such thing."""
        inside = self._inside(path)
        if inside is None or self._kind(inside) is None:
            return ()
        if self._kind(inside) == "blob":
            return (path,)
        below = f"{self.commit}:{inside}" if inside else self.commit
        listed = _git("ls-tree", "-r", "-z", "--name-only", below, folder=self.top).stdout
        names = listed.decode("utf-8", "replace").split("\0")
        return tuple(posixpath.join(path, name) for name in names if name)

    def reader(self) -> Callable[[str], Source | Unreadable | None]:
        """For the driver, in the place of the files on the disk."""

        def read(path: str) -> Source | Unreadable | None:
            data = self.bytes_at(path)
            return None if data is None else decode(path, data)

        return read

    def _inside(self, path: str) -> str | None:
        """As git names it, below the top; None outside."""
        place = Path(path).resolve()
        top = Path(self.top)
        if not place.is_relative_to(top):
            return None
        inside = place.relative_to(top).as_posix()
        return "" if inside == "." else inside

    def _kind(self, inside: str) -> str | None:
        if not inside:
            return "tree"
        asked = _git("cat-file", "-t", f"{self.commit}:{inside}", folder=self.top)
        return asked.stdout.decode().strip() if asked.returncode == 0 else None


def revision(name: str) -> Revision:
    """The commit that `name` means here. Refused outside a repository, and where it means none."""
    if shutil.which("git") is None:
        raise Refusal("C160", "To read a revision I need git, and it is not installed.", "", USAGE)
    asked = _git("rev-parse", "--show-toplevel", folder=".")
    if asked.returncode != 0:
        raise Refusal(
            "C160",
            "This folder is in no git repository, so there is no revision to read.",
            "Name two files or folders instead: `rung diff OLD NEW`.",
            USAGE,
        )
    top = str(Path(asked.stdout.decode().strip()).resolve())
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", folder=top)
    if found.returncode != 0:
        raise Refusal(
            "C161",
            f"git knows no revision {name} here.",
            "`git log --oneline` and `git branch -a` show what there is; a shallow clone may not hold it.",
            UNREADABLE,
        )
    return Revision(name, found.stdout.decode().strip(), top)


def _git(*arguments: str, folder: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
