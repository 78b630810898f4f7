"""What the networks of a field show, in the sentences that the engine has computed."""

from collections.abc import Sequence

from rnn_tui.common.glyphs import safe
from rnn_tui.draw.kit.text_fit import fold
from rnn_tui.protocol.field import FieldPicture

__all__ = ["found_briefly", "found_lines", "found_words"]

_MOST = 3  # it takes at most one row in so many


def found_words(picture: FieldPicture | None) -> list[str]:
    """Return what has been found, in sentences; of networks that could go on it is what has been found so far."""
    if picture is None:
        return []
    so_far = "So far: " if picture.going else ""
    return [f"{so_far}{safe(each)}" for each in picture.findings]


def found_lines(found: Sequence[str], width: int, height: int) -> list[str]:
    """Return the lines of what has been found: all of the first sentences that fit a third of the rows."""
    lines: list[str] = []
    for each in found:
        folded = fold(each, max(1, width - 2))
        if len(lines) + len(folded) > height // _MOST:
            break
        lines += folded
    return lines


def found_briefly(found: Sequence[str]) -> list[str]:
    """Return the first of the sentences in ever fewer words, each form as true as the whole; empty if there is none."""
    if not found:
        return []
    first = found[0].partition("; ")[0]
    without_interval = first.rpartition(" (")[0] if first.endswith(")") else first
    shortest = without_interval.partition(", with")[0].partition(": of all seeds")[0]
    return [found[0], first, without_interval, shortest]
