"""What a script predicts at each time step: numbers, chances of yes and no, and targets that are shifted by one."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.testing import assert_allclose, assert_array_equal
from torch import Tensor, nn

import rnn_tui
from rnn_tui.engine.watch import watch_host
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame import SeriesNumbers, Steps
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.saliency import SaliencyAsk, SaliencyFacts

T, N, E, H, V = 6, 4, 3, 5, 7
ROW = 2


@pytest.fixture(autouse=True)
def frames(monkeypatch: pytest.MonkeyPatch) -> list[Frame]:
    """A frame after each backward."""
    torch.manual_seed(11)
    made: list[Frame] = []

    def moment(host: watch_host.WatchHost) -> None:
        host.pictures.look()
        ask = SaliencyAsk(step=-1, output="target")
        made.append(host.pictures.frame(Wanted(row=ROW, first=0, count=T, top=9, tensors=True, inside=(ask,))))
        host.observer.wanted = True

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    return made


class Model(nn.Module):
    """A GRU and a head over numbers, or over tokens."""

    def __init__(self, outputs: int, *, batch_first: bool = True, tokens: int = 0) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, E) if tokens else nn.Identity()
        self.gru = nn.GRU(E, H, batch_first=batch_first)
        self.head = nn.Linear(H, outputs)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.gru(self.embedding(x))[0]
        return output

    def read_out(self, x: Tensor) -> Tensor:
        outputs: Tensor = self.head(self(x))
        return outputs


def learn(model: nn.Module, loss: Callable[[], Tensor]) -> None:
    with rnn_tui.watch(model):
        loss().backward()  # type: ignore[no-untyped-call]


def steps_of(frames: list[Frame]) -> Steps:
    (frame,) = frames
    assert not frame.failures
    assert frame.steps is not None
    return frame.steps


def numbers_of(frames: list[Frame]) -> SeriesNumbers:
    numbers = steps_of(frames).numbers
    assert numbers is not None
    return numbers


# ---- numbers --------------------------------------------------------------------------------------------------------

LOSSES = "mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"
SHAPES: dict[str, Callable[[Tensor], Tensor]] = {
    "(N, T, 1)": lambda values: values,
    "(N, T)": lambda values: values.squeeze(-1),
    "(N*T, 1)": lambda values: values.reshape(-1, 1),
    "(N*T,)": lambda values: values.flatten(),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.sampled(12)
def test_numbers_and_their_targets(name: str, shape: str, batch_first: bool, frames: list[Frame]) -> None:
    model, size = Model(1, batch_first=batch_first), (N, T) if batch_first else (T, N)
    x, y = torch.randn(*size, E), torch.randn(*size, 1)
    put = SHAPES[shape]
    learn(model, lambda: getattr(F, name)(put(model.read_out(x)), put(y)))
    numbers = numbers_of(frames)
    row = (ROW,) if batch_first else (slice(None), ROW)
    assert_allclose(numbers.truth, y[row][:, 0])
    assert_allclose(numbers.predicted, model.read_out(x)[row][:, 0].detach(), rtol=1e-5)
    assert (numbers.of, len(numbers.values)) == (1, 0)


def test_a_single_number_that_is_read_stands_there_too(frames: list[Frame]) -> None:
    gru, x = nn.GRU(1, 1), torch.randn(T, N, 1)
    learn(gru, lambda: F.mse_loss(gru(x)[0], x))
    assert_allclose(numbers_of(frames).values, x[:, ROW, 0])


def test_of_several_numbers_the_first(frames: list[Frame]) -> None:
    model, x, y = Model(3), torch.randn(N, T, E), torch.randn(N, T, 3)
    learn(model, lambda: F.mse_loss(model.read_out(x), y))
    numbers = numbers_of(frames)
    assert numbers.of == 3
    assert_allclose(numbers.truth, y[ROW, :, 0])
    assert_allclose(numbers.predicted, model.read_out(x)[ROW, :, 0].detach(), rtol=1e-5)
    shapes = {each.name: each.shape for each in frames[0].tensors}
    assert shapes["prediction"][-1] == 3


@pytest.mark.parametrize("outputs", [1, 2, T])
def test_a_number_for_each_row_stands_at_its_end(outputs: int, frames: list[Frame]) -> None:
    """As many numbers as time steps are no time steps, where one nn.Linear has made them of the last state."""
    model, x, y = Model(outputs), torch.randn(N, T, E), torch.randn(N, outputs)
    learn(model, lambda: F.mse_loss(model.head(model(x)[:, -1]), y))
    numbers = numbers_of(frames)
    assert numbers.of == outputs
    assert_array_equal(np.isnan(numbers.truth), [True] * (T - 1) + [False])
    assert numbers.truth[-1] == y[ROW, 0]
    assert_allclose(numbers.predicted[-1], model.read_out(x)[ROW, -1, 0].item(), rtol=1e-5)


def test_numbers_of_packed_rows(frames: list[Frame]) -> None:
    model, x, lengths = Model(1), torch.randn(N, T, E), torch.tensor([3, 6, 4, 2])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    y = torch.randn(int(lengths.sum()), 1)
    learn(model, lambda: F.mse_loss(model.head(model.gru(packed)[0].data), y))
    numbers = numbers_of(frames)
    padded, _ = nn.utils.rnn.pad_packed_sequence(
        nn.utils.rnn.PackedSequence(y, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
    )
    assert_allclose(numbers.truth[: lengths[ROW]], padded[: lengths[ROW], ROW, 0])
    assert np.isnan(numbers.truth[lengths[ROW] :]).all()
    assert len(numbers.predicted) == lengths[ROW]


def test_a_loss_for_each_step_of_a_loop(frames: list[Frame]) -> None:
    cell, head, x, y = nn.GRUCell(E, H), nn.Linear(H, 1), torch.randn(T, N, E), torch.randn(T, N, 1)
    made: list[Tensor] = []

    def loss() -> Tensor:
        h, total = torch.zeros(N, H), torch.zeros(())
        for step, target in zip(x, y, strict=True):
            h = cell(step, h)
            made.append(head(h))
            total = total + F.l1_loss(made[-1], target)
        return total

    learn(cell, loss)
    numbers = numbers_of(frames)
    assert_allclose(numbers.truth, y[:, ROW, 0])
    assert_allclose(numbers.predicted, torch.stack(made)[:, ROW, 0].detach())


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_what_torch_has_stretched_belongs_to_no_step(frames: list[Frame]) -> None:
    model, x, y = Model(1), torch.randn(N, T, E), torch.randn(N, 1, 1)
    learn(model, lambda: F.mse_loss(model.read_out(x), y))
    assert steps_of(frames).numbers is None
    assert not len(steps_of(frames).targets)


def test_which_inputs_mattered_for_a_number(frames: list[Frame]) -> None:
    model, x, y = Model(1), torch.randn(N, T, E), torch.randn(N, T, 1)
    learn(model, lambda: F.mse_loss(model.read_out(x), y))
    (facts,) = frames[0].inside
    assert isinstance(facts, SaliencyFacts)
    read = x.clone().requires_grad_()
    (by_x,) = torch.autograd.grad(model.read_out(read)[ROW, -1, 0], read)
    assert_allclose(facts.values, (by_x * x)[ROW].sum(-1), rtol=1e-4, atol=1e-7)
    assert facts.predicted == pytest.approx(model.read_out(x)[ROW, -1, 0].item(), rel=1e-5)


# ---- yes and no -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_logits", [True, False])
@pytest.mark.parametrize("at_end", [True, False])
def test_a_chance_of_yes_is_one_of_two_classes(with_logits: bool, at_end: bool, frames: list[Frame]) -> None:
    model, x = Model(1, tokens=V), torch.randint(V, (N, T))
    y = torch.randint(2, (N,) if at_end else (N, T)).float()

    def outputs() -> Tensor:
        z: Tensor = model.read_out(x).squeeze(-1)
        return z[:, -1] if at_end else z

    def loss() -> Tensor:
        if with_logits:
            return F.binary_cross_entropy_with_logits(outputs(), y)
        return F.binary_cross_entropy(outputs().sigmoid(), y)

    learn(model, loss)
    steps, p = steps_of(frames), model.read_out(x)[ROW, :, 0].sigmoid().detach()
    wanted = torch.full((T,), -1) if at_end else y[ROW].long()
    if at_end:
        wanted[-1] = int(y[ROW])
    there = wanted >= 0
    assert steps.targets.tolist() == torch.where(there, wanted + V, -1).tolist()  # tokens come first
    right = torch.where(wanted == 1, p, 1 - p)[there]
    assert_allclose(steps.target_p[there.numpy()], right, rtol=1e-5)
    assert_allclose(steps.losses[there.numpy()], -right.log(), rtol=1e-4)
    assert steps.top.shape == (T, 2)  # no token is among the likeliest answers
    assert_array_equal(np.sort(steps.top, 1), [[V, V + 1]] * T)
    likeliest = torch.stack((1 - p, p), -1).max(-1)
    assert_array_equal(steps.top[there.numpy(), 0], likeliest.indices[there] + V)
    assert_allclose(steps.top_p[there.numpy(), 0], likeliest.values[there], rtol=1e-5)


def test_which_tokens_mattered_for_yes(frames: list[Frame]) -> None:
    model, x = Model(1, tokens=V), torch.randint(V, (N, T))
    learn(model, lambda: F.binary_cross_entropy_with_logits(model.read_out(x)[..., 0], torch.ones(N, T)))
    (facts,) = frames[0].inside
    assert isinstance(facts, SaliencyFacts)
    read = model.embedding(x).detach().requires_grad_()
    (by_x,) = torch.autograd.grad(model.head(model.gru(read)[0])[ROW, -1, 0], read)
    assert_allclose(facts.values, (by_x * read)[ROW].sum(-1).detach(), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("labels", [torch.full((N, T, 1), 0.5), torch.ones(N, T, 3)])
def test_soft_or_several_labels_are_no_class(labels: Tensor, frames: list[Frame]) -> None:
    model, x = Model(labels.shape[-1]), torch.randn(N, T, E)
    learn(model, lambda: F.binary_cross_entropy_with_logits(model.read_out(x), labels))
    assert not len(steps_of(frames).targets)


# ---- classes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["flat", "classes second", "step by step"])
@pytest.mark.parametrize("batch_first", [True, False])
def test_a_shifted_target_belongs_to_the_first_steps(form: str, batch_first: bool, frames: list[Frame]) -> None:
    """A language model that reads all of a text, and whose last output has nothing to be compared with."""
    model, ids = Model(V, batch_first=batch_first, tokens=V), torch.randint(V, (N, T) if batch_first else (T, N))
    time = 1 if batch_first else 0

    def loss() -> Tensor:
        logits = model.read_out(ids).narrow(time, 0, T - 1)
        targets = ids.narrow(time, 1, T - 1)
        if form == "flat":
            return F.cross_entropy(logits.reshape(-1, V), targets.reshape(-1))
        if form == "classes second":
            return F.cross_entropy(logits.transpose(1, 2), targets)
        pairs = zip(logits.unbind(time), targets.unbind(time), strict=True)
        return torch.stack([F.cross_entropy(*pair) for pair in pairs]).sum()

    learn(model, loss)
    steps = steps_of(frames)
    row = ids[ROW] if batch_first else ids[:, ROW]
    logits = model.read_out(ids)
    p = (logits[ROW] if batch_first else logits[:, ROW]).softmax(-1).detach()
    assert steps.inputs.tolist() == row.tolist()
    assert steps.targets.tolist() == [*row[1:].tolist(), -1]
    assert_allclose(steps.target_p[:-1], p[range(T - 1), row[1:]], rtol=1e-5)
    assert steps.scored == T - 1
    assert steps.right == int((p[:-1].argmax(-1) == row[1:]).sum())


def test_what_is_read_is_never_among_the_classes_of_an_answer(frames: list[Frame]) -> None:
    """Ask for more of the likeliest than there are classes."""
    model, x, y = Model(2, tokens=V), torch.randint(V, (N, T)), torch.randint(2, (N,))
    learn(model, lambda: F.cross_entropy(model.head(model(x)[:, -1]), y))
    steps = steps_of(frames)
    assert steps.top.shape == (T, 2)
    assert set(steps.top[-1].tolist()) == {V, V + 1}
    assert_allclose(steps.top_p[-1].sum(), 1, rtol=1e-5)
    logits = {each.name: each for each in frames[0].tensors}["logits"]
    assert logits.shape == (T, N, 2)
    assert logits.values is None  # they are known at the last step alone
    (facts,) = frames[0].inside
    assert isinstance(facts, SaliencyFacts)
    read = model.embedding(x).detach().requires_grad_()
    (by_x,) = torch.autograd.grad(model.head(model.gru(read)[0])[ROW, -1, y[ROW]], read)
    assert len(facts.values) in (0, T)
    if len(facts.values):
        assert_allclose(facts.values, (by_x * read)[ROW].sum(-1).detach(), rtol=1e-4, atol=1e-7)
