"""With 256 and with 16 colours: what the terminal shows has the right hue, signs stay apart, numbers are legible."""

import colorsys

import pytest
from rich.color import Color, ColorSystem
from rich.palette import Palette as Colours
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from rnn_tui.draw.kit.palette import LEVELS, Palette
from rnn_tui.view.model.theme import palette_for

SYSTEMS = {"256": ColorSystem.EIGHT_BIT, "standard": ColorSystem.STANDARD}
# What terminals make of the 16 differs: xterm's own, and those of the VGA text mode.
XTERM = Colours(
    [
        (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229),
        (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255),
        (255, 255, 255),
    ]
)  # fmt: skip

each = pytest.mark.parametrize(
    ("palette", "system"),
    [(palette_for(dark=dark, colours=name), system) for name, system in SYSTEMS.items() for dark in (True, False)],
)


def sent(colour: Color | None, system: ColorSystem) -> Color:
    assert colour is not None
    return colour.downgrade(system)


def luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [value / 255 for value in colour]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(style: Style, system: ColorSystem) -> float:
    pair = []
    for colour in (sent(style.color, system), sent(style.bgcolor, system)):
        number = colour.number
        rgb = XTERM[number] if number is not None and number < 16 else colour.get_truecolor(DEFAULT_TERMINAL_THEME)
        pair.append(luminance((rgb[0], rgb[1], rgb[2])))
    return (max(pair) + 0.05) / (min(pair) + 0.05)


@each
def test_signs_are_told_at_every_level(palette: Palette, system: ColorSystem) -> None:
    colours = {level: sent(palette.cell(level).bgcolor, system) for level in range(-LEVELS, LEVELS + 1)}
    below = {colours[level] for level in range(-LEVELS, 0)}
    above = {colours[level] for level in range(1, LEVELS + 1)}
    assert not below & above
    assert colours[0] not in below | above
    assert min(len(below), len(above)) >= 3
    for level in range(1, LEVELS):  # no colour comes back: each is one stretch of levels
        for sign in (1, -1):
            stretch = [at for at in range(1, LEVELS + 1) if colours[sign * at] == colours[sign * level]]
            assert stretch == list(range(stretch[0], stretch[-1] + 1))


@each
def test_what_the_terminal_shows_is_blue_below_and_warm_above(palette: Palette, system: ColorSystem) -> None:
    for level in range(1, LEVELS + 1):
        for sign, low, high in ((-1, 0.47, 0.68), (1, 0.0, 0.17)):
            colour = sent(palette.cell(sign * level).bgcolor, system)
            rgb = [part / 255 for part in colour.get_truecolor(DEFAULT_TERMINAL_THEME)]
            if colour.number is not None and colour.number < 16:
                rgb = [part / 255 for part in XTERM[colour.number]]
            hue, _, saturation = colorsys.rgb_to_hls(*rgb)
            assert low <= hue <= high, (sign * level, rgb)
            assert saturation > 0.2


@each
def test_numbers_are_legible_on_their_cells(palette: Palette, system: ColorSystem) -> None:
    for level in range(-LEVELS, LEVELS + 1):
        assert contrast(palette.cell(level), system) >= 3, level
    for level in range(LEVELS + 1):
        assert contrast(palette.share_cell(level), system) >= 3, level
        assert contrast(palette.back_cell(level), system) >= 3, level
    for style in (palette.text, palette.dim, palette.accent, palette.right, palette.wrong):
        assert contrast(style + palette.cursor, system) >= 2, style
    assert contrast(palette.warning, system) >= 3


def test_no_colour_system_is_no_colour() -> None:
    assert palette_for(dark=True, colours=None).monochrome
    assert not palette_for(dark=True).monochrome


@each
def test_curves_stay_apart(palette: Palette, system: ColorSystem) -> None:
    colours = [sent(style.color, system) for style in palette.curves]
    assert len({*colours}) == len(colours) >= 6
