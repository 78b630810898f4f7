"""The hold-out: what is made of it is what a plain loop makes of it, and the run does not notice."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from rnn_tui.data.text import corpus_of
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training import held_out_eval as holdout
from rnn_tui.engine.training.batches_on_device import TextDataset
from rnn_tui.engine.training.eval_history import EvalHistory
from rnn_tui.engine.training.held_out_eval import HeldOutEvaluator, Score
from tests.engine.text_runs import Notebook, letters, on_text

TEXT = letters(400)


def score_of(session: Session, *, whole: bool) -> Score:
    score = Score()
    for _ in HeldOutEvaluator(session.trainer).evaluate(score, whole=whole):
        pass
    return score


@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(("batch", "share"), [(3, 0.3), (50, 0.1)])
def test_its_loss_is_that_of_a_plain_loop(
    tmp_path: Path, stateful: bool, batch_first: bool, batch: int, share: float
) -> None:
    """All of it: in pieces of the same length, each from a zero state; or in one go, whatever the batch is."""
    session = Session(
        on_text(tmp_path, TEXT, batch=batch, holdout=share, stateful=stateful, network={"batch_first": batch_first})
    )
    for _ in range(5):
        session.tick()
    notebook = Notebook(session.experiment, len(session.experiment.vocabulary))
    for mine, theirs in zip(notebook.parameters, session.trainer.model.parameters(), strict=True):
        mine.data.copy_(theirs.data)
    kept = corpus_of(TEXT).indices(slice(len(TEXT) - int(len(TEXT) * share), None))
    nats, right = _plain(notebook, kept, in_one_go=stateful)
    score = score_of(session, whole=True)
    assert score.characters == len(kept) - 1
    assert score.nats == pytest.approx(nats, rel=1e-5)
    assert score.right == right


def _plain(
    notebook: Notebook, kept: "np.ndarray[tuple[int], np.dtype[np.int64]]", *, in_one_go: bool
) -> tuple[float, int]:
    """Summed loss and right answers over a text, as one row or in pieces of 5."""
    nats, right = 0.0, 0
    length = len(kept) if in_one_go else 5
    for start in range(0, len(kept) - 1, length):
        piece = kept[start : start + length + 1][None]
        with torch.no_grad():
            logits, _ = notebook.logits(piece, None)
        target = torch.from_numpy(piece[:, 1:]).flatten()
        nats += F.cross_entropy(logits.flatten(0, 1), target, reduction="sum").item()
        right += int((logits.flatten(0, 1).argmax(-1) == target).sum())
    return nats, right


def test_a_stateful_score_does_not_depend_on_batch_and_length(tmp_path: Path) -> None:
    """Of the same weights, those of the seed."""
    losses = []
    for batch, length in ((1, 5), (4, 5), (16, 5), (4, 40)):
        session = Session(on_text(tmp_path, letters(2000), holdout=0.4, stateful=True, batch=batch, length=length))
        score = score_of(session, whole=True)
        assert score.characters == 799
        losses.append(score.nats / score.characters)
    assert losses == pytest.approx([losses[0]] * 4, rel=1e-5)


@pytest.mark.parametrize(("batch", "length", "steps"), [(1, 5, 75), (3, 5, 225), (16, 5, 256), (16, 50, 2816)])
def test_what_is_judged_of_a_stateful_text_every_time(tmp_path: Path, batch: int, length: int, steps: int) -> None:
    """Its beginning: the characters that up to four rows have in 15 updates, in whole pieces."""
    text = letters(100 * batch * length * 2 + 20_000)
    session = Session(on_text(tmp_path, text, holdout=0.3, stateful=True, batch=batch, length=length))
    assert HeldOutEvaluator(session.trainer).every == 100
    score = score_of(session, whole=False)
    assert score.characters == steps
    assert score.rows == max(1, steps // 256)


@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_judging_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stateful: bool, tick: str) -> None:
    """Every loss is the same to the bit, judged after every update or never; a random h₀ too, which draws numbers."""
    network = {"initial_state": "random"}
    experiment = on_text(tmp_path, TEXT, stateful=stateful, holdout=0.2, network=network, training={"tick": tick})
    losses = []
    for often in (True, False):
        monkeypatch.setattr(HeldOutEvaluator, "wants", lambda _self, _update, often=often: often)
        session = Session(experiment)
        for _ in range(60):
            session.tick()
        losses.append([session.losses.at(at) for at in range(60)])
        assert (session.branch.held_out.newest() is not None) == often
        assert session.trainer.model.training
    assert losses[0] == losses[1]


def test_it_is_the_same_part_every_time_and_all_of_it_at_the_end(tmp_path: Path) -> None:
    session = Session(on_text(tmp_path, letters(4000), holdout=0.5, training={"epochs": 1}))
    hold_out = HeldOutEvaluator(session.trainer)
    assert hold_out.every == 100
    assert not hold_out.part_is_whole
    while session.tick():
        pass
    part = session.branch.held_out.newest()
    assert part is not None
    assert (part.update, part.characters, part.whole) == (100, 15 * 3 * 5, False)
    assert session.recording.evaluation.is_busy
    session.recording.evaluate()
    newest = session.branch.held_out.newest()
    assert newest is not None
    assert (newest.update, newest.characters, newest.whole) == (session.trainer.epoch, 1999, True)
    assert newest.loss == pytest.approx(score_of(session, whole=True).nats / 1999)
    assert not session.recording.evaluation.is_busy
    session.play_on()
    session.tick()
    assert not session.recording.evaluation.is_busy


def test_whole_judging_ends_where_the_run_goes_on(tmp_path: Path) -> None:
    """Its weights are gone then."""
    session = Session(on_text(tmp_path, letters(4000), holdout=0.5, training={"epochs": 1}))
    while session.tick():
        pass
    for change in (session.phases.next, lambda: session.go_to(3)):
        assert session.recording.evaluation.is_busy
        change()
        assert not session.recording.evaluation.is_busy
        session.finish_tick()
        session.go_to(session.branch.newest - 1)
        session.branch.epochs = 1
        session.tick()


@pytest.mark.parametrize(("characters", "every", "batches"), [(4000, 100, 239), (400, 23, 23), (120, 21, 7)])
def test_how_often(tmp_path: Path, characters: int, every: int, batches: int) -> None:
    """Every hundred updates; of a small text at the end of an epoch, yet not all the time."""
    session = Session(on_text(tmp_path, letters(characters), holdout=0.1))
    assert session.trainer.dataset.batches == batches
    hold_out = HeldOutEvaluator(session.trainer)
    assert hold_out.every == every
    cost = len(hold_out._pieces.part) / every
    assert cost <= holdout._SHARE or len(hold_out._pieces.part) == 1


def test_a_run_that_learns_by_heart_is_told_to_part(tmp_path: Path) -> None:
    """Random letters: the first are learnt by heart, and nothing of them helps with the last."""
    network = {"hidden_size": 48}
    session = Session(on_text(tmp_path, letters(300), holdout=0.3, network=network, training={"lr": 0.05}))
    parted = None
    for _ in range(700):
        session.tick()
        parted = parted or session.branch.held_out.parted
    assert parted is not None
    best = session.branch.held_out.best
    assert best is not None
    assert best.update == parted == session.branch.held_out.parted
    assert best.loss < math.log(8) * 1.2


def _judged(losses: list[float], learnt: list[float]) -> EvalHistory:
    found = EvalHistory()
    for number, (loss, mine) in enumerate(zip(losses, learnt, strict=True), 1):
        found.learnt(mine - 0.1)
        found.learnt(mine + 0.1)
        found.add(update=100 * number, loss=loss, accuracy=0.5, characters=10, whole=False, part=True)
    return found


def test_when_they_part() -> None:
    falling = [3.0, 2.0, 1.9, 1.8, 1.7, 1.6]
    assert _judged([3.0, 2.0, 2.1, 2.2, 2.3, 2.4], falling).parted == 200
    assert _judged([3.0, 2.9, 2.8, 2.0, 2.2, 2.3], falling).parted is None  # only two in a row
    assert _judged([3.0, 2.0, 2.1, 2.2, 1.9, 2.4], falling).parted is None
    assert _judged([3.0, 2.0, 2.001, 2.002, 2.003, 2.004], falling).parted is None  # noise
    assert _judged([3.0, 2.0, 2.1, 2.2, 2.3, 2.4], falling[::-1]).parted is None  # learning fails too
    assert _judged([], []).parted is None
    assert _judged([float("nan")] * 5, [float("nan")] * 5).parted is None


def test_judgements_at_a_tick_of_the_past() -> None:
    found = _judged([3.0, 2.0, 2.1, 2.2, 2.3, 2.4], [3.0, 2.0, 1.9, 1.8, 1.7, 1.6])
    told = found.told(400, by=250)
    assert told is not None
    assert (told.update, told.loss) == (200, 2.0)
    assert told.curve.x.tolist() == [100, 200, 300, 400, 500, 600]
    assert found.told(400, by=50) is None
    assert found.head(300).newest() == found.newest(300)
    thin = found.told(2)
    assert thin is not None
    assert (thin.curve.x.tolist(), thin.curve.low.tolist(), thin.curve.high.tolist()) == (
        [300, 600],
        [2.0, 2.2],
        [3.0, 2.4],
    )


def test_it_is_judged_as_if_nobody_dropped_anything(tmp_path: Path) -> None:
    """In evaluation mode, and back."""
    session = Session(on_text(tmp_path, TEXT, holdout=0.2))
    assert isinstance(session.trainer.dataset, TextDataset)
    seen: list[bool] = []
    session.trainer.model.register_forward_hook(lambda module, _x, _y: seen.append(module.training))
    score_of(session, whole=False)
    assert seen
    assert not any(seen)
    assert session.trainer.model.training


@pytest.mark.parametrize("stateful", [False, True])
def test_no_character_of_it_is_ever_learnt(tmp_path: Path, stateful: bool) -> None:
    """Its one letter is nowhere else: it never comes into a batch, and nothing else is judged."""
    session = Session(on_text(tmp_path, letters(300) + "Z" * 100, holdout=0.25, stateful=stateful))
    task = session.trainer.dataset
    assert isinstance(task, TextDataset)
    kept = task.vocabulary.index("Z")
    for _ in range(3 * task.batches):
        session.tick()
        assert task.targets is not None
        assert kept not in task.inputs
        assert kept not in task.targets
    for piece in task.plan.held_out_parts():
        assert (task.corpus.indices(piece.places) == kept).all()
