"""The engine's end of the seam: a listening socket, and the connections of clients.

Neither reading nor writing ever blocks the training.
"""

import contextlib
import logging
import os
import select
import socket
import struct
import threading
import time
from collections import deque
from enum import IntEnum

from rnn_tui.protocol.commands import Command
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.engine_messages import EngineMessage, Frame
from rnn_tui.protocol.wire import MAX_COMMAND, Buffer, ProtocolError, decode_command, pack

__all__ = ["Connection", "Rank", "Reception"]

_log = logging.getLogger(__name__)

_CROWD = 32  # connections at once; another one takes the place of the least important
_MOST_UNREAD = 1 << 18  # bytes of messages, beside a frame, that may wait for a client that does not read
_AT_ONCE = 16  # commands of one connection that are read at once
_DISPLACED = "Too many are connected to this run: a newer connection has taken the place of this one."


class Rank(IntEnum):
    """What a connection is for, the least important first."""

    SILENT = 0  # has sent nothing yet
    ASKS = 1
    LOOKS = 2
    DRIVES = 3


class Connection:
    """A socket whose other end is a view, or a client that only asks where the run is."""

    def __init__(self, peer: socket.socket) -> None:
        peer.setblocking(False)
        self._peer = peer
        self._incoming = Buffer(MAX_COMMAND)
        self._bodies: deque[bytes] = deque()  # commands that have arrived and have not been read yet
        self._outgoing = bytearray()
        self._unread = 0  # bytes of messages that are not frames among those
        self.open = True
        self.rank = Rank.SILENT
        self.spoke = time.monotonic()  # when its last command, or it itself, arrived

    def fileno(self) -> int:
        """Return the file descriptor, for poll."""
        return self._peer.fileno()

    @property
    def is_behind(self) -> bool:
        """Whether messages wait that the client has not taken yet."""
        return bool(self._outgoing)

    @property
    def has_more(self) -> bool:
        """Whether commands have arrived that have not been read yet."""
        return bool(self._bodies)

    def send(self, message: EngineMessage) -> None:
        """Queue a message and write as much of it as the socket takes.

        A client that asks and never reads is disconnected before its messages fill the memory.
        """
        if self._unread > _MOST_UNREAD:
            self._give_up()
            return
        packed = pack(message)
        if not isinstance(message, Frame):  # of frames at most one waits: see `is_behind`
            self._unread += len(packed)
        self._outgoing += packed
        self.flush()

    def flush(self) -> None:
        """Write as much of the waiting messages as the socket takes."""
        try:
            while self._outgoing:
                del self._outgoing[: self._peer.send(self._outgoing)]
            self._unread = 0
        except BlockingIOError:
            pass
        except OSError:  # it is closed; the commands before that are still read, and then its end
            self._outgoing.clear()
            self._unread = 0

    def receive(self) -> list[Command]:
        """Return some of the commands that have arrived, and read more only when there are none left.

        A client that sends what is not a command gets a refusal, and is disconnected.
        """
        commands: list[Command] = []
        try:
            if not self._bodies:
                self._read()
            while self._bodies and len(commands) < _AT_ONCE:
                commands.append(decode_command(self._bodies.popleft()))
        except ProtocolError as error:
            _log.info("a connection is refused: %s", error)
            self.send(Refused(problem=str(error)))
            self.open = False
            self._bodies.clear()
        if commands:
            self.spoke = time.monotonic()
        return commands

    def _read(self) -> None:
        try:
            data = self._peer.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._bodies += self._incoming.feed(data)
        else:
            self.open = False

    def _give_up(self) -> None:
        """Send nothing more, and have the connection closed."""
        _log.info("a connection that does not read what it asks for is closed")
        self.open = False
        self._outgoing.clear()
        self._unread = 0

    def close(self) -> None:
        """Close the socket."""
        self.open = False
        self._peer.close()


