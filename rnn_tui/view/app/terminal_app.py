"""The app's ties to its terminal: colours, characters, themes, and what the terminal shows."""

import os
import sys
from collections.abc import Sequence
from typing import ClassVar

from rich.console import RenderableType
from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.filter import LineFilter
from textual.screen import Screen
from textual.theme import Theme

from rnn_tui.view.model.settings import Manner
from rnn_tui.view.model.theme import THEMES
from rnn_tui.view.screens.paced import Paced
from rnn_tui.view.terminal.ascii import Ascii, takes_unicode
from rnn_tui.view.terminal.colors import set_colors
from rnn_tui.view.terminal.driver import own_driver, shown_of
from rnn_tui.view.terminal.harmless import Harmless

__all__ = ["TerminalApp"]


class TerminalApp(App[int]):
    """An app that behaves in its terminal as it was told."""

    TITLE = "rnn-tui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [  # over dialogs as well
        Binding("ctrl+l", "draw_again", "draw again", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "shell", show=False, priority=True),
    ]

    def __init__(self, manner: Manner) -> None:
        self._themed = False
        encoding = getattr(sys.__stderr__, "encoding", None)  # textual writes there
        self._last_filters = (
            [Harmless(), Ascii()] if manner.ascii or not takes_unicode(os.environ, encoding) else [Harmless()]
        )
        super().__init__(driver_class=own_driver())
        set_colors(self, manner.colors)
        self.theme = next(theme.name for theme in THEMES if theme.dark == (manner.theme == "dark"))
        self._themed = True

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Ours alone: the pictures have palettes for these."""
        ours = {theme.name: theme for theme in THEMES}
        return ours if self._themed else super().available_themes | ours  # Textual begins with one of its own

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Called by textual: what every line on its way to the terminal goes through."""
        return [*super().get_line_filters(), *self._last_filters]

    async def on_event(self, event: events.Event) -> None:
        """Called by textual: what is typed behind the key that leaves is for nobody."""
        if not (self._exit and isinstance(event, events.InputEvent)):
            await super().on_event(event)

    def action_draw_again(self) -> None:
        """Send all cells again, whatever the terminal may show."""
        self._forget_shown()
        if self.screen_stack:
            self.screen.refresh(layout=True)

    def on_resize(self) -> None:
        """The terminal has another size, or had one in between: what it shows is not known any more."""
        self.action_draw_again()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Called by textual to write. What a screen of its own draws, such as the palette, nobody remembers."""
        if not isinstance(screen, Paced):
            self._forget_shown()
        super()._display(screen, renderable)

    def _forget_shown(self) -> None:
        shown = shown_of(self)
        if shown is not None:
            shown.forget(0, 0)
