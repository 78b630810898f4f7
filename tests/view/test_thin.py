"""Thin on the wire: exactly the cells that changed are sent, and the terminal shows what a full repaint would."""

import re
from itertools import pairwise
from typing import Any

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual._compositor import Compositor, CompositorUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip

from rnn_tui.view.pane import Picture
from rnn_tui.view.thin import ThinCompositor, changed_spans
from tests.view.helpers import until

Cell = tuple[str, Style]  # a character, with marks that join it, and a style
WIDE = "日本👩"
STYLES = [Style.parse(code) for code in ("#ff0000 on #101010", "#00ff00 on #101010", "bold #ffffff on #2c3442")]
CELLS = st.tuples(st.sampled_from(["a", "b", " ", "日", "本", "e\u0301", "▀"]), st.sampled_from(STYLES))


def size(cell: Cell) -> int:
    return 2 if cell[0] in WIDE else 1


def strip_of(cells: list[Cell]) -> Strip:
    return Strip([Segment(text, style) for text, style in cells], sum(map(size, cells)))


def columns(cells: list[Cell]) -> list[tuple[str, Style, int]]:
    """What stands in each column: the cell, and which half of it."""
    return [(*cell, half) for cell in cells for half in range(size(cell))]


def cut(cells: list[Cell], width: int) -> list[Cell]:
    kept: list[Cell] = []
    for cell in cells:
        if sum(map(size, kept)) + size(cell) <= width:
            kept.append(cell)
    return kept + [("a", STYLES[0])] * (width - sum(map(size, kept)))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[Cell], list[Cell]]:
    """Two rows of one width: often the second is the first with a few cells set or shifted."""
    width = draw(st.integers(1, 60))
    one = cut(draw(st.lists(CELLS, max_size=60)), width)
    kind = draw(st.sampled_from(["other", "edited", "shifted", "wide"]))
    if kind == "other":
        return one, cut(draw(st.lists(CELLS, max_size=60)), width)
    if kind == "wide":  # a long run of one wide character, moved by a column
        run = [("日", STYLES[0])] * 40
        return cut(run, width), cut([draw(CELLS), *run], width)
    other = list(one)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(other) - 1))
        other[at : at + (kind == "edited")] = [draw(CELLS)]
    return one, cut(other, width)


@given(pairs())
def test_changed_spans_against_every_column(pair: tuple[list[Cell], list[Cell]]) -> None:
    one, other = pair
    before, after = columns(one), columns(other)
    changed = {at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new}
    spans = list(changed_spans(strip_of(one), strip_of(other)))
    assert changed <= {at for start, end in spans for at in range(start, end)}
    for start, end in spans:
        assert {start, end - 1} <= changed
        quiet = re.findall("=+", "".join("!" if at in changed else "=" for at in range(start, end)))
        assert max(map(len, quiet), default=0) <= 10
        for row in (before, after):  # no half of a wide character is left over, old or new
            assert row[start][2] == 0
            assert end == len(row) or row[end][2] == 0
    for (_, end), (start, _) in pairwise(spans):
        assert start - end > 10


def test_equal_strips_have_no_spans_however_they_are_cut() -> None:
    assert list(changed_spans(strip_of([("a", STYLES[0])] * 9), Strip([Segment("a" * 9, STYLES[0])], 9))) == []
    assert list(changed_spans(Strip([], 0), Strip([], 0))) == []


