"""The state of a stack between two passes as named tensors, and a stack brought back to it: to the bit.

What follows from the comparison alone, the batches and masks of any pass, is not in it. These functions are a part of
`Stack`, and know how its parts are made.
"""

import numpy as np
import torch
from torch import Tensor

from rnn_tui.engine.field.stack import Stack
from rnn_tui.engine.field.stacked_model import StackedModel
from rnn_tui.engine.network.cells import State, parts
from rnn_tui.engine.training.early_stopping import BestLoss
from rnn_tui.engine.training.lr_schedule import Plateau

__all__ = ["StateError", "Tensors", "restore_stack", "stack_tensors"]

_MOST = 2**53  # of a count


class StateError(ValueError):
    """Tensors that are not those of this comparison; the message says which."""


class Tensors:
    """Named tensors that anybody may have written: each is of the kind and the size that is asked for."""

    def __init__(self, tensors: dict[str, Tensor], prefix: str = "") -> None:
        self._tensors, self._prefix = tensors, prefix

    def __contains__(self, name: str) -> bool:
        return f"{self._prefix}{name}" in self._tensors

    def within(self, prefix: str) -> "Tensors":
        """Return those whose names begin like that, by the rest of their names."""
        return Tensors(self._tensors, f"{self._prefix}{prefix}")

    def get(self, name: str, kind: torch.dtype, shape: tuple[int, ...] | None = None) -> Tensor:
        """Return a copy of one; without a shape it is a row of numbers. Raises StateError."""
        found = self._tensors.get(f"{self._prefix}{name}")
        if found is None:
            raise StateError(f"{self._prefix}{name} is missing")
        if found.dtype != kind or (found.dim() != 1 if shape is None else tuple(found.shape) != shape):
            raise StateError(f"{self._prefix}{name} is of another size")
        return found.clone()

    def counts(self, name: str, count: int) -> list[int]:
        """Return whole numbers from 0 on. Raises StateError."""
        found = [int(each) for each in self.get(name, torch.int64, (count,)).tolist()]
        if not all(0 <= each < _MOST for each in found):
            raise StateError(f"{self._prefix}{name} is out of range")
        return found

    def state(self, name: str, shape: tuple[int, ...], kind: torch.dtype, *, has_c: bool) -> State:
        """Return h, and c where there is one. Raises StateError."""
        h = self.get(f"{name}.h", kind, shape)
        return (h, self.get(f"{name}.c", kind, shape)) if has_c else h


def stack_tensors(stack: Stack) -> dict[str, Tensor]:
    """Return what the next passes depend on, and what members have come to that no longer learn."""
    plans = stack._plans
    found = {
        "counts": torch.tensor([stack._pass, stack._collected, stack._optimizer.updates]),
        "numbers": torch.from_numpy(stack._numbers),
        "learning": torch.from_numpy(stack._learning),
        "finals": stack._finals,
        "weights": stack._model.flat,
        "plateaus": _plateaus(plans._plateaus),
        "best": torch.tensor([(each.loss, each.epoch, each.since) for each in plans._best], dtype=torch.float64),
        "earlier": torch.from_numpy(plans._earlier),
    }
    if plans._next_plateaus is not None:
        found["next_plateaus"] = _plateaus(plans._next_plateaus)
    found |= {f"average.{place}": each for place, each in enumerate(stack._optimizer.averages)}
    if stack._gradients is not None:
        found["gradients"] = stack._gradients
    if stack._first_states._random is not None:
        found["random"] = torch.stack(stack._first_states._random)
    for name, state in (("after", stack._state), ("before", stack.h_0)):
        if state is not None:
            found |= {f"{name}.{part}": each for part, each in zip("hc", parts(state), strict=False)}
    if stack._carried:
        numbers = sorted(stack._carried)
        found["carried"] = torch.tensor(numbers)
        by_part = zip(*(parts(stack._carried[number]) for number in numbers), strict=True)
        found |= {f"carried.{part}": torch.stack(each) for part, each in zip("hc", by_part, strict=False)}
    return {name: each.detach() for name, each in found.items()}


