"""`rnn-tui sample`: the text that a kept run's network writes."""

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn
from torch.nn import functional as F

from rnn_tui.cli import main
from rnn_tui.engine.kept import load_run
from rnn_tui.lessons import LESSONS
from rnn_tui.manifest import read_experiment
from tests.engine.kept_runs import advance, begin, changed
from tests.engine.text_runs import letters, on_text

pytestmark = pytest.mark.usefixtures("quick_disk")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["sample", *arguments])


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A run on a text, after 30 updates."""
    session, keeper = begin(on_text(tmp_path, letters(200), training={"lr": 0.1}), tmp_path / "run")
    advance(session, 30)
    keeper.close()
    return tmp_path / "run"


def likeliest(folder: Path, prime: str, length: int) -> str:
    """By torch's own modules, the whole text read again for each character."""
    session, _ = load_run(folder, read_experiment(folder))
    recurrent = session.trainer.model.recurrent
    assert isinstance(recurrent, nn.LSTM)
    vocabulary, weights = session.trainer.task.vocabulary, dict(session.trainer.model.named_parameters())
    text = prime
    for _ in range(length):
        indices = torch.tensor([vocabulary.index(each) for each in text])
        output = recurrent(F.embedding(indices, weights["embedding.weight"])[:, None])[0][-1, 0]
        text += vocabulary[int(F.linear(output, weights["head.weight"], weights["head.bias"]).argmax())]
    return text


def test_the_likeliest_text(kept: Path) -> None:
    result = run(str(kept), "--prime", "abc", "--temperature", "0", "--length", "40")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == likeliest(kept, "abc", 40) + "\n"


def test_a_drawn_text_hangs_on_its_seed_alone(kept: Path) -> None:
    texts = [run(str(kept), "--prime", "a", "--seed", seed).stdout for seed in ("1", "1", "2")]
    assert texts[0] == texts[1] != texts[2]
    assert all(len(text) == 1 + 200 + 1 for text in texts)
    greedy = run(str(kept), "--prime", "a", "--top-k", "1").stdout
    assert greedy == run(str(kept), "--prime", "a", "--temperature", "0").stdout


def test_without_a_prime_it_begins_as_the_run_does(tmp_path: Path) -> None:
    session, keeper = begin(LESSONS["hihello-embedding"], tmp_path / "run")
    advance(session, 600)
    keeper.close()
    assert run(str(tmp_path / "run"), "--temperature", "0", "--length", "1").stdout[0] == "h"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--prime", "aZb"], "'Z' is not in the vocabulary."),
        (["--prime", ""], "The prime text is empty: the network needs a character to begin with."),
        (["--temperature", "-1"], "--temperature -1: is too small: it must be at least 0"),
        (["--temperature", "warm"], "--temperature warm: does not fit: it must be a number"),
        (["--length", "1e3"], "--length 1e3: does not fit: it must be a whole number"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(kept: Path, arguments: list[str], words: str) -> None:
    result = run(str(kept), *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_no_run_or_one_that_cannot_write(tmp_path: Path) -> None:
    assert "no such run" in run("nothing-here").stderr
    both = changed(LESSONS["ohlol-lstm"], training={"epochs": 2})
    session, keeper = begin(both, tmp_path / "run")
    advance(session, 1)
    keeper.close()
    result = run(str(tmp_path / "run"), "--prime", "h")
    assert result.exit_code == 2
    assert "A bidirectional network cannot write freely" in result.stderr
    (tmp_path / "run" / "checkpoint.json").write_text("{")
    result = run(str(tmp_path / "run"))
    assert result.exit_code == 2
    assert "checkpoint.json: is cut or altered" in result.stderr
