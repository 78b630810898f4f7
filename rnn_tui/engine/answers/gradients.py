"""The vanishing and the exploding gradient: how the loss depends on every state, and what W_hh does to that."""

import math
from typing import NamedTuple

import torch
from msgspec.structs import replace
from torch import Tensor
from torch.linalg import vector_norm

from rnn_tui.engine.answers.logits import logits
from rnn_tui.engine.inspect.bptt import Adjoint, adjoints, loss_by_logits, measured_adjoints, through_head
from rnn_tui.engine.inspect.focus import Focus, floats
from rnn_tui.engine.inspect.observed_pass import ObservedPass
from rnn_tui.engine.inspect.spectral_radius import spectral_radius
from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.engine.training.losses import by_logits
from rnn_tui.protocol.inspect.gradients import GradientFlow, GradientsAsk, GradientsFacts, GradientWay, gradient_way

__all__ = ["gradients_facts"]

_NOT_LEARNT = "Nothing is learnt here, so there is no loss whose gradient could flow back through time."
_SO_FAR = "Only the loss of those fed so far is shown."
_WHOLE_LOSS = "The gradients that the script itself has computed, of its whole loss."
_SATURATED = 0.97  # of |h|: there tanh' is below 0.06


class _Norms(NamedTuple):
    h: Tensor  # (2, T) of L, of ℓ
    c: Tensor | None


@torch.no_grad()
def gradients_facts(focus: Focus, ask: GradientsAsk) -> GradientsFacts:
    """Return the norms of ∂L/∂h_t and ∂ℓ/∂h_t over the units of this row, for every layer and direction.

    L is the loss as training has it, of the steps fed so far; ℓ is the loss of the step `at`.
    """
    ask = replace(ask, at=max(0, focus.fed - 1)) if ask.at == -1 else ask
    observed = focus.observed
    layer, direction = focus.place(ask.layer, ask.direction)
    facts = GradientsFacts(first=focus.first, at=-1, layer=layer, direction=direction)
    if not observed.learns or not focus.fed:
        return replace(facts, note=focus.nothing if observed.learns else _NOT_LEARNT)
    if observed.given and observed.given.note:  # what reaches h_t from later steps goes through what is not known
        return replace(facts, note=observed.given.note)
    there = 0 <= ask.at < focus.fed
    if observed.segments:  # of L alone: what a single step's loss is, only the script knows
        there, found = False, measured_adjoints(observed.segments, focus.row, focus.layers)
        found = [[_with_none(each) for each in both] for both in found]
    else:
        found, _ = adjoints(focus.layers, _seeds(focus, ask.at if there else -1))
    norms = [[_norms(each) for each in both] for both in found]
    every = torch.cat([part.flatten() for both in norms for each in both for part in each if part is not None])
    finite = every[every.isfinite()]
    norm = _norm(observed) if observed.has_update else None
    clip = observed.experiment.training.clip
    return replace(
        facts,
        note="" if there else _WHOLE_LOSS if observed.segments else f"{focus.no_output(ask.at)} {_SO_FAR}",
        at=ask.at if there else -1,
        flows=tuple(
            _flow(focus, number, way, each, ask.at if there else None)
            for number, both in enumerate(norms)
            for way, each in enumerate(both)
        ),
        radius=_radius(focus.cell(layer, direction)) if observed.given is None else (),
        norm=norm,
        may_be_clipped=bool(observed.segments),
        clipped=norm * min(1.0, clip / (norm + 1e-6)) if clip and norm is not None else None,  # as torch clips
        peak=float(finite.amax()) if len(finite) else 0.0,
    )


def _seeds(focus: Focus, at: int) -> Tensor:
    """Return ∂L/∂h_t and ∂ℓ/∂h_t of the top layer directly through the head, (2, T, D*H).

    Zeros for the steps that have no output yet, and for the ℓ of step -1.
    """
    observed = focus.observed
    outputs = logits(focus)
    target = observed.dataset.y(0, focus.fed)[:, focus.row]
    smoothing = observed.experiment.training.label_smoothing
    wrong = by_logits(outputs, target, smoothing, first=observed.classes_from)
    seeds = wrong.new_zeros(2, focus.read, wrong.shape[-1])
    seeds[0, : focus.fed] = loss_by_logits(observed, outputs, target)
    if at >= 0:
        seeds[1, at] = wrong[at]
    return through_head(observed, seeds)


