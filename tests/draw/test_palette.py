"""Colours with a meaning: blue below 0, orange above, one neutral for 0, quantised."""

import colorsys
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from rnn_tui.draw.kit.palette import DARK, LIGHT, Palette

BOTH = pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])


def rgb(style: Style, background: bool = True) -> tuple[int, ...]:
    colour = style.bgcolor if background else style.color
    assert colour is not None
    return tuple(colour.get_truecolor())


def luminance(colour: tuple[int, ...]) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@BOTH
@pytest.mark.parametrize("level", range(3, 21))
def test_sign_is_the_side_of_the_colour(palette: Palette, level: int) -> None:
    for side, hue in ((level, (15, 55)), (-level, (195, 225))):  # orange; blue
        red, green, blue = (part / 255 for part in rgb(palette.cell(side)))
        degrees = colorsys.rgb_to_hls(red, green, blue)[0] * 360
        assert hue[0] <= degrees <= hue[1]


@BOTH
def test_farther_from_0_is_farther_from_the_neutral(palette: Palette) -> None:
    neutral = rgb(palette.cell(0))
    assert neutral == rgb(palette.cell(palette.level(0.01)))
    for sign in (-1, 1):
        distances = [math.dist(neutral, rgb(palette.cell(sign * level))) for level in range(21)]
        assert distances == sorted(distances)
        assert distances[-1] > 100


@BOTH
def test_equal_levels_share_one_style_so_that_neighbours_are_one_segment(palette: Palette) -> None:
    assert palette.cell(palette.level(0.501)) is palette.cell(palette.level(0.512))
    assert palette.half(3, -4) is palette.half(3, -4)
    assert palette.share(0.501) is palette.share(0.512)
    assert palette.cell(palette.level(0.5)) != palette.cell(palette.level(0.6))


@given(st.floats(allow_nan=False, width=32), st.floats(1, 1e30))
def test_levels(value: float, scale: float) -> None:
    level = DARK.level(value, scale)
    assert -20 <= level <= 20
    assert level * value >= 0
    assert DARK.level(-value, scale) == -level
    if abs(value) <= scale:
        assert abs(level - value / scale * 20) <= 0.5 + 1e-9
    else:
        assert abs(level) == 20


@BOTH
def test_a_half_block_has_the_upper_level_in_front(palette: Palette) -> None:
    style = palette.half(20, -20)
    assert rgb(style, background=False) == rgb(palette.cell(20))
    assert rgb(style) == rgb(palette.cell(-20))


@BOTH
@pytest.mark.parametrize("level", range(-20, 21))
def test_numbers_can_be_read_on_every_level(palette: Palette, level: int) -> None:
    style = palette.cell(level)
    assert contrast(rgb(style, background=False), rgb(style)) >= 3


@BOTH
@pytest.mark.parametrize("level", range(21))
def test_shares_and_gradients_as_backgrounds_grow_from_the_neutral_and_hold_numbers(
    palette: Palette, level: int
) -> None:
    neutral = rgb(palette.cell(0))
    for cell in (palette.share_cell, palette.back_cell):
        assert contrast(rgb(cell(level), background=False), rgb(cell(level))) >= 3
        assert rgb(cell(0)) == neutral
        assert level == 0 or math.dist(rgb(cell(level)), neutral) > math.dist(rgb(cell(level - 1)), neutral)
    half = palette.share_half(level, 20)
    assert rgb(half, background=False) == rgb(palette.share_cell(level))
    assert rgb(half) == rgb(palette.share_cell(20))


@BOTH
def test_text_can_be_read_on_the_background(palette: Palette) -> None:
    background = {id(DARK): (20, 23, 28), id(LIGHT): (251, 250, 247)}[id(palette)]
    for name, least in (("text", 7), ("dim", 4.5), ("accent", 4.5), ("right", 4.5), ("wrong", 4.5)):
        assert contrast(rgb(getattr(palette, name), background=False), background) >= least, name
    faint, dim = (contrast(rgb(getattr(palette, name), background=False), background) for name in ("faint", "dim"))
    assert faint >= 3, "a projector shows it"
    assert dim >= 1.4 * faint, "and it is still the fainter of the two"


@BOTH
@pytest.mark.parametrize("level", range(2, 21))
def test_probabilities_can_be_read_on_the_background(palette: Palette, level: int) -> None:
    background = {id(DARK): (20, 23, 28), id(LIGHT): (251, 250, 247)}[id(palette)]
    assert contrast(rgb(palette.share(level / 20), background=False), background) >= 3


def test_shades_tell_sign_and_distance_without_colours() -> None:
    above = [DARK.shade(level) for level in range(1, 21)]
    below = [DARK.shade(-level) for level in range(1, 21)]
    assert above[0] != above[-1]
    assert not set(above) & set(below) - {"·"}
    for shades in (above, below):  # each appears once, in one run
        runs = [shade for at, shade in enumerate(shades) if at == 0 or shades[at - 1] != shade]
        assert len(runs) == len(set(runs)) >= 4


@BOTH
def test_curves_are_apart_and_legible(palette: Palette) -> None:
    colours = [rgb(style, background=False) for style in palette.curves]
    background = (20, 23, 28) if palette is DARK else (251, 250, 247)
    assert min(contrast(each, background) for each in colours) > 3
    assert min(math.dist(one, other) for at, one in enumerate(colours) for other in colours[:at]) > 40
