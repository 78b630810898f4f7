"""The weights that gave the best loss so far: a copy of them in memory, until it is written to the disk."""

import math
from typing import Literal, NamedTuple

import torch

from rnn_tui import __version__
from rnn_tui.common.atomic_files import Folder
from rnn_tui.data.data_card import DataCard
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store import checkpoint
from rnn_tui.runs.manifest import BEST, FORMAT, BestCheckpoint

__all__ = ["BestWeights"]


_Of = Literal["held_out", "mean", "sum"]


class _Found(NamedTuple):
    loss: float
    of: _Of
    tick: int
    epoch: int
    update: int


class BestWeights:
    """Compares every loss of a session that says how good its weights are.

    That is the loss of held-out data, always of the same characters: the part that is evaluated every so many updates,
    and once more when the run ends or is left. The evaluation of all of them counts where the part is all of them; else
    it is of other characters, and cannot be compared. Where no data are held out, it is the loss of an epoch. Where an
    epoch has several passes, that is their mean, and the weights are those of the last one.
    """

    def __init__(self, session: Session, best: BestCheckpoint | None = None) -> None:
        """Begin with the loss of `best`, the checkpoint on the disk."""
        self._session = session
        self._trainer = session.trainer
        self._kept = best
        self._new: _Found | None = None  # what is not on the disk yet
        self._loss = math.inf if best is None else best.loss
        self._of = "" if best is None else best.of
        self._parameters = list(self._trainer.model.parameters())
        self._weights = [torch.empty_like(each) for each in self._parameters]

    @property
    def is_new(self) -> bool:
        """Whether there are better weights than on the disk."""
        return self._new is not None

    def look(self) -> None:
        """Copy the weights if the pass that is over, or the evaluation after it, gave a better loss."""
        experiment, progress = self._session.experiment, self._session.progress
        of: _Of = "held_out" if experiment.data.holdout else experiment.training.reduction
        loss = self._held_out_loss() if of == "held_out" else self._epoch_loss()
        if of != self._of:  # losses of two kinds cannot be compared
            self._loss = math.inf
        if not loss < self._loss:
            return
        with torch.no_grad():
            for copy, parameter in zip(self._weights, self._parameters, strict=True):
                copy.copy_(parameter)
        self._loss, self._of = loss, of
        self._new = _Found(loss, of, progress.tick, progress.epoch, progress.pass_number)

    def write(self, folder: Folder, *, experiment: str, text: str, data_card: DataCard) -> None:
        """Replace the best checkpoint on the disk, if there are better weights. Raises OSError: then it is still there.

        `experiment` and `text` are the hashes that identify them.
        """
        if self._new is not None:
            manifest = BestCheckpoint(
                format=FORMAT,
                rnn_tui=__version__,
                torch=str(torch.__version__),
                experiment=experiment,
                text=text,
                data_card=data_card,
                tick=self._new.tick,
                epoch=self._new.epoch,
                update=self._new.update,
                loss=self._new.loss,
                of=self._new.of,
                tensors="",
                tensors_bytes=0,
                tensors_sha256="",
            )
            self._kept = checkpoint.write(folder, manifest, checkpoint.weights(self._trainer, self._weights), BEST)
            self._new = None
        elif self._kept is not None:
            checkpoint.tidy(folder, self._kept.tensors, BEST)  # after a process that was killed while it wrote

    def _held_out_loss(self) -> float:
        """Return the loss of held-out data, if they have just been evaluated; else NaN."""
        evaluated = self._session.branch.held_out.at(self._session.progress.pass_number)
        return evaluated.loss if evaluated is not None else math.nan

    def _epoch_loss(self) -> float:
        """Return the mean loss of the epoch that has just ended; NaN where none has."""
        session = self._session
        if not session.experiment.training.learn or not session.progress.at_end_of_epoch:
            return math.nan
        session.recording.drain()
        losses, batches = session.losses, session.progress.batches
        last = [losses.at(each) for each in range(len(losses) - batches, len(losses))]
        return sum(math.nan if each is None else each for each in last) / batches
