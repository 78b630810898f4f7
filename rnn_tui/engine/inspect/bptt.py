"""Backpropagation through time, written out: how a number depends on every state that it came from.

What is sought for each state is its adjoint, the total derivative of the number by it: what it does directly, and what
it does through all that is computed from it later. The equations go backwards, from the last step that was read to the
first; most factors in them are known beforehand for all steps at once, so that a step is little more than one product
with W_hh. With ∘ for the product unit by unit, and s (the seed) for the derivative of the number by h directly, through
the head or the layer above:

    ∂h_t = s_t + (∂h_{t+1} through the step after)

Several numbers go through one sweep: B numbers of one row, or one number of each of B rows. T time steps, H units,
E features, D directions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from rnn_tui.engine.inspect.observed_pass import ObservedPass, Segment
from rnn_tui.engine.inspect.recompute import recompute
from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.engine.network.cells import map_state, parts
from rnn_tui.engine.network.layer_norm import back_through
from rnn_tui.engine.training.losses import by_logits

__all__ = ["Adjoint", "adjoints", "loss_by_logits", "measured_adjoints", "slope", "state_gradients", "through_head"]


@dataclass(frozen=True, kw_only=True)
class Adjoint:
    """How B numbers depend on the states of one layer in one direction."""

    h: Tensor  # (B, T, H) their derivatives by h_t
    c: Tensor | None  # (B, T, H) by c_t, of an LSTM


End = tuple[Tensor | None, Tensor | None]  # (B, H) derivatives by the h and the c that a layer leaves


@torch.no_grad()
def measured_adjoints(
    segments: Sequence[Segment], row: int, layers: Sequence[Sequence[UnrolledLayer]]
) -> list[list[Adjoint]]:
    """Return ∂L/∂h_t and ∂L/∂c_t (1, T, H) of a row of somebody else's pass, from the gradients that reached each call.

    The gradient by the state that a call returned has in it all that later calls have made of that state, so each call
    is gone through by itself.
    """
    found: list[list[list[Adjoint]]] = []
    for each in segments:
        stop = min(each.stop, len(layers[0][0].h))  # a row may be shorter than its batch
        if each.start >= stop:
            continue
        part = [[cell.part(each.start, stop) for cell in both] for both in layers]
        top = part[-1][0].h
        width = sum(cell.h.shape[-1] for cell in part[-1])
        steps = len(top)
        seeds = top.new_zeros(1, steps, width)
        if each.output is not None:
            seeds[0] = each.output[:steps, row]
        count = len(layers[0])
        ends = [
            [_end_of(each, number * count + direction, row) for direction in range(count)]
            for number in range(len(layers))
        ]
        found.append(adjoints(part, seeds, ends)[0])
    return [
        [_joined([piece[number][direction] for piece in found]) for direction in range(len(both))]
        for number, both in enumerate(layers)
    ]


def _end_of(segment: Segment, at: int, row: int) -> End:
    by_h, by_c = segment.end
    return None if by_h is None else by_h[at, row][None], None if by_c is None else by_c[at, row][None]


def _joined(pieces: Sequence[Adjoint]) -> Adjoint:
    cells = [each.c for each in pieces if each.c is not None]
    return Adjoint(h=torch.cat([each.h for each in pieces], 1), c=torch.cat(cells, 1) if cells else None)


@torch.no_grad()
def state_gradients(observed: ObservedPass) -> list[list[Tensor]]:
    """Return ∂L/∂h_t (T, N, H) of each layer and direction, where L is the loss of the pass that has just ended."""
    layers = recompute(observed, observed.length)
    logits, targets = torch.cat(observed.logits), observed.dataset.y(0, observed.length)
    seeds = through_head(observed, loss_by_logits(observed, logits, targets)).transpose(0, 1)
    found, _ = adjoints([each.directions for each in layers], seeds)
    return [[each.h.transpose(0, 1) for each in both] for both in found]


def loss_by_logits(observed: ObservedPass, logits: Tensor, targets: Tensor) -> Tensor:
    """Return the derivatives of the loss of a pass by logits (..., C), as it is averaged over rows and time steps."""
    training = observed.experiment.training
    mean = training.reduction == "mean"
    parts = observed.dataset.all_rows * (observed.dataset.targets_by(observed.length) if mean else 1)
    return by_logits(logits, targets, training.label_smoothing, first=observed.classes_from) / parts


def through_head(observed: ObservedPass, by_logits: Tensor) -> Tensor:
    """Turn derivatives by the logits (..., C) into those by the top layer's states (..., D*H)."""
    head = observed.model.head
    if head is None:
        return by_logits
    return by_logits[..., by_logits.shape[-1] - len(head.weight) :] @ head.weight  # of labels: see `Model.read_out`


