"""A cell that somebody has written: its file is loaded, tried once, and read again when it changes.

Only what the command line of this process has named is ever run: see `experiment/named_cell.py`.
"""

import hashlib
import linecache
import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rnn_tui.common.glyphs import safe
from rnn_tui.engine.network.cell_error import CellError, told
from rnn_tui.engine.network.cells import State, parts
from rnn_tui.engine.network.module_cells import Left, Parts, call
from rnn_tui.experiment.cell_kinds import Shape
from rnn_tui.experiment.named_cell import NamedCell, named_cell
from rnn_tui.experiment.own_cell import OwnCell, OwnGate
from rnn_tui.experiment.spec import Experiment

__all__ = ["Loaded", "StepOfFour", "build_own", "file_stamp", "load_cell", "loaded_cell", "own_facts", "put_code"]

_ROWS = 3  # of the batch on which a cell is tried: not 2, which `h, c = state` would take apart
_MODULE = "rnn_tui_own_cell"  # the name under which the file is a module
_MATRICES = ("w_ih", "w_hh", "b_ih", "b_hh")


@dataclass(frozen=True)
class Loaded:
    """A class, and the file that it came from."""

    named: NamedCell
    stamp: tuple[int, int]  # of the file: when it was changed, and how long it is
    made: type  # an nn.Module, or a class with `step`
    sha256: str
    source: str  # of the file


class StepOfFour(nn.Module):
    """A cell given by `step(x, state, w_ih, w_hh, b_ih, b_hh)` alone: it gets the weights that torch's cells have.

    The class says how many gates there are with `gates`, a text or a list: "rzn" means 3 H rows in each weight.
    """

    def __init__(self, author: Any, input_size: int, hidden_size: int) -> None:
        super().__init__()
        rows = len(getattr(author, "gates", "h")) * hidden_size
        bound = hidden_size**-0.5
        for name, shape in zip(
            ("weight_ih", "weight_hh", "bias_ih", "bias_hh"),
            ((rows, input_size), (rows, hidden_size), (rows,), (rows,)),
            strict=True,
        ):
            self.register_parameter(name, nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))
        self.author = [author]  # a list: what the author leaves on it is not a part of this module

    def forward(self, x: Tensor, state: State) -> Any:
        """Compute one step, and hand on the parts that the author has left on `self`."""
        author, (w_ih, w_hh, b_ih, b_hh) = self.author[0], self._parameters.values()
        with Left(author) as left:
            found = author.step(x, state, w_ih, w_hh, b_ih, b_hh)
        if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], dict):
            return found
        return found, left.parts


def load_cell(named: NamedCell) -> Loaded:
    """Run the file and return its class. Raises CellError, with the line of the file that is wrong."""
    try:
        stamp = file_stamp(named)
        with open(named.file, "rb") as opened:
            source = opened.read()
    except OSError as error:
        raise CellError(named, error.strerror or str(error)) from None
    linecache.checkcache(named.file)
    module = types.ModuleType(_MODULE)
    module.__file__ = named.file
    sys.modules[_MODULE] = module
    with _told(named), _beside(named.file):
        exec(compile(source, named.file, "exec"), module.__dict__)
    made = getattr(module, named.name, None)
    if not isinstance(made, type):
        raise CellError(named, f"has no class {safe(named.name)} when it has run")
    method = "forward" if issubclass(made, nn.Module) else "step"
    if not callable(getattr(made, method, None)):
        raise CellError(
            named,
            "has neither forward(self, x, state), as an nn.Module, nor step(self, x, state, w_ih, w_hh, b_ih, b_hh)",
        )
    return Loaded(named, stamp, made, hashlib.sha256(source).hexdigest(), source.decode(errors="replace"))


