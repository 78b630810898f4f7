"""A new kind of cell is one entry in the table and its equations: it trains, and every picture can be made of it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from msgspec.structs import replace
from numpy.testing import assert_allclose
from torch import Tensor

from rnn_tui.draw.cell.cell import draw_cell
from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.status import describe_network
from rnn_tui.engine.network.cells import STEPS
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.store.export import state_dict
from rnn_tui.experiment.cell_kinds import CELL_KINDS, CellKind, Gate, Product
from rnn_tui.experiment.memory import memory_bytes
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect import Ask
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.protocol.inspect.reading import ReadingAsk
from rnn_tui.protocol.inspect.saliency import SaliencyAsk
from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.protocol.inspect.space import SpaceAsk
from rnn_tui.protocol.inspect.weights import WeightsAsk

# A minimal gated unit (Zhou et al., 2016; arXiv:1603.09420): one gate f says what is forgotten and what is taken in.
MGU = CellKind(
    name="mgu",
    label="MGU",
    gates=(
        Gate(name="f", squash="σ", about="how much of n is taken in"),
        Gate(name="n", squash="tanh", about="what there is to take in", reset="f"),
    ),
    h=(Product(gate="f", value="h", rest=True), Product(gate="f", value="n")),
    about="one gate forgets and takes in.",
)
ASKS: tuple[Ask, ...] = (
    CellAsk(step=3, layer=1, units=9, features=9, compare=True),
    GatesAsk(layer=1, units=9),
    GradientsAsk(at=4),
    SaliencyAsk(step=4),
    SpaceAsk(rows=9),
    WeightsAsk(matrices=2),
    ReadingAsk(order="variance"),
    SampleAsk(prime="h", length=5),
)
EVERYTHING = Wanted(first=0, count=9, units=9, layers=(0, 9), inside=ASKS, tensors=True)


def mgu_step(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    x_f, x_n = (x @ w_ih.T + b_ih).chunk(2, -1)
    h_f, h_n = (h @ w_hh.T + b_hh).chunk(2, -1)
    f = torch.sigmoid(x_f + h_f)
    return (1 - f) * h + f * torch.tanh(x_n + f * h_n)


@pytest.fixture
def mgu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(CELL_KINDS, "mgu", MGU)
    monkeypatch.setitem(STEPS, "mgu", mgu_step)
    # The choices of --cell are taken from the table when it is imported: see the test in a process of its own below.
    monkeypatch.setattr("rnn_tui.data.load.from_dict", sound)
    parameter_shapes.cache_clear()
    yield
    parameter_shapes.cache_clear()


def sound(values: Any) -> Experiment:
    """Check an experiment with another cell in the place of this one."""
    found = from_dict(values | {"network": values["network"] | {"cell": "lstm"}})
    return replace(found, network=replace(found.network, cell=values["network"]["cell"]))


def experiment(*, both: bool = False) -> Experiment:
    values: Any = {
        "data": {"inputs": ["hihell", "ihello"], "targets": ["ihello", "lehhol"]},
        "network": {"implementation": "written-out", "hidden_size": 7, "layers": 2, "head": "linear",
                    "bidirectional": both, "initial_state": "random"},
        "training": {"tick": "sequence", "lr": 0.05},
    }  # fmt: skip
    values["network"]["cell"] = "mgu"
    return sound(values)


def by_hand(session: Session) -> tuple[list[list[list[Tensor]]], Tensor]:
    """Compute the pass in a loop: h_t (N, H) of each layer and direction as nodes of one graph, and the loss."""
    trainer = session.trainer
    network, weights = trainer.experiment.network, list(trainer.model.recurrent.parameters())
    assert isinstance(trainer.h_0, Tensor)
    reads, nodes = list(trainer.model.embed(trainer.dataset.x(0, trainer.length))), []
    for layer in range(network.layers):
        both = []
        for direction in range(network.directions):
            at = layer * network.directions + direction
            h, states = trainer.h_0[at], []
            for x in reads[::-1] if direction else reads:
                h = mgu_step(x, h, *weights[4 * at : 4 * at + 4])
                states.append(h)
            both.append(states[::-1] if direction else states)
        nodes.append(both)
        reads = [torch.cat(parts, -1) for parts in zip(*both, strict=True)]
    logits = trainer.model.read_out(torch.stack(reads))
    y = trainer.dataset.y(0, trainer.length)
    return nodes, torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum") / 2


@pytest.mark.usefixtures("mgu")
@pytest.mark.parametrize("both", [False, True])
def test_it_trains_and_every_number_inside_is_right(both: bool) -> None:
    session = Session(experiment(both=both))
    session.tick()
    first = session.trainer.total
    for _ in range(40):
        session.tick()
    trainer, probe = session.trainer, session.probe
    assert first is not None
    assert trainer.total is not None
    assert trainer.total < 0.5 * first
    nodes, loss = by_hand(session)
    assert_allclose(loss.item(), trainer.total.item(), rtol=1e-5)

    expected = {(layer, way): h for layer, two in enumerate(nodes) for way, h in enumerate(two)}
    for state in probe.states(EVERYTHING):
        assert state.c is None
        hs = torch.stack(expected[state.layer, state.direction])[:, 0].T.detach()
        assert_allclose(state.h, hs, rtol=1e-4, atol=1e-6)
    answers = {type(each): each for each in probe.inside(EVERYTHING)}
    assert len(answers) == len(ASKS)
    gates = answers[GatesFacts]
    assert isinstance(gates, GatesFacts)
    assert [(each.name, each.about, each.signed) for each in gates.gates] == [
        ("f", "how much of n is taken in", False),
        ("n", "what there is to take in", True),
    ]
    f, n = (torch.from_numpy(each.values.T) for each in gates.gates)
    h = torch.stack(expected[1, 0])[:, 0].detach()
    assert_allclose((1 - f[1:]) * h[:-1] + f[1:] * n[1:], h[1:], rtol=1e-4, atol=1e-6)
    flows = answers[GradientsFacts]
    assert isinstance(flows, GradientsFacts)
    for flow in flows.flows:
        found = torch.autograd.grad(loss, expected[flow.layer, flow.direction], retain_graph=True)
        norms = torch.stack(found)[:, 0].norm(dim=-1)
        assert_allclose(flow.whole, norms, rtol=1e-3, atol=1e-6)
    cell = answers[CellFacts]
    assert isinstance(cell, CellFacts)
    assert cell.compared is not None
    assert cell.compared.difference < 1e-5
    rows = ["".join(part.text for part in strip) for strip in draw_cell(
        cell, width=120, height=40, palette=DARK, kind=CELL_KINDS["mgu"], character="h"
    )]  # fmt: skip
    text = "\n".join(rows)
    assert "f = σ(W_if xₜ + b_if + W_hf hₜ₋₁ + b_hf)" in text
    assert "n = tanh(W_in xₜ + b_in + f·(W_hn hₜ₋₁ + b_hn))" in text
    assert "hₜ = (1 − f)·hₜ₋₁ + f·n" in text


@pytest.mark.usefixtures("mgu")
def test_slow_motion_tells_its_gates_and_its_gradients() -> None:
    session, seen = Session(experiment()), {}
    session.tick()
    for _ in range(60):
        session.phases.next()
        phase = session.probe.phase(EVERYTHING)
        assert phase is not None
        seen[phase.kind] = phase.words
    assert "one gate forgets and takes in." in seen["cell"]
    assert "backward" in seen


@pytest.mark.usefixtures("mgu")
def test_its_shapes_weights_and_memory_are_those_of_the_model() -> None:
    what = experiment(both=True)
    session = Session(what)
    session.tick()
    weights = dict(session.trainer.model.named_parameters())
    named = [(name.removeprefix("recurrent."), tuple(each.shape)) for name, each in weights.items()]
    assert list(parameter_shapes(what)) == named
    assert dict(named)["weight_hh_l1_reverse"] == (14, 7)
    assert what.weights == sum(each.numel() for each in weights.values())
    gru = replace(what, network=replace(what.network, cell="gru"))
    assert memory_bytes(what) < memory_bytes(gru)
    values = session.trainer.model.state_dict().values()
    tensors = {f"model.{name}": each for (name, _), each in zip(named, values, strict=True)}
    assert "recurrent.weight_hh_l1_reverse" in state_dict(what, tensors)
    assert describe_network(what) == "one-hot 5 → written-out MGU 7×2 ⇄ → linear 5"
    for fact in session.probe.checks(EVERYTHING):
        assert fact.holds, fact


@pytest.mark.long
def test_an_entry_and_its_equations_are_all_that_the_command_line_needs(tmp_path: Path) -> None:
    """In a process of its own, where the entry is there before anything reads the table."""
    script = tmp_path / "with_mgu.py"
    script.write_text("""
