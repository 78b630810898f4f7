"""The lesson `words`: what Elman (1990) found is seen with any seed."""

import numpy as np
import pytest
import torch

from rnn_tui.data.load import load
from rnn_tui.data.made_up.words import words
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.batches_on_device import TextDataset
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.validate import from_dict, to_dict

LEXICON = ("ago", "all", "and", "boy", "by", "day", "girl", "happily", "lived", "long", "many", "played", "sea", "they",
           "years")  # fmt: skip


def beginnings(text: str) -> np.ndarray:
    """Return at which letters a word begins: no word begins another, so there is one way to read it."""
    begins = np.zeros(len(text), bool)
    at = 0
    while at < len(text):
        begins[at] = True
        at += len(next(word for word in LEXICON if text.startswith(word, at)))
    return begins


@pytest.mark.parametrize("seed", [0, 3])
def test_surprise_falls_inside_a_word_and_jumps_at_the_next(seed: int) -> None:
    values = to_dict(LESSONS["words"])
    values["training"]["seed"] = seed
    session = Session(load(from_dict(values)).experiment)
    while not session.done:
        session.tick()
    dataset = session.dataset
    assert isinstance(dataset, TextDataset)
    text = words(seed)
    assert dataset.corpus.text() == text
    begins = beginnings(text)
    assert 800 < begins.sum() < 1800
    starts = dataset.plan.starts(session.progress.pass_number, seed)
    first = torch.from_numpy(begins[starts + np.arange(1, dataset.length + 1)[:, None]])  # (T, N) of the targets
    logits = torch.cat(session.trainer.logits)  # (T, N, C)
    assert dataset.targets is not None
    surprise = -logits.log_softmax(-1).gather(-1, dataset.targets[..., None])[..., 0]
    later = dataset.length // 4  # a row begins anywhere, so that it takes some letters to know where one is
    at_first, inside = surprise[later:][first[later:]].mean(), surprise[later:][~first[later:]].mean()
    assert at_first > 5 * inside
    assert at_first == pytest.approx(np.log(len(LEXICON)), rel=0.25)  # nobody can know which word comes


def test_another_seed_is_another_text() -> None:
    assert words(0) != words(1)
    assert words(2) == words(2)
    assert set(words(0)) == set("".join(LEXICON))
