"""Kept runs that are compared: their files, read bit by bit, and their curves as they are shown."""

from collections.abc import Sequence

import numpy as np

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.runs.curve import CurvesView, Floats, RunCurve, Unit
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.runs.facts import RunFacts, differing, values_text
from rnn_tui.runs.loss_points import LossPoints
from rnn_tui.runs.loss_reader import LossReader, characters_per_update

__all__ = ["ComparedRuns", "kind_of_loss"]

_AT_ONCE = 2**18  # bytes to read in all before the screen is drawn again


class ComparedRuns:
    """Some runs, and a reader of each."""

    def __init__(self, runs: Sequence[tuple[RunFacts, LossReader]]) -> None:
        """Begin with nothing read."""
        self._runs = runs
        self._settings = differing([facts for facts, _ in runs])

    @property
    def count(self) -> int:
        """How many runs there are."""
        return len(self._runs)

    @property
    def settings(self) -> tuple[str, ...]:
        """The names of the settings in which the runs differ, those first that stand first in the form."""
        return tuple(each.option.lstrip("-") for each in self._in_order)

    @property
    def is_behind(self) -> bool:
        """Whether there is more to read."""
        return any(reader.is_behind for _, reader in self._runs)

    @property
    def share(self) -> float:
        """How much of all files has been read, 0 to 1."""
        return float(np.mean([reader.share for _, reader in self._runs]))

    def read(self) -> bool:
        """Read a part of what is new; return whether anything has changed."""
        waiting = [reader for _, reader in self._runs if reader.is_behind] or [reader for _, reader in self._runs]
        most = max(2**13, _AT_ONCE // len(waiting))
        return sum(reader.read(most) for reader in waiting) > 0  # all of them

    def curves(self, view: CurvesView) -> list[RunCurve]:
        """Return the curve of each run for these axes."""
        return [self._curve(facts, reader, view) for facts, reader in self._runs]

    @property
    def _in_order(self) -> list[Setting]:
        return sorted(self._settings, key=lambda each: each.front or len(SETTINGS))

    def _curve(self, facts: RunFacts, reader: LossReader, view: CurvesView) -> RunCurve:
        points = reader.passes if view.y == "loss" else reader.held_out
        return RunCurve(
            name=safe(facts.name),
            values=tuple(values_text(facts, each) for each in self._in_order),
            kind=kind_of_loss(facts, held_out=view.y != "loss"),
            x=_positions(points, reader.passes, view.unit, facts.experiment),
            first=points.first,
            last=points.last,
            low=points.low,
            high=points.high,
            newest=points.newest,
            tags=tuple(map(safe, facts.annotations.tags)),
            note=safe(facts.annotations.note),
            problem=safe(reader.problem),
        )


def _positions(points: LossPoints, passes: LossPoints, unit: Unit, experiment: Experiment | None) -> Floats | None:
    """Return where on the x axis points stand; None where the files do not tell it."""
    if unit == "update":
        return points.last
    if unit == "characters":
        each = None if experiment is None else characters_per_update(experiment)
        return None if each is None else points.last * each
    if passes.seconds is None or not np.isfinite(passes.seconds).any():
        return None
    if points is passes:
        return passes.seconds
    known = np.isfinite(passes.seconds)  # what is held out is evaluated after a pass
    between: Floats = np.interp(points.last, passes.last[known], passes.seconds[known])
    return between


def kind_of_loss(facts: RunFacts, *, held_out: bool = False) -> str:
    """Say what a loss of a run is, in words that follow the name of the run; `held_out`: which is never smoothed."""
    experiment = facts.experiment
    if experiment is None:
        return "of an unknown kind"
    if experiment.is_numbers:
        return "squared error"
    training = facts.trainings[-1]
    smoothed = f", smoothed by {training.label_smoothing:g}" if training.label_smoothing and not held_out else ""
    if training.reduction == "mean" or experiment.data.per_character or experiment.length == 1:
        return f"per {experiment.data.answer_unit}{smoothed}"
    return f"sum over {experiment.length:,} characters{smoothed}"
