"""Gates: their means over all units as bars, and below them heatmaps, units down, one block for each gate."""

import math
from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.gate_means import MeanRow, draw_means, mean_rows
from rnn_tui.draw.gates_verdict import told
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import put_scale
from rnn_tui.draw.kit.numbers import nice_above
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.rows_over_time import RULER, SCALES, Block, RowsOverTime, lines_of_units
from rnn_tui.draw.kit.text_fit import first_that_fits, note_lines, put_note
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.inspect.gates import GatesFacts

__all__ = ["GatesLayout", "draw_gates", "gate_units_that_fit", "gates_height", "lay_out_gates"]

_FEWEST = 2  # rows below which a heatmap has no room for a heading above it
_ROOM_FOR_WORDS = 3  # rows for each gate from which a sentence may take one
_SOME = 4  # rows of each heatmap from which the means have two rows
_MANY = 6  # rows of each heatmap from which the means have three rows, and headings are back
_BESIDE = 14  # cells beside the bars in which numbers and words stand
_ROOM_FOR_NUMBERS = 5  # cells of a column from which the selected unit has a row of its own, with its numbers


class GatesLayout(RowsOverTime[Block], frozen=True, kw_only=True):
    """The heatmaps of all gates that there is room for."""

    units: tuple[int, ...]  # that the engine has sent
    missing: int  # gates without room
    means: tuple[MeanRow, ...] = ()
    means_top: int = 0  # their first row of cells
    means_tall: int = 1  # rows of cells of each


def gate_units_that_fit(height: int, gates: int, means: int = 0, units: int = 0) -> int:
    """Return how many units of each of `gates` gates can be told apart in a pane of `height` rows.

    `means` of the gates have a bar, and the layer has `units`; 0: any number.
    """
    height -= _has_room_for_words(height, gates)
    tall = _rows_of_means(height, gates, means, units)
    height -= tall * means
    rows, _ = _share_out(height, gates, _wanted(units or height, bool(tall)))
    return 2 * (rows + (_left_over(height, gates) if tall and rows == 1 else 0))


def _wanted(units: int, has_means: bool) -> int:
    """Return the rows of cells that a heatmap needs to have a heading as well."""
    return min(_MANY if has_means else _FEWEST, math.ceil(units / 2))


def _left_over(height: int, gates: int) -> int:
    """Return the rows that are left where each heatmap has one: those of c takes them."""
    return max(0, height - RULER - SCALES - 1 - gates)


def gates_height(gates: int, means: int, units: int) -> int:
    """Return the rows that all units need, two in a row of cells, below a sentence and `means` rows of bars."""
    return 1 + means + gates * math.ceil(units / 2) + RULER + SCALES


def _rows_of_means(height: int, gates: int, means: int, units: int, *, beside: bool = True) -> int:
    """Return how many rows the bar of a mean takes: more where the heatmaps below lose nothing, or have plenty.

    `beside`: whether there is room beside the bars for their numbers and words; else they need a second row.
    """
    if not means or not gates:
        return 0
    every = math.ceil(units / 2) if units else height
    for tall, rows in ((3, _MANY), (2, _SOME if beside else 1)):
        if (height - tall * means - 1 - RULER - SCALES) // gates >= min(every, rows):
            return tall
    return 1 if height - means >= RULER + SCALES + gates else 0


def _has_room_for_words(height: int, gates: int) -> bool:
    """Tell whether a sentence has a row: one that the gates could not share, or one of many."""
    is_left = _share_out(height - 1, gates, _FEWEST) == _share_out(height, gates, _FEWEST)
    return height >= (RULER + SCALES + 1 + gates if is_left else _ROOM_FOR_WORDS * max(1, gates))


