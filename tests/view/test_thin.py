"""Thin on the wire: exactly the cells that changed are sent, and the terminal shows what a full repaint would."""

import re
from typing import Any

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import Compositor, CompositorUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip

from rnn_tui.view.terminal.diff_compositor import DiffCompositor, TerminalCells
from rnn_tui.view.widgets.picture import Picture
from tests.examples import examples
from tests.view.helpers import until

Cell = tuple[str, Style]  # a character, with marks that join it, and a style
WIDE = "日本👩"
STYLES = [
    Style.parse(code)
    for code in (
        "#ff0000 on #101010",
        "#00ff00 on #101010",
        "bold #ffffff on #2c3442",
        "bold dim #5fd7af on #121212",
        "underline #ff0000 on #101010",
        "reverse",
        "italic strike #00ff00 on #2c3442",
        "dim red on blue",
    )
]
CELLS = st.tuples(st.sampled_from(["a", "b", " ", " ", "日", "本", "e\u0301", "▀"]), st.sampled_from(STYLES))
SYSTEMS = [None, *ColorSystem]
WIDTH, HEIGHT = 24, 5


def size(cell: Cell) -> int:
    return 2 if cell[0] in WIDE else 1


def strip_of(cells: list[Cell]) -> Strip:
    return Strip([Segment(text, style) for text, style in cells], sum(map(size, cells)))


def cut(cells: list[Cell], width: int) -> list[Cell]:
    kept: list[Cell] = []
    for cell in cells:
        if sum(map(size, kept)) + size(cell) <= width:
            kept.append(cell)
    return kept + [("a", STYLES[0])] * (width - sum(map(size, kept)))


def seen(cell: pyte.screens.Char) -> tuple[Any, ...]:
    """Return what can be seen of a cell: of a blank one without lines through it, only the background."""
    lines = (cell.underscore, cell.strikethrough, cell.reverse)
    if cell.data == " " and not any(lines):
        return (" ", cell.bg)
    return (cell.data, cell.bg, cell.fg, cell.bold, cell.italics, *lines)


class Terminal:
    """A terminal that counts: what is written, and what it shows."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.Stream(self.screen)
        self.stream.feed("\x1b[?7l")  # as Textual sets it: no wrapping
        self.written = ""

    def write(self, data: str) -> None:
        self.written += data
        self.stream.feed(data)

    def shown(self) -> list[list[tuple[str, str, str, bool]]]:
        rows = range(self.screen.lines)
        line = [[self.screen.buffer[y][x] for x in range(self.screen.columns)] for y in rows]
        return [[seen(cell) for cell in row] for row in line]

    def printed(self) -> str:
        """The characters written since the last time, without the controls."""
        text, self.written = re.sub(r"\x1b(\[[0-9;?]*[a-zA-Z]|.)", "", self.written), ""
        return text.replace("\n", "")


@st.composite
def changes(draw: st.DrawFn) -> list[list[tuple[int, int, list[Cell]]]]:
    """Stretches (row, column, cells) to show, turn by turn: new ones, or those before with a cell set or shifted."""
    rows = [cut([], WIDTH) for _ in range(HEIGHT)]
    found = []
    for _ in range(draw(st.integers(1, 6))):
        stretches: list[tuple[int, int, list[Cell]]] = []
        for y in draw(st.sets(st.integers(0, HEIGHT - 1), min_size=1)):
            kind = draw(st.sampled_from(["other", "part", "edited", "shifted", "wide", "same"]))
            if kind == "part":
                left = draw(st.integers(0, WIDTH - 1))
                stretches.append((y, left, cut(draw(st.lists(CELLS)), draw(st.integers(1, WIDTH - left)))))
                rows[y] = cut([], WIDTH)  # some row that is not what stands there now
                continue
            if kind == "other":
                rows[y] = cut(draw(st.lists(CELLS, max_size=WIDTH)), WIDTH)
            elif kind == "wide":  # a long run of one wide character, moved by a column or not
                rows[y] = cut([*draw(st.lists(CELLS, max_size=1)), *[("日", STYLES[0])] * WIDTH], WIDTH)
            elif kind != "same":
                at = draw(st.integers(0, len(rows[y]) - 1))
                rows[y] = cut([*rows[y][:at], draw(CELLS), *rows[y][at + (kind == "edited") :]], WIDTH)
            stretches.append((y, 0, rows[y]))
        found.append(stretches)
    return found


@pytest.mark.parametrize("system", SYSTEMS, ids=str)
@settings(max_examples=examples(25))
@given(changes())
@pytest.mark.sampled(2)
def test_a_terminal_shows_what_one_would_that_is_told_everything_at_once(
    system: ColorSystem | None, changes: list[list[tuple[int, int, list[Cell]]]]
) -> None:
    """The other terminal is written to by Rich: every cell, every style in full, from the left to the right."""
    thin, told = Terminal(WIDTH, HEIGHT), Terminal(WIDTH, HEIGHT)
    shown = TerminalCells()
    shown.forget(WIDTH, HEIGHT)
    for stretches in changes:
        data = shown.show([(y, x, strip_of(cells)) for y, x, cells in stretches], system)
        thin.write(data)
        assert thin.screen.cursor.attrs == pyte.screens.Char(" "), "plain behind"
        for y, x, cells in stretches:
            told.write(f"\x1b[{y + 1};{x + 1}H")
            for text, style in cells:
                style._ansi = None  # Rich keeps the codes of the first colours that it was asked for
                told.write(style.render(text, color_system=system))
        assert thin.shown() == told.shown()
        assert shown.show([(y, x, strip_of(cells)) for y, x, cells in stretches], system) == ""


def test_what_has_not_changed_is_not_sent_however_the_strips_are_cut() -> None:
    shown = TerminalCells()
    shown.forget(9, 1)
    assert "aaaaaaaaa" in shown.show([(0, 0, strip_of([("a", STYLES[0])] * 9))], ColorSystem.TRUECOLOR)
    assert shown.show([(0, 0, Strip([Segment("a" * 9, STYLES[0])]))], ColorSystem.TRUECOLOR) == ""
    assert shown.show([(0, 4, Strip([Segment("a" * 2, STYLES[0])]))], ColorSystem.TRUECOLOR) == ""
    shown.forget(9, 1)
    assert "aaaaaaaaa" in shown.show([(0, 0, Strip([Segment("a" * 9, STYLES[0])]))], ColorSystem.TRUECOLOR)


def test_a_look_is_set_once_and_what_has_it_is_written_together() -> None:
    shown = TerminalCells()
    shown.forget(20, 4)
    red, blue = Style.parse("#010203 on #040506"), Style.parse("#070809 on #0a0b0c")
    rows = [Strip([Segment("a" * 6, red), Segment("b" * 6, blue)]) for _ in range(4)]
    data = shown.show([(y, 2, row) for y, row in enumerate(rows)], ColorSystem.TRUECOLOR)
    assert data.count("m") == 3  # two looks, and back to plain
    assert data.count("a") == data.count("b") == 24


class ThinScreen(Screen[None]):
    compositor: type[Compositor] = DiffCompositor

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
    """Return what is printed when one cell in the middle of the right picture changes."""
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


async def test_textual_itself_still_sends_what_has_not_changed() -> None:
    printed = await change_one_cell(ThickScreen)
    assert printed != "X", "Textual sends only what changed now: ThinCompositor can go"
    assert printed.startswith("a" * 15 + "X" + "a")


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
