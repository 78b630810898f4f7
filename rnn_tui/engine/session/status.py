"""Where a run stands, as a view shows it in its status line."""

from rnn_tui.common.glyphs import safe
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.batches_on_device import LongDataset
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.protocol.frame import Status

__all__ = ["bare_status", "status_of"]

_BEGINNING = 300  # ticks during which a notice about the data is shown
_SHORT = 4_000  # characters or values below which it is said that no data are held out


def status_of(session: Session, *, playing: bool, speed: float, slow: float = 0.0) -> Status:
    """Return where a run stands now. `speed` is in ticks, `slow` in phases a second; 0: without a limit, and none."""
    session.recording.drain()
    progress, branch = session.progress, session.branch
    return Status(
        tick=progress.tick,
        newest=branch.newest,
        branch=branch.name,
        branches=len(session.history.branches),
        epochs=branch.epochs,
        epoch=progress.epoch,
        batch=(progress.pass_number - 1) % progress.batches + 1,
        batches=progress.batches,
        fed=session.probe.answered,
        loss=branch.losses.at(progress.whole_passes - 1),
        running_loss=_running_loss(session),
        state="playing" if playing else "done" if session.done else "paused",
        speed=speed,
        ticks_per_second=session.throughput.per_second() if playing else 0.0,
        lr=session.trainer.lr,
        seconds_left=_seconds_left(session, playing=playing, speed=speed, slow=slow),
        slow=slow,
        notice=session.hold.notice or _about_data(session),
        hits=tuple(str(point) for point, _ in session.hold.hits) if progress.tick == branch.newest else (),
    )


def bare_status(session: Session, *, playing: bool, speed: float, slow: float) -> Status:
    """Return what of it needs no computing, for when `status_of` fails."""
    progress, branch = session.progress, session.branch
    return Status(
        tick=progress.tick,
        newest=branch.newest,
        branch=branch.name,
        branches=len(session.history.branches),
        epochs=branch.epochs,
        epoch=progress.epoch,
        fed=progress.fed,
        loss=None,
        running_loss=None,
        state="playing" if playing else "paused",
        speed=speed,
        ticks_per_second=0.0,
        lr=session.experiment.training.lr,
        slow=slow,
        notice=session.hold.notice,
    )


def _running_loss(session: Session) -> float | None:
    """Return the loss of the steps fed in the pass under way, per character where the loss of a pass is."""
    trainer, motion = session.trainer, session.probe.motion
    total = trainer.total if motion is None or motion.complete else motion.running
    if total is None or trainer.at_end_of_pass:
        return None
    mean = trainer.experiment.training.reduction == "mean" or trainer.experiment.data.per_character
    outputs = trainer.dataset.targets_by(trainer.fed) if mean else 1
    return total.item() / outputs if outputs else None


def _seconds_left(session: Session, *, playing: bool, speed: float, slow: float) -> float | None:
    """Return the seconds until the epochs are over, if it goes on playing like this."""
    progress, epochs = session.progress, session.branch.epochs
    if not playing or slow or not epochs:
        session.throughput.rest()
        return None
    pace = speed / progress.ticks_in_pass
    return session.throughput.seconds_left(progress.passes, epochs * progress.batches, pace)


def _about_data(session: Session) -> str:
    """Say at the beginning how the file of a series was understood, and that no data of a short file are held out."""
    dataset = session.dataset
    if session.progress.tick > _BEGINNING:
        return ""
    cautions = dataset.series.cautions if isinstance(dataset, SeriesDataset) else ()
    sentences = [safe(f"{each[0].upper()}{each[1:]}.") for each in cautions]
    return " ".join(filter(None, [*sentences, _nothing_held_out(session)]))


def _nothing_held_out(session: Session) -> str:
    dataset = session.dataset
    if not isinstance(dataset, LongDataset) or dataset.plan.held_out or not session.experiment.training.learn:
        return ""
    if dataset.plan.learnt >= _SHORT:
        return ""
    what = "series" if session.experiment.is_numbers else "text"
    return f"Nothing of this short {what} is held out: --holdout 0.1 keeps a tenth away from learning."
