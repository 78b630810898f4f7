"""An equation with its numbers put in: pieces of text that are wrapped between words, NaN marked."""

import math
from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.style import Style

from rnn_tui.draw.canvas import Canvas
from rnn_tui.draw.numbers import compact
from rnn_tui.draw.palette import Palette

__all__ = ["Formula", "Line", "fit_formula", "put_line", "written"]

Line = Sequence[tuple[str, Style]]
_MOST = 1e5  # from here on a number is written with an exponent


def written(value: float, digits: int, *, plus: bool = True) -> str:
    """A number as it stands in an equation: with a sign, unless without `plus` it needs none."""
    if not math.isfinite(value):
        return compact(value)
    sign = "+" if plus else ""
    text = f"{value:{sign}.1e}" if abs(value) >= _MOST else f"{value:{sign}.{digits}f}"
    return text.replace("-", "−")


class Formula:
    """Words and numbers in a row. A line is broken before a word that begins with a space."""

    def __init__(self, palette: Palette, digits: int) -> None:
        self.pieces: list[tuple[str, Style]] = []
        self._palette = palette
        self._digits = digits

    def say(self, text: str) -> "Formula":
        """Symbols."""
        self.pieces.append((text, self._palette.dim))
        return self

    def put(self, value: float, before: str = "", *, plus: bool = True, result: bool = False) -> "Formula":
        """A number, after `before`; a `result` stands out."""
        if before:
            self.say(before)
        style = self._palette.accent if result else self._palette.text
        text = written(value, self._digits, plus=plus)
        self.pieces.append((text, style if math.isfinite(value) else self._palette.warning))
        return self


def fit_formula(build: Callable[[int], Formula], room: int, digits: Sequence[int] = (4, 3, 2)) -> list[Line]:
    """The lines of a formula, with the most digits of those that need the fewest lines.

    `build` makes it with so many digits.
    """
    tries = [_wrap(build(each).pieces, room) for each in digits]
    return min(tries, key=lambda lines: (any(_size(line) > room for line in lines), len(lines)))


def put_line(canvas: Canvas, x: int, y: int, line: Line) -> int:
    """Draw a line of pieces; returns where it ends."""
    for text, style in line:
        x = canvas.put(x, y, text, style)
    return x


def _size(line: Line) -> int:
    return sum(cell_len(text) for text, _ in line)


def _wrap(pieces: Line, room: int) -> list[Line]:
    words: list[list[tuple[str, Style]]] = []
    for text, style in pieces:
        if text.startswith(" ") or not words:
            words.append([])
        words[-1].append((text, style))
    lines: list[list[tuple[str, Style]]] = [[]]
    for word in words:
        if lines[-1] and _size(lines[-1]) + _size(word) > room:
            lines.append([("  " + word[0][0].lstrip(), word[0][1]), *word[1:]])
        else:
            lines[-1] += word
    return list(lines)
