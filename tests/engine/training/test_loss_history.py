"""The past of a run against brute force: no extreme is lost, and the newest value is always there."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from rnn_tui.engine.training.loss_history import Indices, LossSeries, PredictionHistory
from rnn_tui.protocol.frame import PredictionSeen

Doubles = NDArray[np.float64]


def series(values: Doubles) -> LossSeries:
    found = LossSeries()
    for value in values.tolist():
        found.append(value)
    return found


@st.composite
def losses(draw: st.DrawFn) -> Doubles:
    """Numbers in any order, of any length up to past 64², with a few NaN and infinities in them."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    edges = st.sampled_from([1023, 1024, 1025, 4095, 4096, 4097, 5000, 8300])
    size = draw(st.integers(1, 200) | edges)
    values = random.normal(size=size)
    for odd in (np.nan, np.inf, -np.inf, 1e9, -1e9):
        values[random.integers(0, size, draw(st.integers(0, 3)))] = odd
    if draw(st.booleans()):  # a stretch without any number
        start = random.integers(0, size)
        values[start : start + size // 3] = np.nan
    return values


scales = st.sampled_from([(1.0, 1.0), (1 / 6, 1 / 6), (3.0, 1.0)])


@given(losses(), st.integers(1, 300), scales, st.booleans())
def test_every_column_has_the_extremes_of_its_stretch(
    values: Doubles, columns: int, scale: tuple[float, float], log_x: bool
) -> None:
    first_x, step_x = scale
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        curve = series(values).envelope(columns, first_x=first_x, step_x=step_x, log_x=log_x)
    assert len(curve.x) == len(curve.low) == len(curve.high) <= columns
    last = np.rint((curve.x - first_x) / step_x).astype(int)  # a column stands at its newest value
    assert_allclose(curve.x, first_x + step_x * last, rtol=1e-12)
    assert (np.diff(last) > 0).all()
    start = 0
    for stop, low, high in zip((last + 1).tolist(), curve.low, curve.high, strict=True):
        stretch = values[start:stop]
        stretch = stretch[np.isfinite(stretch)]
        assert (low, high) == (stretch.min(), stretch.max())
        start = stop
    assert not np.isfinite(values[start:]).any()  # what no column holds are no numbers
    if np.isfinite(values[-1]):
        assert last[-1] == len(values) - 1


@given(losses(), st.integers(1, 300))
def test_the_extremes_of_all_are_never_lost(values: Doubles, columns: int) -> None:
    finite = values[np.isfinite(values)]
    for log_x in (False, True):
        curve = series(values).envelope(columns, log_x=log_x)
        if len(finite):
            assert (curve.low.min(), curve.high.max()) == (finite.min(), finite.max())
        else:
            assert len(curve.x) == 0


@pytest.mark.parametrize("size", [100, 1025, 4097, 20_000])
@pytest.mark.parametrize("columns", [1, 7, 99])
def test_columns_share_the_axis_evenly(size: int, columns: int) -> None:
    """By count where the axis is linear; by ratio where it is logarithmic."""
    whole = series(np.arange(size, dtype=float))
    linear = whole.envelope(columns)
    assert len(linear.x) == columns
    widths = np.diff(linear.x, prepend=0)
    assert widths.max() - widths.min() <= 1
    logarithmic = whole.envelope(columns, log_x=True)  # values at 1, 2, ...: the axis from 1 to size + 1
    ends = [(size + 1) ** (column / columns) for column in range(1, columns + 1)]
    for x in logarithmic.x.tolist():
        assert min(abs(x + 1 - end) for end in ends) <= 0.5 + 1e-6
    assert_array_equal(logarithmic.x, sorted({round(end - 1) for end in ends} - {0}))
    for curve in (linear, logarithmic):
        assert_array_equal(curve.high, curve.x - 1)  # they rise: the newest is the largest
        assert curve.high[-1] == size - 1


def test_a_few_values_are_all_there() -> None:
    curve = series(np.array([3.0, np.nan, 1.0, np.inf, 2.0])).envelope(5, first_x=0.5, step_x=0.5)
    assert_array_equal(curve.x, [0.5, 1.5, 2.5])
    assert_array_equal(curve.low, [3.0, 1.0, 2.0])
    assert_array_equal(curve.high, curve.low)


def test_before_the_first_value_there_is_nothing() -> None:
    empty = LossSeries()
    assert (len(empty), empty.last()) == (0, None)
    for log_x in (False, True):
        curve = empty.envelope(80, log_x=log_x)
        assert curve.x.shape == curve.low.shape == curve.high.shape == (0,)


def test_it_grows_and_keeps_everything() -> None:
    random = np.random.default_rng(0).normal(size=3 * 1024 + 1)
    grown = LossSeries()
    for count, value in enumerate(random.tolist(), 1):
        grown.append(value)
        assert (len(grown), grown.last()) == (count, value)
    curve = grown.envelope(len(random))
    assert_array_equal(curve.low, random)
    assert_array_equal(curve.high, random)


def test_past_64_cubed_it_still_finds_a_single_spike() -> None:
    values = np.zeros(64**3 + 70)
    values[[63, 64**2, 100_000, 64**3 - 1, -1]] = [5, -5, 9, -9, 4]
    curve = series(values).envelope(4)
    assert_array_equal(curve.high, [5, 9, 0, 4])
    assert_array_equal(curve.low, [-5, 0, 0, -9])
    assert curve.x[-1] == 64**3 + 70


def test_a_long_past_costs_no_more_to_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in values that are read, for a chart of ten columns."""
    whole, read = series(np.zeros(64**3 + 63)), []
    scan = LossSeries._scan

    def counted(self: LossSeries, starts: Indices, stops: Indices, level: int) -> tuple[Doubles, Doubles]:
        read.append(len(starts) * max(0, int((stops - starts).max())))
        return scan(self, starts, stops, level)

    monkeypatch.setattr(LossSeries, "_scan", counted)
    whole.envelope(10)
    assert 0 < sum(read) < 10 * 3 * 4 * 64  # a few blocks on each level, of a quarter of a million values


def test_an_infinite_newest_loss_is_kept_and_not_drawn() -> None:
    found = series(np.array([1.0, math.inf]))
    assert found.last() == math.inf
    assert_array_equal(found.envelope(10).x, [1.0])


@given(st.lists(st.sampled_from("abcde"), max_size=40), st.integers(0, 9))
def test_predictions_keep_the_epoch_of_their_first_time(texts: list[str], count: int) -> None:
    predictions = PredictionHistory()
    for epoch, text in enumerate(texts, 1):
        predictions.add(text, epoch, text == "c")
    distinct = list(dict.fromkeys(texts))
    expected = [
        PredictionSeen(text=each, epoch=texts.index(each) + 1, right=each == "c") for each in reversed(distinct)
    ]
    assert list(predictions.newest(count)) == expected[:count]
    assert predictions.learnt == (texts.index("c") + 1 if "c" in texts else None)


def test_predictions_are_bounded_and_remember_when_it_was_learnt() -> None:
    predictions = PredictionHistory(kept=3)
    for epoch, text in enumerate("rabcd", 1):
        predictions.add(text, epoch, text == "r")
    assert [seen.text for seen in predictions.newest(99)] == ["d", "c", "b"]
    assert predictions.learnt == 1


def test_of_a_long_prediction_the_beginning_is_kept_and_the_whole_is_told_apart() -> None:
    predictions = PredictionHistory()
    predictions.add("a" * 5000, 1, False)
    predictions.add("a" * 4999 + "b", 2, False)
    predictions.add("a" * 5000, 3, False)
    assert [(len(each.text), each.epoch) for each in predictions.newest(9)] == [(200, 2), (200, 1)]
