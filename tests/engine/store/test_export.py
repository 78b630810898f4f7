"""What an export does by itself: a plain Python with torch runs it, and it says what the engine says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import nn

from rnn_tui.cli.main import main
from rnn_tui.engine.answers.forecast import forecast
from rnn_tui.engine.inspect.generate import generate
from rnn_tui.engine.network.model import initial_state
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.checkpoint import put_weights
from rnn_tui.engine.store.export import ExportRefused, export_run
from rnn_tui.engine.store.load_network import load_network
from rnn_tui.engine.store.resume import load_run
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.named_cell import VARIABLE, name_cell, read_name
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.runs.read_checkpoint import read_experiment
from tests.engine.kept_runs import advance, begin, changed
from tests.engine.network.test_own_cell import GRU as OWN_GRU
from tests.engine.network.test_own_cell import LSTM as OWN_LSTM
from tests.engine.text_runs import letters, on_text
from tests.warm_python import run_python

pytestmark = pytest.mark.usefixtures("quick_disk")

ANSWER = """
import contextlib, io, json, runpy, sys
for code, name, *arguments in json.loads(sys.argv.pop()):
    if name is None:
        sys.argv[:], out = [code, *arguments], io.StringIO()
        with contextlib.redirect_stdout(out):
            runpy.run_path(code, run_name="__main__")
        print(json.dumps(out.getvalue()))
    else:
        module = runpy.run_path(code)
        print(json.dumps(module[name](module["load"](), *arguments)))
assert "rnn_tui" not in sys.modules
"""


def exported(experiment: Experiment, ticks: int, folder: Path, *, best: bool = False) -> tuple[Session, Path]:
    """The session as it was kept, and the file that was made of it once the data were gone, in a place of its own."""
    session, checkpointer = begin(experiment, folder / "run")
    advance(session, ticks)
    checkpointer.close()
    session, _ = load_run(folder / "run", read_experiment(folder / "run"))
    for name in ("text.txt", "series.csv", "pairs.tsv"):
        (folder / name).unlink(missing_ok=True)
    if best:
        put_weights(session.trainer.model, load_network(folder / "run", best=True).tensors)
    _, code = export_run(folder / "run", str(folder / "out"), best=best)
    return session, code


def python(*arguments: str) -> str:
    done = run_python(*arguments, cwd="/")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def answers(code: Path, *questions: tuple[Any, ...]) -> list[Any]:
    """Return the answers of one fresh process to functions with arguments; None: to a command line."""
    said = python("-c", ANSWER, json.dumps([(str(code), *question) for question in questions]))
    return [json.loads(line) for line in said.splitlines()]


@pytest.mark.parametrize(("network", "best"), [({}, False), ({"cell": "gru", "layers": 2, "embedding": 0}, True)])
def test_a_text_goes_on_from_a_prime(tmp_path: Path, network: dict[str, Any], best: bool) -> None:
    text = letters(300).replace("a", "'").replace("b", "$")
    session, code = exported(on_text(tmp_path, text, network=network, training={"lr": 0.05}), 40, tmp_path, best=best)
    greedy = generate(session.trainer.model, session.experiment, "'$f", temperature=0, length=50)
    line, same, drawn, again, other, alone = answers(
        code,
        (None, "'$f", "50", "0"),
        ("generate", "'$f", 50, 0.0),
        ("generate", "'", 60, 1.0, 3),
        ("generate", "'", 60, 1.0, 3),
        ("generate", "'", 60, 1.0, 4),
        (None,),
    )
    assert line == f"'$f{greedy}\n"
    assert same == greedy
    assert drawn == again != other
    assert alone.startswith(text[:20])


@pytest.mark.parametrize(("tokens", "prime"), [("word", "Don't (ask), “Bee”:\nxyzzy"), ("byte", "Don't “ask” é")])
def test_words_and_bytes_go_on_from_a_prime(tmp_path: Path, tokens: str, prime: str) -> None:
    text = "Don't (ask), don't: “Bee” says é.\nThe end, $said bee!\n" * 8
    session, code = exported(on_text(tmp_path, text, training={"lr": 0.05}, tokens=tokens), 60, tmp_path)
    greedy = generate(session.trainer.model, session.experiment, prime, temperature=0, length=50)
    line, same = answers(code, (None, prime, "50", "0"), ("generate", prime, 50, 0.0))
    assert line == f"{prime}{greedy}\n"
    assert same == greedy
    assert len(greedy) > 30


def test_one_to_many_answers_to_its_end(tmp_path: Path) -> None:
    session, code = exported(changed(LESSONS["spell"], run={"until": []}), 300, tmp_path)
    answer = generate(session.trainer.model, session.experiment, "7", temperature=0, length=20).partition("\n")[0]
    assert answer == "seven"
    assert python(str(code), "7", "3") == "7 -> seven\n3 -> three\n"
    known = python(str(code)).splitlines()
    assert known == [
        f"{digit} -> {word}" for digit, word in zip("0123456789", LESSONS["spell"].data.targets, strict=True)
    ]


def test_many_to_one_answers_once(tmp_path: Path) -> None:
    """Print one character alone: only the last of its outputs was ever trained."""
    _, code = exported(changed(LESSONS["read"], run={"until": []}), 150, tmp_path)
    assert python(str(code), "seven", "two") == "seven -> 7\ntwo -> 2\n"
    assert answers(code, ("predict", "nine")) == ["9"]


def test_a_character_for_each_and_an_empty_text(tmp_path: Path) -> None:
    _, code = exported(changed(LESSONS["hihello-embedding"], run={"until": []}), 60, tmp_path)
    assert python(str(code)) == "hihell -> ihello\n"
    done = run_python(code, "")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "The text is empty: give at least one character.\n")


def test_pairs_of_a_file_bring_some_of_their_inputs(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("abc\tx\nbb\ty\n")
    values = {
        "data": {"pairs": str(tmp_path / "pairs.tsv"), "task": "many-to-one"},
        "network": {"head": "linear", "hidden_size": 8},
        "training": {"tick": "sequence", "lr": 0.1},
    }
    _, code = exported(from_dict(values), 60, tmp_path)
    lines = python(str(code)).splitlines()
    assert lines == ["abc -> x", "bb -> y"]


@pytest.mark.parametrize("name", ["ohlol-lstm", "spell"])  # rows, and a text: each has its own template
def test_a_character_that_it_does_not_know_is_told_in_a_line(tmp_path: Path, name: str) -> None:
    _, code = exported(LESSONS[name], 2, tmp_path)
    known = LESSONS[name].data.inputs[0][:1]
    done = run_python(code, f"{known}日")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    vocabulary = ascii(LESSONS[name].vocabulary)
    assert f"character 2, '\\u65e5', is not one of the vocabulary: {vocabulary}" in done.stderr


LOGITS = """
import json, runpy, sys, torch
module = runpy.run_path(sys.argv[1])
with torch.no_grad():
    output, state = module["load"]()(torch.tensor(json.loads(sys.argv[2]))[:, None])
