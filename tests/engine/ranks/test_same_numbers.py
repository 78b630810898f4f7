"""Two processes that share each batch have the numbers of one, to 1e-5, whatever is trained and how."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from numpy.testing import assert_allclose, assert_array_equal

from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.network.cells import STEPS
from rnn_tui.engine.ranks.ranks import Ranks
from rnn_tui.engine.training.held_out_eval import HeldOutEvaluator, Score
from rnn_tui.engine.training.snapshot import restore, take_beginning
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts
from tests.engine.ranks.trained import alone, experiment, losses, shared
from tests.loopback import has_loopback

pytestmark = [
    pytest.mark.xdist_group("ranks"),  # they share two processes
    pytest.mark.skipif(not has_loopback(), reason="there is no loopback device"),
]

CASES: list[tuple[str, dict[str, Any]]] = [
    *(("text", {"network": {"cell": cell}}) for cell in (*STEPS, "lru")),
    *(("text", {"training": {"optimizer": each}}) for each in ("rmsprop", "adam")),
    ("text", {"training": {"optimizer": "sgd", "momentum": 0.9}}),
    ("text", {"training": {"optimizer": "adamw", "weight_decay": 0.1}}),
    ("text", {"network": {"layers": 2, "dropout": 0.3, "layer_norm": True}}),
    ("text", {"network": {"embedding": 8, "hidden_size": 8, "tied": True}}),
    ("text", {"network": {"cell": "lstm", "initial_state": "random", "embedding": 6}}),
    ("text", {"training": {"accumulate": 3, "clip": 0.5, "label_smoothing": 0.1}}),
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


WAYS: list[dict[str, Any]] = [
    {"training": {"accumulate": 3}},
    {"data": {"stateful": True}, "network": {"cell": "lstm"}},
    {"network": {"cell": "gru", "initial_state": "random"}},
    {"network": {"layers": 2, "dropout": 0.3}, "training": {"optimizer": "rmsprop", "schedule": "plateau"}},
]


@pytest.mark.parametrize("settings", WAYS)
def test_from_one_process_to_two_and_back(settings: dict[str, Any], ranks: Ranks, files: Path) -> None:
    trained = experiment(files, **settings)
    never_stopped = losses(alone(trained), 30)

    first: Trainer = alone(trained)
    found = losses(first, 10)
    state = take_beginning(first)  # of the pass that is over: its update has not been made

    second: Trainer = shared(trained, ranks)
    restore(second, state)
    found = found[:9] + losses(second, 11)
    state = take_beginning(second)

    third: Trainer = alone(trained)
    restore(third, state)
    found = found[:19] + losses(third, 11)
    assert_allclose(found, never_stopped, rtol=1e-5)


@pytest.mark.parametrize("row", [3, 4, 99])
def test_a_row_of_the_other_rank(row: int, ranks: Ranks, files: Path) -> None:
    trained = experiment(files)
    one, two = alone(trained), shared(trained, ranks)
    for _ in range(7):
        one.tick()
        two.tick()
    wanted = Wanted(row=row, count=12, top=3, units=8, layers=(0, 1), inside=(CellAsk(step=4),))
    assert ranks.view_elsewhere(two, replace(wanted, row=2)) is None
    seen, probe = ranks.view_elsewhere(two, wanted), Probe(one)
    assert seen is not None
    steps, at_home = seen.steps, probe.steps(replace(wanted, row=min(row, 4)))
    assert steps is not None
    assert_array_equal(steps.inputs, at_home.inputs)
    assert_array_equal(steps.top, at_home.top)
    assert_allclose(steps.top_p, at_home.top_p, rtol=1e-4)
    (states,) = seen.states
    assert_allclose(states.h, probe.states(replace(wanted, row=min(row, 4)))[0].h, atol=1e-4)
    (cell,) = seen.inside
    assert isinstance(cell, CellFacts)
    assert not seen.failures
