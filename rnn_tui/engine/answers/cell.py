"""One cell at one time step in numbers: everything that goes into h_t, and what comes out."""

import numpy as np
import torch
from msgspec.structs import replace
from torch import Tensor

from rnn_tui.common.wording import step_name
from rnn_tui.engine.inspect.cell_source import source_of
from rnn_tui.engine.inspect.compare import compare
from rnn_tui.engine.inspect.focus import NOT_FED, Focus, floats, sampled
from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.engine.network.single_layers import largest_finite
from rnn_tui.protocol.arrays import Floats, Integers
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts, Compared, GateTerms

__all__ = ["cell_facts"]

_PRODUCTS = 5e7  # of weights with numbers: what the equations written out may take

_OWN_EQUATIONS = "The equations of this cell are the script's own; the gates (g) show what each of its parts returns."


@torch.no_grad()
def cell_facts(focus: Focus, ask: CellAsk) -> CellFacts:
    """Return the equations of one cell, term by term; a place that does not exist becomes the nearest.

    A step that this layer has not come to has a note instead. There is room for `ask.features` columns of W_ih, and as
    many of W_hh.
    """
    network = focus.observed.experiment.network
    size = network.hidden_size
    layer, direction = focus.place(ask.layer, ask.direction)
    step = focus.newest(layer, direction) if ask.step == -1 else min(max(ask.step, 0), focus.observed.length - 1)
    unit = min(max(ask.unit, 0), size - 1)
    begin, end = focus.known(layer, direction)
    given = focus.observed.given
    if given:
        return replace(_nothing(focus, layer, direction, step, unit), note=given.note or _OWN_EQUATIONS)
    if not begin <= step < end:
        return _nothing(focus, layer, direction, step, unit)

    cell = focus.cell(layer, direction).part(step, step + 1)
    x, h_before = cell.x[0], cell.h_0
    one_hot = layer == 0 and not network.embedding and not focus.observed.experiment.is_numbers
    features = sampled(len(x), ask.features, int(x.argmax()) if one_hot else 0)
    units = sampled(size, ask.units, unit)
    states = sampled(size, ask.features, unit)
    mine = _index(units, x.device)
    return CellFacts(
        step=step,
        layer=layer,
        direction=direction,
        unit=unit,
        character=int(focus.observed.dataset.characters[step, focus.row]),
        input_size=len(x),
        hidden_size=size,
        features=features,
        units=units,
        states=states,
        x=floats(x[_index(features, x.device)]),
        h_before=floats(h_before[_index(states, x.device)]),
        h_before_units=floats(h_before[mine]),
        c_before=None if cell.c_0 is None else floats(cell.of_units(cell.c_0)[mine]),
        gates=_terms(cell, mine, _index(features, x.device), _index(states, x.device)),
        c=None if cell.c is None else floats(cell.of_units(cell.c)[0, mine]),
        source="" if cell.module is None else source_of(cell.module, cell.kind),
        h=floats(cell.h[0, mine]),
        matrix=_matrix(cell, mine, _index(states, x.device)),
        compared=_compared(focus, layer, direction, step, mine) if ask.compare and cell.module is None else None,
        largest_w=largest_finite(cell.w_ih, cell.w_hh),
        largest_sum=_largest_sum(cell),
        largest_held=largest_finite(x, h_before, cell.h),
        largest_c=_largest_c(cell),
    )


def _compared(focus: Focus, layer: int, direction: int, step: int, units: Tensor) -> Compared:
    """Compute the same from the written-out equations, and how far they are from the modules up to this step.

    Large networks begin some steps before it, with the states that the modules had there.
    """
    steps = min(step + 1, max(1, int(_PRODUCTS / focus.observed.experiment.weights)))
    fused = [[cell.part(step + 1 - steps, step + 1) for cell in both] for both in focus.layers]
    written = compare(fused)
    pairs = [pair for both, other in zip(fused, written, strict=True) for pair in zip(both, other, strict=True)]
    apart = [(cell.h - h).abs().max() for cell, (h, _) in pairs]
    apart += [(cell.c - c).abs().max() for cell, (_, c) in pairs if cell.c is not None and c is not None]
    h, c = written[layer][direction]
    return Compared(
        h=floats(h[-1, units]),
        c=None if c is None else floats(c[-1, units]),
        difference=float(torch.stack(apart).max()),
        steps=steps,
    )


