"""What a link carries: bytes a second on a pty of 120x36, after the first three seconds, beside what was aimed at.

    python -m tests.bench.wire [SECONDS]

SECONDS (10) is how long each run is watched.
"""

import re
import sys

from tests.bench.pty_screen import PtyScreen

_PYTHON = [sys.executable, "-m", "rnn_tui"]
_TEXT = "It is not the strongest of the species that survives, but the one most able"  # 64 steps and more
_LSTM = ["--input", _TEXT[:65], "--cell", "lstm", "--hidden", "128", "--head", "linear", "--tick", "sequence"]
_ON = ["--epochs", "0", "--until", "never"]
_RUNS = (  # what, options, keys, KB/s at most
    ("hihello, default pace", ["hihello"], "", 8.0),
    ("hihello, full speed", ["hihello", *_ON, "--speed", "max"], "", 20.0),
    ("LSTM 128 x 64 steps, full speed", [*_LSTM, *_ON, "--speed", "max"], "", 150.0),
    ("the same, gates and weights", [*_LSTM, *_ON, "--speed", "max"], "gw", 150.0),
    ("the same, saliency and space", [*_LSTM, *_ON, "--speed", "max"], "ap", 150.0),
    ("hihello, paused", ["hihello", "--paused"], "", 0.2),
)


def _tick(screen: PtyScreen) -> float | None:
    return screen.number(r"tick ([\d,]+) ") if re.search(r"tick [\d,]+ ", screen.text()) else None


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    print(f"{'':32} {'first 3 s':>9} {'then':>11}   {'at most':>11}   {'ticks/s':>7}")
    for what, options, keys, most in _RUNS:
        with PtyScreen([*_PYTHON, *options]) as screen:
            screen.until(lambda text: "space" in text)  # the keys are on the screen
            screen.type(keys)
            screen.watch(3)
            first, before = screen.received, _tick(screen)
            rate = screen.watch(seconds) / seconds / 1000
            after = _tick(screen)
            ticks = f"{(after - before) / seconds:7,.1f}" if before is not None and after is not None else "–"
        print(f"{what:32} {first / 1000:6.1f} KB {rate:6.1f} KB/s   {most:6.1f} KB/s   {ticks:>7}", flush=True)


if __name__ == "__main__":
    main()
