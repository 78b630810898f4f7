"""From a field to one of its networks as a run of its own, with an engine of its own, and back."""

from dataclasses import dataclass

from textual import on

from rnn_tui.client.start import start_engine
from rnn_tui.common.glyphs import safe
from rnn_tui.protocol.commands import Command, TakeControls
from rnn_tui.protocol.core import Refused
from rnn_tui.protocol.engine_folders import EnginesError
from rnn_tui.protocol.field import KeepMember, KeptMember
from rnn_tui.view.app.connection import EngineConnection
from rnn_tui.view.app.dialogs import Dialogs
from rnn_tui.view.app.ranks_app import RanksApp
from rnn_tui.view.app.tour_control import TourControl
from rnn_tui.view.model.notices import notice_of
from rnn_tui.view.model.run_state import RunState
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.side_run import SideRun
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.screens.main import MainScreen

__all__ = ["VisitingApp"]


@dataclass
class _Field:
    """The field that a network was opened from, which goes on meanwhile."""

    connection: EngineConnection
    run_state: RunState
    scene: Scene
    view: ViewState
    lost: EngineConnection.Lost | None = None  # its engine has gone meanwhile


class VisitingApp(RanksApp):
    """The app, as far as it leads from a field to one of its networks."""

    dialogs: Dialogs
    _tour: TourControl | None
    _from: _Field | None = None  # None: nothing was opened from a field

    @property
    def is_visiting(self) -> bool:
        """Whether the run on the screen was opened from a field."""
        return self._from is not None

    def tell(self, command: Command) -> None:
        """Send a command, and show at once what came of it."""
        raise NotImplementedError

    def _show_before(self, notice: str = "") -> None:
        raise NotImplementedError

    @on(MainScreen.MemberOpened)
    def _open_member(self, event: MainScreen.MemberOpened) -> None:
        """Open a network of the field as a run of its own: the same experiment, exactly."""
        comparison, scene = self.run_state.comparison, self.main.scene
        if comparison is None or scene is None or self._from is not None:
            return
        try:
            engine = start_engine("stop")
        except (EnginesError, OSError) as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        self._from = _Field(self.connection, self.run_state, scene, self.main.view)
        self.run_state = self.run_state.alone(comparison.experiment(event.member))
        self.connection = EngineConnection(self, engine)
        self.frames.begin_again()
        self.main.begin_visit()
        words = safe(comparison.words(event.member))
        self._show_before(f"{words}: a run of its own begins; torch is being loaded. esc comes back to the field.")
        self.connection.listen()

    @on(MainScreen.KeepAsked)
    def _keep_member(self, event: MainScreen.KeepAsked) -> None:
        """Have a network of the field kept as a run of its own; the engine says when it is."""
        self.notify(f"Network {event.member + 1:,} is being kept: its run is made again up to here.", markup=False)
        self.run_state.keeping.add(event.member)
        self.tell(KeepMember(member=event.member))

    def show_notice(self, said: Refused | KeptMember) -> None:
        """Show what the engine says between two frames."""
        keeping = self.run_state.keeping
        keeping.difference_update({said.member} if isinstance(said, KeptMember) else keeping)
        words, severity = notice_of(said, self.run_state.comparison)
        self.notify(words, severity=severity, markup=False)

    @on(MainScreen.SideBySideAsked)
    def _show_side_by_side(self, event: MainScreen.SideBySideAsked) -> None:
        """Show some networks of the field side by side; the field takes its controls back when that is left."""
        from rnn_tui.view.screens.side_by_side import SideBySideScreen  # for start-up time

        comparison = self.run_state.comparison
        if comparison is None:
            return
        try:
            link = self.connection.another()
        except OSError:
            return  # which is shown anyway
        runs = [SideRun(comparison.words(member), member=member) for member in event.members]
        back = TakeControls()
        self.push_screen(
            SideBySideScreen([(link, runs)], fps=self.frames.fps, pane=event.pane), lambda _: self.tell(back)
        )

    @on(MainScreen.MemberLeft)
    def leave_member(self) -> bool:
        """Come back to the field; return whether there is one to come back to."""
        field = self._from
        if field is None:
            return False
        self.connection.stop()
        self._from, self._tour = None, None
        self.connection, self.run_state = field.connection, field.run_state
        self.frames.begin_again()
        self.main.end_visit(field.scene, field.view)
        if field.lost is None:
            self.frames.ask()
        else:
            self.post_message(field.lost)
        return True

    def _lost_meanwhile(self, event: EngineConnection.Lost) -> None:
        """Note that the engine of the field has gone: its last words are shown with the field again."""
        if self._from is not None and event.source is self._from.connection:
            self._from.lost = event

    def hang_up_visit(self) -> None:
        """End the engine of a network that was opened from a field; the field is what is left then."""
        field, self._from = self._from, None
        if field is not None:
            self.connection.close(ends_run=True)
            self.connection = field.connection
            field.run_state.ends_with_view = self.run_state.ends_with_view
            self.run_state = field.run_state
