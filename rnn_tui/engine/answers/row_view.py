"""All that is seen of one row of the pass under way; of several processes, the one that has the row makes it."""

from dataclasses import dataclass

from rnn_tui.engine.answers.guard import Guard
from rnn_tui.engine.answers.probe import Probe
from rnn_tui.protocol.frame import Check, Failure, Forecast, States, Steps, TensorFact
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect import Answer
from rnn_tui.protocol.phase import Phase

__all__ = ["RowView", "view_row"]


@dataclass(frozen=True, kw_only=True)
class RowView:
    """The parts of a frame that look into a pass."""

    steps: Steps | None
    states: tuple[States, ...]
    phase: Phase | None
    tensors: tuple[TensorFact, ...]
    checks: tuple[Check, ...]
    inside: tuple[Answer, ...]
    forecast: Forecast | None
    failures: tuple[Failure, ...] = ()


def view_row(probe: Probe, wanted: Wanted, guard: Guard, *, checked: Probe | None = None) -> RowView:
    """Look into a pass as far as it is wanted. A part that fails harms no other: the guard has its failure.

    `checked`: what the equalities between tensors are checked on, where that is not the same pass.
    """
    make, looks = guard.make, wanted.count > 0
    return RowView(
        steps=make("steps", lambda: probe.steps(wanted) if looks else None, None),
        states=make("states", lambda: probe.states(wanted) if looks and wanted.units else (), ()),
        phase=make("phase", lambda: probe.phase(wanted) if looks else None, None),
        tensors=make("tensors", lambda: probe.tensors(wanted), ()),
        checks=make("checks", lambda: (checked or probe).checks(wanted), ()),
        inside=make("inside", lambda: probe.inside(wanted, guard), ()),
        forecast=make("forecast", lambda: probe.forecast(wanted), None),
    )
