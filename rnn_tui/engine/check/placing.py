"""Where torch's weights go in a module with weights of its own.

Its shape tells what a parameter is, with E = 3 inputs and H = 5 units: W_ih or W_hh of one or more gates, both side by
side for a concatenated input, either way round, or a bias. Which gates those are its name tells, if it can be read;
else all orders are candidates, and one step of the cell decides among them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product

import torch
from torch import Tensor, nn

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import counted
from rnn_tui.engine.check.equations import Weights
from rnn_tui.engine.check.names import gate_of, side_of
from rnn_tui.experiment.cell_kinds import CellKind

__all__ = ["CannotPlace", "E", "H", "Placed", "Placing", "gradients", "masked", "place", "placings"]

E, H = 3, 5  # no multiple of H is E or E + H, so that a shape tells what it is

Gates = tuple[int, ...]


class CannotPlace(ValueError):
    """A module's parameters are not those of the kind of cell; the message says which is the first that is not."""


@dataclass(frozen=True)
class Placed:
    """A parameter, and which of torch's weights it holds: those of some gates, one below the other."""

    name: str
    side: str  # "x": W_ih; "h": W_hh; "xh" and "hx": both side by side, in this order; "b_ih"; "b_hh"
    blocks: int
    transposed: bool = False  # the units are its columns, as for x @ W
    gates: Gates = ()


@dataclass(frozen=True)
class Placing:
    """All parameters of a module with what they hold; `named`: the names say which gates."""

    parameters: tuple[Placed, ...]
    named: bool = False

    @property
    def biases(self) -> frozenset[tuple[str, int]]:
        """Return those that there are, as (side, gate); torch's others are zero."""
        return frozenset((each.side, gate) for each in self.parameters if each.side[0] == "b" for gate in each.gates)


def masked(weights: Weights, placing: Placing) -> Weights:
    """Return the weights with zeros for the biases that the module does not have."""
    has = [[float((side, gate) in placing.biases) for gate in range(len(weights.b_ih))] for side in ("b_ih", "b_hh")]
    b_ih, b_hh = weights.b_ih.new_tensor(has)[:, :, None]
    return replace(weights, b_ih=weights.b_ih * b_ih, b_hh=weights.b_hh * b_hh)


@torch.no_grad()
def place(module: nn.Module, placing: Placing, weights: Weights) -> None:
    """Write torch's weights into the module. Raises CannotPlace where a shape does not grow as it should."""
    parameters = dict(module.named_parameters())
    for each in placing.parameters:
        matrix = _joined(each, weights)
        parameter = parameters[each.name]
        if parameter.numel() != matrix.numel():
            sizes = f"{weights.w_ih.shape[-1]} inputs and {weights.w_hh.shape[-1]} units"
            raise CannotPlace(f"{safe(each.name)} has the shape {_shape(parameter)} with {sizes}")
        parameter.copy_(matrix.reshape(parameter.shape))


def gradients(placing: Placing, given: Sequence[Tensor | None], weights: Weights) -> Weights:
    """Return the gradients of a module's parameters, in the order of `placing`, as those of torch's weights.

    What has none, and what the module does not have, is zero.
    """
    found = Weights(*(torch.zeros_like(each) for each in (weights.w_ih, weights.w_hh, weights.b_ih, weights.b_hh)))
    inputs, units = weights.w_ih.shape[-1], weights.w_hh.shape[-1]
    for each, gradient in zip(placing.parameters, given, strict=True):
        if gradient is None:
            continue
        if each.side[0] == "b":
            getattr(found, each.side)[list(each.gates)] = gradient.reshape(-1, units)
            continue
        matrix = gradient.T if each.transposed else gradient
        blocks = matrix.reshape(len(each.gates), units, -1)
        widths = [inputs if side == "x" else units for side in each.side]
        for side, block in zip(each.side, torch.split(blocks, widths, -1), strict=True):
            getattr(found, "w_ih" if side == "x" else "w_hh")[list(each.gates)] = block
    return found


def _joined(each: Placed, weights: Weights) -> Tensor:
    gates = list(each.gates)
    if each.side[0] == "b":
        found: Tensor = getattr(weights, each.side)[gates]
        return found.flatten()
    sides = [(weights.w_ih if side == "x" else weights.w_hh)[gates] for side in each.side]
    matrix = torch.cat(sides, -1).flatten(0, 1)
    return matrix.T if each.transposed else matrix


# ---- what there is to try -------------------------------------------------------------------------------------------


def placings(kind: CellKind, module: nn.Module, *, all_orders: bool) -> Iterator[Placing]:
    """Yield what the parameters of a module of E inputs and H units may hold; at most some thousands.

    With `all_orders` the names are not heeded, and W_ih and W_hh of several gates in one may have two orders.
    Raises CannotPlace.
    """
    shapes = [(name, tuple(size for size in each.shape if size > 1)) for name, each in module.named_parameters()]
    if not shapes:
        raise CannotPlace("it has no parameters (of nn.Linear, or nn.Parameter), so that there is nothing to set")
    linear = {f"{name}.weight" for name, each in module.named_modules() if isinstance(each, nn.Linear)}
    readings = [
        [each for each in _readings(kind, name, shape) if not (each.transposed and name in linear)]
        for name, shape in shapes
    ]
    wrong = CannotPlace("its weights are not told apart by their shapes")
    some = False
    for reading in product(*readings):
        try:
            for placing in _of_reading(kind, reading, all_orders=all_orders):
                some = True
                yield placing
        except CannotPlace as error:
            wrong = error
    if not some:
        raise wrong


