"""The number of threads that a run trains on: chosen by what passes take, with made-up machines."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.data.load import load
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training import threads
from rnn_tui.engine.training.threads import ThreadTuner, build_tuner, choose_threads, same_bits
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict

Machine = Callable[[int, float, random.Random], float]  # threads, time -> seconds of a pass


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def large(**training: object) -> Experiment:
    return from_dict(
        {
            "data": {"text": "a", "batch": 32, "length": 64},
            "network": {"cell": "lstm", "hidden_size": 128, "head": "linear"},
            "training": {"tick": "sequence"} | training,
        }
    )


def quiet(number: int, _: float, noise: random.Random) -> float:
    return {1: 0.049, 2: 0.030, 4: 0.020}[number] * noise.uniform(0.95, 1.1)


def shared(number: int, _: float, noise: random.Random) -> float:
    """Another program wants a core: one thread has its own, a team waits for its slowest member."""
    return 0.049 * noise.uniform(0.95, 1.15) if number == 1 else noise.choice([0.05, 0.1, 0.3, 0.4])


def small(number: int, _: float, noise: random.Random) -> float:
    return {1: 0.002, 2: 0.0025}[number] * noise.uniform(0.9, 1.2)


def in_turns(number: int, at: float, noise: random.Random) -> float:
    return (quiet if int(at / 15) % 2 == 0 else shared)(number, at, noise)


def passes(machine: Machine, seconds: float, *, seed: int, fixed: int = 0, most: int = 2) -> tuple[int, int]:
    """Return how many passes a tuner (or a fixed number of threads) gets done, and the number of threads at the end."""
    noise, number, at, done = random.Random(seed), [fixed or 1], 0.0, 0
    tuner = ThreadTuner(most, lambda chosen: number.__setitem__(0, fixed or chosen))
    while at < seconds:
        took = machine(number[0], at, noise)
        at, done = at + took, done + 1
        tuner.pass_took(took)
    return done, tuner.threads


@pytest.mark.parametrize("machine", [quiet, shared, small, in_turns])
@pytest.mark.parametrize("seconds", [12.0, 60.0])
def test_at_least_95_percent_of_the_better_number(machine: Machine, seconds: float) -> None:
    for seed in range(8):
        better = max(passes(machine, seconds, seed=seed, fixed=number)[0] for number in (1, 2))
        assert passes(machine, seconds, seed=seed)[0] >= 0.95 * better


def test_it_climbs_as_far_as_that_is_faster() -> None:
    assert passes(quiet, 12.0, seed=0, most=4)[1] == 4
    two_are_best: Machine = lambda number, *_: {1: 0.049, 2: 0.030, 4: 0.040}[number]  # noqa: E731
    assert passes(two_are_best, 12.3, seed=0, most=4)[1] == 2


def test_more_threads_are_left_when_another_program_comes_and_taken_again_when_it_goes() -> None:
    alone_then_not: Machine = lambda number, at, noise: (quiet if at < 6 else shared)(number, at, noise)  # noqa: E731
    assert passes(alone_then_not, 5.9, seed=1)[1] == 2
    assert passes(alone_then_not, 8.0, seed=1)[1] == 1
    for_a_while: Machine = lambda number, at, noise: (shared if at < 6 else quiet)(number, at, noise)  # noqa: E731
    assert passes(for_a_while, 5.9, seed=1)[1] == 1
    assert passes(for_a_while, 60.0, seed=1)[1] == 2


@given(st.lists(st.floats(0.0, 1e6), max_size=300), st.integers(2, 64))
def test_whatever_passes_take_the_number_is_one_of_those_allowed(times: list[float], most: int) -> None:
    used: list[int] = []
    tuner = ThreadTuner(most, used.append)
    for seconds in times:
        tuner.pass_took(seconds)
        assert 1 <= tuner.threads <= most
    assert all(1 <= number <= most and number in {most, 1, 2, 4, 8, 16, 32, 64} for number in used)


def test_as_many_threads_as_asked_for() -> None:
    lesson = LESSONS["hihello"]
    for number in (3, 2):
        choose_threads(replace(lesson, run=replace(lesson.run, threads=number)))
        assert torch.get_num_threads() == number
    choose_threads(lesson)
    assert torch.get_num_threads() == 1


def one_large_row() -> Experiment:
    training = {"tick": "sequence", "seed": 1, "lr": 0.003}
    network = {"hidden_size": 1024, "head": "linear"}
    return from_dict({"data": {"inputs": ["hihello"]}, "network": network, "training": training})


def trainer(experiment: Experiment, tmp_path: Path, device: str = "cpu") -> Trainer:
    if experiment.data.text:
        text = tmp_path / "text.txt"
        text.write_text("what is learnt does not matter here; " * 100)
        experiment = replace(experiment, data=replace(experiment.data, text=str(text)))
    loaded = load(experiment)
    made = Trainer(loaded.experiment, torch.device("cpu"), loaded.source)
    made.device = torch.device(device)
    return made


def test_only_a_large_network_on_a_cpu_that_leaves_the_choice_is_tuned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(threads, "_MOST", 2)
    asks = replace(large(), run=replace(large().run, threads=3))
    assert build_tuner(trainer(large(), tmp_path)) is not None
    assert build_tuner(trainer(asks, tmp_path)) is None
    assert build_tuner(trainer(LESSONS["hihello"], tmp_path)) is None
    assert build_tuner(trainer(large(), tmp_path, "cuda")) is None
    assert build_tuner(trainer(one_large_row(), tmp_path)) is None  # its last digits depend on the number of threads
    monkeypatch.setattr(threads, "_MOST", 1)
    assert build_tuner(trainer(large(), tmp_path)) is None


@pytest.mark.parametrize("most", [2, 8])
@pytest.mark.parametrize("agreeing", [1, 2, 4])
def test_a_number_that_gives_other_bits_is_never_used(most: int, agreeing: int) -> None:
    used: list[int] = []
    tuner = ThreadTuner(most, used.append, agrees=lambda number: number <= agreeing)
    for _ in range(3000):
        number = used[-1] if used else 1
        tuner.pass_took(0.05 / number)  # the more the faster
    assert max(used, default=1) == min(agreeing, most)


@pytest.mark.parametrize("changes", ["head.weight", ""])
def test_bits_are_compared_on_the_gradients_of_the_run_itself(
    changes: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = trainer(large(), tmp_path)
    names = ["logits", "loss", *(name for name, _ in one.model.named_parameters())]
    whole = one.fresh_gradients

    def shared_out() -> list[torch.Tensor]:
        number = torch.get_num_threads()
        torch.set_num_threads(1)  # whatever this machine would make of more
        found = whole()
        if changes and number > 1:
            place = names.index(changes)
            found[place] = found[place].nextafter(torch.tensor(1.0))
        return found

    monkeypatch.setattr(one, "fresh_gradients", shared_out)
    torch.set_num_threads(1)
    assert same_bits(one, 3) == (not changes)
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("lesson", ["hihello-sequence", "ohlol-lstm", "read", "spell", "remember"])
def test_fresh_gradients_are_those_of_the_pass_and_change_nothing(lesson: str) -> None:
    experiment = LESSONS[lesson]
    experiment = replace(experiment, training=replace(experiment.training, tick="sequence"))
    session, other = Session(experiment, history=0), Session(experiment, history=0)
    for _ in range(4):
        session.tick()
        other.tick()
        logits, loss, *gradients = session.trainer.fresh_gradients()
        assert torch.equal(logits, session.trainer.logits[0])
        assert session.trainer.total is not None
        assert torch.equal(loss, session.trainer.total)
        for mine, weight in zip(gradients, session.trainer.model.parameters(), strict=True):
            assert weight.grad is not None
            assert torch.equal(mine, weight.grad)
    assert [session.losses.at(each) for each in range(4)] == [other.losses.at(each) for each in range(4)]


def test_a_session_tells_its_tuner_of_whole_passes_and_the_losses_are_the_same_to_the_bit() -> None:
    def losses(took: list[float] | None) -> list[float | None]:
        session = Session(LESSONS["hihello"], history=0)

        class Switching(ThreadTuner):
            def pass_took(self, seconds: float) -> None:
                assert took is not None
                took.append(seconds)
                torch.set_num_threads(1 + len(took) % 2)

        session._threads = None if took is None else Switching(2)
        for _ in range(6 * 6):
            session.tick()
        return [session.losses.at(each) for each in range(6)]

    took: list[float] = []
    assert losses(took) == losses(None)
    assert len(took) == 6
    assert all(seconds > 0 for seconds in took)
