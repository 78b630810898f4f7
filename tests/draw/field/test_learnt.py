"""The share that has learnt it: what is said, where the steps stand, and any sizes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.draw.field.groups import groups_of
from rnn_tui.draw.field.learnt import compose_learnt, learnt_at, learnt_by, learnt_words
from rnn_tui.draw.kit.limited_palettes import FEW
from rnn_tui.draw.kit.palette import DARK, Palette
from rnn_tui.protocol.field import FieldWanted, LearntSteps
from tests.draw.grids import GREY, Grid, is_picture, texts
from tests.examples import examples
from tests.fake_fields import epochs_of, facts_of, field_of, picture_of

PALETTES = (DARK, GREY, replace(DARK, ascii=True), FEW["standard", True])


def steps_at(*epochs: int, of: int, now: int = 100) -> LearntSteps:
    """Steps of networks that have learnt it at these epochs."""
    found, counts = np.unique(np.array(epochs, np.int32), return_counts=True)
    return LearntSteps(group=0, epochs=found, counts=counts.cumsum().astype(np.int32), of=of, now=now)


def drawn(
    steps: tuple[LearntSteps, ...], *, size: tuple[int, int] = (70, 14), palette: Palette = DARK, newest: int = 100,
    kind: str = "seeds", group: str = "", log_x: bool = False,
) -> Grid:  # fmt: skip
    field = field_of(kind)
    chart = compose_learnt(
        facts_of(field), steps, groups_of(field, group, palette), width=size[0], height=size[1], palette=palette,
        newest=newest, log_x=log_x,
    )  # fmt: skip
    return is_picture(chart.strips(), *size)


def test_the_sentence_of_the_issue() -> None:
    """43 of 64: Wilson's interval is 55.0 to 77.4 %, computed by its formula with z = 1.96."""
    number, of, z = 43, 64, 1.959964
    middle = (number + z * z / 2) / (of + z * z)
    room = z * math.sqrt(number * (of - number) / of + z * z / 4) / (of + z * z)
    assert [round(100 * each) for each in (middle - room, middle + room)] == [55, 77]
    words = learnt_words(steps_at(*range(21, 64), of=64))
    assert words[2] == "43 of 64 have learnt it: 67 % (55 … 77 %)"
    assert words[1] == "43 of 64 have learnt it by epoch 100: 67 % (55 … 77 %)"
    assert words[0] == f"{words[1]} · half of all by epoch 52"  # the 32nd of them


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (steps_at(of=64), "0 of 64 have learnt it: 0 % (0 … 6 %)"),
        (steps_at(3, of=1, now=3), "1 of 1 has learnt it: 100 % (21 … 100 %)"),
        (steps_at(*[9] * 999, of=1000), "999 of 1,000 have learnt it: 99.9 % (99 … 99.9 %)"),
    ],
)
def test_ends_are_exact(steps: LearntSteps, said: str) -> None:
    assert learnt_words(steps)[2] == said


def test_what_is_ahead_of_the_slowest_is_not_counted() -> None:
    steps = steps_at(10, 20, 60, of=10, now=40)
    assert [learnt_by(steps, epoch) for epoch in (9, 10, 40, 60)] == [0, 1, 2, 3]
    assert learnt_words(steps)[1].startswith("2 of 10 have learnt it by epoch 40: 20 %")


def test_what_stands_under_the_mouse_is_of_that_epoch() -> None:
    groups = groups_of(field_of(), "", DARK)
    told = learnt_at((steps_at(10, 20, 60, of=4, now=80),), groups, 20.4, "epoch")
    assert told[0] == "by epoch 20: 2 of 4 have learnt it: 50 % (15 … 85 %)"
    assert learnt_at((steps_at(10, of=4, now=80),), groups, 90.0, "epoch") == ()


def test_the_steps_stand_at_their_epochs() -> None:
    """Half learn it at epoch 50 of 100: the curve is at 0 in the left half, and at 50 % in the right one."""
    rows = drawn((steps_at(*[50] * 32, of=64),), size=(70, 16))
    lines = texts(rows)
    corner = next(line.index("└") for line in lines if "└" in line)
    accent = DARK.accent.color
    at = {
        column: [row for row, line in enumerate(rows) if line[column][1].color == accent and line[column][0] != " "]
        for column in (corner + 5, corner + 25, len(rows[0]) - 5)
    }
    zero = next(row for row, line in enumerate(lines) if line[: corner + 1].strip() == "0┤")
    half = next(row for row, line in enumerate(lines) if line[: corner + 1].strip() == "50┤")
    assert list(at.values()) == [[zero], [zero], [half]]


def test_groups_are_named_with_their_shares() -> None:
    field = field_of("cells")
    steps = picture_of(field, 100, FieldWanted(columns=100, grouped_by="network.cell")).learnt_steps
    text = "\n".join(texts(drawn(steps, size=(110, 24), kind="cells", group="network.cell")))
    epochs = np.array(epochs_of(field))
    epochs[np.arange(72) % 17 == 16] = np.nan
    for at, name in enumerate(("rnn", "gru", "lstm")):
        count = int(np.isfinite(epochs[24 * at : 24 * at + 24]).sum())
        assert f"{name} {count} of 24 have learnt it" in text


@settings(max_examples=examples(30))
@given(
    size=st.tuples(st.integers(1, 160), st.integers(1, 50)),
    palette=st.sampled_from(PALETTES),
    epochs=st.lists(st.integers(1, 300), max_size=20),
    now=st.integers(0, 300),
    log_x=st.booleans(),
)
def test_any_size_and_palette(
    size: tuple[int, int], palette: Palette, epochs: list[int], now: int, log_x: bool
) -> None:
    drawn((steps_at(*epochs, of=20, now=now),), size=size, palette=palette, newest=max([now, *epochs]), log_x=log_x)
