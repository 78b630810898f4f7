"""How a run is looked at: the cursor, the row, the layer, and what each pane shows. Nothing here changes the run."""

from typing import Literal

import msgspec
from msgspec.structs import replace

from rnn_tui.common.value import Value
from rnn_tui.experiment.spec import Network
from rnn_tui.protocol.diagnostics import ChartKind, chart_after
from rnn_tui.protocol.inspect.reading import ReadingOrder
from rnn_tui.protocol.inspect.saliency import OutputKind
from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.protocol.inspect.space import SpaceKind
from rnn_tui.protocol.inspect.weights import WeightKind
from rnn_tui.view.model.field_view import FieldView
from rnn_tui.view.model.touching import Touching

__all__ = ["ViewState"]


class ViewState(Value, frozen=True, kw_only=True):
    """What the user has chosen to look at, in all panes."""

    cursor: int | None = None  # the chosen time step; None: follow the one being fed
    row: int = 0  # of the batch
    column: int = 0  # of a series: which of those that are read and that are predicted
    layer: int = 0  # the lowest recurrent layer on the screen; the one that panes look inside
    direction: int = 0  # of that layer; 1 reads from the right
    unit: int = 0  # of that layer
    matrix: int = 0  # the first weight tensor with a picture
    stretch: int = 0  # the token of the text that a stretch of it begins with
    stretch_length: int = 2  # which of several lengths it has
    surprise: int = 0  # which of the largest surprises is marked; 0: the largest
    spectrum: int = 0  # the matrix whose eigenvalues are shown: the Jacobian, then W_hh of each gate
    compare: bool = False  # the cell written out, compared with torch
    weights: WeightKind = "value"
    gate_order: Literal["number", "rows"] = "number"  # rows: first those that differ most between the rows of the batch
    space: SpaceKind = "states"
    output: OutputKind = "predicted"  # whose saliency is shown
    prime: str | None = None  # the text that the network continues; None: the row's first character
    sample: SampleAsk = msgspec.field(default_factory=SampleAsk)  # how it continues it; the prime in it is ignored
    order: ReadingOrder = "variance"  # of the units that read a text
    rank: int = 0  # of the unit in that order
    stage: bool = False  # one pane, drawn for a room full of people
    touch: Touching | None = None  # of a paused run, for this view alone
    hides_ranks: bool = False  # where several processes share each batch
    field: FieldView = msgspec.field(default_factory=FieldView)  # where many networks learn at once
    chart: ChartKind = "loss"  # in the pane of the loss
    log_x: bool = False
    log_y: bool = False

    def at_step(self, step: int, length: int) -> "ViewState":
        """Return the same with the cursor at a time step, as near as the `length` of the rows allows."""
        return replace(self, cursor=min(max(step, 0), length - 1))

    def next_row(self, by: int, rows: int) -> "ViewState":
        """Return the same with another of the batch's rows."""
        return replace(self, row=min(max(self.row + by, 0), rows - 1))

    def next_column(self, columns: int) -> "ViewState":
        """Return the same with the next of the columns of a series; after the last comes the first."""
        return replace(self, column=(min(self.column, columns - 1) + 1) % columns)

    def next_layer(self, by: int, network: Network, *, directions: bool) -> "ViewState":
        """Return the same with another layer; if `directions`, each direction of a layer comes by itself."""
        ways = network.directions if directions else 1
        at = min(self.layer, network.layers - 1) * ways + (self.direction if ways > 1 else 0)
        layer, direction = divmod(min(max(at + by, 0), network.layers * ways - 1), ways)
        return replace(self, layer=layer, direction=direction if ways > 1 else self.direction)

    def next_chart(self, *, is_script: bool) -> "ViewState":
        """Return the same with the pane of the loss turned to the next of the charts that it can show."""
        return replace(self, chart=chart_after(self.chart, is_script=is_script))

    def with_log(self, axis: Literal["x", "y"]) -> "ViewState":
        """Return the same with the logarithmic scale of an axis of the loss turned on or off."""
        return replace(self, log_x=not self.log_x) if axis == "x" else replace(self, log_y=not self.log_y)

    def of_another_experiment(self) -> "ViewState":
        """Return the same without what was chosen in the data and the network of one experiment."""
        return replace(
            self, cursor=None, row=0, column=0, layer=0, direction=0, matrix=0, rank=0, prime=None, touch=None
        )
