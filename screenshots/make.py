"""Make the README's pictures from the running app: a real engine, a real screen, held at a tick.

python screenshots/make.py [NAME ...]
"""

import asyncio
import contextlib
import os
import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
from textual.pilot import Pilot

from rnn_tui.client.start import start_engine, start_script
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.validate import from_dict
from rnn_tui.experiment.vary import comparison_of, parse_varied
from rnn_tui.protocol.commands import Play, SelectNetwork, SetBreakpoints, Step
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.settings import Theme, ViewSettings
from rnn_tui.view.panes.map import MapPane
from rnn_tui.view.widgets.pane import Pane

_HERE = Path(__file__).parent
_SCRIPTS = _HERE.parent / "tests" / "scripts"


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture: a lesson that is held at a tick, and the keys pressed then."""

    name: str
    lesson: str
    tick: int
    keys: tuple[str, ...] = ()
    then: int = 0  # a tick that it plays on to after the keys
    size: tuple[int, int] = (120, 36)
    theme: Theme = "dark"
    cell: str = ""  # another than the lesson's
    speed: float = 60.0  # ticks/s; 0: as fast as it can


@dataclass(frozen=True, kw_only=True)
class WatchShot:
    """One picture of a script of `tests/scripts` that is watched, held at an update."""

    name: str
    script: str  # and its arguments
    update: int
    network: int = 0  # the number of the one that is shown
    words: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (120, 36)


@dataclass(frozen=True, kw_only=True)
class FieldShot:
    """One picture of many networks that have come to their end."""

    name: str
    lesson: str
    vary: tuple[str, ...]
    seeds: int | None = None
    network: int = 0  # the number of the one that is shown
    keys: tuple[str, ...] = ()
    waits: str = ""  # a pane that all networks of a row are shown in at last
    size: tuple[int, int] = (120, 36)


FIELD_SHOTS = (
    FieldShot(name="field", lesson="hihello-sequence", vary=("lr=0.003..1:12",), seeds=16, network=101, size=(140, 44)),
    FieldShot(
        name="side-by-side",
        lesson="remember",
        vary=("cell=rnn,gru,lstm",),
        seeds=2,
        keys=("V", "v"),
        waits="gradients",
        size=(120, 40),
    ),
)
WATCH_SHOTS = (
    WatchShot(
        name="watch-seq2seq",
        script="dates.py --updates 1000",
        update=120,
        network=1,
        words=("<p>", "<s>", "</s>", *"-0123456789"),
        keys=("left_square_bracket",),
    ),
    WatchShot(name="watch-own-cell", script="own_cell.py --updates 3000", update=1150, keys=("g",)),
)
SHOTS = (
    Shot(name="hihello", lesson="hihello", tick=52, keys=()),
    Shot(
        name="ohlol-lstm",
        lesson="ohlol-lstm",
        tick=15,
        keys=("left_square_bracket", "left_square_bracket"),
        size=(140, 44),
    ),
    Shot(name="three-words", lesson="three-words", tick=5, keys=("right_curly_bracket",)),
    Shot(name="backward", lesson="hihello", tick=20, keys=("shift+right", *["n"] * 28)),  # held half-way back
    Shot(
        name="fork",
        lesson="hihello",
        tick=180,
        keys=(*["shift+left"] * 20, "F", "end", *["backspace"] * 3, *"0.02", "ctrl+s"),
        then=240,
    ),
    Shot(name="cell", lesson="hihello", tick=52, keys=("left_square_bracket", "i")),
    Shot(name="gates", lesson="ohlol-lstm", tick=15, keys=("left_square_bracket", "g", "i"), size=(150, 44)),
    Shot(name="gradients-rnn", lesson="remember", tick=144, keys=("v",)),
    Shot(name="gradients", lesson="remember", cell="lstm", tick=144, keys=("v", "p")),
    Shot(name="weights", lesson="hihello", tick=52, keys=("shift+right", "w", "o")),
    Shot(name="space", lesson="remember", cell="gru", tick=100, keys=("p",)),
    Shot(name="saliency", lesson="remember", cell="lstm", tick=144, keys=("a", "h")),
    Shot(name="shapes", lesson="ohlol-lstm", tick=15, keys=("t",)),
    Shot(name="eigenvalues", lesson="hihello", cell="lru", tick=60, keys=("J",), then=120),
    Shot(name="surprise", lesson="words", tick=360, keys=("U", "z"), speed=0.0),
    Shot(name="python-source", lesson="python-source", tick=600, keys=("u", *["o"] * 4, "z"), speed=0.0),
    Shot(name="sine", lesson="sine", tick=300, keys=("y",)),
)


async def _hold_at(pilot: Pilot[int], app: RnnApp, tick: int, *, far: bool) -> None:
    """Hold it at that tick, or at its end. To what is not far it goes tick by tick, since a busy machine runs past."""
    run = app.run_state
    while run.opened is None or (far and run.tick < tick and not (run.held and run.tick)):
        await pilot.pause()
    if not run.held:
        await pilot.press("space")
    while not run.held:
        await pilot.pause()
    while not far and run.tick < tick:
        before = run.tick
        await pilot.press("right")
        while run.tick == before:
            await pilot.pause()


async def _take(shot: Shot) -> None:
    given = {"network.cell": shot.cell} if shot.cell else {}
    lesson = from_dict(overridden(LESSONS[shot.lesson], given))
    threads = 0 if shot.speed else 1  # a long way: one core is there whatever else the machine does
    run = msgspec.structs.replace(lesson.run, speed=shot.speed, until=(), threads=threads)
    fast = msgspec.structs.replace(lesson, run=run)
    engine = start_engine()
    app = RnnApp(
        engine,
        LaunchOptions(
            experiment=fast, view_settings=ViewSettings(theme=shot.theme, colors="truecolor"), paused=shot.speed > 0
        ),
    )
    try:
        async with app.run_test(size=shot.size) as pilot:
            await _hold_at(pilot, app, shot.tick, far=not shot.speed)
            for key in shot.keys:
                await pilot.press(key)
            if shot.then:
                await _hold_at(pilot, app, shot.then, far=not shot.speed)
            await pilot.pause(0.5)  # the curve follows the last frame
            (_HERE / f"{shot.name}.svg").write_text(app.export_screenshot(title=f"rnn-tui {shot.lesson}"))
    finally:
        engine.close()


async def _take_script(shot: WatchShot, folder: Path) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # so small networks are faster
    vocabulary = folder / "words.txt"
    vocabulary.write_text("\n".join(shot.words))
    options = ["--paused", *([f"--vocabulary={vocabulary}"] if shot.words else [])]
    with contextlib.chdir(_SCRIPTS):
        link = start_script(shlex.split(shot.script), options)
    launch = LaunchOptions(
        experiment=LESSONS["hihello"],  # until the network of the script is known
        subject=Subject(script=shot.script),
        view_settings=ViewSettings(theme="dark", colors="truecolor"),
    )
    app = RnnApp(link, launch)
    run = app.run_state
    try:
        async with app.run_test(size=shot.size) as pilot:
            while run.frame is None or not run.held:
                await pilot.pause()
            app.tell(SetBreakpoints(until=(f"tick={shot.update - 1}",)))
            app.tell(Play(on=True))
            while run.tick < shot.update - 1 or not run.held:
                await pilot.pause(0.1)
            app.tell(Step())
            while run.tick < shot.update:
                await pilot.pause(0.1)
            app.tell(SelectNetwork(number=shot.network))
            for key in shot.keys:
                await pilot.press(key)
            await pilot.pause(1.0)  # the curve follows the last frame
            (_HERE / f"{shot.name}.svg").write_text(app.export_screenshot(title=f"rnn-tui watch {shot.script}"))
    finally:
        link.close()


async def _take_field(shot: FieldShot) -> None:
    base = LESSONS[shot.lesson]
    comparison = comparison_of(base, [parse_varied(each) for each in shot.vary], shot.seeds)
    settings = ViewSettings(theme="dark", colors="truecolor")
    engine = start_engine()
    app = RnnApp(engine, LaunchOptions(experiment=base, comparison=comparison, view_settings=settings))
    run = app.run_state
    try:
        async with app.run_test(size=shot.size) as pilot:
            while run.frame is None or run.opened is None or run.frame.status.state != "done":
                await pilot.pause(0.1)
            app.main.post_message(MapPane.MemberChosen(shot.network))
            await pilot.pause(1.0)
            for key in shot.keys:
                await pilot.press(key)
                await pilot.pause(0.5)
            while shot.waits and not _side_by_side(app, shot.waits):
                await pilot.pause(0.1)
            await pilot.pause(1.0)
            (_HERE / f"{shot.name}.svg").write_text(app.export_screenshot(title=f"rnn-tui compare {shot.lesson}"))
    finally:
        engine.close()


def _side_by_side(app: RnnApp, name: str) -> bool:
    """Tell whether all networks are shown in that pane."""
    scenes = [pane._scene for pane in app.screen.query(Pane) if name == pane.ID]
    return len(scenes) > 1 and all(scene is not None and scene.frame.inside for scene in scenes)


async def _main() -> None:
    for field in FIELD_SHOTS:
        if not sys.argv[1:] or field.name in sys.argv[1:]:
            await _take_field(field)
            print(f"{field.name}.svg")
    for script in WATCH_SHOTS:
        if not sys.argv[1:] or script.name in sys.argv[1:]:
            with tempfile.TemporaryDirectory() as folder:
                await _take_script(script, Path(folder))
            print(f"{script.name}.svg")
    for shot in SHOTS:
        if not sys.argv[1:] or shot.name in sys.argv[1:]:
            await _take(shot)
            print(f"{shot.name}.svg")


if __name__ == "__main__":
    asyncio.run(_main())
