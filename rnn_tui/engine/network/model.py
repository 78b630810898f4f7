"""The network: one-hot, embedding or a number -> recurrent layers -> direct or linear head.

T time steps, N rows, C characters (1 for numbers), K labels, E embedding, L layers, D directions, H hidden units.
Shapes are time first; with `batch_first` the first two dimensions of x, output and logits are swapped, and those of the
states are not.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rnn_tui.engine.network.cells import State, WrittenOut, by_layer, hidden, join_layers
from rnn_tui.engine.network.first_values import set_first_values
from rnn_tui.engine.network.fused import build_fused
from rnn_tui.engine.network.layer_norm import add_norms, norm_above
from rnn_tui.engine.network.module_cells import ModuleCells
from rnn_tui.engine.network.modules import cell_builder
from rnn_tui.experiment.spec import Experiment, Network

__all__ = ["CellStack", "Model", "State", "drawn_state", "initial_state"]


class CellStack(nn.Module):
    """nn.RNNCell, nn.GRUCell or nn.LSTMCell, stacked; a loop carries their states from one time step to the next."""

    def __init__(self, network: Network, input_size: int) -> None:
        super().__init__()
        size, kind = network.hidden_size, network.kind
        cell: Callable[..., nn.RNNCellBase] = getattr(nn, f"{kind.module}Cell")
        widths = (size if layer else input_size for layer in range(network.layers))
        self.cells = nn.ModuleList(cell(width, size, **kind.options) for width in widths)
        self.batch_first = network.batch_first
        add_norms(self, network)

    def forward(self, x: Tensor, state: State, masks: Tensor | None = None) -> tuple[Tensor, State]:
        """Turn x (T, N, E) and the state before it into the top layer's states (T, N, H) and the state after it.

        masks (L-1, T, N, H) of dropout, time first; without them nothing is dropped.
        """
        time = 1 if self.batch_first else 0
        layers = by_layer(state)
        outputs = []
        for at, step in enumerate(x.unbind(time)):  # (N, E)
            for number, cell in enumerate(self.cells):
                layers[number] = cell(step, layers[number])  # (N, H), or for an LSTM two of them
                step = hidden(layers[number])
                norm = norm_above(self, number)
                step = step if norm is None else norm(step)
                if masks is not None and number < len(masks):
                    step = step * masks[number, at]
            outputs.append(step)
        return torch.stack(outputs, time), join_layers(layers)


def _recurrent(network: Network, input_size: int) -> nn.Module:
    """Build the recurrent layers."""
    if network.kind.is_module:
        return ModuleCells(network, input_size, cell_builder(network.cell))
    build: Callable[[Network, int], nn.Module]
    build = {"fused": build_fused, "cell": CellStack, "written-out": WrittenOut}[network.implementation]
    return build(network, input_size)


class Model(nn.Module):
    """A recurrent network, built layer by layer from the input up, as a notebook would build it."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        network, characters = experiment.network, experiment.features
        self.classes_from = experiment.classes_from
        self.batch_first = network.batch_first
        self.embedding = nn.Embedding(characters, network.embedding) if network.embedding else None
        self.recurrent = _recurrent(network, experiment.input_size)
        set_first_values(self.recurrent, network)
        width = network.hidden_size * network.directions
        self.head = nn.Linear(width, experiment.classes) if network.head == "linear" else None
        if network.tied and self.embedding is not None and self.head is not None:
            self.embedding.weight = self.head.weight  # as it was drawn for the head: a linear layer's are small

    def embed(self, x: Tensor) -> Tensor:
        """Turn x, (T, N, C) one-hot or numbers or (T, N) indices, into what the first layer reads (T, N, E)."""
        return x if self.embedding is None else self.embedding(x)

    def read_out(self, output: Tensor) -> Tensor:
        """Turn the top layer's states (T, N, D*H) into logits (T, N, C); of labels (T, N, C + K).

        Labels come after all that can be read, and that is never said: its logits are −∞.
        """
        if self.head is None:
            return output
        logits: Tensor = self.head(output)
        return F.pad(logits, (self.classes_from, 0), value=-torch.inf) if self.classes_from else logits

    def forward(self, x: Tensor, state: State, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """Turn x (T, N, C), or indices (T, N), and the state before it into logits (T, N, C) and the state after it.

        lengths (N,), on the CPU, are those of rows that are padded; only a bidirectional network has a use for them.
        """
        more = {} if lengths is None else {"lengths": lengths}
        output, state = self.recurrent(self.embed(x), state, **more)  # (T, N, D*H)
        return self.read_out(output), state


def initial_state(network: Network, rows: int, device: torch.device) -> State:
    """Return the state before the first time step, h (L*D, N, H), and c for an LSTM: zeros, or drawn anew (h first)."""

    def fresh(size: int) -> Tensor:
        shape = (network.layers * network.directions, rows, size)
        if network.initial_state == "random":
            return torch.randn(shape).to(device)  # drawn on the CPU: the same numbers on every device
        return torch.zeros(shape, device=device)

    h = fresh(network.hidden_size)
    return (h, fresh(network.kind.c_size(network.hidden_size))) if network.kind.has_c else h


def drawn_state(experiment: Experiment, rows: int, device: torch.device) -> State:
    """Return the state before a first step; a random one comes from the seed and leaves torch's own generator alone."""
    before = torch.get_rng_state()
    try:
        torch.default_generator.manual_seed(experiment.training.seed)
        return initial_state(experiment.network, rows, device)
    finally:
        torch.set_rng_state(before)
