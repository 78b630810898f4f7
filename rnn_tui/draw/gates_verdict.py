"""Gates in words: whether the state is kept, how fast it fades, and which gate turns at which time step.

Half of what decays by a factor f at each step is left after ln ½ / ln f steps.
"""

import math
from collections.abc import Callable

from rnn_tui.draw.kit.numbers import compact
from rnn_tui.draw.kit.text_fit import first_that_fits
from rnn_tui.protocol.inspect.gates import GatesFacts, GateSummary

__all__ = ["told"]

_OPEN, _SHUT = 0.9, 0.1  # from which mean on all units are as good as open, or shut
_TURN = 0.2  # a change of the mean from one step to the next that is worth a word
_NAMES = {"i": "input i", "f": "forget f", "o": "output o", "r": "reset r", "z": "update z"}


def told(facts: GatesFacts, room: int) -> str:
    """Return a sentence of at most `room` cells about all units in the whole sequence so far; empty: there is none."""
    gates = {gate.name: gate.summary for gate in facts.gates if gate.summary is not None}
    if not all(math.isfinite(value) for each in gates.values() for value in (each.mean, each.size, each.turn)):
        return ""
    about: Callable[[dict[str, GateSummary]], tuple[str, ...]] | None = None
    if {"i", "f", "g", "o"} <= gates.keys():
        about = _lstm
    elif {"r", "z"} <= gates.keys():
        about = _gru
    elif "h'" in gates:
        about = _rnn
    if about is None:
        return ""
    forms, turn = about(gates), _turn(gates)
    both = [f"{each}; {turn}" for each in forms if turn]
    return first_that_fits((*both, *forms), room)


def _lstm(gates: dict[str, GateSummary]) -> tuple[str, ...]:
    keeps, takes = gates["f"].mean, gates["i"].mean
    values = f"f {_share(keeps)}, i {_share(takes)}"
    if keeps >= _OPEN and takes >= _OPEN:
        more = compact(takes * gates["g"].size, 2)
        return (
            f"forget and input near 1 ({values}): c keeps all and adds about ±{more} a step: it counts",
            f"f and i near 1: c keeps all and adds ±{more} a step",
        )
    if keeps >= _OPEN and takes <= _SHUT:
        return (f"forget near 1, input near 0 ({values}): c stays as it is", "f near 1, i near 0: c stays")
    return _fading("c", "forget f", keeps)


def _gru(gates: dict[str, GateSummary]) -> tuple[str, ...]:
    keeps = gates["z"].mean
    if keeps >= _OPEN:
        return (f"update near 1 (z {_share(keeps)}): h stays almost as it is", "z near 1: h stays")
    return _fading("h", "update z", keeps)


def _rnn(gates: dict[str, GateSummary]) -> tuple[str, ...]:
    through = gates["h'"].mean
    saturated = ": most units are saturated" if through < _SHUT else ""
    return (
        f"On average {_share(through)} of a gradient gets through the non-linearity at each step{saturated}",
        f"{_share(through)} of a gradient gets through at each step",
    )


def _fading(state: str, gate: str, keeps: float) -> tuple[str, ...]:
    """Return the forms for a state of which a share is kept at each step."""
    letter = gate[-1]
    if keeps <= 0.5:
        return (
            f"{gate} {_share(keeps)} on average: more than half of {state} is gone after each step",
            f"{letter} {_share(keeps)}: half of {state} is gone at once",
        )
    steps = round(math.log(0.5) / math.log(min(keeps, 0.9999)))
    after = f"{max(steps, 1)} step{'s' * (steps > 1)}"
    return (
        f"{gate} {_share(keeps)} on average: half of what {state} holds is left after about {after}",
        f"{letter} {_share(keeps)}: half of {state} is left after {after}",
    )


def _turn(gates: dict[str, GateSummary]) -> str:
    """Return which gate changes most from one step to the next, if any does so much."""
    name = max((each for each in gates if each in _NAMES), key=lambda each: abs(gates[each].turn), default="")
    if not name or abs(gates[name].turn) < _TURN:
        return ""
    return f"{_NAMES[name]} {'opens' if gates[name].turn > 0 else 'closes'} most at t={gates[name].turn_at}"


def _share(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")
