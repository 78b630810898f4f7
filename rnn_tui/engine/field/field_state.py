"""The state of a field as named tensors, and a field brought back to it, which goes on as if nothing had been."""

import math

import torch
from torch import Tensor

from rnn_tui.engine.field.field import Field
from rnn_tui.engine.field.stack_state import StateError, Tensors, restore_stack, stack_tensors
from rnn_tui.engine.network.cells import parts
from rnn_tui.protocol.field import DIVERGED, DONE, WAITING

__all__ = ["StateError", "field_tensors", "restore_field"]

_FIGURES = ("passes", "loss", "learnt", "right", "held_out", "norm", "states")


def field_tensors(field: Field) -> dict[str, Tensor]:
    """Return the state between two steps. A large network that is under way is not in it: it begins anew."""
    results, losses = field.results, field.results.losses
    found = {f"results.{name}": torch.from_numpy(getattr(results, name)) for name in _FIGURES}
    found["losses"] = torch.from_numpy(losses.values.copy())
    found["losses.every"] = torch.tensor([losses.every])
    found["held_out.updates"] = torch.from_numpy(results.evaluations.updates)
    found["held_out.losses"] = torch.from_numpy(results.evaluations.values)
    for place, stack in enumerate(field.stacks):
        found |= {f"stack.{place}.{name}": each for name, each in stack_tensors(stack).items()}
    alone = field._alone
    for number, weights in alone._weights.items():
        found[f"alone.{number}.weights"] = weights
        found |= {f"alone.{number}.{part}": each for part, each in zip("hc", parts(alone._h_0[number]), strict=False)}
    return {name: each.detach().clone().contiguous() for name, each in found.items()}  # nothing shared


def restore_field(field: Field, tensors: dict[str, Tensor]) -> None:
    """Bring a new field of the same comparison to a state. Raises StateError."""
    read = Tensors(tensors)
    results, members = field.results, field.comparison.members
    for name in _FIGURES:
        mine = getattr(results, name)
        mine[:] = read.get(f"results.{name}", torch.from_numpy(mine).dtype, (members,)).numpy()
    if (results.states > DIVERGED).any() or (results.passes < 0).any() or (results.learnt < 0).any():
        raise StateError("results are out of range")
    (every,) = read.counts("losses.every", 1)
    rows = tensors["losses"].shape[0] if "losses" in tensors and tensors["losses"].dim() == 2 else 0
    results.losses.restore(read.get("losses", torch.float32, (rows, members)).numpy(), max(1, every))
    if "held_out.updates" in read:  # else it was kept before there were curves of them
        updates = read.get("held_out.updates", torch.int64).numpy()
        values = read.get("held_out.losses", torch.float32, (len(updates), members)).numpy()
        if (updates < 1).any():
            raise StateError("held_out.updates is out of range")
        results.evaluations.restore(updates, values)
    for place, stack in enumerate(field.stacks):
        restore_stack(stack, read.within(f"stack.{place}."))
    _restore_alone(field, read)


def _restore_alone(field: Field, read: Tensors) -> None:
    """Keep the large networks that have come to their end; the others begin anew."""
    alone, results = field._alone, field.results
    waiting = []
    for number, experiment in alone._waiting:
        if results.states[number] < DONE:
            results.states[number], results.passes[number], results.learnt[number] = WAITING, 0, 0
            results.loss[number] = results.held_out[number] = math.nan
            results.losses.forget(number)
            results.evaluations.forget(number)
            waiting.append((number, experiment))
            continue
        its, network = read.within(f"alone.{number}."), field.experiments[number].network
        shape = (network.layers * network.directions, field.experiments[number].rows, network.hidden_size)
        alone._weights[number] = its.get("weights", torch.float32, (field.experiments[number].weights,))
        h = its.get("h", torch.float32, shape)
        alone._h_0[number] = (h, its.get("c", torch.float32, shape)) if network.kind.has_c else h
    alone._waiting = waiting
