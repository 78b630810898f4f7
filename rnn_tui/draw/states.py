"""Hidden states as heatmaps: units down, time steps across, one block for each layer, direction and kind."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import Tone, draw_pair, draw_ruler, draw_unit, mark_cursor, put_scale
from rnn_tui.draw.kit.numbers import nice_above
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import first_that_fits, place_name
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.frame import Floats, States

__all__ = ["LEGEND", "RULER", "Block", "StatesLayout", "draw_states", "lay_out_states", "rows_for_units"]

_TALLEST = 5  # rows that a unit takes at most
_ROOMY = 60  # cells in which the legend of h and c can be spaced out
LEGEND = 1
RULER = 1


@dataclass(frozen=True, kw_only=True)
class Block:
    """One heatmap: where it stands and what it shows."""

    name: str  # "h", or "h₂←" for the second layer from the right
    top: int  # its first row of cells
    rows: int  # of cells
    unit_rows: int  # rows a unit takes; 0: two units share a row
    values: Floats  # (u, f)
    units: Sequence[int]
    scale: float
    skip: int = 0  # columns on the left that have no value yet

    def unit_at(self, y: int) -> int | None:
        """The index (into `units`) at a row of the pane."""
        at = y - self.top
        if not 0 <= at < self.rows:
            return None
        index = at // self.unit_rows if self.unit_rows else 2 * at
        return index if index < len(self.units) else None


@dataclass(frozen=True, kw_only=True)
class StatesLayout:
    """All blocks of a pane, and the axis they share."""

    blocks: tuple[Block, ...]
    axis: TimeAxis
    hidden_size: int

    def locate(self, x: int, y: int) -> tuple[Block, int, int] | None:
        """The block, the index of the unit and the time step at a cell, where there is a value."""
        step = self.axis.step_at(x)
        for block in self.blocks:
            unit = block.unit_at(y)
            if unit is not None and step is not None and block.skip <= step - self.axis.first < block.values.shape[1]:
                return block, unit, step
        return None


def rows_for_units(height: int, blocks: int) -> int:
    """Rows of cells that each of `blocks` heatmaps has in a pane of `height` rows."""
    return max(1, (height - LEGEND - RULER) // max(1, blocks))


def lay_out_states(
    states: Sequence[States], *, height: int, axis: TimeAxis, hidden_size: int, layers: int, bounded: bool
) -> StatesLayout:
    """Give every heatmap as much room as there is; `bounded` says that h lies in (-1, 1)."""
    both = any(each.direction for each in states)
    parts: list[tuple[str, States, Floats, float]] = []
    for each in states:
        where = place_name(each.layer, each.direction, layers=layers, both=both)
        parts.append((f"h{where}", each, each.h, 1.0 if bounded else each.largest_h))
        if each.c is not None:
            parts.append((f"c{where}", each, each.c, each.largest_c))
    room = rows_for_units(height, len(parts))
    spacer = 1 if len(parts) * (room + 1) + LEGEND + RULER <= height + 1 else 0
    blocks, top = [], 0
    scales: dict[str, float] = {}
    for name, _, values, told in parts:  # one scale for all h, and one for all c
        largest = told or np.abs(values[np.isfinite(values)]).max(initial=1.0)
        scales[name[0]] = max(scales.get(name[0], 1.0), nice_above(float(largest)))
    for name, each, values, _ in parts:
        count = len(each.units)
        unit_rows = min(_TALLEST, room // count) if count else 0
        rows = unit_rows * count if unit_rows else min(room, math.ceil(count / 2))
        blocks.append(
            Block(
                name=name,
                top=top,
                rows=rows,
                unit_rows=unit_rows,
                values=values,
                units=each.units.tolist(),
                scale=scales[name[0]],
                skip=each.skip,
            )
        )
        top += rows + (1 if spacer or rows < room else 0)
    return StatesLayout(blocks=tuple(blocks), axis=axis, hidden_size=hidden_size)


def draw_states(
    layout: StatesLayout, *, width: int, height: int, palette: Palette, inputs: Sequence[str], cursor: int | None
) -> list[Strip]:
    """The heatmaps, a ruler with the input characters under them, and the legend."""
    canvas = Canvas(width, height)
    axis = layout.axis
    bottom = 0
    for block in layout.blocks:
        _draw_block(canvas, block, axis, palette, alone=len(layout.blocks) == 1)
        bottom = block.top + block.rows
    draw_ruler(canvas, bottom, axis, palette, inputs)
    _draw_legend(canvas, min(bottom + 1, height - 1), layout, palette)
    if cursor is not None and cursor in axis.steps:
        mark_cursor(canvas, axis, cursor, range(bottom), bottom, palette)
    return canvas.strips()


def _draw_block(canvas: Canvas, block: Block, axis: TimeAxis, palette: Palette, *, alone: bool) -> None:
    cells = block.values.tolist()
    tone = Tone(palette=palette, scale=block.scale)
    room = axis.gutter - 2  # from the second cell on, and a free one before the heatmap
    for row in range(block.rows):
        y = block.top + row
        if block.unit_rows:
            unit, part = divmod(row, block.unit_rows)
            middle = part == (block.unit_rows - 1) // 2
            if middle:
                canvas.put(1, y, _label(block, block.units[unit] + 1, room, alone=alone), palette.dim)
            draw_unit(canvas, y, cells[unit], axis, tone, first=axis.first, skip=block.skip, numbered=middle)
        else:
            upper = cells[2 * row]
            lower = cells[2 * row + 1] if 2 * row + 1 < len(cells) else None
            if row in (0, block.rows // 2, block.rows - 1):
                canvas.put(1, y, _label(block, block.units[2 * row] + 1, room, alone=alone), palette.dim)
            draw_pair(canvas, y, upper, lower, axis, tone, first=axis.first, skip=block.skip)


def _label(block: Block, number: int, room: int, *, alone: bool) -> str:
    """The name of a unit in `room` cells: words are shortened, its number never is."""
    names = ("unit ", "u") if alone else (f"{block.name} u", f"{block.name}u", "u")
    return next((f"{name}{number}" for name in names if len(f"{name}{number}") <= room), "")


def _draw_legend(canvas: Canvas, y: int, layout: StatesLayout, palette: Palette) -> None:
    scales = {block.name[0]: block.scale for block in layout.blocks}
    shown = len(layout.blocks[0].units) if layout.blocks else 0
    sampled = 0 < shown < layout.hidden_size
    x, between = 1, 1 if sampled and len(scales) > 1 and canvas.width < _ROOMY else 3
    for kind, scale in scales.items():
        x = canvas.put(x, y, f"{kind} ", palette.dim)
        x = put_scale(canvas, x, y, Tone(palette=palette, scale=scale)) + between
    if sampled:
        of = f"{shown} of {layout.hidden_size}"
        forms = (f"{of} units", of, of.replace(" of ", "/"))
        x = canvas.put(x, y, first_that_fits(forms, canvas.width - x), palette.accent) + 3
    if palette.shaded and any(not block.unit_rows and len(block.units) > 1 for block in layout.blocks):
        texts = ("every 2nd unit", "2nd units", "1/2")  # a character has no two halves without colours
        x = min(x, canvas.width - 2)
        canvas.put(x, y, next((text for text in texts if x + len(text) <= canvas.width), ""), palette.accent)
