"""What a rank computes and what it waits for, told from when its gradients are ready. No collective is added.

In DistributedDataParallel the gradients of all ranks are added up while a backward is under way: from the moment at
which the last gradient of this rank is there, it waits. Hooks for that moment are there only while somebody looks at
the ranks. On a GPU a backward returns before it is computed, so nothing is known of waiting.
"""

import math
import time
from collections.abc import Callable, Iterable

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from rnn_tui.protocol.ranks import RankPhase

__all__ = ["RankClock"]

_WEIGHT = 0.1  # of a new time in its mean


class RankClock:
    """The times of the newest updates; the training thread writes them, and another one reads them."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.wanted = False  # whether somebody looks at the ranks; set by another thread
        self.phase: RankPhase = "computing"
        self.began = clock()  # when that phase did
        self.interval = math.nan  # seconds from one backward to the next
        self.waiting = math.nan  # of those
        self._clock = clock
        self._ready = 0.0  # when the newest gradient was there
        self._waited = 0.0  # in collectives that the script calls itself, since the last backward
        self._over = math.nan  # when the last backward was
        self._hooks: list[RemovableHandle] = []
        self._on_gpu = False

    def enter(self, phase: RankPhase) -> None:
        """Note what is done from now on."""
        if phase != self.phase:
            self.phase, self.began = phase, self._clock()

    def collective_begins(self) -> None:
        """Note that the script waits for others, in a collective of its own."""
        self.phase, self.began = "waiting", self._clock()

    def collective_ends(self) -> None:
        """Note that others have come."""
        now = self._clock()
        self._waited += now - self.began
        self.phase, self.began = "computing", now

    def backward_done(self, models: Iterable[nn.Module]) -> None:
        """Note that the gradients of all ranks are there; hook models, or let them go, where that is wanted."""
        now = self._clock()
        if self.wanted:
            waited = self._waited + (now - self._ready if self._hooks and self._ready else 0.0)
            self.interval = _mean(self.interval, now - self._over)
            self.waiting = math.nan if self._on_gpu else _mean(self.waiting, waited)
        self._over, self._waited, self._ready = now, 0.0, 0.0
        self.phase, self.began = "computing", now
        if self.wanted and not self._hooks:
            weights = {id(each): each for model in models for each in model.parameters() if each.requires_grad}
            self._on_gpu = any(each.is_cuda for each in weights.values())
            for each in weights.values():
                self._hooks.append(each.register_post_accumulate_grad_hook(self._is_ready))  # type: ignore[no-untyped-call]
            self.interval = self.waiting = math.nan
        elif self._hooks and not self.wanted:
            self.close()

    def close(self) -> None:
        """Leave the models as they were."""
        for each in self._hooks:
            each.remove()
        self._hooks.clear()

    def _is_ready(self, _: Tensor) -> None:
        self._ready = self.began = self._clock()
        self.phase = "waiting"


def _mean(before: float, now: float) -> float:
    return now if math.isnan(before) else before + _WEIGHT * (now - before)