import torch
from rnn_tui.experiment.cell_kinds import CELL_KINDS, CellKind, Gate, Product
CELL_KINDS["mgu"] = CellKind(
    name="mgu", label="MGU", gates=(Gate(name="f", squash="σ"), Gate(name="n", squash="tanh", reset="f")),
    h=(Product(gate="f", value="h", rest=True), Product(gate="f", value="n")),
)
from rnn_tui.engine.network.cells import STEPS
def step(x, h, w_ih, w_hh, b_ih, b_hh):
    x_f, x_n = (x @ w_ih.T + b_ih).chunk(2, -1)
    h_f, h_n = (h @ w_hh.T + b_hh).chunk(2, -1)
    f = torch.sigmoid(x_f + h_f)
    return (1 - f) * h + f * torch.tanh(x_n + f * h_n)
STEPS["mgu"] = step
from rnn_tui.cli.main import main
main()
""")

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), "train", "hihello", "--cell", "mgu", "--epochs", "30", *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    refused = run()
    assert refused.returncode == 2
    assert "torch has no MGU, so it must be written-out" in refused.stderr
    trained = run("--implementation", "written-out", "--json")
    assert trained.returncode == 0, trained.stderr
    losses = [json.loads(line)["loss"] for line in trained.stdout.splitlines()]
    assert len(losses) == 30
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("name", list(STEPS))
def test_the_table_says_what_the_equations_compute(name: str) -> None:
    """Gates and products of the table, evaluated over a step, against the written-out equations of that kind."""
    kind = CELL_KINDS[name]
    torch.manual_seed(3)
    x, h, c = (torch.randn(2, size).double() for size in (3, 4, 4))
    rows = 4 * len(kind.gates)
    weights = [torch.randn(shape).double() for shape in ((rows, 3), (rows, 4), (rows,), (rows,))]
    after = STEPS[name](x, (h, c) if kind.has_c else h, *weights)
    found = after if isinstance(after, tuple) else (after,)
    squash: dict[str, Any] = {"σ": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
    inputs = (x @ weights[0].T + weights[2]).chunk(len(kind.gates), -1)
    states = (h @ weights[1].T + weights[3]).chunk(len(kind.gates), -1)
    values = {"h": h, "c": c}
    gates: dict[str, Tensor] = {}
    for gate, one, other in zip(kind.gates, inputs, states, strict=True):
        gates[gate.name] = squash[gate.squash](one + (gates[gate.reset] * other if gate.reset else other))

    def total(products: tuple[Product, ...]) -> Tensor:
        terms = [(1 - gates[p.gate] if p.rest else gates[p.gate]) * {**values, **gates}[p.value] for p in products]
        return torch.stack(terms).sum(0)

    expected = [gates["h"]] if not kind.h else []
    if kind.has_c:
        values["c"] = total(kind.c)
        values["tanh(c)"] = values["c"].tanh()
    if kind.h:
        expected = [total(kind.h), *([values["c"]] if kind.has_c else [])]
    for mine, theirs in zip(expected, found, strict=True):
        assert_allclose(mine, theirs, rtol=1e-12)
