"""The legend of curves of runs: a table with a row for each, and the value of each at the cursor."""

from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from rich.style import Style

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut_cells
from rnn_tui.draw.runs.curve import MARKS, CurvesView, RunCurve, diverged_since, reading_at

__all__ = ["draw_legend", "style_of"]

_WIDEST = 14  # cells of a setting's value
_LEAST_NAME = 12  # cells that a run's name gets at least
_BETWEEN = 2


def style_of(number: int, palette: Palette) -> Style:
    """Return the colour of a run: as many as there are, then faint."""
    if palette.monochrome:
        return palette.text
    return palette.curves[number] if number < len(palette.curves) else palette.faint


def draw_legend(
    canvas: Canvas,
    top: int,
    height: int,
    curves: Sequence[RunCurve],
    view: CurvesView,
    palette: Palette,
    *,
    selected: int,
    at: float | None,
) -> dict[int, int]:
    """Draw a header and as many runs as fit around the selected one; return which run is in which row."""
    room = height - 1
    if room < 1:
        return {}
    columns = _columns(curves, view, at)
    sizes = [max(cell_len(each) for each in column) for column in columns]
    shown, left = _that_fit(sizes, canvas.width)
    header = [column[0] for column in columns]
    if shown < len(view.settings) + 3:
        header[shown - 1] += " …"
    first, count = _window(len(curves), room, selected)
    _row(canvas, top, header, sizes, shown, palette.dim, left)
    rows = {}
    for line, number in enumerate(range(first, first + count)):
        y = top + 1 + line
        style = style_of(number, palette)
        canvas.put(1, y, MARKS[number], style + Style(bold=True))
        texts = [column[1 + number] for column in columns]
        _row(canvas, y, texts, sizes, shown, palette.text if number == selected else palette.dim, left)
        if number == selected:
            canvas.put(0, y, "▸", palette.accent)
            canvas.tint(0, y, canvas.width, palette.cursor)
        rows[y] = number
    if count < len(curves):
        canvas.put(1, top + 1 + count, f"… {len(curves) - count} more: ↑ ↓", palette.dim)
    return rows


def _window(runs: int, room: int, selected: int) -> tuple[int, int]:
    """Return the first run that is shown, and how many are; where not all are, a row says so."""
    if runs <= room:
        return 0, runs
    count = max(1, room - 1)
    return max(0, min(selected - count // 2, runs - count)), count


def _columns(curves: Sequence[RunCurve], view: CurvesView, at: float | None) -> list[list[str]]:
    """Return the texts of each column, its name first: settings, the value at the cursor, the best, and the run."""
    columns = [
        [name, *(cut_cells(each.values[place], _WIDEST) for each in curves)] for place, name in enumerate(view.settings)
    ]
    columns.append([view.y if at is None else f"{view.y} ┆", *(_value(each, at) for each in curves)])
    columns.append(["best", *(compact(float(np.nanmin(each.low))) if each.has_points else "–" for each in curves)])
    columns.append(["run", *(_described(each) for each in curves)])
    return columns


def _described(curve: RunCurve) -> str:
    """Return a run's name with its tags and its note."""
    return " · ".join(
        [curve.name, *([", ".join(curve.tags)] if curve.tags else []), *([curve.note] if curve.note else [])]
    )


def _value(curve: RunCurve, at: float | None) -> str:
    point = reading_at(curve, at)
    if point is None:
        return "–"
    if at is None and diverged_since(curve) is not None:
        return "NaN"
    if at is not None and curve.x is not None and at > float(curve.x[-1]) * 1.02:
        return "ended"
    return compact(float(curve.newest[point]))


def _that_fit(sizes: Sequence[int], width: int) -> tuple[int, int]:
    """Return how many columns are shown, counting the three last ones, and the cells that are left for the last.

    Settings that have no room are left out from the right; a sign in the header says so.
    """
    fixed = 3 + sum(sizes[-3:-1]) + 2 * _BETWEEN
    settings = 0
    for size in sizes[:-3]:
        if fixed + size + _BETWEEN + _LEAST_NAME > width - 2:
            break
        fixed += size + _BETWEEN
        settings += 1
    return settings + 3, max(0, width - fixed)


def _row(
    canvas: Canvas, y: int, texts: Sequence[str], sizes: Sequence[int], shown: int, style: Style, left: int
) -> None:
    x, settings = 3, shown - 3
    for text, size in [
        *zip(texts[:settings], sizes[:settings], strict=True),
        *zip(texts[-3:-1], sizes[-3:-1], strict=True),
    ]:
        canvas.put(x, y, text, style)
        x += size + _BETWEEN
    canvas.put(x, y, cut_cells(texts[-1], left), style)
