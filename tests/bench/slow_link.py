"""What a person gets over a link of 20 KB/s, and when a link stands still for half a minute: 120x36, full speed.

    python -m tests.bench.slow_link [--lesson NAME] [--rate BYTES] [--stop SECONDS]

Each line twice: with a terminal that answers where its cursor is, and with one that does not.
"""

import argparse
import os
import re
import select
import statistics
import sys
import time
from collections.abc import Callable

import psutil

from tests.bench.pty_screen import PtyScreen

_QUESTION, _ANSWER = b"\x1b[6n", b"\x1b[1;1R"
_PART = re.compile(rb"\x1b(?:\[[\d;?<=>$]*|\][^\x07\x1b]*)?$")  # a sequence whose end has not come yet
_PORTION = 0.01  # seconds between two portions
_LATE = 0.1  # seconds that a late reader makes up for
_LOOK = 0.02  # seconds between two looks at the screen: they cost the reader more than reading
_PAUSE = 1.2  # seconds between two keys: opening a pane paints most of the screen
_FAST = 1e9


class SlowScreen(PtyScreen):
    """A screen behind a link that takes `rate` bytes a second; it `answers` questions as far as it has read."""

    def __init__(self, argv: list[str], rate: float, *, answers: bool) -> None:
        super().__init__(argv)
        self.rate, self.answers = rate, answers
        self._may_read_at = 0.0
        self._part = b""

    def read(self, timeout: float = 0.01) -> int:
        """Take a portion, where one is there."""
        time.sleep(max(0.0, self._may_read_at - time.perf_counter()))
        ready, _, _ = select.select([self._fd], [], [], timeout)
        if not ready:
            return 0
        try:
            data = os.read(self._fd, max(1, min(1 << 16, int(self.rate * _PORTION))))
        except OSError:
            return 0
        self._may_read_at = max(self._may_read_at, time.perf_counter() - _LATE) + len(data) / self.rate
        self.received += len(data)
        data = self._part + data
        found = _PART.search(data)
        self._part, data = (data[found.start() :], data[: found.start()]) if found else (b"", data)
        if self.answers:
            os.write(self._fd, _ANSWER * data.count(_QUESTION))
        self._unseen += data.replace(_QUESTION, b"")
        return len(data)

    def until(self, holds: Callable[[str], bool], limit: float = 30.0) -> float:
        """As of any screen; looked at now and then."""
        began = time.perf_counter()
        while time.perf_counter() - began < limit:
            looked = time.perf_counter()
            while time.perf_counter() - looked < _LOOK:
                self.read(_LOOK)
            arrived = time.perf_counter()
            if holds(self.text()):
                return arrived - began
        raise TimeoutError(f"not on the screen within {limit} s:\n{self.text()}")


def _tick(screen: PtyScreen) -> float:
    return screen.number(r"tick ([\d,]+) ")


def _ticks_per_second(screen: SlowScreen, seconds: float) -> tuple[float, float]:
    """Ticks and bytes a second."""
    tick, began = _tick(screen), time.perf_counter()
    received = screen.watch(seconds)
    passed = time.perf_counter() - began
    return (_tick(screen) - tick) / passed, received / passed


def _shown(key: str, screen: SlowScreen) -> Callable[[str], bool]:
    """Return what the screen shows once it has seen the key."""
    patterns = {"space": "(▶ playing|‖ paused)", "i": "(in numbers|at t=|Prediction)", "right": r"tick ([\d,]+) "}
    pattern = patterns.get(key, r" t=(\d+) p\(")

    def now(text: str) -> str | None:
        found = re.search(pattern, text)
        return found[1] if found else None

    before = now(screen.text())
    return lambda text: now(text) not in (None, before)


def _name(rate: float) -> str:
    return "as fast as it comes" if rate == _FAST else f"{rate / 1000:g} KB/s"


def _tick_in(text: str) -> str:
    found = re.search(r"tick ([\d,]+) ", text)
    return found[1].replace(",", "") if found else "-1"


