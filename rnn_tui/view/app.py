"""The app: it owns the link to the engine, pulls frames, and says what people want done."""

import asyncio
import gc
import shlex
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

from textual import on, work
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.theme import Theme
from textual.timer import Timer

from rnn_tui.draw.chart import load_plotext
from rnn_tui.experiment import Experiment
from rnn_tui.link import Engine, EngineError, start_engine
from rnn_tui.protocol import (
    HISTORY,
    Back,
    Command,
    Frame,
    GoTo,
    Greeting,
    Keep,
    Learn,
    NextBranch,
    NextPhase,
    Open,
    Opened,
    Play,
    Refused,
    Restart,
    SetSpeed,
    SetTick,
    SlowMotion,
    Step,
    Turn,
    Watch,
)
from rnn_tui.protocol import Message as Heard
from rnn_tui.text import safe
from rnn_tui.view.before import before_first_frame
from rnn_tui.view.keys import KEYS
from rnn_tui.view.leaving import leave_on_signals
from rnn_tui.view.panes import INSIDE, inside_pane
from rnn_tui.view.pull import Puller
from rnn_tui.view.screens.dialog import Dialog
from rnn_tui.view.screens.main import MainScreen
from rnn_tui.view.slow import FIRST_PACE, next_pace
from rnn_tui.view.theme import THEMES
from rnn_tui.view.timeline import TimeLine

__all__ = ["RnnApp", "run_app"]

Answered = TypeVar("Answered")

_SPEEDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 125.0, 250.0, 500.0, 1000.0, 0.0)  # ticks/s; 0: as fast as it can


