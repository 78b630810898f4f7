"""A session: where it holds, what it tells, and that looking at it changes nothing."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rnn_tui.engine.answers.shapes import checks, tensor_facts
from rnn_tui.engine.host.commands import with_seed
from rnn_tui.engine.host.curves import character_curve
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.session.status import status_of
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Data, Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.protocol.wire import decode_message, pack

EVERYTHING = Wanted(count=99, top=3, units=99, layers=(0, 99), first=0, tensors=True)
LINEAR = {"hidden_size": 7, "head": "linear"}


def experiment(network: dict[str, Any] | None = None, **training: Any) -> Experiment:
    """`hihell -> ihello`, and in a second row `lolihe -> hiehol`: two rows show what one hides."""
    data = {"inputs": ["hihell", "lolihe"], "targets": ["ihello", "hiehol"], "vocabulary": "hielo"}
    return from_dict({"data": data, "network": network or {}, "training": {"seed": 3, **training}})


@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_a_loss_that_is_no_number_holds_and_says_where(tick: str) -> None:
    session = Session(experiment({"cell": "rnn-relu", **LINEAR}, optimizer="sgd", lr=1e6, tick=tick))
    while session.tick():
        assert session.trainer.loss is not None
        assert torch.isfinite(session.trainer.loss)
        assert session.trainer.epoch < 50
    trainer = session.trainer
    assert trainer.loss is not None
    assert not torch.isfinite(trainer.loss)
    assert 1 < trainer.epoch < 50
    assert f"tick {trainer.ticks}, epoch {trainer.epoch}:" in session.hold.notice
    assert "smaller learning rate" in session.hold.notice
    assert status_of(session, playing=False, speed=0).notice == session.hold.notice
    assert not session.done
    session.play_on()  # nothing is better yet, so it holds again
    assert not session.tick()


def test_an_infinite_loss_holds_too() -> None:
    session = Session(experiment({**LINEAR}))
    assert session.tick()
    head = session.trainer.model.head
    assert head is not None
    with torch.no_grad():
        head.bias.copy_(torch.tensor([3e38, -3e38, -3e38, -3e38, -3e38]))  # h for certain, where e is right
    assert not session.tick()
    assert session.hold.notice.startswith("The loss turned infinite at tick 2, epoch 1:")


def test_it_holds_at_the_end_of_its_epochs_and_can_be_played_on() -> None:
    session = Session(experiment(epochs=3))
    assert [session.tick() for _ in range(18)] == [True] * 17 + [False]
    assert session.done
    assert status_of(session, playing=False, speed=0).state == "done"
    assert "3 epochs are done" in session.hold.notice
    session.play_on()
    assert (session.done, session.hold.notice) == (False, "")
    assert [session.tick() for _ in range(18)] == [True] * 17 + [False]
    assert (session.trainer.epoch, len(session.losses), len(session.branch.character_losses)) == (6, 6, 36)


def test_epochs_0_never_end() -> None:
    session = Session(experiment(epochs=0, tick="sequence"))
    assert all(session.tick() for _ in range(300))
    assert not session.done


def test_the_running_loss_is_that_of_the_steps_fed() -> None:
    for reduction, parts in (("sum", 1), ("mean", 4)):
        session = Session(experiment(reduction=reduction))
        for _ in range(4):
            session.tick()
        targets = torch.tensor([["hielo".index(each) for each in step] for step in ("ih", "hi", "ee", "lh")])
        p = torch.cat(session.trainer.logits).double().softmax(-1).gather(2, targets[:, :, None])
        running = status_of(session, playing=True, speed=1).running_loss
        assert_allclose(running or 0, -p.log().sum().item() / 2 / parts, rtol=1e-6)


def test_the_curve_of_single_characters_ends_with_character_ticks() -> None:
    session = Session(experiment())
    losses = []
    for _ in range(9):
        session.tick()
        assert session.trainer.loss is not None
        losses.append(session.trainer.loss.item())
    curve = character_curve(session, CurveWanted(columns=99))
    assert curve is not None
    assert_allclose(curve.low, losses)
    assert_allclose(curve.x, np.arange(1, 10) / 6)  # in epochs
    session.set_tick("sequence")
    session.tick()
    assert character_curve(session, CurveWanted(columns=99)) is None  # ticks and characters no longer agree


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", LESSONS)
def test_all_that_a_lesson_shows_crosses_the_seam(name: str) -> None:
    """With the types that the seam promises; before the first tick, within a pass and at its end."""
    session, wanted = Session(LESSONS[name]), EVERYTHING
    for _ in range(8):
        frame = Frame(
            request=1,
            revision=1,
            status=status_of(session, playing=True, speed=0.0),
            steps=session.probe.steps(wanted),
            states=session.probe.states(wanted),
            curve=session.losses.envelope(3),
            characters=character_curve(session, CurveWanted(columns=3)),
            predictions=session.branch.predictions.newest(9),
            learnt=session.branch.predictions.learnt,
            tensors=tensor_facts(session.trainer),
            checks=checks(session.trainer),
        )
        found = decode_message(pack(frame)[4:])
        assert isinstance(found, Frame)
        assert found.steps is not None
        assert len(found.steps.inputs) == session.trainer.length
        assert repr(found) == repr(frame)
        session.tick()


def test_a_session_keeps_the_rules() -> None:
    with pytest.raises(ExperimentError, match="must be sequence"):
        Session(experiment({"bidirectional": True, **LINEAR}, tick="sequence")).set_tick("character")
    with pytest.raises(ExperimentError, match="-1 is too small"):
        with_seed(experiment(), -1)
    with pytest.raises(ExperimentError, match="at least one character"):
        Session(Experiment(data=Data(inputs=())))  # as it may come over the wire, where no rule is checked


# ---- the same numbers ----

RANDOM = {"initial_state": "random"}
LOOKED_AT = [
    experiment(),
    experiment({"cell": "lstm", **LINEAR, **RANDOM, "embedding": 3, "layers": 2}),
    experiment({"cell": "gru", **RANDOM, "implementation": "cell", "batch_first": True}, optimizer="sgd"),
    experiment({"cell": "lstm", **LINEAR, **RANDOM, "bidirectional": True}, tick="sequence"),
    experiment(optimizer="rmsprop"),
    experiment({"cell": "rnn-relu", **RANDOM, "layers": 2}, tick="sequence", clip=0.5),
]


def run(what: Experiment, *, look: bool) -> bytes:
    """Losses, weights and the generator's state after 25 ticks, to the bit."""
    session = Session(what)
    for _ in range(25):
        session.tick()
        if look:
            before = torch.get_rng_state()
            session.probe.steps(EVERYTHING)
            assert session.probe.states(EVERYTHING)
            assert tensor_facts(session.trainer)
            checks(session.trainer)
            status_of(session, playing=True, speed=1)
            assert torch.equal(before, torch.get_rng_state())
    losses = [series.envelope(10**6).low for series in (session.losses, session.branch.character_losses)]
    gradients = [weight.grad for weight in session.trainer.model.parameters() if weight.grad is not None]
    tensors = [torch.get_rng_state(), *session.trainer.model.parameters(), *gradients]
    return b"".join(array.tobytes() for array in [*losses, *(tensor.detach().numpy() for tensor in tensors)])


