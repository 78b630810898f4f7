"""A loop on a GPU that is watched: its numbers are its own, and nothing waits for the GPU where nobody looks."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rnn_tui.engine.watch import watch_host
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts

T, N, E, H, C = 12, 5, 6, 16, 4
WANTED = Wanted(
    count=T, top=3, units=H, layers=(0, 2), first=0, row=2, inside=(GatesAsk(layer=1, units=H), GradientsAsk(at=-1))
)


class Model(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.rnn = getattr(nn, kind)(E, H, 2, batch_first=True)
        self.head = nn.Linear(H, C)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.rnn(x)[0])
        return logits


class Loop:
    def __init__(self, kind: str) -> None:
        torch.manual_seed(4)
        self.model = Model(kind).cuda()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.x, self.y = torch.randn(N, T, E).cuda(), torch.randint(C, (N, T)).cuda()

    def update(self) -> None:
        self.optimizer.zero_grad()
        F.cross_entropy(self.model(self.x).reshape(-1, C), self.y.reshape(-1)).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s").mkdir(mode=0o700)
    monkeypatch.setenv("RNN_TUI_SOCKETS", str(tmp_path / "s"))
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)  # the script's own choice, which pictures follow


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
def test_updates_are_the_same_to_the_bit_and_pictures_are_true(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[Frame] = []
    moment = watch_host.WatchHost._moment

    def looked_at(host: watch_host.WatchHost) -> None:
        host.observer.wanted = True
        moment(host)
        host.pictures.look()
        frames.append(host.pictures.frame(WANTED))

    monkeypatch.setattr(watch_host.WatchHost, "_moment", looked_at)
    alone, watched = Loop(kind), Loop(kind)
    for _ in range(50):
        alone.update()
    watcher = Watcher().start()
    for _ in range(50):
        watched.update()
    watcher.close()
    for one, other in zip(alone.model.parameters(), watched.model.parameters(), strict=True):
        assert torch.equal(one, other)

    frame, loop = frames[0], Loop(kind)  # the first pass again, on the CPU in float64, step by step
    assert not frame.failures
    model, x = loop.model.cpu().double(), loop.x.cpu().double()
    layers = [getattr(nn, kind)(E if not layer else H, H).double() for layer in range(2)]
    for layer, module in enumerate(layers):
        for name, weight in model.rnn.named_parameters():
            if name.endswith(f"_l{layer}"):
                getattr(module, name.replace(f"_l{layer}", "_l0")).data.copy_(weight.data)
    below, states = x.transpose(0, 1), []
    for module in layers:
        outputs, state = [], None
        for step in below:
            output, state = module(step[None], state)
            state = (output, state[1]) if isinstance(state, tuple) else output  # so that time goes through what is kept
            outputs.append(output)
        states.append(outputs)
        below = torch.cat(outputs)
    loss = F.cross_entropy(model.head(below).transpose(0, 1).reshape(-1, C), loop.y.cpu().reshape(-1))
    by_states = torch.autograd.grad(loss, [each for outputs in states for each in outputs])
    assert frame.status.loss == pytest.approx(float(loss), rel=1e-5)
    flows = next(each for each in frame.inside if isinstance(each, GradientsFacts)).flows
    for layer in range(2):
        h = torch.cat(states[layer])[:, 2].detach()
        torch.testing.assert_close(torch.from_numpy(frame.states[layer].h).double(), h.T, atol=1e-5, rtol=0)
        norms = torch.cat(by_states[layer * T : (layer + 1) * T])[:, 2].norm(dim=-1)
        torch.testing.assert_close(torch.from_numpy(flows[layer].whole).double(), norms, rtol=1e-3, atol=1e-9)
    assert any(isinstance(each, GatesFacts) and each.gates for each in frame.inside)


def test_nothing_waits_for_the_gpu_where_nobody_looks() -> None:
    loop = Loop("LSTM")
    watcher = Watcher().start()
    for _ in range(3):  # the first pass is captured in any case
        loop.update()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(200):
            loop.update()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    watcher._host.observer.losses.drain()
    assert len(watcher._host.observer.losses.all) == 203
    watcher.close()
