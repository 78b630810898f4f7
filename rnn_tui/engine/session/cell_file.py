"""The file of a session's own cell, read again when its author has changed it."""

import time
from collections.abc import Callable

from msgspec.structs import replace

from rnn_tui.engine.network.cell_error import CellError
from rnn_tui.engine.network.module_cells import ModuleCells
from rnn_tui.engine.network.own_cell import file_stamp, loaded_cell, own_facts, put_code
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.named_cell import named_cell

__all__ = ["LOOK_EVERY", "CellFile"]

LOOK_EVERY = 0.5  # seconds


class CellFile:
    """Looks now and then whether the file has changed, and has the session compute what it says now."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked_at = clock()
        self._stamp: tuple[int, int] | None = None  # of the file when it was read last, rightly or not

    def begin(self) -> None:
        """Take the file as it is for what a session has begun with."""
        named = named_cell()
        self._stamp = None
        if named is not None:
            try:
                self._stamp = file_stamp(named)
            except OSError:
                return

    def read_again(self, session: Session) -> bool:
        """Put the code of a file that has changed in the place of what there was; the weights stay. Return whether.

        Raises CellError for a file that cannot be used as it is now: the session computes what it did.
        """
        now = self._clock()
        if session.experiment.network.cell != OWN or now - self._looked_at < LOOK_EVERY:
            return False
        self._looked_at = now
        named = named_cell()
        try:
            stamp = None if named is None else file_stamp(named)
        except OSError:
            return False  # an editor may be about to put another in its place
        if stamp is None or stamp == self._stamp:
            return False
        self._stamp = stamp
        _put(session)
        return True


def _put(session: Session) -> None:
    """Have a session compute what the file says now. Raises CellError."""
    trainer = session.trainer
    network, loaded = trainer.experiment.network, loaded_cell()
    own, before = own_facts(trainer.experiment), network.own
    if before is not None and (own.weights, own.has_c) != (before.weights, before.has_c):
        what = "its weights have other shapes now" if own.has_c == before.has_c else "its state is another one now"
        raise CellError(loaded.named, f"{what}, so the run cannot go on with it: b begins again")
    recurrent = trainer.model.recurrent
    assert isinstance(recurrent, ModuleCells)
    for cell in recurrent.cells:
        put_code(cell, loaded)
    trainer.experiment = replace(trainer.experiment, network=replace(network, own=own))
    trainer.computed = None
