"""The palettes for terminals with 256 and with 16 colours.

Matched to the nearest colour that there is, a mixed one often gets another hue: a dark blue becomes teal, an orange
red. So every colour here is one that the terminal has, and values go through them in steps: any value other than 0
takes at least the first step, so that its sign can be seen.
"""

import math

from msgspec.structs import replace
from rich._palettes import EIGHT_BIT_PALETTE, STANDARD_PALETTE
from rich.palette import Palette as Colours
from rich.style import Style

from rnn_tui.draw.kit.palette import DARK, LEVELS, LIGHT, Palette, Rgb

__all__ = ["FEW"]


def _steps(colours: Colours, *numbers: int) -> tuple[Rgb, ...]:
    """Return a colour for each level from 0 on: the first for 0 alone, the others in equal parts."""
    ramp = [(red, green, blue) for red, green, blue in (colours[number] for number in numbers)]
    return tuple(ramp[math.ceil(level / LEVELS * (len(ramp) - 1))] for level in range(LEVELS + 1))


def _of_16(*numbers: int) -> tuple[Rgb, ...]:
    return _steps(STANDARD_PALETTE, *numbers)


def _of_256(*numbers: int) -> tuple[Rgb, ...]:
    return _steps(EIGHT_BIT_PALETTE, *numbers)


def _plain(number: int, *, on: int | None = None, bold: bool = False) -> Style:
    """Return a style of the 16 colours, as the RGB that is matched to exactly these."""
    colour, under = STANDARD_PALETTE[number], "" if on is None else f" on {STANDARD_PALETTE[on].hex}"
    return Style.parse(f"{'bold ' if bold else ''}{colour.hex}{under}")


def _of_few(colours: Colours, *numbers: int) -> tuple[Style, ...]:
    return tuple(Style.parse(colours[number].hex) for number in numbers)


_BRIGHT_YELLOW, _LIMIT = 11, 95  # of the 16 brown is yellow on most terminals: numbers on it are dark

FEW: dict[tuple[str | None, bool], Palette] = {
    ("256", True): replace(
        DARK,
        cursor=Style.parse("on #3a3a3a"),
        negative=_of_256(235, 24, 25, 32, 75, 117),
        positive=_of_256(235, 94, 130, 172, 214, 222),
        amount=_of_256(243, 66, 72, 79, 86),
        gradients=_of_256(235, 96, 133, 170, 177),
        curves=_of_few(EIGHT_BIT_PALETTE, 221, 117, 79, 177, 210, 215, 253),
    ),
    ("256", False): replace(
        LIGHT,
        cursor=Style.parse("on #dadada"),
        negative=_of_256(254, 153, 111, 68, 25, 24),
        positive=_of_256(254, 223, 215, 172, 130, 94),
        amount=_of_256(245, 66, 29, 23),
        gradients=_of_256(254, 182, 176, 133, 91),
        curves=_of_few(EIGHT_BIT_PALETTE, 94, 24, 29, 91, 161, 166, 235),
    ),
    ("standard", True): replace(
        DARK,
        text=_plain(15),
        dim=_plain(7),
        faint=_plain(7),
        accent=_plain(_BRIGHT_YELLOW, bold=True),
        back=_plain(13, bold=True),
        went_back=_plain(5),
        right=_plain(10, bold=True),
        wrong=_plain(9, bold=True),
        cursor=Style.parse(f"on {STANDARD_PALETTE[4].hex}"),
        warning=_plain(0, on=13, bold=True),
        negative=_of_16(8, 4, 6, 14),
        positive=_of_16(8, 1, 3, _BRIGHT_YELLOW),
        amount=_of_16(7, 2, 10),
        gradients=_of_16(8, 5, 13),
        curves=_of_few(STANDARD_PALETTE, 11, 14, 10, 13, 9, 15),
        dark_from=_LIMIT,
        strong=True,
    ),
    ("standard", False): replace(
        LIGHT,
        text=_plain(0),
        dim=_plain(8),
        faint=_plain(8),
        accent=_plain(1, bold=True),
        back=_plain(5, bold=True),
        went_back=_plain(5),
        right=_plain(4, bold=True),
        wrong=_plain(1, bold=True),
        cursor=Style.parse(f"on {STANDARD_PALETTE[7].hex}"),
        warning=_plain(15, on=5, bold=True),
        negative=_of_16(7, 14, 6, 4),
        positive=_of_16(7, _BRIGHT_YELLOW, 3, 1),
        amount=_of_16(8, 2, 2),
        gradients=_of_16(7, 13, 5),
        curves=_of_few(STANDARD_PALETTE, 1, 4, 2, 5, 6, 0),
        dark_from=_LIMIT,
        strong=True,
    ),
}
