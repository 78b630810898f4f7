"""A pass of somebody else's training as panes stand on it: an `ObservedPass` made of what was captured.

T time steps, N rows, E features, C classes, L layers, D directions, H hidden units; time first.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import torch
from msgspec.structs import replace
from torch import Tensor, nn

from rnn_tui.common.wording import counted
from rnn_tui.data.pairs import NONE
from rnn_tui.engine.inspect.observed_pass import GivenStates, HeldState, Segment
from rnn_tui.engine.inspect.recompute import recompute
from rnn_tui.engine.network.cells import State
from rnn_tui.engine.network.model import CellStack
from rnn_tui.engine.watch.capture import Capture, Cast, LinearCall, RecurrentCall, is_recurrent
from rnn_tui.engine.watch.inner_dropout import draws_masks, masks_of
from rnn_tui.engine.watch.networks import WatchedNetwork, kind_of
from rnn_tui.engine.watch.own_cells import given_states, sequence_of_own
from rnn_tui.engine.watch.sequences import CallSequence, begins_another, chains, sequence_of, top_of
from rnn_tui.engine.watch.step_losses import StepTargets, step_targets
from rnn_tui.engine.watch.tokens_read import TokensRead, notes_on, tokens_read
from rnn_tui.engine.watch.weights_used import plain_module
from rnn_tui.experiment.spec import Data, Experiment, Network, RunOptions, Training
from rnn_tui.experiment.stand_ins import stand_ins

__all__ = ["WatchedPass", "watched_pass"]

_TOLERANCE = 1e-3  # of the largest state; mixed precision rounds to about as much
_WITHOUT_DROPOUT = (
    "This network drops states between its layers, and the masks are drawn inside it: "
    "what is shown of the layers above the first is without dropout."
)
_PROJECTED = (
    "An LSTM with proj_size has other equations: only what its top layer returns is shown, h_t made smaller by W_hr."
)
_DIFFERENT = "The states shown are computed again, and differ from those that the script has used by more than 0.1 %."


class WatchedData:
    """What a network has read, and what it was to predict, as far as that could be seen."""

    batch_first = False

    def __init__(
        self, sequence: CallSequence, read: TokensRead | None, targets: StepTargets | None, vocabulary: str
    ) -> None:
        self.sequence = sequence
        self.vocabulary = vocabulary
        self.length, self.rows = sequence.x.shape[:2]
        self.all_rows = self.rows
        self.lengths = sequence.lengths
        self.reads_tokens = read is not None
        nothing = torch.zeros(self.length, self.rows, dtype=torch.int64)
        self.inputs = self.characters = nothing if read is None else read.ids.cpu()
        told = None if read is None or read.is_padding_read else read.lengths
        self._ends = self.lengths if told is None else told
        self.targets = None if targets is None else targets.targets.cpu()
        self.numbers = sequence.x[..., 0].cpu() if read is None and sequence.x.shape[-1] == 1 else None

    def steps(self, row: int) -> int:
        """Return the time steps of a row, without its padding."""
        return self.length if self._ends is None else int(self._ends[row])

    def x(self, start: int, stop: int) -> Tensor:
        """Return what the first layer reads at start..stop-1, (t, N, E)."""
        return self.sequence.x[start:stop]

    def y(self, start: int, stop: int) -> Tensor:
        """Return the targets there, (t, N)."""
        assert self.targets is not None
        return self.targets[start:stop].to(self.sequence.x.device)

    def only_scored(self, indices: Tensor) -> Tensor:
        """Return indices (T, N) as they are: wherever there is a target, it counts."""
        return indices

    def targets_by(self, stop: int) -> float:
        """Return how many targets the first `stop` time steps have, on the average of the rows."""
        if self.targets is None:
            return 0.0
        part = self.targets[:stop]
        return float((~part.isnan() if part.is_floating_point() else part != NONE).sum()) / self.rows


class HasWeights(Protocol):
    """A model, as far as its weights are concerned."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield all weights."""

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield all weights with their names."""


class WatchedModel:
    """The model that a network is a part of."""

    def __init__(
        self, model: HasWeights, recurrent: nn.Module, embedding: nn.Embedding | None, head: nn.Linear | None
    ) -> None:
        self._model = model
        self.recurrent: Any = recurrent
        self.embedding = embedding
        self.head = head

    def embed(self, x: Tensor) -> Tensor:
        """Return what a pass reads as it is: it was captured behind the embedding."""
        return x

    def read_out(self, output: Tensor) -> Tensor:
        """Turn the top layer's states into logits, where the head is known."""
        return output if self.head is None else self.head.forward(output)  # its hooks are the script's

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield all weights of the model."""
        return self._model.parameters()

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield all weights of the model with their names."""
        return self._model.named_parameters()


