"""Which of the usual mistakes a cell has: one step of it is compared with one step of each wrong variant of torch's."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

import torch

from rnn_tui.engine.check.equations import Memo, Parts, Weights, step_in_parts
from rnn_tui.engine.check.mistakes import Mistake, all_changes
from rnn_tui.engine.check.placing import CannotPlace, E, H, Placing, masked, placings
from rnn_tui.engine.check.side_by_side import Sizes, differ, draw_weights
from rnn_tui.engine.check.subject import build, own_step, placed_whole, setting
from rnn_tui.engine.network.own_cell import StepOfFour
from rnn_tui.experiment.cell_kinds import CellKind

__all__ = ["Fit", "find_fit"]

_ROWS = 16  # on which a step is compared: enough to tell relu from nothing
_FEW = 2  # of them, on which all variants are compared
_NEAREST = 20  # variants that are compared in full then
_MOST = 5_000  # ways to assign weights to gates that are tried
_MOST_IN_DEPTH = 100  # of them with two mistakes and more,
_MOST_BIASES = 3  # and with as many sets of biases, for each of which the variants are computed


@dataclass(frozen=True)
class Fit:
    """A way to assign weights to parameters, and what the cell is with it.

    `mistakes` are those with which the equations give the cell's own numbers, none where they do as they are; None:
    no one, two or three of them do.
    """

    placing: Placing
    shown: Parts  # what one step of the cell shows
    mistakes: tuple[Mistake, ...] | None
    in_parts: dict[str, Mistake | None]  # without `mistakes`: what is wrong with each part, None for one that is right
    inside: str = ""  # likewise: the first gate such that all agrees where its weights are 0
    tried: int = 1  # ways


class _Trials:
    """One step, its input, state and weights, of the cell and of all variants of the equations."""

    def __init__(self, kind: CellKind) -> None:
        sizes = Sizes(E, H, _ROWS, 1)
        self._kind, self.cell = kind, build(kind, E, H)
        self._x = 2 * torch.randn(_ROWS, E)  # larger than when training begins, to tell things apart
        h, c = (1.5 * torch.randn(_ROWS, H) for _ in "hc")
        self._state = (h, c) if kind.has_c else h
        self._weights = draw_weights(kind, sizes)
        self._variants: dict[tuple[object, ...], _Variants] = {}

    def fit(self, placing: Placing) -> Fit:
        """Run the cell, and look for one mistake. Raises CellError."""
        shown = self._run(placing, masked(self._weights, placing))
        return Fit(placing, shown, self._variants_of(placing, 1).like(shown), {})

    def inside(self, placing: Placing) -> str:
        """Return the first gate such that cell and equations agree where all its weights are 0; "" for none."""
        for at, gate in enumerate(self._kind.gate_names):
            given = masked(self._weights, placing)
            weights = Weights(*(each.clone() for each in (given.w_ih, given.w_hh, given.b_ih, given.b_hh)))
            for each in (weights.w_ih, weights.w_hh, weights.b_ih, weights.b_hh):
                each[at] = 0
            shown = self._run(placing, weights)
            right = step_in_parts(self._kind, self._x, self._state, weights, {})
            if all(differ(shown[name], right[name]) <= 1 for name in "hc" if name in right):
                return gate
        return ""

    def _run(self, placing: Placing, weights: Weights) -> Parts:
        setting(self.cell, placing, weights)
        return own_step(self._kind, self.cell, self._x, self._state)[1]

    def in_depth(self, fit: Fit) -> Fit:
        """Look for two mistakes, and three where the names tell the gates; otherwise for one in each part."""
        for most in (2, 3) if fit.placing.named else (2,):
            mistakes = self._variants_of(fit.placing, most).like(fit.shown)
            if mistakes is not None:
                return replace(fit, mistakes=mistakes)
        single = self._variants_of(fit.placing, 1)
        found = {name: single.first({name: value}) for name, value in fit.shown.items()}
        return replace(
            fit, in_parts={name: some[0] if some else None for name, some in found.items() if some is not None}
        )

    def _variants_of(self, placing: Placing, most: int) -> "_Variants":
        key = (placing.biases, placing.named, most)
        if key not in self._variants:
            several = most > 1  # none and one are looked at together
            some = [
                each
                for each in all_changes(self._kind, orders=placing.named)
                if len(each[0]) <= most and (len(each[0]) == most or not several)
            ]
            weights = masked(self._weights, placing)
            memo: Memo = {}
            steps = [step_in_parts(self._kind, self._x, self._state, weights, changes, memo) for _, changes in some]
            values = {name: torch.stack([each[name] for each in steps]) for name in steps[0]} if steps else {}
            self._variants[key] = _Variants([mistakes for mistakes, _ in some], values)
        return self._variants[key]


@dataclass(frozen=True)
class _Variants:
    """Variants of the equations: the mistakes of each, and the parts that they make, (V, N, H) each."""

    mistakes: list[tuple[Mistake, ...]]
    values: Parts

    def like(self, shown: Parts) -> tuple[Mistake, ...] | None:
        """Return the mistakes of the first whose state is what a cell shows."""
        if not self.mistakes:
            return None
        return self.first({name: shown[name] for name in "hc" if name in self.values})

    def first(self, wanted: Parts) -> tuple[Mistake, ...] | None:
        """Return the mistakes of the first with all of these parts."""
        off = torch.zeros(len(self.mistakes))
        for name, value in wanted.items():
            off += (self.values[name][:, :_FEW] - value[:_FEW]).abs().flatten(1).amax(1)
        for at in off.argsort(stable=True)[:_NEAREST].sort().values.tolist():
            if all(differ(value, self.values[name][at]) <= 1 for name, value in wanted.items()):
                return self.mistakes[int(at)]
        return None


@torch.no_grad()
def find_fit(kind: CellKind) -> Fit:
    """Find which of the cell's parameters is which of torch's weights, and which mistakes it has then.

    Names come first, where they tell the gate; then all orders. A class that gets torch's four weights has one way.
    Raises CellError, and CannotPlace.
    """
    trials = _Trials(kind)
    if isinstance(trials.cell, StepOfFour):
        fit = trials.fit(placed_whole(kind))
        fit = fit if fit.mistakes is not None else trials.in_depth(fit)
        return fit if fit.mistakes is not None else replace(fit, inside=trials.inside(fit.placing))
    seen = set()
    unexplained: list[Fit] = []
    for all_orders in (False, True):
        fits = []
        for placing in islice(placings(kind, trials.cell, all_orders=all_orders), _MOST):
            if placing.parameters in seen:
                continue
            seen.add(placing.parameters)
            fits.append(trials.fit(placing))
            if fits[-1].mistakes == ():
                break
        best = _fewest(fits)
        if best is None and not unexplained:
            biases = [*dict.fromkeys(each.placing.biases for each in fits)][:_MOST_BIASES]
            likelier = [each for each in fits if each.placing.biases in biases]
            deeper = [trials.in_depth(each) for each in likelier[:_MOST_IN_DEPTH]]
            best = _fewest(deeper)
            unexplained += deeper
        if best is not None:
            return replace(best, tried=len(seen))
    unexplained = [replace(each, inside=trials.inside(each.placing)) for each in unexplained]
    closest = max(unexplained, key=lambda each: (each.placing.named, len(each.in_parts), bool(each.inside)))
    if not (closest.placing.named or closest.in_parts or closest.inside):
        raise CannotPlace(
            f"which of its weights is which gate cannot be told: none of {len(seen):,} ways to assign them gives the "
            f"numbers of {kind.short}, as it is or with one or two of the usual mistakes"
        )
    return replace(closest, tried=len(seen))


def _fewest(fits: Iterable[Fit]) -> Fit | None:
    explained = [(len(each.mistakes), at, each) for at, each in enumerate(fits) if each.mistakes is not None]
    return min(explained)[2] if explained else None
