"""Where a run stands: ticks, passes and epochs."""

from rnn_tui.engine.training.trainer import Trainer

__all__ = ["Progress"]


class Progress:
    """Reads a trainer's counters. A pass reads one batch; an epoch is as many passes as the data have batches."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer

    @property
    def tick(self) -> int:
        """Ticks done."""
        return self._trainer.ticks

    @property
    def fed(self) -> int:
        """Time steps fed in the pass under way."""
        return self._trainer.fed

    @property
    def length(self) -> int:
        """Time steps in a pass."""
        return self._trainer.length

    @property
    def ticks_in_pass(self) -> int:
        """Ticks that a pass takes: by character one for each time step, else one."""
        return self.length if self._trainer.unit == "character" else 1

    @property
    def pass_number(self) -> int:
        """The pass under way, or the last one, from 1; 0 before the first."""
        return self._trainer.epoch

    @property
    def whole_passes(self) -> int:
        """Passes completed."""
        return self.pass_number if self.at_end_of_pass else max(0, self.pass_number - 1)

    @property
    def passes(self) -> float:
        """Passes done, with the part of the one under way."""
        return max(0, self.pass_number - 1) + self.fed / self.length

    @property
    def updates(self) -> int:
        """Updates made, with the one for which the gradients are ready."""
        return self._trainer.updates + (self._trainer.has_update and self._trainer.is_due)

    @property
    def collected(self) -> int:
        """Passes whose gradients wait for an update."""
        return self._trainer.collected

    @property
    def batches(self) -> int:
        """Passes in an epoch."""
        return self._trainer.dataset.batches

    @property
    def epoch(self) -> int:
        """The epoch that the last tick belongs to, from 1; 0 before the first."""
        return -(-self.pass_number // self.batches)

    @property
    def at_end_of_pass(self) -> bool:
        """Whether the last tick completed a pass."""
        return self._trainer.at_end_of_pass

    @property
    def at_end_of_epoch(self) -> bool:
        """Whether the last tick completed a pass over all of the data."""
        return self.at_end_of_pass and self.pass_number % self.batches == 0

    def has_completed(self, epochs: int) -> bool:
        """Tell whether so many epochs are over; 0: never."""
        return bool(epochs) and self.pass_number >= epochs * self.batches and self.at_end_of_pass

    @property
    def at_end_of_stretch(self) -> bool:
        """Whether shift+→ would hold here."""
        return self.at_end_of_pass and self.pass_number % self._stretch == 0

    @property
    def passes_at_end_of_last_stretch(self) -> int:
        """Passes completed where shift+← would hold; 0: at the beginning."""
        ended = self.whole_passes - (1 if self.at_end_of_pass else 0)
        return ended - ended % self._stretch

    @property
    def _stretch(self) -> int:
        """Passes that shift+→ goes through: one by character, an epoch by sequence."""
        return 1 if self._trainer.unit == "character" else self.batches
