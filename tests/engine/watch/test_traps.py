"""What scripts do with torch beside a plain loop: their numbers are the same to the bit, and what is shown is true."""

import copy
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from numpy.testing import assert_allclose
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from rnn_tui.engine.watch import hooks, watch_host
from rnn_tui.engine.watch.models import original_of
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.weights import WeightsAsk
from rnn_tui.protocol.subject import Subject
from tests.scripts.people import own_random_numbers

E, H, V, ROW = 4, 6, 7, 1
INSIDE = GatesAsk(units=H), GradientsAsk(at=-1), WeightsAsk(kind="gradient")
WANTED = Wanted(first=0, count=9, top=2, units=H, layers=(0, 9), row=ROW, curve=CurveWanted(columns=9), inside=INSIDE)


class Tagger(nn.Module):
    """A recurrent network between an embedding and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, E)
        self.rnn = nn.GRU(E, H)
        self.head = nn.Linear(H, V)

    def forward(self, ids: Tensor) -> Tensor:
        logits: Tensor = self.head(self.rnn(self.embedding(ids))[0])
        return logits


def loss_of(model: Any, steps: int = 5, rows: int = 3) -> Tensor:
    ids = torch.randint(V, (steps + 1, rows))
    return F.cross_entropy(model(ids[:-1]).flatten(0, 1), ids[1:].flatten())


def backward(loss: Tensor, *arguments: Any, **options: Any) -> None:
    loss.backward(*arguments, **options)  # type: ignore[no-untyped-call]


@dataclass
class Run:
    """A script, with one model; what it has done, and all frames of it."""

    model: Any
    optimizer: torch.optim.Optimizer
    outputs: list[Tensor] = field(default_factory=list)  # of the recurrent module, of each pass that is learnt from
    frames: list[Frame] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)

    def update(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        backward(loss)
        self.optimizer.step()


Script = Callable[[Run], object]


def evaluated(run: Run) -> None:
    for context in (torch.no_grad(), torch.inference_mode(), nullcontext()):
        run.update(loss_of(run.model))
        run.model.eval()
        with context:
            loss_of(run.model, 7, 2)
        run.model.train()


def generated(run: Run) -> None:
    for _ in range(2):
        loss, ids = loss_of(run.model), torch.zeros(1, 1, dtype=torch.int64)
        with torch.no_grad():
            for _ in range(4):
                ids = torch.cat((ids, run.model(ids)[-1:].argmax(-1)))
        run.update(loss)


def many_shapes(run: Run) -> None:
    for steps, rows in ((5, 3), (1, 2), (9, 4), (1, 1), (3, 8)):
        run.update(loss_of(run.model, steps, max(rows, ROW + 1)))


def not_a_scalar(run: Run) -> None:
    run.optimizer.zero_grad()
    logits = run.model(torch.randint(V, (5, 3)))
    backward(logits, torch.ones_like(logits))
    run.optimizer.step()


def gradients_by_hand(run: Run) -> None:
    for _ in range(2):
        weights = [*run.model.parameters()]
        found = torch.autograd.grad(loss_of(run.model), weights)
        for weight, gradient in zip(weights, found, strict=True):
            weight.grad = gradient
        run.optimizer.step()


def penalty(run: Run) -> None:
    for _ in range(2):
        loss = loss_of(run.model)
        found = torch.autograd.grad(loss, [*run.model.parameters()], create_graph=True)
        run.update(loss + sum((each**2).sum() for each in found))


def graph_of_gradients(run: Run) -> None:
    run.optimizer.zero_grad()
    backward(loss_of(run.model), create_graph=True)
    run.optimizer.step()
    run.optimizer.zero_grad()


def anomalies(run: Run) -> None:
    with torch.autograd.detect_anomaly(check_nan=True):
        run.update(loss_of(run.model))


def deterministic(run: Run) -> None:
    torch.use_deterministic_algorithms(True)
    try:
        run.update(loss_of(run.model))
    finally:
        torch.use_deterministic_algorithms(False)


def doubles_by_default(run: Run) -> None:
    run.model.double()
    torch.set_default_dtype(torch.float64)
    try:
        run.update(loss_of(run.model))
    finally:
        torch.set_default_dtype(torch.float32)


def accumulated(run: Run) -> None:
    for _ in range(2):
        run.optimizer.zero_grad()
        for _ in range(3):
            backward(loss_of(run.model) / 3)
        run.optimizer.step()


def closures(run: Run) -> None:
    optimizer = torch.optim.LBFGS(run.model.parameters(), max_iter=3)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = loss_of(run.model)
        backward(loss)
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]


def averaged(run: Run) -> None:
    """A copy whose weights are the mean of all so far, called without gradients."""
    mean = copy.deepcopy(run.model)
    for _ in range(3):
        run.update(loss_of(run.model))
        with torch.no_grad():
            for one, other in zip(mean.parameters(), run.model.parameters(), strict=True):
                one.lerp_(other, 0.5)
            loss_of(mean)


def tied(run: Run) -> None:
    run.model.head = nn.Linear(H, V, bias=False)
    run.model.embedding, run.model.rnn = nn.Embedding(V, H), nn.GRU(H, H)
    run.model.head.weight = run.model.embedding.weight
    run.optimizer = torch.optim.SGD(run.model.parameters(), lr=0.1)
    for _ in range(2):
        run.update(loss_of(run.model))


def clipped(run: Run) -> None:
    for _ in range(2):
        run.optimizer.zero_grad()
        backward(loss_of(run.model))
        nn.utils.clip_grad_norm_(run.model.parameters(), 0.1)
        run.optimizer.step()


SCRIPTS = (
    evaluated,
    generated,
    many_shapes,
    not_a_scalar,
    gradients_by_hand,
    penalty,
    graph_of_gradients,
    anomalies,
    deterministic,
    doubles_by_default,
    accumulated,
    closures,
    averaged,
    tied,
    clipped,
)


@pytest.fixture(autouse=True)
def _random_numbers() -> Iterator[None]:
    with own_random_numbers():
        yield


def run(script: Script, monkeypatch: pytest.MonkeyPatch, *, watched: bool = False) -> Run:
    """Run a script, and look right after each backward if it is watched."""
    torch.manual_seed(5)
    model = Tagger()
    made = Run(model, torch.optim.SGD(model.parameters(), lr=0.1))

    def moment(host: watch_host.WatchHost) -> None:
        host.observer.wanted = True
        host.pictures.look()
        made.frames.append(host.pictures.frame(WANTED))
        made.subjects.append(host.pictures.subject)

    def keep(_: nn.Module, __: Any, output: Any) -> None:
        if output[0].requires_grad and made.model.training:
            made.outputs.append(output[0])

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    with Watcher().start() if watched else nullcontext():
        hook = nn.modules.module.register_module_forward_hook(
            lambda module, args, output: keep(module, args, output) if isinstance(module, nn.RNNBase) else None
        )
        script(made)
        hook.remove()
    return made


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_a_script(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = run(script, monkeypatch)
    generator = torch.get_rng_state()
    watched = run(script, monkeypatch, watched=True)
    assert torch.equal(torch.get_rng_state(), generator)
    for one, other in zip(alone.model.parameters(), watched.model.parameters(), strict=True):
        assert torch.equal(one, other)
        assert (one.grad is None) == (other.grad is None)
        assert one.grad is None or torch.equal(one.grad, other.grad)
    assert len(watched.frames) == len(watched.outputs)
    for frame, output in zip(watched.frames, watched.outputs, strict=True):
        assert not frame.failures
        assert_allclose(frame.states[0].h, output[:9, ROW].T.detach(), rtol=1e-5, atol=1e-6)
        flows = next(each for each in frame.inside if isinstance(each, GradientsFacts))
        assert flows.flows[0].whole.any()
        assert (
            (frame.curve is None or len(frame.curve.x) == 0) == (script is not_a_scalar) == (frame.status.loss is None)
        )


def test_ten_thousand_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(it: Run) -> None:
        it.model.rnn = nn.RNN(E, H)  # the quickest
        it.update(loss_of(it.model, 10_000, 2))

    made = run(script, monkeypatch, watched=True)
    (frame,), (output,) = made.frames, made.outputs
    assert_allclose(frame.states[0].h, output[:9, ROW].T.detach(), rtol=1e-5, atol=1e-6)
    assert not frame.failures
    assert frame.status.fed == 10_000


class Trains(Dataset[int]):
    """A data set that computes with torch itself, as some do."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> int:
        module = nn.GRU(2, 2)
        backward(module(torch.randn(3, 2))[0].sum())
        return len(hooks._listeners)


def test_a_forked_worker_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is spawned begins anew, and has nothing of ours."""
    process = os.getpid()

    def script(it: Run) -> None:
        heard = [int(each) for each in DataLoader(Trains(), num_workers=1, multiprocessing_context="fork")]
        assert heard == [0, 0]
        it.update(loss_of(it.model))

    assert len(run(script, monkeypatch, watched=True).frames) == 1
    assert os.getpid() == process


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_model_of_several_processes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    distributed = pytest.importorskip("torch.distributed")
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'd'}", rank=0, world_size=1)

    def script(it: Run) -> None:
        several = nn.parallel.DistributedDataParallel(it.model)
        for _ in range(2):
            it.update(loss_of(several))

    try:
        alone, watched = run(script, monkeypatch), run(script, monkeypatch, watched=True)
        model = Tagger()
        assert original_of(nn.parallel.DistributedDataParallel(model)) is model
    finally:
        distributed.destroy_process_group()
    assert all(map(torch.equal, alone.model.parameters(), watched.model.parameters()))
    for frame, output in zip(watched.frames, watched.outputs, strict=True):
        assert_allclose(frame.states[0].h, output[:9, ROW].T.detach(), rtol=1e-5, atol=1e-6)
        assert frame.status.loss is not None
    assert [each.networks for each in watched.subjects] == [("rnn",), ("rnn",)]


@pytest.mark.filterwarnings("ignore:Using `torch.compile:UserWarning")
def test_a_compiled_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that none of our code is compiled, so that the compiled code is the same."""
    compiled: list[list[str]] = []

    def backend(graph: Any, _: object) -> Any:
        compiled[-1].append(graph.code)
        return graph.forward

    def script(it: Run) -> None:
        torch.compiler.reset()
        compiled.append([])
        head: Any = torch.compile(it.model.head, backend=backend)
        model: Any = torch.compile(it.model, backend=backend)
        for _ in range(4):
            head(torch.zeros(2, H))
            it.update(loss_of(model))

    alone, watched = run(script, monkeypatch), run(script, monkeypatch, watched=True)
    assert compiled[0]
    assert compiled[1] == compiled[0]
    assert all(map(torch.equal, alone.model.parameters(), watched.model.parameters()))
    assert {each.networks for each in watched.subjects} == {("rnn",)}
    for frame, output in zip(watched.frames, watched.outputs, strict=True):
        assert_allclose(frame.states[0].h, output[:9, ROW].T.detach(), rtol=1e-5, atol=1e-6)


def test_copies_of_a_model_are_refused_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(it: Run) -> None:
        several = nn.DataParallel(it.model)
        it.update(loss_of(several))

    (subject,) = run(script, monkeypatch, watched=True).subjects
    assert subject.notes[-1].startswith("DataParallel copies the model in every pass and cannot be watched")


@pytest.mark.parametrize("name", ["FullyShardedDataParallel", "FSDPModule"])
def test_shards_are_refused_in_a_line(name: str) -> None:
    with pytest.raises(ValueError, match=r"FSDP keeps only shards .*: use DDP"):
        original_of(type("Sharded", (type(name, (nn.Module,), {}),), {})())


def test_two_watchers_hear_nothing_of_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that what one of them computes for a picture does not count as a pass of the other."""
    passes = []

    def script(it: Run) -> None:
        with Watcher(it.model).start() as other:
            for _ in range(2):
                it.update(loss_of(it.model))
            passes.append(other._host.observer.passes)

    assert len(run(script, monkeypatch, watched=True).frames) == 4
    assert passes == [2]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")
def test_a_scripted_function_is_compiled_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(it: Run) -> None:
        scripted = torch.jit.script(it.model)
        compiled = torch.jit.script(_compared)
        ids = torch.randint(V, (6, 3))
        it.update(compiled(scripted(ids[:-1]).flatten(0, 1), ids[1:].flatten()))

    alone, watched = run(script, monkeypatch), run(script, monkeypatch, watched=True)
    assert all(map(torch.equal, alone.model.parameters(), watched.model.parameters()))


def _compared(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits, targets)
