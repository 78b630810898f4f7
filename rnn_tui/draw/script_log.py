"""What a script has printed: its lines with their numbers, and what was looked for among them."""

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.protocol.script_log import LogLines

__all__ = ["draw_log", "text_columns"]

_GAP = 2  # cells between the numbers and the text
_FOUND = Style(reverse=True)


def draw_log(log: LogLines, *, width: int, height: int, column: int, find: str, palette: Palette) -> list[Strip]:
    """Draw the lines, which begin with their character `column`; every place with the text `find` is marked."""
    canvas = Canvas(width, height)
    digits = _digits(log.total)
    left = digits + _GAP
    for y, line in enumerate(log.lines[:height]):
        number = log.first + y
        canvas.put(0, y, f"{number + 1:>{digits}}", palette.accent if number == log.found else palette.faint)
        canvas.put(left, y, line, palette.text)
        if column:
            canvas.put(left - 1, y, "‹", palette.faint)
        for at in _places(find, line):
            canvas.tint(left + cell_len(line[:at]), y, cell_len(line[at : at + len(find)]), _FOUND)
    return canvas.strips()


def text_columns(width: int, total: int) -> int:
    """Return the cells that remain for the text beside the numbers of so many lines."""
    return max(1, width - _digits(total) - _GAP)


def _digits(total: int) -> int:
    return max(3, len(str(total)))


def _places(find: str, line: str) -> list[int]:
    """Return where a line has a text, whatever its case."""
    wanted, shown, places = find.lower(), line.lower(), []
    if not wanted or len(shown) != len(line):  # a letter that has more than one small one
        return []
    at = shown.find(wanted)
    while at >= 0:
        places.append(at)
        at = shown.find(wanted, at + len(wanted))
    return places
