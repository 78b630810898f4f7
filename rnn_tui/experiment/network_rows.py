"""The table of a comparison: a row for each network, with what it is and how it has fared."""

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.outcomes import Outcome
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.vary import short_name

__all__ = ["NetworkRows"]


@dataclass(frozen=True, kw_only=True)
class NetworkRows:
    """What is known of the networks beforehand, and so what a row has."""

    comparison: Comparison
    counts_epochs: bool = True  # whether epochs are counted; else updates, of texts and series
    has_right: bool = True  # whether a network can be right, and so have learnt it
    has_held_out: bool = False

    @property
    def unit(self) -> str:
        """What is counted."""
        return "epoch" if self.counts_epochs else "update"

    def fields(self, outcome: Outcome) -> dict[str, Any]:
        """Return a row by the names of its columns; None stands for what is not known."""
        state = "diverged" if outcome.diverged else "done" if outcome.done else "stopped"
        found: dict[str, Any] = {"member": outcome.member + 1, "settings": self._settings(outcome.member)}
        found |= {"state": state, self.unit: outcome.epoch}
        if self.has_right:
            found |= {"learnt": outcome.learnt or None, "right": outcome.right}
        found["loss"] = _finite(outcome.loss)
        if self.has_held_out:
            found["held_out"] = _finite(outcome.held_out)
        return found

    def csv(self, outcomes: Iterable[Outcome]) -> str:
        """Return a row for each network, after one with the names; empty where nothing is known."""
        rows = [self.fields(each) for each in outcomes]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        names = [short_name(setting(each.path)) for each in self.comparison.varied]
        others = [name for name in self.fields(Outcome(member=0, epoch=0)) if name not in ("member", "settings")]
        writer.writerow(["member", *names, *others])
        for row in rows:
            values = [row["member"], *row["settings"].values(), *(row[name] for name in others)]
            writer.writerow(["" if value is None else value for value in values])
        return out.getvalue()

    def _settings(self, member: int) -> dict[str, Any]:
        indices = self.comparison.indices(member)
        return {
            short_name(setting(each.path)): each.values[index]
            for each, index in zip(self.comparison.varied, indices, strict=True)
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
