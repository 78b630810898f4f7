"""Several columns in and out, against NumPy and plain PyTorch loops."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import nn

from rnn_tui.cli.main import main
from rnn_tui.engine.inspect.touched import TouchError, touched
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.guessing import guessing
from rnn_tui.engine.training.losses import by_logits, loss_of, step_losses
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.experiment.hash import experiment_hash
from rnn_tui.experiment.spec import Data, Experiment, ExperimentError
from rnn_tui.experiment.toml_file import experiment_in, write
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.touch import Touch

STEPS = np.arange(150)
RANDOM = np.random.default_rng(1)
TABLE = {
    "a": 20 + 3 * np.sin(STEPS / 4),
    "b": 1e4 + 500 * np.cos(STEPS / 7) + RANDOM.normal(0, 5, 150),
    "c": RANDOM.normal(0, 0.01, 150),
    "d": 3 * np.sin(STEPS / 4) * np.cos(STEPS / 7),
}
LEARNT, T, N = 120, 6, 3


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    rows = zip(*(values.tolist() for values in TABLE.values()), strict=True)
    path.write_text("\n".join([",".join(TABLE), *(",".join(map(repr, row)) for row in rows)]))
    return path


def on_table(table: Path, *, training: dict[str, Any] | None = None, **data: Any) -> Experiment:
    """A GRU of 5 on some of the columns."""
    return from_dict(
        {
            "data": {"series": str(table), "batch": N, "length": T, "holdout": 0.2} | data,
            "network": {"cell": "gru", "hidden_size": 5, "head": "linear"},
            "training": {"tick": "sequence", "reduction": "mean", "lr": 0.01, "epochs": 0} | (training or {}),
            "run": {"device": "cpu"},
        }
    )


def scaled(name: str, learnt: int = LEARNT) -> torch.Tensor:
    values = TABLE[name]
    return torch.from_numpy((values - values[:learnt].mean()) / values[:learnt].std()).float()


class Notebook(nn.Module):
    """nn.GRU and nn.Linear, from the seed."""

    def __init__(self, reads: int, says: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.gru, self.head = nn.GRU(reads, 5), nn.Linear(5, says)

    def forward(self, x: torch.Tensor, state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        output, state = self.gru(x, state)
        return self.head(output), state


@pytest.mark.parametrize(
    ("data", "reads", "says", "ahead"),
    [
        ({"column": ["a", "b"]}, "ab", "ab", 1),
        ({"column": ["b", "4", "a"]}, "bda", "bda", 1),
        ({"column": ["a", "b", "c"], "targets": ["d"]}, "abc", "d", 1),
        ({"column": ["a"], "targets": ["d", "b", "a"]}, "a", "dba", 1),
        ({"column": ["a", "b"], "targets": ["d", "c"], "ahead": 0}, "ab", "dc", 0),
        ({"column": ["a", "b"], "ahead": 4}, "ab", "ab", 4),
        ({"column": ["a", "c"], "stateful": True}, "ac", "ac", 1),
        ({"column": ["a", "b"], "targets": ["d"], "task": "many-to-one", "ahead": 0}, "ab", "d", 0),
        ({"column": ["a", "b"], "targets": ["d", "c"], "task": "many-to-one"}, "ab", "dc", 1),
    ],
)
@pytest.mark.parametrize(("reduction", "tick"), [("mean", "sequence"), ("sum", "character"), ("mean", "character")])
def test_losses_are_those_of_a_plain_loop(
    table: Path, data: dict[str, Any], reads: str, says: str, ahead: int, reduction: str, tick: str
) -> None:
    session = Session(on_table(table, training={"reduction": reduction, "tick": tick}, **data), history=0)
    dataset = session.trainer.dataset
    assert isinstance(dataset, SeriesDataset)
    at_end = data.get("task") == "many-to-one"
    learnt = 150 - 25 if at_end and ahead else LEARNT  # what is held out is whole sequences: 4 of 6, and one row more
    read, said = (torch.stack([scaled(name, learnt) for name in names], -1) for names in (reads, says))
    plain = Notebook(len(reads), len(says))
    optimizer = torch.optim.Adam(plain.parameters(), lr=0.01)
    state: torch.Tensor | None = None
    begun = set()
    for number in range(1, 12):
        while session.tick() and not session.trainer.at_end_of_pass:
            pass
        starts = torch.from_numpy(dataset.plan.starts(number, 0))
        begun |= set(starts.tolist())
        places = starts + torch.arange(T)[:, None]
        carried = data.get("stateful") and (number - 1) % dataset.batches
        outputs, after = plain(read[places], state if carried else None)
        state = after.detach()
        wrong = (outputs - said[places + ahead]).square()
        mean = wrong[-1].mean() if at_end else wrong.mean()
        optimizer.zero_grad()
        (mean if reduction == "mean" or at_end else T * mean).backward()
        optimizer.step()
        assert session.losses.last() == pytest.approx(mean.item(), rel=2e-5)
    assert all(start % T == 0 for start in begun) or data.get("stateful")


@pytest.mark.parametrize(
    ("data", "reads", "says", "ahead"),
    [
        ({"column": ["a", "b"], "targets": ["d", "b"]}, "ab", "db", 1),
        ({"column": ["a", "b"], "targets": ["c"], "ahead": 3}, "ab", "c", 3),
        ({"column": ["a", "b"], "targets": ["d"], "ahead": 0, "stateful": True}, "ab", "d", 0),
        ({"column": ["a"], "targets": ["d", "c"], "ahead": 0, "task": "many-to-one"}, "a", "dc", 0),
    ],
)
def test_the_hold_out_is_judged_as_a_plain_loop_does(
    table: Path, data: dict[str, Any], reads: str, says: str, ahead: int
) -> None:
    session = Session(on_table(table, training={"epochs": 2}, **data), history=0)
    while session.tick():
        pass
    session.recording.evaluate()
    plain = Notebook(len(reads), len(says))
    weights = {name.replace("recurrent", "gru"): each for name, each in session.trainer.model.state_dict().items()}
    plain.load_state_dict(weights)
    read, said = (torch.stack([scaled(name) for name in names], -1)[LEARNT:] for names in (reads, says))
    errors: list[list[float]] = []
    last = len(read) - ahead
    length = last if data.get("stateful") else T
    for start in range(0, last, length):
        stop = min(start + length, last)
        with torch.no_grad():
            outputs = plain(read[start:stop, None])[0][:, 0]
        squares = (outputs - said[start + ahead : stop + ahead]).square().tolist()
        errors += squares[-1:] if data.get("task") == "many-to-one" else squares
    judged = session.branch.held_out.newest()
    assert judged is not None
    assert judged.characters == len(errors)
    assert judged.loss == pytest.approx(np.mean(errors), rel=1e-4)


def test_the_error_of_each_column_is_told_in_its_units(table: Path) -> None:
    options = ["--series", str(table), "--column", "a", "--target", "b", "--target", "d", "--epochs", "3"]
    result = CliRunner().invoke(main, ["train", *options, "--no-save", "--json", "--holdout", "0.2"])
    assert result.exit_code == 0
    last = json.loads(result.stdout.splitlines()[-1])
    assert last["rmse"] is None
    deviations = {name: TABLE[name][:LEARNT].std() for name in "bd"}
    squares = [(last["column_rmse"][name] / deviations[name]) ** 2 for name in "bd"]
    assert np.mean(squares) == pytest.approx(last["loss"], rel=1e-5)
    held_out = result.stderr.splitlines()[-1].split(" · ")[4]
    parts = [float(part.split()[-1]) for part in held_out.split(", ")]
    squares = [(part / deviations[name]) ** 2 for part, name in zip(parts, "bd", strict=True)]
    assert np.mean(squares) == pytest.approx(last["held_out_loss"], rel=2e-3)  # four digits are printed


def test_without_scaling_values_are_read_as_they_stand(table: Path) -> None:
    session = Session(on_table(table, column=["a", "c"], targets=["d"], standardise=False), history=0)
    dataset = session.trainer.dataset
    assert isinstance(dataset, SeriesDataset)
    places = dataset.plan.starts(1, 0) + np.arange(T)[:, None]
    np.testing.assert_allclose(dataset.inputs[..., 1], TABLE["c"][places], rtol=1e-6)
    assert guessing(session.trainer) == pytest.approx(TABLE["d"][1:LEARNT].var(), rel=1e-3)


def test_guessing_is_the_variance_of_the_targets(table: Path) -> None:
    both = Session(on_table(table, column=["a"], targets=["b", "d"]), history=0)
    expected = [np.mean(scaled(name)[1:LEARNT].numpy() ** 2) for name in "bd"]
    assert guessing(both.trainer) == pytest.approx(np.mean(expected), rel=1e-5)
    one = Session(on_table(table, column=["a"], targets=["d"], task="many-to-one", ahead=0), history=0)
    ends = scaled("d")[:LEARNT][T - 1 :: T].numpy()
    assert guessing(one.trainer) == pytest.approx(ends.var(), rel=1e-5)


def test_losses_and_derivatives_are_those_of_torch() -> None:
    random = torch.Generator().manual_seed(3)
    outputs = torch.randn(5, 2, 3, generator=random, dtype=torch.float64).requires_grad_()
    targets = torch.randn(5, 2, 3, generator=random, dtype=torch.float64)
    targets[1, 0], targets[4] = torch.nan, torch.nan
    known = ~targets[..., 0].isnan()
    squares = (outputs - targets.nan_to_num()).square().mean(-1) * known
    np.testing.assert_allclose(step_losses(outputs, targets).detach(), squares.detach(), rtol=1e-12)
    assert loss_of(outputs, targets, "sum").item() == pytest.approx(squares.sum().item(), rel=1e-12)
    assert loss_of(outputs, targets, "mean").item() == pytest.approx(squares.sum().item() / 7, rel=1e-12)
    (gradient,) = torch.autograd.grad(squares.sum(), outputs)
    np.testing.assert_allclose(by_logits(outputs.detach(), targets), gradient, rtol=1e-12, atol=1e-15)
    lost = outputs.detach().clone()
    lost[0, 0, 0] = torch.nan
    assert loss_of(lost, targets, "mean").isnan()


@pytest.mark.parametrize(
    ("data", "path", "words"),
    [
        ({"column": ["a", "z"]}, "data.column", "is not a column of that file; there are 'a', 'b', 'c', 'd'"),
        ({"column": ["a"], "targets": ["z"]}, "data.targets", "there are 'a', 'b', 'c', 'd'"),
        ({"column": ["a", "1"]}, "data.column", "is the same column as 'a'"),
        ({"column": ["a", "a"]}, "data.column", "is given twice"),
        ({"column": ["a"], "ahead": 0}, "data.ahead", "at least 1"),
        ({"column": ["a"], "targets": ["b", "1"], "ahead": 0}, "data.targets", "--ahead must be at least 1"),
        ({"column": ["a"], "task": "one-to-many"}, "data.task", "many-to-many or many-to-one"),
        ({"column": ["a"], "task": "many-to-one", "stateful": True}, "data.stateful", "must be false"),
        ({"column": ["a"], "ahead": 118}, "data.holdout", "leaves nothing to evaluate"),
        ({"column": ["a"], "ahead": 118, "holdout": 0.0, "length": 40}, "data.length", "at most 32"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(table: Path, data: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ExperimentError) as error:
        Session(on_table(table, **data), history=0)
    assert error.value.path == path
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_column_that_is_constant_or_has_gaps_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    path.write_text("a,b,c\n" + "".join(f"{at},7,{at * at if at % 9 else ''}\n" for at in range(60)))
    data: dict[str, Any] = {"batch": 1, "length": 4, "holdout": 0.0}
    with pytest.raises(ExperimentError, match="is constant in column 'b'"):
        Session(on_table(path, column=["a", "b"], **data))
    with pytest.raises(ExperimentError, match="7 gaps in column 'c', the first in line 2"):
        Session(on_table(path, column=["a", "c"], **data))
    left = Session(on_table(path, column=["a", "c"], gaps="skip", **data)).dataset.source
    filled = Session(on_table(path, column=["a", "c"], gaps="fill", **data)).dataset.source
    assert left is not None
    assert filled is not None
    assert (len(left), len(filled)) == (53, 60)


def test_one_column_may_be_written_as_a_text_and_is_the_same_run(table: Path) -> None:
    one, listed = on_table(table, column="a"), on_table(table, column=["a"])
    assert one == listed
    assert experiment_hash(one) == experiment_hash(listed) != experiment_hash(on_table(table, column=["a", "b"]))
    assert Data(column="a").columns == ("a",)
    several = on_table(table, column=["a", "b"], targets=["d"], ahead=0)
    text = write(several)
    assert 'column = ["a", "b"]' in text
    values = to_dict(several)
    values["data"]["column"] = "a"
    assert experiment_in("x.toml", text, values).data.columns == ("a",)


def test_each_column_is_looked_at_in_its_own_units(table: Path) -> None:
    session = Session(on_table(table, column=["a", "b"], targets=["d", "c", "b"]), history=0)
    for _ in range(3):
        session.tick()
    dataset = session.trainer.dataset
    assert isinstance(dataset, SeriesDataset)
    start = int(dataset.plan.starts(3, 0)[1])
    outputs = torch.cat(session.trainer.logits)[:, 1].double().numpy()
    for column, (read, said) in enumerate((("a", "d"), ("b", "c"), ("b", "b"))):
        steps = session.probe.steps(Wanted(row=1, first=0, count=T, column=column))
        assert steps.numbers is not None
        np.testing.assert_allclose(steps.numbers.values, TABLE[read][start : start + T], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(steps.numbers.truth, TABLE[said][start + 1 : start + T + 1], rtol=1e-6, atol=1e-6)
        learnt = TABLE[said][:LEARNT]
        np.testing.assert_allclose(steps.numbers.predicted, outputs[:, column] * learnt.std() + learnt.mean())
        seen = session.probe.forecast(Wanted(forecast=20, column=column))
        assert seen is not None
        np.testing.assert_allclose(seen.truth, TABLE[said][LEARNT - T : LEARNT], rtol=1e-12)
        assert not len(seen.free)
        assert seen.note == "No free run: it does not predict all the columns that it reads."


def test_one_number_of_a_column_can_be_touched(table: Path) -> None:
    session = Session(on_table(table, column=["a", "b"], targets=["d"]), history=0)
    session.tick()
    touch = Touch(kind="input", row=2, step=3, unit=1, value=9_000.0)
    made, facts = touched(session.trainer, [touch])
    start = int(session.trainer.dataset.plan.starts(1, 0)[2])  # type: ignore[attr-defined]
    assert facts.before[0] == pytest.approx(TABLE["b"][start + 3], rel=1e-6)
    x = torch.stack([scaled("a"), scaled("b")], -1)[start : start + T]
    x[3, 1] = (9_000.0 - TABLE["b"][:LEARNT].mean()) / TABLE["b"][:LEARNT].std()
    with torch.no_grad():
        expected = Notebook(2, 1)(x[:, None])[0][:, 0]
    np.testing.assert_allclose(torch.cat(made.logits)[:, 2], expected, atol=1e-6)
    with pytest.raises(TouchError, match="no column 3"):
        touched(session.trainer, [Touch(kind="input", unit=2)])


def test_where_a_sequence_has_one_target_the_last_pass_is_shown(table: Path) -> None:
    session = Session(on_table(table, column=["a"], targets=["d"], task="many-to-one", ahead=0), history=0)
    session.tick()
    dataset = session.trainer.dataset
    assert isinstance(dataset, SeriesDataset)
    seen = session.probe.forecast(Wanted(forecast=40))
    assert seen is not None
    ends = TABLE["d"][dataset.plan.starts(1, 0) + T - 1]
    np.testing.assert_allclose(seen.truth, np.sort(ends), rtol=1e-6, atol=1e-7)
    outputs = session.trainer.logits[0][-1, :, 0].double().numpy()[ends.argsort()]
    np.testing.assert_allclose(seen.predicted, outputs * TABLE["d"][:LEARNT].std() + TABLE["d"][:LEARNT].mean())
    assert (seen.over, seen.first, seen.end) == ("sequences", 0, N)
