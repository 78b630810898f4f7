"""What is told of a session: the parts of a frame, and what does not change from frame to frame.

Each part is made under a guard: one that fails is missing, the frame says which and why, and the rest is as ever.
"""

import torch
from msgspec.structs import replace

from rnn_tui.engine.answers.guard import Guard
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.guessing import guessing
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame import Curve, HeldOut, PredictionSeen, Status
from rnn_tui.protocol.frame_request import CurveWanted, Wanted

__all__ = ["bare_status", "frame_of", "opened_of"]

_PREDICTIONS = 64  # distinct predictions that a frame carries at most


def frame_of(session: Session, wanted: Wanted, guard: Guard, *, revision: int, status: Status) -> Frame:
    """Return a frame with the newest state of the run, as far as it is wanted; not yet made out to any view."""
    curve = wanted.curve if session.trainer.learns else None
    probe, make = session.probe, guard.make
    return Frame(
        look=0,
        revision=revision,
        status=status,
        steps=make("steps", lambda: probe.steps(wanted) if wanted.count else None, None),
        states=make("states", lambda: probe.states(wanted) if wanted.count and wanted.units else (), ()),
        phase=make("phase", lambda: probe.phase(wanted) if wanted.count else None, None),
        curve=make("curve", lambda: _curve(session, curve), None),
        characters=make("characters", lambda: session.character_curve(curve) if curve else None, None),
        held_out=make("held_out", lambda: _held_out(session, curve), None),
        others=make("others", lambda: session.other_curves(curve) if curve else (), ()),
        predictions=make("predictions", lambda: _predictions(session) if wanted.top else (), ()),
        learnt=make("learnt", lambda: _learnt(session), None),
        tensors=make("tensors", lambda: probe.tensors(wanted), ()),
        checks=make("checks", lambda: probe.checks(wanted), ()),
        inside=make("inside", lambda: probe.inside(wanted, guard), ()),
        forecast=make("forecast", lambda: probe.forecast(wanted), None),
        failures=guard.take_failures(),  # the last to be evaluated
    )


def _curve(session: Session, wanted: CurveWanted | None) -> Curve | None:
    return None if wanted is None else session.losses.envelope(wanted.columns, log_x=wanted.log_x)


def _held_out(session: Session, wanted: CurveWanted | None) -> HeldOut | None:
    return None if wanted is None else session.branch.held_out.told(wanted.columns, session.whole_passes)


def _learnt(session: Session) -> int | None:
    return session.learnt


def _predictions(session: Session) -> tuple[PredictionSeen, ...]:
    ends = session.branch.ends  # where there are predictions, each epoch is one pass
    return tuple(
        replace(each, tick=ends[each.epoch - 1]) if 0 < each.epoch <= len(ends) else each
        for each in session.predictions.newest(_PREDICTIONS, by=session.whole_passes)
    )


def bare_status(session: Session, *, playing: bool, speed: float, slow: float) -> Status:
    """Return where the run is, from what needs no computing: for when the status itself fails."""
    trainer = session.trainer
    return Status(
        tick=trainer.ticks,
        newest=session.branch.newest,
        branch=session.branch.name,
        branches=len(session.branches),
        epochs=session.epochs,
        epoch=session.epoch,
        fed=trainer.fed,
        loss=None,
        running_loss=None,
        state="playing" if playing else "paused",
        speed=speed,
        ticks_per_second=0.0,
        lr=trainer.experiment.training.lr,
        slow=slow,
        notice=session.notice,
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
        guessing=guessing(session.trainer),
    )
