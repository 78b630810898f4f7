"""Losses and predictions on their way into the history of a branch."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from rnn_tui.engine.training.branches import Branch
from rnn_tui.engine.training.breakpoint_watch import BreakpointWatch, Hit, Taken
from rnn_tui.engine.training.gradient_norm import gradient_norm
from rnn_tui.engine.training.loss_history import first_difference
from rnn_tui.engine.training.prediction import scored_predictions
from rnn_tui.engine.training.trainer import Trainer

__all__ = ["Recorder", "no_number"]

_DRAIN_EVERY = 64  # ticks whose losses may wait on a GPU, so that training need not wait for them


@dataclass(slots=True)
class _Waiting:
    """Numbers of one tick that are still on the device."""

    is_update: bool  # the loss is of a whole pass
    loss: Tensor
    tick: int
    number: int  # of the pass
    is_due: bool = False  # an update comes after it
    norm: Tensor | None = None  # of the gradients, where it was taken
    rate: float = 0.0
    seconds: float = 0.0
    measured: Tensor | None = None  # (2 + M,)


class Recorder:
    """Records every tick of a trainer. The numbers stay on the device until they are fetched."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._waiting: list[_Waiting] = []
        self._last_prediction: tuple[Tensor, bool] | None = None  # and whether all elsewhere is right

    @property
    def is_full(self) -> bool:
        """Whether enough waits to be fetched at once."""
        return len(self._waiting) >= _DRAIN_EVERY

    def record(
        self, branch: Branch, *, prediction: bool, gradients: bool = False, measured: Tensor | None = None
    ) -> None:
        """Keep the losses of the tick that has just been done; at the end of a pass what it predicts, and ‖∂L/∂W‖.

        `gradients`: the norm is asked for; it is kept besides where it is clipped, since it costs nothing then.
        `measured`: what was taken of this pass, (2 + M,), see `Measuring`.
        """
        trainer = self._trainer
        if trainer.loss is not None and trainer.unit == "character":
            self._waiting.append(_Waiting(False, trainer.loss, trainer.ticks, trainer.epoch))
        if trainer.at_end_of_pass and trainer.total is not None:
            summed = trainer.experiment.data.per_character and trainer.experiment.training.reduction == "sum"
            total = trainer.total / trainer.dataset.targets_by(trainer.length) if summed else trainer.total
            self._waiting.append(
                _Waiting(
                    True,
                    total,
                    trainer.ticks,
                    trainer.epoch,
                    is_due=trainer.is_due,
                    norm=self._norm(asked_for=gradients or measured is not None),
                    rate=trainer.lr,
                    seconds=branch.diagnostics.elapsed,
                    measured=measured,
                )
            )
            if prediction:
                self.note_prediction(branch)

    def drain(self, branch: Branch, watch: BreakpointWatch) -> tuple[list[Hit], str]:
        """Fetch the losses that wait; return the breakpoints they come to, and a line for the first not finite."""
        hits: list[Hit] = []
        problem = ""
        for each in self._waiting:
            value, number = each.loss.item(), each.number
            is_update = each.is_update
            series = branch.losses if is_update else branch.character_losses
            before = series.last()
            series.append(value)
            if is_update:
                branch.held_out.learnt(value)
                norm, taken = self._diagnose(branch, each)
                if watch.losses:
                    is_right = branch.predictions.learnt == number
                    hits += watch.at_update(before, value, learnt=is_right, norm=norm, taken=taken)
            if not math.isfinite(value) and not problem:
                problem = _no_number(value, each.tick, -(-number // self._trainer.dataset.batches))
        self._waiting.clear()
        return hits, problem

    def _norm(self, *, asked_for: bool) -> Tensor | None:
        trainer = self._trainer
        if trainer.experiment.training.clip and trainer.is_due:
            norm = trainer.updater.norm_to_clip(trainer.collected)
            return gradient_norm(trainer.gradients()) if norm is None else norm
        return gradient_norm(trainer.gradients()) if asked_for else None

    def _diagnose(self, branch: Branch, waiting: "_Waiting") -> tuple[float | None, Taken | None]:
        """Keep the diagnostics of a pass; return the norm of its gradients, and what was taken before and of it."""
        diagnostics = branch.diagnostics
        norm = None if waiting.norm is None else waiting.norm.item()
        known = (
            norm if norm is not None and waiting.is_due else math.nan
        )  # of passes collected so far it is no update's
        diagnostics.add(waiting.seconds, waiting.rate, known)
        if waiting.measured is None:
            return norm, None
        before = diagnostics.samples.at(waiting.number)
        diagnostics.samples.add(waiting.number, waiting.measured.tolist())
        return norm, Taken(before, diagnostics.samples.at(waiting.number))

    def note_prediction(self, branch: Branch) -> None:
        """Keep the prediction of this pass, if it is a new one; not where every pass reads another batch."""
        trainer, dataset = self._trainer, self._trainer.dataset
        if not trainer.at_end_of_pass or dataset.targets is None or not dataset.tells_learnt:
            return
        prediction = scored_predictions(trainer)
        elsewhere = trainer.right_elsewhere == dataset.all_rows - dataset.rows
        known = self._last_prediction
        if known is not None and known[1] == elsewhere and torch.equal(prediction, known[0]):
            return
        self._last_prediction = prediction, elsewhere
        target = dataset.scored
        assert target is not None
        text, right = dataset.text(prediction), elsewhere and torch.equal(prediction, target.cpu())
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
