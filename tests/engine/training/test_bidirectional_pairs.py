"""A bidirectional network on pairs of different lengths: from the right, each row begins at its own end.

Everything is laid beside torch's own modules in float64, which read one pair at a time and so have no padding.
"""

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
from rnn_tui.engine.inspect.compare import compare
from rnn_tui.engine.inspect.focus import Focus
from rnn_tui.engine.inspect.recompute import end_of_row, recompute
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.batches_on_device import PairsDataset
from rnn_tui.engine.training.held_out_eval import HeldOutEvaluator, Score
from rnn_tui.engine.training.prediction import predicted_text, right_rows
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Task
from rnn_tui.experiment.task_layout import laid_out
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.saliency import SaliencyAsk
from rnn_tui.protocol.inspect.space import SpaceAsk
from tests.engine.by_steps import pass_by_steps, state_gradients
from tests.engine.training.test_pairs_training import KINDS, TASKS, gradients, on_pairs
from tests.examples import examples

REVERSED = [("abc", "cba"), ("de", "ed"), ("fghij", "jihgf"), ("k", "k")]
BOTH = {"bidirectional": True}


class Alone:
    """The network of a trainer as torch's own module in float64; each pair is read by itself."""

    def __init__(self, trainer: Trainer) -> None:
        network = trainer.experiment.network
        self.dataset, self.vocabulary = trainer.experiment.data.task, trainer.experiment.vocabulary
        classes = len(self.vocabulary)
        self.embedding = nn.Embedding(classes, network.embedding) if network.embedding else None
        width, size = network.embedding or classes, network.hidden_size
        self.recurrent = KINDS[network.cell](width, size, network.layers, bidirectional=True)
        self.head = nn.Linear(2 * size, classes)
        parts = [*([self.embedding] if self.embedding is not None else []), self.recurrent, self.head]
        self.parameters = [each for part in parts for each in part.double().parameters()]
        for mine, theirs in zip(self.parameters, trainer.model.parameters(), strict=True):
            mine.data.copy_(theirs.data)

    def x(self, source: str, target: str) -> Tensor:
        """(T, E) what the recurrent layers read."""
        reads, _, _ = laid_out(self.dataset, source, target)
        indices = torch.tensor([self.vocabulary.index(each) for each in reads])
        return F.one_hot(indices, len(self.vocabulary)).double() if self.embedding is None else self.embedding(indices)

    def said(self, source: str, target: str, output: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The logits where something is to be said (n, C), and what that is (n,)."""
        _, begin, says = laid_out(self.dataset, source, target)
        output = self.recurrent(self.x(source, target))[0] if output is None else output
        y = torch.tensor([self.vocabulary.index(each) for each in says])
        return self.head(output)[begin : begin + len(says)], y

    def loss(self, pairs: list[tuple[str, str]], reduction: str) -> Tensor:
        """As training has it: the mean over all that is to be said, or the sum over the rows."""
        found = [self.said(*pair) for pair in pairs]
        nats = torch.stack([F.cross_entropy(logits, y, reduction="sum") for logits, y in found]).sum()
        return nats / (sum(len(y) for _, y in found) if reduction == "mean" else len(pairs))


def ticked(
    folder: Path,
    pairs: list[tuple[str, str]] = REVERSED,
    task: Task = "many-to-many",
    *,
    ticks: int = 1,
    network: dict[str, Any] | None = None,
    training: dict[str, Any] | None = None,
    **data: Any,
) -> Session:
    both = BOTH | (network or {})
    session = Session(on_pairs(task, pairs, file=folder, network=both, training=training or {}, **data))
    for _ in range(ticks):
        session.tick()
    return session


@given(
    task=st.sampled_from(sorted(TASKS)),
    cell=st.sampled_from(sorted(KINDS)),
    layers=st.integers(1, 2),
    implementation=st.sampled_from(["fused", "written-out"]),
    reduction=st.sampled_from(["sum", "mean"]),
    embedding=st.sampled_from([0, 3]),
    batch_first=st.booleans(),
    more=st.integers(0, 2),
)
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_loss_and_gradients_are_those_of_each_pair_alone(
    tmp_path: Path, task: Task, cell: str, layers: int, implementation: str, reduction: str, embedding: int,
    batch_first: bool, more: int,
) -> None:  # fmt: skip
    pairs = TASKS[task]
    longest = max(len(laid_out(task, *pair)[0]) for pair in pairs)
    network = {"cell": cell, "layers": layers, "implementation": implementation, "embedding": embedding}
    session = ticked(
        tmp_path, pairs, task, network=network | {"batch_first": batch_first}, training={"reduction": reduction},
        length=longest + more,
    )  # fmt: skip
    trainer = session.trainer
    alone = Alone(trainer)
    loss = alone.loss(pairs, reduction)
    torch.autograd.backward(loss)
    assert trainer.total is not None
    assert trainer.total.item() == pytest.approx(loss.item(), abs=1e-6)
    for mine, theirs in zip(gradients(trainer), alone.parameters, strict=True):
        torch.testing.assert_close(mine, theirs.grad, rtol=1e-5, atol=1e-6)
    again, _ = pass_by_steps(trainer)
    assert again.item() == pytest.approx(loss.item(), abs=1e-6)
    for check in checks(trainer):
        assert check.holds, check


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("implementation", ["fused", "written-out"])
def test_states_are_those_of_each_pair_alone(tmp_path: Path, cell: str, layers: int, implementation: str) -> None:
    """In the tick itself, in all that computes it once more, and at the ends of the rows."""
    network = {"cell": cell, "layers": layers, "implementation": implementation}
    trainer = ticked(tmp_path, network=network).trainer
    alone, probe = Alone(trainer), ticked(tmp_path, network=network).probe
    several = recompute(trainer, 5)
    outputs = recompute(trainer, trainer.length, range(len(REVERSED)))
    for row, pair in enumerate(REVERSED):
        x = alone.x(*pair)
        own = len(x)
        output, state = alone.recurrent(x)
        logits = alone.head(output).detach()
        assert torch.allclose(torch.cat(trainer.logits)[:own, row].double(), logits, atol=1e-6)
        assert torch.allclose(several[-1].h[:own, row].double(), output.detach(), atol=1e-6)
        assert torch.allclose(outputs[-1].h[:own, row].double(), output.detach(), atol=1e-6)
        (shown,) = [each for each in tensor_facts(trainer, row) if each.name == "output"]
        assert shown.values is not None
        np.testing.assert_allclose(shown.values, output.detach()[:6, :6], atol=1e-6)
        ends = (end_of_row(trainer, row),) if cell != "lstm" else end_of_row(trainer, row)
        of_pass = (trainer.state,) if cell != "lstm" else trainer.state
        expected = (state,) if cell != "lstm" else state
        for mine, there, theirs in zip(ends, of_pass, expected, strict=True):
            assert torch.allclose(mine[:, 0].double(), theirs, atol=1e-6)
            assert torch.allclose(there[:, row].double(), theirs, atol=1e-6)
        if cell == "lstm":  # c of each layer and direction at its own end, and so all on the way
            left, right = (each.c for each in several[-1].directions)
            assert left is not None
            assert right is not None
            assert torch.allclose(left[own - 1, row].double(), state[1][-2], atol=1e-6)
            assert torch.allclose(right[0, row].double(), state[1][-1], atol=1e-6)
        states = probe.states(Wanted(row=row, first=0, count=99, units=9, layers=(layers - 1, 1)))
        for each, part in zip(states, output.detach().chunk(2, -1), strict=True):
            assert each.h.shape == (5, own)
            np.testing.assert_allclose(each.h, part.T, atol=1e-6)


@pytest.mark.parametrize("implementation", ["fused", "written-out"])
@pytest.mark.parametrize("cell", KINDS)
def test_a_random_first_state_and_dropout_keep_their_rows(tmp_path: Path, cell: str, implementation: str) -> None:
    """Each row has its own h_0 and its own masks, however the rows are sorted inside."""
    network = {"cell": cell, "layers": 2, "dropout": 0.4, "initial_state": "random", "implementation": implementation}
    trainer = ticked(tmp_path, network=network).trainer
    assert trainer.masks is not None
    layers = [
        KINDS[cell](len(trainer.experiment.vocabulary), 5, bidirectional=True),
        KINDS[cell](10, 5, bidirectional=True),
    ]
    for number, layer in enumerate(layers):
        for name, weight in layer.double().named_parameters():
            weight.data.copy_(getattr(trainer.model.recurrent, name.replace("l0", f"l{number}")).data)
    vocabulary = trainer.experiment.vocabulary
    parts = trainer.h_0 if isinstance(trainer.h_0, tuple) else (trainer.h_0,)
    assert trainer.model.head is not None
    total = 0.0
    for row, (source, target) in enumerate(REVERSED):
        read: Any = F.one_hot(torch.tensor([vocabulary.index(each) for each in source]), len(vocabulary)).double()
        for number, layer in enumerate(layers):
            before = tuple(part[2 * number : 2 * number + 2, row].double().contiguous() for part in parts)
            read = layer(read, before if cell == "lstm" else before[0])[0]
            if number == 0:
                read = read * trainer.masks[0, : len(source), row].double()
        logits = F.linear(read, trainer.model.head.weight.data.double(), trainer.model.head.bias.data.double())
        assert torch.allclose(torch.cat(trainer.logits)[: len(source), row].double(), logits, atol=1e-6)
        y = torch.tensor([vocabulary.index(each) for each in target])
        total += F.cross_entropy(logits, y, reduction="sum").item()
    assert trainer.total is not None
    assert trainer.total.item() == pytest.approx(total / sum(len(target) for _, target in REVERSED), abs=1e-6)
    again, _ = pass_by_steps(trainer)
    assert again.item() == pytest.approx(trainer.total.item(), abs=1e-6)


def focus(trainer: Trainer, row: int) -> Focus:
    own = trainer.dataset.steps(row)
    return Focus(observed=trainer, row=row, first=0, stop=trainer.length, fed=own)


@pytest.mark.parametrize("cell", KINDS)
def test_what_looks_inside_sees_the_row_alone(tmp_path: Path, cell: str) -> None:
    """Gates and equations, ‖∂L/∂h_t‖ of both directions, and saliency, as autograd has them for the pair alone."""
    session = ticked(tmp_path, network={"cell": cell})
    trainer, alone = session.trainer, Alone(session.trainer)
    said = sum(len(target) for _, target in REVERSED)
    norms = state_gradients(trainer)
    for row, pair in enumerate(REVERSED):
        x = alone.x(*pair).requires_grad_()
        own = len(x)
        output, _ = alone.recurrent(x)
        seen = focus(trainer, row)
        both = compare(seen.layers)[0]
        for direction, (h, _) in enumerate(both):
            part = output[:, direction * 5 : direction * 5 + 5].detach()
            assert torch.allclose(h.double(), part, atol=1e-6)
            assert torch.allclose(seen.cell(0, direction).h.double(), part, atol=1e-6)
        _, y = alone.said(*pair, output=output)
        (by_x,) = torch.autograd.grad(alone.head(output)[own - 1, int(y[-1])], x, retain_graph=True)
        wanted = Wanted(row=row, first=0, count=99, inside=(
            GradientsAsk(at=own - 1), SaliencyAsk(step=own - 1, output="target"), GatesAsk(direction=1),
            CellAsk(step=own - 1, direction=1, compare=True), SpaceAsk(rows=4, direction=1)))  # fmt: skip
        answers: Any = session.probe.inside(wanted)
        flow, saliency, gates, at_end, space = answers
        np.testing.assert_allclose(saliency.values, (by_x * x).sum(-1).detach(), atol=1e-6)
        assert gates.gates[0].values.shape == (5, own)
        assert at_end.compared.difference < 1e-6
        np.testing.assert_allclose(at_end.h_before, 0)  # from the right it begins here
        assert space.points.shape[0] == 4
        assert [each.direction for each in flow.flows] == [0, 1]
        expected = _by_states(alone, pair, said)
        for direction, each in enumerate(flow.flows):
            np.testing.assert_allclose(each.whole, expected[direction], rtol=1e-4, atol=1e-7)
            found = norms[0][direction][:, row].norm(dim=-1)
            np.testing.assert_allclose(found[:own], expected[direction], rtol=1e-4, atol=1e-7)
            assert (found[own:] == 0).all()


def _by_states(alone: Alone, pair: tuple[str, str], said: int) -> list[list[float]]:
    """‖∂L/∂h_t‖ of each direction of one layer: single cells in float64, and autograd."""
    kind = {"RNN_TANH": nn.RNNCell, "GRU": nn.GRUCell, "LSTM": nn.LSTMCell}[alone.recurrent.mode]
    x, parts = alone.x(*pair), []
    for end in ("", "_reverse"):
        cell = kind(x.shape[-1], 5).double()
        names = [name for name, _ in cell.named_parameters()]
        cell.load_state_dict({name: getattr(alone.recurrent, f"{name}_l0{end}").data for name in names})
        state, states = None, []
        for step in x.flip(0) if end else x:
            state = cell(step[None], state)
            states.append(state[0] if isinstance(state, tuple) else state)
        parts.append(states[::-1] if end else states)
    output = torch.stack([torch.cat(each, -1)[0] for each in zip(*parts, strict=True)])
    logits, y = alone.said(*pair, output=output)
    loss = F.cross_entropy(logits, y, reduction="sum") / said
    return [[float(grad.norm()) for grad in torch.autograd.grad(loss, states, retain_graph=True)] for states in parts]


def test_slow_motion_is_the_same_tick(tmp_path: Path) -> None:
    """The same loss; a row's padding is told as that in both directions, and its own end is where ← begins."""
    slow, whole = ticked(tmp_path, ticks=0), ticked(tmp_path)
    said: dict[int, list[str]] = {row: [] for row in range(4)}
    while not slow.losses.last():
        slow.phases.next()
        for row in said:
            phase = slow.probe.phase(Wanted(row=row, count=9))
            assert phase is not None
            said[row].append(phase.words)
            for state in slow.probe.states(Wanted(row=row, first=0, count=9, units=9, layers=(0, 1))):
                assert state.skip <= state.h.shape[1] <= slow.trainer.dataset.steps(row)
                assert np.isfinite(state.h).all()
    assert slow.losses.last() == whole.losses.last()
    assert any("has ended" in words for words in said[1])
    assert not any("has ended" in words for words in said[2])
    for row, own in ((1, 2), (2, 5)):
        begins = [words for words in said[row] if "←" in words and "h₀" in words]
        assert [words.partition(":")[0] for words in begins] == [f"t={own}"]


def test_what_is_held_out_is_judged_row_by_row(tmp_path: Path) -> None:
    pairs = REVERSED * 3
    session = ticked(tmp_path, pairs, holdout=0.5, batch=3, ticks=4, network={"layers": 2, "cell": "gru"})
    trainer, score = session.trainer, Score()
    assert isinstance(trainer.dataset, PairsDataset)
    for _ in HeldOutEvaluator(trainer).evaluate(score, whole=True):
        pass
    alone = Alone(trainer)
    kept = pairs[6:]
    found = [alone.said(*pair) for pair in kept]
    assert score.nats == pytest.approx(alone.loss(kept, "sum").item() * len(kept), rel=1e-6)
    assert score.right == sum(int((logits.argmax(-1) == y).sum()) for logits, y in found)
    assert score.rows == len(kept)


def test_it_learns_to_read_backwards(tmp_path: Path) -> None:
    """The case that was refused: the mirror image of each word, which only a row's own end can tell."""
    session = ticked(tmp_path, network={"hidden_size": 24}, ticks=250)
    assert right_rows(session.trainer) == 4
    assert predicted_text(session.trainer) == "cba ed jihgf k"
