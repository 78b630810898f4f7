"""The map: one network a cell, with a colour for how it has done."""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.common.value import Value
from rnn_tui.draw.field.found import found_lines, found_words
from rnn_tui.draw.field.map_layout import MapLayout, sampled
from rnn_tui.draw.field.map_legend import DIVERGED_SIGN, ENDED, GOING, draw_scale, marks_ended
from rnn_tui.draw.field.map_scale import MEASURES, MapScale, scale_of
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut_cells, first_that_fits
from rnn_tui.protocol.field import DIVERGED, DONE, FieldFacts, FieldPicture, Measure

__all__ = ["MapCells", "cells_of", "draw_map", "member_words", "room_of", "rows_wanted"]

_WIDEST, _TALLEST = 7, 3  # cells of the screen that a member takes at most, beside other pictures
_WIDEST_ALONE, _TALLEST_ALONE = 20, 9  # the same where the map fills the screen
_USUAL_LABELS = 8  # cells that labels of rows take, with those beside the map
_LABELS = 14  # cells that the labels of rows take at most
_BELOW = 3  # rows below the map: the labels of columns, the scale, the member at the cursor
_NUMBERED = 4  # cells from which a member's value is written into it


class MapCells(Value, frozen=True, kw_only=True):
    """Which members are shown, and where: of each row and column on the screen its place in the layout."""

    layout: MapLayout
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    left: int  # the first cell of the first column
    wide: int  # cells of a column
    tall: int  # cells of a row

    def member_at(self, x: int, y: int) -> int | None:
        """Return the member at a cell of the picture; None: there is none."""
        row, column = y // self.tall, (x - self.left) // self.wide
        if x < self.left or y < 0 or row >= len(self.rows) or column >= len(self.columns):
            return None
        member = self.layout.members[self.rows[row]][self.columns[column]]
        return member if member >= 0 else None

    @property
    def is_whole(self) -> bool:
        """Whether all members are shown."""
        return len(self.rows) == self.layout.rows and len(self.columns) == self.layout.columns

    @property
    def shown(self) -> int:
        """How many places there are for members."""
        return len(self.rows) * len(self.columns)

    @property
    def bottom(self) -> int:
        """The first row below the members."""
        return len(self.rows) * self.tall


def room_of(width: int, height: int) -> tuple[int, int]:
    """Return the rows and columns for members in a picture, if their labels are not longer than usual."""
    return max(1, height - _BELOW), max(1, width - _USUAL_LABELS)


