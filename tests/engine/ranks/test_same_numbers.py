"""Two processes that share each batch have the losses of one, to 1e-5, whatever is trained and how."""

from pathlib import Path
from typing import Any

import pytest
from numpy.testing import assert_allclose

from rnn_tui.engine.ranks.ranks import Ranks
from rnn_tui.engine.training.held_out_eval import HeldOutEvaluator, Score
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from tests.engine.ranks.trained import alone, experiment, losses, shared
from tests.loopback import has_loopback

pytestmark = [
    pytest.mark.xdist_group("ranks"),  # they share two processes
    pytest.mark.skipif(not has_loopback(), reason="there is no loopback device"),
]

CASES: list[tuple[str, dict[str, Any]]] = [
    *(("text", {"network": {"cell": cell}}) for cell in CELL_KINDS),
    *(("text", {"training": {"optimizer": each}}) for each in ("rmsprop", "adam")),
    ("text", {"training": {"optimizer": "sgd", "momentum": 0.9}}),
    ("text", {"training": {"optimizer": "adamw", "weight_decay": 0.1}}),
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
