"""A callback of the Trainer of Hugging Face that lets its training be looked at."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnn_tui.api.watch import watch

if TYPE_CHECKING:
    from rnn_tui.engine.watch.watcher import Watcher

    TrainerCallback: Any = object
else:
    from transformers import TrainerCallback

__all__ = ["TrainerWatch"]


class TrainerWatch(TrainerCallback):
    """Watches the model from the first batch to the end of `train`, in the first process of several."""

    def __init__(
        self,
        *,
        name: str = "",
        vocabulary: Sequence[str] | dict[Any, Any] | None = None,
        read_only: bool = False,
    ) -> None:
        """Take what `rnn_tui.watch` takes."""
        super().__init__()
        self._options: dict[str, Any] = {"name": name, "vocabulary": vocabulary, "read_only": read_only}
        self._watcher: Watcher | None = None

    def on_train_begin(
        self, args: Any, state: Any, control: Any, *, model: Any, optimizer: Any = None, **_: Any
    ) -> None:
        """Begin to watch."""
        if state.is_world_process_zero:
            own = getattr(optimizer, "optimizer", optimizer)  # accelerate has one around it
            self._watcher = watch(model, own, **self._options)

    def on_evaluate(self, args: Any, state: Any, control: Any, *, metrics: dict[str, float], **_: Any) -> None:
        """Show the validation loss."""
        if self._watcher is not None and "eval_loss" in metrics:
            self._watcher.evaluated(loss=metrics["eval_loss"])

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Stop watching."""
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None
