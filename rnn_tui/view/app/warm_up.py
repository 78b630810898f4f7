"""What can wait until there is something to see, and is over before the engine has loaded torch."""

import gc

from rnn_tui.draw.kit.chart_dots import load_plotext
from rnn_tui.view.panes.registry import INSIDE, inside_pane

__all__ = ["warm_up"]


def warm_up() -> None:
    """Import what the first screen did not need, and let the garbage collector work again."""
    load_plotext()
    for name in INSIDE:
        inside_pane(name)
    gc.collect()
    gc.freeze()  # what is here now stays: collections need not look at it again
    gc.enable()
