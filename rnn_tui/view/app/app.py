"""The app: what people want done, by key, by mouse, or from the palette."""

import os
from collections.abc import Iterable

from textual import on
from textual.app import SystemCommand
from textual.screen import Screen

from rnn_tui.client.link import Engine
from rnn_tui.common.output import say
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.messages import (
    Back,
    Detach,
    Frame,
    GoTo,
    Learn,
    NextBranch,
    NextPhase,
    Open,
    Play,
    Restart,
    SetSpeed,
    SetTick,
    SlowMotion,
    Step,
    Stop,
    TakeControls,
    Watch,
)
from rnn_tui.view.app.engine_app import LinkedApp
from rnn_tui.view.model.keys import KEYS
from rnn_tui.view.model.launch import Showing
from rnn_tui.view.terminal.ascii import in_ascii, is_ascii, spelled
from rnn_tui.view.terminal.exit import last_lines
from rnn_tui.view.widgets.pane import Pane
from rnn_tui.view.widgets.phase_lines import FIRST_PACE, next_pace
from rnn_tui.view.widgets.speeds import next_speed
from rnn_tui.view.widgets.time_line import TimeLine

__all__ = ["RnnApp", "run_app"]


class RnnApp(LinkedApp):
    """rnn-tui."""

    _asked_speed: float | None = None  # as long as no frame has it: keys may come faster than frames

    def has_shown(self, frame: Frame) -> None:
        """A frame is on the screen."""
        if frame.status.speed == self._asked_speed:
            self._asked_speed = None

    def action_toggle_play(self) -> None:
        """Play or pause."""
        if self._opened is None:
            self._paused = not self._paused
            self._show_before(f"torch is being loaded; then it {'waits' if self._paused else 'plays'}.")
        else:
            self.command(Play(on=self.held))

    def action_step(self, unit: str) -> None:
        """One tick, or to the end of the epoch."""
        self.command(Step(unit="epoch" if unit == "epoch" else "tick"))

    def action_step_back(self, unit: str) -> None:
        """One tick back, or to the end of the epoch before."""
        self.command(Back(unit="epoch" if unit == "epoch" else "tick"))

    def action_go_to(self, tick: int) -> None:
        """Stand at a tick; -1: the newest."""
        self.command(GoTo(tick=tick))

    @on(TimeLine.Dragged)
    def _dragged(self, event: TimeLine.Dragged) -> None:
        self.action_go_to(event.tick)

    @on(Pane.TickChosen)
    def _tick_chosen(self, event: Pane.TickChosen) -> None:
        self.action_go_to(event.tick)

    def action_next_branch(self) -> None:
        """On to the next branch."""
        if self._frame is not None and self._frame.status.branches < 2:
            self.notify("There is one branch only: go back (←), then fork (F).")
        else:
            self.command(NextBranch())

    def action_fork(self) -> None:
        """Learn in another way from here on."""
        from rnn_tui.view.screens.fork import ForkScreen

        def answered(command: Learn | None) -> None:
            if command is not None:
                self.command(command)
                self.command(Play(on=True))

        if self._opened is None or self._frame is None or self.screen is not self.main:
            return
        if not self._opened.experiment.training.learn:
            self.notify("Nothing is learnt here, so there is no other way to learn it.")
            return
        self.command(Play(on=False))
        self.open_dialog(ForkScreen(self._opened.experiment, self._frame.status), answered)

    def action_next_phase(self) -> None:
        """One phase of a tick."""
        self.command(NextPhase())

    def action_slow_motion(self) -> None:
        """Phase by phase, or whole ticks again."""
        on = self._frame is None or not self._frame.status.slow
        self.command(SlowMotion(on=on, pace=FIRST_PACE))

    def action_faster(self, by: int) -> None:
        """The next pace up or down the ladder."""
        slow = self._frame.status.slow if self._frame is not None else 0.0
        if slow:
            self.command(SlowMotion(on=True, pace=next_pace(slow, by)))
            return
        shown = self._frame.status.speed if self._frame is not None else self._experiment.run.speed
        self._asked_speed = next_speed(shown if self._asked_speed is None else self._asked_speed, by)
        self.command(SetSpeed(speed=self._asked_speed))

    def action_toggle_tick(self) -> None:
        """By character or by sequence."""
        now = self._experiment.training.tick
        self.command(SetTick(tick="sequence" if now == "character" else "character"))

    def action_restart(self) -> None:
        """Again, with the same seed."""
        self.command(Restart())

    def action_new_seed(self) -> None:
        """Again, with the next seed."""
        self.command(Restart(seed=self._experiment.training.seed + 1))

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
                self.command(Watch(until=until))

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

    def _open(self, experiment: Experiment | None) -> None:
        if experiment is not None:
            history = self._showing.history
            self.command(Open(experiment=experiment, history=history, keep=self._keep_others()))

    # ---- leaving ----------------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Leave. Where a run would end with it, that is asked."""
        from rnn_tui.view.screens.quit import Goodbye, QuitScreen

        def answered(goodbye: Goodbye | None) -> None:
            if goodbye == "leave":
                self.action_detach()
            elif goodbye == "stop":
                self._stop()

        opened, frame = self._opened, self._frame
        if opened is None or frame is None or not opened.experiment.training.learn:
            self._stop()
        elif self.watches:
            self.exit(0)  # the run is another view's
        else:
            screen = QuitScreen(name=opened.name, kept=bool(opened.kept), held=self.held, views=frame.views)
            self.open_dialog(screen, answered)

    def _stop(self) -> None:
        """End the run, and leave."""
        self.ends_run = True
        self.say(Stop())
        self.exit(0)

    def action_detach(self) -> None:
        """Leave the run as it is, and give the shell back."""
        if not self._experiment.training.learn:
            self.notify("Nothing is learnt here, so there is nothing that would go on.")
        elif self._opened is None:
            self.command(Detach())  # once there is something to leave
        else:
            self.notify("The run is put on the disk, and left.")
            self.say(Detach())  # the engine says goodbye when that is done

    def action_take_controls(self) -> None:
        """Drive the run, where another view did so."""
        if self.watches:
            self.command(TakeControls())
        else:
            self.notify("This view has the controls already.")

    # ---- the palette ------------------------------------------------------------------------------------------

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every key is in the palette as well."""
        yield from (each for each in super().get_system_commands(screen) if each.title == "Theme")
        for key in KEYS:
            shown = spelled(key.shown) if is_ascii(self) else key.shown
            yield SystemCommand(
                f"{key.label.capitalize()}  ({shown})", key.about, lambda key=key: self._run_key(key.action)
            )

    async def _run_key(self, action: str) -> None:
        await self.main.run_action(action)


def run_app(engine: Engine, showing: Showing) -> int:
    """Show the app until it is left; the exit code."""
    app = RnnApp(engine, showing)
    mouse = "STY" not in os.environ  # GNU screen, which holds an escape back while a mouse is listened to
    try:
        code = app.run(mouse=mouse) or app.return_code or 0
    finally:
        app.part()
        on_hangup = "train" if engine.joined else showing.manner.on_hangup
        for line in last_lines(app.opened, app.left, ends_run=app.ends_run, on_hangup=on_hangup, died=app.died):
            say(in_ascii(line) if is_ascii(app) else line)
    return code
