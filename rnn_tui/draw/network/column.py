"""What each band of the unrolled network shows at one time step, and in which style."""

import math

from rich.cells import cell_len
from rich.style import Style

from rnn_tui.common.value import Value
from rnn_tui.common.wording import step_name
from rnn_tui.draw.kit.numbers import probability, signed
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import cut_cells
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.bands import Unrolled
from rnn_tui.draw.network.phase_flow import Part, PhaseFlow

__all__ = ["StepColumn", "entry"]

_PLAIN = Style(bold=False)


class StepColumn(Value, frozen=True, kw_only=True):
    """One time step of the picture."""

    net: Unrolled
    axis: TimeAxis
    palette: Palette
    step: int

    @property
    def at(self) -> int:
        """Its place in the window."""
        return self.step - self.axis.first

    @property
    def is_fed(self) -> bool:
        """Whether the step has been fed."""
        return self.at < self.net.fed

    @property
    def is_current(self) -> bool:
        """Whether the step is being fed, in a tick of one character."""
        return self.net.flow is None and self.step == self.net.current

    @property
    def plain(self) -> Style:
        """The style of what has no value, outside slow motion."""
        palette = self.palette
        return palette.accent if self.is_current else palette.dim if self.is_fed else palette.faint

    def fitted(self, text: str) -> str:
        """Return a word cut to the column, with a cell after it that is free or has a mark."""
        return cut_cells(text, max(1, self.axis.column - 1)) if self.net.words else text

    def marked(self, style: Style) -> Style:
        """Return the style of what the output band shows: highlighted while it is being computed."""
        flow = self.net.flow
        return _now(flow, self.palette) if self.is_current or (flow and flow.lit("output", self.step)) else style


def entry(kind: str, rest: str, column: StepColumn) -> tuple[str, Style]:
    """Return the text of a band at one time step, and its style."""
    net, palette, flow = column.net, column.palette, column.net.flow
    match kind:
        case "input":
            return column.fitted(net.inputs[column.at]), _input_style(column)
        case "t":
            if flow is None:
                style = palette.accent if column.is_current else palette.faint
            else:
                is_held = column.step == flow.step and flow.kind != "update"
                style = _now(flow, palette) if is_held else palette.faint
            return _step_label(column.step, column.axis), style
        case "target":
            style = palette.text if column.step >= net.first_scored else palette.faint
            return column.fitted(net.targets[column.at]), palette.accent if flow and flow.lit(
                "target", column.step
            ) else style
        case "up":
            return ("↑", column.plain) if flow is None else _vertical(flow, net, rest, column.step, palette)
        case "head" | "embedding":
            part: Part = "head" if kind == "head" else "embedding"
            box = "[ W ]" if kind == "head" else f"[ {net.embedding} ]"
            box = box if len(box) < column.axis.column else "▭"
            return box, column.plain if flow is None else flow.style(palette, part, column.step)
        case "value":
            return _value(int(rest), column)
        case "p":
            return _probability(column)
        case _:
            return _output(column)


def _input_style(column: StepColumn) -> Style:
    palette, flow = column.palette, column.net.flow
    if flow is None:
        return palette.accent if column.is_current else palette.text if column.is_fed else palette.dim
    return palette.text if flow.done("input", column.step) else flow.style(palette, "input", column.step)


def _value(feature: int, column: StepColumn) -> tuple[str, Style]:
    """Return one feature of an output that is no character."""
    if not column.is_fed:
        return "·", column.palette.faint
    assert column.net.values is not None
    text = signed(float(column.net.values[column.at, feature]), max(1, column.axis.column - 1))
    return text, column.marked(column.palette.text)


def _probability(column: StepColumn) -> tuple[str, Style]:
    """Return the probability of the predicted character, green where that is right; nothing where there is none."""
    net, at, palette = column.net, column.at, column.palette
    if not net.targets[at] or not column.is_fed:
        return "", palette.faint
    if column.step < net.first_scored:
        style = palette.dim
    else:
        style = palette.share(net.output_p[at]) if net.is_right(at) else palette.wrong + _PLAIN
    text = probability(net.output_p[at], min(4, column.axis.column - 1))
    return text, style if net.flow is None else column.marked(style)


def _output(column: StepColumn) -> tuple[str, Style]:
    """Return what is predicted: a character with a mark for right or wrong, or a number."""
    net, axis, palette, at, step = column.net, column.axis, column.palette, column.at, column.step
    if not net.targets[at]:
        return "", palette.faint
    if not column.is_fed:
        return "·", palette.faint
    if net.numbers:
        return net.outputs[at], column.marked(palette.text)
    room = axis.x(step) + axis.column - axis.middle(step)
    if not math.isfinite(net.output_p[at]):
        return "NaN" if room >= 3 else "–", palette.warning
    if step < net.first_scored:
        return column.fitted(net.outputs[at]), palette.dim
    right = net.is_right(at)
    style = palette.right if right else palette.wrong
    if net.words:
        return column.fitted(net.outputs[at]) + ("✓" if right else "✗"), style
    if axis.column < 3 or room <= cell_len(net.outputs[at]):  # no room for a mark
        return net.outputs[at], style if right else style + Style(reverse=True)
    return net.outputs[at] + " " * (axis.column >= 6) + ("✓" if right else "✗"), style


def _now(flow: PhaseFlow | None, palette: Palette) -> Style:
    """Return the style of what is being computed."""
    return palette.back if flow is not None and flow.is_backward else palette.accent


def _vertical(flow: PhaseFlow, net: Unrolled, above: str, step: int, palette: Palette) -> tuple[str, Style]:
    """Return the arrow below a part: up to it, or down from it where gradients have come that way."""
    kind, _, number = above.partition(" ")
    cell = net.cells[int(number)] if kind == "cell" else None
    below = flow.layers - 1 if cell is None else cell.layer - 1  # the layer that the arrow leads down to
    into = max(below, 0)  # below the lowest layer it leads to the embedding, if there is one
    there = below >= 0 or bool(net.embedding)
    if flow.is_backward and there and kind != "embedding" and flow.descended(step, into):
        now = step == flow.step and flow.layer in (-1, into)
        return "↓", flow.back_style(palette, now=now)
    if flow.kind in ("update", "backward"):
        return "↑", palette.faint if flow.kind == "update" else palette.dim
    if cell is not None:  # both directions of a layer read the same
        lit = any(flow.lit("cell", step, cell.layer, direction) for direction in (0, 1))
        done = flow.done("cell", step, cell.layer, 0)
        return "↑", palette.accent if lit else palette.dim if done else palette.faint
    parts: dict[str, Part] = {"embedding": "embedding", "head": "head"}
    return "↑", flow.style(palette, parts.get(kind, "output"), step)


def _step_label(step: int, axis: TimeAxis) -> str:
    """Return the number of a time step: of each where there is room, else of every fifth or tenth."""
    if axis.column >= 3:
        return str(step + 1) if step or axis.column < 5 else step_name(step)
    return str(step + 1) if not step or (step + 1) % (5 if axis.column == 2 else 10) == 0 else ""
