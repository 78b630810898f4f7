"""Callbacks for the training loops of other libraries: `LightningWatch` and `TrainerWatch`. Nothing is imported before.

Trainer(callbacks=[LightningWatch(vocabulary=words)])    # of lightning or pytorch_lightning
Trainer(…, callbacks=[TrainerWatch()])                   # of transformers
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnn_tui.integrations.lightning import LightningWatch
    from rnn_tui.integrations.transformers import TrainerWatch

__all__ = ["LightningWatch", "TrainerWatch"]

_HOMES = {"LightningWatch": "lightning", "TrainerWatch": "transformers"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
