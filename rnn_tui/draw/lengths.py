"""The accuracy at each length of pairs: a bar for each, those that are learnt and those that are only judged."""

import numpy as np
from textual.strip import Strip

from rnn_tui.draw.kit.bars import UPWARD
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import first_that_fits, put_note
from rnn_tui.protocol.inspect.lengths import LengthsFacts

__all__ = ["draw_lengths", "length_at", "verdict"]

_SCALE = 6  # cells for the percentages
_LOWEST = 3  # rows of a bar


def draw_lengths(facts: LengthsFacts, *, width: int, height: int, palette: Palette) -> list[Strip]:
    """Draw the bars with their scale, the lengths below them, and a sentence above."""
    canvas = Canvas(width, height)
    if facts.note or not len(facts.lengths):
        put_note(canvas, facts.note, palette, alone=True)
        return canvas.strips()
    top = 1 if height > _LOWEST + 2 else 0
    if top:
        canvas.put(1, 0, first_that_fits(verdict(facts), width - 2), palette.text)
    rows = height - top - 1
    for share, y in ((1.0, top), (0.5, top + rows // 2), (0.0, top + rows - 1)):
        canvas.put(0, y, f"{share:>4.0%}" if rows >= _LOWEST or share == 1 else "", palette.dim)
    groups, size = _groups(facts, width)
    last = -1
    for number, group in enumerate(groups):
        x = _SCALE + number * size
        level = round(_share(facts, group) * 8 * rows)
        style = palette.accent if facts.learnt[group].any() else palette.dim
        for row in range(rows):
            block = UPWARD[max(0, min(8, level - 8 * (rows - 1 - row)))]
            canvas.fill(x, top + row, max(1, size - 1) if size > 2 else size, style, block)
        name = str(facts.lengths[group][0])
        if level == 0:
            canvas.put(x, top + rows - 1, "▁" if size == 1 else "▁" * (size - 1), palette.faint)
        if x > last and x + len(name) <= width:
            canvas.put(x, height - 1, name, style)
            last = x + len(name)
    return canvas.strips()


def length_at(facts: LengthsFacts, x: int, *, width: int) -> str:
    """Return what the bar in a column stands for, in words; empty: there is none."""
    groups, size = _groups(facts, width) if len(facts.lengths) else ([], 1)
    at = (x - _SCALE) // size
    if x < _SCALE or at >= len(groups):
        return ""
    group = groups[at]
    first, last = facts.lengths[group][0], facts.lengths[group][-1]
    name = f"length {first}" if first == last else f"lengths {first}–{last}"
    how = "learnt" if facts.learnt[group].all() else "held out"
    return f"{name}, {how}: {facts.right[group].sum()} of {facts.rows[group].sum()} pairs right"


def verdict(facts: LengthsFacts) -> tuple[str, ...]:
    """Say up to which length all is right, and up to which it is learnt; the longest form first."""
    wrong = np.flatnonzero(facts.right < facts.rows)
    learnt = facts.lengths[facts.learnt > 0]
    known = f"learnt up to {learnt[-1]}" if len(learnt) else "none is learnt"
    if not len(wrong):
        how = f"right at all lengths, up to {facts.lengths[-1]}"
    elif wrong[0] == 0:
        how = "right at no length from the shortest on"
    else:
        how = f"all right up to length {facts.lengths[wrong[0] - 1]}"
    return f"{how} · {known}", how, ""


def _groups(facts: LengthsFacts, width: int) -> tuple[list[slice], int]:
    """Return the neighbours that share a bar, and the cells of each bar."""
    room, count = max(1, width - _SCALE), len(facts.lengths)
    together = -(-count // room)
    groups = [slice(at, min(count, at + together)) for at in range(0, count, together)]
    return groups, max(1, min(6, room // len(groups)))


def _share(facts: LengthsFacts, group: slice) -> float:
    return float(facts.right[group].sum()) / max(1, int(facts.rows[group].sum()))
