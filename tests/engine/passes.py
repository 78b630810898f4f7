"""A pass computed once more, in float64, from torch's single cells: autograd knows every state in it by itself."""

from typing import Any

import torch
from torch import Tensor, nn

from rnn_tui.engine.inspect.focus import Focus
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["CELLS", "Pass", "focus_of"]

CELLS: dict[str, Any] = {"rnn": nn.RNNCell, "rnn-relu": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}


class Pass:
    """The steps fed of the pass under way, of all rows, as one graph."""

    def __init__(self, trainer: Trainer) -> None:
        network = trainer.experiment.network
        weights = {name: value.double() for name, value in trainer.model.state_dict().items()}
        vocabulary, inputs = trainer.experiment.vocabulary, trainer.experiment.data.inputs
        indices = torch.tensor([[vocabulary.index(row[t]) for row in inputs] for t in range(trainer.fed)])
        table = weights["embedding.weight"] if network.embedding else torch.eye(len(vocabulary), dtype=torch.float64)
        self.x = [step.clone().requires_grad_() for step in table[indices]]  # (N, E) at each time step
        state = trainer.h_0 if isinstance(trainer.h_0, tuple) else (trainer.h_0,)
        self.begin = [tuple(part[row].double() for part in state) for row in range(len(state[0]))]  # layers, directions
        self.cells: list[list[Any]] = []
        self.reads: list[list[Tensor]] = []  # of each layer, (N, E) at each time step
        self.h: list[list[list[Tensor]]] = []  # of each layer and direction, (N, H) at each time step
        self.c: list[list[list[Tensor]]] = []
        reads = self.x
        for layer in range(network.layers):
            self.reads.append(reads)
            self.cells.append([_cell(trainer, weights, layer, way) for way in range(network.directions)])
            self.h.append([])
            self.c.append([])
            for way, cell in enumerate(self.cells[-1]):
                after: Any = self.begin[layer * network.directions + way]
                after = after if network.cell == "lstm" else after[0]
                states = []
                for read in reads[::-1] if way else reads:
                    after = cell(read, after)
                    states.append(after if network.cell == "lstm" else (after, after))
                states = states[::-1] if way else states
                self.h[-1].append([h for h, _ in states])
                self.c[-1].append([c for _, c in states])
            reads = [torch.cat(parts, -1) for parts in zip(*self.h[-1], strict=True)]
        self.output = torch.stack(reads)  # (T, N, D*H)
        head = network.head == "linear"
        self.logits = self.output @ weights["head.weight"].T + weights["head.bias"] if head else self.output


def _cell(trainer: Trainer, weights: dict[str, Tensor], layer: int, way: int) -> nn.RNNCellBase:
    network = trainer.experiment.network
    before, after = "recurrent.", f"_l{layer}{'_reverse' if way else ''}"
    if network.implementation == "cell":
        before, after = f"recurrent.cells.{layer}.", ""
    found = {name: weights[f"{before}{name}{after}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    kind = {"nonlinearity": "relu"} if network.cell == "rnn-relu" else {}
    cell: nn.RNNCellBase = CELLS[network.cell](found["weight_ih"].shape[1], network.hidden_size, **kind).double()
    cell.load_state_dict(found)
    return cell


def focus_of(trainer: Trainer, row: int = 0, first: int = 0, stop: int = 99) -> Focus:
    """A look at a row, as far as it has been fed."""
    return Focus(observed=trainer, row=row, first=first, stop=min(stop, trainer.length), fed=trainer.fed)
