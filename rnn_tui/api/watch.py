"""Watch a model that a script trains by itself."""

from collections.abc import Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer

from rnn_tui.data.vocabulary_file import words_of
from rnn_tui.engine.watch.models import original_of
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.experiment.memory import HISTORY

__all__ = ["watch"]


def watch(
    model: nn.Module,
    optimizer: Optimizer | None = None,
    *,
    name: str = "",
    vocabulary: Sequence[str] | dict[Any, Any] | None = None,
    read_only: bool = False,
    history: int = HISTORY,
) -> Watcher:
    """Watch a model from now on, print how to look at it on stderr, and return at once.

    Any shell of this user can look with `rnn-tui attach NAME`. `vocabulary` says what indices stand for: a list of
    words, or a dictionary from words to indices or back. `read_only`: views cannot hold the script. `history` is the
    memory in bytes for earlier updates to look back at; 0: there is no way back. A model that is watched already is
    watched anew. Close the watcher, or use it in a `with`, to end it; it ends with the process.
    Three calls add what cannot be seen from outside: `watcher.log(loss=…, lr=…)`, `watcher.evaluated(loss=…, count=…)`,
    and before a pass `watcher.tokens(ids, lengths=…)`.
    Raises ValueError for DataParallel, FSDP and TorchScript, and for a vocabulary that is neither.
    """
    words = None if vocabulary is None else words_of(vocabulary)
    model = original_of(model)
    watcher = Watcher(model, optimizer, name=name, vocabulary=words, read_only=read_only, history=history)
    return watcher.start()
