"""The gradient's norm and the learning rate of a script, of the updates that are shown, against the script's own."""

from collections.abc import Sequence

import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor, nn

from rnn_tui.engine.watch import watch_host
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.diagnostics import ChartKind, Diagnostics
from rnn_tui.protocol.frame_request import CurveWanted, Wanted

UPDATES = 9
LOSS: list[ChartKind] = ["loss"]
GRADIENT: list[ChartKind] = ["gradient"]
RATE: list[ChartKind] = ["rate"]


class Looks:
    """Looks at every update with one of the charts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kind: ChartKind = "loss"
        self.told: list[Diagnostics | None] = []
        self.norms_taken = 0
        monkeypatch.setattr(watch_host.WatchHost, "_moment", lambda host: self._moment(host))

    def _moment(self, host: watch_host.WatchHost) -> None:
        pictures, norm_of = host.pictures, host.observer.gradient_norm

        def counted(network: object) -> float | None:
            self.norms_taken += 1
            return norm_of(network)  # type: ignore[arg-type]

        host.observer.gradient_norm = counted  # type: ignore[method-assign]
        pictures.is_new = True
        pictures.look()
        frame = pictures.frame(Wanted(count=3, curve=CurveWanted(columns=50, kind=self.kind)))
        assert not frame.failures
        self.told.append(frame.diagnostics)
        host.observer.gradient_norm = norm_of  # type: ignore[method-assign]
        host.observer.wanted = True


def train(looks: Looks, kinds: Sequence[ChartKind]) -> tuple[list[float], list[float]]:
    """Train, and return what the script knows itself: the norm of its gradients, and its learning rates."""
    torch.manual_seed(2)
    rnn = nn.GRU(2, 5)
    optimizer = torch.optim.SGD(rnn.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    norms, rates = [], []
    with Watcher(rnn).start():
        for kind in kinds:
            looks.kind = kind
            optimizer.zero_grad()
            loss: Tensor = nn.functional.mse_loss(rnn(torch.randn(4, 3, 2))[0], torch.zeros(4, 3, 5))
            torch.autograd.backward(loss)
            norms.append(
                torch.cat([each.grad.flatten() for each in rnn.parameters() if each.grad is not None]).norm().item()
            )
            rates.append(float(schedule.get_last_lr()[0]))
            optimizer.step()
            schedule.step()
    return norms, rates


def test_they_are_those_of_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch)
    norms, rates = train(looks, GRADIENT * (UPDATES - 1) + RATE)
    before, last = looks.told[-2:]
    assert before is not None
    assert last is not None
    assert_allclose(before.curves[0].curve.high, norms[:-1], rtol=1e-5)
    assert before.curves[0].curve.x.tolist() == [*range(1, UPDATES)]
    assert before.curves[0].now == pytest.approx(norms[-2], rel=1e-5)
    assert (before.clip, before.clipped) == (0.0, None)
    assert_allclose(last.curves[0].curve.low, rates)
    assert last.curves[0].now == pytest.approx(rates[-1])


def test_nothing_is_taken_where_the_loss_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(monkeypatch)
    norms, _ = train(looks, LOSS * 5 + GRADIENT)
    assert looks.told[:5] == [None] * 5
    assert looks.norms_taken == 1
    assert looks.told[5] is not None
    assert_allclose(looks.told[5].curves[0].curve.high, norms[5:], rtol=1e-5)
    assert looks.told[5].curves[0].curve.x.tolist() == [6.0]
