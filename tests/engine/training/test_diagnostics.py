"""Diagnostics over time, against a plain PyTorch loop that computes them after each of its updates."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.testing import assert_allclose
from torch import nn

from rnn_tui.engine.session.measuring import Measuring, is_scheduled
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.resume import begin_saving, resume
from rnn_tui.engine.training.diagnostics import Diagnostics, Samples
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.engine.training.unit_shares import unit_shares
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.commands import SaveOptions
from tests.engine.training.test_pairs_training import TASKS, on_pairs

EVERY = "ratio>1e300"  # a breakpoint that never comes, and that has every pass measured


def experiment(name: str = "hihello-sequence", *, until: tuple[str, ...] = (), **training: Any) -> Experiment:
    values = to_dict(LESSONS[name])
    values["training"] |= {"epochs": 0, "patience": 0, **training}
    values["run"]["until"] = list(until)
    return from_dict(values)


def played(what: Experiment, passes: int, session: Session | None = None) -> Session:
    session = session or Session(what)
    while session.progress.whole_passes < passes:
        session.tick()
    return session


def plain(passes: int, *, clip: float, every: int) -> dict[str, list[float]]:
    """Return what a notebook would note of hihello-sequence: after each backward, and after each step."""
    what = LESSONS["hihello-sequence"]
    torch.manual_seed(what.training.seed)
    rnn = nn.RNN(5, 5)
    optimizer = torch.optim.Adam(rnn.parameters(), lr=what.training.lr)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, every, gamma=0.5)
    x, y = torch.eye(5)[[0, 1, 0, 2, 3, 3]], torch.tensor([1, 0, 2, 3, 3, 4])
    noted: dict[str, list[float]] = {name: [] for name in ("norm", "clipped", "lr", "dead", "saturated", "ih", "hh")}
    ih = hh = math.nan
    for _ in range(passes):
        optimizer.zero_grad()
        states, _ = rnn(x)
        torch.autograd.backward(nn.functional.cross_entropy(states, y))
        size = states.detach().abs().numpy()
        noted["dead"].append(np.mean([(size[:, unit] < 0.01).all() for unit in range(5)]))
        noted["saturated"].append(np.mean([(size[:, unit] > 0.97).all() for unit in range(5)]))
        noted["ih"].append(ih)
        noted["hh"].append(hh)
        flat = torch.cat([weight.grad.flatten() for weight in rnn.parameters() if weight.grad is not None])
        noted["norm"].append(flat.double().norm().item())
        nn.utils.clip_grad_norm_(rnn.parameters(), clip)
        flat = torch.cat([weight.grad.flatten() for weight in rnn.parameters() if weight.grad is not None])
        noted["clipped"].append(flat.double().norm().item())
        noted["lr"].append(optimizer.param_groups[0]["lr"])
        before = {name: weight.detach().clone() for name, weight in rnn.named_parameters()}
        optimizer.step()
        schedule.step()
        moved = {name: (weight.detach() - before[name], weight) for name, weight in rnn.named_parameters()}
        both = moved["weight_ih_l0"], moved["weight_hh_l0"]
        ih, hh = ((by.norm() / weight.detach().norm()).item() for by, weight in both)
    return noted


def test_all_of_them_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    passes, clip = 150, 0.1
    what = experiment(until=(EVERY,), clip=clip, schedule="step", schedule_every=40, schedule_factor=0.5)
    session = Session(what)
    saving = begin_saving(session, SaveOptions(folder=str(tmp_path / "run")), print)
    played(what, passes, session)
    saving.close()
    expected, branch = plain(passes, clip=clip, every=40), session.branch
    diagnostics = branch.diagnostics
    assert_allclose(list(diagnostics.norms), expected["norm"], rtol=2e-4)
    assert_allclose(list(diagnostics.rates), expected["lr"], rtol=1e-12)
    names = {"dead": "dead", "saturated": "saturated", "weight_ih_l0": "ih", "weight_hh_l0": "hh"}
    assert diagnostics.samples.names == tuple(names)
    for name, of in names.items():
        taken = [diagnostics.samples.taken_at(number)[name] for number in range(1, passes + 1)]
        assert_allclose(taken, expected[of], rtol=1e-3)
    assert 0 < max(expected["saturated"]) < 1
    share = np.mean(np.array(expected["norm"]) > clip)
    assert 0.1 < share < 0.9
    assert diagnostics.clipped(branch.clip_limits()) == pytest.approx(share)

    header, *rows = [line.split(",") for line in (tmp_path / "run" / "losses.csv").read_text().splitlines()]
    column = {name: [float(row[place] or "nan") for row in rows] for place, name in enumerate(header)}
    assert_allclose(column["gradient_norm"], expected["norm"], rtol=2e-4)
    assert_allclose(column["clipped_norm"], expected["clipped"], rtol=2e-4)
    assert_allclose(column["lr"], expected["lr"])
    assert_allclose(column["ratio_weight_hh_l0"], expected["hh"], rtol=1e-3)
    assert_allclose(column["saturated"], expected["saturated"], rtol=1e-6)
    assert column["seconds"] == sorted(column["seconds"])
    assert column["seconds"][-1] > 0


@pytest.mark.sampled(4)
@pytest.mark.parametrize("clip", [0.0, 0.05])
@pytest.mark.parametrize("name", ["hihello", "hihello-lstm", "ohlol-lstm", "hihello-embedding", "remember"])
def test_a_run_is_the_same_to_the_bit_whether_it_is_measured_or_not(name: str, clip: float) -> None:
    """Also where it is clipped with a norm that is there already, where it draws numbers, back, and in a fork."""
    losses, weights = [], []
    for until in ((), (EVERY,)):
        what = experiment(name, until=until, clip=clip)
        network = replace(what.network, initial_state="random", dropout=0.2 if what.network.layers > 1 else 0.0)
        session = Session(replace(what, network=network))
        if not until:
            session.recording.measuring.turn_off()
            session.recording._recorder._norm = lambda **_: None  # type: ignore[method-assign]
        played(what, 12, session)
        session.go_to(session.branch.ends[7])
        session.learn(replace(session.experiment.training, lr=0.02))
        played(what, 16, session)
        losses.append(list(session.losses))
        weights.append([weight.tolist() for weight in session.trainer.model.parameters()])
        assert len(session.branch.diagnostics.samples) == (16 if until else 0)
    assert losses[0] == losses[1]
    assert weights[0] == weights[1]


def test_a_fork_has_the_past_of_its_branch_and_its_own_future() -> None:
    what = experiment(until=(EVERY,), clip=0.3)
    session = played(what, 20)
    main = session.branch.diagnostics
    session.go_to(8)
    assert len(main.norms) == 20  # to go back takes nothing away
    session.learn(replace(session.experiment.training, lr=0.001, clip=0.0))
    played(what, 15, session)
    fork, straight = session.branch.diagnostics, played(what, 8).branch.diagnostics
    assert list(fork.norms)[:8] == list(main.norms)[:8] == list(straight.norms)
    assert list(fork.rates) == [0.05] * 8 + [0.001] * 7
    assert list(fork.samples.passes) == [*range(1, 16)]
    assert fork.samples.taken_at(8) == main.samples.taken_at(8)
    assert fork.samples.taken_at(9)["weight_hh_l0"] < 0.1 * main.samples.taken_at(9)["weight_hh_l0"]
    assert session.branch.clip_limits().tolist() == [0.3] * 7 + [0.0] * 8  # the fork is there before the eighth update
    assert 0 < fork.elapsed == fork.seconds.last()


@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_run_that_is_resumed_goes_on_with_all_of_it(tmp_path: Path, accumulate: int) -> None:
    what = experiment(until=(EVERY,), clip=0.3, accumulate=accumulate)
    straight = played(what, 21).branch.diagnostics
    keep = SaveOptions(folder=str(tmp_path / "run"))
    session = Session(what)
    saving = begin_saving(session, keep, print)
    played(what, 12, session)
    saving.close()
    session, saving = resume(replace(keep, resume=True), what, print)
    before = session.branch.diagnostics.elapsed
    assert before == pytest.approx(session.branch.diagnostics.seconds.last())
    played(what, 21, session)
    saving.close()
    diagnostics = session.branch.diagnostics
    assert_allclose(list(diagnostics.norms), list(straight.norms))
    assert np.isnan(list(straight.norms)).sum() == 21 - 21 // accumulate
    assert list(diagnostics.rates) == list(straight.rates)
    assert diagnostics.elapsed > before
    for number in straight.samples.passes:
        # what the last update was is known after it only
        if number > 12 + accumulate or number <= 12:
            assert diagnostics.samples.taken_at(number) == pytest.approx(straight.samples.taken_at(number), nan_ok=True)
    assert len((tmp_path / "run" / "losses.csv").read_text().splitlines()) == 22


def test_a_run_of_an_older_version_keeps_the_columns_that_it_has(tmp_path: Path) -> None:
    what = experiment(clip=0.3)
    keep = SaveOptions(folder=str(tmp_path / "run"))
    session = Session(what)
    saving = begin_saving(session, keep, print)
    played(what, 6, session)
    saving.close()
    file = tmp_path / "run" / "losses.csv"
    file.write_text("".join(",".join(line.split(",")[:3]) + "\n" for line in file.read_text().splitlines()))
    session, saving = resume(replace(keep, resume=True), what, print)
    played(what, 9, session)
    saving.close()
    lines = file.read_text().splitlines()
    assert lines[0] == "update,tick,loss"
    assert [line.count(",") for line in lines] == [2] * 10
    assert [float(line.split(",")[2]) for line in lines[1:]] == list(played(what, 9).losses)
    norms = list(session.branch.diagnostics.norms)
    assert np.isnan(norms).tolist() == [True] * 6 + [False] * 3
    resume(replace(keep, resume=True), what, print)[1].close()


def measured(until: str, passes: int, **training: Any) -> list[int]:
    """After which passes a run holds at a breakpoint."""
    session, held = Session(experiment(until=(until,), **training)), []
    for number in range(1, passes + 1):
        if not session.tick():
            assert session.hold.notice.endswith(f"({until}).")
            held.append(number)
            session.play_on()
    return held


def test_breakpoints_hold_just_where_a_number_is_larger() -> None:
    passes = 60
    samples = played(experiment(until=(EVERY,)), passes).branch.diagnostics.samples
    taken = [samples.taken_at(number) for number in range(1, passes + 1)]
    ratios = [max(each["weight_ih_l0"], each["weight_hh_l0"]) for each in taken]
    bound = sorted(ratios[1:])[-4]
    assert measured(f"ratio>{bound!r}", passes) == [at for at, each in enumerate(ratios, 1) if each > bound]
    assert len(measured(f"ratio>{bound!r}", passes)) == 3
    shares = [each["saturated"] for each in taken]
    largest = max(shares)
    assert measured(f"saturated>{largest!r}", passes) == []
    below = math.nextafter(largest, 0)
    risen = [at for at, each in enumerate(shares, 1) if each > below and (at == 1 or not shares[at - 2] > below)]
    assert measured(f"saturated>{below!r}", passes) == risen != []


def test_dead_units_hold_a_run_once() -> None:
    """All units of this network die: its weights are pulled to 0."""
    held = measured("dead>0.9", 40, lr=0.01, weight_decay=50.0, optimizer="sgd")
    assert 0 < len(held) < 5


def test_shares_are_of_the_units_that_do_nothing_at_all_steps_of_all_rows() -> None:
    h = torch.full((3, 2, 4), 0.5)
    h[..., 0] = -0.98  # saturated
    h[..., 1] = 0.009  # dead
    h[..., 2] = 0.0
    h[2, 1, 2] = 0.02  # once alive
    assert unit_shares([h], bounded=True).tolist() == [0.25, 0.25]
    assert unit_shares([h], bounded=False).tolist() == [0.25, 0.0]
    there = torch.ones(3, 2, 1, dtype=torch.bool)
    there[2, 1] = False  # padding
    assert unit_shares([h], bounded=True, there=there).tolist() == [0.5, 0.25]
    assert unit_shares([h, h[..., :1]], bounded=True).tolist() == pytest.approx([0.2, 0.4])
    h[0, 0, 3] = math.nan
    assert np.isnan(unit_shares([h], bounded=True).numpy()).all()


@pytest.mark.parametrize("both", [False, True])
def test_padding_is_not_counted(tmp_path: Path, both: bool) -> None:
    """A unit that every character drives to 1 falls back to 0 after the end of a row; the others stay at 0."""
    network = {"cell": "rnn", "bidirectional": both}
    session = Session(on_pairs("many-to-many", TASKS["many-to-many"], file=tmp_path, network=network))
    with torch.no_grad():
        for name, weight in session.trainer.model.recurrent.named_parameters():
            weight.zero_()
            if name.startswith("weight_ih"):
                weight[0] = 10.0
    session.tick()
    assert len(set(map(session.dataset.steps, range(3)))) == 3
    taken = session.branch.diagnostics.samples.taken_at(1)
    assert (taken["saturated"], taken["dead"]) == pytest.approx((0.2, 0.8))


class Clock:
    """Goes on by `step` seconds each time that it is asked."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.mark.parametrize("cost", [1e-4, 5e-3])
