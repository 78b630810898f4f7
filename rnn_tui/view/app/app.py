"""The app: it puts its parts together, does what keys ask for, and keeps the terminal as it should be."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.actions import ActionParseResult
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from rnn_tui.client.link import EngineLink
from rnn_tui.client.start import start_engine
from rnn_tui.common.glyphs import safe
from rnn_tui.protocol.commands import Command, GoTo, Open
from rnn_tui.protocol.core import Greeting, Refused
from rnn_tui.protocol.engine_messages import Frame, Left
from rnn_tui.protocol.field import KeptMember, OpenField
from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.protocol.script_log import LogLines
from rnn_tui.tours import tour_file
from rnn_tui.tours.tour import Tour
from rnn_tui.view.app.connection import EngineConnection
from rnn_tui.view.app.dialogs import Dialogs
from rnn_tui.view.app.key_order import KeyOrder
from rnn_tui.view.app.leaving import LeavingApp
from rnn_tui.view.app.tour_control import TourControl
from rnn_tui.view.app.warm_up import warm_up
from rnn_tui.view.model.first_frame import before_first_frame
from rnn_tui.view.model.keys import bindings
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.offers import action_of, missing
from rnn_tui.view.model.run_commands import command_for
from rnn_tui.view.model.run_state import RunState
from rnn_tui.view.model.tour_guide import PRESSABLE
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.screens.main import MainScreen
from rnn_tui.view.terminal.ascii import is_ascii, spelled
from rnn_tui.view.terminal.driver import TerminalDriver
from rnn_tui.view.terminal.frame_loop import FrameLoop
from rnn_tui.view.widgets.pane import Pane
from rnn_tui.view.widgets.time_line import TimeLine

if TYPE_CHECKING:
    from rnn_tui.view.screens.log import LogScreen

__all__ = ["RnnApp"]


class RnnApp(LeavingApp):
    """rnn-tui on one run: its state, the connection to its engine, and the loop that asks for frames."""

    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(everywhere=True)]

    def __init__(self, engine: EngineLink, launch: LaunchOptions) -> None:
        super().__init__(launch.view_settings)
        self._begins_on_stage = launch.view_settings.stage
        self._on_disconnect = launch.view_settings.on_hangup
        self.run_state = RunState(launch)
        self.connection = EngineConnection(self, engine)
        self.frames = FrameLoop(
            self,
            launch.view_settings.fps,
            wanted=self._wanted,
            send=lambda request: self.connection.send(request),
            show_waiting=self._show_waiting,
        )
        self._keys = KeyOrder(self, self._take_key)
        self.dialogs = Dialogs(self, lambda: self.run_state, self.tell, self._begin_tour)
        tour = launch.tour
        self._tour = None if tour is None else self._control_of(tour)

    @property
    def _is_main_on_top(self) -> bool:
        """Whether no dialog covers the panes, and the app is not being left."""
        return bool(self.is_running and self.screen_stack) and self.screen is self.main

    # ---- called by textual ------------------------------------------------------------------------------------

    def get_default_screen(self) -> MainScreen:
        """Make the screen with the panes."""
        return MainScreen(self.run_state.experiment, stage=self._begins_on_stage)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Put every key into the palette."""
        yield from (each for each in super().get_system_commands(screen) if each.title == "Theme")
        for key in (key for keys in self.run_state.key_groups().values() for key in keys):
            shown = spelled(key.shown) if is_ascii(self) else key.shown
            press = partial(self.main.run_action, key.action)
            yield SystemCommand(f"{key.label.capitalize()}  ({shown})", key.about, press)

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key stands for, or say why it does not apply to the script that is watched."""
        why = ""
        if isinstance(action, str) and isinstance(default_namespace, MainScreen):
            why = self.run_state.why_refused(action)
            action = action_of(action, has_ranks=self.run_state.has_ranks)
        if not why:
            return await super().run_action(action, default_namespace, namespaces)
        self.notify(why, markup=False)
        return True

    async def on_event(self, event: events.Event) -> None:
        """Drop what is typed after the key that leaves; hand on all other keys one by one."""
        if self._exit and isinstance(event, events.InputEvent):
            return
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif not self._keys.holds(event):
            await self._keys.follow(event)

    async def _take_key(self, event: events.Key) -> None:
        """Let a key do what it does, unless the one before has left."""
        if not self._exit:
            if self._is_main_on_top:
                self.main.notes_were_read()
            await super().on_event(event)

    # ---- the terminal -----------------------------------------------------------------------------------------

    @on(TerminalDriver.Ready)
    def _terminal_is_ready(self) -> None:
        """Ask for what is newer than the terminal shows."""
        self.frames.terminal_took()

    # ---- the beginning ----------------------------------------------------------------------------------------

    def signalled(self, *, ends_run: bool) -> None:
        """Note whether the run ends with the view."""
        self.run_state.ends_with_view = ends_run

    @on(MainScreen.Ready)
    def _begin(self) -> None:
        """Show the network at tick 0, and listen to the engine, which loads torch meanwhile."""
        self._show_before()
        if self._tour is not None:
            self._tour.begin()
        self.connection.listen()
        self.call_after_refresh(warm_up)

    def _show_before(self, notice: str = "") -> None:
        """Show the network at tick 0, from the experiment alone."""
        run = self.run_state
        self.main.show(
            *before_first_frame(
                run.experiment, self.main.wanted(), notice, subject=run.subject, comparison=run.comparison
            )
        )

    # ---- what the engine says ---------------------------------------------------------------------------------

    @on(EngineConnection.Heard)
    def _hear(self, event: EngineConnection.Heard) -> None:
        if not self.screen_stack or event.source is not self.connection:
            return  # the app is being left, or another engine is looked at
        match event.message:
            case Greeting():
                if self.connection.greeted(self.run_state.first_command()):
                    self.frames.ask()
            case Refused() | KeptMember() as said:
                self.show_notice(said)
            case Left() as left:
                self.run_state.left = left
                self.exit(0)
            case LogLines() as lines:
                self.dialogs.show_log(lines)
            case Frame() as frame:
                self._show(frame)

    def _show(self, frame: Frame) -> None:
        self.frames.arrived(frame)
        run = self.run_state
        if run.update(frame) and run.opened is not None and run.frame is not None:
            self.look_at_ranks()
            self.main.show(run.frame, run.opened, asked=self.frames.field_asked(frame))
            if self._tour is not None:
                self._tour.frame_came()
            if run.was_interrupted and run.has_ended:
                self.exit(0)
        elif frame.failures:
            self._show_before(f"✗ {frame.failures[0].part} failed: {safe(frame.failures[0].problem)}")
        else:
            return
        self.frames.ask()

    @on(EngineConnection.Lost)
    def _engine_lost(self, event: EngineConnection.Lost) -> None:
        def answered(again: bool) -> None:
            if again:
                self.run_state.begin_again()
                self.frames.begin_again()
                self.connection.restart(lambda: start_engine(self._on_disconnect))
                self._show_before("Another engine is starting; torch is being loaded.")
            else:
                self.run_state.ends_with_view, self.run_state.died = True, event.words
                self.exit(1)

        if event.source is not self.connection:
            self._lost_meanwhile(event)
            return
        run = self.run_state
        if run.was_interrupted:
            run.ends_with_view = True
            self.exit(0)  # the script has ended, as it was asked to
        elif run.left is None:
            self.dialogs.tell_engine_lost(event.words, answered)

    def on_log_screen_asked(self, event: "LogScreen.Asked") -> None:
        """Ask the engine for what the script has printed."""
        self.connection.send(event.ask)

    # ---- what the engine is asked and told --------------------------------------------------------------------

    def _wanted(self) -> tuple[Wanted, CurveWanted | None] | None:
        """Return what the panes can show; None while a dialog covers them, since nothing is drawn then."""
        return (self.main.wanted(), self.main.curve_wanted()) if self._is_main_on_top else None

    def _show_waiting(self, keys: int) -> None:
        if not keys or self._is_main_on_top:
            self.main.show_waiting(keys)

    @on(MainScreen.ViewChanged)
    def _view_changed(self, event: MainScreen.ViewChanged) -> None:
        if event.curve:
            self.frames.curve_changed()
        if self.connection.is_greeted:  # also before the first frame: a dialog may have covered the panes so far
            self.frames.look_again(by_key=event.by_key)

    def tell(self, command: Command) -> None:
        """Send a command, and show at once what came of it; while torch is being loaded, keep it."""
        self.connection.send(command)
        if self.run_state.opened is not None:
            self.frames.ask_now()
            self.frames.acknowledge()
            return
        if isinstance(command, Open | OpenField):
            self.run_state.will_open(command)
        waits = "torch is being loaded" if self.run_state.subject is None else "The script is starting"
        self._show_before(f"{waits}; your command will be carried out then.")

    # ---- keys -------------------------------------------------------------------------------------------------

    def action_toggle_play(self) -> None:
        """Play or pause, also before there is an engine."""
        run = self.run_state
        if self.connection.is_greeted:
            self.action_tell("play")
        else:
            run.paused = not run.paused
            if run.subject is not None:
                self._show_before(f"The script is starting; then it {'is held' if run.paused else 'goes on'}.")
                return
            self._show_before(f"torch is being loaded; then the run {'waits' if run.paused else 'plays'}.")

    def action_tell(self, name: str) -> None:
        """Tell the engine the command of that name (see `run_commands`), or the user why there is none."""
        command = command_for(name, self.run_state)
        if isinstance(command, str):
            self.notify(command)
        else:
            self.tell(command)

    @on(TimeLine.Dragged)
    @on(Pane.TickChosen)
    def _tick_chosen(self, event: TimeLine.Dragged | Pane.TickChosen) -> None:
        why = missing("back", self.run_state.subject, has_ranks=self.run_state.has_ranks)
        if why:
            self.notify(f"{why.capitalize()}.")
        else:
            self.tell(GoTo(tick=event.tick))

    def _control_of(self, tour: Tour) -> TourControl:
        return TourControl(tour, self.run_state, lambda: self.main, self.tell)

    def _begin_tour(self, topic: str) -> None:
        """Begin one of the tours that come with the program, in the place of this run."""
        from rnn_tui.tours.read import read_tour  # for start-up time

        self._tour = self._control_of(read_tour(tour_file(topic), PRESSABLE))
        self._tour.begin()
        self._tour.open()

    @on(MainScreen.StepAsked)
    def _step_asked(self, event: MainScreen.StepAsked) -> None:
        if self._tour is not None and not self._tour.go(event.by):
            self._tour = None
            self.main.hide_caption()

    @on(Dialog.Covers)
    def _covered(self, event: Dialog.Covers) -> None:
        """Name the keys of a dialog on the last line, if it is still there."""
        if self.is_running and self.screen is not self.main:
            self.main.show_keys_of(event.keys)

    def action_dialog(self, name: str) -> None:
        """Open the dialog of that name (see `dialogs`)."""
        self.dialogs.open(name)
