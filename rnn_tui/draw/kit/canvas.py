"""A grid of styled cells that becomes strips: every picture except the chart is drawn on one."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

__all__ = ["Canvas"]

_PLAIN = Style()


class Canvas:
    """A grid of `width` x `height` cells. What is put outside is left out, so no drawing can break a line's width."""

    def __init__(self, width: int, height: int, style: Style = _PLAIN) -> None:
        self.width = width
        self.height = height
        self._text = [[" "] * width for _ in range(height)]  # "" follows a character that is two cells wide
        self._style = [[style] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, style: Style) -> int:
        """Write text that `common/glyphs.py` has made printable; return its end. A cut wide character is a space."""
        if not 0 <= y < self.height:
            return x
        row, styles = self._text[y], self._style[y]
        for character in text:
            size = 1 if character.isascii() else cell_len(character)
            if size == 0:  # a combining mark joins the character before it
                if 0 < x <= self.width:
                    row[x - 1 if row[x - 1] else x - 2] += character
                continue
            for at in range(max(x, 0), min(x + size, self.width)):
                self._clear(row, at)
                row[at], styles[at] = " ", style
            if x >= 0 and x + size <= self.width:
                row[x] = character
                if size == 2:
                    row[x + 1] = ""
            x += size
        return x

    def centre(self, x: int, y: int, width: int, text: str, style: Style) -> None:
        """Write text in the middle of `width` cells; what does not fit is cut."""
        size = cell_len(text)
        while size > width and text:
            text = text[:-1]
            size = cell_len(text)
        self.put(x + (width - size) // 2, y, text, style)

    def fill(self, x: int, y: int, width: int, style: Style, character: str = " ") -> None:
        """Write one character, one cell wide, `width` times."""
        left, right = max(x, 0), min(x + width, self.width)
        if left < right and 0 <= y < self.height:  # in one go: a heatmap fills thousands of cells
            row = self._text[y]
            self._clear(row, left)
            self._clear(row, right - 1)
            row[left:right] = character * (right - left)
            self._style[y][left:right] = [style] * (right - left)

    def fill_each(self, x: int, y: int, width: int, styles: Sequence[Style], character: str) -> None:
        """Write one character, one cell wide, `width` times in each of these styles."""
        left, right = max(x, 0), min(x + width * len(styles), self.width)
        if left < right and 0 <= y < self.height:
            self.fill(left, y, right - left, styles[0], character)
            every = [style for style in styles for _ in range(width)] if width > 1 else styles
            self._style[y][left:right] = every[left - x : right - x]

    def tint(self, x: int, y: int, width: int, style: Style) -> None:
        """Lay a style over what is there."""
        if 0 <= y < self.height:
            styles = self._style[y]
            for at in range(max(x, 0), min(x + width, self.width)):
                styles[at] = styles[at] + style

    def has_text(self, x: int, y: int, width: int) -> bool:
        """Return whether anything but blanks stands in these cells."""
        return 0 <= y < self.height and any(each.strip() for each in self._text[y][max(0, x) : x + width])

    def edge(self, x: int, y: int, character: str, style: Style) -> None:
        """Put a mark in a blank cell, keeping its background; a cell with text stays as it is."""
        if 0 <= x < self.width and 0 <= y < self.height and self._text[y][x] == " ":
            self._text[y][x] = character
            self._style[y][x] = self._style[y][x] + style

    def mark(self, x: int, y: int, character: str, style: Style) -> None:
        """Put a mark in a cell, whatever stands there, keeping its background."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self._clear(self._text[y], x)
            self._text[y][x], self._style[y][x] = character, self._style[y][x] + style

    def strips(self) -> list[Strip]:
        """Return the rows, equal neighbours joined in one segment."""
        rows = zip(self._text, self._style, strict=True)
        return [Strip(_runs(text, styles), self.width) for text, styles in rows]

    @staticmethod
    def _clear(row: list[str], at: int) -> None:
        """Clear the other half of a wide character before one of its halves is overwritten."""
        if row[at] == "" and at:
            row[at - 1] = " "
        elif at + 1 < len(row) and row[at + 1] == "":
            row[at + 1] = " "


def _runs(text: list[str], styles: list[Style]) -> list[Segment]:
    """Join equal neighbours. Styles are compared by their hashes, as Rich does it, each computed once."""
    segments: list[Segment] = []
    if not text:
        return segments
    keys = list(map(hash, styles))
    start, key = 0, keys[0]
    for at, here in enumerate(keys):
        if here != key:
            segments.append(Segment("".join(text[start:at]), styles[start]))
            start, key = at, here
    segments.append(Segment("".join(text[start:]), styles[start]))
    return segments
