"""What a person at a terminal gets: start-up, keys, bytes and ticks a second with every pane open, at 120x36.

    python -m tests.bench.view [--million]

Each figure is printed beside what it is measured against in the same run. --million also watches the view's memory
over a million ticks (some minutes).
"""

import re
import statistics
import subprocess
import sys
import time

import psutil

from tests.bench.pty_screen import PtyScreen

_PYTHON = [sys.executable, "-m", "rnn_tui"]
_FULL_SPEED = [*_PYTHON, "hihello", "--epochs", "0", "--speed", "max", "--until", "never"]
_BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("hello")
Bare().run()
"""
_HEADLESS = """
import sys, time, torch
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.experiment.lessons import LESSONS
torch.set_num_threads(1)
values = to_dict(LESSONS["hihello"]); values["training"]["epochs"] = 0
session = Session(from_dict(values))
for _ in range(2000): session.tick()
began, ticks = time.perf_counter(), 0
while time.perf_counter() - began < 5:
    for _ in range(60): session.tick()
    ticks += 60
print(ticks / (time.perf_counter() - began))
"""


def _headless() -> float:
    return float(subprocess.run([sys.executable, "-c", _HEADLESS], capture_output=True, check=True, text=True).stdout)


def _import_torch() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - began


def _tick(screen: PtyScreen) -> float:
    return screen.number(r"tick ([\d,]+) ")


def _start_up() -> None:
    paints, ticks, imports, bare = [], [], [], []
    for _ in range(5):
        imports.append(_import_torch())
        with PtyScreen([sys.executable, "-c", _BARE]) as screen:
            bare.append(screen.until(lambda text: "hello" in text))
        with PtyScreen([*_PYTHON, "hihello", "--speed", "max"]) as screen:
            paints.append(screen.until(lambda text: "Unrolled network" in text and "input" in text))
            screen.until(lambda text: re.search(r"tick [1-9]", text) is not None)
            ticks.append(time.perf_counter() - screen.started)
    print(f"first paint        {statistics.median(paints):5.2f} s; of a bare app {statistics.median(bare):.2f} s")
    print(
        f"first trained tick {statistics.median(ticks):5.2f} s; bare `import torch` {statistics.median(imports):.2f} s;"
        f" beyond it {statistics.median(ticks) - statistics.median(imports):.2f} s"
    )


def _full_speed(million: bool) -> None:
    before = _headless()
    with PtyScreen(_FULL_SPEED) as screen:
        screen.until(lambda text: re.search(r"tick [\d,]{6,} ", text) is not None)
        view = psutil.Process(screen.pid)
        tick, began = _tick(screen), time.perf_counter()
        received = screen.watch(8)
        seconds = time.perf_counter() - began
        rate = (_tick(screen) - tick) / seconds
        cpu = view.cpu_times()
        screen.type("[")  # from here on the cursor moves by keys alone
        screen.until(lambda text: "esc follow" in text)
        latencies = [_latency(screen) for _ in range(40)]
        memory = view.memory_info().rss / 2**20
        print(f"bytes/s            {received / seconds / 1000:5.1f} KB/s at full speed")
        print(
            f"key to screen      {1000 * statistics.median(latencies):5.1f} ms median,"
            f" {1000 * max(latencies):.0f} ms at worst"
        )
        print(f"view's memory      {memory:5.0f} MB; {cpu.user + cpu.system:.1f} s of CPU so far")
        if million:
            goal = _tick(screen) + 1e6
            while _tick(screen) < goal:
                screen.watch(5)
            print(f"a million later    {view.memory_info().rss / 2**20:5.0f} MB")
    headless = (before + _headless()) / 2
    print(f"ticks/s            {rate:5,.0f} with the view, {headless:,.0f} headless: ratio {rate / headless:.2f}")


def _latency(screen: PtyScreen) -> float:
    """From a key that moves the time cursor to the screen that shows it."""
    step = int(screen.number(r" t=(\d+) p\("))
    key, goal = ("]", step + 1) if step < 5 else ("[", step - 1)
    screen.type(key)
    return screen.until(lambda text: f" t={goal} p(" in text)


def main() -> None:
    """Print the figures."""
    _start_up()
    _full_speed("--million" in sys.argv)


if __name__ == "__main__":
    main()