class Reception:
    """Accepts connections and waits for commands. Only processes of the same user are accepted."""

    def __init__(self, listener: socket.socket, greeting: EngineMessage) -> None:
        """Listen; `greeting` is the first message on every connection."""
        listener.setblocking(False)
        self._greeting = greeting
        self._listener = listener
        self._bell, self._cord = socket.socketpair()
        self._cord.setblocking(False)
        self._poll = select.poll()
        for each in (self._listener, self._bell):
            self._poll.register(each, select.POLLIN)
        self._connections: dict[int, Connection] = {}
        self._watched: dict[int, int] = {}  # the events that are polled for
        self._had_visitors = False
        self.lock = threading.RLock()  # held while anything is done but waiting: two threads may share this
        self.closing = False  # `ring` was called: the process is to end

    @property
    def is_deserted(self) -> bool:
        """Whether all connections have been closed."""
        return self._had_visitors and not self._connections

    def ring(self) -> None:
        """Ask the process to end. May be called in the middle of anything, by a signal."""
        self.closing = True
        with contextlib.suppress(OSError):
            self._cord.send(b"!")

    def wake(self) -> None:
        """End a wait that another thread is in, so that it sends what was queued meanwhile."""
        with contextlib.suppress(OSError):
            self._cord.send(b".")

    def wait(self, timeout: float | None) -> list[tuple[Connection, Command]]:
        """Return the commands that arrive within `timeout` seconds (None: no limit) and their connections, in order."""
        said: list[tuple[Connection, Command]] = []
        talking = [each for each in self._connections.values() if each.has_more]
        if talking:
            timeout = 0
        events = self._poll.poll(None if timeout is None else timeout * 1000)
        with self.lock:
            for fd, event in events:
                if fd == self._listener.fileno():
                    self._let_in()
                elif fd == self._bell.fileno() and not self.closing:
                    self._bell.recv(1 << 12)
                elif fd in self._connections:
                    connection = self._connections[fd]
                    if event & select.POLLOUT:
                        connection.flush()
                    if event & ~select.POLLOUT and connection not in talking:
                        talking.append(connection)
            for connection in talking:
                said += [(connection, command) for command in connection.receive()]
        return said

    def send(self, connection: Connection, message: EngineMessage) -> None:
        """Send a message; what the socket does not take at once is sent later."""
        connection.send(message)
        self._watch(connection)

    def gone(self) -> list[Connection]:
        """Return the connections that were closed since the last call."""
        left = [each for each in self._connections.values() if not each.open]
        for each in left:
            self._poll.unregister(each)
            del self._connections[each.fileno()], self._watched[each.fileno()]
            each.close()
        for each in self._connections.values():
            self._watch(each)
        return left

    def close(self) -> None:
        """Close all sockets."""
        for each in self._connections.values():
            each.close()
        for end in (self._listener, self._bell, self._cord):
            end.close()

    def _watch(self, connection: Connection) -> None:
        events = select.POLLIN | (select.POLLOUT if connection.is_behind else 0)
        if connection.open and self._watched[connection.fileno()] != events:
            self._watched[connection.fileno()] = events
            self._poll.modify(connection, events)

    def _let_in(self) -> None:
        """Accept the connections that wait."""
        for _ in range(_CROWD):
            try:
                peer, _ = self._listener.accept()
            except OSError:  # none is left
                return
            if not _is_ours(peer):
                _log.warning("a process of another user is refused")
                peer.close()
                continue
            self._make_room()
            connection = Connection(peer)
            self._connections[connection.fileno()] = connection
            self._watched[connection.fileno()] = select.POLLIN
            self._poll.register(connection, select.POLLIN)
            self._had_visitors = True
            self.send(connection, self._greeting)

    def _make_room(self) -> None:
        """Close the least important of many connections, so that a run can always be listed, stopped and attached to.

        First those that have never sent a command, then those that only ask, then those that watch; of equals the one
        that has been silent longest. The one with the controls stays.
        """
        there = [each for each in self._connections.values() if each.open]
        if len(there) < _CROWD:
            return
        least = min(there, key=lambda each: (each.rank, each.spoke))
        _log.info("the least of %d connections makes room for another", len(there))
        least.send(Refused(problem=_DISPLACED))
        least.open = False


def _is_ours(peer: socket.socket) -> bool:
    """Tell whether the other process is of our user or root; where the system cannot say, the folder protects us."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    _, user, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return user in (os.getuid(), 0)
