"""Each recurrent layer by itself: what the fused modules compute inside and do not return.

A layer's module shares its parameters with the network, so it computes with the weights of this very tick.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import torch
from msgspec.structs import replace
from torch import Tensor, nn

from rnn_tui.engine.network.cells import State, WrittenOut, with_weights
from rnn_tui.engine.network.fused import run_rows
from rnn_tui.engine.network.model import CellStack
from rnn_tui.engine.network.module_cells import ModuleCells, ModuleLayer, step_alone
from rnn_tui.experiment.spec import Network

__all__ = ["cells", "largest_finite", "layer_cells", "layer_modules", "run_layer"]


_built: WeakKeyDictionary[nn.Module, list[nn.Module]] = WeakKeyDictionary()  # a small network's frame takes less time


def layer_modules(recurrent: nn.Module, network: Network) -> list[nn.Module]:
    """Return a module of a single layer for each recurrent layer, time first, on shared parameters: see `run_layer`."""
    built = _built.get(recurrent)
    if built is None or not _has_weights(built, recurrent):
        built = _built[recurrent] = _build_modules(recurrent, network)
    return built


def _has_weights(built: list[nn.Module], recurrent: nn.Module) -> bool:
    """Tell whether modules share the weights that a network has now: a script may have put others in their place."""
    return all(
        getattr(module, name) is weight
        for number, module in enumerate(built)
        for name, weight in _weights(recurrent, number).items()
    )


def _build_modules(recurrent: nn.Module, network: Network) -> list[nn.Module]:
    if isinstance(recurrent, ModuleCells):
        return [recurrent.layer(number) for number in range(network.layers)]
    kind = network.kind
    alone = replace(network, layers=1, batch_first=False)
    modules = []
    for number in range(network.layers):
        weights = _weights(recurrent, number)
        width = weights["weight_ih_l0"].shape[1]
        module: nn.Module
        with torch.device("meta"):  # no memory and no random numbers for weights that are replaced at once
            if kind.module:
                build: Callable[..., nn.Module] = getattr(nn, kind.module)
                more = {"bias": "bias_ih_l0" in weights, "bidirectional": network.bidirectional}
                module = build(width, network.hidden_size, **more, **kind.options)
            else:
                module = WrittenOut(alone, width)
        for name, weight in weights.items():
            setattr(module, name, weight)
        modules.append(module)
    return modules


def run_layer(
    module: nn.Module, x: Tensor, state: State, lengths: Tensor | None = None
) -> tuple[Tensor, Tensor | None]:
    """Return the h (T, N, D*H) of one of `layer_modules` for x (T, N, E) and the state before it (D, N, H), and its c.

    Only a cell with equations of its own returns a c here: of torch's it follows from the gates. lengths (N,), on the
    CPU, are those of padded rows: see `run_rows`.
    """
    forward: Callable[..., Any] = module.forward  # hooks for all modules are those of a script that is watched
    if isinstance(module, ModuleLayer):
        return module.forward(x, state, lengths=lengths)
    written_out = isinstance(module, WrittenOut)
    output, _ = forward(x, state, lengths=lengths) if written_out else run_rows(forward, x, state, lengths)
    return output, None


def layer_cells(recurrent: nn.Module, network: Network) -> list[Callable[[Tensor, Any], Any]]:
    """Return for each recurrent layer that reads from the left what computes one step: (N, E) and a state -> a state.

    nn.RNNCell, nn.GRUCell or nn.LSTMCell where there is one: for single steps the fused modules take up to three times
    as long.
    """
    if isinstance(recurrent, ModuleCells):
        return [step_alone(recurrent.cells[number * network.directions]) for number in range(network.layers)]
    kind = network.kind
    found: list[Callable[[Tensor, Any], Any]] = []
    for number in range(network.layers):
        weights = {name: each for name, each in _weights(recurrent, number).items() if name.endswith("_l0")}
        if not kind.module:
            found.append(with_weights(kind.name, list(weights.values())))
            continue
        with torch.device("meta"):
            cell = getattr(nn, f"{kind.module}Cell")(
                weights["weight_ih_l0"].shape[1], network.hidden_size, **kind.options
            )
        for name, weight in weights.items():
            setattr(cell, name.removesuffix("_l0"), weight)
        found.append(cell.forward)
    return found


def _weights(recurrent: nn.Module, layer: int) -> dict[str, nn.Parameter]:
    if isinstance(recurrent, CellStack):
        return {f"{name}_l0": weight for name, weight in recurrent.cells[layer].named_parameters()}
    mark = f"_l{layer}"
    return {
        name.replace(mark, "_l0"): weight
        for name, weight in recurrent.named_parameters()
        if name.removesuffix("_reverse").endswith(mark)
    }


def cells(kept: Tensor, taken: Tensor, c_0: Tensor, *, from_right: bool = False) -> Tensor:
    """Return c_t = kept_t c_{t-1} + taken_t of every step, (T, ...); or from c_{t+1}, where it reads from the right."""
    steps = list(zip(kept.unbind(0), taken.unbind(0), strict=True))
    c, found = c_0, []
    for keep, take in reversed(steps) if from_right else steps:
        c = torch.addcmul(take, keep, c)
        found.append(c)
    return torch.stack(found[::-1] if from_right else found)


def largest_finite(*tensors: Tensor) -> float:
    """Return the largest finite |value| in all of the tensors; 0.0 where there is none."""
    sizes = [each.abs()[each.isfinite()] for each in tensors]
    return max((float(each.max()) for each in sizes if each.numel()), default=0.0)
