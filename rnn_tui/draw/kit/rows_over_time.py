"""Blocks of rows over time steps, with one ruler below them: their heights, their cells, and what is under the mouse.

A picture describes its blocks and stacks them. The object that results both draws them and finds the values at a
cell, so the exact values under the mouse always belong to the cell that is drawn there.
"""

from collections.abc import Callable, Sequence
from typing import Generic, Literal, NamedTuple, TypeVar

import numpy as np

from rnn_tui.common.value import Value
from rnn_tui.common.wording import step_name
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import Tone, draw_pair, draw_ruler, draw_unit, mark_cursor
from rnn_tui.draw.kit.numbers import with_minus
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.arrays import Floats

__all__ = ["RULER", "SCALES", "TALLEST_UNIT", "Block", "RowsOverTime", "Spot", "UnitLine", "lines_of_units"]

RULER = 1  # rows of the input characters
SCALES = 1  # rows of the colour scales
TALLEST_UNIT = 16  # rows that a unit takes at most

UnitLine = tuple[int, ...]  # what a row of cells shows: the place in `Block.units` of one unit, or of two


class Block(Value, frozen=True, kw_only=True):
    """One matrix of values, units down and time steps across, and where it stands."""

    name: str
    about: str = ""
    values: Floats  # (u, f)
    units: Sequence[int] = (0,)  # (u,) their numbers, from 0
    kind: Literal["signed", "share"] = "signed"
    scale: float = 1.0
    skip: int = 0  # values on the left that are not there yet
    heading: int | None = None  # the row of its heading, if it has one
    top: int = 0  # its first row of cells
    lines: tuple[UnitLine, ...] = ()
    tall: int = 1  # rows that a unit takes
    halves: bool = False  # every row is made of half-blocks, the last one too where the number of units is odd

    @property
    def rows(self) -> range:
        """The rows of its cells."""
        return range(self.top, self.top + len(self.lines))

    def is_middle(self, row: int) -> bool:
        """Return whether numbers and labels stand in this row of the block, the first being 0."""
        return row % self.tall == (self.tall - 1) // 2

    def tone(self, palette: Palette) -> Tone:
        """Return how its values become colours."""
        return Tone(palette=palette, kind=self.kind, scale=self.scale)


AnyBlock = TypeVar("AnyBlock", bound=Block)


class Spot(NamedTuple, Generic[AnyBlock]):
    """What a cell shows."""

    block: AnyBlock
    places: UnitLine
    step: int  # the time step
    values: tuple[float, ...]  # of each place

    def in_words(self) -> str:
        """Return the exact values, each with its unit and name."""
        exact = [
            f"unit {self.block.units[place] + 1}: {self.block.name} = {with_minus(f'{value:+.7f}')}"
            for place, value in zip(self.places, self.values, strict=True)
        ]
        return " · ".join([f"{step_name(self.step)}", *exact])


class RowsOverTime(Value, Generic[AnyBlock], frozen=True, kw_only=True):
    """The blocks of a picture and what they share."""

    blocks: tuple[AnyBlock, ...]
    axis: TimeAxis
    first: int  # the time step of the first value
    bottom: int  # the row of the ruler

    @property
    def shown(self) -> int:
        """How many units are shown: in the block that shows most."""
        return max((len({place for line in block.lines for place in line}) for block in self.blocks), default=0)

    def locate(self, x: int, y: int) -> Spot[AnyBlock] | None:
        """Return what a cell shows; None where there is no value."""
        step = self.axis.step_at(x)
        block = next((each for each in self.blocks if y in each.rows), None)
        if step is None or block is None or not block.skip <= (at := step - self.first) < block.values.shape[1]:
            return None
        places = block.lines[y - block.top]
        return Spot(block, places, step, tuple(block.values[list(places), at].tolist()))

    def draw(self, canvas: Canvas, palette: Palette, label: Callable[[AnyBlock, int], None]) -> None:
        """Draw all cells. `label` writes what stands to the left of a row of a block, the first being 0."""
        for block in self.blocks:
            values, tone = block.values.tolist(), block.tone(palette)
            window = {"first": self.first, "skip": block.skip}
            for row, line in enumerate(block.lines):
                y, upper = block.top + row, values[line[0]]
                if len(line) == 1 and not block.halves:
                    draw_unit(canvas, y, upper, self.axis, tone, numbered=block.is_middle(row), **window)
                else:
                    lower = values[line[1]] if len(line) > 1 else None
                    draw_pair(canvas, y, upper, lower, self.axis, tone, **window)
                label(block, row)

    def draw_ruler(
        self, canvas: Canvas, palette: Palette, inputs: Sequence[str], cursor: int | None, *, edges: bool = True
    ) -> None:
        """Write the input characters (glyphs) below the blocks, and mark the time cursor, with `edges` also in them."""
        draw_ruler(canvas, self.bottom, self.axis, palette, inputs)
        if cursor is not None and cursor in self.axis.steps:
            for rows in [block.rows for block in self.blocks] if edges else [range(0)]:
                mark_cursor(canvas, self.axis, cursor, rows, self.bottom, palette)


def lines_of_units(
    count: int, rows: int, *, selected: int | None = None, each: int = 2, own: bool = False, leading: bool = False
) -> tuple[tuple[UnitLine, ...], int]:
    """Return what each of `rows` rows shows of `count` units, and how many rows a unit takes.

    Where there are more units than rows, a row holds `each` of them; where not even those fit, an even sample is
    shown, or the `leading` ones, and always the `selected` one. With `own` that one still has a row of its own,
    unless another unit would have to go for it.
    """
    if count <= rows:
        tall = min(TALLEST_UNIT, rows // count) if count else 1
        return tuple((place,) for place in range(count) for _ in range(tall)), tall
    alone = selected if own and rows > 1 and count != each * rows else None
    most = each * rows - (alone is not None)
    most = min(most, count)
    shown = list(range(most)) if leading else np.linspace(0, count - 1, most).round().astype(int).tolist()
    if selected is not None and selected not in shown:
        shown[min(range(len(shown)), key=lambda at: abs(shown[at] - selected))] = selected
    rest = [place for place in shown if place != alone]
    lines = [tuple(rest[at : at + each]) for at in range(0, len(rest), each)]
    if alone is not None:
        lines.insert(sum(line[0] < alone for line in lines), (alone,))
    return tuple(lines), 1
