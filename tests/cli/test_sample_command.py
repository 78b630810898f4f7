"""`rnn-tui sample`: the text that a kept run's network writes."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn
from torch.nn import functional as F

from rnn_tui.cli.main import main
from rnn_tui.engine.store.resume import load_run
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.runs.read_checkpoint import read_experiment
from tests.engine.kept_runs import advance, begin, changed
from tests.engine.text_runs import letters, on_text
from tests.terminals import program, tty

pytestmark = pytest.mark.usefixtures("quick_disk")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["sample", *arguments])


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A run on a text, after 30 updates."""
    session, checkpointer = begin(on_text(tmp_path, letters(200), training={"lr": 0.1}), tmp_path / "run")
    advance(session, 30)
    checkpointer.close()
    return tmp_path / "run"


def likeliest(folder: Path, prime: str, length: int) -> str:
    """By torch's own modules, the whole text read again for each character."""
    session, _ = load_run(folder, read_experiment(folder))
    recurrent = session.trainer.model.recurrent
    assert isinstance(recurrent, nn.LSTM)
    vocabulary, weights = session.trainer.dataset.vocabulary, dict(session.trainer.model.named_parameters())
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


def test_a_pipe_gets_every_character_and_a_terminal_none_that_acts(tmp_path: Path) -> None:
    """Escape sequences, carriage returns and form feeds that were learnt are text, and no decoration."""
    text = "ab\x1b[31mc\x1b]0;title\x07\r\x0c\x9b2J\u202e\x7f "
    session, checkpointer = begin(
        changed(LESSONS["hihello-embedding"], data={"inputs": (text,), "targets": (), "vocabulary": ""}),
        tmp_path / "run",
    )
    advance(session, 1)
    checkpointer.close()
    command = program("sample", str(tmp_path / "run"), "--prime", text, "--length", "30")
    piped = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert piped.startswith(text)
    assert len(piped) == len(text) + 30 + 1
    with tty(command) as terminal:
        assert terminal.end() == 0
    shown = terminal.raw.decode().replace("\r\n", "").replace("\n", "")
    assert len(shown) == len(text) + 30
    assert shown.isprintable()


def test_what_the_output_cannot_encode_is_told(tmp_path: Path) -> None:
    text = "abcé€"
    session, checkpointer = begin(
        changed(LESSONS["hihello-embedding"], data={"inputs": (text,), "targets": (), "vocabulary": ""}),
        tmp_path / "run",
    )
    advance(session, 1)
    checkpointer.close()
    command = program("sample", str(tmp_path / "run"), "--prime", text, "--length", "1")
    done = subprocess.run(command, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "latin-1"}, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"holds '\\u20ac', which latin-1 does not have" in done.stderr or b"iso8859-1" in done.stderr


def test_a_drawn_text_hangs_on_its_seed_alone(kept: Path) -> None:
    texts = [run(str(kept), "--prime", "a", "--seed", seed).stdout for seed in ("1", "1", "2")]
    assert texts[0] == texts[1] != texts[2]
    assert all(len(text) == 1 + 200 + 1 for text in texts)
    greedy = run(str(kept), "--prime", "a", "--top-k", "1").stdout
    assert greedy == run(str(kept), "--prime", "a", "--temperature", "0").stdout


def test_without_a_word_about_it_a_text_is_drawn(kept: Path) -> None:
    result = run(str(kept), "--prime", "abc", "--length", "60")
    assert result.stdout == run(str(kept), "--prime", "abc", "--length", "60", "--temperature", "1").stdout
    assert result.stdout != likeliest(kept, "abc", 60) + "\n"


def test_without_a_prime_it_begins_as_the_run_does(tmp_path: Path) -> None:
    session, checkpointer = begin(LESSONS["hihello-embedding"], tmp_path / "run")
    advance(session, 600)
    checkpointer.close()
    assert run(str(tmp_path / "run"), "--temperature", "0", "--length", "1").stdout[0] == "h"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--prime", "abZ"],
            "--prime abZ: character 3, 'Z', is not in the vocabulary; it must be of the 8 characters ⏎␣abcdef; "
            "--skip-unknown leaves out what is not",
        ),
        (
            ["--prime", "QaQRSTUV"],
            "character 1, 'Q', is not in the vocabulary, nor are 'R', 'S', 'T', 'U' …; it must be of the 8 characters",
        ),
        (["--prime", "ZQ", "--skip-unknown"], "--prime ZQ: of what was given nothing is left; it must be of the 8"),
        (["--prime", "a", "--prime-file", "x"], "--prime-file x: cannot be combined with --prime"),
        (["--prime-file", "/nowhere/x"], "--prime-file /nowhere/x: cannot be read: No such file or directory"),
        (["--prime-file", "/"], "--prime-file /: cannot be read: Is a directory"),
        (["--forecast", "3"], "has learnt text; --length says how many"),
        (["--forecast", "0"], "--forecast 0: must be a whole number, 1 or more"),
        (["--forecast", "²"], "--forecast ²: must be a whole number, 1 or more"),
        (["--prime", ""], "--prime '': is empty; it must be of the 8 characters ⏎␣abcdef"),
        (["--temperature", "-1"], "--temperature -1: is too small: it must be at least 0"),
        (["--temperature", "warm"], "--temperature warm: is not a number"),
        (["--length", "1e3"], "--length 1e3: is not a whole number"),
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
    both = changed(LESSONS["hihello-embedding"], network={"bidirectional": True}, training={"epochs": 2})
    session, checkpointer = begin(both, tmp_path / "run")
    advance(session, 1)
    checkpointer.close()
    result = run(str(tmp_path / "run"), "--prime", "h")
    assert result.exit_code == 2
    assert "A bidirectional network cannot write freely" in result.stderr
    (tmp_path / "run" / "checkpoint.json").write_text("{")
    result = run(str(tmp_path / "run"))
    assert result.exit_code == 2
    assert "checkpoint.json: is cut or altered" in result.stderr


def without_essence(folder: Path) -> None:
    """As the first versions wrote it."""
    for name in ("checkpoint.json", "best.json"):
        values = json.loads((folder / name).read_text())
        del values["essence"]
        (folder / name).write_text(json.dumps(values))


@pytest.mark.parametrize("best", [(), ("--best",)])
def test_its_text_may_be_gone(kept: Path, tmp_path: Path, best: tuple[str, ...]) -> None:
    """Or another one by now; only a checkpoint that does not say what is needed of it needs it."""
    text = tmp_path / "text.txt"
    begins, content = text.read_text()[0], text.read_bytes()
    drawn = run(str(kept), *best).stdout
    assert drawn[0] == begins
    text.write_text("another text, of other characters")
    assert run(str(kept), *best).stdout == drawn
    text.unlink()
    assert run(str(kept), *best).stdout == drawn
    without_essence(kept)
    for command in ("sample", "export"):
        result = CliRunner().invoke(main, [command, str(kept), *best])
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert "text.txt: the text of this run cannot be read: No such file" in result.stderr
    text.write_bytes(content)
    assert run(str(kept), *best).stdout == drawn


def test_an_altered_vocabulary_is_told(kept: Path) -> None:
    values = json.loads((kept / "checkpoint.json").read_text())
    values["essence"]["vocabulary"] += "X"
    (kept / "checkpoint.json").write_text(json.dumps(values))
    result = run(str(kept))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "is of other sizes: model.embedding.weight is 8 × 4; the experiment needs 9 × 4" in result.stderr
