"""Several networks in a script: which loss, which pass and which picture belong to which of them."""

import copy
import gc
import weakref
from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from numpy.testing import assert_allclose
from torch import Tensor, nn
from torch.nn.modules import module as torchs_hooks

from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from tests.scripts.people import own_random_numbers

T, N, E, H, V = 5, 3, 4, 6, 7
WANTED = Wanted(count=T, top=2, units=H, layers=(0, 1), first=0, row=1)


class Tagger(nn.Module):
    """A recurrent network with a head."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(E, H)
        self.head = nn.Linear(H, V)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.rnn(x)[0])
        return logits

    def loss(self) -> tuple[Tensor, Tensor]:
        """Return a loss on random numbers, and its targets."""
        targets = torch.randint(V, (T, N))
        return F.cross_entropy(self(torch.randn(T, N, E)).flatten(0, 1), targets.flatten()), targets


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    """Watch this process, with its own random numbers, as fast as pictures can be made."""
    with own_random_numbers(), Watcher().start() as watcher:
        torch.manual_seed(1)
        yield watcher


def look_at(watcher: Watcher, network: int) -> list[Frame]:
    """Look all the time; return where the frames go."""
    pictures, frames = watcher._host.pictures, list[Frame]()

    def show() -> None:
        frames.append(pictures.frame(WANTED))
        pictures.is_asked = watcher._host.observer.wanted = True

    pictures.chosen, pictures.is_asked, watcher._host.show = network, True, show
    return frames


def losses(watcher: Watcher, network: int) -> list[float]:
    observer = watcher._host.observer
    observer.losses.drain()
    return [*observer.losses_of(observer.networks.all[network])]


def backward(loss: Tensor, **options: bool) -> None:
    loss.backward(**options)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("clear", ["none", "zeros", "never"])
def test_a_loss_belongs_to_the_networks_that_its_gradient_reaches(watcher: Watcher, clear: str) -> None:
    one, other = Tagger(), Tagger()
    own: list[list[float]] = [[], []]
    for _ in range(4):
        both = one.loss()[0], other.loss()[0]  # both are called before the first backward
        for loss, model, mine in zip(both, (one, other), own, strict=True):
            backward(loss)
            mine.append(loss.item())
            if clear != "never":
                model.zero_grad(set_to_none=clear == "none")
        together = one.loss()[0] + other.loss()[0]
        backward(together)
        for mine in own:
            mine.append(together.item())
    assert [losses(watcher, 0), losses(watcher, 1)] == own


def test_gradients_that_are_returned_belong_to_the_networks_whose_weights_are_asked_for(watcher: Watcher) -> None:
    one, other = Tagger(), Tagger()
    first, second = (model.loss()[0] for model in (one, other))
    torch.autograd.grad(first, [*one.parameters()])
    torch.autograd.grad(second, other.parameters())  # type: ignore[call-overload] # torch takes a generator
    x = torch.randn(T, N, E, requires_grad=True)
    torch.autograd.grad(one(x).sum(), x)  # by what is read: nothing is learnt
    assert [losses(watcher, 0), losses(watcher, 1)] == [[first.item()], [second.item()]]
    assert watcher._host.observer.passes == 2


def test_a_network_that_learns_nothing_has_all_losses(watcher: Watcher) -> None:
    frozen, learns = nn.GRU(E, E).requires_grad_(False), Tagger()
    for _ in range(2):
        backward(learns(frozen(torch.randn(T, N, E))[0]).sum())
    assert losses(watcher, 0) == losses(watcher, 1)
    assert len(losses(watcher, 0)) == 2


@pytest.mark.parametrize("network", [0, 1])
def test_what_is_shown_is_of_the_backward_that_reaches_the_network(watcher: Watcher, network: int) -> None:
    """Both are called before the first backward; each frame has the network's own states, loss and targets."""
    models = Tagger(), Tagger()
    frames, expected = look_at(watcher, network), []
    for _ in range(6):
        x = torch.randn(T, N, E)
        targets = torch.randint(V, (2, T, N))
        both = [
            F.cross_entropy(model(x).flatten(0, 1), each.flatten()) for model, each in zip(models, targets, strict=True)
        ]
        h = models[network].rnn(x)[0][:, 1].T.detach()
        expected.append((both[network].item(), targets[network, :, 1].tolist(), h))
        for loss in both:
            backward(loss)
    assert len(frames) == 6
    by_loss = {loss: rest for loss, *rest in expected}
    for frame in frames:
        assert frame.steps is not None
        assert frame.status.loss in by_loss
        wanted, h = by_loss[frame.status.loss]
        assert (frame.steps.targets - frame.steps.targets.min()).tolist() == [each - min(wanted) for each in wanted]
        assert_allclose(frame.states[0].h, h, atol=1e-6)


