"""The accuracy by length as bars: as high as the share, with the lengths below them, and a sentence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.lengths import draw_lengths, length_at, verdict
from rnn_tui.protocol.inspect.lengths import LengthsFacts


def facts(*rights: int, rows: int = 8, learnt: int = 2, first: int = 1) -> LengthsFacts:
    count = len(rights)
    return LengthsFacts(
        lengths=np.arange(first, first + count, dtype=np.int32),
        right=np.array(rights, np.int32),
        rows=np.full(count, rows, np.int32),
        learnt=(np.arange(count) < learnt).astype(np.int32),
    )


def picture(found: LengthsFacts, width: int = 40, height: int = 10) -> list[str]:
    strips = draw_lengths(found, width=width, height=height, palette=DARK)
    return ["".join(segment.text for segment in strip) for strip in strips]


def test_a_bar_is_as_high_as_the_share() -> None:
    lines = picture(facts(8, 8, 4, 0))  # 8 rows of bars, 6 cells for the scale, 6 for each length
    columns = ["".join(line[6 + 6 * at] for line in lines[1:9]) for at in range(4)]
    assert columns == ["████████", "████████", "    ████", "       ▁"]
    assert lines[0].strip() == "all right up to length 2"
    assert lines[-1].split() == ["1", "2", "3", "4"]
    assert (lines[1][:4], lines[8][:4]) == ("100%", "  0%")


def test_the_bar_under_the_mouse_is_told_exactly() -> None:
    found = facts(8, 8, 4, 0)
    assert length_at(found, 6, width=40) == "length 1, learnt: 8 of 8 pairs right"
    assert length_at(found, 19, width=40) == "length 3, held out: 4 of 8 pairs right"
    assert length_at(found, 2, width=40) == length_at(found, 39, width=40) == ""


def test_many_lengths_share_bars() -> None:
    found = facts(*[8] * 50, *[0] * 50, learnt=50)
    assert length_at(found, 6, width=26) == "lengths 1–5, learnt: 40 of 40 pairs right"
    lines = picture(found, 26)
    assert lines[1][6:].rstrip() == "█" * 10


@pytest.mark.parametrize(
    ("rights", "sentence"),
    [
        ((8, 8, 8), "right at all lengths, up to 3 · learnt up to 2"),
        ((7, 8, 8), "right at no length from the shortest on · learnt up to 2"),
        ((8, 7, 8), "all right up to length 1 · learnt up to 2"),
    ],
)
def test_the_sentence_says_how_far_it_is_right(rights: tuple[int, ...], sentence: str) -> None:
    assert verdict(facts(*rights))[0] == sentence


@given(st.lists(st.integers(0, 8), min_size=1, max_size=200), st.integers(1, 120), st.integers(1, 40))
def test_every_size_has_a_picture(rights: list[int], width: int, height: int) -> None:
    strips = draw_lengths(facts(*rights), width=width, height=height, palette=DARK)
    assert len(strips) == height
    assert all(strip.cell_length == width for strip in strips)
