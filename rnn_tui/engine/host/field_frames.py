"""Frames of a field: the state of all members, and the usual parts for the selected one.

Each part is made under a guard, as in `engine/host/frames.py`.
"""

import os
import time

import numpy as np
import torch
from msgspec.structs import replace

from rnn_tui.engine.answers.guard import Guard
from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.field.bundles import bundles, learnt_steps, member_curve, member_held_out
from rnn_tui.engine.field.field import Field, MemberTrainer
from rnn_tui.engine.field.outcomes import outcomes_of, rows_of, summary_of
from rnn_tui.engine.host.field_host import FieldHost
from rnn_tui.engine.host.frames import series_facts
from rnn_tui.engine.training.guessing import guessing
from rnn_tui.experiment.findings import findings, sentences
from rnn_tui.protocol.arrays import Floats
from rnn_tui.protocol.engine_messages import Frame, Opened, Whereabouts
from rnn_tui.protocol.field import DONE, LEARNING, FieldFacts, FieldPicture, FieldWanted
from rnn_tui.protocol.frame import Failure, Status
from rnn_tui.protocol.frame_request import FrameRequest, Wanted

__all__ = ["FieldFrames"]

_SHARE = 0.05  # of the time, for pictures of the field while it learns
_FASTEST = 0.1  # seconds between two of them
_MOST_BITS = 24  # of the number of a description, for which members it is about
_MOST_LOOKS = 8  # members that are kept ready to be looked into


