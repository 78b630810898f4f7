"""How far the last update of a script moved each weight: kept only while somebody looks at it."""

import time
import weakref
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rnn_tui.engine.watch.networks import WatchedNetwork

__all__ = ["LastUpdate"]

_SHARE = 0.05  # of the time, for updates before passes that are not shown

Copies = list[tuple[nn.Parameter, Tensor]]


class LastUpdate:
    """Copies weights before a step of an optimizer, and takes the difference after it."""

    def __init__(self) -> None:
        self.wanted = False  # whether somebody looks at it
        self.network: WatchedNetwork | None = None  # of whose model
        self._before: dict[int, Copies] = {}  # by the id of an optimizer that makes a step; 0: weights moved by hand
        self._moved: dict[int, tuple[weakref.ref[nn.Parameter], Tensor]] = {}  # by the id of a weight
        self._cost = 0.0  # seconds that have been spent and not been taken into account
        self._next = 0.0  # when a pass that is not shown may be preceded by another copy

    def before_step(self, optimizer: Optimizer, *, is_shown: bool) -> None:
        """Copy the weights that an optimizer is about to move; `is_shown`: the next pass is."""
        if self.wanted:
            self._copy(id(optimizer), [each for group in optimizer.param_groups for each in group["params"]], is_shown)
        elif self._moved or self._before:
            self.forget()

    def after_step(self, optimizer: Optimizer) -> None:
        """Take the difference."""
        if self._before:
            self._take(id(optimizer))

    def before_hand(self, *, is_shown: bool) -> None:
        """Copy the weights at the end of a pass of a script without optimizers, which may move them by itself."""
        model = None if self.network is None else self.network.model()
        if self.wanted and model is not None:
            self._copy(0, model.parameters(), is_shown)

    def after_hand(self) -> None:
        """Take the difference when the next pass is over."""
        if 0 in self._before:
            self._take(0)

    def of(self, weights: Iterable[nn.Parameter]) -> list[Tensor | None] | None:
        """Return how far each weight was moved; None where that was not kept of any."""
        found = [(each, self._moved.get(id(each))) for each in weights]
        moved = [None if kept is None or kept[0]() is not each else kept[1] for each, kept in found]
        return moved if any(each is not None for each in moved) else None

    def take_cost(self) -> float:
        """Return the seconds that have been spent since the last time."""
        cost, self._cost = self._cost, 0.0
        return cost

    def forget(self) -> None:
        """Keep nothing."""
        self._before.clear()
        self._moved.clear()

    @torch.no_grad()
    def _copy(self, key: int, weights: Iterable[nn.Parameter], is_shown: bool) -> None:
        began = time.perf_counter()
        model = None if self.network is None else self.network.model()
        mine = set() if model is None else {id(each) for each in model.parameters()}
        moving = [each for each in weights if id(each) in mine]
        for each in moving:  # what was kept of them is of an older update
            self._moved.pop(id(each), None)
        if is_shown or began >= self._next:
            self._before[key] = [(each, each.detach().clone()) for each in moving]
            self._spend(began)

    @torch.no_grad()
    def _take(self, key: int) -> None:
        began = time.perf_counter()
        for weight, before in self._before.pop(key, []):
            self._moved[id(weight)] = weakref.ref(weight), weight.detach() - before
        self._spend(began)

    def _spend(self, began: float) -> None:
        now = time.perf_counter()
        self._cost += now - began
        self._next = now + 2 * (now - began) / _SHARE
