"""Going back is exact: every tick of every lesson comes back to the bit, and a fork is a run of its own."""

import math
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from torch import Tensor

from rnn_tui.engine.session.replay import HistoryError
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.session.status import status_of
from rnn_tui.engine.training import branches as timeline
from rnn_tui.engine.training.branches import StateHistory
from rnn_tui.engine.training.snapshot import Snapshot, state_bytes, take
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from tests.engine.kept_runs import small

_TICKS = 40


@pytest.fixture(autouse=True)
def dense(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a state after about every second pass, whatever the machine's speed: the ticks between are run again."""
    monkeypatch.setattr(timeline, "_SPACING", 2.0)
    monkeypatch.setattr("rnn_tui.engine.session.replay._LONGEST", math.inf)


def clock() -> Iterator[float]:
    """Every look at it is half a second later."""
    now = 0.0
    while True:
        now += 0.5
        yield now


def session_of(experiment: Experiment, history: int = 2**20) -> Session:
    times = clock()
    return Session(experiment, history=history, clock=lambda: next(times))


def bits(session: Session) -> list[Tensor]:
    """Everything that a screen could show of a tick, and all that the next one depends on between passes."""
    trainer = session.trainer
    parts = [torch.tensor([trainer.ticks, trainer.epoch, trainer.fed])]
    parts += [parameter.detach().clone() for parameter in trainer.model.parameters()]
    if trainer.at_end_of_pass and trainer.learns:
        parts += [parameter.grad.clone() for parameter in trainer.model.parameters() if parameter.grad is not None]
    parts += [logits.clone() for logits in trainer.logits]
    parts += [part.detach().clone() for part in (trainer.h_0 if isinstance(trainer.h_0, tuple) else (trainer.h_0,))]
    if trainer.loss is not None:
        parts.append(trainer.loss)
    return parts


def both_ticks() -> list[tuple[str, str]]:
    pairs = [(name, tick) for name in LESSONS for tick in ("character", "sequence")]
    return [(name, tick) for name, tick in pairs if tick == "sequence" or not LESSONS[name].network.bidirectional]


def equal(one: list[Tensor], other: list[Tensor]) -> bool:
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("name", "tick"), both_ticks())
def test_every_tick_comes_back_to_the_bit(name: str, tick: str) -> None:
    """Backwards, forwards and crosswise, in the middle of a sequence too."""
    lesson = small(LESSONS[name])
    session = session_of(replace(lesson, training=replace(lesson.training, tick=tick, epochs=0)), 2**26)
    past = [bits(session)]
    for _ in range(_TICKS):
        session.tick()
        past.append(bits(session))
    for there in (_TICKS - 1, 0, 7, 6, 5, 23, 1, _TICKS, 17, 39, 2):
        session.go_to(there)
        assert equal(bits(session), past[there]), there
    session.go_to(11)
    for there in range(12, _TICKS + 1):
        session.tick()
        assert equal(bits(session), past[there]), there
    assert session.branch.newest == _TICKS


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_playing_on_from_the_past_gives_the_same_future(optimizer: str) -> None:
    """A run that went back and on again has the losses of one that never did."""
    lesson = LESSONS["hihello-sequence"]
    experiment = replace(lesson, training=replace(lesson.training, optimizer=optimizer, clip=1.0))
    straight, wandering = session_of(experiment), session_of(experiment)
    for _ in range(60):
        straight.tick()
    for _ in range(30):
        wandering.tick()
    for back in (3, 20, 0):
        wandering.go_to(back)
        while wandering.trainer.ticks < 30:
            wandering.tick()
    for _ in range(30):
        wandering.tick()
    assert [straight.losses.at(i) for i in range(60)] == [wandering.losses.at(i) for i in range(60)]
    assert len(wandering.losses) == 60


