"""The path of h_t through its space, on the first two principal components; or the characters' embedding vectors.

Lines are drawn in braille dots; points are the characters that were read.
"""

from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.wording import quoted, step_name
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact, percent
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut_cells, first_that_fits, put_note
from rnn_tui.draw.space.dots import put_dots
from rnn_tui.draw.space.fixed_points import draw_fixed_points, fixed_points_in_words
from rnn_tui.draw.space.plane import Plane, Points, Window, lay_out_space, space_window
from rnn_tui.protocol.inspect.space import SpaceFacts

__all__ = ["Window", "draw_space", "point_at", "space_window"]

_LONGEST = 24  # steps of a way: more lines would hide one another
_MOST = 180  # lines of all the other rows together
_LONGEST_WORD = 10  # cells of a word at its point
_NEAR = 3.0  # cells, counted in heights, within which a point is meant


def point_at(
    facts: SpaceFacts, x: int, y: int, *, width: int, height: int, row: int, window: Window
) -> tuple[int, int] | None:
    """Return the row of the batch and the time step of the point nearest to a cell, if one is near.

    For the embedding, the step is the place in `characters`. Of two points equally near, the selected row's wins.
    """
    plane = lay_out_space(facts, width=width, height=height, window=window)
    if not facts.points.size:
        return None
    cells = plane.cells(np.nan_to_num(facts.points, nan=0.0, posinf=0.0, neginf=0.0))
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
    window: Window,
) -> list[Strip]:
    """Draw the picture; `row` is the selected one of the batch, `window` comes from `space_window`."""
    canvas = Canvas(width, height)
    put_note(canvas, facts.note, palette, alone=not facts.points.size)
    if not facts.points.size:
        return canvas.strips()
    plane = lay_out_space(facts, width=width, height=height, window=window)
    _draw_axes(canvas, plane, palette)
    looked_at = [number for number, each in enumerate(facts.rows.tolist()) if each == row]
    others = [number for number in range(len(facts.rows)) if number not in looked_at]
    if facts.kind != "embedding":
        steps = _steps_of_way(facts, cursor)
        some = others[: _MOST // max(1, len(steps))]
        for numbers, style in ((some, palette.faint), (looked_at, palette.text)):
            _draw_ways(canvas, plane, [_way(facts, number, steps) for number in numbers], style)
    names = _name_axes(canvas, plane, facts, palette)
    if facts.fixed is not None:
        draw_fixed_points(canvas, plane, facts, palette)
        if plane.top + plane.height < height:
            canvas.put(1, height - 1, first_that_fits(fixed_points_in_words(facts), width - 1), palette.dim)
        return canvas.strips()
    _draw_points(canvas, plane, facts, palette, glyphs, looked_at, others, cursor, names)
    if plane.top + plane.height < height:
        _draw_words(canvas, height - 1, facts, palette, glyphs, looked_at, cursor)
    return canvas.strips()


def _steps_of_way(facts: SpaceFacts, cursor: int | None) -> range:
    """Return the steps that lines join: all of them, or in a long row those that led to the cursor."""
    steps = facts.points.shape[1]
    if steps <= _LONGEST:
        return range(steps)
    if facts.direction:
        first = 0 if cursor is None else max(0, min(cursor, steps - 1))
        return range(first, min(steps, first + _LONGEST))
    last = steps - 1 if cursor is None else max(0, min(cursor, steps - 1))
    return range(max(0, last + 1 - _LONGEST), last + 1)


def _way(facts: SpaceFacts, number: int, steps: range) -> Points:
    """Return the points of some steps, with h_0 before the first, or after the last if it reads from the right."""
    points, start = facts.points[number, steps.start : steps.stop], facts.start[number : number + 1]
    if facts.direction:
        return np.concatenate([points, start]) if steps.stop == facts.points.shape[1] else points
    return np.concatenate([start, points]) if steps.start == 0 else points


def _zero(plane: Plane) -> tuple[int, int]:
    """Return the column and the row of the lines through 0: those nearest to it, if it is not in the window."""
    column, line = plane.cells(np.zeros(2, np.float32)).tolist()
    return column, line


def _draw_axes(canvas: Canvas, plane: Plane, palette: Palette) -> None:
    """Draw two lines through 0."""
    column, line = _zero(plane)
    canvas.fill(plane.left, line, plane.width, palette.faint, "┄")
    for y in range(plane.top, plane.top + plane.height):
        canvas.put(column, y, "┆", palette.faint)
    canvas.put(column, line, "┼", palette.faint)


def _name_axes(canvas: Canvas, plane: Plane, facts: SpaceFacts, palette: Palette) -> set[tuple[int, int]]:
    """Write the names of the axes at their ends, and the numbers there, over the lines.

    Return the cells of the names. All of them stand where no point is, if there is such a place; numbers only there.
    """
    column, line = _zero(plane)
    bottom, right, window = plane.top + plane.height - 1, plane.left + plane.width - 1, plane.window
    points = np.concatenate([facts.points.reshape(-1, 2), facts.start])
    taken = {(x, y) for x, y in _finite_cells(plane, points)}

    def free(text: str, places: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
        spots = [
            [(x + at, y) for at in range(len(text))]
            for x, y in places
            if 0 <= x <= right + 1 - len(text) and plane.top <= y <= bottom
        ]
        return [spot for spot in spots if not taken & set(spot)] or spots[:0]

    ends = [(window.left, 0.0), (window.right, 0.0), (0.0, window.bottom), (0.0, window.top)]
    cells = plane.cells(np.array(ends, np.float32)).tolist()
    if plane.width >= 24 and plane.height >= 8:
        for number, (x, y) in enumerate(cells):
            value = window[number]
            if not value:
                continue  # the lines cross there
            text = f"{'−' if value < 0 else '+'}{abs(value):.4g}"
            along = max(0, min(x - len(text) // 2, right - len(text) + 1))
            places = (
                [(along, line - 1), (along, line + 1)] if number < 2 else [(column - len(text) - 1, y), (column + 2, y)]
            )
            mark = (x, line) if number < 2 else (column, y)
            canvas.put(mark[0], mark[1], "┼", palette.faint)
            for spot in free(text, places)[:1]:
                canvas.put(*spot[0], text, palette.faint)
                taken.update([(spot[0][0] - 1, spot[0][1]), *spot, (spot[-1][0] + 1, spot[0][1])])
    named: set[tuple[int, int]] = set()
    if plane.height >= 3:
        beside = (1, -1, 2, -2, 3, -3)  # rows below and above the line
        for number, share in enumerate(facts.shares, 1):
            short = f"PC{number} {percent(share)}"
            for text in (f"{short} of the variance", short):
                end, before = right - len(text) + 1, column - 1 - len(text)
                across = [(x, line + more) for x in (end, 0) for more in beside]
                up = [(x, plane.top + more) for more in range(3) for x in (column + 2, before)]
                spot = next(iter(free(text, across if number == 1 else up)), [])
                if spot:
                    canvas.put(*spot[0], text, palette.text)
                    named.update(spot)
                    taken.update(spot)
                    break
    return named


def _draw_ways(canvas: Canvas, plane: Plane, ways: list[Points], style: Style) -> None:
    """Draw straight lines from point to point in one style; a point that is not finite leaves a gap."""
    pairs = [np.stack([way[:-1], way[1:]], 1) for way in ways if len(way) > 1]
    if not pairs:
        return
    segments = np.concatenate(pairs)
    segments = segments[np.isfinite(segments).all((1, 2))]
    ends = plane.dots(segments)  # (s, 2 ends, 2)
    lengths = np.abs(ends[:, 1] - ends[:, 0]).max(1) + 1  # dots of each line
    along = np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)
    steps = (ends[:, 1] - ends[:, 0]) / np.maximum(lengths - 1, 1)[:, None]
    x, y = (
        np.rint(np.repeat(ends[:, 0, axis], lengths) + np.repeat(steps[:, axis], lengths) * along).astype(np.intp)
        for axis in (0, 1)
    )
    put_dots(canvas, plane, np.stack([x, y], -1), style)


def _draw_points(
    canvas: Canvas,
    plane: Plane,
    facts: SpaceFacts,
    palette: Palette,
    glyphs: Sequence[str],
    looked_at: list[int],
    others: list[int],
    cursor: int | None,
    names: set[tuple[int, int]],
) -> None:
    """Draw the characters at their places. What is drawn first keeps its cells: the cursor's, then the selected row.

    Points may cover the `names` of the axes; words and the name of h₀ may not. A word has a free cell on either side.
    """
    taken: set[tuple[int, int]] = set()

    def label(x: int, y: int, text: str, style: Style) -> None:
        text = cut_cells(text, _LONGEST_WORD)
        for form in (text, "•") if cell_len(text) > 2 else (text,):  # a word without room is a point
            size = cell_len(form)
            start = max(0, min(x, canvas.width - size))
            wanted = {(start + more, y) for more in range(size)}
            is_free = not wanted & taken
            if size > 2:
                is_free = not (wanted | {(start - 1, y), (start + size, y)}) & (taken | names)
            if is_free:
                taken.update(wanted)
                canvas.put(start, y, form, style)
                return

    main = palette.text + Style(bold=True)
    embedding = facts.kind == "embedding"
    if cursor is not None and 0 <= cursor < facts.points.shape[1] and not embedding:
        for number in looked_at:
            for x, y in _finite_cells(plane, facts.points[number, cursor][None]):
                label(x, y, _glyph(glyphs, facts, number, cursor), palette.accent + Style(reverse=True))
    starts = _finite_cells(plane, facts.start[looked_at] if len(facts.start) else facts.start)
    for x, y in starts:
        label(x, y, "○", main)
    steps = _steps_of_way(facts, cursor)
    for number, step, x, y in _first_in_each_cell(plane, facts, looked_at, steps):
        label(x, y, _glyph(glyphs, facts, number, step), main)
    everything = range(facts.points.shape[1])
    for numbers, style in ((looked_at, palette.dim), (others, main if embedding else palette.faint)):
        for number, step, x, y in _first_in_each_cell(plane, facts, numbers, everything):
            label(x, y, _glyph(glyphs, facts, number, step), style)
    for x, y in starts:  # named where there is room beside it
        if not {(x + 1, y), (x + 2, y)} & (taken | names) and x + 2 < canvas.width:
            canvas.put(x + 1, y, "h₀", palette.dim)


def _finite_cells(plane: Plane, points: Points) -> list[list[int]]:
    found: list[list[int]] = plane.cells(points[np.isfinite(points).all(-1)]).tolist()
    return found


def _first_in_each_cell(plane: Plane, facts: SpaceFacts, numbers: list[int], steps: range) -> list[list[int]]:
    """Return number, step, x and y of the finite points of some rows, without those in the cell of an earlier one."""
    points = facts.points[numbers, steps.start : steps.stop]
    number, step = np.nonzero(np.isfinite(points).all(-1))
    cells = plane.cells(points[number, step])
    _, first = np.unique(cells[:, 1] * plane.width + cells[:, 0], return_index=True)
    order = np.sort(first)
    found: list[list[int]] = np.column_stack([np.array(numbers, np.intp)[number], step + steps.start, cells])[
        order
    ].tolist()
    return found


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
    """Write the point at the cursor in numbers, what is faint, and what cannot be drawn."""
    x, room = 1, canvas.width - 1
    broken = int((~np.isfinite(facts.points).all(-1)).sum())
    if broken:
        text = first_that_fits(
            (f"{broken} point{'s are' if broken > 1 else ' is'} NaN or infinite", f"{broken} NaN", "!"), room
        )
        x = canvas.put(x, y, text, palette.warning) + 2
    if facts.kind == "embedding":
        x = canvas.put(x, y, f"{facts.points.shape[1]} characters"[: room - x], palette.accent)
        canvas.put(x, y, ", each at its embedding vector"[: max(0, room - x)], palette.dim)
        return
    if looked_at and cursor is not None and 0 <= cursor < facts.points.shape[1]:
        across, up = facts.points[looked_at[0], cursor].tolist()
        place = f"({compact(across, 3)}, {compact(up, 3)})"
        glyph = _glyph(glyphs, facts, looked_at[0], cursor)
        step = step_name(cursor)
        after = f"{step} after {quoted(glyph)}" if len(glyphs) else step
        texts = (f"{after} at {place}", f"{step} {glyph} {place}", step)
        x = canvas.put(x, y, first_that_fits(texts, room - x), palette.accent) + 3
    steps = _steps_of_way(facts, cursor)
    if len(steps) < facts.points.shape[1]:
        text = first_that_fits((f"line: steps {steps.start + 1} to {steps.stop}",), canvas.width - x)
        x = canvas.put(x, y, text, palette.text) + 3
    others = len(facts.rows) - len(looked_at)
    rest = f"faint: {others} other row{'s' * (others > 1)}"
    forms = [f"○ h₀   {rest} of the batch", rest] if others else ["○ h₀"]
    canvas.put(x, y, first_that_fits(forms, canvas.width - x), palette.dim)
