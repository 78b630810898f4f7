"""What is printed of a comparison: a line for each network as it ends, and a table by group at the end."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import counted
from rnn_tui.experiment.findings import findings, sentences
from rnn_tui.experiment.members import member_name
from rnn_tui.experiment.network_rows import NetworkRows
from rnn_tui.experiment.outcomes import Group, Outcome, grouped, settings_compared
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.statistics import Quartiles, share_text, spread_text
from rnn_tui.experiment.vary import brief_text, short_name

__all__ = ["Report"]

_MOST_ROWS = 40  # of a table; of more combinations there is one table for each setting
_GAP = "  "


@dataclass(frozen=True, kw_only=True)
class Report(NetworkRows):
    """What is known of a comparison beforehand, and so what its lines and its table have."""

    def heading(self) -> str:
        """Return `hihello-gru: 128 networks, cell=rnn,gru seed=4..67`."""
        varied = " ".join(brief_text(each) for each in self.comparison.varied)
        return f"{safe(self.comparison.base.name)}: {counted(self.comparison.members, 'network')}, {varied}"

    # ---- a network ------------------------------------------------------------------------------------------------

    def line(self, outcome: Outcome) -> str:
        """Return `17  lr=0.0135 seed=20  learnt at epoch 23  loss 0.433`."""
        comparison = self.comparison
        number = f"{outcome.member + 1:>{len(str(comparison.members))}}"
        parts = [number, member_name(comparison, outcome.member).ljust(self._longest_name), self._fared(outcome)]
        if not outcome.diverged:
            parts.append(f"loss {_number(outcome.loss)}")
            if self.has_held_out:
                parts.append(f"held out {_number(outcome.held_out)}")
        return _GAP.join(parts)

    @cached_property
    def _longest_name(self) -> int:
        """The cells that the longest name of a member takes."""
        return (
            sum(
                len(short_name(setting(each.path)))
                + 2
                + max(len(each.text(index)) for index in range(len(each.values)))
                for each in self.comparison.varied
            )
            - 1
        )

    def _fared(self, outcome: Outcome) -> str:
        at = f"{self.unit} {outcome.epoch:,}"
        if outcome.diverged:
            return f"diverged at {at}"
        if not self.has_right:
            return at if outcome.done else f"stopped at {at}"
        if outcome.learnt:
            lost = "" if outcome.right else ", lost"
            told = f"learnt at {self.unit} {outcome.learnt:,}{lost}"
        else:
            told = "not learnt" if outcome.done else f"not yet at {at}"
        return told.ljust(len(f"learnt at {self.unit} {self.comparison.base.training.epochs:,}, lost"))

    def json_line(self, outcome: Outcome) -> str:
        """Return one JSON object; null stands for what is not known, and for a loss that is not a number."""
        return _json(self.fields(outcome))

    # ---- all of them ----------------------------------------------------------------------------------------------

    def tables(self, outcomes: Sequence[Outcome]) -> list[str]:
        """Return the lines of the table, or of one for each setting, where there are many combinations."""
        paths = settings_compared(self.comparison)
        groups = grouped(self.comparison, outcomes, paths)
        if len(groups) <= _MOST_ROWS:
            return self._table(groups, paths)
        lines: list[str] = []
        for path in paths:
            lines += [*([""] if lines else []), *self._table(grouped(self.comparison, outcomes, (path,)), (path,))]
        return lines

    def _table(self, groups: Sequence[Group], paths: Sequence[str]) -> list[str]:
        columns: list[list[str]] = []  # each with its heading; those of the settings first
        for path in paths:
            varied = next(each for each in self.comparison.varied if each.path == path)
            columns.append([short_name(setting(path)), *(varied.text(each.index(path)) for each in groups)])
        if not self.has_right:
            columns.append(["networks", *(f"{each.members:,}" for each in groups)])
        if self.has_right:
            columns.append(["learnt", *(f"{each.learnt:,} of {each.members:,}" for each in groups)])
            columns.append(["95 %", *(share_text(each.interval) for each in groups)])
            columns.append([f"at {self.unit}", *(_spread(each.epochs, whole=True) for each in groups)])
            if any(each.right < each.learnt for each in groups):
                columns.append(["right now", *(f"{each.right:,}" for each in groups)])
        columns.append(["loss", *(_spread(each.loss) for each in groups)])
        if self.has_held_out:
            columns.append(["held out", *(_spread(each.held_out) for each in groups)])
        for name in ("diverged", "going"):
            counts = [getattr(each, name) for each in groups]
            if any(counts):
                columns.append(["stopped" if name == "going" else name, *(f"{count:,}" for count in counts)])
        widths = [max(map(len, column)) for column in columns]
        rows = zip(
            *([cell.ljust(width) for cell in column] for column, width in zip(columns, widths, strict=True)),
            strict=True,
        )
        return [_GAP.join(row).rstrip() for row in rows]

    def sentences(self, outcomes: Sequence[Outcome]) -> list[str]:
        """Return what was found, in sentences."""
        told = findings(
            self.comparison, outcomes, unit=self.unit, has_right=self.has_right, has_held_out=self.has_held_out
        )
        return sentences(told)

    def summary_fields(self, outcomes: Sequence[Outcome]) -> dict[str, Any]:
        """Return the table as plain values, with a group for each combination, and what was found in words."""
        groups = grouped(self.comparison, outcomes, settings_compared(self.comparison))
        return {
            "networks": len(outcomes),
            "groups": [self._group_fields(each) for each in groups],
            "findings": self.sentences(outcomes),
        }

    def _group_fields(self, group: Group) -> dict[str, Any]:
        varied = {each.path: each for each in self.comparison.varied}
        found: dict[str, Any] = {
            "settings": {short_name(setting(path)): varied[path].values[index] for path, index in group.values}
        }
        found |= {"networks": group.members, "diverged": group.diverged, "stopped": group.going}
        if self.has_right:
            low, high = group.interval
            found |= {"learnt": group.learnt, "learnt_low": low, "learnt_high": high, "right": group.right}
            found[f"learnt_{self.unit}"] = _quartile_fields(group.epochs)
        found["loss"] = _quartile_fields(group.loss)
        if self.has_held_out:
            found["held_out"] = _quartile_fields(group.held_out)
        return found

    def json_summary(self, outcomes: Sequence[Outcome]) -> str:
        """Return the last object of the lines of JSON."""
        return _json(self.summary_fields(outcomes))


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "none"
    return f"{value:.4g}"


def _spread(quartiles: Quartiles | None, *, whole: bool = False) -> str:
    return "none" if quartiles is None else spread_text(quartiles, whole=whole)


def _quartile_fields(quartiles: Quartiles | None) -> dict[str, float] | None:
    return None if quartiles is None else {"lower": quartiles[0], "median": quartiles[1], "upper": quartiles[2]}


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=True).replace("\x7f", "\\u007f")
