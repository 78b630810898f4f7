"""`rnn-tui sample` of every kind of run: answers, texts of any length, numbers, and weights that are none.

What is right comes from torch's own modules, made anew from the weights of the run, which read the text whole.
"""

import math
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn
from torch.nn import functional as F

from rnn_tui.cli.main import main
from rnn_tui.engine.answers.forecast import forecast
from rnn_tui.engine.inspect.text_reader import TextReader
from rnn_tui.engine.store.resume import load_run
from rnn_tui.engine.training.series_on_device import SeriesDataset
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.runs.read_checkpoint import read_experiment
from tests.engine.kept_runs import advance, begin, changed
from tests.engine.text_runs import letters, on_text
from tests.terminals import program

pytestmark = pytest.mark.usefixtures("quick_disk")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["sample", *arguments])


def learnt(folder: Path, experiment: Experiment, ticks: int) -> Path:
    session, checkpointer = begin(changed(experiment, run={"until": []}), folder / "run")
    advance(session, ticks)
    checkpointer.close()
    return folder / "run"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A run on a text, after 30 updates."""
    return learnt(tmp_path, on_text(tmp_path, letters(200), training={"lr": 0.1}), 30)


class Plain:
    """The network of a run by torch's own modules; it reads everything whole, from h_0 = 0."""

    def __init__(self, folder: Path) -> None:
        session, _ = load_run(folder, read_experiment(folder))
        self.vocabulary, network = session.experiment.vocabulary, session.experiment.network
        weights = session.trainer.model.state_dict()
        own = {name.removeprefix("recurrent."): each for name, each in weights.items() if "recurrent." in name}
        kind = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[network.cell]
        width = own["weight_ih_l0"].shape[1]
        self.recurrent = kind(width, network.hidden_size, network.layers, bidirectional=network.bidirectional)
        self.recurrent.load_state_dict(own)
        self.embedding = weights.get("embedding.weight", torch.eye(max(1, len(self.vocabulary))))
        self.head = weights["head.weight"], weights["head.bias"]

    @torch.no_grad()
    def likeliest(self, text: str) -> str:
        """A character for each that is read."""
        x = self.embedding[[self.vocabulary.index(each) for each in text]]
        return "".join(self.vocabulary[index] for index in F.linear(self.recurrent(x)[0], *self.head).argmax(-1))

    def after(self, text: str, count: int, end: str = "") -> str:
        """Return what it says after the text, until its end."""
        said = ""
        while len(said) < count and not (end and said.endswith(end)):
            said += self.likeliest(text + said)[-1]
        return said.removesuffix(end)


# ---- answers --------------------------------------------------------------------------------------------------------


def test_an_answer_is_the_likeliest_unless_a_drawn_one_is_asked_for(tmp_path: Path) -> None:
    """In the middle of its training, where drawn answers differ from the likeliest and from one another."""
    folder = learnt(tmp_path / "run", LESSONS["spell"], 12)
    likeliest = Plain(folder).after("7", 200, "\n") + "\n"
    assert run(str(folder), "--prime", "7").stdout == likeliest
    drawn = run(str(folder), "--prime", "7", "--temperature", "1").stdout
    assert drawn != likeliest
    assert run(str(folder), "--prime", "7", "--seed", "0").stdout == drawn
    assert run(str(folder), "--prime", "7", "--top-k", "0").stdout == drawn


def test_one_to_many_ends_where_its_answer_ends(tmp_path: Path) -> None:
    """Also in the middle of its training, where the answers are still wrong."""
    for ticks in (12, 200):
        folder = learnt(tmp_path / str(ticks), LESSONS["spell"], ticks)
        plain = Plain(folder)
        for digit in "0729":
            result = run(str(folder), "--prime", digit, "--temperature", "0", "--length", "50")
            answer = plain.after(digit, 50, "\n")
            assert (result.exit_code, result.stdout) == (0, f"{answer}\n")
    assert plain.after("7", 50, "\n") == "seven"
    assert run(str(folder), "--prime", "7").stdout == "seven\n"
    result = run(str(folder), "--temperature", "0")
    assert (result.stdout, result.stderr.count("\n")) == ("zero\n", 1)
    assert "answers to 0, the first that the run learns" in result.stderr
    result = run(str(folder), "--prime", "7", "--temperature", "0", "--length", "3")
    assert (result.exit_code, result.stdout) == (0, "sev\n")
    assert "no end within 3 characters: --length allows more" in result.stderr
    result = run(str(folder), "--prime", "7", "--temperature", "0", "--length", "5")  # and its end after that
    assert (result.stdout, result.stderr) == ("seven\n", "")


