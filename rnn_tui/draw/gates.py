"""Gates over time as heatmaps: one block a gate, units down, time steps across, on the axis of the other panes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.cells import cell_len
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import Tone, draw_pair, draw_ruler, draw_unit, mark_cursor, put_scale
from rnn_tui.draw.kit.numbers import nice_above
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import first_that_fits, note_lines, put_note
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.inspect import Gate, GatesFacts

__all__ = ["GateBlock", "GatesLayout", "draw_gates", "gate_units_that_fit", "lay_out_gates"]

_RULER = 1
_LEGEND = 1
_TALLEST = 5  # rows that a unit takes at most
_FEWEST = 2  # rows below which a heatmap has no room for a heading above it
_ROOM_FOR_NUMBERS = 5  # cells of a column from which the selected unit has a row of its own, with its numbers


@dataclass(frozen=True, kw_only=True)
class GateBlock:
    """One heatmap: where it stands and what each of its rows shows."""

    gate: Gate
    heading: int | None  # the row of its name; None: the name stands in the gutter
    top: int
    lines: tuple[tuple[int, ...], ...]  # for each row of cells the places in `units` of one unit, or of two
    tall: int  # rows that a unit takes
    scale: float


@dataclass(frozen=True, kw_only=True)
class GatesLayout:
    """All heatmaps of a pane, and what they share."""

    blocks: tuple[GateBlock, ...]
    axis: TimeAxis
    first: int  # the time step of the first value
    units: tuple[int, ...]
    bottom: int  # the row of the ruler

    @property
    def shown(self) -> int:
        """How many units are drawn of each gate."""
        return len({place for line in self.blocks[0].lines for place in line}) if self.blocks else 0

    def locate(self, x: int, y: int) -> tuple[GateBlock, tuple[int, ...], int] | None:
        """The gate, the places (in `units`) of the one or two units, and the time step at a cell that has a value."""
        step = self.axis.step_at(x)
        for block in self.blocks:
            if step is not None and 0 <= y - block.top < len(block.lines):
                at = step - self.first
                return (block, block.lines[y - block.top], step) if 0 <= at < block.gate.values.shape[1] else None
        return None


def gate_units_that_fit(height: int, gates: int) -> int:
    """How many units of each of `gates` gates can be told apart in a pane of `height` rows."""
    return 2 * max(_share_out(height, gates, _FEWEST)[0], 1)


def _share_out(height: int, gates: int, wanted: int) -> tuple[int, bool]:
    """The rows of cells of each gate, and whether each has a heading: where it leaves `wanted` rows."""
    gates = max(1, gates)
    headed = (height - _RULER - gates) // gates
    return (headed, True) if headed >= max(1, wanted) else (max(1, (height - _RULER - _LEGEND) // gates), False)


def lay_out_gates(
    facts: GatesFacts, *, width: int, height: int, axis: TimeAxis, palette: Palette, unit: int
) -> GatesLayout:
    """Give every gate the same room. `unit` is the selected one; it is among those that are drawn."""
    top = len(note_lines(facts.note, width, height, alone=not facts.gates))
    units = tuple(facts.units.tolist())
    selected = units.index(unit) if unit in units else None
    rows, headed = _share_out(height - top, len(facts.gates), min(_FEWEST, math.ceil(len(units) / 2)))
    if palette.shaded:  # a character has no two halves without colours
        lines, tall = _lines(len(units), selected, rows, halves=1)
    else:
        lines, tall = _lines(len(units), selected, rows, own=axis.column >= _ROOM_FOR_NUMBERS)
    size = len(lines) + headed
    free = height - top - _RULER - (0 if headed else _LEGEND) - size * len(facts.gates)
    spacer = 1 if free >= len(facts.gates) - 1 else 0
    blocks = []
    for gate in facts.gates:
        if top + size > height - _RULER:  # no room for it
            break
        largest = gate.largest or np.abs(gate.values[np.isfinite(gate.values)]).max(initial=1.0)
        blocks.append(
            GateBlock(
                gate=gate,
                heading=top if headed else None,
                top=top + headed,
                lines=lines,
                tall=tall,
                scale=nice_above(float(largest)) if gate.signed else 1.0,
            )
        )
        top += size + spacer
    bottom = blocks[-1].top + len(lines) if blocks else top
    return GatesLayout(blocks=tuple(blocks), axis=axis, first=facts.first, units=units, bottom=bottom)


def _lines(
    count: int, selected: int | None, rows: int, *, halves: int = 2, own: bool = False
) -> tuple[tuple[tuple[int, ...], ...], int]:
    """What each of `rows` rows shows of `count` units, and the rows that a unit takes.

    A row has room for `halves` units; with `own`, the selected one still has a row of its own.
    """
    if count <= rows:
        tall = min(_TALLEST, rows // count) if count else 1
        return tuple((place,) for place in range(count) for _ in range(tall)), tall
    alone = selected if own and rows > 1 else None
    most = halves * rows - (alone is not None)
    shown = np.linspace(0, count - 1, min(most, count)).round().astype(int).tolist()
    if selected is not None and selected not in shown:
        shown[min(range(len(shown)), key=lambda at: abs(shown[at] - selected))] = selected
    rest = [place for place in shown if place != alone]
    lines = [tuple(rest[at : at + halves]) for at in range(0, len(rest), halves)]
    if alone is not None:
        lines.insert(sum(line[0] < alone for line in lines), (alone,))
    return tuple(lines), 1


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
    """The heatmaps with their names, the selected unit marked, and a ruler with the input characters (glyphs)."""
    canvas = Canvas(width, height)
    put_note(canvas, facts.note, palette, alone=not facts.gates)
    layout = lay_out_gates(facts, width=width, height=height, axis=axis, palette=palette, unit=unit)
    if not layout.blocks:
        return canvas.strips()
    some = layout.shown < facts.hidden_size
    sample = f"{layout.shown} of {facts.hidden_size} units" if some else ""
    for block in layout.blocks:
        tone = _tone(block, palette)
        if block.heading is not None:
            _draw_heading(canvas, block, tone, axis, sample if block is layout.blocks[0] else "")
        _draw_block(canvas, block, layout, tone, unit)
    draw_ruler(canvas, layout.bottom, axis, palette, inputs)
    if layout.blocks[0].heading is None:
        _draw_legend(canvas, layout.bottom + 1, layout, palette, sample, missing=len(facts.gates) - len(layout.blocks))
    if cursor is not None and cursor in axis.steps:
        for block in layout.blocks:
            rows = range(block.top, block.top + len(block.lines))
            mark_cursor(canvas, axis, cursor, rows, layout.bottom, palette)
    return canvas.strips()


def _tone(block: GateBlock, palette: Palette) -> Tone:
    return Tone(palette=palette, kind="signed" if block.gate.signed else "share", scale=block.scale)


def _draw_heading(canvas: Canvas, block: GateBlock, tone: Tone, axis: TimeAxis, sample: str) -> None:
    """The name, what the gate does, and its scale at the right end of the columns."""
    y, palette = block.heading or 0, tone.palette
    right = canvas.width - 1
    scale = Canvas(40, 1)
    size = put_scale(scale, 0, 0, tone)
    x = canvas.put(1, y, safe(block.gate.name), palette.accent) + 2
    about = safe(block.gate.about)
    if right - size > x + 2:
        right = max(min(axis.right, right) - size, min(x + cell_len(about) + 2, right - size))
        put_scale(canvas, right, y, tone)
        right -= 2
    if cell_len(about) > right - x:
        about = about[: max(0, right - x - 1)] + "…"
    x = canvas.put(x, y, about, palette.text)
    sample = first_that_fits((sample, sample.removesuffix(" units")), right - x - 3)
    canvas.put(x + 3, y, sample, palette.dim)


def _draw_block(canvas: Canvas, block: GateBlock, layout: GatesLayout, tone: Tone, unit: int) -> None:
    values = block.gate.values.tolist()
    axis, first = layout.axis, layout.first
    for row, line in enumerate(block.lines):
        y = block.top + row
        middle = row % block.tall == (block.tall - 1) // 2
        if len(line) == 1:
            draw_unit(canvas, y, values[line[0]], axis, tone, first=first, numbered=middle)
        else:
            draw_pair(canvas, y, values[line[0]], values[line[1]], axis, tone, first=first)
        if middle:
            name = safe(block.gate.name) if block.heading is None and row == (block.tall - 1) // 2 else ""
            _draw_label(canvas, y, name, [layout.units[place] for place in line], axis, tone.palette, unit)


def _draw_label(
    canvas: Canvas, y: int, name: str, numbers: list[int], axis: TimeAxis, palette: Palette, unit: int
) -> None:
    """The name of a gate without a heading and the numbers of a row's units, from 1; the selected one is marked."""
    room = axis.gutter - 2
    style = palette.accent if unit in numbers else palette.dim
    canvas.put(0, y, "▸" if unit in numbers else " ", palette.accent)
    x = 1
    if name:
        x = canvas.put(x, y, name[: room - 1], palette.accent) + 1
        room -= x - 1
    one = (unit if unit in numbers else numbers[0]) + 1
    words = f"unit {one}" if len(numbers) == 1 else f"u{numbers[0] + 1} u{numbers[-1] + 1}"
    canvas.put(x, y, first_that_fits((words, f"u{one}", f"{one}"), room), style)


def _draw_legend(canvas: Canvas, y: int, layout: GatesLayout, palette: Palette, sample: str, missing: int) -> None:
    """The scales: one for each kind of gate."""
    kinds: dict[tuple[bool, float], list[GateBlock]] = {}
    for block in layout.blocks:
        kinds.setdefault((block.gate.signed, block.scale), []).append(block)
    every = 4 if sum(map(len, kinds.values())) + 22 * len(kinds) < canvas.width else 10
    x = 1
    for blocks in kinds.values():
        x = canvas.put(x, y, " ".join(safe(block.gate.name) for block in blocks) + " ", palette.dim)
        x = put_scale(canvas, x, y, _tone(blocks[0], palette), every=every) + 2
    x = canvas.put(x, y, first_that_fits((f"{sample}  ", sample), canvas.width - x), palette.dim)
    if missing:
        canvas.put(x, y, first_that_fits((f"{missing} more gates", f"+{missing}"), canvas.width - x), palette.accent)
