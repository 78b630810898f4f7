"""THE CORE OF THE SEAM, which never changes: what an engine and a client of any two versions can say to each other.

Engines outlive views, so after an upgrade there are engines of versions that are gone. All of them greet, say where
their run is, let a client leave, and end when they are told to. Nothing here is ever renamed, removed or given another
type: `tests/schema/core.json` holds it. A later version may say more in each of these messages; who does not know a
field reads over it.

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
    """Where is the run? Answered by `Whereabouts`. The sender is not counted as a view."""


class Detach(Value, frozen=True, kw_only=True, tag=True):
    """Go, and leave the run as it is, kept on the disk: what trains goes on. Answered by `Left`."""


class Stop(Value, frozen=True, kw_only=True, tag=True):
    """End the engine. Every view is told by `Left`."""

    keep: bool = False  # the run on the disk first, also where nobody has asked for that


CoreCommand = Inquire | Detach | Stop


# ---- what an engine says ----------------------------------------------------------------------------------------


class Greeting(Value, frozen=True, kw_only=True, tag=True):
    """The first words of an engine."""

    version: int  # of the protocol that it speaks
    torch: str = ""
    program: str = ""  # its version of rnn-tui; 0.1.0 did not say


class Refused(Value, frozen=True, kw_only=True, tag=True):
    """A command that cannot be done, and why; the run goes on as it was. `path` names the field, if one is to blame."""

    problem: str
    path: str = ""


class NetworkSummary(Value, frozen=True, kw_only=True):
    """What a list says of a network."""

    cell: str = ""
    layers: int = 0
    hidden_size: int = 0
    bidirectional: bool = False


class ExperimentSummary(Value, frozen=True, kw_only=True):
    """What a list says of an experiment."""

    name: str = ""
    network: NetworkSummary = NetworkSummary()


class StatusSummary(Value, frozen=True, kw_only=True):
    """How far a run is."""

    tick: int = 0
    epoch: int = 0
    epochs: int = 0  # where it stops; 0: never
    loss: float | None = None
    state: str = ""  # "playing", "paused", "done"


class RunSummary(Value, frozen=True, kw_only=True, tag="Whereabouts"):
    """What any version can read of an engine's `Whereabouts`."""

    process: int  # the engine's
    views: int = 0
    name: str = ""  # empty: no experiment is open yet
    kept: str = ""  # the folder on the disk; empty: none
    experiment: ExperimentSummary | None = None
    status: StatusSummary | None = None
    device: str = ""


class Farewell(Value, frozen=True, kw_only=True, tag="Left"):
    """What any version can read of an engine's `Left`: how the run is left, and what went wrong with keeping it."""

    run: RunSummary
    stopped: bool
    problem: str = ""


CoreMessage = Greeting | Refused | RunSummary | Farewell
