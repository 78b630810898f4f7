"""Losses as curves for the chart: of updates, of characters, of held-out data, of other branches."""

import numpy as np
from msgspec.structs import replace

from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.counting import counting_losses
from rnn_tui.protocol.frame import BranchCurve, Curve, HeldOut, PredictionSeen
from rnn_tui.protocol.frame_request import CurveWanted

__all__ = ["character_curve", "held_out_curve", "loss_curve", "other_curves", "predictions_seen"]

_MOST_CURVES = 6  # of other branches, in a chart
_PREDICTIONS = 64  # distinct predictions that a frame carries at most


def loss_curve(session: Session, wanted: CurveWanted) -> Curve | None:
    """Return the loss of each update."""
    return session.losses.envelope(wanted.columns, log_x=wanted.log_x)


def character_curve(session: Session, wanted: CurveWanted) -> Curve | None:
    """Return the loss of each character, in epochs, if every tick of this branch was a character."""
    session.recording.drain()
    losses = session.branch.character_losses
    if not 0 < len(losses) == session.branch.newest:
        return None
    step = 1 / session.progress.length
    curve = losses.envelope(wanted.columns, first_x=step, step_x=step, log_x=wanted.log_x)
    dataset = session.trainer.dataset
    if dataset.targets_by(session.progress.length) == session.progress.length:
        return curve
    # A step without a target adds 0 to the loss, which is no loss of a character.
    has_loss = curve.high != 0
    low = np.where(curve.low == 0, curve.high, curve.low)
    return Curve(x=curve.x[has_loss], low=low[has_loss], high=curve.high[has_loss])


def held_out_curve(session: Session, wanted: CurveWanted) -> HeldOut | None:
    """Return the evaluations of held-out data up to this tick."""
    found = session.branch.held_out.told(wanted.columns, session.progress.whole_passes)
    return None if found is None else replace(found, counting=counting_losses(session.dataset))


def other_curves(session: Session, wanted: CurveWanted) -> tuple[BranchCurve, ...]:
    """Return the losses of the newest other branches."""
    others = [each for each in session.history.branches if each is not session.branch and len(each.losses)]
    return tuple(
        BranchCurve(name=each.name, curve=each.losses.envelope(wanted.columns, log_x=wanted.log_x))
        for each in others[-_MOST_CURVES:]
    )


def predictions_seen(session: Session) -> tuple[PredictionSeen, ...]:
    """Return the distinct predictions up to this tick, newest first, each with the tick at which it was made."""
    ends = session.branch.ends  # where there are predictions, each epoch is one pass
    return tuple(
        replace(each, tick=ends[each.epoch - 1]) if 0 < each.epoch <= len(ends) else each
        for each in session.branch.predictions.newest(_PREDICTIONS, by=session.progress.whole_passes)
    )
