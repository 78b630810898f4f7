"""The map: which member stands where, its colour and its marks, the cursor, and any sizes."""

import math
from itertools import product

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rnn_tui.draw.field.found import found_briefly, found_words
from rnn_tui.draw.field.map import cells_of, draw_map, member_words, rows_wanted
from rnn_tui.draw.field.map_layout import layout_count, layout_of, sampled
from rnn_tui.draw.field.map_scale import scale_of
from rnn_tui.draw.kit.limited_palettes import FEW
from rnn_tui.draw.kit.palette import DARK, Palette
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.protocol.field import DONE, FieldWanted, Measure
from tests.draw.grids import GREY, Grid, is_picture, texts
from tests.examples import examples
from tests.fake_fields import epochs_of, facts_of, field_of, picture_of

PALETTES = (DARK, GREY, replace(DARK, ascii=True), FEW["standard", True], FEW["standard", False])
KINDS = ("seeds", "rates", "cells", "many")


def drawn(
    kind: str = "seeds", *, size: tuple[int, int] = (60, 14), palette: Palette = DARK, measure: Measure = "learnt",
    cursor: int = 0, epoch: int = 60, layout: int = 0,
) -> Grid:  # fmt: skip
    field = field_of(kind)
    picture = picture_of(field, epoch, FieldWanted(is_map=True, measure=measure))
    strips = draw_map(
        facts_of(field), picture, layout_of(field, layout), measure=measure, cursor=cursor, width=size[0],
        height=size[1], palette=palette,
    )  # fmt: skip
    return is_picture(strips, *size)


@pytest.mark.parametrize("kind", KINDS)
def test_every_layout_has_every_member_once_beside_its_values(kind: str) -> None:
    field = field_of(kind)
    assert layout_count(field) == {"seeds": 1, "rates": 2, "cells": 6, "many": 2}[kind]
    seen = set()
    for number in range(layout_count(field)):
        layout = layout_of(field, number)
        seen.add((layout.row_name, layout.column_name))
        assert sorted(member for line in layout.members for member in line if member >= 0) == [*range(field.members)]
        if kind == "seeds":
            continue
        for labels, line in zip(layout.row_labels, layout.members, strict=True):
            for text, member in zip(layout.column_labels, line, strict=True):
                words = field.words(member).split(" · ")
                assert sorted(each.rsplit(" ", 1)[1] for each in words) == sorted([*labels, text])
    assert len(seen) == layout_count(field)


def test_seeds_alone_fill_a_square() -> None:
    layout = layout_of(field_of("seeds"))
    assert (layout.rows, layout.columns) == (8, 8)
    assert [label for (label,) in layout.row_labels] == ["1", "9", "17", "25", "33", "41", "49", "57"]


def test_what_has_the_most_values_is_in_columns() -> None:
    assert [layout_of(field_of(kind)).column_name for kind in ("rates", "cells", "many")] == [
        "learning rate", "learning rate", "hidden size"
    ]  # fmt: skip
    few = Comparison(base=field_of().base, varied=(field_of("cells").varied[0], *field_of("seeds").varied))
    assert layout_of(few).column_name == "seed"
    assert [label for (label,) in layout_of(few).row_labels] == ["rnn", "gru", "lstm"]


def test_a_table_is_as_wide_as_its_rows_need() -> None:
    field = field_of("seeds")
    shapes = [(each.rows, each.columns) for each in (layout_of(field, 0, room) for room in ((8, 99), (6, 99), (6, 9)))]
    assert shapes == [(8, 8), (6, 11), (8, 8)]  # 6 rows of 11 have 66 places; in 9 columns there is room for a sample


def test_a_cell_says_when_its_member_has_learnt_it() -> None:
    field = field_of("seeds")
    rows, lines = drawn(), texts(drawn())
    cells = cells_of(layout_of(field), 0, 60, 14)
    epochs = epochs_of(field)
    for member in range(1, 64):
        row, column = divmod(member, 8)
        x, y = cells.left + column * cells.wide, row * cells.tall
        text = lines[y][x : x + cells.wide].strip(" []")
        if member % 17 == 16:
            assert text == "✗"
        elif epochs[member] <= 60:
            assert int(text) == epochs[member]
            # earlier is a stronger, here a lighter, green
            assert rows[y][x + 1][1].bgcolor is not None
        else:
            assert text == "·"
        assert cells.member_at(x, y) == member


