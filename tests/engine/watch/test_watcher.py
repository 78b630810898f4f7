"""A training loop that is watched: its numbers are its own, the pictures are true, and nothing is left behind."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from msgspec.structs import replace
from torch import Tensor, nn

from rnn_tui.engine.inspect.recompute import recompute
from rnn_tui.engine.watch import hooks, watch_host, watched_pass
from rnn_tui.engine.watch.control import Control
from rnn_tui.engine.watch.models import original_of
from rnn_tui.engine.watch.observer import Observer
from rnn_tui.engine.watch.watch_pictures import WatchPictures
from rnn_tui.engine.watch.watched_pass import WatchedPass
from rnn_tui.engine.watch.watcher import Watcher
from rnn_tui.protocol.commands import Play, SelectNetwork, SetBreakpoints, Step
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.inspect.cell import CellAsk
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.saliency import SaliencyAsk, SaliencyFacts
from rnn_tui.protocol.inspect.weights import WeightsAsk
from rnn_tui.protocol.rendezvous import SOCKET
from tests.engine.guests import Guest

T, N, V, H = 9, 3, 11, 8
WANTED = Wanted(
    count=T,
    top=3,
    units=H,
    layers=(0, 2),
    first=0,
    row=1,
    tensors=True,
    curve=CurveWanted(columns=200),
    inside=(GatesAsk(layer=1, units=H), GradientsAsk(at=-1), WeightsAsk(), CellAsk(step=-1), SaliencyAsk(step=-1)),
)


class Language(nn.Module):
    """A model of a language, as people write it."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, 6)
        self.rnn = nn.LSTM(6, H, 2, batch_first=True)
        self.head = nn.Linear(H, V)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.head(self.rnn(self.embedding(x))[0])
        return output


class Loop:
    """A training loop of somebody else."""

    def __init__(self) -> None:
        torch.manual_seed(7)
        self.model = Language()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.01)
        self.x, self.y = torch.randint(V, (2, N, T))
        self.losses: list[float] = []

    def update(self) -> None:
        self.optimizer.zero_grad()
        logits = self.model(self.x)
        loss = F.cross_entropy(logits.reshape(-1, V), self.y.reshape(-1))
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.losses.append(loss.item())

    def three_updates(self) -> None:
        for _ in range(3):
            self.update()


def guest_of(watcher: Watcher) -> Guest:
    assert watcher._folder is not None
    return Guest(watcher._folder / SOCKET)


class Looks:
    """Looks all the time, in a thread of its own."""

    def __init__(self, watcher: Watcher) -> None:
        self.frames: list[Frame] = []
        self._guest = guest_of(watcher)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        seen = -1
        try:
            while True:
                self.frames.append(self._guest.look(WANTED, seen=seen))
                seen = self.frames[-1].revision
        except OSError:  # the watch has ended
            pass


def _await(guest: Guest, tick: int) -> Frame:
    return guest.look_until(lambda frame: frame.status.tick == tick)


@pytest.fixture
def held() -> Iterator[tuple[Loop, Frame, Callable[[], None]]]:
    """A loop that is held in its third pass, a frame of that moment, and what lets it go."""
    loop = Loop()
    watcher = Watcher(held=True).start()
    guest = guest_of(watcher)
    training = threading.Thread(target=loop.three_updates, daemon=True)
    training.start()
    for tick in (1, 2):
        _await(guest, tick)
        guest.say(Step())
    frame = _await(guest, 3)
    while not frame.inside:
        frame = guest.look(WANTED)
    yield loop, frame, lambda: guest.say(Play(on=True))
    guest.say(Play(on=True))
    training.join()
    watcher.close()


def test_updates_are_the_same_to_the_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_host, "_FASTEST", 0.0)
    looked_at = Loop()
    watcher = Watcher().start()
    looks = Looks(watcher)
    while len(looks.frames) < 8 or len(looked_at.losses) < 50:
        looked_at.update()
    watcher.close()
    state = torch.get_rng_state()
    alone = Loop()
    for _ in looked_at.losses:
        alone.update()
    assert torch.equal(torch.get_rng_state(), state)
    assert looked_at.losses == alone.losses
    for one, other in zip(alone.model.parameters(), looked_at.model.parameters(), strict=True):
        assert torch.equal(one, other)
        assert torch.equal(one.grad, other.grad)  # type: ignore[arg-type]


