"""The link: an engine in a process of its own tells the truth, bears nonsense, waits for nobody, and leaves nothing."""

import asyncio
import os
import signal
import socket
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import numpy as np
import psutil
import pytest

from rnn_tui.client.link import EngineError, EngineLink
from rnn_tui.client.start import start_engine
from rnn_tui.engine.host import serve
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.commands import Open, Step
from rnn_tui.protocol.core import Greeting, Inquire, Refused
from rnn_tui.protocol.engine_messages import EngineMessage, Frame, Whereabouts
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.protocol.version import VERSION
from rnn_tui.protocol.wire import pack
from tests.engine.guests import House, house

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Unix-domain sockets")

EVERYTHING = Wanted(count=6, top=5, units=5, layers=(0, 9), first=0, tensors=True, curve=CurveWanted(columns=400))
PATIENCE = 120  # seconds until a test that hangs is given up


def experiment(epochs: int = 30) -> Experiment:
    lesson = LESSONS["hihello"]
    training = msgspec.structs.replace(lesson.training, epochs=epochs)
    return msgspec.structs.replace(
        lesson, training=training, run=msgspec.structs.replace(lesson.run, speed=0, until=())
    )


@pytest.fixture
def engine() -> Iterator[EngineLink]:
    engine = start_engine()
    yield engine
    engine.close()


def test_nor_is_it_once_the_engine_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    monkeypatch.setattr(sys, "argv", ["serve", "no descriptor"])
    with pytest.raises(ValueError, match="no descriptor"):
        serve.main()
    assert "" not in sys.path


