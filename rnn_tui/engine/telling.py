"""What is told of a session: a frame for a look, and what does not change from frame to frame."""

import torch

from rnn_tui.engine.session import Session
from rnn_tui.frame import Status
from rnn_tui.protocol import Frame, Look, Opened

__all__ = ["frame_of", "opened_of"]

_PREDICTIONS = 64  # distinct predictions that a frame carries at most


def frame_of(
    session: Session, look: Look, *, revision: int, status: Status, opened: Opened | None, views: int, controls: bool
) -> Frame:
    """The newest state of the run, as far as the look asks for it."""
    wanted = look.wanted
    curve, learns = wanted.curve, session.trainer.learns
    tensors, found = session.probe.tensors(wanted)
    return Frame(
        look=look.number,
        revision=revision,
        status=status,
        views=views,
        controls=controls,
        opened=opened,
        steps=session.probe.steps(wanted) if wanted.count else None,
        states=session.probe.states(wanted) if wanted.count and wanted.units else (),
        phase=session.probe.phase(wanted) if wanted.count else None,
        curve=session.losses.envelope(curve.columns, log_x=curve.log_x) if curve and learns else None,
        characters=session.character_curve(curve) if curve and learns else None,
        held_out=session.branch.held_out.told(curve.columns, session.whole_passes) if curve and learns else None,
        others=session.other_curves(curve) if curve and learns else (),
        predictions=session.predictions.newest(_PREDICTIONS, by=session.whole_passes) if wanted.top else (),
        learnt=session.learnt,
        tensors=tensors,
        checks=found,
        inside=session.probe.inside(wanted),
        forecast=session.probe.forecast(wanted),
    )


def opened_of(session: Session, *, run: int, name: str, kept: str) -> Opened:
    """The description of a run; `run` counts those of this engine."""
    weights = sum(parameter.numel() for parameter in session.trainer.model.parameters())
    return Opened(
        run=run,
        name=name,
        experiment=session.experiment,
        began=session.began,
        turns=session.turns,
        weights=weights,
        device=str(session.device),
        origin=session.origin,
        torch=str(torch.__version__),
        kept=kept,
        scale=session.scale,
    )
