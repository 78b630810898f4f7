"""Members that are too large to learn as one batch: each as it runs alone, one after another."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from rnn_tui.engine.field.lone_member import LoneMember, PassMade
from rnn_tui.engine.field.results import Results
from rnn_tui.engine.network.cells import State
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.field import LEARNING

__all__ = ["Alone"]


class Alone:
    """Large members: one is trained to its end, then the next."""

    def __init__(
        self,
        numbers: Sequence[int],
        experiments: Sequence[Experiment],
        results: Results,
        *,
        stops_when_learnt: bool = False,
    ) -> None:
        self._waiting = list(zip(numbers, experiments, strict=True))
        self._numbers = set(numbers)
        self._results = results
        self._stops_when_learnt = stops_when_learnt
        self._number = -1
        self._member: LoneMember | None = None
        self._weights: dict[int, Tensor] = {}  # (P,) of those that have come to their end, and their last h_0
        self._h_0: dict[int, State] = {}
        self._batches: dict[int, int] = {}

    @property
    def is_over(self) -> bool:
        """Whether all of them have come to their end."""
        return self._member is None and not self._waiting

    def holds(self, number: int) -> bool:
        """Tell whether a member is one of these."""
        return number in self._numbers

    def batches(self, number: int) -> int:
        """Return the passes in an epoch of a member; 1 as long as it has made none."""
        return self._batches.get(number, 1)

    def weights_of(self, number: int) -> Tensor | None:
        """Return the weights (P,) with which a member has made its newest pass; None: they are not here."""
        if self._member is not None and number == self._number:
            return self._member.weights
        return self._weights.get(number)

    def state_before(self, number: int) -> State | None:
        """Return the state before the first step of its newest pass."""
        if self._member is not None and number == self._number:
            return self._member.h_0
        return self._h_0.get(number)

    def step(self) -> None:
        """Make a pass of the member whose turn it is."""
        if self._member is None:
            self._number, experiment = self._waiting.pop(0)
            self._member = LoneMember(experiment, stops_when_learnt=self._stops_when_learnt)
        made = self._member.make_pass()
        self._note(self._number, made)
        if made.state != LEARNING:
            self._weights[self._number] = self._member.weights.clone()
            self._h_0[self._number] = self._member.h_0
            self._member = None

    def close(self) -> None:
        """Let go of what trains them."""

    def _note(self, number: int, made: PassMade) -> None:
        results = self._results
        results.passes[number], results.loss[number] = made.passes, made.loss
        results.losses.put(made.passes, np.array([number]), np.array([made.loss]))
        results.learnt[number], results.right[number] = made.learnt, made.right
        if not np.isnan(made.held_out) and made.held_out != results.held_out[number]:
            results.evaluations.put(made.passes, np.array([number]), np.array([made.held_out]))
        results.held_out[number], results.states[number] = made.held_out, made.state
        self._batches[number] = made.batches
