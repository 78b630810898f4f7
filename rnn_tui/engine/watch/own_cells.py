"""Cells that somebody has written: a module that is called step by step, with what its parts return at each step.

What such a module computes inside is its own, so its states are those that it returned. T time steps, N rows,
E features, H hidden units.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from rnn_tui.engine.inspect.observed_pass import GivenStates, Segment
from rnn_tui.engine.watch.capture import Capture, ModuleCall, is_recurrent, is_torchs
from rnn_tui.engine.watch.sequences import CallSequence

__all__ = ["given_states", "own_cells", "sequence_of_own"]

_FEWEST = 2  # calls in a pass that make a module a cell


def own_cells(capture: Capture) -> list[nn.Module]:
    """Return the modules of a pass that are cells: called several times, each time with a state of the same shape.

    Of modules inside one another the outermost; none of torch's, and none that has one of its recurrent modules.
    """
    calls: dict[int, list[ModuleCall]] = {}
    for each in capture.modules:
        calls.setdefault(id(each.module), []).append(each)
    found: dict[int, nn.Module] = {}
    for key, own in calls.items():
        module = own[0].module
        if len(own) < _FEWEST or is_torchs(module) or any(map(is_recurrent, module.modules())):
            continue
        if _reads_a_state(own):
            found[key] = module
    inner = {id(part) for module in found.values() for part in module.modules() if part is not module}
    return [module for key, module in found.items() if key not in inner]


def sequence_of_own(module: nn.Module, capture: Capture) -> CallSequence | None:
    """Return the calls of a cell in a pass as one sequence; None: it was not called, or not always alike."""
    calls = [each for each in capture.modules if each.module is module]
    if not calls or any(each.output.shape != calls[0].output.shape or not each.arguments for each in calls):
        return None
    first, shape = calls[0], calls[0].output.shape
    xs = [each.arguments[0].detach() for each in calls]
    if any(each.shape != xs[0].shape or each.dim() != 2 for each in xs):
        return None
    states = [each for each in first.arguments[1:] if each.shape == shape]
    h_0 = states[0].detach() if states else torch.zeros_like(first.output)
    gradients = [capture.gradient(each.output) for each in calls]
    return CallSequence(
        x=torch.stack(xs),
        h_0=h_0[None],
        state=calls[-1].output.detach()[None],
        output=torch.stack([each.output.detach() for each in calls]),
        lengths=None,
        segments=tuple(
            Segment(start=at, stop=at + 1, output=None, end=(None if each is None else each[None], None))
            for at, each in enumerate(gradients)
        ),
        cast=torch.no_grad,
        batch_first=False,
        packed=None,
        order=None,
        places=frozenset(each.output.data_ptr() for each in calls),
    )


def given_states(module: nn.Module, capture: Capture, sequence: CallSequence) -> GivenStates:
    """Return the states of a cell, and what each of its parts has returned at each step."""
    ends = [at for at, each in enumerate(capture.modules) if each.module is module]
    names = {id(part): name for name, part in module.named_children()}
    parts: dict[str, list[Tensor]] = {}
    for before, end in pairwise([-1, *ends]):
        for name, value in _parts(capture.modules[before + 1 : end], names):
            parts.setdefault(name, []).append(value)
    shape = sequence.output.shape
    gates = {
        name: torch.stack(values)
        for name, values in parts.items()
        if len(values) == len(ends) and all(each.shape == shape[1:] for each in values)
    }
    return GivenStates(h=sequence.output, gates=gates)


def _parts(calls: Sequence[ModuleCall], names: dict[int, str]) -> list[tuple[str, Tensor]]:
    """Return what the parts of a cell return in one step, under their names; one that is called again has a number."""
    found: dict[str, Tensor] = {}
    for each in calls:
        name = names.get(id(each.module))
        if name is not None:
            again = sum(known.partition(" ")[0] == name for known in found)
            found[f"{name} {again + 1}" if again else name] = each.output.detach()
    return list(found.items())


def _reads_a_state(calls: Sequence[ModuleCall]) -> bool:
    """Tell whether calls may have been given a state: numbers such as they return, and not the same each time.

    A mask of that shape, as attention reads it, is none.
    """
    for given in zip(*(each.arguments for each in calls), strict=False):
        alike = all(
            argument.shape == each.output.shape and argument.is_floating_point()
            for argument, each in zip(given, calls, strict=True)
        )
        if alike and any(argument is not given[0] for argument in given):
            return True
    return False
