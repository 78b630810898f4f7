"""Members that are too large to learn as one batch: each as it runs alone, one after another."""

import math
from collections.abc import Sequence

import numpy as np
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from rnn_tui.engine.field.results import Results
from rnn_tui.engine.network.cells import State
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.prediction import right_rows
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.field import DIVERGED, DONE, LEARNING

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
        self._session: Session | None = None
        self._weights: dict[int, Tensor] = {}  # (P,) of those that have come to their end, and their last h_0
        self._h_0: dict[int, State] = {}
        self._batches: dict[int, int] = {}

    @property
    def is_over(self) -> bool:
        """Whether all of them have come to their end."""
        return self._session is None and not self._waiting

    def holds(self, number: int) -> bool:
        """Tell whether a member is one of these."""
        return number in self._numbers

    def batches(self, number: int) -> int:
        """Return the passes in an epoch of a member; 1 as long as it has not begun."""
        return self._batches.get(number, 1)

    def weights_of(self, number: int) -> Tensor | None:
        """Return the weights (P,) with which a member has made its newest pass; None: it has made none."""
        if self._session is not None and number == self._number:
            return parameters_to_vector(self._session.trainer.model.parameters()).detach()
        return self._weights.get(number)

    def state_before(self, number: int) -> State | None:
        """Return the state before the first step of its newest pass."""
        if self._session is not None and number == self._number:
            return self._session.trainer.h_0
        return self._h_0.get(number)

    def step(self) -> None:
        """Make a pass of the member whose turn it is."""
        if self._session is None:
            self._number, experiment = self._waiting.pop(0)
            self._session = Session(experiment, history=0)
            self._batches[self._number] = self._session.progress.batches
            self._results.states[self._number] = LEARNING
        session, number, results = self._session, self._number, self._results
        going = session.tick()
        while going and not session.progress.at_end_of_pass:
            going = session.tick()
        session.recording.drain()
        loss = session.losses.last()
        value = math.nan if loss is None else loss
        passes = session.progress.pass_number
        results.passes[number], results.loss[number] = passes, value
        results.losses.put(passes, np.array([number]), np.array([value]))
        results.learnt[number] = session.learnt or 0
        newest = session.branch.held_out.newest()
        if newest is not None:
            results.held_out[number] = newest.loss
        learnt = self._stops_when_learnt and session.learnt is not None
        if session.hold.lost:
            results.states[number] = DIVERGED
        elif session.has_ended or learnt:
            results.states[number] = DONE
            results.right[number] = session.learnt is not None and right_rows(session.trainer) == session.dataset.rows
        else:
            return
        self._weights[number] = parameters_to_vector(session.trainer.model.parameters()).detach().clone()
        self._h_0[number] = session.trainer.h_0
        self._session = None
