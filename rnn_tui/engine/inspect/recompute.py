"""The one place where a pass is computed again: with the weights, states and dropout masks of this very tick.

T time steps, n rows, E features, L layers, D directions, H hidden units.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from rnn_tui.engine.inspect.observed_pass import GivenStates, HeldState, ObservedPass
from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.engine.network.cells import State, map_state, parts
from rnn_tui.engine.network.dropout import dropped
from rnn_tui.engine.network.fused import steps_of_rows
from rnn_tui.engine.network.layer_norm import norm_above
from rnn_tui.engine.network.module_cells import ModuleLayer
from rnn_tui.engine.network.single_layers import layer_modules, run_layer

__all__ = [
    "LayerPass",
    "end_of_row",
    "recompute",
    "run_layers",
    "some_rows",
    "steps_there",
    "unroll",
]


@dataclass(frozen=True, kw_only=True)
class LayerPass:
    """One layer over a pass, in each of its directions."""

    x: Tensor  # (T, n, E) what it reads
    h: Tensor  # (T, n, D*H); 0 at the padding of rows
    directions: tuple[UnrolledLayer, ...]


def steps_there(observed: ObservedPass) -> int:
    """Return how many time steps of the pass can be computed again: none once its update has changed the weights."""
    moved = observed.learns and observed.at_end_of_pass and not observed.has_update
    return observed.fed if observed.logits and not moved else 0


def some_rows(state: State, rows: Tensor) -> State:
    """Return the states of some rows of the batch, (L*D, n, H)."""
    return map_state(state, lambda part: part[:, rows])


@torch.no_grad()
def recompute(
    observed: ObservedPass, steps: int, rows: Sequence[int] | None = None, layers: int | None = None
) -> list[LayerPass]:
    """Compute the first `steps` of the pass under way again, for all rows or some, for all layers or the lowest ones.

    A network that also reads from the right must be given all steps that it reads: of one row its own, of several
    those of the longest, and what comes after the end of a shorter one is not read. One row of a pass that is over is
    computed once, whoever asks.
    """
    computed = observed.computed
    if computed is None or rows is None or len(rows) != 1:
        return _recompute(observed, steps, rows, layers)
    for known in (layers, None):
        if (steps, rows[0], known) in computed:
            found: list[LayerPass] = computed[steps, rows[0], known]
            return found[:layers]
    made = computed[steps, rows[0], layers] = _recompute(observed, steps, rows, layers)
    return made


def _recompute(observed: ObservedPass, steps: int, rows: Sequence[int] | None, layers: int | None) -> list[LayerPass]:
    if observed.given is not None:
        return [_given_layer(observed, observed.given, steps, rows)]
    dataset, masks, state, lengths = observed.dataset, observed.masks, observed.h_0, observed.dataset.lengths
    x = dataset.x(0, steps)
    x = x.transpose(0, 1) if dataset.batch_first else x
    masks = None if masks is None else masks[:, :steps]
    if rows is not None:
        index = torch.tensor(rows, device=observed.device)
        chosen = index if len(rows) > 1 else slice(rows[0], rows[0] + 1)  # a slice copies nothing
        x, state = x[:, chosen], some_rows(state, index)  # cuDNN wants its states copied
        masks = None if masks is None else masks[:, :, chosen]
        lengths = None if lengths is None else lengths[list(rows)]
    lengths = None if lengths is None or int(lengths.min()) >= steps else lengths.clamp(max=steps)
    held = _held_in(observed.held, rows)
    return run_layers(observed, observed.model.embed(x), state, masks=masks, lengths=lengths, layers=layers, held=held)


def _held_in(held: Sequence[HeldState], rows: Sequence[int] | None) -> list[HeldState]:
    """Return the states that are held in some rows of the batch, by the places of those rows."""
    if rows is None:
        return list(held)
    return [replace(each, row=place) for place, row in enumerate(rows) for each in held if each.row == row]


def _given_layer(observed: ObservedPass, given: GivenStates, steps: int, rows: Sequence[int] | None) -> LayerPass:
    """Return a layer whose states were given, with no weights: nothing but its states may be asked of it."""
    chosen = slice(None) if rows is None else list(rows)
    x, h, h_0 = observed.dataset.x(0, steps)[:, chosen], given.h[:steps, chosen], parts(observed.h_0)[0][0][chosen]
    size, width = h.shape[-1], x.shape[-1]
    layer = UnrolledLayer(
        kind=observed.experiment.network.kind,
        direction=0,
        w_ih=h.new_zeros(size, width),
        w_hh=h.new_zeros(size, size),
        b_ih=h.new_zeros(size),
        b_hh=h.new_zeros(size),
        x=x,
        h=h,
        h_0=h_0,
        c_0=None,
    )
    return LayerPass(x=x, h=h, directions=(layer,))


def run_layers(
    observed: ObservedPass,
    x: Tensor,
    state: State,
    *,
    masks: Tensor | None = None,
    lengths: Tensor | None = None,
    layers: int | None = None,
    held: Sequence[HeldState] = (),
) -> list[LayerPass]:
    """Run x (T, n, E), T > 0, through the layers, from the state before it (L*D, n, H).

    Where autograd is on, h has a graph to the weights.
    masks (L-1, T, n, D*H) are those of dropout. lengths (n,), on the CPU, are those of rows that are padded. `held` are
    states that are what they are, in a network that reads from the left.
    """
    network = observed.experiment.network
    size, count = network.hidden_size, network.directions
    own = None if lengths is None else steps_of_rows(lengths, len(x), x.device)[..., None]  # (T, n, 1)
    h_0, c_0 = state if isinstance(state, tuple) else (state, None)
    found: list[LayerPass] = []
    norm: nn.LayerNorm | None = None  # through which x has come
    for number, module in enumerate(layer_modules(observed.model.recurrent, network)[:layers]):
        at = slice(number * count, (number + 1) * count)
        own_state = map_state(state, lambda part: part[at])  # noqa: B023
        mine = [each for each in held if each.layer == number and each.step < len(x)]
        if mine:
            h, c, free = _run_held(observed, module, x, own_state, mine)
        else:
            (h, c), free = _run(observed, module, x, own_state, lengths), None
        directions = tuple(
            UnrolledLayer(
                kind=network.kind,
                direction=direction,
                **_weights(module, direction),
                x=x,
                h=h[..., direction * size : (direction + 1) * size],
                module=_module_cell(module, direction),
                module_c=None if c is None else c.chunk(count, -1)[direction],
                h_0=h_0[at][direction],
                c_0=None if c_0 is None else c_0[at][direction],
                mask=None if masks is None or not number else masks[number - 1],
                norm=norm,
                own=own,
                free=free,
            )
            for direction in range(count)
        )
        found.append(LayerPass(x=x, h=h, directions=directions))
        norm = norm_above(observed.model.recurrent, number) if network.layer_norm else None
        x = dropped(h if norm is None else norm(h), masks, number)
    return found


def _run(
    observed: ObservedPass, module: torch.nn.Module, x: Tensor, state: State, lengths: Tensor | None = None
) -> tuple[Tensor, Tensor | None]:
    with observed.cast():
        h, c = run_layer(module, x, state, lengths)
    return h if h.dtype in (torch.float32, torch.float64) else h.float(), c


def _run_held(
    observed: ObservedPass, module: torch.nn.Module, x: Tensor, state: State, held: Sequence[HeldState]
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Run a layer from one held state to the next; return h (T, n, H), a module's c, and where h is free.

    All are of one shape.
    """
    network, start = observed.experiment.network, 0
    parts_of_h, parts_of_c, free = list[Tensor](), list[Tensor](), list[Tensor]()
    for stop in sorted({each.step + 1 for each in held} | {len(x)}):
        h_0, c_0 = state if isinstance(state, tuple) else (state, None)
        h, c = _run(observed, module, x[start:stop], state)
        values, is_free = h.detach().clone(), torch.ones_like(h, dtype=torch.bool)
        for each in held:
            if each.step == stop - 1:
                values[-1, each.row, each.unit] = each.value
                is_free[-1, each.row, each.unit] = False
        h = h.where(is_free, values)
        cell = UnrolledLayer(
            kind=network.kind,
            direction=0,
            **_weights(module, 0, with_graph=True),
            x=x[start:stop],
            h=h,
            module=_module_cell(module, 0),
            module_c=c,
            h_0=h_0[0],
            c_0=None if c_0 is None else c_0[0],
            norm=None,
        )
        state = h[-1:] if cell.c is None else (h[-1:], cell.c[-1:])
        parts_of_h.append(h)
        parts_of_c += [] if c is None else [c]
        free.append(is_free)
        start = stop
    return torch.cat(parts_of_h), torch.cat(parts_of_c) if parts_of_c else None, torch.cat(free)