def gone(pid: int) -> bool:
    """Return whether a process has ended, waited for or not."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


async def the_next(messages: AsyncIterator[EngineMessage]) -> EngineMessage:
    return await asyncio.wait_for(anext(messages), PATIENCE)


async def ask(engine: EngineLink, messages: AsyncIterator[EngineMessage], look: FrameRequest) -> Frame:
    engine.send(look)
    message = await the_next(messages)
    assert isinstance(message, Frame)
    assert message.request == look.number
    return message


async def test_nothing_is_imported_from_the_folder_that_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of somebody's own may have a random.py or a torch.py, and no code in it is run."""
    for name in ("random", "torch", "numpy", "logging", "socket", "queue", "rnn_tui"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('mine')")
    monkeypatch.chdir(tmp_path)
    engine = start_engine()
    try:
        assert isinstance(await the_next(engine.messages()), Greeting)
    finally:
        engine.close()


async def test_an_experiment_is_tried_before_there_is_a_screen(engine: EngineLink) -> None:
    """What else the engine has said by then is told later."""
    wanted = experiment()
    elsewhere = msgspec.structs.replace(wanted, run=msgspec.structs.replace(wanted.run, device="cuda:99"))
    refused = engine.try_open(elsewhere)
    assert refused is not None
    assert refused[0] == "run.device"
    assert "'cuda:99' is not there" in refused[1]
    assert engine.try_open(wanted) is None
    messages = engine.messages()
    assert isinstance(await the_next(messages), Greeting)
    frame = await ask(engine, messages, FrameRequest(number=7))
    assert frame.opened is not None
    assert frame.opened.experiment.run.device == "auto"


def test_an_engine_that_ends_before_it_has_opened_anything_is_told(engine: EngineLink) -> None:
    os.kill(engine.pid, signal.SIGKILL)
    with pytest.raises(EngineError):
        engine.try_open(experiment())


@pytest.mark.long
async def test_the_losses_are_those_of_a_session_in_this_process(engine: EngineLink) -> None:
    """Looked at or not: one run after the other."""
    session = Session(experiment())
    while session.tick():
        pass
    expected = session.losses.envelope(400, log_x=False)
    messages = engine.messages()
    greeting = await the_next(messages)
    assert isinstance(greeting, Greeting)
    assert greeting.version == VERSION
    number, revisions = 0, []
    for wanted in (EVERYTHING, Wanted()):
        engine.send(Open(experiment=experiment()))
        while True:
            number += 1
            frame = await ask(engine, messages, FrameRequest(number=number, wanted=wanted))
            revisions.append(frame.revision)
            if frame.status.state != "playing":
                break
        assert frame.status.state == "done"
        assert frame.status.tick == 180
        assert revisions == sorted(revisions)
        number += 1
        last = await ask(engine, messages, FrameRequest(number=number, wanted=EVERYTHING))
        assert last.curve is not None
        assert len(last.curve.x) == 30
        np.testing.assert_array_equal(last.curve.x, np.arange(1, 31))
        np.testing.assert_array_equal(last.curve.low, expected.low)
        np.testing.assert_array_equal(last.curve.high, expected.high)
        assert last.status.loss == session.losses.last()


async def test_close_ends_it_and_leaves_nothing() -> None:
    engine = start_engine()
    folder = engine._folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert folder.stat().st_uid == os.getuid()
    assert {path.name for path in folder.iterdir()} == {"engine.sock", "lock"}
    assert isinstance(await the_next(engine.messages()), Greeting)
    engine.close()
    assert not psutil.pid_exists(engine.pid)
    assert not folder.exists()
    engine.close()  # again, as the app and the command line both do


async def test_nonsense_is_refused_in_words_and_ends_the_engine(engine: EngineLink) -> None:
    """Check one kind of nonsense; test_server.py tries all kinds."""
    nonsense = (5).to_bytes(4, "big") + b"hello"
    engine._peer.sendall(nonsense)
    messages = engine.messages()
    assert isinstance(await the_next(messages), Greeting)
    refused = await the_next(messages)
    assert isinstance(refused, Refused)
    assert refused.problem
    with pytest.raises(EngineError, match="exit code 0"):  # nobody else is there, and nothing is to be done
        await the_next(messages)
    assert gone(engine.pid)


@pytest.mark.parametrize("before", [b"\x00\x00", pack(Open(experiment=experiment(0)))], ids=["half a message", "busy"])
@pytest.mark.sampled(1)
def test_an_engine_whose_view_vanishes_ends_where_it_was_told_so_and_tidies_up(before: bytes) -> None:
    engine = start_engine("stop")
    assert engine._process is not None
    try:
        engine._peer.sendall(before)
        engine._peer.close()
        assert engine._process.wait(timeout=PATIENCE) == 0
        assert not engine._folder.exists()
    finally:
        engine.close()


async def test_the_last_words_of_an_engine_that_is_killed(engine: EngineLink) -> None:
    messages = engine.messages()
    await the_next(messages)
    os.kill(engine.pid, signal.SIGKILL)
    with pytest.raises(EngineError, match="ended by signal 9"):
        await the_next(messages)
    engine.send(FrameRequest(number=1))  # says nothing, and fails nowhere


async def test_the_last_words_of_an_engine_that_cannot_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setattr("sys.executable", "/bin/false")
    engine = start_engine()
    try:
        with pytest.raises(EngineError, match="exit code 1"):
            await the_next(engine.messages())
    finally:
        engine.close()


@pytest.fixture
def served() -> Iterator[House]:
    with tempfile.TemporaryDirectory() as folder, house(Path(folder), "stop") as it:
        yield it


def test_training_does_not_wait_for_a_view_that_never_looks(served: House) -> None:
    guest = served.guest()
    guest.say(Open(experiment=experiment()))
    other = served.guest()
    assert other.look_until(lambda frame: frame.status.state == "done").status.tick == 180


def test_training_does_not_wait_for_a_view_that_never_reads(served: House) -> None:
    guest = served.guest()
    guest.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    guest.say(Open(experiment=experiment(60)))
    other, looks = served.guest(), 0
    while other.look().status.state != "done":  # it looks as fast as it can; far more than the socket holds
        looks += 1
        guest.say(FrameRequest(number=looks, wanted=EVERYTHING))
    numbers = [guest.hear(Frame).request]
    while numbers[-1] != looks:
        numbers.append(guest.hear(Frame).request)
    assert numbers == sorted(set(numbers))  # each once, in order


def test_a_look_is_held_while_nothing_is_newer(served: House) -> None:
    guest = served.guest()
    guest.say(Open(experiment=experiment(), play=False), FrameRequest(number=1))
    first = guest.hear(Frame)
    assert (first.request, first.status.tick) == (1, 0)
    guest.say(FrameRequest(number=2, seen=first.revision), Inquire())
    guest.hear(Whereabouts)  # the look has been heard as well, and is not answered
    guest.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        guest.hear(Frame)
    guest.socket.settimeout(PATIENCE)
    guest.say(Step())
    second = guest.hear(Frame)
    assert (second.request, second.status.tick, second.revision > first.revision) == (2, 1, True)
