"""Diagnostics over time, as a view draws them: curves besides the loss, of every update or of some."""

from typing import Literal

from rnn_tui.common.value import Value
from rnn_tui.protocol.frame import Curve

__all__ = ["CHARTS", "ChartKind", "DiagnosticCurve", "Diagnostics", "chart_after"]

ChartKind = Literal["loss", "gradient", "ratio", "units", "rate"]
CHARTS: tuple[ChartKind, ...] = ("loss", "gradient", "ratio", "units", "rate")
_OF_SCRIPTS: tuple[ChartKind, ...] = ("loss", "gradient", "rate")


def chart_after(kind: ChartKind, *, is_script: bool = False) -> ChartKind:
    """Return the chart that follows, of those that there are of a run, or of a script that is watched."""
    there = _OF_SCRIPTS if is_script else CHARTS
    return there[(there.index(kind) + 1) % len(there)] if kind in there else "loss"


class DiagnosticCurve(Value, frozen=True, kw_only=True):
    """One of the curves, over passes from 1."""

    name: str  # "norm", "dead", "saturated", "lr", or the matrix
    curve: Curve
    now: float | None = None  # the newest value by the pass on the screen; None: there is none yet


class Diagnostics(Value, frozen=True, kw_only=True):
    """The curves of one kind: ‖∂L/∂W‖, ‖ΔW‖ / ‖W‖ by matrix, the shares of units that do nothing, or the rate."""

    kind: ChartKind
    curves: tuple[DiagnosticCurve, ...]
    clip: float = 0.0  # the longest gradient that is allowed now; 0: any
    clipped: float | None = None  # the share of the updates that were clipped; None: none could be
