"""Styled cells as terminal sequences, with no more escape codes than necessary after what was written before.

Rich writes every segment's style in full and resets it after; here only differences are written, and of a blank cell
only what is visible: its background. Cursor moves are relative if that is shorter. All sequences are common to xterm,
tmux, screen and the Linux console.
"""

from functools import lru_cache
from typing import NamedTuple

from rich.color import Color, ColorSystem, ColorType
from rich.style import Style

__all__ = ["CellStyle", "StyleWriter", "cell_style"]

_ATTRIBUTES = (
    ("bold", "1"),
    ("dim", "2"),
    ("italic", "3"),
    ("underline", "4"),
    ("blink", "5"),
    ("reverse", "7"),
    ("strike", "9"),
)
_BACK = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "7": "27", "9": "29"}  # what turns an attribute off
_SEEN_ON_BLANKS = frozenset("479")


class CellStyle(NamedTuple):
    """The style of a cell, as SGR parameters."""

    paper: str  # the background
    text: str  # the colour of the text; empty if none is visible
    attributes: str  # a digit each

    def covers(self, other: "CellStyle") -> bool:
        """Return whether a cell of the other style looks the same in this one."""
        if other.text:
            return other == self
        return other.paper == self.paper and _SEEN_ON_BLANKS.isdisjoint(self.attributes)


_PLAIN = CellStyle("49", "39", "")


def _exact() -> dict[tuple[int, int, int], int]:
    """Return the indices of the colours in every palette of 256, except those that terminal themes change."""
    levels = (0, 95, 135, 175, 215, 255)
    cube = {(levels[at // 36], levels[at // 6 % 6], levels[at % 6]): 16 + at for at in range(6, 216)}
    return {(8 + 10 * at,) * 3: 232 + at for at in range(24)} | cube


_INDEX = _exact()


def _code(colour: Color | None, system: ColorSystem, foreground: bool) -> str:
    if colour is None:
        return "39" if foreground else "49"
    colour = colour.downgrade(system)
    if colour.type is ColorType.TRUECOLOR and colour.triplet in _INDEX:
        return f"{38 if foreground else 48};5;{_INDEX[colour.triplet]}"
    return ";".join(colour.get_ansi_codes(foreground=foreground))


@lru_cache(maxsize=8192)
def cell_style(style: Style | None, system: ColorSystem | None, blank: bool = False) -> CellStyle:
    """Return the cell style for a Rich style and colour system; None: no codes at all. `blank`: for a space."""
    if style is None or system is None:
        style, system = Style.null(), ColorSystem.STANDARD
    attributes = "".join(code for name, code in _ATTRIBUTES if getattr(style, name))
    paper = _code(style.bgcolor, system, foreground=False)
    if blank and _SEEN_ON_BLANKS.isdisjoint(attributes):
        return CellStyle(paper, "", "")
    return CellStyle(paper, _code(style.color, system, foreground=True), attributes)


class StyleWriter:
    """Writes cells one after another; keeps track of the terminal's cursor and style."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._look = _PLAIN
        self._at: tuple[int, int] | None = None  # row and column; None if terminals may differ
        self._parts: list[str] = []

    def write(self, y: int, x: int, text: str, size: int, look: CellStyle) -> None:
        """Write a text of `size` cells there."""
        if (y, x) != self._at:
            self._parts.append(self._move(y, x))
        if not self._look.covers(look):
            self._parts.append(self._change(look))
        self._parts.append(text)
        # Terminals differ in the width of wide characters, and in where the cursor is after the last column.
        self._at = (y, x + size) if size == len(text) and x + size < self._width else None

    def done(self) -> str:
        """Return all that was written, and reset the style."""
        if self._look != _PLAIN:
            self._parts.append("\x1b[m")
        self._look = _PLAIN
        written, self._parts = "".join(self._parts), []
        return written

    def bytes_to(self, y: int, x: int) -> int:
        """Return about how many bytes it takes to go there."""
        if self._at is None:
            return 0  # the same for every place
        down, right = abs(y - self._at[0]), x - self._at[1]
        return min((down and 3 + (down > 1)) + (min(-right, 4) if right < 0 else right and 3 + (right > 1)), 8)

    def _move(self, y: int, x: int) -> str:
        absolute = f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
        if self._at is None:
            return absolute
        down, right = y - self._at[0], x - self._at[1]
        vertical = _steps(down, "B") if down > 0 else _steps(-down, "A")
        if right >= 0:
            horizontal = _steps(right, "C")
        else:
            horizontal = min("\b" * -right, _steps(-right, "D"), "\r" + _steps(x, "C"), key=len)
        return min(vertical + horizontal, absolute, key=len)

    def _change(self, new: CellStyle) -> str:
        old = self._look
        if not new.text:
            new = CellStyle(new.paper, old.text, old.attributes if _SEEN_ON_BLANKS.isdisjoint(old.attributes) else "")
        self._look = new
        colours = [code for code, before in ((new.text, old.text), (new.paper, old.paper)) if code != before]
        back = {_BACK[each] for each in old.attributes if each not in new.attributes}
        kept = {each for each in old.attributes if _BACK[each] not in back}  # bold and dim are turned off together
        step = [*sorted(back), *(each for each in new.attributes if each not in kept), *colours]
        whole = ["0", *new.attributes, *(code for code in (new.text, new.paper) if code not in ("39", "49"))]
        return min((f"\x1b[{';'.join(codes)}m" for codes in (step, whole)), key=len)


def _steps(count: int, letter: str) -> str:
    return f"\x1b[{count}{letter}" if count > 1 else f"\x1b[{letter}" if count else ""
