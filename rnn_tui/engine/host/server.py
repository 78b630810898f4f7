"""The views of a run: which are there, which has the controls, and what happens when they leave.

The views pull: a frame is sent only in answer to a look, at the next tick boundary, so a slow link or a stalled
terminal slows its pictures and never the training. Several may look at one run; one of them has the controls.
"""

import contextlib
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from rnn_tui.engine.host.budget import Budget
from rnn_tui.engine.host.connection import Connection, Rank, Reception
from rnn_tui.engine.host.gallery import Gallery, View
from rnn_tui.engine.host.host import Host, Pictures
from rnn_tui.engine.session.replay import HistoryError
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.protocol.commands import Command, TakeControls
from rnn_tui.protocol.core import Detach, Inquire, Refused, Stop
from rnn_tui.protocol.engine_messages import EngineMessage, Left
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.protocol.rendezvous import SOCKET, Note, OnDisconnect, write_note
from rnn_tui.protocol.script_log import LogLines, ReadLog

__all__ = ["Server"]

_log = logging.getLogger(__name__)

_IDLE = 3600.0  # seconds that a paused run stays in memory without a view
_LOOK_EVERY = 10.0  # seconds between two checks that the socket is still there
_HEARING = 0.05  # share of the time that listening may take during training
_WATCHING = "Another view has the controls: T takes them."


