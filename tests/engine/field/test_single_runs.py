"""Every member of a field has the losses of its single run: all lessons, cells, optimisers and kinds of data.

The single runs are trained by `Session`, on torch's fused modules and optimisers.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from rnn_tui.engine.field.field import Field
from rnn_tui.engine.network.cells import STEPS
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.batches_on_device import Dataset
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.field import DIVERGED, DONE

_SEEDS = Varied(path="training.seed", values=(3, 8))
_LEARNING = [name for name, each in LESSONS.items() if each.training.learn]
_SMALL = [name for name in _LEARNING if name not in ("sums", "python-source", "copy", "mod")]  # these are not stacked


def _changed(experiment: Experiment, **values: Any) -> Experiment:
    """Return the experiment with values by `section_name`."""
    plain = to_dict(experiment)
    for path, value in values.items():
        section, _, name = path.partition("_")
        plain[section][name] = value
    return from_dict(plain)


def _single(experiment: Experiment, passes: int) -> tuple[list[float], Session]:
    session = Session(experiment, history=0)
    losses: list[float] = []
    while len(losses) < passes and not session.has_ended:
        going = session.tick()
        while going and not session.progress.at_end_of_pass:
            going = session.tick()
        session.recording.drain()
        newest = session.losses.last()
        assert newest is not None
        losses.append(newest)
    if session.has_ended:
        session.recording.evaluate()  # all that is held out, as `rnn-tui train` does at the end
    return losses, session


def _compare(base: Experiment, *varied: Varied, passes: int, tolerance: float, last: int = 99) -> Field:
    """Train a field, and the `last` of its members alone; compare all figures."""
    comparison = Comparison(base=base, varied=varied or (_SEEDS,))
    field = Field(comparison)
    assert field.stacks, "this should be stacked"
    for _ in range(passes):
        if not field.step():
            break
    for member in range(comparison.members)[-last:]:
        losses, session = _single(comparison.experiment(member), passes)
        updates, found = field.results.losses.of(member)
        assert updates.tolist() == list(range(1, len(losses) + 1))
        np.testing.assert_allclose(found, losses, rtol=tolerance, atol=tolerance)
        assert field.results.learnt[member] == (session.learnt or 0)
        evaluated = session.branch.held_out.newest()
        if evaluated is not None:
            assert field.results.held_out[member] == pytest.approx(evaluated.loss, rel=tolerance)
    return field


_SHORT = {"sine": 30, "forget-bias": 30, "cliff": 10, "count": 40, "count-three": 40}  # then roundings have grown large


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", _SMALL)
def test_every_lesson_in_100_updates(name: str) -> None:
    passes = _SHORT.get(name, 100)
    _compare(LESSONS[name], passes=passes, tolerance=1e-4, last=1)


@pytest.fixture
def in_float64(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train in double precision: what differs then is not rounding."""
    torch.set_default_dtype(torch.float64)
    read = Dataset.x

    def read_double(self: Dataset, start: int, stop: int) -> torch.Tensor:
        x = read(self, start, stop)
        return x.double() if x.is_floating_point() else x

    monkeypatch.setattr(Dataset, "x", read_double)
    monkeypatch.setattr("rnn_tui.engine.field.results.np.float32", np.float64)
    yield
    torch.set_default_dtype(torch.float32)


_ROWS = _changed(
    LESSONS["ohlol-embedding"],
    data_inputs=("hello", "world", "lower"),
    data_targets=("ohlol", "dlrow", "rewol"),
    data_vocabulary="",
    network_hidden_size=4,
    training_epochs=0,
)


@pytest.mark.sampled(6)
@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.parametrize("cell", list(STEPS))
def test_cells_and_optimizers_to_the_last_digits(cell: str, optimizer: str) -> None:
    base = _changed(_ROWS, network_cell=cell, network_layers=2, training_optimizer=optimizer, training_lr=0.01)
    rates = Varied(path="training.lr", values=(0.003, 0.03))
    decay = Varied(path="training.weight_decay", values=(0.0, 0.01))
    clip = Varied(path="training.clip", values=(0.0, 0.1))
    _compare(base, rates, decay, clip, passes=12, tolerance=1e-9, last=3)


@pytest.mark.sampled(7)
@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize(
    "changes",
    [
        {"network_bidirectional": True, "network_cell": "lstm", "network_layers": 2},
        {"network_dropout": 0.4, "network_layers": 3, "network_cell": "gru"},
        {"network_initial_state": "random", "network_cell": "lstm"},
        {"network_initial_state": "random", "network_layers": 2},
        {"network_implementation": "cell", "network_layers": 2},
        {"network_implementation": "written-out", "network_batch_first": True},
        {"network_batch_first": True, "network_embedding": 0},
        {"training_reduction": "sum", "training_tick": "character"},
        {"training_accumulate": 3},
        {"training_label_smoothing": 0.2, "training_reduction": "sum"},
        {"training_accumulate": 2, "training_optimizer": "sgd", "training_momentum": 0.9, "training_weight_decay": 0.1},
        {"training_schedule": "step", "training_schedule_every": 4},
        {"training_schedule": "cosine", "training_epochs": 15},
        {"training_schedule": "plateau", "training_schedule_every": 2, "training_lr": 0.5},
        {"training_patience": 3, "training_lr": 0.5},
        {"training_warmup": 5, "training_schedule": "cosine", "training_epochs": 15},
        {"training_warmup": 2, "training_schedule": "plateau", "training_schedule_every": 1, "training_lr": 0.5},
        {"training_warmup": 3, "training_accumulate": 2},
        {"network_tied": True, "network_embedding": 4, "network_layers": 2, "network_dropout": 0.2},
        {"network_layer_norm": True, "network_layers": 3, "network_dropout": 0.2},
        {"network_head": "direct", "network_embedding": 0, "network_hidden_size": 7},
    ],
    ids=lambda changes: "-".join(f"{path}={value}" for path, value in changes.items()),
)
def test_settings_to_the_last_digits(changes: dict[str, Any]) -> None:
    _compare(_changed(_ROWS, **changes), passes=20, tolerance=1e-9, last=1)


