"""The gradient of one loss through time in large: one row of high bars for h, and for an LSTM one for c."""

import math
from collections.abc import Sequence

from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.wording import step_name
from rnn_tui.draw.gradients.series import norms_by_state
from rnn_tui.draw.gradients.verdict import arrives
from rnn_tui.draw.gradients.why import why
from rnn_tui.draw.kit.bars import UPWARD
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import draw_ruler, mark_cursor
from rnn_tui.draw.kit.log_scale import Decades
from rnn_tui.draw.kit.numbers import compact
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import first_that_fits, put_note
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.arrays import Floats
from rnn_tui.protocol.inspect.gradients import GradientsFacts, GradientWay, explodes, vanishes

__all__ = ["draw_gradients_large"]

_DECADES = 3  # the scale has a multiple of so many
_LOWEST = -9
_AROUND = 3  # rows: the sentence above, the input below, and why


def draw_gradients_large(
    facts: GradientsFacts,
    *,
    width: int,
    height: int,
    axis: TimeAxis,
    palette: Palette,
    inputs: Sequence[str],
    cursor: int | None,
    layers: int,
) -> list[Strip]:
    """Draw the norms of the layer that is looked at, by the loss of one step if it is known, else by the whole loss."""
    canvas = Canvas(width, height)
    top = put_note(canvas, facts.note, palette, alone=not facts.flows)
    if not facts.flows:
        return canvas.strips()
    looked_at = [each for each in facts.flows if (each.layer, each.direction) == (facts.layer, facts.direction)]
    series = list(norms_by_state((looked_at or facts.flows)[0], alone=facts.at >= 0))
    ways = {name: each for name, _, each in series}
    loss = f"The loss at {step_name(facts.at)}" if facts.at >= 0 else "The whole loss"
    verdict = arrives(ways["h"], ways.get("c", ()))
    forms = (f"{loss} {verdict}", verdict) if verdict else (f"{loss}: its gradient by h", loss)
    canvas.put(1, top, first_that_fits(forms, width - 2), palette.accent)
    top += 1
    scale = _scale(series)
    tall = max(1, (height - top - _AROUND + 1) // len(series))
    for name, norms, each in series:
        _draw_label(canvas, top, tall, name, each, axis, palette)
        _draw_bars(canvas, top, tall, norms, each, facts.first, scale, axis, palette)
        top += tall
    draw_ruler(canvas, top, axis, palette, inputs)
    if cursor is not None and cursor in axis.steps:
        mark_cursor(canvas, axis, cursor, range(0), top, palette)
    scaled = f"bars: logarithmic, {scale.name(scale.low)} to {scale.name(scale.high)}"
    reason = first_that_fits(why(facts, layers=layers), width - 2)
    canvas.put(1, top + 1, reason or first_that_fits((scaled, "logarithmic"), width - 2), palette.dim)
    return canvas.strips()


def _scale(series: Sequence[tuple[str, Floats, tuple[GradientWay, ...]]]) -> Decades:
    """Return the decades between which all norms lie, but for those that have vanished."""
    sizes = [norm for _, norms, _ in series for norm in norms.tolist() if math.isfinite(norm) and norm > 0]
    if not sizes:
        return Decades(low=_LOWEST, high=0)
    high = _DECADES * math.ceil(math.log10(max(sizes)) / _DECADES - 1e-9)
    low = _DECADES * math.floor(math.log10(min(sizes)) / _DECADES + 1e-9)
    return Decades(low=max(high + _LOWEST, min(low, high - _DECADES)), high=high)


def _draw_label(
    canvas: Canvas, y: int, tall: int, name: str, ways: Sequence[GradientWay], axis: TimeAxis, palette: Palette
) -> None:
    """Write whose gradient it is, and how much of it is left at the far end."""
    room = axis.gutter - 2
    canvas.put(1, y, first_that_fits((f"‖∂L/∂{name}‖", f"∂L/∂{name}", name), room), palette.text)
    gone = [way for way in ways if way.start >= 0 and way.start != way.end and way.start_norm and not way.broken]
    if tall > 1 and len(gone) == 1:
        ratio = compact(gone[0].end_norm / gone[0].start_norm, 3)
        canvas.put(1, y + 1, first_that_fits((f"× {ratio}", f"×{ratio}"), room), palette.text + Style(bold=True))


def _draw_bars(
    canvas: Canvas,
    y: int,
    tall: int,
    norms: Floats,
    ways: Sequence[GradientWay],
    first: int,
    scale: Decades,
    axis: TimeAxis,
    palette: Palette,
) -> None:
    """Draw a bar for each time step, from the lower end of the scale; a dot where there is no gradient yet."""
    tall -= tall > 2  # a free row above
    base, width = y + tall, axis.column - (axis.column > 2)
    for step in axis.steps:
        at, x = step - first, axis.x(step)
        if not 0 <= at < len(norms):
            canvas.put(x, base, "·", palette.faint)
            continue
        norm = float(norms[at])
        if not math.isfinite(norm):
            canvas.fill(x, base, width, palette.warning, "!")
            continue
        if norm == 0:
            canvas.put(x, base, "0", palette.faint)
            continue
        flowing = [way for way in ways if way.start >= 0]
        style = palette.faint if any(vanishes(norm, way.largest) for way in flowing) else palette.back
        style = palette.wrong if any(explodes(norm, way.start_norm) for way in flowing) else style
        eighths = max(1, round(scale.part(norm) * 8 * tall))
        for row in range(math.ceil(eighths / 8)):
            canvas.fill(x, base - row - (tall < 2), width, style, UPWARD[min(8, eighths - 8 * row)])
