"""Writes how far this rank is, for views of any rank: a thread that sleeps unless somebody looks."""

import contextlib
import math
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from rnn_tui.engine.training.gpu import GpuWatch
from rnn_tui.engine.watch.rank_clock import RankClock
from rnn_tui.protocol.rank_notes import RankNote, marked, remove_rank_note, write_rank_note
from rnn_tui.protocol.ranks import RankFigures

__all__ = ["RankFacts", "RankWriter"]

_AWAKE, _ASLEEP = 0.25, 1.0  # seconds between two looks at the mark
_RARELY = 600.0  # seconds between two notes that nobody looks at: so that the folder is not taken for an old one
_LOOKED = 3.0  # seconds after a change of it that somebody looks


@dataclass(frozen=True, kw_only=True)
class RankFacts:
    """What the training thread knows of itself."""

    update: int
    rows: int  # of the newest pass that was taken apart; 0: unknown
    length: int  # time steps of each
    loss: float
    device: str
    is_held: bool


class RankWriter:
    """The thread, and the file that it writes."""

    def __init__(
        self,
        folder: Path,
        rank: int,
        count: int,
        *,
        name: str,
        socket_folder: Path,
        clock: RankClock,
        facts: Callable[[], RankFacts],
    ) -> None:
        self.folder, self.rank = folder, rank
        self._count, self._name, self._socket = count, name, socket_folder
        self._clock, self._facts = clock, facts
        self._gpu = GpuWatch()
        self._beat = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rnn-tui ranks", daemon=True)

    def start(self) -> None:
        """Say that this rank is there, and begin."""
        self._write()
        self._thread.start()

    def close(self) -> None:
        """End, and leave nothing behind."""
        self._stopped.set()
        if self._thread is not threading.current_thread() and self._thread.is_alive():
            self._thread.join(_ASLEEP)
        remove_rank_note(self.folder, self.rank)

    def _run(self) -> None:
        seen, looked, wrote = marked(self.folder), -math.inf, time.monotonic()
        while not self._stopped.wait(_AWAKE if self._clock.wanted else _ASLEEP):
            now, at = time.monotonic(), marked(self.folder)
            if at != seen:  # by a clock that may be another machine's: that it has changed is what counts
                seen, looked = at, now
            self._clock.wanted = now - looked < _LOOKED
            if self._clock.wanted or now - wrote > _RARELY:
                wrote = now
                self._write()

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # a full disk, say: views show that nothing is heard
            write_rank_note(self.folder, self._note())

    def _note(self) -> RankNote:
        clock, facts = self._clock, self._facts()
        self._beat += 1
        interval, waiting = clock.interval, clock.waiting
        load = self._gpu.load(torch.device(facts.device))
        figures = RankFigures(
            rank=self.rank,
            update=facts.update,
            rows=facts.rows,
            characters=facts.rows * facts.length,
            loss=facts.loss,
            computing=interval if math.isnan(waiting) else max(0.0, interval - waiting),
            waiting=waiting,
            gpu=None if load is None else load.busy,
            phase="held" if facts.is_held else clock.phase,
            since=time.perf_counter() - clock.began,
        )
        return RankNote(
            figures=figures,
            count=self._count,
            host=socket.gethostname(),
            process=os.getpid(),
            socket=str(self._socket),
            name=self._name,
            beat=self._beat,
        )
