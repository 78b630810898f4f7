"""Hidden states as heatmaps: units down, time steps across, one block for each layer, direction and kind (h or c).

In the backward pass of slow motion, the gradients by those states.
"""

import math
from collections.abc import Sequence, Set

import numpy as np
from msgspec.structs import replace
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.wording import step_name
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import put_scale
from rnn_tui.draw.kit.numbers import nice_above, signed
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.rows_over_time import RULER, SCALES, Block, RowsOverTime, lines_of_units
from rnn_tui.draw.kit.text_fit import TOUCHED, first_that_fits, place_name
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.arrays import Floats
from rnn_tui.protocol.frame import States
from rnn_tui.protocol.phase import Gradient

__all__ = ["StatesLayout", "draw_states", "lay_out_gradients_of_units", "lay_out_states", "rows_for_units"]

_NAMES = {"∂": "∂L/∂h"}  # of what begins with such a letter
_ROOMY = 60  # cells in which the scales of h and c can stand well apart


class StatesLayout(RowsOverTime[Block], frozen=True, kw_only=True):
    """All heatmaps of a pane."""

    hidden_size: int
    about_units: tuple[str, ...] = ()  # which units are shown if not all, and how many of all do nothing
    largest: str = ""  # which state is the largest of those shown


def rows_for_units(height: int, blocks: int) -> int:
    """Return how many rows of cells each of `blocks` heatmaps gets in a pane of `height` rows."""
    return max(1, (height - SCALES - RULER) // max(1, blocks))


def lay_out_states(
    states: Sequence[States],
    *,
    height: int,
    axis: TimeAxis,
    hidden_size: int,
    layers: int,
    bounded: bool,
    names_largest: bool = False,
) -> StatesLayout:
    """Give every heatmap as much room as there is; `bounded` means that h lies in (-1, 1).

    `names_largest`: a line says which state is the largest, which changes all the time while a network learns.
    """
    blocks = _blocks(states, layers=layers, bounded=bounded)
    layout = _stacked(blocks, height=height, axis=axis, hidden_size=hidden_size)
    return replace(layout, about_units=_about(states), largest=_largest(layout) if names_largest else "")


def _largest(layout: StatesLayout) -> str:
    """Return which state h is the largest of those shown, either way; empty where some units or steps are left out."""
    best, text = 0.0, ""
    for block in layout.blocks:
        sizes = np.abs(block.values[:, block.skip :])
        if block.name[0] != "h" or not sizes.size or not np.isfinite(sizes).all() or sizes.max() <= best:
            continue
        best = float(sizes.max())
        unit, step = np.unravel_index(int(sizes.argmax()), sizes.shape)
        value = signed(float(block.values[unit, block.skip + step]), 7)
        where = f"{block.name} of unit {block.units[int(unit)] + 1}"
        text = f"largest: {where} at {step_name(layout.first + block.skip + int(step))}, {value}"
    return text


def _about(states: Sequence[States]) -> tuple[str, ...]:
    """Return which units are shown, if they are a choice, in which order, and how many of all hardly move."""
    if not any(each.order == "varies" for each in states):
        return ()
    counts = (
        (sum(each.dead for each in states), "stay near 0"),
        (sum(each.saturated for each in states), "stay near ±1"),
    )
    return ("vary most over time, the most at the top", *(f"{count} {name}" for count, name in counts if count))


def lay_out_gradients_of_units(
    gradients: Sequence[Gradient], *, height: int, axis: TimeAxis, hidden_size: int, layers: int, largest: float
) -> StatesLayout:
    """Give ∂L/∂h_t of every layer and direction a heatmap, as far as backward has come; `largest` is of all steps."""
    both = any(each.direction for each in gradients)
    power = 10.0 ** math.floor(math.log10(largest)) if 0 < largest < math.inf else 1.0
    blocks = []
    for each in gradients:
        if each.values is not None and each.units is not None:
            skip = max(0, each.first - axis.first)
            values = np.pad(each.values, ((0, 0), (skip, 0)))
            name = "∂h" + place_name(each.layer, each.direction, layers=layers, both=both)
            scale = nice_above(largest / power) * power
            blocks.append(Block(name=name, values=values, units=each.units.tolist(), scale=scale, skip=skip))
    return _stacked(blocks, height=height, axis=axis, hidden_size=hidden_size)


def _stacked(blocks: Sequence[Block], *, height: int, axis: TimeAxis, hidden_size: int) -> StatesLayout:
    """Return the blocks below one another, each with as many rows as there are for it."""
    room, top = rows_for_units(height, len(blocks)), 0
    apart = len(blocks) * (room + 1) + SCALES + RULER <= height + 1
    placed = []
    for block in blocks:
        lines, tall = lines_of_units(len(block.units), room)
        placed.append(replace(block, top=top, lines=lines, tall=tall, halves=len(block.units) > room))
        top += len(lines) + (apart or len(lines) < room)
    bottom = placed[-1].rows.stop if placed else 0
    return StatesLayout(blocks=tuple(placed), axis=axis, first=axis.first, bottom=bottom, hidden_size=hidden_size)


def _blocks(states: Sequence[States], *, layers: int, bounded: bool) -> list[Block]:
    """Return a block for each h and c, not placed yet: one scale for every h, and one for every c."""
    both = any(each.direction for each in states)
    blocks: list[Block] = []
    for each in states:
        where = place_name(each.layer, each.direction, layers=layers, both=both)
        given: list[tuple[str, Floats | None, float]] = [
            ("h", each.h, 1.0 if bounded else each.largest_h),
            ("c", each.c, each.largest_c),
        ]
        for letter, values, largest in given:
            if values is not None:
                largest = largest or float(np.abs(values[np.isfinite(values)]).max(initial=1.0))
                scale = nice_above(largest)
                units = each.units.tolist()
                blocks.append(Block(name=letter + where, values=values, units=units, scale=scale, skip=each.skip))
    scales = {letter: max((each.scale for each in blocks if each.name[0] == letter), default=1.0) for letter in "hc"}
    return [replace(each, scale=scales[each.name[0]]) for each in blocks]


def draw_states(
    layout: StatesLayout,
    *,
    width: int,
    height: int,
    palette: Palette,
    inputs: Sequence[str],
    cursor: int | None,
    touched: Set[tuple[str, int, int]] = frozenset(),
) -> list[Strip]:
    """Draw the heatmaps, the ruler with the input characters (glyphs), and the colour scales.

    `touched`: the name of the heatmap, the unit and the time step of states that are others than in the run.
    """
    canvas = Canvas(width, height)
    alone, room = len(layout.blocks) == 1, layout.axis.gutter - 2  # a free cell on either side of a label

    def label(block: Block, row: int) -> None:
        last = len(block.lines) - 1
        if row in (0, (last + 1) // 2, last) if block.halves else block.is_middle(row):
            number = block.units[block.lines[row][0]] + 1
            canvas.put(1, block.top + row, _label(block, number, room, alone=alone), palette.dim)

    layout.draw(canvas, palette, label)
    _mark_touched(canvas, layout, touched, palette)
    layout.draw_ruler(canvas, palette, inputs, cursor)
    _draw_scales(canvas, min(layout.bottom + 1, height - 1), layout, palette)
    return canvas.strips()


def _mark_touched(canvas: Canvas, layout: StatesLayout, touched: Set[tuple[str, int, int]], palette: Palette) -> None:
    """Mark the cells of these states, whose colour alone tells nothing of it."""
    for block in layout.blocks if touched else ():
        for row, line in enumerate(block.lines):
            for step in layout.axis.steps if block.is_middle(row) else ():
                if any((block.name, block.units[place], step) in touched for place in line):
                    canvas.mark(layout.axis.x(step), block.top + row, TOUCHED, palette.accent + Style(reverse=True))


def _label(block: Block, number: int, room: int, *, alone: bool) -> str:
    """Return the name of a unit in `room` cells: words are shortened, its number never is."""
    names = ("unit ", "u") if alone else (f"{block.name} u", f"{block.name}u", "u")
    return first_that_fits([f"{name}{number}" for name in names], room)


def _draw_scales(canvas: Canvas, y: int, layout: StatesLayout, palette: Palette) -> None:
    """Draw the colour scales of h and c, and say where some units are left out."""
    tones = {block.name[0]: block.tone(palette) for block in layout.blocks}
    sampled = 0 < layout.shown < layout.hidden_size
    x, between = 1, 1 if sampled and len(tones) > 1 and canvas.width < _ROOMY else 3
    for letter, tone in tones.items():
        x = canvas.put(x, y, f"{_NAMES.get(letter, letter)} ", palette.dim)
        x = put_scale(canvas, x, y, tone) + between
    if sampled:
        x = canvas.put(x, y, first_that_fits(_sampled(layout), canvas.width - x), palette.accent) + 3
    elif layout.largest:
        text = first_that_fits((layout.largest, layout.largest.partition(",")[0]), canvas.width - x)
        x = canvas.put(x, y, text, palette.accent) + 3
    if palette.shaded and any(block.halves and len(block.units) > 1 for block in layout.blocks):
        half = ("every 2nd unit", "2nd units", "1/2")  # without colours a character has no two halves
        x = min(x, canvas.width - 2)
        canvas.put(x, y, first_that_fits(half, canvas.width - x), palette.accent)


def _sampled(layout: StatesLayout) -> list[str]:
    """Return which units are shown, where not all are, and how many of all hardly move, in ever fewer words."""
    of = f"{layout.shown} of {layout.hidden_size}"
    if not layout.about_units:
        return [f"{of} units", of, of.replace(" of ", "/")]
    choice, *idle = layout.about_units
    counted = [f"of all {layout.hidden_size}: {' · '.join(idle)}"] if idle else []
    long, short = f"shown: the {of} units that {choice}", f"shown: the {of} units that vary most"
    forms = [" · ".join([each, *counted]) for each in (long, short)]
    forms += [" · ".join([f"{of} units", *idle])] if idle else []
    return [*forms, f"{of} that vary most", f"{of} units", of, of.replace(" of ", "/")]
