"""The chart of the end of a series: truth, what is said one step ahead, and the free run behind a line."""

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.series import draw_forecast, is_outside, steps_that_fit
from rnn_tui.protocol.frame import Forecast

WAVE = np.sin(np.arange(80) / 5)
SEEN = Forecast(first=100, end=140, truth=WAVE[:60], predicted=WAVE[1:40], free=WAVE[40:80])


def columns(forecast: Forecast, style: Any, width: int = 60) -> list[int]:
    """Return which columns have braille dots in a style."""
    found = set()
    for strip in draw_forecast(forecast, width=width, height=16, palette=DARK)[1:]:
        x = 0
        for text, drawn, _ in strip:
            same = drawn is not None and drawn.color == style.color
            found |= {x + at for at, each in enumerate(text) if same and "\u2800" < each <= "\u28ff"}
            x += len(text)
    return sorted(found)


def test_everything_stands_at_its_place() -> None:
    strips = draw_forecast(SEEN, width=60, height=16, palette=DARK)
    assert [strip.cell_length for strip in strips] == [60] * 16
    for words in ("truth", "one step ahead", "on its own", "held out"):
        assert words in strips[0].text
    assert "step" in strips[-1].text
    mark = {strip.text.index("┆") for strip in strips if "┆" in strip.text}
    assert len(mark) == 1
    (at,) = mark
    assert max(columns(SEEN, DARK.accent)) <= at
    assert min(columns(SEEN, DARK.back)) >= at
    assert max(columns(SEEN, DARK.back)) == 59


@pytest.mark.parametrize(
    ("width", "words"), [(28, "truth ahead itself held out"), (40, "truth ahead by itself held out")]
)
def test_a_narrow_legend_has_short_words_and_all_of_them(width: int, words: str) -> None:
    legend = draw_forecast(SEEN, width=width, height=16, palette=DARK)[0].text
    assert " ".join(legend.replace("━", "").split()) == words


def test_without_a_hold_out_or_a_free_run_nothing_stands_for_them() -> None:
    alone = replace(SEEN, truth=WAVE[:40])
    assert "held out" not in draw_forecast(alone, width=60, height=16, palette=DARK)[0].text
    nothing = replace(alone, free=WAVE[:0])
    strips = draw_forecast(nothing, width=60, height=16, palette=DARK)
    assert "own" not in strips[0].text
    assert not any("┆" in strip.text for strip in strips)


def test_what_lies_far_outside_is_left_out_and_told() -> None:
    assert not is_outside(SEEN)
    wild = np.concatenate([WAVE[40:60], np.full(20, 1e6)])
    far = replace(SEEN, free=wild)
    assert is_outside(far)
    assert max(columns(far, DARK.back)) < 50
    assert is_outside(replace(SEEN, free=np.full(20, np.nan)))


def test_every_size_has_its_picture() -> None:
    for width in (1, 5, 16, 17, 40):
        for height in (0, 1, 2, 6, 20):
            strips = draw_forecast(SEEN, width=width, height=height, palette=DARK)
            assert [strip.cell_length for strip in strips] == [width] * height
        assert steps_that_fit(width) >= 2


def test_where_nothing_runs_on_its_own_all_that_is_predicted_has_its_place() -> None:
    """A few steps of a slow wave, and a network that has hardly begun to learn it."""
    truth = np.array([1.0, 0.999, 0.998, 0.99, 0.98, 0.97])
    slow = Forecast(first=193, end=199, truth=truth, predicted=np.full(6, 0.05), free=np.zeros(0))
    assert not is_outside(slow)
    assert len(columns(slow, DARK.accent)) > 40
    assert is_outside(replace(slow, predicted=np.full(6, 1e9)))  # it has blown up: the truth stays readable
    assert len(columns(replace(slow, predicted=np.full(6, 1e9)), DARK.dim)) > 40
