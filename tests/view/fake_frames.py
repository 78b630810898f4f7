"""Frames by hand: every number is from the small tables here, so a test can say what must be shown."""

from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.arrays import Floats
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame import (
    Check,
    Curve,
    Forecast,
    PredictionSeen,
    SeriesFacts,
    SeriesNumbers,
    SeriesScale,
    States,
    Status,
    Steps,
    TensorFact,
)
from rnn_tui.protocol.frame_request import FrameRequest, Wanted

__all__ = ["MIDWAY", "TORCH", "frame_of", "h_value", "number", "says"]

TORCH = "2.13.0+cpu"
MIDWAY = Status(
    tick=70,
    newest=70,
    branch="main",
    branches=1,
    epochs=100,
    epoch=12,
    fed=4,
    loss=4.07,
    running_loss=1.52,
    state="playing",
    speed=4.0,
    ticks_per_second=4.0,
    lr=0.1,
)
SCALE = SeriesScale(name="level", mean=10.0, deviation=2.0)
_LIKELIEST = (0.82, 0.71, 0.64, 0.55, 0.71, 0.48)  # of what is said at each step, over again
_LOSSES = (9.4, 8.1, 7.3, 6.4, 5.9, 5.2, 4.9, 4.6, 4.4, 4.2, 4.07)


def h_value(unit: int, step: int, *, layer: int = 0, direction: int = 0, row: int = 0) -> float:
    """The state of a unit at a time step: a tenth between -1 and 1, no two neighbours alike."""
    return ((7 * unit + 3 * step + 5 * layer + 11 * direction + 2 * row) % 21 - 10) / 10


def says(experiment: Experiment, step: int, row: int = 0) -> list[int]:
    """The characters of a step, likeliest first: the right one, but in the last step its neighbour."""
    vocabulary = experiment.vocabulary
    right = vocabulary.index(_row(experiment, row, 1)[step])
    others = [index for index in range(len(vocabulary)) if index != right]
    if step == experiment.length - 1 and others:
        wrong = (right - 1) % len(vocabulary)
        return [wrong, right, *(index for index in others if index != wrong)]
    return [right, *others]


def _row(experiment: Experiment, row: int, later: int) -> str:
    """Return what is read in a row, or one step later; for a text, its vocabulary over and over."""
    data = experiment.data
    if not data.text:
        return (data.targets if later else data.inputs)[row]
    start = row + later
    return (experiment.vocabulary * (data.length + start))[start : start + data.length]


def frame_of(
    look: FrameRequest, experiment: Experiment, status: Status, *, run: int, revision: int, **extra: Any
) -> Frame:
    """The answer to a look, as the real engine would cut it."""
    wanted = look.wanted
    learn = experiment.training.learn
    opened = Opened(
        run=run,
        experiment=experiment,
        began=experiment,
        weights=experiment.weights,
        device="cpu",
        torch=TORCH,
        series=_series(experiment) if experiment.is_numbers else None,
    )
    first, stop = _window(experiment.length, status.fed, wanted)
    fields: dict[str, Any] = {}
    if wanted.count:
        if experiment.is_numbers:
            fields["steps"] = _counting(first, stop, status.fed)
        else:
            fields["steps"] = (_learning if learn else _looking)(experiment, wanted, first, stop, status.fed)
        fields["states"] = _states(experiment, wanted, first, min(stop, status.fed)) if wanted.units else ()
    if experiment.is_numbers and wanted.forecast:
        fields["forecast"] = FORECAST
    if learn:
        fields["predictions"] = (
            PredictionSeen(text="ihelll", epoch=11, right=False),
            PredictionSeen(text="ihello", epoch=9, right=True),
        )
        fields["learnt"] = 9
        if wanted.curve is not None:
            fields["curve"] = _curve(_LOSSES, 1.0)
            fields["characters"] = _curve([loss / 6 for loss in _LOSSES for _ in range(6)], 1 / 6)
    elif wanted.tensors:
        fields["tensors"], fields["checks"] = _facts(experiment, wanted.row)
    known = None if look.opened == run else opened
    return Frame(request=look.number, revision=revision, status=status, **({"opened": known} | fields | extra))


def _series(experiment: Experiment) -> SeriesFacts:
    """The columns of a series, all of one scale."""
    read = tuple(replace(SCALE, name=name) for name in experiment.data.columns) or (SCALE,)
    said = tuple(replace(SCALE, name=name) for name in experiment.data.targets) or read
    return SeriesFacts(read=read, said=said, ahead=experiment.data.ahead)


def _window(length: int, fed: int, wanted: Wanted) -> tuple[int, int]:
    count = min(wanted.count, length)
    first = max(fed - 1, 0) - count // 2 if wanted.first is None else wanted.first
    first = min(max(first, 0), length - count)
    return first, first + count


