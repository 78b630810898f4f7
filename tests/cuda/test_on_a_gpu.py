"""What a GPU computes is what the CPU computes, going back and resuming are exact there too, and memory may run out.

The CPU's numbers are held to plain PyTorch by other tests. Single precision sums in another order on a GPU: losses of
the first updates agree to 1e-4.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from numpy.testing import assert_allclose

from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.memory import memory_bytes
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.commands import Open, Restart
from rnn_tui.protocol.core import Refused, Stop
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect import Ask
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.reading import ReadingAsk
from rnn_tui.protocol.inspect.saliency import SaliencyAsk
from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.protocol.inspect.space import SpaceAsk
from rnn_tui.protocol.inspect.weights import WeightsAsk
from rnn_tui.runs.read_checkpoint import read_experiment
from tests.cuda.numbers import numbers
from tests.engine import kept_runs
from tests.engine.guests import house
from tests.engine.kept_runs import advance, begin, go_on, known
from tests.engine.text_runs import letters, on_text

CELLS = ("rnn", "rnn-relu", "gru", "lstm")
ASKS: tuple[Ask, ...] = (
    SaliencyAsk(step=-1),
    WeightsAsk(),
    GradientsAsk(at=-1),
    GatesAsk(),
    CellAsk(step=-1),
    ReadingAsk(order="quotes"),
    SpaceAsk(),
)


def changed(experiment: Experiment, device: str, **sections: dict[str, Any]) -> Experiment:
    """The experiment on a device, with other settings."""
    return kept_runs.changed(experiment, **{**sections, "run": {**sections.get("run", {}), "device": device}})


def losses(experiment: Experiment, updates: int) -> list[float]:
    """The losses of the first passes."""
    session = Session(experiment)
    session.watch(())
    while len(session.losses) < updates and session.tick():
        pass
    session.recording.drain()
    return list(session.losses)[:updates]


def assert_same_losses(experiment: Experiment, device: str, updates: int = 30, rtol: float = 1e-4) -> None:
    there, here = losses(changed(experiment, device), updates), losses(changed(experiment, "cpu"), updates)
    assert len(here) == len(there) > 0
    assert_allclose(there, here, rtol=rtol, atol=1e-5)


@pytest.mark.parametrize("lesson", sorted(name for name, each in LESSONS.items() if each.training.learn))
def test_every_lesson_learns_the_same(lesson: str, gpu: str) -> None:
    assert_same_losses(LESSONS[lesson], gpu, updates=12)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("implementation", ["fused", "cell", "written-out"])
@pytest.mark.parametrize("layers", [1, 2])
def test_every_cell_learns_the_same(cell: str, implementation: str, layers: int, gpu: str) -> None:
    network = {"cell": cell, "implementation": implementation, "layers": layers, "hidden_size": 16, "head": "linear"}
    experiment = changed(LESSONS["hihello-sequence"], gpu, network=network, training={"lr": 0.01})
    assert_same_losses(experiment, gpu, updates=40)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
def test_every_optimizer_with_clipping_decay_and_accumulation(optimizer: str, gpu: str) -> None:
    training = {"optimizer": optimizer, "lr": 0.01, "clip": 0.5, "weight_decay": 0.01, "accumulate": 2}
    training |= {"momentum": 0.9} if optimizer == "sgd" else {}
    assert_same_losses(changed(LESSONS["hihello-sequence"], gpu, training=training), gpu, updates=40)


@pytest.mark.parametrize("stateful", [False, True])
def test_a_text_with_what_is_held_out(stateful: bool, gpu: str, tmp_path: Path) -> None:
    experiment = on_text(tmp_path, letters(4000), batch=8, length=20, holdout=0.1, stateful=stateful)
    assert_same_losses(experiment, gpu, updates=40)


@pytest.mark.parametrize("task", ["one-to-many", "many-to-one", "many-to-many"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_pairs_of_many_lengths(task: str, bidirectional: bool, gpu: str, tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    answers = {"one-to-many": "ba" * 2, "many-to-one": "a", "many-to-many": ""}
    rows = [("ab" * n + "c", answers[task] or "ba" * n + "d") for n in range(1, 9)]
    path.write_text("".join(f"{one}\t{other}\n" for one, other in rows), "utf-8")
    if bidirectional and task == "one-to-many":
        pytest.skip("what is written one after another cannot be read from the right")
    network = {"cell": "gru", "hidden_size": 12, "layers": 2, "head": "linear", "bidirectional": bidirectional}
    training = {"tick": "sequence", "reduction": "mean", "lr": 0.01}
    data = {"pairs": str(path), "task": task, "batch": 3}
    assert_same_losses(from_dict({"data": data, "network": network, "training": training}), gpu, updates=20)


# ---- what panes show --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", ["hihello", "hihello-gru", "ohlol-lstm", "three-words"])
def test_every_pane_shows_what_it_shows_on_a_cpu(lesson: str, gpu: str) -> None:
    answers = []
    for device in (gpu, "cpu"):
        session = Session(changed(LESSONS[lesson], device))
        session.watch(())
        for _ in range(5):
            session.tick()
        probe = Probe(session.trainer)
        wanted = Wanted(first=0, count=99, inside=ASKS)
        answers.append([*probe.inside(wanted), probe.steps(wanted), probe.states(wanted)])
    for there, here in zip(*answers, strict=True):
        found, expected = list(numbers(there)), list(numbers(here))
        assert [each.shape for each in found] == [each.shape for each in expected], type(here)
        for one, other in zip(found, expected, strict=True):
            assert_allclose(one, other, rtol=2e-3, atol=2e-4, err_msg=str(type(here)))


def test_the_equations_agree_with_the_fused_modules(gpu: str) -> None:
    """Check that what is recomputed for a pane equals what was trained: cuDNN must not round to TF32 on the way."""
    experiment = changed(
        LESSONS["hihello-sequence"], gpu, network={"cell": "lstm", "hidden_size": 64, "layers": 2, "head": "linear"}
    )
    session = Session(experiment)
    session.watch(())
    for _ in range(20):
        session.tick()
    trainer = session.trainer
    model, weights = trainer.model, {k: v.double().cpu() for k, v in trainer.model.state_dict().items()}
    x = trainer.dataset.x(0, trainer.length)
    with torch.no_grad():
        got = model(x, trainer.h_0)[0].double().cpu()
    reference = type(model)(changed(experiment, "cpu")).double()
    reference.load_state_dict(weights)
    state = trainer.h_0
    assert isinstance(state, tuple)
    h_0, c_0 = (each.double().cpu() for each in state)
    with torch.no_grad():
        expected = reference(x.cpu() if x.dtype == torch.long else x.double().cpu(), (h_0, c_0))[0]
    assert_allclose(got, expected, rtol=1e-4, atol=2e-5)


# ---- exactness --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", ["hihello", "ohlol-lstm", "python-source"])
def test_resuming_is_exact(lesson: str, gpu: str, tmp_path: Path) -> None:
    experiment = changed(LESSONS[lesson], gpu, training={"epochs": 0}, run={"until": ()})
    session, keeper = begin(experiment, tmp_path / "run")
    advance(session, 23, keeper)
    keeper.close()
    advance(session, 40)
    expected = known(session)
    session, keeper = go_on(tmp_path / "run")
    assert session.device.type == torch.device(gpu).type
    advance(session, 40)
    keeper.close()
    assert known(session) == expected
    assert read_experiment(tmp_path / "run").run.device == gpu


@pytest.mark.parametrize("lesson", ["hihello", "ohlol-lstm"])
def test_going_back_and_forking_are_exact(lesson: str, gpu: str) -> None:
    session = Session(changed(LESSONS[lesson], gpu, training={"epochs": 0}, run={"until": ()}))
    session.watch(())
    seen = {}
    while session.trainer.ticks < 60:
        session.tick()
        seen[session.trainer.ticks] = known(session)["tick"], [p.clone() for p in session.trainer.model.parameters()]
    for tick in (7, 41, 13, 60):
        session.go_to(tick)
        assert session.trainer.ticks == tick
        for now, then in zip(session.trainer.model.parameters(), seen[tick][1], strict=True):
            assert torch.equal(now, then)


def test_changes_on_the_way_are_the_same_losses(gpu: str) -> None:
    experiment = changed(LESSONS["hihello-sequence"], gpu)
    turn = Change(tick=10, training=changed(experiment, gpu, training={"lr": 0.001, "optimizer": "sgd"}).training)

    def run(device: str) -> list[float]:
        session = Session(changed(experiment, device), changes=(turn,))
        session.watch(())
        for _ in range(30):
            session.tick()
        session.recording.drain()
        return list(session.losses)

    assert_allclose(run(gpu), run("cpu"), rtol=1e-4, atol=1e-5)


# ---- precision, memory ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("precision", "rtol"), [("float16", 2e-2), ("bfloat16", 6e-2)])
@pytest.mark.parametrize("cell", CELLS)
def test_half_as_many_bits_learn_nearly_the_same(
    precision: str, rtol: float, cell: str, gpu: str, tmp_path: Path
) -> None:
    if gpu == "cpu":
        pytest.skip("needs a GPU")
    experiment = on_text(tmp_path, letters(4000), batch=8, length=20, network={"cell": cell, "hidden_size": 32})
    there = losses(changed(experiment, gpu, training={"precision": precision}), 40)
    here = losses(changed(experiment, "cpu"), 40)
    assert all(map(math.isfinite, there))
    assert_allclose(there, here, rtol=rtol)


def test_resuming_in_float16_keeps_the_scale(gpu: str, tmp_path: Path) -> None:
    if gpu == "cpu":
        pytest.skip("needs a GPU")
    experiment = changed(on_text(tmp_path, letters(4000), batch=8, length=20), gpu, training={"precision": "float16"})
    session, keeper = begin(experiment, tmp_path / "run")
    advance(session, 23, keeper)
    keeper.close()
    advance(session, 40)
    expected = known(session)
    session, keeper = go_on(tmp_path / "run")
    advance(session, 40)
    keeper.close()
    assert known(session) == expected


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_estimate_of_memory_covers_what_is_used(cell: str, gpu: str, tmp_path: Path) -> None:
    if gpu == "cpu":
        pytest.skip("needs a GPU")
    network = {"cell": cell, "hidden_size": 512, "layers": 2}
    experiment = changed(on_text(tmp_path, letters(40_000), batch=64, length=128, network=network), gpu)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    session = Session(experiment)
    session.watch(())
    for _ in range(4):
        session.tick()
    used = torch.cuda.max_memory_allocated() - before
    estimate = memory_bytes(session.experiment)
    print(f"{cell}: used {used / 2**20:.0f} MiB, estimated {estimate / 2**20:.0f} MiB, ratio {used / estimate:.2f}")
    assert 0.2 * estimate < used < 2 * estimate


def test_a_device_that_is_not_there_is_refused(gpu: str) -> None:
    if gpu == "cpu":
        pytest.skip("needs a GPU")
    with pytest.raises(ExperimentError, match=r"'cuda:99' is not there: the devices are cuda:0"):
        Session(changed(LESSONS["hihello"], "cuda:99"))


@pytest.fixture
def full() -> Iterator[Callable[[], None]]:
    """Takes all of the GPU's memory but a few MiB when called."""
    held: list[torch.Tensor] = []

    def fill() -> None:
        torch.cuda.empty_cache()
        size = torch.cuda.mem_get_info()[0]
        while size > 2**20:
            try:
                held.append(torch.empty(size, dtype=torch.uint8, device="cuda"))
            except torch.OutOfMemoryError:
                size //= 2

    yield fill
    held.clear()
    torch.cuda.empty_cache()


