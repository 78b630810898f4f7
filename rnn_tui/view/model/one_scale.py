"""Frames of several runs on one scale, so that the same colour or height is the same number in all of them.

A pane fits its scale to the largest value that its frame names; here every frame names the largest of all.
"""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame import States
from rnn_tui.protocol.inspect import Answer
from rnn_tui.protocol.inspect.gates import GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsFacts

__all__ = ["on_one_scale"]


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


def _state(state: States, largest_h: float, largest_c: float) -> States:
    return replace(state, largest_h=largest_h, largest_c=largest_c)


def _answer(answer: Answer, gates: dict[str, float], peak: float) -> Any:
    match answer:
        case GatesFacts():
            return replace(answer, gates=tuple(replace(gate, largest=gates[gate.name]) for gate in answer.gates))
        case GradientsFacts():
            return replace(answer, peak=peak)
    return answer