print(json.dumps(output[:, 0].tolist()))
"""


@pytest.mark.parametrize(
    "network",
    [
        {"cell": "lstm", "layers": 3, "embedding": 4},
        {"cell": "gru", "bidirectional": True},
        {"cell": "rnn-relu", "implementation": "cell", "embedding": 6, "tied": True},
        {"cell": "gru", "implementation": "written-out", "batch_first": True, "dropout": 0.5},
    ],
)
def test_layer_norm_between_layers_goes_along(tmp_path: Path, network: dict[str, Any]) -> None:
    """The exported script's numbers are those that the run computes after its last update."""
    values = {
        "data": {"inputs": ["hihello"]},
        "network": {"hidden_size": 6, "layers": 2, "head": "linear", "layer_norm": True} | network,
        "training": {"tick": "sequence", "lr": 0.05},
    }
    session, code = exported(from_dict(values), 30, tmp_path)
    session.watch(())
    model = session.trainer.model.eval()
    vocabulary, norms = session.experiment.vocabulary, [p for n, p in model.named_parameters() if ".norms." in n]
    assert norms
    assert all((norm - norm.mean().round()).abs().min() > 0 for norm in norms)  # they have learnt
    indices = [vocabulary.index(each) for each in "hihell"]
    read = torch.tensor(indices)[:, None]
    x = read if model.embedding is not None else nn.functional.one_hot(read, len(vocabulary)).float()
    state = initial_state(session.experiment.network, 1, torch.device("cpu"))
    with torch.no_grad():
        output, _ = model(x.transpose(0, 1) if model.batch_first else x, state)
    ours = (output.transpose(0, 1) if model.batch_first else output)[:, 0]
    np.testing.assert_allclose(
        json.loads(python("-c", LOGITS, str(code), json.dumps(indices))), ours, rtol=1e-5, atol=1e-5
    )


