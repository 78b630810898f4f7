"""Points on principal components against torch.linalg.svd, and how steady the axes are while a network learns."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from torch import Tensor

from rnn_tui.engine.answers.space import Spaces
from rnn_tui.engine.inspect.focus import Focus
from rnn_tui.engine.inspect.pca import Axes, principal
from rnn_tui.engine.network.model import initial_state
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.inspect.space import SpaceAsk, SpaceFacts
from tests.engine.answers.test_probe import by_hand, experiments, ticked
from tests.examples import examples


def facts(trainer: Trainer, spaces: Spaces | None = None, *, row: int = 0, **ask: Any) -> SpaceFacts:
    focus = Focus(observed=trainer, row=row, first=0, stop=trainer.length, fed=trainer.fed)
    return (spaces or Spaces()).facts(focus, SpaceAsk(**ask))


def by_svd(cloud: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Centre, shares and components of a cloud (n, H)."""
    cloud = cloud.double()
    centre = cloud.mean(0)
    _, singular, components = torch.linalg.svd(cloud - centre, full_matrices=False)
    return centre, singular**2 / (singular**2).sum(), components


@settings(max_examples=examples(40))
@given(experiments(), st.integers(1, 6), st.data())
def test_points_are_the_states_on_the_components_of_the_svd(
    experiment: Experiment, ticks: int, data: st.DataObject
) -> None:
    trainer, _ = ticked(experiment, ticks)
    network, batch = experiment.network, trainer.dataset.rows
    row, room = data.draw(st.integers(0, batch - 1)), data.draw(st.integers(1, 4))
    layer, direction = (data.draw(st.integers(0, most - 1)) for most in (network.layers, network.directions))
    found = facts(trainer, row=row, rows=room, layer=layer, direction=direction)
    assert (found.note, found.kind, found.layer, found.direction) == ("", "states", layer, direction)
    assert row in found.rows
    assert len(found.rows) == min(room, batch)
    fed = trainer.fed
    texts = [[experiment.vocabulary.index(each) for each in experiment.data.inputs[r][:fed]] for r in found.rows]
    assert_array_equal(found.characters, texts)

    number = layer * network.directions + direction
    states = by_hand(trainer)[number][0][:, found.rows.tolist()].transpose(0, 1)  # (n, T, H)
    h_0 = trainer.h_0[0] if isinstance(trainer.h_0, tuple) else trainer.h_0
    start = h_0[number, found.rows.tolist()]
    assert found.points.shape == (len(found.rows), fed, 2)
    assert found.start.shape == (len(found.rows), 2)
    cloud = by_hand(trainer)[number][0].flatten(0, 1)  # of all rows, also of those that are not shown
    if (cloud - cloud.mean(0)).abs().max() <= 1e-4 * cloud.abs().max():
        return  # nothing but rounding; below
    centre, shares, components = by_svd(cloud)
    for axis in range(2):
        if axis >= len(shares) or shares[axis] < 1e-6:
            assert found.shares[axis] == pytest.approx(0, abs=1e-6)
            continue
        assert found.shares[axis] == pytest.approx(shares[axis], rel=1e-3, abs=1e-6)
        gaps = [abs(shares[axis] - other).item() for at, other in enumerate(shares) if at != axis]
        if min(gaps, default=1) < 1e-3:
            continue  # any mixture of two equal ones is as good
        side = components[axis] @ (states[0, 0].double() - centre)
        sign = 1.0 if side * found.points[0, 0, axis] > 0 else -1.0
        for mine, theirs in ((found.points, states), (found.start, start)):
            expected = (theirs.double() - centre) @ components[axis]
            assert_allclose(np.abs(mine[..., axis]), expected.abs(), atol=2e-4, rtol=1e-3)
            if abs(side) > 1e-2:
                assert_allclose(sign * mine[..., axis], expected, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("direction", [0, 1])
def test_two_units_are_turned_and_not_bent(rows: int, layer: int, direction: int) -> None:
    """Two axes show all of two units: points and h_0 are as far apart as the states are, of that very cell."""
    network = {"cell": "lstm", "hidden_size": 2, "layers": 2, "bidirectional": True, "initial_state": "random"}
    data, training = {"inputs": ["hello", "eolll", "lleel"]}, {"learn": False, "tick": "sequence"}
    trainer, _ = ticked(from_dict({"data": data, "network": network, "training": training}), 1)
    found = facts(trainer, row=1, rows=rows, layer=layer, direction=direction)
    assert found.rows.tolist() == ([1] if rows == 1 else [0, 1, 2])
    number = layer * 2 + direction
    states = by_hand(trainer)[number][0][:, found.rows.tolist()].transpose(0, 1).numpy()
    h_0 = trainer.h_0[0][number, found.rows.tolist()].numpy()
    shown, true = ((np.concatenate((start[:, None], each), 1).reshape(-1, 2)) for each, start in
                   ((found.points, found.start), (states, h_0)))  # fmt: skip
    distances = [np.linalg.norm(each[:, None] - each[None], axis=-1) for each in (shown, true)]
    assert_allclose(distances[0], distances[1], atol=1e-5)
    assert sum(found.shares) == pytest.approx(1)


@pytest.mark.parametrize(("rows", "row"), [(1, 3), (3, 4), (2, 0), (99, 2)])
def test_the_row_that_is_looked_at_is_among_them(rows: int, row: int) -> None:
    trainer, _ = ticked(LESSONS["six-words"], 3)
    found = facts(trainer, row=row, rows=rows)
    assert row in found.rows
    assert len(found.rows) == min(rows, 6)


PAIRS = (("hello", "olleh"), ("he", "eh"), ("lleho", "ohell"), ("eol", "loe"), ("o", "o"), ("lehol", "lohel"))


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
@pytest.mark.parametrize("both", [False, True])
def test_one_cloud_of_all_rows_to_their_own_ends_whichever_is_looked_at(cell: str, both: bool, tmp_path: Path) -> None:
    (file := tmp_path / "words.tsv").write_text("".join(f"{one}\t{other}\n" for one, other in PAIRS))
    network = {"cell": cell, "hidden_size": 5, "head": "linear", "bidirectional": both}
    data = {"pairs": str(file), "task": "many-to-many", "batch": 0}
    trainer, _ = ticked(from_dict({"data": data, "network": network, "training": {"tick": "sequence"}}), 1)
    rows, task = range(trainer.dataset.rows), trainer.dataset
    assert len({task.steps(row) for row in rows}) > 2
    states = []
    for row in rows:  # each by itself, without padding, in NumPy's hands from there on
        module = trainer.model.recurrent
        x = trainer.model.embed(task.x(0, task.steps(row)))[:, row : row + 1]
        with torch.no_grad():
            begin = initial_state(trainer.experiment.network, 1, x.device)
            states.append(module(x, begin)[0][:, 0, :5].double().numpy())
    cloud = np.concatenate(states)
    centre = cloud.mean(0)
    _, singular, components = np.linalg.svd(cloud - centre, full_matrices=False)
    shares, spaces, seen = singular**2 / (singular**2).sum(), Spaces(), []
    for row in (*rows, 0):
        found = facts(trainer, spaces, row=row, rows=3)
        assert row in found.rows
        assert_allclose(found.shares, shares[:2], rtol=1e-4)
        for at, each in enumerate(found.rows.tolist()):
            steps = task.steps(each)
            expected = np.abs((states[each] - centre) @ components[:2].T)
            assert_allclose(np.abs(found.points[at, :steps]), expected, atol=1e-4)
            seen.append((each, found.points[at].tolist()))
        projected = (cloud - centre) @ components[:2].T
        assert_allclose(found.furthest, np.abs(projected).max(0), rtol=1e-4)
        assert found.lowest is not None
        assert found.highest is not None
        for axis in (0, 1):  # whose sign is free
            ends = sorted((abs(found.lowest[axis]), abs(found.highest[axis])))
            assert_allclose(ends, sorted((-projected[:, axis].min(), projected[:, axis].max())), rtol=1e-4)
            assert found.lowest[axis] < 0 < found.highest[axis]
    for one, points in seen:
        for other, others in seen:
            assert one != other or points == others, "not a sign, not a digit moves with the row looked at"


# ---- little to see ----


def test_one_unit_has_one_axis() -> None:
    trainer, _ = ticked(from_dict({"network": {"hidden_size": 1, "head": "linear"}}), 4)
    found = facts(trainer)
    assert found.shares == pytest.approx((1, 0))
    assert_array_equal(found.points[..., 1], 0)
    assert np.ptp(found.points[..., 0]) > 0


def test_one_step_has_no_variance_and_no_nan() -> None:
    trainer, _ = ticked(LESSONS["hihello"], 1)
    found = facts(trainer)
    assert found.shares == (0, 0)
    assert_array_equal(found.points, np.zeros((1, 1, 2)))
    assert np.isfinite(found.start).all()


def test_rows_that_differ_by_rounding_only_have_no_variance() -> None:
    cloud = torch.rand(4, 7).double()[:1] + 1e-8 * torch.randn(9, 7, generator=torch.manual_seed(1)).double()
    axes = principal(cloud, None)
    assert axes.shares == (0, 0)
    assert_array_equal(axes.project(cloud), np.zeros((9, 2)))


def test_nothing_fed_and_states_that_are_no_numbers_are_notes() -> None:
    trainer, _ = ticked(LESSONS["hihello"], 0)
    found = facts(trainer)
    assert found.note.startswith("Nothing has been fed")
    for _ in range(3):
        trainer.tick()
    with torch.no_grad():
        next(trainer.model.parameters())[2] = torch.nan
    for each in (found, lost := facts(trainer)):
        assert each.points.shape == (0, 0, 2)
        assert (each.rows.shape, each.characters.shape, each.start.shape) == ((0,), (0, 0), (0, 2))
    assert lost.note == "The states are not finite."


# ---- much to see ----


def long(rows: int, length: int) -> Trainer:
    texts = ["".join("ab"[(at * (row + 1) // 3) % 2] for at in range(length)) for row in range(rows)]
    network, training = {"hidden_size": 3}, {"learn": False, "tick": "sequence"}
    data = {"inputs": texts, "vocabulary": "ab"}
    return ticked(from_dict({"data": data, "network": network, "training": training}), 1)[0]


def test_a_long_pass_is_thinned_and_says_so() -> None:
    trainer = long(3, 2000)
    found = facts(trainer)
    assert found.note == "1,024 of 2,000 steps are shown, and the axes come from 1,365 of them."
    assert found.points.shape == (3, 1024, 2)
    states = by_hand(trainer)[0][0]  # (T, N, H)
    fit = np.linspace(0, 1999, 1365).round().astype(int)
    _, shares, _ = by_svd(states[fit].flatten(0, 1))
    assert found.shares == pytest.approx(shares[:2].tolist(), rel=1e-4)
    last = trainer.dataset.inputs[-1].numpy()
    assert_array_equal(found.characters[:, -1], last)
    ends = np.linalg.norm(found.points[0, 0] - found.points[0, -1])
    assert ends <= torch.dist(states[0, 0], states[-1, 0]) + 1e-5


def test_as_many_as_fit_are_all_shown() -> None:
    found = facts(long(2, 2048))
    assert (found.note, found.points.shape) == ("", (2, 2048, 2))


# ---- the embedding ----


def test_the_embedding_is_a_point_for_each_character() -> None:
    trainer, _ = ticked(LESSONS["ohlol-lstm"], 0)  # also before the first tick
    found = facts(trainer, kind="embedding", row=0)
    weight = trainer.model.state_dict()["embedding.weight"]
    centre, shares, components = by_svd(weight)
    assert (found.note, found.kind, found.points.shape, found.start.shape) == ("", "embedding", (1, 4, 2), (0, 2))
    assert_array_equal(found.characters, [[0, 1, 2, 3]])
    assert found.shares == pytest.approx(shares[:2].tolist(), rel=1e-5)
    assert_allclose(np.abs(found.points[0]), ((weight - centre) @ components[:2].T).abs(), atol=1e-5)


def test_a_large_vocabulary_is_thinned_and_says_so() -> None:
    vocabulary = "".join(map(chr, range(0x4E00, 0x4E00 + 5000)))
    data = {"inputs": [vocabulary[:3]], "vocabulary": vocabulary}
    trainer, _ = ticked(from_dict({"data": data, "network": {"embedding": 3, "head": "linear"}}), 0)
    found = facts(trainer, kind="embedding")
    assert found.note == "512 of 5,000 characters are shown."
    assert found.points.shape == (1, 512, 2)
    assert (found.characters[0, 0], found.characters[0, -1]) == (0, 4999)


def test_an_embedding_that_is_no_number_is_a_note() -> None:
    trainer, _ = ticked(LESSONS["ohlol-lstm"], 0)
    with torch.no_grad():
        next(trainer.model.parameters())[0, 0] = torch.inf
    assert facts(trainer, kind="embedding").note == "The embedding is not finite."


def test_without_an_embedding_the_states_are_shown() -> None:
    trainer, _ = ticked(LESSONS["hihello"], 4)
    found, states = facts(trainer, kind="embedding"), facts(trainer)
    assert "one-hot" in found.note
    assert found.kind == "states"
    assert_array_equal(found.points, states.points)


# ---- steady axes ----


@pytest.mark.parametrize(
    ("lesson", "layer", "direction"), [("hihello", 0, 0), ("ohlol-lstm", 0, 0), ("ohlol-lstm", 1, 1)]
)
@pytest.mark.sampled(1)
def test_no_axis_turns_round_while_a_network_learns(lesson: str, layer: int, direction: int) -> None:
    trainer, _ = ticked(LESSONS[lesson], 0)
    trainer.unit, spaces, before = "sequence", Spaces(), None
    jumps = 0
    for _ in range(200):
        trainer.tick()
        found = facts(trainer, spaces, layer=layer, direction=direction)
        states = by_hand(trainer)[layer * trainer.experiment.network.directions + direction][0][:, 0].double()
        centre, shares, _ = by_svd(states)
        # the axes themselves, from outside: the map from states to points
        axes = torch.linalg.lstsq(
            states - centre, torch.from_numpy(found.points[0]).double(), driver="gelsd"
        ).solution.T
        assert_allclose(axes.norm(dim=1), 1, atol=1e-3)
        assert max(found.shares) >= 0.8 * shares[0] - 1e-6
        variance = (states - centre).square().sum(1).mean()
        assert_allclose(np.square(found.points[0]).mean(0) / variance.item(), found.shares, rtol=1e-3)
        if before is not None:
            overlaps = (axes * before).sum(1)
            assert (overlaps > -1e-3).all(), overlaps
            jumps += int((overlaps < 0.5).any())
        before = axes
    assert jumps <= 4


def cross(angle: float, first: float, second: float) -> Tensor:
    """A cloud in 3 dimensions whose variance is first and second along two directions turned by an angle."""
    turn = torch.tensor(
        [[np.cos(angle), np.sin(angle), 0.0], [-np.sin(angle), np.cos(angle), 0.0]], dtype=torch.float64
    )
    spread = torch.tensor([[first, 0], [-first, 0], [0, second], [0, -second]], dtype=torch.float64) * 2**0.5
    sizes = spread.abs().sqrt() * spread.sign()
    return sizes @ turn


def test_axes_swap_only_once_their_variances_are_clearly_apart() -> None:
    rising = np.linspace(0.51, 1.51, 41).tolist()
    ways, last, swaps = [*rising, *rising[::-1]], None, []
    was_first = True
    for second in ways:
        axes: Axes = principal(cross(0.1, 1.0, second), last)
        last = axes.remembered
        first = abs(axes.directions[0, 0].item()) > 0.9  # whether the first axis is the one of variance 1
        expected = np.array([1, second] if first else [second, 1]) / (1 + second)
        assert axes.shares == pytest.approx(expected)
        assert_allclose(axes.directions @ axes.directions.T, np.eye(2), atol=1e-9)
        if first != was_first:
            swaps.append(second)
        was_first = first
    assert swaps == pytest.approx([1.26, 0.785])  # past 1 / 0.8 on the way up, and 0.8 on the way down


def test_the_first_time_the_largest_component_is_positive() -> None:
    for angle in (0.3, 2.0, 3.5, 5.0):
        axes = principal(cross(angle, 2.0, 1.0), None)
        for axis in axes.directions:
            assert axis[axis.abs().argmax()] > 0


def test_the_side_is_kept_and_what_was_there_is_remembered() -> None:
    spaces, last = cross(0.0, 2.0, 1.0), -principal(cross(0.0, 2.0, 1.0), None).directions
    assert_allclose(principal(spaces, last).directions, last, atol=1e-12)
    flat = principal(spaces[:1], last)  # one point: no axes, but the next frame goes on where the last one was
    assert_array_equal(flat.directions, torch.zeros(2, 3))
    assert_array_equal(flat.remembered, last)


@settings(max_examples=examples(40))
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 9999))
def test_few_points_and_many_are_the_same_arithmetic(count: int, size: int, seed: int) -> None:
    cloud = torch.randn(count, size, generator=torch.manual_seed(seed), dtype=torch.float64)
    axes, (_, shares, components) = principal(cloud, None), by_svd(cloud)
    shown = min(2, size, count - 1)
    assert axes.shares[:shown] == pytest.approx(shares[:shown].tolist(), rel=1e-6)
    assert axes.shares[shown:] == (0,) * (2 - shown)
    assert_allclose((axes.directions[:shown] * components[:shown]).sum(1).abs(), np.ones(shown), rtol=1e-6)


def test_another_layer_has_axes_of_its_own() -> None:
    trainer, _ = ticked(LESSONS["ohlol-lstm"], 1)
    spaces = Spaces()
    alone = [facts(trainer, layer=layer, direction=direction) for layer in (0, 1) for direction in (0, 1)]
    together = [facts(trainer, spaces, layer=layer, direction=direction) for layer in (0, 1) for direction in (0, 1)]
    assert repr(alone) == repr(together)
