"""What a view asks for: the numbers of one frame, as many as its panes can show."""

from typing import Annotated

import msgspec

from rnn_tui.common.value import Value
from rnn_tui.protocol.diagnostics import ChartKind
from rnn_tui.protocol.field import FieldWanted
from rnn_tui.protocol.inspect import Ask
from rnn_tui.protocol.touch import Touch

__all__ = ["CurveWanted", "FrameRequest", "Wanted"]


class CurveWanted(Value, frozen=True, kw_only=True):
    """The resolution of a loss chart, and what it shows in the place of the loss."""

    columns: int  # of the chart: at most two points come back for each
    log_x: bool = False
    kind: ChartKind = "loss"


class Wanted(Value, frozen=True, kw_only=True):
    """What is on the screen, and how large it is. The engine computes this and no more."""

    row: int = 0  # of the batch
    column: int = 0  # of a series, of those that are read and of those that are predicted
    first: int | None = None  # the window's first time step; None: follow the step being fed
    count: int = 0  # time steps that fit; 0: none is shown
    top: int = 0  # characters for each step, likeliest first; 0: no predictions are shown
    units: int = 0  # hidden units that fit for each layer and direction; 0: no states are shown
    layers: tuple[int, int] = (0, 0)  # first recurrent layer to show, and how many
    tensors: bool = False  # shapes and checks
    inside: tuple[Ask, ...] = ()  # one for each pane that looks inside
    forecast: int = 0  # time steps that fit a chart of a series' end; 0: none is shown
    curve: CurveWanted | None = None
    touch: tuple[Touch, ...] = ()  # what is to be another, as long as the run is paused
    field: FieldWanted | None = None  # what is shown of a field, where many networks learn at once
    member: int | None = None  # of the field, for this view; None: the selected one
    beside: tuple[int, ...] = ()  # other members that are shown in the same way, in `Frame.beside`


class FrameRequest(Value, frozen=True, kw_only=True, tag="Look"):
    """A request for the newest frame, answered once the engine has something newer than `seen`."""

    number: int
    opened: int = -1  # the run whose description the view has
    seen: int = -1  # `Frame.revision` on the screen
    wanted: Wanted = Wanted()
    drawing: Annotated[float, msgspec.Meta(ge=0)] = 0.0  # CPU seconds that the view has used since its last request
