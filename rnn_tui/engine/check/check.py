"""Check a cell against torch's: the same parameters, then many sizes, until the two part."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from rnn_tui.engine.check.explain import find_fit
from rnn_tui.engine.check.mistakes import EQUATIONS, Mistake
from rnn_tui.engine.check.placing import CannotPlace, Placing
from rnn_tui.engine.check.side_by_side import Parting, Sizes, run_trial
from rnn_tui.engine.check.subject import build, holds_still
from rnn_tui.engine.network.cell_error import CellError
from rnn_tui.engine.network.own_cell import StepOfFour, loaded_cell
from rnn_tui.experiment.cell_kinds import CellKind

__all__ = ["TRIALS", "Verdict", "check_cell"]

TRIALS = 20
_LARGEST = Sizes(inputs=8, units=8, rows=5, steps=12)
_FIRST = Sizes(inputs=3, units=5, rows=4, steps=6)
_SEED = 1


@dataclass(frozen=True)
class Verdict:
    """What came of it. `parting` is None where all trials agree."""

    name: str  # of the class
    kind: CellKind
    trials: int  # that were run: up to the first that does not agree
    sizes: Sizes  # of the last
    largest: float  # difference, relative to the largest number, or to 1
    parting: Parting | None
    mistakes: tuple[Mistake, ...]  # that explain all of it
    in_part: Mistake | None  # else: the one that explains the part where they part first
    inside: str  # without `mistakes`: the first gate such that all agrees where its weights are 0; "" for none
    placing: Placing | None  # of a module; None: a class that gets torch's four weights
    tried: int  # ways to assign the weights
    blocks: int  # of H rows that it would get when it trains

    @property
    def equations(self) -> dict[str, str]:
        """Return torch's equation of each part."""
        return EQUATIONS[self.kind.name]


def check_cell(kind: CellKind, *, trials: int = TRIALS) -> Verdict:
    """Compare the cell that the command line names with torch's.

    It is done in float64, or, where the cell makes float32 of it, in float32. Torch's random numbers stay as they are.

    Raises CellError where the cell cannot be run, or its weights are none of torch's.
    """
    with torch.random.fork_rng(devices=[]):
        try:
            with _in(torch.float64):
                return _check(kind, trials)
        except CellError as error:
            if not any(word in str(error).lower() for word in ("dtype", "float", "double")):
                raise
            with _in(torch.float32):
                return _check(kind, trials)


def _check(kind: CellKind, trials: int) -> Verdict:
    """Raise CellError."""
    torch.manual_seed(_SEED)
    loaded = loaded_cell()
    holds_still(kind, build(kind, _FIRST.inputs, _FIRST.units), _FIRST.inputs, _FIRST.units)
    try:
        fit = find_fit(kind)
    except CannotPlace as error:
        raise CellError(loaded.named, f"{error}. `rnn-tui help network` tells what can be checked") from None
    placing = fit.placing
    largest = 0.0
    for number, sizes in enumerate(_sizes(trials), 1):
        torch.manual_seed(_SEED + number)
        cell = build(kind, sizes.inputs, sizes.units)
        trial = run_trial(kind, cell, placing, sizes)
        largest = max(largest, trial.largest)
        if trial.parting is not None:
            break
    parting = trial.parting
    in_part = fit.in_parts.get(parting.part) if parting is not None and not parting.is_gradient else None
    order = [*kind.gate_names, "c", "h"]
    return Verdict(
        name=loaded.named.name,
        kind=kind,
        trials=number,
        sizes=sizes,
        largest=largest,
        parting=parting,
        mistakes=tuple(sorted(fit.mistakes or (), key=lambda each: order.index(each.part))),
        in_part=in_part,
        inside=fit.inside,
        placing=None if isinstance(cell, StepOfFour) else placing,
        tried=fit.tried,
        blocks=len(getattr(cell.author[0], "gates", "h")) if isinstance(cell, StepOfFour) else len(kind.gates),
    )


def _sizes(trials: int) -> Iterator[Sizes]:
    """Yield the sizes of the trials: the first is never one that hides a mistake, as a single unit does."""
    draw = random.Random(_SEED)
    yield _FIRST
    for _ in range(trials - 1):
        yield Sizes(
            *(draw.randint(1, most) for most in (_LARGEST.inputs, _LARGEST.units, _LARGEST.rows, _LARGEST.steps))
        )


@contextmanager
def _in(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