def test_a_network_that_nothing_reaches_is_shown_after_a_while(watcher: Watcher) -> None:
    frozen, learns = nn.GRU(E, E).requires_grad_(False), Tagger()
    frames = look_at(watcher, 0)
    for _ in range(20):
        backward(learns(frozen(torch.randn(T, N, E))[0]).sum())
    assert len(frames) >= 5
    assert frames[-1].states


@pytest.mark.parametrize("kind", ["GRU", "LSTMCell"])
def test_a_second_backward_through_a_pass_shows_its_states(watcher: Watcher, kind: str) -> None:
    module, x = getattr(nn, kind)(E, H), torch.randn(1, N, E)
    frames = look_at(watcher, 0)
    for _ in range(2):
        h = module(x)[0] if kind == "GRU" else module(x[0])[0][None]
        backward(h.sum(), retain_graph=True)
        backward((h * h).sum())
    assert [each.status.tick for each in frames] == [1, 2, 3, 4]
    for frame in frames:
        assert_allclose(frame.states[0].h, h[:, 1].T.detach(), atol=1e-6)


@pytest.mark.parametrize("how", ["called anew", "stepped", "many passes", "nobody looks"])
def test_what_waits_for_a_backward_is_not_kept_long(watcher: Watcher, how: str) -> None:
    observer = watcher._host.observer
    one, other = nn.GRU(E, H), nn.GRU(E, H)
    optimizer = torch.optim.SGD(one.parameters())
    read = torch.randn(T, N, E)
    gone = weakref.ref(read)
    with torch.enable_grad():
        one(read)
    del read
    observer.wanted = how != "nobody looks"
    backward(other(torch.randn(T, N, E))[0].sum())
    assert (gone() is None) == (how == "nobody looks")
    if how == "called anew":
        one(torch.randn(T, N, E))
    elif how == "stepped":
        optimizer.step()
    else:
        for _ in range(4):
            observer.wanted = True
            backward(other(torch.randn(T, N, E))[0].sum())
    assert gone() is None


def test_modules_have_no_hooks_where_nobody_looks_and_all_are_known(watcher: Watcher) -> None:
    model, observer = Tagger(), watcher._host.observer

    def is_hooked() -> bool:
        return bool(torchs_hooks._global_forward_hooks or torchs_hooks._global_forward_pre_hooks)

    assert is_hooked()
    for _ in range(3):
        backward(model.loss()[0])
    assert not is_hooked()
    assert not torchs_hooks._global_forward_hooks_with_kwargs
    observer.wanted = True
    backward(model.loss()[0])
    assert is_hooked()  # for the next pass
    backward(model.loss()[0])
    assert not is_hooked()
    another = copy.deepcopy(model)
    assert is_hooked()  # until its name is known
    for _ in range(3):
        backward(another.loss()[0])
    assert not is_hooked()
    assert len(observer.networks.all) == 2
    assert [len(losses(watcher, each)) for each in range(2)] == [5, 3]


def test_a_model_that_takes_the_place_of_another_begins_a_curve_of_its_own(watcher: Watcher) -> None:
    observer = watcher._host.observer
    for _ in range(4):
        model = Tagger()
        for _ in range(3):
            loss = model.loss()[0]
            backward(loss)
        gc.collect()
        assert [each.name for each in observer.networks.all] == ["rnn"]
        assert len(losses(watcher, 0)) == 3
        assert losses(watcher, 0)[-1] == loss.item()
        del model, loss


def test_the_last_picture_stays_when_models_are_gone(watcher: Watcher) -> None:
    pictures, model = watcher._host.pictures, Tagger()
    frames = look_at(watcher, 0)
    for _ in range(2):
        backward(model.loss()[0])
    asked = FrameRequest(number=1)
    before, weights = pictures.opened(asked), sum(each.numel() for each in model.parameters())
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    pictures.end(0, "")
    after = pictures.opened(asked)
    assert before is not None
    assert after is not None
    assert after.subject == before.subject
    assert after.weights == before.weights == weights
    assert pictures.frame(WANTED).states is frames[-1].states


class Leaky(nn.Module):
    """A cell that somebody has written."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(E + H, H)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        after: Tensor = 0.5 * h + 0.5 * self.mix(torch.cat((x, h), 1)).tanh()
        return after


@pytest.mark.parametrize("learnt", [0, 1, 2])
def test_a_cell_that_has_begun_several_times_is_shown_once(watcher: Watcher, learnt: int) -> None:
    """As a critic reads what is real and what is made; of several the one that is learnt from."""
    cell, frames = Leaky(), look_at(watcher, 0)
    passes = []
    for _ in range(3):
        h, states = torch.zeros(N, H), []
        for step in torch.randn(T, N, E):
            h = cell(step, h)
            states.append(h)
        passes.append(torch.stack(states))
    backward(passes[learnt].sum())
    (frame,) = frames
    assert not frame.failures
    assert_allclose(frame.states[0].h, passes[learnt][:, 1].T.detach(), rtol=1e-6)
    assert frame.status.fed == T