@torch.no_grad()
def adjoints(
    layers: Sequence[Sequence[UnrolledLayer]], seeds: Tensor, ends: Sequence[Sequence[End]] = ()
) -> tuple[list[list[Adjoint]], Tensor]:
    """Return the adjoints of each layer and direction, and those of what the first layer reads, (B, T, E).

    `seeds` (B, T, D*H) are the derivatives of the B numbers by the outputs of the top layer. The layers are those of
    one row, or of B rows, to each of which one number belongs. `ends` are the derivatives by the state that each layer
    and direction leaves, where that is used as well.
    """
    found: list[list[Adjoint]] = []
    for number in reversed(range(len(layers))):
        both = layers[number]
        left = ends[number] if ends else [(None, None)] * len(both)
        parts = zip(both, seeds.chunk(len(both), -1), left, strict=True)
        swept = [_sweep(cell, own, end) for cell, own, end in parts]
        found.append([adjoint for adjoint, _ in swept])
        seeds = sum((x for _, x in swept[1:]), swept[0][1])
        if both[0].mask is not None:
            seeds = seeds * _rows(both[0], both[0].mask).transpose(0, 1)
        if both[0].norm is not None:
            below = torch.cat([each.h for each in layers[number - 1]], -1)
            seeds = back_through(both[0].norm, _rows(both[0], below).transpose(0, 1), seeds)
    return found[::-1], seeds


def slope(cell: UnrolledLayer) -> Tensor:
    """Return φ'(a_t) of a plain RNN, (T, H): 1 - h_t² for tanh; for relu 1 where h_t > 0, else 0."""
    return (~(cell.h <= 0)).to(cell.h) if cell.kind.gates[0].squash == "relu" else 1 - cell.h**2


def _free(cell: UnrolledLayer, by_h: Tensor) -> Tensor:
    """Return derivatives (T, H) of h_t by what it is made of: 0 where it is held at a value."""
    return by_h if cell.free is None else by_h * cell.free


def _rows(cell: UnrolledLayer, values: Tensor) -> Tensor:
    """Return values over time as (T, 1 or B, ...): one row for all numbers, or a row for each."""
    return values if cell.h.dim() == 3 else values[:, None]


def _sweep(cell: UnrolledLayer, seeds: Tensor, end: End) -> tuple[Adjoint, Tensor]:
    """Go back through a layer in one direction from seeds (B, T, H): its adjoints, and those of its input (B, T, E)."""
    by_h, by_c = end
    if by_h is not None:
        seeds = seeds.clone()
        seeds[:, 0 if cell.direction else -1] += by_h
    sweep = _WRITTEN_OUT.get(cell.kind.name)
    if sweep is None:
        h, c, by_x = _by_autograd(cell, seeds.transpose(0, 1), by_c)
    else:
        w_hh = cell.w_hh.T.contiguous().T  # transposed in memory: BLAS multiplies a row or two by it in less time
        h, c, sums = sweep(cell, w_hh, seeds.transpose(0, 1), by_c)  # time first
        by_x = sums.flatten(2) @ cell.w_ih
    if cell.own is not None:  # nothing depends on the padding of a row
        own = _rows(cell, cell.own)
        h, c, by_x = h.where(own, 0), None if c is None else c.where(own, 0), by_x.where(own, 0)
    adjoint = Adjoint(h=h.transpose(0, 1), c=None if c is None else c.transpose(0, 1))
    return adjoint, by_x.transpose(0, 1)


