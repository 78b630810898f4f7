"""Cells of one's own against torch's: right ones agree, wrong ones are named, hostile ones are refused in one line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from numpy.testing import assert_allclose
from torch import nn

from rnn_tui.engine.check import check as check_module
from rnn_tui.engine.check.check import Verdict, check_cell
from rnn_tui.engine.check.side_by_side import Sizes
from rnn_tui.engine.network.cell_error import CellError
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.experiment.named_cell import VARIABLE, name_cell, read_name
from tests.engine.check.cells import GRU_SIX, GRU_STACKED, GRU_STEP, LSTM_FOUR, LSTM_STEP, RIGHT, RNN_STEP, WRONG


@pytest.fixture(autouse=True)
def _no_cell(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(VARIABLE, "")
    yield
    assert torch.get_default_dtype() == torch.float32


_files = iter(range(10**9))  # a name of its own for each, so that none is taken for the one before


def verdict(folder: Path, kind: str, source: str) -> Verdict:
    file = folder / f"mine{next(_files)}.py"
    file.write_text(source)
    name_cell(read_name(f"{file}:"))
    return check_cell(CELL_KINDS[kind])


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_cell_agrees(name: str, tmp_path: Path) -> None:
    kind, source = RIGHT[name]
    found = verdict(tmp_path, kind, source)
    assert found.parting is None
    assert found.mistakes == ()
    assert found.trials == 20
    assert found.largest < 1e-12


@pytest.mark.parametrize("name", WRONG)
def test_a_usual_mistake_is_named(name: str, tmp_path: Path) -> None:
    kind, source, right, wrong, part, words = WRONG[name]
    assert right in source
    found = verdict(tmp_path, kind, source.replace(right, wrong))
    assert found.parting is not None
    assert found.parting.step == 0
    (mistake,) = found.mistakes
    assert words in mistake.about
    assert mistake.part == part


def test_it_tells_the_gate_the_step_and_the_numbers(tmp_path: Path) -> None:
    found = verdict(tmp_path, "gru", GRU_SIX.replace("self.n = torch.tanh", "self.n = torch.sigmoid")).parting
    assert found is not None
    assert (found.part, found.step, found.agreeing) == ("n", 0, ("r", "z"))
    assert torch.tensor(found.own).logit().item() == pytest.approx(torch.tensor(found.torch).atanh().item(), abs=1e-5)
    assert found.by == pytest.approx(abs(found.own - found.torch))


def test_a_later_step_is_found(tmp_path: Path) -> None:
    """What h grows out of bounds for: the first steps agree."""
    source = RNN_STEP.replace("return torch.tanh", "return torch.relu").replace("+ b_hh)", "+ b_hh).clamp(max=2.5)")
    found = verdict(tmp_path, "rnn-relu", source)
    assert found.parting is not None
    assert found.mistakes == ()
    h = found.parting
    assert h.own == 2.5 < h.torch


def test_two_and_three_mistakes_are_named(tmp_path: Path) -> None:
    two = GRU_STEP.replace("(1 - z) * n + z * h", "z * n + (1 - z) * h").replace("r * h_n", "h_n")
    assert [each.about for each in verdict(tmp_path, "gru", two).mistakes] == [
        "r is not used",
        "z and 1 − z are swapped",
    ]
    three = two.replace("torch.sigmoid(x_z + h_z)", "x_z + h_z")
    found = verdict(tmp_path, "gru", three).mistakes
    assert [each.about for each in found] == ["in z, σ is missing", "r is not used", "z and 1 − z are swapped"]


def test_among_many_mistakes_the_first_part_is_explained(tmp_path: Path) -> None:
    source = GRU_SIX.replace("torch.sigmoid", "torch.tanh").replace("torch.tanh(self.new_x", "torch.sin(self.new_x")
    found = verdict(tmp_path, "gru", source.replace("self.z * h", "self.z * h / 2"))
    assert found.mistakes == ()
    assert found.parting is not None
    assert found.parting.part == "r"
    assert found.in_part is not None
    assert found.in_part.about in ("in r, tanh stands in the place of σ", "in r and z, tanh stands in the place of σ")


def test_what_no_mistake_explains_is_said_so(tmp_path: Path) -> None:
    found = verdict(tmp_path, "gru", GRU_STEP.replace("r * h_n", "r * r * h_n"))
    assert found.parting is not None
    assert (found.mistakes, found.in_part) == ((), None)
    assert found.inside == "n"  # which is tanh(0) without its weights, whatever r is


def test_a_gate_that_is_not_shown_is_found_by_its_weights(tmp_path: Path) -> None:
    """The sum of a gate is doubled, which no usual mistake does: with 0 for its weights it is right."""
    for at, gate in enumerate(("i", "f", "g", "o")):
        source = LSTM_STEP.replace(f"({gate})", f"(2 * {gate})", 1)
        assert source != LSTM_STEP, at
        assert verdict(tmp_path, "lstm", source).inside == gate


CUT = {  # what is cut off the graph: (kind, file, right, cut, the first gradient that differs, is there none)
    "state": ("gru", GRU_STEP, "x_r, x_z", "h = h.detach(); x_r, x_z", "W_hr", False),
    "gate": ("gru", GRU_STEP, "r = torch.sigmoid(x_r + h_r)", "r = torch.sigmoid(x_r + h_r).detach()", "W_hr", True),
    "all": ("lstm", LSTM_STEP, "h, c = state", "w_hh = w_hh.data; h, c = state", "W_hi", True),
    "memory": ("lstm", LSTM_STEP, "(f) * c", "(f) * c.detach()", "W_hi", False),
}


@pytest.mark.parametrize("name", CUT)
def test_a_gradient_that_is_cut_is_found(name: str, tmp_path: Path) -> None:
    kind, source, right, cut, part, gone = CUT[name]
    assert right in source
    found = verdict(tmp_path, kind, source.replace(right, cut, 1)).parting
    assert found is not None
    assert (found.is_gradient, found.part, found.is_cut) == (True, part, gone)
    if gone:
        assert found.own == 0 != found.torch
    else:
        assert found.step == 4  # x of the last of 6 steps needs no way through the state


def test_the_weights_of_a_module_are_told(tmp_path: Path) -> None:
    placing = verdict(tmp_path, "gru", GRU_STACKED).placing
    assert placing is not None
    assert [(each.side, each.gates) for each in placing.parameters if each.name == "doors.weight"] == [("xh", (1, 0))]
    assert {gate for side, gate in placing.biases if side == "b_hh"} == {2}
    assert verdict(tmp_path, "gru", GRU_STEP).placing is None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=some.builds(
        Sizes,
        inputs=some.integers(1, 9),
        units=some.integers(1, 9),
        rows=some.integers(1, 6),
        steps=some.integers(1, 9),
    ),
    source=some.sampled_from([GRU_STEP, GRU_SIX, LSTM_STEP, LSTM_FOUR]),
    spoilt=some.booleans(),
)
def test_at_any_size(sizes: Sizes, source: str, spoilt: bool, tmp_path: Path) -> None:
    """A right cell agrees at sizes of all kinds, and one with a gate that is a little off does not."""
    if spoilt:
        source = source.replace("torch.sigmoid(", "1e-3 + torch.sigmoid(", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check_module, "_FIRST", sizes)
        found = verdict(tmp_path, "gru" if "MyGRU" in source else "lstm", source)
    assert (found.parting is not None) == spoilt
    assert found.sizes == sizes if spoilt else found.trials == 20


def test_torchs_random_numbers_are_left_alone(tmp_path: Path) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, other = (verdict(tmp_path, "gru", GRU_SIX.replace("torch.tanh", "torch.sin")) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert one.parting == other.parting


def test_float32_is_compared_as_such(tmp_path: Path) -> None:
    source = GRU_STEP.replace("x_r, x_z, x_n =", "x = x.to(torch.float32); h = h.float(); x_r, x_z, x_n =", 1)
    found = verdict(tmp_path, "gru", source)
    assert found.parting is None
    assert 1e-9 < found.largest < 1e-4


STEP = "class A:\n    def step(self, x, state, *weights):\n        h = state\n        "
PAIR = "class A:\n    def step(self, x, state, *weights):\n        h, c = state\n        "
MODULE = GRU_SIX.replace("MyGRU", "A")
HOSTILE: dict[str, tuple[str, str]] = {  # what is said: the kind, the file
    "line 4: ZeroDivisionError: division by zero": ("gru", f"{STEP}return h / (1 / 0)\n"),
    "line 4: SystemExit: gone gone": ("gru", f"{STEP}raise SystemExit('gone\\ngone')\n"),
    "line 4: still to be written: r": ("gru", f"{STEP}raise NotImplementedError('r')\n"),
    "line 4: still to be written": ("gru", f"{STEP}raise NotImplementedError\n"),
    "returns nothing as h; it must be a tensor (N, H)": ("gru", f"{STEP}pass\n"),
    "returns h of shape (3, 2); it must be (N, H), here (3, 5)": ("gru", f"{STEP}return h[:, :2]\n"),
    "returns 3 values; a step of GRU returns h": ("gru", f"{STEP}return h, h, h\n"),
    "returns one tensor; a step of LSTM returns (h, c)": ("lstm", f"{PAIR}return h\n"),
    "returns a list; a step of LSTM returns (h, c)": ("lstm", f"{PAIR}return [h, c]\n"),
    "returns a float as h; it must be a tensor": ("gru", f"{STEP}return 0.5\n"),
    "RuntimeError: one of the variables needed for gradient computation has been modified": (
        "gru",
        GRU_STEP.replace("torch.sigmoid(x_r + h_r)", "torch.sigmoid(x_r + h_r).mul_(1)"),
    ),
    "returns h with NaN or infinity in it": ("gru", f"{STEP}return h / 0\n"),
    "returns h as torch.float16": ("gru", f"{STEP}return h.half()\n"),
    "returns h as torch.int64": ("gru", f"{STEP}return h.long()\n"),
    "changes what it is given in place": ("gru", f"{STEP}h *= 2\n        return h\n"),
    "gives other numbers for the same x and state": (
        "gru",
        f"import torch\n{STEP}return torch.rand_like(h)\n",
    ),
    "reads h and c as its state, as an LSTM does": ("gru", f"{PAIR}return h, c\n"),
    "reads h alone as its state": ("lstm", f"{STEP}return h + 0.5\n"),
    "norm.weight": (
        "gru",
        MODULE.replace("super().__init__()", "super().__init__()\n        self.norm = nn.BatchNorm2d(7)"),
    ),
    "its matrices for x are of 4 gates, and GRU has 3": (
        "gru",
        MODULE.replace(
            "super().__init__()", "super().__init__()\n        self.more = nn.Linear(input_size, hidden_size)"
        ),
    ),
    "peep: biases of 1 gate; GRU has 3, one or two for each": (
        "gru",
        GRU_STACKED.replace(
            "super().__init__()", "super().__init__()\n        self.peep = nn.Parameter(torch.rand(hidden_size))"
        ),
    ),
    "it has no parameters": (
        "gru",
        "from torch import nn\n\n\nclass A(nn.Module):\n    def __init__(self, *_):\n        super().__init__()\n\n"
        "    def forward(self, x, h):\n        return h\n",
    ),
    "which of its weights is which gate cannot be told": (
        "gru",
        GRU_STACKED.replace("+ z * h", "+ z * torch.sin(h)"),
    ),
    "TypeError": (
        "gru",
        "from torch import nn\n\n\nclass A(nn.Module):\n    def forward(self, x, h):\n        return h\n",
    ),
}


@pytest.mark.parametrize("said", HOSTILE)
def test_what_cannot_be_checked_is_told_in_one_line(said: str, tmp_path: Path) -> None:
    kind, source = HOSTILE[said]
    with pytest.raises(CellError) as raised:
        verdict(tmp_path, kind, source)
    message = str(raised.value)
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize("kind", ["rnn", "rnn-relu", "gru", "lstm"])
def test_the_equations_without_mistakes_are_torchs(kind: str) -> None:
    from rnn_tui.engine.check.equations import Weights, step_in_parts

    module: Any = getattr(nn, f"{CELL_KINDS[kind].module}Cell")(3, 4, **CELL_KINDS[kind].options)
    four = [each.detach().unflatten(0, (-1, 4)) for each in module.parameters()]
    x, h, c = torch.randn(5, 3), torch.randn(5, 4), torch.randn(5, 4)
    found = step_in_parts(CELL_KINDS[kind], x, (h, c) if kind == "lstm" else h, Weights(*four), {})
    wanted = module(x, (h, c) if kind == "lstm" else h)
    assert_allclose(found["h"], (wanted[0] if kind == "lstm" else wanted).detach(), atol=1e-6)
    if kind == "lstm":
        assert_allclose(found["c"], wanted[1].detach(), atol=1e-6)
