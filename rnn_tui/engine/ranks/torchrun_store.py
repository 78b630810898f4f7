"""How processes of `torchrun` find one another, and only those of this start, each time that it begins them.

torchrun holds one store open for all of its starts (torch 2.5 to 2.13 at least), in which those of an earlier one have
left their addresses; what it says of its restarts is not the same on all machines. So rank 0 names each start anew, and
the others ask for that name under one of their own, which nobody has used before.
"""

import time
import uuid
from collections.abc import Mapping
from datetime import timedelta

from torch._C._distributed_c10d import PrefixStore, Store, TCPStore

from rnn_tui.engine.ranks.team import Place
from rnn_tui.engine.session.processes import CannotMeet

__all__ = ["meet", "store_of_torchrun"]

_AGAIN = 0.02  # seconds between two looks
_NAMED = 8  # ranks that a message names


def store_of_torchrun(environment: Mapping[str, str], place: Place, timeout: timedelta) -> Store | None:
    """Return a store for this start of the processes alone, once all are there; None: torchrun holds none open.

    Raises CannotMeet where they do not come in time, and RuntimeError where the store cannot be reached.
    """
    if environment.get("TORCHELASTIC_USE_AGENT_STORE") != "True":
        return None
    host, port = environment["MASTER_ADDR"], int(environment["MASTER_PORT"])
    store = TCPStore(host, port, place.world_size, is_master=False, timeout=timeout)
    return meet(PrefixStore("rnn-tui", store), place, timeout)


def meet(store: Store, place: Place, timeout: timedelta) -> Store:
    """Return the part of a store that is for the processes of this start alone. Raises CannotMeet."""
    until = time.monotonic() + timeout.total_seconds()
    name = _heard(store, place, until) if place.rank else _given(store, place, until)
    return PrefixStore(name, store)


def _given(store: Store, place: Place, until: float) -> str:
    """Name this start, and tell all who ask, until each of the others has heard it."""
    name, told = uuid.uuid4().hex, set[bytes]()
    missing = set(range(1, place.world_size))
    while missing:
        if time.monotonic() > until:
            some = ", ".join(map(str, sorted(missing)[:_NAMED])) + (", …" if len(missing) > _NAMED else "")
            raise CannotMeet(f"of {place.world_size} ranks these have not come in time (--timeout): {some}")
        for rank in missing:
            if store.check([f"asks/{rank}"]) and (who := store.get(f"asks/{rank}")) not in told:
                store.set(f"told/{who.decode()}", name)  # it may be one of an earlier start, which hears nothing
                told.add(who)
        missing = {rank for rank in missing if not store.check([f"{name}/here/{rank}"])}
        time.sleep(_AGAIN)
    return name


def _heard(store: Store, place: Place, until: float) -> str:
    """Return the name that rank 0 gives to this start."""
    own = uuid.uuid4().hex
    store.set(f"asks/{place.rank}", own)
    while not store.check([f"told/{own}"]):
        if time.monotonic() > until:
            raise CannotMeet("rank 0 has not come in time (--timeout)")
        time.sleep(_AGAIN)
    name = store.get(f"told/{own}").decode()
    store.set(f"{name}/here/{place.rank}", "")
    return name
