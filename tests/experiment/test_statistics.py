"""The interval of a share against published ones and against the test that it turns round; quartiles against NumPy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.experiment.statistics import NORMAL_95, quartiles, share_text, wilson_interval

# R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998),
# table I, method 3: the score method without continuity correction, 95 %
PUBLISHED = {
    (81, 263): (0.2553, 0.3662),
    (15, 148): (0.0624, 0.1605),
    (0, 20): (0.0, 0.1611),
    (1, 29): (0.0061, 0.1718),
}


@pytest.mark.parametrize(("successes", "trials"), PUBLISHED)
def test_published_intervals(successes: int, trials: int) -> None:
    assert wilson_interval(successes, trials) == pytest.approx(PUBLISHED[successes, trials], abs=5e-5)


@given(st.integers(1, 5000), st.data())
def test_its_ends_are_the_shares_that_the_test_just_does_not_reject(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    low, high = wilson_interval(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    for share in (low, high):
        if 0 < share < 1:
            off = abs(successes / trials - share)
            assert off == pytest.approx(NORMAL_95 * math.sqrt(share * (1 - share) / trials), rel=1e-6)


def test_nothing_is_known_of_what_was_not_tried() -> None:
    assert wilson_interval(0, 0) == (0, 1)
    for successes, trials in ((3, 2), (-1, 2)):
        with pytest.raises(ValueError, match="of"):
            wilson_interval(successes, trials)


@given(st.lists(st.floats(-1e6, 1e6), max_size=40))
def test_quartiles_are_those_of_numpy(values: list[float]) -> None:
    found = quartiles([*values, math.nan, math.inf])
    if not values:
        assert found is None
        return
    assert found is not None
    np.testing.assert_allclose(found, np.percentile(values, [25, 50, 75]), rtol=1e-9, atol=1e-9)


def test_an_interval_is_never_written_as_one_number() -> None:
    assert share_text((0.5512, 0.7749)) == "55–77 %"
    assert share_text(wilson_interval(1, 4096)) == "0.0–0.1 %"
    assert share_text((0.99812, 0.99996)) == "99.8–100.0 %"