def test_many_to_one_prints_one_character(tmp_path: Path) -> None:
    folder = learnt(tmp_path, LESSONS["read"], 120)
    plain = Plain(folder)
    for word, digit in (("seven", "7"), ("zero", "0"), ("nine", "9")):
        assert plain.likeliest(word)[-1] == digit
        result = run(str(folder), "--prime", word, "--temperature", "0")
        assert (result.exit_code, result.stdout, result.stderr) == (0, f"{digit}\n", "")


@pytest.mark.parametrize("name", ["remember", "ohlol-embedding", "ohlol-lstm"])
def test_targets_that_are_not_the_next_characters_are_said_to_each(tmp_path: Path, name: str) -> None:
    """From both sides as well."""
    folder = learnt(tmp_path, changed(LESSONS[name], network={"hidden_size": 8}), 15)
    plain, text = Plain(folder), LESSONS[name].data.inputs[0]
    for prime in (text, text[:2]):
        result = run(str(folder), "--prime", prime, "--temperature", "0", "--length", "1")
        assert (result.exit_code, result.stdout) == (0, f"{plain.likeliest(prime)}\n")
    if name != "remember":
        assert plain.likeliest("hello") == "ohlol"


@pytest.mark.parametrize(("targets", "text"), [(("bcd", "cde"), "abcde\n"), (("bcd", "cfe"), "bc\n")])
def test_pairs_of_a_file_say_whether_it_goes_on(tmp_path: Path, targets: tuple[str, ...], text: str) -> None:
    """Their targets are the next characters, or others; the file is not needed to know."""
    file = tmp_path / "pairs.tsv"
    file.write_text(f"abc\t{targets[0]}\nbcd\t{targets[1]}\n")
    network = {"head": "linear", "hidden_size": 12}
    values = {"data": {"pairs": str(file)}, "network": network, "training": {"tick": "sequence", "lr": 0.02}}
    folder = learnt(tmp_path, from_dict(values), 100)
    file.unlink()
    assert run(str(folder), "--prime", "ab", "--temperature", "0", "--length", "3").stdout == text


