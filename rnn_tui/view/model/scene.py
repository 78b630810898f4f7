"""What is on the screen, in one place: the newest frame, and how it is looked at. Every pane draws from it."""

from collections.abc import Mapping
from functools import cached_property
from typing import TypeVar

import msgspec
import numpy as np
from rich.cells import cell_len

from rnn_tui.common.glyphs import safe
from rnn_tui.common.value import Value
from rnn_tui.draw.kit.numbers import signed
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import TOUCHED
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.experiment.scored_steps import first_scored
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.arrays import Doubles
from rnn_tui.protocol.diagnostics import Diagnostics
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.field import FieldFacts, FieldPicture, FieldWanted
from rnn_tui.protocol.frame import BranchCurve, Curve, Failure, HeldOut, SeriesNumbers, SeriesScale, Steps
from rnn_tui.protocol.inspect import Answer
from rnn_tui.protocol.subject import Subject
from rnn_tui.protocol.touch import Touch
from rnn_tui.view.model.beside import Beside
from rnn_tui.view.model.columns import Columns, columns_of
from rnn_tui.view.model.glyphs import UNREAD, Glyphs
from rnn_tui.view.model.ranks import has_ranks
from rnn_tui.view.model.view_state import ViewState

__all__ = ["AnswerAt", "Scene"]

AnswerKind = TypeVar("AnswerKind", bound=Answer)


class AnswerAt(Value, frozen=True, kw_only=True):
    """An answer of the engine, and the tick that it belongs to."""

    answer: Answer
    tick: int


