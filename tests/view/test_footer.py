"""The line of keys: whole entries only, those of the situation, and those that matter most where it is short."""

from typing import Any

import pytest
from msgspec.structs import replace

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.protocol.phase import Phase
from rnn_tui.view.model.key_line import Entry, entries, fitting, width_of
from rnn_tui.view.model.keys import KEYS
from tests.view.fake_frames import MIDWAY, frame_of
from tests.view.helpers import running, screen_lines, settled, until

BINDINGS = {key for each in KEYS for key in each.keys.split(",")}
PHASE = Phase(kind="embed", time_step=1, words="")


def frame(controls: bool = True, phase: Phase | None = None, **status: Any) -> Frame:
    made = frame_of(FrameRequest(number=1), LESSONS["hihello"], replace(MIDWAY, **status), run=1, revision=1)
    return replace(made, controls=controls, phase=phase)


PAST_OF_TWO = frame(state="paused", tick=3, newest=9, branches=2)


def words(found: tuple[Entry, ...] | list[Entry]) -> str:
    return " ".join(f"{each.shown} {each.word}" for each in found)


@pytest.mark.parametrize(
    ("shown", "begins", "absent"),
    [
        (frame(state="playing"), "space pause → tick s slow +- speed ← back h explain", "end N"),
        (frame(state="paused"), "space play → tick ← back s slow h explain", "+- end"),
        (frame(state="paused", tick=0, newest=0), "space play → tick s slow", "← end"),
        (frame(state="done"), "space as_many_again → tick ← back", "+-"),
        (frame(state="paused", tick=3, newest=9), "space play_on F fork_here → tick ← back end newest s slow", "b +-"),
        (PAST_OF_TWO, "space play_on F fork_here → tick ← back end newest b", "+-"),
        (frame(state="paused", tick=0, newest=9), "space play_on F fork_here → tick end newest", "←"),
        (frame(state="playing", slow=1.5), "space pause n next_phase ← phase_back N next_part s whole_ticks", "→"),
        (frame(state="paused", phase=PHASE), "space play n next_phase ← phase_back N next_part", "→"),
        (frame(state="playing", controls=False), "T take_the_controls h explain [] time", "space → ← F l e"),
    ],
    ids=["playing", "paused", "beginning", "done", "past", "branches", "first", "slow", "phase", "guest"],
)  # fmt: skip
def test_each_situation_names_its_own_keys(shown: Frame, begins: str, absent: str) -> None:
    found = entries(shown)
    assert words(found).startswith(begins.replace("_", " "))
    assert words(found).endswith("? keys q quit")
    assert not {each.shown for each in found} & set(absent.split())
    assert len({each.key for each in found}) == len(found)
    assert {each.key for each in found} <= BINDINGS
    assert all(each.about.endswith(".") for each in found)


@pytest.mark.parametrize("width", [64, 80, 97, 120, 200])
def test_the_last_ones_are_left_out_first_and_none_is_cut(width: int) -> None:
    found = entries(frame(state="paused"), escape="all panes")
    shown = fitting(found, width)
    assert shown == [*found[: len(shown) - 2], *found[-2:]]
    assert width_of(shown) == len(words(shown)) <= width
    missing = found[len(shown) - 2]
    assert missing in found[-2:] or width_of([*shown, missing]) > width


def test_the_best_ones_have_room_at_120_columns() -> None:
    assert {"s", "h", "←", "F", "G"} <= {each.shown for each in fitting(entries(frame(state="paused")), 120)}
    assert {"s", "h", "←"} <= {each.shown for each in fitting(entries(frame(state="paused")), 80)}


async def test_the_line_follows_the_width_and_the_situation() -> None:
    async with running(size=(120, 36)) as (pilot, app, engine):
        await until(pilot, lambda: screen_lines(app)[-1].startswith("space pause → tick s slow"))
        await pilot.press("space")
        await until(pilot, lambda: screen_lines(app)[-1].startswith("space play → tick ← back s slow"))
        await pilot.press("z")
        await until(pilot, lambda: "esc all panes" in screen_lines(app)[-1])
        await pilot.press("escape")
        await until(pilot, lambda: "esc" not in screen_lines(app)[-1])
        await pilot.resize_terminal(64, 20)
        await until(
            pilot, lambda: len(screen_lines(app)[-1]) == 64 and screen_lines(app)[-1].rstrip().endswith("q quit")
        )
        await settled(pilot, app, engine)


async def test_a_dialog_has_keys_of_its_own() -> None:
    async with running(size=(120, 36)) as (pilot, app, _):
        await pilot.press("l")
        await until(
            pilot, lambda: screen_lines(app)[-1].rstrip() == " ↑ ↓ choose · enter open · type to filter · esc close"
        )
        await pilot.press("escape")
        await until(pilot, lambda: screen_lines(app)[-1].startswith("space pause"))


async def test_typing_has_keys_of_its_own() -> None:
    async with running("hihello-embedding", size=(120, 36)) as (pilot, app, _):
        await pilot.press("G")
        await until(pilot, lambda: "esc close" in screen_lines(app)[-1])
        await pilot.press("enter")
        await until(
            pilot, lambda: screen_lines(app)[-1].rstrip() == "a…z type ⌫ delete ctrl+u delete all esc end typing"
        )
        await pilot.press("escape")
        await until(pilot, lambda: screen_lines(app)[-1].startswith("space pause"))


async def test_a_click_presses_the_key() -> None:
    async with running(size=(120, 36)) as (pilot, app, _):
        line = screen_lines(app)[-1]
        await pilot.click("#keys", offset=(line.index("l lesson") + 3, 0))
        await until(pilot, lambda: app.screen is not app.main)
