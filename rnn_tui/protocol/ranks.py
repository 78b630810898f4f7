"""What is known of each of several processes that train one network together."""

from rnn_tui.common.value import Value

__all__ = ["RankFigures"]


class RankFigures(Value, frozen=True, kw_only=True):
    """One rank's last update."""

    rank: int
    update: int
    rows: int  # of each batch
    characters: int  # time steps of all its rows, in an update
    loss: float  # of its own rows, as the loss of a batch is: the mean over them
    computing: float  # seconds that forward and backward took here
    waiting: float  # seconds after that until the gradients of all ranks were added up
    gpu: float | None = None  # how busy its GPU is, 0 to 1; None: it has none
