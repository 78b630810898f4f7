"""The way of h_t through its space, on the first two principal components; or where the embedding has its characters.

Lines are drawn in braille dots, points are the characters that were read. Dots are square in most terminals, so one
unit would be as long on both axes; where that wastes a pane's room, it is up to twice as long on one of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.canvas import Canvas
from rnn_tui.draw.numbers import compact, nice_above
from rnn_tui.draw.palette import Palette
from rnn_tui.draw.words import first_that_fits, note_lines, put_note
from rnn_tui.inside import SpaceFacts

__all__ = ["Plane", "draw_space", "lay_out_space", "point_at", "space_scale"]

_BRAILLE = 0x2800
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # the bit of each dot of a cell
_DOT_COLUMNS, _DOT_ROWS = 2, 4
_STRETCH = 2.0  # times longer that a unit may be on one axis than on the other
_SHRINK = 0.5  # of the scale: a picture that needs less gets a smaller one
_STEPS = (1, 1.5, 2, 3, 5, 7, 10)
_FINE = 1e9  # so that scales below 1 are round as well
_FLATTEST = 4  # times smaller that the scale of the second axis is
_NEAR = 3.0  # cells, counted in heights, within which a point is meant

Points = NDArray[np.float32]
Ints = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Plane:
    """Where the coordinates are on the screen: 0, 0 in the middle of the cells from (left, top) on."""

    left: int
    top: int
    width: int
    height: int
    x_scale: float  # the coordinate at the marks of an axis
    y_scale: float
    x_unit: float  # dots per 1
    y_unit: float

    def dots(self, points: Points) -> Ints:
        """(..., 2) coordinates to dots, right and down from the corner; what is outside lies on the edge."""
        columns, rows = _DOT_COLUMNS * self.width, _DOT_ROWS * self.height
        places = np.asarray(points, np.float64) * (self.x_unit, -self.y_unit) + ((columns - 1) / 2, (rows - 1) / 2)
        found: Ints = np.rint(places).clip(0, (columns - 1, rows - 1)).astype(np.intp)
        return found

    def cells(self, points: Points) -> Ints:
        """(..., 2) coordinates to cells of the pane."""
        found: Ints = self.dots(points) // (_DOT_COLUMNS, _DOT_ROWS) + (self.left, self.top)
        return found


def space_scale(facts: SpaceFacts, before: float) -> float:
    """The largest coordinate that the axes show: a round number. It stays what it was `before` (0 for the first
    time) as long as everything fits and fills a good part, so that the picture does not breathe."""
    largest = max(_largest(facts.points), _largest(facts.start))
    if largest == 0:
        return before or 1.0
    return before if _SHRINK * before <= largest <= before else nice_above(largest * _FINE, _STEPS) / _FINE


def _largest(values: Points) -> float:
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))


def lay_out_space(facts: SpaceFacts, *, width: int, height: int, scale: float) -> Plane:
    """The plane for a pane: all of it but the note above, and a line of words under it."""
    top = len(note_lines(facts.note, width, height, alone=not facts.points.size))
    rows = max(1, height - top - (height - top > 3))
    columns = max(1, width)
    y_scale, highest = scale, _largest(facts.points[..., 1])
    while y_scale > scale / _FLATTEST and 1.1 * highest <= y_scale / 2:  # the second component is the smaller one
        y_scale /= 2
    across = max(1, _DOT_COLUMNS * columns - 3) / 2 / scale
    down = max(1, _DOT_ROWS * rows - 3) / 2 / y_scale
    return Plane(
        left=0,
        top=top,
        width=columns,
        height=rows,
        x_scale=scale,
        y_scale=y_scale,
        x_unit=min(across, _STRETCH * down),
        y_unit=min(down, _STRETCH * across),
    )


def point_at(
    facts: SpaceFacts, x: int, y: int, *, width: int, height: int, row: int, scale: float
) -> tuple[int, int] | None:
    """The row of the batch and the time step (for the embedding: the place in `characters`) of the point nearest to a
    cell, if one is near; the row that is looked at wins where two are as near."""
    plane = lay_out_space(facts, width=width, height=height, scale=scale)
    if not facts.points.size:
        return None
    cells: list[list[list[int]]] = plane.cells(np.nan_to_num(facts.points, nan=0.0, posinf=0.0, neginf=0.0))
    away = np.hypot((cells[..., 0] - x) / 2, cells[..., 1] - y)  # a cell is about twice as high as wide
    away[~np.isfinite(facts.points).all(-1)] = np.inf
    away[facts.rows != row] += 1e-3
    number, step = np.unravel_index(int(away.argmin()), away.shape)
    return (int(facts.rows[number]), int(step)) if away[number, step] <= _NEAR else None


def draw_space(
    facts: SpaceFacts,
    *,
    width: int,
    height: int,
    palette: Palette,
    glyphs: Sequence[str],
    row: int,
    cursor: int | None,
    scale: float,
) -> list[Strip]:
    """The picture. `glyphs` are those of the vocabulary, `row` is the one of the batch that is looked at, `scale` comes
    from `space_scale`."""
    canvas = Canvas(width, height)
    put_note(canvas, facts.note, palette, alone=not facts.points.size)
    if not facts.points.size:
        return canvas.strips()
    plane = lay_out_space(facts, width=width, height=height, scale=scale)
    _draw_axes(canvas, plane, facts, palette)
    looked_at = [number for number, each in enumerate(facts.rows.tolist()) if each == row]
    others = [number for number in range(len(facts.rows)) if number not in looked_at]
    if facts.kind == "states":
        for numbers, style in ((others, palette.faint), (looked_at, palette.text)):
            _draw_ways(canvas, plane, [_way(facts, number) for number in numbers], style)
    _draw_points(canvas, plane, facts, palette, glyphs, looked_at, others, cursor)
    if plane.top + plane.height < height:
        _draw_words(canvas, height - 1, facts, palette, glyphs, looked_at, cursor)
    return canvas.strips()


def _way(facts: SpaceFacts, number: int) -> Points:
    """(p + 1, 2): h_0 and the points after it, or before it where the layer reads from the right."""
    points, start = facts.points[number], facts.start[number : number + 1]
    return np.concatenate([points, start] if facts.direction else [start, points])


def _draw_axes(canvas: Canvas, plane: Plane, facts: SpaceFacts, palette: Palette) -> None:
    """Two lines through 0, named at their ends, with the scale where it lies."""
    column, line = plane.cells(np.zeros(2, np.float32)).tolist()
    bottom, right = plane.top + plane.height - 1, plane.left + plane.width - 1
    canvas.fill(plane.left, line, plane.width, palette.faint, "┄")
    for y in range(plane.top, bottom + 1):
        canvas.put(column, y, "┆", palette.faint)
    canvas.put(column, line, "┼", palette.faint)
    first, second = (f"PC{number} {_percent(share)}" for number, share in enumerate(facts.shares, 1))
    if plane.height >= 3:
        canvas.put(right - len(first) + 1, line + (1 if line < bottom else 0), first, palette.dim)
        canvas.put(column + 2, plane.top, second if column + 2 + len(second) <= right + 1 else "", palette.dim)
    x_end, y_end = plane.x_scale, plane.y_scale
    ends = plane.cells(np.array([[x_end, 0], [-x_end, 0], [0, y_end], [0, -y_end]], np.float32)).tolist()
    if plane.width >= 24 and plane.height >= 8:
        for (x, y), text in zip(ends[:2], (f"+{x_end:g}", f"−{x_end:g}"), strict=True):
            canvas.put(x, y, "┼", palette.faint)
            canvas.put(max(0, min(x - len(text) // 2, right - len(text) + 1)), y - 1, text, palette.faint)
        for (x, y), text in zip(ends[2:], (f"+{y_end:g}", f"−{y_end:g}"), strict=True):
            canvas.put(x, y, "┼", palette.faint)
            canvas.put(x - len(text) - 1, y, text, palette.faint)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if math.isfinite(share) else "NaN"


def _draw_ways(canvas: Canvas, plane: Plane, ways: list[Points], style: Style) -> None:
    """Straight lines from point to point in one style; a point that is no number leaves a gap."""
    pairs = [np.stack([way[:-1], way[1:]], 1) for way in ways if len(way) > 1]
    if not pairs:
        return
    segments = np.concatenate(pairs)
    segments = segments[np.isfinite(segments).all((1, 2))]
    ends = plane.dots(segments)  # (s, 2 ends, 2)
    lengths = np.abs(ends[:, 1] - ends[:, 0]).max(1) + 1  # dots of each line
    which = np.repeat(np.arange(len(ends)), lengths)
    part = (np.arange(len(which)) - np.repeat(lengths.cumsum() - lengths, lengths)) / np.maximum(lengths - 1, 1)[which]
    dots = np.rint(ends[which, 0] + (ends[which, 1] - ends[which, 0]) * part[:, None]).astype(np.intp)
    grid = np.zeros((_DOT_ROWS * plane.height, _DOT_COLUMNS * plane.width), np.intp)
    grid[dots[:, 1], dots[:, 0]] = 1
    bits = (grid.reshape(plane.height, _DOT_ROWS, plane.width, _DOT_COLUMNS) * _DOTS[None, :, None, :]).sum((1, 3))
    for y, x in zip(*(places.tolist() for places in bits.nonzero()), strict=True):
        canvas.put(plane.left + x, plane.top + y, chr(_BRAILLE + int(bits[y, x])), style)


def _draw_points(
    canvas: Canvas,
    plane: Plane,
    facts: SpaceFacts,
    palette: Palette,
    glyphs: Sequence[str],
    looked_at: list[int],
    others: list[int],
    cursor: int | None,
) -> None:
    """The characters at their places. What is drawn first keeps its cells: the cursor's, then the row looked at."""
    taken: set[tuple[int, int]] = set()
    cells: list[list[list[int]]] = plane.cells(np.nan_to_num(facts.points, posinf=0.0, neginf=0.0)).tolist()
    known = np.isfinite(facts.points).all(-1)

    def label(x: int, y: int, text: str, style: Style) -> None:
        size = cell_len(text)
        x = max(0, min(x, canvas.width - size))
        wanted = {(x + more, y) for more in range(size)}
        if not wanted & taken:
            taken.update(wanted)
            canvas.put(x, y, text, style)

    main = palette.text + Style(bold=True)
    embedding = facts.kind == "embedding"
    if cursor is not None and 0 <= cursor < facts.points.shape[1] and not embedding:
        for number in looked_at:
            if known[number, cursor]:
                text = _glyph(glyphs, facts, number, cursor)
                x, y = cells[number][cursor]
                label(x, y, text, palette.accent + Style(reverse=True))
    starts = [facts.start[number] for number in looked_at if len(facts.start)]
    places = [plane.cells(start).tolist() for start in starts if np.isfinite(start).all()]
    for x, y in places:
        label(x, y, "○", main)
    for numbers, style in ((looked_at, main), (others, main if embedding else palette.faint)):
        for number in numbers:
            for step, (x, y) in enumerate(cells[number]):
                if known[number, step] and (x, y) not in taken:
                    label(x, y, _glyph(glyphs, facts, number, step), style)
    for x, y in places:  # named where there is room beside it
        if not {(x + 1, y), (x + 2, y)} & taken and x + 2 < canvas.width:
            canvas.put(x + 1, y, "h₀", palette.dim)


