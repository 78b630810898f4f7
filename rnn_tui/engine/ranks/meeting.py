"""Why processes do not come together, in the words of who has started them."""

import os
import socket
from collections.abc import Mapping

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import shown

__all__ = ["device_problem", "meeting_problem"]

_DEVICE = "GLOO_SOCKET_IFNAME"


def device_problem(environment: Mapping[str, str]) -> str:
    """Return what is wrong with the network device that the environment names for gloo; empty: nothing, or none is."""
    there = [name for _, name in socket.if_nameindex()]
    for name in filter(None, environment.get(_DEVICE, "").split(",")):
        if name not in there:
            return f"{_DEVICE}={safe(name)}: there is no such network device; these are: {', '.join(there) or 'none'}"
    return ""


def meeting_problem(said: str, rank: int, count: int, seconds: float) -> str:
    """Return why processes have not met, from what torch says; `seconds`: how long they were waited for."""
    where = f"{os.environ.get('MASTER_ADDR', '')}:{os.environ.get('MASTER_PORT', '')}"
    lower, within = said.lower(), f"within {seconds:g} seconds (--timeout)"
    if "failed to listen" in lower or "address already in use" in lower:
        return f"{safe(where)}: another program listens there; MASTER_PORT, or --master-port of torchrun, names another"
    if "timed out" in lower or "timeout" in lower:
        if not _is_known(os.environ.get("MASTER_ADDR", "")):
            return f"MASTER_ADDR {shown(os.environ['MASTER_ADDR'])}: this machine knows no other of that name"
        if rank and where != ":":
            return f"rank 0 does not answer at {safe(where)} {within}"
        return f"not all of {count} processes have come {within}"
    if "gai error" in lower or "resolve" in lower:
        return f"{safe(where)}: {said}; {_DEVICE} names the network device of this machine"
    return f"the processes do not come together: {said}"


def _is_known(host: str) -> bool:
    try:
        socket.getaddrinfo(host or None, 0)
    except OSError:
        return False
    return True
