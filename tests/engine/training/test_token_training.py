"""A text by words or bytes learns what a plain loop learns, and is kept, resumed and written from as any other."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from rnn_tui.cli.main import main
from rnn_tui.engine.answers.reading import reading_facts
from rnn_tui.engine.answers.sample import sample_facts
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.resume import load_run
from rnn_tui.engine.training.batches_on_device import TextDataset
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.reading import ReadingAsk
from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.runs.read_checkpoint import read_experiment
from tests.engine.kept_runs import advance, begin
from tests.engine.passes import focus_of
from tests.engine.text_runs import Notebook, on_text

pytestmark = pytest.mark.usefixtures("quick_disk")

TEXT = "The cat sat on the mat, the cat ran.\nA dog sat; the dog é ran on!\n" * 6


def by_words(text: str) -> list[int]:
    """A tokenizer of one's own: `<unk>` first, then by frequency."""
    words = re.findall(r"\n|\w+|\S", text)
    counts = Counter(words)
    order = ["<unk>", *sorted(counts, key=lambda word: (-counts[word], word))]
    return [order.index(word) for word in words]


def on_tokens(folder: Path, tokens: str) -> tuple[Experiment, list[int]]:
    experiment = on_text(folder, TEXT, tokens=tokens)
    return experiment, by_words(TEXT) if tokens == "word" else list(TEXT.encode())


@pytest.mark.parametrize("tokens", ["word", "byte"])
def test_losses_are_those_of_a_plain_loop(tmp_path: Path, tokens: str) -> None:
    experiment, indices = on_tokens(tmp_path, tokens)
    session = Session(experiment)
    dataset = session.trainer.dataset
    assert isinstance(dataset, TextDataset)
    notebook = Notebook(session.experiment, 256 if tokens == "byte" else max(indices) + 1)
    for _ in range(30):
        session.tick()
        starts = dataset.plan.starts(session.trainer.epoch, experiment.training.seed)
        loss = notebook.learn(np.stack([indices[start : start + 6] for start in starts]))
        assert session.losses.last() == pytest.approx(loss, rel=2e-5)
    assert session.experiment.data.unit == tokens


@pytest.mark.parametrize("tokens", ["word", "byte"])
def test_it_goes_on_as_if_it_had_never_stopped(tmp_path: Path, tokens: str) -> None:
    experiment, _ = on_tokens(tmp_path, tokens)
    whole = Session(experiment)
    session, checkpointer = begin(experiment, tmp_path / "run")
    advance(session, 20)
    checkpointer.close()
    again, _ = load_run(tmp_path / "run", read_experiment(tmp_path / "run"))
    advance(again, 40)
    advance(whole, 40)
    assert again.progress.tick == 40
    assert again.losses.last() == whole.losses.last()


@pytest.mark.parametrize(("tokens", "prime", "first"), [("word", "the zebra ran, ", "The"), ("byte", "é!", "T")])
def test_a_kept_run_writes(tmp_path: Path, tokens: str, prime: str, first: str) -> None:
    session, checkpointer = begin(on_tokens(tmp_path, tokens)[0], tmp_path / "run")
    advance(session, 60)
    checkpointer.close()
    found = CliRunner().invoke(main, ["sample", str(tmp_path / "run"), "--prime", prime, "--length", "12"])
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout.startswith(prime.rstrip())
    assert "  " not in found.stdout
    words = len(re.findall(r"\n|<unk>|\w+|\S", found.stdout.removesuffix("\n")))
    assert words == 4 + 12 if tokens == "word" else len(found.stdout) > len(prime)
    assert CliRunner().invoke(main, ["sample", str(tmp_path / "run"), "--length", "1"]).stdout.startswith(first)
    empty = CliRunner().invoke(main, ["sample", str(tmp_path / "run"), "--prime", " " if tokens == "word" else ""])
    assert (empty.exit_code, empty.stderr.count("\n")) == (2, 1)
    assert f"is empty; it must be of {tokens}s" in empty.stderr


def test_inside_words_stand_for_words(tmp_path: Path) -> None:
    session = Session(on_tokens(tmp_path, "word")[0])
    advance(session, 10)
    facts = sample_facts(focus_of(session.trainer), SampleAsk(prime="The zebra sat", length=5))
    names = session.experiment.tokenizer.names
    assert [names[index] for index in facts.prime] == ["The", "<unk>", "sat"]
    assert facts.note == ""
    assert "needs a word" in sample_facts(focus_of(session.trainer), SampleAsk(prime=" ")).note
    read = reading_facts(focus_of(session.trainer), ReadingAsk(characters=6))
    assert [names[index] for index in read.inputs] == ["The", "cat", "sat", "on", "the", "mat"]
