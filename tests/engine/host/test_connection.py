"""Connections never block the training: sockets are read and written only as far as they are ready."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnn_tui.engine.host.connection import Connection, Reception
from rnn_tui.protocol.core import Greeting, Inquire, Refused, Stop
from rnn_tui.protocol.version import VERSION
from rnn_tui.protocol.wire import pack

_PATIENCE = 20.0


def returns(call: Callable[[], object]) -> bool:
    """Return whether a call comes back by itself."""
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    return not thread.is_alive()


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    with theirs:
        yield Connection(ours), theirs


def test_reading_does_not_wait_for_who_says_nothing(ends: tuple[Connection, socket.socket]) -> None:
    assert returns(ends[0].receive)


def test_writing_does_not_wait_for_who_reads_nothing(ends: tuple[Connection, socket.socket]) -> None:
    connection, _ = ends
    assert returns(lambda: connection.send(Refused(problem=4_000_000 * "x")))
    assert connection.is_behind


@pytest.fixture
def reception(tmp_path: Path) -> Iterator[tuple[Reception, str]]:
    path = str(tmp_path / "s")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(8)
    it = Reception(listener, Greeting(version=VERSION, torch="2"))
    yield it, path
    it.close()


def test_the_door_is_open_to_all_who_wait_at_it_and_shut_behind_them(reception: tuple[Reception, str]) -> None:
    it, path = reception
    guests = [socket.socket(socket.AF_UNIX) for _ in range(3)]
    for guest in guests:
        guest.connect(path)
    assert returns(lambda: it.wait(0))
    assert len(it._connections) == 3
    for guest in guests:
        guest.close()


def test_the_bell_never_blocks_who_rings_it(reception: tuple[Reception, str]) -> None:
    def ring() -> None:
        for _ in range(10_000):
            reception[0].ring()

    assert returns(ring)
    assert reception[0].closing


def test_words_that_have_come_are_all_heard_in_order_a_few_at_a_time(ends: tuple[Connection, socket.socket]) -> None:
    connection, theirs = ends
    theirs.sendall(100 * pack(Inquire()))
    theirs.shutdown(socket.SHUT_WR)
    heard = []
    while connection.open:
        heard.append(len(connection.receive()))
    assert sum(heard) == 100
    assert max(heard) < 20


def test_what_waits_for_one_that_does_not_read_is_bounded(ends: tuple[Connection, socket.socket]) -> None:
    connection, _ = ends
    sent = 0
    while connection.open:
        connection.send(Refused(problem=1000 * "x"))
        sent += 1
        assert len(connection._outgoing) < 400_000
        assert sent < 10_000
    assert sent > 200


def test_one_that_reads_may_hear_as_much_as_it_likes(ends: tuple[Connection, socket.socket]) -> None:
    connection, theirs = ends
    for _ in range(3000):
        connection.send(Refused(problem=1000 * "x"))
        while connection.is_behind:
            theirs.recv(1 << 20)
            connection.flush()
    assert connection.open


def test_what_the_socket_does_not_take_at_once_is_sent_as_it_is_read(reception: tuple[Reception, str]) -> None:
    it, path = reception
    said = pack(Refused(problem=2_000_000 * "x"))
    with socket.socket(socket.AF_UNIX) as guest:
        guest.connect(path)
        it.wait(0)
        (connection,) = it._connections.values()
        it.send(connection, Refused(problem=2_000_000 * "x"))
        assert connection.is_behind
        guest.settimeout(_PATIENCE)
        heard = bytearray()
        while connection.is_behind:
            heard += guest.recv(1 << 16)  # fails where no more comes
            assert it.wait(0) == []  # the guest says nothing, and goes on reading
            assert len(heard) <= len(said) + 1000
        while not heard.endswith(said):
            heard += guest.recv(1 << 16)


def test_what_was_said_before_hanging_up_is_heard(reception: tuple[Reception, str]) -> None:
    """As by `rnn-tui stop`, which waits so long for an engine in a long step, and no longer."""
    it, path = reception
    with socket.socket(socket.AF_UNIX) as guest:
        guest.connect(path)
        guest.sendall(pack(Stop()))
    said = []
    for _ in range(3):  # let in, heard, at its end
        said += [command for _, command in it.wait(0)]
        it.gone()
    assert said == [Stop()]
    assert not it._connections
