"""Which units do nothing: dead ones, always near 0, and saturated ones, always near ±1. One definition for all."""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["dead_units", "saturated_units", "unit_shares"]

_DEAD = 0.01  # |h| at all time steps below which a unit is dead
_SATURATED = 0.97  # |h| at all time steps above which it is saturated: |tanh'| < 0.06


def dead_units(states: Tensor) -> Tensor:
    """Return which units of the states h (T, H) are dead, (H,): |h| < 0.01 at all time steps."""
    return states.abs().amax(0) < _DEAD


def saturated_units(states: Tensor) -> Tensor:
    """Return which units of the states h (T, H) are saturated, (H,): |h| > 0.97 at all time steps."""
    return states.abs().amin(0) > _SATURATED


@torch.no_grad()
def unit_shares(layers: Sequence[Tensor], *, bounded: bool, there: Tensor | None = None) -> Tensor:
    """Return the shares of all units that are dead and that are saturated in all rows, (2,).

    `layers`: the states h (T, N, D*H) of each; `there` (T, N, 1): the time steps that count, where some are padding.
    Units that are not `bounded`, relu's, are never saturated. NaN where a state is not finite.
    """
    smallest, largest = [], []
    for states in layers:
        sizes = states.abs()
        largest.append((sizes if there is None else sizes.masked_fill(~there, 0.0)).flatten(0, -2).amax(0))
        smallest.append((sizes if there is None else sizes.masked_fill(~there, torch.inf)).flatten(0, -2).amin(0))
    high, low = torch.cat(largest), torch.cat(smallest)
    is_saturated = low > (_SATURATED if bounded else torch.inf)
    shares = torch.stack([high < _DEAD, is_saturated]).float().mean(1)
    return shares.where(high.isfinite().all(), torch.nan)
