"""What panes stand on: one pass through a recurrent network, whoever trains it.

`Trainer` is one, of rnn-tui's own loop; `engine/watch/` makes others of a script that is watched. T time steps, N rows,
E features, C outputs, L layers, D directions, H hidden units.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from rnn_tui.engine.network.cells import State
from rnn_tui.engine.training.precision import Cast
from rnn_tui.experiment.spec import Experiment

__all__ = ["GivenStates", "HeldState", "ObservedData", "ObservedModel", "ObservedPass", "Segment"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Segment:
    """A stretch of a pass that one call has computed, and the gradients of the loss that have reached what it returned.

    None where none has: nothing of the loss depends on that.
    """

    start: int
    stop: int
    output: Tensor | None  # (t, N, D*H) by the output
    end: tuple[Tensor | None, Tensor | None]  # (L*D, N, H) by h, and by c of an LSTM, as returned after the last step


@dataclass(frozen=True, kw_only=True, eq=False)
class GivenStates:
    """The states of a cell whose equations are not known, as it returned them; there is one layer."""

    h: Tensor  # (T, N, H)
    gates: dict[str, Tensor]  # (T, N, H) what its parts return, by their names
    note: str = ""  # why nothing else is known, where these are the states of a module of torch's


@dataclass(frozen=True, kw_only=True)
class HeldState:
    """One unit of h_t that is held at a value, whatever leads to it; later steps follow from it."""

    step: int
    layer: int
    row: int
    unit: int
    value: float


class ObservedModel(Protocol):
    """A network: embedding, recurrent layers and head, and all of its weights."""

    @property
    def embedding(self) -> nn.Embedding | None:
        """What turns indices into what the first layer reads; None: one-hot or numbers."""

    @property
    def recurrent(self) -> Any:
        """The recurrent module, with the parameter names of torch's own."""

    @property
    def head(self) -> nn.Linear | None:
        """What turns the top layer's states into logits; None: the states are the logits, or it is not known."""

    def embed(self, x: Tensor) -> Tensor:
        """Turn what a pass reads into what the first layer reads, (T, N, E)."""

    def read_out(self, output: Tensor) -> Tensor:
        """Turn the top layer's states (T, N, D*H) into logits (T, N, C)."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield all weights."""

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield all weights with their names."""


class ObservedData(Protocol):
    """What a pass reads and must predict, time first."""

    @property
    def vocabulary(self) -> str:
        """The characters, or stand-ins for tokens, in the order of their indices."""

    @property
    def length(self) -> int:
        """Time steps in a pass."""

    @property
    def rows(self) -> int:
        """Rows of the batch."""

    @property
    def all_rows(self) -> int:
        """Rows of the batch, with those that other processes compute."""

    @property
    def batch_first(self) -> bool:
        """Whether x, output and logits have the rows first."""

    @property
    def lengths(self) -> Tensor | None:
        """(N,) of the rows, on the CPU, where they are padded and also read from the right."""

    @property
    def inputs(self) -> Tensor:
        """(T, N) indices or numbers, on the CPU; NONE after the end of a row."""

    @property
    def characters(self) -> Tensor:
        """(T, N) what is read, as indices into the vocabulary; zeros for numbers."""

    @property
    def numbers(self) -> Tensor | None:
        """(T, N) what a script reads, where that is one number at each time step."""

    @property
    def targets(self) -> Tensor | None:
        """(T, N), where something is learnt: indices, or numbers; NONE or NaN where there is none."""

    def steps(self, row: int) -> int:
        """Return the time steps of a row, without its padding."""

    def x(self, start: int, stop: int) -> Tensor:
        """Return what the model reads at start..stop-1, batch first if so set."""

    def y(self, start: int, stop: int) -> Tensor:
        """Return the targets there, (t, N), always time first."""

    def only_scored(self, indices: Tensor) -> Tensor:
        """Return indices (T, N), with NONE at the steps that are not scored."""

    def targets_by(self, stop: int) -> float:
        """Return how many targets the first `stop` time steps have, on the average of the rows."""


class ObservedPass(Protocol):
    """A pass as far as it has come, with the weights that it is computed with."""

    keeps_update: bool  # whether the next update is to be kept, because somebody looks at it
    computed: dict[Any, Any] | None  # what has been computed of it already; None: it goes on, and weights move

    @property
    def experiment(self) -> Experiment:
        """What is known of network, data and training, in rnn-tui's words."""

    @property
    def device(self) -> torch.device:
        """Where it is computed."""

    @property
    def cast(self) -> Cast:
        """The context that it is computed in."""

    @property
    def model(self) -> ObservedModel:
        """The network."""

    @property
    def dataset(self) -> ObservedData:
        """What is read and predicted."""

    @property
    def learns(self) -> bool:
        """Whether there is a loss that is learnt from."""

    @property
    def length(self) -> int:
        """Time steps in the pass."""

    @property
    def fed(self) -> int:
        """Time steps that have been fed."""

    @property
    def unit(self) -> str:
        """Whether the network was fed by "character" or by "sequence"."""

    @property
    def at_end_of_pass(self) -> bool:
        """Whether the pass is complete; its gradients are ready then."""

    @property
    def has_update(self) -> bool:
        """Whether its gradients belong to the weights as they are."""

    @property
    def collected(self) -> int:
        """Passes whose gradients wait for an update."""

    @property
    def h_0(self) -> State:
        """The state before the first step, (L*D, N, H)."""

    @property
    def state(self) -> State:
        """The state after the last step fed."""

    @property
    def masks(self) -> Tensor | None:
        """Of dropout between the layers, (L-1, T, N, D*H)."""

    @property
    def logits(self) -> list[Tensor]:
        """The outputs of the steps fed, (t, N, C) each; empty where they are not known."""

    @property
    def classes_from(self) -> int:
        """The index from which on the logits are those of classes; before it they stand for nothing."""

    @property
    def last_update(self) -> Sequence[Tensor | None] | None:
        """How far the last update moved each weight, where that was kept."""

    @property
    def given(self) -> GivenStates | None:
        """The states, where they cannot be computed again; None: they follow from the weights."""

    @property
    def segments(self) -> Sequence[Segment]:
        """The calls of which the pass consists, with their gradients; empty: these follow from the logits."""

    @property
    def held(self) -> "Sequence[HeldState]":
        """The states that are held, in a network that reads from the left; mostly none."""

    def gradients(self) -> list[Tensor | None]:
        """Return ∂L/∂W of each weight, before clipping."""
