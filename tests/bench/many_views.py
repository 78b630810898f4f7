"""What many views cost training: ticks a second with 0, 1 and 30 clients that pull as fast as they are answered.

    python -m tests.bench.many_views [SECONDS]        # SECONDS (4): how long each count is watched

The clients are one process of their own, and one more that asks for nothing but the tick counts ticks: what is
measured is the engine's own time, as far as the machine has a core for each. Then real views: --views N opens N on
pseudo-terminals (12 is what was complained of).
"""

import os
import socket
import subprocess
import sys
import tempfile
import time

from msgspec.structs import replace

from rnn_tui.client.discovery import live_engines
from rnn_tui.client.link import EngineLink
from rnn_tui.client.start import start_engine
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.commands import Open, SetSpeed
from rnn_tui.protocol.core import Inquire
from rnn_tui.protocol.engine_messages import EngineMessage, Frame, Whereabouts
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.wire import Buffer, decode_message, pack
from tests.bench.pty_screen import PtyScreen

_ALL = Wanted(count=6, top=8, units=50, layers=(0, 1), curve=CurveWanted(columns=46))
_CLIENTS = """
import select, socket, sys
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.wire import pack
wanted = Wanted(count=6, top=8, units=50, layers=(0, 1), curve=CurveWanted(columns=46))
look = pack(FrameRequest(number=1, wanted=wanted))
peers = {}
poll = select.poll()
for _ in range(int(sys.argv[2])):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(sys.argv[1])
    peers[peer.fileno()] = [peer, 0, b"", -1]
    poll.register(peer, select.POLLIN)
print("there", flush=True)
while True:
    for fd, _ in poll.poll():
        found = peers[fd]
        data = found[0].recv(1 << 20)
        if not data:
            sys.exit("hung up")
        found[2] += data
        while len(found[2]) >= 4 and len(found[2]) >= 4 + int.from_bytes(found[2][:4], "big"):
            found[2] = found[2][4 + int.from_bytes(found[2][:4], "big") :]
            found[0].sendall(look)
"""


class _Asker:
    """Asks where the run is, and is no view."""

    def __init__(self, path: str) -> None:
        self._peer = socket.socket(socket.AF_UNIX)
        self._peer.connect(path)
        self._buffer = Buffer()

    def tick(self) -> tuple[int, float, float]:
        """The tick, when, and how long the answer took."""
        began = time.perf_counter()
        self._peer.sendall(pack(Inquire()))
        while True:
            for body in self._buffer.feed(self._peer.recv(1 << 20)):
                message: EngineMessage = decode_message(body)
                if isinstance(message, Whereabouts) and message.status is not None:
                    now = time.perf_counter()
                    return message.status.tick, now, now - began

    def rate(self, seconds: float) -> tuple[float, float]:
        """Ticks a second, and the longest answer."""
        first, began, _ = self.tick()
        answers = []
        while time.perf_counter() - began < seconds:
            time.sleep(0.2)
            last, ended, took = self.tick()
            answers.append(took)
        return (last - first) / (ended - began), max(answers)


def _opened() -> tuple[EngineLink, str]:
    """An engine that trains hihello for ever, at full speed."""
    lesson = LESSONS["hihello"]
    experiment = replace(
        lesson, training=replace(lesson.training, epochs=0), run=replace(lesson.run, speed=0.0, until=())
    )
    engine = start_engine()
    engine._peer.sendall(pack(Open(experiment=experiment)) + pack(SetSpeed(speed=0.0)) + pack(FrameRequest(number=0)))
    buffer = Buffer()
    while not any(isinstance(decode_message(body), Frame) for body in buffer.feed(engine._peer.recv(1 << 20))):
        pass
    return engine, str(engine._folder / "engine.sock")


def _pulled(path: str, count: int, seconds: float, asker: _Asker) -> tuple[float, float]:
    clients = subprocess.Popen([sys.executable, "-c", _CLIENTS, path, str(count)], stdout=subprocess.PIPE)
    try:
        assert clients.stdout is not None
        clients.stdout.readline()
        time.sleep(0.5)
        return asker.rate(seconds)
    finally:
        clients.kill()
        clients.wait()
        time.sleep(0.5)


def _viewed(count: int, seconds: float, asker: _Asker) -> tuple[float, float]:
    screens = [PtyScreen([sys.executable, "-m", "rnn_tui", "attach"]) for _ in range(count)]
    try:
        for screen in screens:
            screen.__enter__()
        end = time.monotonic() + 10 + count
        while time.monotonic() < end:
            for screen in screens:
                screen.watch(0.01)
        began, stop = asker.tick(), time.monotonic() + 3 * seconds
        while time.monotonic() < stop:
            for screen in screens:
                screen.watch(0.005)
        ended = asker.tick()
        return (ended[0] - began[0]) / (ended[1] - began[1]), ended[2]
    finally:
        for screen in screens:
            screen.__exit__(None, None, None)


def main() -> None:
    """Print the table."""
    numbers = [each for each in sys.argv[1:] if each.replace(".", "").isdecimal()]
    views = int(numbers.pop()) if "--views" in sys.argv else 0
    seconds = float(numbers[0]) if numbers else 4.0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RNN_TUI_SOCKETS"] = os.environ["XDG_DATA_HOME"] = os.environ["XDG_STATE_HOME"] = folder
        engine, path = _opened()
        try:
            asker = _Asker(path)
            alone, took = asker.rate(seconds)
            print(f"{'':22} {'ticks/s':>8} {'of alone':>8}  answer to who asks, at worst")
            print(f"{'nobody pulls':22} {alone:8,.0f} {1:8.2f}  {1000 * took:6.1f} ms", flush=True)
            for count in (1, 30):
                rate, took = _pulled(path, count, seconds, asker)
                what = f"{count} that pull{'s' if count == 1 else ''}"
                print(f"{what:22} {rate:8,.0f} {rate / alone:8.2f}  {1000 * took:6.1f} ms", flush=True)
            if views:
                assert live_engines()
                rate, took = _viewed(views, seconds, asker)
                print(f"{f'{views} real views':22} {rate:8,.0f} {rate / alone:8.2f}  {1000 * took:6.1f} ms", flush=True)
            again, _ = asker.rate(seconds)
            print(f"{'nobody pulls, again':22} {again:8,.0f} {again / alone:8.2f}")
        finally:
            engine.close()


if __name__ == "__main__":
    main()
