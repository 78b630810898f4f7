"""A run in the process of a test, its frames, and an engine for a view that answers from it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from textual.geometry import Size

from rnn_tui.draw.kit.palette import DARK, Palette
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.view.model.columns import columns_of
from rnn_tui.view.model.next_scene import next_scene
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.pane_grid.wanted import axis_of, curve_wanted, wanted
from rnn_tui.view.panes.inspect_base import InsidePane
from rnn_tui.view.widgets.pane import Pane
from tests.engine.driven import Driven
from tests.view.fake_engine import FakeEngine

__all__ = ["InProcessEngine", "Run", "pane_at", "run_with"]


class Run:
    """A session that has been trained, and the frames of it."""

    def __init__(self, experiment: Experiment, ticks: int) -> None:
        self.driver = Driven()
        self.session = self.driver.session = Session(experiment)
        for _ in range(ticks):
            self.session.tick()

    def frame(self, wish: Wanted) -> Frame:
        """Return the frame of what is wanted."""
        return self.driver.frames.frame(wish)

    @property
    def opened(self) -> Opened:
        """The description of the run."""
        found = self.driver.frames.opened(FrameRequest(number=0, opened=-2))
        assert found is not None
        return found

    def scene(self, wish: Wanted, view: ViewState, score_width: int, palette: Palette = DARK) -> Scene:
        """Return what is on the screen, where panes over time are `score_width` cells wide."""
        frame, columns = self.frame(wish), columns_of(self.session.experiment)
        axis = axis_of(self.session.experiment, score_width, frame.steps, columns)
        return next_scene(None, frame, self.opened, view=view, palette=palette, axis=axis, fitted=columns)


def run_with(lesson: str, ticks: int, settings: Mapping[str, Any]) -> Run:
    """Return a run of a lesson with other settings, by their full names, after so many ticks."""
    given = from_dict(overridden(LESSONS[lesson], dict(settings)))
    return Run(msgspec.structs.replace(given, run=msgspec.structs.replace(given.run, until=(), threads=1)), ticks)


def pane_at(
    run: Run, kind: type[Pane], size: Size, view: ViewState | None = None, *, palette: Palette = DARK
) -> tuple[Any, Scene]:
    """Return a pane of this size inside its border, and the scene that it draws."""
    experiment, view = run.session.experiment, view or ViewState()
    pane: Any = kind()
    pane._size = size
    asks = (pane.ask(experiment, view),) if isinstance(pane, InsidePane) else ()
    columns = columns_of(experiment)
    wish = wanted(experiment, view, columns=columns, score_width=size.width, sizes={kind.ID: size}, asks=asks)
    if kind.ID == "loss":
        wish = msgspec.structs.replace(wish, curve=curve_wanted(size, view))
    scene = run.scene(wish, view, size.width, palette)
    pane._scene = scene
    return pane, scene


class InProcessEngine(FakeEngine):
    """Stands in for an engine with a run that is held where it is."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.trained = run

    def _answer(self) -> None:
        look = self._pending
        if look is None or self.experiment is None or look.seen == self.revision or self.holds:
            return
        self._pending = None
        opened = self.trained.opened
        frame = msgspec.structs.replace(
            self.trained.frame(look.wanted),
            request=look.number,
            revision=self.revision,
            opened=None if look.opened == self.run else msgspec.structs.replace(opened, run=self.run),
        )
        self.frames.append(frame)
        self._said.put_nowait(frame)
