"""Saves a run while it trains: its losses as they come, and every now and then a checkpoint.

It is called between two ticks and nearly always returns at once. A disk that refuses is reported, and training goes on.
"""

import logging
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import torch

from rnn_tui import __version__
from rnn_tui.common.atomic_files import Folder
from rnn_tui.data.data_card import data_card_of
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store import checkpoint
from rnn_tui.engine.store.best_weights import BestWeights
from rnn_tui.engine.store.loss_files import LossFiles
from rnn_tui.engine.training.snapshot import Snapshot, take_beginning
from rnn_tui.experiment.hash import experiment_hash
from rnn_tui.runs.manifest import FORMAT, BestCheckpoint, Judged, Manifest
from rnn_tui.runs.read_checkpoint import text_hash

if TYPE_CHECKING:
    from rnn_tui.engine.store.tensorboard import TensorBoardLog

__all__ = ["Checkpointer"]

_log = logging.getLogger(__name__)

_LOG_EVERY = 1.0  # seconds between two writes of losses
_SAVE_EVERY = 10.0  # seconds between two checkpoints, at least
_SHARE = 0.01  # of the time that checkpoints may take, unless their number is given


class Saved(NamedTuple):
    """How far the checkpoint on the disk goes."""

    tick: int
    epoch: int
    passes: int
    rows: int  # passes that have their loss in the file