def _latencies(screen: SlowScreen, times: int) -> dict[str, list[float]]:
    """From a key to the screen that shows what it does, in seconds, while it plays (`right` pauses, so it is last)."""
    names = {"]": "]", "[": "[", "i": "i", "space": " ", "right": "\x1b[C"}
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(times):
        for name in ("]" if turn % 2 else "[", "i", "i", "space", "space"):
            screen.watch(_PAUSE + 0.13 * (turn % 3))
            shown = _shown(name, screen)
            screen.type(names[name])
            found[name].append(screen.until(shown))
    screen.type(" ")
    screen.until(lambda text: "paused" in text)
    for _ in range(times):
        screen.watch(_PAUSE)
        shown = _shown("right", screen)
        screen.type(names["right"])
        found["right"].append(screen.until(shown))
    screen.type(" ")
    screen.until(lambda text: "playing" in text)
    return found


def _memory(screen: PtyScreen) -> tuple[float, float]:
    """MB of the view and of the engine."""
    view = psutil.Process(screen.pid)
    engine = max((each.memory_info().rss for each in view.children(recursive=True)), default=0)
    return view.memory_info().rss / 2**20, engine / 2**20


def _stop(screen: SlowScreen, seconds: float) -> None:
    """Nobody reads for a while; then everything does, as fast as it can."""
    screen.rate = _FAST
    rate, _ = _ticks_per_second(screen, 4)
    before, tick = _memory(screen), _tick(screen)
    began = time.perf_counter()
    time.sleep(seconds)
    goes_on = time.perf_counter()
    newer = tick + 0.5 * rate * (goes_on - began)  # far beyond every picture that was on its way
    screen.until(lambda text: int(_tick_in(text)) >= newer, 60)
    current = time.perf_counter() - goes_on
    after = _memory(screen)
    print(f"  stood still {seconds:.0f} s: current {1000 * current:.0f} ms after")
    print(f"  memory: view {before[0]:.0f} → {after[0]:.0f} MB, engine {before[1]:.0f} → {after[1]:.0f} MB")


def _measure(options: argparse.Namespace, *, answers: bool) -> None:
    print(f"a terminal that {'answers' if answers else 'does not answer'}")
    argv = [sys.executable, "-m", "rnn_tui", options.lesson, "--epochs", "0", "--speed", "max", "--until", "never"]
    with SlowScreen(argv, _FAST, answers=answers) as screen:
        screen.until(lambda text: int(_tick_in(text)) > 2000, 60)
        rates: dict[float, list[tuple[float, float]]] = {_FAST: [], options.rate: []}
        for _ in range(3):
            for rate in rates:
                screen.rate = rate
                screen.watch(2)
                rates[rate].append(_ticks_per_second(screen, 5))
        for rate, measured in rates.items():
            ticks, sent = (statistics.median(values) for values in zip(*measured, strict=True))
            print(f"  {_name(rate):20} {ticks:6,.0f} ticks/s, {sent / 1000:5.1f} KB/s", flush=True)
        for rate in rates:
            screen.rate = rate
            screen.watch(2)
            found = _latencies(screen, options.times)
            found["all"] = [each for seconds in found.values() for each in seconds]
            words = (
                f"{key} {1000 * statistics.median(each):.0f} ({1000 * max(each):.0f})" for key, each in found.items()
            )
            print(f"  {_name(rate):20} {', '.join(words)} ms: key to screen, median (at worst)", flush=True)
        _stop(screen, options.stop)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lesson", default="hihello")
    parser.add_argument("--rate", type=float, default=20e3)
    parser.add_argument("--stop", type=float, default=30.0)
    parser.add_argument("--times", type=int, default=8)
    parser.add_argument("--only", choices=("answers", "silent"))
    options = parser.parse_args()
    for answers in (True, False):
        if options.only != ("silent" if answers else "answers"):
            _measure(options, answers=answers)


if __name__ == "__main__":
    main()
