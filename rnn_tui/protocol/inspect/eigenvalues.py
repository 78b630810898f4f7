"""The eigenvalues of the recurrence: what a pane asks, and where they lie in the complex plane."""

from rnn_tui.common.value import Value
from rnn_tui.protocol.arrays import Floats
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["EigenvaluesAsk", "EigenvaluesFacts", "Spectrum"]


class EigenvaluesAsk(Ask, frozen=True, kw_only=True, tag=True):
    """The eigenvalues of one matrix: 0 is the Jacobian at a time step, then W_hh of each gate."""

    step: int = -1  # -1: the one that was fed last
    layer: int = 0
    direction: int = 0
    matrix: int = 0


class Spectrum(Value, frozen=True, kw_only=True):
    """The eigenvalues of one matrix (S, S), the largest first; NaN where the matrix is not finite."""

    name: str  # "∂h₅/∂h₄", "W_hr"
    real: Floats  # (S,)
    imaginary: Floats  # (S,)


class EigenvaluesFacts(Answer, frozen=True, kw_only=True, tag=True):
    """The eigenvalues; `note` says why there are none."""

    step: int = 0
    layer: int = 0
    direction: int = 0
    spectrum: Spectrum | None = None
