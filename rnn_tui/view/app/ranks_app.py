"""The ranks of a script that is watched: what each does is read from its note, and `N` leads from one to the next."""

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on

from rnn_tui.common.glyphs import safe
from rnn_tui.view.app.connection import EngineConnection
from rnn_tui.view.app.terminal_app import TerminalApp
from rnn_tui.view.model.run_state import RunState
from rnn_tui.view.screens.main import MainScreen
from rnn_tui.view.terminal.frame_loop import FrameLoop

if TYPE_CHECKING:
    from rnn_tui.client.ranks_seen import RanksSeen

__all__ = ["RanksApp"]

_EVERY = 0.5  # seconds between two looks at the notes, whether frames come or not: a rank may wait for one that is gone


class RanksApp(TerminalApp):
    """The app, as far as it shows several ranks of a script."""

    run_state: RunState
    connection: EngineConnection
    frames: FrameLoop
    _ranks: "RanksSeen | None" = None
    _first: EngineConnection | None = None  # to what this view has started, while another rank is shown

    @property
    def main(self) -> MainScreen:
        """The screen with the panes, whatever dialog covers it."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    def look_at_ranks(self) -> None:
        """Read the notes of all ranks from now on, where the script is one of several."""
        subject = self.run_state.subject
        if subject is not None and subject.ranks and self._ranks is None:
            from rnn_tui.client.ranks_seen import RanksSeen  # for start-up time

            self._ranks = RanksSeen(Path(subject.ranks))
            self.set_interval(_EVERY, self._read_notes)
            self._read_notes()

    def _read_notes(self) -> None:
        run = self.run_state
        if self._ranks is None or not self.screen_stack or run.frame is None:
            return
        if not (run.has_ended or self.main.view.hides_ranks):
            run.ranks = self._ranks.look()
            self.main.show_ranks(run.ranks)

    @on(MainScreen.RankWanted)
    def _go_to_rank(self, event: MainScreen.RankWanted) -> None:
        """Look at another rank, through a link to it."""
        subject = self.run_state.subject
        if self._ranks is None or subject is None or subject.rank == event.rank:
            return
        link = self._ranks.link_to(event.rank)
        if isinstance(link, str):
            self.notify(safe(link), severity="warning", markup=False)
            return
        before, self.connection = self.connection, EngineConnection(self, link)
        before.close(ends_run=False)
        if before.has_process:
            self._first = before
        self.frames.begin_again()
        self.connection.listen()

    def hang_up_first(self) -> None:
        """End what this view has started, if the user has said so and looks at another rank of it."""
        if self._first is not None:
            if self.run_state.has_ended:
                self._first.note_end()  # so that its exit code is waited for
            self._first.close(ends_run=self.run_state.ends_with_view)
