"""The socket of a rank whose script is watched: rank 0 has that which the view is connected to already.

torchrun starts the ranks, and hands no descriptors on. So the process that has begun torchrun lends the socket, and the
lock on its folder, to rank 0 by way of another socket beside it. The other ranks make their own. Only the standard
library is imported: the script has not begun yet.
"""

import contextlib
import os
import socket
import threading
from pathlib import Path

from rnn_tui.protocol.engine_folders import EngineFolder, new_engine_folder
from rnn_tui.protocol.rendezvous import SOCKET

__all__ = ["borrow", "lend", "listen_in_new_folder"]

_LENT = "ranks.sock"
_UNHEARD = "new.sock"  # the socket while nobody listens to it
_QUEUE = 8  # connections that may wait to be accepted


def listen_in_new_folder() -> tuple[socket.socket, EngineFolder]:
    """Make a folder, and a socket in it that listens. Raises EnginesError, or OSError."""
    home = new_engine_folder()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(home.path / _UNHEARD))
    listener.listen(_QUEUE)
    (home.path / _UNHEARD).rename(home.path / SOCKET)  # a process listens to every socket of that name
    return listener, home


def lend(listener: socket.socket, lock: int) -> Path:
    """Offer a socket, and the lock on its folder, to whoever comes, in a thread; return where. Raises OSError."""
    path = Path(listener.getsockname()).with_name(_LENT)
    counter = socket.socket(socket.AF_UNIX)
    counter.bind(str(path))
    counter.listen(1)

    def serve() -> None:
        while True:
            with contextlib.suppress(OSError):
                peer, _ = counter.accept()
                with peer:
                    socket.send_fds(peer, [b"."], [listener.fileno(), lock])

    threading.Thread(target=serve, name="rnn-tui lends", daemon=True).start()
    return path


def borrow(place: str) -> tuple[socket.socket, int]:
    """Return the socket that is offered there, and the lock, to rank 0; to others sockets of their own.

    Raises EnginesError, or OSError.
    """
    if os.environ.get("RANK", "0") != "0":
        listener, home = listen_in_new_folder()
        return listener, home.lock
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(place)
        _, (listening, lock), *_ = socket.recv_fds(peer, 1, 2)
    return socket.socket(fileno=listening), lock
