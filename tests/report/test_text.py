"""Places on a terminal: carets stand under what they mean, and no text can command the terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from rung_lang.report.message import Message
from rung_lang.report.text import WIDTH, render
from rung_lang.source import Source, Span

PATH = "a.rung"


def shown(text: str, start: int, end: int, label: str = "here", *others: tuple[int, int, str]) -> list[str]:
    """The lines between the title and the end, without the place line and the empty bar."""
    marks = tuple((Span(PATH, begin, stop), said) for begin, stop, said in others)
    message = Message("R999", "error", "A title.", Span(PATH, start, end), label, "", marks)
    return render(message, {PATH: Source(PATH, text)}).splitlines()[3:]


def test_a_caret_stands_under_its_word() -> None:
    assert shown("when MAP < 65\n", 5, 8) == [
        "1 | when MAP < 65",
        "  |      ^^^ here",
    ]


def test_a_label_of_wide_signs_is_broken_by_its_columns() -> None:
    label = f"{'0' * 26}\u05f5\u0d97\u0e5c\u0ece\u1316\u2d68"
    lines = shown(label, 32, 32, label)
    assert all(len(line) + sum(ord(char) > 127 for char in line) <= 80 for line in lines)


def test_a_tab_is_four_columns() -> None:
    assert shown("\twhen\tMAP\n", 6, 9) == [
        "1 |     when    MAP",
        "  |             ^^^ here",
    ]


def test_wide_signs_take_two_columns_and_combining_ones_none() -> None:
    assert shown("血圧 < 65\n", 5, 7)[1] == "  |        ^^ here"
    assert shown("e\u0301 < 65\n", 5, 7)[1] == "  |     ^^ here"
    assert shown("when 血圧\n", 5, 7)[1] == "  |      ^^^^ here"


def test_several_places_of_a_line_stand_under_it_in_their_order() -> None:
    assert shown("go to t and go to u\n", 12, 19, "and here", (0, 7, "goes here")) == [
        "1 | go to t and go to u",
        "  | ------- goes here",
        "  |             ^^^^^^^ and here",
    ]


def test_places_of_a_file_stand_in_the_order_of_the_file() -> None:
    text = "define low as MAP\n\n\ndefine low as SBP\n"
    assert shown(text, 27, 30, "again", (7, 10, "first")) == [
        "1 | define low as MAP",
        "  |        --- first",
        "  ...",
        "4 | define low as SBP",
        "  |        ^^^ again",
    ]


def test_a_place_of_two_lines_is_marked_in_both() -> None:
    assert shown("when a\n  and b\nthen c\n", 5, 14) == [
        "1 | when a",
        "  |      ^",
        "2 |   and b",
        "  |   ^^^^^ here",
    ]


def test_a_place_of_many_lines_is_marked_in_its_first() -> None:
    text = "rule a\n  when b\n  then c\n  because d\n"
    assert shown(text, 0, len(text) - 1) == ["1 | rule a", "  | ^^^^^^ here"]


def test_another_place_that_is_long_is_marked_by_its_first_words() -> None:
    text = "drug norepinephrine infusion in mcg/kg/min\n  maximum 3 mcg/kg/min\nx\n"
    assert shown(text, len(text) - 2, len(text) - 1, "here", (0, 60, "declared"))[:2] == [
        "1 | drug norepinephrine infusion in mcg/kg/min",
        "  | ------------------- declared",
    ]


def test_a_place_after_the_last_word_has_a_caret() -> None:
    assert shown("abc", 3, 3) == ["1 | abc", "  |    ^ here"]
    assert shown("", 0, 0) == ["1 |", "  | ^ here"]


def test_a_long_line_is_shown_around_its_place() -> None:
    text = "x" * 200 + " needle " + "y" * 200
    line, carets = shown(text, 201, 207)
    assert len(line) <= WIDTH
    assert line.startswith("1 | …x")
    assert line.endswith("y…")
    at = line.index("needle")
    assert carets == "  |" + " " * (at - 3) + "^^^^^^ here"


def test_a_label_that_finds_no_room_goes_below_its_caret() -> None:
    text = "x " * 30 + "needle"
    lines = shown(text, 60, 66, "a label of many words that does not fit beside it")
    assert lines[1].rstrip().endswith("^^^^^^")
    assert " ".join(line.removeprefix("  |").strip() for line in lines[2:]) == (
        "a label of many words that does not fit beside it"
    )
    assert max(map(len, lines)) <= WIDTH


def test_a_file_that_could_not_be_read_is_named_alone() -> None:
    message = Message("R101", "error", "This file is empty.", Span("b.rung", 0, 0), help="Write it.")
    assert render(message, {}) == "error R101: This file is empty.\n  --> b.rung\n  help: Write it.\n"


def test_signs_that_command_a_terminal_are_never_sent() -> None:
    message = Message("R999", "error", "A \x1b[2J title.", Span(PATH, 0, 3), "la\x07bel", "\u202ebody")
    out = render(message, {PATH: Source(PATH, "a\x1b[31mb\u202ec\n")})
    assert not any(unicodedata.category(char) in ("Cc", "Cf") for char in out if char != "\n")


def test_colour_changes_nothing_but_colour() -> None:
    message = Message("R999", "warning", "A title.", Span(PATH, 5, 8), "here", "Body.", (), "Help.")
    sources = {PATH: Source(PATH, "when MAP < 65\n")}
    coloured = render(message, sources, colour=True)
    assert "\x1b[33;1m" in coloured
    for code in ("33;1", "1", "0"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == render(message, sources)


def test_the_authors_words_stay_on_one_line() -> None:
    words = "word " * 14 + "`rise in MAP over 4 h` and more"
    out = render(Message("R999", "error", "T.", Span("b", 0, 0), help=words), {})
    assert "`rise in MAP over 4 h`" in out


@settings(max_examples=200)
@given(st.data(), st.text(max_size=300), st.text(max_size=120))
def test_any_place_of_any_text_is_shown_within_the_terminal(
    data: st.DataObject, text: str, label: str
) -> None:
    text = text.replace("\r", "")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    lines = shown(text, start, end, label)
    assert any("^" in line for line in lines)
    for line in lines:
        wide = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)
        combining = sum(bool(unicodedata.combining(char)) for char in line)
        assert wide - 2 * combining <= WIDTH
