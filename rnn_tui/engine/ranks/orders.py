"""What rank 0 tells the other ranks to do next. They do nothing else, so all come to each collective together."""

import msgspec

from rnn_tui.experiment.spec import Experiment, Training
from rnn_tui.protocol.frame_request import Wanted

__all__ = [
    "Begin",
    "End",
    "Evaluate",
    "FinishUpdate",
    "Look",
    "Order",
    "Reconfigure",
    "Restore",
    "Take",
    "Tick",
    "decode",
    "encode",
]


class Tick(msgspec.Struct, frozen=True, tag=True):
    """Compute the next pass."""


class FinishUpdate(msgspec.Struct, frozen=True, tag=True):
    """Make the update that the last pass has prepared."""


class Begin(msgspec.Struct, frozen=True, tag=True):
    """Build the trainer of an experiment, at tick 0."""

    experiment: Experiment


class Reconfigure(msgspec.Struct, frozen=True, tag=True):
    """Change the training settings."""

    training: Training


class Take(msgspec.Struct, frozen=True, tag=True):
    """Take part in a snapshot: of now, or of the beginning of the last pass."""

    beginning: bool


class Restore(msgspec.Struct, frozen=True, tag=True):
    """Receive a snapshot, and go on from it."""


class Evaluate(msgspec.Struct, frozen=True, tag=True):
    """Evaluate one piece of what is held out: the one after `first` that is this rank's."""

    first: int
    whole: bool  # of all pieces, rather than of those that are evaluated every time


class Look(msgspec.Struct, frozen=True, tag=True):
    """Show a row of the last pass, where it is one of this rank's."""

    wanted: Wanted  # with the number of the row among those of its rank
    rank: int


class End(msgspec.Struct, frozen=True, tag=True):
    """Stop."""


Order = Tick | FinishUpdate | Begin | Reconfigure | Take | Restore | Evaluate | Look | End

_encoder = msgspec.msgpack.Encoder()
_decoder: "msgspec.msgpack.Decoder[Order]" = msgspec.msgpack.Decoder(Order)


def encode(order: Order) -> bytes:
    """Return an order as bytes."""
    return _encoder.encode(order)


def decode(data: bytes) -> Order:
    """Return an order from bytes. Raises msgspec.ValidationError."""
    return _decoder.decode(data)