class Checkpointer:
    """Saves one session's run in a folder, which is locked until it is closed."""

    def __init__(
        self,
        session: Session,
        folder: Folder,
        files: LossFiles,
        *,
        tensorboard: "TensorBoardLog | None" = None,
        every: int = 0,
        best: BestCheckpoint | None = None,
        report: Callable[[str], object] = lambda _: None,
        is_saved: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Save from now on into a locked folder; `files` belong to the session's branch.

        `every`: passes between checkpoints, 0: by time. `best`: the checkpoint of the best loss in the folder. `report`
        is called once for what cannot be written. `is_saved`: the checkpoint in the folder is of the session as it is.
        """
        self.folder = folder.path
        self.problem = ""  # why the last attempt to write failed, and how far the checkpoint on the disk goes
        self._session = session
        self._opened = folder
        self._saved = self._how_far(files) if is_saved else None
        self._every = every
        self._tensorboard = tensorboard
        self._report = report
        self._clock = clock
        self._files = {session.branch.name: files}
        self._log_due = clock()
        self._save_due = clock() + _SAVE_EVERY
        self._saved_version = self._version() if is_saved else None
        self._version_found = self._saved_version
        self._saved_passes = len(session.branch.ends)
        self._text = text_hash(session.began)
        self._data_card = data_card_of(session.experiment, session.dataset.source)
        self._best = BestWeights(session, best)
        session.recording.pass_over = self._best.look

    def ticked(self) -> None:
        """Write what is due after a tick."""
        if self._every and len(self._session.branch.ends) - self._saved_passes >= self._every:
            self.save()
        elif (now := self._clock()) >= self._log_due:
            if now >= self._save_due and not self._every:
                self.save()
            else:
                self._attempt(self._write_losses)
                self._write_tensorboard()
                self._log_due = self._clock() + _LOG_EVERY

    def save(self) -> None:
        """Write everything as of the newest tick, unless that is on the disk, or the run stands in its past."""
        session = self._session
        if session.is_held or not session.history.at_newest or self._saved_version == self._version():
            return
        began = self._clock()
        if self._attempt(self._save):
            self._saved_version = self._version()
        self._saved_passes = len(session.branch.ends)
        self._write_tensorboard()
        now = self._clock()
        self._save_due = now + max(_SAVE_EVERY, (now - began) / _SHARE)
        self._log_due = now + _LOG_EVERY

    def close(self) -> None:
        """Write the last checkpoint, and unlock the folder."""
        if not self._opened.is_open:
            return
        self._session.finish_tick()
        self.save()
        if self._version() != self._version_found and self._session.recording.evaluate_last():  # it takes a while
            self._best.look()
            self.save()
        if self._best.is_new and not self.problem:  # the run stands in its past
            self._attempt(self._save_best)
        self._session.recording.pass_over = lambda: None
        self._write_tensorboard(last=True)
        self._opened.close()

    def abandon(self) -> None:
        """Write nothing more, and leave the folder as it is, because what is in memory cannot be trusted."""
        self._opened.close()

    @property
    def shortfall(self) -> str:
        """What the disk lacks of the run as it is now, in words; empty: nothing."""
        saved, session = self._saved, self._session
        if saved is None:
            return "it has no checkpoint yet"
        if saved.tick < session.branch.newest:
            same = saved.epoch == session.progress.epoch
            return f"its checkpoint is of epoch {saved.epoch:,}" + (f", tick {saved.tick:,}" if same else "")
        if saved.rows < saved.passes:
            return f"its checkpoint is whole, and the losses are there of {saved.rows:,} of {saved.passes:,} passes"
        return ""

    @property
    def kept_in_words(self) -> str:
        """What is on the disk, in words that go before its name."""
        saved, session = self._saved, self._session
        if saved is None:
            return "no checkpoint in"
        if saved.tick < session.branch.newest:
            return f"epoch {saved.epoch:,} is kept, not {session.progress.epoch:,}, as"
        if saved.rows < saved.passes:
            return f"kept without the losses of {saved.passes - saved.rows:,} passes, as"
        return "kept as"

    def _how_far(self, files: LossFiles) -> Saved:
        branch = self._session.branch
        return Saved(branch.newest, self._session.progress.epoch, len(branch.ends), files.passes.rows)

    def _version(self) -> object:
        """Return what changes whenever a checkpoint would be another one."""
        session, branch = self._session, self._session.branch
        return branch.name, branch.newest, branch.held_out.count, session.change_count, branch.epochs

    def _attempt(self, write: Callable[[], object]) -> bool:
        try:
            write()
        except OSError as error:
            had, self.problem = self.problem, f"{self.folder}: cannot be written: {error.strerror or error}"
            if self.shortfall:
                self.problem += f"; {self.shortfall}"
            if not had:
                _log.info("%s", self.problem)  # the caller shows it
                self._report(self.problem)
            return False
        self.problem = ""
        return True

    def _write_tensorboard(self, *, last: bool = False) -> None:
        """Write the new losses for TensorBoard. Its files are given up once they cannot be written."""
        if self._tensorboard is None:
            return
        try:
            self._tensorboard.catch_up(self._session.losses, self._session.branch.held_out)
            if last:
                self._tensorboard.close()
        except OSError as error:
            self._tensorboard = None
            _log.info("TensorBoard's files are given up: %s", error)
            self._report(f"--tensorboard: cannot be written any more: {error.strerror or error}")

    def _write_losses(self) -> None:
        """Append the losses that are not in the files yet. Raises OSError."""
        learns = self._session.experiment.training.learn
        self._branch_files().catch_up(self._session.branch, learns=learns)

    def _branch_files(self) -> LossFiles:
        branch = self._session.branch
        if branch.name not in self._files:
            self._files[branch.name] = LossFiles.for_new_branch(self._opened, matrices=branch.diagnostics.matrices)
        return self._files[branch.name]

    def _save(self) -> None:
        """Save the best checkpoint first, since it is looked for among the losses that the newest one knows."""
        problem = None
        try:
            self._save_best()
        except OSError as error:
            problem = error
        self._save_newest()
        if problem is not None:
            raise problem

    def _save_best(self) -> None:
        experiment = experiment_hash(self._session.began)
        self._best.write(self._opened, experiment=experiment, text=self._text, data_card=self._data_card)

    def _save_newest(self) -> None:
        """Write a checkpoint, also where there is no room for all losses: then it says how many there are."""
        self._session.recording.drain()
        files, problem = self._branch_files(), None
        try:
            self._write_losses()
        except OSError as error:
            problem = error
        trainer = self._session.trainer
        state = take_beginning(trainer)
        manifest = self._manifest(files, state, rows=None if problem is None else files.passes.rows)
        checkpoint.write(self._opened, manifest, checkpoint.to_tensors(trainer, state))
        self._saved = self._how_far(files)
        _log.debug("checkpoint of tick %d in %s", manifest.tick, self.folder)
        if problem is not None:
            raise problem

    def _manifest(self, files: LossFiles, state: Snapshot, *, rows: int | None) -> Manifest:
        """Return the manifest as of now, with tensors of `state`; `rows`: see `Manifest`."""
        session, branch, progress = self._session, self._session.branch, self._session.progress
        loss = session.losses.last()
        return Manifest(
            format=FORMAT,
            rnn_tui=__version__,
            torch=str(torch.__version__),
            experiment=experiment_hash(session.began),
            tick=progress.tick,
            epoch=progress.epoch,
            updates=len(branch.ends),
            loss=loss if loss is not None and math.isfinite(loss) else None,
            epochs=branch.epochs,
            branch=branch.name,
            changes=session.changes,
            planned=session.plan.changes,
            predictions=branch.predictions.seen,
            learnt=branch.predictions.learnt,
            state_tick=state.ticks,
            state_epoch=state.epoch,
            progress=checkpoint.progress_of(state),
            best=(branch.best.loss, branch.best.epoch, branch.best.since),
            held_out=tuple(Judged(**each) for each in branch.held_out.told_all()),
            text=self._text,
            data_card=self._data_card,
            weights=session.experiment.weights,
            losses=files.passes.name,
            rows=rows,
            by_character=files.by_character(branch) and files.characters.rows == branch.newest,
            tensors="",
            tensors_bytes=0,
            tensors_sha256="",
        )
