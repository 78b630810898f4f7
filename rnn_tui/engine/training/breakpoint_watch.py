"""Whether a run has come to one of its breakpoints; asked where something new has been computed, never in replays."""

from rnn_tui.experiment.breakpoints import Breakpoint, parse_all

__all__ = ["BreakpointWatch", "Hit", "describe_hits"]

Hit = tuple[Breakpoint, str]  # and what has come to pass, in words


class BreakpointWatch:
    """The breakpoints of a run; it remembers nothing, and is handed what came before."""

    def __init__(self, until: tuple[str, ...] = ()) -> None:
        """Raise ExperimentError for a text that is not a breakpoint."""
        points = parse_all(until)
        self._updates = tuple(each for each in points if each.kind in ("learnt", "loss", "jump"))
        self._ticks = {int(each.value): each for each in points if each.kind == "tick"}
        self._epochs = {int(each.value): each for each in points if each.kind == "epoch"}
        self.losses = bool(self._updates)  # whether every update's loss must be known at once
        self.learnt = any(each.kind == "learnt" for each in points)  # whether every prediction must be

    def goes_past(self, tick: int) -> bool:
        """Tell whether a later tick is to be reached, after however many epochs."""
        return any(each > tick for each in self._ticks)

    def at_tick(self, tick: int, epoch: int | None) -> list[Hit]:
        """Return the breakpoints that a tick just done comes to; `epoch`: the one that it ended, if it did."""
        hits = []
        if tick in self._ticks:
            hits.append((self._ticks[tick], f"tick {tick:,} is done"))
        if epoch in self._epochs:
            hits.append((self._epochs[epoch], f"epoch {epoch:,} is done"))
        return hits

    def at_update(self, before: float | None, loss: float, *, learnt: bool) -> list[Hit]:
        """Return those that a whole pass comes to, after one with the loss `before`; `learnt`: the first right one."""
        hits = []
        for each in self._updates:
            if each.kind == "learnt":
                if learnt:
                    hits.append((each, "the prediction is right for the first time"))
            elif each.kind == "loss":
                if loss < each.value and (before is None or not before < each.value):
                    hits.append((each, f"the loss has fallen to {loss:.4f}"))
            elif before is not None and loss - before > each.value:
                hits.append((each, f"the loss has jumped from {before:.4f} to {loss:.4f}"))
        return hits


def describe_hits(hits: list[Hit]) -> str:
    """Describe what a run has come to: `the prediction is right for the first time (learnt)`."""
    return "; ".join(f"{words} ({point})" for point, words in hits)
