"""Diagnostics over time for the chart that shows them."""

import math

from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.diagnostics import UNITS
from rnn_tui.engine.training.loss_history import LossSeries
from rnn_tui.protocol.diagnostics import DiagnosticCurve, Diagnostics
from rnn_tui.protocol.frame_request import CurveWanted

__all__ = ["diagnostics_of"]


def diagnostics_of(session: Session, wanted: CurveWanted) -> Diagnostics | None:
    """Return the curves that are asked for; None for the loss alone. What is shown is taken more often for a while."""
    kind, known = wanted.kind, session.branch.diagnostics
    match kind:
        case "gradient":
            session.recording.measuring.look()
            limits = session.branch.clip_limits()
            return Diagnostics(
                kind=kind,
                curves=(_of_series("norm", known.norms, session, wanted),),
                clip=session.experiment.training.clip,
                clipped=known.clipped(limits),
            )
        case "ratio" | "units":
            session.recording.measuring.look()
            names = UNITS if kind == "units" else known.matrices
            return Diagnostics(kind=kind, curves=tuple(_of_samples(name, session, wanted) for name in names))
        case "rate":
            return Diagnostics(kind=kind, curves=(_of_series("lr", known.rates, session, wanted),))
    return None


def _of_series(name: str, series: LossSeries, session: Session, wanted: CurveWanted) -> DiagnosticCurve:
    values = series.numbers()[: session.progress.whole_passes]
    place = len(values) - 1
    while place >= 0 and math.isnan(values[place]):
        place -= 1
    now = float(values[place]) if place >= 0 else None
    return DiagnosticCurve(name=name, curve=series.envelope(wanted.columns, log_x=wanted.log_x), now=now)


def _of_samples(name: str, session: Session, wanted: CurveWanted) -> DiagnosticCurve:
    samples = session.branch.diagnostics.samples
    now = samples.at(session.progress.whole_passes).get(name, math.nan)
    curve = samples.curve(name, wanted.columns, log_x=wanted.log_x)
    return DiagnosticCurve(name=name, curve=curve, now=None if math.isnan(now) else now)