def test_all_that_is_shown_is_of_one_pass(held: tuple[Loop, Frame, Callable[[], None]]) -> None:
    """States, probabilities, gates and gradients are computed again here, by the equations and autograd."""
    loop, frame, _ = held
    model = loop.model
    weights = {name: weight.detach().clone() for name, weight in model.rnn.named_parameters()}
    x = model.embedding(loop.x).detach()[1]  # (T, 6)
    top, states = x, []
    hs: list[list[Tensor]] = []
    gates: list[Tensor] = []
    with torch.enable_grad():
        for layer in range(2):
            h, c = torch.zeros(H, requires_grad=True), torch.zeros(H)
            row, every = [], []
            for step in top:
                total = (
                    weights[f"weight_ih_l{layer}"] @ step
                    + weights[f"bias_ih_l{layer}"]
                    + weights[f"weight_hh_l{layer}"] @ h
                    + weights[f"bias_hh_l{layer}"]
                )
                i, f, g, o = total.chunk(4)
                i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
                c = f * c + i * g
                h = o * c.tanh()
                row.append(h)
                every.append(torch.stack((i, f, g, o)))
            hs.append(row)
            gates = every
            top = torch.stack(row)
            states.append(top.detach())
        logits = model.head(top)
        loss = F.cross_entropy(logits, loop.y[1], reduction="sum") / (N * T)
        found = torch.autograd.grad(loss, hs[0] + hs[1])
    assert frame.status.loss == pytest.approx(loop_loss(loop), abs=1e-7)
    for layer in range(2):
        np.testing.assert_allclose(frame.states[layer].h, states[layer].T, atol=1e-6)
    assert frame.steps is not None
    np.testing.assert_allclose(frame.steps.target_p, logits.softmax(-1)[range(T), loop.y[1]].detach(), atol=1e-6)
    assert frame.steps.inputs.tolist() == loop.x[1].tolist()
    assert frame.steps.targets.tolist() == loop.y[1].tolist()
    shown = next(each for each in frame.inside if isinstance(each, GatesFacts))
    flows = next(each for each in frame.inside if isinstance(each, GradientsFacts))
    for number, name in enumerate("ifgo"):
        values = next(each.values for each in shown.gates if each.name == name)
        np.testing.assert_allclose(values, torch.stack(gates)[:, number].T.detach(), atol=1e-6)
    for layer, part in enumerate((found[:T], found[T:])):
        norms = torch.stack(part).double().norm(dim=-1)
        np.testing.assert_allclose(flows.flows[layer].whole, norms, rtol=1e-4)


def loop_loss(loop: Loop) -> float:
    with torch.no_grad():
        return float(F.cross_entropy(loop.model(loop.x).reshape(-1, V), loop.y.reshape(-1)))


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = {name: getattr(F, name) for name in hooks.LOSSES}
    backward, grad, made = torch.autograd.backward, torch.autograd.grad, torch.optim.Optimizer.__init__
    threads = threading.active_count()
    with Watcher().start():
        assert F.cross_entropy is not before["cross_entropy"]
        Loop().update()
    assert {name: getattr(F, name) for name in hooks.LOSSES} == before
    assert (torch.autograd.backward, torch.autograd.grad, torch.optim.Optimizer.__init__) == (backward, grad, made)
    assert not nn.modules.module._global_forward_hooks
    assert threading.active_count() == threads
    assert not list((tmp_path / "s").iterdir())


def test_an_error_of_ours_ends_the_watch_and_not_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, watcher = Loop(), Watcher().start()
    monkeypatch.setattr("rnn_tui.engine.watch.networks.Networks.pass_over", lambda _: 1 / 0)
    for _ in range(3):
        loop.update()
    assert not nn.modules.module._global_forward_hooks
    watcher.close()


