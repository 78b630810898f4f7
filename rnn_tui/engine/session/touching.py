"""A paused run with other numbers, for whoever looks: computed once for as long as nothing changes, and never kept."""

from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.inspect.touched import TouchError, touched
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.protocol.touch import Touch, TouchFacts

__all__ = ["Touching"]

_MOST = 64  # touches at once


class Touching:
    """Makes touched copies of the pass that a probe looks into."""

    def __init__(self) -> None:
        self._last: tuple[object, Probe, TouchFacts] | None = None  # what was asked, and what was made of it

    def look(
        self, trainer: Trainer, probe: Probe, touches: tuple[Touch, ...], *, at: object
    ) -> tuple[Probe, TouchFacts]:
        """Return what looks into the pass with other numbers, and what they were; the usual where that cannot be.

        `at` changes whenever the run does.
        """
        if probe.motion is not None:
            return probe, TouchFacts(problem="A tick that is held at a phase cannot be touched: → ends it.")
        asked = (at, touches)
        if self._last is None or self._last[0] != asked:
            try:
                made, facts = touched(trainer, touches[:_MOST])
                self._last = asked, Probe(made), facts
            except TouchError as error:
                self._last = asked, probe, TouchFacts(problem=str(error))
        return self._last[1:]
