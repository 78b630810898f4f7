"""An equation with its numbers put in: pieces of text that are wrapped between words, NaN marked."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

from rich.cells import cell_len
from rich.style import Style

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import signed, with_minus
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.experiment.cell_kinds import Squash

__all__ = ["SQUASH", "Formula", "Line", "fit_formula", "put_line", "written"]

Line = Sequence[tuple[str, Style]]
SQUASH: dict[Squash, Callable[[float], float]] = {
    "tanh": math.tanh,
    "relu": lambda total: max(0.0, total),
    "σ": lambda total: (1 + math.tanh(total / 2)) / 2,
}
_MOST = 1e5  # from here on a number is written with an exponent
_MOST_MORE = 3  # digits of a factor
_FEWEST = 2  # digits of a result


def written(value: float, digits: int, *, plus: bool = True) -> str:
    """Write a number as it stands in an equation: with a sign, which without `plus` only a negative one has."""
    if not math.isfinite(value):
        return signed(value, 3)
    sign = "+" if plus else ""
    text = f"{value:{sign}.1e}" if abs(value) >= _MOST else f"{value:{sign}.{digits}f}"
    return with_minus(text)


class Formula:
    """A row of words and numbers. A line is broken before a word that begins with a space.

    A result is written with one digit less than the numbers before it, and with ≈ where the printed numbers do not come
    to it, give or take one in its last digit.
    """

    def __init__(self, palette: Palette, digits: int, *, tight: bool = False) -> None:
        self.pieces: list[tuple[str, Style]] = []
        self.adds_up = True
        self._printed: list[float] = []
        self._palette = palette
        self._digits = digits
        self._tight = tight  # factors without signs and brackets that they can do without

    def say(self, text: str, tight: str | None = None) -> "Formula":
        """Add symbols; `tight`: the same in fewer cells."""
        self.pieces.append((tight if self._tight and tight is not None else text, self._palette.dim))
        return self

    def put(self, value: float, before: str = "", *, plus: bool = True, times: float = 1.0) -> "Formula":
        """Add a number, after `before`; the larger its factor `times`, the more digits it gets."""
        if before:
            self.say(before)
        more = math.ceil(math.log10(abs(times))) if math.isfinite(times) and abs(times) > 1 else 0
        self._write(written(value, self._digits + min(more, _MOST_MORE), plus=plus), value, self._palette.text)
        return self

    def factor(self, value: float, *, times: float = 1.0) -> "Formula":
        """Add `·(+0.5)`: what the number before is multiplied by."""
        return self.say("·(", "·").put(value, plus=not self._tight, times=times).say(")", "")

    def result(
        self, value: float, computed: Callable[[Sequence[float]], float], before: str = " = ", *, plus: bool = True,
        last: bool = True,
    ) -> "Formula":  # fmt: skip
        """Add what the printed numbers come to: `computed` from all of them so far. The `last` result stands out."""
        text = written(value, max(_FEWEST, self._digits - 1), plus=plus and not (self._tight and last))
        if math.isfinite(value) and all(map(math.isfinite, self._printed)):
            printed = Decimal(text.replace("−", "-"))
            unit = 10.0 ** int(printed.as_tuple().exponent)
            if not abs(computed(self._printed) - float(printed)) <= unit * (1 + 1e-6):
                before = before.replace("=", "≈", 1)
                self.adds_up = False
        self.say(before)
        self._write(text, value, self._palette.accent if last else self._palette.text)
        return self

    def _write(self, text: str, value: float, style: Style) -> None:
        self.pieces.append((text, style if math.isfinite(value) else self._palette.warning))
        self._printed.append(float(text.replace("−", "-")) if math.isfinite(value) else value)


def fit_formula(build: Callable[[int, bool], Formula], room: int, digits: Sequence[int] = (4, 3, 2)) -> list[Line]:
    """Return the lines of a formula: as few as possible, with numbers that add up, and with the most digits.

    `build` makes it with a number of digits, tight or not.
    """
    tries: list[tuple[list[Line], bool]] = []
    for each in digits:
        for tight in (False, True):
            formula = build(each, tight)
            tries.append((_wrap(formula.pieces, room), formula.adds_up))
    return min(tries, key=lambda found: (any(_size(line) > room for line in found[0]), len(found[0]), not found[1]))[0]


def put_line(canvas: Canvas, x: int, y: int, line: Line) -> int:
    """Draw a line of pieces; return where it ends."""
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
