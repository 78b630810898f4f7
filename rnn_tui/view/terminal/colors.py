"""How many colours the terminal is written to in, where somebody says so."""

from typing import Any

from rich.color import ColorSystem
from textual.app import App
from textual.filter import Monochrome

from rnn_tui.view.model.settings import Colors

__all__ = ["set_colors"]

_SYSTEMS = {"truecolor": ColorSystem.TRUECOLOR, "256": ColorSystem.EIGHT_BIT, "16": ColorSystem.STANDARD}


def set_colors(app: App[Any], colors: Colors) -> None:
    """Write in these colours; `auto`: as Textual has found; `none`: as with `NO_COLOR`, in greys."""
    if colors == "none":
        if not app.no_color:
            app.no_color = True
            app._filters.append(Monochrome())
    elif colors != "auto":
        app.console._color_system = _SYSTEMS[colors]
