"""Dropout between layers: nn.LSTM's by its statistics, and exact wherever a pass is computed once more."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from numpy.testing import assert_allclose
from torch import Tensor, nn

from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.answers.shapes import checks
from rnn_tui.engine.inspect.focus import Focus
from rnn_tui.engine.network.dropout import draw_masks
from rnn_tui.engine.network.model import Model
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect import Ask
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.saliency import SaliencyAsk, SaliencyFacts
from rnn_tui.protocol.inspect.space import SpaceAsk, SpaceFacts
from tests.engine.by_steps import state_gradients
from tests.engine.training.test_branches import bits, equal, session_of

CPU = torch.device("cpu")
CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-6}
KINDS = [
    (cell, way, both)
    for cell, way, both in itertools.product(
        ("rnn", "rnn-relu", "gru", "lstm"), ("fused", "cell", "written-out"), (False, True)
    )
    if not (way == "cell" and both)
]
INSIDE = [  # units of relu that are nearly alike lose digits when they are normalised in float32
    *((kind, False) for kind in KINDS),
    *((kind, True) for kind in KINDS if kind[0] != "rnn-relu"),
]


def experiment(cell: str = "lstm", way: str = "fused", both: bool = False, *, tick: str = "sequence",
               batch_first: bool = False, **network: Any) -> Experiment:  # fmt: skip
    """Three layers of 4 over two rows of six characters, half of the states left out."""
    network = {"cell": cell, "implementation": way, "bidirectional": both, "layers": 3, "hidden_size": 4,
               "head": "linear", "dropout": 0.5, "embedding": 3, "initial_state": "random",
               "batch_first": batch_first, **network}  # fmt: skip
    data = {"inputs": ["hihell", "lolihe"], "targets": ["ihello", "hiehol"], "vocabulary": "hielo"}
    return from_dict({"data": data, "network": network, "training": {"seed": 3, "tick": tick, "epochs": 99}})


class Plain:
    """The pass once more in float64, from single nn cells and the masks between their layers: one graph."""

    def __init__(self, trainer: Trainer) -> None:
        network, model = trainer.experiment.network, trainer.model
        indices = torch.tensor([["hielo".index(each) for each in row] for row in ("hihell", "lolihe")]).T
        assert model.embedding is not None
        assert model.head is not None
        assert trainer.masks is not None
        self.x = [model.embedding.weight.detach().double()[indices].requires_grad_()]
        self.h: list[Tensor] = []  # (T, N, D*H) of each layer
        self.nodes: list[list[list[Tensor]]] = []  # the same, by layer, direction and step
        self.c: list[list[Tensor]] = []  # (T, N, H) by layer and direction
        kind: Any = {"gru": nn.GRUCell, "lstm": nn.LSTMCell}.get(network.cell, nn.RNNCell)
        relu = {"nonlinearity": "relu"} if network.cell == "rnn-relu" else {}
        weights = iter(model.recurrent.parameters())
        first = trainer.h_0 if isinstance(trainer.h_0, tuple) else (trainer.h_0,)
        for layer in range(network.layers):
            self.nodes.append([])
            self.c.append([])
            for way in range(network.directions):
                cell = kind(self.x[-1].shape[-1], 4, **relu).double()
                for target in cell.parameters():
                    target.data.copy_(next(weights))
                begin = [part[layer * network.directions + way].double() for part in first]
                state: Any = tuple(begin) if len(begin) > 1 else begin[0]
                states = []
                for x in self.x[-1].flip(0) if way else self.x[-1]:
                    state = cell(x, state)
                    states.append(state if isinstance(state, tuple) else (state, state))
                states = states[::-1] if way else states
                self.nodes[-1].append([h for h, _ in states])
                self.c[-1].append(torch.stack([c for _, c in states]))
            self.h.append(torch.cat([torch.stack(steps) for steps in self.nodes[-1]], -1))
            if layer < network.layers - 1:
                below = self.h[-1]
                if network.layer_norm:
                    scale, shift = (
                        weight.double() for weight in list(model.recurrent.parameters())[layer * 2 - 4 :][:2]
                    )
                    below = nn.functional.layer_norm(below, below.shape[-1:], scale, shift)
                self.x.append(below * trainer.masks[layer].double())
        self.logits = self.h[-1] @ model.head.weight.detach().double().T + model.head.bias.detach().double()
        targets = torch.tensor([["hielo".index(each) for each in row] for row in ("ihello", "hiehol")]).T
        self.loss = nn.functional.cross_entropy(self.logits.flatten(0, 1), targets.flatten(), reduction="sum") / 2


def passed(what: Experiment, passes: int = 3) -> Trainer:
    """At the end of a pass, its gradients there."""
    trainer = Trainer(what, CPU)
    while trainer.epoch < passes or not trainer.at_end_of_pass:
        trainer.tick()
    return trainer


# ---- the pass ----


@pytest.mark.sampled(14)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_a_pass_multiplies_by_its_masks_between_layers_and_nowhere_else(kind: Any, batch_first: bool) -> None:
    trainer = passed(experiment(*kind, batch_first=batch_first))
    plain = Plain(trainer)
    assert_allclose(torch.cat(trainer.logits), plain.logits.detach(), **CLOSE)
    assert trainer.total is not None
    assert_allclose(trainer.total, plain.loss.detach(), **CLOSE)
    h_n = trainer.state[0] if isinstance(trainer.state, tuple) else trainer.state
    assert_allclose(h_n[-trainer.experiment.network.directions, :, :], plain.h[-1][-1, :, :4].detach(), **CLOSE)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("way", ["fused", "cell", "written-out"])
@pytest.mark.sampled(4)
def test_neither_the_unit_of_a_tick_nor_who_computes_changes_a_loss(cell: str, way: str) -> None:
    losses = []
    for what in (experiment(cell), experiment(cell, way), experiment(cell, way, tick="character")):
        session = Session(what)
        while len(session.losses) < 12:
            session.tick()
        losses.append(list(session.losses))
    assert_allclose(losses[1], losses[0], rtol=1e-4)
    assert_allclose(losses[2], losses[0], rtol=1e-4)


def test_as_much_is_dropped_as_nn_lstm_drops_and_the_expected_value_stays() -> None:
    """The first two moments of what a trained layer above reads, against nn.LSTM(dropout=) over many draws."""
    what = experiment(hidden_size=4, layers=2, initial_state="zeros", dropout=0.3)
    model = Model(what)
    theirs = nn.LSTM(3, 4, 2, dropout=0.3)
    theirs.load_state_dict(model.recurrent.state_dict())
    x, zeros = torch.randn(6, 2, 3), torch.zeros(2, 2, 4)
    with torch.no_grad():
        own = [model.recurrent(x, (zeros, zeros), draw_masks(what, number, CPU))[0] for number in range(4000)]
        other = [theirs(x)[0] for _ in range(4000)]
    mine, yours = torch.stack(own), torch.stack(other)
    error = yours.std(0) / math.sqrt(4000)
    assert ((mine.mean(0) - yours.mean(0)).abs() < 6 * error + 1e-7).all()
    assert_allclose(mine.std(0), yours.std(0), rtol=0.15, atol=1e-6)
    theirs.eval()
    with torch.no_grad():
        assert torch.equal(model.recurrent(x, (zeros, zeros))[0], theirs(x)[0])  # without masks nothing is dropped


def test_masks_are_of_two_values_and_differ_by_pass_layer_step_row_and_unit() -> None:
    what = experiment(hidden_size=50, layers=3, dropout=0.2)
    masks = [draw_masks(what, number, CPU) for number in range(20)]
    found = torch.stack([mask for mask in masks if mask is not None])
    assert found.shape == (20, 2, 6, 2, 50)
    assert sorted(set(found.flatten().tolist())) == pytest.approx([0, 1.25])
    dropped = (found == 0).double()
    share = math.sqrt(0.2 * 0.8)
    for axis in range(5):
        neighbours = (dropped.narrow(axis, 1, found.shape[axis] - 1) - 0.2) * (
            dropped.narrow(axis, 0, found.shape[axis] - 1) - 0.2
        )
        assert abs(float(neighbours.mean()) / share**2) < 5 / math.sqrt(neighbours.numel())  # uncorrelated
    assert abs(float(dropped.mean()) - 0.2) < 5 * share / math.sqrt(dropped.numel())
    before = torch.get_rng_state()
    again = draw_masks(what, 7, CPU)
    assert again is not None
    assert torch.equal(again, found[7])
    assert torch.equal(torch.get_rng_state(), before)
    other = draw_masks(replace(what, training=replace(what.training, seed=4)), 7, CPU)
    assert other is not None
    assert not torch.equal(other, found[7])


def test_it_is_for_learning_alone() -> None:
    what = from_dict({"data": {"inputs": ["hello"]}, "network": {"layers": 2, "hidden_size": 3, "dropout": 0.5},
                      "training": {"learn": False}})  # fmt: skip
    trainer = Trainer(what, CPU)
    trainer.tick()
    assert trainer.masks is None
    plain = nn.RNN(4, 3, 2)
    plain.load_state_dict(trainer.model.recurrent.state_dict())
    output, _ = plain(torch.eye(4)[[1]][:, None])
    assert_allclose(torch.cat(trainer.logits), output.detach(), **CLOSE)


def test_the_parameters_are_those_of_torchs_own_module() -> None:
    for kind, module in (("rnn", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)):
        torch.manual_seed(3)
        model = Model(experiment(kind, embedding=0))
        torch.manual_seed(3)
        plain: dict[str, Tensor] = module(5, 4, 3).state_dict()
        assert [*model.recurrent.state_dict()] == [*plain]
        assert all(torch.equal(model.recurrent.state_dict()[name], plain[name]) for name in plain)


# ---- looked into ----


@pytest.mark.sampled(14)
@pytest.mark.parametrize(("kind", "norm"), INSIDE)
@pytest.mark.parametrize("row", [0, 1])
def test_what_looks_inside_computes_with_the_masks_of_the_pass(kind: Any, norm: bool, row: int) -> None:
    trainer = passed(experiment(*kind, layer_norm=norm))
    plain, probe = Plain(trainer), Probe(trainer)
    network = trainer.experiment.network
    asks: tuple[Ask, ...] = (
        *(GatesAsk(layer=layer, units=9) for layer in range(3)),
        *(CellAsk(layer=layer, step=4, units=9, features=9, compare=True) for layer in range(3)),
        GradientsAsk(at=3), SaliencyAsk(step=2), SpaceAsk(layer=1, rows=2),
    )  # fmt: skip
    wanted = Wanted(row=row, first=0, count=6, units=9, layers=(0, 3), inside=asks)
    for state in probe.states(wanted):
        mine = plain.h[state.layer][:, row, state.direction * 4 : (state.direction + 1) * 4]
        assert_allclose(state.h, mine.detach().T, **CLOSE)
        if state.c is not None:
            assert_allclose(state.c, plain.c[state.layer][state.direction][:, row].detach().T, **CLOSE)
    answers = probe.inside(wanted)
    for layer, answer in enumerate(answers[3:6]):
        assert isinstance(answer, CellFacts)
        assert_allclose(answer.x, plain.x[layer][4, row].detach(), **CLOSE)
        assert_allclose(answer.h, plain.h[layer][4, row, :4].detach(), **CLOSE)
        assert answer.compared is not None
        assert answer.compared.difference < 1e-5
    if network.cell in ("gru", "lstm"):
        _assert_gates(trainer, plain, row, answers[:3])
    nodes = [h for both in plain.nodes for steps in both for h in steps]
    by_h = iter(torch.autograd.grad(plain.loss, nodes, retain_graph=True))
    grads = [[torch.stack([next(by_h) for _ in steps]) for steps in both] for both in plain.nodes]  # (T, N, H) each
    flows = answers[6]
    assert isinstance(flows, GradientsFacts)
    for flow in flows.flows:
        assert_allclose(flow.whole, grads[flow.layer][flow.direction][:, row].norm(dim=-1), **CLOSE)
    saliency = answers[7]
    assert isinstance(saliency, SaliencyFacts)
    (by_x,) = torch.autograd.grad(plain.logits[2, row, saliency.character], plain.x[0], retain_graph=True)
    assert_allclose(saliency.values, (by_x * plain.x[0]).sum(-1)[:, row].detach(), **CLOSE)
    space = answers[8]
    assert isinstance(space, SpaceFacts)
    cloud = plain.h[1][..., :4].detach().transpose(0, 1)  # (2, 6, 4): distances survive the projection of all of it
    assert space.points.shape == (2, 6, 2)
    flat = cloud.reshape(-1, 4) - cloud.reshape(-1, 4).mean(0)
    projected = np.linalg.norm(space.points.reshape(-1, 2), axis=0)
    assert_allclose(np.sort(projected)[::-1], torch.linalg.svdvals(flat)[:2], rtol=1e-3)
    for layer, both in enumerate(state_gradients(trainer)):
        for way, gradient in enumerate(both):
            assert_allclose(gradient, grads[layer][way], **CLOSE)
    found = checks(trainer)
    assert len(found) >= 3
    assert [check.claim for check in found if not check.holds] == []


def _assert_gates(trainer: Trainer, plain: Plain, row: int, answers: Any) -> None:
    """The forget, or update, gate of every layer, by its equation."""
    network = trainer.experiment.network
    name, number = ("f", 1) if network.cell == "lstm" else ("z", 1)
    weights = list(trainer.model.recurrent.parameters())
    for layer, answer in enumerate(answers):
        assert isinstance(answer, GatesFacts)
        w_ih, w_hh, b_ih, b_hh = (w.detach().double() for w in weights[layer * 4 * network.directions :][:4])
        first = trainer.h_0[0] if isinstance(trainer.h_0, tuple) else trainer.h_0
        before = torch.cat((first[layer * network.directions, row][None].double(), plain.h[layer][:-1, row, :4]))
        sums = plain.x[layer][:, row] @ w_ih.T + b_ih + before @ w_hh.T + b_hh
        (gate,) = [each for each in answer.gates if each.name == name]
        assert_allclose(gate.values, torch.sigmoid(sums[:, 4 * number : 4 * number + 4]).detach().T, **CLOSE)


def test_in_the_middle_of_a_pass_too() -> None:
    trainer = Trainer(experiment("gru", tick="character"), CPU)
    for _ in range(9):
        trainer.tick()
    assert trainer.fed == 3
    plain = Plain(trainer)
    for state in Probe(trainer).states(Wanted(first=0, count=6, units=9, layers=(0, 3))):
        assert_allclose(state.h, plain.h[state.layer][:3, 0].detach().T, **CLOSE)
    focus = Focus(observed=trainer, row=1, first=0, stop=6, fed=3)
    assert_allclose(focus.cell(2, 0).h, plain.h[2][:3, 1].detach(), **CLOSE)


def test_slow_motion_shows_the_pass_as_it_is() -> None:
    session = Session(experiment())
    session.tick()
    seen = []
    for _ in range(60):
        session.phases.next()
        motion = session.probe.motion
        assert motion is not None
        if motion.now.kind == "cell" and motion.now.step == 5:
            seen.append(motion.layers[motion.now.layer].h[5])
        if motion.is_last:
            break
    plain = Plain(session.trainer)
    assert len(seen) == 3
    for h, layer in zip(seen, plain.h, strict=True):
        assert_allclose(h, layer[5].detach(), **CLOSE)


# ---- going back ----


@pytest.mark.parametrize("way", ["fused", "cell", "written-out"])
@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_going_back_and_forking_is_exact(monkeypatch: pytest.MonkeyPatch, way: str, tick: str) -> None:
    monkeypatch.setattr("rnn_tui.engine.training.branches._SPACING", 2.0)
    monkeypatch.setattr("rnn_tui.engine.session.replay._LONGEST", math.inf)
    session = session_of(experiment("gru", way, tick=tick))
    past = [bits(session)]
    for at in range(1, 50):
        if at == 30:
            session.learn(replace(session.experiment.training, seed=8), reseed=True)
            past[-1] = bits(session)
        session.tick()
        past.append(bits(session))
    for at in (48, 25, 11, 31, 0, 1, 40, 29, 49):
        session.go_to(at)
        assert equal(bits(session), past[at]), at
