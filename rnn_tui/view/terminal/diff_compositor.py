"""A compositor that sends only the cells that have changed.

Textual 8.2 sends everything that is repainted, in each row from the start of the widget, and every cell with its whole
style. `DiffCompositor` remembers what the terminal shows and sends what differs, with as few colour changes as
possible. `tests/view/test_thin.py` will notice when Textual does so itself, and then this module can go.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from rich.cells import split_graphemes
from rich.color import ColorSystem
from rich.console import Console
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

from rnn_tui.view.terminal.escapes import CellStyle, StyleWriter, cell_style

__all__ = ["DiffCompositor", "TerminalCells"]

_Cell = tuple[str, CellStyle]
_Stretch = tuple[int, int, Strip]  # row, column, what is there
_look = attrgetter("look")
_AHEAD = 8  # pieces among which the nearest is looked for
_MUCH = 1500  # cells
_BAND, _ALL = 3, 10**6  # rows that are written together
_WORTH_A_JUMP = 4  # bytes of unchanged cells: up to so many are cheaper to send again than to jump over


class _Piece(NamedTuple):
    """Adjacent cells of one style."""

    look: CellStyle
    y: int
    x: int
    text: str
    size: int  # in cells

    def and_then(self, look: CellStyle, text: str, size: int) -> "_Piece | None":
        """Return the piece with another cell; None if the two cannot be written in one style."""
        if self.look.covers(look):
            both = self.look
        elif look.covers(self.look):
            both = look
        else:
            return None
        return _Piece(both, self.y, self.x, self.text + text, self.size + size)


class TerminalCells:
    """The cells that the terminal shows, as far as they are known, and how to make it show others."""

    def __init__(self) -> None:
        self.forget(0, 0)

    def forget(self, width: int, height: int) -> None:
        """Forget what it shows; it has this size now."""
        self.size = Size(width, height)
        self._rows: list[list[_Cell | None]] = [[None] * width for _ in range(height)]

    def show(self, stretches: Iterable[_Stretch], system: ColorSystem | None) -> str:
        """Return the sequences that make it show these stretches."""
        pieces = [piece for y, x, strip in stretches for piece in self._changed(y, x, strip, system)]
        return _written(pieces, self.size.width)

    def _changed(self, y: int, x: int, strip: Strip, system: ColorSystem | None) -> Iterator[_Piece]:
        """Yield the pieces of a stretch that must be sent; from then on they count as shown."""
        row = self._rows[y]
        piece: _Piece | None = None
        gap: list[tuple[CellStyle, str, int]] = []  # unchanged cells after it
        for look, text, size in _cells(strip, system):
            # Each half of a wide character holds all of it; the halves differ, so that neither stands for the other.
            halves: list[_Cell | None] = [(text * half, look) for half in range(1, size + 1)]
            same = row[x : x + size] == halves
            if same and piece is not None:
                gap.append((look, text, size))
                if sum(len(text.encode()) for _, text, _ in gap) > _WORTH_A_JUMP:
                    yield piece
                    piece, gap = None, []
            elif not same:
                row[x : x + size] = halves
                longer = piece
                for each in (*gap, (look, text, size)):
                    longer = longer and longer.and_then(*each)
                if piece is not None and longer is None:
                    yield piece
                piece, gap = longer or _Piece(look, y, x, text, size), []
            x += size
        if piece is not None:
            yield piece


def _written(pieces: Iterable[_Piece], width: int) -> str:
    """Return the sequences for pieces, sorted by style so that each is set once; within a style the nearest comes next.

    Large updates still go from top to bottom: on a slow link they are seen coming.
    """
    ink, every = StyleWriter(width), list(pieces)
    rows = _BAND if sum(piece.size for piece in every) > _MUCH else _ALL
    for _, band in groupby(sorted(every, key=lambda piece: piece.y // rows), key=lambda piece: piece.y // rows):
        for look, alike in groupby(sorted(band), key=_look):
            rest = list(alike)
            while rest:
                near = [ink.bytes_to(piece.y, piece.x) for piece in rest[:_AHEAD]]
                _, y, x, text, size = rest.pop(near.index(min(near)))
                ink.write(y, x, text, size, look)
    return ink.done()


def _cells(strip: Strip, system: ColorSystem | None) -> Iterator[tuple[CellStyle, str, int]]:
    """Yield style, text and size of a strip's cells, one character with its marks at a time."""
    for text, style, _ in strip:
        look, blank = cell_style(style, system), cell_style(style, system, blank=True)
        for character, size in _characters(text):
            yield blank if character == " " else look, character, size


@lru_cache(maxsize=4096)
def _characters(text: str) -> tuple[tuple[str, int], ...]:
    if text.isascii():
        return tuple((character, 1) for character in text)
    return tuple((text[start:end], size) for start, end, size in split_graphemes(text)[0] if size)


class _DiffLayout(LayoutUpdate):
    """A full update. Unless it is known what other screens have drawn, nothing counts as shown."""

    def __init__(self, update: LayoutUpdate, shown: TerminalCells, *, known: bool) -> None:
        super().__init__(update.strips, update.region)
        self._shown = shown
        self._known = known

    def render_segments(self, console: Console) -> str:
        """Return the terminal sequences of the update, which counts as shown from now on."""
        if not self._known or self._shown.size != self.region.size:
            self._shown.forget(*self.region.size)
        rows = enumerate(self.strips, self.region.y)
        return self._shown.show(((y, self.region.x, Strip.join(row)) for y, row in rows), console._color_system)


class _DiffChops(ChopsUpdate):
    """A partial update, which sends only what differs from what is shown."""

    def __init__(self, update: ChopsUpdate, shown: TerminalCells, size: Size) -> None:
        super().__init__(update.chops, update.spans, update.chop_ends)
        self._shown = shown
        self._size = size

    def render_segments(self, console: Console) -> str:
        """Return the terminal sequences of the update, which counts as shown from now on."""
        if self._shown.size != self._size:
            self._shown.forget(*self._size)
        return self._shown.show(self._stretches(), console._color_system)

    def _stretches(self) -> Iterator[_Stretch]:
        for y, left, right in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(left, x), min(right, end)
                if strip is not None and start < stop:
                    yield y, start, strip.crop(start - x, stop - x)


class DiffCompositor(Compositor):
    """Textual's compositor, with updates that send only what differs from what the terminal shows."""

    def __init__(self, shared: Callable[[], TerminalCells | None] = lambda: None) -> None:
        """Take a function that returns what the terminal shows, whichever screen has drawn it; None: unknown."""
        super().__init__()
        self._shared = shared
        self._own = TerminalCells()

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """Return the update of all cells."""
        shared = self._shared()
        return _DiffLayout(super().render_full_update(simplify), shared or self._own, known=shared is not None)

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return the update of what is dirty; None if nothing is."""
        update = super().render_partial_update()
        return None if update is None else _DiffChops(update, self._shared() or self._own, self.size)
