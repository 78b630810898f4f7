"""Fixed points of the network as it is now, looked for from the states of the pass under way."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from rnn_tui.engine.inspect.fixed_points import FixedPoints, Search, Step
from rnn_tui.engine.inspect.focus import Focus, sampled
from rnn_tui.engine.inspect.recompute import recompute
from rnn_tui.engine.network.cells import hidden, parts
from rnn_tui.engine.network.layer_norm import norm_above
from rnn_tui.engine.network.single_layers import layer_cells
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["FixedPointWatch", "network_step", "states_of_layer", "why_none"]

_LARGEST = 512  # numbers in all states: a Jacobian of more takes too long for a picture
_PRODUCTS = 3e6  # of points with S² numbers that are worked on at once
_MOST, _LEAST = 64, 8  # points
_ROWS, _STEPS = 16, 64  # of a pass, whose states are begun at
_ITERATIONS = 60  # from new states, and in all of the time that there is
_ROUNDS = 3  # for the first picture, each from other states
_SECONDS = (0.25, 0.04)  # of CPU time, for each of those and for a picture that follows


def why_none(trainer: Trainer | None) -> str:
    """Say why no fixed points are looked for; empty: they are."""
    if trainer is None:
        return "Fixed points are looked for in a run of rnn-tui's own."
    network = trainer.experiment.network
    if network.bidirectional:
        return "A network that also reads from the right has no state that goes on from step to step."
    size = sum(part.shape[-1] for part in parts(trainer.h_0)) * network.layers
    if size > _LARGEST:
        return f"No fixed points: its states have {size:,} numbers, and up to {_LARGEST} are looked into."
    return ""


class FixedPointWatch:
    """Follows the fixed points of a network while it learns."""

    def __init__(self) -> None:
        self._search: Search | None = None
        self._weights: object = None  # which ones the points were looked for with
        self._number = 0
        self._found: FixedPoints | None = None

    def look(self, focus: Focus) -> FixedPoints:
        """Return those that are known by now: a picture may show more of them than the one before."""
        trainer = focus.own
        assert trainer is not None
        weights = id(trainer.model), trainer.updates
        if weights == self._weights and self._found is not None:
            return self._found
        states = _states(focus)
        size = states.shape[1]
        count = int(min(_MOST, max(_LEAST, _PRODUCTS / size**2)))
        step = network_step(trainer, states.dtype)
        is_new = self._search is None or self._search.states.shape != (count, size)
        search = Search(_starts(states, count, 0)) if self._search is None or is_new else self._search
        for number in range(_ROUNDS if is_new else 1):
            if number or not is_new:
                self._number += 1
                search.renew(_starts(states, count, self._number), at_once=is_new)
            search.go_on(step, _ITERATIONS, _SECONDS[0 if is_new else 1])
            self._found = search.found(step)
        self._search, self._weights = search, weights
        assert self._found is not None
        return self._found


def network_step(trainer: Trainer, dtype: torch.dtype) -> Step:
    """Return F: one time step of all layers, (N, S) -> (N, S), that reads nothing: zeros, in the units of a series."""
    network = trainer.experiment.network
    recurrent = copy.deepcopy(trainer.model.recurrent).to("cpu", dtype).requires_grad_(False)
    cells = layer_cells(recurrent, network)
    norms = [norm_above(recurrent, layer) for layer in range(network.layers)]
    widths = [part.shape[-1] for part in parts(trainer.h_0)]  # of a layer: H, and of an LSTM H again
    nothing = _nothing_read(trainer).to(dtype)

    def step(states: Tensor) -> Tensor:
        x: Tensor = nothing.expand(len(states), -1)
        after: list[Tensor] = []
        for layer, cell, norm in zip(states.chunk(network.layers, -1), cells, norms, strict=True):
            split = torch.split(layer, widths, -1)
            state: Any = cell(x, tuple(split) if len(split) > 1 else split[0])
            after += parts(state)
            x = hidden(state) if norm is None else norm(hidden(state))
        return torch.cat(after, -1)

    return step


def _nothing_read(trainer: Trainer) -> Tensor:
    """Return what the first layer reads, (E,), where nothing comes: zeros; of a series those of its units."""
    dataset = trainer.dataset
    if not isinstance(dataset, SeriesDataset):
        return torch.zeros(trainer.experiment.input_size)
    scales = [dataset.scales[at] for at in dataset.reads]
    return torch.tensor([-scale.mean / scale.deviation for scale in scales])


def _states(focus: Focus) -> Tensor:
    """Return states (n, S) of the pass, of all layers side by side, on the CPU."""
    observed, steps = focus.observed, focus.whole_reached
    rows = sampled(observed.dataset.rows, _ROWS, focus.row).tolist()
    chosen = torch.from_numpy(sampled(steps, _STEPS)).long()
    found: list[Tensor] = []
    for layer in recompute(observed, steps, rows):
        (cell,) = layer.directions
        found += [part.cpu()[chosen] for part in (cell.h, cell.c) if part is not None]
    states = torch.cat(found, -1).flatten(0, 1)
    states = states[states.isfinite().all(1)]
    return states if observed.experiment.network.kind.is_module else states.double()


def _starts(states: Tensor, count: int, number: int) -> Tensor:
    """Choose `count` states (count, S) to begin at: some of the pass, and some halfway between two of them.

    Between stable points lie those that are stable in some directions only.
    """
    generator = torch.Generator().manual_seed(number)
    first, second = (torch.randint(len(states), (count,), generator=generator) for _ in range(2))
    halfway = torch.arange(count)[:, None] % 3 == 0
    return states[first].where(~halfway, (states[first] + states[second]) / 2)


def states_of_layer(found: FixedPoints, trainer: Trainer, layer: int) -> Tensor:
    """Return the h (M, H) of a layer at fixed points."""
    widths: Sequence[int] = [part.shape[-1] for part in parts(trainer.h_0)]
    return found.states.chunk(trainer.experiment.network.layers, -1)[layer][:, : widths[0]]