def test_each_line_of_a_file_is_answered(tmp_path: Path) -> None:
    folder, file = learnt(tmp_path, LESSONS["spell"], 200), tmp_path / "primes"
    file.write_bytes(b"7\r\n\n0\n3")
    assert run(str(folder), "--prime-file", str(file), "--temperature", "0").stdout == "seven\nzero\nthree\n"
    file.write_text("7\n8é\n")
    result = run(str(folder), "--prime-file", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "line 2, character 2, 'é', is not in the vocabulary" in result.stderr
    result = run(str(folder), "--prime-file", str(file), "--temperature", "0", "--skip-unknown")
    assert (result.stdout, result.stderr) == ("seven\neight\n", "1 character left out that was never learnt.\n")


# ---- texts of any length --------------------------------------------------------------------------------------------


def test_a_prime_of_any_length_is_read_whole(kept: Path, tmp_path: Path) -> None:
    """Also in pieces: the network comes to the same as over the whole text at once."""
    text, plain = letters(5000) + "b", Plain(kept)
    (tmp_path / "prime").write_text(text)
    result = run(str(kept), "--prime-file", str(tmp_path / "prime"), "--temperature", "0", "--length", "5")
    assert result.stdout == text + plain.after(text, 5) + "\n"
    arguments = ["sample", str(kept), "--prime-file", "-", "--temperature", "0", "--length", "5"]
    assert CliRunner().invoke(main, arguments, input=text.encode()).stdout == result.stdout
    result = run(str(kept), "--prime", "aZbQZ", "--temperature", "0", "--length", "4", "--skip-unknown")
    assert result.stdout == "ab" + plain.after("ab", 4) + "\n"
    assert result.stderr == "3 characters left out that were never learnt.\n"


def test_a_text_may_be_long(kept: Path) -> None:
    texts = [run(str(kept), "--prime", "a", "--length", length).stdout for length in ("2100", "2001")]
    assert len(texts[0]) == 1 + 2100 + 1
    assert texts[0][:2002] == texts[1][:2002]  # the same numbers are drawn, however many there will be


def test_a_last_line_feed_that_was_never_learnt_is_none(tmp_path: Path) -> None:
    folder = learnt(tmp_path, LESSONS["hihello-embedding"], 6)
    (tmp_path / "prime").write_bytes(b"hih\r\n")
    result = run(str(folder), "--prime-file", str(tmp_path / "prime"), "--length", "0")
    assert (result.stdout, result.stderr) == ("hih\n", "")


@pytest.mark.parametrize("end", ["closed", "interrupted"])
@pytest.mark.sampled(1)
def test_it_is_printed_as_it_is_written_and_ends_with_its_reader(kept: Path, end: str) -> None:
    command = program("sample", str(kept), "--length", str(10**12))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert len(process.stdout.read(300)) == 300  # long before it is over
        if end == "closed":
            process.stdout.close()
        else:
            process.send_signal(signal.SIGINT)
            process.stdout.read()
        assert process.stderr.read().strip() == b""
        assert process.wait() == (0 if end == "closed" else 130)


# ---- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("offset", [20.0, 1.6e9])
def test_a_series_goes_on_in_numbers(tmp_path: Path, cell: str, offset: float) -> None:
    """From the end of what is learnt, or from numbers that are given; the same as in the chart of the view."""
    values = offset + 5 * np.sin(np.arange(200) / 5)
    file = "level\n" + "\n".join(map(repr, values.tolist()))
    (tmp_path / "series.csv").write_text(file)
    data = {"series": str(tmp_path / "series.csv"), "length": 16, "batch": 2, "holdout": 0.1}
    network = {"cell": cell, "hidden_size": 6, "layers": 2, "head": "linear"}
    training = {"tick": "sequence", "reduction": "mean", "lr": 0.02}
    folder = learnt(tmp_path, from_dict({"data": data, "network": network, "training": training}), 30)
    session, _ = load_run(folder, read_experiment(folder))
    assert isinstance(session.trainer.dataset, SeriesDataset)
    of_view = np.array(forecast(session.trainer, session.trainer.dataset, 56).free, np.float64)
    plain, learns = Plain(folder), values[:180]
    mean, deviation = float(learns.mean()), float(learns.std())
    (tmp_path / "series.csv").unlink()

    @torch.no_grad()
    def by_hand(read: list[float], count: int) -> list[float]:
        """The whole of it is read again for each number."""
        x, found = [(value - mean) / deviation for value in read], []
        for _ in range(count):
            x.append(
                F.linear(plain.recurrent(torch.tensor(x, dtype=torch.float32)[:, None])[0][-1], *plain.head).item()
            )
            found.append(x[-1] * deviation + mean)
        return found

    def told(*arguments: str) -> list[float]:
        result = run(str(folder), *arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        return [float(line) for line in result.stdout.splitlines()]

    within = 1e-5 * deviation
    said = told("--forecast", "40")
    np.testing.assert_allclose(said, by_hand(learns[-16:].tolist(), 40), rtol=0, atol=within)
    assert len(of_view) == 40
    np.testing.assert_allclose(of_view, said, rtol=1e-6)
    given = [offset + 1.0, offset - 2.25, offset + 3.5]
    (tmp_path / "given").write_text("\n".join(map(repr, given)) + "\n")
    as_text = told("--forecast", "5", "--prime", " ".join(map(repr, given)))
    assert as_text == told("--forecast", "5", "--prime-file", str(tmp_path / "given"))
    np.testing.assert_allclose(as_text, by_hand(given, 5), rtol=0, atol=within)
    for arguments, words in (
        ([], "--forecast N prints the next N numbers"),
        (["--forecast", "2", "--prime", "1 x"], "--prime: number 2, x, is not one"),
        (["--forecast", "2", "--prime", "nan"], "--prime: number 1, nan, is not one"),
        (["--forecast", "2", "--prime", " "], "--prime: has no number"),
    ):
        result = run(str(folder), *arguments)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
        assert words in result.stderr


# ---- weights that are none ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "value"), [("sample", math.nan), ("export", math.inf)])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, command: str, value: float) -> None:
    session, checkpointer = begin(changed(LESSONS["hihello-embedding"], run={"until": []}), tmp_path / "run")
    advance(session, 20, checkpointer)
    checkpointer.save()
    with torch.no_grad():
        session.trainer.model.recurrent.get_parameter("weight_hh_l0")[2, 3] = value
    session.tick()
    checkpointer.close()
    arguments = [command, str(tmp_path / "run"), *(["--to", str(tmp_path / "out")] if command == "export" else [])]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "NaN or infinite, the first of them in weight_hh_l0; --best uses those of the best loss" in result.stderr
    assert not (tmp_path / "out").exists()
    result = CliRunner().invoke(main, [*arguments, "--best"])
    assert (result.exit_code, result.stderr) == (0, "")
    (tmp_path / "run" / "best.json").unlink()
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "there are no weights of a best loss that could be used in their place" in result.stderr


def test_what_is_no_number_on_the_way_is_told(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finite weights, and yet: what has been written stays, and a line says why it ends."""
    read, calls = TextReader.read, list[int]()

    def broken(self: TextReader, characters: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return read(self, characters) * (math.nan if len(calls) > 2 else 1)

    monkeypatch.setattr(TextReader, "read", broken)
    result = run(str(kept), "--prime", "a")
    assert (result.exit_code, len(result.stdout)) == (2, 1 + 3 + 1)
    assert "after 3 characters, the probabilities are not numbers (NaN)" in result.stderr
