"""The losses as event files for TensorBoard, written by its own writer: the extra `rnn-tui[tensorboard]`."""

import math
import os
import secrets
import socket
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from rnn_tui.common.atomic_files import Folder, make_folder
from rnn_tui.engine.training.eval_history import EvalHistory
from rnn_tui.engine.training.loss_history import LossSeries

__all__ = ["TensorBoardLog"]

_MOST = 100  # points at once; TensorBoard draws a thousand in all


class TensorBoardLog:
    """One event file: `loss` at the number of each pass, `held_out/loss` and `held_out/accuracy` at those after which
    held-out data were evaluated, always the same part of them. Raises OSError where it cannot be written."""

    def __init__(self, folder: Path, known: int) -> None:
        """Begin a file after `known` passes, which are in other event files already."""
        make_folder(folder)
        seconds, rest = divmod(time.time_ns(), 10**9)  # TensorBoard reads files in the order of their names
        unique = f"{seconds:010d}.{rest:09d}.{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"
        with Folder(folder) as opened:
            # EventFileWriter would follow a link that has the name of its file
            self._writer = RecordWriter(opened.create(f"events.out.tfevents.{unique}"))
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        self._known = self._evaluated = known
        self._begin()

    def catch_up(self, losses: LossSeries, evaluations: EvalHistory) -> None:
        """Write the losses that are not there yet; of very many at once, some, and the newest among them."""
        if len(losses) < self._known:  # another branch
            self._known = len(losses)
            self._evaluated = min(self._evaluated, self._known)
            self._begin()
        stride = -(-(len(losses) - self._known) // _MOST) or 1
        for index in range(len(losses) - 1, self._known - 1, -stride)[::-1]:
            self._add(index + 1, "loss", losses.at(index))
        self._known = len(losses)
        for each in evaluations.after(self._evaluated):
            self._add(each.update, "held_out/loss", each.loss)
            if not math.isnan(each.accuracy):  # numbers have none
                self._add(each.update, "held_out/accuracy", each.accuracy)
            self._evaluated = each.update
        self._writer.flush()

    def close(self) -> None:
        """Complete the file."""
        self._writer.close()

    def _add(self, step: int, tag: str, value: float | None) -> None:
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        self._write(Event(wall_time=time.time(), step=step, summary=summary))

    def _begin(self) -> None:
        """Have TensorBoard drop what other event files say of later passes."""
        start = SessionLog(status=SessionLog.START)
        self._write(Event(wall_time=time.time(), step=self._known + 1, session_log=start))
        self._writer.flush()

    def _write(self, event: Event) -> None:
        self._writer.write(event.SerializeToString())