def _share_out(height: int, gates: int, wanted: int) -> tuple[int, bool]:
    """Return the rows of cells of each gate and whether it has a heading too, which needs `wanted` rows below it."""
    gates = max(1, gates)
    headed = (height - RULER - gates) // gates
    return (headed, True) if headed >= max(1, wanted) else (max(1, (height - RULER - SCALES) // gates), False)


def lay_out_gates(
    facts: GatesFacts, *, width: int, height: int, axis: TimeAxis, palette: Palette, unit: int
) -> GatesLayout:
    """Give every gate the same room. `unit` is the selected one, which is always among those drawn."""
    top = len(note_lines(facts.note, width, height, alone=not facts.gates))
    top += bool(_sentence(facts, width, height - top))
    units = tuple(facts.units.tolist())
    selected = units.index(unit) if unit in units else None
    means = mean_rows(facts)
    beside = width - axis.right >= _BESIDE
    tall_means = _rows_of_means(height - top, len(facts.gates), len(means), facts.hidden_size, beside=beside)
    means, means_top = means if tall_means else [], top
    top += tall_means * len(means)
    rows, headed = _share_out(height - top, len(facts.gates), _wanted(len(units), bool(means)))
    each = 1 if palette.shaded else 2  # without colours a character has no two halves
    own = not palette.shaded and axis.column >= _ROOM_FOR_NUMBERS
    leading = facts.order != "number"
    lines, tall = lines_of_units(len(units), rows, selected=selected, each=each, own=own, leading=leading)
    every = [(lines, tall)] * len(facts.gates)
    if means and rows == 1 and not headed and len(units) > 1 and selected is not None and facts.gates[-1].name == "c":
        # the gates of the selected unit alone, and c of more units
        most = 1 + _left_over(height - top, len(facts.gates))
        every = [(((selected,),), 1)] * (len(facts.gates) - 1)
        every.append(lines_of_units(len(units), most, selected=selected, each=each, own=most > 1, leading=leading))
    free = height - top - RULER - (0 if headed else SCALES) - sum(len(lines) + headed for lines, _ in every)
    spacer = 1 if free >= len(facts.gates) - (0 if means else 1) else 0
    if means and free > 0:  # a free row between the means and the units
        top += 1
    blocks = []
    for gate, (lines, tall) in zip(facts.gates, every, strict=True):
        size = len(lines) + headed
        if top + size > height - RULER:  # no room for it
            break
        largest = gate.largest or np.abs(gate.values[np.isfinite(gate.values)]).max(initial=1.0)
        blocks.append(
            Block(
                name=safe(gate.name),
                about=safe(gate.about),
                values=gate.values,
                units=units,
                kind="signed" if gate.signed else "share",
                scale=nice_above(float(largest)) if gate.signed else 1.0,
                heading=top if headed else None,
                top=top + headed,
                lines=lines,
                tall=tall,
            )
        )
        top += size + spacer
    return GatesLayout(
        blocks=tuple(blocks),
        axis=axis,
        first=facts.first,
        bottom=blocks[-1].rows.stop if blocks else top,
        units=units,
        missing=len(facts.gates) - len(blocks),
        means=tuple(means),
        means_top=means_top,
        means_tall=tall_means,
    )


def draw_gates(
    facts: GatesFacts,
    *,
    width: int,
    height: int,
    axis: TimeAxis,
    palette: Palette,
    inputs: Sequence[str],
    cursor: int | None,
    unit: int,
) -> list[Strip]:
    """Draw the heatmaps with their names, the selected unit marked; `inputs` are glyphs."""
    canvas = Canvas(width, height)
    below = put_note(canvas, facts.note, palette, alone=not facts.gates)
    canvas.put(1, below, _sentence(facts, width, height - below), palette.text)
    layout = lay_out_gates(facts, width=width, height=height, axis=axis, palette=palette, unit=unit)
    if not layout.blocks:
        return canvas.strips()
    sample = f"{layout.shown} of {facts.hidden_size} units" if layout.shown < facts.hidden_size else ""
    if sample and facts.order == "varies":
        sample += " that vary most"
    for block in layout.blocks:
        if block.heading is not None:
            _draw_heading(canvas, block, axis, palette, sample if block is layout.blocks[0] else "")

    def label(block: Block, row: int) -> None:
        if block.is_middle(row):
            _draw_label(canvas, block, row, axis, palette, unit)

    draw_means(
        canvas,
        layout.means_top,
        layout.means,
        tall=layout.means_tall,
        first=facts.first,
        axis=axis,
        palette=palette,
        cursor=cursor,
    )
    layout.draw(canvas, palette, label)
    layout.draw_ruler(canvas, palette, inputs, cursor)
    if layout.blocks[0].heading is None:
        _draw_scales(canvas, layout.bottom + 1, layout, palette, sample)
    return canvas.strips()


def _sentence(facts: GatesFacts, width: int, height: int) -> str:
    """Return what stands above the heatmaps, where there is room for it."""
    return told(facts, width - 2) if _has_room_for_words(height, len(facts.gates)) else ""


def _draw_heading(canvas: Canvas, block: Block, axis: TimeAxis, palette: Palette, sample: str) -> None:
    """Write the name of a gate and what it does, and draw its scale at the right end of the columns."""
    y, tone, right = block.heading or 0, block.tone(palette), canvas.width - 1
    size = put_scale(Canvas(40, 1), 0, 0, tone)
    x = canvas.put(1, y, block.name, palette.accent) + 2
    about = block.about
    if right - size > x + 2:
        right = max(min(axis.right, right) - size, min(x + cell_len(about) + 2, right - size))
        put_scale(canvas, right, y, tone)
        right -= 2
    if cell_len(about) > right - x:
        about = about[: max(0, right - x - 1)] + "…"
    x = canvas.put(x, y, about, palette.text)
    sample = first_that_fits(_shorter(sample), right - x - 3)
    canvas.put(x + 3, y, sample, palette.dim)


def _shorter(sample: str) -> tuple[str, ...]:
    """Return how many units are shown, in ever fewer words."""
    units = sample.removesuffix(" that vary most")
    return sample, units, units.removesuffix(" units")


def _draw_label(canvas: Canvas, block: Block, row: int, axis: TimeAxis, palette: Palette, unit: int) -> None:
    """Write the name of a gate without a heading and the numbers of a row's units, and mark the selected one."""
    numbers = [block.units[place] for place in block.lines[row]]
    selected = unit in numbers
    x, y, room = 1, block.top + row, axis.gutter - 2
    canvas.put(0, y, "▸" if selected else " ", palette.accent)
    if block.heading is None and row == (block.tall - 1) // 2:
        x = canvas.put(x, y, block.name[: room - 1], palette.accent) + 1
        room -= x - 1
    one = (unit if selected else numbers[0]) + 1
    two = f"{numbers[0] + 1}, {numbers[-1] + 1}"
    forms = (f"unit {one}",) if len(numbers) == 1 else (f"units {two}", two)
    canvas.put(x, y, first_that_fits((*forms, f"u{one}", f"{one}"), room), palette.accent if selected else palette.dim)


def _draw_scales(canvas: Canvas, y: int, layout: GatesLayout, palette: Palette, sample: str) -> None:
    """Draw one colour scale for each kind of gate."""
    kinds: dict[tuple[str, float], list[Block]] = {}
    for block in layout.blocks:
        kinds.setdefault((block.kind, block.scale), []).append(block)
    every = 4 if len(layout.blocks) + 22 * len(kinds) < canvas.width else 10
    x = 1
    for blocks in kinds.values():
        x = canvas.put(x, y, " ".join(block.name for block in blocks) + " ", palette.dim)
        x = put_scale(canvas, x, y, blocks[0].tone(palette), every=every) + 2
    room = canvas.width - x - (2 if layout.missing else 0)
    x = canvas.put(x, y, first_that_fits(_shorter(sample), room), palette.dim) + (2 if layout.missing else 0)
    if layout.missing:
        forms = (f"{layout.missing} more gates", f"+{layout.missing}")
        canvas.put(x, y, first_that_fits(forms, canvas.width - x), palette.accent)
