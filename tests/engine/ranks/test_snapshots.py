"""A run goes on with another number of processes: its losses are those of a run that was never stopped."""

from pathlib import Path
from typing import Any

import pytest
from numpy.testing import assert_allclose

from rnn_tui.engine.ranks.ranks import Ranks
from rnn_tui.engine.training.snapshot import restore, take_beginning
from rnn_tui.engine.training.trainer import Trainer
from tests.engine.ranks.trained import alone, experiment, losses, shared
from tests.loopback import has_loopback

pytestmark = [
    pytest.mark.xdist_group("ranks"),  # they share two processes
    pytest.mark.skipif(not has_loopback(), reason="there is no loopback device"),
]

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
