"""Engines that are none: a socket in a folder of its own, and a thread that says what a test has it say."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from rnn_tui.protocol.engine_folders import engines_folder
from rnn_tui.protocol.rendezvous import SOCKET, Note, write_note
from rnn_tui.protocol.wire import Buffer

__all__ = ["RECORDED", "FakeEngine", "fake_engine", "of_0_1_0", "of_the_future", "packed", "silent_engine"]

RECORDED = Path(__file__).parent / "kept" / "0.1.0" / "messages"
Reply = Callable[[str], bytes]  # what is said to a command, by the name of its kind


class FakeEngine:
    """It greets everybody, and replies to each command until it is told to stop."""

    def __init__(self, listener: socket.socket, greeting: bytes, reply: Reply) -> None:
        self.heard: list[str] = []
        self._listener = listener
        self._greeting = greeting
        self._reply = reply
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while "Stop" not in self.heard:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                self._talk(peer)
        self._listener.close()

    def _talk(self, peer: socket.socket) -> None:
        buffer = Buffer()
        peer.sendall(self._greeting)
        while data := peer.recv(1 << 16):
            for body in buffer.feed(data):
                self.heard.append(msgspec.msgpack.decode(body)["type"])
                peer.sendall(self._reply(self.heard[-1]))


def packed(kind: str, **values: Any) -> bytes:
    """A message of any kind, its length in front."""
    body = msgspec.msgpack.encode({"type": kind, **values})
    return len(body).to_bytes(4, "big") + body


@contextlib.contextmanager
def fake_engine(name: str, greeting: bytes, reply: Reply, *, note: Note | None = None) -> Iterator[FakeEngine]:
    """An engine in a folder of that name."""
    folder = engines_folder() / name
    folder.mkdir(mode=0o700)
    if note is not None:
        write_note(folder, note)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / SOCKET))
        listener.listen(8)
        engine = FakeEngine(listener, greeting, reply)
        try:
            yield engine
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            engine.thread.join(10)


def of_0_1_0(name: str = "old") -> contextlib.AbstractContextManager[FakeEngine]:
    """One that says what an engine of rnn-tui 0.1.0 said, to the byte."""
    said = {
        "Inquire": (RECORDED / "whereabouts.bin").read_bytes(),
        "Detach": (RECORDED / "left.bin").read_bytes(),
        "Stop": (RECORDED / "stopped.bin").read_bytes(),
    }
    return fake_engine(name, (RECORDED / "greeting.bin").read_bytes(), said.__getitem__)


def of_the_future(
    name: str = "new", experiment: Any = None, note: Note | None = None
) -> contextlib.AbstractContextManager[FakeEngine]:
    """One of protocol 99: it says kinds of messages that nobody knows yet, and more in those that one knows."""
    if experiment is None:
        network = {"cell": "lru", "layers": 3, "hidden_size": 8, "heads": 4}
        experiment = {"name": "novel", "modality": "sound", "network": network, "data": {"stream": 1}}
    run = {
        "type": "Whereabouts",
        "process": 12345,
        "views": 2,
        "name": "novel-2031-01-31-3f9a1c",
        "experiment": experiment,
        "status": {"tick": 70, "epoch": 7, "epochs": 9, "loss": 0.5, "state": "resting", "energy": [1, 2]},
        "device": "npu:0",
        "mood": "good",
    }
    news = packed("Telemetry", values=[1, 2.5, None], deep={"a": [{}]})
    said = {
        "Inquire": news + packed(**_renamed(run)) + news,
        "Stop": news + packed("Left", run=run, stopped=True, problem="", thanks="for all"),
    }
    greeting = packed("Greeting", version=99, torch="4.0", program="3.1.4", colour="blue")
    return fake_engine(name, greeting + news, said.__getitem__, note=note)


def _renamed(values: dict[str, Any]) -> dict[str, Any]:
    return {"kind" if key == "type" else key: value for key, value in values.items()}


@contextlib.contextmanager
def silent_engine(name: str, *, full: bool = False, note: Note | None = None) -> Iterator[socket.socket]:
    """One that is stopped, or in a long step: it listens and accepts nobody; `full`: nor has its queue any room."""
    folder = engines_folder() / name
    folder.mkdir(mode=0o700)
    write_note(folder, note or Note(name=name, process=4711))
    with contextlib.ExitStack() as opened:
        listener = opened.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(folder / SOCKET))
        listener.listen(0 if full else 8)
        while full:
            peer = opened.enter_context(socket.socket(socket.AF_UNIX))
            peer.setblocking(False)
            try:
                peer.connect(str(folder / SOCKET))
            except BlockingIOError:
                break
        yield listener
