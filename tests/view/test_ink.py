"""Ink: what is written in codes is what differs, moves are as short as they are certain, and blanks are cheap."""

import pytest
from rich.color import ColorSystem
from rich.style import Style

from rnn_tui.view.terminal.escapes import StyleWriter, cell_style

FULL = ColorSystem.TRUECOLOR


def written(*cells: tuple[int, int, str, int, str], width: int = 40) -> str:
    ink = StyleWriter(width)
    for y, x, text, size, style in cells:
        ink.write(y, x, text, size, cell_style(Style.parse(style), FULL, text.isspace()))
    return ink.done()


@pytest.mark.parametrize(
    ("y", "x", "move"),
    [
        (5, 11, ""),
        (5, 12, "\x1b[C"),
        (5, 20, "\x1b[9C"),
        (5, 10, "\b"),
        (5, 2, "\x1b[9D"),
        (5, 0, "\r"),
        (6, 11, "\x1b[B"),
        (8, 10, "\x1b[3B\b"),
        (3, 11, "\x1b[2A"),
        (4, 0, "\x1b[A\r"),
        (30, 25, "\x1b[31;26H"),
    ],
)
def test_the_shortest_move(y: int, x: int, move: str) -> None:
    """From behind a character in row 5 and column 10."""
    assert written((5, 10, "a", 1, "none"), (y, x, "b", 1, "none")) == f"\x1b[6;11Ha{move}b"


@pytest.mark.parametrize(
    ("text", "size", "x"), [("日", 2, 10), ("e\u0301", 1, 10), ("👩\u200d🔬", 2, 10), ("a", 1, 39)]
)
def test_where_terminals_differ_the_place_is_told(text: str, size: int, x: int) -> None:
    """Behind what has another width for some of them, and behind the last column."""
    assert written((5, x, text, size, "none"), (5, 12, "b", 1, "none")).endswith(f"{text}\x1b[6;13Hb")


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        ("#010203 on #040506", "#010203 on #070809", "48;2;7;8;9"),
        ("bold #010203 on #040506", "#010203 on #040506", "22"),
        ("bold dim #010203 on #040506", "dim #010203 on #040506", "22;2"),
        ("italic underline strike #010203", "#010203", "23;24;29"),
        ("reverse #010203", "bold #010203", "27;1"),
        ("bold red on blue", "default on default", "0"),
        ("bold underline red on blue", "green on blue", "0;32;44"),
        ("#ff875f on #303030", "#ff875e on #303031", "38;2;255;135;94;48;2;48;48;49"),
        ("#ff875e on #303031", "#ff875f on #303030", "38;5;209;48;5;236"),
        ("on #000087", "on #000080", "48;2;0;0;128"),
    ],
)
def test_only_what_differs(before: str, after: str, codes: str) -> None:
    assert f"a\x1b[{codes}mb" in written((0, 0, "a", 1, before), (0, 1, "b", 1, after))


def test_colours_that_themes_of_terminals_change_are_told_in_full() -> None:
    assert cell_style(Style.parse("#0000af on #000000"), FULL)[:2] == ("48;2;0;0;0", "38;2;0;0;175")


def test_of_a_blank_only_the_background() -> None:
    assert written((0, 0, "a", 1, "bold red on blue"), (0, 1, "  ", 2, "green on blue")).count("m") == 2
    assert (
        "a\x1b[24m \x1b" in written((0, 0, "a", 1, "underline red on blue"), (0, 1, " ", 1, "green on blue")) + "\x1b"
    )
    assert "a\x1b[4m " in written((0, 0, "a", 1, "red on blue"), (0, 1, " ", 1, "underline red on blue"))


def test_without_colours_there_are_no_codes() -> None:
    ink = StyleWriter(40)
    ink.write(0, 0, "a", 1, cell_style(Style.parse("bold underline red on blue"), None))
    assert ink.done() == "\x1b[1Ha"
