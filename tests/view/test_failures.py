"""A part of a frame that the engine could not compute: its pane says so in one line, and the others are as ever."""

from typing import Any

import pytest
from msgspec.structs import replace

from rnn_tui.protocol.engine_messages import Opened
from rnn_tui.protocol.frame import Failure
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import PANE_KEYS, running, text_of, until

PROBLEM = "MemoryError: no room\x1b[2J"
SAID = ("This picture failed: MemoryError: no room", "Training goes on")
BODY = {  # the part, what a frame without it has instead, the panes that say so, the key that opens one
    "steps": (None, ("network", "states", "prediction"), ""),
    "states": ((), ("states",), ""),
    "curve": (None, ("loss",), ""),
    "tensors": ((), ("shapes",), "t"),
    **{name: ((), (name,), key) for key, name in PANE_KEYS.items() if name != "shapes"},
    "inside": ((), ("cell",), "i"),
}
BORDER = {  # where some of the picture is there
    "phase": (None, "network"),
    "others": ((), "loss"),
    "held_out": (None, "loss"),
    "predictions": ((), "prediction"),
    "learnt": (None, "prediction"),
}
FIELDS = {"steps", "states", "curve", "tensors", "checks", "phase", "others", "held_out", "predictions", "learnt"}


def failing(engine: FakeEngine, part: str, instead: Any) -> None:
    """From now on that part of each frame fails."""
    engine.extra = {"failures": (Failure(part=part, problem=PROBLEM),)}
    if part in FIELDS:
        engine.extra[part] = instead
    engine.move()


def said(text: str) -> bool:
    """Return whether a pane tells of the failure; its words may be folded."""
    words = " ".join(text.replace("│", " ").split())
    return all(each in words for each in SAID) and "\x1b" not in text


async def test_a_pane_whose_picture_failed_says_so_and_the_others_are_there() -> None:
    async with running() as (pilot, app, engine):

        def tell(name: str) -> bool:
            return said(text_of(app, f"#{name}"))

        for part, (instead, panes, key) in BODY.items():
            await pilot.press(*key)
            failing(engine, part, instead)
            await until(pilot, lambda names=panes: all(map(tell, names)))  # type: ignore[misc]
            assert {pane.ID for pane in app.main.grid.shown if tell(pane.ID)} == set(panes), part
            engine.extra = {}

            def recovers() -> bool:
                engine.move()  # not every frame has a curve
                return not tell("network") and not tell("loss")

            await until(pilot, recovers)
            await pilot.press(*key)


async def test_where_some_of_a_picture_failed_its_border_says_so() -> None:
    async with running() as (pilot, app, engine):
        for part, (instead, pane) in BORDER.items():
            failing(engine, part, instead)
            line = f"{part} failed: MemoryError"
            await until(pilot, lambda name=pane, line=line: line in text_of(app, f"#{name}"))  # type: ignore[misc]
            assert not said(text_of(app, f"#{pane}"))


async def test_a_curve_that_failed_is_told_until_one_comes_and_not_asked_for_at_once_again() -> None:
    """Check that the notice stays while frames come that ask for no curve."""
    async with running() as (pilot, app, engine):
        failing(engine, "curve", None)
        await until(pilot, lambda: said(text_of(app, "#loss")))
        engine.extra = {"curve": None}  # a frame that was asked for none
        engine.move(tick=71)
        await until(pilot, lambda: "tick 71" in text_of(app, "#status"))
        assert said(text_of(app, "#loss"))
        failing(engine, "curve", None)
        engine.move(state="paused")
        await until(pilot, lambda: engine.looks[-1].seen == engine.revision)  # held back: nothing is newer


@pytest.mark.parametrize(("part", "words"), [("status", "The status failed"), ("opened", "The description of the run")])
async def test_what_no_pane_shows_is_told_above_the_keys(part: str, words: str) -> None:
    async with running() as (pilot, app, engine):
        failing(engine, part, None)
        await until(pilot, lambda: words in text_of(app, "#notice"))
        assert "Training goes on" in text_of(app, "#notice")


async def test_a_run_that_cannot_be_described_is_asked_for_again() -> None:
    """Without the description nothing can be drawn; it comes with a later frame."""
    engine = FakeEngine(greets=False)
    described: list[Opened | None] = []
    async with running(engine=engine, ready=False) as (pilot, app, _):
        engine.extra = {"opened": None, "failures": (Failure(part="opened", problem=PROBLEM),)}
        engine.greet()
        await until(pilot, lambda: "opened failed" in text_of(app, "#notice"))
        described.append(app.run_state.opened)
        engine.extra = {}
        engine.move()
        await until(pilot, lambda: app.run_state.opened is not None)
    assert described == [None]
    assert replace(engine.frames[-1], failures=()) == engine.frames[-1]
