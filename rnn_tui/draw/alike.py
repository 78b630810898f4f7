"""Where else the same units stay on: the stretch, its units, and a line of text for each place, one below another."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.strip import Strip

from rnn_tui.common.wording import counted
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import percent
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut_cells, first_that_fits, put_note
from rnn_tui.draw.kit.tiles import glyph_of
from rnn_tui.protocol.inspect.alike import AlikeFacts

__all__ = ["draw_alike", "places_that_fit"]

_HEAD = 4  # rows above the places
_NUMBERS = 16  # cells of a place's figures


def places_that_fit(height: int) -> int:
    """Return how many places there is room for."""
    return max(1, height - _HEAD - 1)


def draw_alike(
    facts: AlikeFacts, *, width: int, height: int, palette: Palette, glyphs: Sequence[str], words: bool = False
) -> list[Strip]:
    """Draw the picture. All stretches begin in one column, so that what they share can be seen."""
    canvas = Canvas(width, height)
    y = put_note(canvas, facts.note, palette, alone=not len(facts.inputs))
    if not len(facts.inputs):
        return canvas.strips()
    _draw_line(canvas, y, facts, facts.start, facts.length, "▸ the stretch", palette, glyphs, words=words, chosen=True)
    count = len(facts.units) + len(facts.below)
    one = count == 1
    if facts.begins:
        how = "turns on at its start and stays on" if one else "turn on at its start and stay on"
    else:
        how = "is on throughout, and was on before" if one else "are on throughout, and were on before"
    names = [str(unit + 1) for unit in facts.units.tolist()] + [f"−{unit + 1}" for unit in facts.below.tolist()]
    listed = ", ".join(names)
    units = counted(count, "unit")
    forms = [f"{units} {how}: {listed}", f"{units} {how}", f"{units}: {listed}", units]
    if count:
        canvas.put(1, y + 1, first_that_fits(forms, width - 2), palette.text)
        where = f"{counted(facts.total, 'other place')} where at least 70 % of them are on"
        canvas.put(
            1, y + 2, first_that_fits([f"{where}; how alike, and how many all through", where], width - 2), palette.dim
        )
    for at, place in enumerate(facts.places[: max(0, height - y - 3)]):
        figures = f"{percent(place.score):>5} {place.units:>3} of {count}"
        _draw_line(canvas, y + 3 + at, facts, place.start, place.length, figures, palette, glyphs, words=words)
    return canvas.strips()


def _draw_line(
    canvas: Canvas,
    y: int,
    facts: AlikeFacts,
    start: int,
    length: int,
    label: str,
    palette: Palette,
    glyphs: Sequence[str],
    *,
    words: bool,
    chosen: bool = False,
) -> None:
    """Draw a stretch between what comes before it and after it."""
    label = label if canvas.width >= 3 * _NUMBERS else ""
    left = 1 + (_NUMBERS if label else 0)
    canvas.put(1, y, label, palette.accent if chosen else palette.dim)
    room = canvas.width - 1 - left
    before = max(0, room // 3)
    between = " " if words else ""
    inputs = facts.inputs.tolist()

    def text(first: int, stop: int) -> str:
        return between.join(glyph_of(glyphs, each) for each in inputs[max(0, first) : stop])

    came = text(start - before, start) + between
    while cell_len(came) > before:
        came = came[1:]
    canvas.put(left + before - cell_len(came), y, came, palette.dim)
    own = cut_cells(text(start, start + length), max(1, room - before))
    x = canvas.put(left + before, y, own, palette.cell(12) if chosen else palette.cell(7))
    rest = canvas.width - 1 - x
    if rest > 0:
        after = between + text(start + length, start + length + rest)
        canvas.put(x, y, cut_cells(after, rest), palette.dim)