def test_a_gradient_scaler_changes_no_number_that_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The losses and gradients are those of the loss itself, whatever it was multiplied by."""
    plain, scaled = Loop(), Loop()
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    seen: list[tuple[float, list[Tensor]]] = []

    def moment(host: watch_host.WatchHost) -> None:
        host.pictures.look()
        observed = host.pictures._on_screen.observed
        assert observed is not None
        assert observed.segments[0].output is not None
        gradients = [each for each in observed.gradients() if each is not None]
        seen.append((host.observer.losses_of(None).last() or 0.0, [observed.segments[0].output, *gradients]))

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    watcher = Watcher().start()
    for number, (loop, scale) in enumerate(((plain, lambda loss: loss), (scaled, scaler.scale))):
        watcher._host.pictures.chosen = number
        loop.optimizer.zero_grad()
        watcher._host.observer.armed = True
        scale(F.cross_entropy(loop.model(loop.x).reshape(-1, V), loop.y.reshape(-1))).backward()
    watcher.close()
    (one, gradients), (other, others) = seen
    assert one == pytest.approx(other, rel=1e-6)
    for found, wanted in zip(others, gradients, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-9)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("wrap", "problem"), [(nn.DataParallel, "DataParallel"), (torch.jit.script, "TorchScript")])
def test_what_cannot_be_watched_is_refused_in_a_line(wrap: Callable[[nn.Module], nn.Module], problem: str) -> None:
    wrapped = wrap(nn.GRU(2, 3))
    with pytest.raises(ValueError, match=problem):
        original_of(wrapped)


def test_the_model_inside_is_watched() -> None:
    model = Language()
    assert original_of(torch.compile(model)) is model  # type: ignore[arg-type]


@pytest.mark.parametrize("ignored", [-100, 3])
def test_losses_without_gradients_are_an_evaluation(ignored: int) -> None:
    """Their mean over all targets, those to be ignored left out, and how many were right."""
    loop, watcher = Loop(), Watcher().start()
    with torch.no_grad():
        loop.model.head.bias[ignored % V] += 9.0  # what is ignored is what is predicted
    loop.update()
    batches = [(loop.x, loop.y), (loop.x[:1], torch.where(torch.arange(T) < 4, ignored, loop.y[:1]))]
    with torch.no_grad():
        logits = [loop.model(x) for x, _ in batches]
        targets = [y for _, y in batches]
        for each, y in zip(logits, targets, strict=True):
            F.cross_entropy(each.reshape(-1, V), y.reshape(-1), ignore_index=ignored)
    loop.update()
    watcher.close()
    found = watcher._host.observer.losses.evaluations.newest()
    every, wanted = torch.cat([each.reshape(-1, V) for each in logits]), torch.cat([y.reshape(-1) for y in targets])
    there = wanted != ignored
    assert found is not None
    assert found.characters == int(there.sum()) < N * T + T
    assert found.loss == pytest.approx(float(F.cross_entropy(every[there], wanted[there])), rel=1e-6)
    assert found.accuracy == pytest.approx(float((every.argmax(1) == wanted)[there].float().mean()))
    assert found.update == 1


class Gated(nn.Module):
    """A minimal gated unit, as somebody would write it."""

    def __init__(self) -> None:
        super().__init__()
        self.forget = nn.Linear(5 + H, H)
        self.candidate = nn.Linear(5 + H, H)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        f = self.forget(torch.cat((x, h), 1)).sigmoid()
        after: Tensor = (1 - f) * h + f * self.candidate(torch.cat((x, f * h), 1)).tanh()
        return after


class Memory(nn.Module):
    """A loop over it."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = Gated()
        self.head = nn.Linear(H, V)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[1], H)
        for step in x:
            h = self.cell(step, h)
        logits: Tensor = self.head(h)
        return logits


def test_a_cell_written_by_hand_shows_its_states_parts_and_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(3)
    model, x, y = Memory(), torch.randn(T, N, 5), torch.randint(V, (N,))
    frames: list[Frame] = []

    def moment(host: watch_host.WatchHost) -> None:
        host.pictures.look()
        frames.append(host.pictures.frame(WANTED))

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    watcher = Watcher().start()
    F.cross_entropy(model(x), y).backward()  # type: ignore[no-untyped-call]
    subject = watcher._host.pictures.subject
    watcher.close()
    (frame,) = frames
    assert (subject.networks, subject.network_facts) == (("cell",), f"Gated {H}, 5 features, a cell of its own")
    assert subject.cell == "Gated"
    assert not frame.failures

    h, hs, forgets = torch.zeros(N, H, requires_grad=True), list[Tensor](), list[Tensor]()
    for step in x:
        forgets.append(model.cell.forget(torch.cat((step, h), 1)))
        h = model.cell(step, h)
        hs.append(h)
    found = torch.autograd.grad(F.cross_entropy(model.head(h), y), hs)
    np.testing.assert_allclose(frame.states[0].h, torch.stack(hs)[:, 1].T.detach(), atol=1e-6)
    saliency = next(each for each in frame.inside if isinstance(each, SaliencyFacts))
    assert "the script's own" in saliency.note  # not that nothing mattered
    assert (len(saliency.values), len(saliency.inputs)) == (0, 0)
    logits = next(each for each in frame.tensors if each.name == "logits")
    assert (logits.shape[-1], logits.dimensions[-1], logits.values) == (V, "classes", None)  # known at the last step
    gates = next(each for each in frame.inside if isinstance(each, GatesFacts))
    assert [each.name for each in gates.gates] == ["forget", "candidate"]
    np.testing.assert_allclose(gates.gates[0].values, torch.stack(forgets)[:, 1].T.detach(), atol=1e-6)
    flows = next(each for each in frame.inside if isinstance(each, GradientsFacts))
    np.testing.assert_allclose(flows.flows[0].whole, torch.stack(found)[:, 1].double().norm(dim=-1), rtol=1e-5)
    assert frame.steps is not None
    assert frame.steps.targets.tolist() == [-1] * (T - 1) + [1 + int(y[1])]  # what is read has the first stand-in