def test_memory_that_runs_out_ends_training_in_one_line(full: Callable[[], None], gpu: str, tmp_path: Path) -> None:
    if gpu == "cpu":
        pytest.skip("needs a GPU")
    from rnn_tui.engine.network.out_of_memory import out_of_memory

    network = {"cell": "lstm", "hidden_size": 1024, "layers": 2}
    session = Session(changed(on_text(tmp_path, letters(400_000), batch=64, length=128, network=network), gpu))
    session.watch(())
    full()
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        advance(session, 3)
    assert out_of_memory(caught.value)


def test_an_engine_trains_on_it_and_a_picture_that_does_not_fit_is_told(
    full: Callable[[], None], gpu: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object, **__: object) -> None:
        torch.empty(2**45, dtype=torch.uint8, device=gpu)

    network = {"cell": "lstm", "hidden_size": 64, "layers": 2}
    experiment = on_text(tmp_path, letters(40_000), batch=32, length=64, network=network, holdout=0.1)
    experiment = changed(experiment, gpu, run={"speed": 0.0})
    wanted = Wanted(first=0, count=64, inside=(*ASKS, SampleAsk(prime="a", length=20)))
    with house(tmp_path) as it:
        guest = it.guest()
        guest.say(Open(experiment=experiment, may_keep=False))
        guest.look_until(lambda frame: frame.status.epoch > 5)
        frame = guest.look(wanted)
        assert not frame.failures
        assert len(frame.inside) == len(wanted.inside)
        monkeypatch.setattr("rnn_tui.engine.answers.gates.gates_facts", too_large)
        failed = guest.look(wanted)
        assert [each.part for each in failed.failures] == ["gates"]
        assert "memory" in failed.failures[0].problem
        guest.look_until(lambda frame: frame.status.epoch > failed.status.epoch + 5)
        if gpu == "cuda":
            assert frame.status.gpu is not None
            assert frame.status.gpu.total > 2**30
            full()
            guest.say(Restart())
            told = guest.hear(Refused).problem
            assert told.startswith("Out of memory on cuda"), told
            assert "--hidden" in told
        guest.say(Stop())
