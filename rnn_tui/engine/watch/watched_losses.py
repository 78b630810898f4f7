"""The losses of a script: of its passes, and of evaluations. On a GPU they stay there until they are asked for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from rnn_tui.engine.training.eval_history import EvalHistory
from rnn_tui.engine.training.loss_history import LossSeries

__all__ = ["WatchedLosses"]

_TOGETHER = 64  # losses that are taken together: those on a GPU as one tensor
_OF_CLASSES = ("cross_entropy", "nll_loss")


@dataclass(frozen=True, slots=True)
class _Passes:
    """Losses of passes in a row, and the keys of the networks that each of them reached."""

    losses: Tensor  # (n,)
    reached: Sequence[frozenset[int]]


@dataclass(frozen=True, slots=True)
class _Part:
    """One loss of an evaluation."""

    loss: Tensor  # the mean
    count: Tensor  # of targets
    right: Tensor | None  # how many of them were the likeliest


class WatchedLosses:
    """Records what is heard without waiting for a GPU; `drain` fetches it, and `settle` what needs no waiting."""

    def __init__(self) -> None:
        self.all = LossSeries()
        self.evaluations = EvalHistory()
        self._by_network: dict[int, LossSeries] = {}
        self._known: list[tuple[float, frozenset[int]]] = []  # after all that waits
        self._newest: list[tuple[Tensor, frozenset[int]]] = []
        self._parts: list[_Part] = []  # of an evaluation under way
        self._waiting: list[_Passes | list[_Part]] = []  # in their order

    def of(self, network: int) -> LossSeries:
        """Return the losses whose gradients reached a network; all where none did."""
        return self._by_network.get(network, self.all)

    def add_pass(self, loss: Tensor | None, reached: frozenset[int]) -> None:
        """Add the loss of a pass, if it has one, and the networks that it reached. An evaluation before it is over."""
        if self._parts:
            self.settle()
            self._close()
            self._waiting.append(self._parts)
            self._parts = []
        if loss is None:
            return
        if loss.is_cpu:
            if self._newest or self._waiting:
                self.drain()
            self._known.append((loss.item(), reached))
            if len(self._known) >= _TOGETHER:
                self.settle()
            return
        self.settle()
        self._newest.append((loss.detach().clone(), reached))  # the script may change it in place
        if len(self._newest) >= _TOGETHER:
            self._close()

    def add_evaluation(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], value: Tensor) -> None:
        """Add one loss of an evaluation: of how many targets, and of classes how many were the likeliest."""
        outputs = args[0] if args else kwargs.get("input")
        targets = args[1] if len(args) > 1 else kwargs.get("target")
        if not isinstance(targets, Tensor) or not isinstance(outputs, Tensor):
            self._parts.append(_Part(value, torch.ones(()), None))
            return
        count, right = torch.tensor(targets.numel()), None
        if name in _OF_CLASSES and not targets.is_floating_point() and outputs.dim() > 1:
            there = targets != kwargs.get("ignore_index", -100)
            count, right = there.sum(), ((outputs.argmax(1) == targets) & there).sum()
        self._parts.append(_Part(value / count if kwargs.get("reduction") == "sum" else value, count, right))

    def add(self, loss: float, reached: frozenset[int] = frozenset()) -> None:
        """Add a loss that is known."""
        self.all.append(loss)
        self.evaluations.learnt(loss)
        for each in reached:
            if each not in self._by_network:
                self._by_network[each] = LossSeries()
            self._by_network[each].append(loss)

    def evaluated_by_script(self, loss: float, count: int | None) -> None:
        """Add an evaluation with the script's own mean loss, in the place of the losses that were heard of it."""
        parts, self._parts = self._parts, []
        self.drain()
        heard, accuracy = _counts(parts)
        self.evaluated(loss, count or heard or 1, accuracy=accuracy)

    def evaluated(self, loss: float, count: int, *, accuracy: float = math.nan) -> None:
        """Add an evaluation of `count` targets: its mean loss, and of classes the share that was the likeliest."""
        update = max(1, len(self.all))
        self.evaluations.add(update=update, loss=loss, accuracy=accuracy, characters=count, whole=True, part=True)

    def drain(self) -> None:
        """Fetch all that waits, in the order in which it came."""
        self._close()
        self._fetch()
        self.settle()

    def settle(self) -> None:
        """Take the losses that are known already."""
        known, self._known = self._known, []
        for loss, reached in known:
            self.add(loss, reached)

    def _fetch(self) -> None:
        if not self._waiting:
            return
        for each in self._waiting:
            if isinstance(each, _Passes):
                for loss, reached in zip(each.losses.tolist(), each.reached, strict=True):
                    self.add(loss, reached)
            else:
                self._join(each)
        self._waiting.clear()

    def _close(self) -> None:
        """Put the newest losses into one tensor."""
        if self._newest:
            newest = [loss.reshape(()) for loss, _ in self._newest]
            exact = torch.float64 if any(each.dtype == torch.float64 for each in newest) else torch.float32
            losses = torch.stack([each.to(newest[0].device, exact) for each in newest])
            self._waiting.append(_Passes(losses, [reached for _, reached in self._newest]))
            self._newest = []

    def _join(self, parts: list[_Part]) -> None:
        """Take the mean of the losses of an evaluation over all targets."""
        total, accuracy = _counts(parts)
        loss = sum(float(each.loss) * float(each.count) for each in parts) / max(1, total)
        self.evaluated(loss, total, accuracy=accuracy)


def _counts(parts: list[_Part]) -> tuple[int, float]:
    """Return how many targets the losses of an evaluation have, and the share that was the likeliest; NaN: unknown."""
    total = int(sum(float(each.count) for each in parts))
    right = [float(each.right) for each in parts if each.right is not None]
    return total, sum(right) / total if right and len(right) == len(parts) and total else math.nan