class Server:
    """Serves views until no view can need the run any more."""

    def __init__(
        self,
        reception: Reception,
        host: Host,
        pictures: Pictures,
        on_hangup: OnDisconnect = "train",
        *,
        folder: Path | None = None,
        idle: float = _IDLE,
        read_log: Callable[[ReadLog], LogLines] | None = None,
        open_other: Callable[[Host, Command], tuple[Host, Pictures] | None] = lambda *_: None,
    ) -> None:
        """Begin without views. `folder` holds the socket, by which clients find the run.

        `read_log` reads what a watched script has printed. `open_other` returns what a command opens in the place of
        the host, if it does.
        """
        self._reception = reception
        self._folder = folder
        self._noted = 0  # the description that is written down in that folder
        self._looked_at = 0.0  # when the folder was last checked
        self._on_hangup = on_hangup
        self._idle = idle
        self._read_log = read_log
        self._open_other = open_other
        self._host = host
        host.tell = self._tell_all
        self._pictures = pictures
        self._gallery = Gallery(host, pictures, self._say)
        self._hearing = Budget(_HEARING, most=0.01)
        self._views: list[View] = []  # in the order in which they came
        self._holder: View | None = None  # has the controls
        self._departed: set[Connection] = set()  # have detached, and are about to close
        self._was_left = False  # a view has detached
        self._had_views = False
        self._stopped = False
        self._alone_since = 0.0

    def run(self) -> None:
        """Serve until it is over; a run on the disk has its last checkpoint then."""
        try:
            while not self._is_over():
                self._listen()
                with self._reception.lock:
                    self._host.attended = bool(self._views)
                    self._note()
                    self.show()  # a tick may take seconds: a view that asked meanwhile need not wait for another
                    self._host.turn()
                    self.show()
        finally:
            with contextlib.suppress(OSError):
                self._host.close()

    def _listen(self) -> None:
        """Obey commands, and notice views that have left. Many commands delay only their own answers."""
        patience = self._patience()
        if patience == 0 and self._hearing.left < 0:
            return
        said = self._reception.wait(patience)
        with self._reception.lock:
            for connection, command in said:
                began = time.perf_counter()
                self._hear(connection, command)
                if isinstance(command, FrameRequest | Inquire | ReadLog):  # other commands drive the run
                    self._hearing.spend(time.perf_counter() - began)
            for connection in self._reception.gone():
                self._departed.discard(connection)
                self._forget(connection)

    def _patience(self) -> float | None:
        patience = self._host.patience()
        if patience:
            waits = self._gallery.wait(self._views, self._holder)
            patience = patience if waits is None else min(patience, max(waits, 0.001))
        if patience is None and self._had_views and not self._views:
            return max(0.0, self._alone_since + self._idle - time.monotonic())
        return patience

    def _is_over(self) -> bool:
        """Tell whether the process can end: it should, or there has been no view and nothing to do for long."""
        if self._reception.closing or self._stopped:
            return True
        if self._host.goes_on_alone:
            return False
        if not self._had_views:
            return self._reception.is_deserted
        if self._views:
            return False
        if self._is_lost():
            self._host.keep()
            return True
        if self._host.busy:
            return False
        host = self._host
        if not host.is_open or not (host.is_worth_keeping or self._was_left):
            return True
        for_long = time.monotonic() - self._alone_since >= self._idle
        if (for_long or host.is_done) and not host.kept:  # nothing was learnt when the last view left
            host.keep()
        return for_long or (host.is_done and bool(host.kept))

    def _is_lost(self) -> bool:
        """Tell whether no client can find the run any more, because its socket has been removed."""
        now = time.monotonic()
        if self._folder is None or now - self._looked_at < _LOOK_EVERY:
            return False
        self._looked_at = now
        return not (self._folder / SOCKET).exists()

    def _note(self) -> None:
        """Write down which run is here, for clients that ask while a tick takes long."""
        host = self._host
        if self._folder is not None and host.description != self._noted:
            self._noted = host.description
            with contextlib.suppress(OSError):
                write_note(self._folder, Note(name=host.name, kept=host.kept, process=os.getpid()))

    # ---- commands ---------------------------------------------------------------------------------------------

    def _hear(self, connection: Connection, command: Command) -> None:
        connection.rank = max(connection.rank, Rank.ASKS)
        try:
            self._obey(connection, command)
        except ExperimentError as error:
            _log.info("refused: %s %s", error.path, error)
            self._say(connection, Refused(problem=str(error), path=error.path))
        except HistoryError as error:
            _log.info("refused: %s", error)
            self._say(connection, Refused(problem=str(error)))

    def _obey(self, connection: Connection, command: Command) -> None:
        host = self._host
        if connection in self._departed:
            return  # sent after it has detached
        match command:
            case Inquire():
                self._say(connection, self._pictures.whereabouts(views=len(self._views)))
                return
            case ReadLog():
                self._say(connection, self._log_lines(command))
                return
            case Detach():
                problem = host.keep() if host.is_worth_keeping else ""
                self._looked_at = 0.0
                lost = self._is_lost()
                problem = problem or ("its socket has been removed, so that nobody would find it" if lost else "")
                self._say(connection, self._left(problem, stopped=lost))
                self._forget(connection, goodbye=True)
                self._departed.add(connection)
                self._was_left = True
                return
            case Stop(keep=keep):
                problem = host.keep() if keep and host.is_worth_keeping else ""
                left = self._left(problem, stopped=True)
                host.stop()
                for view in self._views:
                    if view.connection is not connection:
                        self._say(view.connection, left)
                self._say(connection, left)
                self._stopped = True
                return
        view = self._view_of(connection)
        match command:
            case FrameRequest():
                view.ask(command)
            case TakeControls():
                self._give_controls(view)
            case _ if view is self._holder:
                view.is_urgent = True
                other = self._open_other(host, command)
                if other is None:
                    host.obey(command)
                else:
                    self._serve(*other)
            case _:
                self._say(connection, Refused(problem=_WATCHING))

    def _serve(self, host: Host, pictures: Pictures) -> None:
        """Serve another host in the place of the one before, which is closed."""
        self._host.close()
        self._host, self._pictures = host, pictures
        self._gallery = Gallery(host, pictures, self._say)

    def _view_of(self, connection: Connection) -> View:
        """Return the view at the other end; a connection becomes one when it first looks at the run or drives it."""
        for view in self._views:
            if view.connection is connection:
                return view
        view = View(connection)
        connection.rank = Rank.LOOKS
        self._views.append(view)
        _log.info("a view has come: %d look at the run", len(self._views))
        self._had_views = True
        self._host.revision += 1  # the number of views has changed
        if self._holder is None:
            self._give_controls(view)
        return view

    def _give_controls(self, view: View | None) -> None:
        if self._holder is not None:
            self._holder.connection.rank = Rank.LOOKS
        if view is not None:
            view.connection.rank = Rank.DRIVES
        self._holder = view
        self._host.revision += 1

    def _forget(self, connection: Connection, *, goodbye: bool = False) -> None:
        """Drop a view that has left. Its controls go to the oldest one; after the last, see `--on-hangup`."""
        found = [view for view in self._views if view.connection is connection]
        if not found:
            return
        self._views.remove(found[0])
        _log.info("a view has gone: %d look at the run", len(self._views))
        self._host.revision += 1  # the number of views has changed
        if found[0] is self._holder:
            self._give_controls(self._views[0] if self._views else None)
        if not self._views:
            self._alone_since = time.monotonic()
            if not goodbye:
                self._hang_up()

    def _hang_up(self) -> None:
        """Keep, pause or stop the run, because its last view has vanished without detaching."""
        host = self._host
        if self._on_hangup == "pause":
            host.pause()
        if self._on_hangup == "stop":
            host.stop()
            self._stopped = True
        elif host.is_worth_keeping or host.playing:
            host.keep()

    # ---- answers ---------------------------------------------------------------------------------------------

    def _left(self, problem: str, *, stopped: bool) -> Left:
        return Left(run=self._pictures.whereabouts(views=len(self._views)), stopped=stopped, problem=problem)

    def _log_lines(self, ask: ReadLog) -> LogLines:
        try:
            return LogLines() if self._read_log is None else self._read_log(ask)
        except OSError as error:
            return LogLines(lines=(f"The output cannot be read: {error.strerror or error}",), total=1)

    def show(self) -> None:
        """Answer the views that wait, as far as there is something new for them."""
        self._gallery.show(self._views, self._holder)

    @property
    def is_awaited(self) -> bool:
        """Whether a view waits for a picture that it may have now."""
        return self._gallery.is_awaited(self._views, self._holder)

    def _tell_all(self, message: EngineMessage) -> None:
        for view in self._views:
            self._say(view.connection, message)

    def _say(self, connection: Connection, message: EngineMessage) -> None:
        self._reception.send(connection, message)
