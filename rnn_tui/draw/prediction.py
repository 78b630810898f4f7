"""What the network predicts now: the text below its target, the likeliest characters, and what came before."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.value import Value
from rnn_tui.common.wording import quoted, step_name
from rnn_tui.draw.kit.bars import bar
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact, exact, probability
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut_cells, first_that_fits
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.arrays import Floats

__all__ = ["GUTTER", "Prediction", "Seen", "draw_prediction"]

GUTTER = 8
_NARROW = 4  # cells below which a column has no room for bars
_MOST_RANKS = 8
_SEEN = ("answers so far, newest first", "answers so far", "answers")  # the heading of those that came before
_MOST_SEEN = 64  # predictions that come with a frame: there may be more
_BAR = 12  # cells of a probability and its bar, to the right of a word
_LONGEST = 40  # cells of a prediction among those that came before
_SHORTEST = 6  # cells of it, before the word "epoch" gives way


class Seen(NamedTuple):
    """A distinct prediction and the epoch in which it first appeared."""

    text: str  # printable
    epoch: int
    right: bool
    wrong: int | None = None  # the index of its first wrong character


class Prediction(Value, frozen=True, kw_only=True):
    """Characters are glyphs; `n` steps in the window, of which the first `f` have been fed."""

    inputs: Sequence[str]  # n
    targets: Sequence[str]  # n; empty at a step without a target
    top: Sequence[Sequence[str]]  # f lists of the likeliest, best first
    top_p: Floats  # (f, k)
    target_p: Sequence[float]  # f
    losses: Sequence[float]  # f
    right: int  # of the whole row, as far as it is scored
    fed: int  # of the whole row: the scored characters whose steps have been fed
    length: int  # of the whole row: the scored characters
    seen: Sequence[Seen] | None  # distinct predictions, newest first
    now: str  # the whole prediction, as in `seen`, or empty while a pass is under way
    ticks: Sequence[int] = ()  # of each in `seen`, where it first came up; 0: not known
    reading: range = range(0)  # time steps that slow motion has begun to compute
    first_scored: int = 0  # the time step from which on characters are scored
    row: int = 0  # of the batch, the one that is shown
    rows: int = 1
    right_rows: int | None = None  # rows in which all that is scored is right; None: not known
    smoothed: bool = False  # the loss that is learnt from is not −log p alone
    words: bool = False  # they are words rather than characters, and are cut where there is no room
    hits: Sequence[Sequence[bool]] | None = None  # (f, k) which of the likeliest are right; None: those that look so

    def is_hit(self, at: int, rank: int = 0) -> bool:
        """Return whether one of the likeliest of a step is its target."""
        return self.top[at][rank] == self.targets[at] if self.hits is None else self.hits[at][rank]


def draw_prediction(
    say: Prediction, *, width: int, height: int, axis: TimeAxis, palette: Palette, cursor: int | None
) -> list[Strip]:
    """Draw the picture, as `height` strips of `width` cells."""
    canvas = Canvas(width, height)
    _draw_texts(canvas, say, axis, palette, cursor)
    y = 5 if height >= 13 else 4
    at = None if cursor is None or cursor not in axis.steps else cursor - axis.first
    ranks = max((len(row) for row in say.top), default=0)
    is_wide = axis.column >= _NARROW and not say.words  # bars below each step; words need a line each
    ranks = min(ranks, _MOST_RANKS, max(0, height - y - 4)) if is_wide else 0
    for rank in range(ranks):
        canvas.put(1, y, "likely" if rank == 0 else "", palette.dim)
        for index, step in enumerate(axis.steps):
            if index < len(say.top) and rank < len(say.top[index]) and say.targets[index]:
                _draw_bar(
                    canvas,
                    axis.x(step),
                    y,
                    axis.column - 1,
                    say.top[index][rank],
                    float(say.top_p[index, rank]),
                    right=say.is_hit(index, rank),
                    palette=palette,
                )
        y += 1
    if at is not None and not is_wide and at < len(say.top) and say.targets[at]:
        y = _draw_step_bars(canvas, y, min(_MOST_RANKS, height - y - 4), say, at, palette)
    if height > y + 1 and at is not None:
        y = _draw_cursor_line(canvas, y + (1 if height > y + 4 else 0), say, at, cursor or 0, palette)
    if height > y + 2 and say.seen is not None:
        _draw_seen(canvas, y + 1, say.seen, say.ticks, say.now, palette)
    return canvas.strips()


def _draw_texts(canvas: Canvas, say: Prediction, axis: TimeAxis, palette: Palette, cursor: int | None) -> None:
    for y, name in enumerate(("input", "target", "now")):
        canvas.put(1, y, name, palette.dim)
    for y in range(3):  # the row goes on beyond what is shown
        canvas.put(axis.gutter - 1, y, "…" if axis.first else "", palette.dim)
        canvas.put(axis.right, y, "…" if axis.first + axis.count < axis.length else "", palette.dim)
    for index, step in enumerate(axis.steps):
        x, column = axis.x(step), axis.column
        over = palette.cursor if step == cursor else Style()
        for y in range(3):
            canvas.tint(x, y, column - 1 if column > 3 else column, over)
        canvas.put(x, 0, _fitted(say, say.inputs[index], column), palette.dim + over)
        is_scored = step >= say.first_scored
        canvas.put(
            x, 1, _fitted(say, say.targets[index], column), (palette.text if is_scored else palette.faint) + over
        )
        if not say.targets[index]:
            continue
        if index >= len(say.top):
            canvas.put(x, 2, "·", palette.faint + over)
            continue
        output = say.top[index][0]
        if not math.isfinite(say.top_p[index, 0]):  # NaN has no order, so there is no likeliest
            canvas.put(x, 2, "NaN" if column >= 4 else "–", palette.warning)
            continue
        right = say.is_hit(index)
        output = _fitted(say, output, column - is_scored)
        if not is_scored:
            canvas.put(x, 2, output, palette.dim + over)
            continue
        style = palette.right if right else palette.wrong
        if column >= 3:
            canvas.put(x, 2, output + ("✓" if right else "✗"), style + over)
        else:  # no room for a mark: what is wrong stands in reverse
            canvas.put(x, 2, output, (style if right else style + Style(reverse=True)) + over)
    text = first_that_fits(_scores(say), canvas.width - axis.gutter)
    canvas.put(axis.gutter, 3, text, palette.right if _is_right(say) else palette.dim)


def _fitted(say: Prediction, text: str, column: int) -> str:
    """Cut a word to a column, with a free cell after it; characters always fit."""
    return cut_cells(text, max(1, column - 1)) if say.words else text


def _is_right(say: Prediction) -> bool:
    """Return whether everything that is scored is right, in all rows."""
    return say.right == say.length if say.rows == 1 else say.right_rows == say.rows


def _scores(say: Prediction) -> list[str]:
    """Return how much is right, in ever fewer words: in the row that is shown, and how many of all rows."""
    so_far = "" if say.fed == say.length else " so far"
    score = f"{say.right} of {say.fed if so_far else say.length}"
    if say.rows == 1:
        return [f"{score} right{so_far}", f"{score} right", score]
    row = f"row {say.row + 1}: {score}"
    if say.right_rows is None:
        return [f"row {say.row + 1} of {say.rows}: {score} right{so_far}", f"{row} right{so_far}", f"{row} right", row]
    rows = f"{say.right_rows} of {say.rows} rows right"
    return [f"{rows} · {row} right", f"{rows} · {row}", rows, f"{say.right_rows} of {say.rows} rows"]


def _draw_bar(
    canvas: Canvas, x: int, y: int, width: int, character: str, p: float, *, right: bool, palette: Palette
) -> None:
    """Draw a character and its probability as a bar, and the number where there is room.

    The right one is green and underlined.
    """
    if not math.isfinite(p):
        canvas.put(x, y, "NaN" if width >= 3 else "!", palette.warning)
        return
    end = canvas.put(x, y, character, palette.right + Style(underline=True) if right else palette.dim)
    room = x + width - end
    if room >= 7:
        end = canvas.put(end, y, f" {probability(p, 3):<3} ", palette.dim)
        room = x + width - end
    canvas.put(end, y, bar(p, room), palette.share(p) if right else palette.dim)


def _draw_step_bars(canvas: Canvas, y: int, ranks: int, say: Prediction, at: int, palette: Palette) -> int:
    """Draw the likeliest characters of the step under the cursor, where columns are too narrow for those of each."""
    room = canvas.width - GUTTER - 1
    shown = range(min(ranks, len(say.top[at])))
    widest = min(max((cell_len(say.top[at][rank]) for rank in shown), default=0), max(1, room - _BAR))
    for rank in shown:
        character, p = say.top[at][rank], float(say.top_p[at, rank])
        if say.words:  # the numbers below one another
            character = set_cell_size(cut_cells(character, widest), widest)
        canvas.put(1, y, "likely" if rank == 0 else "", palette.dim)
        _draw_bar(canvas, GUTTER, y, room, character, p, right=say.is_hit(at, rank), palette=palette)
        y += 1
    return y


def _draw_cursor_line(canvas: Canvas, y: int, say: Prediction, at: int, step: int, palette: Palette) -> int:
    """Write the time step under the cursor with its exact numbers; return the row below."""
    room = canvas.width - 1
    if not say.targets[at]:
        x = canvas.put(1, y, f"{step_name(step)} ", palette.accent)
        nothing = ("no target at this step", "no target") if say.inputs[at] else ("the row has ended", "ended")
        canvas.put(x, y, first_that_fits((*nothing, "·"), room + 1 - x), palette.dim)
        return y + 1
    if at >= len(say.top):
        x = canvas.put(1, y, f"{step_name(step)} ", palette.accent)
        texts = ("not fed yet in this pass", "not fed yet", "not fed", "·")
        if step in say.reading:
            texts = ("being computed: no answer yet", "no answer yet", "no answer", "·")
        canvas.put(x, y, first_that_fits(texts, room + 1 - x), palette.dim)
        return y + 1
    output, target = say.top[at][0], say.targets[at]
    mark = "✓" if say.is_hit(at) else "✗"
    mark = mark if step >= say.first_scored else "·"  # filler, which is not scored
    output, mark = (output, mark) if math.isfinite(say.top_p[at, 0]) else ("nothing", "–")
    number = (f"{step_name(step)} ", palette.accent)
    style = {"✓": palette.right, "✗": palette.wrong}.get(mark, palette.dim)
    p = [(f"p({quoted(target)})", palette.text), (f" {exact(say.target_p[at], 4)}", palette.dim)]
    brief = [(f"p({target})", palette.text), (f" {probability(say.target_p[at], 4)}", palette.dim)]
    name = "  −log p " if say.smoothed else "  loss −log p "
    loss = [(name, palette.dim), (compact(float(say.losses[at])), palette.text)]
    tight = [("  −log p ", palette.dim), loss[1]]
    said = output if output == "nothing" else quoted(output)
    verdict, short = (f"  {mark} predicts {said}", style), (f"  {mark}", style)
    forms = ([number, *p, *loss, verdict], [number, *p, *tight, verdict], [number, *p, verdict],
             [number, *brief, verdict], [number, *p, short], [number, *p], [*p], [number])  # fmt: skip
    form = next((form for form in forms if sum(cell_len(text) for text, _ in form) <= room), [])
    x = 1
    for text, style in form:
        x = canvas.put(x, y, text, style)
    return y + 1


def _draw_seen(canvas: Canvas, y: int, seen: Sequence[Seen], ticks: Sequence[int], now: str, palette: Palette) -> None:
    """Draw the distinct predictions, newest first, each with the epoch in which it first appeared.

    If there is little room, a text is cut before its epoch is, and of many texts those in the middle are left out. The
    cells carry the tick at which that epoch ended, as `Style.meta`.
    """
    rows, room = canvas.height - y - 1, canvas.width - 3  # the mark before a text takes two cells
    for word in (" epoch ", " "):
        tails = [(" ✓" if each.right else "  ") + f"{word}{each.epoch:,}" for each in seen]
        tail = max(map(len, tails), default=0)
        if room - tail >= _SHORTEST:
            break
    longest = max(1, min(_LONGEST, room - tail))
    shown = [_around(each.text, each.wrong, longest) for each in seen]
    cell = max(map(cell_len, shown), default=0) + tail + 4
    columns = max(1, (canvas.width + 1) // cell)
    cells = rows * columns
    kept = list(range(min(len(seen), cells)))
    if 3 <= cells < len(seen) < _MOST_SEEN:  # the first one stays, as the last: what is left out is in between
        kept = [*range(cells - 2), -1, len(seen) - 1]
    shown_count = len(kept) - (-1 in kept)
    canvas.put(1, y, first_that_fits(_seen_heads(len(seen), shown_count), canvas.width - 1), palette.dim)
    for place, index in enumerate(kept):
        x = 1 + place // rows * cell
        row = y + 1 + place % rows
        if index < 0:
            more = f"{len(seen) - shown_count} more"
            canvas.put(x + 2, row, first_that_fits((f"⋮ {more}", "⋮"), room), palette.dim)
            continue
        text, _, right, _ = seen[index]
        if cell_len(shown[index]) + len(tails[index]) > room:  # no room for a text and its number
            continue
        canvas.put(x, row, "▸" if text == now else " ", palette.accent)
        end = canvas.put(x + 2, row, shown[index], palette.right if right else palette.text)
        end = canvas.put(end, row, tails[index], palette.right if right else palette.dim)
        if index < len(ticks) and ticks[index]:
            canvas.tint(x, row, end - x, Style(meta={"tick": ticks[index]}))


def _seen_heads(count: int, room: int) -> list[str]:
    """Return the heading of the predictions, in ever fewer words; where not all have room, it tells how many do."""
    if not count:
        return ["no predictions yet", "nothing yet"]
    if count <= room:
        return list(_SEEN)
    part = f"{room} of {count}" + ("+" if count >= _MOST_SEEN else "")
    return [*(f"{name}: {part}{shown}" for shown in (" shown", "") for name in _SEEN), part]


def _around(text: str, place: int | None, room: int) -> str:
    """Cut a text to `room` cells around the character at `place`; an ellipsis marks each cut."""
    if cell_len(text) <= room:
        return text
    start, most = 0, room - 1  # one cell for the ellipsis after it
    if place is not None and cell_len(text[: place + 1]) > most:
        start, most = place, room - 2
        while start and cell_len(text[start - 1 : place + 1]) <= max(1, 2 * most // 3):
            start -= 1
    if cell_len(text[start:]) <= most + 1:  # up to its end: fill the room from there
        start, most = len(text), room - 1
        while cell_len(text[start - 1 :]) <= most:
            start -= 1
        return "…" + text[start:]
    return ("…" if start else "") + set_cell_size(text[start:], max(0, most)) + "…"
