"""The eigenvalues of the recurrence: of the Jacobian of a time step, and of W_hh.

A direction of the state in which the Jacobian ∂s_t/∂s_{t-1} has the eigenvalue λ is multiplied by λ in this step: it
shrinks where |λ| < 1, grows where |λ| > 1, and turns by arg λ. A cell's own equations are differentiated, whatever they
are; s is h, or (h, c).
"""

import torch
from torch import Tensor

from rnn_tui.common.wording import step_name
from rnn_tui.engine.inspect.focus import NOT_FED, Focus, floats
from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.engine.network.cells import State, parts
from rnn_tui.protocol.inspect.eigenvalues import EigenvaluesAsk, EigenvaluesFacts, Spectrum

__all__ = ["eigenvalues_facts", "jacobian"]

_MOST = 256  # numbers of a state: the eigenvalues of so many take about 50 ms


def eigenvalues_facts(focus: Focus, ask: EigenvaluesAsk) -> EigenvaluesFacts:
    """Return the eigenvalues of the matrix that was asked for; the Jacobian where there is no such matrix."""
    layer, direction = focus.place(ask.layer, ask.direction)
    begin, end = focus.known(layer, direction)
    step = focus.newest(layer, direction) if ask.step == -1 else min(max(ask.step, 0), focus.observed.length - 1)
    found: Spectrum | str
    given = focus.observed.given
    if given is not None:
        found = given.note or "What a step of this cell computes, only its script knows."
    elif not begin <= step < end:
        found = f"{step_name(step)} has not been fed yet." if focus.fed else NOT_FED
    else:
        found = _spectrum_of(focus.cell(layer, direction).part(step, step + 1), ask.matrix, step)
    return EigenvaluesFacts(
        note=found if isinstance(found, str) else "",
        step=step,
        layer=layer,
        direction=direction,
        spectrum=None if isinstance(found, str) else found,
    )


def _spectrum_of(cell: UnrolledLayer, matrix: int, step: int) -> Spectrum | str:
    """Return the spectrum of one matrix of a pass of one step, or why there is none."""
    names = cell.kind.gate_names if cell.module is None else ()
    gate = matrix - 1 if 0 < matrix <= len(names) else -1
    size = cell.h.shape[-1] + (0 if cell.c_0 is None or gate >= 0 else cell.c_0.shape[-1])
    if size > _MOST:
        return f"A matrix of {size:,} × {size:,} is too large for its eigenvalues; v shows the largest of W_hh."
    if gate >= 0:
        return _spectrum(f"W_h{names[gate]}" if len(names) > 1 else "W_hh", cell.w_hh.chunk(len(names))[gate])
    state = "h" if cell.c_0 is None else "(h, c)"
    return _spectrum(f"∂{state}/∂{state} of {step_name(step)}", jacobian(cell))


def jacobian(cell: UnrolledLayer) -> Tensor:
    """Return ∂s_t/∂s_{t-1} (S, S) of a pass of one step, of one row: s is h (H,), and c after it if there is one.

    S copies of the row go through the step at once; each has one number of the new state differentiated.
    """
    before = [each for each in (cell.h_0, cell.c_0) if each is not None]
    size = sum(len(each) for each in before)
    copies = [each.detach().expand(size, -1).clone().requires_grad_() for each in before]
    with torch.enable_grad():
        state: State = copies[0] if len(copies) == 1 else (copies[0], copies[1])
        after = torch.cat(parts(cell.step(cell.x.detach().expand(size, -1), state)), -1)  # (S, S)
        found = torch.autograd.grad(after.diagonal().sum(), copies, allow_unused=True, materialize_grads=True)
    return torch.cat(found, -1)


def _spectrum(name: str, matrix: Tensor) -> Spectrum:
    matrix = matrix.detach().cpu().double()
    if not matrix.isfinite().all():
        nothing = floats(torch.full((len(matrix),), torch.nan))
        return Spectrum(name=name, real=nothing, imaginary=nothing)
    values = torch.linalg.eigvals(matrix)
    values = values[values.abs().argsort(descending=True)]
    return Spectrum(name=name, real=floats(values.real.float()), imaginary=floats(values.imag.float()))
