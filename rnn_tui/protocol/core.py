"""The core of the protocol, which never changes: what an engine and a client of any two versions understand.

Engines outlive views, so after an upgrade some engines are of an older version. All of them greet, tell the state of
their run, let a client leave, and end on demand. Nothing here is ever renamed, removed or given another type:
`tests/schema/core.json` records it. A later version may add fields to these messages; older ones ignore them.

`Whereabouts` and `Left` of `engine_messages.py` say more than this: they have the whole experiment and status.
"""

from rnn_tui.common.value import Value

__all__ = [
    "CoreCommand",
    "CoreMessage",
    "Detach",
    "ExperimentSummary",
    "Farewell",
    "Greeting",
    "Inquire",
    "NetworkSummary",
    "Refused",
    "RunSummary",
    "StatusSummary",
    "Stop",
]


# ---- what a client says -----------------------------------------------------------------------------------------


class Inquire(Value, frozen=True, kw_only=True, tag=True):
    """Ask for the state of the run. Answered by `Whereabouts`; the sender does not count as a view."""


class Detach(Value, frozen=True, kw_only=True, tag=True):
    """Leave the run, saved on the disk, and let it go on. Answered by `Left`."""


class Stop(Value, frozen=True, kw_only=True, tag=True):
    """End the engine. Every view gets a `Left`."""

    keep: bool = False  # save the run first, even if it was not to be saved


CoreCommand = Inquire | Detach | Stop


# ---- what an engine says ----------------------------------------------------------------------------------------


class Greeting(Value, frozen=True, kw_only=True, tag=True):
    """The first message of an engine."""

    version: int  # of the protocol
    torch: str = ""
    program: str = ""  # the version of rnn-tui; 0.1.0 did not tell it


class Refused(Value, frozen=True, kw_only=True, tag=True):
    """A command cannot be done, and why; the run goes on as it was. `path` names the field that is wrong, if one is."""

    problem: str
    path: str = ""


class NetworkSummary(Value, frozen=True, kw_only=True):
    """A network, for a list of runs."""

    cell: str = ""
    layers: int = 0
    hidden_size: int = 0
    bidirectional: bool = False


class ExperimentSummary(Value, frozen=True, kw_only=True):
    """An experiment, for a list of runs."""

    name: str = ""
    network: NetworkSummary = NetworkSummary()


class StatusSummary(Value, frozen=True, kw_only=True):
    """How far a run is, for a list of runs."""

    tick: int = 0
    epoch: int = 0
    epochs: int = 0  # after which it stops; 0: never
    loss: float | None = None
    state: str = ""  # "playing", "paused", "done"


class RunSummary(Value, frozen=True, kw_only=True, tag="Whereabouts"):
    """What every version can read of an engine's `Whereabouts`."""

    process: int  # the engine's
    views: int = 0
    name: str = ""  # empty: no experiment is open yet
    kept: str = ""  # the folder on the disk; empty: none
    experiment: ExperimentSummary | None = None
    status: StatusSummary | None = None
    device: str = ""


class Farewell(Value, frozen=True, kw_only=True, tag="Left"):
    """What every version can read of an engine's `Left`."""

    run: RunSummary
    stopped: bool
    problem: str = ""


CoreMessage = Greeting | Refused | RunSummary | Farewell
