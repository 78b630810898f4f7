"""How the room on the screen is shared: all units are shown if they fit, and what is left makes pictures larger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.boxes import units_fit
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.view.model.columns import Columns, score_width
from rnn_tui.view.model.pane_heights import BORDER, PaneHeights, network_height
from rnn_tui.view.panes.network import height_of
from rnn_tui.view.panes.states import Parts, heights_of, parts_that_fit, units_that_fit
from tests.view.helpers import running, screen_lines, until

OTHERS = 5  # rows of the status, the time line and the keys, and the line that says that it is done


def shared(lesson: Experiment, height: int) -> tuple[int, int]:
    """The rows inside the borders of the network and of the states on a screen of this height."""
    room = height - OTHERS
    network = network_height(room, lambda box: height_of(lesson, box=box), heights_of(lesson))
    return network - BORDER, room - network - BORDER


@pytest.mark.parametrize(
    ("name", "height", "parts"),
    [
        ("hihello", 24, Parts(1, c=False)),
        ("ohlol-lstm", 36, Parts(1, c=False)),
        ("ohlol-lstm", 50, Parts(1, c=True)),
        ("ohlol-lstm", 60, Parts(2, c=True)),
        ("three-words", 36, Parts(1, c=False)),
        ("sine", 36, Parts(1, c=False)),
        ("sine", 50, Parts(1, c=False)),
    ],
)
def test_all_units_are_shown(name: str, height: int, parts: Parts) -> None:
    lesson = LESSONS[name]
    network, states = shared(lesson, height)
    assert parts_that_fit(lesson, states) == parts
    assert units_that_fit(lesson, states) >= lesson.network.hidden_size
    assert network >= height_of(lesson, box=1) - 2  # without some arrows, if it must be


@pytest.mark.parametrize(("name", "height"), [("sine", 50), ("hihello", 36), ("three-words", 36)])
def test_small_networks_have_a_row_for_each_unit_and_boxes_with_frames(name: str, height: int) -> None:
    lesson = LESSONS[name]
    network, states = shared(lesson, height)
    assert states - 2 >= lesson.network.hidden_size
    assert network >= height_of(lesson, box=3)


@given(st.integers(8, 120), st.integers(1, 40), st.integers(0, 3), st.lists(st.integers(3, 90), min_size=1, max_size=4))
def test_the_network_never_takes_what_the_pane_below_needs(room: int, bands: int, cells: int, forms: list[int]) -> None:
    forms = sorted(forms, reverse=True)
    below = PaneHeights(forms, per_row=forms[0] // 2, tallest=8)
    rows = network_height(room, lambda box: bands + box * cells, below)
    assert 3 <= rows <= max(3, round(0.6 * room)) or rows + forms[-1] + BORDER <= room


def test_a_large_layer_has_as_many_units_as_rows_allow() -> None:
    lesson = from_dict(overridden(LESSONS["ohlol-lstm"], {"network.hidden_size": 128}))
    _, states = shared(lesson, 36)
    assert parts_that_fit(lesson, states).layers == 1
    assert 4 <= units_that_fit(lesson, states) < 128


def test_narrow_columns_become_wider_where_the_panes_beside_can_spare_it() -> None:
    columns = Columns(1, 21)
    width = score_width(72, 120, 21, columns)
    assert width == 76
    assert TimeAxis.fit(width - 2, 21).column == 3
    assert score_width(60, 100, 21, columns) == 60  # the panes beside need it
    assert score_width(72, 120, 6, Columns(1, 6)) == 72  # wide columns gain little
    assert score_width(120, 200, 64, Columns(1, 64)) == 141


@pytest.mark.parametrize(("units", "column", "rows", "fits"), [
    (8, 11, 1, True), (8, 11, 3, True), (14, 11, 3, True), (54, 11, 3, True), (55, 11, 3, False), (32, 3, 1, False),
    (32, 2, 8, True),
])  # fmt: skip
def test_units_in_a_box(units: int, column: int, rows: int, fits: bool) -> None:
    """A box is 9 cells wide and 3 rows high: 54 half cells. With its frame there are 14."""
    assert units_fit(units, column, rows) == fits


async def test_the_gates_of_all_units_replace_the_states_where_both_would_be_cut() -> None:
    async with running("ohlol-lstm", size=(120, 50)) as (pilot, app, _):
        await pilot.press("g")
        await until(pilot, lambda: "gates" in {pane.ID for pane in app.main.grid.shown})
        assert "states" not in {pane.ID for pane in app.main.grid.shown}
    async with running("hihello", size=(120, 60)) as (pilot, app, _):
        await pilot.press("g")
        await until(pilot, lambda: "gates" in {pane.ID for pane in app.main.grid.shown})
        assert "states" in {pane.ID for pane in app.main.grid.shown}
        assert screen_lines(app)
