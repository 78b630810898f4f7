"""Heatmaps over time: a row of cells, the ruler below them, the colour scale, and the column of the time cursor."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from rich.cells import cell_len
from rich.style import Style

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import probability, signed
from rnn_tui.draw.kit.palette import LEVELS, Palette
from rnn_tui.draw.kit.text_fit import cut_cells
from rnn_tui.draw.kit.time_axis import TimeAxis

__all__ = ["Tone", "draw_pair", "draw_ruler", "draw_unit", "mark_cursor", "put_scale"]

_THIN = Style(bold=False)  # an edge is no thicker for being bold, and costs more to send
_NUMBERED = 3  # cells of a column that may hold a number
_LONGEST = {"signed": 7, "share": 5}  # cells of a number


class Tone(Value, frozen=True, kw_only=True):
    """How a value becomes a colour: blue and orange from -scale to scale, or teal from 0 to 1."""

    palette: Palette
    kind: Literal["signed", "share"] = "signed"
    scale: float = 1.0

    def levels(self, values: Sequence[float]) -> list[int | None]:
        """Return the quantised values, -20 to 20 or 0 to 20, and None for NaN and infinities; see `Palette.level`."""
        numbers = np.asarray(values, np.float64)
        finite = np.isfinite(numbers)
        parts = (np.where(finite, numbers, 0.0) / self.scale).clip(-1 if self.kind == "signed" else 0, 1)
        levels = np.rint(parts * LEVELS).astype(int).tolist()
        return [level if known else None for level, known in zip(levels, finite.tolist(), strict=True)]

    def cell(self, level: int) -> Style:
        """Return the style of a level: a background and a readable foreground."""
        return self.palette.cell(level) if self.kind == "signed" else self.palette.share_cell(level)

    def half(self, upper: int, lower: int) -> Style:
        """Return the style of `▀` for the levels of its two halves."""
        return self.palette.half(upper, lower) if self.kind == "signed" else self.palette.share_half(upper, lower)

    def ink(self, level: int) -> Style:
        """Return the background of a level as a foreground, for bars and words."""
        background = self.cell(level).bgcolor
        return self.palette.text if background is None else Style.from_color(background)

    def number(self, value: float, room: int) -> str:
        """Write a value in at most `room` cells; empty where it does not fit."""
        room = min(room, _LONGEST[self.kind])
        if self.kind == "signed":
            return signed(value, room)
        return probability(value, room) if room >= 3 else ""


def draw_unit(
    canvas: Canvas,
    y: int,
    values: Sequence[float],
    axis: TimeAxis,
    tone: Tone,
    *,
    first: int,
    skip: int = 0,
    numbered: bool,
) -> None:
    """Draw one unit over time, from the step `first` on, with its numbers where a column has room for them."""
    column, palette, levels = axis.column, tone.palette, tone.levels(values)
    begin, end = axis.first - first, axis.first - first + axis.count
    texts: dict[int, str] = {}
    if numbered:
        there = range(max(begin, skip), min(end, len(levels)))
        texts = {at: _written(values[at], levels[at], column, tone) for at in there}
        if not all(texts[at] for at in there if levels[at] is not None):  # all or none: a gap would look like a value
            texts = {at: text for at, text in texts.items() if levels[at] is None}
    at = begin
    while at < end:
        x = axis.x(first + at)
        if not skip <= at < len(levels):
            if numbered:
                canvas.centre(x, y, column, "·", palette.faint)
            at += 1
            continue
        level, start = levels[at], at
        while at < min(end, len(levels)) and levels[at] == level:  # equal neighbours in one go
            at += 1
        style = palette.warning if level is None else tone.cell(level)
        shade = palette.shade(level) if palette.shaded and level is not None else " "
        canvas.fill(x, y, (at - start) * column, style, shade)
        for place in range(start, at) if texts else ():
            if texts.get(place):
                canvas.centre(axis.x(first + place), y, column, texts[place], style)


def _written(value: float, level: int | None, column: int, tone: Tone) -> str:
    """Return a value as it stands in a column: with a free cell on either side where shades surround it."""
    if level is None:
        return signed(value, column)
    text = tone.number(value, column - 1) if column >= _NUMBERED else ""
    return f" {text} " if text and tone.palette.shaded and len(text) + 2 <= column else text


def draw_pair(
    canvas: Canvas,
    y: int,
    upper: Sequence[float],
    lower: Sequence[float] | None,
    axis: TimeAxis,
    tone: Tone,
    *,
    first: int,
    skip: int = 0,
) -> None:
    """Draw two units in one row of half-blocks. Without colours only the upper one: a character has no two halves."""
    palette, column = tone.palette, axis.column
    above = tone.levels(upper)
    below = tone.levels(lower) if lower else [0] * len(above)  # half a row is left free
    at, end = axis.first - first, axis.first - first + axis.count
    pairs = list(zip(above[at:end], below[at:end], strict=True)) if skip <= at and not palette.shaded else []
    styles = {(one, other): tone.half(one, other) for one, other in set(pairs) if one is not None and other is not None}
    if pairs and all(pair in styles for pair in set(pairs)):  # as mostly: all in one go
        canvas.fill_each(axis.x(first + at), y, column, [styles[one or 0, other or 0] for one, other in pairs], "▀")
        at += len(pairs)
    while at < end:
        x = axis.x(first + at)
        if not skip <= at < len(above):
            canvas.put(x + column // 2, y, "·", palette.faint)
            at += 1
            continue
        pair, start = (above[at], below[at]), at
        while at < min(end, len(above)) and (above[at], below[at]) == pair:  # equal neighbours in one go
            at += 1
        one, other = pair
        if one is None or other is None:
            canvas.fill(x, y, (at - start) * column, palette.warning, "!")
        elif palette.shaded:
            canvas.fill(x, y, (at - start) * column, tone.cell(one), palette.shade(one))
        else:
            canvas.fill(x, y, (at - start) * column, tone.half(one, other), "▀")


def draw_ruler(canvas: Canvas, y: int, axis: TimeAxis, palette: Palette, inputs: Sequence[str]) -> None:
    """Write the input characters under their columns."""
    canvas.put(1, y, "input x", palette.dim)
    for step, character in zip(axis.steps, inputs, strict=False):
        fits = cell_len(character) <= min(2, axis.column)
        text = character if fits else cut_cells(character, axis.column - 1)  # words have a free cell between them
        canvas.centre(axis.x(step), y, axis.column, text, palette.dim)


def put_scale(
    canvas: Canvas, x: int, y: int, tone: Tone, *, every: int = 4, ends: tuple[str, str] | None = None
) -> int:
    """Draw the colours from the lowest value to the highest, between both (`ends`, if given); return where it ends."""
    number = f"{tone.scale:g}"
    low, high = ends or ((f"−{number}", f"+{number}") if tone.kind == "signed" else ("0", number))
    x = canvas.put(x, y, f"{low} ", tone.palette.dim)
    for level in range(-LEVELS if tone.kind == "signed" else 0, LEVELS + 1, every):
        x = canvas.put(x, y, tone.palette.shade(level) if tone.palette.shaded else " ", tone.cell(level))
    return canvas.put(x, y, f" {high}", tone.palette.dim)


def mark_cursor(canvas: Canvas, axis: TimeAxis, cursor: int, rows: range, ruler: int, palette: Palette) -> None:
    """Mark the column of the time cursor: its place on the ruler, and if it is wide enough its edges in some rows."""
    x = axis.x(cursor)
    canvas.tint(x, ruler, axis.column, palette.cursor + palette.accent)
    if axis.column >= 4:
        edge = palette.accent + _THIN
        told = [y for y in rows if canvas.has_text(x, y, axis.column)]  # where cells are high, beside the numbers
        for y in told or rows:
            canvas.edge(x, y, "▏", edge)
            canvas.edge(x + axis.column - 1, y, "▕", edge)
