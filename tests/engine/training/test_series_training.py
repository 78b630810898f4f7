"""Learning a series of numbers, against loops as a notebook writes them."""

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from rnn_tui.engine.headless.train import train
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.saliency import SaliencyAsk, SaliencyFacts
from rnn_tui.protocol.inspect.space import SpaceAsk

VALUES = 20 + 3 * np.sin(np.arange(120) / 4) + np.random.default_rng(0).normal(0, 0.2, 120)


def on_series(folder: Path, *, network: dict[str, Any] | None = None, training: dict[str, Any] | None = None,
              **data: Any) -> Experiment:  # fmt: skip
    """An LSTM of 6 on those values, by sequence; what is given takes the place of its own."""
    path = folder / "series.csv"
    path.write_text("t,x\n" + "".join(f"{t},{float(value)!r}\n" for t, value in enumerate(VALUES)))
    return from_dict(
        {
            "data": {"series": str(path), "column": "x", "batch": 3, "length": 6, "holdout": 0.2} | data,
            "network": {"cell": "lstm", "hidden_size": 6, "head": "linear"} | (network or {}),
            "training": {"tick": "sequence", "reduction": "mean", "lr": 0.01, "epochs": 0} | (training or {}),
            "run": {"device": "cpu"},
        }
    )


def task_of(session: Session) -> SeriesDataset:
    task = session.trainer.dataset
    assert isinstance(task, SeriesDataset)
    return task


