"""The app on a real pseudo-terminal whose other end the test holds: it reads when it likes, and answers or not."""

import asyncio
import os
import pty
import re
import signal
import sys
import termios
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pyte
import pytest
from textual import events
from textual.strip import Strip

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import Play, Step
from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.settings import Colors, ViewSettings
from rnn_tui.view.terminal.driver import pacing_of
from rnn_tui.view.terminal.writer_thread import WriterThread
from tests.view.fake_engine import FakeEngine

QUESTION = re.compile(rb"(?:\x1b\[1;(\d+)H)?\x1b\[6n")
UNKNOWN = re.compile(rb"\x1b\[\?[\d;]*\$p|\x1b\[[<>=?][\d;]*[uqcm]|\x1b7|\x1b8|\x1b\[6n")
PART = re.compile(rb"\x1b(?:\[[\d;?<=>$]*)?$")  # a sequence whose end has not come yet
_TRIES = 1500


class Master:
    """The far end."""

    def __init__(self, master: int) -> None:
        self.fd = master
        os.set_blocking(master, False)
        self.raw = self._part = b""
        self._screen = pyte.Screen(120, 36)
        self._stream = pyte.ByteStream(self._screen)
        self._text: str | None = ""
        self.unanswered: list[bytes] = []
        self.reads = self.answers = True

    def look(self) -> None:
        """Read what there is, and answer."""
        while self.reads:
            try:
                data = os.read(self.fd, 1 << 16)
            except (BlockingIOError, OSError):
                break
            self.raw += data
            data = self._part + data
            cut = PART.search(data)
            self._part, data = (data[cut.start() :], data[: cut.start()]) if cut else (b"", data)
            self.unanswered += [b"\x1b[1;%sR" % (each[1] or b"1") for each in QUESTION.finditer(data)]
            self.feed(UNKNOWN.sub(b"", data))
        if self.answers and self.unanswered:
            os.write(self.fd, b"".join(self.unanswered))
            self.unanswered.clear()

    def feed(self, data: bytes) -> None:
        """Put it on the screen."""
        self._stream.feed(data)
        self._text = None

    def screen(self) -> str:
        if self._text is None:
            self._text = "\n".join(self._screen.display)
        return self._text

    async def until(self, holds: Callable[[], object]) -> None:
        for _ in range(_TRIES):
            self.look()
            if holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"waited in vain:\n{self.screen()}")

    async def shows(self, text: str) -> None:
        await self.until(lambda: text in self.screen())


@pytest.fixture
def master(monkeypatch: pytest.MonkeyPatch) -> Iterator[Master]:
    before = {each: signal.getsignal(each) for each in (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)}
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)
    far, near = pty.openpty()
    termios.tcsetwinsize(near, (36, 120))
    tty.setcbreak(near)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LINES", "36")
    with open(near, "rb", buffering=0, closefd=False) as stdin, open(near, "w", closefd=False) as stderr:
        monkeypatch.setattr(sys, "__stdin__", stdin)
        monkeypatch.setattr(sys, "__stderr__", stderr)
        yield Master(far)
    os.close(near)
    os.close(far)
    for each, handler in before.items():
        signal.signal(each, handler)


@asynccontextmanager
async def shown(
    master: Master, monkeypatch: pytest.MonkeyPatch, colors: Colors = "auto"
) -> AsyncIterator[tuple[RnnApp, FakeEngine]]:
    """The app with its first frame on the terminal, all questions answered; it leaves at the end."""
    monkeypatch.setattr("rnn_tui.view.app.terminal_app.leave_on_signals", lambda *_: None)
    engine = FakeEngine()
    app = RnnApp(
        engine, LaunchOptions(experiment=LESSONS["hihello"], view_settings=ViewSettings(fps=100, colors=colors))
    )
    running = asyncio.create_task(app.run_async())
    await master.until(lambda: f"tick {engine.status.tick:,} by" in master.screen())
    await master.until(lambda: engine.looks[-1].seen == engine.revision)
    pacing = pacing_of(app)
    assert pacing is not None
    await master.until(lambda: not master.answers or not pacing._asked)
    engine.heard()
    yield app, engine
    master.reads = True
    app.exit()
    await master.until(running.done)
    await running


