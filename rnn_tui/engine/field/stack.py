"""Members of one shape, which learn as one batch: an update of all of them at a time.

As in `engine/training/trainer.py`, the update that ends a pass is made when the next pass begins, so the weights of a
member are those that gave its newest loss.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnn_tui.data.builtin import seed_of
from rnn_tui.data.pairs import NONE
from rnn_tui.engine.field.first_weights import FirstStates, FirstWeights
from rnn_tui.engine.field.member_plan import MemberPlans
from rnn_tui.engine.field.results import Results
from rnn_tui.engine.field.stacked_batches import StackedBatches
from rnn_tui.engine.field.stacked_held_out import StackedHeldOut
from rnn_tui.engine.field.stacked_model import StackedModel
from rnn_tui.engine.field.stacked_optimizer import StackedOptimizer
from rnn_tui.engine.network.cells import State, map_state
from rnn_tui.engine.network.dropout import draw_masks
from rnn_tui.engine.training.batches_on_device import Dataset
from rnn_tui.engine.training.losses import step_losses
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.field import DIVERGED, DONE, LEARNING

__all__ = ["Stack", "stack_key"]

_SPARSE = 0.8  # share of the rows that still learn below which the others are taken out


def stack_key(experiment: Experiment) -> object:
    """Return what members must have in common to learn as one batch."""
    data, network, training = experiment.data, experiment.network, experiment.training
    return (
        data,
        seed_of(data, training.seed) if data.text else 0,  # texts that are made up are of other lengths
        msgspec.structs.replace(network, implementation="fused", dropout=0.0 if not network.dropout else 0.5),
        (training.reduction, training.optimizer, training.accumulate, training.learn),
    )


class Stack:
    """M members that learn side by side. The figures go to `results`, at the members' own numbers."""

    def __init__(
        self,
        numbers: Sequence[int],
        experiments: Sequence[Experiment],
        datasets: Sequence[Dataset],
        firsts: Sequence[FirstWeights],
        results: Results,
        *,
        stops_when_learnt: bool = False,
    ) -> None:
        self._all = np.asarray(numbers, np.int64)  # the members whose weights are here
        self._places = {number: row for row, number in enumerate(numbers)}
        self._finals = torch.stack([each.weights for each in firsts])  # (all, P): of those that no longer learn
        self._carried: dict[int, State] = {}  # the states that they have come to, by number
        self._numbers = self._all.copy()  # (M,) of the rows below
        self._experiments = list(experiments)
        self._results = results
        self._stops_when_learnt = stops_when_learnt
        flat = self._finals.clone()
        self._model = StackedModel(experiments[0], flat)
        self._optimizer = StackedOptimizer([each.training for each in experiments], flat)
        self._batches = StackedBatches(experiments, datasets, flat.dtype)
        self._first_states = FirstStates(
            self._experiments, [each.random for each in firsts], self._batches.rows, flat.dtype
        )
        self._plans = MemberPlans(self._experiments, self._batches.first.batches)
        self._smoothing = _smoothing_of(self._experiments, flat.dtype)
        data = experiments[0].data
        self._held_out = StackedHeldOut(experiments, datasets) if data.holdout else None
        self._summed = data.per_character and experiments[0].training.reduction == "sum"
        self._learnable = self._batches.first.batches == 1 and not (data.text or data.series)
        self._accumulate = experiments[0].training.accumulate
        self._learning = np.ones(len(numbers), bool)  # (M,) which rows go on
        self._gradients: Tensor | None = None  # (M, P) of the passes since the last update, added up
        self._collected = 0
        self._pass = 0
        self._state: State | None = None  # after the newest pass
        self.h_0: State | None = None  # before it
        results.states[self._all] = LEARNING

    @property
    def is_over(self) -> bool:
        """Whether no member learns any more."""
        return not self._learning.any()

    @property
    def going(self) -> int:
        """How many members learn."""
        return int(self._learning.sum())

    @property
    def has_right(self) -> bool:
        """Whether a prediction can be right: every pass asks the same."""
        return self._learnable

    @property
    def batches(self) -> int:
        """Passes in an epoch."""
        return self._batches.first.batches

    def holds(self, number: int) -> bool:
        """Tell whether a member is one of these."""
        return number in self._places

    def weights_of(self, number: int) -> Tensor:
        """Return the weights (P,) with which a member has made its newest pass."""
        rows = np.flatnonzero(self._numbers == number)
        if len(rows) and self._learning[rows[0]]:
            return self._model.flat[int(rows[0])].clone()
        return self._finals[self._places[number]].clone()

    def state_before(self, number: int) -> State | None:
        """Return the state before the first step of its newest pass, (L*D, N, H); None: it has made none."""
        if number in self._carried:
            return self._carried[number]
        (rows,) = np.nonzero(self._numbers == number)
        return None if self.h_0 is None or not len(rows) else _row(self.h_0, int(rows[0]))

    # ---- a pass -----------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Make the update that is due, then a pass of every member that learns: its loss, and its gradients."""
        self._update()
        self._plans.update_made()
        self._begin_pass()
        losses, logits = self._forward()
        gradients = self._model.gradients(losses)
        if self._pass == 1:
            norms = torch.linalg.vector_norm(gradients, dim=1)
            self._results.norm[self._numbers] = norms.double().numpy()
        self._gradients = gradients if self._gradients is None else self._gradients.add_(gradients)
        self._collected += 1
        self._record(losses.detach(), logits.detach())

    def _update(self) -> None:
        if self._gradients is None or self._collected < self._accumulate:
            return
        if self._collected > 1:
            self._gradients /= self._collected
        flat = self._model.flat
        rates = torch.tensor(self._plans.rates(self._optimizer.updates), dtype=flat.dtype)[:, None]
        still = None if self._learning.all() else torch.from_numpy(~self._learning)
        self._optimizer.step(flat, self._gradients, rates)
        if still is not None:  # a row that has come to its end costs the others nothing, and is put right here
            rows = self._numbers[still.numpy()]
            flat[still] = self._finals[[self._places[number] for number in rows]]
        self._gradients, self._collected = None, 0

    def _begin_pass(self) -> None:
        self._pass += 1
        self._batches.begin(self._pass)
        if self._state is not None and self._batches.carries_into(self._pass):
            self.h_0 = self._state
        else:
            self.h_0 = self._first_states.draw()

    def _forward(self) -> tuple[Tensor, Tensor]:
        """Return the losses (M,) and the logits (M, T, N, C)."""
        batches = self._batches
        assert self.h_0 is not None
        logits, state = self._model.logits(batches.x, self.h_0, self._masks(), batches.own)
        self._state = map_state(state, Tensor.detach)
        y = batches.y.expand(len(logits), *batches.y.shape[1:])
        losses = step_losses(logits, y, self._smoothing).sum((1, 2)) / batches.rows  # (M,)
        return (losses if self._is_sum else losses / batches.targets), logits

    @property
    def _is_sum(self) -> bool:
        return self._experiments[0].training.reduction == "sum"

    def _masks(self) -> Tensor | None:
        if not self._experiments[0].network.dropout:
            return None
        masks = [draw_masks(each, self._pass, torch.device("cpu")) for each in self._experiments]
        return torch.stack([each for each in masks if each is not None]).to(self._model.flat.dtype)

    # ---- what has come of it ----------------------------------------------------------------------------------

    def _record(self, losses: Tensor, logits: Tensor) -> None:
        """Note the figures of the pass, and take out the members that have come to their end."""
        results, learning, numbers = self._results, self._learning, self._numbers
        told = (losses / self._batches.targets if self._summed else losses).double().numpy()
        results.passes[numbers[learning]] = self._pass
        results.loss[numbers[learning]] = told[learning]
        results.losses.put(self._pass, numbers[learning], told[learning])
        ends = np.zeros(len(numbers), bool)
        diverged = learning & ~np.isfinite(told)
        if self._learnable:
            right = self._note_right(logits)
            ends |= right & self._stops_when_learnt
        if self._held_out is not None and self._held_out.wants(self._pass):
            scores = self._held_out.evaluate(self._model)
            self._note_held_out(learning, scores)
        ends |= self._plans.end_pass(self._pass, losses.double().numpy(), results.held_out[numbers])
        ends &= learning & ~diverged
        if diverged.any() or ends.any():
            results.states[numbers[diverged]] = DIVERGED
            results.states[numbers[ends]] = DONE
            if self._held_out is not None and ends.any():
                self._note_held_out(ends, self._held_out.evaluate(self._model, whole=True))
            self._end(diverged | ends)

    def _note_held_out(self, which: NDArray[np.bool_], scores: NDArray[np.float64]) -> None:
        """Note the losses (M,) on what is held out, of some of the members."""
        members = self._numbers[which]
        self._results.held_out[members] = scores[which]
        self._results.evaluations.put(self._pass, members, scores[which])

    def _note_right(self, logits: Tensor) -> NDArray[np.bool_]:
        """Note which members predict all that is scored for the first time; return (M,) those that do now."""
        scored = self._batches.scored
        right = ((logits.argmax(-1) == scored) | (scored == NONE)).all(-1).all(-1).numpy()
        fresh = right & self._learning & (self._results.learnt[self._numbers] == 0)
        self._results.learnt[self._numbers[fresh]] = self._pass
        self._results.right[self._numbers[self._learning]] = right[self._learning]
        found: NDArray[np.bool_] = right
        return found

    def _end(self, over: NDArray[np.bool_]) -> None:
        """Keep the weights of members that no longer learn; take out their rows once there are many."""
        for row in np.flatnonzero(over):
            number = int(self._numbers[row])
            self._finals[self._places[number]] = self._model.flat[int(row)]
            assert self.h_0 is not None
            self._carried[number] = _row(self.h_0, int(row))
        self._learning = self._learning & ~over
        if not self.is_over and self._learning.mean() < _SPARSE:
            self._keep(np.flatnonzero(self._learning))

    def _keep(self, rows: NDArray[np.intp]) -> None:
        kept = rows.tolist()
        chosen = torch.from_numpy(rows)
        self._numbers, self._learning = self._numbers[rows], self._learning[rows]
        self._experiments = [self._experiments[row] for row in kept]
        self._model = StackedModel(self._experiments[0], self._model.flat[chosen])
        self._optimizer.keep(chosen)
        self._batches.keep(kept)
        self._first_states.keep(kept)
        self._plans.keep(kept)
        self._smoothing = _smoothing_of(self._experiments, self._model.flat.dtype)
        if self._held_out is not None:
            self._held_out.keep(kept)
        self._gradients = None if self._gradients is None else self._gradients[chosen]
        assert self._state is not None
        assert self.h_0 is not None
        self._state = map_state(self._state, lambda each: each[chosen])
        self.h_0 = map_state(self.h_0, lambda each: each[chosen])


def _smoothing_of(experiments: Sequence[Experiment], dtype: torch.dtype) -> Tensor | float:
    """Return the smoothing of each member's targets, (M, 1, 1); 0 where none has any."""
    each = [one.training.label_smoothing for one in experiments]
    return torch.tensor(each, dtype=dtype)[:, None, None] if any(each) else 0.0


def _row(state: Any, row: int) -> State:
    """Return the state of one member, (L*D, N, H)."""
    return map_state(state, lambda each: each[row].clone())
