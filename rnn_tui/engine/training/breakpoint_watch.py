"""Whether a run has come to one of its breakpoints; asked where something new has been computed, never in replays."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from rnn_tui.experiment.breakpoints import KINDS, Breakpoint, parse_all

__all__ = ["BreakpointWatch", "Hit", "Taken", "describe_hits"]

Hit = tuple[Breakpoint, str]  # and what has come to pass, in words

_SHARES = ("dead", "saturated")


class Taken(NamedTuple):
    """The shares of dead and saturated units, and the ratio of each matrix by its name: see `Diagnostics.samples`."""

    before: Mapping[str, float]  # when they were taken last; empty: never
    now: Mapping[str, float]


class BreakpointWatch:
    """The breakpoints of a run; it remembers nothing, and is handed what came before."""

    def __init__(self, until: tuple[str, ...] = ()) -> None:
        """Raise ExperimentError for a text that is not a breakpoint."""
        points = parse_all(until)
        self._updates = tuple(each for each in points if KINDS[each.kind].learning)
        self._ticks = {int(each.value): each for each in points if each.kind == "tick"}
        self._epochs = {int(each.value): each for each in points if each.kind == "epoch"}
        self.losses = bool(self._updates)  # whether every update's loss must be known at once
        self.learnt = any(each.kind == "learnt" for each in points)  # whether every prediction must be
        self.measures = any(each.kind in (*_SHARES, "ratio") for each in points)  # whether units and updates must be
        self.gradients = any(each.kind in ("grad", "nan") for each in points)  # whether every gradient's norm must be

    def goes_past(self, tick: int) -> bool:
        """Tell whether a later tick is to be reached, after however many epochs."""
        return any(each > tick for each in self._ticks)

    def at_tick(self, tick: int, epoch: int | None) -> list[Hit]:
        """Return the breakpoints that a tick just done comes to; `epoch`: the one that it ended, if it did."""
        hits = []
        if tick in self._ticks:
            hits.append((self._ticks[tick], f"tick {tick:,} is done"))
        if epoch in self._epochs:
            hits.append((self._epochs[epoch], f"epoch {epoch:,} is done"))
        return hits

    def at_update(
        self,
        before: float | None,
        loss: float | None,
        *,
        learnt: bool,
        norm: float | None = None,
        taken: Taken | None = None,
    ) -> list[Hit]:
        """Return those that a whole pass comes to, after one with the loss `before`.

        `learnt`: the first one that is right; `norm`: of all its gradients, where that is known; `taken`: its units and
        the update before it, likewise.
        """
        hits = [(each, _hit(each, before, loss, learnt, norm) or _hit_of_taken(each, taken)) for each in self._updates]
        return [(each, words) for each, words in hits if words]


def _hit(point: Breakpoint, before: float | None, loss: float | None, learnt: bool, norm: float | None) -> str:
    """Say what has come to pass, or return ""."""
    match point.kind:
        case "learnt" if learnt:
            return "the prediction is right for the first time"
        case "loss" if loss is not None and loss < point.value and (before is None or not before < point.value):
            return f"the loss has fallen to {loss:.4f}"
        case "jump" if loss is not None and before is not None and loss - before > point.value:
            return f"the loss has jumped from {before:.4f} to {loss:.4f}"
        case "grad" if norm is not None and not norm <= point.value:
            return f"the norm of all gradients is {norm:.4g}"
        case "nan" if loss is not None and not math.isfinite(loss) and (before is None or math.isfinite(before)):
            return f"the loss is {_no_number(loss)}"
        case "nan" if norm is not None and not math.isfinite(norm) and (loss is None or math.isfinite(loss)):
            return f"a gradient is {_no_number(norm)}"
    return ""


def _hit_of_taken(point: Breakpoint, taken: Taken | None) -> str:
    """Say that more units than allowed have come to do nothing, or that an update was larger; or return ""."""
    if taken is None:
        return ""
    if point.kind in _SHARES:
        now, before = taken.now[point.kind], taken.before.get(point.kind, math.nan)
        has_risen = now > point.value and not before > point.value
        return f"{100 * now:.3g} % of the units are {point.kind}" if has_risen else ""
    if point.kind == "ratio":
        ratios = {name: each for name, each in taken.now.items() if name not in _SHARES and each > point.value}
        largest = max(ratios, key=lambda name: ratios[name], default=None)
        return "" if largest is None else f"update:weight of {largest} is {ratios[largest]:.4g}"
    return ""


def _no_number(value: float) -> str:
    return "NaN" if math.isnan(value) else "infinite"


def describe_hits(hits: list[Hit]) -> str:
    """Describe what a run has come to: `the prediction is right for the first time (learnt)`."""
    return "; ".join(f"{words} ({point})" for point, words in hits)