class RnnApp(App[int]):
    """rnn-tui. Messages carry what the engine says; the handlers here own all that is known of it."""

    TITLE = "rnn-tui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = []

    @dataclass
    class EngineSpoke(Message):
        """A message has come over the link."""

        message: Heard

    @dataclass
    class EngineGone(Message):
        """The link is closed, and this is what can be told about it."""

        words: str

    def __init__(
        self,
        engine: Engine,
        experiment: Experiment,
        *,
        paused: bool = False,
        history: int = HISTORY,
        turns: tuple[Turn, ...] = (),
        keep: Keep | None = None,
        fps: float = 20.0,
    ) -> None:
        self._themed = False
        super().__init__()
        self._engine = engine
        self._experiment = experiment  # the one to open, as long as none is open
        self._paused = paused
        self._history = history
        self._turns = turns  # to come, of the experiment to open
        self._keep = keep  # on the disk, the experiment to open
        self._fps = fps
        self._puller = Puller(fps)
        self._timer: Timer | None = None
        self._opened: Opened | None = None
        self._frame: Frame | None = None
        self._wishes: list[Command] = []  # what was asked for before there was an engine to do it
        self._asked_speed: float | None = None  # as long as no frame has it: keys may come faster than frames
        self.theme = THEMES[0].name
        self._themed = True

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Ours alone: the pictures have palettes for these."""
        ours = {theme.name: theme for theme in THEMES}
        return ours if self._themed else super().available_themes | ours  # Textual begins with one of its own

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
    def kept(self) -> str:
        """The folder on the disk of the run on the screen; empty: none."""
        return "" if self._opened is None else self._opened.kept

    def get_default_screen(self) -> MainScreen:
        """The panes."""
        return MainScreen(self._experiment)

    def on_mount(self) -> None:
        """Leave the terminal as it was also when told to end."""
        loop = asyncio.get_running_loop()

        def leave(code: int) -> None:
            loop.call_soon_threadsafe(self.exit, code)

        leave_on_signals(leave, self.close_engine)

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
                wishes, self._wishes = self._wishes, []
                self.say(
                    Open(
                        experiment=self._experiment,
                        play=not self._paused,
                        history=self._history,
                        turns=self._turns,
                        keep=self._keep,
                    )
                )
                for wish in wishes:
                    if not isinstance(wish, Open):  # that one has just been opened
                        self.say(wish)
                self.ask()
            case Refused(problem=problem, path=path):
                self.notify(safe(f"{path.rpartition('.')[2]} {problem}".strip()), severity="warning", markup=False)
            case Frame() as frame:
                self._show(frame)

    def _show(self, frame: Frame) -> None:
        self._puller.arrived(frame, time.monotonic())
        self._opened = frame.opened or self._opened
        if self._opened is None:
            return
        self._frame = frame
        if frame.status.speed == self._asked_speed:
            self._asked_speed = None
        self._experiment, self._turns = self._opened.experiment, ()
        self.main.show(frame, self._opened)
        self.ask()

    def say(self, command: Command) -> None:
        """Tell the engine something, and look at once what came of it."""
        self._engine.send(command)

    def ask(self) -> None:
        """Ask for the next frame as soon as the pace allows."""
        wait = self._puller.wait(time.monotonic())
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if wait > 0:
            self._timer = self.set_timer(wait, self._ask_now)
        else:
            self._ask_now()

    def _ask_now(self) -> None:
        if not self.is_running or self.screen is not self.main:
            return  # a dialog stands over the panes: no pictures behind it until it goes
        look = self._puller.look(self.main.wanted(), self.main.curve_wanted(), time.monotonic())
        if look is not None:
            self._engine.send(look)

    @on(MainScreen.GazeChanged)
    def _gaze_changed(self, event: MainScreen.GazeChanged) -> None:
        if event.curve:
            self._puller.curve_changed()
        if self._opened is not None:
            self._ask_now()

    @on(EngineGone)
    def _engine_gone(self, event: EngineGone) -> None:
        from rnn_tui.view.screens.engine_gone import EngineGoneScreen

        def answered(again: bool | None) -> None:
            if again:
                self._start_again()
            else:
                self.exit(1)

        self.push_screen(EngineGoneScreen(event.words), answered)

    def _start_again(self) -> None:
        """Another engine for the experiment that was running, from its last checkpoint if it has one."""
        opened = self._opened
        if opened is not None and opened.kept and (Path(opened.kept) / "checkpoint.json").is_file():
            self._experiment = opened.began
            self._keep = Keep(folder=opened.kept, resume=True)
        elif self._keep is not None:
            self._keep = self._keep_others()
        self._engine.close()
        self._engine = start_engine()
        self._puller = Puller(self._fps)
        self._opened = self._frame = None
        self._listen(self._engine)

    def close_engine(self) -> None:
        """End the engine; the view is going."""
        self._engine.close()

    # ---- what people want done --------------------------------------------------------------------------------

    def action_toggle_play(self) -> None:
        """Play or pause."""
        if self._opened is None:
            self._paused = not self._paused
            self._show_before(f"torch is being loaded; then it {'waits' if self._paused else 'plays'}.")
        else:
            self._command(Play(on=self.held))

    def action_step(self, unit: str) -> None:
        """One tick, or to the end of the epoch."""
        self._command(Step(unit="epoch" if unit == "epoch" else "tick"))

    def action_step_back(self, unit: str) -> None:
        """One tick back, or to the end of the epoch before."""
        self._command(Back(unit="epoch" if unit == "epoch" else "tick"))

    def action_go_to(self, tick: int) -> None:
        """Stand at a tick; -1: the newest."""
        self._command(GoTo(tick=tick))

    @on(TimeLine.Dragged)
    def _dragged(self, event: TimeLine.Dragged) -> None:
        self.action_go_to(event.tick)

    def action_next_branch(self) -> None:
        """On to the next branch."""
        if self._frame is not None and self._frame.status.branches < 2:
            self.notify("There is one branch only: go back (←), then fork (F).")
        else:
            self._command(NextBranch())

    def action_fork(self) -> None:
        """Learn in another way from here on."""
        from rnn_tui.view.screens.fork import ForkScreen

        def answered(command: Learn | None) -> None:
            if command is not None:
                self._command(command)
                self._command(Play(on=True))

        if self._opened is None or self._frame is None or self.screen is not self.main:
            return
        if not self._opened.experiment.training.learn:
            self.notify("Nothing is learnt here, so there is no other way to learn it.")
            return
        self._command(Play(on=False))
        self.open_dialog(ForkScreen(self._opened.experiment, self._frame.status), answered)

    def action_next_phase(self) -> None:
        """One phase of a tick."""
        self._command(NextPhase())

    def action_slow_motion(self) -> None:
        """Phase by phase, or whole ticks again."""
        on = self._frame is None or not self._frame.status.slow
        self._command(SlowMotion(on=on, pace=FIRST_PACE))

    def action_faster(self, by: int) -> None:
        """The next pace up or down the ladder."""
        slow = self._frame.status.slow if self._frame is not None else 0.0
        if slow:
            self._command(SlowMotion(on=True, pace=next_pace(slow, by)))
            return
        shown = self._frame.status.speed if self._frame is not None else self._experiment.run.speed
        speed = (shown if self._asked_speed is None else self._asked_speed) or float("inf")
        ladder = [each or float("inf") for each in _SPEEDS]
        if by > 0:
            place = next((at for at, each in enumerate(ladder) if each > speed), len(ladder) - 1)
        else:
            place = max((at for at, each in enumerate(ladder) if each < speed), default=0)
        self._asked_speed = _SPEEDS[place]
        self._command(SetSpeed(speed=self._asked_speed))

    def action_toggle_tick(self) -> None:
        """By character or by sequence."""
        now = self._experiment.training.tick
        self._command(SetTick(tick="sequence" if now == "character" else "character"))

    def action_restart(self) -> None:
        """Again, with the same seed."""
        self._command(Restart())

    def action_new_seed(self) -> None:
        """Again, with the next seed."""
        self._command(Restart(seed=self._experiment.training.seed + 1))

    def action_lessons(self) -> None:
        """Choose a lesson."""
        from rnn_tui.view.screens.lessons import LessonsScreen

        self.open_dialog(LessonsScreen(self._experiment.name), self._open)

    def action_experiment(self) -> None:
        """Change the experiment."""
        from rnn_tui.view.screens.experiment import ExperimentScreen

        self.open_dialog(ExperimentScreen(self._experiment), self._open)

    def action_breakpoints(self) -> None:
        """Choose what the run pauses at."""
        from rnn_tui.view.screens.breakpoints import BreakpointsScreen

        def answered(until: tuple[str, ...] | None) -> None:
            if until is not None:
                self._command(Watch(until=until))

        self.open_dialog(BreakpointsScreen(self._experiment), answered)

    def action_reproduce(self) -> None:
        """The command line that leads to what is on the screen, copied."""
        from rnn_tui.view.screens.reproduce import ReproduceScreen

        if self._opened is not None:
            self.open_dialog(ReproduceScreen(self._opened, self.tick))

    def action_help(self) -> None:
        """All keys."""
        from rnn_tui.view.screens.help import HelpScreen

        self.open_dialog(HelpScreen())

    def open_dialog(self, dialog: Dialog[Answered], answered: Callable[[Answered | None], None] | None = None) -> None:
        """Ask something over the panes; nothing where something is asked already."""
        if self.screen is self.main:
            self.push_screen(dialog, answered)

    def _open(self, experiment: Experiment | None) -> None:
        if experiment is not None:
            self._command(Open(experiment=experiment, history=self._history, keep=self._keep_others()))

    def _keep_others(self) -> Keep | None:
        """Whether what is opened later is kept as well: in folders of their own, where none was named."""
        return None if self._keep is None or self._keep.folder else self._keep

    def _command(self, command: Command) -> None:
        """Say it, and look at once at what came of it; while torch is being loaded, keep it for then."""
        if self._opened is not None:
            self.say(command)
            self._ask_now()
            return
        self._wishes.append(command)
        if isinstance(command, Open):
            self._experiment, self._turns = command.experiment, ()
        self._show_before("torch is being loaded; what you ask for is done as soon as it is there.")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every key is in the palette as well."""
        yield from (each for each in super().get_system_commands(screen) if each.title == "Theme")
        for key in KEYS:
            yield SystemCommand(
                f"{key.label.capitalize()}  ({key.shown})", key.about, lambda key=key: self._run_key(key.action)
            )

    async def _run_key(self, action: str) -> None:
        await self.main.run_action(action)


def run_app(
    engine: Engine,
    experiment: Experiment,
    *,
    paused: bool = False,
    history: int = HISTORY,
    turns: tuple[Turn, ...] = (),
    keep: Keep | None = None,
) -> int:
    """Show the app until it is left; the exit code. The engine ends with it."""
    app = RnnApp(engine, experiment, paused=paused, history=history, turns=turns, keep=keep)
    try:
        code = app.run() or app.return_code or 0
    finally:
        app.close_engine()
    if app.kept:
        from rnn_tui.runs import short_name

        print(f"Kept: rnn-tui resume {shlex.quote(safe(short_name(Path(app.kept))))}")
    return code
