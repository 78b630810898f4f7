"""The lines below the unrolled network in slow motion: what happens now, in plain words and in numbers."""

import re

from rich.cells import cell_len
from textual.strip import Strip

from rnn_tui.common.glyphs import glyph, safe
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import compact, signed
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import SUBSCRIPT, fold
from rnn_tui.protocol.phase import Moved, Phase

__all__ = ["draw_phase", "short_name"]

_MARKS = {"backward": "◀", "update": "Δ"}  # the rest goes upward
_LEFT = 3  # cells before the text
_WAITING = "Slow motion begins with the next tick. n: one phase · s: leave slow motion"
_WEIGHT = re.compile(r"(weight|bias)_(ih|hh)(?:_l(\d+))?(_reverse)?$")


def draw_phase(phase: Phase | None, *, width: int, height: int, palette: Palette) -> list[Strip]:
    """Draw `height` strips: the words from the top, the numbers in the rest. None: the first phase is yet to come."""
    canvas = Canvas(width, height)
    room = max(8, width - _LEFT - 1)
    if phase is None:
        for y, line in enumerate(fold(_WAITING, room)[:height]):
            canvas.put(_LEFT, y, line, palette.dim)
        return canvas.strips()
    style = palette.back if phase.kind == "backward" else palette.accent
    canvas.put(1, 0, _MARKS.get(phase.kind, "▲"), style)
    lines = fold(safe(phase.words), room) or [""]
    most = max(1, height - 1)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: room - 1] + "…"]
    ends = [0] * height
    for y, line in enumerate(lines[:height]):
        ends[y] = canvas.put(_LEFT, y, line, palette.text)
    y, x = len(lines), _LEFT
    items = _items(phase)
    for number, item in enumerate(items):
        size = cell_len(item) + (2 if x > _LEFT else 0)
        more = f"  +{len(items) - number}"
        last_row, last = y == height - 1, number == len(items) - 1
        if x + size + (len(more) if last_row and not last else 0) > width - 1:
            if last_row:
                x = canvas.put(x, y, more, palette.dim)
                break
            y, x = y + 1, _LEFT
        x = canvas.put(x + (2 if x > _LEFT else 0), y, item, style)
        ends[min(y, height - 1)] = x
    _put_next(canvas, phase, [*ends[:-1], max(ends[-1], x if y == height - 1 else 0)], palette)
    return canvas.strips()


def _put_next(canvas: Canvas, phase: Phase, ends: list[int], palette: Palette) -> None:
    """Write what comes next at the right, in the lowest row with room behind what `ends` there."""
    for form in (f"next: {safe(phase.next)}", f"→ {safe(phase.next)}") if phase.next else ():
        x = canvas.width - 1 - cell_len(form)
        row = next((y for y in reversed(range(canvas.height)) if ends[y] + 3 <= x), None)
        if row is not None:
            canvas.put(x, row, form, palette.dim)
            return


def _items(phase: Phase) -> list[str]:
    """Return the numbers as words that stay together."""
    items = [f"‖Δ{short_name(each.name)}‖ {_moved(each)}" for each in phase.moved]
    vector = phase.kind in ("embed", "cell")
    for name, value in phase.numbers:
        number = signed(value, 6) or compact(value) if vector else compact(value)
        name = glyph(name) if len(name) == 1 else safe(name)
        items.append(f"{name} {number}" if name else number)
    return items


def _moved(moved: Moved) -> str:
    """Write ‖ΔW‖ and its share of ‖W‖."""
    return f"{compact(moved.distance, 3)} ({100 * moved.relative:.2g}%)"


def short_name(name: str) -> str:
    """Return `weight_ih_l1_reverse` as it stands in the equations: W_ih₂←."""
    found = _WEIGHT.search(name)
    if found is None:
        return safe(name.replace("head.", "head ").replace("embedding.weight", "embedding"))
    kind, which, layer, backward = found.groups()
    cell = re.match(r"cells\.(\d+)\.", name)
    number = layer or (cell.group(1) if cell else "0")
    where = str(int(number) + 1).translate(SUBSCRIPT) if number != "0" else ""
    return f"{'W' if kind == 'weight' else 'b'}_{which}{where}{'←' if backward else ''}"
