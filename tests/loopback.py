"""Whether processes of this machine can talk to one another over its loopback device."""

import socket

__all__ = ["has_loopback"]


def has_loopback() -> bool:
    """Return whether a connection to this machine itself comes about."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()
    except OSError:
        return False
    return True
