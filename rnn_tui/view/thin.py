"""Thin on the wire: send the cells that changed, and no others.

Textual 8.2 crops a partial update on the right only: it sends every row from the beginning of the widget's strip.
`ThinCompositor` crops on the left too; `tests/view/test_thin.py` notices when Textual does so itself, and this
class can go then. `changed_spans` finds what changed in a row in the first place.
"""

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.control import Control
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual.strip import Strip

from rnn_tui.view.ink import Ink

__all__ = ["ThinCompositor", "changed_spans"]

_WORTH_A_JUMP = 10  # unchanged cells that are cheaper to jump over than to send again


class _CroppedUpdate(ChopsUpdate):
    """A partial update that sends of each strip only the cells inside the spans."""

    def render_segments(self, console: Console) -> str:
        """The terminal sequences of the update."""
        parts: list[str] = []
        ink = Ink(console._color_system)
        for y, left, right in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(left, x), min(right, end)
                if strip is not None and start < stop:
                    parts.append(Control.move_to(start, y).segment.text)
                    parts.append(ink.write(strip.crop(start - x, stop - x)))
        parts.append(ink.rest())
        return "".join(parts)


class ThinCompositor(Compositor):
    """Textual's compositor with partial updates cropped on both sides."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """The update of what is dirty, or None."""
        update = super().render_partial_update()
        return None if update is None else _CroppedUpdate(update.chops, update.spans, update.chop_ends)


def changed_spans(before: Strip, after: Strip) -> Iterator[tuple[int, int]]:
    """The stretches of cells (start, end) in which two strips of one length differ; near ones are joined."""
    start = end = -1
    for at, (old, new) in enumerate(zip(_cells(before), _cells(after), strict=False)):
        if old != new:
            if start >= 0 and at - end > _WORTH_A_JUMP:
                yield start, end
                start = -1
            start, end = (at if start < 0 else start), at + 1
    if start >= 0:
        yield start, end


def _cells(strip: Strip) -> list[tuple[str, Style | None]]:
    """One entry a cell. Both halves of a wide character hold all of it, so that it changes as one; they differ, so
    that a half never stands for the other where a character moves by one cell."""
    cells = []
    for text, style, _ in strip:
        if text.isascii():
            cells += [(character, style) for character in text]
        else:
            for character in text:
                size = cell_len(character)
                if size:
                    cells += [(character * half, style) for half in range(1, size + 1)]
                elif cells:  # a combining mark changes the cell before it
                    cells[-1] = (cells[-1][0] + character, style)
    return cells
