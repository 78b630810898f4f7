"""The accuracy at each length of pairs, with the weights of this tick."""

import numpy as np

from rnn_tui.engine.inspect.focus import Focus
from rnn_tui.engine.training.accuracy_by_length import accuracy_by_length
from rnn_tui.engine.training.batches_on_device import PairsDataset
from rnn_tui.protocol.inspect.lengths import LengthsAsk, LengthsFacts

__all__ = ["lengths_facts"]

_SOMEBODY_ELSES = "Only networks that rnn-tui itself trains can be judged here."
_ALIKE = "All rows are of one length. Pairs are of several: see the lessons parity, mod and count."
_MOST = 64  # pairs of a length


def lengths_facts(focus: Focus, ask: LengthsAsk) -> LengthsFacts:
    """Return in how many pairs of each length all is right, of at most so many of each."""
    trainer = focus.own
    none = np.zeros(0, np.int32)
    note = _SOMEBODY_ELSES if trainer is None else _ALIKE
    if trainer is None or not trainer.learns or not isinstance(trainer.dataset, PairsDataset):
        return LengthsFacts(note=note, lengths=none, right=none, rows=none, learnt=none)
    found = accuracy_by_length(trainer, min(max(1, ask.rows), _MOST))
    columns = zip(*((each.length, each.right, each.rows, int(each.learnt)) for each in found), strict=True)
    lengths, right, rows, learnt = (np.array(column, np.int32) for column in columns)
    return LengthsFacts(lengths=lengths, right=right, rows=rows, learnt=learnt)
