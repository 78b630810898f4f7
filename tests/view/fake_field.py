"""An engine of a field without torch: it answers by hand, and writes down what it is told."""

from msgspec.structs import replace

from rnn_tui.experiment.comparison import Comparison
from rnn_tui.protocol.commands import Command
from rnn_tui.protocol.field import OpenField
from tests.fake_fields import facts_of, picture_of
from tests.view.fake_engine import FakeEngine
from tests.view.fake_frames import MIDWAY, frame_of

__all__ = ["FieldEngine"]


class FieldEngine(FakeEngine):
    """Stands in for the engine of a field, of which so many epochs are over."""

    def __init__(self, epoch: int = 60) -> None:
        super().__init__(replace(MIDWAY, epoch=epoch, fed=6, running_loss=None, speed=0.0))
        self.epoch = epoch
        self.field: Comparison | None = None
        self.fields = 0  # that have been opened

    def send(self, command: Command) -> None:
        """Begin a field, or do what the other fake engine does."""
        if isinstance(command, OpenField):
            self.commands.append(command)
            self.field = command.comparison
            self.fields += 1
            self._begin(command.comparison.base)
            self.move(state="playing" if command.play else "paused")
        else:
            super().send(command)

    def _answer(self) -> None:
        look, field = self._pending, self.field
        if field is None:
            super()._answer()
            return
        if look is None or (look.seen == self.revision and look.opened == self.run):
            return
        self._pending = None
        wanted = look.wanted
        member = wanted.member or 0
        self.run = 10_000 * self.fields + member  # each has a description of its own
        picture = None if wanted.field is None else picture_of(field, self.epoch, wanted.field)
        frame = frame_of(
            look, field.experiment(member), self.status, run=self.run, revision=self.revision, field=picture,
            learnt=None, predictions=(),
        )  # fmt: skip
        if frame.opened is not None:
            frame = replace(frame, opened=replace(frame.opened, field=facts_of(field)))
        self.frames.append(frame)
        self._said.put_nowait(frame)
