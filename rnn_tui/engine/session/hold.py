"""Why a run holds."""

from rnn_tui.engine.session.progress import Progress
from rnn_tui.engine.training.breakpoint_watch import Hit, describe_hits

__all__ = ["Hold"]


class Hold:
    """The reasons for which a run holds now, and the notice that tells a person of them."""

    def __init__(self, notice: str = "") -> None:
        self.notice = notice
        self.hits: list[Hit] = []  # breakpoints that the last tick came to
        self.lost = False  # the last loss was not a number
        self.early = ""  # why it stopped early, if it has

    def forget(self) -> None:
        """Drop all reasons, because the run goes on."""
        self.notice, self.lost, self.early = "", False, ""
        self.hits.clear()

    def lose(self, problem: str) -> None:
        """Hold at a loss that is not a number, unless the run holds already."""
        if problem and not self.notice:
            self.lost, self.notice = True, problem

    def pause(self, hits: list[Hit], progress: Progress) -> None:
        """Hold at breakpoints, with those that were hit before in the same tick."""
        self.hits += hits
        if self.hits and not self.notice:
            self.notice = f"Paused at tick {progress.tick:,}, epoch {progress.epoch:,}: {describe_hits(self.hits)}."

    def stop_early(self, reason: str) -> None:
        """Hold because the loss has not improved."""
        self.early = reason
        self._add(f"Stopped: {reason}. Space plays on.")

    def end(self, progress: Progress) -> None:
        """Hold because the epochs are over."""
        epoch = progress.epoch
        self._add(f"{f'{epoch:,} epochs are' if epoch > 1 else 'The epoch is'} done. Space plays on.")

    def _add(self, sentence: str) -> None:
        self.notice = f"{self.notice} {sentence}".lstrip()