def _readings(kind: CellKind, name: str, shape: tuple[int, ...]) -> list[Placed]:
    """Return what a parameter may be by its shape; the likelier first."""
    most = len(kind.gates) * H
    if len(shape) == 1 and shape[0] % H == 0 and shape[0] <= most:
        return [Placed(name, "bias", shape[0] // H)]
    found = []
    if len(shape) == 2:
        widths = {E: ("x",), H: ("h",), E + H: ("xh", "hx")}
        for (rows, columns), transposed in ((shape, False), (shape[::-1], True)):
            if rows % H == 0 and rows <= most and columns in widths:
                found += [Placed(name, side, rows // H, transposed) for side in widths[columns]]
    if not found:
        size = "×".join(map(str, shape))
        raise CannotPlace(
            f"{safe(name)}, {size} with {E} inputs and {H} units, is no matrix for x ({H}×{E}), for h ({H}×{H}) or for "
            f"both ({H}×{E + H}), of one to {len(kind.gates)} gates, and no bias ({H})"
        )
    return found


def _of_reading(kind: CellKind, reading: Sequence[Placed], *, all_orders: bool) -> Iterator[Placing]:
    both = [each for each in reading if each.side in ("xh", "hx")]
    if len({each.side for each in both}) > 1:
        return  # one order of x and h in the whole cell
    bare = {each.transposed for each in reading if each.side != "bias" and not _is_linear(each)}
    if len(bare) > 1:
        return  # likewise
    from_x, from_h = (both + [each for each in reading if each.side == side] for side in "xh")
    for side, some in (("x", from_x), ("h", from_h)):
        if (blocks := sum(each.blocks for each in some)) != len(kind.gates):
            raise CannotPlace(
                f"its matrices for {side} are of {counted(blocks, 'gate')}, and {kind.short} has {len(kind.gates)}"
                + (f": {', '.join(safe(each.name) for each in some)}" if some else "")
            )
    hinted = [_by_names(kind, some) for some in (from_x, from_h)]
    named = all(hinted)
    whole = len(from_x) == len(from_h) == 1
    for orders in product(*(_orders(kind, None if all_orders else hint) for hint in hinted)):
        first, second = (_cut(some, order) for some, order in zip((from_x, from_h), orders, strict=True))
        if any(first[each.name] != second[each.name] for each in both):
            continue
        if whole and not all_orders and orders[0] != orders[1]:
            continue
        weights = first | second
        for biases in _biases(kind, reading, weights, orders[0]):
            parameters = tuple(
                biases[each.name] if each.side == "bias" else replace(each, gates=weights[each.name])
                for each in reading
            )
            yield Placing(parameters, named=named and not all_orders)


def _biases(
    kind: CellKind, reading: Sequence[Placed], weights: dict[str, Gates], order: Gates
) -> list[dict[str, Placed]]:
    """Return what the biases may be: a Linear's goes with its weight; others by their names, else as W_ih."""
    found: dict[str, Placed] = {}
    bare = []
    sides = {each.name: each.side for each in reading}
    for each in reading:
        if each.side != "bias":
            continue
        weight = each.name.removesuffix("bias") + "weight"
        if _is_linear(each) and weight in weights and len(weights[weight]) == each.blocks:
            found[each.name] = replace(each, side="b_hh" if sides[weight] == "h" else "b_ih", gates=weights[weight])
        else:
            bare.append(each)
    if not bare:
        return [found]
    count, gates = sum(each.blocks for each in bare), len(kind.gates)
    if count == gates:
        sets = [[("b_ih", bare)], [("b_hh", bare)]]
    elif count == 2 * gates:
        by_name = [[each for each in bare if side_of(each.name) == side] for side in "xh"]
        if any(sum(each.blocks for each in some) != gates for some in by_name):
            by_name = [bare[: len(bare) // 2], bare[len(bare) // 2 :]]
        sets = [[("b_ih", one), ("b_hh", other)] for one, other in (by_name, by_name[::-1])]
    else:
        names = ", ".join(safe(each.name) for each in bare)
        raise CannotPlace(f"{names}: biases of {counted(count, 'gate')}; {kind.short} has {gates}, one or two for each")
    choices = []
    for some in sets:
        chosen = dict(found)
        for side, items in some:
            if sum(each.blocks for each in items) != gates:
                raise CannotPlace("its biases cannot be told apart")
            cut = _cut(items, _by_names(kind, items) or order)
            chosen |= {each.name: replace(each, side=side, gates=cut[each.name]) for each in items}
        choices.append(chosen)
    return choices


def _by_names(kind: CellKind, some: Sequence[Placed]) -> Gates | None:
    """Return the gates that the names speak of, if each of them speaks of another one."""
    found = tuple(gate_of(kind, each.name) for each in some)
    if len(some) != len(kind.gates) or sorted(found) != sorted(kind.gate_names):
        return (0,) if len(kind.gates) == 1 else None
    return tuple(map(kind.gate_names.index, found))


def _orders(kind: CellKind, hint: Gates | None) -> list[Gates]:
    return [hint] if hint else [*permutations(range(len(kind.gates)))]


def _cut(some: Sequence[Placed], order: Gates) -> dict[str, Gates]:
    """Deal an order of gates out to parameters, to each as many as it has blocks."""
    found, at = {}, 0
    for each in some:
        found[each.name] = order[at : at + each.blocks]
        at += each.blocks
    return found


def _is_linear(each: Placed) -> bool:
    return each.name.endswith((".weight", ".bias"))


def _shape(parameter: Tensor) -> str:
    return "×".join(map(str, parameter.shape))
