"""The two themes, and which palette pictures take."""

from dataclasses import replace

from textual.theme import Theme

from rnn_tui.draw.palette import DARK, LIGHT, Palette

__all__ = ["THEMES", "palette_for"]

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
        panel="#eeece7",
        variables={"border": "#7c828c", "border-blurred": "#c4c8ce", "footer-key-foreground": "#875f00"},
    ),
)


def palette_for(*, dark: bool, monochrome: bool = False) -> Palette:
    """The palette of a theme; without colours where the terminal shall have none."""
    palette = DARK if dark else LIGHT
    return replace(palette, monochrome=True) if monochrome else palette
