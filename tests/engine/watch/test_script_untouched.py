"""A script that is watched computes the same to the bit, keeps no more memory, and never meets an error of ours."""

import gc
import random
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
)

from rnn_tui.engine.watch import hooks, watch_host
from rnn_tui.engine.watch.observer import Observer
from rnn_tui.engine.watch.watch_pictures import WatchPictures
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.reading import ReadingAsk
from rnn_tui.protocol.inspect.saliency import SaliencyAsk
from rnn_tui.protocol.inspect.space import SpaceAsk
from tests.engine.watch.test_numbers import show
from tests.scripts.people import SCRIPTS, Script, own_random_numbers, run_here

POSSIBLE = [script for script in SCRIPTS.values() if script.is_possible and script.code == 0]
UPDATES = 50
_LOOK_EVERY = 4  # backwards


@contextmanager
def modules_called() -> Iterator[list[nn.Module]]:
    """Collect all modules of the script that are called, in their order."""
    found: dict[int, nn.Module] = {}

    def called(module: nn.Module, *_: object) -> None:
        if not hooks.is_telling():  # by the script
            found.setdefault(id(module), module)

    hook = register_module_forward_hook(called)
    every: list[nn.Module] = []
    try:
        yield every
    finally:
        hook.remove()
        every += found.values()


def _bits(script: str, updates: int) -> dict[str, Any]:
    """Run a script; return all that it leaves behind."""
    with modules_called() as modules:
        printed = run_here(script, "--updates", updates)
    numbers: dict[str, Any] = {"printed": printed}
    for at, module in enumerate(modules):
        for name, weight in module.named_parameters(recurse=False):
            numbers[f"{at} {name}"] = weight.detach().clone()
            numbers[f"{at} {name} gradient"] = None if weight.grad is None else weight.grad.clone()
            numbers[f"{at} {name} hooks"] = (weight._backward_hooks, weight.requires_grad, weight.is_leaf)
        for name, buffer in module.named_buffers(recurse=False):
            numbers[f"{at} {name}"] = buffer.clone()
        numbers[f"{at} itself"] = (module.training, sorted(module.__dict__), len(module._forward_hooks))
    numbers["torch's generator"] = torch.get_rng_state()
    numbers["numpy's generator"] = np.random.get_state(legacy=False)["state"]["key"]
    numbers["python's generator"] = random.getstate()
    numbers["flags"] = (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.is_anomaly_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.backends.cudnn.enabled,
        torch.backends.cudnn.benchmark,
        torch.backends.cudnn.deterministic,
    )
    return numbers


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else bool(one == other)


