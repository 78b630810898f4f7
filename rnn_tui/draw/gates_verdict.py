"""Gates in words: how much of a state is left at the end, in how many units, and which gate turns at which time step.

All of it is of the whole sequence, and exact: what is left is the product of a gate over the time steps.
"""

import math
from collections.abc import Sequence

from rnn_tui.common.wording import step_name
from rnn_tui.draw.gate_means import gate_name
from rnn_tui.draw.kit.numbers import compact, percent, probability
from rnn_tui.draw.kit.text_fit import first_that_fits
from rnn_tui.protocol.inspect.gates import KEEPS, SLOPE, GatesFacts, GateSummary, GateValues

__all__ = ["told"]

_OPEN, _SHUT = 0.9, 0.1  # means from which on a gate is as good as open, or shut
_TURN = 0.2  # a change of the mean from one step to the next that is worth a word

Summaries = dict[str, GateSummary]


def told(facts: GatesFacts, room: int) -> str:
    """Return a sentence of at most `room` cells about all units in the whole sequence so far; empty: there is none."""
    gates = {gate.name: gate.summary for gate in facts.gates if gate.summary is not None}
    if not all(math.isfinite(each.mean) and math.isfinite(each.size) for each in gates.values()):
        return ""
    keeping = next((gate for gate in facts.gates if gate.keeps and gate.summary is not None), None)
    if keeping is not None and {"i", "f", "g"} <= gates.keys():
        forms = _lstm(gates, facts.hidden_size)
    elif keeping is not None:
        forms = _left(keeping.keeps, gates[keeping.name], facts.hidden_size)
    elif SLOPE in gates:
        forms = _plain(gates[SLOPE])
    else:
        forms = ()
    turns = _turn(facts.gates)
    both = [f"{turn}; {form[0].lower()}{form[1:]}" for turn in turns for form in forms]
    return first_that_fits((*both, *forms, *turns), room)


def _lstm(gates: Summaries, units: int) -> tuple[str, ...]:
    f, i = gates["f"], gates["i"]
    if f.begin == f.end or f.left < KEEPS:
        return _left("c", f, units)
    kept = f"c keeps {percent(f.left)} of its value from {step_name(f.begin)} to {step_name(f.end)}"
    if i.mean >= _OPEN:
        more = compact(i.mean * gates["g"].size, 2)
        return (f"{kept} and adds about ±{more} a step: it counts", f"c keeps all and adds ±{more} a step: it counts")
    if i.mean <= _SHUT:
        return (f"{kept}, and input is near 0 (i {probability(i.mean, 3)}): it stays as it is", "c stays as it is")
    return _left("c", f, units)


def _left(state: str, gate: GateSummary, units: int) -> tuple[str, ...]:
    """Return the forms for how much of a state the gate that keeps it has left at the end."""
    if gate.begin == gate.end:
        return ()
    share = percent(gate.left) if gate.left >= 0.005 else "under 1 %"
    average = f"a unit of {state} keeps {share} of its value at {step_name(gate.begin)} until {step_name(gate.end)}"
    many = f"{gate.keeping} of {units} units {'keeps' if gate.keeping == 1 else 'keep'}"
    return (
        f"On average {average}; {many} {percent(KEEPS)} or more",
        f"{average.capitalize()}; {many} {percent(KEEPS)}",
        f"{state} keeps {share} from {step_name(gate.begin)} to {step_name(gate.end)}; {many} {percent(KEEPS)}",
        average.capitalize(),
        f"{state} keeps {share} until {step_name(gate.end)}",
    )


def _plain(slope: GateSummary) -> tuple[str, ...]:
    """Return the forms for a network without gates: how much of a gradient gets through its non-linearity."""
    share = probability(slope.mean, 3)
    rest = ": most of it is lost" if slope.mean < _SHUT else ""
    return (
        f"On average {share} of a gradient gets through the non-linearity at each step{rest}",
        f"{share} of a gradient gets through at each step",
    )


def _turn(gates: Sequence[GateValues]) -> tuple[str, ...]:
    """Return the forms for which gate changes most from one step to the next, if any does so much."""
    shares = [gate for gate in gates if gate.name != SLOPE and not gate.signed]
    turns = [(gate.summary, gate_name(gate)) for gate in shares if gate.summary is not None]
    if not turns:
        return ()
    summary, name = max(turns, key=lambda each: abs(each[0].turn))
    if abs(summary.turn) < _TURN:
        return ()
    verb = "opens" if summary.turn > 0 else "closes"
    at = step_name(summary.turn_at)
    return (f"◆ {name} changes most: it {verb} at {at}", f"◆ {name} {verb} at {at}")
