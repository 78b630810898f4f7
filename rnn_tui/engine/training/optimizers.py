"""torch's own optimisers, without the hooks of torch.compile.

`Optimizer.step`, `zero_grad` and `add_param_group` are wrapped so that torch.compile can trace them, and the wrapper
imports torch._dynamo: about a second at start-up, for nothing here. `inspect.unwrap` finds the methods themselves;
the arithmetic is theirs, to the bit.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from rnn_tui.experiment.spec import Training

__all__ = ["build_optimizer", "reconfigure"]


def _lean(kind: type[Optimizer]) -> Callable[..., Optimizer]:
    methods: dict[str, Any] = {
        name: inspect.unwrap(getattr(kind, name))
        for name in ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
    }
    step = inspect.unwrap(kind.step)

    def lean_step(self: Optimizer) -> None:
        with torch.no_grad():
            step(self)

    return type(f"Lean{kind.__name__}", (kind,), {**methods, "step": lean_step})


_KINDS = {"adam": _lean(Adam), "adamw": _lean(AdamW), "sgd": _lean(SGD), "rmsprop": _lean(RMSprop)}


def build_optimizer(training: Training, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """Build the optimiser of an experiment."""
    return _KINDS[training.optimizer](parameters, **_options(training))


def reconfigure(optimizer: Optimizer, training: Training) -> None:
    """Give an optimiser of the same kind other options; what it has averaged so far stays."""
    for group in optimizer.param_groups:
        group.update(_options(training))


def _options(training: Training) -> dict[str, Any]:
    """Return the options of torch's optimiser: from all training settings that concern it.

    Adam, AdamW and SGD use their fused kernels: the fastest of three for small networks.
    """
    options: dict[str, Any] = {"lr": training.lr, "weight_decay": training.weight_decay}
    if training.optimizer == "sgd":
        options["momentum"] = training.momentum
    return options if training.optimizer == "rmsprop" else options | {"fused": True}
