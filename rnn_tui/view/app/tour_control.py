"""A tour on the screen: its caption, its panes, its keys, and the commands to the engine."""

from collections.abc import Callable

from rnn_tui.experiment.breakpoints import KINDS, parse
from rnn_tui.protocol.commands import Command, Open, SetSpeed
from rnn_tui.tours.tour import Tour
from rnn_tui.view.model.run_state import RunState
from rnn_tui.view.model.tour_guide import PRESSABLE, TourGuide
from rnn_tui.view.screens.main import MainScreen

__all__ = ["TourControl"]

_TO_BE_READ = 0.7  # seconds for which what a step has come to stays, though enter is pressed


class TourControl:
    """Carries out what the guide of a tour says."""

    def __init__(self, tour: Tour, run: RunState, main: Callable[[], MainScreen], tell: Callable[[Command], None]):
        """Take functions that return the screen with the panes, and that send the engine a command."""
        self._guide = TourGuide(tour)
        self._run, self._main, self._tell = run, main, tell
        self._waiting = 0  # what was asked for before there was a run: the step after (1) or before (-1)
        self._shown_at = -1  # the step that has been shown where it stops
        self._said: tuple[str, str, str, bool] | None = None  # the caption on the screen

    def begin(self) -> None:
        """Show the first caption."""
        self._caption()

    def open(self) -> None:
        """Open the experiment of the first step in the place of another run."""
        experiment = self._guide.first_experiment
        self._guide.open_instead_of(self._run.opened)
        self._tell(self._run.open_instead(experiment, play=bool(experiment.run.until)))

    def frame_came(self) -> None:
        """Show the panes of a step once its run is on the screen, and press its keys where it stops."""
        run = self._run
        if run.opened is None or run.frame is None:
            return
        events = self._guide.update(run.opened, run.frame.status)
        if events:
            step, main = self._guide.step, self._main()
            if "look" in events:
                main.call_later(main.show_step, step)
            usual = step.experiment.run.speed
            is_single = step.comparison is None
            if "there" in events and is_single and (run.frame.status.speed != usual or self._guide.has_hurried):
                self._tell(SetSpeed(speed=usual))  # for those who play on from here
            if "there" in events:
                main.call_later(self._press, self._guide.at)
        self._caption()

    async def _press(self, at: int) -> None:
        """Do what the keys of the step of this number do, and let it be left once it could be seen."""
        guide, main = self._guide, self._main()
        if guide.at != at or not guide.is_there:
            return  # it was left meanwhile
        await main.press([PRESSABLE[each] for each in guide.step.press])

        def seen() -> None:
            if guide.at == at and guide.is_there:
                self._shown_at = at
                self._caption()
                waiting, self._waiting = self._waiting, 0
                if waiting:
                    self.go(waiting)

        if guide.step.until or guide.step.press:
            self._waiting = 0
            main.set_timer(_TO_BE_READ, seen)
        else:
            seen()

    def go(self, by: int) -> bool:
        """Go one step on or back; return whether the tour goes on, which it does not after its last step."""
        run, guide = self._run, self._guide
        if run.opened is None or run.frame is None:
            self._waiting = by  # until there is a run
            return True
        if by > 0 and guide.is_there and self._shown_at != guide.at:
            return True  # pressed for the way there, and come too late: what it has come to was not seen yet
        if by > 0 and guide.is_last and guide.is_there:
            return False
        asked = guide.next_step if by > 0 else guide.step_back
        for command in asked(run.opened, run.frame.status):
            if isinstance(command, Open):
                command = run.open_instead(command.experiment, play=command.play)
            self._tell(command)
        if not guide.is_there:
            self._shown_at = -1
        self._caption()
        return True

    def _caption(self) -> None:
        guide = self._guide
        title = f"{guide.tour.title} · {guide.at + 1} of {len(guide.tour.steps)}"
        back = " · backspace back" if guide.at else ""
        text = f"{guide.step.say} {guide.step.then}" if guide.is_there and guide.step.then else guide.step.say
        said = text, title, f"{self._keys()}{back}", not guide.is_shown
        if said != self._said:
            self._said = said
            self._main().show_caption(text, title=title, keys=said[2], loads=not guide.is_shown)

    def _keys(self) -> str:
        """Say what enter does now, or what is being waited for."""
        run, guide = self._run, self._guide
        if run.opened is None or run.frame is None:
            return "loading …"
        place = f"on the way to {_in_words(guide.step.until)}" if guide.step.until else "on the way"
        if guide.step.comparison is not None:
            place = f"{guide.step.comparison.members:,} networks learn"
        if guide.is_held(run.opened, run.frame.status):
            return f"{place} · enter: go on"
        if not guide.is_shown:
            return "loading …"
        if guide.is_there:
            if self._shown_at != guide.at:
                return "arrived"
            return "the end · enter close" if guide.is_last else "enter next"
        return f"{place} · enter: at once" if guide.can_hurry else f"{place} …"


def _in_words(until: str) -> str:
    """Return a breakpoint as a place to go to: `epoch 50`, `loss < 2.7`, `first right prediction`."""
    point = parse(until)
    facts = KINDS[point.kind]
    if not facts.operator:
        return facts.about
    number = str(point).partition(facts.operator)[2]
    return f"{point.kind} {number}" if facts.operator == "=" else f"{point.kind} {facts.operator} {number}"
