"""A running text on the screen: where its characters stand, page by page, and each of them on a colour."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from rich.cells import cell_len
from rich.style import Style

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import Tone
from rnn_tui.draw.kit.palette import LEVELS
from rnn_tui.draw.kit.text_fit import cut_cells
from rnn_tui.draw.kit.tiles import Tile, cursor_style, draw_tile, glyph_of, tile_at, tone_style

__all__ = ["TextPage", "Wrapped", "draw_page", "lay_out_page", "wrapped"]

_TILES = (5, 3)  # cells a character of a text that fits one line; any other is running text


class TextPage(Value, frozen=True, kw_only=True):
    """Where the characters stand."""

    tiles: tuple[Tile, ...]  # of each character from `first` on
    first: int  # the first character that is shown
    wide: bool  # whether tiles are wider than their characters
    bottom: int  # the first row below the text
    whole: bool  # whether all characters are shown
    words: bool = False  # whether each tile ends in a free cell

    def character_at(self, x: int, y: int) -> int | None:
        """Return which character of the text stands at a cell."""
        at = tile_at(self.tiles, x, y)
        return None if at is None else self.first + at


class Wrapped(Value, frozen=True, kw_only=True):
    """A text broken into lines."""

    lines: list[list[int]]  # of each line the columns at which its characters begin, and the one after the last
    tile: int  # cells of every character; 0: each has its own width


def wrapped(
    inputs: Sequence[int], *, width: int, vocabulary: Sequence[str], glyphs: Sequence[str], words: bool
) -> Wrapped:
    """Return a text (n,) broken at newlines and where a line is full.

    A newline stands after the last character of its line, in the margin if need be. `words` have a free cell after
    them.
    """
    room = max(1, width - 2)
    newline = index_of("\n", vocabulary)
    sizes = [min(cell_len(glyph_of(glyphs, index)), room) + words for index in inputs]
    plain = newline not in inputs[:-1]
    tile = next((each for each in _TILES if plain and sizes and each > max(sizes) and each * len(sizes) <= room), 0)
    lines: list[list[int]] = [[1]]
    for index, size in zip(inputs, [tile or each for each in sizes], strict=True):
        if lines[-1][-1] + size > room + 1 + (index == newline) and len(lines[-1]) > 1:
            lines.append([1])
        lines[-1].append(lines[-1][-1] + size)
        if index == newline:
            lines.append([1])
    if len(lines) > 1 and len(lines[-1]) == 1:
        lines.pop()
    return Wrapped(lines=lines, tile=tile)


def lay_out_page(text: Wrapped, *, top: int, rows: int, at: int | None, words: bool) -> TextPage:
    """Return the page of `rows` lines, from the row `top` on, that has the character `at`; the first without one.

    Texts turn page by page, so that they stand still in between.
    """
    lines = text.lines
    starts = np.cumsum([0, *(len(line) - 1 for line in lines)])
    line = 0 if at is None else max(0, int(np.searchsorted(starts, at, side="right")) - 1)
    begin = max(0, min(line // rows * rows, len(lines) - rows))
    page = lines[begin : begin + rows]
    return TextPage(
        tiles=tuple(Tile(x, y, end - x) for y, line in enumerate(page, top) for x, end in pairwise(line)),
        first=int(starts[begin]),
        wide=bool(text.tile),
        bottom=top + len(page),
        whole=len(lines) <= rows,
        words=words and not text.tile,
    )


def index_of(name: str, vocabulary: Sequence[str]) -> int:
    """Return the place of a character in the vocabulary; -1: it is not there."""
    return vocabulary.index(name) if name in vocabulary else -1


def draw_page(
    canvas: Canvas,
    page: TextPage,
    given: Sequence[int],
    values: Sequence[float],
    tone: Tone,
    vocabulary: Sequence[str],
    glyphs: Sequence[str],
    cursor: int | None,
) -> None:
    """Draw the characters on their colours. A space is blank, as in a text; a newline is visible, but faint."""
    palette = tone.palette
    inputs, levels = given, tone.levels(values)
    space, newline = index_of(" ", vocabulary), index_of("\n", vocabulary)
    faint = Style(color=palette.faint.color)
    for number, tile in enumerate(page.tiles, page.first):
        index, level = inputs[number], levels[number]
        text = glyph_of(glyphs, index)
        style = tone_style(tone, level, None if page.wide else LEVELS // 4)
        if index == newline and level is not None:
            style = style + faint
        if number == cursor:
            style = style + cursor_style(palette)
        elif index == space and not page.wide:
            text = " "
        if page.wide:
            draw_tile(canvas, tile, text, level, style, palette)
        else:
            canvas.put(tile.x, tile.y, cut_cells(text, tile.width - 1) if page.words else text, style)
