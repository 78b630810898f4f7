"""How a network begins: the weights, the states before a first step and the random numbers of its single run."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from rnn_tui.engine.network.cells import State
from rnn_tui.engine.network.model import Model, initial_state
from rnn_tui.experiment.spec import Experiment

__all__ = ["FirstStates", "FirstWeights", "draw_first"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstWeights:
    """What a seed gives a network."""

    weights: Tensor  # (P,)
    random: Tensor  # the state of torch's generator after they were drawn


def draw_first(experiment: Experiment, known: dict[object, FirstWeights]) -> FirstWeights:
    """Draw the weights as `Trainer` does, unless they are `known`: members that differ in how they learn share them."""
    key = (experiment.network, experiment.classes, experiment.training.seed)
    if key not in known:
        torch.default_generator.manual_seed(experiment.training.seed)  # torch.manual_seed notes the stack for each GPU
        weights = parameters_to_vector(Model(experiment).parameters()).detach()
        known[key] = FirstWeights(weights=weights, random=torch.get_rng_state())
    return known[key]


class FirstStates:
    """The states before the first step of each pass, of M members: zeros, or each member's own random numbers."""

    def __init__(self, experiments: list[Experiment], random: list[Tensor], rows: int, dtype: torch.dtype) -> None:
        self._network, self._rows, self._dtype = experiments[0].network, rows, dtype
        self._members = len(experiments)
        self._random = random if self._network.initial_state == "random" else None

    def keep(self, rows: list[int]) -> None:
        """Go on with these members alone, by their places."""
        self._members = len(rows)
        if self._random is not None:
            self._random = [self._random[row] for row in rows]

    def draw(self) -> State:
        """Return h (M, L*D, N, H), and c for an LSTM."""
        network = self._network
        if self._random is None:
            shape = (self._members, network.layers * network.directions, self._rows, network.hidden_size)
            zeros = torch.zeros(shape, dtype=self._dtype)
            return (zeros, zeros) if network.kind.has_c else zeros
        drawn = []
        for at, random in enumerate(self._random):
            torch.set_rng_state(random)
            drawn.append(initial_state(network, self._rows, torch.device("cpu")))
            self._random[at] = torch.get_rng_state()
        if network.kind.has_c:
            return torch.stack([h for h, _ in drawn]), torch.stack([c for _, c in drawn])
        return torch.stack([each for each in drawn if isinstance(each, Tensor)])
