"""A unit's view of the text: each character on the colour of the unit's value just after it was read.

Below the text stand the colour scale, and which unit follows each property of the text best.
"""

import math
from collections.abc import Sequence

import numpy as np
from textual.strip import Strip

from rnn_tui.common.value import Value
from rnn_tui.data.text_properties import PROPERTIES
from rnn_tui.draw.kit.bars import signed_bar
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import Tone, put_scale
from rnn_tui.draw.kit.numbers import compact, exact, nice_above
from rnn_tui.draw.kit.palette import LEVELS, Palette
from rnn_tui.draw.kit.text_fit import first_that_fits, note_lines, put_note
from rnn_tui.draw.text_page import TextPage, draw_page, lay_out_page, wrapped
from rnn_tui.protocol.inspect.reading import Follower, ReadingFacts

__all__ = ["ReadingPage", "draw_reading", "lay_out_reading", "reading_scale"]

_HEAD = 1  # the row that says which unit it is
_LEGEND = 1
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


class ReadingPage(Value, frozen=True, kw_only=True):
    """Where the characters stand, and the table below them."""

    page: TextPage
    columns: int  # of the table; 0: there is none


def lay_out_reading(
    facts: ReadingFacts,
    *,
    width: int,
    height: int,
    vocabulary: Sequence[str],
    glyphs: Sequence[str],
    at: int | None,
    words: bool = False,
) -> ReadingPage:
    """Wrap the text; if it does not fit, take the page with the character `at`, or the first."""
    top = len(note_lines(facts.note, width, height, alone=not len(facts.inputs))) + _HEAD
    text = wrapped(facts.inputs.tolist(), width=width, vocabulary=vocabulary, glyphs=glyphs, words=words)
    columns = min(max(1, max(1, width - 2) // _COLUMN), 4)
    table = math.ceil(len(facts.followers) / columns) + 1 if facts.followers else 0  # with a heading
    free = height - top - _LEGEND
    if not table or free - table < min(_LEAST, len(text.lines)):
        columns, table = 0, 0
    page = lay_out_page(text, top=top, rows=max(1, free - table), at=at, words=words)
    return ReadingPage(page=page, columns=columns)


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
    laid = lay_out_reading(facts, width=width, height=height, vocabulary=vocabulary, glyphs=glyphs, at=at, words=words)
    page = laid.page
    tone = Tone(palette=palette, scale=reading_scale(facts))
    _draw_head(canvas, y, facts, page, palette)
    draw_page(canvas, page, facts.inputs.tolist(), facts.values.tolist(), tone, vocabulary, glyphs, cursor)
    y = page.bottom
    if laid.columns:
        rows = math.ceil(len(facts.followers) / laid.columns)
        if y + 3 + rows <= height:
            y += 1  # a free row, where there is one
        headed = y + 2 + rows <= height
        if headed:
            canvas.put(1, y + 1, first_that_fits(_HEADINGS, width - 2), palette.text)
        _draw_table(canvas, y + 1 + headed, laid.columns, facts, palette)
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
