"""The training loop, one tick at a time; nothing about screens.

The update that ends a pass is made when the next pass begins. So between two ticks the weights are those that gave
the newest loss, and the gradients on them are its gradients: whatever is looked at there belongs together.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec
import torch
from torch import Tensor, nn

from rnn_tui.engine.losses import loss_of
from rnn_tui.engine.model import Model, State, initial_state
from rnn_tui.engine.optimizers import build_optimizer
from rnn_tui.engine.tasks import Source, build_task
from rnn_tui.experiment import Experiment, Tick, Training

__all__ = ["Stage", "Trainer"]

Stage = Literal["update", "embed", "cells", "head", "loss", "backward"]


class Trainer:
    """An experiment under way. `tick()` feeds one character, or the rest of the sequence."""

    def __init__(self, experiment: Experiment, device: torch.device, source: Source | None = None) -> None:
        self.experiment = experiment
        self.device = device
        self.unit: Tick = experiment.training.tick  # may change at any time: it decides how much the next tick feeds
        self.learns = experiment.training.learn
        torch.manual_seed(experiment.training.seed)
        self.model = Model(experiment).to(device)
        if not self.learns:
            self.model.requires_grad_(False)
        self.task = build_task(experiment, device, source)
        self.optimizer = build_optimizer(experiment.training, self.model.parameters()) if self.learns else None
        self.ticks = 0
        self.epoch = 0  # the pass under way, or the last one, from 1; of a text it reads one batch
        self.fed = 0  # time steps of it that have been fed
        self.h_0: State = initial_state(experiment.network, self.task.rows, device)  # the state before the first step
        self._first_h_0 = self.h_0
        self.state = self.h_0  # the state after the last step fed
        self.logits: list[Tensor] = []  # of this pass, a (t, N, C) for each tick, time first
        self.loss: Tensor | None = None  # of the last tick, as it enters the loss of the pass
        self.total: Tensor | None = None  # of the steps fed in this pass; with a graph until the pass ends
        self.keeps_update = False  # set while somebody looks at the updates
        self.last_update: list[Tensor] | None = None  # how far it moved each parameter, where it was kept

    @property
    def length(self) -> int:
        """Time steps in a pass."""
        return self.task.length

    @property
    def at_end_of_pass(self) -> bool:
        """Whether the last tick completed a pass; its gradients are ready then."""
        return self.fed == self.length

    @property
    def has_update(self) -> bool:
        """Whether the last pass has prepared an update that has not been made yet."""
        return self.optimizer is not None and self.total is not None and self.at_end_of_pass

    def tick(self) -> None:
        """One character or the rest of the sequence: forward, its loss, and at the end of the pass backward."""
        for _ in self.stages():
            pass

    def stages(self) -> Iterator[tuple[Stage, Tensor | None]]:
        """The operations of a tick, one after the other: what has just been done, and what came out of it.

        Between two of them the tick can be held; it has happened when this is exhausted.
        """
        if self.at_end_of_pass and self.has_update:
            self.finish_update()
            yield "update", None
        if self.fed in (0, self.length):
            self._begin_pass()
        model = self.model
        start = self.fed
        stop = start + 1 if self.unit == "character" else self.length
        x = model.embed(self.task.x(start, stop))
        yield "embed", x
        output, self.state = model.recurrent(x, self.state)
        yield "cells", output
        logits = model.read_out(output)
        if self.task.batch_first:
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

    def finish_update(self) -> None:
        """Make the update that the last pass has prepared, if it has not been made yet."""
        if self.optimizer is None or not self.has_update:
            return
        if self.experiment.training.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.experiment.training.clip)
        weights = [weight.detach() for weight in self.model.parameters()] if self.keeps_update else None
        before = [weight.clone() for weight in weights or ()]
        self.optimizer.step()
        self.last_update = None if weights is None else [new - old for new, old in zip(weights, before, strict=True)]
        self.optimizer.zero_grad()
        self.total = None

    def return_to(self, ticks: int, epoch: int, state: State | None = None) -> None:
        """Stand behind the last tick of a pass again, its update made; the weights are the caller's to put back.

        `state` is the one that the pass left, where the next may go on from it.
        """
        self.ticks, self.epoch = ticks, epoch
        self.fed = self.length if epoch else 0
        self.h_0 = self.state = self._first_h_0 if state is None else state
        if not epoch:
            self.task.begin(1, self.experiment.training.seed)
        self.logits = []
        self.loss = self.total = self.last_update = None

    def reconfigure(self, training: Training) -> None:
        """Learn in another way from here on. Another kind of optimiser begins without a past."""
        old = self.experiment.training
        self.experiment = msgspec.structs.replace(self.experiment, training=training)
        self.unit = training.tick
        if self.optimizer is None:
            return
        if training.optimizer != old.optimizer:
            self.optimizer = build_optimizer(training, self.model.parameters())
        for group in self.optimizer.param_groups:
            group["lr"] = training.lr

    def _begin_pass(self) -> None:
        number = self.epoch + 1
        self.task.begin(number, self.experiment.training.seed)
        if self.task.carries_into(number):
            self.h_0 = self.state
        elif self.epoch:
            self.h_0 = initial_state(self.experiment.network, self.task.rows, self.device)
        self.state = self.h_0
        self.epoch = number
        self.fed = 0
        self.logits = []
        self.loss = self.total = None

    def _add_loss(self, logits: Tensor, start: int, stop: int) -> None:
        """The loss of logits (t, N, C): averaged over the rows; over time summed, or averaged at the end."""
        steps, rows, _ = logits.shape
        mean = self.experiment.training.reduction == "mean"
        whole = steps == self.length
        loss = loss_of(logits, self.task.y(start, stop), "mean" if mean and whole else "sum")
        if not (mean and whole) and rows > 1:
            loss = loss / rows
        self.loss = loss.detach()
        self.total = loss if self.total is None else self.total + loss
        if mean and not whole and stop == self.length:
            self.total = self.total / self.length

    def _backward(self) -> None:
        assert self.total is not None
        torch.autograd.backward(self.total)
        self.total = self.total.detach()
        if isinstance(self.state, tuple):
            self.state = self.state[0].detach(), self.state[1].detach()
        else:
            self.state = self.state.detach()
