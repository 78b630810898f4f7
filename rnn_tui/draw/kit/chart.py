"""Charts of losses and series as strips of characters: curves in braille dots between axes with round, steady labels.

plotext draws the dots, but not the axes: its ticks stand at even fractions of the range (17.5, 34.0), its logarithmic
ones at 2.2 and 4.6, its labels change the size of the plot as they grow, and it has neither named levels nor a style
for each curve where two of them share a cell.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.style import Style

from rnn_tui.draw.kit.chart_bands import ChartBand, lay_bands
from rnn_tui.draw.kit.chart_dots import (
    BRAILLE,
    PLACES,
    Bits,
    ChartCurve,
    CurvePoints,
    dots_of,
    marks_of,
    points_of,
    thickened,
)
from rnn_tui.draw.kit.chart_lines import ChartLines, draw_lines, line_of
from rnn_tui.draw.kit.chart_parts import ChartAxes, Level, Mark
from rnn_tui.draw.kit.chart_scale import (
    DOT_COLUMNS,
    DOT_ROWS,
    AxisScale,
    evenly,
    positions,
    range_of,
    short,
    with_level,
)
from rnn_tui.draw.kit.chart_sheet import ChartSheet, DrawnChart

__all__ = [
    "ChartAxes",
    "ChartBand",
    "ChartCurve",
    "ChartLines",
    "DrawnChart",
    "Level",
    "Mark",
    "compose_chart",
]

_MIN_WIDTH, _MIN_HEIGHT = 16, 5  # cells below which axes cost more than they tell
_ROOMY = 8  # rows from which labels keep a free row between them
_GUTTER = 4  # least cells for the labels on the left, so that the plot does not jump when they change


def compose_chart(
    curves: Sequence[ChartCurve],
    *,
    width: int,
    height: int,
    axes: ChartAxes,
    bands: Sequence[ChartBand] = (),
    thin: Sequence[ChartLines] = (),
    levels: Sequence[Level] = (),
    mark: Mark | None = None,
    background: Style,
    empty: str = "no loss yet",
    right: int = 0,
) -> DrawnChart:
    """Draw curves, later ones on top, in `height` rows of `width` cells; bands and thin lines lie behind them.

    What has no place (not finite, outside, <= 0 on a logarithmic axis) is left out, and so are axes without room.
    Where no curve has a point, `empty` is shown. `right` cells on the right of the plot stay free, if there is room.
    """
    sheet = ChartSheet(max(0, width), max(0, height), background)
    if width < 1 or height < 1:
        return DrawnChart(sheet=sheet, left=0, dots={}, taken=np.ones(sheet.glyphs.shape, dtype=bool))
    framed = width >= _MIN_WIDTH and height >= _MIN_HEIGHT
    rows = height - 2 if framed else height
    placed_points = [points_of(curve, axes.log_x, axes.log_y) for curve in curves]
    drawn = [(at, curves[at], points) for at, points in enumerate(placed_points) if points.x.size]
    if not drawn:
        if framed:
            _draw_frame(sheet, _GUTTER, [], [], axes)
        sheet.write((rows - 1) // 2, max(0, width - len(empty)) // 2, empty[:width], axes.style)
        return DrawnChart(sheet=sheet, left=0, dots={}, taken=np.ones((max(0, rows), width), dtype=bool))

    reaching = [points for _, _, points in drawn]
    reaching += [points for band in bands if (points := points_of(band, axes.log_x, axes.log_y)).x.size]
    y, placed = _y_scale(reaching, levels, axes, rows, has_ticks=framed)
    lines: dict[int, list[tuple[Level, float]]] = {}  # the levels in each row, the first of which is drawn
    for level, at in placed:
        lines.setdefault(rows - 1 - y.cell(at), []).append((level, at))
    labels = [(row, short(10**at if axes.log_y else at), level.style) for row, ((level, at), *_) in lines.items()]
    own, apart = len(labels), 1 + (rows >= _ROOMY)  # rows from a number to the next; beside a level one is enough
    for cell, text in y.ticks(_y_ticks(rows)):
        row = rows - 1 - cell
        if all(row != other for other, _, _ in labels):
            is_free = all(abs(row - other) >= apart for other, label, _ in labels[own:] if label)
            is_free = is_free and all(text != label for _, label, _ in labels)
            labels.append((row, text if is_free else "", axes.style))
    gutter = max([_GUTTER, *(len(text) for _, text, _ in labels)])
    left = gutter + 1 if framed else 0
    right = right if width - left - right >= _MIN_WIDTH else 0
    columns = width - left - right
    x = _x_scale([points for _, _, points in drawn], axes, columns)
    if framed:
        whole = all(np.all(curve.x[np.isfinite(curve.x)] % 1 == 0) for _, curve, _ in drawn)
        ticks = x.ticks(max(3, columns // 9), least=1.0 if whole else 0.0)
        _draw_frame(sheet, gutter, labels, [(left + cell, text) for cell, text in ticks], axes, right)
    lay_bands(sheet, bands, x, y, left)
    draw_lines(sheet, thin, x, y, left)
    for row, ((level, at), *_) in lines.items():
        sheet.write(row, left, _level_glyph(level, y.dot_in_cell(at)) * columns, level.style)
    mark_at = math.nan if mark is None else float(positions(mark.x, axes.log_x))
    if mark is not None and x.low <= mark_at <= x.high:
        sheet.glyphs[:rows, left + x.cell(mark_at)] = ord("┆")
        sheet.inks[:rows, left + x.cell(mark_at)] = sheet.ink(mark.style)
    dots = _draw_curves(sheet, drawn, x, y, left)
    free = np.ones((rows, columns), dtype=bool)
    for bits in dots.values():
        free &= bits == 0
    for row, here in lines.items():
        text, (first, _) = f" {', '.join(level.name for level, _ in here)} ", here[0]
        others = [other for other in lines if other != row]
        place = _name_place(free, row, text, others=others, near=first.near)
        if place is not None:
            sheet.write(place[0], left + place[1], text, first.style)
            free[place[0], place[1] : place[1] + len(text)] = False
    taken = np.concatenate([~free, np.zeros((rows, right), dtype=bool)], axis=1)
    return DrawnChart(sheet=sheet, left=left, x=x, y=y, dots=dots, taken=taken)


def _y_scale(
    drawn: Sequence[CurvePoints], levels: Sequence[Level], axes: ChartAxes, rows: int, *, has_ticks: bool
) -> tuple[AxisScale, list[tuple[Level, float]]]:
    """Return the scale that holds all points and levels, and the position of each level that has one."""
    reach = positions(axes.y_to, axes.log_y)
    ends = [end for points in drawn for end in (points.low, points.high)]
    low, high = range_of(np.concatenate([reach[~np.isnan(reach)], *ends]), axes.log_y)
    placed = [(level, float(positions(level.value, axes.log_y))) for level in levels]
    placed = [(level, at) for level, at in placed if math.isfinite(at)]
    shared = positions(axes.y_levels, axes.log_y).tolist() if axes.y_levels else [at for _, at in placed]
    for at in shared:
        if math.isfinite(at):
            low, high = with_level(low, high, at, rows)
    step = None
    if has_ticks:
        (low, high), step = evenly(low, high, log=axes.log_y, dots=DOT_ROWS, cells=rows, wanted=_y_ticks(rows))
    return AxisScale(low, high, axes.log_y, rows, DOT_ROWS, step), placed


def _level_glyph(level: Level, dot: int) -> str:
    """Return a cell of a level's line, whose dots stand at `dot` from the bottom of it."""
    left, right = PLACES[DOT_ROWS - 1 - dot]
    return chr(BRAILLE + (1 << left) + (0 if level.sparse else 1 << right))