_alone: dict[str, dict[str, Any]] = {}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("looked_at", [False, True], ids=["nobody looks", "looked at"])
@pytest.mark.parametrize("script", POSSIBLE, ids=lambda script: script.name)
def test_fifty_updates_are_the_same_to_the_bit(
    script: Script, looked_at: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates = -(-UPDATES // script.backwards)
    with own_random_numbers():
        if script.name not in _alone:
            _alone[script.name] = _bits(script.name, updates)
        frames = 0

        def moment(host: watch_host.WatchHost) -> None:
            nonlocal frames
            host.pictures.count_pass(0.0)
            host.observer.wanted = True
            if host.observer.passes % _LOOK_EVERY == 1:
                for _, shown in show(host):
                    assert shown.frame.status.loss is not None
                    frames += 1

        if looked_at:
            monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
        with Watcher().start() as watcher:
            watched = _bits(script.name, updates)
            assert not watcher._host.control.closing  # it has not ended itself
    assert frames >= 12 * looked_at
    alone = _alone[script.name]
    assert watched.keys() == alone.keys()
    different = [name for name, value in alone.items() if not _same(value, watched[name])]
    assert not different


class Tensors:
    """Knows the tensors that modules return, and how many passes ago; it keeps none of them."""

    def __init__(self) -> None:
        self.passes = 0
        self._refs: list[tuple[int, weakref.ref[Tensor]]] = []

    def note(self, _: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        """Note what a module reads and returns."""
        parts = [*inputs, *(output if isinstance(output, tuple) else (output,))]
        self._refs += [(self.passes, weakref.ref(each)) for each in parts if isinstance(each, Tensor)]

    def older(self, than: int) -> int:
        """Return how many live that are older than so many passes."""
        gc.collect()
        return len({id(ref()) for at, ref in self._refs if self.passes - at > than and ref() is not None})


class Model(nn.Module):
    """A small network, with something of its own behind each of its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.rnn = nn.LSTM(4, 6)
        self.cell = nn.GRUCell(6, 6)
        self.head = nn.Linear(6, 7)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        output, _ = self.rnn(self.embedding(x))
        h = output[0]
        for step in output:
            h = self.cell(step, h)
        return self.head(h), h


@pytest.mark.parametrize("keeps", ["nothing", "states", "losses"])
def test_what_the_script_lets_go_is_gone_two_passes_later(keeps: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it keeps a tensor of each pass itself, as people do to draw them later: that one alone lives."""

    def moment(host: watch_host.WatchHost) -> None:
        host.observer.wanted = True
        list(show(host))

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)

    def living() -> int:
        torch.manual_seed(0)
        model, tensors, kept = Model(), Tensors(), list[Tensor]()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        hook = register_module_forward_hook(tensors.note)
        for _ in range(6):
            logits, h = model(torch.randint(7, (5, 3)))
            loss = F.cross_entropy(logits, torch.randint(7, (3,)))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            kept += {"nothing": [], "states": [h], "losses": [loss]}[keeps]
            tensors.passes += 1
        del logits, h, loss
        hook.remove()
        return tensors.older(2)

    with own_random_numbers():
        alone = living()
        with Watcher().start():
            assert living() == alone


def test_a_model_that_is_gone_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def moment(host: watch_host.WatchHost) -> None:
        host.observer.wanted = True
        list(show(host))

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    with own_random_numbers(), Watcher().start():
        models = []
        for _ in range(3):
            model = Model()
            models.append(weakref.ref(model))
            for _ in range(3):
                F.cross_entropy(model(torch.randint(7, (5, 3)))[0], torch.randint(7, (3,))).backward()  # type: ignore[no-untyped-call]
            del model
        F.mse_loss(nn.RNN(2, 2)(torch.randn(3, 2))[0], torch.zeros(3, 2)).backward()  # type: ignore[no-untyped-call]
        gc.collect()
        assert [ref() for ref in models] == [None, None, None]


@pytest.mark.filterwarnings("ignore:Full backward hook")
def test_hooks_of_the_script_hear_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hooks for all modules and of one, before and after a call, also where they draw random numbers."""

    def moment(host: watch_host.WatchHost) -> None:
        host.observer.wanted = True
        list(show(host))
        asks = SaliencyAsk(step=0), SpaceAsk(), ReadingAsk(), GatesAsk(units=9), CellAsk(step=0)
        for number in range(len(host.observer.networks.all)):
            host.pictures.chosen = number
            host.pictures.look()
            host.pictures.frame(Wanted(count=9, units=9, layers=(0, 2), tensors=True, inside=asks))

    def heard() -> tuple[list[str], Tensor]:
        names = list[str]()

        def hear(name: str) -> None:
            names.append(name)
            torch.rand(1)

        torch.manual_seed(3)
        model = Model()
        handles = [
            register_module_forward_hook(lambda module, *_: hear(type(module).__name__)),
            register_module_forward_pre_hook(lambda module, *_: hear(f"{type(module).__name__} begins")),
            register_module_full_backward_hook(lambda module, *_: hear(f"{type(module).__name__} backward")),
        ]
        for part in (model.head, model.rnn, model.cell):
            part.register_forward_pre_hook(lambda *_: hear("begins"))
            part.register_forward_hook(lambda *_: hear("ends"))
        for _ in range(2):
            F.cross_entropy(model(torch.randint(7, (5, 3)))[0], torch.randint(7, (3,))).backward()  # type: ignore[no-untyped-call]
        for each in handles:
            each.remove()
        return names, torch.get_rng_state()

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    with own_random_numbers():
        alone = heard()
        with Watcher().start():
            watched = heard()
    assert watched[0] == alone[0]
    assert torch.equal(watched[1], alone[1])


OURS: list[tuple[type, str]] = [
    (Observer, "calling"),
    (Observer, "called"),
    (Observer, "lost"),
    (Observer, "backward_done"),
    (Observer, "before_step"),
    (Observer, "after_step"),
    (WatchPictures, "look"),
    (WatchPictures, "frame"),
    (WatchPictures, "opened"),
    (WatchPictures, "count_pass"),
]


@pytest.mark.parametrize(("owner", "name"), OURS, ids=lambda each: each if isinstance(each, str) else each.__name__)
def test_an_error_of_ours_is_none_of_the_script(
    owner: type, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with own_random_numbers():
        alone = _bits("language_model", 8)
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def fails(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise RuntimeError("an error of ours")
        return original(*args, **kwargs)

    def moment(host: watch_host.WatchHost) -> None:
        host.pictures.count_pass(0.0)
        host.observer.wanted = True
        list(show(host))

    monkeypatch.setattr(owner, name, fails)
    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    threads = threading.active_count()
    with own_random_numbers(), Watcher().start():
        watched = _bits("language_model", 8)
    assert calls > 2
    assert not [each for each, value in alone.items() if not _same(value, watched[each])]
    assert threading.active_count() == threads
    assert "an error of ours" in caplog.text
