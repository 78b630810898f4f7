"""The gates of one layer over time: what a cell lets through, what it keeps, and what it takes in."""

import numpy as np
import torch
from torch import Tensor

from rnn_tui.engine.inspect.bptt import slope
from rnn_tui.engine.inspect.focus import Sight, floats, sampled
from rnn_tui.engine.inspect.recompute import recompute
from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.engine.network.single_layers import largest_finite
from rnn_tui.protocol.inspect import Floats, Gate, GatesAsk, GatesFacts

__all__ = ["gates_facts"]

_ABOUT = {
    "lstm": {
        "i": "how much of g is let in",
        "f": "how much of c is kept",
        "g": "what there is to let in",
        "o": "how much of c is shown",
        "c": "the memory: f·c + i·g",
    },
    "gru": {
        "r": "how much of h n may see",
        "z": "how much of h is kept",
        "n": "what takes the place of the rest",
    },
    "rnn": {
        "a": "the sum that goes into tanh",
        "h'": "how much of a gradient gets through: 1 − h²",
    },
    "rnn-relu": {
        "a": "the sum that goes into relu",
        "h'": "whether a gradient gets through: 1 or 0",
    },
}
_SIGNED = {"g", "c", "n", "a"}
_UNBOUNDED = {"c", "a"}
_ONE_ROW = "The batch has one row: there is nothing to compare, so the units stand in order of number."
_NO_GATES = "A plain RNN has no gates: here are its sum a, and how much of a gradient gets through it, "


@torch.no_grad()
def gates_facts(sight: Sight, ask: GatesAsk) -> GatesFacts:
    """The gates that were asked for, of the steps in the window that this layer has come to; units as many as fit.

    By "rows" they are those that tell the rows apart, the most first: who carries what came long ago is among them.
    """
    network = sight.trainer.experiment.network
    layer, direction = sight.place(ask.layer, ask.direction)
    begin, end = sight.known(layer, direction)
    first = max(sight.first, min(begin, sight.stop))  # of a sweep from the right that is under way
    stop = max(first, min(sight.stop, end))
    units, spread, at = sampled(network.hidden_size, ask.units, ask.unit), None, -1
    note = {"rnn": f"{_NO_GATES}1 − h².", "rnn-relu": f"{_NO_GATES}1 or 0."}.get(network.cell, "")
    if ask.order == "rows" and sight.trainer.task.rows == 1:
        note = f"{_ONE_ROW} {note}".rstrip()
    elif ask.order == "rows" and end:
        at = ask.at if begin <= ask.at < end else sight.newest(layer, direction)
        every = _spread(sight, layer, direction, at)
        units = np.argsort(-every, kind="stable")[: max(1, ask.units)].astype(np.int32)  # what is no number comes last
        spread = every[units]
    gates: tuple[Gate, ...] = ()
    if end:
        chosen = torch.from_numpy(units).long().to(sight.trainer.device)
        gates = tuple(
            Gate(
                name=name,
                about=_ABOUT[network.cell][name],
                signed=name in _SIGNED,
                values=floats(values[first:stop].index_select(1, chosen).T),
                largest=1.0 if name not in _UNBOUNDED else largest_finite(values[begin:end]),
            )
            for name, values in _values(sight.cell(layer, direction)).items()
        )
    return GatesFacts(
        note=note if end else sight.nothing,
        layer=layer,
        direction=direction,
        hidden_size=network.hidden_size,
        first=first,
        order="number" if spread is None else "rows",
        at=at,
        units=units,
        spread=spread,
        gates=gates,
    )


def _values(cell: UnrolledLayer) -> dict[str, Tensor]:
    """What is shown of a layer, (T, H) by its name."""
    if cell.cell in ("rnn", "rnn-relu"):
        return {"a": cell.totals["h"], "h'": slope(cell)}
    return cell.gates if cell.c is None else {**cell.gates, "c": cell.c}


def _spread(sight: Sight, layer: int, direction: int, at: int) -> Floats:
    """How far the rows of the batch are apart in each unit, (H,): the standard deviation of its state at a time step.

    That is h, and in an LSTM tanh(c): what o may show of c. A cell that only counts has a large c in every row, so that
    rows are far apart there that nobody can tell apart any more.
    """
    trainer = sight.trainer
    steps = sight.whole_read if trainer.experiment.network.bidirectional else at + 1
    states = recompute(trainer, steps, layers=layer + 1)[layer].directions[direction]
    rows = states.h[at] if states.c is None else states.c[at].tanh()  # (N, H)
    there = torch.tensor([trainer.task.steps(row) > at for row in range(len(rows))], device=rows.device)
    rows = rows[there]  # others have ended: there is only padding
    return floats(rows.std(0, correction=0))
