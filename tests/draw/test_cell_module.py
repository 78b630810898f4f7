"""A cell with equations of its own: as they are written, and the values of its parts."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.draw.cell.cell import draw_cell
from rnn_tui.draw.kit.palette import DARK
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.protocol.inspect.cell import CellFacts, GateTerms
from tests.draw.grids import Grid, is_picture, texts
from tests.examples import examples

SOURCE = (
    "z = torch.sigmoid(self.to_z(x))  # (N, H), how much is replaced\n\nn = self.to_n(x)\nreturn (1 - z) * h + z * n"
)
NONE = np.zeros(0, np.float32)


def facts(units: int = 4, source: str = SOURCE, *, c: bool = False) -> CellFacts:
    def terms(name: str, values: Any) -> GateTerms:
        matrix = np.zeros((0, 0), np.float32)
        return GateTerms(
            name=name, squash="σ" if name == "z" else "", w_ih=matrix, w_hh=matrix, from_input=NONE, b_ih=NONE,
            from_state=NONE, b_hh=NONE, total=NONE, value=np.asarray(values, np.float32),
        )  # fmt: skip

    every = np.arange(units, dtype=np.float32)
    tenth = np.float32(0.1) * every
    return CellFacts(
        unit=1, input_size=3, hidden_size=units, features=np.zeros(0, np.int32), units=np.arange(units, dtype=np.int32),
        states=np.zeros(0, np.int32), x=NONE, h_before=NONE, h_before_units=tenth, h=-tenth,
        c_before=every if c else None, c=every + 0.5 if c else None, source=source, largest_sum=5.0,
        gates=(terms("z", every / 8), terms("n", every)),
    )  # fmt: skip


def picture(some: CellFacts, width: int, height: int) -> Grid:
    strips = draw_cell(some, width=width, height=height, palette=DARK, kind=CELL_KINDS["min-gru"], character="h")
    return is_picture(strips, width, height)


def test_the_equations_stand_above_the_values() -> None:
    lines = texts(picture(facts(), 70, 14))
    assert [line.strip() for line in lines[:3]] == [
        "z = torch.sigmoid(self.to_z(x))  # (N, H), how much is replaced",
        "n = self.to_n(x)",
        "return (1 - z) * h + z * n",
    ]
    heads = lines[4].split()
    assert heads == ["z", "n", "hₜ₋₁", "hₜ"]
    assert lines[6 - 1].split()[0] == "1"
    assert "▸2" in "".join(lines)
    values = next(line for line in lines if "▸2" in line).split()
    assert [float(each.replace("−", "-")) for each in values[1:]] == pytest.approx([0.125, 1.0, 0.1, -0.1])


def test_a_line_that_is_too_long_loses_its_comment_and_is_folded() -> None:
    lines = [line.strip() for line in texts(picture(facts(), 24, 20))]
    assert lines[:4] == ["z = torch.sigmoid(self", ".to_z(x))", "n = self.to_n(x)", "return (1 - z) * h + z"]


def test_what_does_not_fit_is_marked() -> None:
    many = "\n".join(f"a{number} = x" for number in range(50))
    lines = texts(picture(facts(source=many), 40, 16))
    assert any(line.strip() == "…" for line in lines)
    assert "a49" not in "".join(lines)


def test_a_state_that_is_a_matrix_is_an_image() -> None:
    matrix = np.zeros((4, 4), np.float32)
    matrix[3, 2] = -1.5
    grid = picture(replace(facts(), matrix=matrix), 60, 24)
    lines = texts(grid)
    top = next(y for y, line in enumerate(lines) if "the state as a matrix" in line)
    assert "−1.5" in lines[top]
    lower = [(x, y) for y in (top + 1, top + 2) for x in range(1, 17) if grid[y][x][1] != grid[top + 1][1][1]]
    assert {y for _, y in lower} == {top + 2}  # two rows share a line
    assert [x for x, _ in lower] == [9, 10, 11, 12]
    assert not any("the state as a matrix" in line for line in texts(picture(replace(facts(), matrix=matrix), 60, 9)))


@settings(max_examples=examples(40))
@given(st.integers(1, 150), st.integers(1, 50), st.integers(1, 30), st.booleans(), st.text(max_size=80))
def test_any_room_and_any_text(width: int, height: int, units: int, c: bool, text: str) -> None:
    some = facts(units, text, c=c)
    matrix = np.linspace(-1, 1, units * units, dtype=np.float32).reshape(units, units)
    picture(replace(some, matrix=matrix) if c else some, width, height)
