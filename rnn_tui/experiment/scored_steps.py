"""Which targets a run is scored by: a prediction is right when these are, in all rows.

The loss that is learnt counts every target. In the texts of `remember` all targets but the last are filler, and a
network that says the filler has not learnt what it is asked: only the last step is scored there. Of `copy` only the
symbols are scored, which all come last. Otherwise every step that has a target is scored.
"""

from functools import lru_cache

from rnn_tui.experiment.copying import first_copied
from rnn_tui.experiment.remember import asked_step
from rnn_tui.experiment.spec import Data

__all__ = ["first_scored"]


@lru_cache(maxsize=8)  # asked for in every frame
def first_scored(data: Data) -> int:
    """Return the first time step whose target is scored; 0 where all are."""
    return asked_step(data) or first_copied(data) or 0