class Terminal:
    """A terminal that counts: what is written, and what it shows."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.Stream(self.screen)
        self.written = ""

    def write(self, data: str) -> None:
        self.written += data
        self.stream.feed(data)

    def shown(self) -> list[list[tuple[str, str, str, bool]]]:
        rows = range(self.screen.lines)
        line = [[self.screen.buffer[y][x] for x in range(self.screen.columns)] for y in rows]
        return [[(cell.data, cell.fg, cell.bg, cell.bold) for cell in row] for row in line]

    def printed(self) -> str:
        """The characters written since the last time, without the controls."""
        text, self.written = re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|.)", "", self.written), ""
        return text.replace("\n", "")


class ThinScreen(Screen[None]):
    compositor: type[Compositor] = ThinCompositor

    def __init__(self) -> None:
        super().__init__()
        self._compositor = self.compositor()

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Picture(id="left")
            yield Picture(id="right")


class ThickScreen(ThinScreen):
    compositor = Compositor


class Tiny(App[None]):
    CSS = "Horizontal { margin: 1 2; } Picture { width: 1fr; }"

    def __init__(self, screen: type[ThinScreen]) -> None:
        super().__init__()
        self._kind = screen
        self.terminal: Terminal | None = None

    def get_default_screen(self) -> ThinScreen:
        return self._kind()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if isinstance(renderable, CompositorUpdate) and self.terminal is not None:  # as a driver would get it
            self.terminal.write(renderable.render_segments(self.console))


async def start(pilot: Pilot[None], app: Tiny) -> tuple[Terminal, Picture, Picture]:
    """A terminal that has seen a full repaint, and sees all that follows."""
    await pilot.pause()
    app.terminal = whole(app)
    left, right = app.screen.query(Picture)
    return app.terminal, left, right


def whole(app: App[Any]) -> Terminal:
    """Another terminal, after a full repaint."""
    terminal = Terminal(*app.size)
    update = app.screen._compositor.render_update(full=True)
    assert isinstance(update, CompositorUpdate)
    terminal.write(update.render_segments(app.console))
    assert len(terminal.printed()) >= app.size.width * app.size.height // 2
    return terminal


def picture(turn: int, width: int, height: int) -> list[Strip]:
    """Rows that differ from turn to turn in some columns, some with wide characters."""
    rows = []
    for y in range(height):
        cells: list[Cell] = []
        for x in range(width):
            moved = (x * 7 + y * 3) % 11 == turn % 11
            character = "日" if (x + y) % 9 == 4 and moved else "b" if moved else "a"
            cells.append((character, STYLES[(x // 5 + (turn if y % 3 == 0 else 0)) % 3]))
        rows.append(strip_of(cut(cells, width)))
    return rows


async def test_partial_updates_show_what_a_full_repaint_would() -> None:
    app = Tiny(ThinScreen)
    async with app.run_test(size=(64, 14)) as pilot:
        terminal, left, right = await start(pilot, app)
        for turn in range(12):
            left.paint(picture(turn, *left.size))
            right.paint(picture(turn // 2 + 5, *right.size))
            await pilot.pause()
            assert terminal.shown() == whole(app).shown(), turn
        assert "日" in "".join(cell[0] for row in terminal.shown() for cell in row)


async def change_one_cell(screen: type[ThinScreen]) -> str:
    """What is printed when one cell in the middle of the right picture changes."""
    app = Tiny(screen)
    async with app.run_test(size=(64, 14)) as pilot:
        terminal, _, right = await start(pilot, app)
        cells = [("a", STYLES[0])] * right.size.width
        right.paint([strip_of(cells)] * right.size.height)
        await pilot.pause()
        cells[15] = ("X", STYLES[1])
        changed = [strip_of([("a", STYLES[0])] * right.size.width)] * right.size.height
        changed[3] = strip_of(cells)
        terminal.printed()
        right.paint(changed)
        await until(pilot, lambda: "X" in terminal.written)
        assert terminal.shown()[right.region.y + 3][right.region.x + 15][0] == "X"
        return terminal.printed()


async def test_only_the_cell_that_changed_is_sent() -> None:
    assert await change_one_cell(ThinScreen) == "X"


async def test_textual_itself_still_crops_on_the_right_only() -> None:
    printed = await change_one_cell(ThickScreen)
    assert printed != "X", "Textual crops on the left now: ThinCompositor can go"
    assert printed == "a" * 15 + "X"


async def test_nothing_is_sent_where_nothing_changed() -> None:
    app = Tiny(ThinScreen)
    async with app.run_test(size=(64, 14)) as pilot:
        terminal, left, _ = await start(pilot, app)
        left.paint(picture(1, *left.size))
        await pilot.pause()
        terminal.printed()
        left.paint(picture(1, *left.size))
        await pilot.pause()
        assert terminal.written == ""


@pytest.mark.parametrize("width", [1, 20, 29])
async def test_a_picture_of_another_width_is_painted_whole(width: int) -> None:
    app = Tiny(ThinScreen)
    async with app.run_test(size=(64, 14)) as pilot:
        terminal, left, _ = await start(pilot, app)
        left.paint([strip_of([("a", STYLES[0])] * width)] * left.size.height)
        await pilot.pause()
        left.paint([strip_of([("a", STYLES[0])] * left.size.width)] * left.size.height)
        await pilot.pause()
        row = terminal.shown()[left.region.y]
        assert [cell[0] for cell in row[left.region.x : left.region.right]] == ["a"] * left.size.width
