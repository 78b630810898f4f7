"""Looking back at a script: updates are kept as it goes, and the screen may show one of them instead of the newest."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rnn_tui.engine.session.replay import HistoryError
from rnn_tui.engine.training.branches import StateHistory
from rnn_tui.engine.watch.kept_pass import Copies, keep_pass
from rnn_tui.engine.watch.networks import WatchedNetwork
from rnn_tui.engine.watch.optimizers import LearningRate
from rnn_tui.engine.watch.watched_pass import WatchedPass

__all__ = ["KeptNetwork", "KeptUpdate", "LookBack", "kept_update"]

_SPACING = 0.05  # seconds between two updates that are kept while somebody looks
_SHARE = 0.01  # of the time, for keeping what is looked at
_ALONE = 1.0  # seconds between two of them while nobody looks
_SHARE_ALONE = 0.005  # of the time, for capturing and keeping what nobody looks at
_LARGEST = 4  # what is kept of one update takes at most this part of the memory; of that one part is the one shown
_NOTHING = "No earlier update is kept."


@dataclass(frozen=True, kw_only=True, eq=False)
class KeptNetwork:
    """One network of a script in one update."""

    key: int  # of the network
    observed: WatchedPass
    loss: float | None
    rate: LearningRate


@dataclass(frozen=True, kw_only=True, eq=False)
class KeptUpdate:
    """One update of a script."""

    ticks: int  # its number
    nbytes: int
    networks: tuple[KeptNetwork, ...]

    def of(self, network: WatchedNetwork | None) -> KeptNetwork | None:
        """Return what is kept of a network; None: it was not called then."""
        return next((each for each in self.networks if network is not None and each.key == network.key), None)


def kept_update(
    passes: Sequence[tuple[WatchedNetwork, WatchedPass]],
    tick: int,
    *,
    largest: int | None,
    loss_of: Callable[[WatchedNetwork], float | None],
    rate_of: Callable[[WatchedNetwork], LearningRate],
) -> KeptUpdate | int:
    """Copy what networks have done in an update; return its bytes instead where they are more than `largest`."""
    if largest is not None:
        size = Copies(only_count=True)
        for _, observed in passes:
            keep_pass(observed, size)
        if size.nbytes > largest:
            return size.nbytes
    copies = Copies()
    networks = tuple(
        KeptNetwork(
            key=network.key,
            observed=keep_pass(observed, copies),
            loss=loss_of(network),
            rate=rate_of(network),
        )
        for network, observed in passes
    )
    return KeptUpdate(ticks=tick, nbytes=copies.nbytes, networks=networks)


class LookBack:
    """The updates that are kept, within a budget of bytes, and the one that is looked at."""

    def __init__(self, budget: int) -> None:
        """Keep so many bytes; 0: nothing."""
        self.at: KeptUpdate | None = None  # the update on the screen; None: the newest
        self.problem = ""  # why there is no way back although one was wanted, a sentence
        self.last_size = 0  # bytes of the update that was kept last
        self._budget = budget
        self._largest = budget // _LARGEST
        self._states: StateHistory[KeptUpdate] = StateHistory(budget - self._largest)
        self._next = 0.0  # when the next may be kept
        self._due = time.perf_counter() + _ALONE  # when the next is captured though nobody looks; the first one is

    @property
    def is_possible(self) -> bool:
        """Whether there is a way back, or will be."""
        return self._budget > 0 and not self.problem

    @property
    def largest(self) -> int:
        """How many bytes one update may take."""
        return self._largest

    @property
    def nbytes(self) -> int:
        """Memory that is taken, with the one that is looked at."""
        at = 0 if self.at is None or any(each is self.at for each in self._states) else self.at.nbytes
        return self._states.nbytes + at

    @property
    def updates(self) -> list[int]:
        """The numbers of the updates that are kept."""
        return [each.ticks for each in self._states]

    # ---- what is kept -----------------------------------------------------------------------------------------

    def wants(self, tick: int, now: float) -> bool:
        """Tell whether an update that has been captured should be kept."""
        return self.is_possible and now >= self._next and tick > max(self.updates[-1:], default=0)

    def is_due(self, now: float) -> bool:
        """Tell whether an update should be captured to be kept although nobody looks; say so once."""
        if not self.is_possible or now < self._due:
            return False
        self._due = now + _ALONE
        return True

    @property
    def may_be_too_large(self) -> bool:
        """Whether the next update might take too much memory, as far as the last one tells."""
        return not 0 < self.last_size <= self._largest // 2

    def keep(self, update: KeptUpdate) -> None:
        """Keep an update that is newer than all others."""
        self._states.keep(update)
        self.last_size = update.nbytes

    def spent(self, seconds: float, of_all: float) -> None:
        """Note how long keeping the last one took, and all that was done for it."""
        now = time.perf_counter()
        self._next = now + max(_SPACING, seconds / _SHARE)
        self._due = now + max(_ALONE, of_all / _SHARE_ALONE)

    def give_up(self, size: int) -> None:
        """Keep nothing more: one update takes too much."""
        one, budget = size / 2**20, self._budget / 2**20
        self.problem = (
            f"No way back: one update takes {one:,.1f} MB, more than a quarter of --history ({budget:,.1f} MB)."
        )

    # ---- where the screen is ----------------------------------------------------------------------------------

    def go_to(self, tick: int, newest: int, network: WatchedNetwork | None) -> None:
        """Show an update, or the one before it that is kept; -1: the newest. Raises HistoryError.

        Only updates in which the network was called are shown.
        """
        if tick == -1 or tick >= newest:
            self.at = None
            return
        fitting = self._fitting(network)
        self.at = next((each for each in reversed(fitting) if each.ticks <= tick), fitting[0])

    def step(self, by: int, newest: int, network: WatchedNetwork | None) -> None:
        """Show the kept update before (-1) or after (1) the one on the screen. Raises HistoryError."""
        here = newest if self.at is None else self.at.ticks
        fitting = self._fitting(network)
        if by > 0:
            self.at = next((each for each in fitting if each.ticks > here and each.ticks < newest), None)
            return
        before = [each for each in fitting if each.ticks < here]
        if not before:
            raise HistoryError(_NOTHING)
        self.at = before[-1]

    def _fitting(self, network: WatchedNetwork | None) -> Sequence[KeptUpdate]:
        fitting = [each for each in self._states if each.of(network) is not None]
        if not fitting:
            raise HistoryError(self.problem or _NOTHING)
        return fitting
