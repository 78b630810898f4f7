"""The strip of ranks: what stands out, in words and marks; one scale for all bars; many ranks in few lines."""

import math
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.draw.ranks.lines import lines_of, rows_for
from rnn_tui.draw.ranks.odd import find_odd, odd_ranks, told
from rnn_tui.draw.ranks.strip import draw_ranks, rank_at
from rnn_tui.protocol.ranks import RankFigures, RankPhase
from rnn_tui.view.terminal.ascii import in_ascii
from tests.draw.grids import GREY, Grid, is_picture, texts
from tests.examples import examples
from tests.fake_ranks import ranks_of

NAN = math.nan


def picture(figures: Any, width: int, height: int, **more: Any) -> Grid:
    options = {"shown": 0, "palette": DARK, "reads": "characters", **more}
    return is_picture(draw_ranks(figures, width=width, height=height, **options), width, height)


def any_figures(count: int) -> Any:
    times, floats = st.floats(0, 1e4) | st.floats(), st.floats()
    whole = st.integers(0, 10**9)
    each: Any = st.builds(
        dict, update=whole, rows=st.integers(0, 4096), characters=whole, loss=floats | st.floats(0, 9),
        computing=times, waiting=times, gpu=st.none() | st.floats(0, 1),
        phase=st.sampled_from(get_args(RankPhase)), since=st.floats(0, 1e6),
        node=st.sampled_from(["", "a", "b\x1b" * 9]),
    )  # fmt: skip
    return st.lists(each, min_size=count, max_size=count).map(
        lambda found: tuple(RankFigures(rank=rank, **fields) for rank, fields in enumerate(found))
    )


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_any_figures_in_any_room(data: st.DataObject) -> None:
    figures = data.draw(st.sampled_from([0, 1, 2, 3, 9, 64]).flatmap(any_figures))
    width, height = data.draw(st.integers(20, 300)), data.draw(st.integers(1, 14))
    palette = data.draw(st.sampled_from([DARK, LIGHT, GREY]))
    shown = data.draw(st.none() | st.integers(0, 63))
    rows = texts(picture(figures, width, height, shown=shown, palette=palette))
    assert all(in_ascii(row).isascii() and len(in_ascii(row)) == width for row in rows)
    assert len([row for row in rows[1:] if "rank" in row]) == min(len(figures), height - 1)
    assert len(told(figures, find_odd(figures), width)) <= width
    lines = lines_of(figures, height - 1, odd=odd_ranks(find_odd(figures)), shown=shown)
    ranks = sorted(each.rank for line in lines for each in line)
    assert ranks == ([each.rank for each in figures] if height > 1 else [])  # each in exactly one line


SLOW, LOST, LATE, FAR = {"computing": 0.09}, {"loss": NAN}, {"update": 1231}, {"loss": 4.2}


@pytest.mark.parametrize(
    ("figures", "odd", "words"),
    [
        (ranks_of(2), {}, "none stands out: 48.0–49.0 ms of computing, losses 1.500–1.510"),
        (ranks_of(2, r1=SLOW), {1: ("slow",)}, "rank 1 is slower: it computes 90.0 ms, rank 0 48.0 ms"),
        (ranks_of(2, r1={"computing": 0.0715}), {}, None),  # 1.197 of the median
        (ranks_of(2, r1={"computing": 0.0725}), {1: ("slow",)}, None),  # 1.203 of it
        (ranks_of(5, r3=SLOW), {3: ("slow",)}, "rank 3 is the slowest: it computes 90.0 ms, 84 % more than the median"),
        (ranks_of(2, r0=LOST), {0: ("not a number",)}, "the loss of rank 0 is not a number"),
        (ranks_of(2, r0={"loss": math.inf}), {0: ("not a number",)}, "the loss of rank 0 is infinite"),
        (ranks_of(2, r0=LOST, r1=LOST), {0: ("not a number",), 1: ("not a number",)},
         "no rank has a loss that is a number"),
        (ranks_of(3, r2=LATE), {2: ("late",)}, "rank 2 is 3 updates late: 1,231 of 1,234"),
        (ranks_of(3, r2={"update": 1233}), {2: ("late",)}, "rank 2 is 1 update late: 1,233 of 1,234"),
        (ranks_of(4, r1=FAR), {1: ("far",)}, "the loss of rank 1 is 4.200; the median of the others is 1.520"),
        (ranks_of(2, r1=FAR), {0: ("far",), 1: ("far",)}, "the losses are far apart: rank 1 4.200, rank 0 1.500"),
        (ranks_of(2, r0={"loss": 0.01}, r1={"loss": 0.09}), {}, None),  # both have learnt it
        (ranks_of(9, r1=LOST, r7=SLOW), {1: ("not a number",), 7: ("slow",)},
         "the loss of rank 1 is not a number; rank 7 is the slowest: it computes 90.0 ms, 84 % more than the median"),
        (ranks_of(9, r1=LOST, r3=LOST, r5=LOST, r7=LOST),
         dict.fromkeys((1, 3, 5, 7), ("not a number",)), "the losses of 4 ranks are not numbers"),
    ],
)  # fmt: skip
def test_what_stands_out(figures: Any, odd: Any, words: str | None) -> None:
    assert dict(odd_ranks(find_odd(figures))) == odd
    if words is not None:
        assert told(figures, find_odd(figures), 200) == words
        assert len(told(figures, find_odd(figures), 40)) <= 40


