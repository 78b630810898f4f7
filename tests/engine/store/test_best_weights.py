"""The best checkpoint: the weights of the lowest loss, whenever they came and whenever they were written."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from rnn_tui.cli.main import main
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.load_network import load_network
from rnn_tui.engine.store.resume import resume
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.runs.read_checkpoint import read_best, read_experiment, read_manifest
from tests.engine.kept_runs import advance, begin, changed, go_on
from tests.engine.store.test_checkpoint import Killed, fail
from tests.engine.text_runs import letters, on_text

pytestmark = pytest.mark.usefixtures("quick_disk")

TEXT = letters(200)
LEARNT = 164  # characters of it: the others are judged as a whole every time


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def held_out(folder: Path) -> Experiment:
    """A run that learns a text of chance by heart: what is held out gets worse and worse."""
    return on_text(folder, TEXT, holdout=0.18, training={"lr": 0.03, "epochs": 20})


def loss_of_what_is_held_out(weights: dict[str, Tensor]) -> float:
    """Nats a character, in sequences of five, by torch's own modules."""
    recurrent = nn.LSTM(4, 6)
    recurrent.load_state_dict({name: each for name, each in weights.items() if name.endswith("_l0")})
    vocabulary = "".join(sorted(set(TEXT)))
    indices = torch.tensor([vocabulary.index(each) for each in TEXT[LEARNT:]])
    nats = 0.0
    for start in range(0, len(indices) - 1, 5):
        x, y = indices[start : start + 5], indices[start + 1 : start + 6]
        output, _ = recurrent(F.embedding(x[: len(y)], weights["embedding.weight"])[:, None])
        logits = F.linear(output[:, 0], weights["head.weight"], weights["head.bias"])
        nats += F.cross_entropy(logits, y, reduction="sum").item()
    return nats / (len(indices) - 1)


def plain(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix("model."): each for name, each in tensors.items() if name.startswith("model.")}


def weights_of(session: Session) -> dict[str, Tensor]:
    named = session.trainer.model.named_parameters()
    return {name.removeprefix("recurrent."): each.detach().clone() for name, each in named}


def kept_best(folder: Path) -> dict[str, Tensor]:
    return plain(load_file(folder / read_best(folder).tensors))


def test_it_is_the_lowest_loss_of_what_is_held_out(tmp_path: Path) -> None:
    session, checkpointer = begin(held_out(tmp_path), tmp_path / "run")
    losses = {}
    while not session.done:
        session.tick()
        checkpointer.ticked()
        if session.trainer.epoch == 1 or session.trainer.epoch % session.recording.evaluation.every == 0:
            losses[session.trainer.epoch] = loss_of_what_is_held_out(weights_of(session))
    checkpointer.close()
    best = read_best(tmp_path / "run")
    assert best.update == min(losses, key=losses.__getitem__) < max(losses)
    assert best.loss == pytest.approx(min(losses.values()), rel=1e-5)
    assert loss_of_what_is_held_out(kept_best(tmp_path / "run")) == pytest.approx(min(losses.values()), rel=1e-5)
    newest = plain(load_file(tmp_path / "run" / read_manifest(tmp_path / "run").tensors))
    assert loss_of_what_is_held_out(newest) > 1.05 * best.loss


def unsteady() -> Experiment:
    """A rate so large that the loss jumps about, and is best early."""
    training = {"seed": 4, "optimizer": "sgd", "lr": 2.0, "tick": "sequence", "epochs": 55}
    return from_dict({"data": {"inputs": ["hihello"]}, "training": training})


