"""What is known of a run, kept or live, as one value: what lists sort by, filter by and compare."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from rnn_tui.common.wording import shown
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.setting import Setting
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Experiment, Training
from rnn_tui.experiment.vary import brief_text
from rnn_tui.protocol.field import FieldSummary
from rnn_tui.runs.annotations import Annotations
from rnn_tui.runs.catalog import RunEntry
from rnn_tui.runs.kept_comparison import FieldManifest
from rnn_tui.runs.loss_tail import newest_seconds

__all__ = ["RunFacts", "differing", "facts_of", "values_of", "values_text"]

_WATCHING = ("run.speed", "run.until")  # how somebody looks on, not how it learns


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A run in a list, or a comparison of many networks. What is None is not known."""

    name: str
    folder: str = ""  # empty: it is not kept
    experiment: Experiment | None = None  # as it was at tick 0
    trainings: tuple[Training, ...] = ()  # the first, and each that took its place on the way
    epoch: int | None = None
    epochs: int | None = None
    updates: int | None = None
    tick: int | None = None
    loss: float | None = None
    best: float | None = None
    best_epoch: int | None = None
    held_out: float | None = None  # the newest loss of what is held out
    accuracy: float | None = None  # of what is held out
    weights: int | None = None  # trainable numbers
    learnt: int | None = None  # the epoch at which a prediction was first right
    seconds: float | None = None  # of training
    size: int | None = None  # bytes on the disk
    compared: FieldSummary | None = None  # None: it is one network
    changed: float | None = None  # when its checkpoint was written, in seconds since 1970
    state: str = "kept"  # or what it does in memory: "training", "paused", "done"
    annotations: Annotations = Annotations()

    def value(self, setting: Setting) -> Any:
        """Return what a setting is now; None where that is not known, or where it varies."""
        if self.experiment is None or (self.compared is not None and self.compared.varied(setting.path) is not None):
            return None
        if setting.section == "training":
            return getattr(self.trainings[-1], setting.name)
        return setting.of(self.experiment)

    @property
    def networks(self) -> int:
        """How many networks it trains."""
        return 1 if self.compared is None else self.compared.comparison.members


def facts_of(entry: RunEntry) -> RunFacts:
    """Return what the files of a kept run tell."""
    manifest, experiment, field = entry.manifest, entry.experiment, entry.field
    trainings: tuple[Training, ...] = ()
    if experiment is not None:
        changes = () if manifest is None else manifest.changes
        trainings = (experiment.training, *(each.training for each in changes))
        if manifest is not None:  # a run that is played on has more epochs than it began with
            trainings = (*trainings[:-1], msgspec.structs.replace(trainings[-1], epochs=manifest.epochs))
    if manifest is None:
        return RunFacts(
            name=entry.name,
            folder=entry.folder,
            experiment=experiment,
            trainings=trainings,
            epoch=None if field is None else field.epoch,
            epochs=None if field is None else _epochs(field.comparison),
            updates=None if field is None else field.tick,
            size=entry.size,
            compared=None if field is None else _compared(field),
            changed=entry.changed,
            annotations=entry.annotations,
        )
    judged = manifest.held_out[-1] if manifest.held_out else None
    return RunFacts(
        name=entry.name,
        folder=entry.folder,
        experiment=experiment,
        trainings=trainings,
        epoch=manifest.epoch,
        epochs=manifest.epochs,
        updates=manifest.updates,
        tick=manifest.tick,
        loss=manifest.loss,
        best=None if entry.best is None else entry.best.loss,
        best_epoch=None if entry.best is None else entry.best.epoch,
        held_out=None if judged is None else judged.loss,
        accuracy=None if judged is None else judged.accuracy,
        weights=manifest.weights,
        learnt=manifest.learnt,
        seconds=newest_seconds(Path(entry.folder), manifest.losses),
        size=entry.size,
        changed=entry.changed,
        annotations=entry.annotations,
    )


def _epochs(comparison: Comparison) -> int:
    """Return the most epochs after which a network stops; 0: never."""
    every = [comparison.base.training.epochs]
    for each in comparison.varied:
        if each.path == "training.epochs":
            every = [*each.values]
    return 0 if 0 in every else max(every)


def _compared(field: FieldManifest) -> FieldSummary:
    return FieldSummary(comparison=field.comparison, learnt=field.learnt, ended=field.ended, diverged=field.diverged)


def differing(runs: Sequence[RunFacts]) -> tuple[Setting, ...]:
    """Return the settings in which runs differ, at the beginning or now. Runs without an experiment do not count."""
    known = [each for each in runs if each.experiment is not None]
    return tuple(
        setting
        for setting in SETTINGS
        if setting.path not in _WATCHING
        and any(values_of(each, setting) != values_of(known[0], setting) for each in known)
    )


def values_of(run: RunFacts, setting: Setting) -> tuple[Any, ...]:
    """Return the values that a setting had one after the other, of the epochs only the last.

    Of a comparison, all values of a setting that varies are one of them.
    """
    if run.experiment is None:
        return ()
    varied = None if run.compared is None else run.compared.varied(setting.path)
    if varied is not None:
        return (varied.values,)
    if setting.section != "training" or setting.name == "epochs":
        return (run.value(setting),)
    values = [getattr(each, setting.name) for each in run.trainings]
    return tuple(value for at, value in enumerate(values) if not at or value != values[at - 1])


def values_text(run: RunFacts, setting: Setting) -> str:
    """Write the value of a setting, or all that it had one after the other: 0.1→0.01; empty: not known.

    Of a comparison, write in what it varies: rnn,gru, or 0.001..1:24.
    """
    varied = None if run.compared is None else run.compared.varied(setting.path)
    if varied is not None:
        return shown(brief_text(varied).partition("=")[2])
    return "→".join(_text(setting, each) for each in values_of(run, setting))


def _text(setting: Setting, value: Any) -> str:
    if setting.kind is bool:
        return "yes" if value else "no"
    if setting.kind is tuple:
        return shown("|".join(value)) if value else "-"
    return shown(setting.format(value)) if value != "" else "-"
