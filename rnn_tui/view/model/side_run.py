"""One of the runs that are looked at side by side: what it was asked for, and what it has answered."""

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
        self.curve: Curve | None = None  # the newest one
        self.lost = ""  # how its engine has ended

    def update(self, frame: Frame) -> bool:
        """Take in a new frame; return whether it can be drawn."""
        if frame.opened is not None:
            if self.opened is None or frame.opened.run != self.opened.run:
                self.curve = None
            self.opened = frame.opened.completed(self.opened)
        if self.opened is None:
            return False
        self.frame = frame
        self.curve = frame.curve or self.curve
        return True

    @property
    def told(self) -> str:
        """How far it is, in a line."""
        if self.lost:
            return f"{self.name} · ✗ {self.lost}"
        if self.frame is None:
            return f"{self.name} · waiting for its engine"
        status = self.frame.status
        parts = [self.name, f"epoch {status.epoch:,}" if status.batches == 1 else f"update {status.update:,}"]
        if status.loss is not None:
            parts.append(f"loss {status.loss:.3g}")
        if self.frame.learnt is not None:
            parts.append(f"first right in epoch {self.frame.learnt:,}")
        return " · ".join(parts)