def test_measuring_takes_its_share_of_the_time_and_no_more(cost: float) -> None:
    """Of 200 s of training in passes of 10 ms: 0.5 % and what it is allowed at the beginning."""
    trainer = Trainer(experiment(), torch.device("cpu"))
    clock = Clock(0.0)
    measuring = Measuring(trainer, clock)
    count = 0

    def measure() -> torch.Tensor:
        nonlocal count
        count += 1
        clock.now += cost
        return torch.zeros(4)

    measuring._measure = measure  # type: ignore[method-assign]
    trainer.fed, trainer.updater.last = trainer.length, []
    for number in range(1, 20_001):
        trainer.epoch = number
        measuring.trained(0.01)
        clock.now += 0.01
        measuring.take(always=False)
    assert count * cost > 0.01
    assert count * cost <= 0.005 * 200 + 0.01 + 2 * cost
    before = count
    measuring.look()
    for number in range(20_001, 20_101):
        trainer.epoch = number
        clock.now += 0.009
        measuring.take(always=False)
    assert 5 <= count - before <= 30  # 20 a second at most, and a tenth of the time, besides the usual ones


def test_passes_are_measured_ever_more_rarely() -> None:
    assert [each for each in range(1, 60) if is_scheduled(each, 4)] == [
        *(1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56)
    ]
    assert sum(is_scheduled(each, 4) for each in range(2**10 + 1, 2**11 + 1)) == 4


