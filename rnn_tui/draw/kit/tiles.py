"""Characters of a text as tiles: where each stands, what it looks like, and which one is under the mouse."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.style import Style

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import Tone
from rnn_tui.draw.kit.palette import Palette

__all__ = ["Tile", "cursor_style", "draw_tile", "glyph_of", "tile_at", "tone_style"]


_PLAIN = Style()


class Tile(NamedTuple):
    """The cells of one character."""

    x: int
    y: int
    width: int
    height: int = 1


def tile_at(tiles: Sequence[Tile], x: int, y: int) -> int | None:
    """Return the index of the tile at a cell; None where there is none."""
    for at, tile in enumerate(tiles):
        if tile.x <= x < tile.x + tile.width and tile.y <= y < tile.y + tile.height:
            return at
    return None


def glyph_of(glyphs: Sequence[str], index: int) -> str:
    """Return the glyph of a character of the vocabulary, and a dot for one that is not in it."""
    return glyphs[index] if 0 <= index < len(glyphs) else "•"


def cursor_style(palette: Palette) -> Style:
    """Return the style laid over the character under the time cursor."""
    return Style(bold=True, italic=True) if palette.monochrome else Style(bold=True, underline=True)


def tone_style(tone: Tone, level: int | None, strong: int | None = None) -> Style:
    """Return the style of a character whose value has this level, None for NaN and infinities.

    From the level `strong` on, either way, it can be seen without colours too; `strong` None: never.
    """
    if level is None:
        return tone.palette.warning
    style = tone.cell(level)
    if tone.palette.monochrome and strong is not None and abs(level) >= strong:
        style = style + Style(bold=True, reverse=level > 0, underline=level < 0)
    return style


def draw_tile(
    canvas: Canvas, tile: Tile, text: str, level: int | None, style: Style, palette: Palette, over: Style = _PLAIN
) -> None:
    """Draw a tile that is wider than its character, which stands in the middle of its first row, with `over` on it."""
    shade = palette.shade(level) if palette.shaded and level is not None else " "
    for row in range(tile.height):
        canvas.fill(tile.x, tile.y + row, tile.width, style, " " if row else shade)  # a number stands by itself
    canvas.centre(tile.x, tile.y, tile.width, text, style + over)
