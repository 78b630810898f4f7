"""What counting achieves: n-gram models of a text, the bar that a network has to clear.

An n-gram model predicts a token by how often it came after the same n − 1 tokens. Frequencies of longer contexts are
mixed with those of shorter ones as Witten and Bell do (1991; Chen and Goodman, 1998, section 2.6): with c(h, w) the
times that w came after the context h, c(h) those of h, T(h) how many different tokens came after it, and h' the
context without its first token,

    p(w | h) = (c(h, w) + T(h) p(w | h')) / (c(h) + T(h))

and 1 / C where there is no context at all.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST", "ORDERS", "ngram_losses"]

ORDERS = 6  # the longest n
MOST = 4_000_000  # tokens that are counted, the last of what is learnt; and a quarter of it that is judged

Indices = NDArray[np.int64]


def ngram_losses(learnt: Indices, held_out: Indices, classes: int, orders: int = ORDERS) -> list[float]:
    """Return the mean of −log p, in nats, of every token of `held_out` but the first, for n = 1, 2, … `orders`.

    Counted are the tokens of `learnt`, which come before it; `classes` is how many different ones there are.
    """
    learnt, held_out = learnt[-MOST:], held_out[: MOST // 4]
    text, known = np.concatenate([learnt, held_out]), len(learnt)
    targets = slice(known + 1, None)
    context = np.zeros(len(text), np.int64)  # a number for the n − 1 tokens before each; −1: never seen
    p = np.full(len(text) - known - 1, 1 / classes)
    losses = []
    for _ in range(orders):
        pair = np.where(context >= 0, context * classes + text, -1)
        counted = pair[:known][context[:known] >= 0]
        pairs, number, count = np.unique(counted, return_inverse=True, return_counts=True)
        of_context = pairs // classes
        size = int(of_context[-1]) + 1 if len(pairs) else 0
        total = np.bincount(of_context, count, size)
        different = np.bincount(of_context, minlength=size)

        place = np.minimum(np.searchsorted(pairs, pair[targets]), max(0, len(pairs) - 1))
        found = (pairs[place] == pair[targets]) if len(pairs) else np.zeros(len(p), bool)
        before = context[targets]
        seen = (before >= 0) & (before < size)
        seen[seen] = total[before[seen]] > 0
        here = before[seen]
        p[seen] = (np.where(found, count[place], 0)[seen] + different[here] * p[seen]) / (total[here] + different[here])
        losses.append(float(-np.log(p).mean()))

        ids = np.full(len(text), -1)
        ids[:known][context[:known] >= 0] = number
        ids[targets] = np.where(found, place, -1)
        ids[known] = _number_of(pairs, int(pair[known]))
        context = np.concatenate([[-1], ids[:-1]])
    return losses


def _number_of(pairs: Indices, pair: int) -> int:
    place = int(np.searchsorted(pairs, pair))
    return place if place < len(pairs) and pairs[place] == pair else -1