class Notebook:
    """nn.LSTM and nn.Linear, from the seed."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.lstm, self.head = nn.LSTM(1, 6), nn.Linear(6, 1)

    def load(self, session: Session) -> None:
        """The weights that a run has now."""
        recurrent, head = session.trainer.model.recurrent, session.trainer.model.head
        assert head is not None
        self.lstm.load_state_dict(recurrent.state_dict())
        self.head.load_state_dict(head.state_dict())

    def __call__(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        output, state = self.lstm(x[..., None], state)
        return self.head(output)[..., 0], state


@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize(("reduction", "tick"), [("mean", "sequence"), ("sum", "sequence"), ("mean", "character")])
def test_losses_are_those_of_a_plain_loop(tmp_path: Path, stateful: bool, reduction: str, tick: str) -> None:
    experiment = on_series(tmp_path, training={"reduction": reduction, "tick": tick}, stateful=stateful)
    session, plain = Session(experiment, history=0), Notebook(0)
    learnt = VALUES[:96]
    numbers = torch.from_numpy((VALUES - learnt.mean()) / learnt.std()).float()
    optimizer = torch.optim.Adam([*plain.lstm.parameters(), *plain.head.parameters()], lr=0.01, fused=True)
    state: Any = None
    for number in range(1, 12):
        while session.tick() and not session.trainer.at_end_of_pass:
            pass
        starts = torch.from_numpy(task_of(session).plan.starts(number, 0))
        both = numbers[starts + torch.arange(7)[:, None]]
        carried = stateful and (number - 1) % 5
        said, after = plain(both[:-1], state if carried else None)
        state = tuple(part.detach() for part in after)
        mean = nn.MSELoss()(said, both[1:])
        optimizer.zero_grad()
        (mean if reduction == "mean" else 6 * mean).backward()
        optimizer.step()
        assert session.losses.last() == pytest.approx(mean.item(), rel=1e-5)


def test_what_is_held_out_is_never_read_nor_scaled_by(tmp_path: Path) -> None:
    session = Session(on_series(tmp_path), history=0)
    task = task_of(session)
    assert task.scales[0].mean == pytest.approx(VALUES[:96].mean())
    seen = set()
    for number in range(1, 60):
        task.begin(number, 0)
        assert task.targets is not None
        read = task.in_units(torch.cat([task.inputs, task.targets])).flatten()
        seen |= set(np.abs(read[:, None] - VALUES).argmin(1).tolist())
    assert max(seen) < 96
    assert len(seen) > 90


def test_the_hold_out_is_judged_as_a_plain_loop_does(tmp_path: Path) -> None:
    session, plain = Session(on_series(tmp_path, training={"epochs": 4}), history=0), Notebook(0)
    while session.tick():
        pass
    session.recording.evaluate()
    plain.load(session)
    session.trainer.finish_update()
    judged = session.branch.held_out.newest()
    assert judged is not None
    numbers = torch.from_numpy((VALUES - VALUES[:96].mean()) / VALUES[:96].std()).float()
    errors = []
    for start in (96, 102, 108, 114):
        piece = numbers[start : start + 7]
        errors += (plain(piece[:-1, None])[0][:, 0] - piece[1:]).square().tolist()
    assert (judged.characters, judged.whole) == (23, True)
    assert judged.loss == pytest.approx(np.mean(errors), rel=1e-4)
    assert math.isnan(judged.accuracy)


@pytest.mark.parametrize("batch_first", [False, True])
def test_what_is_seen_of_a_pass_and_the_free_run(tmp_path: Path, batch_first: bool) -> None:
    session = Session(on_series(tmp_path, network={"batch_first": batch_first}), history=0)
    for _ in range(8):
        session.tick()
    plain = Notebook(0)
    plain.load(session)
    mean, deviation = VALUES[:96].mean(), VALUES[:96].std()
    numbers = torch.from_numpy((VALUES - mean) / deviation).float()
    start = int(task_of(session).plan.starts(8, 0)[1])
    steps = session.probe.steps(Wanted(row=1, first=0, count=6, top=4))
    assert steps.numbers is not None
    with torch.no_grad():
        said = plain(numbers[start : start + 6, None])[0][:, 0]
    np.testing.assert_allclose(steps.numbers.values, VALUES[start : start + 6], rtol=1e-6)
    np.testing.assert_allclose(steps.numbers.truth, VALUES[start + 1 : start + 7], rtol=1e-6)
    np.testing.assert_allclose(steps.numbers.predicted, said * deviation + mean, rtol=1e-5)
    np.testing.assert_allclose(steps.losses, (said - numbers[start + 1 : start + 7]).square(), rtol=1e-3, atol=1e-6)

    before = torch.get_rng_state()
    seen = session.probe.forecast(Wanted(forecast=40))
    assert torch.equal(before, torch.get_rng_state())
    assert seen is not None
    with torch.no_grad():
        ahead, state = plain(numbers[90:96, None])
        free = [ahead[-1:]]
        while len(free) < 34:
            following, state = plain(free[-1], state)
            free.append(following)
    assert (seen.first, seen.end, len(seen.free)) == (90, 96, 34)
    np.testing.assert_allclose(seen.truth, VALUES[90:120], rtol=1e-6)
    np.testing.assert_allclose(seen.predicted, ahead[:-1, 0] * deviation + mean, rtol=1e-5)
    np.testing.assert_allclose(seen.free, torch.cat(free)[:, 0] * deviation + mean, rtol=1e-5)
    narrow = session.probe.forecast(Wanted(forecast=4))
    assert narrow is not None
    assert (narrow.first, len(narrow.predicted), len(narrow.free)) == (94, 1, 2)
    assert session.probe.forecast(Wanted()) is None


def test_what_is_inside_is_that_of_autograd(tmp_path: Path) -> None:
    session = Session(on_series(tmp_path), history=0)
    session.tick()
    plain, task = Notebook(0), task_of(session)
    assert task.targets is not None
    x, targets = task.inputs[..., 0].clone().requires_grad_(), task.targets[..., 0]
    said, _ = plain(x)
    asks = (SaliencyAsk(step=4, output="target"), GradientsAsk(at=3), CellAsk(step=2), SpaceAsk())
    wanted = Wanted(row=1, first=0, count=6, inside=asks)
    saliency, gradients, *_ = session.probe.inside(wanted)
    assert isinstance(saliency, SaliencyFacts)
    assert saliency.numbers is not None
    (slope,) = torch.autograd.grad(said[4, 1], x, retain_graph=True)
    np.testing.assert_allclose(saliency.values, (slope * x)[:, 1].detach(), atol=1e-6)
    np.testing.assert_allclose(saliency.numbers, task.in_units(task.inputs[:, 1]))
    assert saliency.predicted == pytest.approx(float(task.in_units(said[4, 1, None])), rel=1e-5)
    assert isinstance(gradients, GradientsFacts)

    state, states = None, []  # once more, step by step, so that every h is in the graph
    for step in x.detach():
        output, state = plain.lstm(step[None, :, None], state)
        states.append(output)
        state = (output, state[1])
    by_step = torch.cat([plain.head(h)[..., 0] for h in states])
    whole = torch.autograd.grad(nn.MSELoss()(by_step, targets), states, retain_graph=True)
    np.testing.assert_allclose(gradients.flows[0].whole, [float(h[0, 1].norm()) for h in whole], rtol=1e-4)
    alone = torch.autograd.grad((by_step[3, 1] - targets[3, 1]).square(), states[:4])
    np.testing.assert_allclose(gradients.flows[0].alone[:4], [float(h[0, 1].norm()) for h in alone], rtol=1e-4)
    assert not gradients.flows[0].alone[4:].any()


def test_slow_motion_has_no_softmax_and_the_same_losses(tmp_path: Path) -> None:
    for tick in ("character", "sequence"):
        slow, fast = (Session(on_series(tmp_path, training={"tick": tick}), history=0) for _ in range(2))
        kinds = set()
        while slow.trainer.epoch < 3 or slow.is_held:
            slow.phases.next()
            phase = slow.probe.phase(Wanted(count=6))
            assert phase is not None
            assert len(phase.words) <= 90
            kinds.add(phase.kind)
        while fast.trainer.ticks < slow.trainer.ticks:
            fast.tick()
        assert kinds == {"update", "embed", "cell", "head", "loss", "backward"}
        assert slow.losses.last() == fast.losses.last()


def test_without_a_view_it_tells_the_error_in_the_units_of_the_series(tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    experiment = on_series(tmp_path, training={"epochs": 3})
    assert train(experiment, json=True, every=5, out=out, err=err) == 0
    last = json.loads(out.getvalue().splitlines()[-1])
    assert last["rmse"] == pytest.approx(math.sqrt(last["loss"]) * VALUES[:96].std())
    assert last["held_out_rmse"] == pytest.approx(math.sqrt(last["held_out_loss"]) * VALUES[:96].std())
    assert "23 values held out" in err.getvalue()
    look = to_dict(experiment)
    look["training"]["learn"], look["data"]["holdout"], look["training"]["epochs"] = False, 0.0, 1
    out = io.StringIO()
    assert train(from_dict(look), json=False, every=1, out=out, err=err) == 0
    assert f"{VALUES[0]:.5g}" in out.getvalue()


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_the_lesson_learns_whatever_its_seed(seed: int) -> None:
    values = to_dict(LESSONS["sine"])
    values["training"] |= {"seed": seed, "epochs": 25}
    session = Session(from_dict(values), history=0)
    while session.tick():
        pass
    first, last = session.losses.at(0), session.losses.last()
    assert first is not None
    assert last is not None
    assert first > 0.5
    assert last < 0.05
