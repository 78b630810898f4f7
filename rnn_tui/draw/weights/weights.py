"""The weights: each matrix as a heatmap with its norm and its histogram, the others in a table."""

import math
import re
from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.histogram import draw_histogram
from rnn_tui.draw.kit.matrix import NUMBERED, ValueCell, draw_legend, draw_matrix, scale_above
from rnn_tui.draw.kit.numbers import compact, shape_text
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import TOUCHED, cut
from rnn_tui.draw.network.phase_lines import short_name
from rnn_tui.draw.weights.layout import BINS, MatrixBox, lay_out_weights
from rnn_tui.protocol.inspect.weights import MatrixFact, WeightKind, WeightsFacts

__all__ = ["draw_weights", "matrices_that_fit"]

_BEFORE: dict[WeightKind, str] = {"value": "", "gradient": "∂L/∂", "update": "Δ"}
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def matrices_that_fit(width: int, height: int, shapes: Sequence[tuple[int, ...]], first: int) -> tuple[int, int, int]:
    """Return how many matrices from `first` on get a picture, and its rows and columns at most.

    A vector is drawn as one row, so it has as many elements as columns fit.
    """
    if not shapes or width < 1 or height < 1:
        return 0, 1, 1
    tiles, _ = lay_out_weights(width, height, shapes, first)
    columns = max(1, tiles[0].width - tiles[0].gutter)
    rows = [tile.fits for tile in tiles if len(shapes[tile.matrix]) > 1]
    return len(tiles), max(1, max(rows, default=columns)), columns


def draw_weights(
    facts: WeightsFacts,
    *,
    width: int,
    height: int,
    palette: Palette,
    gates: Sequence[str] = (),
    touched: Mapping[str, Sequence[tuple[int, ...]]] = {},
) -> list[Strip]:
    """Draw matrices that have values as pictures, the others by name, shape, norm and range, and a legend.

    `touched`: the places in tensors, by their names, of weights that are others than in the run.
    """
    canvas = Canvas(width, height)
    pictured = [at for at, each in enumerate(facts.matrices) if each.values is not None]
    y = 0
    for line in wrap(safe(facts.note), max(8, width - 2)) if facts.note else ():
        canvas.put(1, y, line, palette.dim)
        y += 1
    if not facts.matrices:
        return canvas.strips()
    shown: set[int] = set()
    if pictured:
        tiles, _ = lay_out_weights(width, height - y, [each.shape for each in facts.matrices], pictured[0])
        tiles = [tile for tile in tiles if tile.matrix in pictured]
        drawn = [facts.matrices[tile.matrix] for tile in tiles]  # the scale is of all their values, drawn or not
        scale = scale_above(np.array([(each.lowest, each.highest) for each in drawn], np.float32))
        for tile in tiles:
            _draw_tile(canvas, tile, y, facts, gates, scale, palette)
            _mark_touched(canvas, tile, y + 1, facts.matrices[tile.matrix], touched, palette)
            shown.add(tile.matrix)
        y += max(tile.y + tile.height for tile in tiles) + 1
        _draw_legend(canvas, scale, facts.kind, any(tile.cell >= NUMBERED for tile in tiles), palette)
    rest = [each for at, each in enumerate(facts.matrices) if at not in shown]
    _draw_table(canvas, y, rest, facts.kind, bool(shown), palette)
    return canvas.strips()


def _power(scale: float) -> int:
    """Return the power of ten that numbers are divided by so that small ones keep digits: 0 if they need none."""
    text = f"{scale:e}"
    power = int(text.partition("e")[2])
    return power if power < -1 or power > 2 else 0


def _draw_legend(canvas: Canvas, scale: float, kind: WeightKind, numbered: bool, palette: Palette) -> None:
    y, power = canvas.height - 1, _power(scale)
    x = draw_legend(canvas, 1, y, {"value": "W", "gradient": "∂L/∂W", "update": "ΔW"}[kind], scale, palette)
    if power and numbered:
        text = f"numbers ·10{str(power).translate(_SUPERSCRIPT)}"
        x = x + 2 if x > 1 else x
        canvas.put(x, y, text if x + len(text) <= canvas.width else text[8:], palette.accent)


