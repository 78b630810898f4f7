"""The prediction: characters, bars and exact numbers of the right steps, and what was said before."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.prediction import GUTTER, Prediction, Seen, draw_prediction
from rnn_tui.view.model.columns import Columns
from rnn_tui.view.panes.prediction import prediction_axis
from tests.draw.grids import Grid, is_picture
from tests.examples import examples

VOCABULARY = "hielo"
TOP_P = [0.5, 0.25, 0.125, 0.1, 0.025]


def saying(inputs: Any = "hihell", targets: Any = "ihello", said: Any = "ihelll", **more: Any) -> Prediction:
    top = [[each, *(other for other in VOCABULARY if other != each)][:5] for each in said]
    values: dict[str, Any] = {
        "top": top, "top_p": np.tile(np.array(TOP_P, np.float32), (len(said), 1)), "target_p": [0.5] * len(said),
        "losses": [0.6931] * len(said), "right": sum(map(str.__eq__, said, targets)), "fed": len(said),
        "length": len(inputs), "seen": [Seen("ihelll", 11, False), Seen("ihello", 9, True)], "now": "",
    }  # fmt: skip
    return Prediction(inputs=inputs, targets=targets, **(values | more))


def picture(say: Prediction, width: int = 76, height: int = 16, *, cursor: int | None = None, axis: Any = None) -> Grid:
    axis = axis or TimeAxis.fit(width, len(say.inputs), gutter=GUTTER)
    strips = draw_prediction(say, width=width, height=height, axis=axis, palette=DARK, cursor=cursor)
    return is_picture(strips, width, height)


def lines(grid: Grid) -> list[str]:
    return ["".join(character for character, _ in row) for row in grid]


@settings(max_examples=examples(60))
@given(st.data())
def test_any_prediction_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 220)), data.draw(st.integers(1, 70))
    glyphs = data.draw(st.lists(st.sampled_from(["a", "日", "◌\u0301", "�", "␣"]), min_size=1, max_size=90))
    axis = TimeAxis.fit(
        width, len(glyphs), gutter=GUTTER, narrowest=data.draw(st.integers(1, 5)), first=data.draw(st.integers(0, 90))
    )
    window = [glyphs[step] for step in axis.steps]
    fed, ranks = data.draw(st.integers(0, axis.count)), data.draw(st.integers(1, 9))
    p = data.draw(st.lists(st.one_of(st.floats(0, 1, width=32), st.just(math.nan)), min_size=1, max_size=5))
    seen = data.draw(
        st.lists(
            st.builds(
                Seen,
                st.sampled_from(["日本" * 9, "abc" * 6, "x" * 60]),
                st.integers(1, 10**9),
                st.booleans(),
                st.none() | st.integers(0, 17),
            )
        )
    )
    say = saying(
        window, window[::-1], top=[["a", "日", *"bcdefgh"][:ranks]] * fed, seen=seen, fed=fed, length=len(glyphs),
        top_p=np.resize(np.array(p, np.float32), (fed, ranks)), target_p=np.resize(p, fed).tolist(),
        losses=np.resize([math.nan, math.inf, 1.0], fed).tolist(), right=0,
    )  # fmt: skip
    picture(say, width, height, cursor=data.draw(st.one_of(st.none(), st.integers(0, len(glyphs) - 1))), axis=axis)


@pytest.mark.parametrize("width", [14, 20, 26, 40, 76, 150])
def test_every_character_stands_in_the_column_of_its_step(width: int) -> None:
    rows = lines(picture(saying(), width))
    axis = TimeAxis.fit(width, 6, gutter=GUTTER)
    for row, text in zip(rows, ("hihell", "ihello", "ihelll"), strict=False):
        assert "".join(row[axis.x(step)] for step in range(6)) == text
    assert [row[1:7].strip() for row in rows[:3]] == ["input", "target", "now"]


@pytest.mark.parametrize("width", [14, 20, 26, 40, 76])
def test_wrong_is_told_by_more_than_a_colour(width: int) -> None:
    row = picture(saying(), width)[2]
    axis = TimeAxis.fit(width, 6, gutter=GUTTER)
    for step, right in enumerate([True] * 5 + [False]):
        cells = row[axis.x(step) : axis.x(step) + axis.column]
        text = "".join(character for character, _ in cells)
        if axis.column >= 3:
            assert ("✓" in text, "✗" in text) == (right, not right)
        else:
            assert any(style.reverse for _, style in cells) == (not right)


@pytest.mark.parametrize(
    ("fed", "score"), [(6, "5 of 6 right"), (4, "4 of 4 right so far"), (0, "0 of 0 right so far")]
)
def test_the_score_counts_what_has_been_fed(fed: int, score: str) -> None:
    assert score in lines(picture(saying(said="ihelll"[:fed]), 150))[3]


def test_bars_are_as_long_as_their_probabilities() -> None:
    rows = lines(picture(saying(), 8 + 6 * 16))
    axis = TimeAxis.fit(8 + 6 * 16, 6, gutter=GUTTER)
    start = next(y for y, row in enumerate(rows) if "likely" in row)
    for step in range(6):
        room = None
        for rank, p in enumerate(TOP_P):
            text = rows[start + rank][axis.x(step) : axis.x(step) + axis.column]
            assert float(text[1:6]) == pytest.approx(p, abs=0.00501)
            eighths = sum(8 if cell == "█" else " ▏▎▍▌▋▊▉".index(cell) for cell in text[6:])
            room = eighths / p if room is None else room
            assert abs(eighths - p * room) <= 1
        assert room is not None
        assert 8 * 7 <= room <= 8 * axis.column


def test_a_probability_that_is_no_number_has_no_bar() -> None:
    p = np.full((6, 5), math.nan, np.float32)
    text = "\n".join(lines(picture(saying(top_p=p, target_p=[math.nan] * 6, losses=[math.nan] * 6), 104, cursor=2)))
    assert "NaN" in text
    assert "█" not in text


@pytest.mark.parametrize("cursor", range(6))
def test_the_cursor_has_its_numbers_and_its_column(cursor: int) -> None:
    losses = [0.1 + step for step in range(6)]
    target_p = [math.exp(-loss) for loss in losses]
    say = saying(losses=losses, target_p=target_p)
    plain, marked = picture(say), picture(say, cursor=cursor)
    line = next(line for line in lines(marked) if line.startswith(f" t={cursor + 1} "))
    assert f"p('{'ihello'[cursor]}') {target_p[cursor]:.4f}" in line
    assert f"{losses[cursor]:.3f}" in line
    assert ("✗ predicts 'l'" if cursor == 5 else f"✓ predicts '{'ihelll'[cursor]}'") in line
    axis = TimeAxis.fit(76, 6, gutter=GUTTER)
    changed = {axis.step_at(x) for y in range(3) for x in range(76) if plain[y][x] != marked[y][x]}
    assert changed == {cursor}


def test_what_is_not_fed_yet_says_so() -> None:
    grid = picture(saying(said="ih"), cursor=4)
    axis = TimeAxis.fit(76, 6, gutter=GUTTER)
    assert set(lines(grid)[2][axis.x(2) : axis.right]) == {"·", " "}
    assert any("t=5 not fed yet" in line for line in lines(grid))
    lit = lines(picture(replace(saying(said="ih"), reading=range(2, 3)), cursor=2))
    assert any("t=3 being computed: no answer yet" in line for line in lit)
    assert not any("not fed" in line for line in lit)


@pytest.mark.parametrize("text", ["abcdef", "日本日本日本日本", "日" * 30, "x" * 90])
@pytest.mark.parametrize("width", [60, 120, 200])
def test_what_was_said_is_shown_whole_newest_first(text: str, width: int) -> None:
    seen = [Seen(text, 100 - number, number == 3) for number in range(20)]
    rows = lines(picture(saying(seen=seen, now=text), width, 20))
    start = next(y for y, row in enumerate(rows) if "newest first" in row) + 1
    below = "\n".join(rows[start:])
    left_out = re.search(r"⋮ (\d+) more", below)
    epochs = sorted((int(each) for each in re.findall(r"epoch (\d+)", below)), reverse=True)
    if left_out is None:
        assert epochs == list(range(100, 100 - len(epochs), -1))
    else:  # the first one stays
        assert int(left_out[1]) == 20 - len(epochs)
        assert epochs == [*range(100, 100 - len(epochs) + 1, -1), 81]
    assert len(epochs) >= 20 - start - 1
    shown = {"日" * 30: "日" * 19 + " …", "x" * 90: "x" * 39 + "…"}.get(text, text)
    assert "".join(rows[start:]).count(shown) == len(epochs)
    assert "".join(rows[start:]).count(shown + " ✓ epoch 97") == 1
    assert "".join(rows[start:]).count("▸") == len(epochs)
    assert all(cell_len(row) == width for row in rows)


def test_nothing_said_yet() -> None:
    assert "no predictions yet" in "\n".join(lines(picture(saying(said="", seen=[]))))


@pytest.mark.parametrize("width", range(10, 90))
def test_the_cursor_line_cuts_no_number_and_no_verdict(width: int) -> None:
    axis = TimeAxis.fit(90, 6, gutter=GUTTER)
    say = saying(losses=[12.3456] * 6, target_p=[0.1234] * 6, seen=[])
    line = next((line for line in lines(picture(say, width, cursor=5, axis=axis)) if line.startswith(" t=6")), "")
    parts = ["t=6", "p('o')", "p(o)", "0.1234", ".123", "loss", "−log", "p", "12.35", "✗", "predicts", "'l'"]
    assert all(part in parts for part in line.split())
    assert ("predicts" in line) == ("predicts 'l'" in line)
    assert ("−log" in line) == ("12.35" in line)
    assert not line or width < 18 or ".123" in line
    assert width < 32 or "✗ predicts 'l'" in line


@pytest.mark.parametrize("width", range(12, 90))
def test_a_text_gives_way_to_the_epoch_it_came_up_in(width: int) -> None:
    seen = [Seen("ihelloihelloihello", 1_234_567, False), Seen("ihello", 9, True)]
    axis = TimeAxis.fit(90, 6, gutter=GUTTER)
    text = "\n".join(lines(picture(saying(seen=seen, said=""), width, 16, axis=axis)))
    words = text[text.index("answers") :].split()
    assert [word for word in words if word[0].isdigit()] == (["1,234,567", "9"] if width >= 16 else ["9"])
    assert ("epoch" in words) == any(word.startswith("epo") for word in words)


@pytest.mark.parametrize("width", [14, 20, 26, 40, 76, 120])
def test_where_nothing_is_a_number_nothing_is_said(width: int) -> None:
    p = np.full((6, 5), math.nan, np.float32)
    rows = lines(picture(saying(top_p=p, target_p=[math.nan] * 6, losses=[math.nan] * 6, seen=[]), width, cursor=2))
    assert set(rows[2][GUTTER:]) <= set("NaN– ")
    assert "✓" not in "".join(rows)
    assert "✗" not in "".join(rows)
    assert "nan" not in "".join(rows)


@given(st.text("ab日", min_size=1, max_size=60), st.data(), st.integers(14, 60))
def test_of_a_long_text_the_part_with_the_first_error_is_shown(text: str, data: st.DataObject, width: int) -> None:
    wrong = data.draw(st.integers(0, len(text) - 1))
    marked = text[:wrong] + "#" + text[wrong + 1 :]
    rows = lines(picture(saying(seen=[Seen(marked, 3, False, wrong)], said=""), width, 16))
    line = rows[next(y for y, row in enumerate(rows) if "answers" in row) + 1].split(" epoch")[0].strip()
    line = line.removesuffix(" 3").strip()
    assert "#" in line
    shown = line.strip("… ").replace(" ", "")
    at = line.replace(" ", "").strip("…").index("#")
    before = marked[:wrong][len(marked[:wrong]) - at :] if at else ""
    assert shown.startswith(before)
    assert marked[wrong - at :].startswith(shown.strip())
    assert line.startswith("…") == (at < wrong)
    assert line.endswith("…") == (len(shown) - at < len(marked) - wrong)


def test_filler_is_neither_right_nor_wrong() -> None:
    say = saying("a..?", "...a", "...b", first_scored=3, right=0, fed=1, length=1)
    rows = lines(picture(say, cursor=1))
    assert "".join(rows[2]).count("✗") == 1
    assert not any("✓" in row for row in rows[:5])
    assert "0 of 1 right" in rows[3]
    assert "· predicts '.'" in next(row for row in rows if row.startswith(" t=2"))


@pytest.mark.parametrize(("right_rows", "green"), [(4, True), (3, False), (0, False)])
def test_all_rows_are_told_and_one_right_row_is_not_green(right_rows: int, green: bool) -> None:
    say = saying("a..?", "...a", "...a", first_scored=3, right=1, fed=1, length=1, rows=4, row=2, right_rows=right_rows)
    grid = picture(say)
    assert f"{right_rows} of 4 rows right · row 3: 1 of 1 right" in lines(grid)[3]
    assert (grid[3][GUTTER][1].color == DARK.right.color) == green


@pytest.mark.parametrize("width", range(14, 90, 3))
@pytest.mark.parametrize("length", [1, 4, 7, 21, 64])
def test_a_part_of_a_row_is_marked_as_one(width: int, length: int) -> None:
    axis = prediction_axis(width, length, Columns(1, length))
    text = ("abcdefgh" * 8)[:length]
    for first in range(length - axis.count + 1):
        shown = TimeAxis(column=axis.column, first=first, count=axis.count, length=length, gutter=GUTTER)
        part = text[first : first + axis.count]
        say = saying(part, part, part, length=length, fed=length, right=length)
        rows = lines(picture(say, width, axis=shown))
        for row in rows[:3]:
            assert row[GUTTER:].replace("✓", "").replace("…", "").split() == list(part) or axis.column == 1
            assert (row[GUTTER - 1] == "…") == (first > 0)
            assert ("…" in row[GUTTER:]) == (first + axis.count < length)


@pytest.mark.parametrize(("width", "length", "whole"), [(30, 6, True), (30, 8, False), (46, 6, True), (120, 21, True)])
def test_all_steps_are_shown_where_each_has_room_for_its_mark(width: int, length: int, whole: bool) -> None:
    assert (prediction_axis(width, length, Columns(1, length)).count == length) == whole


def test_narrow_columns_have_the_bars_of_the_step_under_the_cursor() -> None:
    rows = lines(picture(saying(), 29, cursor=5))
    start = next(y for y, row in enumerate(rows) if "likely" in row)
    assert [row[GUTTER] for row in rows[start : start + 3]] == ["l", "h", "i"]
    assert ".5" in rows[start]


def test_only_the_bar_of_the_right_answer_is_green() -> None:
    grid = picture(saying("a", "b", "c", top=[["c", "b"]], top_p=np.array([[0.9, 0.1]])), width=40)
    (first, second) = ([style.color for character, style in row if character in "█▉▊▋▌▍▎▏"] for row in grid
                       if any(character in "█▉▊▋▌▍▎▏" for character, _ in row))  # fmt: skip
    assert set(first) == {DARK.dim.color}
    assert set(second) == {DARK.share(0.1).color}


def test_a_loss_that_is_learnt_from_smoothed_targets_is_not_called_that() -> None:
    plain, smoothed = ("\n".join(lines(picture(saying(smoothed=each), 120, cursor=2))) for each in (False, True))
    assert "loss −log p 0.693" in plain
    assert "loss" not in smoothed
    assert "−log p 0.693" in smoothed
