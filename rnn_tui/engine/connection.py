"""The engine's end of the seam: a listening socket, and the views that have come through it.

Neither reading nor writing ever blocks the training.
"""

import contextlib
import os
import select
import socket
import struct

from rnn_tui.protocol import Command, Message, Refused
from rnn_tui.wire import MAX_COMMAND, Buffer, ProtocolError, decode_command, pack

__all__ = ["Connection", "Reception"]

_CROWD = 32  # connections at once; more are turned away


class Connection:
    """One view, or somebody who only asks, on the other end of a socket."""

    def __init__(self, peer: socket.socket) -> None:
        peer.setblocking(False)
        self._peer = peer
        self._incoming = Buffer(MAX_COMMAND)
        self._outgoing = bytearray()
        self.open = True

    def fileno(self) -> int:
        """Called by select."""
        return self._peer.fileno()

    @property
    def is_behind(self) -> bool:
        """Whether it has not taken yet what was sent to it."""
        return bool(self._outgoing)

    def send(self, message: Message) -> None:
        """Queue a message and write as much of it as the socket takes."""
        self._outgoing += pack(message)
        self.flush()

    def flush(self) -> None:
        """Write on, as far as the socket takes it."""
        try:
            while self._outgoing:
                del self._outgoing[: self._peer.send(self._outgoing)]
        except BlockingIOError:
            pass
        except OSError:
            self.open = False
            self._outgoing.clear()

    def receive(self) -> list[Command]:
        """The commands that have come. Who speaks nonsense is told so, and not listened to any more."""
        try:
            data = self._peer.recv(1 << 16)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.open = False
            return []
        commands: list[Command] = []
        try:
            for body in self._incoming.feed(data):
                commands.append(decode_command(body))
        except ProtocolError as error:
            self.send(Refused(problem=str(error)))
            self.open = False
        return commands

    def close(self) -> None:
        """Hang up."""
        self.open = False
        self._peer.close()


class Reception:
    """Waits for whoever comes and whatever is said. Only the owner of this process is let in."""

    def __init__(self, listener: socket.socket, greeting: Message) -> None:
        """`greeting` is the first that everybody hears."""
        listener.setblocking(False)
        self._greeting = greeting
        self._listener = listener
        self._bell, self._cord = socket.socketpair()
        self._cord.setblocking(False)
        self._poll = select.poll()
        for each in (self._listener, self._bell):
            self._poll.register(each, select.POLLIN)
        self._connections: dict[int, Connection] = {}
        self._had_visitors = False
        self.closing = False  # somebody has rung the bell: the process is to end

    @property
    def is_deserted(self) -> bool:
        """Whether nobody is here any more."""
        return self._had_visitors and not self._connections

    def ring(self) -> None:
        """Ask the process to end. May be called in the middle of anything, by a signal."""
        self.closing = True
        with contextlib.suppress(OSError):
            self._cord.send(b"!")

    def wait(self, timeout: float | None) -> list[tuple[Connection, Command]]:
        """What is said within `timeout` seconds (None: as long as it takes), by whom, in order."""
        said: list[tuple[Connection, Command]] = []
        for fd, event in self._poll.poll(None if timeout is None else timeout * 1000):
            if fd == self._listener.fileno():
                self._let_in()
            elif fd in self._connections:
                connection = self._connections[fd]
                if event & select.POLLOUT:
                    connection.flush()
                if event & ~select.POLLOUT:
                    said += [(connection, command) for command in connection.receive()]
        return said

    def send(self, connection: Connection, message: Message) -> None:
        """Say something; what the socket does not take at once goes out later."""
        connection.send(message)
        self._watch(connection)

    def gone(self) -> list[Connection]:
        """Those who have left since this was asked the last time."""
        left = [each for each in self._connections.values() if not each.open]
        for each in left:
            self._poll.unregister(each)
            del self._connections[each.fileno()]
            each.close()
        for each in self._connections.values():
            self._watch(each)
        return left

    def close(self) -> None:
        """Hang up on everybody."""
        for each in self._connections.values():
            each.close()
        for end in (self._listener, self._bell, self._cord):
            end.close()

    def _watch(self, connection: Connection) -> None:
        if connection.open:
            self._poll.modify(connection, select.POLLIN | (select.POLLOUT if connection.is_behind else 0))

    def _let_in(self) -> None:
        try:
            peer, _ = self._listener.accept()
        except OSError:
            return
        if len(self._connections) >= _CROWD or not _is_ours(peer):
            peer.close()
            return
        connection = Connection(peer)
        self._connections[connection.fileno()] = connection
        self._poll.register(connection, select.POLLIN)
        self._had_visitors = True
        self.send(connection, self._greeting)


def _is_ours(peer: socket.socket) -> bool:
    """Whether the process on the other end belongs to our user, or to root; where nobody knows, the folder decides."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    _, user, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return user in (os.getuid(), 0)