@given(st.lists(st.floats(-10, 10) | st.just(math.nan) | st.just(math.inf), max_size=40), st.integers(1, 9))
def test_a_curve_of_samples_has_the_extremes_of_each_stretch(values: list[float], columns: int) -> None:
    samples = Samples(("a",))
    for place, value in enumerate(values):
        samples.add(3 * place + 1, [value])
    finite = [(3 * place + 1, value) for place, value in enumerate(values) if math.isfinite(value)]
    for log_x in (False, True):
        curve = samples.curve("a", columns, log_x=log_x)
        assert len(curve.x) <= columns
        if finite:
            assert (curve.low.min(), curve.high.max()) == (min(y for _, y in finite), max(y for _, y in finite))
            assert curve.x[-1] == finite[-1][0]
        edges = [0, *curve.x]
        for first, stop, low, high in zip(edges, edges[1:], curve.low, curve.high, strict=False):
            inside = [y for x, y in finite if first < x <= stop]
            assert (low, high) == (min(inside), max(inside))


def test_old_samples_are_thinned_and_new_ones_are_not() -> None:
    samples = Samples(("a",))
    for number in range(1, 10_001):
        samples.add(number, [float(number)])
    assert len(samples) <= 4096
    passes = list(samples.passes)
    assert passes == sorted(passes)
    assert passes[-1000:] == [*range(9001, 10_001)]
    assert all(samples.taken_at(number) == {"a": number} for number in passes)
    assert samples.at(0) == {}
    assert samples.head(5000).at(9000)["a"] == max(each for each in passes if each <= 5000)


def test_what_was_clipped_is_counted_where_the_norm_is_known() -> None:
    diagnostics = Diagnostics()
    for norm in (0.5, 2.0, math.nan, 3.0, 5.0):
        diagnostics.add(0.0, 0.1, norm)
    assert diagnostics.clipped(np.array([1.0, 1.0, 1.0, 1.0, 0.0])) == pytest.approx(2 / 3)
    assert diagnostics.clipped(np.zeros(5)) is None
