"""One of the runs that are looked at side by side: what it was asked for, and what it has answered."""

import math

from rnn_tui.draw.kit.numbers import compact
from rnn_tui.draw.status_parts import STATES
from rnn_tui.protocol.commands import Open
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.field import OpenField
from rnn_tui.protocol.frame import Curve

__all__ = ["SideRun"]


class SideRun:
    """A run, or a member of a field, without a widget and without a link."""

    def __init__(self, name: str, *, member: int | None = None, first: Open | OpenField | None = None) -> None:
        """Name a run. `member` is one of a field; `first` opens the run where its engine has just been started."""
        self.name = name
        self.member = member
        self.first = first
        self.opened: Opened | None = None
        self.frame: Frame | None = None
        self.charted: Frame | None = None  # the newest frame that brought a curve
        self.lost = ""  # how its engine has ended

    def update(self, frame: Frame) -> bool:
        """Take in a new frame; return whether it can be drawn."""
        if frame.opened is not None:
            if self.opened is None or frame.opened.run != self.opened.run:
                self.charted = None
            self.opened = frame.opened.completed(self.opened)
        if self.opened is None:
            return False
        self.frame = frame
        self.charted = frame if frame.curve is not None else self.charted
        return True

    @property
    def curve(self) -> Curve | None:
        """The newest loss curve."""
        return None if self.charted is None else self.charted.curve

    @property
    def measure(self) -> tuple[bool, str]:
        """What its loss curve is drawn by: squared errors or nats, over epochs or updates."""
        assert self.opened is not None
        assert self.frame is not None
        by_epoch = self.frame.status.batches == 1
        return self.opened.experiment.is_numbers, "epoch" if by_epoch else "update"

    @property
    def told(self) -> str:
        """How far it is, in a line."""
        if self.lost:
            return f"{self.name} · ✗ {self.lost}"
        if self.frame is None:
            return f"{self.name} · waiting for its engine"
        status = self.frame.status
        state = "■ done" if status.ended else STATES[status.state]
        if status.loss is not None and not math.isfinite(status.loss):
            state = "✗ diverged"
        parts = [self.name, state, f"epoch {status.epoch:,}" if status.batches == 1 else f"update {status.update:,}"]
        if status.loss is not None:
            parts.append(f"loss {compact(status.loss)}")
        if self.frame.learnt is not None:
            parts.append(f"first right in epoch {self.frame.learnt:,}")
        return " · ".join(parts)
