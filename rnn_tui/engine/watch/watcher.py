"""Watches the training of this process, and serves those who look at it from a thread of its own."""

import atexit
import contextlib
import logging
import os
import secrets
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn
from torch.optim import Optimizer

from rnn_tui import __version__
from rnn_tui.common.torchrun import ranks_of
from rnn_tui.engine.host.connection import Reception
from rnn_tui.engine.host.server import Server
from rnn_tui.engine.watch.hooks import add_listener, remove_listener
from rnn_tui.engine.watch.rank_clock import RankClock
from rnn_tui.engine.watch.rank_socket import listen_in_new_folder
from rnn_tui.engine.watch.rank_writer import RankWriter
from rnn_tui.engine.watch.watch_host import WatchHost
from rnn_tui.experiment.memory import HISTORY
from rnn_tui.protocol.core import Greeting
from rnn_tui.protocol.engine_folders import EngineFolder, EnginesError
from rnn_tui.protocol.rank_notes import ranks_folder
from rnn_tui.protocol.rendezvous import OnDisconnect
from rnn_tui.protocol.script_log import LogLines, ReadLog
from rnn_tui.protocol.version import VERSION

__all__ = ["Watcher"]

_log = logging.getLogger(__name__)
_GOODBYE = 2.0  # seconds that the server's thread has to end
_watchers: dict[int, "Watcher"] = {}  # by the id of the model; 0: of the whole process