def _rnn(cell: UnrolledLayer, w_hh: Tensor, seeds: Tensor, _by_c: Tensor | None) -> tuple[Tensor, None, Tensor]:
    """Sweep through h_t = φ(a_t), a_t = W_ih x_t + b_ih + W_hh h_{t-1} + b_hh.

    ∂a_t = φ'(a_t) ∘ ∂h_t, where φ' is 1 - h_t² for tanh, and 1 or 0 for relu
    ∂h_t = s_t + W_hhᵀ ∂a_{t+1}
    """
    slopes = _rows(cell, _free(cell, slope(cell)))[:, :, None]  # (T, B, 1, H): one gate
    h = _through(cell, w_hh, seeds, slopes)
    return h, None, h[:, :, None] * slopes


def _gru(cell: UnrolledLayer, w_hh: Tensor, seeds: Tensor, _by_c: Tensor | None) -> tuple[Tensor, None, Tensor]:
    """Sweep through h_t = (1 - z) ∘ n + z ∘ h_{t-1}, with n = tanh(W_in x_t + b_in + r ∘ m), m = W_hn h_{t-1} + b_hn.

    For the sums a that go into r, z and n:

    ∂a_n = (1 - z) ∘ (1 - n²) ∘ ∂h_t
    ∂a_z = (h_{t-1} - n) ∘ z ∘ (1 - z) ∘ ∂h_t
    ∂a_r = m ∘ r ∘ (1 - r) ∘ ∂a_n
    ∂h_t = s_t + z_{t+1} ∘ ∂h_{t+1} + W_hhᵀ (∂a_r, ∂a_z, r ∘ ∂a_n)_{t+1}
    """
    r, z, n = cell.gates["r"], cell.gates["z"], cell.gates["n"]
    m = (cell.from_state + cell.b_hh).chunk(3, -1)[2]
    to_n = _free(cell, (1 - z) * (1 - n**2))
    to_r, to_z = to_n * m * r * (1 - r), _free(cell, (cell.h_before - n) * z * (1 - z))
    h = _through(cell, w_hh, seeds, _rows(cell, torch.stack((to_r, to_z, to_n * r), -2)), _rows(cell, _free(cell, z)))
    return h, None, h[:, :, None] * _rows(cell, torch.stack((to_r, to_z, to_n), -2))


def _through(cell: UnrolledLayer, w_hh: Tensor, seeds: Tensor, factors: Tensor, kept: Tensor | None = None) -> Tensor:
    """Return ∂h_t = s_t + kept_{t+1} ∘ ∂h_{t+1} + W_hhᵀ (factors_{t+1} ∘ ∂h_{t+1}), for all gates at once: (T, B, H).

    `seeds` (T, B, H), `factors` (T, 1 or B, G, H), `kept` (T, 1 or B, H).
    """
    seed, factor = _last_first(cell, seeds), _last_first(cell, factors)
    keep = [None] * len(seed) if kept is None else _last_first(cell, kept)
    h = seed[0]
    found = [h]
    for before, by, part in zip(seed[1:], factor, keep, strict=False):
        direct = before if part is None else torch.addcmul(before, part, h)
        h = torch.addmm(direct, (h[:, None] * by).flatten(1), w_hh)
        found.append(h)
    return _in_order(cell, found)


