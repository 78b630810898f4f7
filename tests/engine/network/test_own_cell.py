"""A cell in a file of one's own: what it learns, what is seen of it, what is refused, and that nothing else is run."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn
from torch.nn import functional as F

from rnn_tui.common.glyphs import is_harmful
from rnn_tui.engine.network.cell_error import CellError
from rnn_tui.engine.network.own_cell import loaded_cell, own_facts
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.named_cell import VARIABLE, NamedCell, NotACell, name_cell, read_name
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.toml_file import read, write
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.inspect.cell import CellFacts
from rnn_tui.protocol.inspect.gates import GatesFacts
from rnn_tui.protocol.inspect.gradients import GradientsFacts
from tests.engine.network.test_new_cell import EVERYTHING

GRU = """
import torch
from torch import nn


class MyGRU(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.to_r = nn.Linear(input_size + hidden_size, hidden_size)
        self.to_z = nn.Linear(input_size + hidden_size, hidden_size)
        self.to_n = nn.Linear(input_size, hidden_size)
        self.h_to_n = nn.Linear(hidden_size, hidden_size)
        self.z = None

    def forward(self, x, h):
        "One step."
        both = torch.cat((x, h), -1)
        self.r = torch.sigmoid(self.to_r(both))
        self.z = torch.sigmoid(self.to_z(both))  # how much stays
        self.n = torch.tanh(self.to_n(x) + self.r * self.h_to_n(h))
        return (1 - self.z) * self.n + self.z * h
"""
LSTM = """
class MyLSTM:
    gates = "ifgo"

    def step(self, x, state, w_ih, w_hh, b_ih, b_hh):
        h, c = state
        i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, -1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        return (o * c.tanh(), c), {"i": i, "f": f, "g": g, "o": o}
"""


@pytest.fixture(autouse=True)
def _no_cell(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(VARIABLE, "")
    yield
    parameter_shapes.cache_clear()


def named(folder: Path, source: str, name: str = "") -> NamedCell:
    (folder / "mine.py").write_text(source)
    found = read_name(f"{folder / 'mine.py'}:{name}")
    name_cell(found)
    return found


def experiment(**network: Any) -> Experiment:
    values = to_dict(LESSONS["hihello"])
    values["network"] |= {"cell": OWN, **network}
    values["training"] |= {"tick": "sequence", "reduction": "mean"}
    return from_dict(values)


def own_cell(session: Session) -> Any:
    layers: Any = session.trainer.model.recurrent
    return layers.cells[0]


def losses(session: Session, passes: int) -> list[float]:
    found = []
    for _ in range(passes):
        session.tick()
        loss = session.trainer.loss
        assert loss is not None
        found.append(float(loss))
    return found


def test_it_learns_what_a_plain_loop_learns(tmp_path: Path) -> None:
    named(tmp_path, GRU)
    session = Session(experiment(layers=2))
    found = losses(session, 20)

    space: dict[str, Any] = {}
    exec(GRU, space)
    torch.manual_seed(session.experiment.training.seed)
    cells = nn.ModuleList([space["MyGRU"](5, 5), space["MyGRU"](5, 5)])
    optimizer = torch.optim.Adam(cells.parameters(), lr=session.experiment.training.lr)
    vocabulary = session.experiment.vocabulary
    x = F.one_hot(torch.tensor([vocabulary.index(each) for each in "hihell"]), 5).float()
    y = torch.tensor([vocabulary.index(each) for each in "ihello"])
    wanted = []
    for _ in range(20):
        states = [torch.zeros(1, 5), torch.zeros(1, 5)]
        outputs = []
        for step in x:
            states[0] = cells[0](step[None], states[0])
            states[1] = cells[1](states[0], states[1])
            outputs.append(states[1][0])
        loss = F.cross_entropy(torch.stack(outputs), y)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        wanted.append(loss.item())
    assert_allclose(found, wanted, rtol=1e-4)
    assert wanted[-1] < 0.9 * wanted[0]


@pytest.mark.parametrize("both", [False, True])
def test_an_lstm_of_four_weights_is_torchs(tmp_path: Path, both: bool) -> None:
    named(tmp_path, LSTM)
    session = Session(experiment(bidirectional=both, head="linear", layers=2))
    torch_lstm = nn.LSTM(5, 5, 2, bidirectional=both)
    own = session.trainer.model.recurrent
    with torch.no_grad():
        for weight, mine in zip(torch_lstm.parameters(), own.parameters(), strict=True):
            weight.copy_(mine)
    x, lengths = torch.randn(7, 3, 5), torch.tensor([7, 2, 4])
    zeros = torch.zeros(4 if both else 2, 3, 5)
    output, (h, c) = own(x, (zeros, zeros), lengths=lengths)
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
    wanted, (h_n, c_n) = torch_lstm(packed)
    assert_allclose(output.detach(), nn.utils.rnn.pad_packed_sequence(wanted)[0].detach(), atol=1e-6)
    assert_allclose(h.detach(), h_n.detach(), atol=1e-6)
    assert_allclose(c.detach(), c_n.detach(), atol=1e-6)


def answers(session: Session) -> dict[type, Any]:
    found = {type(each): each for each in session.probe.inside(EVERYTHING)}
    assert not [each.note for each in found.values() if each.note]
    return found


def test_every_pane_has_something_to_show(tmp_path: Path) -> None:
    named(tmp_path, GRU)
    session = Session(experiment(layers=2))
    losses(session, 3)
    found = answers(session)
    cell, gates = found[CellFacts], found[GatesFacts]
    assert [(each.name, each.signed) for each in gates.gates] == [("z", False), ("r", False), ("n", True)]
    assert [each.name for each in cell.gates] == ["z", "r", "n"]  # in the order in which it has set them first
    z, _, n = (each.value for each in cell.gates)
    assert_allclose(cell.h, (1 - z) * n + z * cell.h_before_units, atol=1e-6)
    assert_allclose(z, gates.gates[0].values[:, cell.step], atol=1e-6)
    assert cell.source.startswith("both = torch.cat((x, h), -1)\nself.r")
    assert "how much stays" in cell.source
    assert all(each.holds for each in session.probe.checks(EVERYTHING))
    names = [name.removeprefix("recurrent.") for name, _ in session.trainer.model.named_parameters()]
    assert [name for name, _ in parameter_shapes(session.experiment)] == names
    assert own_cell(session).z is None  # as its author has set it


def test_gradients_through_time_are_those_of_autograd(tmp_path: Path) -> None:
    named(tmp_path, LSTM)
    session = Session(experiment())
    losses(session, 3)
    whole = answers(session)[GradientsFacts]
    own = own_cell(session)
    x, y = session.trainer.dataset.x(0, 6), session.trainer.dataset.y(0, 6)
    h, c = torch.zeros(1, 5), torch.zeros(1, 5)
    states = []
    for step in x:
        h, c = own.forward(step, (h, c))[0]
        h.retain_grad()
        states.append(h)
    torch.autograd.backward(F.cross_entropy(torch.cat(states), y[:, 0]))
    assert_allclose(whole.flows[0].whole, [each.grad.norm() for each in states], rtol=1e-4)


def test_what_is_known_of_it_is_kept_with_the_experiment(tmp_path: Path) -> None:
    cell = named(tmp_path, GRU)
    session = Session(experiment())
    (tmp_path / "experiment.toml").write_text(write(session.began))
    kept = read(tmp_path / "experiment.toml")
    assert kept.network.own == session.experiment.network.own
    assert kept.network.kind.label == cell.name == "MyGRU"
    assert from_dict(to_dict(kept) | {"network": to_dict(kept)["network"] | {"cell": "gru"}}).network.own is None


@pytest.mark.parametrize("name", ["", " ", "\x1b[31mred", "\u202eevil", "a" * 5000, "two words"])
def test_what_a_run_says_of_its_cell_is_only_shown(name: str) -> None:
    gates = [{"name": name, "squash": "σ"}] * 100
    own = {"name": name, "sha256": "0", "gates": gates, "weights": [[["w", [3, 2]], ["b", [-4]]]]}
    values = to_dict(LESSONS["hihello"])
    values["network"] |= {"cell": OWN, "own": own}
    kind = from_dict(values).network.kind
    for text in (kind.label, kind.short, *kind.gate_names):
        assert len(text) <= 40
        assert not any(map(is_harmful, text))
    assert kind.short
    assert len(kind.gates) == 64
    assert kind.shapes(3, 5, 5) == (("w", (3, 2)), ("b", (-4,)))


def test_nothing_but_what_the_command_line_names_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named(tmp_path, GRU)
    began = Session(experiment()).began
    monkeypatch.setenv(VARIABLE, "")
    (tmp_path / "mine.py").write_text("raise SystemExit('it was run')")
    with pytest.raises(CellError, match="no run brings with it"):
        Session(began)


STEP = "class A:\n    def step(self, x, h, *weights):\n        "
WRONG = {  # what is said: the file
    "line 17: RuntimeError: mat1 and mat2": GRU.replace("torch.cat((x, h), -1)", "x @ h"),
    "line 2: NameError: name 'linear'": "\nlinear(3)\n\n\nclass A:\n    pass\n",
    "returns NoneType as h; it must be a tensor (N, 5)": f"{STEP}pass\n",
    "returns h of shape (N, 2); it must be (N, 5)": f"{STEP}return h[:, :2]\n",
    "reads one tensor as its state and returns 2": f"{STEP}return h, h\n",
    "has neither forward(self, x, state)": "class A:\n    pass\n",
    "line 3: ZeroDivisionError": f"{STEP}return h / (1 / 0)\n",
    "line 3: SystemExit: 4": f"{STEP}raise SystemExit(4)\n",
    "line 3: RecursionError": f"{STEP}return self.step(x, h)\n",
    "returns h as float64; it must be float32": f"{STEP}return h.double()\n",
    "has no weights": GRU.split("self.to_r = ")[0] + "pass\n\n    def forward(self, x, h):\n        return h\n",
}


@pytest.mark.parametrize("said", WRONG)
def test_what_is_wrong_is_told_with_its_authors_line(said: str, tmp_path: Path) -> None:
    named(tmp_path, WRONG[said])
    with pytest.raises(CellError) as raised:
        Session(experiment())
    message = str(raised.value)
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nowhere.py:A", "No such file"),
        ("mine.py:B", "there is no class B; mine.py has A, C"),
        ("mine.py", "needs the name of a class, as in mine.py:A"),
        ("broken.py:A", "broken.py, line 1"),
        ("folder.py:A", "Is a directory"),
    ],
)
def test_a_name_is_checked_without_running_the_file(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text("raise SystemExit\nclass A: pass\nclass C: pass\n")
    Path("broken.py").write_text("class A\n")
    Path("folder.py").mkdir()
    with pytest.raises(NotACell) as raised:
        read_name(text)
    assert said in str(raised.value)


def test_it_may_import_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "squashing_of_mine.py").write_text("def squash(x):\n    return x.tanh()\n")
    named(tmp_path, f"from squashing_of_mine import squash\n\n\n{STEP}return squash(h)\n")
    before = list(sys.path)
    assert Session(experiment()).experiment.network.kind.label == "A"
    assert sys.path == before


def test_torchs_random_numbers_are_left_alone(tmp_path: Path) -> None:
    named(tmp_path, GRU)
    torch.manual_seed(3)
    loaded_cell()
    before = torch.get_rng_state()
    own_facts(experiment())
    assert torch.equal(torch.get_rng_state(), before)
