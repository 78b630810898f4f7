"""Connect to an engine. It stands apart from the messages, so that an engine is started before NumPy is imported."""

import socket
import time
from pathlib import Path

from rnn_tui.protocol.rendezvous import SOCKET

__all__ = ["connect"]

_AGAIN = 0.02  # seconds between two tries while the engine's queue is full


def connect(folder: Path, *, patience: float) -> socket.socket:
    """Return a blocking connection to an engine. Raises OSError if none listens, or its queue stays full."""
    deadline = time.monotonic() + patience
    while True:
        peer = socket.socket(socket.AF_UNIX)
        try:
            peer.setblocking(False)
            peer.connect(str(folder / SOCKET))
            peer.setblocking(True)
            return peer
        except OSError as error:
            peer.close()
            if not isinstance(error, BlockingIOError):
                raise
            if time.monotonic() >= deadline:
                raise TimeoutError("does not answer") from None
            time.sleep(_AGAIN)
