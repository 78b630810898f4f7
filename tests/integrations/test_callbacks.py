"""The callbacks for Lightning and for the Trainer of Hugging Face: the training is theirs alone, and it is seen."""

import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from rnn_tui.engine.watch import hooks
from rnn_tui.engine.watch.watcher import Watcher
from tests.scripts.people import FOLDER, own_random_numbers

_CODE = """
import sys
import rnn_tui.integrations
print(*dir(rnn_tui.integrations), "--", *sys.modules)
"""
UPDATES = 27  # Lightning evaluates after 25


pytestmark = pytest.mark.usefixtures("own_sockets")


@pytest.fixture
def watchers(monkeypatch: pytest.MonkeyPatch) -> list[Watcher]:
    """All that are started."""
    found: list[Watcher] = []
    start = Watcher.start

    def noted(watcher: Watcher) -> Watcher:
        found.append(watcher)
        return start(watcher)

    monkeypatch.setattr(Watcher, "start", noted)
    return found


@pytest.fixture
def fresh() -> Iterator[None]:
    """Have the callbacks' modules imported anew, and forgotten afterwards."""
    names = ("rnn_tui.integrations.lightning", "rnn_tui.integrations.transformers", "rnn_tui.integrations")
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    yield
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(before)


def losses(watcher: Watcher) -> tuple[list[float], list[tuple[int, float]]]:
    """Return the losses of all passes, and of all evaluations with the number of updates before them."""
    seen = watcher._host.observer.losses
    return list(seen.all), [(each.update, each.loss) for each in seen.evaluations.all()]


def a_pass(model: nn.RNN, optimizer: torch.optim.Optimizer) -> float:
    loss: torch.Tensor = model(torch.ones(3, 1, 2))[0].square().mean()
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.item()


def test_nothing_is_imported_until_one_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=True)
    names, _, modules = done.stdout.partition("--")
    assert {"LightningWatch", "TrainerWatch"} <= {*names.split()}
    assert {*modules.split()}.isdisjoint({"torch", "lightning", "pytorch_lightning", "transformers", "textual"})