def test_bars_have_one_scale_and_tell_computing_from_waiting() -> None:
    figures = ranks_of(2, r0={"computing": 0.06, "waiting": 0.02}, r1={"computing": 0.02, "waiting": 0.06})
    head, first, second = texts(picture(figures, 120, 3))
    assert "▆ computing ▂ waiting 0–80 ms" in head
    assert first.count("▆") == second.count("▂") == 25  # three quarters of 33 cells
    assert first.count("▂") == second.count("▆") == 8
    assert "60.0 + 20.0 ms" in first
    assert "25,600 characters/s" in first  # 32 rows of 64 in 80 ms


def test_the_rank_whose_row_is_shown_and_the_odd_one_are_marked_also_where_they_share_a_line() -> None:
    rows = texts(picture(ranks_of(4, r2=SLOW), 80, 5, shown=1))
    assert [row[:8] for row in rows[1:]] == ["  rank 0", "▸ rank 1", " !rank 2", "  rank 3"]
    rows = texts(picture(ranks_of(64, r17=SLOW), 80, 3, shown=40))
    assert [row[:18] for row in rows[1:]] == ["▸ ranks 0–63 (63) ", " !rank 17         "]
    rows = texts(picture(ranks_of(64, r17=SLOW), 120, 5, shown=40))
    names = [row[:18].rstrip() for row in rows[1:]]
    assert names == ["  ranks 0–31 (31)", " !rank 17", "  ranks 32–63 (31)", "▸ rank 40"]


def test_a_small_terminal_loses_three_lines_at_most_and_a_line_is_clicked() -> None:
    for ranks in (2, 3, 64, 1024):
        assert rows_for(ranks, 24) == 3
        assert rows_for(ranks, 60) == 1 + min(ranks, 7)
    assert rows_for(0, 60) == 0
    figures = ranks_of(4, r2=SLOW)
    assert [rank_at(figures, height=3, y=y, shown=None) for y in range(4)] == [None, 0, 2, None]


def machine(rank: int) -> str:
    return "ab"[rank // 4]


NODES: Any = {f"r{rank}": {"node": machine(rank)} for rank in range(8)}


def test_machines_have_lines_of_their_own() -> None:
    def names(figures: Any, height: int) -> list[str]:
        return [row[1:].partition("  loss")[0].rstrip() for row in texts(picture(figures, 100, height, shown=None))[1:]]

    assert names(ranks_of(8, **NODES), 3) == [" a: ranks 0–3", " b: ranks 4–7"]
    assert names(ranks_of(8, **NODES), 4) == [" a: ranks 0–1", " a: ranks 2–3", " b: ranks 4–7"]
    odd: Any = {**NODES, "r5": {"node": "b", **SLOW}}
    assert names(ranks_of(8, **odd), 4) == [" a: ranks 0–3", " b: ranks 4–7 (3)", "!b: rank 5"]
    assert names(ranks_of(8, **NODES), 2) == [" ranks 0–7"]


@pytest.mark.parametrize(
    ("more", "words", "phase"),
    [
        ({"phase": "ended", "computing": NAN, "waiting": NAN}, "rank 1 has ended", "ended"),
        ({"phase": "silent", "since": 12.4}, "nothing has been heard of rank 1 for 12 s", "silent 12 s"),
        ({"phase": "waiting", "since": 1.2}, "none stands out", "waiting"),
        ({"phase": "evaluating", "since": 75.0}, "none stands out", "evaluating 75 s"),
    ],
)
def test_what_a_rank_does_and_for_how_long(more: dict[str, Any], words: str, phase: str) -> None:
    rows = texts(picture(ranks_of(3, r0={"phase": "computing"}, r1=more), 130, 4, is_script=True))
    assert words in rows[0]
    assert "  computing" in rows[1]
    assert f"  {phase}  " in rows[2]
    assert rows[2][1] == ("!" if phase.startswith(("ended", "silent")) else " ")
    assert not any("rows" in row for row in rows)  # of one batch: each has its own


def test_figures_that_ranks_write_by_themselves_may_be_a_moment_apart() -> None:
    assert find_odd(ranks_of(2, r1=LATE), is_script=True) == {}  # 3 updates of 0.05 s
    assert list(find_odd(ranks_of(2, r1={"update": 1134}), is_script=True)) == ["late"]
    assert list(find_odd(ranks_of(2, r1=LATE))) == ["late"]


def test_where_waiting_is_not_known_the_rate_is_that_of_the_update() -> None:
    figures = ranks_of(2, r0={"computing": 0.08, "waiting": NAN})
    row = texts(picture(figures, 120, 3, is_script=True))[1]
    assert "80.0 +   – ms" in row
    assert "25,600 characters/s" in row
