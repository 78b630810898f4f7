"""What is printed of the accuracy by length, at the end of a run over pairs of different lengths."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rnn_tui.engine.training.accuracy_by_length import AtLength

__all__ = ["lengths_json", "lengths_table"]


def lengths_table(found: Sequence[AtLength]) -> str:
    """Return a line for each length; neighbours that are all right, or all wrong, share one."""
    groups: list[list[AtLength]] = []
    for each in found:
        if groups and _alike(groups[-1][-1], each):
            groups[-1].append(each)
        else:
            groups.append([each])
    rows = [_row(group) for group in groups]
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    lines = [f"  {a:>{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d}" for a, b, c, d in rows]
    return "\n".join(["accuracy by length of the input:", *lines])


def lengths_json(found: Sequence[AtLength]) -> str:
    """Return one JSON object in a line."""
    return json.dumps({"accuracy_by_length": [asdict(each) for each in found]})


def _alike(one: AtLength, other: AtLength) -> bool:
    """Tell whether two neighbours can share a line."""
    is_whole = {each.right / each.rows for each in (one, other)} in ({0.0}, {1.0})
    return is_whole and one.learnt == other.learnt


def _row(group: Sequence[AtLength]) -> tuple[str, str, str, str]:
    first, last = group[0], group[-1]
    lengths = str(first.length) if first is last else f"{first.length}–{last.length}"
    right, rows = sum(each.right for each in group), sum(each.rows for each in group)
    return lengths, "learnt" if first.learnt else "held out", f"{right / rows:.0%}", f"{right:,} of {rows:,} right"
