"""What n-gram models achieve on the held-out part of a text; computed beside the training, when it is first asked."""

import threading
from weakref import WeakKeyDictionary

from rnn_tui.data.ngrams import MOST, ngram_losses
from rnn_tui.engine.training.batches_on_device import Dataset, TextDataset

__all__ = ["Counting", "counting_losses", "counting_of"]

_BEGUN: "WeakKeyDictionary[TextDataset, Counting]" = WeakKeyDictionary()


class Counting:
    """The losses of n-gram models of one text, as soon as a thread has computed them."""

    def __init__(self, dataset: TextDataset) -> None:
        self.losses: tuple[float, ...] = ()
        self._thread = threading.Thread(target=self._count, args=(dataset,), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait until it is done."""
        self._thread.join()

    def _count(self, dataset: TextDataset) -> None:
        corpus, learnt = dataset.corpus, dataset.plan.learnt
        try:
            before = corpus.indices(slice(max(0, learnt - MOST), learnt))
            held_out = corpus.indices(slice(learnt, learnt + MOST // 4))
            self.losses = tuple(ngram_losses(before, held_out, len(dataset.vocabulary)))
        except MemoryError:
            return  # a line less in a chart


def counting_losses(dataset: Dataset) -> tuple[float, ...]:
    """Return the loss of an n-gram model for n = 1, 2, …; empty: it is not known yet, or nothing is held out."""
    if not isinstance(dataset, TextDataset) or not dataset.plan.held_out:
        return ()
    return counting_of(dataset).losses


def counting_of(dataset: TextDataset) -> Counting:
    """Return the counting of a text, which begins now where it has not begun before."""
    if dataset not in _BEGUN:
        _BEGUN[dataset] = Counting(dataset)
    return _BEGUN[dataset]