def _with_none(adjoint: Adjoint) -> Adjoint:
    """Add zeros in the place of ℓ, which is not known: (2, T, H)."""
    h, c = adjoint.h, adjoint.c
    return Adjoint(h=torch.cat((h, torch.zeros_like(h))), c=None if c is None else torch.cat((c, torch.zeros_like(c))))


def _norms(adjoint: Adjoint) -> _Norms:
    """Take norms over the units, in float64: the squares of what vanishes or explodes do not fit into float32."""

    h, c = adjoint.h.cpu().double(), None if adjoint.c is None else adjoint.c.cpu().double()
    return _Norms(vector_norm(h, dim=-1), None if c is None else vector_norm(c, dim=-1))


def _flow(focus: Focus, layer: int, direction: int, norms: _Norms, at: int | None) -> GradientFlow:
    """Return the facts of one layer and direction: arrays of the window, and each way through the whole sequence."""
    network = focus.observed.experiment.network
    whole, alone = norms.h
    whole_c, alone_c = (None, None) if norms.c is None else norms.c
    both = network.bidirectional and layer < network.layers - 1  # what lies above reads it from either side

    def ways(values: Tensor | None, at: int | None, sides: tuple[int, ...]) -> tuple[GradientWay, ...]:
        known = [] if values is None else values[: focus.reached].float().tolist()  # as the window has them
        return tuple(gradient_way(known, side, at) for side in sides) if known else ()

    mine, sides = (direction,), (0, 1) if both else (direction,)
    return GradientFlow(
        layer=layer,
        direction=direction,
        whole=floats(focus.window(whole)),
        alone=floats(focus.window(alone)),
        whole_c=None if whole_c is None else floats(focus.window(whole_c)),
        alone_c=None if alone_c is None else floats(focus.window(alone_c)),
        saturated=math.nan
        if focus.observed.given or network.kind.is_module
        else _saturated(focus.layers[layer][direction], focus.reached),
        slope=math.nan if focus.observed.given else _slope(focus.layers[layer][direction], focus.reached),
        whole_ways=ways(whole, None, mine),
        alone_ways=ways(alone, at, sides) if at is not None else (),
        whole_c_ways=ways(whole_c, None, mine),
        alone_c_ways=ways(alone_c, at, sides) if at is not None else (),
    )


def _radius(cell: UnrolledLayer) -> tuple[tuple[str, float], ...]:
    """Return the spectral radius of W_hh of each gate; a cell with weights of its own has no such matrix."""
    if cell.module is not None:
        return ()
    names = cell.kind.gate_names
    return tuple(zip(names, spectral_radius(torch.stack(cell.w_hh.chunk(len(names)))), strict=True))


def _saturated(cell: UnrolledLayer, steps: int) -> float:
    """Return the share of the states, over all units and the first steps, through which hardly any gradient flows back.

    NaN where some of them are not finite, and of a cell with equations of its own: its h may have no bound.
    """
    h = cell.h[:steps]
    if cell.module is not None or not h.isfinite().all():
        return math.nan
    stuck = h == 0 if cell.kind.gates[0].squash == "relu" else h.abs() > _SATURATED
    return stuck.float().mean().item()


def _slope(cell: UnrolledLayer, steps: int) -> float:
    """Return the mean derivative of the non-linearity over all units and the first steps; NaN for a gated cell."""
    h = cell.h[:steps]
    if cell.kind.is_gated or not h.isfinite().all():
        return math.nan
    slope = (h > 0).float() if cell.kind.gates[0].squash == "relu" else 1 - h * h
    return slope.mean().item()


def _norm(observed: ObservedPass) -> float:
    """Return ‖∂L/∂θ‖ over all weights, as the pass has left it; of accumulated gradients the norm of their average."""
    parts = [vector_norm(gradient) for gradient in observed.gradients() if gradient is not None]
    return float(vector_norm(torch.stack(parts))) if parts else 0.0
