"""A run of a script: the same numbers as the program's, iterated, gone back in, forked, saved and loaded."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import rnn_tui
from rnn_tui import LESSONS, ExperimentError, Run
from rnn_tui.cli.main import main
from rnn_tui.engine.headless.train import train
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict


def printed(experiment: Experiment) -> list[float]:
    """The losses that `rnn-tui train --json` prints."""
    out = io.StringIO()
    train(experiment, json=True, every=1, out=out, err=io.StringIO())
    return [json.loads(line)["loss"] for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("lesson", ["hihello", "ohlol-lstm"])
def test_its_losses_are_those_that_the_program_prints(lesson: str) -> None:
    run = Run(lesson, epochs=4, until=())
    ends = [each for each in run if each.ends_epoch]
    assert [each.loss for each in ends] == printed(run.experiment) == list(run.losses)
    assert [each.epoch for each in ends] == [1, 2, 3, 4]
    assert [bool(each.notice) for each in ends] == [False, False, False, True]
    assert run.done
    assert not list(run)


def test_a_tick_is_a_character_and_its_loss_that_of_this_character() -> None:
    run = Run("hihello")
    first = run.step()
    assert (first.tick, first.epoch, first.ends_pass, first.notice) == (1, 1, False, "")
    p = torch.from_numpy(run.logits)[0, 0].double().softmax(-1)
    assert first.loss == pytest.approx(-p[run.experiment.vocabulary.index("i")].log().item(), rel=1e-6)
    with pytest.raises(AttributeError):
        first.tick = 2  # type: ignore[misc]


def test_it_holds_at_a_breakpoint_and_the_next_iteration_goes_on() -> None:
    run = Run("hihello-sequence", until=("tick=5", "epoch=9"), epochs=20)
    assert [each.tick for each in run] == [1, 2, 3, 4, 5]
    assert "tick 5" in run.notice
    assert [each.tick for each in run] == [6, 7, 8, 9]
    assert run.train() is run
    assert run.epoch == 20


def test_a_loss_that_is_no_number_ends_it() -> None:
    rows = {"inputs": ("hihell", "lolihe"), "targets": ("ihello", "hiehol")}
    run = Run(experiment=from_dict({"data": rows}), cell="rnn-relu", head="linear", optimizer="sgd", lr=1e6, seed=3)
    last = run.train().notice
    assert "smaller learning rate" in last
    assert not list(run)


def test_held_out_data_are_evaluated_on_the_way_and_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("abcdefgh\n" * 60)
    run = Run(text=str(tmp_path / "text.txt"), batch=4, length=8, hidden_size=4, epochs=2, holdout=0.2)
    found = [(each, each.held_out) for each in run if each.held_out is not None]
    assert {loss for _, loss in found} <= {loss for _, loss in run.held_out}
    assert found[-1][0].notice
    assert found[-1][1] == run.held_out[-1][1]
    assert run.experiment.network.cell == "lstm"  # as `rnn-tui --text` has it


def test_it_goes_back_to_the_bit_and_a_fork_there_is_another_branch() -> None:
    run = Run("hihello", epochs=20, until=())
    run.train()
    losses, states, weights = run.losses, run.states, run.state_dict()
    run.go_to(30)
    assert (run.tick, run.epoch, len(run.losses)) == (30, 5, 5)
    run.fork(lr=0.5)
    assert (run.branch, run.experiment.training.lr) == ("fork 1", 0.5)
    run.train()
    assert not np.array_equal(run.losses, losses)
    assert np.array_equal(run.losses[:5], losses[:5])
    run.next_branch()
    assert (run.branch, run.tick) == ("main", 120)
    assert np.array_equal(run.losses, losses)
    assert np.array_equal(run.states, states)
    assert all(torch.equal(each, weights[name]) for name, each in run.state_dict().items())


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_states_and_outputs_are_those_of_torch(cell: str) -> None:
    """Two layers, both directions, two rows: read by a torch module that has the weights of `state_dict`."""
    run = Run(
        "hihello", inputs=("hihello", "lohehil"), cell=cell, layers=2, bidirectional=True, hidden_size=3, head="linear"
    )
    run.step()
    kind = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
    theirs = kind(len(run.experiment.vocabulary), 3, num_layers=2, bidirectional=True)
    weights = run.state_dict()
    theirs.load_state_dict({name[10:]: each for name, each in weights.items() if name.startswith("recurrent.")})
    indices = torch.tensor(
        [[run.experiment.vocabulary.index(each) for each in row] for row in run.experiment.data.inputs]
    ).T
    steps = len(indices)
    with torch.no_grad():
        output, last = theirs(torch.nn.functional.one_hot(indices).float())
        logits = output @ weights["head.weight"].T + weights["head.bias"]
    states = run.states
    assert states.shape == (4, steps, 2, 3)
    np.testing.assert_allclose(np.concatenate([states[2], states[3]], -1), output, atol=1e-6)
    np.testing.assert_allclose(run.logits, logits, atol=1e-6)
    last_h = last[0] if cell == "lstm" else last
    np.testing.assert_allclose(states[[0, 2], -1], last_h[[0, 2]], atol=1e-6)
    np.testing.assert_allclose(states[[1, 3], 0], last_h[[1, 3]], atol=1e-6)
    if cell == "lstm":
        np.testing.assert_allclose(run.cell_states[[0, 2], -1], last[1][[0, 2]], atol=1e-6)
    else:
        with pytest.raises(ValueError, match="no cell states"):
            _ = run.cell_states


def test_in_the_middle_of_a_pass_there_are_the_states_of_the_steps_fed() -> None:
    run = Run("hihello")
    assert run.states.shape == (1, 0, 1, 5)
    assert run.logits.shape == (0, 1, 5)
    assert run.predictions == ()
    for _ in range(3):
        run.step()
    assert run.states.shape == (1, 3, 1, 5)
    np.testing.assert_allclose(run.states[0, :, 0], run.logits[:, 0], atol=1e-6)  # without a head they are the same


def test_predictions_are_text_beside_their_targets() -> None:
    run = Run("hihello").train()
    assert run.targets == ("ihello",)
    assert run.predictions == ("ihello",)  # the lesson's seed learns it


def test_a_saved_run_is_the_same_loaded_and_is_one_of_the_program_s(tmp_path: Path) -> None:
    from click.testing import CliRunner

    run = Run("hihello", epochs=9, until=())
    for _ in range(33):
        run.step()
    assert run.save(tmp_path / "kept") == tmp_path / "kept"
    again = Run.load(tmp_path / "kept")
    assert (again.tick, again.epoch) == (33, 6)
    assert [each.loss for each in again] == [each.loss for each in run]
    with pytest.raises(ExperimentError, match="holds a run already"):
        run.save(tmp_path / "kept")
    done = CliRunner().invoke(main, ["train", "--resume", str(tmp_path / "kept"), "--epochs", "12"])
    assert done.exit_code == 0, done.output


def test_a_run_saved_in_its_past_is_saved_as_of_its_newest_tick_and_stays_there(tmp_path: Path) -> None:
    run = Run("hihello", epochs=3, until=()).train()
    run.go_to(7)
    run.save(tmp_path / "kept")
    assert run.tick == 7
    assert Run.load(tmp_path / "kept").tick == 18


@pytest.mark.parametrize(
    ("settings", "error", "problem"),
    [
        ({"experiment": "hihelo"}, ValueError, "'hihelo' is not a lesson; nearest: hihello"),
        ({"learning_rate": 1.0}, TypeError, "'learning_rate' is not a setting"),
        ({"lr": -1.0}, ExperimentError, "lr: -1 is too small"),
        ({"cell": "elman"}, ExperimentError, "cell: .*must be rnn"),
    ],
)
def test_what_cannot_be_is_refused_in_words(settings: dict[str, object], error: type[Exception], problem: str) -> None:
    with pytest.raises(error, match=problem):
        Run(**settings)  # type: ignore[arg-type]


def test_what_is_fixed_when_a_run_begins_cannot_be_forked() -> None:
    run = Run(LESSONS["hihello"])
    with pytest.raises(ExperimentError, match="hidden_size: cannot change on the way: begin another run"):
        run.fork(hidden_size=9)
    with pytest.raises(TypeError, match="not a setting"):
        run.fork(rate=9)
    with pytest.raises(ExperimentError, match="lr: -1 is too small"):
        run.fork(lr=-1)


def test_without_states_there_is_no_way_back() -> None:
    run = Run("hihello-sequence", history=0)
    run.step()
    with pytest.raises(rnn_tui.HistoryError, match="no way back"):
        run.go_to(0)
