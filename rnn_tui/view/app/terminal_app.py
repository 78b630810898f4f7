"""The base of the apps: what they have in common is the terminal, its colours, and how it is drawn on."""

import asyncio
import os
from collections.abc import Sequence

from rich.console import RenderableType
from textual import on
from textual.app import App
from textual.filter import LineFilter
from textual.screen import Screen
from textual.theme import Theme

from rnn_tui.view.model.settings import ViewSettings
from rnn_tui.view.model.theme import THEMES, theme_name
from rnn_tui.view.screens.paced import PacedScreen
from rnn_tui.view.terminal.colors import set_colors
from rnn_tui.view.terminal.driver import TerminalDriver, own_driver, terminal_cells
from rnn_tui.view.terminal.exit import leave_on_signals
from rnn_tui.view.terminal.harmless import last_filters

__all__ = ["TerminalApp", "has_mouse"]


class TerminalApp(App[int]):
    """An app that draws on a terminal at the terminal's pace, and leaves it as it was."""

    TITLE = "rnn-tui"
    CSS_PATH = "app.tcss"

    def __init__(self, settings: ViewSettings) -> None:
        """Take the colours and characters that the settings ask for."""
        self._own_themes = False
        self._last_filters = last_filters(ascii_only=settings.ascii)
        super().__init__(driver_class=own_driver())
        set_colors(self, settings.colors)
        self.theme = theme_name(dark=settings.theme == "dark")
        self._own_themes = True

    # ---- called by textual ------------------------------------------------------------------------------------

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Our own alone, since the pictures have palettes for these; Textual starts with one of its own."""
        own = {theme.name: theme for theme in THEMES}
        return own if self._own_themes else super().available_themes | own

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the filters that every line passes on its way to the terminal."""
        return [*super().get_line_filters(), *self._last_filters]

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Write; what a screen of Textual's own draws, such as the palette, is not remembered as shown."""
        if not isinstance(screen, PacedScreen):
            self._forget_shown()
        super()._display(screen, renderable)

    def on_mount(self) -> None:
        """Leave the terminal as it was, also on a signal."""
        loop = asyncio.get_running_loop()

        def leave(code: int, ends_run: bool) -> None:
            self.signalled(ends_run=ends_run)
            loop.call_soon_threadsafe(self.exit, code)

        leave_on_signals(leave, self.hang_up)

    def signalled(self, *, ends_run: bool) -> None:
        """Note that a signal ends the app; `ends_run`: the user wants what it shows to end as well."""

    def hang_up(self) -> None:
        """Let go of what the app holds, since the process ends now."""

    # ---- the terminal -----------------------------------------------------------------------------------------

    def action_draw_again(self) -> None:
        """Send all cells again, whatever the terminal may show."""
        self._forget_shown()
        if self.screen_stack:
            self.screen.refresh(layout=True)  # by the size that the terminal has now

    def on_resize(self) -> None:
        """Draw all of it again: at another size, it is unknown what the terminal shows."""
        self.action_draw_again()

    def _forget_shown(self) -> None:
        shown = terminal_cells(self)
        if shown is not None:
            shown.forget(0, 0)

    @on(TerminalDriver.Ready)
    def _terminal_took(self) -> None:
        """Paint what has changed while the terminal was busy."""
        if self.screen_stack:
            self.screen.check_idle()


def has_mouse() -> bool:
    """Return whether to listen to a mouse: not in GNU screen, which then holds escapes back."""
    return "STY" not in os.environ
