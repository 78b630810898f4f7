"""Losses and predictions on their way into the history of a branch."""

import math

import torch
from torch import Tensor

from rnn_tui.engine.training.branches import Branch
from rnn_tui.engine.training.breakpoint_watch import BreakpointWatch, Hit
from rnn_tui.engine.training.gradient_norm import gradient_norm
from rnn_tui.engine.training.loss_history import first_difference
from rnn_tui.engine.training.prediction import scored_predictions
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["Recorder", "no_number"]

_DRAIN_EVERY = 64  # ticks whose losses may wait on a GPU, so that training need not wait for them


class Recorder:
    """Records every tick of a trainer. The numbers stay on the device until they are fetched."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        # losses: of an update or not, which tick and pass; and the norm of the gradients, where it is asked for
        self._waiting: list[tuple[bool, Tensor, int, int, Tensor | None]] = []
        self._last_prediction: Tensor | None = None

    @property
    def is_full(self) -> bool:
        """Whether enough waits to be fetched at once."""
        return len(self._waiting) >= _DRAIN_EVERY

    def record(self, branch: Branch, *, prediction: bool, gradients: bool = False) -> None:
        """Keep the losses of the tick that has just been done; at the end of a pass what it predicts, and ‖∂L/∂W‖."""
        trainer = self._trainer
        if trainer.loss is not None and trainer.unit == "character":
            self._waiting.append((False, trainer.loss, trainer.ticks, trainer.epoch, None))
        if trainer.at_end_of_pass and trainer.total is not None:
            summed = trainer.experiment.data.per_character and trainer.experiment.training.reduction == "sum"
            total = trainer.total / trainer.dataset.targets_by(trainer.length) if summed else trainer.total
            norm = gradient_norm(trainer.gradients()) if gradients else None
            self._waiting.append((True, total, trainer.ticks, trainer.epoch, norm))
            if prediction:
                self.note_prediction(branch)

    def drain(self, branch: Branch, watch: BreakpointWatch) -> tuple[list[Hit], str]:
        """Fetch the losses that wait; return the breakpoints they come to, and a line for the first not finite."""
        hits: list[Hit] = []
        problem = ""
        for is_update, loss, tick, number, norm in self._waiting:
            value = loss.item()
            series = branch.losses if is_update else branch.character_losses
            before = series.last()
            series.append(value)
            if is_update:
                branch.held_out.learnt(value)
            if is_update and watch.losses:
                is_right = branch.predictions.learnt == number
                size = None if norm is None else norm.item()
                hits += watch.at_update(before, value, learnt=is_right, norm=size)
            if not math.isfinite(value) and not problem:
                problem = _no_number(value, tick, -(-number // self._trainer.dataset.batches))
        self._waiting.clear()
        return hits, problem

    def note_prediction(self, branch: Branch) -> None:
        """Keep the prediction of this pass, if it is a new one; not where every pass reads another batch."""
        trainer, dataset = self._trainer, self._trainer.dataset
        data = trainer.experiment.data
        if not trainer.at_end_of_pass or dataset.targets is None or dataset.batches > 1 or data.text or data.series:
            return
        prediction = scored_predictions(trainer)
        if self._last_prediction is not None and torch.equal(prediction, self._last_prediction):
            return
        self._last_prediction = prediction
        target = dataset.scored
        assert target is not None
        text, right = dataset.text(prediction), torch.equal(prediction, target.cpu())
        branch.predictions.add(text, trainer.epoch, right, wrong=first_difference(text, dataset.text(target)))

    def change_branch(self) -> None:
        """Forget the last prediction: another branch has another one."""
        self._last_prediction = None


def no_number(branch: Branch, epoch: int) -> str:
    """Say that the newest loss of a branch is not finite, or return "". `epoch`: the one of its newest tick."""
    newest = [series.last() for series in (branch.losses, branch.character_losses)]
    lost = next((each for each in newest if each is not None and not math.isfinite(each)), None)
    return "" if lost is None else _no_number(lost, branch.newest, epoch)


def _no_number(loss: float, tick: int, epoch: int) -> str:
    kind = "NaN (not a number)" if math.isnan(loss) else "infinite"
    return f"The loss turned {kind} at tick {tick:,}, epoch {epoch:,}: try a smaller learning rate, or --clip 1."
