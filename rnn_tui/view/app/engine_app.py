"""The app's ties to its engine, over the link: it pulls frames, and knows how it is left.

Messages carry what the engine says; the handlers here own all that is known of it.
"""

import asyncio
import gc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace
from textual import on, work
from textual.message import Message
from textual.timer import Timer

from rnn_tui.client.link import Engine, EngineError, start_engine
from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.chart_dots import load_plotext
from rnn_tui.protocol.messages import Command, Detach, Frame, Greeting, Keep, Left, Open, Opened, Refused
from rnn_tui.protocol.messages import Message as Heard
from rnn_tui.view.app.terminal_app import TerminalApp
from rnn_tui.view.model.first_frame import before_first_frame
from rnn_tui.view.model.frame_requests import Puller
from rnn_tui.view.model.launch import Showing
from rnn_tui.view.panes.registry import INSIDE, inside_pane
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.screens.main import MainScreen
from rnn_tui.view.terminal.driver import TerminalTook, flow_of
from rnn_tui.view.terminal.exit import leave_on_signals

__all__ = ["LinkedApp"]

_HEARD = 0.15  # seconds after which a key is acknowledged, if its effect cannot be shown yet

Answered = TypeVar("Answered")


class LinkedApp(TerminalApp):
    """An app with one engine behind it."""

    @dataclass
    class EngineSpoke(Message):
        """A message has come over the link."""

        message: Heard

    @dataclass
    class EngineGone(Message):
        """The link is closed, and this is what can be told about it."""

        words: str

    def __init__(self, engine: Engine, showing: Showing) -> None:
        super().__init__(showing.manner)
        self._engine = engine
        self._showing = showing
        self._experiment = showing.experiment  # the one to open, as long as none is open
        self._turns = showing.turns  # to come, of the experiment to open
        self._keep = showing.keep  # on the disk, the experiment to open
        self._paused = showing.paused
        self._puller = Puller(showing.manner.fps)
        self._timer: Timer | None = None
        self._held_back = False  # the next look waits for the terminal
        self._used = time.process_time()  # seconds of a core, up to the last look
        self._key_timer: Timer | None = None  # since a key whose effect has not been shown yet
        self._keys = 0  # pressed since then, that one included
        self._opened: Opened | None = None
        self._frame: Frame | None = None
        self._wishes: list[Command] = []  # what was asked for before there was an engine to do it
        self.ends_run = False  # the run ends with this view, because somebody said so
        self.left: Left | None = None  # the engine's goodbye
        self.died = ""  # how the engine has, where nobody wanted another

    @property
    def main(self) -> MainScreen:
        """The screen with the panes, whatever stands over it."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    @property
    def tick(self) -> int:
        """The tick on the screen."""
        return 0 if self._frame is None else self._frame.status.tick

    @property
    def held(self) -> bool:
        """Whether the run on the screen is paused or done."""
        return self._frame is not None and self._frame.status.state != "playing"

    @property
    def opened(self) -> Opened | None:
        """The run on the screen; None: there is none yet."""
        return self._opened

    @property
    def watches(self) -> bool:
        """Whether another view has the controls."""
        return self._frame is not None and not self._frame.controls

    def get_default_screen(self) -> MainScreen:
        """The panes."""
        return MainScreen(self._experiment)

    # ---- begin and end ----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Leave the terminal as it was also when told to end."""
        loop = asyncio.get_running_loop()

        def leave(code: int, ends_run: bool) -> None:
            self.ends_run = ends_run
            loop.call_soon_threadsafe(self.exit, code)

        leave_on_signals(leave, self.part)

    @on(MainScreen.Ready)
    def _begin(self) -> None:
        """The panes stand: show the network at tick 0, and listen to the engine, which loads torch meanwhile."""
        self._show_before()
        self._listen(self._engine)
        self.call_after_refresh(self._warm_up)

    def _show_before(self, notice: str = "") -> None:
        """The network at tick 0, from the experiment alone."""
        self.main.show(*before_first_frame(self._experiment, self.main.wanted(), notice))

    def _warm_up(self) -> None:
        """What can wait until there is something to see, and is over before torch is loaded."""
        load_plotext()
        for name in INSIDE:
            inside_pane(name)
        gc.collect()
        gc.freeze()  # what is here now stays: collections need not look at it again
        gc.enable()

    def part(self) -> None:
        """The view is going: end the engine, where that is wanted, or let it go on."""
        if self.ends_run:
            self._engine.close()
        else:
            self._engine.let_go()

    # ---- the link ---------------------------------------------------------------------------------------------

    @work(exit_on_error=False)
    async def _listen(self, engine: Engine) -> None:
        try:
            async for message in engine.messages():
                self.post_message(self.EngineSpoke(message))
        except EngineError as error:
            self.post_message(self.EngineGone(str(error)))

    @on(EngineSpoke)
    def _hear(self, event: EngineSpoke) -> None:
        if not self.screen_stack:
            return  # it is being left
        match event.message:
            case Greeting():
                self._greeted()
            case Refused(problem=problem, path=path):
                self.notify(safe(f"{path.rpartition('.')[2]} {problem}".strip()), severity="warning", markup=False)
            case Left() as left:
                self.left = left
                self.exit(0)
            case Frame() as frame:
                self._show(frame)

    def _greeted(self) -> None:
        """The engine is there: open what is to be shown, where it does not run already."""
        wishes, self._wishes = self._wishes, []
        if not self._engine.joined:
            self.say(
                Open(
                    experiment=self._experiment,
                    play=not self._paused,
                    history=self._showing.history,
                    turns=self._turns,
                    keep=self._keep,
                    may_keep=self._showing.may_keep,
                )
            )
            wishes = [each for each in wishes if not isinstance(each, Open)]  # that one has just been opened
        for wish in wishes:
            self.say(wish)
        if Detach() not in wishes:  # who looks has not left
            self.ask()

    def _show(self, frame: Frame) -> None:
        self._puller.arrived(frame, time.monotonic(), time.process_time())
        if not self._puller.in_flight:
            self._answered()
        self._opened = frame.opened or self._opened
        if self._opened is None:  # it could not be told what is being run
            if frame.failures:
                self._show_before(f"✗ {frame.failures[0].part} failed: {safe(frame.failures[0].problem)}")
                self.ask()
            return
        self._frame = frame
        self._experiment, self._turns = self._opened.experiment, ()
        self.main.show(frame, self._opened)
        self.has_shown(frame)
        self.ask()

    def has_shown(self, frame: Frame) -> None:
        """A frame is on the screen."""

    def say(self, command: Command) -> None:
        """Tell the engine something."""
        self._engine.send(command)

    def command(self, command: Command) -> None:
        """Say it, and look at once at what came of it; while torch is being loaded, keep it for then."""
        if self._opened is not None:
            self.say(command)
            self._ask_now()
            self._await_answer()
            return
        self._wishes.append(command)
        if isinstance(command, Open):
            self._experiment, self._turns = command.experiment, ()
        self._show_before("torch is being loaded; what you ask for is done as soon as it is there.")

    def ask(self) -> None:
        """Ask for the next frame as soon as the pace allows, and the terminal."""
        now, flow = time.monotonic(), flow_of(self)
        wait = max(self._puller.wait(now), flow.wait(now) if flow is not None else 0.0)
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._held_back = math.isinf(wait)
        if self._held_back:
            return  # until the terminal says so
        if wait > 0:
            self._timer = self.set_timer(wait, self._ask_now)
        else:
            self._ask_now()

    @on(TerminalTook)
    def _terminal_took(self) -> None:
        """The terminal goes on: paint what has changed meanwhile, and look at what is newer."""
        if self.screen_stack:
            self.screen.check_idle()
        if self._held_back:
            self.ask()

    def _ask_now(self) -> None:
        if not self.is_running or self.screen is not self.main:
            return  # a dialog stands over the panes: no pictures behind it until it goes
        look = self._puller.look(self.main.wanted(), self.main.curve_wanted(), time.monotonic())
        if look is not None:
            used = time.process_time()
            self._engine.send(replace(look, drawing=max(0.0, used - self._used)))
            self._used = used

    @on(MainScreen.GazeChanged)
    def _gaze_changed(self, event: MainScreen.GazeChanged) -> None:
        if event.curve:
            self._puller.curve_changed()
        if self._opened is not None:
            self._ask_now()
            if event.chosen and self._puller.is_owed:  # a run at rest has nothing new to say to the other looks
                self._await_answer()

    def _await_answer(self) -> None:
        """After a key: say that it has been heard, where the answer takes long."""
        if not self._puller.in_flight:
            return
        self._keys += 1
        if self._key_timer is None:
            self._key_timer = self.set_timer(_HEARD, self._tell_that_it_waits)
        elif self.main.waits:  # each further key shows at once, though the first one still waits
            self._tell_that_it_waits()

    def _tell_that_it_waits(self) -> None:
        if self._key_timer is None:
            return  # the answer came between the timer's end and this
        if self.screen_stack and self.screen is self.main:  # else it is being left, or a dialog covers it
            self.main.wait_for_answer(self._keys)

    def _answered(self) -> None:
        """What was asked for by a key is on the screen."""
        if self._key_timer is not None:
            self._key_timer.stop()
            self._key_timer, self._keys = None, 0
            self.main.wait_for_answer(0)

    def open_dialog(self, dialog: Dialog[Answered], answered: Callable[[Answered | None], None] | None = None) -> None:
        """Ask something over the panes; nothing where something is asked already."""
        if self.screen is self.main:
            self.push_screen(dialog, answered)

    # ---- when the engine dies ---------------------------------------------------------------------------------

    @on(EngineGone)
    def _engine_gone(self, event: EngineGone) -> None:
        from rnn_tui.view.screens.engine_gone import EngineGoneScreen

        def answered(again: bool | None) -> None:
            if again:
                self._start_again()
            else:
                self.ends_run, self.died = True, event.words
                self.exit(1)

        if self.left is None:
            self.push_screen(EngineGoneScreen(event.words, kept=self._checkpointed() is not None), answered)

    def _start_again(self) -> None:
        """Another engine for the experiment that was running, from its last checkpoint if it has one."""
        kept = self._checkpointed()
        if kept is not None:
            self._experiment = kept.began
            self._keep = Keep(folder=kept.kept, resume=True)
        elif self._keep is not None:
            self._keep = self._keep_others()
        self._engine.close()
        self._engine = start_engine(self._showing.manner.on_hangup)
        self._puller = Puller(self._showing.manner.fps)
        self._opened = self._frame = None
        self._show_before("Another engine is being started; it loads torch.")
        self._listen(self._engine)

    def _checkpointed(self) -> Opened | None:
        """The run on the screen, where another engine can go on from its last checkpoint."""
        from rnn_tui.runs.manifest import MANIFEST  # start-up is felt, and this is rarely asked

        opened = self._opened
        there = opened is not None and opened.kept and (Path(opened.kept) / MANIFEST).is_file()
        return opened if there else None

    def _keep_others(self) -> Keep | None:
        """Whether what is opened later is kept as well: in folders of their own, where none was named."""
        return None if self._keep is None or self._keep.folder else self._keep
