"""Reading pictures back: strips of characters as grids of cells; and what is drawn in many of them."""

from collections.abc import Sequence
from functools import cache

from msgspec.structs import replace
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.kit.time_axis import TimeAxis

__all__ = ["GREY", "Grid", "grid", "is_picture", "letters", "number_in", "texts"]

GREY = replace(DARK, monochrome=True)

Grid = list[list[tuple[str, Style]]]

_PLAIN = Style()
_width = cache(cell_len)


def grid(strips: Sequence[Strip]) -> Grid:
    """A row of (character, style) for each strip, one a cell; the second half of a wide character is ''."""
    rows: Grid = []
    for strip in strips:
        row: list[tuple[str, Style]] = []
        for text, style, control in strip:
            assert not control
            drawn = style or _PLAIN
            if text.isascii() and text.isprintable():
                row += [(character, drawn) for character in text]
                continue
            for character in text:
                size = _width(character)
                if size == 0:
                    assert row, "a mark without a cell"
                    row[-1] = (row[-1][0] + character, row[-1][1])
                else:
                    row += [(character, drawn), ("", drawn)][:size]
        rows.append(row)
    return rows


def is_picture(strips: Sequence[Strip], width: int, height: int) -> Grid:
    """The grid of strips that are exactly so many cells, in truth and in what they claim; else an AssertionError."""
    rows = grid(strips)
    assert len(rows) == height
    assert [len(row) for row in rows] == [width] * height
    assert [strip.cell_length for strip in strips] == [width] * height
    for strip in strips:
        assert not set(strip.text) & set("\n\r\t\x1b")
        for (_, one, _), (_, other, _) in zip(strip, list(strip)[1:], strict=False):
            assert one != other, "equal neighbours are two segments"
    return rows


def texts(grid: Grid) -> list[str]:
    """The characters of each row, in one text."""
    return ["".join(character for character, _ in row) for row in grid]


def letters(axis: TimeAxis) -> list[str]:
    """An input for each step of the axis: a, b, c …"""
    return [chr(ord("a") + step % 26) for step in axis.steps]


def number_in(text: str) -> float:
    """The number that is drawn: with the minus sign of the screen, which Python does not read."""
    assert "-" not in text
    return float(text.replace("−", "-"))
