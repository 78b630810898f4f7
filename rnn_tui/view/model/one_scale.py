"""Frames of several runs on one scale, so that the same colour or height is the same number in all of them.

A pane fits its scale to the largest value that its frame names; here every frame names the largest of all.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from rnn_tui.draw.gradients.series import count_series
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame import Curve, States
from rnn_tui.protocol.inspect import Answer
from rnn_tui.protocol.inspect.gates import GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsFacts
from rnn_tui.view.model.beside import Beside
from rnn_tui.view.model.side_run import SideRun

__all__ = ["beside_of", "on_one_scale"]


def on_one_scale(frames: Sequence[Frame]) -> list[Frame]:
    """Return the frames with the largest state, gate value and gradient of all of them in each."""
    states = [each for frame in frames for each in frame.states]
    largest_h = max((each.largest_h for each in states), default=0.0)
    largest_c = max((each.largest_c for each in states), default=0.0)
    answers = [answer for frame in frames for answer in frame.inside]
    peak = max((each.peak for each in answers if isinstance(each, GradientsFacts)), default=0.0)
    gates: dict[str, float] = {}
    for facts in answers:
        for gate in facts.gates if isinstance(facts, GatesFacts) else ():
            gates[gate.name] = max(gates.get(gate.name, 0.0), gate.largest)
    return [
        replace(
            frame,
            states=tuple(_state(each, largest_h, largest_c) for each in frame.states),
            inside=tuple(_answer(each, gates, peak) for each in frame.inside),
        )
        for frame in frames
    ]


def beside_of(runs: Sequence[SideRun], run: SideRun) -> Beside:
    """Return what a run shares with those beside it: of losses, with those that are measured as its own are."""
    answers = [answer for each in runs if each.frame for answer in each.frame.inside]
    alike = [each for each in runs if each.frame and each.opened and each.measure == run.measure]
    curves = [curve for each in alike if each.charted for curve in _curves(each.charted)]
    lows = [curve.low[np.isfinite(curve.low) & (curve.low > 0)] for curve in curves]
    highs = [curve.high[np.isfinite(curve.high)] for curve in curves]
    opened = [each.opened for each in alike if each.opened]
    levels = {level for each in opened for level in (each.experiment.floor, each.guessing) if level is not None}
    return Beside(
        series=max((count_series(each) for each in answers if isinstance(each, GradientsFacts)), default=0),
        lowest=min((float(each.min()) for each in lows if each.size), default=None),
        highest=max((float(each.max()) for each in highs if each.size), default=None),
        levels=tuple(sorted(levels)),
    )


def _curves(frame: Frame) -> list[Curve]:
    """Return the curves that a chart of the loss draws of a frame."""
    held_out = None if frame.held_out is None else frame.held_out.curve
    return [each for each in (frame.curve, frame.characters, held_out) if each is not None]


def _state(state: States, largest_h: float, largest_c: float) -> States:
    return replace(state, largest_h=largest_h, largest_c=largest_c)


def _answer(answer: Answer, gates: dict[str, float], peak: float) -> Any:
    match answer:
        case GatesFacts():
            return replace(answer, gates=tuple(replace(gate, largest=gates[gate.name]) for gate in answer.gates))
        case GradientsFacts():
            return replace(answer, peak=peak)
    return answer
