"""Runs on the disk for tests: a part of one, the whole of it at once, and what is compared."""

from pathlib import Path
from typing import Any

import torch

from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.checkpointer import Checkpointer
from rnn_tui.engine.store.loss_files import LossFiles
from rnn_tui.engine.store.resume import begin_saving, resume
from rnn_tui.engine.training.prediction import predicted_text
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.runs.read_checkpoint import read_experiment


def changed(experiment: Experiment, **sections: dict[str, Any]) -> Experiment:
    values = to_dict(experiment)
    for section, settings in sections.items():
        values[section] |= settings
    return from_dict(values)


def small(lesson: Experiment) -> Experiment:
    """A lesson with sixteen units and sixteen characters of a text at most: as exact, and sooner done."""
    lesson = changed(lesson, network={"hidden_size": min(lesson.network.hidden_size, 16)})
    return changed(lesson, data={"length": 16}) if lesson.data.text else lesson


def begin(
    experiment: Experiment, folder: Path, changes: tuple[Change, ...] = (), **keep: Any
) -> tuple[Session, Checkpointer]:
    session = Session(experiment, changes=changes)
    session.watch(())
    return session, begin_saving(session, SaveOptions(folder=str(folder), **keep), print)


def go_on(folder: Path) -> tuple[Session, Checkpointer]:
    session, checkpointer = resume(SaveOptions(folder=str(folder), resume=True), read_experiment(folder), print)
    session.watch(())
    return session, checkpointer


def advance(session: Session, ticks: int, checkpointer: Checkpointer | None = None) -> None:
    while session.trainer.ticks < ticks:
        session.tick()
        if checkpointer is not None:
            checkpointer.ticked()


def known(session: Session) -> dict[str, Any]:
    """All that a person or the next tick could tell apart; floats and tensors to the bit."""
    session.recording.drain()
    trainer, branch = session.trainer, session.branch
    state = {} if trainer.updater.optimizer is None else trainer.updater.optimizer.state
    optimizer = [state.get(parameter, {}) for parameter in trainer.model.parameters()]
    tensors = [*trainer.model.parameters(), *(state[key] for state in optimizer for key in sorted(state))]
    return {
        "tick": (trainer.ticks, trainer.epoch, trainer.fed, branch.newest, session.branch.epochs),
        "experiment": session.experiment.training,
        "turns": (session.changes, session.plan.changes),
        "losses": [repr(branch.losses.at(each)) for each in range(len(branch.losses))],
        "characters": list(map(repr, branch.character_losses)) if LossFiles.by_character(branch) else [],
        "ends": list(branch.ends),
        "prediction": predicted_text(session.trainer),
        "predictions": (branch.predictions.seen, branch.predictions.learnt),
        "weights": [each.detach().cpu().numpy().tobytes() for each in tensors if isinstance(each, torch.Tensor)],
        "optimizer": [sorted(state) for state in optimizer],
    }