_FILES = {
    "data_text": "the cat sat on the mat and the rat sat on the cat " * 12,
    "data_series": "\n".join(
        f"{math.sin(i / 5):.6f};{math.cos(i / 7):.6f};{math.sin(i / 5) * math.cos(i / 7):.6f}" for i in range(200)
    ),
    "data_pairs": "\n".join(f"{a}{'+' * (1 + a % 3)}{b}\t{(a + b) % 10}" for a in range(8) for b in range(6)),
}


_COLUMNS = {"data_column": ("1", "2"), "data_targets": ("3",)}


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("data_text", {}),
        ("data_text", {"data_stateful": True, "network_cell": "lstm", "data_holdout": 0.2}),
        ("data_text", {"training_patience": 2, "data_holdout": 0.2, "network_embedding": 3, "training_lr": 0.3}),
        ("data_text", {"data_holdout": 0.2, "training_label_smoothing": 0.1}),
        ("data_series", {"data_column": ("2",), "data_holdout": 0.2}),
        ("data_series", {**_COLUMNS, "data_holdout": 0.2, "network_cell": "lstm"}),
        ("data_series", {**_COLUMNS, "data_ahead": 0, "data_holdout": 0.2, "data_task": "many-to-one"}),
        ("data_series", {**_COLUMNS, "data_targets": ("1", "2"), "data_stateful": True, "training_reduction": "sum"}),
        ("data_pairs", {"data_task": "many-to-one", "data_batch": 0, "data_holdout": 0.2}),
        ("data_pairs", {"data_task": "one-to-many", "data_batch": 10, "data_holdout": 0.2}),
        (
            "data_pairs",
            {
                "data_task": "many-to-one",
                "network_bidirectional": True,
                "network_embedding": 3,
                "data_batch": 6,
                "network_layers": 2,
                "network_layer_norm": True,
            },
        ),
    ],
)
def test_files_to_the_last_digits(kind: str, changes: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text(_FILES[kind])
    settings = {"data_batch": 4, "data_length": 12} if kind != "data_pairs" else {"data_length": 0}
    plain = to_dict(Experiment())
    plain["data"] = {kind.partition("_")[2]: str(file)}
    plain["network"] |= {"head": "linear", "hidden_size": 6}
    plain["training"] |= {"tick": "sequence", "epochs": 3, "lr": 0.02}
    base = _changed(from_dict(plain), **(settings | changes))
    _compare(base, passes=22, tolerance=1e-9, last=1)


def test_members_of_several_shapes_learn_in_lockstep() -> None:
    cells = Varied(path="network.cell", values=("rnn", "lstm"))
    sizes = Varied(path="network.hidden_size", values=(5, 6))
    base = _changed(LESSONS["hihello-embedding"], training_epochs=12)
    field = _compare(base, cells, sizes, _SEEDS, passes=12, tolerance=1e-4)
    assert len(field.stacks) == 4
    assert (field.results.states == DONE).all()


def test_one_that_diverges_costs_the_others_nothing() -> None:
    rates = Varied(path="training.lr", values=(0.01, 1e6, 0.02))
    base = _changed(LESSONS["hihello-embedding"], training_optimizer="sgd", network_cell="rnn-relu", training_epochs=0)
    field = Field(Comparison(base=base, varied=(rates,)))
    for _ in range(30):
        field.step()
    assert field.results.states.tolist().count(DIVERGED) == 1
    for member in (0, 2):
        losses, _ = _single(field.comparison.experiment(member), 30)
        np.testing.assert_allclose(field.results.losses.of(member)[1], losses, rtol=1e-4)


def test_what_is_looked_into_is_the_single_run() -> None:
    comparison = Comparison(base=LESSONS["hihello-lstm"], varied=(_SEEDS,))
    field = Field(comparison)
    for _ in range(17):
        field.step()
    trainer = field.trainer(1)
    _, session = _single(comparison.experiment(1), 17)
    for found, expected in zip(trainer.model.parameters(), session.trainer.model.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(trainer.logits[0], session.trainer.logits[0], rtol=1e-4, atol=1e-5)
    assert trainer.epoch == 17
    for here, there in zip(trainer.gradients(), session.trainer.gradients(), strict=True):
        assert here is not None
        assert there is not None
        torch.testing.assert_close(here, there, rtol=1e-3, atol=1e-5)


def test_the_rows_of_members_that_are_done_are_taken_out() -> None:
    epochs = Varied(path="training.epochs", values=(3, 4, 5, 30))
    field = _compare(LESSONS["hihello-gru"], epochs, passes=30, tolerance=1e-4)
    assert field.results.passes.tolist() == [3, 4, 5, 30]
    kept = msgspec.structs.replace(field.comparison.experiment(0))
    _, session = _single(kept, 3)
    for found, expected in zip(field.trainer(0).model.parameters(), session.trainer.model.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_a_member_that_has_learnt_it_may_stop() -> None:
    field = Field(
        Comparison(base=LESSONS["hihello-sequence"], varied=(Varied(path="training.seed", values=tuple(range(8))),)),
        stops_when_learnt=True,
    )
    while field.step():
        pass
    results = field.results
    learnt = results.learnt > 0
    assert 0 < learnt.sum() < 8
    assert (results.passes[learnt] == results.learnt[learnt]).all()
    assert (results.passes[~learnt] == 100).all()