@pytest.mark.parametrize("what", LOOKED_AT)
def test_the_same_seed_gives_the_same_bits_looked_at_or_not(what: Experiment) -> None:
    alone = run(what, look=False)
    assert run(what, look=False) == alone
    assert run(what, look=True) == alone


def test_another_seed_gives_other_numbers() -> None:
    assert run(experiment(), look=False) != run(experiment(seed=4), look=False)


def test_no_optimiser_drags_in_torchs_compiler() -> None:
    """It costs a second at the first tick; in a fresh process, since other tests may have imported it."""
    code = """
import sys
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.validate import from_dict
for optimizer in ("adam", "sgd", "rmsprop"):
    training = {"optimizer": optimizer, "clip": 1.0, "weight_decay": 0.01, "schedule": "plateau"}
    session = Session(from_dict({"training": training, "network": {"layers": 2, "dropout": 0.5}}))  # hihello
    for _ in range(20):
        session.tick()
    assert session.trainer.epoch == 4
print(*(name for name in sys.modules if name.startswith("torch._dynamo")), "end")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("end\n", "")


@pytest.mark.parametrize("columns", [99, 4])
def test_steps_without_a_target_are_no_points_of_the_curve_of_characters(columns: int) -> None:
    """Many to one: the steps before the last letter add 0 to the loss, which is the loss of no character."""
    training = {"tick": "character"}
    session = Session(from_dict({
        "data": {"inputs": ["seven", "three"], "targets": ["7", "3"], "task": "many-to-one"},
        "network": {"hidden_size": 4, "head": "linear"}, "training": training,
    }))  # fmt: skip
    losses = []
    for _ in range(15):
        session.tick()
        assert session.trainer.loss is not None
        losses.append(session.trainer.loss.item())
    curve = character_curve(session, CurveWanted(columns=columns))
    assert curve is not None
    assert [number for number, loss in enumerate(losses, 1) if loss] == [5, 10, 15]
    assert (curve.low > 0).all()
    if columns == 99:
        assert_allclose(curve.high, [losses[4], losses[9], losses[14]])
        assert_allclose(curve.x, [1, 2, 3])


def test_the_seconds_of_a_run_are_those_of_its_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a rest counts, nor a tick that is done again."""
    now = 1000.0
    session = Session(experiment(tick="sequence"), clock=lambda: now)
    tick = session.trainer.tick

    def takes_two_seconds() -> None:
        nonlocal now
        now += 2.0
        tick()

    monkeypatch.setattr(session.trainer, "tick", takes_two_seconds)
    for _ in range(5):
        session.tick()
        now += 100.0
    assert session.branch.diagnostics.elapsed == 10.0
    session.go_to(2)
    for _ in range(4):
        session.tick()
    assert session.progress.tick == 6
    assert session.branch.diagnostics.elapsed == 12.0
