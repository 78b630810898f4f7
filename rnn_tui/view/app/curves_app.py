"""The app that shows kept runs beside one another. It has no engine: it reads their files itself."""

from collections.abc import Sequence

from rnn_tui.runs.facts import RunFacts
from rnn_tui.runs.loss_reader import LossReader
from rnn_tui.view.app.terminal_app import TerminalApp, has_mouse
from rnn_tui.view.model.compared_runs import ComparedRuns
from rnn_tui.view.model.settings import ViewSettings
from rnn_tui.view.screens.run_curves import RunCurvesScreen

__all__ = ["CurvesApp", "run_curves"]


class CurvesApp(TerminalApp):
    """One screen with the curves of some runs."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, runs: Sequence[tuple[RunFacts, LossReader]], settings: ViewSettings) -> None:
        """Take the runs, and a reader of each."""
        super().__init__(settings)
        self._runs = ComparedRuns(runs)

    def get_default_screen(self) -> RunCurvesScreen:
        """Make the screen with the curves."""
        return RunCurvesScreen(self._runs)

    async def action_quit(self) -> None:
        """Leave."""
        self.exit(0)


def run_curves(runs: Sequence[tuple[RunFacts, LossReader]], settings: ViewSettings) -> int:
    """Show the curves until they are left, and return the exit code."""
    app = CurvesApp(runs, settings)
    return app.run(mouse=has_mouse()) or app.return_code or 0