async def test_no_more_than_two_pictures_are_under_way_and_then_comes_the_newest(
    master: Master, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown(master, monkeypatch) as (app, engine):
        master.answers = False
        for tick in range(3000, 3100):
            engine.move(tick=tick)
            await asyncio.sleep(0.005)
            master.look()
        before = len(master.unanswered)
        assert before in (1, 2)
        assert "tick 3,099" not in master.screen()
        assert len(engine.frames) < 60  # nor is the engine asked for what nobody sees
        os.write(master.fd, b"\x1b[C")  # a key: the screen has it, answers or not
        await master.shows("tick 3,100 by")
        assert before < len(master.unanswered) <= 4
        master.answers = True
        engine.move(tick=3200)
        await master.shows("tick 3,200 by")
        assert [type(each) for each in engine.heard() if not isinstance(each, Play)] == [Step]  # answers are no keys
        assert app.is_running


@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.sampled(1)
async def test_nobody_reads_and_nothing_waits_for_it(
    master: Master, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    master.answers = answers
    async with shown(master, monkeypatch) as (app, engine):
        pacing = pacing_of(app)
        assert pacing is not None
        assert pacing.answers == answers
        master.reads = False
        for tick in range(5000, 5400):
            engine.move(tick=tick)
            await asyncio.sleep(0.001)
            if tick % 10 == 0:
                app.main.refresh()  # whole screens
        assert pacing.backlog < 200_000
        os.write(master.fd, b" ")
        await master.until(lambda: any(isinstance(each, Play) for each in engine.commands))  # it still hears
        master.reads = True
        await master.shows("tick 5,399 by")


async def test_a_lost_answer_is_asked_for_again(master: Master, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnn_tui.view.terminal.driver._AGAIN", 0.05)
    monkeypatch.setattr("rnn_tui.view.terminal.pacing._SILENCE", 0.2)
    async with shown(master, monkeypatch) as (_, engine):
        master.answers = False
        for tick in range(3000, 3050):
            engine.move(tick=tick)
            await asyncio.sleep(0.005)
            master.look()
        master.unanswered.clear()  # they never come
        await master.until(lambda: any(each != b"\x1b[1;1R" for each in master.unanswered))
        master.answers = True
        await master.shows("tick 3,049 by")


async def test_what_looks_like_an_answer_is_a_key_where_nothing_was_asked(
    master: Master, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str] = []
    monkeypatch.setattr(RnnApp, "on_event", _noting(keys, RnnApp.on_event))
    async with shown(master, monkeypatch):
        os.write(master.fd, b"\x1b[1;2R\x1bORx")
        await master.until(lambda: "x" in keys)
    assert list(dict.fromkeys(keys)) == ["f15", "f3", "x"]


def _noting(keys: list[str], usual: Callable[[RnnApp, events.Event], object]) -> Callable[..., object]:
    def on_event(app: RnnApp, event: events.Event) -> object:
        if isinstance(event, events.Key):
            keys.append(event.key)
        return usual(app, event)

    return on_event


async def test_on_leaving_nothing_is_left_to_answer(master: Master, monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown(master, monkeypatch) as (_, engine):
        engine.move(tick=3000)
        await master.shows("tick 3,000 by")
    master.look()
    _, left, after = master.raw.partition(b"\x1b[?1049l")
    assert left
    assert not QUESTION.search(after)
    assert not master.unanswered


async def test_the_first_look_is_sent_also_where_the_terminal_is_slow_to_begin(
    master: Master, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnn_tui.view.app.terminal_app.leave_on_signals", lambda *_: None)
    engine = FakeEngine(greets=False)
    app = RnnApp(engine, LaunchOptions(experiment=LESSONS["hihello"]))
    master.answers = False  # one that answers gets no more pictures than it answers to, and is never full
    running = asyncio.create_task(app.run_async())
    await master.shows("loading torch")
    master.reads = False
    pacing = pacing_of(app)
    while pacing is not None and not pacing.backlog:
        app.action_draw_again()  # all cells, though none of them has changed
        await asyncio.sleep(0.02)
    engine.greet()
    while not engine.commands:
        await asyncio.sleep(0.01)
    master.reads = master.answers = True
    await master.until(lambda: f"tick {engine.status.tick:,} by" in master.screen())
    app.exit()
    await master.until(running.done)


async def test_what_another_program_has_written_over_it_is_drawn_again(
    master: Master, monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere = ("60 weights", "Unrolled network", "unit 1", "unit 5", "Prediction", "tick 0", "q quit")
    async with shown(master, monkeypatch):
        master.feed(b"\x1b[2J\x1b[5;1Hgarbled")
        assert not [each for each in everywhere if each in master.screen()]
        os.write(master.fd, b"\x0c")  # ctrl+l
        await master.until(lambda: all(each in master.screen() for each in everywhere))
        assert "garbled" not in master.screen()


async def test_f_tells_how_the_terminal_keeps_up(master: Master, monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown(master, monkeypatch) as (app, engine):
        os.write(master.fd, b"f")
        pattern = re.compile(r"(\d+) frames/s, ([\d.]+) KB/s, \d+ ms late")

        def tells() -> bool:
            engine.move(tick=engine.status.tick + 1)
            found = pattern.search(master.screen())
            return found is not None and float(found[1]) > 0 and float(found[2]) > 0

        await master.until(tells)
        os.write(master.fd, b"f")
        await master.until(lambda: not pattern.search(master.screen()))
        assert app.is_running


@pytest.mark.parametrize("colors", ["truecolor", "256", "16", "none"])
async def test_only_the_colours_that_were_asked_for(
    master: Master, monkeypatch: pytest.MonkeyPatch, colors: Colors
) -> None:
    render = Strip.render_ansi
    # textual keeps what it has once made of a style, for its whole life: other tests have had other colours
    monkeypatch.setattr(
        Strip, "render_style", lambda _, style, text, color_system: f"\x1b[{render(style, color_system)}m{text}\x1b[0m"
    )
    async with shown(master, monkeypatch, colors):
        pass
    codes = [each.decode() for each in re.findall(rb"\x1b\[([\d;]*)m", master.raw)]
    rgb = {tuple(map(int, each)) for code in codes for each in re.findall(r"[34]8;2;(\d+);(\d+);(\d+)", code)}
    indexed = any(re.search(r"[34]8;5;", code) for code in codes)
    coloured = {red == green == blue for red, green, blue in rgb}
    standard = any(re.search(r"(^|;)(3|4|9|10)[0-7](;|$)", re.sub(r"[34]8;[25][\d;]*", "", code)) for code in codes)
    wanted = {
        "truecolor": ({True, False}, True, False),  # what is in the palette of xterm goes by its number
        "256": (set(), True, False),
        "16": (set(), False, True),
        "none": ({True}, True, False),
    }
    expected, is_indexed, is_standard = wanted[colors]
    assert coloured - {True} == expected - {True}
    assert (indexed, standard) == (is_indexed, is_standard)


def test_an_outlet_whose_terminal_has_gone_takes_everything_and_ends() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    taken: list[tuple[int, int]] = []
    outlet = WriterThread(writer, lambda size, _seconds, backlog: taken.append((size, backlog)))
    outlet.write(b"x" * 100_000)
    outlet.close()
    os.close(writer)
    assert taken == [(0, 0)]


def test_an_outlet_writes_everything_in_order_also_where_the_file_does_not_block() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    taken: list[int] = []
    outlet = WriterThread(writer, lambda size, _seconds, _backlog: taken.append(size))
    data = bytes(range(256)) * 2000
    for start in range(0, len(data), 3000):
        outlet.write(data[start : start + 3000])
    read = b""
    while len(read) < len(data):
        read += os.read(reader, 1 << 16)
    outlet.close()
    os.close(reader)
    os.close(writer)
    assert read == data
    assert sum(taken) == len(data)
