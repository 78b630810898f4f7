"""The colours of the terminal: how many are written, and the palette that pictures take."""

from typing import Any

from rich.color import ColorSystem
from textual.app import App
from textual.filter import Monochrome

from rnn_tui.draw.kit.palette import Palette
from rnn_tui.view.model.settings import Colors
from rnn_tui.view.model.theme import palette_for
from rnn_tui.view.terminal.ascii import is_ascii

__all__ = ["palette_of", "set_colors"]

_SYSTEMS = {"truecolor": ColorSystem.TRUECOLOR, "256": ColorSystem.EIGHT_BIT, "16": ColorSystem.STANDARD}


def set_colors(app: App[Any], colors: Colors) -> None:
    """Make an app write in these colours; `auto`: as Textual has found; `none`: in greys, as with `NO_COLOR`."""
    if colors == "none":
        if not app.no_color:
            app.no_color = True
            app._filters.append(Monochrome())
    elif colors != "auto":
        app.console._color_system = _SYSTEMS[colors]


def palette_of(app: App[Any]) -> Palette:
    """Return the palette for an app's theme, colours and characters."""
    return palette_for(
        dark=app.current_theme.dark,
        monochrome=app.no_color,
        ascii=is_ascii(app),
        colours=app.console.color_system,
    )