class WatchedPass:
    """One pass, right after its backward: its gradients belong to the weights as they are."""

    learns = at_end_of_pass = has_update = True
    unit = "sequence"
    collected = 1
    keeps_update = False
    last_update: list[Tensor | None] | None = None  # kept while somebody looks at it

    def __init__(
        self,
        experiment: Experiment,
        model: WatchedModel,
        dataset: WatchedData,
        sequence: CallSequence,
        targets: StepTargets | None,
        *,
        scale: float = 1.0,
        given: GivenStates | None = None,
        masks: Tensor | None = None,
    ) -> None:
        self.experiment = experiment
        self.model = model
        self.dataset = dataset
        self.sequence = sequence
        self.device = sequence.x.device
        self.cast: Cast = sequence.cast
        self.length = self.fed = len(sequence.x)
        self.h_0: State = sequence.h_0
        self.state: State = sequence.state
        self.logits = [] if targets is None else [targets.logits]
        self.segments: Sequence[Segment] = sequence.segments
        self.held: Sequence[HeldState] = ()
        self.given = given
        self.masks = masks
        self.computed: dict[Any, Any] | None = {}
        self.notes: tuple[str, ...] = ()
        self.classes_from = 0  # the first stand-in of what is predicted, where it has other names than what is read
        self.reads_tokens = dataset.reads_tokens
        self.tokens = 1  # that can be read, as far as that is known
        self.reads = ""  # what it reads, in a few words
        self._scale = scale

    def gradients(self) -> list[Tensor | None]:
        """Return ∂L/∂W of each weight, as the backward has left it; without the factor of a gradient scaler."""
        found = [weight.grad for weight in self.model.parameters()]
        return found if self._scale == 1 else [None if each is None else each / self._scale for each in found]


def watched_pass(network: WatchedNetwork, capture: Capture, *, name: str, tokens: int = 0) -> WatchedPass | None:
    """Return what a network has done in a captured pass; None: it was not called there. Raises ValueError.

    There are at least so many `tokens` where the script tells them by itself.
    """
    recurrent, model = network.module(), network.model()
    if recurrent is None or model is None:
        return None
    calls = _calls(recurrent, capture)
    sequence = sequence_of(calls, capture) if calls else sequence_of_own(recurrent, capture)
    if sequence is None:
        return None
    if _is_projected(recurrent):
        sequence = top_of(sequence, recurrent)
        given: GivenStates | None = GivenStates(h=sequence.output, gates={}, note=_PROJECTED)
    else:
        given = None if calls else given_states(recurrent, capture, sequence)
    read = tokens_read(recurrent, sequence, capture, tokens)
    embedding = None if read is None else read.embedding
    head, targets = None, None
    if not begins_another(recurrent, capture.calls):
        head, targets = _outputs(sequence, capture, None if read is None else read.lengths)
    tokens = 1 if read is None else read.count
    classes = tokens if targets is None or targets.is_numbers else targets.logits.shape[-1]
    apart = classes != tokens  # what is predicted has other names than what is read
    offset = tokens if apart else 0
    if targets is not None and apart:
        targets = targets.moved(offset)
    vocabulary = stand_ins(tokens + (classes if apart else 0))
    experiment = Experiment(
        name=name,
        data=Data(inputs=(), text=name, batch=sequence.x.shape[1], length=len(sequence.x), vocabulary=vocabulary),
        network=_network(recurrent, sequence, embedding),
        training=Training(tick="sequence", epochs=0),
        run=RunOptions(speed=0.0),
    )
    made = WatchedPass(
        experiment,
        WatchedModel(model, recurrent if given else _layers_of(plain_module(calls[-1])), embedding, head),
        WatchedData(sequence, read, targets, vocabulary),
        sequence,
        targets,
        scale=capture.scale,
        given=given,
        masks=masks_of(calls[0]) if len(calls) == 1 and draws_masks(recurrent) else None,
    )
    made.notes = (*_notes(made, recurrent), *notes_on(capture, read))
    made.classes_from = offset
    made.tokens = tokens
    made.reads = _reading(sequence, embedding)
    return made