class Scene(Value, frozen=True, kw_only=True, dict=True):
    """One frame and one view state. A new frame or view state makes a new scene."""

    opened: Opened
    frame: Frame
    view: ViewState
    palette: Palette
    axis: TimeAxis  # of the panes over time
    fitted: Columns | None = None  # what the columns of time steps are fitted to; None: to the experiment alone
    beside: Beside | None = None  # what it has in common with the runs beside it; None: it stands alone
    curve: Curve | None = None  # the newest one; not every frame has one
    characters: Curve | None = None
    held_out: HeldOut | None = None
    others: tuple[BranchCurve, ...] = ()  # the curves of the other branches
    field_picture: FieldPicture | None = None  # the newest one; not every frame has one
    field_asked: FieldWanted | None = None  # what it answers, if that is known
    diagnostics: Diagnostics | None = None  # the chart in the place of the loss
    answers: Mapping[type[Answer], AnswerAt] = msgspec.field(default_factory=dict)  # the newest of each kind
    failures: Mapping[str, Failure] = msgspec.field(
        default_factory=dict
    )  # by part, as of the last frame that should have had it

    @property
    def experiment(self) -> Experiment:
        """The experiment on the screen."""
        return self.opened.experiment

    @property
    def subject(self) -> Subject | None:
        """The script that is watched; None: it is rnn-tui's own training."""
        return self.opened.subject

    @property
    def has_ranks(self) -> bool:
        """Whether several processes share each batch."""
        return has_ranks(self.experiment, self.subject, self.frame) and self.field_facts is None

    @property
    def field_facts(self) -> FieldFacts | None:
        """The description of the field, where many networks learn at once."""
        return self.opened.field

    @property
    def member(self) -> int:
        """The member of the field that is under the cursor."""
        shown = 0 if self.field_picture is None else self.field_picture.selected
        chosen = self.view.field.member
        facts = self.opened.field
        return shown if chosen is None or facts is None else min(chosen, facts.comparison.members - 1)

    @property
    def columns(self) -> Columns:
        """What the columns of time steps are fitted to."""
        return self.fitted or columns_of(self.experiment, is_script=self.subject is not None)

    @cached_property
    def glyphs(self) -> Glyphs:
        """The vocabulary as it is drawn."""
        return Glyphs(self.experiment, self.subject)

    @cached_property
    def running_glyphs(self) -> Glyphs:
        """The same for a text: words are followed by a blank."""
        return Glyphs(self.experiment, self.subject, running=True)

    @property
    def cell_name(self) -> str:
        """The kind of cell in a word: "LSTM"; of a cell that somebody has written the name of its class."""
        own = "" if self.subject is None else safe(self.subject.cell)
        return own or self.experiment.network.kind.short

    @property
    def has_words(self) -> bool:
        """Whether what is read and predicted are words, which are cut where there is no room, or a script's tokens."""
        data = self.experiment.data
        return self.subject is not None or data.tokens == "word" or bool(data.labels)

    @property
    def reads_tokens(self) -> bool:
        """Whether an index says what is read at a time step; a script may read features instead."""
        return self.subject is None or self.subject.reads == "tokens"

    @property
    def floor(self) -> float | None:
        """The loss below which the network cannot fall, if there is such a bound; of a script it is not known."""
        return self.experiment.floor if self.subject is None else None

    @cached_property
    def steps(self) -> Steps | None:
        """The window of time steps in the frame."""
        return self.frame.steps

    @property
    def why_no_pass(self) -> str:
        """Why nothing is seen of a recurrent network in the script that is watched; empty if something is."""
        subject, status = self.subject, self.frame.status
        if subject is None or self.steps is not None:
            return ""
        if not status.newest:
            ended = status.state == "done"
            return "The script has ended before its first update." if ended else "Waiting for the first update."
        return "" if subject.networks else "No recurrent network has been called in this script so far."

    @cached_property
    def touched(self) -> tuple[Touch, ...]:
        """The numbers of a paused run that are others for this view, and the one that is chosen."""
        view, touching = self.view, self.view.touch
        if touching is None:
            return ()
        step = min(self.cursor, max(0, self.frame.status.fed - 1))
        places = {"row": view.row, "step": step, "layer": view.layer, "direction": view.direction, "unit": view.unit}
        places["column"] = view.column
        return touching.asked(touching.target(self.experiment, **places))

    @cached_property
    def inputs(self) -> list[str]:
        """The window's inputs as glyphs, or numbers that fit a column, touched ones marked; empty after a row's end."""
        mine = [each.step for each in self.touched if each.kind == "input" and each.row == self.row]
        touched = {step - self.axis.first for step in mine}
        return [
            f"{text}{TOUCHED}" if at in touched and cell_len(text) < self.axis.column else text
            for at, text in enumerate(self._inputs)
        ]

    @property
    def row(self) -> int:
        """The row of the batch that is looked at."""
        return min(self.view.row, self.experiment.rows - 1)

    @property
    def _inputs(self) -> list[str]:
        if self.numbers is not None and len(self.numbers.values):
            return self.in_columns(self.numbers.values, self.scale_read)
        if self.steps is None:
            return []
        inputs = self.steps.inputs.tolist()
        return self._drawn(inputs) if self.reads_tokens else [UNREAD if each >= 0 else "" for each in inputs]

    @cached_property
    def targets(self) -> list[str]:
        """The window's targets as glyphs, or numbers that fit a column; empty where there is none."""
        if self.numbers is not None:
            return self._where_known(self.in_columns(self.numbers.truth, self.scale))
        return self._drawn(self.steps.targets.tolist()) if self.steps else []

    @property
    def predicted(self) -> list[str]:
        """The window's predictions, where they are numbers that fit a column; empty where there is no target."""
        return [] if self.numbers is None else self._where_known(self.in_columns(self.numbers.predicted, self.scale))

    def _where_known(self, texts: list[str]) -> list[str]:
        """Return texts, empty at the time steps that have no number as the target."""
        if self.numbers is None or not len(self.numbers.truth):
            return texts
        unknown = np.isnan(self.numbers.truth[: len(texts)]).tolist()
        return ["" if none else text for text, none in zip(texts, unknown, strict=True)]

    @property
    def first_scored(self) -> int:
        """The first time step whose prediction is scored."""
        return first_scored(self.experiment.data)

    @property
    def is_right(self) -> bool:
        """Whether every scored character is right, in all rows."""
        steps = self.steps
        if steps is None or not self.experiment.training.learn or self.experiment.is_numbers:
            return False
        if steps.right_rows is None:
            due = self.experiment.length if steps.scored is None else steps.scored
            return self.experiment.rows == 1 and steps.right == due
        return steps.right_rows == self.experiment.rows

    def name_of(self, index: int) -> str:
        """Return what is drawn for an index; a dot for one that is not in the vocabulary."""
        return self.glyphs[index] if 0 <= index < len(self.glyphs) else "•"

    def _drawn(self, indices: list[int]) -> list[str]:
        """Return characters as glyphs, empty for -1."""
        return [self.name_of(index) if index >= 0 else "" for index in indices]

    @property
    def numbers(self) -> SeriesNumbers | None:
        """The window's numbers, if the data are a series."""
        return self.steps.numbers if self.steps else None

    @property
    def scale(self) -> SeriesScale | None:
        """The column of a series that is predicted and looked at."""
        return None if self.opened.series is None else self.opened.series.said_at(self.view.column)

    @property
    def scale_read(self) -> SeriesScale | None:
        """The column of a series that is read and looked at."""
        return None if self.opened.series is None else self.opened.series.read_at(self.view.column)

    @property
    def column_in_words(self) -> str:
        """Which of several columns is looked at: `temp`, or `wind → ozone`; empty where there is but one."""
        series = self.opened.series
        if series is None or series.count < 2:
            return ""
        read, said = safe(series.read_at(self.view.column).name), safe(series.said_at(self.view.column).name)
        return read if read == said else f"{read} → {said}"

    def in_columns(self, values: Doubles, scale: SeriesScale | None = None) -> list[str]:
        """Return numbers, less their offset, for the columns of the time axis; a dot for each that does not fit."""
        if scale is not None:
            values = scale.drawn(values)
        return [signed(value, self.axis.column - 1) or UNREAD for value in values.tolist()]

    def answer(self, kind: type[AnswerKind]) -> AnswerKind | None:
        """Return the answer of this kind in the frame, if there is one."""
        return next((each for each in self.frame.inside if isinstance(each, kind)), None)

    def newest(self, kind: type[AnswerKind]) -> tuple[AnswerKind, int] | None:
        """Return the newest answer of a kind that is not in every frame, and the tick it belongs to."""
        return next(((each.answer, each.tick) for each in self.answers.values() if isinstance(each.answer, kind)), None)

    @property
    def cursor(self) -> int:
        """The time step under the cursor: the chosen one, or else the one that was fed last."""
        phase = self.frame.phase
        now = max(0, self.frame.status.fed - 1) if phase is None else phase.time_step
        if phase is None and self.steps is not None:  # a shorter row may have ended
            there = np.flatnonzero(self.steps.inputs >= 0)
            now = min(now, self.steps.first + int(there[-1])) if len(there) else now
        step = now if self.view.cursor is None else self.view.cursor
        return min(step, self.experiment.length - 1)

    @property
    def fed_in_window(self) -> int:
        """How many of the window's time steps have been fed."""
        return max(0, min(self.frame.status.fed - self.axis.first, self.axis.count))

    @property
    def current(self) -> int | None:
        """The time step that has just been fed, if it ticks by character."""
        status = self.frame.status
        return status.fed - 1 if self.experiment.training.tick == "character" and status.fed else None
