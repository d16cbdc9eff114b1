"""How wide a line of text is at most, and where it breaks.

The width of a character is the greater of DejaVu Sans (the widest sans serif in common use) and Liberation
Sans (as wide as Helvetica and Arial), so text set in any of them stays inside the room measured for it.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

FONTS = (
    "Helvetica Neue, Helvetica, Arial, Liberation Sans, Segoe UI, Roboto, Noto Sans, DejaVu Sans, sans-serif"
)
ELLIPSIS = "…"

_EXTRA = "°±²³µ·×–—‘’“”•…←→≠≤≥−αβγΔμ"
# Hundredths of the font size: from the blank to the tilde, then those of `_EXTRA`.
_REGULAR = """
32 41 46 84 64 96 78 28 40 40 50 84 32 37 32 34 64 64 64 64 64 64 64 64 64 64 34 34 84 84
84 56 102 69 69 73 78 67 62 78 76 30 50 67 56 87 75 79 67 79 73 67 62 74 69 99 69 67 69 40
34 40 84 56 50 62 64 55 64 62 36 64 64 28 28 58 28 98 64 62 64 64 42 53 40 64 60 82 60 60
53 64 34 64 84 50 84 41 41 64 32 84 56 100 32 32 52 52 59 100 100 100 84 84 84 84 66 64 60 69
64
"""
_BOLD = """
35 46 53 84 70 101 88 31 46 46 53 84 38 42 38 37 70 70 70 70 70 70 70 70 70 70 40 40 84 84
84 62 100 78 77 74 84 69 69 83 84 38 56 78 64 100 84 86 74 86 78 73 69 82 78 111 78 73 73 46
37 46 84 56 50 68 72 60 72 68 44 72 72 35 35 67 35 105 72 69 72 72 50 60 48 72 66 93 65 66
59 72 37 72 84 50 84 44 44 74 38 84 56 100 38 38 66 66 64 100 100 100 84 84 84 84 69 72 69 78
74
"""
_WIDEST = 160
"""Of a character not in the tables: wider than any letter of DejaVu Sans and any ideograph."""

_CHARACTERS = "".join(chr(code) for code in range(32, 127)) + _EXTRA


def _table(widths: str) -> dict[str, int]:
    return dict(zip(_CHARACTERS, map(int, widths.split()), strict=True))


_TABLES = {False: _table(_REGULAR), True: _table(_BOLD)}


def width(text: str, size: int, bold: bool = False) -> int:
    """Upper bound in pixels, rounded up."""
    return -(-sum(_hundredths(character, bold) for character in text) * size // 100)


@lru_cache(maxsize=4096)
def _hundredths(character: str, bold: bool) -> int:
    table = _TABLES[bold]
    if character in table:
        return table[character]
    if unicodedata.category(character) == "Mn":
        return 0
    base = unicodedata.normalize("NFD", character)[0]
    return table.get(base, _WIDEST)


def clean(text: str) -> str:
    """One line of text that XML can hold: no controls, no direction marks, no halves of characters."""
    kept = (
        " " if character.isspace() or unicodedata.category(character) == "Cc" else character
        for character in text
        if unicodedata.category(character) not in ("Cf", "Cn", "Co", "Cs")
    )
    return " ".join("".join(kept).split())


def wrap(text: str, room: int, size: int, *, bold: bool = False, most: int = 4) -> tuple[str, ...]:
    """At most `most` lines, none wider than `room`; what does not fit is cut off with an ellipsis."""
    lines: list[str] = []
    for word in _words(clean(text), room, size, bold):
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width(joined, size, bold) <= room:
            lines[-1] = joined
            continue
        lines.extend(_broken(word, room, size, bold))
        if len(lines) > most:
            return (*lines[: most - 1], _clipped(lines[most - 1], room, size, bold))
    return tuple(lines)


def _words(text: str, room: int, size: int, bold: bool) -> list[str]:
    """The words; a number stays with its unit and with the sign before it, where they fit together."""
    words: list[str] = []
    for word in text.split():
        last = words[-1].rpartition(" ")[2] if words else ""
        unit = last[-1:].isdigit() and word not in ("and", "or", "to", "for")
        sign = last in ("<", "<=", "=", ">=", ">")
        if (unit or sign) and width(f"{words[-1]} {word}", size, bold) <= room:
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


def _broken(word: str, room: int, size: int, bold: bool) -> list[str]:
    """The word in pieces that fit; after an underscore where there is one."""
    pieces = []
    while width(word, size, bold) > room and len(word) > 1:
        end = next((n for n in range(len(word) - 1, 1, -1) if width(word[:n], size, bold) <= room), 1)
        end = word.rfind("_", 1, end) + 1 or end
        pieces.append(word[:end])
        word = word[end:]
    return [*pieces, word]


def _clipped(line: str, room: int, size: int, bold: bool) -> str:
    while line and width(line + ELLIPSIS, size, bold) > room:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS
