"""Mixed precision, as far as a CPU can tell: it runs the same code under torch.autocast."""

import dataclasses
import json
import math
import platform
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from msgspec.structs import replace
from numpy.testing import assert_allclose
from torch import nn

from rnn_tui.cli.main import main
from rnn_tui.data.load import load
from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.answers.shapes import checks
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.load_network import load_network
from rnn_tui.engine.training import devices
from rnn_tui.engine.training.devices import choose_device
from rnn_tui.engine.training.snapshot import restore, take
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame_request import Wanted
from tests.engine.training.test_pairs_training import on_pairs

CPU = torch.device("cpu")


def experiment(precision: str, cell: str = "rnn", **training: Any) -> Experiment:
    network = {"cell": cell, "hidden_size": 8, "head": "linear", "embedding": 4, "layers": 2}
    return from_dict({"data": {"inputs": ["hihello"]}, "network": network,
                      "training": {"seed": 3, "precision": precision, "tick": "sequence", **training}})  # fmt: skip


def run(what: Experiment, passes: int = 12) -> tuple[Trainer, list[float]]:
    trainer = Trainer(what, CPU)
    losses = []
    for _ in range(passes):
        trainer.tick()
        assert trainer.total is not None
        losses.append(trainer.total.item())
    return trainer, losses


def cpu_has_kernel(module: Any, kind: torch.dtype) -> bool:
    """Tell whether torch can run the module in half precision on this CPU: not every one has such an LSTM."""
    try:
        with torch.autocast("cpu", dtype=kind):
            module(torch.zeros(1, 1, 4))
    except RuntimeError as error:
        if "primitive descriptor" in str(error):
            return False
        raise
    return True


@pytest.mark.parametrize(("precision", "cell"), [("bfloat16", "rnn"), ("bfloat16", "lstm"), ("float16", "rnn")])
def test_it_learns_as_a_plain_loop_under_autocast(precision: str, cell: str) -> None:
    kind = getattr(torch, precision)
    modules: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM}
    if not cpu_has_kernel(modules[cell](4, 8, 2), kind):
        pytest.skip(f"torch has no kernel for an {cell} in {precision} on this CPU")
    _, losses = run(experiment(precision, cell, optimizer="sgd", lr=0.05, clip=1.0))
    torch.manual_seed(3)
    embedding = nn.Embedding(5, 4)
    network: Any = modules[cell](4, 8, 2)
    head = nn.Linear(8, 5)
    parameters = [*embedding.parameters(), *network.parameters(), *head.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.05)
    scaler = torch.amp.GradScaler("cpu", enabled=precision == "float16")
    inputs, targets = (torch.tensor(["ehilo".index(each) for each in text]) for text in ("hihell", "ihello"))
    plain = []
    for _ in range(12):
        with torch.autocast("cpu", dtype=kind):
            zeros = torch.zeros(2, 1, 8)
            logits = head(network(embedding(inputs)[:, None], (zeros, zeros) if cell == "lstm" else zeros)[0])[:, 0]
        loss = nn.functional.cross_entropy(logits.float(), targets, reduction="sum")
        torch.autograd.backward(scaler.scale(loss))
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(parameters, 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        plain.append(loss.item())
    assert_allclose(losses, plain, rtol=1e-2)  # roundings differ by kernel
    _, whole = run(experiment("float32", cell, optimizer="sgd", lr=0.05, clip=1.0))
    assert losses != whole
    assert_allclose(losses, whole, rtol=5e-2)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_rows_of_different_lengths_read_both_ways_learn_in_it_too(
    precision: str, cell: str, dropout: float, tmp_path: Path
) -> None:
    """Under torch.autocast rows are packed as well, with and without masks of dropout between the layers."""
    pairs = [("abc", "cba"), ("de", "ed"), ("fghij", "jihgf")]
    network = {"cell": cell, "layers": 2, "bidirectional": True, "dropout": dropout}
    loaded = load(on_pairs("many-to-many", pairs, file=tmp_path, network=network))
    training = replace(loaded.experiment.training, precision=precision)
    whole = Trainer(loaded.experiment, CPU, loaded.source)
    half = Trainer(replace(loaded.experiment, training=training), CPU, loaded.source)
    for _ in range(3):
        whole.tick()
        half.tick()
        assert whole.total is not None
        assert half.total is not None
        assert_allclose(half.total.item(), whole.total.item(), rtol=2e-2)
    assert half.logits[0].dtype == torch.float32
    assert not torch.equal(half.logits[0], whole.logits[0])
    if not dropout and cell != "lstm":  # what is shown is computed once more; unpacked, not every CPU has such an LSTM
        (*_, top) = Probe(half).states(Wanted(count=5, units=5, layers=(1, 1), row=2))
        (*_, exact) = Probe(whole).states(Wanted(count=5, units=5, layers=(1, 1), row=2))
        assert_allclose(top.h, exact.h, atol=2e-2)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_weights_losses_and_gradients_stay_float32_and_unscaled(precision: str) -> None:
    trainer, _ = run(experiment(precision), 1)
    assert {weight.dtype for weight in trainer.model.parameters()} == {torch.float32}
    assert trainer.logits[0].dtype == torch.float32
    assert (trainer.updater.scaler is not None) == (precision == "float16")
    plain, _ = run(experiment("float32"), 1)
    for mine, other in zip(trainer.gradients(), plain.gradients(), strict=True):
        assert mine is not None
        assert other is not None
        assert_allclose(mine, other, rtol=0.2, atol=0.05)  # and not 65,536 times as much
    assert checks(trainer) == ()


def test_what_is_computed_once_more_is_computed_in_the_same_precision() -> None:
    trainer, _ = run(experiment("bfloat16"), 1)
    (layer,) = Probe(trainer).states(Wanted(count=6, units=8, layers=(1, 1)))
    rounded = torch.from_numpy(layer.h).bfloat16().float().numpy()
    assert (layer.h == rounded).all()
    state = trainer.state
    assert isinstance(state, torch.Tensor)
    assert_allclose(layer.h[:, -1], state[1, 0].float(), atol=1e-6)


def test_the_scale_of_the_losses_comes_back_too() -> None:
    trainer, _ = run(experiment("float16"), 3)
    trainer.finish_update()
    snapshot = take(trainer)
    assert trainer.updater.scaler is not None
    scale = trainer.updater.scaler.get_scale()
    trainer.updater.scaler.update(scale / 4)
    restore(trainer, snapshot)
    assert trainer.updater.scaler.get_scale() == scale
    assert trainer.updater.scaler.state_dict()["_growth_tracker"] == 3


def test_gradients_that_overflow_make_no_update() -> None:
    trainer, _ = run(experiment("float16"), 1)
    before = [weight.detach().clone() for weight in trainer.model.parameters()]
    weight = next(trainer.model.parameters())
    assert weight.grad is not None
    weight.grad[0, 0] = math.inf
    trainer.finish_update()
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.model.parameters(), strict=True))
    assert trainer.updater.scaler is not None
    assert trainer.updater.scaler.get_scale() == 32768


AUTO, HERE = "auto", "cpu"


def on(device: str, precision: str) -> Experiment:
    what = experiment(precision)
    return replace(what, run=replace(what.run, device=device))


@pytest.mark.parametrize("device", [AUTO, HERE])
def test_a_cpu_with_the_instructions_takes_bfloat16(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(devices, "computes_bfloat16", lambda: True)
    assert choose_device(on(device, "bfloat16")) == CPU
    with pytest.raises(ExperimentError, match="'float16' needs a GPU: it must be float32 or bfloat16 on this CPU"):
        choose_device(on(AUTO, "float16"))


@pytest.mark.parametrize("device", [AUTO, HERE])
def test_a_cpu_without_them_refuses_in_one_line(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(devices, "computes_bfloat16", lambda: False)
    with pytest.raises(ExperimentError, match=r"needs a GPU, or a CPU with .* it must be float32 here") as caught:
        choose_device(on(device, "bfloat16"))
    assert caught.value.path == "training.precision"
    assert "\n" not in str(caught.value)
    with pytest.raises(ExperimentError, match="'float16' needs a GPU: it must be float32 on this CPU"):
        choose_device(on(AUTO, "float16"))
    assert choose_device(on(device, "float32")) == CPU


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="the system does not list the CPU's instructions")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="other names")
def test_the_instructions_are_those_that_the_system_lists() -> None:
    listed = Path("/proc/cpuinfo").read_text().split("flags", 1)[1].splitlines()[0].split()
    assert devices.computes_bfloat16() == ("avx512_bf16" in listed or "amx_bf16" in listed)


