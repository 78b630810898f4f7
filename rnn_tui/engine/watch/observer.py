"""Observes the training of this process: its networks, how many passes and updates there were, and every loss."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rnn_tui.engine.training.eval_history import EvalHistory
from rnn_tui.engine.training.loss_history import LossSeries
from rnn_tui.engine.watch.capture import Capture, is_recurrent
from rnn_tui.engine.watch.networks import Networks, WatchedNetwork

__all__ = ["Observer"]

_DRAIN_EVERY = 64  # losses that may wait on a GPU, so that training need not wait for them


@dataclass(frozen=True, slots=True)
class _Part:
    """One loss of an evaluation."""

    loss: Tensor  # the mean
    count: Tensor  # of targets
    right: Tensor | None  # how many of them were the likeliest


class Observer:
    """Listens to torch. After each backward `moment` is called: weights, gradients and losses belong together then."""

    def __init__(
        self,
        model: nn.Module | None,
        optimizer: Optimizer | None,
        *,
        moment: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self.networks = Networks(model)
        self.deaf = False
        self.armed = True  # whether the pass under way is captured; the first one is, before anybody could ask
        self.wanted = False  # whether the next one is to be, because somebody waits for a picture
        self.capture: Capture | None = None  # of the pass under way, or of the one that is over in a `moment`
        self.passes = 0  # backwards so far
        self.updates = 0  # steps of optimizers so far
        self.optimizer = "" if optimizer is None else type(optimizer).__name__
        self.lr = 0.0 if optimizer is None else _rate(optimizer)
        self.loss: float | None = None  # of the newest pass, as far as it has been fetched
        self.evaluations = EvalHistory()
        self._scaled: tuple[Tensor, Tensor] | None = None  # the newest loss for a scaled backward, and its factor
        self._only = optimizer
        self._moment = moment
        self._failed = failed
        self._all = LossSeries()
        self._by_network: dict[int, LossSeries] = {}
        self._called: set[int] = set()  # networks of the pass under way
        self._waiting: list[tuple[Tensor, frozenset[int]]] = []
        self._evaluations: list[_Part] = []  # losses that nothing is learnt from, since the last pass

    # ---- called by the hooks ----------------------------------------------------------------------------------

    def called(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """Note a call; what it read and returned only where somebody waits for a picture."""
        recurrent = is_recurrent(module)
        if not recurrent and not self.armed and self.networks.are_named:
            return
        self.networks.called(module)
        if not torch.is_grad_enabled():
            return
        if recurrent:
            self._called.add(id(module))
        if self.armed:
            self._capture().called(module, args, kwargs, output)

    def lost(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any) -> None:
        """Note a loss: one that nothing is learnt from is an evaluation."""
        if torch.is_grad_enabled():
            if self.armed:
                self._capture().lost(name, args, kwargs, value)
        elif isinstance(value, Tensor) and value.numel() == 1 and self.passes:
            self._evaluated(name, args, kwargs, value.detach())

    def scaled(self, value: Tensor, scale: Tensor) -> None:
        """Note by what a loss was multiplied before its backward."""
        self._scaled = value, scale.detach().clone()

    def backward_done(self, roots: tuple[Tensor, ...]) -> None:
        """Note the loss of a pass that is over, and let pictures be made."""
        self.passes += 1
        self._end_evaluation()
        root = roots[0].detach() if len(roots) == 1 and roots[0].numel() == 1 else None
        if self._scaled is not None and root is not None and self._scaled[0] is roots[0]:
            root = root / self._scaled[1].to(root.device)
            if self.capture is not None:
                self.capture.scale = float(self._scaled[1])
        self._scaled = None
        if root is not None:
            self._waiting.append((root, frozenset(self._called)))
            if root.device.type == "cpu" or len(self._waiting) >= _DRAIN_EVERY:
                self.drain()
        self.networks.pass_over()
        self._moment()
        self._called.clear()
        self.capture = None
        self.armed, self.wanted = self.wanted, False  # never in the middle of a pass

    def before_step(self, optimizer: Optimizer) -> None:
        """Note the learning rate of an update."""
        if self._only is None or optimizer is self._only:
            self.optimizer, self.lr = type(optimizer).__name__, _rate(optimizer)

    def after_step(self, optimizer: Optimizer) -> None:
        """Count an update."""
        if self._only is None or optimizer is self._only:
            self.updates += 1

    def fail(self, error: Exception) -> None:
        """Pass an error on: nothing is heard any more."""
        self.capture = None
        self._failed(error)

    # ---- what is known ----------------------------------------------------------------------------------------

    @property
    def tick(self) -> int:
        """The update that the newest pass prepares, from 1; passes where no optimizer makes updates."""
        return min(self.passes, self.updates + 1) if self.updates else self.passes

    def losses(self, network: WatchedNetwork | None) -> LossSeries:
        """Return the losses of the passes in which a network was called; of all where it never was."""
        module = None if network is None else network.module()
        return self._all if module is None else self._by_network.get(id(module), self._all)

    def drain(self) -> None:
        """Fetch the losses that wait on the device."""
        for tensor, called in self._waiting:
            self.add_loss(float(tensor), called)
        self._waiting.clear()

    def add_loss(self, loss: float, called: frozenset[int] = frozenset()) -> None:
        """Add the loss of a pass."""
        self.loss = loss
        self._all.append(loss)
        self.evaluations.learnt(loss)
        for each in called:
            self._by_network.setdefault(each, LossSeries()).append(loss)

    def evaluated(self, loss: float, count: int, *, accuracy: float = math.nan) -> None:
        """Add an evaluation of `count` targets: its mean loss, and of classes the share that was the likeliest."""
        self.evaluations.add(
            update=max(1, len(self._all)), loss=loss, accuracy=accuracy, characters=count, whole=True, part=True
        )

    def note(self, **values: float) -> None:
        """Take the loss and the learning rate from the script itself."""
        if "lr" in values:
            self.lr = float(values["lr"])
        if "loss" in values:
            self.add_loss(float(values["loss"]))

    def _evaluated(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], value: Tensor) -> None:
        """Keep one loss of an evaluation: of how many targets, and of classes how many were the likeliest."""
        outputs = args[0] if args else kwargs.get("input")
        targets = args[1] if len(args) > 1 else kwargs.get("target")
        if not isinstance(targets, Tensor) or not isinstance(outputs, Tensor):
            self._evaluations.append(_Part(value, torch.ones(()), None))
            return
        count, right = torch.tensor(targets.numel()), None
        if name in ("cross_entropy", "nll_loss") and not targets.is_floating_point() and outputs.dim() > 1:
            there = targets != kwargs.get("ignore_index", -100)
            count, right = there.sum(), ((outputs.argmax(1) == targets) & there).sum()
        self._evaluations.append(_Part(value / count if kwargs.get("reduction") == "sum" else value, count, right))

    def _end_evaluation(self) -> None:
        """Join the losses of an evaluation that is over: their mean over all targets."""
        parts, self._evaluations = self._evaluations, []
        if not parts:
            return
        counts = [float(each.count) for each in parts]
        total = max(1.0, sum(counts))
        loss = sum(float(each.loss) * count for each, count in zip(parts, counts, strict=True)) / total
        right = [float(each.right) for each in parts if each.right is not None]
        accuracy = sum(right) / total if len(right) == len(parts) else math.nan
        self.evaluated(loss, int(total), accuracy=accuracy)

    def _capture(self) -> Capture:
        if self.capture is None:
            self.capture = Capture()
        return self.capture


def _rate(optimizer: Optimizer) -> float:
    return float(optimizer.param_groups[0]["lr"])
