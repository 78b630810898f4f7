"""What pilot tests share: an app on a fake engine, waiting for what must come, and reading the screen."""

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.keys import KEYS
from rnn_tui.view.model.launch import LaunchOptions
from tests.view.fake_engine import FakeEngine

__all__ = ["PANE_KEYS", "running", "screen_lines", "settled", "text_of", "until"]

PANE_KEYS = {  # of the panes that look inside, and of the shapes: key to name
    key.keys: key.action.split("'")[1] for key in KEYS if key.action.startswith("inside(")
}
_TRIES = 4000
_STILL = 4  # looks at the screen that find every widget where it was


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let the app work until something holds; fail where it never does."""
    for _ in range(_TRIES):
        if condition():
            return
        await pilot.pause(0.005)
    raise AssertionError("waited in vain")


async def settled(pilot: Pilot[Any], app: RnnApp, engine: FakeEngine) -> None:
    """Let the app work until the newest frame is there, nothing is left to ask for, and no widget moves any more."""
    found: deque[object] = deque(maxlen=_STILL)

    def still() -> bool:
        there = app.main.scene is not None and app.main.scene.opened.run == engine.run
        if there and engine.looks[-1].seen == engine.revision:
            found.append((len(engine.looks), [each.region for each in app.main.walk_children(Widget)]))
        else:
            found.clear()
        return len(found) == _STILL and all(each == found[0] for each in found)

    await until(pilot, still)


@asynccontextmanager
async def running(
    experiment: Experiment | str = "hihello",
    *,
    engine: FakeEngine | None = None,
    size: tuple[int, int] = (120, 36),
    ready: bool = True,
    **options: Any,
) -> AsyncIterator[tuple[Pilot[int], RnnApp, FakeEngine]]:
    """The app on a fake engine, with its first frame on the screen (`ready`), and nothing said since Open."""
    engine = engine or FakeEngine()
    lesson = LESSONS[experiment] if isinstance(experiment, str) else experiment
    app = RnnApp(engine, LaunchOptions(experiment=lesson, **options))
    async with app.run_test(size=size, notifications=True) as pilot:
        if ready:
            await settled(pilot, app, engine)
            engine.heard()
        yield pilot, app, engine


def screen_lines(app: RnnApp, region: Region | None = None) -> list[str]:
    """The characters on the screen, or in a region of it."""
    strips = app.screen._compositor.render_strips(app.size)
    if region is not None:
        strips = [strip.crop(region.x, region.right) for strip in strips[region.y : region.bottom]]
    return [strip.text for strip in strips]


def text_of(app: RnnApp, widget: str | Widget) -> str:
    """The characters of one widget with its border."""
    found = app.main.query_one(widget) if isinstance(widget, str) else widget
    return "\n".join(screen_lines(app, found.region))
