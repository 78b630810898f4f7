"""A run as people drive it: play, hold, step, begin again. The same for the view and for the plain command line."""

import math
import time
from collections.abc import Callable

import msgspec
import torch

from rnn_tui.engine.devices import choose_device
from rnn_tui.engine.history import Predictions, Series
from rnn_tui.engine.probe import Probe
from rnn_tui.engine.trainer import Trainer
from rnn_tui.experiment import Experiment, Tick
from rnn_tui.protocol import Curve, CurveWanted, Status
from rnn_tui.rules import from_dict, to_dict

__all__ = ["Session"]

_DRAIN_EVERY = 64  # ticks whose losses may wait on a GPU, so that training need not wait for them
_MAX_TEXT = 4096  # characters of a prediction beyond which it is not kept tick by tick


class Session:
    """One experiment under way, with its past. Raises ExperimentError for one that cannot run here."""

    def __init__(self, experiment: Experiment, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        experiment = from_dict(to_dict(experiment))  # it may come over a wire, where the rules are not checked
        self.device = choose_device(experiment)
        self.begin(experiment)

    def begin(self, experiment: Experiment) -> None:
        """Start afresh, on the same device."""
        self.experiment = experiment
        self.trainer = Trainer(experiment, self.device)
        self.probe = Probe(self.trainer)
        self.losses = Series()  # one for each update
        self.character_losses = Series()  # one for each character tick
        self.predictions = Predictions()
        self.epochs = experiment.training.epochs  # where it stops; played on past it, this grows
        self.notice = ""
        self._waiting: list[
            tuple[bool, torch.Tensor, int, int]
        ] = []  # losses still on the device: of which tick and epoch
        self._last_prediction: torch.Tensor | None = None
        self._rate = _Rate(self._clock)

    @property
    def done(self) -> bool:
        """Whether the epochs asked for are over."""
        return bool(self.epochs) and self.trainer.epoch >= self.epochs and self.trainer.at_end_of_pass

    def play_on(self) -> None:
        """Allow as many epochs again, once they are over."""
        if self.done:
            self.epochs = self.trainer.epoch + self.experiment.training.epochs
        self.notice = ""

    def set_tick(self, unit: Tick) -> None:
        """By character or by sequence from now on. Raises ExperimentError where the network cannot."""
        values = to_dict(self.experiment)
        values["training"]["tick"] = unit
        self.experiment = from_dict(values)
        self.trainer.unit = unit

    def tick(self) -> bool:
        """One tick. False where the run must hold: its epochs are over, or its loss is no longer a number."""
        trainer = self.trainer
        trainer.tick()
        self._rate.count()
        if trainer.learns:
            if trainer.loss is not None and trainer.unit == "character":
                self._waiting.append((False, trainer.loss, trainer.ticks, trainer.epoch))
            if trainer.at_end_of_pass and trainer.total is not None:
                self._waiting.append((True, trainer.total, trainer.ticks, trainer.epoch))
                if self.device.type == "cpu":
                    self.note_prediction()
            if self.device.type == "cpu" or len(self._waiting) >= _DRAIN_EVERY:
                self.drain()
        if self.done and not self.notice:
            epochs = f"{trainer.epoch:,} epochs are" if trainer.epoch > 1 else "The epoch is"
            self.notice = f"{epochs} done. Space plays on."
        return not self.notice

    def drain(self) -> None:
        """Fetch the losses that wait on the device, and look whether they still are numbers."""
        for is_update, loss, tick, epoch in self._waiting:
            value = loss.item()
            (self.losses if is_update else self.character_losses).append(value)
            if not math.isfinite(value) and not self.notice:
                kind = "NaN (not a number)" if math.isnan(value) else "infinite"
                self.notice = (
                    f"The loss turned {kind} at tick {tick:,}, epoch {epoch:,}: "
                    "try a smaller learning rate, or --clip 1."
                )
        self._waiting.clear()

    def note_prediction(self) -> None:
        """Keep the prediction of this pass, if it is a new one."""
        trainer, task = self.trainer, self.trainer.task
        if not trainer.at_end_of_pass or task.targets is None or task.targets.numel() > _MAX_TEXT:
            return
        prediction = torch.cat(trainer.logits).argmax(-1).cpu()  # (T, N)
        if self._last_prediction is not None and torch.equal(prediction, self._last_prediction):
            return
        self._last_prediction = prediction
        self.predictions.add(task.text(prediction), trainer.epoch, torch.equal(prediction, task.targets))

    def prediction(self) -> str:
        """What the last whole pass predicts, the rows apart by a space."""
        trainer = self.trainer
        return (
            trainer.task.text(torch.cat(trainer.logits).argmax(-1)) if trainer.at_end_of_pass and trainer.logits else ""
        )

    def status(self, *, playing: bool, speed: float) -> Status:
        """Where the run is now."""
        self.drain()
        trainer = self.trainer
        running = None
        if trainer.total is not None and not trainer.at_end_of_pass:
            mean = self.experiment.training.reduction == "mean"
            running = trainer.total.item() / (trainer.fed if mean else 1)
        return Status(
            tick=trainer.ticks,
            epoch=trainer.epoch,
            fed=trainer.fed,
            loss=self.losses.last(),
            running_loss=running,
            state="playing" if playing else "done" if self.done else "paused",
            speed=speed,
            ticks_per_second=self._rate.per_second() if playing else 0.0,
            lr=self.experiment.training.lr,
            notice=self.notice,
        )

    def character_curve(self, wanted: CurveWanted) -> Curve | None:
        """The losses of single characters, where every tick has been a character."""
        self.drain()
        if not 0 < len(self.character_losses) == self.trainer.ticks:
            return None
        step = 1 / self.trainer.length
        return self.character_losses.envelope(wanted.columns, first_x=step, step_x=step, log_x=wanted.log_x)

    def with_seed(self, seed: int) -> Experiment:
        """The experiment as it runs now, with another seed."""
        training = msgspec.structs.replace(self.experiment.training, seed=seed)
        return from_dict(to_dict(msgspec.structs.replace(self.experiment, training=training)))


class _Rate:
    """Ticks a second, over about the last second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ticks = 0
        self._marks: list[tuple[float, int]] = [(clock(), 0)]

    def count(self) -> None:
        self._ticks += 1

    def per_second(self) -> float:
        now = self._clock()
        self._marks.append((now, self._ticks))
        while len(self._marks) > 2 and self._marks[1][0] <= now - 1:
            self._marks.pop(0)
        then, ticks = self._marks[0]
        seconds = now - then
        return (self._ticks - ticks) / seconds if seconds > 0 else 0.0
