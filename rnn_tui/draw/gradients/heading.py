"""The heading of the gradients of one loss: its symbol, which loss it is, and whether it arrives at the far end."""

from rich.cells import cell_len

from rnn_tui.common.wording import step_name
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import SUBSCRIPT, first_that_fits
from rnn_tui.draw.kit.time_axis import TimeAxis

__all__ = ["draw_heading"]


def draw_heading(
    canvas: Canvas, y: int, state: str, at: int | None, verdict: str, axis: TimeAxis, palette: Palette
) -> int:
    """Write which loss it is and whether it arrives at the far end, with a mark above the time step of that loss.

    Return where the words end.
    """
    loss = "L" if at is None else f"L{str(at + 1).translate(SUBSCRIPT)}"
    mark = axis.middle(at) if at is not None and at in axis.steps else -1
    end = canvas.width if mark < 0 else mark
    symbol = first_that_fits((f"‖∂{loss}/∂{state}‖", f"‖∂{loss}/∂h‖", f"‖∂{loss}‖", f"∂{loss}"), end - 2)
    x = max(axis.gutter, canvas.put(1, y, symbol, palette.dim) + 1)
    texts = ["of the whole loss", "whole loss"]
    if at is not None:
        texts = [f"of the loss at {step_name(at)} only", f"loss at {step_name(at)}", f"{step_name(at)}"]
    texts = [*(f"{each}: {verdict}" for each in texts[:2] if verdict), *texts]
    text = first_that_fits(texts, canvas.width - x if mark < 0 else max(mark - x - 1, canvas.width - mark - 2))
    if mark >= 0 and cell_len(text) > mark - x - 1:
        x = mark + 2
    name, colon, found = text.partition(": ")
    style = palette.text if at is None else palette.accent  # what one loss says is what is asked about
    end = canvas.put(canvas.put(x, y, name + colon, palette.text), y, found, style)
    if mark >= 0:
        canvas.put(mark, y, "▼", palette.accent)
    return max(end, mark + 1)
