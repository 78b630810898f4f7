"""The dialogs that keys open over the panes, and what is done with their answers. Each is imported when it opens."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from textual.app import App

from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Command, Fork, Play, SelectNetwork, SetBreakpoints
from rnn_tui.protocol.script_log import LogLines
from rnn_tui.view.model.run_state import RunState
from rnn_tui.view.screens.dialog import Dialog

if TYPE_CHECKING:
    from rnn_tui.view.screens.quit import Goodbye
    from rnn_tui.view.screens.quit_script import ScriptGoodbye

__all__ = ["Dialogs"]

Answer = TypeVar("Answer")


class Dialogs:
    """Opens dialogs over the panes, one at a time."""

    def __init__(
        self,
        app: App[int],
        run: Callable[[], RunState],
        tell: Callable[[Command], None],
        begin_tour: Callable[[str], None],
    ) -> None:
        """Take functions: one returns the run, one tells the engine and shows what comes of it, one begins a tour."""
        self._app, self._run_of, self._tell, self._begin_tour = app, run, tell, begin_tour

    @property
    def _run(self) -> RunState:
        return self._run_of()

    def open(self, name: str) -> None:
        """Open the dialog of that name."""
        if not self._is_covered:
            _DIALOGS[name](self)

    @property
    def _is_covered(self) -> bool:
        """Whether something is asked already."""
        return len(self._app.screen_stack) > 1

    def _push(self, dialog: Dialog[Answer], answered: Callable[[Answer], object] | None = None) -> None:
        """Show a dialog, and do something with its answer unless it is cancelled."""

        def closed(answer: Answer | None) -> None:
            if answer is not None and answered is not None:
                answered(answer)

        self._app.push_screen(dialog, closed)

    def _open_instead(self, experiment: Experiment | None) -> None:
        if experiment is not None:
            self._tell(self._run.open_instead(experiment))

    # ---- by key -----------------------------------------------------------------------------------------------

    def _lessons(self) -> None:
        from rnn_tui.view.screens.lessons import LessonsScreen  # for start-up time

        self._push(LessonsScreen(self._run.experiment.name), self._open_instead)

    def _tours(self) -> None:
        from rnn_tui.view.screens.tours import ToursScreen  # for start-up time

        self._push(ToursScreen(), self._begin_tour)

    def _experiment(self) -> None:
        from rnn_tui.view.screens.experiment import ExperimentScreen  # for start-up time

        self._push(ExperimentScreen(self._run.experiment), self._open_instead)

    def _compare(self) -> None:
        from rnn_tui.view.screens.compare import CompareScreen  # for start-up time

        run = self._run
        if not run.learns:
            self._app.notify("This run does not learn, so there is nothing to compare.")
            return
        base = run.experiment if run.comparison is None else run.comparison.base
        varied = () if run.comparison is None else run.comparison.varied
        self._push(CompareScreen(base, varied), lambda comparison: self._tell(run.open_field(comparison)))

    def _fork(self) -> None:
        from rnn_tui.view.screens.fork import ForkScreen  # for start-up time

        def answered(command: Fork) -> None:
            self._tell(command)
            self._tell(Play(on=True))

        run = self._run
        if run.opened is None or run.frame is None:
            return
        if not run.learns:
            self._app.notify("This run does not learn, so it cannot be forked.")
            return
        self._tell(Play(on=False))
        self._push(ForkScreen(run.experiment, run.frame.status, has_ranks=run.has_ranks), answered)

    def _breakpoints(self) -> None:
        from rnn_tui.view.screens.breakpoints import BreakpointsScreen  # for start-up time

        screen = BreakpointsScreen(self._run.experiment, is_script=self._run.subject is not None)
        self._push(screen, lambda until: self._tell(SetBreakpoints(until=until)))

    def _networks(self) -> None:
        from rnn_tui.view.screens.networks import NetworksScreen  # for start-up time

        if self._run.subject is not None:
            self._push(NetworksScreen(self._run.subject), lambda number: self._tell(SelectNetwork(number=number)))

    def _reproduce(self) -> None:
        from rnn_tui.view.screens.reproduce import ReproduceScreen  # for start-up time

        if self._run.opened is not None:
            self._push(ReproduceScreen(self._run.opened, self._run.tick))

    def _log(self) -> None:
        from rnn_tui.view.screens.log import LogScreen  # for start-up time

        if self._run.subject is not None:
            self._push(LogScreen(self._run.subject.script))

    def _help(self) -> None:
        from rnn_tui.view.screens.help import HelpScreen  # for start-up time

        run = self._run
        self._push(HelpScreen(run.subject, ended=run.has_ended, in_field=run.in_field, has_ranks=run.has_ranks))

    def show_log(self, lines: LogLines) -> None:
        """Show what a script has printed, if that is still wanted."""
        from rnn_tui.view.screens.log import LogScreen  # for start-up time

        for screen in self._app.screen_stack:
            if isinstance(screen, LogScreen):
                screen.show(lines)

    # ---- when something ends ----------------------------------------------------------------------------------

    def ask_how_to_leave(self, answered: "Callable[[Goodbye], None]") -> None:
        """Ask whether the run, which must be on the screen, ends with the view."""
        from rnn_tui.view.screens.quit import QuitScreen  # for start-up time

        opened, frame = self._run.opened, self._run.frame
        if opened is not None and frame is not None and not self._is_covered:
            kept, many = bool(opened.kept), self._run.in_field
            screen = QuitScreen(name=opened.name, kept=kept, held=self._run.held, views=frame.views, in_field=many)
            self._push(screen, answered)

    def ask_about_script(self, answered: "Callable[[ScriptGoodbye], None]", *, started_here: bool) -> None:
        """Ask what becomes of the script that is watched; `started_here`: by the command of this view."""
        from rnn_tui.view.screens.quit_script import QuitScriptScreen  # for start-up time

        run = self._run
        if run.subject is not None and not self._is_covered:
            name = "" if run.opened is None else run.opened.name
            may_end = started_here or "hold" in run.subject.can
            screen = QuitScriptScreen(run.subject.script, name=name, held=run.held, may_end=may_end)
            self._push(screen, answered)

    def tell_engine_lost(self, words: str, answered: Callable[[bool], None]) -> None:
        """Show the engine's last words, over whatever there is, and ask whether to start another."""
        from rnn_tui.view.screens.engine_gone import EngineGoneScreen  # for start-up time

        is_script = self._run.subject is not None
        kept = not is_script and self._run.checkpointed() is not None
        self._push(EngineGoneScreen(words, kept=kept, is_script=is_script), answered)


_DIALOGS: dict[str, Callable[[Dialogs], None]] = {
    "lessons": Dialogs._lessons,
    "tours": Dialogs._tours,
    "experiment": Dialogs._experiment,
    "compare": Dialogs._compare,
    "fork": Dialogs._fork,
    "breakpoints": Dialogs._breakpoints,
    "networks": Dialogs._networks,
    "reproduce": Dialogs._reproduce,
    "log": Dialogs._log,
    "help": Dialogs._help,
}
