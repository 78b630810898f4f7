"""The bundle of all losses: what its legend says, where its bands lie, and any sizes."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.style import Style

from rnn_tui.draw.field.bundle import bundle_words, bundles_at, compose_bundle, shared_floor
from rnn_tui.draw.field.groups import MOST_GROUPS, groups_of
from rnn_tui.draw.kit.chart_bands import ChartBand, cells_of
from rnn_tui.draw.kit.chart_scale import AxisScale
from rnn_tui.draw.kit.limited_palettes import FEW
from rnn_tui.draw.kit.palette import DARK, LIGHT, Palette
from rnn_tui.protocol.field import FieldWanted, HeldOutBundle
from rnn_tui.view.model.field_numbers import group_losses
from rnn_tui.view.model.shown_numbers import tables
from tests.draw.grids import GREY, Grid, is_picture, texts
from tests.examples import examples
from tests.fake_fields import facts_of, field_of, losses_of, picture_of

PALETTES = (DARK, LIGHT, GREY, replace(DARK, ascii=True), FEW["standard", True], FEW["256", False])


def drawn(
    kind: str = "seeds", group: str = "", *, size: tuple[int, int] = (70, 18), palette: Palette = DARK, epoch: int = 60
) -> Grid:
    field = field_of(kind)
    bundles = picture_of(field, epoch, FieldWanted(columns=100, lines=20, grouped_by=group)).bundles
    groups = groups_of(field, group, palette)
    chart = compose_bundle(facts_of(field), bundles, groups, width=size[0], height=size[1], palette=palette)
    return is_picture(chart.strips(), *size)


def test_the_legend_has_the_newest_quartiles() -> None:
    field = field_of()
    newest = losses_of(field, 60)[:, -1][np.arange(64) % 17 != 16]  # those that have not diverged
    words = bundle_words(picture_of(field, 60).bundles[0])[0]
    numbers = [float(each) for each in words.replace("…", " ").split() if each[0].isdigit()]
    ordered = sorted(newest.tolist())
    # 61 values: the 16th, the 31st and the 46th are the quartiles without any rule between neighbours
    expected = [ordered[30], ordered[15], ordered[45], ordered[0], ordered[60]]
    assert numbers == pytest.approx(expected, rel=0.015)
    assert words in texts(drawn())[0]


def test_groups_have_their_value_mark_and_colour() -> None:
    rows = drawn("cells", "network.cell")
    lines = texts(rows)
    for name, mark, style in zip(("rnn", "gru", "lstm"), "●◆■", DARK.curves, strict=False):
        (row,) = (at for at, line in enumerate(lines) if f"{mark} {name} " in line)
        column = lines[row].index(mark)
        assert rows[row][column][1].color == style.color
        assert sum(line.count(mark) for line in lines) > 1  # on its curve too


def test_of_many_groups_a_sample_is_shown_and_said() -> None:
    groups = groups_of(field_of("many"), "network.hidden_size", DARK)
    assert [each.name for each in groups.shown] == ["2", "15", "27", "40", "52", "65"]
    assert len(groups.shown) == MOST_GROUPS
    assert "hidden size, 6 of 64 values:" in texts(drawn("many", "network.hidden_size", size=(120, 30)))[0]


def test_the_band_of_the_middle_half_lies_between_the_quartiles() -> None:
    """Of the right column of the plot, in cells: what has the background of the middle half."""
    rows, field = drawn(size=(90, 30)), field_of()
    bundle = picture_of(field, 60).bundles[0]
    tint = groups_of(field, "", DARK).shown[0].tint.bgcolor
    lines = texts(rows)
    column = max(at for at, cell in enumerate(rows[5]) if cell[1].bgcolor is not None)
    texts_at = {at: line[:5].strip(" ┤│└") for at, line in enumerate(lines)}
    ticks = {float(text): at for at, text in texts_at.items() if text and at < len(lines) - 2 and text[0].isdigit()}
    lowest, highest = min(ticks), max(ticks)
    decade = (ticks[lowest] - ticks[highest]) / math.log10(highest / lowest)  # rows of a decade
    row_of = {
        name: ticks[highest] + decade * math.log10(highest / float(values[-1]))
        for name, values in (("low", bundle.quarter), ("high", bundle.three_quarters))
    }
    tinted = [at for at, row in enumerate(rows) if row[column][1].bgcolor == tint]
    assert tinted == list(range(tinted[0], tinted[-1] + 1))
    assert abs(tinted[0] - row_of["high"]) <= 1
    assert abs(tinted[-1] - row_of["low"]) <= 1


def test_a_band_is_not_wider_than_half_a_row_beyond_its_ends() -> None:
    """Ten rows of four dots from 0 to 39: a dot is 1. Rows are counted from the top."""
    scale = AxisScale(cells=10, size=4, low=0.0, high=39.0, log=False)
    across = AxisScale(cells=3, size=2, low=0.0, high=1.0, log=False)

    def rows(low: float, high: float) -> list[int]:
        band = ChartBand(x=np.array([0.0, 1.0]), low=np.full(2, low), high=np.full(2, high), style=Style())
        cells = cells_of(band, across, scale)
        assert (cells == cells[:, :1]).all()
        return np.flatnonzero(cells[:, 0]).tolist()

    assert rows(4, 7) == [8]  # the whole of the second row from below
    assert rows(3, 8) == [8]  # and a dot of each of its neighbours
    assert rows(2, 9) == [7, 8, 9]  # and half of each
    assert rows(13, 13) == [6]
    assert rows(11, 12) == [7]  # a dot of each of two: that of its middle
    assert rows(0, 39) == list(range(10))


def test_only_a_floor_that_all_share_is_drawn() -> None:
    facts = facts_of(field_of())
    assert shared_floor(facts) == pytest.approx(0.15)
    assert any("floor" in line for line in texts(drawn(size=(90, 30))))
    floors = np.full(64, 0.15, np.float32)
    floors[7] = np.nan
    assert shared_floor(msgspec.structs.replace(facts, floors=floors)) is None


@settings(max_examples=examples(20))
@given(
    size=st.tuples(st.integers(1, 160), st.integers(1, 50)),
    palette=st.sampled_from(PALETTES),
    kind=st.sampled_from(
        [("seeds", ""), ("cells", "network.cell"), ("rates", "training.lr"), ("seeds", "training.seed")]
    ),
    epoch=st.integers(1, 120),
)
def test_any_size_and_palette(size: tuple[int, int], palette: Palette, kind: tuple[str, str], epoch: int) -> None:
    drawn(*kind, size=size, palette=palette, epoch=epoch)


def test_what_stands_under_the_mouse_is_of_that_epoch() -> None:
    field = field_of("cells")
    bundles = picture_of(field, 60, FieldWanted(columns=100, grouped_by="network.cell")).bundles
    groups = groups_of(field, "network.cell", DARK)
    chart = compose_bundle(facts_of(field), bundles, groups, width=80, height=20, palette=DARK)
    ruler = texts(is_picture(chart.strips(), 80, 20))[-1]
    at = chart.value_at(ruler.index("20"))
    assert abs(at - 20) < 2
    words = bundles_at(bundles, groups, at, "epoch")[-1]
    medians = [float(each.median[round(at) - 1]) for each in bundles]
    assert words.startswith(f"epoch {round(at)}: ● rnn ")
    assert [float(each.split()[-1]) for each in words.split(" · ")] == pytest.approx(medians, rel=0.01)
    assert math.isnan(chart.value_at(0))
    assert bundles_at(bundles, groups, math.nan, "epoch") == ()


def test_nothing_yet() -> None:
    field = field_of()
    chart = compose_bundle(facts_of(field), (), groups_of(field, "", DARK), width=60, height=14, palette=DARK)
    assert any("no loss yet" in line for line in texts(is_picture(chart.strips(), 60, 14)))


def test_what_is_held_out_has_a_mark_of_its_own_at_each_median_and_stands_in_the_legend() -> None:
    (bundle,) = picture_of(field_of(), 60, FieldWanted(columns=100)).bundles
    values = np.array([2.0, 3.0, 5.0], np.float32)
    held_out = HeldOutBundle(
        x=np.array([10.0, 30.0, 60.0]), quarter=values * 0.9, median=values, three_quarters=values * 1.1
    )
    bundle = msgspec.structs.replace(bundle, held_out=held_out)
    groups = groups_of(field_of(), "", DARK)
    chart = compose_bundle(facts_of(field_of()), [bundle], groups, width=100, height=30, palette=DARK)
    lines = texts(is_picture(chart.strips(), 100, 30))
    assert "+ held out 5.00 (4.50 … 5.50)" in lines[0]
    marks = [(at, row) for row, line in enumerate(lines[1:]) for at, each in enumerate(line) if each == "+"]
    assert len(marks) == 3
    drawn, y = sorted(marks), chart.chart.y
    assert y is not None
    assert [row for _, row in drawn] == [y.cells - 1 - y.cell(np.log10(each)) for each in values]
    at_20 = bundle_words(bundle, 19)  # the 20th epoch
    assert all("held out 2.00" in each for each in at_20[:-1])
    assert not any("held out" in each for each in bundle_words(bundle, 5))
    saved = {each.quantity: each.values for each in tables({"bundle": group_losses(field_of(), [bundle], "")})}
    assert saved["bundle.all.held_out.median"] == [2.0, 3.0, 5.0]
