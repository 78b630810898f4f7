"""The core of the seam: what engines and clients of different versions say to each other is understood, for ever."""

import json
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.protocol.commands import Open
from rnn_tui.protocol.core import (
    CoreCommand,
    CoreMessage,
    Detach,
    Farewell,
    Greeting,
    Inquire,
    Refused,
    RunSummary,
    Stop,
)
from rnn_tui.protocol.engine_messages import Frame, Left, Whereabouts
from rnn_tui.protocol.field import KeptMember
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.protocol.rendezvous import Note
from rnn_tui.protocol.script_log import LogLines
from rnn_tui.protocol.version import VERSION
from rnn_tui.protocol.wire import ProtocolError, decode_command, decode_core, pack
from tests.fake_engines import RECORDED
from tests.message_schema import FOLDER, description
from tests.protocol.test_messages import MESSAGES, WHERE


def recorded(name: str) -> bytes:
    return (RECORDED / f"{name}.bin").read_bytes()[4:]


def test_the_core_never_changes() -> None:
    """Do not write this file anew: engines that are out there hold us to it."""
    expected = json.loads((FOLDER / "core.json").read_text())
    assert description(CoreCommand, CoreMessage, Note | None) == expected


def test_what_an_engine_of_0_1_0_said_is_understood() -> None:
    assert decode_core(recorded("greeting")) == Greeting(version=2, torch="2.13.0+cpu")
    where = decode_core(recorded("whereabouts"))
    assert isinstance(where, RunSummary)
    assert (where.process, where.views, where.kept) == (2407, 1, "")
    assert where.name == "hihello-2026-11-26-d82d7b"
    assert where.device == "cpu"
    assert where.experiment is not None
    assert where.experiment.name == "hihello"
    network = where.experiment.network
    assert (network.cell, network.layers, network.hidden_size, network.bidirectional) == ("rnn", 1, 5, False)
    assert where.status is not None
    status = where.status
    assert (status.tick, status.epoch, status.epochs, status.loss, status.state) == (0, 0, 100, None, "paused")
    left, stopped = decode_core(recorded("left")), decode_core(recorded("stopped"))
    assert isinstance(left, Farewell)
    assert isinstance(stopped, Farewell)
    assert (left.stopped, left.problem, left.run.name) == (False, "", where.name)
    assert (stopped.stopped, stopped.problem, stopped.run.name) == (True, "", where.name)


def test_what_a_view_of_0_1_0_said_is_understood() -> None:
    assert decode_command(recorded("say-inquire")) == Inquire()
    assert decode_command(recorded("say-detach")) == Detach()
    assert decode_command(recorded("say-stop")) == Stop(keep=False)
    look, opened = decode_command(recorded("say-look")), decode_command(recorded("say-open"))
    assert isinstance(look, FrameRequest)
    assert (look.wanted.count, look.wanted.units, look.wanted.layers) == (6, 5, (0, 1))
    assert isinstance(opened, Open)
    assert opened.experiment.data.targets == ("ihello",)


def test_what_is_said_to_an_engine_of_0_1_0_is_what_its_own_view_said() -> None:
    for name, command in (("inquire", Inquire()), ("detach", Detach()), ("stop", Stop())):
        assert msgspec.msgpack.decode(pack(command)[4:]) == msgspec.msgpack.decode(recorded(f"say-{name}"))


def test_a_view_of_0_1_0_learns_of_another_version_from_the_first_words() -> None:
    """It read `version` and `torch`, and then stopped reading."""
    first = msgspec.msgpack.decode(pack(Greeting(version=VERSION, torch="2.13", program="0.2.0"))[4:])
    fields = json.loads((FOLDER / "messages-2.json").read_text())["Greeting"]
    assert {name for name in fields if "(" not in name} <= set(first)
    assert first["version"] == VERSION != 2


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)
def test_every_version_reads_its_part_of_what_is_said_now(message: msgspec.Struct) -> None:
    found = decode_core(pack(message)[4:])  # type: ignore[arg-type]
    if isinstance(message, Frame | LogLines | KeptMember):
        assert found is None
        return
    whole, part = msgspec.to_builtins(message), msgspec.to_builtins(found)

    def within(inner: object, outer: object) -> bool:
        if isinstance(inner, dict) and isinstance(outer, dict):
            return all(key in outer and within(value, outer[key]) for key, value in inner.items())
        return inner == outer

    assert within(part, whole)
    if isinstance(message, (Whereabouts, Left)):
        summary = found.run if isinstance(found, Farewell) else found
        assert isinstance(summary, RunSummary)
        assert summary.experiment is not None
        assert summary.experiment.network.hidden_size == 5
        assert summary.status is not None
        assert summary.status.tick == WHERE.status.tick  # type: ignore[union-attr]


def test_a_later_version_may_say_more() -> None:
    more = {"type": "Greeting", "version": 99, "torch": "4", "mood": {"a": [1]}}
    assert decode_core(msgspec.msgpack.encode(more)) == Greeting(version=99, torch="4")
    assert decode_core(msgspec.msgpack.encode({"type": "Telemetry", "values": [1]})) is None
    assert decode_core(msgspec.msgpack.encode({"type": "Refused", "problem": "no", "code": 3})) == Refused(problem="no")
    assert decode_command(msgspec.msgpack.encode({"type": "Stop", "keep": True, "gently": True})) == Stop(keep=True)


@given(st.binary(max_size=100))
def test_nonsense_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_core(data)


@given(st.sampled_from(["greeting", "whereabouts", "left"]), st.data())
def test_flipped_bits_raise_nothing_else(name: str, data: st.DataObject) -> None:
    flipped = bytearray(recorded(name))
    for bit in data.draw(st.lists(st.integers(0, 8 * len(flipped) - 1), min_size=1, max_size=5)):
        flipped[bit // 8] ^= 1 << bit % 8
    with suppress(ProtocolError):
        decode_core(bytes(flipped))


def test_what_was_recorded_is_all_there() -> None:
    assert {each.stem for each in Path(RECORDED).glob("*.bin")} >= {"greeting", "whereabouts", "left", "stopped"}
