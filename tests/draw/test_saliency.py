"""What mattered: every character in the colour of its value, the strongest with exact numbers."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from rnn_tui.draw.kit.palette import DARK, LIGHT
from rnn_tui.draw.saliency import draw_saliency, saliency_step_at
from rnn_tui.protocol.inspect.saliency import SaliencyFacts
from tests.draw.grids import GREY, Grid, is_picture, number_in, texts
from tests.examples import examples

GLYPHS = ["a", "b", "c", "d", "e", "f", "␣"]
NUMBERS = st.one_of(st.floats(-3, 3, width=32), st.floats(width=32))
SIZES = pytest.mark.parametrize(("width", "height"), [(72, 16), (44, 14), (118, 30), (46, 30), (196, 54)])


def row(values: Any, length: int | None = None, **more: Any) -> SaliencyFacts:
    """The characters a, b, c, ... over and over."""
    values = np.array(values, np.float32)
    inputs = np.arange(length or len(values), dtype=np.int32) % len(GLYPHS)
    return SaliencyFacts(**{"step": len(values) - 1, "character": 4, "inputs": inputs, "values": values, **more})


def picture(
    facts: SaliencyFacts, width: int, height: int, *, cursor: int | None = None, palette: Any = DARK,
    glyphs: Any = GLYPHS,
) -> Grid:  # fmt: skip
    strips = draw_saliency(facts, width=width, height=height, palette=palette, glyphs=glyphs, cursor=cursor)
    return is_picture(strips, width, height)


def cells(facts: SaliencyFacts, width: int, height: int) -> dict[int, list[tuple[int, int]]]:
    """The cells of each step, by what hovering says."""
    found: dict[int, list[tuple[int, int]]] = {}
    for y in range(height):
        for x in range(width):
            step = saliency_step_at(facts, x, y, width=width, height=height, glyphs=GLYPHS)
            if step is not None:
                found.setdefault(step, []).append((x, y))
    return found


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_any_row_in_any_room(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 200)), data.draw(st.integers(1, 60))
    length = data.draw(st.integers(0, 300))
    fed = data.draw(st.integers(0, length))
    some = np.array(data.draw(st.lists(NUMBERS, min_size=1, max_size=9)), np.float32)
    facts = row(
        np.resize(some, fed),
        length,
        step=data.draw(st.integers(0, max(0, length - 1))),
        character=data.draw(st.integers(0, 9)),
        output=data.draw(st.sampled_from(["predicted", "target"])),
        note=data.draw(st.sampled_from(["", "a note that says why " * 4])),
        inputs=np.arange(length, dtype=np.int32) % 8,
    )
    glyphs = data.draw(st.sampled_from([GLYPHS, ["日", "本", "◌́"]]))
    cursor = data.draw(st.one_of(st.none(), st.integers(0, 300)))
    palette = data.draw(st.sampled_from([DARK, LIGHT, GREY]))
    picture(facts, width, height, cursor=cursor, palette=palette, glyphs=glyphs)
    saliency_step_at(facts, width // 2, height // 2, width=width, height=height, glyphs=glyphs)


@pytest.mark.sampled(4)
@SIZES
@pytest.mark.parametrize("length", [6, 21, 256])
@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_every_character_has_the_colour_of_its_value(width: int, height: int, length: int, palette: Any) -> None:
    values = np.sin(np.arange(length) * 1.3) * 0.7
    facts = row(values)
    grid, largest = picture(facts, width, height, palette=palette), np.abs(values).max()
    found = cells(facts, width, height)
    assert sorted(found) == list(range(length))
    for step, places in found.items():
        x, y = places[0]
        middle = [grid[y][at][0] for at, other in places if other == y]
        assert "".join(middle).strip() == GLYPHS[step % len(GLYPHS)]
        assert grid[y][x][1] == palette.cell(round(values[step] / largest * 20))
        if len({y for _, y in places}) == 2:
            number = "".join(grid[y + 1][at][0] for at, other in places if other == y)
            assert number_in(number) == pytest.approx(values[step], abs=6e-4)


@pytest.mark.sampled(1)
@SIZES
def test_the_output_stands_behind_its_step(width: int, height: int) -> None:
    for length in (6, 21, 100):
        for step in (0, 3, length - 1):
            facts = row(np.ones(length), step=step)
            grid = picture(facts, width, height)
            ((x, y),) = [(x, y) for y in range(height) for x in range(width) if grid[y][x][0] == "→"]
            assert texts(grid)[y][x : x + 3] == "→ e"
            assert grid[y][x][1] == DARK.accent
            places = cells(facts, width, height)
            last = max(at for at, other in places[step] if other == places[step][0][1])
            assert (x, y) == (last + 1, places[step][0][1]) or (x == 1 and y > places[step][0][1])
            assert all((x, y) < (at, other) or y < other for at, other in places.get(step + 1, []))
            assert f"logit of 'e' (predicted) at t={step + 1}" in texts(grid)[0]


def test_the_strongest_come_first_with_their_numbers_and_bars() -> None:
    values = [0.01, -0.5, 0.25, 0.0, 1.0, -0.125]
    grid = picture(row(values), 72, 16, cursor=2)
    listed = [line.split() for line in texts(grid) if line.startswith(" t=")]
    assert [line[:3] for line in listed] == [
        ["t=5", "e", "+1.00000"],
        ["t=2", "b", "−0.50000"],
        ["t=3", "c", "+0.25000"],
        ["t=6", "f", "−0.12500"],
        ["t=1", "a", "+0.01000"],
    ]
    bars = [
        sum({"▐": 4}.get(character) or " ▏▎▍▌▋▊▉█".index(character) for character in "".join(line[3:]))
        for line in listed
    ]
    full = bars[0]
    for length, value in zip(bars, (1.0, 0.5, 0.25, 0.125, 0.01), strict=True):
        assert length == pytest.approx(full * value, abs=4), "to the left, half a cell is the smallest difference"
    middle = next(line for line in texts(grid) if line.startswith(" t=5")).index("█")
    for line in texts(grid):
        if line.startswith((" t=2", " t=6")):
            assert line.rstrip()[-1] in "█▐"
            assert len(line.rstrip()) == middle, "what speaks against it grows to the left"
    colours = [next(style.color for _, style in reversed(each) if style.color) for each in grid
               if each[1][0] == "t" and each[2][0] == "="]  # fmt: skip
    assert colours[0] == colours[2] != colours[1] == colours[3]
    marked = [line for each, line in zip(grid, texts(grid), strict=True) if each[1] == ("t", DARK.accent)]
    assert [line.split()[0] for line in marked] == ["t=3"]


def test_a_long_row_shows_the_part_around_the_step_and_says_so() -> None:
    facts = row(np.linspace(-1, 1, 8000), 10_000, step=7000)
    grid = picture(facts, 118, 30)
    found = cells(facts, 118, 30)
    first, last = min(found), max(found)
    assert first < 7000 < last
    assert sorted(found) == list(range(first, last + 1))
    assert len(found) > 1000
    assert f"shown: steps {first + 1:,} to {last + 1:,} of 10,000" in texts(grid)[0]
    for step in (0, 9_999):
        assert step in cells(row(np.ones(10_000), step=step), 72, 16)


def test_what_has_not_been_fed_is_faint_and_what_is_no_number_is_marked() -> None:
    facts = row([0.1, math.nan, math.inf, -0.2], 6, step=3)
    grid = picture(facts, 72, 16)
    found = cells(facts, 72, 16)
    for step, places in found.items():
        styles = {grid[y][x][1] for x, y in places}  # with the free cell behind a tile
        if step >= 4:
            assert all(style.bgcolor is None for style in styles)
            assert DARK.faint in styles
        else:
            assert styles - {Style()} == {
                DARK.warning if step in (1, 2) else DARK.cell(round(facts.values[step] / 0.2 * 20))
            }
    listed = [line.split()[:3] for line in texts(grid) if line.startswith(" t=")]
    assert [line[0] for line in listed] == ["t=2", "t=3", "t=4", "t=1"]
    assert [line[2] for line in listed[:2]] == ["NaN", "+∞"]


def test_nothing_that_mattered_is_said_in_words() -> None:
    grid = picture(row(np.zeros(6)), 72, 16)
    assert "nothing mattered" in "\n".join(texts(grid))


@pytest.mark.parametrize("length", [6, 40, 400])
def test_without_colours_sign_and_size_are_in_the_characters(length: int) -> None:
    values = np.tile([1.0, -1.0, 0.0, 0.1], length)[:length]
    facts = row(values, inputs=np.zeros(length, np.int32))
    grid = picture(facts, 72, 16, palette=GREY)
    looks: dict[float, set[Any]] = {}
    for step, places in cells(facts, 72, 16).items():
        y = places[0][1]
        looks.setdefault(values[step], set()).add(
            tuple((grid[y][x][0], grid[y][x][1].reverse, grid[y][x][1].underline) for x, other in places if other == y)
        )
    assert looks[1.0].isdisjoint(looks[-1.0])
    assert looks[1.0].isdisjoint(looks[0.0])
    assert looks[-1.0].isdisjoint(looks[0.0])


def test_of_the_state_it_says_so() -> None:
    lines = texts(picture(row([0.5, 0.0, 0.25], step=2, output="state"), 60, 12))
    assert "how much of each input h still holds at t=3" in lines[0]
    assert any("→ h" in line for line in lines)
    assert any("‖∂h/∂x · x‖" in line for line in lines)


def test_a_note_stands_above_or_alone() -> None:
    assert "Only this much." in texts(picture(row([0.1], note="Only this much."), 40, 12))[0]
    grid = picture(row([], note="Nothing yet."), 40, 9)
    assert [line.strip() for line in texts(grid)] == ["Nothing yet.", *[""] * 8]
