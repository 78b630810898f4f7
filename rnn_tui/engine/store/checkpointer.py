"""Keeps a run on the disk while it trains: the experiment, the losses, and every now and then a checkpoint.

It is called between two ticks and nearly always returns at once. What the disk refuses is told, and training goes on.
"""

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import torch

from rnn_tui import __version__
from rnn_tui.common.atomic_files import Folder, NotTheSame
from rnn_tui.data.data_card import data_card_of
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store import checkpoint
from rnn_tui.engine.store.best_weights import Champion
from rnn_tui.engine.training.branches import Branch
from rnn_tui.engine.training.snapshot import take_beginning
from rnn_tui.experiment.hash import experiment_hash
from rnn_tui.runs.loss_csv import CHARACTERS, HELD_OUT, LOSSES, Logbook, Row
from rnn_tui.runs.manifest import FORMAT, BestCheckpoint, Judged, Manifest
from rnn_tui.runs.read_checkpoint import text_hash

if TYPE_CHECKING:
    from rnn_tui.engine.store.tensorboard import Board

__all__ = ["Keeper", "Logs"]

_LOG_EVERY = 1.0  # seconds between two looks at what has become known
_SAVE_EVERY = 10.0  # seconds between two checkpoints, at least
_SHARE = 0.01  # of the time that checkpoints may take, unless their number is given


class Kept(NamedTuple):
    """What the checkpoint on the disk is of."""

    tick: int
    epoch: int
    updates: int
    rows: int  # of them that have their loss in the file


