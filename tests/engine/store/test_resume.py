"""A run that was stopped and goes on gives the numbers of one that never stopped, to the bit."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import from_dict
from rnn_tui.runs.read_checkpoint import read_manifest
from tests.engine.kept_runs import advance, begin, changed, go_on, known, small

pytestmark = pytest.mark.usefixtures("quick_disk")

EPOCHS = 3


def both_ticks() -> list[tuple[str, str]]:
    pairs = [(name, tick) for name in LESSONS for tick in ("character", "sequence")]
    return [(name, tick) for name, tick in pairs if tick == "sequence" or not LESSONS[name].network.bidirectional]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("name", "tick"), both_ticks())
def test_every_lesson_goes_on_as_if_never_stopped(name: str, tick: str, tmp_path: Path) -> None:
    experiment = changed(small(LESSONS[name]), training={"tick": tick, "epochs": EPOCHS})
    whole = Session(experiment)
    whole.watch(())
    length = whole.trainer.length if tick == "character" else 1
    last = EPOCHS * length
    expected = {}
    while whole.trainer.ticks < last:
        whole.tick()
        expected[whole.trainer.ticks] = known(whole)
    assert expected[last]["tick"][1] == EPOCHS
    for stop in {length + 1, 2 * length - 1, last}:
        folder = tmp_path / str(stop)
        session, checkpointer = begin(experiment, folder)
        advance(session, stop, checkpointer)
        checkpointer.close()
        assert known(session) == expected[stop]  # writing has disturbed nothing
        advance(session, min(stop + 1, last))
        assert known(session) == expected[min(stop + 1, last)]
        torch.manual_seed(99)
        session, checkpointer = go_on(folder)
        assert known(session) == expected[stop]
        while session.trainer.ticks < last:
            session.tick()
            assert known(session) == expected[session.trainer.ticks]
        checkpointer.close()
        assert known(go_on(folder)[0]) == expected[last]


CHANGES: list[dict[str, Any]] = [
    {"optimizer": "sgd", "lr": 0.3},
    {"optimizer": "sgd", "momentum": 0.9, "lr": 0.03},
    {"optimizer": "rmsprop", "momentum": 0.0},
    {"lr": 0.01},
    {"clip": 0.1},
    {"tick": "sequence"},
    {"reduction": "mean"},
    {"seed": 5},
    {"epochs": 7},
]


@settings(max_examples=15)
@given(
    network=st.fixed_dictionaries(
        {
            "cell": st.sampled_from(["rnn", "rnn-relu", "gru", "lstm"]),
            "implementation": st.sampled_from(["fused", "cell", "written-out"]),
            "initial_state": st.sampled_from(["zeros", "random"]),
            "embedding": st.sampled_from([0, 3]),
            "layers": st.integers(1, 2),
        }
    ),
    training=st.fixed_dictionaries(
        {
            "optimizer": st.sampled_from(["adam", "sgd", "rmsprop"]),
            "tick": st.sampled_from(["character", "sequence"]),
            "reduction": st.sampled_from(["sum", "mean"]),
            "clip": st.sampled_from([0.0, 0.5]),
        }
    ),
    stops=st.lists(st.integers(1, 11), min_size=1, max_size=3),
    forks=st.lists(st.tuples(st.integers(0, 11), st.sampled_from(CHANGES)), max_size=3),
)
def test_any_network_with_any_forks_goes_on(
    network: dict[str, Any],
    training: dict[str, Any],
    stops: list[int],
    forks: list[tuple[int, dict[str, Any]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    try:
        experiment = from_dict(
            {
                "data": {"inputs": ["abc", "bca"], "targets": ["bca", "cab"]},
                "network": {"head": "linear", "hidden_size": 4, **network},
                "training": {"epochs": 0, **training},
            }
        )
    except ExperimentError:
        return
    changes: list[Change] = []
    for tick, change in sorted(forks, key=lambda fork: fork[0]):
        experiment_then = experiment if not changes else changed(experiment, training=_plain(changes[-1]))
        changes.append(
            Change(tick=tick, training=changed(experiment_then, training=change).training, reseed="seed" in change)
        )
    whole, expected = Session(experiment, changes=tuple(changes)), {}
    for tick in range(1, 15):  # first, since the random numbers are the process's own
        advance(whole, tick)
        expected[whole.trainer.ticks] = known(whole)
    folder = tmp_path_factory.mktemp("runs") / "run"
    session, checkpointer = begin(experiment, folder, tuple(changes))
    for stop in sorted(stops):
        advance(session, stop)
        checkpointer.close()
        torch.manual_seed(99)
        session, checkpointer = go_on(folder)
        assert known(session) == expected[stop]
    advance(session, 14)
    assert known(session) == expected[14]
    checkpointer.close()


def _plain(turn: Change) -> dict[str, Any]:
    return {name: getattr(turn.training, name) for name in turn.training.__struct_fields__}


def test_one_can_go_back_before_the_stop_and_fork_there(tmp_path: Path) -> None:
    experiment = LESSONS["hihello"]
    whole = Session(experiment)
    session, checkpointer = begin(experiment, tmp_path / "run")
    for each in (whole, session):
        advance(each, 40)
    checkpointer.close()
    session, checkpointer = go_on(tmp_path / "run")
    for each in (whole, session):
        advance(each, 50)
        each.go_to(15)
    assert known(session) == known(whole)
    for each in (whole, session):
        each.learn(changed(experiment, training={"lr": 0.01}).training)
        advance(each, 33)
    checkpointer.close()
    again, checkpointer = go_on(tmp_path / "run")
    assert again.branch.name == "fork 1"
    for each in (whole, again):
        advance(each, 60)
    assert known(again) == known(whole)
    checkpointer.close()
    assert (tmp_path / "run" / "losses.csv").read_text().count("\n") == 1 + 6  # the old future is still there
    assert read_manifest(tmp_path / "run").losses == "losses-2.csv"


def test_what_stands_in_its_past_is_kept_where_it_had_come_to(tmp_path: Path) -> None:
    session, checkpointer = begin(LESSONS["hihello"], tmp_path / "run")
    advance(session, 50)
    checkpointer.save()  # as the server does before it goes back
    session.go_to(7)
    checkpointer.close()
    assert go_on(tmp_path / "run")[0].trainer.ticks == 50


def test_a_tick_that_is_held_is_finished_first(tmp_path: Path) -> None:
    whole = Session(LESSONS["hihello"])
    session, checkpointer = begin(LESSONS["hihello"], tmp_path / "run")
    advance(session, 12)
    for _ in range(3):
        session.phases.next()
    assert session.is_held
    checkpointer.save()
    assert not (tmp_path / "run" / "checkpoint.json").exists()
    checkpointer.close()
    advance(whole, 13)
    assert known(go_on(tmp_path / "run")[0]) == known(whole)


def test_a_loss_that_is_no_number_is_kept_as_such(tmp_path: Path) -> None:
    experiment = from_dict(
        {
            "data": {"inputs": ["hihello"]},
            "network": {"head": "linear", "cell": "rnn-relu"},
            "training": {"optimizer": "sgd", "lr": 1e6},
        }
    )
    session, checkpointer = begin(experiment, tmp_path / "run")
    while session.tick():
        pass
    assert session.hold.lost
    while not session.trainer.at_end_of_pass:
        session.tick()
    checkpointer.close()
    assert "nan" in (tmp_path / "run" / "losses.csv").read_text()
    assert known(go_on(tmp_path / "run")[0])["losses"] == known(session)["losses"]
