"""Fixed points of a network: states that it keeps while it reads the same input again and again.

Found as Sussillo and Barak (2013), "Opening the black box", Neural Computation 25:626, have it: by making |F(s) − s|²
small from many states of a run. F is one time step of all layers with an input that stays; s has the states of all
layers side by side, N points with S numbers each. What a point is like follows from the Jacobian ∂F/∂s there: where all
of its eigenvalues are inside the unit circle, states nearby come back, and it is stable; each one outside is a
direction in which they leave.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["FixedPoints", "Search", "jacobian"]

_EXACT = 1e-9  # |F(s) − s| at which a point is left alone, in float64, relative to the largest number of s from 1 on
_GOOD = 1e-6  # and at which it counts as one
_COARSE = 3e-6  # both in float32
_SAME = 0.05  # of the distance of usual states: points that are nearer than that are one
_DAMPING = 1e-2  # at first, of the largest diagonal element
_LARGEST_DAMPING = 1e8
_FIRST = 6  # steps that points have for themselves that were found before
_PATIENCE = 4  # looks after which a point that has come nowhere is given up

Step = Callable[[Tensor], Tensor]  # (N, S) -> (N, S)


@dataclass(frozen=True, kw_only=True)
class FixedPoints:
    """M distinct points, the most stable first."""

    states: Tensor  # (M, S)
    largest: Tensor  # (M,) the largest |λ| of the Jacobian
    unstable: Tensor  # (M,) how many |λ| are above 1


class Search:
    """A search from some states, which can go on with other weights from where it came to."""

    def __init__(self, starts: Tensor) -> None:
        """Begin at `starts` (N, S)."""
        self.states = starts.clone()
        self._damping = torch.full((len(starts),), _DAMPING, dtype=starts.dtype)
        self._error = torch.full((len(starts),), torch.inf, dtype=starts.dtype)  # |F(s) − s|, relative
        self._looks = torch.zeros(len(starts), dtype=torch.int64)  # how often each has been gone on with
        self._kept = torch.zeros(0, dtype=torch.int64)  # places of the distinct points that were found last
        self._spread = float((starts - starts.mean(0)).norm(dim=1).mean())

    def go_on(self, step: Step, iterations: int, seconds: float) -> None:
        """Take so many steps of Levenberg and Marquardt with the points, or as many as the CPU time allows.

        (JᵀJ + μ I) δ = −Jᵀ r with r = F(s) − s and its Jacobian J; μ of a point falls while its |r| does. One step is
        taken at least, and none at a point that is there.
        """
        until = time.thread_time() + seconds
        self._looks += 1
        self._damping.clamp_(max=_DAMPING)
        with torch.no_grad():
            self._error = self._sizes(step(self.states) - self.states, self.states)
        known = self._kept  # which are near by, so that they come first
        for number in range(iterations):
            if len(known):
                known = known[self._error[known] >= self._exact]
            places = known if len(known) and number < _FIRST else (self._error >= self._exact).nonzero()[:, 0]
            if not len(places) or (number and time.thread_time() > until):
                return
            self._improve(step, places)

    def _improve(self, step: Step, places: Tensor) -> None:
        states, damping = self.states[places], self._damping[places]
        after, slope = jacobian(step, states)
        error, unit = after - states, torch.eye(states.shape[1], dtype=states.dtype)
        slope = slope - unit
        square, down = slope.mT @ slope, slope.mT @ error[..., None]
        largest = square.diagonal(dim1=-2, dim2=-1).amax(-1).clamp(min=torch.finfo(slope.dtype).tiny)
        move, problem = torch.linalg.solve_ex(square + (damping * largest)[:, None, None] * unit, -down)
        move = move[..., 0]
        tried = states + move.where((problem == 0)[:, None] & move.isfinite(), 0)
        with torch.no_grad():
            left = step(tried) - tried
        better = left.norm(dim=1) < error.norm(dim=1)
        self.states[places] = tried.where(better[:, None], states)
        self._damping[places] = (damping * torch.where(better, 0.2, 5.0)).clamp(1e-12, _LARGEST_DAMPING)
        sizes = self._sizes(left, tried)
        self._error[places] = sizes.where(better, self._error[places])

    def renew(self, starts: Tensor, *, at_once: bool = False) -> None:
        """Begin anew at `starts` (N, S) in place of points that others have come to as well, or that came nowhere.

        Those that have come nowhere get some looks more, unless they are to be given up `at_once`.
        """
        is_kept = torch.zeros(len(self.states), dtype=torch.bool)
        is_kept[self._kept] = True
        over = ~is_kept & ((self._error < self._good) | (self._looks >= _PATIENCE) | at_once)
        self.states[over], self._damping[over], self._looks[over] = starts[over], _DAMPING, 0

    def found(self, step: Step) -> FixedPoints:
        """Return the distinct points that have been come to."""
        order = self._error.argsort()
        kept: list[int] = []
        near = _SAME * self._spread
        for place in order[self._error[order] < self._good].tolist():
            if not kept or float((self.states[kept] - self.states[place]).norm(dim=1).min()) > near:
                kept.append(place)
        self._kept = torch.tensor(kept, dtype=torch.int64)
        states = self.states[self._kept]
        if not kept:
            return FixedPoints(states=states, largest=states[:, 0], unstable=torch.zeros(0, dtype=torch.int64))
        sizes = torch.linalg.eigvals(jacobian(step, states)[1]).abs()  # (M, S)
        largest = sizes.amax(-1)
        order = largest.argsort()
        return FixedPoints(states=states[order], largest=largest[order], unstable=(sizes > 1).sum(-1)[order])

    @property
    def _exact(self) -> float:
        return _EXACT if self.states.dtype == torch.float64 else _COARSE

    @property
    def _good(self) -> float:
        return _GOOD if self.states.dtype == torch.float64 else _COARSE

    @staticmethod
    def _sizes(error: Tensor, states: Tensor) -> Tensor:
        """Return the largest |F(s) − s| of each point, relative to its own largest number."""
        sizes: Tensor = error.abs().amax(1) / states.abs().amax(1).clamp(min=1)
        return sizes.nan_to_num(nan=torch.inf)


def jacobian(step: Step, states: Tensor) -> tuple[Tensor, Tensor]:
    """Return F(s) (N, S) of states (N, S), and ∂F/∂s there, (N, S, S): row i has the derivatives of F_i.

    Rows of a batch have nothing to do with one another, so that one backward pass over S copies of each serves all.
    """
    count, size = states.shape
    with torch.enable_grad():
        copies = states.detach().repeat_interleave(size, 0).requires_grad_()  # (N*S, S)
        after = step(copies)
        (slopes,) = torch.autograd.grad(after, copies, torch.eye(size, dtype=states.dtype).repeat(count, 1))
    return after.detach()[::size], slopes.reshape(count, size, size)
