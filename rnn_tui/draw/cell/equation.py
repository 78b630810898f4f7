"""Rows of the equation of a cell: W_ih x_t, b_ih, W_hh h, b_hh, their sum, and what comes out."""

from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len

from rnn_tui.common.value import Value
from rnn_tui.draw.cell.unit_table import UnitColumn, draw_digits, put_label, window
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.matrix import NUMBERED, WIDEST, Floats, ValueCell, draw_matrix, draw_value, scale_above
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.protocol.inspect.cell import CellFacts

__all__ = [
    "Drawn",
    "EquationLines",
    "before",
    "draw_blocks",
    "draw_lines",
    "draw_own",
    "lines_cell",
    "lit_feature",
    "selected",
]

Drawn = tuple[int, Sequence[tuple[str, float]]]  # how many units are drawn, and the scales of the colours by name

_FULL = 7  # cells of a number and a gap
_LARGEST = 12  # cells of a value where a whole line has room for it


class EquationLines(Value, frozen=True, kw_only=True):
    """n lines of one equation each: the units of a plain RNN, or the gates of one unit."""

    labels: Sequence[str]  # (n,)
    marked: int | None  # the line of the selected unit
    squash: Sequence[str]  # (n,)
    w_ih: Floats  # (n, e)
    w_hh: Floats  # (n, k)
    terms: Sequence[Floats]  # from_input, b_ih, from_state, b_hh, total, value: (n,) each
    x: Floats  # (e,)
    h: Floats  # (k,)
    lit: int | None  # the one feature of a one-hot x_t
    character: str  # its glyph
    before: str  # "hₜ₋₁"
    out: str  # "hₜ"; of gates: ""
    reset: int | None = None  # the line whose part of the state is multiplied by r
    extra: Sequence[UnitColumn] = ()
    whole: tuple[int, int]  # input_size and hidden_size, of which e and k are shown
    scales: tuple[float, float, float]  # of weights, of sums, of x_t and h
    out_scale: float = 1.0

    @property
    def gutter(self) -> int:
        """Cells of the label, its mark and a gap."""
        return max([2, *map(cell_len, self.labels)]) + 2

    def rows(self, count: int) -> slice:
        """Return so many lines, the marked one among them."""
        return window(len(self.labels), count, self.marked or 0)


def before(facts: CellFacts) -> str:
    """Return the name of the state before, which is the one of the next time step if the cell reads from the right."""
    return "hₜ₊₁" if facts.direction else "hₜ₋₁"


def lit_feature(facts: CellFacts) -> int | None:
    """Return the place among the features at which a one-hot x_t has its 1; only the first layer reads characters."""
    ones = np.flatnonzero(facts.x)
    return int(ones[0]) if facts.layer == 0 and len(ones) == 1 and facts.x[ones[0]] == 1 else None


def selected(facts: CellFacts) -> int:
    """Return the place of the selected unit among those shown, or 0."""
    return int(np.flatnonzero(facts.units == facts.unit)[:1].sum())