def _draw_tile(
    canvas: Canvas, tile: MatrixBox, top: int, facts: WeightsFacts, gates: Sequence[str], scale: float, palette: Palette
) -> None:
    fact, y = facts.matrices[tile.matrix], top + tile.y
    values = fact.values
    assert values is not None
    vector = len(fact.shape) < 2
    if vector:
        values = values.reshape(1, -1)
    room = tile.width - tile.gutter
    values = values[: tile.fits, : max(1, room // tile.cell)]
    rows = fact.rows.tolist() if fact.rows is not None and not vector else []
    gates = gates if _stacks(fact, facts.matrices, len(gates)) else ()
    tall = tile.tall
    if tall == 0 and palette.shaded:  # a character has no two halves without colours: every 2nd row
        tall, values, rows = 1, values[::2], rows[::2]
    shown = values.shape[1:] if vector else values.shape
    is_largest = not vector and tile.matrix == _largest(facts.matrices)
    _draw_title(canvas, tile, y, fact, shown, facts.kind, palette, is_largest=is_largest)
    _draw_rows(canvas, tile, y + 1, rows[: len(values)], tall, gates, fact.shape[0] if fact.shape else 1, palette)
    left = tile.x + tile.gutter
    cell = ValueCell(width=tile.cell, tall=tall, scale=scale, palette=palette)
    draw_matrix(canvas, left, y + 1, values, cell, factor=10.0 ** -_power(scale))
    counts = fact.counts.tolist() if fact.counts is not None else []
    end = left + tile.cell * values.shape[1]
    if vector:
        if tile.beside:
            canvas.put(end + 2, y + 1, _range(fact)[:BINS], palette.dim)
        return
    x, at, bars = (end + 2, y + 1, max(2, tile.rows - 1)) if tile.beside else (left, y + 1 + tile.rows, 2)
    draw_histogram(
        canvas, x, at, counts, lowest=fact.lowest, highest=fact.highest,
        width=min(BINS if tile.beside else 2 * BINS, tile.x + tile.width - x), height=min(bars, 5), palette=palette,
    )  # fmt: skip


def _mark_touched(
    canvas: Canvas,
    tile: MatrixBox,
    y: int,
    fact: MatrixFact,
    touched: Mapping[str, Sequence[tuple[int, ...]]],
    palette: Palette,
) -> None:
    """Mark the cells of weights that are touched, whose colour alone tells nothing of it."""
    vector = len(fact.shape) < 2
    rows = fact.rows.tolist() if fact.rows is not None and not vector else list(range(tile.fits))
    tall = tile.tall or (1 if palette.shaded else 0)
    for place in touched.get(fact.name, ()):
        row, column = (0, place[0]) if vector else place
        x = tile.x + tile.gutter + column * tile.cell
        if row not in rows[: tile.fits] or x >= tile.x + tile.width:
            continue
        line = rows.index(row) * tall + (tall - 1) // 2 if tall else rows.index(row) // 2
        if line < tile.rows:
            canvas.mark(x, y + line, TOUCHED, palette.accent + Style(reverse=True))


def _draw_title(
    canvas: Canvas,
    tile: MatrixBox,
    y: int,
    fact: MatrixFact,
    shown: tuple[int, ...],
    kind: WeightKind,
    palette: Palette,
    *,
    is_largest: bool,
) -> None:
    """Write the name as in the equations, the norm, the shape, and torch's own name, as far as there is room."""
    name = _BEFORE[kind] + short_name(fact.name)
    x, end = canvas.put(tile.x, y, cut(name, tile.width), palette.accent) + 1, tile.x + tile.width
    norm = f"‖{_BEFORE[kind]}{'W' if len(fact.shape) > 1 else 'b'}‖ {_norm(fact)}"
    parts = [
        ([norm], palette.accent if is_largest else palette.text),
        (["largest norm", "largest"] if is_largest else [], palette.accent),
        ([shape_text(fact.shape)], palette.dim),
        (_relative(fact), palette.text),
        ([f"{fact.not_finite} not finite"] if fact.not_finite else [], palette.warning),
        (_left_out(shown, fact.shape), palette.accent),
        (_torch_name(fact.name), palette.faint),
    ]
    for texts, style in parts:
        text = next((each for each in texts if x + len(each) <= end), "")
        if text:
            x = canvas.put(x, y, text, style) + 2


def _largest(matrices: Sequence[MatrixFact]) -> int | None:
    """Return which of several matrices has the largest norm; None where there are no two, or two are equal."""
    norms = {at: each.norm for at, each in enumerate(matrices) if len(each.shape) > 1 and math.isfinite(each.norm)}
    if len(norms) < 2:
        return None
    first, second = sorted(norms, key=lambda at: -norms[at])[:2]
    return first if norms[first] > norms[second] else None


def _torch_name(name: str) -> list[str]:
    """Return torch's own name; of a layer above the first with a hint that torch counts layers from 0."""
    own = f"torch: {safe(name)}"
    counts = re.search(r"_l[1-9]", name) is not None
    return [*([f"{own} (counts layers from 0)"] if counts else []), own]


def _left_out(shown: tuple[int, ...], shape: tuple[int, ...]) -> list[str]:
    """Return what a picture leaves out, in ever fewer words: `64 of 512 rows`."""
    names = ("rows", "columns") if len(shape) > 1 else ("values",)
    words = [
        f"{part} of {whole} {name}" for part, whole, name in zip(shown, shape, names, strict=False) if part < whole
    ]
    return [", ".join(words), f"{' × '.join(map(str, shown))} shown", "×".join(map(str, shown)), "…"] if words else []


def _draw_rows(
    canvas: Canvas, tile: MatrixBox, y: int, rows: Sequence[int], tall: int, gates: Sequence[str], size: int,
    palette: Palette,
) -> None:  # fmt: skip
    """Write the numbers of the rows; for stacked gates also each gate's name where it begins."""
    per = size // len(gates) if gates else 0
    before = -1
    for at, row in enumerate(rows):
        line = y + (at * tall + (tall - 1) // 2 if tall else at // 2)
        begins = per > 0 and row // per != before
        if begins:
            before = row // per
            canvas.put(tile.x, line, gates[min(before, len(gates) - 1)], palette.accent)
        if tall or at % 2 == 0 or begins:
            label = str((row % per if per else row) + 1).rjust(tile.gutter - 2)
            canvas.put(tile.x + 1, line, label if len(label) < tile.gutter - 1 else "", palette.faint)


def _stacks(fact: MatrixFact, every: Sequence[MatrixFact], gates: int) -> bool:
    """Return whether a matrix stacks the gates of a cell in its rows."""
    hidden = next((each.shape for each in every if "weight_hh" in each.name and len(each.shape) > 1), None)
    recurrent = "weight_ih" in fact.name or "weight_hh" in fact.name
    stacked = hidden is not None and gates > 1 and gates * hidden[1] == hidden[0] == fact.shape[0]
    return recurrent and stacked


def _draw_table(
    canvas: Canvas, y: int, rest: Sequence[MatrixFact], kind: WeightKind, legend: bool, palette: Palette
) -> None:
    """Write a line for each tensor: name, shape, norm, range; in columns if rows are few; the others are counted."""
    room = canvas.height - y - legend
    cells = [
        (
            _BEFORE[kind] + short_name(each.name),
            shape_text(each.shape),
            " ".join([f"‖·‖ {_norm(each)}", *(f"= {text}" for text in _relative(each)[1:])]),
            _range(each),
            safe(each.name),
        )
        for each in rest
    ]  # fmt: skip
    sizes = [max(map(len, column)) + 2 for column in zip(*cells, strict=True)]
    if len(cells) > room:
        sizes = sizes[:-1]  # torch's own name gives way
    across = max(1, (canvas.width - 1) // max(1, sum(sizes))) if len(cells) > room else 1
    places = max(0, room) * across
    for at, row in enumerate(cells):
        column, line = divmod(at, max(1, room))
        x, end = 1 + column * sum(sizes), canvas.width
        if at == places - 1 and at + 1 < len(cells):
            canvas.put(x, y + line, f"{len(cells) - at} more", palette.accent)
        if at >= places - (len(cells) > places):
            return
        styles = [palette.text, palette.text, palette.dim, palette.warning if rest[at].not_finite else palette.dim]
        for number, (text, size, style) in enumerate(zip(row, sizes, [*styles, palette.faint], strict=False)):
            if x + len(text) > end and number:
                break
            canvas.put(x, y + line, text, style)
            x += size


def _norm(fact: MatrixFact) -> str:
    """Write the norm; a dash if there is none yet."""
    return "–" if math.isnan(fact.norm) and not fact.not_finite else compact(fact.norm)


def _relative(fact: MatrixFact) -> list[str]:
    """Return how large an update is beside its weights, in ever fewer words; nothing for other kinds."""
    if math.isnan(fact.relative):
        return []
    name = "W" if len(fact.shape) > 1 else "b"
    return [f"{compact(fact.relative, 3)} of ‖{name}‖", f"{compact(fact.relative, 3)} ‖{name}‖"]


def _range(fact: MatrixFact) -> str:
    if fact.not_finite:
        return f"{fact.not_finite} not finite"
    return "" if math.isnan(fact.norm) else f"{compact(fact.lowest, 3)} … {compact(fact.highest, 3)}"
