"""The end of a series and the network's forecast of it: one step ahead, then on its own."""

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.chart import ChartAxes, ChartCurve, Mark, compose_chart
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.protocol.frame import Forecast, SeriesScale

__all__ = ["as_drawn", "draw_forecast", "is_outside", "steps_that_fit"]

_FRAME = 6  # cells of the labels and the axis on the left
_LEGEND = 1  # row above the chart
_ROOM = 0.5  # of the truth's range, above and below it: further out nothing is drawn, so that the truth stays readable
_NEAR = 100.0  # times that range: what is further away than that has blown up

Doubles = NDArray[np.float64]


def steps_that_fit(width: int) -> int:
    """Return how many time steps a chart of `width` cells shows: one for each column of dots."""
    return max(2, 2 * (width - _FRAME))


def as_drawn(forecast: Forecast, scale: SeriesScale) -> Forecast:
    """Return the forecast in the numbers that are drawn: less the offset of its series, in its unit."""
    return replace(
        forecast,
        truth=scale.drawn(forecast.truth),
        predicted=scale.drawn(forecast.predicted),
        free=scale.drawn(forecast.free),
    )


def is_outside(forecast: Forecast) -> bool:
    """Return whether some of the prediction has no place in the chart."""
    low, high = _bounds(forecast, _ROOM)
    said = np.concatenate([forecast.predicted, forecast.free])
    return bool(((said < low) | (said > high) | ~np.isfinite(said)).any())


def draw_forecast(
    forecast: Forecast, *, width: int, height: int, palette: Palette, is_ahead: bool = True
) -> list[Strip]:
    """Draw `height` strips of `width` cells: the truth, the prediction over it, and after a line the free run.

    What lies far outside the truth is left out. `is_ahead`: a prediction is the value of the next time step.
    """
    if height < 1:
        return []
    end, learnt = forecast.end, forecast.end - forecast.first
    curves = [
        _curve(forecast.first, forecast.truth[:learnt], palette.dim),
        _curve(end, forecast.truth[learnt:], palette.right),
        _curve(end - len(forecast.predicted), _inside(forecast, forecast.predicted), palette.accent),
        _curve(end, _inside(forecast, forecast.free), palette.back, dots=palette.monochrome),
    ]
    last = float(end + len(forecast.free))
    chart = compose_chart(
        curves,
        width=width,
        height=height - _LEGEND,
        axes=ChartAxes(
            style=palette.dim,
            x_to=last,
            y_to=_bounds(forecast, 0.1),
            x_label="step" if forecast.over == "steps" else "sequence",
        ),
        mark=Mark(x=end + 0.5, style=palette.text) if len(forecast.free) else None,
        background=Style(),
        empty="no prediction yet",
    )
    return [*_legend(forecast, width, palette, is_ahead=is_ahead), *chart.strips()]


def _legend(forecast: Forecast, width: int, palette: Palette, *, is_ahead: bool) -> list[Strip]:
    canvas = Canvas(width, _LEGEND)
    is_ahead = is_ahead and forecast.over == "steps"
    forms = ("one step ahead", "ahead") if is_ahead else ("predicted", "predicted")
    predicted = (*forms, palette.accent)
    parts = [("truth" if is_ahead else "target", "truth" if is_ahead else "target", palette.dim), predicted]
    if len(forecast.free):
        parts.append(("on its own", "by itself", palette.back))
    if len(forecast.truth) > forecast.end - forecast.first:
        parts.append(("held out", "held out", palette.right))
    long, short = [f"━ {each[0]}" for each in parts], [f"━ {each[1]}" for each in parts]
    forms_of_all = (
        long,
        short,
        [each[1].removeprefix("by ") for each in parts],
    )  # in the end the colours of the words alone
    texts = next((form for form in forms_of_all if len(" ".join(form)) + 1 <= width), forms_of_all[-1])
    x = 1
    for text, (_, _, style) in zip(texts, parts, strict=True):
        if x + len(text) <= width:
            x = canvas.put(x, 0, text, style) + 1
    return canvas.strips()


def _curve(first: int, values: Doubles, style: Style, *, dots: bool = False) -> ChartCurve:
    """Return a curve whose first value belongs to the time step `first`, an index: steps are drawn from 1 on."""
    return ChartCurve(
        x=first + 1 + np.arange(len(values), dtype=np.float64), low=values, high=values, style=style, dots=dots
    )


def _bounds(forecast: Forecast, room: float) -> tuple[float, float]:
    """Return the range of the truth with some room above and below; where nothing runs on its own, of all there is."""
    truth = forecast.truth[~np.isnan(forecast.truth)]  # a script has none at some time steps
    if not len(forecast.free) and len(truth):
        near = _NEAR * (truth.max() - truth.min() or abs(truth.max()) or 1.0)
        said = forecast.predicted[np.isfinite(forecast.predicted)]
        truth = np.concatenate([truth, said[(said >= truth.min() - near) & (said <= truth.max() + near)]])
    low, high = float(truth.min(initial=np.inf)), float(truth.max(initial=-np.inf))
    more = room * (high - low or abs(high) or 1.0) if len(truth) else 0.0
    return low - more, high + more


def _inside(forecast: Forecast, values: Doubles) -> Doubles:
    """Return the values that have a place in the chart; NaN for the others, which leaves a gap."""
    low, high = _bounds(forecast, _ROOM)
    return np.where((values >= low) & (values <= high), values, np.nan)
