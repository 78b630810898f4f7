"""The last update of a script: how far each weight was moved, against weights that are read before and after."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor, nn

from rnn_tui.engine.watch import last_update, watch_host
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.weights import WeightsAsk, WeightsFacts

T, N, E, H = 4, 3, 2, 5
UPDATE = WeightsAsk(kind="update", matrices=99, rows=99, columns=99)


class Model(nn.Module):
    """A network and its head."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(E, H)
        self.head = nn.Linear(H, 1)

    def loss(self, x: Tensor) -> Tensor:
        loss: Tensor = self.head(self.rnn(x)[0]).square().mean()
        return loss


class Shown:
    """Has every pass captured while updates are looked at, and keeps the frames."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.frames: list[Frame] = []
        self.looks = True
        monkeypatch.setattr(watch_host.WatchHost, "_moment", lambda host: self._moment(host))

    def _moment(self, host: watch_host.WatchHost) -> None:
        self.host = host
        host.pictures.look()
        self.frames.append(host.pictures.frame(Wanted(count=T, inside=(UPDATE,))))
        host.keep_updates([UPDATE] if self.looks else [])
        host.observer.wanted = True

    def update(self, number: int = -1) -> dict[str, np.ndarray]:
        """The update in a frame, by the names of the weights; without those that are not known."""
        (facts,) = self.frames[number].inside
        assert isinstance(facts, WeightsFacts)
        assert bool(facts.note) == all(each.values is None for each in facts.matrices)
        return {each.name: each.values.reshape(each.shape) for each in facts.matrices if each.values is not None}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    torch.manual_seed(2)
    return Shown(monkeypatch)


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    return {name: each.detach().clone() for name, each in model.named_parameters()}


def backward(model: Model) -> None:
    model.loss(torch.randn(T, N, E)).backward()  # type: ignore[no-untyped-call]


def adam(model: Model) -> Callable[[], object]:
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)

    def step() -> None:
        nn.utils.clip_grad_norm_(model.parameters(), 0.01)
        optimizer.step()

    return step


def two(model: Model) -> Callable[[], object]:
    one, other = torch.optim.SGD(model.rnn.parameters(), lr=0.1), torch.optim.Adam(model.head.parameters())

    def step() -> None:
        one.step()
        other.step()

    return step


def scaled(model: Model) -> Callable[[], object]:
    optimizer, scaler = torch.optim.SGD(model.parameters(), lr=0.1), torch.amp.GradScaler("cpu", init_scale=1.0)

    def step() -> None:
        scaler.scale(torch.zeros(()))
        scaler.step(optimizer)
        scaler.update()

    return step


@pytest.mark.parametrize("make", [adam, two, scaled])
def test_it_is_what_the_step_has_done(make: Callable[[Model], Callable[[], object]], shown: Shown) -> None:
    model = Model()
    step = make(model)
    with Watcher(model).start():
        for _ in range(3):
            backward(model)
            before = weights_of(model)
            step()
            after = weights_of(model)
        backward(model)
    assert not shown.update(0)  # nobody had looked at the one before
    found = shown.update()
    assert found.keys() == before.keys()
    for name, values in found.items():
        assert_allclose(values, after[name] - before[name], rtol=1e-6, atol=1e-9)
    (facts,) = shown.frames[-1].inside
    assert isinstance(facts, WeightsFacts)
    for each in facts.matrices:
        moved = (after[each.name] - before[each.name]).double().norm() / after[each.name].double().norm()
        assert each.relative == pytest.approx(float(moved), rel=1e-5)


def test_between_the_backwards_of_an_update_it_is_the_one_before(shown: Shown) -> None:
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Watcher(model).start():
        for _ in range(2):
            backward(model)
            before = weights_of(model)
            optimizer.step()
        after = weights_of(model)
        for _ in range(2):
            backward(model)
    for number in (-1, -2):
        for name, values in shown.update(number).items():
            assert_allclose(values, after[name] - before[name], rtol=1e-6, atol=1e-9)


def test_weights_that_are_moved_by_hand(shown: Shown) -> None:
    """Ignore an optimizer of other weights."""
    other = adam(Model())
    model = Model()
    with Watcher(model).start():
        for _ in range(3):
            model.zero_grad()
            backward(model)
            before = weights_of(model)
            with torch.no_grad():
                for weight in model.parameters():
                    assert weight.grad is not None
                    weight.sub_(0.1 * weight.grad)
        backward(model)
    del other
    for name, values in shown.update().items():
        assert_allclose(values, dict(model.named_parameters())[name].detach() - before[name], rtol=1e-6, atol=1e-9)
    assert len(shown.update()) == len(before)


def test_a_weight_that_no_optimizer_moves_has_none(shown: Shown) -> None:
    model = Model()
    optimizer = torch.optim.SGD(model.rnn.parameters(), lr=0.1)
    with Watcher(model).start():
        for _ in range(2):
            backward(model)
            optimizer.step()
        backward(model)
    assert shown.update().keys() == {name for name in weights_of(model) if name.startswith("rnn.")}


def test_nothing_is_copied_where_nobody_looks_at_it(shown: Shown) -> None:
    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Watcher(model).start():
        for shown.looks in (True, True, False, False):
            backward(model)
            optimizer.step()
        updates = shown.host.observer.last_update
        assert not updates._before
        assert not updates._moved
        assert not shown.update()


def test_before_passes_that_are_not_shown_it_is_copied_within_its_share_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, updates = Model(), last_update.LastUpdate()
    monkeypatch.setattr(last_update, "_SHARE", 1e-9)  # one copy, and then none for long
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    class Network:
        @staticmethod
        def model() -> nn.Module:
            return model

    updates.wanted, updates.network = True, Network()  # type: ignore[assignment]
    there = []
    for is_shown in (False, False, True):
        backward(model)
        updates.before_step(optimizer, is_shown=is_shown)
        optimizer.step()
        updates.after_step(optimizer)
        there.append(updates.of(model.parameters()) is not None)
    assert there == [True, False, True]  # an older one is not taken for the last
