"""A unit's view of the text: each character on the colour of the unit's value just after it was read.

Below the text stand the colour scale, and which unit follows each property of the text best.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.value import Value
from rnn_tui.data.text_properties import PROPERTIES
from rnn_tui.draw.kit.bars import signed_bar
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import Tone, put_scale
from rnn_tui.draw.kit.numbers import compact, exact, nice_above
from rnn_tui.draw.kit.palette import LEVELS, Palette
from rnn_tui.draw.kit.text_fit import cut_cells, first_that_fits, note_lines, put_note
from rnn_tui.draw.kit.tiles import Tile, cursor_style, draw_tile, glyph_of, tile_at, tone_style
from rnn_tui.protocol.inspect.reading import Follower, ReadingFacts

__all__ = ["TextPage", "draw_reading", "lay_out_reading", "reading_scale"]

_HEAD = 1  # the row that says which unit it is
_LEGEND = 1
_TILES = (5, 3)  # cells a character of a text that fits one line; any other is running text
_COLUMN = 34  # cells of an entry of the table: at least
_HEADINGS = (
    "The unit whose state follows each property best; correlation r: 1 exactly, 0 not at all, −1 the opposite",
    "The unit that follows each property best; r: 1 exactly, 0 not at all, −1 the opposite",
    "The unit that follows each best; r: 1 exactly, 0 not at all",
    "The unit that follows each best, by r",
    "Best unit for each",
)
_LEAST = 3  # rows of text, before the table gives way
_SCALES = (1, 1.5, 2, 3, 4, 5, 7, 10)


class TextPage(Value, frozen=True, kw_only=True):
    """Where the characters stand."""

    tiles: tuple[Tile, ...]  # of each character from `first` on
    first: int  # the first character that is shown
    wide: bool  # whether tiles are wider than their characters
    bottom: int  # the first row below the text
    whole: bool  # whether all characters are shown
    columns: int  # of the table; 0: there is none
    words: bool = False  # whether each tile ends in a free cell

    def character_at(self, x: int, y: int) -> int | None:
        """Return which character of the text stands at a cell."""
        at = tile_at(self.tiles, x, y)
        return None if at is None else self.first + at


def lay_out_reading(
    facts: ReadingFacts,
    *,
    width: int,
    height: int,
    vocabulary: Sequence[str],
    glyphs: Sequence[str],
    at: int | None,
    words: bool = False,
) -> TextPage:
    """Wrap the text and break it at newlines; if it does not fit, take the page with the character `at`, or the first.

    A newline stands after the last character of its line, in the margin if need be. `words` have a free cell after
    them.
    """
    top = len(note_lines(facts.note, width, height, alone=not len(facts.inputs))) + _HEAD
    room = max(1, width - 2)
    inputs = facts.inputs.tolist()
    newline = _index_of("\n", vocabulary)
    sizes = [min(cell_len(glyph_of(glyphs, index)), room) + words for index in inputs]
    plain = newline not in inputs[:-1]
    tile = next((each for each in _TILES if plain and sizes and each > max(sizes) and each * len(sizes) <= room), 0)
    lines: list[list[int]] = [[1]]
    for index, size in zip(inputs, [tile or each for each in sizes], strict=True):
        if lines[-1][-1] + size > room + 1 + (index == newline) and len(lines[-1]) > 1:
            lines.append([1])
        lines[-1].append(lines[-1][-1] + size)
        if index == newline:
            lines.append([1])
    if len(lines) > 1 and len(lines[-1]) == 1:
        lines.pop()

    columns = min(max(1, room // _COLUMN), 4)
    table = math.ceil(len(facts.followers) / columns) + 1 if facts.followers else 0  # with a heading
    free = height - top - _LEGEND
    if not table or free - table < min(_LEAST, len(lines)):
        columns, table = 0, 0
    shown = max(1, free - table)
    starts = np.cumsum([0, *(len(line) - 1 for line in lines)])
    line = 0 if at is None else max(0, int(np.searchsorted(starts, at, side="right")) - 1)
    begin = max(0, min(line // shown * shown, len(lines) - shown))  # page by page: the text stands still in between
    page = lines[begin : begin + shown]
    return TextPage(
        tiles=tuple(Tile(x, y, end - x) for y, line in enumerate(page, top) for x, end in pairwise(line)),
        first=int(starts[begin]),
        wide=bool(tile),
        bottom=top + len(page),
        whole=len(lines) <= shown,
        columns=columns,
        words=words and not tile,
    )


def _index_of(name: str, vocabulary: Sequence[str]) -> int:
    return vocabulary.index(name) if name in vocabulary else -1


def reading_scale(facts: ReadingFacts) -> float:
    """Return the value of the strongest colour: 1, or the next round number above the largest value, for c and relu."""
    return nice_above(float(np.abs(facts.values[np.isfinite(facts.values)]).max(initial=1.0)), _SCALES)


def draw_reading(
    facts: ReadingFacts,
    *,
    width: int,
    height: int,
    palette: Palette,
    vocabulary: Sequence[str],
    glyphs: Sequence[str],
    cursor: int | None,
    at: int | None,
    words: bool = False,
) -> list[Strip]:
    """Draw the picture; `glyphs` are those of the vocabulary, `cursor` is marked, `at` chooses a page of the text."""
    canvas = Canvas(width, height)
    y = put_note(canvas, facts.note, palette, alone=not len(facts.inputs))
    if not len(facts.inputs):
        return canvas.strips()
    page = lay_out_reading(facts, width=width, height=height, vocabulary=vocabulary, glyphs=glyphs, at=at, words=words)
    tone = Tone(palette=palette, scale=reading_scale(facts))
    _draw_head(canvas, y, facts, page, palette)
    _draw_text(canvas, page, facts, tone, vocabulary, glyphs, cursor)
    y = page.bottom
    if page.columns:
        rows = math.ceil(len(facts.followers) / page.columns)
        if y + 3 + rows <= height:
            y += 1  # a free row, where there is one
        headed = y + 2 + rows <= height
        if headed:
            canvas.put(1, y + 1, first_that_fits(_HEADINGS, width - 2), palette.text)
        _draw_table(canvas, y + 1 + headed, page.columns, facts, palette)
    _draw_legend(canvas, y, facts, page, tone, "token" if words else "character")
    return canvas.strips()


def _draw_head(canvas: Canvas, y: int, facts: ReadingFacts, page: TextPage, palette: Palette) -> None:
    """Write which unit it is, why it has this rank, and which part of a long text is shown."""
    unit, letter = f"unit {facts.unit + 1}", "h" if facts.c is None else "c"
    of = f"coloured: {unit} of {facts.hidden_size:,}"
    where = f"{letter} of layer {facts.layer + 1}" + (", read from the right" if facts.direction else "")
    if facts.order == "variance":
        long, short = f"its variance is {compact(facts.score)}", f"variance {compact(facts.score)}"
    else:
        r, label = _correlation(facts.score), PROPERTIES[facts.order].label
        long, short = f"follows '{label}' with r = {r}", f"{label} {r}"
    part = ""
    if not page.whole:
        last = page.first + len(page.tiles)
        part = f"{page.first + 1:,}–{last:,} of {len(facts.inputs):,}"
    forms = [f"{of} · {where} · {long}", f"{unit} · {where} · {long}", f"{unit} · {letter} · {long}"]
    forms += [f"{unit} · {letter} · {short}", f"{unit} · {short}", unit]
    x = canvas.put(1, y, first_that_fits(forms[:3], canvas.width - 3 - len(part)) if part else "", palette.text)
    if x > 1:
        canvas.put(canvas.width - 1 - len(part), y, part, palette.accent)
    else:
        canvas.put(1, y, first_that_fits(forms, canvas.width - 1), palette.text)


def _correlation(value: float) -> str:
    return exact(value, 2)


def _draw_text(
    canvas: Canvas,
    page: TextPage,
    facts: ReadingFacts,
    tone: Tone,
    vocabulary: Sequence[str],
    glyphs: Sequence[str],
    cursor: int | None,
) -> None:
    """Draw the characters on their colours. A space is blank, as in a text; a newline is visible, but faint."""
    palette = tone.palette
    inputs, levels = facts.inputs.tolist(), tone.levels(facts.values.tolist())
    space, newline = _index_of(" ", vocabulary), _index_of("\n", vocabulary)
    faint = Style(color=palette.faint.color)
    for number, tile in enumerate(page.tiles, page.first):
        index, level = inputs[number], levels[number]
        text = glyph_of(glyphs, index)
        style = tone_style(tone, level, None if page.wide else LEVELS // 4)
        if index == newline and level is not None:
            style = style + faint
        if number == cursor:
            style = style + cursor_style(palette)
        elif index == space and not page.wide:
            text = " "
        if page.wide:
            draw_tile(canvas, tile, text, level, style, palette)
        else:
            canvas.put(tile.x, tile.y, cut_cells(text, tile.width - 1) if page.words else text, style)


def _draw_legend(canvas: Canvas, y: int, facts: ReadingFacts, page: TextPage, tone: Tone, unit: str) -> None:
    x = put_scale(canvas, 1, y, tone)
    letter = "h" if facts.c is None else "c"
    texts = [f"{letter} of the unit, when it has just read the {unit}", f"{letter} after the {unit}", letter]
    if tone.palette.monochrome and not page.wide:
        texts = ["reversed: above 1/4 of it · underlined: below −1/4", *texts]
    canvas.put(x + 3, y, first_that_fits(texts, canvas.width - x - 4), tone.palette.dim)


# ---- the table --------------------------------------------------------------------------------------------------


def _draw_table(canvas: Canvas, top: int, columns: int, facts: ReadingFacts, palette: Palette) -> None:
    """Draw a row for each property: the unit that follows it best, its r, and the r of the unit shown."""
    rows = math.ceil(len(facts.followers) / columns)
    wide = (canvas.width - 2) // columns
    label = max(len(PROPERTIES[each.property].label) for each in facts.followers)
    digits = len(str(facts.hidden_size))
    for place, each in enumerate(facts.followers):
        x, y = 1 + place // rows * wide, top + place % rows
        _draw_entry(canvas, x, y, wide - 2, each, facts, label, digits, palette)


def _draw_entry(
    canvas: Canvas,
    x: int,
    y: int,
    room: int,
    follower: Follower,
    facts: ReadingFacts,
    label: int,
    digits: int,
    palette: Palette,
) -> None:
    """Draw one property, marked if the units are in its order."""
    end = x + room
    chosen = follower.property == facts.order
    style = palette.accent if chosen else palette.dim
    x = canvas.put(x, y, f"{'▸' if chosen else ' '}{PROPERTIES[follower.property].label:<{label}} ", style)
    if follower.unit < 0:
        reason = ["same everywhere", "constant"] if not follower.varies else ["no unit follows", "none"]
        canvas.put(x, y, first_that_fits([*reason, "–"], end - x), palette.faint)
        return
    is_coloured = follower.unit == facts.unit
    own = f"unit {facts.unit + 1}: {_correlation(follower.own)}" if not is_coloured else "is coloured"
    score = f"{_correlation(follower.score):>5}"
    forms = [f"unit {follower.unit + 1:>{digits}} {score}", f"{follower.unit + 1:>{digits}} {score}"]
    x = canvas.put(x, y, first_that_fits(forms, end - x), palette.accent if chosen or is_coloured else palette.text) + 1
    room = min(8, end - x)
    if room >= 4 and math.isfinite(follower.score):
        level = LEVELS * 7 // 10 if follower.score > 0 else -LEVELS * 7 // 10
        canvas.put(x, y, signed_bar(max(-1.0, min(1.0, follower.score)), room), Tone(palette=palette).ink(level))
    canvas.put(x + room + 1, y, first_that_fits([own], end - x - room - 1), palette.dim)
