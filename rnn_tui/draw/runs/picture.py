"""Curves of several runs over one another. Each has a letter: on the curve, at its end, and in the legend.

So they are told apart without colours, and in a sentence.
"""

from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.chart import ChartAxes, ChartCurve, compose_chart
from rnn_tui.draw.kit.chart_dots import BRAILLE
from rnn_tui.draw.kit.chart_sheet import DrawnChart
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut_cells, fold
from rnn_tui.draw.runs.curve import MARKS, CurvesView, RunCurve, reading_at
from rnn_tui.draw.runs.legend import draw_legend, style_of
from rnn_tui.draw.runs.words import AXIS_LABELS, cursor_words, title, why_empty, words

__all__ = ["RunCurvesPicture"]

_BETWEEN_MARKS = 16  # columns from a letter on a curve to the next
_STAGGER = 5  # columns between the letters of two runs
_LEAST_CHART = 7  # rows
_MOST_WORDS = 3  # rows
_NEAR = 2  # rows from a curve at which the mouse is still on it


class RunCurvesPicture:
    """The picture of a screen. The curves are drawn once; the cursor may move over them, and another run be chosen."""

    def __init__(
        self, curves: Sequence[RunCurve], view: CurvesView, *, width: int, height: int, palette: Palette
    ) -> None:
        """Draw the curves."""
        self._width, self._height = width, height
        self._curves, self._view, self._palette = curves, view, palette
        self._legend: dict[int, int] = {}  # the run in each row
        self._words = [line for each in words(curves, view) for line in fold(each, max(1, width - 2))]
        if len(self._words) > _MOST_WORDS:
            self._words = [*self._words[: _MOST_WORDS - 1], cut_cells(self._words[_MOST_WORDS - 1] + " …", width - 2)]
        self._top = 1 + len(self._words)  # of the chart
        legend = min(len(curves) + 1, max(3, (height - self._top) // 3))
        rows = height - self._top - 1 - legend
        if rows < _LEAST_CHART:
            legend = max(0, legend - (_LEAST_CHART - rows))
            rows = max(1, height - self._top - 1 - legend)
        self._rows, self._legend_rows = rows, legend
        self._chart = self._draw_chart() if width > 0 and height > self._top else None

    # ---- the chart --------------------------------------------------------------------------------------------

    def _draw_chart(self) -> DrawnChart:
        curves, view, palette = self._curves, self._view, self._palette
        labels = [f"{MARKS[at]} {' '.join(each.values)}".rstrip() for at, each in enumerate(curves)]
        longest = max((cell_len(each) for each in labels), default=1)
        chart = compose_chart(
            [_chart_curve(each, style_of(at, palette)) for at, each in enumerate(curves)],
            width=self._width,
            height=self._rows,
            axes=ChartAxes(
                style=palette.dim,
                log_x=view.log_x,
                log_y=view.log_y,
                y_to=() if view.log_y else (0.0,),
                x_label=AXIS_LABELS[view.unit],
            ),
            background=Style(),
            empty=why_empty(curves, view),
            right=longest + 1 if longest + 1 <= self._width // 4 else 2,
        )
        for number, bits in chart.dots.items():
            for column in range(2 + number * _STAGGER % _BETWEEN_MARKS, bits.shape[1], _BETWEEN_MARKS):
                rows = np.flatnonzero(bits[:, column])
                if len(rows):
                    row = int(rows[len(rows) // 2])
                    chart.sheet.write(row, chart.left + column, MARKS[number], self._bold(number))
        for number, label in enumerate(labels):
            self._put_label(chart, number, label)
        return chart

    def _bold(self, number: int) -> Style:
        return style_of(number, self._palette) + Style(bold=True)

    def _put_label(self, chart: DrawnChart, number: int, label: str) -> None:
        """Write letter and values after the end of a curve, or the letter alone, where there is room."""
        curve = self._curves[number]
        at = reading_at(curve, None)
        if at is None or curve.x is None:
            return
        row, column = chart.row_of(float(curve.newest[at])), chart.column_of(float(curve.x[at]))
        if row is None or column is None:
            return
        texts = [label, MARKS[number]] if cell_len(label) == len(label) else [MARKS[number]]
        rows = [row + by for by in (0, -1, 1, -2, 2) if 0 <= row + by < chart.taken.shape[0]]
        for text in texts:
            if any(chart.write(each, column + 1, text, self._bold(number)) for each in rows):
                return

    # ---- the cursor -------------------------------------------------------------------------------------------

    def strips(self, selected: int, at: float | None) -> list[Strip]:
        """Return the picture with a run chosen and the cursor at a position on the x axis; None: at the run's end."""
        curves, view, palette, room = self._curves, self._view, self._palette, self._width - 2
        canvas, below = Canvas(self._width, self._height), self._top + self._rows
        canvas.put(1, 0, cut_cells(title(curves, view), room), palette.text + Style(bold=True))
        for y, line in enumerate(self._words, 1):
            canvas.put(1, y, line, palette.text)
        canvas.put(1, below, cut_cells(cursor_words(curves, view, selected, at), room), palette.accent)
        self._legend = draw_legend(
            canvas, below + 1, self._legend_rows, curves, view, palette, selected=selected, at=at
        )
        strips = canvas.strips()
        if self._chart is not None:
            strips[self._top : below] = self._with_cursor(self._chart, selected, at)
        return strips[: self._height]

    def _with_cursor(self, chart: DrawnChart, selected: int, at: float | None) -> list[Strip]:
        curve = self._curves[selected]
        point = reading_at(curve, at)
        if point is None or curve.x is None or chart.y is None or selected not in chart.dots:
            return chart.strips()
        sheet, rows = chart.sheet.copy(), slice(0, chart.y.cells)
        style = self._palette.text if style_of(selected, self._palette) == self._palette.faint else self._bold(selected)
        bits = chart.dots[selected]
        plot = (rows, slice(chart.left, chart.left + bits.shape[1]))
        on_top = (bits > 0) & (sheet.glyphs[plot] >= BRAILLE) & (sheet.glyphs[plot] < BRAILLE + 256)
        sheet.glyphs[plot][on_top] = BRAILLE + bits[on_top]  # its own dots alone
        sheet.inks[plot][on_top] = sheet.ink(style)
        column = chart.column_of(float(curve.x[point]))
        if at is not None and (line := chart.column_of(at)) is not None:
            free = ~chart.taken[:, line]
            sheet.glyphs[rows, chart.left + line][free] = ord("┆")
            sheet.inks[rows, chart.left + line][free] = sheet.ink(self._palette.accent)
            sheet.tint(rows, chart.left + line, self._palette.cursor)
        row = chart.row_of(float(curve.newest[point]))
        if row is not None and column is not None:
            sheet.write(row, chart.left + column, "●", style)
        return sheet.strips()

    # ---- the keys and the mouse -------------------------------------------------------------------------------

    def moved(self, selected: int, at: float | None, columns: int) -> float | None:
        """Return the position at least so many columns further, at another point; None: there is no chart."""
        chart, curve = self._chart, self._curves[selected]
        point = reading_at(curve, at)
        if chart is None or chart.x is None or point is None or curve.x is None:
            return None
        before = chart.column_of(float(curve.x[point]) if at is None else at)
        column, step = chart.x.cells - 1 if before is None else before, 1 if columns > 0 else -1
        for passed in range(1, chart.x.cells + 1):
            column += step
            if not 0 <= column < chart.x.cells:  # the very end of the axis, which may be no middle of a column
                at = chart.x.low if step < 0 else chart.x.high
                return 10.0**at if chart.x.log else at
            if passed >= abs(columns) and reading_at(curve, chart.value_at(column)) != point:
                break
        return chart.value_at(column)

    def found(self, x: int, y: int) -> tuple[int, float | None] | None:
        """Return the run under the mouse, and the position in the chart; in the legend, the run alone."""
        if y in self._legend:
            return self._legend[y], None
        chart = self._chart
        if chart is None or chart.x is None:
            return None
        row, column = y - self._top, x - chart.left
        if not (0 <= column < chart.x.cells and 0 <= row < chart.taken.shape[0]):
            return None
        near = []
        for number, bits in chart.dots.items():
            rows = np.flatnonzero(bits[:, column])
            if len(rows):
                near.append((int(np.abs(rows - row).min()), -number))
        if not near or min(near)[0] > _NEAR:
            return None
        return -min(near)[1], chart.value_at(column)


def _chart_curve(curve: RunCurve, style: Style) -> ChartCurve:
    nothing = np.empty(0)
    if curve.x is None:
        return ChartCurve(x=nothing, low=nothing, high=nothing, style=style)
    return ChartCurve(x=curve.x, low=curve.low, high=curve.high, style=style)
