"""The line of keys: whole entries only, and those that matter most where it is short."""

import pytest

from rnn_tui.view.model.keys import KEYS
from tests.view.helpers import running, screen_lines, until

ENTRIES = [f"{key.footer_keys or key.shown} {key.footer}" for key in KEYS if key.footer and key.runs != "watched"]

LAST = ("write", "fork", "back", "explain", "slow")  # that come where there is room, the first of them last


def line_of(left_out: tuple[str, ...]) -> str:
    return " ".join(each for each in ENTRIES if each.split()[-1] not in left_out)


@pytest.mark.parametrize(
    ("width", "left_out"),
    [
        (64, ("inside", "zoom", *LAST)),
        (72, ("inside", *LAST)),
        (80, LAST),
        (90, LAST[:-1]),
        (100, LAST[:3]),
        (120, ()),
    ],
)
async def test_no_entry_is_cut_off(width: int, left_out: tuple[str, ...]) -> None:
    expected = line_of(left_out)
    async with running(size=(width, 24)) as (pilot, app, _):
        await until(pilot, lambda: screen_lines(app)[-1].rstrip() == expected)
        assert len(expected) <= width


async def test_the_line_follows_the_width() -> None:
    async with running(size=(120, 36)) as (pilot, app, _):
        await pilot.resize_terminal(64, 20)
        await until(pilot, lambda: screen_lines(app)[-1].rstrip() == line_of(("inside", "zoom", *LAST)))
        await pilot.resize_terminal(120, 36)
        await until(pilot, lambda: screen_lines(app)[-1].rstrip() == line_of(()))


async def test_where_the_focus_goes_the_line_stays() -> None:
    """It is not built again: that would cost more than the key that moved the focus."""
    async with running(size=(120, 36)) as (pilot, app, _):
        await until(pilot, lambda: screen_lines(app)[-1].rstrip() == line_of(()))
        before = list(app.main.query("FooterKey"))
        for key in ("tab", "1", "g", "shift+tab", "escape"):
            await pilot.press(key)
            await pilot.pause()
        assert [id(each) for each in app.main.query("FooterKey")] == [id(each) for each in before]
