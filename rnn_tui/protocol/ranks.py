"""What is known of each of several processes that train one network together."""

from typing import Literal

from rnn_tui.common.value import Value

__all__ = ["RankFigures", "RankPhase"]

RankPhase = Literal["", "computing", "waiting", "evaluating", "held", "silent", "ended"]  # empty: it is not known


class RankFigures(Value, frozen=True, kw_only=True):
    """One rank's last update."""

    rank: int
    update: int
    rows: int  # of each batch; 0: unknown
    characters: int  # time steps of all its rows, in an update; 0: unknown
    loss: float  # of its own rows, as the loss of a batch is: the mean over them
    computing: float  # seconds that forward and backward took here; of a watched script all that was no waiting
    waiting: float  # seconds after that until the gradients of all ranks were added up; NaN: unknown
    gpu: float | None = None  # how busy its GPU is, 0 to 1; None: it has none
    phase: RankPhase = ""  # what it does now; "silent": nothing is heard of it, "ended": it is there no more
    since: float = 0.0  # seconds that it has been doing that
    node: str = ""  # the machine that it is on, where they are several; empty: one
