"""What guessing costs, against counts by hand and against a network that can do no better than guess."""

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.guessing import entropy, guessing
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.remember import remember
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict


def opened(name: str = "hihello", **sections: Mapping[str, object]) -> Session:
    values = to_dict(LESSONS[name])
    values["run"]["until"] = []
    for section, changed in sections.items():
        values[section] |= changed
    return Session(from_dict(values), history=0)


def of(session: Session) -> float:
    found = guessing(session.trainer)
    assert found is not None
    return found


def surprise(answers: str) -> float:
    """The mean of −log of the share of each character, counted one by one."""
    counts = Counter(answers)
    return sum(-math.log(counts[each] / len(answers)) for each in answers) / len(answers)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=9).filter(any))
def test_entropy_is_the_mean_surprise(counts: list[int]) -> None:
    total = sum(counts)
    expected = -sum(each / total * math.log(each / total) for each in counts if each)
    assert entropy(np.array(counts)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("answers", [1, 2, 4, 10])
def test_among_equal_answers_it_is_log_of_how_many_there_are(answers: int) -> None:
    assert entropy(np.full(answers, 3)) == pytest.approx(math.log(answers))


def test_a_sum_is_of_the_whole_row_and_a_mean_of_a_character() -> None:
    each = surprise("ihello")
    assert of(opened()) == pytest.approx(6 * each)
    assert of(opened("hihello-sequence")) == pytest.approx(each)
    rows = {"inputs": ["hello", "eolll"], "targets": ["ohlol", "lleel"]}
    session = opened(data=rows | {"vocabulary": "ehlo"}, network={"hidden_size": 4})
    assert of(session) == pytest.approx(5 * surprise("ohlollleel"))


def test_of_remember_it_is_a_guess_among_four_whatever_the_gap() -> None:
    for gap in (1, 20, 300):
        data = to_dict(LESSONS["remember"])["data"] | {
            "inputs": list(remember(gap).inputs), "targets": list(remember(gap).targets),
        }  # fmt: skip
        assert of(opened("remember", data=data)) == pytest.approx(math.log(4))
        mean = opened("remember", data=data, training={"reduction": "mean"})
        assert of(mean) == pytest.approx(math.log(4) / (gap + 1))


def test_an_rnn_that_does_not_remember_comes_to_it_and_no_lower() -> None:
    session = opened("remember")
    for _ in range(120):
        session.tick()
    losses = list(session.losses)[-20:]
    assert all(of(session) - 1e-3 < each < of(session) + 0.1 for each in losses)


def test_of_pairs_the_padding_does_not_count() -> None:
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    assert of(opened("read")) == pytest.approx(math.log(10))
    assert of(opened("spell")) == pytest.approx(surprise("".join(word + "\n" for word in words)))
    assert of(opened("spell", training={"reduction": "sum"})) == of(opened("spell"))  # told per character all the same


def test_what_is_held_out_is_not_counted(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    file.write_text("x\ta\ny\tb\nx\tbb\ny\tcccccccc\n")
    data = {"inputs": [], "targets": [], "pairs": str(file), "task": "one-to-many", "length": 0, "batch": 1,
            "holdout": 0.25, "vocabulary": ""}  # fmt: skip
    network = {"head": "linear"}
    training = {"tick": "sequence"}
    session = opened(data=data, network=network, training=training)
    assert of(session) == pytest.approx(surprise("a\nb\nbb\n"))
    session.tick()
    assert of(session) == pytest.approx(surprise("a\nb\nbb\n"))  # whichever pair has been read


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_of_a_text_every_character_but_the_first_is_a_target(encoding: str, tmp_path: Path) -> None:
    text = "über " * 30 + "zzz" * 30 + "ß" * 60
    file = tmp_path / "a.txt"
    file.write_bytes(text.encode(encoding))
    data = {"inputs": [], "targets": [], "text": str(file), "encoding": encoding, "length": 8, "batch": 2,
            "holdout": 0.2, "vocabulary": ""}  # fmt: skip
    training = {"tick": "sequence", "reduction": "mean"}
    session = opened(data=data, network={"head": "linear"}, training=training)
    task = session.trainer.dataset
    whole = file.read_bytes().decode(encoding)
    learnt = len(whole) - int(0.2 * len(whole))
    assert task.vocabulary == "".join(sorted(set(whole)))
    assert of(session) == pytest.approx(surprise(whole[1:learnt]))


def test_of_numbers_it_is_the_error_of_always_saying_the_mean() -> None:
    session = opened("sine")
    task = session.trainer.dataset
    assert 0.95 < of(session) < 1.05
    targets = torch.cat([_targets(session, number) for number in range(1, task.batches + 1)]).flatten()
    assert of(session) == pytest.approx(targets.square().mean().item(), rel=0.05)


def _targets(session: Session, number: int) -> torch.Tensor:
    task = session.trainer.dataset
    task.begin(number, session.experiment.training.seed)
    assert task.targets is not None
    return task.targets.transpose(0, 1)


@pytest.mark.parametrize("name", ["one-letter", "hello", "six-words"])
def test_where_nothing_is_learnt_nobody_guesses(name: str) -> None:
    assert guessing(opened(name).trainer) is None


@pytest.mark.parametrize("name", [name for name, lesson in LESSONS.items() if lesson.training.learn])
def test_the_first_loss_of_every_lesson_is_no_better_than_a_guess(name: str) -> None:
    experiment: Experiment = LESSONS[name]
    session = Session(experiment, history=0)
    session.tick()
    while not session.trainer.at_end_of_pass:
        session.tick()
    session.recording.drain()
    first = session.losses.last()
    assert first is not None
    assert first > 0.9 * of(session)