def lines_cell(lines: EquationLines, width: int) -> int:
    """Return the cells that a value of a matrix gets if everything in a line stands side by side."""
    return min(_LARGEST, (width - _fixed(lines)) // max(1, len(lines.x) + len(lines.h)))


def _fixed(lines: EquationLines) -> int:
    return 2 + lines.gutter + 6 * _FULL + sum(_operators(lines)) + 12 * len(lines.extra)


def _operators(lines: EquationLines) -> list[int]:
    """Return the cells of what stands before each term, and before W_hh."""
    return [2, 2, 6 if lines.reset is not None else 2, 2, 2, 4 if lines.reset is not None else 2, 6]


def draw_lines(canvas: Canvas, y: int, lines: EquationLines, *, tall: int, rows: slice, palette: Palette) -> int:
    """Draw all of each line from left to right, as the equation reads; return the row below."""
    cell = lines_cell(lines, canvas.width)
    features, states = slice(None), slice(None)
    if cell < 1:
        room = max(0, canvas.width - _fixed(lines))
        features, states, cell = window(len(lines.x), room // 2, lines.lit or 0), slice(0, room - room // 2), 1
    w_ih, w_hh, x_t, h = lines.w_ih[rows, features], lines.w_hh[rows, states], lines.x[features], lines.h[states]
    lit = None if lines.lit is None else lines.lit - (features.start or 0)
    used = _fixed(lines) + cell * (len(x_t) + len(h))
    spare = max(0, min(14, canvas.width - 1 - used))  # seven operators breathe
    operators = [size + spare // 7 for size in _operators(lines)]
    weights, sums, _ = lines.scales
    from_input, b_ih, from_state, b_hh, total, value = (term[rows] for term in lines.terms)
    marked = lines.marked - rows.start if lines.marked is not None else None
    below = y + 2

    def middle(row: int) -> int:
        return below + row * tall + (tall - 1) // 2

    def put_operator(column: int, symbols: Sequence[str]) -> None:
        for row, symbol in enumerate(symbols):
            canvas.centre(at, middle(row), operators[column], symbol, palette.dim)

    def put_column(values: Floats, head: str, scale: float, width: int = _FULL) -> int:
        style = palette.accent if head == lines.out and head else palette.dim
        canvas.centre(at, y + 1, width, head, style)
        drawn = ValueCell(width=width, tall=tall, scale=scale, palette=palette)
        for row, each in enumerate(values.tolist()):
            plus = values is not value or lines.squash[rows][row] != "σ"
            draw_value(canvas, at, below + row * tall, each, drawn, plus=plus)
        return at + width

    count, weight = len(from_input), ValueCell(width=cell, tall=tall, scale=weights, palette=palette)
    at = 1
    for row, label in enumerate(lines.labels[rows]):
        put_label(canvas, at, middle(row), label, row == marked, palette)
    canvas.put(at, y + 1, " xₜ", palette.dim)
    at += lines.gutter
    canvas.put(at, y, "W_ih, under xₜ"[: max(4, cell * len(x_t))], palette.dim)
    _draw_over(canvas, at, y + 1, x_t, lit, lines, cell, palette)
    draw_matrix(canvas, at, below, w_ih, weight, lit=lit)
    at += cell * len(x_t)
    put_operator(0, ["→"] * count)
    at += operators[0]
    at = put_column(from_input, "W_ih x", sums)
    put_operator(1, ["+"] * count)
    at += operators[1]
    at = put_column(b_ih, "b_ih", sums)
    reset = None if lines.reset is None else lines.reset - rows.start
    put_operator(2, ["+ r·(" if row == reset else "+" for row in range(count)])
    at += operators[2]
    canvas.put(at, y, f"W_hh, under {lines.before}"[: max(4, cell * len(h))], palette.dim)
    _draw_over(canvas, at, y + 1, h, None, lines, cell, palette)
    draw_matrix(canvas, at, below, w_hh, weight)
    at += cell * len(h)
    put_operator(3, ["→"] * count)
    at += operators[3]
    at = put_column(from_state, "W_hh h", sums)
    put_operator(4, ["+"] * count)
    at += operators[4]
    at = put_column(b_hh, "b_hh", sums)
    put_operator(5, [") =" if row == reset else "=" for row in range(count)])
    at += operators[5]
    at = put_column(total, "sum", sums)
    put_operator(6, [*lines.squash[rows]])
    at += operators[6]
    at = put_column(value, lines.out or "gate", lines.out_scale)
    for column in lines.extra:
        at += 1
        canvas.centre(at, y + 1, 11, column.head, palette.accent)
        for row, each in enumerate(column.values[rows].tolist()):
            draw_digits(canvas, at, middle(row), 11, each, column, palette)
        at += 11
    return below + count * tall


def draw_blocks(
    canvas: Canvas, y: int, lines: EquationLines, *, beside: bool, tall: int, rows: slice, palette: Palette
) -> int:
    """Draw W_ih and W_hh as blocks, side by side or below one another; return the row below."""
    gutter = max(lines.gutter, len(lines.before) + 1)
    room = canvas.width - 1 - gutter
    parts = [("W_ih", "xₜ", lines.w_ih, lines.x, lines.lit, 0), ("W_hh", lines.before, lines.w_hh, lines.h, None, 2)]
    both = len(lines.x) + len(lines.h)
    cell = (canvas.width - 2 * gutter - 2) // max(1, both) if beside else room // max(1, len(lines.x), len(lines.h))
    cell = min(WIDEST if cell >= NUMBERED else 4, cell)
    if tall == 0:
        cell = min(2, cell)
    at = 1
    for name, under, values, over, lit, term in parts:
        if beside:
            most = (canvas.width - 2 * gutter - 2) // 2
            columns = slice(None) if cell else window(len(over), most, lit or 0)
        else:
            columns = slice(None) if cell else window(len(over), room, lit or 0)
        size = max(1, cell)
        where = None if lit is None else lit - (columns.start or 0)
        left = at + gutter
        width = size * len(over[columns])
        cut = f"{name} {len(over[columns])}/{len(over)}" if len(over[columns]) < len(over) else ""
        canvas.put(
            left, y, cut or (f"{name} · {under}" if width >= 7 else name), palette.accent if cut else palette.dim
        )
        canvas.put(at, y + 1, under.rjust(left - at - 1), palette.dim)
        _draw_over(canvas, left, y + 1, over[columns], where, lines, size, palette)
        marked = lines.marked - rows.start if lines.marked is not None else None
        for row, label in enumerate(lines.labels[rows]):
            line = y + 2 + (row * tall if tall else row // 2)
            if tall or row == marked or (row % 2 == 0 and row + 1 != marked):
                put_label(canvas, at, line, label, row == marked, palette)
        weight = ValueCell(width=size, tall=tall, scale=lines.scales[0], palette=palette)
        below = draw_matrix(canvas, left, y + 2, values[rows, columns], weight, lit=where)
        if not beside and tall and left + width + 3 + _FULL <= canvas.width:
            canvas.put(left + width + 3, y + 1, "W_ih x" if term == 0 else f"W_hh {lines.before}", palette.dim)
            total = ValueCell(width=_FULL, tall=tall, scale=lines.scales[1], palette=palette)
            for row, each in enumerate(lines.terms[term][rows].tolist()):
                line = y + 2 + row * tall
                canvas.put(left + width + 1, line, "→", palette.dim)
                draw_value(canvas, left + width + 3, line, each, total)
        if beside:
            at = left + width + 1
        else:
            y = below + (0 if term else 1)
    return below


def draw_own(canvas: Canvas, y: int, lines: EquationLines, name: str, palette: Palette) -> int:
    """Draw the marked line in full: both rows of weights, what they are multiplied by, and the products."""
    row = lines.marked or 0
    left = 2 + max(len(f"W_hh[{name}]"), 7)
    for weights, over, names, total, whole in (
        (lines.w_ih[row], lines.x, (f"W_ih[{name}]", "· xₜ", "= parts"), lines.terms[0][row], lines.whole[0]),
        (lines.w_hh[row], lines.h, (f"W_hh[{name}]", f"· {lines.before}", "= parts"), lines.terms[2][row],
         lines.whole[1]),
    ):  # fmt: skip
        room = canvas.width - left - 1 - _FULL - 3 - (len(f" of {whole}") if len(over) < whole else 0)
        cell = max(NUMBERED, min(WIDEST, room // max(1, len(over))))
        shown = max(0, room // cell)
        products = weights * over
        scale = scale_above(products)
        for values, head, size in zip(
            (weights, over, products), names, (lines.scales[0], lines.scales[2], scale), strict=True
        ):
            canvas.put(1, y, head, palette.dim)
            drawn = ValueCell(width=cell, scale=size, palette=palette)
            draw_matrix(canvas, left, y, values[None, :shown], drawn)
            y += 1
        sum_of = f" Σ of {whole} " if min(shown, len(over)) < whole else " Σ "
        x = canvas.put(left + cell * len(over[:shown]), y - 1, sum_of, palette.dim)
        draw_value(canvas, x, y - 1, float(total), ValueCell(width=_FULL, scale=lines.scales[1], palette=palette))
    return y


def _draw_over(
    canvas: Canvas, x: int, y: int, values: Floats, lit: int | None, lines: EquationLines, cell: int, palette: Palette
) -> None:
    """Draw the vector that a matrix is multiplied by above its columns."""
    if lit is None:
        draw_matrix(canvas, x, y, values[None], ValueCell(width=cell, scale=lines.scales[2], palette=palette))
        return
    for at in range(len(values)):
        if at != lit:
            canvas.centre(x + at * cell, y, cell, "0" if cell >= 2 else "·", palette.faint)
            continue
        text = next((t for t in (f"{lines.character} = 1", f"{lines.character}=1") if cell_len(t) <= cell - 1), "")
        text = text or (lines.character if cell_len(lines.character) <= cell else "▼")
        canvas.centre(x + at * cell, y, cell, text, palette.accent)
