"""Colours with a meaning. Signed values: blue below 0, orange above, one neutral for 0; probabilities: one teal.

Blue and orange stay apart for every common kind of colour blindness. Values are quantised, so that equal
neighbours share an escape sequence and a cell that keeps its level need not be sent again. Greys and accents are
taken from the 256-colour palette where one is near: their codes are half as long on the wire.
"""

from functools import cache, cached_property

from rich.color import Color
from rich.style import Style

from rnn_tui.common.value import Value

__all__ = ["DARK", "LEVELS", "LIGHT", "Palette", "Rgb"]

LEVELS = 20  # levels on either side of 0
Rgb = tuple[int, int, int]


class Palette(Value, frozen=True, kw_only=True, dict=True):
    """Every style that pictures are drawn with, for one background."""

    text: Style
    dim: Style  # labels, what is not there yet
    faint: Style  # lines and dots
    accent: Style  # what is being fed, and the line of the loss
    back: Style  # gradients, at the step that backward has come to
    went_back: Style  # and where it has been
    right: Style
    wrong: Style
    cursor: Style  # laid over the column of the time cursor
    warning: Style  # NaN and infinities
    negative: tuple[Rgb, ...]  # from 0 outwards
    positive: tuple[Rgb, ...]
    amount: tuple[Rgb, ...]  # 0 to 1
    curves: tuple[Style, ...]  # of several curves in one chart, each well apart from those before it
    gradients: tuple[Rgb, ...] = ()  # 0 to 1; empty: mixed from `went_back` and `back`
    dark_from: int = 128  # brightness of a cell, 0 to 255, above which what stands on it is dark
    monochrome: bool = False  # no colours: values are told by the density of a character
    strong: bool = False  # of 16 colours: none is weak enough to lie behind curves
    ascii: bool = False  # no half-blocks: as without colours, and with them

    def level(self, value: float, scale: float = 1.0) -> int:
        """Return the quantised value, -20 to 20 for -scale to scale."""
        return round(max(-LEVELS, min(LEVELS, value / scale * LEVELS)))

    @property
    def shaded(self) -> bool:
        """Whether the density of a character tells a value, one a cell."""
        return self.monochrome or self.ascii

    def cell(self, level: int) -> Style:
        """Return the style of a cell with a signed level: a background and a readable foreground."""
        return self.text if self.monochrome else _cell(self.negative, self.positive, level, self.dark_from)

    def half(self, upper: int, lower: int) -> Style:
        """Return the style of `▀`, whose halves have one level each."""
        return _half(self.negative, self.positive, upper, lower)

    def share(self, value: float) -> Style:
        """Return the style of a probability, 0 to 1, as a foreground: in tenths, as small things look much the same."""
        return _foreground(self.amount, 2 * round(max(0.0, min(1.0, value)) * LEVELS / 2))

    def share_cell(self, level: int) -> Style:
        """Return the style of a cell with a probability, level 0 to 20 for 0 to 1, as `cell` does."""
        return self.text if self.monochrome else _amount(self._shares, level, self.dark_from)

    def share_half(self, upper: int, lower: int) -> Style:
        """Return the style of `▀` for two probabilities, as `half` does."""
        return _half(self._shares, self._shares, upper, lower)

    def back_cell(self, level: int) -> Style:
        """Return the style of a cell with the size of a gradient, level 0 to 20, as `cell` does."""
        return self.text if self.monochrome else _amount(self._gradients, level, self.dark_from)

    @cached_property
    def _shares(self) -> tuple[Rgb, ...]:
        """`amount` as a background: from the neutral, which is 0 everywhere."""
        return (self.positive[0], *self.amount[1:])

    @cached_property
    def _gradients(self) -> tuple[Rgb, ...]:
        return self.gradients or (self.positive[0], *(_truecolor(style) for style in (self.went_back, self.back)))

    def shade(self, level: int) -> str:
        """Return the character of a level without colours: denser means farther from 0, and lines mean below 0."""
        ramp = "·░▒▓█" if level >= 0 else "·-=≡≣"
        return ramp[min(4, (abs(level) + 4) // 5)]


def _truecolor(style: Style) -> Rgb:
    red, green, blue = style.color.get_truecolor() if style.color else (0, 0, 0)
    return red, green, blue


def _mix(anchors: tuple[Rgb, ...], part: float) -> Rgb:
    at = part * (len(anchors) - 1)
    low = min(int(at), len(anchors) - 2)
    red, green, blue = (round(a + (b - a) * (at - low)) for a, b in zip(anchors[low], anchors[low + 1], strict=True))
    return red, green, blue


def _signed(negative: tuple[Rgb, ...], positive: tuple[Rgb, ...], level: int) -> Rgb:
    return _mix(positive if level >= 0 else negative, abs(level) / LEVELS)


def _readable_on(colour: Rgb, limit: int) -> Rgb:
    red, green, blue = colour
    return (18, 18, 18) if 0.299 * red + 0.587 * green + 0.114 * blue > limit else (238, 238, 238)


@cache
def _cell(negative: tuple[Rgb, ...], positive: tuple[Rgb, ...], level: int, dark_from: int) -> Style:
    colour = _signed(negative, positive, level)
    return Style.from_color(Color.from_rgb(*_readable_on(colour, dark_from)), Color.from_rgb(*colour))


@cache
def _amount(anchors: tuple[Rgb, ...], level: int, dark_from: int) -> Style:
    colour = _mix(anchors, level / LEVELS)
    limit = min(118, dark_from)  # teal is mostly green
    return Style.from_color(Color.from_rgb(*_readable_on(colour, limit)), Color.from_rgb(*colour))


@cache
def _half(negative: tuple[Rgb, ...], positive: tuple[Rgb, ...], upper: int, lower: int) -> Style:
    return Style.from_color(
        Color.from_rgb(*_signed(negative, positive, upper)), Color.from_rgb(*_signed(negative, positive, lower))
    )


@cache
def _foreground(anchors: tuple[Rgb, ...], level: int) -> Style:
    return Style.from_color(Color.from_rgb(*_mix(anchors, level / LEVELS)))


def _rgb(*codes: str) -> tuple[Rgb, ...]:
    return tuple((int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)) for code in codes)


def _styles(*codes: str) -> tuple[Style, ...]:
    return tuple(Style.parse(f"#{code}") for code in codes)


DARK = Palette(
    text=Style.parse("#dadada"),
    dim=Style.parse("#949494"),
    faint=Style.parse("#767676"),
    accent=Style.parse("bold #ffd75f"),
    back=Style.parse("bold #e08bff"),
    went_back=Style.parse("#a778c9"),
    right=Style.parse("bold #5fd7af"),
    wrong=Style.parse("bold #ff8787"),
    cursor=Style.parse("on #2c3442"),
    warning=Style.parse("bold #121212 on #ff4fd8"),
    negative=_rgb("23272f", "1f4a7d", "2f82d6", "7cc4ff"),
    positive=_rgb("23272f", "7a4312", "d9801f", "ffc266"),
    amount=_rgb("66727f", "2f9c85", "5fe3bd"),
    curves=_styles("ffd75f", "7cc4ff", "5fd7af", "e08bff", "ff8787", "ff9f3f", "dadada"),
)

LIGHT = Palette(
    text=Style.parse("#262626"),
    dim=Style.parse("#626262"),
    faint=Style.parse("#8a8a8a"),
    accent=Style.parse("bold #875f00"),
    back=Style.parse("bold #8a1fb8"),
    went_back=Style.parse("#a86cc4"),
    right=Style.parse("bold #00795a"),
    wrong=Style.parse("bold #c2183f"),
    cursor=Style.parse("on #dfe5ee"),
    warning=Style.parse("bold #ffffff on #b0008e"),
    negative=_rgb("eceae5", "a3c8ec", "3f83c4", "0b4a8f"),
    positive=_rgb("eceae5", "f6c796", "d9822b", "8f4300"),
    amount=_rgb("7c8c8f", "2c8b75", "00664f"),
    curves=_styles("875f00", "0b4a8f", "00795a", "8a1fb8", "c2183f", "d75f00", "262626"),
)
