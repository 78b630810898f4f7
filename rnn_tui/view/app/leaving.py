"""Leaving the app: what becomes of the run, or of the script that is watched."""

from typing import TYPE_CHECKING

from rnn_tui.protocol.commands import Interrupt
from rnn_tui.protocol.core import Detach, Stop
from rnn_tui.view.app.visiting import VisitingApp

if TYPE_CHECKING:
    from rnn_tui.view.screens.quit_script import ScriptGoodbye

__all__ = ["LeavingApp"]


class LeavingApp(VisitingApp):
    """The app, as far as it is left."""

    async def action_quit(self) -> None:
        """Leave; ask first if a run would end with the view, unless it is over and nothing is lost.

        From the run of one network it leads to all of them.
        """
        run = self.run_state
        if self.leave_member():
            return
        if run.has_ended:
            self.exit(0)  # there is nothing left to end
        elif run.subject is not None and not run.watches:
            self.dialogs.ask_about_script(self._leave_script, started_here=self.connection.has_process)
        elif run.opened is None or run.frame is None or not run.learns:
            self._stop()
        elif run.watches:
            self.exit(0)  # the run is another view's
        elif run.is_finished:
            self._stop()
        else:
            self.dialogs.ask_how_to_leave(lambda way: self._stop() if way == "stop" else self.action_detach())

    def _leave_script(self, way: "ScriptGoodbye") -> None:
        if way == "leave":
            self.action_detach()
        elif way == "kill":
            self._stop()
        else:
            self.run_state.was_interrupted = True
            self.notify("Interrupted, as by ctrl+C. The view closes when the script has ended; q then kills it.")
            self.tell(Interrupt())

    def _stop(self) -> None:
        """End the run, and leave."""
        self.run_state.ends_with_view = True
        self.connection.send(Stop())
        self.exit(0)

    def action_detach(self) -> None:
        """Leave the run as it is, and give the shell back."""
        if self.run_state.has_ended:
            self.exit(0)
        elif self.is_visiting:
            self.notify("This network belongs to a field: esc comes back to it.")
        elif not self.run_state.learns:
            self.notify("This run does not learn, so there is nothing to go on with.")
        elif self.run_state.opened is None:
            self.tell(Detach())  # once there is something to leave
        else:
            if self.run_state.subject is None:
                what = "The networks are" if self.run_state.in_field else "The run is"
                self.notify(f"{what} being saved; then the view leaves.")
            self.connection.send(Detach())  # the engine says goodbye when that is done

    def hang_up(self) -> None:
        """End the engine if the user has said so; else let it go on."""
        self.hang_up_visit()
        self.hang_up_first()
        self.connection.close(ends_run=self.run_state.ends_with_view)
