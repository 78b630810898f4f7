"""A run that goes on knows its text, its schedule, its collected gradients, and what was held out; to the bit."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.runs.manifest import CheckpointError
from rnn_tui.runs.read_checkpoint import read_experiment
from tests.engine.kept_runs import advance, begin, changed, go_on, known
from tests.engine.text_runs import letters, on_text

pytestmark = pytest.mark.usefixtures("quick_disk")


def everything(session: Session) -> dict[str, Any]:
    """Return what `known` has, and all that schedules, texts and early stopping go by."""
    trainer, branch = session.trainer, session.branch
    state = trainer.state if isinstance(trainer.state, tuple) else (trainer.state,)
    regular = [each for each in branch.held_out.told_all() if each["part"]]  # none that was made because it was left
    return known(session) | {
        "state": [each.detach().numpy().tobytes() for each in state],
        "read": trainer.dataset.inputs.numpy().tobytes(),
        "gradients": [None if each is None else each.numpy().tobytes() for each in trainer.gradients()],
        "learning": (trainer.updates, trainer.collected, asdict(trainer.plateau), trainer.earlier, trainer.lr),
        "best": branch.best,
        "held out": (regular, branch.held_out._sum, branch.held_out._count),
    }


def goes_on(experiment: Experiment, folder: Path, stops: list[int], last: int) -> None:
    """Stopped at each of these ticks, it is at every later one what it would have been."""
    whole, expected = Session(experiment), {}
    whole.watch(())
    while whole.trainer.ticks < last:
        play(whole)
        expected[whole.trainer.ticks] = everything(whole)
    for stop in stops:
        session, checkpointer = begin(experiment, folder / str(stop))
        while session.trainer.ticks < stop:
            play(session)
            checkpointer.ticked()
        checkpointer.close()
        torch.manual_seed(99)
        session, checkpointer = go_on(folder / str(stop))
        assert everything(session) == expected[stop]
        while session.trainer.ticks < last:
            play(session)
            assert everything(session) == expected[session.trainer.ticks]
        checkpointer.close()


def play(session: Session) -> None:
    """One tick; where it holds, it is played on."""
    if not session.tick():
        session.play_on()


@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize("tick", ["character", "sequence"])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.sampled(3)
def test_a_text_goes_on_where_it_was(tmp_path: Path, stateful: bool, tick: str, cell: str) -> None:
    text = on_text(
        tmp_path, letters(100), network={"cell": cell}, training={"tick": tick}, stateful=stateful, holdout=0.1
    )
    length = 5 if tick == "character" else 1
    passes = Session(text).trainer.dataset.batches
    assert passes == 5
    goes_on(
        text, tmp_path, [2 * length + length // 2, passes * length, (passes + 2) * length], (2 * passes + 2) * length
    )


TRAINING: list[dict[str, Any]] = [
    {"schedule": "step", "schedule_every": 3},
    {"schedule": "cosine", "schedule_every": 9},
    {"schedule": "plateau", "schedule_every": 1, "lr": 3.0},
    {"accumulate": 3},
    {"accumulate": 3, "schedule": "step", "schedule_every": 2, "weight_decay": 0.1, "clip": 0.5, "tick": "character"},
    {"patience": 2, "lr": 3.0},
]


@pytest.mark.sampled(6)
@pytest.mark.parametrize("training", TRAINING, ids=lambda each: "-".join(map(str, each.values())))
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_ways_of_learning_go_on(tmp_path: Path, training: dict[str, Any], dropout: float) -> None:
    network = {"layers": 2, "dropout": dropout} if dropout else {}
    lesson = changed(LESSONS["hihello-lstm"], network={"head": "linear", **network}, training={"epochs": 0, **training})
    length = 6 if lesson.training.tick == "character" else 1
    goes_on(lesson, tmp_path, [3 * length, 4 * length, 5 * length, 7 * length + length // 2], 12 * length)


@pytest.mark.parametrize("holdout", [0.0, 0.2])
def test_early_stopping_on_a_text_counts_on(tmp_path: Path, holdout: float) -> None:
    training = {"patience": 2, "lr": 1.0, "schedule": "plateau", "schedule_every": 2, "accumulate": 2}
    text = on_text(tmp_path, letters(60), training=training, holdout=holdout)
    goes_on(text, tmp_path, [4, 9, 13], 30)


def test_its_text_may_be_named_from_elsewhere_but_not_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = on_text(tmp_path, letters(60))
    monkeypatch.chdir(tmp_path)
    session, checkpointer = begin(changed(text, data={"text": "text.txt"}), tmp_path / "run")
    advance(session, 4)
    checkpointer.close()
    monkeypatch.chdir("/")
    assert read_experiment(tmp_path / "run").data.text == str(tmp_path / "text.txt")
    again, checkpointer = go_on(tmp_path / "run")
    assert everything(again) == everything(session)
    checkpointer.close()
    (tmp_path / "text.txt").write_text(letters(60, seed=1))
    with pytest.raises(CheckpointError, match="is not the text that this run has learnt so far"):
        go_on(tmp_path / "run")
    (tmp_path / "text.txt").unlink()
    with pytest.raises(CheckpointError, match="the text of this run cannot be read: No such file"):
        go_on(tmp_path / "run")
