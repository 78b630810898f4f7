"""What the networks of a script have done in the pass that is over, read from what was captured of it."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from rnn_tui.engine.watch.networks import WatchedNetwork
from rnn_tui.engine.watch.observer import Observer
from rnn_tui.engine.watch.optimizers import LearningRate
from rnn_tui.engine.watch.watched_pass import WatchedPass, watched_pass

__all__ = ["PassReader"]

_MOST_KEPT = 4  # networks of an update that are kept


class PassReader:
    """Reads passes, and remembers how many tokens each network has read at least."""

    def __init__(self, observer: Observer, *, script: str, words: Sequence[str]) -> None:
        self._observer = observer
        self._script = script
        self._words = words
        self._tokens: dict[str, int] = {}  # that have been read, by the names of networks

    def read(self, network: WatchedNetwork) -> WatchedPass | None:
        """Return what a network has done in the pass that is over. Raises ValueError."""
        capture = self._observer.capture_of(network)
        if capture is None:
            return None
        tokens = max(len(self._words), self._tokens.get(network.name, 1))  # words for them, or read
        made = watched_pass(network, capture, name=self._script, tokens=tokens)
        if made is not None:
            made.last_update = self._observer.last_update.of(made.model.parameters())
        return made

    def note(self, network: WatchedNetwork, observed: WatchedPass) -> None:
        """Remember which tokens a network has read in a pass that is shown."""
        self._tokens[network.name] = observed.tokens

    def read_all(
        self, *, first: tuple[WatchedNetwork | None, WatchedPass | None]
    ) -> list[tuple[WatchedNetwork, WatchedPass]]:
        """Return what networks have done in the pass that is over; the first, which is looked at, has been read."""
        network, observed = first
        found = [] if network is None or observed is None else [(network, observed)]
        for other in self._observer.networks.all:
            if other is not network and len(found) < _MOST_KEPT and self._observer.reaches(other):
                with contextlib.suppress(ValueError):
                    made = self.read(other)
                    found += [] if made is None else [(other, made)]
        return found

    def rate_of(self, network: WatchedNetwork | None) -> LearningRate:
        """Return the learning rate of a network now, or what the script has said that it is."""
        rate, noted = self._observer.optimizers.rate_of(network), self._observer.noted_lr
        return rate if noted is None else replace(rate, lr=noted)
