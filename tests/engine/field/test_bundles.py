"""The losses of many members as a few curves, compared with NumPy's own quantiles."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.field.bundles import bundles, groups, learnt_steps, member_curve, member_held_out
from rnn_tui.engine.field.field import Field
from rnn_tui.engine.field.results import Losses, Results
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.field import DIVERGED, DONE, LEARNING, FieldWanted

_COMPARISON = Comparison(
    base=LESSONS["hihello-sequence"],
    varied=(Varied(path="training.lr", values=(0.1, 0.01)), Varied(path="training.seed", values=tuple(range(7)))),
)


def _results(updates: int) -> tuple[Results, np.ndarray]:
    results = Results(14)
    losses = np.random.default_rng(3).uniform(1, 2, (updates, 14))
    for row, each in enumerate(losses):
        results.losses.put(row + 1, np.arange(14), each)
    results.states[:] = LEARNING
    results.passes[:] = updates
    results.loss[:] = losses[-1]
    return results, losses


def test_a_bundle_has_the_quartiles_of_its_group() -> None:
    results, losses = _results(40)
    found = bundles(_COMPARISON, results, FieldWanted(columns=100, lines=6, grouped_by="training.lr"))
    assert [each.group for each in found] == [0, 1]
    for each, part in zip(found, (losses[:, :7], losses[:, 7:]), strict=True):
        expected = np.quantile(part, (0, 0.25, 0.5, 0.75, 1), axis=1)
        for curve, right in zip(
            (each.low, each.quarter, each.median, each.three_quarters, each.high), expected, strict=True
        ):
            np.testing.assert_allclose(curve, right, rtol=1e-6)
        assert each.x.tolist() == list(range(1, 41))
        np.testing.assert_allclose(each.lines, losses[:, each.members].T, rtol=1e-6)
        assert len(each.members) == 3


def test_who_has_ended_keeps_the_last_loss_and_who_has_diverged_is_left_out() -> None:
    results, losses = _results(4)
    results.losses.put(5, np.arange(2, 14), np.full(12, 9.0))
    results.passes[2:] = 5
    results.states[0], results.states[1] = DONE, DIVERGED
    results.loss[1] = np.nan
    (bundle,) = bundles(_COMPARISON, results, FieldWanted(columns=10))
    newest = np.array([losses[3, 0], *[9.0] * 12])
    assert bundle.low[-1] == pytest.approx(newest.min())
    assert bundle.median[-1] == 9.0
    assert bundle.high[-1] == 9.0


def test_of_what_is_held_out_each_member_counts_as_it_was_evaluated_last() -> None:
    results, _ = _results(40)
    assert all(each.held_out is None for each in bundles(_COMPARISON, results, FieldWanted(columns=100)))
    first, later = np.random.default_rng(4).uniform(1, 2, (2, 14))
    results.evaluations.put(20, np.arange(14), first)
    results.evaluations.put(30, np.arange(7), later[:7])
    results.evaluations.put(40, np.arange(14), np.arange(14.0))
    results.states[0], results.passes[0] = DIVERGED, 35
    (bundle,) = bundles(_COMPARISON, results, FieldWanted(columns=100))
    found = bundle.held_out
    assert found is not None
    assert found.x.tolist() == [20, 30, 40]
    then = (first, np.r_[later[:7], first[7:]], np.arange(1.0, 14))
    expected = np.array([np.quantile(each, (0.25, 0.5, 0.75)) for each in then]).T
    np.testing.assert_allclose([found.quarter, found.median, found.three_quarters], expected, rtol=1e-6)


def test_a_member_is_evaluated_as_its_single_run() -> None:
    comparison = Comparison(
        base=msgspec.structs.replace(
            LESSONS["sine"], training=msgspec.structs.replace(LESSONS["sine"].training, epochs=3)
        ),
        varied=(Varied(path="network.hidden_size", values=(4, 6)),),
    )
    field = Field(comparison)
    while field.step():
        pass
    for member in range(2):
        session = Session(comparison.experiment(member), history=0)
        while session.tick():
            pass
        session.recording.drain()
        session.recording.evaluate()
        mine, alone = member_held_out(field.results, member), session.branch.held_out.told(99)
        assert mine is not None
        assert alone is not None
        assert (mine.update, mine.whole) == (alone.update, alone.whole)
        np.testing.assert_array_equal(mine.curve.x, alone.curve.x)
        np.testing.assert_allclose(mine.curve.low, alone.curve.low, rtol=1e-4)


def test_a_chart_with_fewer_columns_keeps_the_newest_update() -> None:
    results, losses = _results(100)
    (bundle,) = bundles(_COMPARISON, results, FieldWanted(columns=9))
    assert len(bundle.x) <= 9
    assert bundle.x[-1] == 100
    np.testing.assert_allclose(bundle.median, np.median(losses[bundle.x.astype(int) - 1], axis=1), rtol=1e-6)


def test_how_many_had_learnt_it_by_when() -> None:
    results = Results(14)
    results.learnt[[0, 3, 5, 8]] = (4, 2, 4, 9)
    results.passes[:] = 10
    results.passes[6] = 6
    results.states[:] = LEARNING
    first, second = learnt_steps(_COMPARISON, results, "training.lr")
    assert (first.epochs.tolist(), first.counts.tolist(), first.of, first.now) == ([2, 4], [1, 3], 7, 6)
    assert (second.epochs.tolist(), second.counts.tolist(), second.of, second.now) == ([9], [1], 7, 10)
    (both,) = learnt_steps(_COMPARISON, results, "")
    assert (both.epochs.tolist(), both.counts.tolist(), both.of) == ([2, 4, 9], [1, 3, 4], 14)


def test_the_groups_of_seeds() -> None:
    found = {index: members.tolist() for index, members in groups(_COMPARISON, "training.seed")}
    assert found == {seed: [seed, seed + 7] for seed in range(7)}


@given(st.integers(1, 300), st.integers(1, 40), st.booleans())
def test_the_curve_of_a_member_misses_no_extreme(updates: int, columns: int, log_x: bool) -> None:
    results = Results(1)
    losses = np.random.default_rng(updates).uniform(0, 5, updates)
    for number, each in enumerate(losses, 1):
        results.losses.put(number, np.array([0]), np.array([each]))
    curve = member_curve(results, 0, columns, log_x=log_x)
    assert len(curve.x) <= columns
    assert curve.x[-1] == updates
    assert curve.high.max() == np.float32(losses.max())
    assert curve.low.min() == np.float32(losses.min())


@given(st.integers(1, 500))
def test_of_a_long_run_some_updates_are_kept(updates: int) -> None:
    losses = Losses(2, most=64)
    for number in range(1, updates + 1):
        losses.put(number, np.array([0, 1]), np.array([number, -number]))
    kept, values = losses.of(1)
    assert kept.tolist() == list(range(1, updates + 1, losses.every))
    assert values.tolist() == [-each for each in kept]
    assert losses.values.nbytes <= 4 * 2 * 64