def _weights(module: torch.nn.Module, direction: int, *, with_graph: bool = False) -> dict[str, Tensor]:
    if isinstance(module, ModuleLayer):  # it has weights of its own, and no such matrices
        nothing = next(module.cells[direction].parameters()).new_zeros(0, 0)
        return {"w_ih": nothing, "w_hh": nothing, "b_ih": nothing, "b_hh": nothing}
    end = "_reverse" if direction else ""
    names = {"w_ih": "weight_ih", "w_hh": "weight_hh", "b_ih": "bias_ih", "b_hh": "bias_hh"}
    found = {short: getattr(module, f"{name}_l0{end}", None) for short, name in names.items()}
    rows = getattr(module, f"weight_ih_l0{end}")
    none = rows.new_zeros(len(rows))  # a module without biases
    weights: dict[str, Tensor] = {short: none if weight is None else weight for short, weight in found.items()}
    return weights if with_graph else {short: weight.detach() for short, weight in weights.items()}


def _module_cell(module: nn.Module, direction: int) -> nn.Module | None:
    return module.cells[direction] if isinstance(module, ModuleLayer) else None


def unroll(observed: ObservedPass, row: int, steps: int) -> list[list[UnrolledLayer]]:
    """Compute the first `steps` of a row again: each layer and direction of it; [] for no steps."""
    layers = recompute(observed, steps, [row]) if steps else []
    return [[each.row(0) for each in layer.directions] for layer in layers]


def end_of_row(observed: ObservedPass, row: int) -> State:
    """Return the state after a row's own last step (L*D, 1, H), from the right after its first; without its padding."""
    ends = [each.end for layer in recompute(observed, observed.dataset.steps(row), [row]) for each in layer.directions]
    h, c = torch.stack([h for h, _ in ends]), [c for _, c in ends if c is not None]
    return (h, torch.stack(c)) if c else h
