"""What is shown of a script on a GPU: the past, updates, gradients under a scaler, breakpoints by their size."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine.watch import look_back, watch_host
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk
from rnn_tui.protocol.inspect.weights import WeightsAsk, WeightsFacts
from tests.engine.watch.test_look_back import Diary, H, Model, N, T, V, assert_all_is_as_it_was

UPDATES = WeightsAsk(kind="update", matrices=99, rows=99, columns=99)
GRADIENTS = WeightsAsk(kind="gradient", matrices=99, rows=99, columns=99)


class Loop:
    """Trains it on a device."""

    def __init__(self, device: str, *, scaled: bool = False) -> None:
        torch.manual_seed(5)
        self.model = Model(dropout=0.0).to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.05)
        self.scaler = torch.amp.GradScaler(device, init_scale=1024.0, enabled=scaled)
        self.device = device
        self.norms: list[float] = []  # ‖∂L/∂W‖, as torch's own function has it

    def update(self) -> None:
        x = torch.randint(V, (T, N)).to(self.device)
        self.optimizer.zero_grad()
        is_half = self.scaler.is_enabled() and self.device == "cuda"
        with torch.autocast(self.device, torch.float16, enabled=is_half):
            loss = F.cross_entropy(self.model(x).flatten(0, 1).float(), x.roll(-1, 0).flatten())
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.unscale_(self.optimizer)
        self.norms.append(float(nn.utils.clip_grad_norm_(self.model.parameters(), 1e9)))
        self.scaler.step(self.optimizer)
        self.scaler.update()


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s").mkdir(mode=0o700)
    monkeypatch.setenv("RNN_TUI_SOCKETS", str(tmp_path / "s"))
    monkeypatch.setattr(look_back, "_SPACING", 0.0)
    monkeypatch.setattr(look_back, "_SHARE", 1e9)


@pytest.fixture
def at_each_pass(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[watch_host.WatchHost], object]]:
    """Return what is done with each pass, which is captured."""
    moment, then = watch_host.WatchHost._moment, list[Callable[[watch_host.WatchHost], object]]()

    def looked_at(host: watch_host.WatchHost) -> None:
        host.observer.wanted = True
        moment(host)
        host.pictures.look()
        for each in then:
            each(host)
        host.keep_updates([UPDATES])

    monkeypatch.setattr(watch_host.WatchHost, "_moment", looked_at)
    return then


def shown(frame: Frame, kind: str) -> dict[str, Tensor]:
    """The values of a pane of weights by their names."""
    (facts,) = (each for each in frame.inside if isinstance(each, WeightsFacts) and each.kind == kind)
    return {
        each.name: torch.from_numpy(each.values.copy()).reshape(each.shape)
        for each in facts.matrices
        if each.values is not None
    }


def test_the_past_is_as_it_was_to_the_bit(gpu: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[Diary]()

    def look(diary: Diary) -> None:
        assert_all_is_as_it_was(diary)
        looked.append(diary)

    Diary(monkeypatch, then=look)
    with Watcher().start():
        loop = Loop(gpu)
        for _ in range(5):
            loop.update()
    assert looked


def test_updates_are_the_differences_of_the_weights(
    gpu: str, at_each_pass: list[Callable[[watch_host.WatchHost], object]]
) -> None:
    frames: list[Frame] = []
    at_each_pass.append(lambda host: frames.append(host.pictures.frame(Wanted(count=T, inside=(UPDATES,)))))
    with Watcher().start():
        loop = Loop(gpu)
        loop.update()
        loop.update()
        before = {name: each.detach().clone() for name, each in loop.model.named_parameters()}
        loop.update()
        moved = {name: (each.detach() - before[name]).cpu() for name, each in loop.model.named_parameters()}
        loop.update()
    found = shown(frames[-1], "update")
    assert len(found) == len(moved)
    for name, values in found.items():
        torch.testing.assert_close(values, moved[name].float(), rtol=0, atol=0)


def test_gradients_are_those_without_the_factor_of_a_scaler(
    gpu: str, at_each_pass: list[Callable[[watch_host.WatchHost], object]]
) -> None:
    frames, norms = list[Frame](), list[float | None]()
    wanted = Wanted(count=T, units=H, layers=(0, 2), inside=(GRADIENTS, GatesAsk(units=H), GradientsAsk(at=-1)))
    at_each_pass.append(lambda host: frames.append(host.pictures.frame(wanted)))
    at_each_pass.append(lambda host: norms.append(host.observer.gradient_norm(host.pictures.network)))
    with Watcher().start():
        loop = Loop(gpu, scaled=True)
        for _ in range(4):
            loop.update()
            gradients = {name: each.grad for name, each in loop.model.named_parameters()}
            assert not frames[-1].failures
            for name, values in shown(frames[-1], "gradient").items():
                expected = gradients[name]
                assert expected is not None
                torch.testing.assert_close(values, expected.cpu().float(), rtol=1e-5, atol=1e-9)
    assert norms == pytest.approx(loop.norms, rel=1e-4)