class FieldFrames:
    """Makes frames of one host's field. A picture that fails harms nothing else."""

    preparation = 0.0

    def __init__(self, host: FieldHost) -> None:
        self._host = host
        self._guard = Guard()
        self._looks: dict[int, _Look] = {}  # into members, by number, the newest last
        self._of: Field | None = None  # the field that they look into
        self._numbers: dict[tuple[int, tuple[int, ...]], int] = {}  # of descriptions
        self._pictures: dict[FieldWanted, FieldPicture] = {}  # of the field, for what each view wants of it
        self._pictured = -1  # the revision that they show
        self._next_picture = 0.0  # when there may be newer ones

    def may_answer(self, look: FrameRequest, asked: float) -> bool:
        """Tell whether there is something new for a request of that time."""
        del asked
        return self._host.is_open and look.seen != self._host.revision

    def frame(self, wanted: Wanted) -> Frame:
        """Return the newest state, as far as it is wanted, not yet addressed to any view."""
        self._guard.take_failures()
        field = self._field
        members = self._members(wanted)
        frame, *beside = [self._frame_of(field, member, wanted) for member in members]
        picture = self._guard.make("field", lambda: self._picture(field, wanted.field), None)
        failures = frame.failures + self._guard.take_failures()
        return replace(frame, field=picture, beside=tuple(beside), failures=failures)

    def _frame_of(self, field: Field, member: int, wanted: Wanted) -> Frame:
        """Return the newest state of one member."""
        make, revision, curve = self._guard.make, self._host.revision, wanted.curve
        status = self._status(member)
        look = make("steps", lambda: self._look(field, member), None)
        if look is None:
            return Frame(request=0, revision=revision, status=status, failures=self._guard.take_failures())
        probe, results = look.probe, field.results
        return Frame(
            request=0,
            revision=revision,
            status=status,
            steps=make("steps", lambda: probe.steps(wanted) if wanted.count else None, None),
            states=make("states", lambda: probe.states(wanted) if wanted.count and wanted.units else (), ()),
            curve=make(
                "curve",
                lambda: member_curve(results, member, curve.columns, log_x=curve.log_x) if curve else None,
                None,
            ),
            held_out=make("held_out", lambda: member_held_out(results, member) if curve else None, None),
            learnt=int(results.learnt[member]) or None,
            tensors=make("tensors", lambda: probe.tensors(wanted), ()),
            checks=make("checks", lambda: probe.checks(wanted), ()),
            inside=make("inside", lambda: probe.inside(wanted, self._guard), ()),
            forecast=make("forecast", lambda: probe.forecast(wanted), None),
            failures=self._guard.take_failures(),
        )

    def opened(self, look: FrameRequest) -> Opened | None:
        """Return the description of the members and of the field, unless the view knows it already."""
        if not self._host.is_open:
            return None
        members = self._members(look.wanted)
        number = self._number(members)
        if look.opened == number:
            return None
        return self._guard.make("opened", lambda: self._opened(self._field, number, members), None)

    def whereabouts(self, *, views: int) -> Whereabouts:
        """Return where the field is, for a client that does not look at it."""
        if not self._host.is_open:
            return Whereabouts(views=views, process=os.getpid())
        return Whereabouts(
            name=self._host.name,
            kept=self._host.kept,
            experiment=self._host.comparison.base,
            status=self._status_of_all(),
            device="cpu",
            field=summary_of(self._field),
            views=views,
            process=os.getpid(),
        )

    def take_failures(self) -> tuple[Failure, ...]:
        """Return what has failed since the last frame was made."""
        return self._guard.take_failures()

    @property
    def _field(self) -> Field:
        assert self._host.field is not None
        return self._host.field

    def _members(self, wanted: Wanted) -> tuple[int, ...]:
        """Return the members that a view looks at: the first, and those beside it."""
        first = self._host.selected if wanted.member is None else wanted.member
        last = self._host.comparison.members - 1
        return tuple(min(max(each, 0), last) for each in (first, *wanted.beside[: _MOST_LOOKS - 1]))

    def _number(self, members: tuple[int, ...]) -> int:
        """Return the number of the description of some members; no two have the same."""
        key = self._host.description, members
        return (self._host.description << _MOST_BITS) + self._numbers.setdefault(key, len(self._numbers))

    def _look(self, field: Field, member: int) -> "_Look":
        """Return what looks into the newest pass of a member."""
        if self._of is not field:
            self._of, self._looks = field, {}
        look = self._looks.pop(member, None)
        passes = int(field.results.passes[member])
        if look is None:
            look = _Look(field.trainer(member), passes)
        elif look.passes != passes:
            field.bring_up(look.trainer, member)
            look.passes = passes
        self._looks[member] = look
        while len(self._looks) > _MOST_LOOKS:
            self._looks.pop(next(iter(self._looks)))
        return look

    def _status(self, member: int) -> Status:
        host, field = self._host, self._field
        results, experiment = field.results, field.experiments[member]
        passes, batches = int(results.passes[member]), field.batches(member)
        loss = float(results.loss[member])
        going = bool(results.states[member] <= LEARNING)
        return Status(
            tick=passes,
            newest=passes,
            branch="1",
            branches=1,
            epochs=experiment.training.epochs,
            epoch=-(-passes // batches),
            batch=(passes - 1) % batches + 1 if passes else 1,
            batches=batches,
            fed=experiment.length if passes else 0,
            loss=None if not passes else loss,
            running_loss=None,
            state="playing" if host.playing else "paused" if going else "done",
            speed=host.pace.speed,
            ticks_per_second=host.updates_per_second / max(1, field.going) if host.playing else 0.0,
            lr=experiment.training.lr,
            ended=not going,
        )

    def _status_of_all(self) -> Status:
        """Return the status of the member that has come furthest; it is done when all are."""
        status = self._status(int(np.argmax(self._field.results.passes)))
        is_over = self._field.is_over
        return replace(status, state="playing" if self._host.playing else "done" if is_over else "paused", loss=None)

    def _opened(self, field: Field, number: int, members: tuple[int, ...]) -> Opened:
        first, *beside = [self._opened_of(field, number, member) for member in members]
        return replace(first, field=self._facts(field), beside=tuple(beside))

    def _opened_of(self, field: Field, number: int, member: int) -> Opened:
        experiment, trainer = field.experiments[member], self._look(field, member).trainer
        return Opened(
            run=number,
            name=self._host.name,
            experiment=experiment,
            began=experiment,
            weights=experiment.weights,
            device="cpu",
            torch=str(torch.__version__),
            kept=self._host.kept,
            series=series_facts(trainer.dataset),
            guessing=guessing(trainer),
        )

    def _facts(self, field: Field) -> FieldFacts:
        first = field.experiments[0]
        floors = np.array([each.floor or np.nan for each in field.experiments], np.float32)
        return FieldFacts(
            comparison=field.comparison,
            counts_epochs=all(field.batches(member) == 1 for member in range(field.comparison.members)),
            has_right=field.has_right,
            has_held_out=any(each.data.holdout > 0 for each in field.experiments),
            floors=None if np.isnan(floors).all() else floors,
            guessing=guessing(field.trainer(0)) if all(each.data == first.data for each in field.experiments) else None,
        )

    def _picture(self, field: Field, wanted: FieldWanted | None) -> FieldPicture | None:
        """Return the state of all members; None where the view has it, or it is too early for another."""
        if wanted is None:
            return None
        now, revision = time.perf_counter(), self._host.revision
        if self._pictured != revision and (now >= self._next_picture or not self._host.playing):
            self._pictures.clear()
            self._pictured = revision
        key = replace(wanted, seen=-1)
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._pictures[key] = self._draw_picture(field, wanted)
            cost = time.perf_counter() - now
            self._next_picture = now + max(_FASTEST, cost / _SHARE)
        return None if picture.revision == wanted.seen else picture

    def _draw_picture(self, field: Field, wanted: FieldWanted) -> FieldPicture:
        results, comparison = field.results, field.comparison
        charts = wanted.columns > 0
        return FieldPicture(
            revision=self._pictured,
            selected=self._host.selected,
            newest=int(results.passes.max()),
            going=results.going,
            done=int((results.states == DONE).sum()),
            learnt=int((results.learnt > 0).sum()),
            diverged=results.diverged,
            states=results.states.tobytes(),
            measured=_measured(field, wanted) if wanted.is_map else None,
            bundles=bundles(comparison, results, wanted) if charts else (),
            learnt_steps=learnt_steps(comparison, results, wanted.grouped_by) if charts else (),
            updates_per_second=self._host.updates_per_second,
            findings=self._findings(field),
        )

    def _findings(self, field: Field) -> tuple[str, ...]:
        """Return what the networks show, once they stand still."""
        if self._host.playing or not field.results.passes.any():
            return ()
        rows = rows_of(field)
        told = findings(
            rows.comparison,
            outcomes_of(field),
            unit=rows.unit,
            has_right=rows.has_right,
            has_held_out=rows.has_held_out,
        )
        return tuple(sentences(told))


class _Look:
    """Looks into one member."""

    def __init__(self, trainer: MemberTrainer, passes: int) -> None:
        self.trainer = trainer
        self.probe = Probe(trainer)
        self.passes = passes  # that it shows


def _measured(field: Field, wanted: FieldWanted) -> Floats:
    results = field.results
    match wanted.measure:
        case "learnt":
            return np.where(results.learnt > 0, results.learnt, np.nan).astype(np.float32)
        case "loss":
            return results.loss.astype(np.float32)
        case "held_out":
            return results.held_out.astype(np.float32)
        case "norm":
            return results.norm.astype(np.float32)