def _lstm(cell: UnrolledLayer, w_hh: Tensor, seeds: Tensor, by_c_n: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Sweep through h_t = o ∘ tanh(c_t), c_t = f ∘ c_{t-1} + i ∘ g; i, f, o sigmoid and g tanh of their sums.

    ∂c_t = o ∘ (1 - tanh²(c_t)) ∘ ∂h_t + f_{t+1} ∘ ∂c_{t+1}
    ∂a_i = g ∘ i ∘ (1 - i) ∘ ∂c_t
    ∂a_f = c_{t-1} ∘ f ∘ (1 - f) ∘ ∂c_t
    ∂a_g = i ∘ (1 - g²) ∘ ∂c_t
    ∂a_o = tanh(c_t) ∘ o ∘ (1 - o) ∘ ∂h_t
    ∂h_t = s_t + W_hhᵀ (∂a_i, ∂a_f, ∂a_g, ∂a_o)_{t+1}
    """
    assert cell.c is not None
    assert cell.c_before is not None
    i, f, g, o = (cell.gates[name] for name in "ifgo")
    squashed = torch.tanh(cell.c)
    opened, kept_by_f = _rows(cell, _free(cell, o * (1 - squashed**2))), _rows(cell, f)
    by_c = _rows(cell, torch.stack((g * i * (1 - i), cell.c_before * f * (1 - f), i * (1 - g**2)), -2))  # (T, ·, 3, H)
    by_h = _rows(cell, _free(cell, squashed * o * (1 - o)))[:, :, None]
    steps = zip(*(_last_first(cell, each) for each in (seeds, opened, kept_by_f, by_c, by_h)), strict=True)
    sums = seeds.new_zeros(seeds.shape[1], 4, seeds.shape[2])  # of the step after, (B, 4, H)
    flat, of_c, of_h = sums.flatten(1), sums[:, :3], sums[:, 3:]
    kept = torch.zeros_like(seeds[0]) if by_c_n is None else by_c_n.expand_as(seeds[0])  # f_{t+1} ∘ ∂c_{t+1}
    hs: list[Tensor] = []
    cs: list[Tensor] = []
    for seed, shown, keep, to_c, to_h in steps:
        h = torch.addmm(seed, flat, w_hh) if hs else seed
        c = torch.addcmul(kept, h, shown)
        torch.mul(c[:, None], to_c, out=of_c)
        torch.mul(h[:, None], to_h, out=of_h)
        kept = c * keep
        hs.append(h)
        cs.append(c)
    h, c = _in_order(cell, hs), _in_order(cell, cs)
    return h, c, torch.cat((c[:, :, None] * by_c, h[:, :, None] * by_h), 2)


_WRITTEN_OUT: dict[str, Callable[[UnrolledLayer, Tensor, Tensor, Tensor | None], tuple[Tensor, Tensor | None, Tensor]]]
_WRITTEN_OUT = {"rnn": _rnn, "rnn-relu": _rnn, "gru": _gru, "lstm": _lstm}


def _by_autograd(cell: UnrolledLayer, seeds: Tensor, by_c: Tensor | None) -> tuple[Tensor, Tensor | None, Tensor]:
    """Sweep through a cell of any other kind, whose steps autograd differentiates one by one; returns h, c and by x.

    Slower than what is written out, and needs nothing but the equations of a step.
    """
    rows = seeds.shape[1]

    def steps(values: Tensor) -> tuple[Tensor, ...]:
        every = _rows(cell, values)
        return _last_first(cell, every.expand(-1, rows, -1))

    h, size = torch.zeros_like(seeds[0]), cell.h.shape[-1] if cell.c is None else cell.c.shape[-1]
    c = h.new_zeros(rows, size) if by_c is None else by_c.expand(rows, size)
    by_x = list[Tensor]()
    hs, cs = list[Tensor](), list[Tensor]()
    cells_before = steps(cell.h_before if cell.c_before is None else cell.c_before)
    free = steps(_free(cell, torch.ones_like(cell.h)))
    for seed, x, h_before, c_before, goes_on in zip(
        _last_first(cell, seeds), steps(cell.x), steps(cell.h_before), cells_before, free, strict=True
    ):
        h = h + seed
        hs.append(h)
        cs.append(c)
        with torch.enable_grad():
            read, state = _leaf(x), map_state((h_before, c_before) if cell.kind.has_c else h_before, _leaf)
            after = cell.step(read, state)
        found = torch.autograd.grad(
            parts(after),
            (read, *parts(state)),
            (h * goes_on, c)[: len(parts(after))],
            allow_unused=True,
            materialize_grads=True,
        )
        by_x.append(found[0])
        h, c = found[1], found[2] if len(found) > 2 else c
    return _in_order(cell, hs), _in_order(cell, cs) if cell.kind.has_c else None, _in_order(cell, by_x)


def _leaf(values: Tensor) -> Tensor:
    return values.detach().requires_grad_()


def _last_first(cell: UnrolledLayer, values: Tensor) -> tuple[Tensor, ...]:
    """Return the steps of (T, ...), beginning with the one that is read last."""
    steps = values.unbind(0)
    return steps if cell.direction else steps[::-1]


def _in_order(cell: UnrolledLayer, steps: list[Tensor]) -> Tensor:
    """Stack steps that begin with the one read last: (T, ...) in the order of the text."""
    return torch.stack(steps if cell.direction else steps[::-1])
