"""Make the README's pictures from the running app: a real engine, a real screen, held at a tick.

python screenshots/make.py
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import msgspec

from rnn_tui.lessons import LESSONS
from rnn_tui.link import start_engine
from rnn_tui.view.app import RnnApp

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One picture: a lesson that is held at a tick, and the keys pressed then."""

    name: str
    lesson: str
    tick: int
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (120, 36)
    theme: str = "rnn-dark"


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
    Shot(name="hihello-long", lesson="hihello-long", tick=12_000, keys=("x",)),
    Shot(name="small", lesson="hihello-embedding", tick=20, size=(80, 24)),
    Shot(name="light", lesson="hihello-gru", tick=60, theme="rnn-light"),
    Shot(name="backward", lesson="hihello", tick=20, keys=("shift+right", *["n"] * 28)),  # held half-way back
    Shot(name="experiment", lesson="hihello", tick=6, keys=("e",)),
)


async def _take(shot: Shot) -> None:
    lesson = LESSONS[shot.lesson]
    speed = 0.0 if shot.tick > 1000 else 60.0
    fast = msgspec.structs.replace(lesson, run=msgspec.structs.replace(lesson.run, speed=speed, until=()))
    engine = start_engine()
    app = RnnApp(engine, fast)
    try:
        async with app.run_test(size=shot.size) as pilot:
            app.theme = shot.theme
            while app.tick < shot.tick and not app.held:
                await pilot.pause()
            if not app.held:
                await pilot.press("space")
            while not app.held:
                await pilot.pause()
            for key in shot.keys:
                await pilot.press(key)
            await pilot.pause(0.5)  # the curve follows the last frame
            (_HERE / f"{shot.name}.svg").write_text(app.export_screenshot(title=f"rnn-tui {shot.lesson}"))
    finally:
        engine.close()


async def _main() -> None:
    for shot in SHOTS:
        await _take(shot)
        print(f"{shot.name}.svg")


if __name__ == "__main__":
    asyncio.run(_main())