@pytest.mark.usefixtures("fresh")
def test_what_is_not_there_is_no_attribute() -> None:
    import rnn_tui.integrations

    with pytest.raises(AttributeError, match="has no attribute 'KerasWatch'"):
        _ = rnn_tui.integrations.KerasWatch


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("ends", ["on_fit_end", "on_exception"])
@pytest.mark.parametrize("package", ["lightning.pytorch", "pytorch_lightning"])
def test_lightnings_own_calls(
    package: str, ends: str, monkeypatch: pytest.MonkeyPatch, watchers: list[Watcher]
) -> None:
    """Whether Lightning is installed or not: its base class is all that is used of it."""
    base = type("Callback", (), {})
    for name in ("lightning", "lightning.pytorch", "pytorch_lightning"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, package, SimpleNamespace(Callback=base))
    from rnn_tui.integrations import LightningWatch

    callback: Any = LightningWatch(name="mine", monitor="loss of others")
    assert base in type(callback).__mro__
    model = nn.RNN(2, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    trainer: Any = SimpleNamespace(is_global_zero=True, optimizers=[optimizer], callback_metrics={})
    callback.on_validation_end(trainer, model)  # before anything is learnt
    callback.on_train_start(trainer, model)
    (watcher,) = watchers
    expected = [a_pass(model, optimizer), a_pass(model, optimizer)]
    trainer.callback_metrics = {"loss of others": torch.tensor(0.25), "val_loss": torch.tensor(7.0)}
    callback.on_validation_end(trainer, model)
    getattr(callback, ends)(*(trainer, model, RuntimeError())[: 3 if ends == "on_exception" else 2])
    assert losses(watcher) == (expected, [(2, 0.25)])
    assert watcher.name == "mine"
    assert hooks._listeners == []


@pytest.mark.usefixtures("fresh")
def test_calls_of_the_trainer_of_hugging_face(monkeypatch: pytest.MonkeyPatch, watchers: list[Watcher]) -> None:
    """Whether it is installed or not: its base class is all that is used of it."""
    package: Any = ModuleType("transformers")
    package.TrainerCallback = type("TrainerCallback", (), {})
    monkeypatch.setitem(sys.modules, "transformers", package)
    from rnn_tui.integrations import TrainerWatch

    callback: Any = TrainerWatch()
    assert package.TrainerCallback in type(callback).__mro__
    model = nn.RNN(2, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    state = SimpleNamespace(is_world_process_zero=True)
    wrapped = SimpleNamespace(optimizer=optimizer)
    callback.on_train_begin(None, state, None, model=model, optimizer=wrapped, lr_scheduler=None)
    (watcher,) = watchers
    expected = [a_pass(model, optimizer), a_pass(model, optimizer)]
    assert watcher._host.observer.updates == 2
    callback.on_evaluate(None, state, None, model=model, metrics={"eval_loss": 0.25, "epoch": 1.0})
    callback.on_evaluate(None, state, None, model=model, metrics={"eval_accuracy": 1.0})
    callback.on_train_end(None, state, None, model=model)
    callback.on_evaluate(None, state, None, model=model, metrics={"eval_loss": 0.5})
    assert losses(watcher) == (expected, [(2, 0.25)])
    assert hooks._listeners == []


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("package", ["transformers", "lightning.pytorch"])
def test_other_processes_of_several_are_not_watched(
    package: str, monkeypatch: pytest.MonkeyPatch, watchers: list[Watcher]
) -> None:
    monkeypatch.setitem(sys.modules, package, SimpleNamespace(TrainerCallback=object, Callback=type("C", (), {})))
    import rnn_tui.integrations as there

    if package == "transformers":
        there.TrainerWatch().on_train_begin(None, SimpleNamespace(is_world_process_zero=False), None, model=None)
    else:
        there.LightningWatch().on_train_start(SimpleNamespace(is_global_zero=False), None)
    assert watchers == []


def script(name: str) -> dict[str, Any]:
    return runpy.run_path(str(FOLDER / f"{name}.py"))


def test_lightning_itself(watchers: list[Watcher]) -> None:
    lightning = pytest.importorskip("lightning")
    from rnn_tui.integrations import LightningWatch

    there = script("with_lightning")
    train: list[float] = []
    evaluated: list[float] = []

    class Notes(lightning.Callback):  # type: ignore[misc, name-defined, unused-ignore]
        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            train.append(trainer.callback_metrics["train_loss"].item())

        def on_validation_end(self, trainer: Any, *_: Any) -> None:
            if not trainer.sanity_checking:
                evaluated.append(trainer.callback_metrics["val_loss"].item())

    def weights(*callbacks: Any) -> list[torch.Tensor]:
        torch.manual_seed(5)
        model = there["Walks"]()
        trainer = lightning.Trainer(
            max_steps=UPDATES,
            accelerator="cpu",
            devices=1,
            logger=False,
            callbacks=[*callbacks],
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        loader = torch.utils.data.DataLoader
        trainer.fit(model, loader(there["walks"](400), batch_size=16), loader(there["walks"](64), batch_size=16))
        return list(model.parameters())

    with own_random_numbers():
        plain = weights(Notes())
        watched = weights(LightningWatch())
    assert all(map(torch.equal, plain, watched))
    (watcher,) = watchers
    assert len(train) == UPDATES
    assert losses(watcher) == (train, [(25, evaluated[0])])
    assert watcher._host.pictures.subject.optimizer == "Adam"
    assert hooks._listeners == []


def test_the_trainer_itself(watchers: list[Watcher], tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    from rnn_tui.integrations import TrainerWatch

    there = script("with_trainer")

    def weights(*callbacks: Any) -> tuple[list[torch.Tensor], list[dict[str, float]]]:
        torch.manual_seed(5)
        model = there["Tagger"]()
        arguments = transformers.TrainingArguments(
            str(tmp_path),
            max_steps=10,
            per_device_train_batch_size=16,
            eval_strategy="steps",
            eval_steps=5,
            logging_steps=1,
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
        )
        data = {"train_dataset": there["words"](400), "eval_dataset": there["words"](40)}
        trainer = transformers.Trainer(model=model, args=arguments, callbacks=[*callbacks], **data)
        trainer.train()
        return list(model.parameters()), trainer.state.log_history

    with own_random_numbers():
        plain, log = weights()
        watched, _ = weights(TrainerWatch())
    assert all(map(torch.equal, plain, watched))
    (watcher,) = watchers
    train, evaluated = losses(watcher)
    assert train == pytest.approx([each["loss"] for each in log if "loss" in each], abs=1e-4)
    assert evaluated == [(each["step"], each["eval_loss"]) for each in log if "eval_loss" in each]
    assert len(evaluated) == 2
    assert watcher._host.observer.updates == 10
    assert hooks._listeners == []
