"""What a view asks for: the numbers of one frame, as many as its panes can show."""

from typing import Annotated

import msgspec

from rnn_tui.common.value import Value
from rnn_tui.protocol.inspect import Ask

__all__ = ["CurveWanted", "FrameRequest", "Wanted"]


class CurveWanted(Value, frozen=True, kw_only=True):
    """How the loss chart is to be thinned."""

    columns: int  # at most two points a column come back
    log_x: bool = False


class Wanted(Value, frozen=True, kw_only=True):
    """What is on the screen, and how large: the engine computes this and no more."""

    row: int = 0  # of the batch
    first: int | None = None  # first time step of the window; None: follow the step being fed
    count: int = 0  # time steps that fit; 0: none is shown
    top: int = 0  # candidates for each step, best first; 0: predictions are not shown
    units: int = 0  # hidden units that fit for each layer and direction; 0: states are not shown
    layers: tuple[int, int] = (0, 0)  # first recurrent layer to show, and how many
    tensors: bool = False  # shapes and checks
    inside: tuple[Ask, ...] = ()  # one for each pane that looks inside
    forecast: int = 0  # time steps that a chart of the end of a series has room for; 0: none is shown
    curve: CurveWanted | None = None


class FrameRequest(Value, frozen=True, kw_only=True, tag="Look"):
    """A request for the newest frame. Held back while the engine has nothing newer than `seen`."""

    number: int
    opened: int = -1  # the run that the view knows the description of
    seen: int = -1  # `Frame.revision` on the screen
    wanted: Wanted = Wanted()
    drawing: Annotated[float, msgspec.Meta(ge=0)] = 0.0  # seconds of a core that the view has used since its last look