def test_earlier_is_stronger_and_what_is_not_known_has_no_level() -> None:
    scale = scale_of("learnt", np.array([20.0, 90.0, math.nan]), 95)
    assert (scale.strong, scale.weak) == (0, 100)
    first, second, third = scale.levels(np.array([20.0, 90.0, math.nan], np.float32))
    assert third is None
    assert (first, second) == (round(3 + 0.8 * 17), round(3 + 0.1 * 17))
    loss = scale_of("loss", np.array([0.03, 0.9]), 0)
    assert [loss.strong, loss.weak] == pytest.approx([0.02, 1.0])
    assert loss.log
    norm = scale_of("norm", np.array([0.03, 0.9]), 0)
    assert norm.strong > norm.weak


def test_marks_tell_states_without_colours_and_the_last_row_explains_them() -> None:
    going, ended = texts(drawn(palette=GREY)), texts(drawn(palette=GREY, epoch=100))
    assert "· not yet" in going[-5]
    assert "✗ diverged" in going[-5]
    assert "– ended without" in ended[-5]
    assert "not yet" not in ended[-5]
    field = field_of("seeds")
    never = sum(1 for member, epoch in enumerate(epochs_of(field)) if epoch != epoch and member % 17 != 16)
    assert sum(line.count("–") for line in ended[:8]) == never


def test_of_losses_those_of_ended_networks_are_marked_while_others_go_on() -> None:
    field = field_of("seeds")
    picture = picture_of(field, 60, FieldWanted(is_map=True, measure="loss"))
    some = bytes([DONE, *picture.states[1:]])
    for states, said in ((picture.states, False), (some, True), (bytes([DONE] * 64), False)):
        strips = draw_map(
            facts_of(field), msgspec.structs.replace(picture, states=states), layout_of(field), measure="loss",
            cursor=9, width=60, height=14, palette=DARK,
        )  # fmt: skip
        assert any("– ended" in line for line in texts(is_picture(strips, 60, 14))) == said


def test_the_cursor_is_framed_and_named() -> None:
    lines = texts(drawn(cursor=10, epoch=100))
    cells = cells_of(layout_of(field_of("seeds")), 10, 60, 14)
    x = cells.left + 2 * cells.wide
    assert lines[1][x : x + cells.wide].startswith("[")
    assert lines[1][x : x + cells.wide].endswith("]")
    assert sum(line.count("[") for line in lines[:8]) == 1
    assert f"seed 11: learnt at epoch {epochs_of(field_of('seeds'))[10]:.0f}" in "\n".join(lines)


@pytest.mark.parametrize(
    ("member", "epoch", "measure", "said"),
    [
        (1, 60, "learnt", "seed 2: learnt at epoch 27"),
        (0, 60, "learnt", "seed 1: not learnt yet"),
        (0, 100, "learnt", "seed 1: ended without having learnt it"),
        (16, 60, "learnt", "seed 17: diverged"),
        (16, 60, "loss", "seed 17: it has diverged"),
        (0, 20, "loss", "seed 1: loss now 1.59"),  # 1 + 1.6 / e
    ],
)
def test_words_of_a_member(member: int, epoch: int, measure: Measure, said: str) -> None:
    field = field_of("seeds")
    picture = picture_of(field, epoch, FieldWanted(is_map=True, measure=measure))
    assert member_words(facts_of(field), picture, measure, member)[0] == said


@given(count=st.integers(1, 200), room=st.integers(1, 80), part=st.floats(0, 1))
def test_a_sample_fits_and_has_the_cursor_and_its_neighbours(count: int, room: int, part: float) -> None:
    at = min(count - 1, int(part * count))
    shown = sampled(count, room, at)
    assert shown == sorted(set(shown))
    assert len(shown) == min(count, room)
    assert at in shown
    if count > room >= 13:
        assert {max(0, min(count - 1, at + by)) for by in range(-3, 4)} <= set(shown)
        assert all(each in range(count) for each in shown)


def test_a_sample_is_said_to_be_one() -> None:
    lines = texts(drawn("many", size=(60, 20), cursor=2000))
    assert any("a sample: 935 of 4,096" in line for line in lines)  # 17 rows of 55
    assert not any("sample" in line for line in texts(drawn("many", size=(300, 70))))