@settings(max_examples=15, deadline=None)
@given(
    fork=st.integers(1, 29), lr=st.sampled_from([0.01, 0.3]), optimizer=st.sampled_from(["adam", "sgd", "rmsprop"]),
    reduction=st.sampled_from(["sum", "mean"]), clip=st.sampled_from([0.0, 0.5]),
)  # fmt: skip
def test_a_fork_is_the_run_that_had_changed_there(
    fork: int, lr: float, optimizer: str, reduction: str, clip: float
) -> None:
    """The same as changing at that tick without ever having gone farther; and the old branch is still there."""
    experiment = LESSONS["hihello"]
    late, direct = session_of(experiment), session_of(experiment)
    training = replace(experiment.training, lr=lr, optimizer=optimizer, reduction=reduction, clip=clip)
    for _ in range(36):
        late.tick()
    old = [late.losses.at(i) for i in range(6)]
    late.go_to(fork)
    late.learn(training)
    for _ in range(fork):
        direct.tick()
    direct.learn(training)
    for _ in range(36):
        late.tick()
        direct.tick()
    assert equal(bits(late), bits(direct))
    assert [late.losses.at(i) for i in range(len(direct.losses))] == [
        direct.losses.at(i) for i in range(len(direct.losses))
    ]
    assert [each.name for each in late.history.branches] == ["main", "fork 1"]
    late.go_to(fork + 20)
    assert late.experiment.training == training
    late.go_to(fork - 1)
    assert late.experiment.training == experiment.training  # before the fork it learnt as it had begun to
    late.next_branch()
    assert late.branch.name == "main"
    assert late.trainer.ticks == 36
    assert [late.losses.at(i) for i in range(6)] == old
    late.next_branch()
    assert equal(bits(late), bits(direct))


def test_another_seed_draws_other_numbers_from_there_on() -> None:
    """The numbers are the same each time the stretch is run again."""
    lesson = LESSONS["hihello-sequence"]
    network = replace(lesson.network, initial_state="random")
    session = session_of(replace(lesson, network=network, training=replace(lesson.training, epochs=0)))
    for _ in range(20):
        session.tick()
    main = bits(session)
    session.go_to(10)
    session.learn(replace(session.experiment.training, seed=99), reseed=True)
    for _ in range(10):
        session.tick()
    forked = bits(session)
    assert not equal(main, forked)
    session.go_to(4)
    session.go_to(20)
    assert equal(bits(session), forked)


def test_a_change_at_the_newest_tick_needs_no_branch() -> None:
    """There is no other future yet; what has been is kept."""
    session = session_of(LESSONS["hihello-sequence"])
    for _ in range(10):
        session.tick()
    session.learn(replace(session.experiment.training, lr=0.5))
    for _ in range(10):
        session.tick()
    assert len(session.history.branches) == 1
    there = bits(session)
    session.go_to(5)
    assert session.experiment.training.lr == 0.05
    session.go_to(20)
    assert session.experiment.training.lr == 0.5
    assert equal(bits(session), there)


def test_the_screen_in_the_past_knows_nothing_of_the_future() -> None:
    """Loss, predictions and the epoch of the first right one are those of the tick."""
    session = session_of(LESSONS["hihello"])
    losses = []
    for _ in range(120):
        session.tick()
        losses.append(status_of(session, playing=False, speed=1).loss)
    assert session.learnt == 10
    session.go_to(41)
    assert session.learnt is None
    assert status_of(session, playing=False, speed=1).loss == losses[40]
    assert all(each.epoch <= 6 for each in session.branch.predictions.newest(99, by=session.progress.whole_passes))
    assert session.end_of_stretch_before() == 36
    session.go_to(36)
    assert session.end_of_stretch_before() == 30


def test_without_memory_it_goes_on_without_a_way_back() -> None:
    """A budget too small for one state says so; no budget at all is silent."""
    session = session_of(LESSONS["hihello"], history=100)
    assert "--history" in session.hold.notice
    assert str(state_bytes(session.trainer)) == "720"  # 60 weights and Adam's two averages, in float32
    assert session.tick()
    with pytest.raises(HistoryError, match="no way back"):
        session.go_to(0)
    assert session_of(LESSONS["hihello"], history=0).hold.notice == ""


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_the_estimate_of_a_state_is_what_the_largest_takes(optimizer: str, accumulate: int) -> None:
    """After some updates, and while gradients are being collected; Adam and RMSprop also count steps."""
    lesson = LESSONS["hihello"]
    training = replace(lesson.training, optimizer=optimizer, accumulate=accumulate, tick="sequence")
    trainer = session_of(replace(lesson, training=training)).trainer
    largest = 0
    for _ in range(8):
        trainer.tick()
        trainer.finish_update()
        largest = max(largest, take(trainer).values.nbytes)
    counters = 0 if optimizer == "sgd" else 4 * len(list(trainer.model.parameters()))
    assert state_bytes(trainer) == largest - counters


