"""Cells that somebody has written: a module that is called step by step, with what its parts return at each step.

What such a module computes inside is its own, so its states are those that it returned. T time steps, N rows,
E features, H hidden units.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from rnn_tui.engine.inspect.observed_pass import GivenStates, Segment
from rnn_tui.engine.watch.capture import Capture, ModuleCall, is_recurrent, is_torchs
from rnn_tui.engine.watch.sequences import CallSequence

__all__ = ["given_states", "own_cells", "sequence_of_own"]

_FEWEST = 2  # calls in a pass that make a module a cell


@dataclass(frozen=True)
class _State:
    """Where the state of a cell stands among the tensors that it returns, and among those that it is given."""

    returned: int
    given: int


def own_cells(capture: Capture) -> list[nn.Module]:
    """Return the modules of a pass that are cells: called several times, each time with a state that it has returned.

    Of modules inside one another the outermost; none of torch's, and none that has one of its recurrent modules.
    """
    calls: dict[int, list[ModuleCall]] = {}
    for each in capture.modules:
        calls.setdefault(id(each.module), []).append(each)
    found: dict[int, nn.Module] = {}
    for key, some in calls.items():
        module = some[0].module
        if len(some) < _FEWEST or is_torchs(module) or any(map(is_recurrent, module.modules())):
            continue
        if _state(some) is not None:
            found[key] = module
    inner = {id(part) for module in found.values() for part in module.modules() if part is not module}
    return [module for key, module in found.items() if key not in inner]


def sequence_of_own(module: nn.Module, capture: Capture) -> CallSequence | None:
    """Return the calls of a cell in a pass as one sequence; None: it was not called, or not always alike."""
    calls = _of_one_pass(module, capture)
    if not calls or any(_shapes(each) != _shapes(calls[0]) or not each.arguments for each in calls):
        return None
    where = _state(calls)
    returned, given = (where.returned, where.given) if where is not None else (0, None)
    outputs = [each.outputs[returned] for each in calls]
    x = next((at for at in range(len(calls[0].arguments)) if at != given), 0)
    xs = [each.arguments[x].detach() for each in calls]
    if any(each.shape != xs[0].shape or each.dim() != 2 for each in xs):
        return None
    begin = None if given is None else calls[0].arguments[given]
    h_0 = begin.detach() if begin is not None and begin.shape == outputs[0].shape else torch.zeros_like(outputs[0])
    gradients = [capture.gradient(each) for each in outputs]
    return CallSequence(
        x=torch.stack(xs),
        h_0=h_0[None],
        state=outputs[-1].detach()[None],
        output=torch.stack([each.detach() for each in outputs]),
        lengths=None,
        segments=tuple(
            Segment(start=at, stop=at + 1, output=None, end=(None if each is None else each[None], None))
            for at, each in enumerate(gradients)
        ),
        cast=torch.no_grad,
        batch_first=False,
        packed=None,
        order=None,
        places=frozenset(each.data_ptr() for each in outputs),
    )


def given_states(module: nn.Module, capture: Capture, sequence: CallSequence) -> GivenStates:
    """Return the states of a cell, and what each of its parts has returned at each step."""
    chosen = {id(each) for each in _of_one_pass(module, capture)}
    ends = [at for at, each in enumerate(capture.modules) if each.module is module]
    names = {id(part): name for name, part in module.named_children()}
    parts: dict[str, list[Tensor]] = {}
    for before, end in pairwise([-1, *ends]):
        if id(capture.modules[end]) not in chosen:
            continue
        for name, value in _parts(capture.modules[before + 1 : end], names):
            parts.setdefault(name, []).append(value)
    shape = sequence.output.shape
    gates = {
        name: torch.stack(values)
        for name, values in parts.items()
        if len(values) == len(chosen) and all(each.shape == shape[1:] for each in values)
    }
    return GivenStates(h=sequence.output, gates=gates)


def _of_one_pass(module: nn.Module, capture: Capture) -> list[ModuleCall]:
    """Return the calls of a cell from its first state on; where it has begun several times those that are learnt from.

    A call begins anew that is given the very numbers that the first one was given, as zeros are.
    """
    calls = [each for each in capture.modules if each.module is module]
    where = _state(calls)
    if where is None or any(where.given >= len(each.arguments) for each in calls):
        return calls
    first = calls[0].arguments[where.given]
    passes: list[list[ModuleCall]] = [calls[:1]]
    for before, call in pairwise(calls):
        state = call.arguments[where.given]
        goes_on = state.data_ptr() == before.outputs[where.returned].data_ptr()
        if not goes_on and state.shape == first.shape and torch.equal(state, first):
            passes.append([])
        passes[-1].append(call)
    return max(passes, key=lambda each: (any(map(capture.is_reached, each)), len(each)))


def _parts(calls: Sequence[ModuleCall], names: dict[int, str]) -> list[tuple[str, Tensor]]:
    """Return what the parts of a cell return in one step, under their names; one that is called again has a number."""
    found: dict[str, Tensor] = {}
    for each in calls:
        name = names.get(id(each.module))
        if name is not None:
            again = sum(known.partition(" ")[0] == name for known in found)
            found[f"{name} {again + 1}" if again else name] = each.outputs[0].detach()
    return list(found.items())


def _shapes(call: ModuleCall) -> tuple[int, list[torch.Size]]:
    return len(call.arguments), [each.shape for each in call.outputs]


def _state(calls: Sequence[ModuleCall]) -> _State | None:
    """Find out which tensor is the state: the one that the next call is given, whatever else is returned before it.

    Where none is given on as it is, one of the shape of what is given, if that is not the same each time: a mask that
    attention reads is none.
    """
    for before, after in pairwise(calls):
        for returned, state in enumerate(before.outputs):
            for given, argument in enumerate(after.arguments):
                if argument.shape == state.shape and argument.data_ptr() == state.data_ptr():
                    return _State(returned, given)
    for given, arguments in enumerate(zip(*(each.arguments for each in calls), strict=False)):
        for returned, outputs in enumerate(zip(*(each.outputs for each in calls), strict=False)):
            pairs = zip(arguments, outputs, strict=True)
            alike = all(there.shape == back.shape and there.is_floating_point() for there, back in pairs)
            if alike and any(each is not arguments[0] for each in arguments):
                return _State(returned, given)
    return None
