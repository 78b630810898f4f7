"""The cell that is checked: built at a size, given weights, and run; its author reads what is wrong with the line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rnn_tui.common.glyphs import safe
from rnn_tui.engine.check.equations import Parts, Weights
from rnn_tui.engine.check.names import part_of
from rnn_tui.engine.check.placing import CannotPlace, Placed, Placing, place
from rnn_tui.engine.network.cell_error import CellError, told
from rnn_tui.engine.network.cells import State, parts
from rnn_tui.engine.network.module_cells import call
from rnn_tui.engine.network.out_of_memory import out_of_memory
from rnn_tui.engine.network.own_cell import StepOfFour, build_own, loaded_cell
from rnn_tui.experiment.cell_kinds import CellKind

__all__ = ["FOUR", "Run", "build", "holds_still", "own_gradients", "own_run", "own_step", "placed_whole", "setting"]

FOUR = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")  # the names of torch's weights, and of StepOfFour's


@dataclass(frozen=True)
class Run:
    """What a cell has made of a sequence of T steps."""

    states: list[State]
    parts: list[Parts]  # those that it shows, by the names of the reference's parts


def placed_whole(kind: CellKind) -> Placing:
    """Return where torch's weights go in a class that gets the four of them."""
    gates = tuple(range(len(kind.gates)))
    sides = zip(FOUR, ("x", "h", "b_ih", "b_hh"), strict=True)
    return Placing(tuple(Placed(name, side, len(gates), gates=gates) for name, side in sides), named=True)


def build(kind: CellKind, inputs: int, units: int) -> nn.Module:
    """Build the cell; a class with `step` gets as many rows as the kind has, whatever its `gates` say.

    Raises CellError.
    """
    cell = build_own(inputs, units)
    if isinstance(cell, StepOfFour):
        rows = len(kind.gates) * units
        for name, shape in zip(FOUR, ((rows, inputs), (rows, units), (rows,), (rows,)), strict=True):
            cell.register_parameter(name, nn.Parameter(torch.rand(shape) - 0.5))
    with _told():
        return cell.to(torch.get_default_dtype())


def setting(cell: nn.Module, placing: Placing, weights: Weights) -> None:
    """Write weights into the cell. Raises CellError."""
    try:
        place(cell, placing, weights)
    except CannotPlace as error:
        raise CellError(loaded_cell().named, str(error)) from None


def own_step(kind: CellKind, cell: nn.Module, x: Tensor, state: State) -> tuple[State, Parts]:
    """Compute one step of the cell, x (N, E) and a state (N, H) or two, and what it shows. Raises CellError."""
    watched = (x, *parts(state))
    versions = [each._version for each in watched]
    with _told(lambda: _other_state(cell, x, state)):
        found, shown = call(cell, x, state)
    if [each._version for each in watched] != versions:
        raise _error("changes what it is given in place, as `h *= z` does: make a new tensor, h = h * z")
    _check(kind, found, state)
    like = parts(state)[0]
    named = {
        part_of(kind, name): value
        for name, value in shown.items()
        if (value.shape, value.dtype) == (like.shape, like.dtype)
    }
    named |= dict(zip("hc", parts(found), strict=False))
    return found, {name: value for name, value in named.items() if name}


def own_run(kind: CellKind, cell: nn.Module, x: Tensor, state: State) -> Run:
    """Run the cell over a sequence x (T, N, E). Raises CellError."""
    states, shown = [], []
    for step in x:
        state, some = own_step(kind, cell, step, state)
        states.append(state)
        shown.append(some)
    return Run(states, shown)


def own_gradients(loss: Tensor, of: list[Tensor]) -> list[Tensor | None]:
    """Return the gradients of a loss of the cell's; None where none comes. Raises CellError."""
    needing = [each for each in of if each.requires_grad]
    if not loss.requires_grad:
        return [None] * len(of)
    with _told():
        found = iter(torch.autograd.grad(loss, needing, allow_unused=True))
    return [next(found) if each.requires_grad else None for each in of]


@torch.no_grad()
def holds_still(kind: CellKind, cell: nn.Module, inputs: int, units: int) -> None:
    """Raise CellError where the cell gives other numbers for the same input, state and weights."""
    x, h, c = (torch.randn(3, size) for size in (inputs, units, units))
    state = (h, c) if kind.has_c else h
    one, other = (own_step(kind, cell, x, state)[0] for _ in range(2))
    if any(not torch.equal(a, b) for a, b in zip(parts(one), parts(other), strict=True)):
        raise _error(
            "gives other numbers for the same x and state: it draws some, or keeps something between two steps"
        )


def _check(kind: CellKind, found: object, before: State) -> None:
    """Raise CellError for what is no state, or not a finite one."""
    wanted, given = parts(before), parts(found) if isinstance(found, tuple) else (found,)
    names = "(h, c)" if kind.has_c else "h"
    if len(given) != len(wanted):
        amount = (
            f"{len(given)} values" if len(given) > 1 else "one tensor" if isinstance(found, Tensor) else _type(found)
        )
        raise _error(f"returns {amount}; a step of {kind.short} returns {names}, one tensor (N, H) each")
    for name, one, other in zip("hc", given, wanted, strict=False):
        if not isinstance(one, Tensor):
            raise _error(f"returns {_type(one)} as {name}; it must be a tensor (N, H)")
        if one.shape != other.shape:
            shape, right = tuple(one.shape), tuple(other.shape)
            raise _error(f"returns {name} of shape {shape}; it must be (N, H), here {right}")
        if one.dtype != other.dtype:
            raise _error(f"returns {name} as {one.dtype} where it reads {other.dtype}; the dtypes must be alike")
        if not bool(one.detach().isfinite().all()):
            raise _error(f"returns {name} with NaN or infinity in it, for finite x, state and weights")


def _other_state(cell: nn.Module, x: Tensor, state: State) -> str:
    """Return what is wrong where the cell reads the other kind of state, h for (h, c); "" where it is not that."""
    h = parts(state)[0].detach()
    pair = isinstance(state, tuple)
    try:
        found, _ = call(cell, x.detach(), h if pair else (h, h))
    except (Exception, SystemExit):
        return ""
    if pair and isinstance(found, Tensor):
        return "reads h alone as its state; an LSTM has two: h, c = state"
    if not pair and isinstance(found, tuple):
        return "reads h and c as its state, as an LSTM does (--against lstm); here it is h alone"
    return ""


def _type(value: object) -> str:
    return "nothing" if value is None else f"a {safe(type(value).__name__)}"


def _error(problem: str) -> CellError:
    return CellError(loaded_cell().named, problem)


@contextmanager
def _told(reason: Callable[[], str] = str) -> Iterator[None]:
    """Turn whatever the author's code raises into CellError; `reason` may know better what is wrong."""
    named = loaded_cell().named
    try:
        yield
    except (Exception, SystemExit) as error:
        if isinstance(error, Exception) and out_of_memory(error):
            raise
        wrong = error if isinstance(error, CellError) else told(named, error)
        if isinstance(error.__cause__ or error, NotImplementedError):
            raise _error(str(wrong).replace("NotImplementedError", "still to be written", 1)) from None
        problem = reason()
        raise (_error(problem) if problem else wrong) from None