@pytest.mark.parametrize("kind", KINDS)
def test_movement_stays_on_the_map(kind: str) -> None:
    field = field_of(kind)
    layout = layout_of(field)
    for member, (rows, columns) in product(
        (0, field.members // 2, field.members - 1), ((1, 0), (-1, 0), (0, 1), (0, -1))
    ):
        row, column = layout.place(member)
        after = layout.place(layout.moved(member, rows, columns))
        assert abs(after[0] - row) + abs(after[1] - column) <= 1
        assert layout.next_to(layout.next_to(member, 1), -1) == member


@settings(max_examples=examples(40))
@given(
    size=st.tuples(st.integers(1, 160), st.integers(1, 50)),
    palette=st.sampled_from(PALETTES),
    kind=st.sampled_from(KINDS[:3]),
    measure=st.sampled_from(["learnt", "loss", "held_out", "norm"]),
    cursor=st.integers(0, 23),
    layout=st.integers(0, 5),
)
def test_any_size_and_palette(
    size: tuple[int, int], palette: Palette, kind: str, measure: Measure, cursor: int, layout: int
) -> None:
    drawn(kind, size=size, palette=palette, measure=measure, cursor=cursor, layout=layout)
    assert min(rows_wanted(layout_of(field_of(kind), layout), size[0])) >= 4


def test_alone_on_the_screen_its_cells_are_larger_and_keep_their_numbers_and_the_legend() -> None:
    field, size = field_of("rates"), (100, 30)
    layout = layout_of(field)
    beside, alone = (cells_of(layout, 0, *size, alone=each) for each in (False, True))
    assert alone.wide == (size[0] - alone.left - 1) // layout.columns > beside.wide
    assert alone.tall == (size[1] - 3) // layout.rows > beside.tall
    picture = picture_of(field, 60, FieldWanted(is_map=True))
    strips = draw_map(
        facts_of(field), picture, layout, measure="learnt", cursor=0, width=size[0], height=size[1], palette=DARK,
        alone=True,
    )  # fmt: skip
    grid = texts(is_picture(strips, *size))
    assert picture.measured is not None
    for row, line in enumerate(layout.members):
        written = grid[row * alone.tall + (alone.tall - 1) // 2].split()
        learnt = [f"{picture.measured[each]:.0f}" for each in line if picture.measured[each] > 0]
        assert [each for each in written if each in learnt] == learnt
    assert "learnt at epoch" in grid[alone.bottom + 1]


def test_what_has_been_found_stands_below_the_map_that_is_alone_and_is_shortened_without_a_lie() -> None:
    told = "Learning rates 0.0028 (the smallest tried) to 0.19 learn it: 27 of 36 (95 %: 59–86 %); below 0 of 24"
    picture = msgspec.structs.replace(picture_of(field_of("rates")), findings=(told, "Best: 0.19, 5 of 6"), going=0)
    layout = layout_of(field_of("rates"))
    strips = draw_map(
        facts_of(field_of("rates")), picture, layout, measure="learnt", cursor=0, width=120, height=30, palette=DARK,
        alone=True,
    )  # fmt: skip
    grid = [line.strip() for line in texts(is_picture(strips, 120, 30))]
    cells = cells_of(layout, 0, 120, 30, alone=True, found=found_words(picture))
    assert grid[cells.bottom + 3 : cells.bottom + 5] == [told, "Best: 0.19, 5 of 6"]
    assert found_briefly(found_words(picture)) == [
        told,
        "Learning rates 0.0028 (the smallest tried) to 0.19 learn it: 27 of 36 (95 %: 59–86 %)",
        "Learning rates 0.0028 (the smallest tried) to 0.19 learn it: 27 of 36",
        "Learning rates 0.0028 (the smallest tried) to 0.19 learn it: 27 of 36",
    ]
    assert found_words(msgspec.structs.replace(picture, going=3))[0].startswith("So far: Learning rates")
    seeds = "So far: 54 of 64 seeds learnt it: of all seeds 74–91 % would (95 %); 50 were right at the end"
    assert found_briefly([seeds])[2:] == [
        "So far: 54 of 64 seeds learnt it: of all seeds 74–91 % would",
        "So far: 54 of 64 seeds learnt it",
    ]
