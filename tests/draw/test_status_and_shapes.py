"""The lines on top and the table of shapes: sizes, facts, and what is left out first."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.draw.kit.numbers import duration
from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.draw.shapes import draw_shapes
from rnn_tui.draw.status import describe_network, draw_status, speed_name
from rnn_tui.draw.status_parts import ViewStatus
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.engine_messages import Opened
from rnn_tui.protocol.frame import Check, Status, TensorFact
from tests.draw.grids import Grid, is_picture
from tests.examples import examples

STATUS = Status(tick=70, newest=70, branch="main", branches=1, epochs=100, epoch=12, fed=4, loss=4.07,
                running_loss=1.52, state="playing", speed=4.0, ticks_per_second=4.0, lr=0.1)  # fmt: skip


def opened(lesson: str = "hihello", **more: Any) -> Opened:
    experiment = replace(LESSONS[lesson], **more)
    return Opened(run=1, experiment=experiment, began=experiment, weights=60, device="cpu", torch="2.13.0")


def lines(grid: Grid) -> list[str]:
    return ["".join(character for character, _ in row) for row in grid]


def status(width: int, of: Opened | None = None, **changes: Any) -> list[str]:
    strips = draw_status(of or opened(), replace(STATUS, **changes), width=width, palette=DARK, view=ViewStatus())
    return lines(is_picture(strips, width, 2))


@given(
    st.integers(1, 220), st.sampled_from(sorted(LESSONS)), st.text(max_size=60), st.integers(0, 10**12),
    st.one_of(st.none(), st.floats()), st.sampled_from(["playing", "paused", "done"]), st.floats(0, 1e9),
)  # fmt: skip
def test_the_status_at_any_width(
    width: int, lesson: str, name: str, number: int, loss: float | None, state: Any, speed: float
) -> None:
    status(width, opened(lesson, name=name), tick=number, epoch=number, loss=loss, running_loss=loss, state=state,
           speed=speed, ticks_per_second=speed)  # fmt: skip


def test_the_status_names_everything() -> None:
    first, second = status(150)
    for fact in ("hihello", "one-hot 5 → RNN 5", "60 weights", "adam lr 0.1", "seed 4", "cpu", "torch 2.13.0"):
        assert fact in first
    for fact in ("▶ playing", "epoch 12/100", "loss so far 1.520", "tick 70 by character", "4 ticks/s"):
        assert fact in second


@pytest.mark.parametrize("lesson", sorted(LESSONS))
@pytest.mark.parametrize("width", [80, 97, 120])
def test_the_learning_rate_and_the_device_stay_where_it_is_narrow(lesson: str, width: int) -> None:
    first, _ = status(width, opened(lesson))
    learns = LESSONS[lesson].training.learn
    assert (" lr 0.1" in first) if learns else ("forward only" in first)
    assert " · cpu" in first
    assert LESSONS[lesson].network.kind.label in first


def test_a_pass_is_no_update_where_one_is_made_of_several() -> None:
    lesson = LESSONS["python-source"]
    for accumulate, name in ((1, "update"), (4, "pass")):
        of = opened("python-source", training=replace(lesson.training, accumulate=accumulate))
        assert f" · {name} 1,104" in status(150, of, epoch=12, batches=100, batch=4)[1]


def test_one_tick_is_no_plural() -> None:
    for rate, words in ((0.96, "1 tick/s"), (1.2, "1 tick/s"), (0.0, "0 ticks/s"), (1200.0, "1,200 ticks/s")):
        assert f", {words}" in status(150, speed=0.0, ticks_per_second=rate)[1]


def test_a_slow_run_does_not_look_as_if_it_stood_still() -> None:
    for rate, words in ((0.6, "0.6"), (0.94, "0.9"), (0.2, "0.2"), (0.0333, "0.03")):
        assert f", {words} ticks/s" in status(150, speed=0.0, ticks_per_second=rate)[1]


def test_the_time_left_goes_first_where_it_is_narrow() -> None:
    assert "· 12 s left" in status(150, seconds_left=12.3)[1]
    assert "left" not in status(150)[1]
    widths = [width for width in range(40, 150) if "left" in status(width, seconds_left=12.3)[1]]
    for width in range(40, 150):
        line = status(width, seconds_left=12.3)[1]
        if width not in widths:  # then all else is as if it were not known
            assert line == status(width)[1]
        for fact in ("epoch 12/100", "loss so far 1.520", "tick 70 by character", "4 ticks/s", "━━━━━"):
            assert width not in widths or fact in line
    assert widths == list(range(widths[0], 150))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.4, "0 s"), (119.4, "119 s"), (120, "2 min"), (3599, "60 min"), (7200, "2 h"), (90_000, "25 h"),
     (172_800, "2 days"), (1e12, "11.57M days")],
)  # fmt: skip
def test_a_time_to_wait_is_short(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_schedule_and_dropout_are_named() -> None:
    lesson = LESSONS["ohlol-lstm"]
    training = replace(lesson.training, schedule="cosine", clip=1.0)
    first, _ = status(150, opened("ohlol-lstm", training=training), lr=0.0123456)
    assert "lr 0.0123 cosine clip 1" in first
    warm = replace(training, warmup=3, accumulate=2)
    seen = [status(150, opened("ohlol-lstm", training=warm), lr=0.0123456, epoch=each)[0] for each in (1, 6, 7)]
    assert ["lr 0.0123 warm-up clip 1" in each for each in seen] == [True, True, False]
    assert "lr 0.0123 cosine clip 1" in seen[-1]
    network = replace(lesson.network, dropout=0.25)
    assert describe_network(replace(lesson, network=network)) == "embedding 10 → LSTM 8×2 ⇄ dropout 0.25 → linear 4"


def test_what_matters_most_stays_where_it_is_narrow() -> None:
    first, second = status(40)
    assert "hihello" in first
    assert "playing" in second
    assert "epoch 12" in second


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"state": "paused"}, "paused"), ({"state": "done"}, "done"), ({"running_loss": None}, "loss 4.070"),
     ({"running_loss": math.nan}, "NaN"), ({"speed": 0.0, "ticks_per_second": 1234.5}, "full speed, 1,23"),
     ({"speed": 1.0}, "1 tick/s"), ({"speed": 0.0, "state": "paused"}, "full speed")],
)  # fmt: skip
def test_the_status_tells_how_it_stands(changes: Any, words: str) -> None:
    assert words in status(150, **changes)[1]


def test_where_nothing_is_learnt_there_is_no_loss() -> None:
    first, second = status(150, opened("hello"))
    assert "forward only" in first
    assert "lr" not in first
    assert "loss" not in second


@pytest.mark.parametrize(("epoch", "part"), [(0, 0.0), (50, 0.5), (100, 1.0), (170, 1.0)])
def test_the_progress_is_that_of_the_epochs(epoch: int, part: float) -> None:
    strips = draw_status(opened(), replace(STATUS, epoch=epoch), width=150, palette=DARK, view=ViewStatus())
    bar = [style for character, style in is_picture(strips, 150, 2)[1] if character == "━"]
    assert bar.count(DARK.accent) == round(part * len(bar))
    assert len(bar) >= 10


@pytest.mark.parametrize(
    ("lesson", "words"),
    [("ohlol-lstm", "embedding 10 → LSTM 8×2 ⇄ → linear 4"), ("hello-cell", "one-hot 4 → RNNCell 2"),
     ("hihello-gru", "one-hot 5 → GRU 5"), ("hihello-embedding", "embedding 10 → RNN 5 → linear 5")],
)  # fmt: skip
def test_networks_in_a_few_words(lesson: str, words: str) -> None:
    assert describe_network(LESSONS[lesson]) == words


def test_a_network_written_out_says_so() -> None:
    lesson = LESSONS["hihello-gru"]
    network = replace(lesson.network, implementation="written-out")
    assert describe_network(replace(lesson, network=network)) == "one-hot 5 → written-out GRU 5"


def test_speeds() -> None:
    assert [speed_name(speed) for speed in (0, 1, 0.5, 1000)] == [
        "full speed",
        "1 tick/s",
        "0.5 ticks/s",
        "1000 ticks/s",
    ]


def fact(name: str, shape: tuple[int, ...], dimensions: tuple[str, ...] = (), values: Any = None) -> TensorFact:
    values = None if values is None else np.array(values, np.float32)
    return TensorFact(name=name, shape=shape, dimensions=dimensions, values=values)


FACTS = [
    fact("x", (5, 1, 4), ("time", "batch", "features")),
    fact("output", (2, 1, 2), ("time", "batch", "hidden"), [[0.125, -1.0], [math.nan, math.inf]]),
    fact("weight_ih_l0", (2, 4)),
    fact("bias", (2,)),
]
CHECKS = [Check(claim="output[-1] is h_n", holds=True, difference=0.0),
          Check(claim="every row alone gives the same", holds=False, difference=0.25)]  # fmt: skip


@settings(max_examples=examples(50))
@given(st.integers(1, 220), st.integers(1, 70), st.booleans(), st.integers(0, 40))
def test_shapes_in_any_room(width: int, height: int, light: bool, more: int) -> None:
    facts = FACTS + [fact(f"weight_{number}", (10**9, number)) for number in range(more)]
    palette = LIGHT if light else DARK
    is_picture(draw_shapes(facts, CHECKS, width=width, height=height, palette=palette, notes=["a note"]), width, height)


def test_shapes_by_name_with_what_their_dimensions_count() -> None:
    grid = is_picture(draw_shapes(FACTS, CHECKS, width=80, height=24, palette=DARK), 80, 24)
    rows = lines(grid)
    assert [row.split() for row in rows[:2]] == [
        ["x", "(5,", "1,", "4)", "time,", "batch,", "features"],
        ["output", "(2,", "1,", "2)", "time,", "batch,", "hidden"],
    ]
    text = "\n".join(rows)
    assert "(2, 4)" in text
    assert "(2,)" in text
    assert "✓ output[-1] is h_n  to the bit" in text
    assert "✗ every row alone gives the same  largest difference 2.5e−01" in text
    first = next(y for y, row in enumerate(rows) if "+0.1250" in row)
    assert rows[first].split() == ["output", "+0.1250", "−1.0000"]
    assert rows[first + 1].split() == ["NaN", "+∞"]
    x = rows[first].index("−1.0000")
    assert grid[first][x][1] == DARK.cell(-20)
    for word in ("NaN", "+∞"):
        assert grid[first + 1][rows[first + 1].index(word)][1] == DARK.warning


NOTE = "batch_first=True would give another order of the first two dimensions."
WIDE = [
    fact("x", (5, 1, 4), ("time", "batch", "features")),
    fact("output", (2, 1, 9), ("time", "batch", "hidden"), np.full((2, 9), 0.125)),
]


@pytest.mark.parametrize("width", range(24, 100))
def test_nothing_of_shapes_is_cut_silently(width: int) -> None:
    rows = lines(is_picture(draw_shapes(WIDE, [], width=width, height=30, palette=DARK, notes=[NOTE]), width, 30))
    assert NOTE in " ".join(" ".join(rows).split())
    for row, each in zip(rows, WIDE, strict=False):
        said = row[row.index(")") + 1 :].strip()
        assert said == ", ".join(each.dimensions) or said.endswith("…")
        assert all(name in (*each.dimensions, "…") for name in said.split(", "))
    values = [row for row in rows if "+0.1250" in row]
    assert len(values) == 2
    for row in values:
        assert row.count("+0.1250") == 9 or row.rstrip().endswith("…")
        assert set(row.replace("output", "").split()) <= {"+0.1250", "…"}


def test_values_of_a_part_say_of_what_they_are_one() -> None:
    values = [[0.5, 0.25]] * 3
    narrow = [fact("output", (3, 1, 2), ("time", "batch", "hidden"), values)]
    rows = lines(is_picture(draw_shapes(narrow, [], width=24, height=9, palette=DARK), 24, 9))
    assert any(row.strip() == "1 of 2 hidden" for row in rows)  # one column has room
    for name, shape, dimensions, said in (
        ("output", (13, 4, 8), ("time", "batch", "hidden"), "shown: 3 of 13 time, 2 of 8 hidden"),
        ("output", (4, 3, 8), ("batch", "time", "hidden"), "shown: 2 of 8 hidden"),
        ("h_0", (3, 4, 2), ("layers", "batch", "hidden"), ""),
    ):
        rows = lines(is_picture(draw_shapes([fact(name, shape, dimensions, values)], [], width=60, height=9,
                                            palette=DARK), 60, 9))  # fmt: skip
        last = max(y for y, row in enumerate(rows) if "+0.5000" in row)
        assert rows[last + 1].strip() == said


@pytest.mark.parametrize("height", range(1, 9))
def test_what_has_no_room_below_is_hinted_at(height: int) -> None:
    rows = lines(is_picture(draw_shapes(WIDE, [], width=60, height=height, palette=DARK), 60, height))
    assert ("z: more room" in rows[-1]) == (sum("+0.1250" in row for row in rows) < 2)


def test_nothing_is_hinted_at_where_all_is_shown() -> None:
    assert "z: more" not in "".join(strip.text for strip in draw_shapes(WIDE, [], width=60, height=30, palette=DARK))


@pytest.mark.parametrize("width", [20, 60])
def test_more_room_is_not_offered_where_there_is_none(width: int) -> None:
    rows = lines(is_picture(draw_shapes(WIDE, [], width=width, height=4, palette=DARK, zoomed=True), width, 4))
    assert rows[-1].strip() in ("no room for output", "…")
    assert "z" not in rows[-1]


def test_nan_is_no_failed_equality() -> None:
    check = Check(claim="logits are head(output)", holds=False, difference=math.nan)
    (row,) = [row for row in lines(is_picture(draw_shapes([], [check], width=80, height=9, palette=DARK), 80, 9))
              if row.strip()]  # fmt: skip
    assert row.split("logits are head(output)")[0].strip() == "!"
    assert "NaN: cannot be compared" in row


def test_a_huge_value_is_written_with_an_exponent() -> None:
    tensors = [fact("h_n", (1, 1, 2), ("layers", "batch", "hidden"), [[1e9, -2.5e12]])]
    text = "\n".join(lines(is_picture(draw_shapes(tensors, [], width=60, height=9, palette=DARK), 60, 9)))
    assert "+1.00e9" in text
    assert "−2.5e12" in text
