"""The weights that have given the best loss so far: a copy of them in memory, until the disk may have it."""

import math
from typing import Literal, NamedTuple

import torch

from rnn_tui import __version__
from rnn_tui.common.atomic_files import Folder
from rnn_tui.data.data_card import DataCard
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store import checkpoint
from rnn_tui.runs.manifest import BEST, FORMAT, BestCheckpoint

__all__ = ["Champion"]


_Of = Literal["held_out", "mean", "sum"]


class _Found(NamedTuple):
    loss: float
    of: _Of
    tick: int
    epoch: int
    update: int


class Champion:
    """Looks at every loss that a session comes to by which its weights can be judged.

    That is the loss of what is held out, always over the same characters: the part of it that is judged every so many
    updates, and once more when the run ends or is left. The judgement of the whole counts where the part is the whole;
    else it is of other characters, and cannot be compared. Where nothing is held out, it is the loss of an epoch. Where
    an epoch has several passes, that is their mean, and the weights are those of the last one.
    """

    def __init__(self, session: Session, best: BestCheckpoint | None = None) -> None:
        """`best` is what is on the disk."""
        self._session = session
        self._kept = best
        self._new: _Found | None = None  # what is not on the disk yet
        self._loss = math.inf if best is None else best.loss
        self._of = "" if best is None else best.of
        self._parameters = list(session.trainer.model.parameters())
        self._weights = [torch.empty_like(each) for each in self._parameters]

    @property
    def is_new(self) -> bool:
        """Whether there is something better than on the disk."""
        return self._new is not None

    def look(self) -> None:
        """A pass is over: the weights are those that have given its loss, and the judgement that was due."""
        session = self._session
        experiment = session.experiment
        of: _Of = "held_out" if experiment.data.holdout else experiment.training.reduction
        loss = self._judged() if of == "held_out" else self._learnt()
        if of != self._of:  # losses of two kinds cannot be compared
            self._loss = math.inf
        if not loss < self._loss:
            return
        with torch.no_grad():
            for copy, parameter in zip(self._weights, self._parameters, strict=True):
                copy.copy_(parameter)
        self._loss, self._of = loss, of
        self._new = _Found(loss, of, session.trainer.ticks, session.epoch, session.trainer.epoch)

    def write(self, folder: Folder, *, experiment: str, text: str, data_card: DataCard) -> None:
        """Put it in the place of the one before, if it is new. Raises OSError: then that one is still there."""
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
            tensors = checkpoint.weights(self._session.trainer, self._weights)
            self._kept = checkpoint.write(folder, manifest, tensors, BEST)
            self._new = None
        elif self._kept is not None:
            checkpoint.tidy(folder, self._kept.tensors, BEST)  # what a process left that was killed

    def _judged(self) -> float:
        """What was made of what is held out, where that has just been judged; else NaN."""
        judged = self._session.branch.held_out.at(self._session.trainer.epoch)
        return judged.loss if judged is not None else math.nan

    def _learnt(self) -> float:
        """The mean loss of the epoch that has just ended; NaN where none has."""
        session = self._session
        if not session.trainer.learns or not session.at_end_of_epoch:
            return math.nan
        session.drain()
        losses, batches = session.losses, session.trainer.task.batches
        last = [losses.at(each) for each in range(len(losses) - batches, len(losses))]
        return sum(math.nan if each is None else each for each in last) / batches