@pytest.mark.skipif(not devices.computes_bfloat16(), reason="this CPU has no instructions for bfloat16")
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_run_on_a_cpu_has_the_losses_of_a_plain_loop_under_autocast(cell: str) -> None:
    options = ["--cell", cell, "--head", "linear", "--hidden", "12", "--layers", "2", "--precision", "bfloat16"]
    asked = ["train", "hihello-sequence", *options, "--device", "cpu", "--no-save", "--json", "--epochs", "25"]
    result = CliRunner().invoke(main, [*asked, "--seed", "4"])
    assert result.exit_code == 0, result.output
    losses = [json.loads(line)["loss"] for line in result.stdout.splitlines()]
    torch.manual_seed(4)
    modules: dict[str, Any] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
    network, head = modules[cell](5, 12, 2), nn.Linear(12, 5)
    optimizer = torch.optim.Adam([*network.parameters(), *head.parameters()], lr=0.05)
    x, y = torch.eye(5)[[0, 1, 0, 2, 3, 3]][:, None], torch.tensor([1, 0, 2, 3, 3, 4])  # hihell and ihello in "hielo"
    plain = []
    for _ in range(25):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = head(network(x)[0][:, 0])
        loss = nn.functional.cross_entropy(logits.float(), y)
        plain.append(loss.item())
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    assert_allclose(losses, plain, rtol=1e-4)
    exact = CliRunner().invoke(main, [*asked, "--seed", "4", "--precision", "float32"])
    assert [json.loads(line)["loss"] for line in exact.stdout.splitlines()] != losses


@pytest.mark.skipif(not devices.computes_bfloat16(), reason="this CPU has no instructions for bfloat16")
def test_going_back_on_a_cpu_gives_the_same_losses_to_the_bit() -> None:
    session = Session(on(HERE, "bfloat16"))
    session.watch(())
    for _ in range(30):
        session.tick()
    session.recording.drain()
    before = list(session.losses)
    session.go_to(7)
    for _ in range(23):
        session.tick()
    session.recording.drain()
    assert list(session.losses) == before


def test_what_was_trained_in_it_is_used_on_any_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights are float32, whatever the precision of the pass."""
    result = CliRunner().invoke(main, ["train", "ohlol-lstm", "--epochs", "2", "--run", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output
    network = load_network(tmp_path / "run")
    half = replace(network.experiment.training, precision="bfloat16")
    monkeypatch.setattr(devices, "computes_bfloat16", lambda: False)
    made = dataclasses.replace(network, experiment=replace(network.experiment, training=half)).model()
    assert {weight.dtype for weight in made.parameters()} == {torch.float32}


def test_it_cannot_change_on_the_way() -> None:
    session = Session(experiment("float32"))
    with pytest.raises(ExperimentError, match="cannot change on the way"):
        session.learn(replace(session.experiment.training, precision="bfloat16"))


def test_a_scale_read_from_a_checkpoint_has_whole_counts() -> None:
    """A checkpoint holds floats, and CUDA's kernel takes no float for a count."""
    session = Session(experiment("float32"))
    session.watch(())
    session.tick()
    trainer = session.trainer
    trainer.updater.scaler = torch.amp.GradScaler("cpu")
    taken = take(trainer)
    assert taken.scaling is not None
    restore(trainer, dataclasses.replace(taken, scaling={key: float(value) for key, value in taken.scaling.items()}))
    read = trainer.updater.scaler.state_dict()
    assert isinstance(read["growth_interval"], int)
    assert isinstance(read["_growth_tracker"], int)
