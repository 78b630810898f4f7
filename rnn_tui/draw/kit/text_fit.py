"""Words in and around a picture: folded to its width, the longest form that fits, a note on top."""

from collections.abc import Sequence
from textwrap import wrap

from rich.cells import cell_len, set_cell_size
from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.palette import Palette

__all__ = [
    "SUBSCRIPT",
    "TOUCHED",
    "cut",
    "cut_cells",
    "draw_note",
    "first_that_fits",
    "fold",
    "fold_items",
    "note_lines",
    "place_name",
    "put_note",
]

TOUCHED = "✎"  # beside a number or a letter that is another than in the run
SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_MOST = 3  # a note above a picture takes at most one row in so many


def first_that_fits(texts: Sequence[str], room: int) -> str:
    """Return the first of several forms that takes at most `room` cells, or an empty text."""
    return next((text for text in texts if cell_len(text) <= room), "")


def cut(text: str, room: int) -> str:
    """Cut a text to `room` characters; an ellipsis ends what is cut."""
    return text if len(text) <= room else text[: max(0, room - 1)] + "…"


def cut_cells(text: str, room: int) -> str:
    """Cut a text to `room` cells; an ellipsis ends what is cut."""
    if cell_len(text) <= room:
        return text
    return set_cell_size(text, room - 1) + "…" if room > 1 else "…"[: max(0, room)]


def fold(text: str, room: int) -> list[str]:
    """Fold a text into lines of at most `room` cells."""
    lines = wrap(text, max(1, room))
    return [line if cell_len(line) <= room else set_cell_size(line, max(0, room)) for line in lines]


def fold_items(items: Sequence[str], room: int, between: str = "   ") -> list[str]:
    """Fold items that stay together, as many on a line as fit; one that is longer than a line is folded itself."""
    lines: list[str] = []
    for item in items:
        if lines and cell_len(lines[-1]) + len(between) + cell_len(item) <= room:
            lines[-1] += between + item
        else:
            lines += fold(item, room)
    return lines


def note_lines(note: str, width: int, height: int, *, alone: bool) -> list[str]:
    """Fold a note. Above a picture it takes at most a third of the rows; if cut, its last line ends in an ellipsis."""
    lines = fold(note, max(1, width - 2)) if note else []
    most = height if alone else max(1, height // _MOST)
    if len(lines) > most:
        lines = [*lines[: most - 1], set_cell_size(lines[most - 1], max(0, width - 3)).rstrip() + "…"] if most else []
    return lines


def put_note(canvas: Canvas, note: str, palette: Palette, *, alone: bool) -> int:
    """Write a note from the first row on; return the first row below it."""
    lines = note_lines(note, canvas.width, canvas.height, alone=alone)
    for y, line in enumerate(lines):
        canvas.put(1, y, line, palette.text)
    return len(lines)


def draw_note(note: str, *, width: int, height: int, palette: Palette) -> list[Strip]:
    """Return `height` strips of `width` cells that hold nothing but a note."""
    canvas = Canvas(width, height)
    put_note(canvas, note, palette, alone=True)
    return canvas.strips()


def place_name(layer: int, direction: int, *, layers: int, both: bool) -> str:
    """Return a layer and direction as an index after a letter: nothing, ₂, ← or ₂←."""
    number = str(layer + 1).translate(SUBSCRIPT) if layers > 1 else ""
    return number + (("←" if direction else "→") if both else "")
