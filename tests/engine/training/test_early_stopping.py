"""Early stopping, and the time left."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.engine.session.session import Session
from rnn_tui.engine.session.status import status_of
from rnn_tui.engine.session.throughput import Throughput
from rnn_tui.engine.training.early_stopping import BestLoss, best_of
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from tests.engine.kept_runs import advance, begin, go_on
from tests.engine.text_runs import letters, on_text
from tests.engine.training.test_branches import session_of
from tests.examples import examples


def rising(**training: object) -> Experiment:
    """A rate so large that the loss jumps about, and is best early."""
    values = {"seed": 4, "optimizer": "sgd", "lr": 2.0, "tick": "sequence", **training}
    return from_dict({"data": {"inputs": ["hihello"]}, "training": values})


def all_losses(tick: str = "sequence") -> list[float]:
    session = Session(rising(tick=tick))
    while len(session.losses) < 90:
        session.tick()
    return list(session.losses)


def stops_at(losses: list[float], patience: int) -> tuple[int, int]:
    """The epoch at which it stops, and that of the best loss: from the list alone."""
    for epoch in range(patience + 1, len(losses) + 1):
        if min(losses[:epoch]) >= min(losses[: epoch - patience]):
            return epoch, losses.index(min(losses[:epoch])) + 1
    raise AssertionError("never")


@pytest.mark.parametrize("patience", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_it_stops_at_the_right_epoch_and_says_what_was_best(patience: int, tick: str) -> None:
    losses = all_losses(tick)
    epoch, best = stops_at(losses, patience)
    session = Session(rising(patience=patience, tick=tick))
    while session.tick():
        assert session.trainer.epoch < 90
    assert session.trainer.epoch == epoch
    assert session.trainer.at_end_of_pass
    epochs = f"{patience} epochs" if patience > 1 else "an epoch"
    assert session.hold.notice == (
        f"Stopped: no better loss for {epochs}; the best was {losses[best - 1]:.4g} in epoch {best}. Space plays on."
    )
    assert not session.done
    session.play_on()
    assert not session.hold.notice
    since = again = epoch
    while again < 90 and again - since < patience:
        again += 1
        since = again if losses[again - 1] < min(losses[: again - 1]) else since
    while session.tick() and session.trainer.epoch < 90:
        pass
    assert session.trainer.epoch == again  # at least as long again


@pytest.mark.usefixtures("quick_disk")
@pytest.mark.parametrize("patience", [2, 5])
def test_resumed_after_an_early_stop_it_is_as_patient_as_at_first(patience: int, tmp_path: Path) -> None:
    losses = all_losses()
    session, checkpointer = begin(rising(patience=patience, epochs=90), tmp_path / "run")
    while session.tick():
        pass
    checkpointer.close()
    epoch, _ = stops_at(losses, patience)
    assert session.trainer.epoch == epoch < 90
    session, checkpointer = go_on(tmp_path / "run")
    since = again = epoch
    while again < 90 and again - since < patience:
        again += 1
        since = again if losses[again - 1] < min(losses[: again - 1]) else since
    assert again > epoch + 1
    while session.tick():
        pass
    assert session.trainer.epoch == again
    checkpointer.close()


@pytest.mark.usefixtures("quick_disk")
def test_resumed_before_its_patience_is_over_it_stops_where_it_would_have(tmp_path: Path) -> None:
    epoch, _ = stops_at(all_losses("character"), 5)
    session, checkpointer = begin(rising(patience=5, tick="character"), tmp_path / "run")
    advance(session, session.trainer.length * (epoch - 1) + 2)  # the last epoch has begun
    checkpointer.close()
    session, checkpointer = go_on(tmp_path / "run")
    while session.tick():
        pass
    assert session.trainer.epoch == epoch
    checkpointer.close()


def test_without_patience_it_never_does() -> None:
    session = Session(rising())
    for _ in range(90):
        assert session.tick()


def test_the_end_of_the_epochs_is_not_called_an_early_stop() -> None:
    epoch, _ = stops_at(all_losses(), 3)
    session = Session(rising(patience=3, epochs=epoch))
    while session.tick():
        pass
    assert session.hold.notice == f"{epoch} epochs are done. Space plays on."


def test_a_tick_that_lies_ahead_is_reached() -> None:
    what = rising(patience=2)
    session = Session(replace(what, run=replace(what.run, until=("tick=80",))))
    while session.tick():
        pass
    assert session.trainer.ticks == 80
    assert session.hold.notice.startswith("Paused at tick 80")


def test_going_back_does_not_stop_again_and_a_fork_counts_from_its_own_past() -> None:
    losses = all_losses()
    epoch, best = stops_at(losses, 3)
    session = session_of(rising(patience=3))
    while session.tick():
        pass
    session.go_to(2)
    while session.trainer.ticks < epoch:
        assert session.tick()  # what is known already holds nothing
    session.go_to(best - 1)  # where the best was still to come
    session.learn(replace(session.experiment.training, lr=1.999))
    assert session.branch.best.loss == min(losses[: best - 1])


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("holdout", [0.0, 0.2])
def test_a_fork_of_a_text_counts_epochs_and_not_updates(tmp_path: Path, reduction: str, holdout: float) -> None:
    training = {"lr": 0.3, "optimizer": "sgd", "patience": 50, "reduction": reduction}
    session = session_of(on_text(tmp_path, letters(80), training=training, holdout=holdout))
    batches, best = session.trainer.dataset.batches, []
    assert batches > 1
    for _ in range(6 * batches):
        session.tick()
        best.append(session.branch.best)
    session.go_to(4 * batches + 1)
    session.learn(replace(session.experiment.training, lr=0.1))
    assert session.branch.best.epoch == best[4 * batches].epoch
    assert session.branch.best.loss == pytest.approx(best[4 * batches].loss, rel=1e-6)


def test_patience_that_begins_on_the_way_knows_what_has_been() -> None:
    losses = all_losses()
    what = rising()
    turn = Change(tick=20, training=replace(what.training, patience=4))
    session = Session(what, changes=(turn,))
    while session.tick():
        assert session.trainer.epoch < 90
    best = losses.index(min(losses[: session.trainer.epoch])) + 1
    assert session.branch.best.epoch == best
    assert session.trainer.epoch == max(21, best + 4)


@given(st.lists(st.floats(0, 9) | st.just(math.nan), max_size=30))
@settings(max_examples=examples(60))
def test_the_best_is_the_first_of_the_smallest(losses: list[float]) -> None:
    numbers = [loss for loss in losses if not math.isnan(loss)]
    best = best_of(losses)
    if not numbers:
        assert best == BestLoss()
    else:
        assert (best.loss, best.epoch, best.since) == (min(numbers), losses.index(min(numbers)) + 1, best.epoch)


# ---- the time left ----


def play(rates: list[float], *, pace: float = 0.0, total: float = 1000.0, look: float = 0.04) -> list[float | None]:
    """Return what is reported at every look, with so many passes a second."""
    now, done = 0.0, 0.0
    throughput = Throughput(lambda: now)
    said = []
    for rate in rates:
        for _ in range(round(1 / look)):
            said.append(throughput.seconds_left(done, total, pace))
            now, done = now + look, done + rate * look
    return said


def test_the_time_left_is_what_is_left_over_the_pace_so_far() -> None:
    said = play([10.0] * 20)
    assert set(said[:20]) == {None}
    assert said[30] == pytest.approx((1000 - 30 * 0.4) / 10)
    assert said[-1] == pytest.approx((1000 - 499 * 0.4) / 10)


def test_it_neither_jumps_nor_lags() -> None:
    said = [each for each in play([10.0, 14.0, 7.0, 11.0, 9.0] * 8, total=4000) if each is not None]
    steps = [abs(after - before) / before for before, after in pairwise(said[50:])]
    assert max(steps) < 0.01  # though the pace doubles from one second to the next
    slower = play([20.0] * 10 + [5.0] * 30, total=4000)[-1]
    assert slower == pytest.approx((4000 - 350) / 5, rel=0.2)


def test_a_pace_that_was_asked_for_counts_while_it_is_kept() -> None:
    assert play([4.0] * 3, pace=4.0)[0] == 250  # known at once
    assert play([4.2, 3.8] * 3, pace=4.0)[-1] == pytest.approx((1000 - 24) / 4, rel=1e-2)
    assert play([4.0] * 20, pace=1000.0)[-1] == pytest.approx((1000 - 80) / 4, rel=1e-2)  # too fast for it
    assert play([400.0] * 2, pace=4.0)[-1] == pytest.approx(200 / 400, abs=0.1)  # it hurries to a tick


def test_a_session_tells_it_while_it_plays() -> None:
    lesson = LESSONS["hihello"]  # 100 epochs of 6 characters
    now = 0.0
    session = Session(lesson, clock=lambda: now)
    for _ in range(60):
        assert status_of(session, playing=True, speed=4.0).seconds_left == pytest.approx(
            (600 - session.trainer.ticks) / 4
        )
        session.tick()
        now += 0.25
    assert status_of(session, playing=False, speed=4.0).seconds_left is None
    assert status_of(session, playing=True, speed=4.0, slow=2.0).seconds_left is None
    session.set_tick("sequence")
    assert status_of(session, playing=True, speed=4.0).seconds_left == pytest.approx(90 / 4)
    endless = Session(replace(lesson, training=replace(lesson.training, epochs=0)))
    assert status_of(endless, playing=True, speed=4.0).seconds_left is None
