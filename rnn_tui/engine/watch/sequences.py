"""Calls of a recurrent module as one sequence over time: what it read, the states, and the gradients that reached them.

A module may be called once with a whole sequence, padded or packed, or step by step. Calls of which each begins with
the state that the one before it returned are one sequence. T time steps, N rows, E features, L layers, D directions,
H hidden units; time first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from rnn_tui.engine.inspect.observed_pass import Segment
from rnn_tui.engine.network.cells import State, map_state, parts
from rnn_tui.engine.watch.capture import Capture, Cast, RecurrentCall
from rnn_tui.engine.watch.weights_used import plain_module

__all__ = ["CallSequence", "begins_another", "chains", "sequence_of", "top_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class CallSequence:
    """What a recurrent module has computed in a pass."""

    x: Tensor  # (T, N, E)
    h_0: State  # (L*D, N, H)
    state: State  # after the last step
    output: Tensor  # (T, N, D*H)
    lengths: Tensor | None  # (N,) on the CPU, where rows were packed
    segments: tuple[Segment, ...]  # one for each call
    cast: Cast
    batch_first: bool  # as the module was called
    packed: Tensor | None  # (T,) the batch sizes, where rows were packed
    order: Tensor | None  # (N,) in which packed rows lie
    places: frozenset[int]  # where in memory the outputs lie that the module returned


def chains(calls: Sequence[RecurrentCall]) -> list[list[RecurrentCall]]:
    """Return the calls of one module in groups, each of which goes on from state to state."""
    found: list[list[RecurrentCall]] = []
    for call in calls:
        if found and _goes_on(found[-1][-1], call):
            found[-1].append(call)
        else:
            found.append([call])
    return found


def begins_another(module: nn.Module, calls: Sequence[RecurrentCall]) -> bool:
    """Tell whether a module encodes for another one: one that is called after it begins with a computed state.

    What is predicted then is predicted by the other one, even where it has as many time steps.
    """
    last = max((at for at, call in enumerate(calls) if call.module is module), default=len(calls))
    before = {id(call.module) for call in calls[:last]}
    for call in calls[last + 1 :]:
        if id(call.module) not in before:
            before.add(id(call.module))
            if call.state is not None and any(each.grad_fn is not None for each in parts(call.state)):
                return True
    return False


def sequence_of(calls: Sequence[RecurrentCall], capture: Capture) -> CallSequence:
    """Join calls that go on from one another."""
    pieces = [_piece(call, capture) for call in calls]
    ends = [0, *accumulate(len(each.x) for each in pieces)]
    segments = tuple(
        Segment(start=start, stop=stop, output=each.gradient, end=each.end_gradient)
        for each, (start, stop) in zip(pieces, pairwise(ends), strict=True)
    )
    first, last = pieces[0], pieces[-1]
    module = calls[0].module
    return CallSequence(
        x=torch.cat([each.x for each in pieces]),
        h_0=first.before,
        state=last.after,
        output=torch.cat([each.output for each in pieces]),
        lengths=first.lengths if len(pieces) == 1 else None,
        segments=segments,
        cast=calls[0].cast,
        batch_first=bool(getattr(module, "batch_first", False)),
        packed=first.packed,
        order=first.order,
        places=frozenset(_place(each.output) for each in calls),
    )


def top_of(sequence: CallSequence, module: nn.Module) -> CallSequence:
    """Return a sequence of which the states are what the top layer returns, both directions side by side."""
    directions = 2 if getattr(module, "bidirectional", False) else 1

    def top(state: State) -> Tensor:
        return torch.cat(parts(state)[0][-directions:].unbind(0), -1)[None]

    return replace(sequence, h_0=top(sequence.h_0), state=top(sequence.state))


def _place(output: Any) -> int:
    top = output[0] if isinstance(output, tuple) and not isinstance(output, PackedSequence) else output
    return int(top.data.data_ptr())


@dataclass(frozen=True, kw_only=True, eq=False)
class _Piece:
    x: Tensor
    before: State
    after: State
    output: Tensor
    lengths: Tensor | None
    gradient: Tensor | None
    end_gradient: tuple[Tensor | None, Tensor | None]
    packed: Tensor | None = None
    order: Tensor | None = None


def _piece(call: RecurrentCall, capture: Capture) -> _Piece:
    return _of_cell(call, capture) if isinstance(call.module, nn.RNNCellBase) else _of_layers(call, capture)


def _of_cell(call: RecurrentCall, capture: Capture) -> _Piece:
    """Take a call of a cell as a sequence of one step: (N, E) and states (N, H)."""
    assert isinstance(call.x, Tensor)
    rows = call.x.detach().reshape(-1, call.x.shape[-1])
    after = map_state(call.output, lambda part: part.detach().reshape(1, len(rows), -1))
    before = _given(call.state, after)
    h, c = parts(call.output)[0], parts(call.output)[1] if isinstance(call.output, tuple) else None
    by_h, by_c = (None if part is None else capture.gradient(part) for part in (h, c))
    if c is not None and by_c is not None and by_h is not None and c.grad_fn is not h.grad_fn:
        # torch computes h from this very c, in an operation of its own: the gradient by c has that way in it already.
        by_c = by_c - _through_h(call, c, by_h)
    ends = [None if each is None else each.reshape(1, len(rows), -1) for each in (by_h, by_c)]
    return _Piece(
        x=rows[None],
        before=before,
        after=after,
        output=parts(after)[0],
        lengths=None,
        gradient=None,  # its h is the state that it returns, see below
        end_gradient=(ends[0], ends[1]),
    )


@torch.no_grad()
def _through_h(call: RecurrentCall, c: Tensor, by_h: Tensor) -> Tensor:
    """Return the part of ∂L/∂c_t that goes through h_t = o_t tanh(c_t)."""
    x, cell = call.x, plain_module(call)
    assert isinstance(x, Tensor)
    assert isinstance(cell, nn.LSTMCell)
    with call.cast():
        total = F.linear(x, cell.weight_ih, cell.bias_ih)
        if call.state is not None:
            total = total + F.linear(parts(call.state)[0], cell.weight_hh, cell.bias_hh)
        elif cell.bias_hh is not None:
            total = total + cell.bias_hh
    return by_h * total.chunk(4, -1)[3].sigmoid() * (1 - c.tanh() ** 2)


def _of_layers(call: RecurrentCall, capture: Capture) -> _Piece:
    module, (output, after) = call.module, call.output
    flat = not isinstance(output, PackedSequence) and output.dim() == 2  # a single row
    end = [capture.gradient(part) for part in parts(after)]
    if flat:
        end = [None if each is None else each[:, None] for each in end]
        after = map_state(after, lambda part: part[:, None])
    after = map_state(after, Tensor.detach)
    ends = (end[0], end[1] if len(end) > 1 else None)
    before = _given(call.state, after)
    if isinstance(output, PackedSequence):
        assert isinstance(call.x, PackedSequence)
        x, lengths = pad_packed_sequence(_on(call.x, call.x.data.detach()))
        gradient = capture.gradient(output.data)
        return _Piece(
            x=x,
            before=before,
            after=after,
            output=pad_packed_sequence(_on(output, output.data.detach()))[0],
            lengths=lengths,
            gradient=None if gradient is None else pad_packed_sequence(_on(output, gradient))[0],
            end_gradient=ends,
            packed=call.x.batch_sizes,
            order=call.x.sorted_indices,
        )
    assert isinstance(call.x, Tensor)

    def in_time(values: Tensor) -> Tensor:
        values = values[:, None] if flat else values
        return values.transpose(0, 1) if module.batch_first and not flat else values

    gradient = capture.gradient(output)
    return _Piece(
        x=in_time(call.x.detach()),
        before=before,
        after=after,
        output=in_time(output.detach()),
        lengths=None,
        gradient=None if gradient is None else in_time(gradient),
        end_gradient=ends,
    )


def _on(packed: PackedSequence, data: Tensor) -> PackedSequence:
    return PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)


def _given(state: Any, after: State) -> State:
    """Return the state before a call in the shape of the one after it; zeros where none was given."""
    if state is None:
        return map_state(after, torch.zeros_like)
    shapes = [part.shape for part in parts(after)]
    given = [part.detach().reshape(shape) for part, shape in zip(parts(state), shapes, strict=True)]
    return (given[0], given[1]) if len(given) > 1 else given[0]


def _goes_on(one: RecurrentCall, other: RecurrentCall) -> bool:
    """Tell whether a call begins with the state that another has returned: the same memory, or the same numbers."""
    if other.state is None or isinstance(one.x, PackedSequence) or isinstance(other.x, PackedSequence):
        return False
    returned = one.output if isinstance(one.module, nn.RNNCellBase) else one.output[1]
    pairs = list(zip(parts(returned), parts(other.state), strict=False))
    return all(_same(*pair) for pair in pairs)


def _same(one: Tensor, other: Tensor) -> bool:
    if one.numel() != other.numel():
        return False
    return one.data_ptr() == other.data_ptr() or torch.equal(one.detach().flatten(), other.detach().flatten())
