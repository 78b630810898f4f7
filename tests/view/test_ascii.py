"""Without Unicode: everything on the screen is ASCII, as wide as it was, and still tells what it told."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.theme import Theme

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import Tone, draw_pair, draw_unit
from rnn_tui.draw.kit.matrix import ValueCell, draw_matrix
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.frame import Status
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.settings import ViewSettings
from rnn_tui.view.model.theme import palette_for
from rnn_tui.view.terminal.ascii import Ascii, in_ascii, spelled, takes_unicode
from tests.examples import examples
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, screen_lines, text_of, until
from tests.view.test_inside_pictures import PICTURES

ASCII = ViewSettings(ascii=True)


def assert_ascii(app: RnnApp) -> None:
    lines = screen_lines(app)
    assert all(line.isascii() for line in lines), [line for line in lines if not line.isascii()]
    assert {len(line) for line in lines} == {app.size.width}


# ---- the screen ---------------------------------------------------------------------------------------------


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("lesson", "size"),
    [  # every lesson, and every size with one that learns and one that does not
        ("hihello", (40, 10)), ("one-letter", (64, 20)), ("ohlol-lstm", (64, 20)), ("hello-cell", (80, 24)),
        ("sine", (80, 24)), ("remember", (80, 24)), ("one-letter", (200, 60)), ("hihello", (200, 60)),
    ],
)  # fmt: skip
async def test_all_panes_of_a_lesson(lesson: str, size: tuple[int, int]) -> None:
    async with running(lesson, size=size, view_settings=ASCII) as (pilot, app, _):
        assert_ascii(app)
        for key in "1234":
            await pilot.press(key)
            assert_ascii(app)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
@pytest.mark.sampled(1)
async def test_what_looks_inside(size: tuple[int, int]) -> None:
    engine = FakeEngine()
    async with running(engine=engine, size=size, view_settings=ASCII) as (pilot, app, _):
        for key, (name, answer, words) in PICTURES.items():
            engine.extra = {"inside": (answer,)}
            await pilot.press(key)
            await until(pilot, lambda: all(in_ascii(word) in text_of(app, f"#{name}") for word in words))  # noqa: B023
            assert_ascii(app)
            await pilot.press(key)


async def test_dialogs_the_palette_and_notifications() -> None:
    async with running(size=(100, 30), view_settings=ASCII) as (pilot, app, _):
        for key in ("question_mark", "l", "e", "F", "B", "c", "h", "O", "q", "ctrl+p"):
            await pilot.press(key)
            await until(pilot, lambda: app.screen is not app.main)
            await pilot.pause()
            assert_ascii(app)
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.main)
        app.notify("h₂← ≥ ½ · 漢字", title="…")
        await pilot.pause()
        assert_ascii(app)


async def test_characters_of_the_user_are_question_marks_of_their_width() -> None:
    text = from_dict({"data": {"inputs": ["é漢aé漢a"]}, "network": {"head": "linear"}})
    async with running(text, view_settings=ASCII) as (_, app, _):
        assert_ascii(app)
        assert "??" in text_of(app, "#network")


async def test_keys_are_named_in_words() -> None:
    async with running(size=(200, 60), view_settings=ASCII) as (pilot, app, _):
        assert "right tick" in screen_lines(app)[-1]
        await pilot.press("question_mark")
        await until(pilot, lambda: app.screen is not app.main)
        await pilot.pause()
        text = "\n".join(screen_lines(app))
        assert "shift+right" in text
        assert "up/down scroll" in text


async def test_a_slow_tick() -> None:
    engine = FakeEngine()
    async with running("hihello-sequence", engine=engine, view_settings=ASCII) as (pilot, app, _):
        await pilot.press("s")
        await until(pilot, lambda: engine.status.slow)
        await pilot.pause()
        assert_ascii(app)


async def test_with_unicode_nothing_is_lost() -> None:
    async with running() as (_, app, _):
        assert any("╭" in line for line in screen_lines(app))


# ---- the table ----------------------------------------------------------------------------------------------


def known() -> Iterator[str]:
    """All that the program can draw by itself: lines, blocks, braille."""
    yield from map(chr, range(0x2500, 0x25A0))
    yield from map(chr, range(0x2800, 0x2900))


def test_every_line_and_block_has_a_likeness_of_its_width() -> None:
    for character in known():
        likeness = in_ascii(character)
        assert len(likeness) == 1
        assert likeness.isascii()
        assert likeness.isprintable()
        if "BOX" in unicodedata.name(character):
            assert likeness in "+-|="


def test_shades_and_bars_stay_apart() -> None:
    palette = palette_for(dark=True, ascii=True)
    shades = [in_ascii(palette.shade(level)) for level in (-20, -15, -10, -5, 0, 5, 10, 15, 20)]
    assert len(set(shades)) == len(shades)
    assert len(set(in_ascii("▁▂▃▄▅▆▇█"))) == 8
    assert [in_ascii(each) for each in "⠀⠁⡀⡁⣿"] == [" ", "'", ".", ":", ":"]
    assert in_ascii("✓") != in_ascii("✗")
    assert in_ascii("●") != in_ascii("○")
    assert in_ascii("┏━┓") == "+=+"
    assert in_ascii("╭─╮") == "+-+"


@hypothesis_settings(max_examples=examples(200))
@given(st.text(st.characters(exclude_categories=("Cc", "Cs"))))
def test_any_text_keeps_its_cells(text: str) -> None:
    (line,) = Ascii().apply([Segment(text)], Color(0, 0, 0))
    assert line.text.isascii()
    assert len(line.text) == sum(cell_len(each) for each in text)


def test_arrows_that_are_no_keys_stay_arrows() -> None:
    assert spelled("one-hot 5 → RNN 5") == "one-hot 5 → RNN 5"
    assert spelled("h₂← at t=3") == "h₂← at t=3"
    assert spelled("↑ ↓ field · ← → choose") == "up/down field · left/right choose"


# ---- the pictures -------------------------------------------------------------------------------------------


@contextmanager
def drawn(width: int, height: int) -> Iterator[tuple[Canvas, list[str]]]:
    canvas, lines = Canvas(width, height), list[str]()
    yield canvas, lines
    lines += [in_ascii(strip.text) for strip in canvas.strips()]


@pytest.mark.parametrize("monochrome", [True, False])
def test_a_heatmap_tells_sign_and_size(monochrome: bool) -> None:
    palette = palette_for(dark=True, monochrome=monochrome, ascii=True)
    values = [-1.0, -0.7, -0.2, 0.0, 0.2, 0.7, 1.0]
    axis = TimeAxis.fit(30, 7, narrowest=1)
    with drawn(30, 3) as (canvas, lines):
        draw_unit(canvas, 0, values, axis, Tone(palette=palette), first=0, numbered=False)
        draw_pair(canvas, 1, values, values[::-1], axis, Tone(palette=palette), first=0)
        cell = ValueCell(width=1, tall=0, scale=1.0, palette=palette)
        draw_matrix(canvas, 0, 2, np.array([values, values], np.float32), cell)
    marks = [lines[0][axis.x(step)] for step in axis.steps]
    assert marks == ["@", "o", "-", ".", ":", "*", "#"]
    assert [lines[1][axis.x(step)] for step in axis.steps] == marks
    assert lines[2][:7] == "@o-.:*#"


async def test_how_far_a_run_is_can_be_seen_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(view_settings=ASCII) as (_, app, engine):
        status: Status = engine.status
        bar = screen_lines(app)[1].rstrip().rpartition(" ")[2]
        assert set(bar) == {"=", "-"}
        assert bar.count("=") == pytest.approx(status.epoch / status.epochs * len(bar), abs=1)


# ---- when -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "encoding", "takes"),
    [
        ({}, "utf-8", True),
        ({"LANG": "en_US.UTF-8"}, "utf-8", True),
        ({"LANG": "C.UTF-8"}, "utf-8", True),
        ({"LANG": "de_DE.utf8@euro"}, "utf-8", True),
        ({"LANG": "C"}, "utf-8", False),
        ({"LANG": "POSIX"}, "utf-8", False),
        ({"LANG": "en_US"}, "utf-8", False),
        ({"LANG": "de_DE.ISO-8859-1"}, "iso8859-1", False),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, "utf-8", False),
        ({"LC_ALL": "", "LC_CTYPE": "C", "LANG": "en_US.UTF-8"}, "utf-8", False),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, "utf-8", True),
        ({"LANG": "en_US.UTF-8"}, "latin-1", False),
        ({"LANG": "en_US.UTF-8"}, None, True),
    ],
)
def test_a_locale_says_whether(environment: dict[str, str], encoding: str | None, takes: bool) -> None:
    assert takes_unicode(environment, encoding) is takes


async def test_a_terminal_that_cannot_gets_ascii_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    async with running() as (_, app, _):
        assert_ascii(app)


async def test_the_theme_can_still_be_changed() -> None:
    async with running(view_settings=ASCII) as (pilot, app, _):
        app.theme = "rnn-light"
        await pilot.pause()
        assert isinstance(app.current_theme, Theme)
        assert_ascii(app)
