"""The pass that pictures are made of: the one that is over, or a kept one while the past is looked at."""

from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.watch.description import PassFacts
from rnn_tui.engine.watch.kept_pass import on_device
from rnn_tui.engine.watch.look_back import KeptNetwork, KeptUpdate
from rnn_tui.engine.watch.networks import WatchedNetwork
from rnn_tui.engine.watch.optimizers import LearningRate
from rnn_tui.engine.watch.watched_pass import WatchedPass

__all__ = ["OnScreen"]


class OnScreen:
    """Holds a pass, as long as its weights are there, and what is known of it."""

    def __init__(self, facts: PassFacts) -> None:
        """Begin with what is known before any pass."""
        self.facts = facts
        self.newest: tuple[WatchedNetwork | None, WatchedPass | None] = (None, None)  # what is known of the pass over
        self.update: KeptUpdate | None = None  # the kept update that is shown; None: the newest
        self.kept: KeptNetwork | None = None  # the network of it; None: it was not called then
        self.observed: WatchedPass | None = None
        self.probe: Probe | None = None
        self._present = facts  # while the past is shown

    def adopt(self, network: WatchedNetwork | None, observed: WatchedPass | None, rate: LearningRate) -> None:
        """Show a pass; None: it could not be taken apart."""
        self.observed, self.probe = observed, None if observed is None else Probe(observed)
        self.facts = self.facts.of(network, observed, rate)

    def forget(self) -> None:
        """Let go of a pass whose weights are about to move; a kept one has weights of its own."""
        self.newest = None, None
        if self.update is None:
            self.observed = self.probe = None

    def go_to(self, update: KeptUpdate | None, network: WatchedNetwork | None, rate: LearningRate) -> bool:
        """Show a kept update, or else the newest with its learning rate; return whether it was not shown already."""
        kept = None if update is None else update.of(network)
        if update is self.update and kept is self.kept:
            return False
        if self.update is None:
            self._present = self.facts
        self.update, self.kept = update, kept
        if update is None:
            self.facts = self._present
            if self.newest[1] is not None:
                self.adopt(*self.newest, rate)
            else:  # the script has ended
                self.observed = self.probe = None
        elif kept is None:
            self.adopt(network, None, self.facts.rate)
        else:
            self.adopt(network, on_device(kept.observed), kept.rate)
        return True
