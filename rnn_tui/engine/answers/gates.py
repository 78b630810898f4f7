"""The gates of one layer over time: what a cell lets through, what it keeps, and what it takes in."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rnn_tui.engine.answers.unit_choice import choose_units
from rnn_tui.engine.inspect.bptt import slope
from rnn_tui.engine.inspect.focus import Focus, floats, sampled
from rnn_tui.engine.inspect.observed_pass import GivenStates
from rnn_tui.engine.inspect.recompute import recompute
from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.engine.network.single_layers import largest_finite
from rnn_tui.experiment.cell_kinds import Gate
from rnn_tui.protocol.arrays import Floats, Integers
from rnn_tui.protocol.inspect.gates import KEEPS, SLOPE, GatesAsk, GatesFacts, GateSummary, GateValues, UnitOrder

__all__ = ["gates_facts"]

_SLOPES = {  # of a plain RNN, by its squash: how a gradient gets through it, and the same in a note
    "tanh": ("how much of a gradient gets through: 1 − h²", "1 − h²"),
    "relu": ("whether a gradient gets through: 1 or 0", "1 or 0"),
}
_OWN_PARTS = "The equations of this cell are the script's own: here is what each of its parts returns."
_ONE_ROW = "The batch has one row: there is nothing to compare, so the units stand in order of number."
_NO_GATES = "A plain RNN has no gates: here are its sum a, and how much of a gradient gets through it, "


@torch.no_grad()
def gates_facts(focus: Focus, ask: GatesAsk) -> GatesFacts:
    """Return the gates asked for, of the steps in the window that this layer has come to; as many units as fit.

    In the order "rows" they are those that differ most between the rows, the most first: a unit that carries what was
    read long ago is among them.
    """
    network = focus.observed.experiment.network
    kind, given = network.kind, focus.observed.given
    layer, direction = focus.place(ask.layer, ask.direction)
    begin, end = focus.known(layer, direction)
    first = max(focus.first, min(begin, focus.stop))  # of a sweep from the right that is under way
    stop = max(first, min(focus.stop, end))
    units, spread, at = sampled(network.hidden_size, ask.units, ask.unit), None, -1
    order: UnitOrder = "number"
    note = (
        (given.note or _OWN_PARTS)
        if given
        else ""
        if kind.is_gated
        else f"{_NO_GATES}{_SLOPES[kind.gates[0].squash][1]}."
    )
    if ask.order == "rows" and focus.observed.dataset.rows == 1:
        note = f"{_ONE_ROW} {note}".rstrip()
    elif ask.order == "rows" and end:
        at = ask.at if begin <= ask.at < end else focus.newest(layer, direction)
        every = _spread(focus, layer, direction, at)
        units = np.argsort(-every, kind="stable")[: max(1, ask.units)].astype(np.int32)  # what is no number comes last
        spread, order = every[units], "rows"
    elif len(units) < network.hidden_size and end > begin and given is None:
        cell = focus.cell(layer, direction)
        key = (focus.row, layer, direction, network.hidden_size)
        choice = choose_units(
            (cell.h if cell.c is None else cell.of_units(cell.c))[begin:end],
            len(units),
            focus.memory.setdefault("gates", {}),
            key,
            bounded=False,
        )
        units, order = _with_selected(choice.units, ask.unit, network.hidden_size), choice.order
    gates: tuple[GateValues, ...] = ()
    if end:
        chosen = torch.from_numpy(units).long().to(focus.observed.device)
        gates = tuple(
            GateValues(
                name=each.name,
                about=each.about,
                word=each.gate.word,
                opened=each.gate.opened,
                shut=each.gate.shut,
                keeps=each.gate.keeps,
                signed=each.is_signed,
                values=floats(each.values[first:stop].index_select(1, chosen).T),
                largest=1.0 if each.is_bounded else largest_finite(each.values[begin:end]),
                summary=_summary(each.values[begin:end], begin, direction, rest=each.gate.rest),
                means=floats(each.values[first:stop].mean(1)),
            )
            for each in (_parts_of(given, focus.row) if given is not None else _shown(focus.cell(layer, direction)))
        )
    return GatesFacts(
        note=note if end else focus.nothing,
        layer=layer,
        direction=direction,
        hidden_size=network.hidden_size,
        first=first,
        order=order,
        at=at,
        units=units,
        spread=spread,
        gates=gates,
    )


def _with_selected(units: Integers, selected: int, size: int) -> Integers:
    """Return the units with the selected one among them: in the last place, if it has none."""
    selected = min(max(selected, 0), size - 1)
    return units if selected in units else np.array([*units[:-1], selected], np.int32)


class _Shown(NamedTuple):
    """One heatmap."""

    name: str
    about: str
    values: Tensor  # (T, H)
    is_signed: bool
    is_bounded: bool = True
    gate: Gate = Gate(name="", squash="")  # what there is to say of it


def _summary(values: Tensor, begin: int, direction: int, *, rest: bool) -> GateSummary:
    """Sum up the values of a gate, (F, H), whose leftmost time step is `begin`, in the order in which it reads.

    `rest`: 1 − gate is what keeps.
    """
    steps = range(begin, begin + len(values))
    if direction:
        values, steps = values.flip(0), steps[::-1]
    means, left = values.mean(1), (1 - values if rest else values)[1:].prod(0)
    turns = means.diff()
    at = int(turns.abs().argmax()) if len(turns) else -1
    return GateSummary(
        mean=float(means.mean()),
        size=float(values.abs().mean()),
        begin=steps[0],
        end=steps[-1],
        turn=float(turns[at]) if len(turns) else 0.0,
        turn_at=steps[at + 1] if len(turns) else -1,
        left=float(left.mean()),
        keeping=int((left >= KEEPS).sum()),
    )


def _parts_of(given: GivenStates, row: int) -> list[_Shown]:
    """Return what the parts of a cell with equations of its own return."""
    return [_Shown(name, "what it returns", values[:, row], True, False) for name, values in given.gates.items()]


def _shown(cell: UnrolledLayer) -> list[_Shown]:
    """Return the gates and the c of a layer; of a plain RNN the sum and the slope of its non-linearity."""
    if not cell.kind.is_gated:
        (gate,) = cell.kind.gates
        total = _Shown("a", f"the sum that goes into {gate.squash}", cell.totals[gate.name], True, False)
        return [total, _Shown(SLOPE, _SLOPES[gate.squash][0], slope(cell), False)]
    gates = [
        _Shown(each.name, each.about, cell.gates[each.name], each.is_signed, bool(each.squash), each)
        for each in cell.kind.gates
        if each.name in cell.gates
    ]
    return gates if cell.c is None else [*gates, _Shown("c", cell.kind.about_c, cell.of_units(cell.c), True, False)]


def _spread(focus: Focus, layer: int, direction: int, at: int) -> Floats:
    """Return how far the rows of the batch differ in each unit, (H,): the standard deviation of its state at a step.

    The state is h, and in an LSTM tanh(c): what o can show of c. A cell that only counts has a large c in every row, so
    that rows differ a lot there although no later step can tell them apart any more.
    """
    observed = focus.observed
    steps = focus.whole_read if observed.experiment.network.bidirectional else at + 1
    states = recompute(observed, steps, layers=layer + 1)[layer].directions[direction]
    rows = states.h[at] if states.c is None else states.of_units(states.c[at]).tanh()  # (N, H)
    there = torch.tensor([observed.dataset.steps(row) > at for row in range(len(rows))], device=rows.device)
    rows = rows[there]  # others have ended: there is only padding
    return floats(rows.std(0, correction=0))