def test_without_a_hold_out_it_is_the_loss_of_the_epoch(tmp_path: Path) -> None:
    session, checkpointer = begin(unsteady(), tmp_path / "run")
    advance(session, 55, checkpointer)
    checkpointer.close()
    losses, best = list(session.losses), read_best(tmp_path / "run")
    assert (best.update, best.epoch, best.loss) == (int(np.argmin(losses)) + 1,) * 2 + (min(losses),)
    assert best.update < 55
    weights, experiment = kept_best(tmp_path / "run"), session.experiment
    assert (experiment.network.head, experiment.network.embedding) == ("direct", 0)
    recurrent = nn.RNN(len(experiment.vocabulary), experiment.network.hidden_size)
    recurrent.load_state_dict(weights)
    x, y = (torch.tensor([experiment.vocabulary.index(each) for each in text])
            for text in (experiment.data.inputs[0], experiment.data.targets[0]))  # fmt: skip
    output, _ = recurrent(F.one_hot(x, len(experiment.vocabulary)).float())
    assert F.cross_entropy(output, y, reduction="sum").item() == pytest.approx(min(losses), rel=1e-5)


def test_an_epoch_of_several_passes_counts_by_its_mean(tmp_path: Path) -> None:
    experiment = on_text(tmp_path, TEXT, training={"lr": 0.5, "optimizer": "sgd", "epochs": 12})
    session, checkpointer = begin(experiment, tmp_path / "run")
    weights = []
    while not session.done:
        session.tick()
        if session.progress.at_end_of_epoch:
            weights.append(weights_of(session))
    checkpointer.close()
    means = np.array(list(session.losses)).reshape(12, -1).mean(1)
    assert read_best(tmp_path / "run").epoch == means.argmin() + 1
    assert read_best(tmp_path / "run").loss == pytest.approx(means.min())
    torch.testing.assert_close(kept_best(tmp_path / "run"), weights[means.argmin()], rtol=0, atol=0)


@pytest.mark.parametrize("stop", [3, 61, 150])
@pytest.mark.sampled(1)
def test_it_outlives_a_stop(tmp_path: Path, stop: int) -> None:
    experiment = held_out(tmp_path)
    for name, stops in (("whole", ()), ("parts", (stop,))):
        session, checkpointer = begin(experiment, tmp_path / name)
        for at in stops:
            advance(session, at, checkpointer)
            checkpointer.close()
            session, checkpointer = go_on(tmp_path / name)
        advance(session, 190, checkpointer)
        checkpointer.close()
    assert read_best(tmp_path / "whole") == read_best(tmp_path / "parts")
    torch.testing.assert_close(kept_best(tmp_path / "whole"), kept_best(tmp_path / "parts"), rtol=0, atol=0)


def test_slow_motion_misses_none(tmp_path: Path) -> None:
    session, checkpointer = begin(changed(unsteady(), training={"lr": 0.1}), tmp_path / "run")
    for _ in range(5):
        while session.phases.next() and session.is_held:
            pass
    session.tick()
    checkpointer.close()
    losses = list(session.losses)
    assert losses == sorted(losses, reverse=True)
    assert read_best(tmp_path / "run").loss == losses[-1]


def test_killed_anywhere_the_best_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    session, checkpointer = begin(LESSONS["hihello"], folder)
    advance(session, 20)
    checkpointer.close()
    before = read_best(folder).loss
    after, found = min(session_losses(44)), list[float]()
    at = 0
    while True:
        at += 1
        copy = tmp_path / f"killed-{at}"
        shutil.copytree(folder, copy)
        session, checkpointer = go_on(copy)
        advance(session, 44)
        with pytest.MonkeyPatch.context() as patch:
            system = fail(patch, at, Killed)
            try:
                checkpointer.save()
            except Killed:
                checkpointer._opened.close()
            else:
                break
        assert system.calls >= at  # closing goes on
        load_network(copy, best=True)
        found.append(read_best(copy).loss)
        session, checkpointer = go_on(copy)
        advance(session, 44)
        checkpointer.close()
        assert read_best(copy).loss == after  # also where it was lost with the process
    assert {*found} == {before, after}
    assert found == sorted(found, reverse=True)