def test_states_stay_within_their_budget_and_keep_the_first() -> None:
    """Old ones are thinned; every tick can still be reached."""
    session = session_of(LESSONS["hihello-sequence"], history=20_000)
    past = {}
    for tick in range(1, 301):
        session.branch.epochs = 0
        session.tick()
        if tick in (1, 50, 299, 300):
            past[tick] = bits(session)
    states = session.branch.states
    assert 2 < len(states) < 30
    assert states.nbytes <= 20_000
    first = states.before(0)
    assert first is not None
    assert first.ticks == 0
    for tick, there in past.items():
        session.go_to(tick)
        assert equal(bits(session), there)


def test_no_state_is_kept_before_one_is_due() -> None:
    """Keeping costs; re-running for a moment does not."""
    states: StateHistory[Snapshot] = StateHistory(2**20)
    assert states.wants(0)
    session = session_of(LESSONS["hihello-sequence"])
    session.tick()
    states.keep(session.branch.states.before(1))  # type: ignore[arg-type]
    states.spent(1.9)
    assert not states.wants(1)
    states.spent(0.2)
    assert states.wants(1)
    assert not states.wants(0)


def changed(session: Session, **training: object) -> None:
    session.learn(replace(session.experiment.training, **training), reseed="seed" in training)


@pytest.mark.parametrize("on", ["tick", "go"])
@pytest.mark.parametrize("at", [0, 5, 6])
def test_a_change_at_the_newest_tick_is_not_lost_by_walking_back_and_on(at: int, on: str) -> None:
    """It has taken effect whenever one stands there, and no tick has been done with it yet."""
    experiment = LESSONS["hihello"]
    straight, wandering = session_of(experiment), session_of(experiment)
    for session in (straight, wandering):
        for _ in range(at):
            session.tick()
        changed(session, lr=0.5, optimizer="sgd")
    wandering.go_to(at - 3)
    while wandering.trainer.ticks < at:
        wandering.tick() if on == "tick" else wandering.go_to(at)
    assert wandering.experiment.training.lr == 0.5
    for _ in range(20):
        straight.tick()
        wandering.tick()
    assert equal(bits(straight), bits(wandering))


@pytest.mark.parametrize("at", [0, 6, 9, 12])
def test_several_changes_at_one_tick_count_once_when_it_is_gone_through_again(at: int) -> None:
    """An optimiser that is left and taken up again begins without a past, then and only then."""
    lesson = LESSONS["hihello"]
    random = replace(lesson, network=replace(lesson.network, initial_state="random"))
    session = session_of(replace(random, training=replace(lesson.training, epochs=0)))
    for _ in range(at):
        session.tick()
    changed(session, optimizer="sgd", seed=7)
    changed(session, optimizer="adam")
    past = {}
    for tick in range(at, 40):
        past[tick] = bits(session)
        session.tick()
    for tick in (at, 39, at + 1, 20, 0, 30, 15, at + 7):
        session.go_to(tick)
        if tick in past:
            assert equal(bits(session), past[tick]), tick
    session.go_to(at)
    changed(session, clip=0.5)  # in the past: what had been changed there before counts too
    session.tick()
    assert session.changes[-2].training.optimizer == "adam"


def test_the_only_branch_is_the_next_one_even_without_a_way_back() -> None:
    session = session_of(LESSONS["hihello"], history=0)
    session.tick()
    session.next_branch()
    assert session.trainer.ticks == 1
    assert session.tick()
