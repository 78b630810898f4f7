"""What mattered for one output: the text of the row, each character in the colour of its gradient × input.

Characters stand as tiles, as wide as the whole row allows: with their numbers below them, or as plain running text.
Below them stand those that mattered most, with exact values.
"""

import math
from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.value import Value
from rnn_tui.common.wording import quoted, step_name
from rnn_tui.draw.kit.bars import signed_bar
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import Tone, put_scale
from rnn_tui.draw.kit.numbers import compact, exact, signed
from rnn_tui.draw.kit.palette import LEVELS, Palette
from rnn_tui.draw.kit.text_fit import first_that_fits, note_lines, put_note
from rnn_tui.draw.kit.tiles import Tile, cursor_style, draw_tile, glyph_of, tile_at, tone_style
from rnn_tui.protocol.inspect.saliency import SaliencyFacts

__all__ = ["SaliencyPage", "draw_saliency", "lay_out_saliency", "saliency_step_at"]

_TILES = ((9, 2), (7, 2), (3, 1), (2, 1), (1, 1))  # cells a character, rows a line; two have room for a number
_HEAD = 1  # the row that says which output it is
_LEGEND = 1
_MOST, _FEWEST = 12, 3  # rows of the list
_LIST = 1 / 3  # of the rows, at most, before the text gives way
_WIDE = 44  # cells of a column of the list


class SaliencyPage(Value, frozen=True, kw_only=True):
    """Where the characters stand."""

    top: int
    first: int  # the first step that is shown
    tiles: tuple[Tile, ...]  # of each step from there on
    mark: tuple[int, int]  # where the output stands
    bottom: int  # the first row below the text
    rows: int  # of the list

    @property
    def is_plain(self) -> bool:
        """Whether the characters stand as running text, a cell each."""
        return self.tiles[0].width == 1

    def step_at(self, x: int, y: int) -> int | None:
        """Return the time step at a cell."""
        at = tile_at(self.tiles, x, y)
        return None if at is None else self.first + at


