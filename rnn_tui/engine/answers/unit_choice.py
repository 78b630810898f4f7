"""Which units of a large layer are shown: those that vary most over time, in an order that is steady between frames."""

from typing import Any, Literal, NamedTuple

import numpy as np
from torch import Tensor

from rnn_tui.engine.training.unit_shares import dead_units, saturated_units
from rnn_tui.protocol.arrays import Integers

__all__ = ["UnitChoice", "choose_units"]

_GOOD = 0.9  # of the variation that the best choice has: with less, units are chosen anew
_GOOD_TOP = 0.75  # the same for the first quarter, so that the order stays one


class UnitChoice(NamedTuple):
    """The units to show of a layer in one direction, and how many of all its units are dead or saturated."""

    units: Integers
    order: Literal["number", "varies"]
    dead: int
    saturated: int


def choose_units(states: Tensor, room: int, memory: dict[Any, Any], key: Any, *, bounded: bool) -> UnitChoice:
    """Choose `room` units of the states (T, H) of a row, all of them if there are no more.

    Those that vary most come first: by the standard deviation over time. As long as the choice made before, kept in
    `memory` by its `key`, is nearly as good, it stays: rows that change places while a network learns cannot be read.
    """
    size = states.shape[1]
    if room >= size or room <= 0 or not len(states):
        return UnitChoice(np.arange(size, dtype=np.int32)[: max(0, room)], "number", 0, 0)
    spread = np.nan_to_num(states.float().std(0, correction=0).cpu().numpy(), nan=np.inf)  # what is broken comes first
    best = np.argsort(-spread, kind="stable")[:room].astype(np.int32)
    known = memory.get(key)
    if known is None or len(known) != room or not _is_good(spread, known, best):
        memory[key] = known = best
    dead = int(dead_units(states).sum())
    saturated = int(saturated_units(states).sum()) if bounded else 0
    return UnitChoice(known, "varies", dead, saturated)


def _is_good(spread: np.ndarray[Any, Any], known: Integers, best: Integers) -> bool:
    """Return whether units chosen before still vary nearly as much as those that vary most."""
    if not np.isfinite(spread[best]).all():
        return bool((known == best).all())
    quarter = -(-len(best) // 4)
    return bool(
        spread[known].sum() >= _GOOD * spread[best].sum()
        and spread[known[:quarter]].sum() >= _GOOD_TOP * spread[best[:quarter]].sum()
    )