def _y_ticks(rows: int) -> int:
    return min(5, max(3, rows * 2 // 5))


def _x_scale(drawn: Sequence[CurvePoints], axes: ChartAxes, columns: int) -> AxisScale:
    end = float(positions(axes.x_to, axes.log_x))
    reach = [[end]] if math.isfinite(end) else []
    low, high = range_of(np.concatenate([*(points.x for points in drawn), *reach]), axes.log_x, grow=True)
    return AxisScale(low, high, axes.log_x, columns, DOT_COLUMNS)


def _draw_curves(
    sheet: ChartSheet, drawn: Sequence[tuple[int, ChartCurve, CurvePoints]], x: AxisScale, y: AxisScale, left: int
) -> dict[int, Bits]:
    """Draw the curves, and return the dots of each, (rows, columns), by its number."""
    found = {}
    taken = np.zeros((y.cells, x.cells), dtype=np.uint32)
    end = left + x.cells
    glyphs, inks = sheet.glyphs[: y.cells, left:end], sheet.inks[: y.cells, left:end]
    lines = np.where(glyphs >= BRAILLE, glyphs - BRAILLE, 0)  # the dots of levels
    for number, curve, points in drawn:
        bits = line_of(points, x, y) if curve.quick else dots_of(points, x, y, joined=not curve.dots)
        bits = thickened(bits) if curve.thick else bits
        found[number] = bits
        taken |= bits
        seen, on_line = bits > 0, (bits > 0) & (lines > 0) & curve.dots  # single points do not hide the line of a level
        glyphs[seen] = BRAILLE + taken[seen]
        glyphs[on_line] |= lines[on_line]
        inks[seen & ~on_line] = sheet.ink(curve.style)
        if curve.tip is not None:
            last = x.cell(points.x[-1])
            inks[:, last][bits[:, last] > 0] = sheet.ink(curve.tip)
        if curve.marked:
            ink = sheet.ink(curve.style)
            for at in marks_of(points, x, y, curve.apart):
                glyphs[at], inks[at] = ord(curve.marked), ink
        if curve.newest:
            at = y.cells - 1 - y.cell(points.low[-1]), x.cell(points.x[-1])
            glyphs[at], inks[at] = ord(curve.newest), sheet.ink(curve.style)
    return found


def _name_place(
    free: NDArray[np.bool_], row: int, text: str, *, others: Sequence[int], near: bool
) -> tuple[int, int] | None:
    """Return the row and column for the name of the line in `row`, or None where there is no room for it.

    It stands at the left end of the line; with `near`, wherever it covers no curve: on the line, or in the row above
    or below unless another line lies there.
    """
    rows, columns = free.shape
    size = len(text)
    if size >= columns:
        return None
    if not near:
        return (row, 1) if free[row, 1 : 1 + size].all() else None
    for at in (row, row - 1, row + 1):
        if not 0 <= at < rows or at in others:
            continue
        room = np.flatnonzero(np.lib.stride_tricks.sliding_window_view(free[at, 1:], size).all(axis=1))
        if len(room):
            return at, 1 + int(room[0])
    return None


def _draw_frame(
    sheet: ChartSheet,
    gutter: int,
    labels: list[tuple[int, str, Style]],
    ticks: list[tuple[int, str]],
    axes: ChartAxes,
    right: int = 0,
) -> None:
    """Draw the axes, with `labels` (row, text, style) at the left one and `ticks` (column, text) below the other."""
    height, width = sheet.glyphs.shape
    width -= right
    for row in range(height - 2):
        sheet.write(row, gutter, "│", axes.style)
    for row, text, style in labels:
        sheet.write(row, gutter - len(text), f"{text}┤", style)
    sheet.write(height - 2, gutter, "└" + "─" * (width - gutter - 1), axes.style)
    spans = [(min(column - len(text) // 2, width - len(text)), column, text) for column, text in ticks]
    x_label = axes.x_label if len(axes.x_label) <= width // 3 else ""
    end = width - len(x_label)
    if spans and spans[-1][0] + len(spans[-1][2]) + 2 > end:  # no room after the last number: "epoch 100"
        start, column, text = spans.pop()
        x_label = f"{x_label} {text}".lstrip()
        end = max(0, start + len(text) - len(x_label))
        sheet.write(height - 2, column, "┬", axes.style)
    sheet.write(height - 1, end, x_label, axes.style)
    free = 0
    for start, column, text in spans:
        if free <= start and start + len(text) < end:
            sheet.write(height - 1, start, text, axes.style)
            sheet.write(height - 2, column, "┬", axes.style)
            free = start + len(text) + 1
