"""The two themes, and the palette that pictures take from each."""

from functools import cache

from msgspec.structs import replace
from textual.theme import Theme

from rnn_tui.draw.kit.limited_palettes import FEW
from rnn_tui.draw.kit.palette import DARK, LIGHT, Palette

__all__ = ["THEMES", "palette_for", "theme_name"]

THEMES = (
    Theme(
        name="rnn-dark",
        dark=True,
        primary="#7cc4ff",
        secondary="#ffc266",
        accent="#ffd75f",
        success="#5fd7af",
        warning="#ffd75f",
        error="#ff8787",
        foreground="#dadada",
        background="#14171c",
        surface="#14171c",
        panel="#1c2027",
        variables={"border": "#6f7a8a", "border-blurred": "#3a414d", "footer-key-foreground": "#ffd75f"},
    ),
    Theme(
        name="rnn-light",
        dark=False,
        primary="#0b4a8f",
        secondary="#8f4300",
        accent="#875f00",
        success="#00795a",
        warning="#875f00",
        error="#c2183f",
        foreground="#262626",
        background="#fbfaf7",
        surface="#fbfaf7",
        panel="#eeeeee",
        variables={"border": "#7c828c", "border-blurred": "#c4c8ce", "footer-key-foreground": "#875f00"},
    ),
)


def theme_name(*, dark: bool) -> str:
    """Return the name of our dark or light theme."""
    return next(theme.name for theme in THEMES if theme.dark == dark)


@cache
def palette_for(
    *, dark: bool, monochrome: bool = False, ascii: bool = False, colours: str | None = "truecolor"
) -> Palette:
    """Return the palette of a theme, without colours or half-blocks if the terminal has none.

    `colours` is what rich calls the colour system of the terminal: truecolor, 256, standard (16), or None.
    """
    palette = FEW.get((colours, dark)) or (DARK if dark else LIGHT)
    return replace(palette, monochrome=monochrome or colours is None, ascii=ascii)
