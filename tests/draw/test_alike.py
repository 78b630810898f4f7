"""Where else: the stretch and the places below it, beginning in one column."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.draw.alike import draw_alike, places_that_fit
from rnn_tui.draw.kit.palette import DARK
from rnn_tui.protocol.inspect.alike import AlikeFacts, AlikePlace
from tests.draw.grids import Grid, is_picture, texts
from tests.examples import examples

GLYPHS = list("abcdefgh")


def facts(text: str, start: int, length: int, *places: tuple[int, int], units: int = 2) -> AlikeFacts:
    return AlikeFacts(
        start=start,
        length=length,
        begins=True,
        inputs=np.array([GLYPHS.index(each) for each in text], np.int32),
        units=np.arange(units, dtype=np.int32),
        below=np.array([7], np.int32),
        places=tuple(AlikePlace(start=at, length=size, units=1, score=0.75) for at, size in places),
        total=len(places),
    )


def picture(some: AlikeFacts, width: int = 90, height: int = 12) -> Grid:
    return is_picture(draw_alike(some, width=width, height=height, palette=DARK, glyphs=GLYPHS), width, height)


def test_the_stretches_begin_in_one_column() -> None:
    grid = picture(facts("aaaabcdaaaabcdeaaaa", 4, 3, (11, 4)))
    lines = texts(grid)
    assert "▸ the stretch" in lines[0]
    assert "3 units turn on at its start and stay on: 1, 2, −8" in lines[1]
    assert "1 other place where at least 70 % of them are on" in lines[2]
    assert lines[3].split()[:5] == ["75", "%", "1", "of", "3"]
    plain = grid[0][-2][1]
    columns = [
        [x for x in range(17, 90) if grid[y][x][1].bgcolor is not None and grid[y][x][1] != plain] for y in (0, 3)
    ]
    assert columns[0][0] == columns[1][0]
    assert [len(each) for each in columns] == [3, 4]
    assert "".join(grid[3][x][0] for x in columns[1]) == "bcde"


def test_one_unit_is_one() -> None:
    lines = texts(picture(facts("abcabc", 0, 1, units=0)))
    assert "1 unit turns on at its start and stays on: −8" in lines[1]


@settings(max_examples=examples(60))
@given(st.text("abcdefgh", min_size=1, max_size=200), st.integers(1, 150), st.integers(1, 40), st.data())
def test_any_text_in_any_room(text: str, width: int, height: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(1, len(text) - start))
    picture(facts(text, start, length, (0, 1), (len(text) - 1, 1)), width, height)
    assert places_that_fit(height) >= 1