def _matrix(cell: UnrolledLayer, units: Tensor, columns: Tensor) -> Floats | None:
    """Return the state of a cell whose state is a matrix, some of its rows and columns."""
    if cell.kind.memory != "H" or cell.c is None:
        return None
    size = cell.h.shape[-1]
    return floats(cell.c[0].reshape(size, size)[units][:, columns])


def _largest_c(cell: UnrolledLayer) -> float:
    both = [each for each in (cell.c_0, cell.c) if each is not None]
    return largest_finite(*map(cell.of_units, both)) if both else 0.0


def _largest_sum(cell: UnrolledLayer) -> float:
    if cell.module is not None:
        return largest_finite(*cell.gates.values())
    return largest_finite(cell.from_input, cell.b_ih, cell.from_state, cell.b_hh, *cell.totals.values())


def _terms(cell: UnrolledLayer, units: Tensor, features: Tensor, states: Tensor) -> tuple[GateTerms, ...]:
    """Return each gate of a pass of one step, for some units, and for some columns of the matrices.

    Of a cell that is a module its parts have values alone: what they are made of is its author's.
    """
    if cell.module is not None:
        none = np.zeros(0, np.float32)
        matrix = np.zeros((0, 0), np.float32)
        terms_of = {"from_input": none, "b_ih": none, "from_state": none, "b_hh": none, "total": none}
        return tuple(
            GateTerms(
                name=gate.name,
                squash=gate.squash,
                w_ih=matrix,
                w_hh=matrix,
                **terms_of,
                value=floats(cell.gates[gate.name][0, units]),
            )
            for gate in cell.kind.gates
            if gate.name in cell.gates
        )
    size = cell.h.shape[-1]
    terms = []
    for number, gate in enumerate(cell.kind.gates):
        rows = number * size + units
        terms.append(
            GateTerms(
                name=gate.name,
                squash=gate.squash,
                w_ih=floats(cell.w_ih[rows][:, features]),
                from_input=floats(cell.from_input[0, rows]),
                b_ih=floats(cell.b_ih[rows]),
                w_hh=floats(cell.w_hh[rows][:, states]),
                from_state=floats(cell.from_state[0, rows]),
                b_hh=floats(cell.b_hh[rows]),
                total=floats(cell.totals[gate.name][0, units]),
                value=floats(cell.gates[gate.name][0, units]),
            )
        )
    return tuple(terms)


def _nothing(focus: Focus, layer: int, direction: int, step: int, unit: int) -> CellFacts:
    experiment = focus.observed.experiment
    network = experiment.network
    none, nowhere = np.zeros(0, np.float32), np.zeros(0, np.int32)
    has_c = network.kind.has_c
    return CellFacts(
        note=_not_there(focus, step),
        step=step,
        layer=layer,
        direction=direction,
        unit=unit,
        character=int(focus.observed.dataset.characters[step, focus.row]),
        input_size=network.hidden_size * network.directions if layer else experiment.input_size,
        hidden_size=network.hidden_size,
        features=nowhere,
        units=nowhere,
        states=nowhere,
        x=none,
        h_before=none,
        h_before_units=none,
        c_before=none if has_c else None,
        c=none if has_c else None,
        h=none,
    )


def _not_there(focus: Focus, step: int) -> str:
    if focus.motion is not None:
        return f"{step_name(step)} has not been computed yet in this layer."
    return f"{step_name(step)} has not been fed yet." if focus.fed else NOT_FED


def _index(chosen: Integers, device: torch.device) -> Tensor:
    return torch.from_numpy(chosen.astype(np.int64)).to(device)
