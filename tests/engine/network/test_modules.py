"""Cells that torch has not: each against its equations in NumPy, with gradients by differences, and in every pane."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from rnn_tui.engine.network.module_cells import call
from rnn_tui.engine.network.modules import MODULES
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.experiment.memory import memory_bytes
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.inspect.cell import CellFacts
from rnn_tui.protocol.inspect.gates import GatesFacts
from tests.engine.network.test_new_cell import EVERYTHING
from tests.examples import examples

Doubles = NDArray[np.float64]
Weights = dict[str, Doubles]
NAMES = sorted(MODULES)


def sigmoid(x: Doubles) -> Doubles:
    return 1 / (1 + np.exp(-x))


def linear(w: Weights, name: str, x: Doubles) -> Doubles:
    return w[f"{name}.weight"] @ x + w.get(f"{name}.bias", np.zeros(1))


# ---- one row, one step, from the papers: x (E,), h (H,) and c (S,) -> h, c -------------------------------------------


def min_gru(w: Weights, x: Doubles, h: Doubles, _: Doubles) -> tuple[Doubles, Doubles]:
    z = sigmoid(linear(w, "to_z", x))
    return h - z * h + z * linear(w, "to_n", x), _


def min_lstm(w: Weights, x: Doubles, h: Doubles, _: Doubles) -> tuple[Doubles, Doubles]:
    f, i = sigmoid(linear(w, "to_f", x)), sigmoid(linear(w, "to_i", x))
    return (f * h + i * linear(w, "to_n", x)) / (f + i), _


def ind_rnn(w: Weights, x: Doubles, h: Doubles, _: Doubles) -> tuple[Doubles, Doubles]:
    return np.maximum(0, np.diag(w["u"]) @ h + linear(w, "to_a", x)), _


def peephole_lstm(w: Weights, x: Doubles, h: Doubles, c: Doubles) -> tuple[Doubles, Doubles]:
    i, f, g, o = np.split(w["w"] @ x + w["u"] @ h + w["b"], 4)
    p_i, p_f, p_o = w["p"]
    new = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * np.tanh(g)
    return sigmoid(o + p_o * new) * np.tanh(new), new


def slstm(w: Weights, x: Doubles, h: Doubles, memory: Doubles) -> tuple[Doubles, Doubles]:
    """Without the stabiliser: c and n are what they are over e^m."""
    c, n, m = np.split(memory, 3)
    i, f, z, o = np.split(w["w"] @ x + w["u"] @ h + w["b"], 4)
    c, n = c * np.exp(m), n * np.exp(m)
    c, n = sigmoid(f) * c + np.exp(i) * np.tanh(z), sigmoid(f) * n + np.exp(i)
    new = np.maximum(np.log(sigmoid(f)) + m, i)
    return sigmoid(o) * c / n, np.concatenate([c / np.exp(new), n / np.exp(new), new])


def lru(w: Weights, x: Doubles, _: Doubles, memory: Doubles) -> tuple[Doubles, Doubles]:
    re, im = np.split(memory, 2)
    turn = np.exp(-np.exp(w["nu"]) + 1j * np.exp(w["theta"]))
    s = turn * (re + 1j * im) + np.exp(w["gamma"]) * ((w["b_re"] + 1j * w["b_im"]) @ x)
    return ((w["c_re"] + 1j * w["c_im"]) @ s).real + w["d"] @ x, np.concatenate([s.real, s.imag])


def ssm(w: Weights, x: Doubles, h: Doubles, memory: Doubles) -> tuple[Doubles, Doubles]:
    states = memory.reshape(-1, len(h)).T.copy()  # (H, P)
    delta, u = np.log1p(np.exp(linear(w, "to_delta", x))), linear(w, "to_u", x)
    b, c = linear(w, "to_b", x), linear(w, "to_c", x)
    out = np.zeros_like(h)
    for unit in range(len(h)):
        for number in range(len(b)):
            decay = math.exp(-delta[unit] * math.exp(w["log_a"][number, unit]))
            states[unit, number] = decay * states[unit, number] + delta[unit] * b[number] * u[unit]
        out[unit] = states[unit] @ c + w["d"][unit] * u[unit]
    return out, states.T.ravel()


def delta_net(w: Weights, x: Doubles, h: Doubles, memory: Doubles) -> tuple[Doubles, Doubles]:
    size = len(h)
    q, k, v = (linear(w, f"to_{name}", x) for name in "qkv")
    q, k = q / np.linalg.norm(q), k / np.linalg.norm(k)
    alpha, beta = sigmoid(linear(w, "to_alpha", x))[0], sigmoid(linear(w, "to_beta", x))[0]
    s = memory.reshape(size, size) @ (alpha * (np.eye(size) - beta * np.outer(k, k))) + beta * np.outer(v, k)
    return s @ q, s.ravel()


EQUATIONS: dict[str, Callable[..., tuple[Doubles, Doubles]]] = {
    "min-gru": min_gru,
    "min-lstm": min_lstm,
    "ind-rnn": ind_rnn,
    "peephole-lstm": peephole_lstm,
    "slstm": slstm,
    "lru": lru,
    "ssm": ssm,
    "delta-net": delta_net,
}


def drawn(name: str, seed: int, inputs: int, units: int, rows: int) -> tuple[Any, torch.Tensor, Any]:
    """Return a cell in double precision, x, and a state that could come up."""
    torch.manual_seed(seed)
    cell = MODULES[name](inputs, units).double()
    kind = CELL_KINDS[name]
    x, h = torch.randn(rows, inputs).double(), torch.randn(rows, units).double()
    if not kind.has_c:
        return cell, x, h
    c = torch.randn(rows, kind.c_size(units)).double()
    if name == "slstm":  # its n is a sum of weights
        c[:, units : 2 * units] = c[:, units : 2 * units].abs() + 0.1
    return cell, x, (h, c)


def test_each_has_its_equations() -> None:
    assert set(EQUATIONS) == set(MODULES) == {name for name, kind in CELL_KINDS.items() if kind.weights}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=examples(6), deadline=None)
@given(seed=st.integers(0, 10**6), inputs=st.integers(1, 6), units=st.integers(1, 7), rows=st.integers(1, 3))
def test_a_step_is_its_equations(name: str, seed: int, inputs: int, units: int, rows: int) -> None:
    cell, x, state = drawn(name, seed, inputs, units, rows)
    weights = {key: value.detach().numpy() for key, value in cell.named_parameters()}
    after, parts = call(cell, x, state)
    h_before, c_before = state if isinstance(state, tuple) else (state, torch.zeros(rows, 0))
    h, c = after if isinstance(after, tuple) else (after, None)
    for row in range(rows):
        wanted, wanted_c = EQUATIONS[name](weights, x[row].numpy(), h_before[row].numpy(), c_before[row].numpy())
        assert_allclose(h[row].detach(), wanted, rtol=1e-9, atol=1e-12)
        if c is not None:
            assert_allclose(c[row].detach(), wanted_c, rtol=1e-9, atol=1e-12)
    kind = CELL_KINDS[name]
    assert set(parts) == set(kind.gate_names)
    assert all(tuple(each.shape) == (rows, units) for each in parts.values())
    for gate in kind.gates:
        if gate.squash:
            low, high = (0, 1) if gate.squash == "σ" else (-1, 1)
            assert ((parts[gate.name] >= low) & (parts[gate.name] <= high)).all()
    assert kind.shapes(0, inputs, units) == tuple((key, value.shape) for key, value in weights.items())


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_differences(name: str) -> None:
    inputs, units, steps = 3, 4, 3
    cell, _, state = drawn(name, 5, inputs, units, 1)
    xs = torch.randn(steps, inputs).double()
    out = torch.randn(units).double().numpy()
    sizes = {key: value.shape for key, value in cell.named_parameters()}

    def number(weights: Weights, h: Doubles, c: Doubles) -> float:
        total = 0.0
        for x in xs.numpy():
            h, c = EQUATIONS[name](weights, x, h, c)
            total += float(out @ h)
        return total

    total = torch.zeros(()).double()
    now = state
    for x in xs:
        now = call(cell, x[None], now)[0]
        h = now[0] if isinstance(now, tuple) else now
        total = total + (torch.from_numpy(out) * h[0]).sum()
    found = torch.autograd.grad(total, list(cell.parameters()))
    weights = {key: value.detach().numpy().copy() for key, value in cell.named_parameters()}
    first, memory = state if isinstance(state, tuple) else (state, torch.zeros(1, 0))
    assert math.isclose(float(total.detach()), number(weights, first[0].numpy(), memory[0].numpy()), rel_tol=1e-9)
    for (key, shape), gradient in zip(sizes.items(), found, strict=True):
        for at in [(0,) * len(shape), tuple(size - 1 for size in shape)]:
            ends = []
            for move in (1e-6, -1e-6):
                moved = {each: value.copy() for each, value in weights.items()}
                moved[key][at] += move
                ends.append(number(moved, first[0].numpy(), memory[0].numpy()))
            assert math.isclose(float(gradient[at]), (ends[0] - ends[1]) / 2e-6, rel_tol=1e-4, abs_tol=1e-6), (key, at)


def experiment(name: str, **network: Any) -> Experiment:
    return from_dict(
        {
            "network": {"cell": name, "head": "linear", **network},
            "training": {"tick": "sequence", "reduction": "mean", "seed": 1, "lr": 0.05},
        }
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_and_every_pane_has_something_to_show(name: str) -> None:
    session = Session(experiment(name, layers=2, hidden_size=6))
    first = math.inf
    for _ in range(60):
        session.tick()
        assert session.trainer.loss is not None
        first = min(first, float(session.trainer.loss)) if math.isinf(first) else first
    loss = session.trainer.loss
    assert loss is not None
    assert float(loss) < 0.5 * first
    found: dict[type, Any] = {type(each): each for each in session.probe.inside(EVERYTHING)}
    assert not [each.note for each in found.values() if each.note]
    cell, gates = found[CellFacts], found[GatesFacts]
    kind = CELL_KINDS[name]
    assert cell.source
    assert [each.name for each in gates.gates] == [*kind.gate_names, *(["c"] if kind.has_c else [])]
    assert all(each.holds for each in session.probe.checks(EVERYTHING))
    (top,) = [each for each in session.probe.states(EVERYTHING) if each.layer == 1]
    assert_allclose(cell.h, top.h[:, cell.step], atol=1e-6)
    if kind.memory == "H":
        assert cell.matrix.shape == (6, 6)
        assert_allclose(np.linalg.norm(cell.matrix, axis=1), cell.c, rtol=1e-5)
    else:
        assert cell.matrix is None
    names = [each.removeprefix("recurrent.") for each, _ in session.trainer.model.named_parameters()]
    assert [each for each, _ in parameter_shapes(session.experiment)] == names
    assert session.experiment.weights == sum(each.numel() for each in session.trainer.model.parameters())
    assert memory_bytes(session.experiment) > 4 * session.experiment.weights


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_different_lengths_are_read_as_if_alone(name: str) -> None:
    session = Session(experiment(name, bidirectional=True, hidden_size=4))
    recurrent: Any = session.trainer.model.recurrent
    x, lengths = torch.randn(5, 2, 5), torch.tensor([5, 3])
    size = CELL_KINDS[name].c_size(4)
    zeros: Any = (torch.zeros(2, 2, 4), torch.zeros(2, 2, size)) if CELL_KINDS[name].has_c else torch.zeros(2, 2, 4)
    alone: Any = tuple(each[:, 1:] for each in zeros) if isinstance(zeros, tuple) else zeros[:, 1:]
    both, _ = recurrent(x, zeros, lengths=lengths)
    one, _ = recurrent(x[:3, 1:], alone)
    assert_allclose(both[:3, 1].detach(), one[:, 0].detach(), atol=1e-6)
    assert not both[3:, 1].any()


def test_the_lru_stays_within_the_unit_disk() -> None:
    cell: Any = MODULES["lru"](3, 500)
    size = torch.exp(-torch.exp(cell.nu))
    assert 0.4 <= float(size.min()) < 0.45
    assert 0.97 < float(size.max()) <= 0.99
    assert_allclose(torch.exp(cell.gamma).detach() ** 2, 1 - size.detach() ** 2, rtol=1e-4)
