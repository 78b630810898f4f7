"""The app that shows two or three runs side by side, each with its own engine."""

from collections.abc import Sequence

from textual import on

from rnn_tui.client.link import EngineLink
from rnn_tui.common.output import say
from rnn_tui.protocol.engine_messages import Left
from rnn_tui.view.app.terminal_app import TerminalApp, has_mouse
from rnn_tui.view.model.settings import ViewSettings
from rnn_tui.view.model.side_run import SideRun
from rnn_tui.view.screens.side_by_side import SideBySideScreen
from rnn_tui.view.screens.side_source import EngineLeft
from rnn_tui.view.terminal.ascii import in_ascii, is_ascii
from rnn_tui.view.terminal.exit import last_lines

__all__ = ["SideApp", "run_side_by_side"]


class SideApp(TerminalApp):
    """One screen with the runs."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self, sources: Sequence[tuple[EngineLink, Sequence[SideRun]]], settings: ViewSettings, *, pane: str
    ) -> None:
        """Take the runs and the links to their engines, and which pane is shown first."""
        super().__init__(settings)
        self._sources = sources
        self._fps = settings.fps
        self._pane = pane
        self.left: Left | None = None  # the goodbye of an engine that goes on

    def get_default_screen(self) -> SideBySideScreen:
        """Make the screen with the runs."""
        return SideBySideScreen(self._sources, fps=self._fps, pane=self._pane)

    async def action_quit(self) -> None:
        """Leave; ask first if networks would end with the view."""
        if isinstance(self.screen, SideBySideScreen):
            self.screen.action_leave()
        else:
            self.exit(0)

    @on(EngineLeft)
    def _engine_left(self, event: EngineLeft) -> None:
        """Leave, since an engine goes on without this view."""
        self.left = event.left
        self.exit(0)

    def hang_up(self) -> None:
        """End the engines that were started for this screen, unless one goes on without it; let go of the others."""
        for link, runs in self._sources:
            link.close() if runs[0].first is not None and self.left is None else link.let_go()


def run_side_by_side(
    sources: Sequence[tuple[EngineLink, Sequence[SideRun]]], settings: ViewSettings, *, pane: str = "states"
) -> int:
    """Show the runs until they are left, and return the exit code."""
    app = SideApp(sources, settings, pane=pane)
    try:
        code = app.run(mouse=has_mouse()) or app.return_code or 0
    finally:
        app.hang_up()
        for line in last_lines(None, app.left, ends_run=False):
            say(in_ascii(line) if is_ascii(app) else line)
    return code
