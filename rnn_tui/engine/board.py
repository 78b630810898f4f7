"""The losses as event files for TensorBoard, written by its own writer: the extra `rnn-tui[tensorboard]`."""

import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from rnn_tui.engine.history import Series
from rnn_tui.whole import make_folder

__all__ = ["Board"]

_MOST = 100  # points at once; TensorBoard draws a thousand in all


class Board:
    """One event file, with `loss` at the number of each update. Raises OSError where it cannot be written."""

    def __init__(self, folder: Path, known: int) -> None:
        """`known` updates have been told of by others."""
        make_folder(folder)
        self._writer = EventFileWriter(str(folder))
        self._known = known
        self._begin()

    def catch_up(self, losses: Series) -> None:
        """Write the losses that are not there yet; of very many at once, some, and the newest among them."""
        if len(losses) < self._known:  # another branch
            self._known = len(losses)
            self._begin()
        stride = -(-(len(losses) - self._known) // _MOST) or 1
        for index in range(len(losses) - 1, self._known - 1, -stride)[::-1]:
            summary = Summary(value=[Summary.Value(tag="loss", simple_value=losses.at(index))])
            self._writer.add_event(Event(wall_time=time.time(), step=index + 1, summary=summary))
        self._known = len(losses)
        self._writer.flush()

    def _begin(self) -> None:
        """What other event files tell of later updates does not hold any more."""
        start = SessionLog(status=SessionLog.START)
        self._writer.add_event(Event(wall_time=time.time(), step=self._known + 1, session_log=start))

    def close(self) -> None:
        """The file is whole."""
        self._writer.close()