def restore_stack(stack: Stack, tensors: Tensors) -> None:
    """Bring a new stack of the same members to a state. Raises StateError."""
    passes, collected, updates = tensors.counts("counts", 3)
    numbers = tensors.get("numbers", torch.int64).tolist()
    places = [stack._places.get(number, -1) for number in numbers]
    if not places or places != sorted({*places}) or places[0] < 0:
        raise StateError("its members are not those of the comparison")
    _keep(stack, places)
    rows, (members, weights), kind = len(places), stack._finals.shape, stack._finals.dtype
    stack._finals = tensors.get("finals", kind, (members, weights))
    stack._numbers = np.asarray(numbers, np.int64)
    stack._learning = tensors.get("learning", torch.bool, (rows,)).numpy()
    stack._model = StackedModel(stack._experiments[0], tensors.get("weights", kind, (rows, weights)))
    optimizer = stack._optimizer
    optimizer.updates = updates
    optimizer.averages = [
        tensors.get(f"average.{place}", kind, (rows, weights)) for place in range(len(optimizer.averages))
    ]
    stack._pass, stack._collected = passes, collected
    stack._gradients = tensors.get("gradients", kind, (rows, weights)) if "gradients" in tensors else None
    _restore_plans(stack, tensors, rows)
    if stack._first_states._random is not None:
        stack._first_states._random = _random(tensors, rows)
    network = stack._experiments[0].network
    shape, has_c = (network.layers * network.directions, stack._batches.rows, network.hidden_size), network.kind.has_c
    if passes:
        stack._state = tensors.state("after", (rows, *shape), kind, has_c=has_c)
        stack.h_0 = tensors.state("before", (rows, *shape), kind, has_c=has_c)
        stack._batches.begin(passes)
    if "carried" in tensors:
        ended = tensors.get("carried", torch.int64).tolist()
        if not {*ended} <= {*stack._places}:
            raise StateError("its members are not those of the comparison")
        states = parts(tensors.state("carried", (len(ended), *shape), kind, has_c=has_c))
        for row, number in enumerate(ended):
            stack._carried[number] = (states[0][row], states[1][row]) if has_c else states[0][row]


def _keep(stack: Stack, places: list[int]) -> None:
    """Take out the members that have come to their end, as the stack did."""
    if len(places) == len(stack._places):
        return
    stack._experiments = [stack._experiments[place] for place in places]
    stack._batches.keep(places)
    stack._first_states.keep(places)
    stack._plans.keep(places)
    stack._optimizer.keep(torch.tensor(places))
    if stack._held_out is not None:
        stack._held_out.keep(places)


def _plateaus(plateaus: list[Plateau]) -> Tensor:
    return torch.tensor([(each.best, each.bad, each.cuts) for each in plateaus], dtype=torch.float64)


def _restore_plans(stack: Stack, tensors: Tensors, rows: int) -> None:
    plans = stack._plans

    def threes(name: str) -> list[tuple[float, int, int]]:
        found = tensors.get(name, torch.float64, (rows, 3)).tolist()
        try:
            return [(first, int(second), int(third)) for first, second, third in found]
        except (ValueError, OverflowError):
            raise StateError(f"{name} is out of range") from None

    plans._plateaus = [Plateau(best=best, bad=bad, cuts=cuts) for best, bad, cuts in threes("plateaus")]
    plans._next_plateaus = None
    if "next_plateaus" in tensors:
        plans._next_plateaus = [Plateau(best=best, bad=bad, cuts=cuts) for best, bad, cuts in threes("next_plateaus")]
    plans._best = [BestLoss(loss=loss, epoch=epoch, since=since) for loss, epoch, since in threes("best")]
    plans._earlier = tensors.get("earlier", torch.float64, (rows,)).numpy()


def _random(tensors: Tensors, rows: int) -> list[Tensor]:
    """Return the states of the generators. Raises StateError for bytes that are none."""
    rows_of_bytes = tensors.get("random", torch.uint8, (rows, len(torch.get_rng_state())))
    found = [each.clone() for each in rows_of_bytes]  # each on its own: a view of many is more than torch can take
    try:
        for each in found:
            torch.Generator().set_state(each)
    except (RuntimeError, TypeError, ValueError):
        raise StateError("random is no state of torch's random numbers") from None
    return found
