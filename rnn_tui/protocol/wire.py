"""Messages as bytes: msgpack after a length of four bytes (big-endian); arrays as dtype, shape and bytes.

What arrives is checked before anything is made of it.
"""

import math
from typing import Any, get_args

import msgspec
import numpy as np

from rnn_tui.protocol.commands import Command
from rnn_tui.protocol.core import CoreMessage
from rnn_tui.protocol.engine_messages import EngineMessage
from rnn_tui.protocol.version import VERSION

__all__ = [
    "MAX_COMMAND",
    "MAX_MESSAGE",
    "Buffer",
    "ProtocolError",
    "decode_command",
    "decode_core",
    "decode_message",
    "pack",
]

MAX_MESSAGE = 64 * 2**20  # bytes; a frame is as large as the screen needs, so no real one comes near
MAX_COMMAND = 8 * 2**20  # bytes; the longest command holds an experiment with its texts


class ProtocolError(ValueError):
    """The bytes are no message of this version; the text says why."""


class _Tagged(msgspec.Struct):
    type: str


def _encode_array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tobytes())
    raise TypeError(f"{type(value).__name__} does not cross the seam")


def _decode_array(kind: Any, value: Any) -> Any:
    wanted = np.dtype(get_args(get_args(kind)[1])[0])  # of NDArray[...]
    match value:
        case [str(code), [*shape], bytes(data)] if (
            all(isinstance(n, int) and n >= 0 for n in shape) and len(shape) <= 8
        ):
            if code != wanted.str:
                raise ValueError(f"an array of {code[:8]} where {wanted.str} is right")
            if math.prod(shape) * wanted.itemsize != len(data):
                raise ValueError(f"an array of {code[:8]} that is not {tuple(shape)}")
            return np.frombuffer(data, wanted).reshape(shape)
    raise ValueError("no array")


_encoder = msgspec.msgpack.Encoder(enc_hook=_encode_array)
_commands: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_messages: msgspec.msgpack.Decoder[EngineMessage] = msgspec.msgpack.Decoder(EngineMessage, dec_hook=_decode_array)
_kinds = msgspec.msgpack.Decoder(_Tagged)
_core: msgspec.msgpack.Decoder[CoreMessage] = msgspec.msgpack.Decoder(CoreMessage)
_CORE = {each.__struct_config__.tag for each in get_args(CoreMessage)}


def pack(message: Command | EngineMessage) -> bytes:
    """Return a message as bytes, with its length before it."""
    body = _encoder.encode(message)
    return len(body).to_bytes(4, "big") + body


def decode_command(body: bytes) -> Command:
    """Return what a view has said. Raises ProtocolError if it is no command."""
    try:
        return _commands.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"not a command of protocol {VERSION}: {error}") from None


def decode_message(body: bytes) -> EngineMessage:
    """Return what an engine has said. Raises ProtocolError if it is no message of an engine."""
    try:
        return _messages.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"not a message of protocol {VERSION}: {error}") from None


def decode_core(body: bytes) -> CoreMessage | None:
    """Return the part of an engine's message that every version understands; None: it is of another kind.

    Raises ProtocolError if it is no message at all.
    """
    try:
        return _core.decode(body) if _kinds.decode(body).type in _CORE else None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"not a message of any protocol: {error}") from None


class Buffer:
    """Cuts a stream of bytes into message bodies."""

    def __init__(self, most: int = MAX_MESSAGE) -> None:
        self._most = most  # bytes that a message may have
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take in data, and return the bodies that are complete. Raises ProtocolError if one is too long."""
        self._bytes += data
        bodies = []
        while len(self._bytes) >= 4:
            length = int.from_bytes(self._bytes[:4], "big")
            if length > self._most:
                raise ProtocolError(f"a message of {length:,} bytes; the most is {self._most:,}")
            if len(self._bytes) < 4 + length:
                break
            bodies.append(bytes(self._bytes[4 : 4 + length]))
            del self._bytes[: 4 + length]
        return bodies
