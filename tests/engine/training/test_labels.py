"""Pairs whose answers are labels: classes of their own, against a plain loop of torch, from the file to the screen."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.testing import assert_allclose
from torch import nn
from torch.nn import functional as F

from rnn_tui.cli.main import main
from rnn_tui.data.load import load
from rnn_tui.engine.answers.gradients import gradients_facts
from rnn_tui.engine.answers.sample import sample_facts
from rnn_tui.engine.inspect.bptt import state_gradients
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.guessing import guessing
from rnn_tui.experiment.spec import Experiment, ExperimentError, Task
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.sample import SampleAsk
from tests.engine.kept_runs import advance, begin
from tests.engine.passes import focus_of
from tests.engine.training.test_pairs_training import on_pairs

pytestmark = pytest.mark.usefixtures("quick_disk")

PAIRS = [("ab", "yes"), ("cabb", "no"), ("a", "no idea"), ("bbc", "yes"), ("cc", "no"), ("bac", "no idea")]
LABELS = ("no", "no idea", "yes")


def on_labels(folder: Path, *, task: Task = "many-to-one", **more: Any) -> Experiment:
    """A small LSTM on those pairs."""
    return on_pairs(task, PAIRS, file=folder, **{"answers": "label"} | more)


class Plain(nn.Module):
    """What a course would write: an LSTM over each text by itself, and a linear layer on its last state."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        network = session.experiment.network
        torch.manual_seed(session.experiment.training.seed)
        self.embedding = nn.Embedding(3, network.embedding) if network.embedding else None
        self.lstm = nn.LSTM(network.embedding or 3, network.hidden_size)
        self.head = nn.Linear(network.hidden_size, 3)

    def forward(self, text: str) -> torch.Tensor:
        x = torch.tensor(["abc".index(each) for each in text])
        read = F.one_hot(x, 3).float() if self.embedding is None else self.embedding(x)
        self.h = self.lstm(read[:, None])[0]
        self.h.retain_grad()
        found: torch.Tensor = self.head(self.h[-1, 0])
        return found


@pytest.mark.parametrize("embedding", [0, 5])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_losses_are_those_of_a_plain_loop(tmp_path: Path, embedding: int, smoothing: float) -> None:
    training = {"lr": 0.05, "label_smoothing": smoothing, "optimizer": "sgd"}
    session = Session(on_labels(tmp_path, training=training, network={"embedding": embedding}))
    plain = Plain(session)
    assert session.experiment.data.labels == LABELS
    assert session.experiment.weights == sum(each.numel() for each in plain.parameters())
    for theirs, ours in zip(plain.parameters(), session.trainer.model.parameters(), strict=True):
        torch.testing.assert_close(theirs, ours)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.05)
    for _ in range(30):
        session.tick()
        logits = torch.stack([plain(source) for source, _ in PAIRS])
        wanted = torch.tensor([LABELS.index(target) for _, target in PAIRS])
        loss = F.cross_entropy(logits, wanted, label_smoothing=smoothing)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        assert session.losses.last() == pytest.approx(loss.item(), rel=2e-5)
    found = session.trainer.logits[-1][..., session.experiment.classes_from :]
    for row, (source, _) in enumerate(PAIRS):
        assert_allclose(found[len(source) - 1, row], logits[row].detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_gradients_through_time_are_those_of_autograd(tmp_path: Path, smoothing: float) -> None:
    session = Session(on_labels(tmp_path, training={"label_smoothing": smoothing}))
    plain = Plain(session)
    session.tick()
    rows = []
    losses = []
    for source, target in PAIRS:
        losses.append(
            F.cross_entropy(plain(source)[None], torch.tensor([LABELS.index(target)]), label_smoothing=smoothing)
        )
        rows.append(plain.h)
    torch.stack(losses).mean().backward()  # type: ignore[no-untyped-call]
    found = state_gradients(session.trainer)[0][0]
    last = [len(source) - 1 for source, _ in PAIRS]
    for row, at in enumerate(last):
        assert rows[row].grad is not None
        assert_allclose(found[at, row], rows[row].grad[-1, 0], rtol=1e-4, atol=1e-7)
    facts = gradients_facts(focus_of(session.trainer), GradientsAsk(at=-1))
    assert facts.flows


def test_what_is_shown_are_labels(tmp_path: Path) -> None:
    session = Session(on_labels(tmp_path, training={"lr": 0.1}))
    advance(session, 60)
    focus = focus_of(session.trainer)
    facts = sample_facts(focus, SampleAsk(prime="cabb", length=5))
    assert sorted(session.experiment.name_of(index) for index in facts.next) == list(LABELS)
    assert sum(facts.next_p) == pytest.approx(1, abs=1e-6)
    assert [session.experiment.name_of(index) for index in facts.greedy] == ["no"]
    assert session.trainer.dataset.targets is not None
    assert session.trainer.dataset.text(session.trainer.dataset.targets) == "yes no no idea yes no no idea"
    assert guessing(session.trainer) == pytest.approx(np.log(3))


def test_a_kept_run_answers_with_a_label(tmp_path: Path) -> None:
    experiment = on_labels(tmp_path, training={"lr": 0.1}, holdout=0.0)
    session, checkpointer = begin(experiment, tmp_path / "run")
    advance(session, 80)
    checkpointer.close()
    for source, target in PAIRS:
        found = CliRunner().invoke(main, ["sample", str(tmp_path / "run"), "--prime", source])
        assert (found.exit_code, found.stdout) == (0, f"{target}\n")


@pytest.mark.parametrize(
    ("more", "path", "complaint"),
    [
        ({"task": "many-to-many"}, "data.answers", "one label answers to a whole input"),
        ({"labels": ("yes", "no")}, "data.labels", "lacks 'no idea': it must hold every label"),
        ({"labels": ("yes", "no", "no idea", "no")}, "data.labels", "'no' more than once"),
        ({"answers": "token"}, "data.pairs", "line 1 has 3 characters to predict: .*--answers label makes"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, more: dict[str, Any], path: str, complaint: str) -> None:
    with pytest.raises(ExperimentError, match=complaint) as error:
        load(on_labels(tmp_path, **more))
    assert error.value.path == path


def test_one_label_is_no_choice(tmp_path: Path) -> None:
    (tmp_path / "one.tsv").write_text("a\tx\nb\tx\n")
    data = {"pairs": str(tmp_path / "one.tsv"), "task": "many-to-one", "answers": "label"}
    with pytest.raises(ExperimentError, match="all targets are 'x'"):
        load(from_dict({"data": data, "network": {"head": "linear"}, "training": {"tick": "sequence"}}))


def test_labels_of_your_own_set_the_order_and_words_are_read(tmp_path: Path) -> None:
    found = load(on_labels(tmp_path, labels=("yes", "no idea", "maybe", "no"), tokens="word")).experiment
    assert (found.classes, found.features, found.classes_from) == (4, 7, 7)
    assert [found.name_of(index) for index in (7, 10)] == ["yes", "no"]
    assert found.tokenizer.names[0] == "<unk>"
    assert set(found.tokenizer.names[1:]) == {source for source, _ in PAIRS}
