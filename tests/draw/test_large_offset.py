"""Series far from zero, tiny and huge ones: they are drawn like the same series near zero, with labels that differ."""

import math
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.common.wording import unit_text
from rnn_tui.data.series import TimeSeries
from rnn_tui.draw.kit.chart_scale import short
from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.series import as_drawn, draw_forecast
from rnn_tui.engine.host.frames import series_facts
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame import Forecast, SeriesScale
from rnn_tui.protocol.frame_request import Wanted
from tests.draw.grids import number_in

FILES = Path(__file__).parents[1] / "csv"
WAVE = 20 + 5 * np.sin(np.arange(80) / 5)


def drawn(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[list[str], SeriesScale]:
    """The chart of a series, and how its numbers are drawn."""
    found = TimeSeries(name="v", values=values).scale(40)
    scale = SeriesScale(name="v", mean=found.mean, deviation=found.deviation)
    forecast = Forecast(first=0, end=40, truth=values[:60], predicted=values[1:40], free=values[40:80])
    strips = draw_forecast(as_drawn(forecast, scale), width=60, height=16, palette=DARK)
    return [strip.text for strip in strips], scale


def dots(lines: list[str]) -> list[str]:
    """Return the braille of a chart, with blanks for all else."""
    return ["".join(each if "\u2800" <= each <= "\u28ff" else " " for each in line) for line in lines]


@pytest.mark.parametrize("offset", [1.6e9, -1.6e9, 1e12, 54321.0])
def test_an_offset_changes_nothing_but_the_name(offset: float) -> None:
    plain, near = drawn(WAVE)
    far, scale = drawn(WAVE + offset)
    assert near.label == "v"
    assert abs(scale.offset - offset) <= 1000
    assert scale.label == f"v {'−' if offset > 0 else '+'} {abs(scale.offset):.15g}"
    if scale.offset == offset:
        assert far == plain
    labels = [line.split("┤")[0].strip() for line in far if "┤" in line]
    assert len(labels) >= 3
    assert len(set(labels)) == len(labels)
    for label in labels:
        assert WAVE.min() - 2 < number_in(label) + scale.offset - offset < WAVE.max() + 2  # up to the next tick


@pytest.mark.parametrize("unit", [1e-300, 1e-9, 1e18, 1e300])
def test_a_tiny_or_huge_series_is_drawn_in_a_unit_of_its_own(unit: float) -> None:
    plain, _ = drawn(WAVE)
    other, scale = drawn(WAVE * unit)
    assert scale.unit == pytest.approx(unit)
    assert scale.label == f"v / {unit:g}"
    assert dots(other) == dots(plain)


def test_what_is_read_is_the_same_wherever_a_series_lies() -> None:
    """The numbers that a network reads, in float32."""
    near = TimeSeries(name="v", values=WAVE)
    expected = (WAVE - WAVE[:60].mean()) / WAVE[:60].std()
    for other in (WAVE + 1.6e9, WAVE * 1e-300, WAVE * 1e300):
        series = TimeSeries(name="v", values=other)
        np.testing.assert_allclose(series.scale(60).standardised(other), expected, rtol=1e-5, atol=1e-6)
    assert near.scale(60).mean == WAVE[:60].mean()
    with pytest.raises(ExperimentError, match="so large"):
        TimeSeries(name="v", values=np.array([1.7e308, -1.7e308, 0.0])).scale(3)


def test_offset_csv_gives_the_picture_of_plain_csv() -> None:
    """All the way from the file through the engine and the wire to the chart."""
    pictures, numbers, labels = [], [], []
    for file, column in (("plain.csv", "temp"), ("offset.csv", "v")):
        data = {"series": str(FILES / file), "column": column, "batch": 4, "length": 10, "holdout": 0.1}
        network = {"cell": "lstm", "hidden_size": 8, "head": "linear"}
        training = {"tick": "sequence", "reduction": "mean", "lr": 0.02, "epochs": 30}
        session = Session(from_dict({"data": data, "network": network, "training": training, "run": {"device": "cpu"}}))
        while session.tick():
            pass
        wanted = Wanted(forecast=80, first=0, count=10)
        forecast, steps = session.probe.forecast(wanted), session.probe.steps(wanted)
        facts = series_facts(session.dataset)
        assert forecast is not None
        assert facts is not None
        (scale,) = facts.said
        assert steps.numbers is not None
        assert forecast.truth.dtype == forecast.predicted.dtype == forecast.free.dtype == np.float64
        assert steps.numbers.predicted.dtype == np.float64
        pictures.append([s.text for s in draw_forecast(as_drawn(forecast, scale), width=46, height=12, palette=DARK)])
        numbers.append(scale.drawn(steps.numbers.predicted))
        labels.append(scale.label)
    assert labels == ["temp", "v − 1600000000"]
    assert pictures[1] == pictures[0]
    np.testing.assert_allclose(numbers[1], numbers[0], rtol=1e-3)


@pytest.mark.parametrize(
    ("value", "deviation", "text"),
    [
        (1600000020.386, 3.5, "1600000020.386"),
        (-1600000020.5, 3.5, "-1600000020.5"),
        (20.3861234, 3.5, "20.38612"),
        (0.0, 3.5, "0"),
        (3.25e-300, 1e-300, "3.25e-300"),
        (math.nan, 3.5, "nan"),
        (5.0, 0.0, "5"),
    ],
)
def test_values_in_words_have_the_digits_that_tell_them_apart(value: float, deviation: float, text: str) -> None:
    assert unit_text(value, deviation) == text


@pytest.mark.parametrize(
    ("values", "step", "labels"),
    [
        ((20_000, 20_005, 20_010), 5, ["20k", "20.005k", "20.01k"]),
        ((10_000, 12_500, 15_000), 2_500, ["10k", "12.5k", "15k"]),
        ((1_600_000_010, 1_600_000_020), 10, ["1.60000001G", "1.60000002G"]),
        ((999_999,), 0, ["1M"]),
    ],
)
def test_ticks_of_an_axis_are_told_apart(values: tuple[float, ...], step: float, labels: list[str]) -> None:
    assert [short(value, step) for value in values] == labels