def _glyph(glyphs: Sequence[str], facts: SpaceFacts, number: int, step: int) -> str:
    which = int(facts.characters[number, step])
    return glyphs[which] if 0 <= which < len(glyphs) else "•"


def _draw_words(
    canvas: Canvas,
    y: int,
    facts: SpaceFacts,
    palette: Palette,
    glyphs: Sequence[str],
    looked_at: list[int],
    cursor: int | None,
) -> None:
    """The point at the cursor in numbers, what is faint, and what cannot be drawn."""
    x, room = 1, canvas.width - 1
    broken = int((~np.isfinite(facts.points).all(-1)).sum())
    if broken:
        text = first_that_fits((f"{broken} points are NaN or infinite", f"{broken} NaN", "!"), room)
        x = canvas.put(x, y, text, palette.warning) + 2
    if facts.kind == "embedding":
        canvas.put(x, y, f"{facts.points.shape[1]} characters, each at its embedding vector"[: room - x], palette.dim)
        return
    if looked_at and cursor is not None and 0 <= cursor < facts.points.shape[1]:
        across, up = facts.points[looked_at[0], cursor].tolist()
        place = f"({compact(across, 3)}, {compact(up, 3)})"
        glyph = _glyph(glyphs, facts, looked_at[0], cursor)
        texts = (f"t={cursor} after {glyph} at {place}", f"t={cursor} {glyph} {place}", f"t={cursor}")
        x = canvas.put(x, y, first_that_fits(texts, room - x), palette.accent) + 3
    others = len(facts.rows) - len(looked_at)
    rest = f"faint: {others} other row{'s' * (others > 1)}"
    forms = [f"○ h₀   {rest} of the batch", rest] if others else ["○ h₀"]
    canvas.put(x, y, first_that_fits(forms, canvas.width - x), palette.dim)
