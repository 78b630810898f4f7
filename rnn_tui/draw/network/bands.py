"""What the unrolled network shows, and the bands of rows that it is drawn in, from the target down to the input."""

from collections.abc import Sequence
from functools import cached_property

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.boxes import LayerRow, units_shown
from rnn_tui.draw.network.phase_flow import PhaseFlow
from rnn_tui.protocol.arrays import Floats

__all__ = ["TALLEST_BOX", "Unrolled", "arrange", "natural_height", "units_in_box"]

_ROWS_OF_VALUES = 4  # features of an output that are written out at most
_FRAMED = 5  # cells of a column from which a box has a frame
TALLEST_BOX = 20  # rows
_ROOM_FOR_P = 4  # cells of a probability and a free one: .82, or .820 in 5


class Unrolled(Value, frozen=True, kw_only=True, dict=True):
    """What is drawn. Characters are glyphs; `fed` counts the steps of the window that have been fed."""

    inputs: Sequence[str]
    targets: Sequence[str]  # empty where nothing is learnt; '' at a step without a target
    outputs: Sequence[str]  # of the steps fed
    output_p: Sequence[float]
    values: Floats | None  # (f, features): the output itself, where it is no character
    cells: Sequence[LayerRow]  # from the lowest layer up
    embedding: int  # its size; 0: none
    head: bool
    fed: int
    current: int | None  # the time step being fed, in character ticks
    double: bool  # an LSTM hands on two states, h and c
    words: bool = False  # inputs, outputs and targets are words, which are cut where a column is too narrow
    right: Sequence[bool] | None = None  # of the steps fed; None: where output and target look alike
    numbers: bool = False  # inputs, outputs and targets are numbers, as wide as a column
    flow: PhaseFlow | None = None  # where a tick is held in slow motion
    first_scored: int = 0  # the time step from which on outputs are scored, and marked right or wrong

    def is_right(self, at: int) -> bool:
        """Return whether the output of a step in the window is its target."""
        return self.outputs[at] == self.targets[at] if self.right is None else self.right[at]

    @cached_property
    def own(self) -> int:
        """The steps of the window that belong to the row: after its end comes padding, which is never read."""
        return max((at + 1 for at, text in enumerate(self.inputs) if text), default=0)


def _bands(net: Unrolled, height: int, column: int) -> list[str]:
    """Return the bands, from the top, that fit into `height` rows."""
    bands = []
    if net.targets:
        bands += ["target", "output"] + ["p"] * (column >= _ROOM_FOR_P and not net.numbers)
    elif net.values is not None:
        bands += [f"value {row}" for row in range(min(_ROWS_OF_VALUES, net.values.shape[1] or 1))]
    bands += ["up"] + (["head", "up"] if net.head else [])
    for number in range(len(net.cells) - 1, -1, -1):
        bands.append(f"cell {number}")
        if net.cells[number].direction == 0:  # the two directions of a layer read the same input, side by side
            bands.append("up")
    bands += ["embedding", "up"] if net.embedding else []
    bands += ["input", "t"]
    for optional in ("up", "t", "p"):
        while len(bands) > height and optional in bands:
            bands.remove(optional)
    return bands


def natural_height(
    *, cells: int, layers: int, learns: bool, features: int, head: bool, embedding: bool, box: int = 3
) -> int:
    """Return the rows that a network takes with every band and with boxes `box` rows high."""
    top = 3 if learns else min(_ROWS_OF_VALUES, features)
    return top + 1 + 2 * head + box * cells + layers + 2 * embedding + 2


def arrange(net: Unrolled, height: int, column: int) -> tuple[list[str], int, int]:
    """Return the bands, how many rows stay free above them, and how many rows high the boxes are."""
    bands = _bands(net, height, column)
    hidden = max(0, len(bands) - height)
    if hidden:  # too many layers: those in the middle are left out, and a line says so
        keep = [band for band in bands if not band.startswith("cell")]
        cells = [band for band in bands if band.startswith("cell")]
        room = max(1, height - len(keep) - 1)
        place = bands.index(cells[0])
        shown = [*cells[: (room + 1) // 2], f"gap {len(cells) - room}", *cells[len(cells) - room // 2 :]]
        bands = [*keep[:place], *shown, *keep[place:]]
    spare = height - len(bands)
    boxes = sum(band.startswith("cell") for band in bands)
    rows = min(TALLEST_BOX, 1 + spare // boxes) if boxes and spare > 0 else 1
    if rows == 2 and column >= _FRAMED:  # neither a strip nor a frame
        rows = 1
    return bands, max(0, (spare - (rows - 1) * boxes) // 2), rows


def units_in_box(net: Unrolled, *, height: int, axis: TimeAxis, halves: bool = True) -> int:
    """Return how many units each box shows in a picture of `height` rows; 0: the mean of |h| over all of them.

    `halves`: whether a row of cells may show two units, one above the other.
    """
    rows = arrange(net, height, axis.column)[2]
    return min((units_shown(cell, axis.column, rows, halves=halves) for cell in net.cells), default=0)
