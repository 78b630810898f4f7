"""What is known to happen in the lessons of papers does, at several seeds. The numbers are measured, with room."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from rnn_tui.data.load import load
from rnn_tui.data.made_up.grammars import brackets, reber
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.accuracy_by_length import accuracy_by_length
from rnn_tui.engine.training.batches_on_device import TextDataset
from rnn_tui.engine.training.guessing import guessing
from rnn_tui.engine.training.prediction import right_rows
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.validate import from_dict, to_dict
from tests.data.test_made_up import strings


def trained(name: str, seed: int, updates: int | None = None, **changed: dict[str, Any]) -> Session:
    """Train a lesson to its end, or for so many updates."""
    values = to_dict(LESSONS[name])
    for section, settings in changed.items():
        values[section] |= settings
    values["training"]["seed"] = seed
    values["run"] |= {"device": "cpu", "until": []}
    session = Session(load(from_dict(values)).experiment, history=0)
    while not session.done and (updates is None or session.progress.whole_passes < updates):
        session.tick()
    session.recording.drain()
    return session


def reach(session: Session) -> int:
    """The longest input up to which every pair is right."""
    found = 0
    for each in accuracy_by_length(session.trainer):
        if each.right < each.rows:
            break
        found = each.length
    return found


def read_alone(session: Session, text: str) -> tuple[Tensor, Tensor]:
    """Return h and c (T, H) of an LSTM on a text, step by step from zeros, with nn.LSTMCell and its weights."""
    dataset = session.dataset
    x = torch.eye(len(dataset.vocabulary))[[dataset.vocabulary.index(each) for each in text]]
    weights = {name.removesuffix("_l0"): each for name, each in session.trainer.model.recurrent.named_parameters()}
    cell = torch.nn.LSTMCell(x.shape[1], session.experiment.network.hidden_size)
    cell.load_state_dict({name: each.detach() for name, each in weights.items()})
    state = None
    found = []
    with torch.no_grad():
        for step in x:
            state = cell(step[None], state)
            found.append(torch.cat(state))
    h, c = torch.stack(found, 1)
    return h, c


def best_correlation(values: Tensor, depth: np.ndarray) -> float:
    """The largest |r| of a unit of (T, H) with a number at each step."""
    return float(max(abs(np.corrcoef(unit, depth)[0, 1]) for unit in values.T.numpy()))


# ---- counting ----


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
def test_an_lstm_counts_past_what_it_has_learnt_with_a_cell_that_climbs_and_falls(seed: int) -> None:
    session = trained("count", seed)
    assert reach(session) >= 14
    depth = np.concatenate([np.arange(1, 15), np.arange(13, 0, -1)])  # how many b's are to come
    _, c = read_alone(session, "a" * 14 + "b" * 13)
    assert best_correlation(c, depth) > 0.9


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1, 3])
def test_a_gru_does_not_count_past_it(seed: int) -> None:
    session = trained("count", seed, network={"cell": "gru"})
    assert 10 <= reach(session) <= 12


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1])
def test_an_lstm_counts_twice(seed: int) -> None:
    assert reach(trained("count-three", seed)) >= 11


# ---- automata ----


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_parity_is_right_at_four_times_the_length(seed: int) -> None:
    found = accuracy_by_length(trained("parity", seed).trainer)
    assert [each.length for each in found] == [*range(1, 41)]
    assert [each.learnt for each in found] == [length <= 10 for length in range(1, 41)]
    assert sum(each.right for each in found) > 0.95 * sum(each.rows for each in found)


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1])
def test_parity_is_beyond_a_recurrence_that_is_linear_with_weights_from_0_to_1(seed: int) -> None:
    """In as many updates as a plain RNN takes, and at twice its learning rate."""
    network = {"cell": "min-gru", "implementation": "written-out"}
    found = accuracy_by_length(trained("parity", seed, 1_500, network=network, training={"lr": 0.01}).trainer)
    share = {learnt: np.mean([each.right / each.rows for each in found if each.learnt == learnt]) for learnt in (0, 1)}
    assert share[False] < 0.6  # a guess is right in one of two
    assert share[True] < 0.9


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1])
def test_values_are_learnt_and_the_more_often_wrong_the_longer(seed: int) -> None:
    found = accuracy_by_length(trained("mod", seed).trainer)
    shares = {each.length // 2 + 1: each.right / each.rows for each in found}
    assert min(shares[numbers] for numbers in range(1, 7)) > 0.8
    longest = np.mean([shares[numbers] for numbers in range(19, 25)])
    assert 0.25 < longest < 0.8  # a guess is right in one of five


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_states_cluster_by_the_nodes_of_the_automaton(seed: int) -> None:
    """The nearest neighbour of a state nearly always belongs to the same node."""
    session = trained("reber", seed)
    assert isinstance(session.dataset, TextDataset)
    text = reber(seed)
    h, _ = read_alone(session, text[:4_000])
    nodes = []
    for string, inner in strings(text):
        outer = string[1]
        nodes += ["B", outer, *(f"{outer}{node}" for node in inner), "end", "E"]
    known, asked = h[:2_000], h[2_000:]
    nearest = torch.cdist(asked, known).argmin(1).tolist()
    right = [nodes[2_000 + at] == nodes[near] for at, near in enumerate(nearest)]
    assert np.mean(right) > 0.9
    common = max(nodes.count(node) for node in set(nodes)) / len(nodes)
    assert common < 0.2  # which is what always naming one of them would be worth


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long)])
def test_a_unit_becomes_the_depth_of_the_brackets(seed: int) -> None:
    session = trained("brackets", seed)
    text = brackets(seed, 8)[:3_000]
    depth = np.cumsum([1 if each == "(" else -1 for each in text])
    h, c = read_alone(session, text)
    assert max(best_correlation(h[100:], depth[100:]), best_correlation(c[100:], depth[100:])) > 0.85
    untrained = trained("brackets", seed, updates=1)
    assert best_correlation(read_alone(untrained, text)[0][100:], depth[100:]) < 0.8


# ---- gradients ----


def jumps(session: Session) -> int:
    losses = np.array([*session.losses])
    return int((losses[1:] - losses[:-1] > 0.2).sum())


@pytest.mark.parametrize(
    "seed", [0, 1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)]
)
def test_the_loss_jumps_at_a_cliff_and_not_where_gradients_are_clipped(seed: int) -> None:
    unclipped, clipped = trained("cliff", seed), trained("cliff", seed, training={"clip": 0.1})
    assert jumps(unclipped) > 50
    assert jumps(clipped) < 5
    last = clipped.losses.last()
    assert last is not None
    assert last < 0.01
    assert right_rows(clipped.trainer) == 4
    assert right_rows(unclipped.trainer) < 4


@pytest.mark.long
@pytest.mark.parametrize("seed", [7, 8, 9])
def test_an_lstm_learns_the_long_gap_only_with_a_forget_bias(seed: int) -> None:
    with_bias = trained("forget-bias", seed).branch.predictions.learnt
    without = trained("forget-bias", seed, network={"forget_bias": 0.0}).branch.predictions.learnt
    assert with_bias is not None
    assert without is None or without > with_bias


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1])
def test_copying_stays_at_the_baseline_and_then_falls(seed: int) -> None:
    """A plain RNN is still there after 1,500 updates, whatever its W_hh is at first."""
    session = trained("copy", seed)
    baseline = guessing(session.trainer)
    assert baseline is not None
    assert baseline == pytest.approx(10 * np.log(8) / 30, rel=1e-3)
    losses = np.array([*session.losses])
    assert losses[60:110].mean() == pytest.approx(baseline, abs=0.02)
    assert losses[-50:].mean() < 0.1 * baseline
    for init in ("default", "orthogonal"):
        network = {"cell": "rnn", "hidden_size": 64, "init": init}
        plain = trained("copy", seed, 1_500, network=network, training={"lr": 0.002})
        assert np.array([*plain.losses])[-50:].mean() > 0.98 * baseline
