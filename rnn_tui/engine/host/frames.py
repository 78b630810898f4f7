"""Frames of a run, and its description.

Each part is made under a guard: one that fails is missing, the frame says which and why, and the rest is as ever.
"""

import os
import time

import torch
from msgspec.structs import replace

from rnn_tui.engine.answers.guard import Guard
from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.answers.row_view import RowView, view_row
from rnn_tui.engine.host.curves import character_curve, held_out_curve, loss_curve, other_curves, predictions_seen
from rnn_tui.engine.host.diagnostics import diagnostics_of
from rnn_tui.engine.host.driver import Driver
from rnn_tui.engine.session.processes import RankLost
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.session.status import bare_status, status_of
from rnn_tui.engine.training.batches_on_device import Dataset
from rnn_tui.engine.training.gpu import GpuWatch
from rnn_tui.engine.training.guessing import guessing
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.protocol.engine_messages import Frame, Opened, Whereabouts
from rnn_tui.protocol.frame import Failure, SeriesFacts, SeriesScale, Status
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.protocol.touch import Touch, TouchFacts

__all__ = ["Frames", "series_facts"]

_LONGEST_WAIT = 0.05  # seconds that a frame waits for the end of a pass


class Frames:
    """Makes frames of one driver's run. A picture that fails harms nothing else."""

    preparation = 0.0  # seconds: what is shown is there anyway

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._guard = Guard()
        self._gpu = GpuWatch()

    def may_answer(self, look: FrameRequest, asked: float) -> bool:
        """Tell whether there is something new for a request of that time, and this is the moment to show it."""
        driver, session = self._driver, self._driver.session
        if session is None or look.seen == driver.revision:
            return False
        if driver.playing and driver.pace.is_too_fast_for_characters and not session.progress.at_end_of_pass:
            return time.perf_counter() - asked > _LONGEST_WAIT
        return True

    def frame(self, wanted: Wanted) -> Frame:
        """Return the newest state of the run, as far as it is wanted, not yet addressed to any view."""
        session, make = self._session, self._guard.make
        self._guard.take_failures()  # of an inquiry
        usual: tuple[Probe, TouchFacts | None] = (session.probe, None)
        probe, touch = make("touch", lambda: self._touched(session, wanted.touch), usual)
        status = self._status(session)
        curve = wanted.curve if session.experiment.training.learn else None
        seen = self._seen(session, probe, wanted)
        return Frame(
            request=0,
            revision=self._driver.revision,
            status=status,
            steps=seen.steps,
            states=seen.states,
            phase=seen.phase,
            curve=make("curve", lambda: loss_curve(session, curve) if curve else None, None),
            characters=make("characters", lambda: character_curve(session, curve) if curve else None, None),
            held_out=make("held_out", lambda: held_out_curve(session, curve) if curve else None, None),
            others=make("others", lambda: other_curves(session, curve) if curve else (), ()),
            diagnostics=make("diagnostics", lambda: diagnostics_of(session, curve) if curve else None, None),
            predictions=make("predictions", lambda: predictions_seen(session) if wanted.top else (), ()),
            learnt=make("learnt", lambda: session.learnt, None),
            tensors=seen.tensors,
            checks=seen.checks,
            inside=seen.inside,
            forecast=seen.forecast,
            touch=touch,
            ranks=session.trainer.figures,
            failures=(*seen.failures, *self._guard.take_failures()),  # the last to be evaluated
        )

    def _seen(self, session: Session, probe: Probe, wanted: Wanted) -> RowView:
        """Return what is seen of the row that is wanted, from the process that has it."""
        elsewhere = None
        if wanted.count and not self._driver.broken:
            try:
                elsewhere = session.view_elsewhere(wanted)
            except RankLost as lost:
                self._driver.lose(session, lost)
        return elsewhere or view_row(probe, wanted, self._guard, checked=session.probe)

    def _touched(self, session: Session, touches: tuple[Touch, ...]) -> tuple[Probe, TouchFacts | None]:
        """Return what looks into the pass with other numbers, if the run is paused; else the usual."""
        if not touches:
            return session.probe, None
        if session.is_shared:
            return session.probe, TouchFacts(problem="A run of several processes cannot be touched.")
        if self._driver.playing:
            return session.probe, TouchFacts(problem="Only a run that is paused can be touched.")
        return session.touched(touches, at=self._driver.revision)

    def opened(self, look: FrameRequest) -> Opened | None:
        """Return the description of the run, unless the view knows it already."""
        session = self._driver.session
        if session is None or look.opened == self._driver.description:
            return None
        return self._guard.make("opened", lambda: self._opened(session), None)

    def whereabouts(self, *, views: int) -> Whereabouts:
        """Return where the run is, for a client that does not look at it."""
        driver, session = self._driver, self._driver.session
        if session is None:
            return Whereabouts(views=views, process=os.getpid())
        return Whereabouts(
            name=driver.name,
            kept=driver.kept,
            experiment=session.experiment,
            status=self._status(session),
            device=str(session.device),
            views=views,
            process=os.getpid(),
        )

    def take_failures(self) -> tuple[Failure, ...]:
        """Return what has failed since the last frame was made."""
        return self._guard.take_failures()

    @property
    def _session(self) -> Session:
        assert self._driver.session is not None
        return self._driver.session

    def _status(self, session: Session) -> Status:
        """Return where the run is. The losses that wait are fetched first: what goes wrong there is training's own."""
        session.recording.drain()
        playing, speed, slow = self._driver.playing, self._driver.pace.speed, self._driver.pace.slow

        def status() -> Status:
            load = self._gpu.load(session.device)
            return replace(status_of(session, playing=playing, speed=speed, slow=slow), gpu=load)

        return self._guard.make("status", status, bare_status(session, playing=playing, speed=speed, slow=slow))

    def _opened(self, session: Session) -> Opened:
        return Opened(
            run=self._driver.description,
            name=self._driver.name,
            experiment=session.experiment,
            began=session.began,
            changes=session.changes,
            weights=session.experiment.weights,
            device=str(session.device),
            origin=session.origin,
            torch=str(torch.__version__),
            kept=self._driver.kept,
            series=series_facts(session.dataset),
            guessing=guessing(session.trainer),
        )


def series_facts(dataset: Dataset) -> SeriesFacts | None:
    """Return what the columns of a series are called, and how they are standardised."""
    if not isinstance(dataset, SeriesDataset):
        return None
    series = dataset.series
    scales = [
        SeriesScale(name=each.name, mean=scale.mean, deviation=scale.deviation)
        for each, scale in zip(series.columns, dataset.scales, strict=True)
    ]
    said = tuple(scales[at] for at in series.says)
    return SeriesFacts(read=tuple(scales[: series.reads]), said=said, ahead=series.ahead)