def session_losses(ticks: int) -> list[float]:
    session = Session(LESSONS["hihello"])
    advance(session, ticks)
    return list(session.losses)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    session, checkpointer = begin(held_out(tmp_path), tmp_path / "run")
    advance(session, 200, checkpointer)
    checkpointer.close()
    return tmp_path / "run"


def likeliest(weights: dict[str, Tensor], text: str, length: int) -> str:
    recurrent, vocabulary = nn.LSTM(4, 6), "".join(sorted(set(TEXT)))
    recurrent.load_state_dict({name: each for name, each in weights.items() if name.endswith("_l0")})
    for _ in range(length):
        indices = torch.tensor([vocabulary.index(each) for each in text])
        output = recurrent(F.embedding(indices, weights["embedding.weight"])[:, None])[0][-1, 0]
        text += vocabulary[int(F.linear(output, weights["head.weight"], weights["head.bias"]).argmax())]
    return text


def test_it_writes_and_is_exported_and_listed(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.runs.catalog.runs_folder", lambda: tmp_path)
    greedy = ("sample", str(kept), "--prime", "abc", "--temperature", "0", "--length", "30")
    assert run(*greedy, "--best").stdout == likeliest(kept_best(kept), "abc", 30) + "\n" != run(*greedy).stdout
    written = run("export", str(kept), "--best", "--to", str(tmp_path)).stdout.split()
    assert [Path(each).name for each in written] == ["run-best.pt", "run-best.py"]
    exported = {each.removeprefix("recurrent."): value for each, value in torch.load(written[0]).items()}
    torch.testing.assert_close(exported, kept_best(kept), rtol=0, atol=0)
    (listed,) = [json.loads(line) for line in run("runs", "--json").stdout.splitlines()]
    assert (listed["best"], listed["best_epoch"]) == (read_best(kept).loss, read_best(kept).epoch)
    assert f" {read_best(kept).loss:.4f} " in run("runs").stdout.splitlines()[1]


def cut(folder: Path) -> None:
    os.truncate(folder / read_best(folder).tensors, 100)


def turned(folder: Path) -> None:
    file = folder / read_best(folder).tensors
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (cut, "is cut: 100 bytes of "),
        (turned, "is altered: its SHA-256 is not the one in its manifest"),
        (lambda folder: (folder / read_best(folder).tensors).unlink(), "there is no such file"),
        (lambda folder: (folder / "best.json").write_text("{"), "best.json: is cut or altered"),
        (lambda folder: (folder / "best.json").write_text("{}"), "is of format None"),
        (
            lambda folder: (folder / "best.json").write_text(
                json.dumps(json.loads((folder / "best.json").read_text()) | {"tensors": "../x.safetensors"})
            ),
            "it must name a .safetensors file beside it",
        ),
    ],
)
def test_damage_is_told_and_the_run_goes_on(kept: Path, damage: Callable[[Path], Any], words: str) -> None:
    damage(kept)
    for command in ("sample", "export"):
        result = run(command, str(kept), "--best")
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert words in result.stderr
    assert run("sample", str(kept)).exit_code == 0
    told: list[str] = []
    session, checkpointer = resume(SaveOptions(folder=str(kept), resume=True), read_experiment(kept), told.append)
    assert len(told) == 1
    assert words in told[0]
    advance(session, session.trainer.ticks + 25, checkpointer)
    checkpointer.close()
    assert run("sample", str(kept), "--best").exit_code == 0


def test_a_run_that_has_none_says_so(tmp_path: Path) -> None:
    session, checkpointer = begin(
        changed(LESSONS["hihello-embedding"], training={"tick": "character"}), tmp_path / "run"
    )
    advance(session, 3, checkpointer)  # characters
    checkpointer.close()
    for command in ("sample", "export"):
        result = run(command, str(tmp_path / "run"), "--best")
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert "best.json: there is no such file: this run has kept no best checkpoint yet" in result.stderr
