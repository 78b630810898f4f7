"""Two processes that share each batch have the losses of one, to 1e-5, whatever is trained and how."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from numpy.testing import assert_allclose

from rnn_tui.data.load import load
from rnn_tui.engine.ranks.ranks import Ranks
from rnn_tui.engine.ranks.start import processes_here
from rnn_tui.engine.training.held_out_eval import HeldOutEvaluator, Score
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict

TEXT = "".join(chr(97 + (7 * number * number + number // 11) % 23) for number in range(3000))
UPDATES = 50
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def ranks() -> Iterator[Ranks]:
    with processes_here(from_dict({"run": {"processes": 2}})) as ranks:
        yield ranks


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "text.txt").write_text(TEXT)
    words = [TEXT[at : at + 3 + at % 5] for at in range(0, 400, 9)]
    (folder / "pairs.tsv").write_text("".join(f"{word}\t{word[::-1]}\n" for word in words))
    (folder / "series.csv").write_text("value\n" + "".join(f"{(at * 37) % 101 / 10}\n" for at in range(900)))
    return folder


def experiment(
    files: Path, kind: str = "text", data: dict[str, Any] | None = None, **sections: dict[str, Any]
) -> Experiment:
    name = {"text": "text.txt", "pairs": "pairs.tsv", "series": "series.csv"}[kind]
    sizes = {"batch": 5} if kind == "pairs" else {"batch": 5, "length": 12}
    given = {"data": {kind: str(files / name), **sizes, **(data or {})}, **sections}
    given["network"] = {"hidden_size": 8, "head": "linear", **given.get("network", {})}
    given["training"] = {"tick": "sequence", "lr": 0.01, **given.get("training", {})}
    return from_dict(given)


def losses(trainer: Trainer) -> list[float]:
    found = []
    for _ in range(UPDATES):
        trainer.tick()
        assert trainer.total is not None
        found.append(trainer.total.item())
    return found


def alone(trained: Experiment) -> Trainer:
    data = load(trained)
    return Trainer(data.experiment, CPU, data.source)


def shared(trained: Experiment, ranks: Ranks) -> Trainer:
    return ranks.build_trainer(load(trained), CPU)


CASES: list[tuple[str, dict[str, Any]]] = [
    *(("text", {"network": {"cell": cell}}) for cell in CELL_KINDS),
    *(("text", {"training": {"optimizer": each}}) for each in ("sgd", "rmsprop", "adam")),
    ("text", {"network": {"layers": 2, "dropout": 0.3}}),
    ("text", {"network": {"cell": "lstm", "initial_state": "random", "embedding": 6}}),
    ("text", {"training": {"accumulate": 3, "clip": 0.5}}),
    ("text", {"data": {"stateful": True}, "network": {"cell": "lstm"}}),
    ("text", {"training": {"schedule": "cosine", "weight_decay": 0.1, "epochs": 3}}),
    ("text", {"network": {"batch_first": True, "implementation": "cell"}}),
    ("pairs", {}),
    ("pairs", {"network": {"bidirectional": True}, "data": {"task": "one-to-many"}}),
    ("pairs", {"data": {"batch": 0, "holdout": 0.2}}),
    ("series", {"network": {"cell": "gru"}}),
    ("series", {"training": {"schedule": "plateau", "patience": 40}}),
]


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_losses_and_weights_are_those_of_one_process(
    kind: str, settings: dict[str, Any], ranks: Ranks, files: Path
) -> None:
    trained = experiment(files, kind, **settings)
    one = alone(trained)
    wanted = losses(one)  # before the other begins: both draw from torch's own generator
    two = shared(trained, ranks)
    assert two.dataset.rows < one.dataset.rows == two.dataset.all_rows
    assert_allclose(losses(two), wanted, rtol=1e-5)
    for ours, theirs in zip(two.model.parameters(), one.model.parameters(), strict=True):
        assert_allclose(ours.detach(), theirs.detach(), atol=2e-4)


@pytest.mark.parametrize(("kind", "whole"), [("text", False), ("text", True), ("pairs", True), ("series", True)])
def test_what_is_held_out_has_the_figures_of_one_process(kind: str, whole: bool, ranks: Ranks, files: Path) -> None:
    trained = experiment(files, kind, data={"holdout": 0.3})
    one, two = alone(trained), shared(trained, ranks)
    scores = Score(), Score()
    for each, evaluator, score in zip(
        (one, two), (HeldOutEvaluator(one), ranks.build_evaluator(two)), scores, strict=True
    ):
        each.tick()
        assert list(evaluator.evaluate(score, whole=whole))
    assert_allclose(scores[1].numbers(), scores[0].numbers(), rtol=1e-5)
