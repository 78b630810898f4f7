"""The settings of the network."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from rnn_tui.experiment.cell_kinds import CELL_KINDS, OWN, CellKind, Shape
from rnn_tui.experiment.own_cell import OwnCell, kind_of
from rnn_tui.experiment.setting import Fact, Setting

__all__ = ["Cell", "Network"]

if TYPE_CHECKING:
    Cell = str
else:
    Cell = Literal[(*CELL_KINDS, OWN)]  # one entry there is a new choice here


def _one_layer(experiment: Any) -> str:
    if experiment.network.layers > 1:
        return ""
    return "does not fit one layer, since it works between two: it must be 0, or layers 2 or more"


def _without_forget_gate(experiment: Any) -> str:
    if "f" in experiment.network.kind.gate_names:
        return ""
    return "has no use without a forget gate: it must be 0, or the cell lstm"


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One-hot or embedding, then recurrent layers, then a head."""

    cell: Annotated[
        Cell,
        Setting(
            f"the kind of recurrent cell: {', '.join(CELL_KINDS)}; or a class in a file of one's own",
            metavar="NAME|FILE.py:CLASS",
            spelled={OWN: "FILE.py:CLASS"},
            front=1,
            since="0.1.0",
            memory=True,
        ),
    ] = "rnn"
    implementation: Annotated[
        Literal["fused", "cell", "written-out"],
        Setting(
            "fused: nn.RNN, nn.GRU, nn.LSTM; cell: nn.RNNCell and its like, one step at a time; "
            "written-out: the equations themselves",
            since="0.1.0",
            alike="it changes how the same equations are computed, and no loss",
        ),
    ] = "fused"
    hidden_size: Annotated[
        int,
        Setting(
            "units in each layer and direction",
            option="--hidden",
            front=2,
            minimum=1,
            maximum=1_000_000,
            since="0.1.0",
            memory=True,
            logarithmic=True,
        ),
    ] = 5
    layers: Annotated[
        int,
        Setting(
            "recurrent layers, one above the other", minimum=1, maximum=10_000, front=3, since="0.1.0", memory=True
        ),
    ] = 1
    dropout: Annotated[
        float,
        Setting(
            "share of the states left out between two layers while it learns, as nn.LSTM(dropout=) does",
            minimum=0,
            maximum=0.99,
            unused=_one_layer,
            since="0.1.0",
            memory=True,
        ),
    ] = 0.0
    layer_norm: Annotated[
        bool,
        Setting(
            "what a layer hands up is normalised for the layer above, before dropout, as nn.LayerNorm does",
            unused=lambda experiment: (
                ""
                if experiment.network.layers > 1
                else "does not fit one layer, since it works between two: it must be false, or layers 2 or more"
            ),
            since="0.2.0",
            memory=True,
        ),
    ] = False
    bidirectional: Annotated[
        bool, Setting("a second set of cells that reads from the right", since="0.1.0", memory=True)
    ] = False
    embedding: Annotated[
        int,
        Setting(
            "size of the learnt input vectors; 0: one-hot", minimum=0, maximum=1_000_000, since="0.1.0", memory=True
        ),
    ] = 0
    head: Annotated[
        Literal["direct", "linear"],
        Setting("direct: the state itself is the logits; linear: a linear layer on top", since="0.1.0", memory=True),
    ] = "direct"
    tied: Annotated[
        bool,
        Setting(
            "the matrix of the linear head is the embedding's: the embedding must be as wide as what the head reads",
            since="0.2.0",
            memory=True,
        ),
    ] = False
    init: Annotated[
        Literal["default", "orthogonal", "identity", "xavier"],
        Setting(
            "what the recurrent weights are at first: as torch draws them; W_hh a random rotation, or the identity; "
            "all of them uniform by their sizes",
            label="first weights",
            since="0.2.0",
        ),
    ] = "default"  # see `engine/network/first_values.py`
    forget_bias: Annotated[
        float,
        Setting(
            "added to the bias of the forget gate at first: from 1 on it keeps before it has learnt anything",
            minimum=-100,
            maximum=100,
            unused=_without_forget_gate,
            since="0.2.0",
        ),
    ] = 0.0
    initial_state: Annotated[
        Literal["zeros", "random"],
        Setting("the state before the first time step: zeros, or random for every pass", label="h₀", since="0.1.0"),
    ] = "zeros"
    batch_first: Annotated[
        bool,
        Setting(
            "tensors are (batch, time, features) rather than (time, batch, features)",
            since="0.1.0",
            alike="it changes the order of dimensions, and no loss",
        ),
    ] = False

    own: Annotated[OwnCell | None, Fact()] = None

    @property
    def kind(self) -> CellKind:
        """What its kind of cell is."""
        return kind_of(self.own) if self.cell == OWN else CELL_KINDS[self.cell]

    def cell_shapes(self, layer: int, input_size: int) -> tuple[tuple[str, Shape], ...]:
        """Return name and shape of the weights of a layer in one direction.

        `input_size` is what the first layer reads.
        """
        width = self.hidden_size * self.directions if layer else input_size
        return self.kind.shapes(layer, width, self.hidden_size)

    @property
    def directions(self) -> int:
        """1, or 2 where the network also reads from the right."""
        return 2 if self.bidirectional else 1