def _learning(experiment: Experiment, wanted: Wanted, first: int, stop: int, all_fed: int) -> Steps:
    vocabulary, row = experiment.vocabulary, wanted.row
    fed = max(first, min(stop, all_fed))
    top = [says(experiment, step, row) for step in range(first, fed)]
    ranks = min(wanted.top, len(vocabulary))
    p = np.array([_shares(step, len(vocabulary)) for step in range(first, fed)], np.float32).reshape(
        -1, len(vocabulary)
    )
    targets = [vocabulary.index(character) for character in _row(experiment, row, 1)]
    target_p = np.array([p[at, said.index(targets[first + at])] for at, said in enumerate(top)], np.float32)
    return Steps(
        first=first,
        inputs=_indices(experiment, row, first, stop),
        targets=np.array(targets[first:stop], np.int32),
        top=np.array(top, np.int32).reshape(-1, len(vocabulary))[:, :ranks],
        top_p=p[:, :ranks],
        target_p=target_p,
        losses=-np.log(target_p),
        right=sum(says(experiment, step, row)[0] == targets[step] for step in range(all_fed)),
    )


def number(step: int) -> float:
    """Return what the fake series reads at a time step; it predicts a hundredth more than the next one."""
    return 10 + step / 2


FORECAST = Forecast(
    first=60,
    end=100,
    truth=np.array([number(step) for step in range(60)], np.float64),
    predicted=np.array([number(step) for step in range(1, 40)], np.float64),
    free=np.array([number(40 - step) for step in range(40)], np.float64),
)


def _counting(first: int, stop: int, all_fed: int) -> Steps:
    steps = range(first, stop)
    fed = max(0, min(stop, all_fed) - first)
    values = np.array([number(step) for step in steps], np.float64)
    truth = np.array([number(step + 1) for step in steps], np.float64)
    return Steps(
        first=first,
        inputs=np.zeros(len(steps), np.int32),
        targets=np.zeros(len(steps), np.int32),
        top=np.zeros((fed, 0), np.int32),
        top_p=np.zeros((fed, 0), np.float32),
        target_p=np.zeros(0, np.float32),
        losses=np.full(fed, 0.01, np.float32),
        numbers=SeriesNumbers(values=values, truth=truth, predicted=truth[:fed] + np.float32(0.1)),
    )


def _looking(experiment: Experiment, wanted: Wanted, first: int, stop: int, all_fed: int) -> Steps:
    none = np.zeros(0, np.float32)
    outputs = [
        [h_value(unit, step, row=wanted.row) for unit in range(experiment.output_size)]
        for step in range(first, max(first, min(stop, all_fed)))
    ]
    return Steps(
        first=first,
        inputs=_indices(experiment, wanted.row, first, stop),
        targets=np.zeros(0, np.int32),
        top=np.zeros((0, 0), np.int32),
        top_p=np.zeros((0, 0), np.float32),
        target_p=none,
        losses=none,
        outputs=np.array(outputs, np.float32).reshape(len(outputs), -1),
    )


def _indices(experiment: Experiment, row: int, first: int, stop: int) -> Any:
    return np.array([experiment.vocabulary.index(each) for each in _row(experiment, row, 0)[first:stop]], np.int32)


def _shares(step: int, classes: int) -> list[float]:
    """The probability of what is said, and what is left over: each next one half of it, the last one all."""
    shares = [_LIKELIEST[step % len(_LIKELIEST)]] if classes > 1 else []
    while len(shares) < classes - 1:
        shares.append((1 - sum(shares)) / 2)
    return [*shares, 1 - sum(shares)]


def _states(experiment: Experiment, wanted: Wanted, first: int, stop: int) -> tuple[States, ...]:
    network = experiment.network
    units = range(min(network.hidden_size, wanted.units))

    def values(layer: int, direction: int) -> Floats:
        rows = [
            [h_value(unit, step, layer=layer, direction=direction, row=wanted.row) for step in range(first, stop)]
            for unit in units
        ]
        return np.array(rows, np.float32).reshape(len(units), max(0, stop - first))

    layers = range(wanted.layers[0], min(sum(wanted.layers), network.layers))
    return tuple(
        States(
            layer=layer,
            direction=direction,
            units=np.array(units, np.int32),
            h=h,
            c=2 * h if network.cell == "lstm" else None,
        )
        for layer in layers
        for direction in range(network.directions)
        for h in (values(layer, direction),)
    )


def _curve(losses: Any, step: float) -> Curve:
    values: NDArray[np.float64] = np.array(losses, np.float64)
    return Curve(x=np.array([n * step for n in range(1, len(values) + 1)], np.float64), low=values, high=values)


def _facts(experiment: Experiment, row: int) -> tuple[tuple[TensorFact, ...], tuple[Check, ...]]:
    network, rows, length = experiment.network, experiment.rows, experiment.length
    layers = network.layers * network.directions
    output = np.array(
        [[h_value(unit, step, row=row) for unit in range(experiment.output_size)] for step in range(length)],
        np.float32,
    )
    facts = (
        TensorFact(
            name="x",
            shape=(length, rows, len(experiment.vocabulary)),
            dimensions=("time", "batch", "features"),
        ),
        TensorFact(name="h_0", shape=(layers, rows, network.hidden_size), dimensions=("layers", "batch", "hidden")),
        TensorFact(
            name="output",
            shape=(length, rows, experiment.output_size),
            dimensions=("time", "batch", "hidden"),
            values=output,
        ),
        TensorFact(name="weight_ih_l0", shape=(network.hidden_size, len(experiment.vocabulary)), dimensions=()),
    )
    return facts, (
        Check(claim="output[-1] is h_n", holds=True, difference=0.0),
        Check(claim="every row alone gives the same", holds=False, difference=0.25),
    )