def _reading(sequence: CallSequence, embedding: nn.Embedding | None) -> str:
    """Say what a network reads: "34 features, embedding 10 of 14 tokens"."""
    size = sequence.x.shape[-1]
    features = counted(size, "feature")
    if embedding is None:
        return features
    tokens = f"embedding {embedding.embedding_dim} of {counted(embedding.num_embeddings, 'token')}"
    return tokens if embedding.embedding_dim == size else f"{features}, {tokens}"


@torch.no_grad()
def _notes(made: WatchedPass, recurrent: nn.Module) -> tuple[str, ...]:
    """Return what cannot be shown. The states that are computed again must be those that the module returned."""
    if made.given is not None:
        return ()
    top = recompute(made, made.dataset.steps(0), [0])[-1].h[:, 0]
    output = made.sequence.output[: len(top), 0]
    size = max(1.0, float(output.abs().max()))
    if float((top - output).abs().max()) <= _TOLERANCE * size:
        return ()
    made.masks = None
    made.computed = {}
    return (_WITHOUT_DROPOUT,) if draws_masks(recurrent) else (_DIFFERENT,)


def _calls(recurrent: nn.Module, capture: Capture) -> list[RecurrentCall]:
    """Return the calls that go on from one another: those that the backward went through, or else the most."""
    calls = [each for each in capture.calls if each.module is recurrent]
    return max(chains(calls), key=lambda chain: (any(map(capture.is_reached, chain)), len(chain)), default=[])


def _is_projected(recurrent: nn.Module) -> bool:
    return isinstance(recurrent, nn.RNNBase) and recurrent.proj_size > 0


def _network(recurrent: Any, sequence: CallSequence, embedding: nn.Embedding | None) -> Network:
    if not is_recurrent(recurrent) or _is_projected(recurrent):
        return Network(cell="rnn-relu", hidden_size=sequence.output.shape[-1], head="linear", implementation="cell")
    network = Network(
        cell=kind_of(recurrent),
        hidden_size=recurrent.hidden_size,
        embedding=sequence.x.shape[-1] if embedding is not None else 0,
        head="linear",
    )
    if isinstance(recurrent, nn.RNNBase):
        return replace(network, layers=recurrent.num_layers, bidirectional=recurrent.bidirectional)
    return replace(network, implementation="cell")


def _layers_of(recurrent: nn.Module) -> nn.Module:
    """Return a recurrent module as one of layers: a cell as a stack of one."""
    if isinstance(recurrent, nn.RNNBase):
        return recurrent
    stack = CellStack.__new__(CellStack)
    nn.Module.__init__(stack)
    stack.cells = nn.ModuleList([recurrent])
    stack.batch_first = False
    return stack


def _outputs(
    sequence: CallSequence, capture: Capture, ends: Tensor | None
) -> tuple[nn.Linear | None, StepTargets | None]:
    """Return the head, where one reads the states themselves, and the logits and targets of each time step."""
    heads = [each for each in capture.linears if type(each.module) is nn.Linear and _reads(each, sequence)]
    found = step_targets(capture.losses, sequence, ends, capture.linears)
    if found is not None and found.is_numbers:  # then it must have been these very outputs that the head returned
        compared = {each.outputs.data_ptr() for each in capture.losses}
        heads = [each for each in heads if each.output.data_ptr() in compared]
    return (heads[-1].module if heads and found is not None else None), found


def _reads(call: LinearCall, sequence: CallSequence) -> bool:
    return call.x.numel() == sequence.output.numel() and call.x.data_ptr() in sequence.places
