"""The time line: its ends, its mark, and which tick a cell stands for."""

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.timeline import draw_timeline, tick_at
from tests.draw.test_status_and_shapes import STATUS


def text(width: int, **more: object) -> str:
    return draw_timeline(replace(STATUS, **more), width=width, palette=DARK).text


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 6), st.integers(1, 250))
def test_one_strip_of_the_width(tick: int, more: int, branches: int, width: int) -> None:
    status = replace(STATUS, tick=tick, newest=tick + more, branches=branches)
    assert draw_timeline(status, width=width, palette=DARK).cell_length == width


@given(st.integers(1, 10**9), st.integers(64, 250), st.integers(0, 300))
def test_every_cell_is_a_tick_of_the_run(newest: int, width: int, x: int) -> None:
    tick = tick_at(replace(STATUS, newest=newest), width, x)
    assert 0 <= tick <= newest


@given(st.integers(1, 10**6), st.integers(64, 250), st.floats(0, 1))
@example(5000, 100, 1.0)
@example(5000, 100, 0.5)
def test_the_mark_stands_where_a_click_would_go(newest: int, width: int, part: float) -> None:
    tick = round(part * newest)
    line = text(width, tick=tick, newest=newest)
    place = line.index("◆" if tick < newest else "●")
    cells = len(line.strip()) - len("tick 0 ")
    assert abs(tick_at(replace(STATUS, tick=tick, newest=newest), width, place) - tick) <= newest / (cells - 12) + 1


def test_its_ends_are_the_first_and_the_newest_tick() -> None:
    status = replace(STATUS, newest=5000)
    assert tick_at(status, 100, 0) == 0
    assert tick_at(status, 100, 99) == 5000
    assert text(100, newest=5000).startswith(" tick 0 ")
    assert text(100, newest=5000).rstrip().endswith(" 5,000")


def test_the_tick_stands_where_there_is_more_room_and_before_the_mark_in_the_very_middle() -> None:
    line = text(101, tick=5, newest=10)
    size = len(line.strip()) - len("tick 0 ") - len(" 10")
    assert size % 2  # or there is no cell in the middle
    assert line.index("◆") == len(" tick 0 ") + size // 2
    assert line.rindex("tick 5") < line.index("◆")
    assert text(101, tick=4, newest=10).rindex("tick 4") > text(101, tick=4, newest=10).index("◆")


def test_branches_are_named() -> None:
    line = text(100, branches=3, branch="fork 2")
    assert "fork 2" in line
    assert "3 branches" in line
