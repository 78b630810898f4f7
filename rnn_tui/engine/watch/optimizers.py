"""The optimizers of a script: which there are, and which of them moves the weights of a network.

None of them is kept alive. A learning rate is read when it is asked for, since schedulers change it in between.
"""

import gc
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import nn
from torch.optim import Optimizer

from rnn_tui.engine.watch.networks import WatchedNetwork

__all__ = ["LearningRate", "Optimizers"]


@dataclass(frozen=True, kw_only=True)
class LearningRate:
    """What moves the weights of a network, and how fast."""

    optimizer: str = ""  # its class; empty: none that is known does
    lr: float = 0.0  # of the parameter group that has the network's weights, in the next update
    groups: tuple[float, ...] = ()  # of all parameter groups, where there are several


class Optimizers:
    """Learns of optimizers as they are made, or make a step."""

    def __init__(self, given: Optimizer | None = None) -> None:
        """Begin with the one that moves all weights, if it is given: no others are looked at then."""
        self._only = given is not None
        self._known: list[weakref.ref[Optimizer]] = [] if given is None else [weakref.ref(given)]  # the newest last

    @property
    def any(self) -> bool:
        """Whether there is one: updates are its steps then."""
        return any(each() is not None for each in self._known)

    def find(self, model: nn.Module) -> None:
        """Look for those of a model's weights that were made before anybody watched."""
        for each in () if self._only else gc.get_objects():
            if not issubclass(type(each), Optimizer) or "_optimizer_step_pre_hooks" not in each.__dict__:  # a wrapper
                continue
            if _group_of(model, each) is not None:
                self.note(each)

    def note(self, optimizer: Optimizer) -> bool:
        """Take one as the newest, as it is made or makes a step; return whether it is one that counts."""
        known = self._known
        if known and known[-1]() is optimizer:
            return True
        if self._only:
            return False
        others = [each for each in known if each() is not None and each() is not optimizer]
        self._known = [*others, weakref.ref(optimizer)]
        return True

    def rate_of(self, network: WatchedNetwork | None) -> LearningRate:
        """Return what moves the weights of a network next; of several optimizers that do, the newest."""
        every = [optimizer for each in reversed(self._known) if (optimizer := each()) is not None]
        parts = [] if network is None else [network.module(), network.model()]
        for part in parts:
            for optimizer in every:
                group = None if part is None else _group_of(part, optimizer)
                if group is not None:
                    return _rate(optimizer, group)
        return _rate(every[0], every[0].param_groups[0]) if every and (not parts or len(every) == 1) else LearningRate()


def _group_of(module: nn.Module, optimizer: Optimizer) -> dict[str, Any] | None:
    """Return the parameter group that has the first weight of a module that is in any."""
    groups = {id(weight): group for group in reversed(optimizer.param_groups) for weight in group["params"]}
    return next((groups[id(weight)] for weight in module.parameters() if id(weight) in groups), None)


def _rate(optimizer: Optimizer, group: dict[str, Any]) -> LearningRate:
    rates = _rates(optimizer.param_groups)
    return LearningRate(
        optimizer=type(optimizer).__name__,
        lr=_rates([group])[0],
        groups=rates if len(rates) > 1 else (),
    )


def _rates(groups: Iterable[dict[str, Any]]) -> tuple[float, ...]:
    return tuple(float(group.get("lr", 0.0)) for group in groups)
