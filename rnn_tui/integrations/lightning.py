"""A callback of Lightning's Trainer that lets its training be looked at."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rnn_tui.api.watch import watch

if TYPE_CHECKING:
    from rnn_tui.engine.watch.watcher import Watcher

    Callback: Any = object
else:
    _NAMES = ("lightning.pytorch", "pytorch_lightning")
    # Two packages with the same classes: whichever the script has imported, or both.
    _THERE = [name for name in _NAMES if name in sys.modules]
    if not _THERE:
        try:
            _THERE = [import_module(_NAMES[0]).__name__]
        except ModuleNotFoundError:
            _THERE = [import_module(_NAMES[1]).__name__]
    Callback = type("Callback", tuple(import_module(name).Callback for name in _THERE), {})

__all__ = ["LightningWatch"]


class LightningWatch(Callback):
    """Watches the module from the first batch to the end of `fit`, in the first process of several."""

    def __init__(
        self,
        *,
        name: str = "",
        vocabulary: Sequence[str] | dict[Any, Any] | None = None,
        read_only: bool = False,
        monitor: str = "val_loss",
    ) -> None:
        """Take what `rnn_tui.watch` takes; `monitor`: the name under which the module logs its validation loss."""
        super().__init__()
        self._options: dict[str, Any] = {"name": name, "vocabulary": vocabulary, "read_only": read_only}
        self._monitor = monitor
        self._watcher: Watcher | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to watch."""
        if trainer.is_global_zero:
            only = trainer.optimizers[0] if len(trainer.optimizers) == 1 else None
            self._watcher = watch(pl_module, only, **self._options)

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Show the validation loss."""
        loss = trainer.callback_metrics.get(self._monitor)
        if self._watcher is not None and loss is not None:
            self._watcher.evaluated(loss=float(loss))

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Stop watching."""
        self.on_fit_end(trainer, pl_module)

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Stop watching."""
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
