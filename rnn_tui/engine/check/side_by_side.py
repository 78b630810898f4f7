"""A cell and torch's, run side by side at one size: where they part first, and by how much."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from rnn_tui.engine.check.equations import Parts, Weights, state_of, step_in_parts
from rnn_tui.engine.check.placing import Placing, gradients, masked
from rnn_tui.engine.check.subject import Run, own_gradients, own_run, setting
from rnn_tui.engine.network.cells import State, map_state, parts
from rnn_tui.experiment.cell_kinds import CellKind

__all__ = ["Parting", "Sizes", "Trial", "differ", "draw_weights", "run_trial"]

_TOLERANCE = {torch.float64: 1e-8, torch.float32: 1e-4}  # of the largest number, or of 1
_FIELDS = {"W_h": "w_hh", "W_i": "w_ih", "b_i": "b_ih", "b_h": "b_hh"}


@dataclass(frozen=True)
class Sizes:
    """Of a trial."""

    inputs: int  # E
    units: int  # H
    rows: int  # N
    steps: int  # T


@dataclass(frozen=True)
class Parting:
    """The first place where the two differ, and the two numbers that lie furthest apart there."""

    part: str  # a gate, "c" or "h"; or what the gradient is of: "W_hn", "x", "h_0"
    step: int | None  # index; None: of no single time step
    row: int
    unit: int
    own: float
    torch: float
    is_gradient: bool = False  # then `step` is, going back in time, the first at which x has another
    is_cut: bool = False  # no gradient comes there at all
    agreeing: tuple[str, ...] = ()  # the parts that agree up to there, of those that the cell shows

    @property
    def by(self) -> float:
        """Return the distance of the two numbers."""
        return abs(self.own - self.torch)


@dataclass(frozen=True)
class Trial:
    """One size, and what came of it; `parting` is None where all agrees."""

    sizes: Sizes
    parting: Parting | None
    largest: float  # difference of any state or gradient, relative to the largest number, or to 1


def draw_weights(kind: CellKind, sizes: Sizes) -> Weights:
    """Return weights as torch draws them first, uniform in ±1/√H, gate by gate."""
    gates, units, bound = len(kind.gates), sizes.units, sizes.units**-0.5
    shapes = ((gates, units, sizes.inputs), (gates, units, units), (gates, units), (gates, units))
    return Weights(*(torch.empty(shape).uniform_(-bound, bound) for shape in shapes))


def differ(one: Tensor, other: Tensor) -> float:
    """Return the largest difference, relative to the largest number or to 1, as a multiple of what is allowed."""
    if not one.numel():
        return 0.0
    scale = max(1.0, float(other.detach().abs().max()))
    off = float((one - other).detach().abs().max()) / scale / _TOLERANCE[other.dtype]
    return off if math.isfinite(off) else math.inf  # NaN, which no comparison finds


def run_trial(kind: CellKind, cell: nn.Module, placing: Placing, sizes: Sizes) -> Trial:
    """Give both the same weights, input and first state, and compare. Raises CellError."""
    weights = masked(draw_weights(kind, sizes), placing)
    setting(cell, placing, weights)
    x = torch.randn(sizes.steps, sizes.rows, sizes.inputs, requires_grad=True)
    first = [torch.randn(sizes.rows, sizes.units, requires_grad=True) for _ in range(1 + kind.has_c)]
    state: State = (first[0], first[1]) if kind.has_c else first[0]
    own = own_run(kind, cell, x, state)
    reference = _reference(kind, weights, sizes)
    output, last = reference(x, map_state(state, lambda each: each[None]))
    with torch.no_grad():
        shown = _in_parts(kind, x, state, weights)
        for step, h in enumerate(output):
            shown[step]["h"] = h  # torch's own
        if kind.has_c:
            shown[-1]["c"] = last[1][0]
    largest, parting = _compare_states(kind, own, shown)
    if parting is None:
        pull = [torch.randn_like(each) for each in (*output, output[0])]  # of a loss, on each h and on the last c
        own_loss = _loss([parts(each)[0] for each in own.states], parts(own.states[-1]), pull)
        loss = _loss([*output], (output[-1], last[1][0]) if kind.has_c else (output[-1],), pull)
        named = dict(cell.named_parameters())
        found = own_gradients(own_loss, [x, *first, *(named[each.name] for each in placing.parameters)])
        wanted = [*torch.autograd.grad(loss, [x, *first, *reference.parameters()])]
        before = 1 + len(first)
        by_gates = Weights(*(each.reshape(len(kind.gates), sizes.units, -1) for each in wanted[before:]))
        more, parting = _compare_gradients(
            kind,
            [_zeros_where_none(mine, right) for mine, right in zip(found[:before], [x, *first], strict=True)],
            wanted[:before],
            gradients(placing, found[before:], weights),
            masked(replace(by_gates, b_ih=by_gates.b_ih[..., 0], b_hh=by_gates.b_hh[..., 0]), placing),
        )
        largest = max(largest, more)
    return Trial(sizes, parting, largest * _TOLERANCE[output.dtype])


def _loss(states: list[Tensor], last: tuple[Tensor, ...], pull: list[Tensor]) -> Tensor:
    """Return a loss that reads all h, and the last c where there is one."""
    read = [*states, *last[1:]]
    return torch.stack([(each * some).sum() for each, some in zip(read, pull, strict=False)]).sum()


def _zeros_where_none(gradient: Tensor | None, like: Tensor) -> Tensor:
    """Return a gradient, zeros where there is none."""
    return torch.zeros_like(like) if gradient is None else gradient


def _reference(kind: CellKind, weights: Weights, sizes: Sizes) -> nn.RNNBase:
    """Build torch's module with these weights."""
    module: nn.RNNBase = getattr(nn, kind.module)(sizes.inputs, sizes.units, **kind.options)
    with torch.no_grad():
        for parameter, weight in zip(module.parameters(), weights.stacked, strict=True):
            parameter.copy_(weight)
    return module