def rows_wanted(layout: MapLayout, width: int) -> list[int]:
    """Return the rows that a map can use in so many cells, from the most to the fewest that show all members."""
    wide = min(_WIDEST, max(1, (width - 2 - _label_width(layout)) // layout.columns))
    tallest = min(_TALLEST, (wide + 1) // 2)
    return [layout.rows * tall + _BELOW for tall in range(tallest, 0, -1)]


def cells_of(
    layout: MapLayout, cursor: int, width: int, height: int, *, alone: bool = False, found: Sequence[str] = ()
) -> MapCells:
    """Fit the members into a picture: as large as they can be, or a sample of them with the cursor's neighbours.

    `alone`: the map fills the screen, so that its cells may be larger, and what was `found` stands below them.
    """
    height -= len(found_lines(found, width, height)) if alone else 0
    labels = min(_label_width(layout), max(width // 4, width - layout.columns - 2), _LABELS)
    left = labels + 2 if labels else 1
    room, rows = max(1, width - left - 1), max(1, height - _BELOW)
    row, column = layout.place(cursor)
    shown_rows, shown_columns = sampled(layout.rows, rows, row), sampled(layout.columns, room, column)
    widest, tallest = (_WIDEST_ALONE, _TALLEST_ALONE) if alone else (_WIDEST, _TALLEST)
    wide = min(widest, max(1, room // len(shown_columns)))
    tall = min(tallest, max(1, rows // len(shown_rows)), max(1, (wide + 1) // 2))
    return MapCells(
        layout=layout,
        rows=tuple(shown_rows),
        columns=tuple(shown_columns),
        left=left,
        wide=wide,
        tall=tall,
    )


def draw_map(
    facts: FieldFacts,
    picture: FieldPicture,
    layout: MapLayout,
    *,
    measure: Measure,
    cursor: int,
    width: int,
    height: int,
    palette: Palette,
    alone: bool = False,
) -> list[Strip]:
    """Draw the map as `height` strips of `width` cells: members, the labels of columns, the scale, and words.

    `alone`: it fills the screen, and says what has been found.
    """
    canvas = Canvas(width, height)
    if width < 1 or height < 1:
        return canvas.strips()
    found = found_words(picture)
    cells = cells_of(layout, cursor, width, height, alone=alone, found=found)
    scale = scale_of(measure, picture.measured, picture.newest)
    _draw_members(canvas, picture, cells, scale, palette)
    _draw_row_labels(canvas, cells, cursor, palette)
    _draw_cursor(canvas, cells, cursor, palette)
    y = cells.bottom
    _draw_column_labels(canvas, y, cells, cursor, palette)
    words = member_words(facts, picture, measure, cursor)
    spare = height - y - 1
    if spare >= 2:
        draw_scale(canvas, y + 1, scale, facts, picture, palette, sample=None if cells.is_whole else cells.shown)
    if spare >= 1:
        canvas.put(1, y + min(spare, 2), first_that_fits([*words, ""], width - 2), palette.text)
    for at, line in enumerate(found_lines(found, width, height) if alone else (), y + _BELOW):
        canvas.put(1, at, line, palette.accent)
    return canvas.strips()


def member_words(facts: FieldFacts, picture: FieldPicture, measure: Measure, member: int) -> tuple[str, ...]:
    """Return which member it is and how it has done, in ever fewer words."""
    name = safe(facts.comparison.words(member))
    state = picture.states[member] if member < len(picture.states) else None
    known = picture.measured is not None and member < len(picture.measured)
    value = float(picture.measured[member]) if known and picture.measured is not None else float("nan")
    told = _told(measure, value, state, facts.unit)
    brief = told.partition(" · ")[0]
    return (f"{name}: {told}", f"{name}: {brief}", told, name)


def _told(measure: Measure, value: float, state: int | None, unit: str) -> str:
    is_known, written = not math.isnan(value), compact(value, 3)
    if measure == "learnt":
        if is_known:
            return f"learnt at {unit} {value:,.0f}" + (", then diverged" if state == DIVERGED else "")
        return {DONE: "ended without having learnt it", DIVERGED: "diverged"}.get(state or 0, "not learnt yet")
    ends = {DONE: "it has ended", DIVERGED: "it has diverged"}.get(state or 0, "")
    if not is_known:
        return ends or "not known yet"
    return f"{MEASURES[measure]} {written}" + (f" · {ends}" if ends else "")


def _draw_members(canvas: Canvas, picture: FieldPicture, cells: MapCells, scale: MapScale, palette: Palette) -> None:
    measured = picture.measured
    levels: list[int | None] = [] if measured is None else scale.levels(measured)
    values = [] if measured is None else measured.tolist()
    nothing = palette.share_cell(0)
    wide, tall = cells.wide, cells.tall
    marks = marks_ended(picture, scale.measure)
    cache: dict[tuple[int | None, str, str], _Cell] = {}  # equal members are drawn in one go

    def cell(member: int) -> _Cell:
        level = levels[member] if member < len(levels) else None
        sign = _sign(picture.states[member] if member < len(picture.states) else 0, level, marks_ended=marks)
        number = scale.write(values[member]) if level is not None and wide >= _NUMBERED else ""
        key = (level, sign, number)
        found = cache.get(key)
        if found is None:
            text = number if cell_len(number) < wide else ""
            text = f"{text}{sign}" if text and sign and cell_len(text) + 1 < wide else text or sign
            rest = wide - cell_len(text)
            style, shade = _look(level, sign, scale, palette, nothing)
            middle = shade * (rest // 2) + text + shade * (rest - rest // 2)
            found = cache[key] = _Cell(style, shade * wide, middle)
        return found

    for at, row in enumerate(cells.rows):
        line = cells.layout.members[row]
        x = cells.left
        drawn = [cell(line[column]) for column in cells.columns if line[column] >= 0]
        for _, group in groupby(drawn, key=id):
            same = list(group)
            for inner in range(tall):
                text = same[0].middle if inner == (tall - 1) // 2 else same[0].fill
                canvas.put(x, at * tall + inner, len(same) * text, same[0].style)
            x += len(same) * wide


class _Cell(NamedTuple):
    """The cells of a member."""

    style: Style
    fill: str  # of a row
    middle: str  # of the row with its value or mark


def _look(level: int | None, sign: str, scale: MapScale, palette: Palette, nothing: Style) -> tuple[Style, str]:
    """Return the style of a cell and the character that fills it."""
    if sign == DIVERGED_SIGN:
        return palette.warning, " "
    if level is None:
        return (nothing if palette.monochrome else nothing + Style(color=palette.dim.color)), " "
    tone = palette.back_cell if scale.measure == "norm" else palette.share_cell
    return tone(level), palette.shade(level) if palette.shaded else " "


def _sign(state: int, level: int | None, *, marks_ended: bool) -> str:
    """Return the mark of a member, which tells its state without colours."""
    if state == DIVERGED:
        return DIVERGED_SIGN
    if state == DONE:
        return ENDED if level is None or marks_ended else ""
    return GOING if level is None else ""


def _label_width(layout: MapLayout) -> int:
    return max(sum(cell_len(each) + 1 for each in label) - 1 for label in layout.row_labels)


def _draw_row_labels(canvas: Canvas, cells: MapCells, cursor: int, palette: Palette) -> None:
    """Write the values of each row: the outer ones only where they change."""
    chosen, _ = cells.layout.place(cursor)
    room = cells.left - 2
    before: tuple[str, ...] = ()
    for at, row in enumerate(cells.rows):
        labels = cells.layout.row_labels[row]
        outer = labels[:-1]
        text = " ".join(labels) if outer != before or row == chosen else labels[-1]
        before = outer
        y = at * cells.tall + (cells.tall - 1) // 2
        text = cut_cells(text, room)
        style = palette.accent if row == chosen else palette.dim
        canvas.put(cells.left - 1 - cell_len(text), y, text, style)


def _draw_cursor(canvas: Canvas, cells: MapCells, cursor: int, palette: Palette) -> None:
    """Put a frame around the member at the cursor: in its own cells, or in those beside it."""
    row, column = cells.layout.place(cursor)
    x = cells.left + cells.columns.index(column) * cells.wide
    y = cells.rows.index(row) * cells.tall
    style = palette.accent + Style(reverse=True)
    left, right = (x, x + cells.wide - 1) if cells.wide >= 3 else (x - 1, x + cells.wide)
    for inner in range(cells.tall):
        canvas.put(left, y + inner, "[", style)
        canvas.put(right, y + inner, "]", style)


def _draw_column_labels(canvas: Canvas, y: int, cells: MapCells, cursor: int, palette: Palette) -> None:
    """Write the values of columns below them, as many as have room, the one at the cursor first, and their name."""
    name, labels = cells.layout.column_name, cells.layout.column_labels
    _, chosen = cells.layout.place(cursor)
    if not name:
        many = cells.layout.rows > 1
        canvas.put(1, y, f"{cells.layout.row_name}, row after row" if many else cells.layout.row_name, palette.dim)
        return
    end = cells.left + len(cells.columns) * cells.wide
    taken: list[tuple[int, int]] = []
    order = [chosen, cells.columns[0], cells.columns[-1], *cells.columns]
    for column in order:
        text = labels[column]
        size = cell_len(text)
        x = cells.left + cells.columns.index(column) * cells.wide + (cells.wide - size) // 2
        x = min(max(x, 0), canvas.width - size)
        if all(x + size + 1 <= begin or x >= stop + 1 for begin, stop in taken):
            canvas.put(x, y, text, palette.accent if column == chosen else palette.dim)
            taken.append((x, x + size))
    stop = max(end, *(stop for _, stop in taken)) + 1
    if stop + cell_len(name) + 2 <= canvas.width:
        canvas.put(stop + 1, y, name, palette.dim)
