"""n-gram models, against the same equation with dictionaries, and against what is known."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.data import ngrams
from rnn_tui.data.ngrams import ngram_losses
from tests.examples import examples


def by_hand(learnt: list[int], held_out: list[int], classes: int, n: int) -> float:
    """The definition, token by token."""
    text = learnt + held_out
    counts = Counter((tuple(learnt[at - k : at]), learnt[at]) for k in range(n) for at in range(k, len(learnt)))

    def p(context: tuple[int, ...], token: int) -> float:
        lower = p(context[1:], token) if context else 1 / classes
        after = {w: times for (h, w), times in counts.items() if h == context}
        if not after:
            return lower
        return (after.get(token, 0) + len(after) * lower) / (sum(after.values()) + len(after))

    places = range(len(learnt) + 1, len(text))
    return -sum(math.log(p(tuple(text[at - n + 1 : at]), text[at])) for at in places) / len(places)


@settings(max_examples=examples(60), deadline=None)
@given(
    learnt=st.lists(st.integers(0, 3), min_size=8, max_size=40),
    held_out=st.lists(st.integers(0, 4), min_size=2, max_size=15),
)
def test_every_order_is_the_definition(learnt: list[int], held_out: list[int]) -> None:
    found = ngram_losses(np.array(learnt), np.array(held_out), 5, orders=4)
    for n, loss in enumerate(found, 1):
        assert loss == pytest.approx(by_hand(learnt, held_out, 5, n), rel=1e-9)


def test_a_text_that_repeats_is_known_from_its_contexts() -> None:
    text = np.tile([0, 1, 2, 0, 2, 1], 400)
    losses = ngram_losses(text[:2000], text[2000:], 3)
    assert losses[0] == pytest.approx(math.log(3), abs=0.01)
    assert losses[1] == pytest.approx(math.log(2), abs=0.01)  # after each of them come two
    assert losses[2] < 0.01
    assert sorted(losses, reverse=True)[:3] == losses[:3]


def test_of_a_long_text_the_end_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngrams, "MOST", 100)
    random = np.random.RandomState(0).randint(0, 4, 900)
    assert ngram_losses(random[:600], random[600:], 4) == ngram_losses(random[500:600], random[600:625], 4)


def test_more_words_than_numbers_of_pairs_would_allow() -> None:
    """10,000 classes to the sixth power are more than 2^63: contexts are numbered one after another."""
    text = np.random.RandomState(0).randint(0, 10_000, 3000)
    losses = ngram_losses(np.concatenate([text, text]), text[:1000], 10_000)
    assert losses[3] < losses[1] < losses[0] < math.log(10_000) + 0.1