def _in_parts(kind: CellKind, x: Tensor, state: State, weights: Weights) -> list[Parts]:
    shown = []
    for step in x:
        shown.append(step_in_parts(kind, step, state, weights, {}))
        state = state_of(shown[-1])
    return shown


def _compare_states(kind: CellKind, own: Run, shown: list[Parts]) -> tuple[float, Parting | None]:
    """Return the largest difference of a state, and where the cells part; parts count only where the states differ."""
    states = ("h", "c") if kind.has_c else ("h",)
    off = [
        max(differ(mine[name], right[name]) for name in states) for mine, right in zip(own.parts, shown, strict=True)
    ]
    if max(off) <= 1:
        return max(off), None
    last = next(step for step, each in enumerate(off) if each > 1)
    for step in range(last + 1):
        mine, right = own.parts[step], shown[step]
        compared = [name for name in right if name in mine]
        for at, name in enumerate(compared):
            if differ(mine[name], right[name]) > 1:
                parting = _parting(name, step, mine[name], right[name])
                return max(off), replace(parting, agreeing=tuple(compared[:at]))
    raise AssertionError


def _compare_gradients(
    kind: CellKind, found: list[Tensor], wanted: list[Tensor], own: Weights, right: Weights
) -> tuple[float, Parting | None]:
    """Compare the gradients of each gate's weights, of x at each time step, and of the first states."""
    pairs = [
        (f"{letter}{gate}", getattr(own, which)[at], getattr(right, which)[at])
        for letter, which in _FIELDS.items()
        for at, gate in enumerate(kind.gate_names)
    ]
    pairs += zip(("x", "h_0", "c_0"), found, wanted, strict=False)
    largest = max(differ(mine, other) for _, mine, other in pairs)
    if largest <= 1:
        return largest, None
    name, mine, other = next(each for each in pairs if differ(each[1], each[2]) > 1)
    steps = [t for t, (one, two) in enumerate(zip(found[0], wanted[0], strict=True)) if differ(one, two) > 1]
    parting = _parting(name, max(steps, default=None), mine, other)
    return largest, replace(parting, is_gradient=True, is_cut=not bool(mine.any()))


def _parting(name: str, step: int | None, own: Tensor, right: Tensor) -> Parting:
    own, right = own.detach(), right.detach()
    at = int((own - right).abs().argmax())
    row, unit = divmod(at, own.shape[-1])
    return Parting(name, step, row, unit, float(own.flatten()[at]), float(right.flatten()[at]))
