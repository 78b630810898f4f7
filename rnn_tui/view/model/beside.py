"""What runs that stand beside one another have in common, so that the same thing is drawn alike in all of them."""

from rnn_tui.common.value import Value

__all__ = ["Beside"]


class Beside(Value, frozen=True, kw_only=True):
    """What a pane goes by in place of its own run alone. Losses are those of all charts, held out ones included."""

    series: int = 0  # the most rows of gradients that one of them has
    lowest: float | None = None  # the lowest loss above 0 of them all; None: there is none yet
    highest: float | None = None
    levels: tuple[float, ...] = ()  # the floors, and the losses of guessing, ascending