class Watcher:
    """Watches a model, or every module of this process. Nothing that the script computes is changed by it."""

    def __init__(
        self,
        model: nn.Module | None = None,
        optimizer: Optimizer | None = None,
        *,
        name: str = "",
        script: str = "",
        vocabulary: Sequence[str] | None = None,
        history: int = HISTORY,
        read_log: Callable[[ReadLog], LogLines] | None = None,
        read_only: bool = False,
        held: bool = False,
        until: tuple[str, ...] = (),
        on_hangup: OnDisconnect = "train",
        listener: socket.socket | None = None,
        folder: Path | None = None,
    ) -> None:
        """Prepare to watch; `start` begins. A socket that listens already comes with its folder."""
        script = script or Path(sys.argv[0] or "python").name
        self._ranks = _notes_of_ranks()
        self.name = name or _new_name(script)
        if self._ranks is not None:
            self.name = _name_of_rank(name, script, *self._ranks)
        self._model = id(model) if model is not None else 0
        self._home: EngineFolder | None = None
        self._listener, self._folder = listener, folder
        self._on_hangup = on_hangup
        self._read_log = read_log
        self._host = WatchHost(
            model,
            optimizer,
            name=self.name,
            script=script,
            words=vocabulary or (),
            read_only=read_only,
            held=held,
            until=until,
            has_log=read_log is not None,
            history=history,
        )

        self._writer: RankWriter | None = None
        self._reception: Reception | None = None
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    def start(self) -> "Watcher":
        """Begin to watch and to serve. One that watches the same model is closed. Raises EnginesError."""
        before = _watchers.pop(self._model, None)
        if before is not None:
            before.close()
        _watchers[self._model] = self
        told = self._listener is None
        if self._listener is None or self._folder is None:
            self._listener, self._folder = self._listen()
        greeting = Greeting(version=VERSION, torch=str(torch.__version__), program=__version__)
        self._reception = Reception(self._listener, greeting)
        self._host.lock = self._reception.lock
        server = Server(
            self._reception,
            self._host,
            self._host.pictures,
            self._on_hangup,
            folder=self._folder,
            read_log=self._read_log,
        )
        self._host.show = lambda: self._show(server)
        self._host.is_awaited = lambda: server.is_awaited
        self._thread = threading.Thread(target=self._serve, args=(server,), name="rnn-tui watch", daemon=True)
        self._thread.start()
        add_listener(self._host.observer)
        atexit.register(self.close)
        if self._ranks is not None:
            self._write_for_others(*self._ranks, self._folder)
        if told and os.environ.get("LOCAL_RANK", "0") == "0":  # the view of one rank shows all
            print(f"rnn-tui attach {self.name}", file=sys.stderr, flush=True)  # noqa: T201 (for whoever starts it)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def evaluated(self, *, loss: float, count: int | None = None) -> None:
        """Add an evaluation on data that are not learnt: the mean loss of `count` targets.

        It takes the place of what was seen of that evaluation, which is shown where a script says nothing itself.
        """
        self._quietly(lambda: self._host.observer.losses.evaluated_by_script(float(loss), count))

    def tokens(self, ids: Any, *, lengths: Any = None) -> None:
        """Say what the next pass reads, where no nn.Embedding tells: its ids, (T,), (N, T) or (T, N) whole numbers.

        `lengths` (N,) are those of rows that are padded: what comes after them is not shown.
        """
        self._quietly(lambda: self._host.observer.tokens(ids, lengths))

    def log(self, **values: float) -> None:
        """Note numbers of the newest pass: `loss` and `lr` are shown in the place of what was seen."""
        self._quietly(lambda: self._host.observer.note(**values))

    def script_ended(self, code: int, problem: str) -> None:
        """Show the last picture of a script that has ended, as long as somebody looks; then close."""
        remove_listener(self._host.observer)
        self._host.hold_at_the_end(code, problem)
        self.close()

    def close(self) -> None:
        """Stop watching, and leave nothing behind."""
        if os.getpid() != self._process:  # a child that was forked: all of this is its parent's
            return
        remove_listener(self._host.observer)
        atexit.unregister(self.close)
        if _watchers.get(self._model) is self:
            del _watchers[self._model]
        self._host.close()
        if self._writer is not None:
            self._writer.close()
        if self._reception is None:
            return
        self._reception.ring()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_GOODBYE)

    # ---- how --------------------------------------------------------------------------------------------------

    def _listen(self) -> tuple[socket.socket, Path]:
        """Make a folder, and a socket in it that listens."""
        listener, self._home = listen_in_new_folder()
        return listener, self._home.path

    def _write_for_others(self, notes: Path, rank: int, count: int, folder: Path) -> None:
        """Write how far this rank is, for the views of all."""
        clock = self._host.observer.clock = RankClock()
        self._host.pictures.stands_among(str(notes), rank)
        self._writer = RankWriter(
            notes, rank, count, name=self.name, socket_folder=folder, clock=clock, facts=self._host.rank_facts
        )
        try:
            self._writer.start()
        except OSError:
            _log.exception("the ranks of this script cannot be shown together")

    def _serve(self, server: Server) -> None:
        assert self._reception is not None
        try:
            server.run()
        except Exception:
            _log.exception("the watch has ended itself")
        finally:
            self._host.close()
            remove_listener(self._host.observer)
            self._reception.close()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            if self._home is not None:
                self._home.close()

    def _show(self, server: Server) -> None:
        """Answer the views that wait, in the thread that trains."""
        if self._reception is not None and not self._reception.closing:
            server.show()
            self._reception.wake()

    def _quietly(self, do: Callable[[], object]) -> None:
        """Do something whose errors never reach the script."""
        try:
            do()
        except Exception as error:
            self._host.observer.fail(error)


def _new_name(script: str) -> str:
    return f"{_stem(script)}-{time.strftime('%Y-%m-%d')}-{secrets.token_hex(3)}"


def _stem(script: str) -> str:
    stem = "".join(each if each.isalnum() else "-" for each in Path(script.split()[0]).stem.lower()).strip("-")
    return stem or "script"


def _notes_of_ranks() -> tuple[Path, int, int] | None:
    """Return the folder for notes of all ranks, the number of this one, and how many there are; None: it is alone."""
    place = ranks_of(os.environ)
    if place is None:
        return None
    try:
        folder = ranks_folder(os.environ)
    except EnginesError as error:
        _log.warning("%s", error)
        return None
    return None if folder is None else (folder, *place)


def _name_of_rank(name: str, script: str, notes: Path, rank: int, _count: int) -> str:
    """Return a name that tells the ranks of a launch apart, and shows that they belong together."""
    return f"{name or f'{_stem(script)}-{notes.name[:6]}'}-rank{rank}"


def _forget_in_child() -> None:
    """Stop listening in a process that was forked: its parent serves, and it has none of its threads."""
    for each in list(_watchers.values()):
        with contextlib.suppress(Exception):
            remove_listener(each._host.observer)
    _watchers.clear()


os.register_at_fork(after_in_child=_forget_in_child)