@contextmanager
def _beside(file: str) -> Iterator[None]:
    """Let a file import what lies beside it, while it is loaded."""
    folder = os.path.dirname(file)
    if folder in sys.path:
        yield
        return
    sys.path.append(folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def file_stamp(named: NamedCell) -> tuple[int, int]:
    """Return what changes when a file is written: when that was, and how long it is. Raises OSError."""
    found = os.stat(named.file)
    return found.st_mtime_ns, found.st_size


_loaded: list[Loaded] = []  # the cell of this process, once it has been loaded


def loaded_cell() -> Loaded:
    """Return the cell that this process has been told to run. Raises CellError where it has been told of none."""
    named = named_cell()
    if named is None:
        raise CellError(
            None,
            "this cell is in a file of its author's, which no run brings with it: name it, --cell FILE.py:CLASS",
        )
    if not _loaded or _loaded[0].named != named or _loaded[0].stamp != _stamp(named):
        _loaded[:] = [load_cell(named)]
    return _loaded[0]


def _stamp(named: NamedCell) -> tuple[int, int] | None:
    try:
        return file_stamp(named)
    except OSError:
        return None


def put_code(cell: nn.Module, loaded: Loaded) -> None:
    """Have a cell that was built compute what its class in the file does now, with the weights that it has."""
    if isinstance(cell, StepOfFour):
        with _told(loaded.named):
            cell.author = [loaded.made()]
    else:
        cell.__class__ = loaded.made


def build_own(input_size: int, hidden_size: int) -> nn.Module:
    """Build the cell of one layer and direction. Raises CellError."""
    loaded = loaded_cell()
    with _told(loaded.named):
        if issubclass(loaded.made, nn.Module):
            return loaded.made(input_size, hidden_size)
        return StepOfFour(loaded.made(), input_size, hidden_size)


def own_facts(experiment: Experiment) -> OwnCell:
    """Return what is known of an experiment's own cell, found by trying it. Raises CellError."""
    network, loaded = experiment.network, loaded_cell()
    sizes = [experiment.input_size, network.hidden_size * network.directions][: network.layers]
    tried = [_try(loaded, size, network.hidden_size) for size in sizes]
    return OwnCell(
        name=loaded.named.name,
        sha256=loaded.sha256,
        has_c=tried[0].has_c,
        gates=tried[0].gates,
        weights=tuple(each.weights for each in tried),
    )


@dataclass(frozen=True)
class _Tried:
    """What one step of a cell has shown."""

    has_c: bool
    gates: tuple[OwnGate, ...]
    weights: tuple[tuple[str, Shape], ...]


def _try(loaded: Loaded, input_size: int, hidden_size: int) -> _Tried:
    """Make one step with random numbers, without disturbing torch's own. Raises CellError."""
    random = torch.get_rng_state()
    try:
        cell = build_own(input_size, hidden_size)
        x, h, c = (3 * torch.randn(_ROWS, size) for size in (input_size, hidden_size, hidden_size))
        found, shown, has_c = _step(cell, x, h, c)
    finally:
        torch.set_rng_state(random)
    _check_state(loaded.named, found, has_c, hidden_size)
    gates = [
        OwnGate(name, "σ" if bool(((value >= 0) & (value <= 1)).all()) else "")
        for name, value in shown.items()
        if tuple(value.shape) == (_ROWS, hidden_size) and value.is_floating_point()
    ]
    weights = tuple((name, tuple(weight.shape)) for name, weight in cell.named_parameters())
    if not weights:
        problem = "has no weights; a part that has some must be set on self, as an nn.Linear or an nn.Parameter"
        raise CellError(loaded.named, problem)
    return _Tried(has_c, tuple(gates), weights)


@torch.no_grad()
def _step(cell: nn.Module, x: Tensor, h: Tensor, c: Tensor) -> tuple[Any, Parts, bool]:
    """Make a step with h as the state and, where that cannot be, with (h, c)."""
    try:
        return *call(cell, x, h), False
    except CellError as error:
        with suppress(CellError):
            return *call(cell, x, (h, c)), True
        raise error from None


def _check_state(named: NamedCell, found: Any, has_c: bool, hidden_size: int) -> None:
    """Raise CellError for what is no state."""
    wanted = f"(N, {hidden_size})"
    if isinstance(found, tuple) and not has_c:
        raise CellError(named, f"reads one tensor as its state and returns {len(found)}; it must return what it reads")
    states = parts(found) if has_c else (found,)
    if has_c and (not isinstance(found, tuple) or len(states) != 2):
        raise CellError(named, "reads (h, c) and does not return both; both must be alike")
    for name, each in zip("hc", states, strict=False):
        if not isinstance(each, Tensor):
            raise CellError(named, f"returns {safe(type(each).__name__)} as {name}; it must be a tensor {wanted}")
        if each.dtype != torch.float32:
            kind = str(each.dtype).removeprefix("torch.")
            raise CellError(named, f"returns {name} as {kind}; it must be float32, as what it reads")
        if tuple(each.shape) != (_ROWS, hidden_size):
            shape = ", ".join("N" if size == _ROWS else str(size) for size in each.shape)
            raise CellError(named, f"returns {name} of shape ({shape}); it must be {wanted}, as the one before it")


@contextmanager
def _told(named: NamedCell) -> Iterator[None]:
    """Turn whatever a file of its author's raises into CellError."""
    try:
        yield
    except CellError:
        raise
    except (Exception, SystemExit) as error:
        raise told(named, error) from None