def same_as_the_run(session: Session, code: Path) -> None:
    """Compare the exported script's outputs with those that the run computes after its last update."""
    session.watch(())
    model, network = session.trainer.model.eval(), session.experiment.network
    vocabulary = session.experiment.vocabulary
    indices = [vocabulary.index(each) for each in "hihell"]
    x = nn.functional.one_hot(torch.tensor(indices)[:, None], len(vocabulary)).float()
    with torch.no_grad():
        output, _ = model(x, initial_state(network, 1, torch.device("cpu")))
    found = json.loads(python("-c", LOGITS, str(code), json.dumps(indices)))
    np.testing.assert_allclose(found, output[:, 0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("cell", ["min-lstm", "slstm", "lru", "ssm", "delta-net"])
@pytest.mark.sampled(3)
def test_a_cell_that_torch_has_not_brings_its_equations(tmp_path: Path, cell: str) -> None:
    network = {"cell": cell, "hidden_size": 4, "layers": 2, "head": "linear", "bidirectional": cell == "lru"}
    values = {
        "data": {"inputs": ["hihello"]},
        "network": network | {"layer_norm": cell == "slstm"},
        "training": {"tick": "sequence", "lr": 0.02},
    }
    session, code = exported(from_dict(values), 30, tmp_path)
    same_as_the_run(session, code)


@pytest.mark.parametrize("source", [OWN_GRU, OWN_LSTM], ids=["module", "step"])
def test_an_own_cell_goes_along(tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    (tmp_path / "mine.py").write_text(source)
    name_cell(read_name(f"{tmp_path / 'mine.py'}:"))
    values = {
        "data": {"inputs": ["hihello"]},
        "network": {"cell": "own", "hidden_size": 4, "layers": 2, "head": "linear"},
        "training": {"tick": "sequence", "lr": 0.02},
    }
    session, code = exported(from_dict(values), 30, tmp_path)
    same_as_the_run(session, code)
    (tmp_path / "mine.py").write_text(f"{source}# another\n")
    with pytest.raises(ExportRefused, match="has changed since the run was trained"):
        export_run(tmp_path / "run", str(tmp_path / "new"))


def test_layer_norm_writes_on_from_its_own_states(tmp_path: Path) -> None:
    network = {"cell": "lstm", "layers": 2, "layer_norm": True}
    session, code = exported(on_text(tmp_path, letters(300), network=network, training={"lr": 0.05}), 40, tmp_path)
    greedy = generate(session.trainer.model, session.experiment, "ab", temperature=0, length=50)
    assert answers(code, ("generate", "ab", 50, 0.0)) == [greedy]


def test_it_is_written_into_a_folder(tmp_path: Path) -> None:
    exported(LESSONS["hello"], 1, tmp_path)
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["export", str(tmp_path / "run"), "--to", str(tmp_path / "file")])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.endswith(": is a file; it must be a folder\n")


@pytest.mark.parametrize("cell", ["lstm"])
def test_a_series_says_its_next_value_and_goes_on_alone(tmp_path: Path, cell: str) -> None:
    values = 1e4 + 300 * np.sin(np.arange(200) / 5)
    (tmp_path / "series.csv").write_text("level\n" + "\n".join(map(repr, values.tolist())))
    experiment = from_dict(
        {
            "data": {"series": str(tmp_path / "series.csv"), "length": 16, "batch": 2, "holdout": 0.1},
            "network": {"cell": cell, "hidden_size": 6, "head": "linear"},
            "training": {"tick": "sequence", "reduction": "mean", "lr": 0.02},
        }
    )
    session, code = exported(experiment, 40, tmp_path)
    task = session.trainer.dataset
    assert isinstance(task, SeriesDataset)
    found = forecast(session.trainer, task, 40)
    last = values[180 - 16 : 180].tolist()
    said, free, printed = answers(code, ("predict", last), ("free_run", last, len(found.free)), (None,))
    np.testing.assert_allclose(said[:-1], found.predicted[-15:], rtol=1e-6)
    np.testing.assert_allclose(free, found.free, rtol=1e-6)
    lines = printed.splitlines()
    assert lines[0].startswith("next value of level: ")
    assert float(lines[0].split()[-1]) == pytest.approx(found.free[0], rel=1e-6)
    assert len(lines[1].split(": ")[1].split()) == 20
    for wrong in ("seven", "--help", "nan", "inf"):
        assert refusal(code, "1.5", wrong)


def test_several_columns_are_predicted_and_go_on_alone(tmp_path: Path) -> None:
    """By the file and by `sample`, from rows that are given: both against nn.GRU and NumPy."""
    steps = np.arange(200)
    table = np.stack([1e4 + 300 * np.sin(steps / 5), np.cos(steps / 5) / 100, steps % 7 + 0.5], -1)
    text = "\n".join(["level,flow,day", *(",".join(map(repr, row)) for row in table.tolist())])
    for targets, ahead in ((["flow", "day", "level"], 1), (["day"], 1), (["flow"], 0)):
        folder = tmp_path / "-".join(targets)
        folder.mkdir()
        (folder / "series.csv").write_text(text)
        data = {"series": str(folder / "series.csv"), "length": 16, "batch": 2, "holdout": 0.1, "ahead": ahead}
        reads = ["level", "flow"] if ahead else ["level", "day"]
        experiment = from_dict(
            {
                "data": data | {"column": reads, "targets": targets},
                "network": {"cell": "gru", "hidden_size": 6, "head": "linear"},
                "training": {"tick": "sequence", "reduction": "mean", "lr": 0.02},
            }
        )
        session, code = exported(experiment, 40, folder)
        weights = session.trainer.model.state_dict()
        network, head = nn.GRU(2, 6), nn.Linear(6, len(targets))
        network.load_state_dict({name[10:]: each for name, each in weights.items() if name.startswith("recurrent.")})
        head.load_state_dict({name[5:]: each for name, each in weights.items() if name.startswith("head.")})
        mean, deviation = table[:180].mean(0), table[:180].std(0)
        read, said = ([["level", "flow", "day"].index(name) for name in names] for names in (reads, targets))
        rows = table[90:120, read]

        @torch.no_grad()
        def by_hand(rows: Any) -> Any:
            x = torch.from_numpy((rows - mean[read]) / deviation[read]).float()  # noqa: B023
            return head(network(x)[0]).double().numpy() * deviation[said] + mean[said]  # noqa: B023

        predicted, printed = answers(code, ("predict", rows.tolist()), (None, *map(repr, rows.flatten().tolist())))
        np.testing.assert_allclose(predicted, by_hand(rows), rtol=1e-5, atol=1e-6)
        assert printed.startswith(f"{', '.join(targets)}{' of the next time step' if ahead else ''}: ")
        assert "each time step takes 2" in refusal(code, "1", "2", "3")
        prime = " ".join(map(repr, rows.flatten().tolist()))
        result = CliRunner().invoke(main, ["sample", str(folder / "run"), "--forecast", "5", "--prime", prime])
        if len(targets) < 3:
            assert result.exit_code == 2
            assert "it cannot go on alone: it " in result.stderr
            assert "free run" not in printed
            continue
        longer = rows
        for _ in range(5):
            longer = np.concatenate([longer, by_hand(longer)[-1:, [2, 0]]])
        expected = by_hand(longer)[len(rows) - 1 : -1]
        (free,) = answers(code, ("free_run", rows.tolist(), 5))
        np.testing.assert_allclose(free, expected, rtol=1e-5, atol=1e-5)
        sampled = [[float(each) for each in line.split("\t")] for line in result.stdout.splitlines()]
        np.testing.assert_allclose(sampled, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("arguments", [("a", "many"), ("a", "5", "warm"), ("a", "5", "-1"), ("a", "5", "nan")])
def test_a_wrong_number_for_the_script_of_a_text_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    experiment = on_text(tmp_path, letters(400), batch=2, length=16)
    assert refusal(exported(experiment, 1, tmp_path)[1], *arguments)


def refusal(code: Path, *arguments: str) -> str:
    """The one line with which an exported script refuses these arguments."""
    result = run_python(code, *arguments)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    return result.stderr