class Keeper:
    """Keeps one session's run in a folder, which is nobody else's until it is closed."""

    def __init__(
        self,
        session: Session,
        folder: Folder,
        logs: "Logs",
        *,
        board: "Board | None" = None,
        every: int = 0,
        best: BestCheckpoint | None = None,
        told: Callable[[str], object] = lambda _: None,
        written: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`logs` belong to the session's branch; the folder is locked, and ours from now on.

        `every`: updates between checkpoints, 0: by time. `best`: what the folder has of the best loss so far. `told`
        hears what cannot be written, once. `written`: the checkpoint on the disk is of the session as it is now.
        """
        self.folder = folder.path
        self.problem = ""  # why the last attempt to write failed, and what is on the disk then
        self._session = session
        self._opened = folder
        self._kept = self._kept_now(logs) if written else None
        self._every = every
        self._board = board
        self._told = told
        self._clock = clock
        self._logs = {session.branch.name: logs}
        self._log_due = clock()
        self._save_due = clock() + _SAVE_EVERY
        self._saved = self._version() if written else None  # what the checkpoint on the disk is of
        self._as_found = self._saved
        self._saved_updates = len(session.branch.ends)
        self._text = text_hash(session.began)
        self._data_card = data_card_of(session.experiment, session.trainer.task.source)
        self._champion = Champion(session, best)
        session.pass_over = self._champion.look

    def ticked(self) -> None:
        """A tick has been done: write what is due."""
        if self._every and len(self._session.branch.ends) - self._saved_updates >= self._every:
            self.save()
        elif (now := self._clock()) >= self._log_due:
            if now >= self._save_due and not self._every:
                self.save()
            else:
                self._attempt(self._log)
                self._show_board()
                self._log_due = self._clock() + _LOG_EVERY

    def save(self) -> None:
        """Write everything as of the newest tick; nothing where that is on the disk, or the run stands in its past."""
        session = self._session
        if session.is_held or session.trainer.ticks < session.branch.newest or self._saved == self._version():
            return
        began = self._clock()
        if self._attempt(self._save):
            self._saved = self._version()
        self._saved_updates = len(session.branch.ends)
        self._show_board()
        now = self._clock()
        self._save_due = now + max(_SAVE_EVERY, (now - began) / _SHARE)
        self._log_due = now + _LOG_EVERY

    def close(self) -> None:
        """The last checkpoint; the folder is free then."""
        if not self._opened.is_open:
            return
        self._session.finish_tick()
        self.save()
        if self._version() != self._as_found and self._session.judge_last():  # behind the checkpoint: it takes a while
            self._champion.look()
            self.save()
        if self._champion.is_new and not self.problem:  # the run stands in its past
            self._attempt(self._save_best)
        self._session.pass_over = None
        self._show_board(last=True)
        self._opened.close()

    def abandon(self) -> None:
        """Write nothing more, and leave the folder as it is: what is in memory is not to be trusted."""
        self._opened.close()

    @property
    def shortfall(self) -> str:
        """What the disk lacks of the run as it is now, in words; empty: nothing."""
        kept, session = self._kept, self._session
        if kept is None:
            return "it has no checkpoint yet"
        if kept.tick < session.branch.newest:
            same = kept.epoch == session.epoch
            return f"its checkpoint is of epoch {kept.epoch:,}" + (f", tick {kept.tick:,}" if same else "")
        if kept.rows < kept.updates:
            return f"its checkpoint is whole, and the losses are there of {kept.rows:,} of {kept.updates:,} passes"
        return ""

    @property
    def kept_in_words(self) -> str:
        """What is on the disk, in words that go before its name."""
        kept, session = self._kept, self._session
        if kept is None:
            return "no checkpoint in"
        if kept.tick < session.branch.newest:
            return f"epoch {kept.epoch:,} is kept, not {session.epoch:,}, as"
        if kept.rows < kept.updates:
            return f"kept without the losses of {kept.updates - kept.rows:,} passes, as"
        return "kept as"

    def _kept_now(self, logs: "Logs") -> Kept:
        branch = self._session.branch
        return Kept(branch.newest, self._session.epoch, len(branch.ends), logs.losses.rows)

    def _version(self) -> object:
        session, branch = self._session, self._session.branch
        return branch.name, branch.newest, branch.held_out.count, session.changes, session.epochs

    def _attempt(self, write: Callable[[], object]) -> bool:
        try:
            write()
        except OSError as error:
            had, self.problem = self.problem, f"{self.folder}: cannot be written: {error.strerror or error}"
            if self.shortfall:
                self.problem += f"; {self.shortfall}"
            if not had:
                self._told(self.problem)
            return False
        self.problem = ""
        return True

    def _show_board(self, *, last: bool = False) -> None:
        """Let TensorBoard know. Where it cannot be written to, it is given up."""
        if self._board is None:
            return
        try:
            self._board.catch_up(self._session.losses, self._session.branch.held_out)
            if last:
                self._board.close()
        except OSError as error:
            self._board = None
            self._told(f"--tensorboard: cannot be written any more: {error.strerror or error}")

    def _log(self) -> "Logs":
        """Append what is not in the files yet. Raises OSError."""
        branch, logs = self._session.branch, self._branch_logs()
        logs.catch_up(branch, learns=self._session.trainer.learns)
        return logs

    def _branch_logs(self) -> "Logs":
        branch = self._session.branch
        if branch.name not in self._logs:
            self._logs[branch.name] = Logs.another(self._opened)
        return self._logs[branch.name]

    def _save(self) -> None:
        """The best checkpoint first, since it is looked for among the losses that the newest one knows."""
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
        self._champion.write(self._opened, experiment=experiment, text=self._text, data_card=self._data_card)

    def _save_newest(self) -> None:
        """A checkpoint also where there is no room for all losses: then it says how many there are."""
        session, trainer = self._session, self._session.trainer
        session.drain()
        logs, problem = self._branch_logs(), None
        try:
            self._log()
        except OSError as error:
            problem = error
        branch, state = session.branch, take_beginning(trainer)
        loss = session.losses.last()
        manifest = Manifest(
            format=FORMAT,
            rnn_tui=__version__,
            torch=str(torch.__version__),
            experiment=experiment_hash(session.began),
            tick=trainer.ticks,
            epoch=session.epoch,
            updates=len(branch.ends),
            loss=loss if loss is not None and math.isfinite(loss) else None,
            epochs=branch.epochs,
            branch=branch.name,
            turns=session.turns,
            planned=session.planned,
            predictions=branch.predictions.seen,
            learnt=branch.predictions.learnt,
            state_tick=state.ticks,
            state_epoch=state.epoch,
            progress=checkpoint.progress_of(state),
            best=(branch.best.loss, branch.best.epoch, branch.best.since),
            held_out=tuple(Judged(**each) for each in branch.held_out.told_all()),
            text=self._text,
            data_card=self._data_card,
            weights=sum(parameter.numel() for parameter in trainer.model.parameters()),
            losses=logs.losses.name,
            rows=None if problem is None else logs.losses.rows,
            by_character=logs.by_character(branch) and logs.characters.rows == branch.newest,
            tensors="",
            tensors_bytes=0,
            tensors_sha256="",
        )
        checkpoint.write(self._opened, manifest, checkpoint.to_tensors(trainer, state))
        self._kept = self._kept_now(logs)
        if problem is not None:
            raise problem


class Logs:
    """The files with the losses of one branch."""

    def __init__(self, folder: Folder, mark: str = "") -> None:
        self.losses = Logbook(folder, f"losses{mark}.csv", LOSSES)
        self.characters = Logbook(folder, f"characters{mark}.csv", CHARACTERS)
        self.held_out = Logbook(folder, f"held-out{mark}.csv", HELD_OUT)  # for people: a manifest has it too

    @classmethod
    def another(cls, folder: Folder) -> "Logs":
        """For a branch that has no files yet."""
        number = 2
        while folder.exists(f"losses-{number}.csv"):
            number += 1
        return cls(folder, f"-{number}")

    @staticmethod
    def by_character(branch: Branch) -> bool:
        """Whether every tick so far was a character."""
        return 0 < len(branch.character_losses) == branch.newest

    def catch_up(self, branch: Branch, *, learns: bool) -> None:
        """Append the losses that are not there yet. Raises OSError, once as much as can be is in each file."""
        known = len(branch.losses) if learns else len(branch.ends)
        characters = branch.character_losses

        def passes(first: int) -> list[Row]:
            return [(each + 1, branch.ends[each], branch.losses.at(each)) for each in range(first, known)]

        def judged(first: int) -> list[Row]:
            found = branch.held_out.all()[first:]
            return [(each.update, each.loss, _known(each.accuracy), each.characters) for each in found]

        def steps(first: int) -> list[Row]:
            return [(each + 1, characters.at(each)) for each in range(first, len(characters))]

        books = [(self.losses, passes)]
        if branch.held_out.count > self.held_out.rows:
            books.append((self.held_out, judged))
        if self.by_character(branch):
            books.append((self.characters, steps))
        problem = None
        for book, rows in books:
            try:
                _append(book, rows)
            except OSError as error:
                problem = problem or error
        if problem is not None:
            raise problem


def _append(book: Logbook, rows: Callable[[int], list[Row]]) -> None:
    """Append the rows that a file lacks; a file that somebody has changed is written anew. Raises OSError."""
    try:
        book.add(rows(book.rows))
    except NotTheSame:
        book.add(rows(0))


def _known(number: float) -> float | None:
    """None for what numbers that are learnt do not have."""
    return None if math.isnan(number) else number
