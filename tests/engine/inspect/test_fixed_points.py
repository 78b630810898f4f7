"""Fixed points: where they are known by arithmetic, and of real networks against steps in NumPy."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from rnn_tui.engine.answers.fixed_points import FixedPointWatch, network_step, states_of_layer, why_none
from rnn_tui.engine.inspect.fixed_points import Search, jacobian
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict
from tests.engine.passes import focus_of

Array = np.ndarray[Any, np.dtype[np.float64]]


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def test_two_units_that_excite_themselves_have_nine() -> None:
    """tanh(2 h) = h at 0 and at ±0.9575: in two dimensions at 9 points, of which the four corners are stable."""

    def step(states: Tensor) -> Tensor:
        return torch.tanh(2 * states)

    starts = 2 * torch.rand(60, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 1
    search = Search(starts)
    search.go_on(step, 60, 30.0)
    found = search.found(step)
    root = 1.0
    for _ in range(100):
        root = float(np.tanh(2 * root))
    expected = {(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)}
    assert {tuple(each) for each in (found.states / root).round().int().tolist()} == expected
    np.testing.assert_allclose(found.states.abs()[found.states.abs() > 0.5], root, rtol=1e-8)
    assert found.unstable.tolist()[:4] == [0, 0, 0, 0]
    for point, ways, largest in zip(
        found.states.tolist(), found.unstable.tolist(), found.largest.tolist(), strict=True
    ):
        slopes = [2 * (1 - np.tanh(2 * each) ** 2) for each in point]
        assert ways == sum(slope > 1 for slope in slopes)
        assert largest == pytest.approx(max(slopes), rel=1e-6)


def small(cell: str, layers: int = 1) -> Experiment:
    values = to_dict(LESSONS["flip-flop"])
    values["network"] |= {"cell": cell, "hidden_size": 5, "layers": layers}
    values["network"]["implementation"] = "fused" if CELL_KINDS[cell].module else "written-out"
    values["training"] |= {"seed": 3}
    return from_dict(values)


def trained(experiment: Experiment, ticks: int = 3) -> Trainer:
    trainer = Trainer(experiment, torch.device("cpu"))
    for _ in range(ticks):
        trainer.tick()
    return trainer


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_they_are_fixed_by_a_step_in_numpy(cell: str) -> None:
    trainer = trained(small(cell))
    found = FixedPointWatch().look(focus_of(trainer))
    assert len(found.states)
    w_ih, w_hh, b_ih, b_hh = (each.detach().double().numpy() for each in trainer.model.recurrent.parameters())
    del w_ih  # nothing is read
    for state in found.states.numpy():
        h, c = state[:5], state[5:]
        i, o = b_ih.reshape(-1, 5), (w_hh @ h + b_hh).reshape(-1, 5)
        if cell == "rnn":
            after = np.tanh(i[0] + o[0])
        elif cell == "gru":
            r, z = sigmoid(i[0] + o[0]), sigmoid(i[1] + o[1])
            after = (1 - z) * np.tanh(i[2] + r * o[2]) + z * h
        else:
            a = i + o
            kept = sigmoid(a[1]) * c + sigmoid(a[0]) * np.tanh(a[2])
            after = np.concatenate([sigmoid(a[3]) * np.tanh(kept), kept])
        np.testing.assert_allclose(after, state, atol=2e-6)


@pytest.mark.parametrize("cell", list(CELL_KINDS))
@pytest.mark.parametrize("layers", [1, 2])
def test_the_jacobian_of_each_cell_is_that_of_small_differences(cell: str, layers: int) -> None:
    trainer = trained(small(cell, layers), 1)
    step = network_step(trainer, torch.float64)
    size = step_size(trainer)
    states = torch.randn(2, size, generator=torch.Generator().manual_seed(1), dtype=torch.float64) / 2
    after, slopes = jacobian(step, states)
    with torch.no_grad():
        np.testing.assert_allclose(after, step(states), rtol=1e-12)
        for column in range(size):
            change = torch.zeros(size, dtype=torch.float64)
            change[column] = 1e-6
            difference = (step(states + change) - step(states - change)) / 2e-6
            np.testing.assert_allclose(slopes[:, :, column], difference, atol=1e-7)


def step_size(trainer: Trainer) -> int:
    parts = trainer.h_0 if isinstance(trainer.h_0, tuple) else (trainer.h_0,)
    return sum(part.shape[-1] * part.shape[0] for part in parts)


def test_a_step_of_the_whole_network_is_that_of_the_model() -> None:
    trainer = trained(small("lstm", 2))
    step = network_step(trainer, torch.float64)
    h, c = (torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(number)) for number in (0, 1))
    states = torch.cat([h[0], c[0], h[1], c[1]], -1)
    with torch.no_grad():
        _, (after_h, after_c) = trainer.model.recurrent(torch.zeros(1, 4, 3), (h, c))
        after = step(states.double())
    expected = torch.cat([after_h[0], after_c[0], after_h[1], after_c[1]], -1)
    np.testing.assert_allclose(after, expected, atol=1e-6)


def test_they_are_followed_while_it_learns_and_kept_while_it_does_not() -> None:
    trainer, watch = trained(small("rnn")), FixedPointWatch()
    first = watch.look(focus_of(trainer))
    assert watch.look(focus_of(trainer)) is first
    before = [each.clone() for each in trainer.model.recurrent.parameters()]
    trainer.tick()
    trainer.tick()
    second = watch.look(focus_of(trainer))
    assert second is not first
    step = network_step(trainer, torch.float64)
    with torch.no_grad():
        assert float((step(second.states) - second.states).abs().max()) < 2e-6
    assert any(not torch.equal(*both) for both in zip(before, trainer.model.recurrent.parameters(), strict=True))
    assert states_of_layer(second, trainer, 0).shape == (len(second.states), 5)


def test_where_there_are_none_it_is_said() -> None:
    assert "own" in why_none(None)
    both = to_dict(LESSONS["ohlol-lstm"])
    assert both["network"]["bidirectional"]
    assert "from the right" in why_none(Trainer(from_dict(both), torch.device("cpu")))
    large = to_dict(LESSONS["flip-flop"])
    large["network"] |= {"cell": "lstm", "hidden_size": 300}
    assert "600 numbers" in why_none(Trainer(from_dict(large), torch.device("cpu")))
