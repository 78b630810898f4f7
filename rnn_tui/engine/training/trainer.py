"""The training loop, one tick at a time; it knows nothing about screens.

The update that ends a pass is made when the next pass begins. So between two ticks the weights are those that gave
the newest loss, and the gradients on them are its gradients: all that is shown then belongs together.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec
import torch
from torch import Tensor

from rnn_tui.data.share import WHOLE, Share
from rnn_tui.engine.network.cells import map_state
from rnn_tui.engine.network.dropout import draw_masks
from rnn_tui.engine.network.model import Model, State, initial_state
from rnn_tui.engine.training.batches_on_device import Source
from rnn_tui.engine.training.build_dataset import build_dataset
from rnn_tui.engine.training.losses import loss_of
from rnn_tui.engine.training.lr_schedule import Plateau, changes_rate, hears, learning_rate, span
from rnn_tui.engine.training.pass_start import PassStart
from rnn_tui.engine.training.precision import casting, forward_parts
from rnn_tui.engine.training.snapshot_data import Snapshot
from rnn_tui.engine.training.updater import Updater
from rnn_tui.experiment.spec import Experiment, Tick, Training
from rnn_tui.protocol.ranks import RankFigures

__all__ = ["Operation", "Trainer"]

Operation = Literal["update", "embed", "cells", "head", "loss", "backward"]


class Trainer:
    """An experiment under way; `tick()` feeds one character, or the rest of the sequence."""

    right_elsewhere = 0  # rows that other processes predict rightly in the last pass
    figures: tuple[RankFigures, ...] = ()  # of each process's last update, where there are several

    def __init__(
        self, experiment: Experiment, device: torch.device, source: Source | None = None, share: Share = WHOLE
    ) -> None:
        """Begin before the first tick. `share` is which rows of each batch are computed here."""
        self.experiment = experiment
        self.device = device
        self.unit: Tick = experiment.training.tick  # may change at any time: it decides how much the next tick feeds
        self.learns = experiment.training.learn
        torch.manual_seed(experiment.training.seed)
        self.model = Model(experiment).to(device)
        if not self.learns:
            self.model.requires_grad_(False)
        self.dataset = build_dataset(experiment, device, source, share)
        self.updater = Updater(self.model.parameters(), experiment.training, device)
        precision = experiment.training.precision
        self.cast = casting(precision, device)
        self._embed, self._recur, self._read_out = forward_parts(self.model, precision, self.cast)
        self.updates = 0  # made so far
        self.collected = 0  # passes whose gradients have been added up since the last one
        self.plateau = Plateau()
        self.earlier = 0.0  # losses of this epoch's passes that are over, added up, where something goes by them
        self.masks: Tensor | None = None  # of dropout in this pass, (L-1, T, N, D*H)
        self.ticks = 0
        self.epoch = 0  # the pass under way, or the last one, from 1; of a text it reads one batch
        self.fed = 0  # time steps of it that have been fed
        self.h_0: State = self._initial_state()  # the state before the first step
        self._first_h_0 = self.h_0
        self.state = self.h_0  # the state after the last step fed
        self.logits: list[Tensor] = []  # of this pass, a (t, N, C) for each tick, time first
        self.loss: Tensor | None = None  # of the last tick, as it enters the loss of the pass
        self.total: Tensor | None = None  # of the steps fed in this pass; with a graph until the pass ends
        self.pass_began = PassStart()
        self.given: None = None
        self.computed: dict[Any, Any] | None = None  # it goes on
        self.classes_from = experiment.classes_from
        self.held: Sequence[Any] = ()  # states of a touched pass: see `engine/inspect/touched.py`
        self.segments: tuple[()] = ()  # of other people's passes: see `engine/inspect/observed_pass.py`

    @property
    def length(self) -> int:
        """Time steps in a pass."""
        return self.dataset.length

    @property
    def at_end_of_pass(self) -> bool:
        """Whether the last tick completed a pass; its gradients are ready then."""
        return self.fed == self.length

    @property
    def has_update(self) -> bool:
        """Whether the last pass has prepared an update that has not been made yet, or its part of one."""
        return self.learns and self.total is not None and self.at_end_of_pass

    @property
    def is_due(self) -> bool:
        """Whether the passes whose gradients have been collected are enough for an update."""
        return self.collected >= self.experiment.training.accumulate

    @property
    def lr(self) -> float:
        """The learning rate of the next update."""
        return learning_rate(self.experiment, self.updates, self.plateau, batches=self.dataset.batches)

    @property
    def watched_loss(self) -> float | None:
        """What a plateau and early stopping watch: the mean loss of the epoch that has just ended, else None."""
        batches = self.dataset.batches
        if self.total is None or not self.at_end_of_pass or self.epoch % batches:
            return None
        return (self.earlier + self.total.item()) / batches

    def gradients(self) -> list[Tensor | None]:
        """Return ∂L/∂W of each parameter, averaged over the passes since the last update; before clipping."""
        parts = self.collected * self.updater.scale
        found = [weight.grad for weight in self.model.parameters()]
        return found if parts <= 1 else [None if each is None else each / parts for each in found]

    @property
    def keeps_update(self) -> bool:
        """Whether how far the next update moves each of the weights is kept, because somebody looks at it."""
        return self.updater.keeps

    @keeps_update.setter
    def keeps_update(self, on: bool) -> None:
        self.updater.keeps = on

    @property
    def last_update(self) -> list[Tensor] | None:
        """How far the last update moved each of the weights, where that was kept."""
        return self.updater.last

    def fresh_gradients(self) -> list[Tensor]:
        """Compute the logits, the loss and the gradients of this pass again, in one go. Nothing changes."""
        x = self._embed(self.dataset.x(0, self.length))
        output, _ = self._over_time(x, self.h_0, 0, self.length)
        logits = self._read_out(output)
        if self.dataset.batch_first:
            logits = logits.transpose(0, 1)
        mean = self.experiment.training.reduction == "mean"
        smoothing = self.experiment.training.label_smoothing
        reduction: Literal["sum", "mean"] = "mean" if mean else "sum"
        loss = loss_of(logits, self.dataset.y(0, self.length), reduction, smoothing, first=self.classes_from)
        loss = loss if mean else loss / self.dataset.all_rows
        found = torch.autograd.grad(loss, list(self.model.parameters()), allow_unused=True)
        return [logits.detach(), loss.detach(), *(each for each in found if each is not None)]

    def tick(self) -> None:
        """Feed one character or the rest of the sequence: forward, its loss, and at the end of the pass backward."""
        for _ in self.operations():
            pass

    def operations(self) -> Iterator[tuple[Operation, Tensor | None]]:
        """Run the operations of a tick one by one: yields what has just been done, and its result.

        Between two of them the tick can be held; it has happened when this is exhausted.
        """
        if self.at_end_of_pass and self.has_update:
            self.finish_update()
            yield "update", None
        if self.fed in (0, self.length):
            self._begin_pass()
        start = self.fed
        stop = start + 1 if self.unit == "character" else self.length
        x = self._embed(self.dataset.x(start, stop))
        yield "embed", x
        output, self.state = self._over_time(x, self.state, start, stop)
        yield "cells", output
        logits = self._read_out(output)
        if self.dataset.batch_first:
            logits = logits.transpose(0, 1)
        self.logits.append(logits.detach())
        yield "head", logits
        if self.learns:
            self._add_loss(logits, start, stop)
            yield "loss", self.loss
        self.fed = stop
        self.ticks += 1
        if self.learns and self.at_end_of_pass:
            self._backward()
            yield "backward", self.total

    def _over_time(self, x: Tensor, state: State, start: int, stop: int) -> tuple[Tensor, State]:
        """Run the recurrent layers over time steps start..stop-1; return their output and the state after them."""
        masks = None if self.masks is None else self.masks[:, start:stop]
        if self.dataset.lengths is not None:  # then it reads both ways, and so the whole row at once
            output, state = self._recur(x, state, masks, self.dataset.lengths)
        elif masks is not None:
            output, state = self._recur(x, state, masks)
        else:
            output, state = self._recur(x, state)
        return output, state

    def finish_update(self) -> None:
        """Make the update that the last pass has prepared, if it has not been made yet; or collect it for a later one.

        Collected gradients are averaged, then clipped. A plateau hears of the loss after the update.
        """
        if not self.has_update:
            return
        if self.is_due:
            training = self.experiment.training
            self.updater.make(training, passes=self.collected, lr=self.lr if changes_rate(training) else None)
            self.collected = 0
            self.updates += 1
        self._watch_loss()
        self.total = None

    def _watch_loss(self) -> None:
        """Track the epoch loss for a plateau schedule and early stopping; does nothing otherwise."""
        training = self.experiment.training
        if self.total is None or (training.schedule != "plateau" and not training.patience):
            return
        loss = self.watched_loss
        self.earlier = 0.0 if loss is not None else self.earlier + self.total.item()
        if loss is not None and hears(training, self.updates):
            self.plateau = self.plateau.after(loss, span(self.experiment))

    def return_to(self, ticks: int, epoch: int, state: State | None = None) -> None:
        """Return to after the last tick of a pass, its update made; putting the weights back is up to the caller.

        `state` is the one that the pass left, where the next may go on from it.
        """
        self.ticks, self.epoch = ticks, epoch
        self.fed = self.length if epoch else 0
        self.h_0 = self.state = self._first_h_0 if state is None else state
        if not epoch:
            self.dataset.begin(1, self.experiment.training.seed)
        self.logits = []
        self.loss = self.total = self.masks = None
        self.updater.forget()

    def reconfigure(self, training: Training) -> None:
        """Change the training settings from here on. Another kind of optimiser begins without a history.

        Schedules count their updates from the first one of the run; another rate or schedule begins a plateau anew.
        """
        old = self.experiment.training
        self.experiment = msgspec.structs.replace(self.experiment, training=training)
        self.unit = training.tick
        self.updater.reconfigure(old, training)
        if not self.learns:
            return
        if (training.lr, training.schedule) != (old.lr, old.schedule):
            self.plateau = Plateau()
        self.updater.set_rate(self.lr)

    # ---- what other processes have a part in: see `engine/ranks/ranked_trainer.py` -----------------------------

    def taking(self, *, beginning: bool) -> None:
        """Tell others that a snapshot is taken: of now, or of the beginning of the last pass."""

    def of_all_rows(self, state: State) -> State:
        """Return the state of all rows of the batch."""
        return state

    def of_all_ranks(self, gradients: Sequence[Tensor | None]) -> Sequence[Tensor | None]:
        """Return gradients that wait for those of other passes, added up over all processes."""
        return gradients

    def own_part(self, snapshot: Snapshot | None) -> Snapshot:
        """Return what this process restores of a snapshot."""
        assert snapshot is not None
        return snapshot

    # ---- a pass ------------------------------------------------------------------------------------------------

    def _begin_pass(self) -> None:
        draws = self.experiment.network.initial_state == "random"
        weights = self.model.parameters() if self.collected else ()
        self.pass_began = PassStart(
            ticks=self.ticks,
            collected=self.collected,
            gradients=[None if each.grad is None else each.grad.clone() for each in weights],
            random=torch.get_rng_state() if draws else None,
        )
        number = self.epoch + 1
        self.dataset.begin(number, self.experiment.training.seed)
        if self.dataset.carries_into(number):
            self.h_0 = self.state
        elif self.epoch:
            self.h_0 = self._initial_state()
        self.state = self.h_0
        self.epoch = number
        self.fed = 0
        self.logits = []
        self.loss = self.total = None
        if self.experiment.network.dropout:
            masks = draw_masks(self.experiment, self.epoch, self.device)
            self.masks = None if masks is None else masks[:, :, self.dataset.own_rows]

    def undo_beginning(self) -> None:
        """Let a pass of which no time step could be computed begin again, as if it never had."""
        if self.fed or not self.epoch:
            return
        if self.pass_began.random is not None:
            torch.set_rng_state(self.pass_began.random)
        self.epoch -= 1

    def _initial_state(self) -> State:
        """Return the state before a first time step, of the rows of this process; a random one is drawn for all."""
        of_all = initial_state(self.experiment.network, self.dataset.all_rows, self.device)
        return map_state(of_all, lambda each: each[:, self.dataset.own_rows])

    def _add_loss(self, logits: Tensor, start: int, stop: int) -> None:
        """Add the loss of logits (t, N, C): averaged over the rows; over time summed, or averaged at the end.

        Where rows are padded, only steps that have a target count: the mean is over all targets of the batch. Where
        other processes compute other rows, it is this one's part of that mean.
        """
        training = self.experiment.training
        mean = training.reduction == "mean"
        dataset, steps = self.dataset, len(logits)
        whole = steps == self.length and dataset.rows == dataset.all_rows
        reduction: Literal["sum", "mean"] = "mean" if mean and whole else "sum"
        smoothing = training.label_smoothing
        loss = loss_of(logits, dataset.y(start, stop), reduction, smoothing, first=self.classes_from)
        if not (mean and whole) and dataset.all_rows > 1:
            loss = loss / dataset.all_rows
        self.loss = loss.detach()
        self.total = loss if self.total is None else self.total + loss
        if mean and not whole and stop == self.length:
            self.total = self.total / self.dataset.targets_by(self.length)

    def _backward(self) -> None:
        assert self.total is not None
        torch.autograd.backward(self.updater.loss_to_derive(self.total))
        self.collected += 1
        self.total = self.total.detach()
        self.state = map_state(self.state, Tensor.detach)