class FromTheCourse(nn.Module):
    """A cell that says its answer before its state, and is called by the script itself, step by step."""

    def __init__(self, *, state_first: bool) -> None:
        super().__init__()
        self.i2h = nn.Linear(5 + H, H)
        self.i2o = nn.Linear(5 + H, V)
        self.state_first = state_first

    def forward(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        h, x = given if self.state_first else given[::-1]
        both = torch.cat((x, h), 1)
        return F.log_softmax(self.i2o(both), 1), self.i2h(both).tanh()


@pytest.mark.parametrize("state_first", [False, True])
def test_the_state_of_a_cell_is_what_its_next_call_is_given(monkeypatch: pytest.MonkeyPatch, state_first: bool) -> None:
    """However many rows, and whatever it returns besides."""
    torch.manual_seed(4)
    model, x, y = FromTheCourse(state_first=state_first), torch.randn(T, 1, 5), torch.randint(V, (1,))
    frames: list[Frame] = []

    def moment(host: watch_host.WatchHost) -> None:
        host.pictures.look()
        frames.append(host.pictures.frame(replace(WANTED, row=0)))

    def through() -> tuple[Tensor, list[Tensor]]:
        h, hs = torch.zeros(1, H, requires_grad=True), list[Tensor]()
        for step in x:
            answer, h = model(h, step) if state_first else model(step, h)
            hs.append(h)
        return F.nll_loss(answer, y), hs

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    watcher = Watcher().start()
    through()[0].backward()  # type: ignore[no-untyped-call]
    watcher.close()
    (frame,) = frames
    assert not frame.failures
    loss, hs = through()
    found = torch.autograd.grad(loss, hs, allow_unused=True)  # the last state is read by nothing
    norms = [0.0 if each is None else float(each.double().norm()) for each in found]
    np.testing.assert_allclose(frame.states[0].h, torch.stack(hs)[:, 0].T.detach(), atol=1e-6)
    flows = next(each for each in frame.inside if isinstance(each, GradientsFacts))
    np.testing.assert_allclose(flows.flows[0].whole, norms, rtol=1e-5, atol=1e-9)
    assert frame.steps is not None
    assert frame.steps.targets[-1] == 1 + int(y)


@pytest.mark.parametrize(
    ("kind", "both", "batch_first"), [("LSTM", False, True), ("GRU", True, False), ("RNN", False, False)]
)
def test_dropout_inside_a_module_is_drawn_again(
    kind: str, both: bool, batch_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The states that are computed again are those that the module has returned, and the generator is left alone."""
    torch.manual_seed(5)
    module = getattr(nn, kind)(5, H, 3, dropout=0.4, bidirectional=both, batch_first=batch_first)
    x, made = torch.randn(T, N, 5), list[WatchedPass]()

    def moment(host: watch_host.WatchHost) -> None:
        host.pictures.look()
        assert host.pictures._on_screen.observed is not None
        made.append(host.pictures._on_screen.observed)

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    torch.manual_seed(6)
    wanted = module(x.transpose(0, 1) if batch_first else x)[0]
    after = torch.get_rng_state()
    torch.manual_seed(6)
    with Watcher().start():
        output = module(x.transpose(0, 1) if batch_first else x)[0]
        output.sum().backward()
    assert torch.equal(output, wanted)
    assert torch.equal(torch.get_rng_state(), after)
    (seen,) = made
    assert not seen.notes
    top = recompute(seen, T)[-1].h
    torch.testing.assert_close(top.transpose(0, 1) if batch_first else top, output.detach(), rtol=0, atol=1e-6)


def test_masks_that_cannot_be_those_of_the_script_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    module, x, made = nn.GRU(5, H, 2, dropout=0.4), torch.randn(T, N, 5), list[WatchedPass]()

    def moment(host: watch_host.WatchHost) -> None:
        host.pictures.look()
        assert host.pictures._on_screen.observed is not None
        made.append(host.pictures._on_screen.observed)

    monkeypatch.setattr(watch_host.WatchHost, "_moment", moment)
    monkeypatch.setattr(watched_pass, "masks_of", lambda call: torch.zeros(1, T, N, H))
    with Watcher().start():
        module(x)[0].sum().backward()
    (seen,) = made
    assert "without dropout" in seen.notes[0]
    without = module.eval()(x)[0].detach()
    torch.testing.assert_close(recompute(seen, T, [0])[-1].h, without[:, :1], rtol=0, atol=1e-6)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_projected_lstm_is_named_and_its_losses_are_there() -> None:
    module, watcher = nn.LSTM(5, H, proj_size=3), Watcher(held=False).start()
    module(torch.randn(T, N, 5))[0].sum().backward()
    pictures = watcher._host.pictures
    assert pictures.subject.network_facts == "LSTM 8, projected to 3, 5 features"
    frame = pictures.frame(WANTED)
    watcher.close()
    assert frame.curve is not None
    assert len(frame.curve.x) == 1


class Translator(nn.Module):
    """An encoder, and a decoder that begins with its state and takes as many steps."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.head = nn.Embedding(V, 6), nn.Linear(H, V)
        self.encoder, self.decoder = nn.GRU(6, H), nn.GRU(6, H)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        logits: Tensor = self.head(self.decoder(self.embedding(y), self.encoder(self.embedding(x))[1])[0])
        return logits


def test_an_encoder_predicts_nothing_and_what_is_chosen_while_held_is_shown() -> None:
    torch.manual_seed(4)
    model, (x, y) = Translator(), torch.randint(V, (2, T, N))
    expected = model(x, y).detach()
    with Watcher(model, held=True).start() as watcher:
        guest = guest_of(watcher)
        loss = F.cross_entropy(model(x, y).flatten(0, 1), y.flatten())
        training = threading.Thread(target=loss.backward, daemon=True)
        training.start()
        shown: dict[str, Frame] = {}
        for number, name in enumerate(("encoder", "decoder", "encoder")):
            guest.say(SelectNetwork(number=number % 2))
            frame = guest.look(WANTED)
            while frame.opened is None or frame.opened.subject is None or frame.opened.subject.network != number % 2:
                frame = guest.look(WANTED)
            shown[name] = guest.look(WANTED)
        guest.say(Play(on=True))
        training.join()
    encoder, decoder = shown["encoder"].steps, shown["decoder"].steps
    assert encoder is not None
    assert decoder is not None
    assert (len(encoder.targets), len(encoder.top)) == (0, 0)
    assert decoder.targets.tolist() == y[:, 1].tolist()
    assert decoder.top[:, 0].tolist() == expected[:, 1].argmax(-1).tolist()
    states = [shown[name].states[0].h[:, -1] for name in ("encoder", "decoder")]
    hidden = model.encoder(model.embedding(x))[1]
    last = model.decoder(model.embedding(y), hidden)[1]
    for found, h in zip(states, (hidden, last), strict=True):
        np.testing.assert_allclose(found, h[0, 1].detach(), atol=1e-6)


def test_nothing_is_taken_apart_for_a_view_that_may_not_have_it_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    monkeypatch.setattr(watch_host, "_FASTEST", 0.0)
    monkeypatch.setattr(WatchPictures, "look", lambda pictures: looks.append(1))
    loop = Loop()
    with Watcher().start() as watcher:
        host = watcher._host
        loop.update()  # the first pass, before anybody could ask
        assert len(looks) == 1
        host.pictures.is_asked, host.is_awaited = True, lambda: False
        for _ in range(5):
            loop.update()
        assert len(looks) == 1
        host._may_capture, host.is_awaited = 0.0, lambda: True
        loop.update()
        loop.update()
        assert len(looks) == 2


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Why the script is held, each time; it goes on at once."""
    found: list[str] = []

    def sleep(control: Control, _: float = 0.0) -> None:
        found.append(control.notice)
        control.release()

    monkeypatch.setattr(Control, "sleep", sleep)
    return found


@pytest.mark.parametrize("scale", [0.0, 1024.0])
def test_a_breakpoint_at_the_norm_of_all_gradients(scale: float, notices: list[str]) -> None:
    def train() -> list[float]:
        loop, norms = Loop(), []
        scaler = torch.amp.GradScaler("cpu", init_scale=scale or 1.0, enabled=bool(scale))  # type: ignore[attr-defined, unused-ignore]
        for _ in range(4):
            loop.optimizer.zero_grad()
            logits = loop.model(loop.x)
            loss = 10 * F.cross_entropy(logits.reshape(-1, V), loop.y.reshape(-1))
            scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
            scaler.unscale_(loop.optimizer)
            squares = [(each.grad.double() ** 2).sum() for each in loop.model.parameters() if each.grad is not None]
            norms.append(float(torch.stack(squares).sum().sqrt()))
            scaler.step(loop.optimizer)
            scaler.update()
        return norms

    norms = train()
    value = sorted(norms)[1]
    with Watcher().start() as watcher:
        watcher._host.obey(SetBreakpoints(until=(f"grad>{value * 1.0001}", "nan")))
        assert train() == norms
    assert [text.partition(" (")[0] for text in notices] == [
        f"Held at update {number}: the norm of all gradients is {norm:.4g}"
        for number, norm in enumerate(norms, 1)
        if norm > value
    ]


def test_a_breakpoint_at_a_gradient_that_is_not_finite(notices: list[str]) -> None:
    module = nn.RNN(5, H)
    with Watcher(module).start() as watcher:
        watcher._host.obey(SetBreakpoints(until=("nan",)))
        for factor in (1.0, 0.0, 1.0):
            module.zero_grad()
            (factor * module(torch.ones(T, N, 5))[0].square().sum()).sqrt().backward()  # √ has no slope at 0
    assert notices == ["Held at update 2: a gradient is NaN (nan)."]


def test_the_pass_at_which_a_breakpoint_holds_is_the_one_that_is_shown() -> None:
    """Views take no part in when that is: here one has looked at the first pass alone."""
    module, y = nn.RNN(5, H), torch.ones(T, N, 5)
    with Watcher(module, held=True).start() as watcher:
        guest = guest_of(watcher)

        def train() -> None:
            for factor in (1.0, 2.0, 0.0, 3.0):
                module.zero_grad()
                (factor * module(y)[0].square().sum()).sqrt().backward()

        training = threading.Thread(target=train, daemon=True)
        training.start()
        _await(guest, 1)
        guest.say(SetBreakpoints(until=("nan",)), Play(on=True))
        frame = guest.look_until(lambda frame: frame.status.notice)
        seen = guest.look(WANTED)
        guest.say(SetBreakpoints(until=()), Play(on=True))
        training.join()
    assert frame.status.notice == "Held at update 3: a gradient is NaN (nan)."
    assert seen.status.tick == 3
    flows = next(each for each in seen.inside if isinstance(each, GradientsFacts))
    assert np.isnan(flows.flows[0].whole).all()


def test_a_gradient_that_a_scaler_skips_is_no_breakpoint(notices: list[str]) -> None:
    module = nn.RNN(5, H, nonlinearity="relu")
    scaler = torch.amp.GradScaler("cpu", init_scale=1e38)  # type: ignore[attr-defined, unused-ignore]
    for each in module.parameters():
        each.data.fill_(1e-3)  # small values, and a slope of a hundred
    with Watcher(module).start() as watcher:
        watcher._host.obey(SetBreakpoints(until=("nan", "grad>1e30")))
        loss = module(torch.full((T, N, 5), 100.0))[0].mean()
        scaler.scale(loss).backward()
    assert loss < 1
    assert any(not each.grad.isfinite().all() for each in module.parameters() if each.grad is not None)
    assert notices == []


def test_gradients_are_read_for_a_breakpoint_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that without such a breakpoint no gradient is read, which would wait for a GPU."""
    asked: list[str] = []
    monkeypatch.setattr(Observer, "gradient_norm", lambda *_: asked.append("norm"))
    loop = Loop()
    with Watcher().start() as watcher:
        for until in ((), ("loss<0.001", "tick=9")):
            watcher._host.obey(SetBreakpoints(until=until))
            loop.three_updates()
        assert asked == []
        watcher._host.obey(SetBreakpoints(until=("nan",)))
        loop.update()
        assert asked == ["norm"]


def test_breakpoints_are_a_part_of_the_description() -> None:
    with Watcher().start() as watcher:
        watcher._host.obey(SetBreakpoints(until=("nan", "loss<1")))
        opened = watcher._host.pictures.opened(FrameRequest(number=1, opened=1))
        assert opened is not None
        assert opened.experiment.run.until == ("nan", "loss<1")
