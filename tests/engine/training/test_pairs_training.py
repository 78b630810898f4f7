"""Pairs of different lengths: padding never counts, and what is held out is never learnt."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from rnn_tui.engine.answers.shapes import checks, tensor_facts
from rnn_tui.engine.inspect.recompute import end_of_row
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.batches_on_device import PairsDataset
from rnn_tui.engine.training.held_out_eval import HeldOutEvaluator, Score
from rnn_tui.engine.training.prediction import predicted_text, right_rows
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment, Task
from rnn_tui.experiment.task_layout import laid_out
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.saliency import SaliencyAsk, SaliencyFacts
from tests.engine.by_steps import pass_by_steps
from tests.examples import examples

KINDS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
TASKS: dict[Task, list[tuple[str, str]]] = {
    "many-to-many": [("ab", "xy"), ("abcab", "yxyxx"), ("c", "x")],
    "many-to-one": [("ab", "x"), ("abcab", "y"), ("c", "x")],
    "one-to-many": [("ab", "x"), ("c", "yxyx"), ("cab", "xy")],
}


def on_pairs(task: Task, pairs: list[tuple[str, str]], *, file: Path, network: dict[str, Any] | None = None,
             training: dict[str, Any] | None = None, **data: Any) -> Experiment:  # fmt: skip
    """A small network on pairs in a file."""
    path = file / "pairs.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in pairs))
    return from_dict(
        {
            "data": {"pairs": str(path), "task": task} | data,
            "network": {"cell": "lstm", "hidden_size": 5, "head": "linear"} | (network or {}),
            "training": {"tick": "sequence", "reduction": "mean", "lr": 0.02, "epochs": 0} | (training or {}),
            "run": {"device": "cpu"},
        }
    )


class Alone:
    """The network of a trainer as plain modules in float64, reading one pair at a time."""

    def __init__(self, trainer: Trainer) -> None:
        network = trainer.experiment.network
        self.dataset, self.vocabulary = trainer.experiment.data.task, trainer.experiment.vocabulary
        classes = len(self.vocabulary)
        self.embedding = nn.Embedding(classes, network.embedding) if network.embedding else None
        width = network.embedding or classes
        self.recurrent = KINDS[network.cell](width, network.hidden_size, network.layers)
        self.head = nn.Linear(network.hidden_size, classes)
        parts = [*([self.embedding] if self.embedding is not None else []), self.recurrent, self.head]
        self.parameters = [each for part in parts for each in part.double().parameters()]
        for mine, theirs in zip(self.parameters, trainer.model.parameters(), strict=True):
            mine.data.copy_(theirs.data)

    def read(self, source: str, target: str) -> tuple[Tensor, Tensor, Any]:
        """The logits where something is said (n, C), what is to be said (n,), and the state at the end."""
        reads, begin, says = laid_out(self.dataset, source, target)
        x = torch.tensor([self.vocabulary.index(each) for each in reads])
        embedded = F.one_hot(x, len(self.vocabulary)).double() if self.embedding is None else self.embedding(x)
        output, state = self.recurrent(embedded)
        logits = self.head(output)[begin : begin + len(says)]
        return logits, torch.tensor([self.vocabulary.index(each) for each in says]), state

    def loss(self, pairs: list[tuple[str, str]], reduction: str) -> Tensor:
        """The mean over all characters that are to be said, or their sum over the number of pairs."""
        found = [self.read(*pair)[:2] for pair in pairs]
        nats = sum((F.cross_entropy(logits, y, reduction="sum") for logits, y in found), torch.zeros(()))
        return nats / (sum(len(y) for _, y in found) if reduction == "mean" else len(pairs))


def gradients(trainer: Trainer) -> list[Tensor]:
    return [each.grad.double() for each in trainer.model.parameters() if each.grad is not None]


WORD = st.text("abc", min_size=1, max_size=5)


@given(
    pairs=st.lists(st.tuples(WORD, WORD), min_size=1, max_size=5, unique=True),
    task=st.sampled_from(sorted(TASKS)),
    cell=st.sampled_from(sorted(KINDS)),
    implementation=st.sampled_from(["fused", "cell", "written-out"]),
    reduction=st.sampled_from(["sum", "mean"]),
    tick=st.sampled_from(["character", "sequence"]),
    embedding=st.sampled_from([0, 3]),
    batch_first=st.booleans(),
    more=st.integers(0, 3),
)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_loss_and_gradients_are_those_of_each_pair_alone(
    tmp_path: Path, pairs: list[tuple[str, str]], task: Task, cell: str, implementation: str, reduction: str, tick: str,
    embedding: int, batch_first: bool, more: int,
) -> None:  # fmt: skip
    """However it is padded: the mean over the characters that are to be said, and nothing else."""
    fit: dict[Task, Callable[[str, str], str]] = {
        "many-to-many": lambda a, b: (b * 5)[: len(a)],
        "many-to-one": lambda _, b: b[0],
        "one-to-many": lambda _, b: b,
    }
    pairs = [(source, fit[task](source, target)) for source, target in pairs]
    longest = max(len(laid_out(task, *pair)[0]) for pair in pairs)
    network = {"cell": cell, "embedding": embedding, "implementation": implementation, "batch_first": batch_first}
    training = {"reduction": reduction, "tick": tick}
    session = Session(on_pairs(task, pairs, file=tmp_path, network=network, training=training, length=longest + more))
    trainer = session.trainer
    assert trainer.length == longest + more
    alone = Alone(trainer)
    session.tick()
    while not trainer.at_end_of_pass:
        session.tick()
    loss = alone.loss(pairs, reduction)
    torch.autograd.backward(loss)
    assert trainer.total is not None
    assert trainer.total.item() == pytest.approx(loss.item(), rel=1e-5)
    per_character = alone.loss(pairs, "mean").item()
    assert session.losses.last() == pytest.approx(per_character, rel=1e-5)
    for mine, theirs in zip(gradients(trainer), alone.parameters, strict=True):
        torch.testing.assert_close(mine, theirs.grad, rtol=1e-4, atol=1e-6)
    again, _ = pass_by_steps(trainer)
    assert again.item() == pytest.approx(loss.item(), rel=1e-5)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_what_is_seen_of_a_row_ends_where_it_ends(tmp_path: Path, task: Task, tick: str) -> None:
    """Inputs, states, predictions and losses of each pair, and the state after its own last character."""
    pairs = TASKS[task]
    session = Session(on_pairs(task, pairs, file=tmp_path, training={"tick": tick}))
    trainer = session.trainer
    while not trainer.at_end_of_pass:
        session.tick()
    alone = Alone(trainer)
    vocabulary = session.experiment.vocabulary
    for row, pair in enumerate(pairs):
        reads, begin, says = laid_out(task, *pair)
        logits, y, state = alone.read(*pair)
        wanted = Wanted(row=row, count=99, top=2, units=9, layers=(0, 1), first=0)
        steps = session.probe.steps(wanted)
        assert [vocabulary[index] for index in steps.inputs[: len(reads)]] == list(reads)
        assert (steps.inputs[len(reads) :] == -1).all()
        due = np.flatnonzero(steps.targets != -1)
        assert due.tolist() == list(range(begin, begin + len(says)))
        assert len(steps.top) == len(steps.losses) == len(reads)
        expected = F.cross_entropy(logits, y, reduction="none").detach().numpy()
        np.testing.assert_allclose(steps.losses[due], expected, rtol=1e-4)
        assert np.delete(steps.losses, due).sum() == np.delete(steps.target_p, due).sum() == 0
        assert steps.right == int((logits.argmax(-1) == y).sum())
        assert steps.scored == steps.scored_fed == len(says)
        (states,) = session.probe.states(wanted)
        assert states.h.shape[1] == len(reads)
        np.testing.assert_allclose(states.h[:, -1], state[0][-1].detach().numpy(), atol=1e-6)
        h, c = end_of_row(trainer, row)
        torch.testing.assert_close(h[:, 0].double(), state[0], atol=1e-6, rtol=1e-5)
        torch.testing.assert_close(c[:, 0].double(), state[1], atol=1e-6, rtol=1e-5)
        (h_n,) = [each for each in tensor_facts(trainer, row) if each.name == "h_n"]
        assert h_n.values is not None
        np.testing.assert_allclose(h_n.values[0], state[0][-1].detach().numpy(), atol=1e-6)
    said = predicted_text(session.trainer).split(" ")
    assert [len(each) for each in said] == [len(laid_out(task, *pair)[2]) for pair in pairs]
    found = checks(trainer)
    assert found
    assert all(check.holds for check in found)
    assert any("without padding" in check.claim for check in found)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_gradients_through_time_leave_padding_out(tmp_path: Path, reduction: str) -> None:
    """‖∂L/∂h_t‖ of a short row, as autograd has it for that pair alone; and no saliency of what is not to be said."""
    pairs = TASKS["many-to-one"]
    session = Session(on_pairs("many-to-one", pairs, file=tmp_path, training={"reduction": reduction}))
    session.tick()
    ask = GradientsAsk(at=1, layer=0, direction=0)
    (facts,) = session.probe.inside(Wanted(row=0, count=9, first=0, inside=(ask,)))
    assert isinstance(facts, GradientsFacts)
    alone = Alone(session.trainer)
    x = F.one_hot(torch.tensor([session.experiment.vocabulary.index(each) for each in "ab"]), len(alone.vocabulary))
    first, state = alone.recurrent(x[:1].double())
    first.retain_grad()
    second, _ = alone.recurrent(x[1:].double(), (first, state[1]))
    second.retain_grad()
    target = torch.tensor([session.experiment.vocabulary.index("x")])
    (F.cross_entropy(alone.head(second), target) / 3).backward()  # type: ignore[no-untyped-call]
    assert first.grad is not None
    assert second.grad is not None
    expected = [each.grad.norm().item() for each in (first, second)]
    np.testing.assert_allclose(facts.flows[0].whole, expected, rtol=1e-4)
    (seen,) = session.probe.inside(Wanted(row=0, count=9, inside=(SaliencyAsk(step=0, output="target"),)))
    assert isinstance(seen, SaliencyFacts)
    assert "has no target" in seen.note
    assert len(seen.inputs) == 2


def test_slow_motion_goes_through_rows_of_any_length(tmp_path: Path) -> None:
    """A tick held phase by phase has the loss of a whole one."""
    for task, pairs in TASKS.items():
        slow, whole = (Session(on_pairs(task, pairs, file=tmp_path)) for _ in range(2))
        said = []
        while not slow.losses.last():
            slow.phases.next()
            for row in range(3):
                phase = slow.probe.phase(Wanted(row=row, count=9))
                assert phase is not None
                said.append(phase.words)
        whole.tick()
        assert slow.losses.last() == whole.losses.last()
        assert any("has ended" in words for words in said)
        assert any("this step has no target" in words for words in said)


def numbered(count: int) -> list[tuple[str, str]]:
    """Pairs that can be told apart by their first character."""
    return [(chr(0x4E00 + number) + "=" * (number % 3), "xyz"[: 1 + number % 3]) for number in range(count)]


@pytest.mark.parametrize("batch", [0, 4])
def test_what_is_held_out_is_never_learnt(tmp_path: Path, batch: int) -> None:
    """Check that training reads no character of it, and that its loss equals the loss of each pair alone."""
    pairs = numbered(20)
    session = Session(on_pairs("one-to-many", pairs, file=tmp_path, holdout=0.25, batch=batch))
    trainer, seen = session.trainer, set()
    assert isinstance(trainer.dataset, PairsDataset)
    for _ in range(30):
        session.tick()
        seen |= {
            session.experiment.vocabulary[index] for index in trainer.dataset.inputs.flatten().tolist() if index >= 0
        }
    kept, learnt = pairs[15:], pairs[:15]
    assert {source[0] for source, _ in learnt} <= seen
    assert not {source[0] for source, _ in kept} & seen
    before = [each.clone() for each in trainer.model.parameters()]
    score = Score()
    for _ in HeldOutEvaluator(trainer).evaluate(score, whole=True):
        pass
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.model.parameters(), strict=True))
    alone = Alone(trainer)
    found = [alone.read(*pair)[:2] for pair in kept]
    assert score.characters == sum(len(y) for _, y in found)
    assert score.nats / score.characters == pytest.approx(alone.loss(kept, "mean").item(), rel=1e-4)
    assert score.right == sum(int((logits.argmax(-1) == y).sum()) for logits, y in found)
    assert score.right_rows == sum(bool((logits.argmax(-1) == y).all()) for logits, y in found)
    assert score.rows == 5


@pytest.mark.parametrize("task", ["many-to-one", "one-to-many"])
def test_rows_are_learnt_like_pairs_of_a_file(tmp_path: Path, task: Task) -> None:
    """All of them in every pass, from the first loss to the last; what is said becomes known."""
    pairs = TASKS[task]
    of_file = on_pairs(task, pairs, file=tmp_path)
    rows = {"inputs": [source for source, _ in pairs], "targets": [target for _, target in pairs], "task": task}
    values = to_dict(of_file)
    of_rows = from_dict(values | {"data": rows})
    assert of_rows.length == max(len(laid_out(of_rows.data.task, *pair)[0]) for pair in pairs)
    assert of_rows.rows == 3
    one, other = Session(of_file), Session(of_rows)
    assert one.experiment.vocabulary == other.experiment.vocabulary
    for _ in range(150):
        one.tick()
        other.tick()
        assert one.losses.last() == other.losses.last()
    assert one.learnt == other.learnt is not None
    assert right_rows(one.trainer) == right_rows(other.trainer) == 3
    said = " ".join(laid_out(of_rows.data.task, *pair)[2] for pair in pairs)
    assert (
        predicted_text(one.trainer) == predicted_text(other.trainer) == one.branch.predictions.newest(1)[0].text == said
    )


def test_going_back_gives_the_same_batches_and_losses(tmp_path: Path) -> None:
    session = Session(on_pairs("one-to-many", numbered(20), file=tmp_path, batch=4))
    for _ in range(20):
        session.tick()
    loss, weights = session.losses.last(), [each.clone() for each in session.trainer.model.parameters()]
    session.go_to(7)
    session.go_to(20)
    assert session.trainer.total is not None
    assert session.trainer.total.item() == loss
    assert all(torch.equal(a, b) for a, b in zip(weights, session.trainer.model.parameters(), strict=True))
