"""Networks whose weights are made of others, or whose equations are other ones: shown as they are, or said why not."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from rnn_tui.engine.watch import watch_host
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.gates import GatesAsk
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.weights import WeightsAsk
from tests.scripts.people import own_random_numbers

T, N, E, H = 5, 3, 4, 6
ROW = 1
WANTED = Wanted(
    count=T,
    units=99,
    layers=(0, 9),
    row=ROW,
    inside=(GatesAsk(units=H), GradientsAsk(at=-1), CellAsk(step=1), WeightsAsk()),
)

Frames = list[tuple[Frame, tuple[str, ...]]]


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> Frames:
    """Return where frames go, and the notes of each."""
    found: Frames = []

    def moment(host: watch_host.WatchHost) -> None:
        host.observer.wanted = True
        host.pictures.look()
        found.append((host.pictures.frame(WANTED), host.pictures.subject.notes))

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    return found


class Halved(nn.Module):
    """A parametrization that somebody has written."""

    def forward(self, weight: Tensor) -> Tensor:
        return weight / 2


def halved(module: nn.Module, name: str) -> nn.Module:
    parametrize.register_parametrization(module, name, Halved())
    return module


def normed_and_orthogonal(module: nn.Module, name: str) -> nn.Module:
    parametrizations.spectral_norm(module, name)
    return parametrizations.orthogonal(module, "weight_hh_l0")


CASES: dict[str, tuple[Callable[[], nn.Module], Callable[[nn.Module, str], nn.Module], str]] = {
    "weight_norm": (lambda: nn.GRU(E, H, 2), parametrizations.weight_norm, "weight_hh_l1"),
    "weight_norm of a cell": (lambda: nn.LSTMCell(E, H), parametrizations.weight_norm, "weight_hh"),
    "spectral_norm": (
        lambda: nn.LSTM(E, H, bidirectional=True),
        parametrizations.spectral_norm,
        "weight_ih_l0_reverse",
    ),
    "orthogonal": (lambda: nn.RNN(E, H), parametrizations.orthogonal, "weight_hh_l0"),
    "orthogonal of a cell": (lambda: nn.RNNCell(E, H), parametrizations.orthogonal, "weight_hh"),
    "two": (lambda: nn.RNN(E, H, nonlinearity="relu", bias=False), normed_and_orthogonal, "weight_ih_l0"),
    "one of one's own": (lambda: nn.GRU(E, H), halved, "weight_hh_l0"),
    "old weight_norm": (lambda: nn.LSTM(E, H), nn.utils.weight_norm, "weight_hh_l0"),
    "old weight_norm of a cell": (lambda: nn.GRUCell(E, H), nn.utils.weight_norm, "weight_ih"),
    "old spectral_norm": (lambda: nn.GRU(E, H), nn.utils.spectral_norm, "weight_hh_l0"),
}


def train(module: Any, updates: int = 3) -> tuple[Tensor, dict[str, Tensor], Tensor, list[Tensor]]:
    """Return the last output, all that the module has, its ∂L/∂h_t of a cell, and what it returned at each step."""
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    steps: list[Tensor] = []
    for _ in range(updates):
        x = torch.randn(T, N, E)
        if isinstance(module, nn.RNNCellBase):
            state, steps = None, []
            for each in x:
                state = module(each, state)
                steps.append(state[0] if isinstance(state, tuple) else state)
                steps[-1].retain_grad()
            output = torch.stack(steps)
        else:
            output = module(x)[0]
        optimizer.zero_grad()
        (output**2).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    numbers = {name: each.detach().clone() for name, each in module.state_dict().items()}
    return output.detach(), numbers, torch.get_rng_state(), [each.grad for each in steps if each.grad is not None]


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("name", CASES)
def test_states_come_from_the_weights_that_were_used(name: str, frames: Frames) -> None:
    build, change, weight = CASES[name]
    with own_random_numbers():
        torch.manual_seed(2)
        _, alone, generator, _ = train(change(build(), weight))
        torch.manual_seed(2)
        module: Any = change(build(), weight)
        with Watcher().start():
            output, watched, generator_then, gradients = train(module)
    frame, notes = frames[-1]
    assert not frame.failures
    assert not notes
    assert len(frame.inside) == 4
    top = [each.h for each in frame.states if each.layer == frame.states[-1].layer]
    assert_allclose(torch.cat([torch.from_numpy(each) for each in top]), output[:, ROW].T, rtol=1e-5, atol=1e-6)
    if gradients:
        flows = next(each for each in frame.inside if isinstance(each, GradientsFacts))
        norms = torch.stack(gradients)[:, ROW].double().norm(dim=-1)
        assert_allclose(flows.flows[0].whole, norms, rtol=1e-4)
    assert watched.keys() == alone.keys()
    assert all(torch.equal(watched[key], value) for key, value in alone.items())  # no power iteration of ours
    assert torch.equal(generator, generator_then)
    assert all(each.training for each in module.modules())


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_cell_whose_weights_cannot_be_read_says_so_in_a_line(frames: Frames) -> None:
    with own_random_numbers(), Watcher().start():
        train(halved(nn.GRUCell(E, H), "weight_hh"))
    (failure, *_) = frames[-1][0].failures
    assert failure.problem.endswith(
        "weight_hh is made by Halved whenever it is read, and reading it could change the script"
    )


def test_a_cell_whose_weights_change_from_step_to_step_says_so(frames: Frames) -> None:
    """spectral_norm makes a power iteration at each call of a cell."""
    with own_random_numbers(), Watcher().start():
        torch.manual_seed(0)
        cell: Any = parametrizations.spectral_norm(nn.RNNCell(E, H), "weight_hh")
        made = cell.parametrizations.weight_hh
        made.original.data, made[0]._u = (
            torch.diag(torch.arange(1.0, H + 1)),
            torch.ones(H) / H**0.5,
        )  # it has far to go
        train(cell, updates=1)
    assert "differ" in frames[0][1][0]


@pytest.mark.parametrize(("layers", "both", "packed"), [(1, False, False), (2, True, False), (2, False, True)])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_projected_lstm_shows_what_it_returns(layers: int, both: bool, packed: bool, frames: Frames) -> None:
    module, x = nn.LSTM(E, H, layers, proj_size=2, bidirectional=both), torch.randn(T, N, E)
    with own_random_numbers(), Watcher().start():
        output = module(pack_padded_sequence(x, torch.tensor([5, 4, 2])) if packed else x)[0]
        output = pad_packed_sequence(output)[0] if isinstance(output, PackedSequence) else output
        output.sum().backward()
    frame, _ = frames[0]
    (states,) = frame.states
    assert_allclose(states.h, output[: states.h.shape[1], ROW].T.detach(), rtol=1e-6)
    assert states.h.shape == (4 if both else 2, 4 if packed else 5)
    assert not frame.failures
    notes = [each.note for each in frame.inside[:3]]
    assert all(note.startswith("An LSTM with proj_size has other equations: only what") for note in notes)


@pytest.mark.parametrize("lengths", [[5, 4, 2], [2, 5, 4]])
@pytest.mark.parametrize(("kind", "both"), [("LSTM", True), ("GRU", False)])
def test_masks_of_packed_rows_are_drawn_again(kind: str, both: bool, lengths: list[int], frames: Frames) -> None:
    with own_random_numbers():
        torch.manual_seed(4)
        module, x = getattr(nn, kind)(E, H, 3, dropout=0.4, bidirectional=both), torch.randn(T, N, E)
        with Watcher().start():
            output = module(pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False))[0]
            output.data.sum().backward()
    frame, notes = frames[0]
    padded = pad_packed_sequence(output)[0][: lengths[ROW], ROW].T.detach()
    top = torch.cat([torch.from_numpy(each.h) for each in frame.states if each.layer == 2])
    assert_allclose(top, padded, rtol=1e-5, atol=1e-6)
    assert not notes
