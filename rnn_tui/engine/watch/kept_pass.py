"""A pass of a script that is kept to be looked at later: its numbers, and the weights that it was computed with.

All of it are copies in the memory of the host: the script has moved its weights since, and may have used its tensors
again. Copies have the layout of what was copied, so that what is computed from them is the same to the bit.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from rnn_tui.engine.inspect.observed_pass import Segment
from rnn_tui.engine.network.cells import map_state
from rnn_tui.engine.network.model import CellStack
from rnn_tui.engine.watch.watched_pass import WatchedModel, WatchedPass

__all__ = ["Copies", "keep_pass", "on_device"]

Move = Callable[[Tensor], Tensor]
MoveWeight = Callable[[Any], nn.Parameter]


class Copies:
    """Copies tensors into the memory of the host, each once however often it is met, and counts their bytes."""

    def __init__(self, *, only_count: bool = False) -> None:
        self.nbytes = 0
        self._only_count = only_count
        self._made: dict[int, tuple[Tensor, Tensor]] = {}  # by the id of what was copied, which lives meanwhile

    @torch.no_grad()
    def of(self, tensor: Tensor) -> Tensor:
        """Return a copy of a tensor, without its graph."""
        if id(tensor) not in self._made:
            made = tensor.detach() if self._only_count else tensor.detach().to("cpu", copy=True)
            self.nbytes += _bytes(made)
            self._made[id(tensor)] = tensor, made
        return self._made[id(tensor)][1]

    def weight(self, weight: nn.Parameter) -> nn.Parameter:
        """Return a copy of a weight with its gradient."""
        if id(weight) not in self._made:
            made = _parameter(weight, self.of(weight), None if weight.grad is None else self.of(weight.grad))
            self._made[id(weight)] = weight, made
        found = self._made[id(weight)][1]
        assert isinstance(found, nn.Parameter)
        return found


def keep_pass(observed: WatchedPass, copies: Copies) -> WatchedPass:
    """Return a copy of a pass that is over, and of the weights and gradients of its model."""
    kept = _moved(observed, copies.of, copies.weight)
    for name, each in vars(kept.dataset).items():
        if isinstance(each, Tensor):  # on the CPU, and maybe the script's own
            setattr(kept.dataset, name, copies.of(each))
    return kept


def on_device(kept: WatchedPass) -> WatchedPass:
    """Return a pass that was kept on the device that it was computed on."""
    device = kept.device
    if device.type == "cpu":
        return kept
    made: dict[int, Any] = {}  # tied weights stay one

    def move(tensor: Tensor) -> Tensor:
        return tensor.to(device)

    def weight(parameter: nn.Parameter) -> nn.Parameter:
        if id(parameter) not in made:
            gradient = None if parameter.grad is None else move(parameter.grad)
            made[id(parameter)] = _parameter(parameter, move(parameter.detach()), gradient)
        found: nn.Parameter = made[id(parameter)]
        return found

    return _moved(kept, move, weight)


class _Weights:
    """The weights of a model by their names, without the model."""

    def __init__(self, weights: dict[str, nn.Parameter]) -> None:
        self._weights = weights

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield all weights with their names."""
        yield from self._weights.items()

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield all weights."""
        yield from self._weights.values()


@torch.no_grad()
def _moved(observed: WatchedPass, move: Move, weight: MoveWeight) -> WatchedPass:
    """Return a pass with all of its tensors moved, and with modules that have its weights and nothing else."""
    model, data, sequence = observed.model, observed.dataset, observed.sequence
    sequence = replace(
        sequence,
        x=move(sequence.x),
        h_0=map_state(sequence.h_0, move),
        state=map_state(sequence.state, move),
        output=sequence.output.new_empty(0),  # the states are computed again, or given
        segments=tuple(_moved_segment(each, move) for each in sequence.segments),
        packed=None,
        order=None,
        places=frozenset(),
    )
    moved = copy.copy(observed)
    moved.model = WatchedModel(
        _Weights({name: weight(each) for name, each in model.named_parameters()}),
        nn.Module() if observed.given is not None else _layers(model.recurrent, weight),
        None if model.embedding is None or not _is_plain(model.embedding) else _embedding(model.embedding, weight),
        None if model.head is None or not _is_plain(model.head) else _head(model.head, weight),
    )
    moved.dataset = copy.copy(data)
    moved.dataset.sequence = sequence
    moved.sequence = sequence
    moved.computed = {}
    moved.h_0, moved.state, moved.segments = sequence.h_0, sequence.state, sequence.segments
    if observed.last_update is not None:
        moved.last_update = [None if each is None else move(each) for each in observed.last_update]
    moved.logits = [move(each) for each in observed.logits]
    moved.masks = None if observed.masks is None else move(observed.masks)
    if observed.given is not None:
        gates = {name: move(each) for name, each in observed.given.gates.items()}
        moved.given = replace(observed.given, h=move(observed.given.h), gates=gates)
    return moved


def _moved_segment(segment: Segment, move: Move) -> Segment:
    h, c = (None if each is None else move(each) for each in segment.end)
    return replace(segment, output=None if segment.output is None else move(segment.output), end=(h, c))


def _layers(recurrent: nn.Module, weight: MoveWeight) -> nn.Module:
    """Return a module that has the weights of a recurrent one under the same names."""
    if isinstance(recurrent, CellStack):
        stack = CellStack.__new__(CellStack)
        nn.Module.__init__(stack)
        stack.cells = nn.ModuleList([_holder(cell, weight) for cell in recurrent.cells])
        stack.batch_first = recurrent.batch_first
        return stack
    return _holder(recurrent, weight)


def _holder(module: nn.Module, weight: MoveWeight) -> nn.Module:
    holder = nn.Module()
    for name, each in module.named_parameters():
        holder.register_parameter(name, weight(each))
    return holder


def _is_plain(module: nn.Module) -> bool:
    """Tell whether a weight is a parameter: reading one that is made of others could change the script."""
    return "weight" in module._parameters


def _embedding(embedding: nn.Embedding, weight: MoveWeight) -> nn.Embedding:
    made = _blank(embedding)
    assert isinstance(made, nn.Embedding)
    made.register_parameter("weight", weight(embedding.weight))
    return made


def _head(head: nn.Linear, weight: MoveWeight) -> nn.Linear:
    made = _blank(head)
    assert isinstance(made, nn.Linear)
    made.register_parameter("weight", weight(head.weight))
    made.register_parameter("bias", None if head.bias is None else weight(head.bias))
    return made


def _blank(module: nn.Module) -> nn.Module:
    """Return a module with the constants of another one of torch's, without its weights and hooks."""
    kind = nn.Embedding if isinstance(module, nn.Embedding) else nn.Linear
    made: nn.Module = kind.__new__(kind)
    nn.Module.__init__(made)
    for name in kind.__constants__:
        setattr(made, name, getattr(module, name))
    return made


def _parameter(weight: nn.Parameter, values: Tensor, gradient: Tensor | None) -> nn.Parameter:
    """Return a parameter like another one; where gradients are wanted torch's GRU rounds in another way."""
    parameter = nn.Parameter(values, requires_grad=weight.requires_grad)
    parameter.grad = gradient
    return parameter


def _bytes(tensor: Tensor) -> int:
    if tensor.is_sparse:
        return _bytes(tensor._values()) + _bytes(tensor._indices())
    return tensor.numel() * tensor.element_size()