def lay_out_saliency(facts: SaliencyFacts, *, width: int, height: int, glyphs: Sequence[str]) -> SaliencyPage:
    """Choose the largest tiles with which the whole row fits; if none do, the part around the output's step."""
    top = len(note_lines(facts.note, width, height, alone=not len(facts.inputs))) + _HEAD
    room = max(1, height - top - _LEGEND)
    wanted = min(_MOST, int((facts.values != 0).sum()))
    list_rows = min(wanted, int(height * _LIST)) if room >= 6 else 0
    across = max(1, width - 2)
    size = max((cell_len(glyph) for glyph in glyphs), default=1)
    sizes = [(tile, tall) for tile, tall in _TILES if tile - (tall > 1) >= size] or [(size + 1, 1)]
    mark = 2 + _output_size(facts, glyphs)
    choices = [(rows, *tile) for rows in (list_rows, min(list_rows, _FEWEST)) for tile in sizes]
    for rows, tile, tall in [*choices, (list_rows, *sizes[-1])]:  # where nothing holds it all, a part of it
        per_line, lines = max(1, across // tile), max(1, room - (rows + 2 if rows else 0))
        if len(facts.inputs) + math.ceil(mark / tile) + 1 <= per_line * (lines // tall):
            break
    lines = max(1, lines // tall)
    most = max(1, per_line * lines - math.ceil(mark / tile) - 1)
    first = max(0, min(facts.step - most * 2 // 3, len(facts.inputs) - most))
    x, y, tiles, at = 1, top, [], (-1, -1)
    for step in range(first, min(len(facts.inputs), first + most)):
        if x + tile > across + 1:
            x, y = 1, y + tall
        tiles.append(Tile(x, y, tile, tall))
        x += tile
        if step == facts.step:
            if x + mark > across + 1 and across >= mark:
                x, y = 1, y + tall
            at = (x, y)
            x += mark + (tile > 1)
    bottom = y + tall
    free = height - _LEGEND - bottom - 2
    return SaliencyPage(
        top=top,
        first=first,
        tiles=tuple(tiles),
        mark=at,
        bottom=bottom,
        rows=max(0, min(wanted, free)),
    )


def _output(facts: SaliencyFacts, glyphs: Sequence[str]) -> str:
    return "h" if facts.output == "state" else glyph_of(glyphs, facts.character)


def _output_size(facts: SaliencyFacts, glyphs: Sequence[str]) -> int:
    return cell_len(_output(facts, glyphs)) + 1


def saliency_step_at(
    facts: SaliencyFacts, x: int, y: int, *, width: int, height: int, glyphs: Sequence[str]
) -> int | None:
    """Return the time step of the character at a cell."""
    return lay_out_saliency(facts, width=width, height=height, glyphs=glyphs).step_at(x, y)


def draw_saliency(
    facts: SaliencyFacts, *, width: int, height: int, palette: Palette, glyphs: Sequence[str], cursor: int | None
) -> list[Strip]:
    """Draw the picture; `glyphs` are those of the vocabulary."""
    canvas = Canvas(width, height)
    y = put_note(canvas, facts.note, palette, alone=not len(facts.inputs))
    if not len(facts.inputs):
        return canvas.strips()
    page = lay_out_saliency(facts, width=width, height=height, glyphs=glyphs)
    largest = float(np.abs(facts.values[np.isfinite(facts.values)]).max(initial=0.0))
    tone = Tone(palette=palette, scale=largest or 1.0)
    _draw_head(canvas, y, facts, page, palette, glyphs)
    _draw_text(canvas, page, facts, tone, glyphs, cursor)
    if page.rows:
        _draw_list(canvas, page, facts, tone, glyphs, cursor)
    if page.bottom < height and len(facts.values):
        y = min(height - 1, page.bottom + (page.rows + 2 if page.rows else 0))
        _draw_legend(canvas, y, page, tone, largest, "‖∂h/∂x · x‖" if facts.output == "state" else "gradient × input")
    return canvas.strips()


def _draw_head(
    canvas: Canvas, y: int, facts: SaliencyFacts, page: SaliencyPage, palette: Palette, glyphs: Sequence[str]
) -> None:
    """Write which logit it is, and which part of a long row is shown."""
    output = glyph_of(glyphs, facts.character)
    kind = "predicted" if facts.output == "predicted" else "the target"
    logit, at = f"logit of {quoted(output)}" if facts.numbers is None else f"number {output}", step_name(facts.step)
    forms = [f"what moved the {logit} ({kind}) at {at}", f"{logit} ({kind}) at {at}", f"{logit} at {at}", at]
    if facts.output == "state":
        forms = [f"how much of each input h still holds at {at}", f"what h still holds at {at}", f"h at {at}", at]
    x = canvas.put(1, y, first_that_fits(forms, canvas.width - 1), palette.text)
    length = len(facts.inputs)
    if len(page.tiles) < length:
        first, last = page.first + 1, page.first + len(page.tiles)
        forms = [f"shown: steps {first:,} to {last:,} of {length:,}", f"{first:,}–{last:,} of {length:,}", "…"]
        canvas.put(x + 3, y, first_that_fits(forms, canvas.width - x - 3), palette.accent)


def _draw_text(
    canvas: Canvas, page: SaliencyPage, facts: SaliencyFacts, tone: Tone, glyphs: Sequence[str], cursor: int | None
) -> None:
    """Draw the characters as tiles, with a mark after the step whose output it is."""
    palette = tone.palette
    values = facts.values[page.first : page.first + len(page.tiles)].tolist()
    levels = tone.levels(values)
    for at, tile in enumerate(page.tiles):
        text = glyph_of(glyphs, int(facts.inputs[page.first + at]))
        over = cursor_style(palette) if page.first + at == cursor else Style()
        if at >= len(values):  # not read yet
            canvas.centre(tile.x, tile.y, tile.width, text, palette.faint + over)
        elif page.is_plain:
            canvas.put(tile.x, tile.y, text, tone_style(tone, levels[at], LEVELS // 2) + over)
        else:
            level, style = levels[at], tone_style(tone, levels[at])
            roomy = tile.height > 1  # room for the number, and a free cell between it and the next
            tile = tile._replace(width=tile.width - roomy)
            draw_tile(canvas, tile, text, level, style, palette, over)
            if roomy:
                canvas.centre(tile.x, tile.y + 1, tile.width, signed(values[at], tile.width), style)
    if page.mark[0] >= 0:
        canvas.put(*page.mark, "→ " + _output(facts, glyphs), palette.accent)


def _draw_list(
    canvas: Canvas, page: SaliencyPage, facts: SaliencyFacts, tone: Tone, glyphs: Sequence[str], cursor: int | None
) -> None:
    """Draw the characters that mattered most, with exact values, in as many columns as there is room for."""
    palette, y = tone.palette, page.bottom + 1
    columns = max(1, (canvas.width - 2) // _WIDE)
    wide = (canvas.width - 2) // columns
    sizes = np.where(np.isfinite(facts.values), np.abs(facts.values), np.inf)  # what is no number comes first
    best = np.argsort(-sizes, kind="stable")[: min(page.rows * columns, int((sizes > 0).sum()))].tolist()
    digits = len(step_name(max(best, default=0)))
    widest = max((cell_len(glyph_of(glyphs, int(facts.inputs[step]))) for step in best), default=2)
    widest = max(2, widest)  # the numbers stand below one another
    for place, step in enumerate(best):
        value = float(facts.values[step])
        x = 1 + place // page.rows * wide
        end = x + wide - 2
        row = y + place % page.rows
        style = palette.accent if step == cursor else palette.dim
        x = canvas.put(x, row, f"{step_name(step):<{digits}} ", style)
        glyph = glyph_of(glyphs, int(facts.inputs[step]))
        x = max(x + widest + 1, canvas.put(x, row, glyph, palette.text + Style(bold=True)) + 1)
        number = exact(value, 5) if abs(value) >= 1e-3 else compact(value)
        sign = "+" if value > 0 else ""
        x = canvas.put(x, row, f"{sign + number:>10} ", palette.text if math.isfinite(value) else palette.warning)
        room = end - x
        if room > 0 and math.isfinite(value):
            canvas.put(x, row, signed_bar(value / tone.scale, room), tone.ink(14 if value > 0 else -14))


def _draw_legend(canvas: Canvas, y: int, page: SaliencyPage, tone: Tone, largest: float, measure: str) -> None:
    palette = tone.palette
    if not largest:
        texts = ["every finite value is 0: nothing mattered", "all are 0", "0"]
        canvas.put(1, y, first_that_fits(texts, canvas.width - 1), palette.dim)
        return
    ends = (f"−{compact(largest, 3)}", f"+{compact(largest, 3)}")
    x = put_scale(canvas, 1, y, tone, ends=ends) + 3
    texts = [measure]
    if palette.monochrome and page.is_plain:
        texts.insert(0, "reversed: above half · underlined: below minus half")
    canvas.put(x, y, first_that_fits(texts, canvas.width - x), palette.dim)
