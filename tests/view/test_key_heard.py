"""A key whose effect takes long is acknowledged in the status line, and nothing else is; pictures fit their panes."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace
from textual.geometry import Size

from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.frame_requests import FrameRequests
from rnn_tui.view.screens.main import MainScreen
from rnn_tui.view.terminal import frame_loop
from tests.view.fake_engine import FakeEngine
from tests.view.fake_frames import MIDWAY
from tests.view.helpers import running, screen_lines, settled, until
from tests.view.test_pull import answer, sent

PAUSED = replace(MIDWAY, state="paused")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_loop, "_PATIENCE", 0.001)


def is_acknowledged(app: RnnApp) -> bool:
    return "key heard" in screen_lines(app)[1]


def test_only_a_look_at_something_new_is_answered_whatever_the_run_does() -> None:
    requests, wanted, curve = FrameRequests(), Wanted(count=6, top=3), CurveWanted(columns=40)
    first = sent(requests.next_request(wanted, curve, 0.0))
    assert requests.is_owed
    requests.arrived(answer(first, 1, playing=False), 0.1)
    assert not requests.is_owed
    assert sent(requests.next_request(wanted, curve, 1.0)).seen == 1
    assert requests.in_flight
    assert not requests.is_owed
    requests.curve_changed()
    assert requests.next_request(wanted, curve, 2.0) is None  # the look in flight has asked for the curve
    assert not requests.is_owed
    assert sent(requests.next_request(replace(wanted, row=1), curve, 3.0)).seen == -1
    assert requests.is_owed


async def test_no_key_is_heard_where_none_was_pressed() -> None:
    async with running(engine=FakeEngine(PAUSED)) as (pilot, app, engine):
        for _ in range(3):  # a line above the keys comes and goes, say: panes are drawn anew
            app.main.post_message(MainScreen.ViewChanged(curve=True))
            await settled(pilot, app, engine)
        engine.holds = True  # in the middle of a long tick
        app.main.post_message(MainScreen.ViewChanged(curve=True))
        for _ in range(20):
            await pilot.pause(0.002)
            assert not is_acknowledged(app)


async def test_a_key_is_acknowledged_until_its_effect_is_shown() -> None:
    async with running(engine=FakeEngine(PAUSED)) as (pilot, app, engine):
        engine.holds = True
        await pilot.press("right_square_bracket", "y")  # the time cursor, and another axis of the loss
        await until(pilot, lambda: is_acknowledged(app))
        engine.holds = False
        engine.move()
        await until(pilot, lambda: not is_acknowledged(app))


async def test_each_further_key_is_acknowledged_at_once() -> None:
    async with running(engine=FakeEngine(PAUSED)) as (pilot, app, engine):
        engine.holds = True
        await pilot.press("space")
        await until(pilot, lambda: is_acknowledged(app))
        await pilot.press("plus")
        await until(pilot, lambda: "(2 keys)" in screen_lines(app)[1])
        await pilot.press("plus")
        await until(pilot, lambda: "(3 keys)" in screen_lines(app)[1])
        engine.holds = False
        engine.move()
        await until(pilot, lambda: not is_acknowledged(app))
        engine.holds = True
        await pilot.press("space")
        await until(pilot, lambda: is_acknowledged(app))
        assert "keys)" not in screen_lines(app)[1]


async def test_a_dialog_does_not_stand_over_an_old_acknowledgement() -> None:
    async with running(engine=FakeEngine(PAUSED)) as (pilot, app, engine):
        engine.holds = True
        await pilot.press("F")  # pauses, and asks how to learn
        await until(pilot, lambda: app.screen is not app.main)
        for _ in range(20):
            await pilot.pause(0.002)
            assert not is_acknowledged(app)


async def test_what_was_drawn_for_a_passing_size_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Panes may have another size for a moment while they are arranged, and a frame may come just then."""
    async with running(engine=FakeEngine(PAUSED)) as (pilot, app, engine):
        main = app.main
        sizes: Callable[[], dict[str, Size]] = main._sizes
        monkeypatch.setattr(main, "_sizes", lambda: {**sizes(), "loss": Size(46, 99)})
        main.draw()
        monkeypatch.setattr(main, "_sizes", sizes)
        drawn: list[dict[str, Size]] = []
        draw = main.draw

        def noted() -> None:
            drawn.append(sizes())
            draw()

        monkeypatch.setattr(main, "draw", noted)
        main._laid_out(app.screen)
        assert len(drawn) == 1
        main._laid_out(app.screen)
        assert len(drawn) == 1  # it fits
        await settled(pilot, app, engine)
