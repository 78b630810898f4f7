"""The legend of a chart of groups: a mark, the value, and what is to be said of each group."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.strip import Strip

from rnn_tui.draw.field.groups import Group, Groups
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.palette import Palette

__all__ = ["with_legend"]

_GAP = 3  # cells between two entries of a row
_MOST = 3  # a legend takes at most one row in so many


def with_legend(
    entries: Sequence[tuple[Group, Sequence[str]]], groups: Groups, *, width: int, height: int, palette: Palette
) -> list[Strip]:
    """Return the rows of a legend: for each group its words in the longest form in which all of them have room.

    It takes at most a third of the height; empty where there is none for it.
    """
    most = height // _MOST
    if not entries or most < 1:
        return []
    heading = _heading(groups)
    forms = max(len(words) for _, words in entries)
    for form in range(forms):
        texts = [f"{_name(group)}{words[min(form, len(words) - 1)]}" for group, words in entries]
        rows = _rows(texts, [heading] if heading else [], width - 2)
        if rows is not None and len(rows) <= most:
            rows = rows[1:] if rows[0] == [-1] and len(rows) > 1 else rows  # a heading is worth no row of its own
            return _drawn(rows, entries, texts, heading, width, palette)
    texts = [_name(group).rstrip() for group, _ in entries]
    rows = _rows(texts, [], width - 2)
    if rows is None or not any(texts):
        return []
    return _drawn(rows[:most], entries, texts, "", width, palette)


def _heading(groups: Groups) -> str:
    if not groups.setting:
        return ""
    sampled = f", {len(groups.shown)} of {groups.of} values" if len(groups.shown) < groups.of else ""
    return f"{groups.setting}{sampled}:"


def _name(group: Group) -> str:
    return f"{group.mark} {group.name} " if group.name else ""


def _rows(texts: Sequence[str], before: list[str], room: int) -> list[list[int]] | None:
    """Share the entries among rows, -1 being the heading; None where one is wider than a row."""
    rows: list[list[int]] = [[]]
    at = 0
    items = [(-1, before[0])] if before else []
    for number, text in [*items, *enumerate(texts)]:
        size = cell_len(text)
        if size > room:
            return None
        if at and at + _GAP + size > room:
            rows.append([])
            at = 0
        rows[-1].append(number)
        at += size + (_GAP if at else 0)
    return rows


def _drawn(
    rows: Sequence[Sequence[int]],
    entries: Sequence[tuple[Group, Sequence[str]]],
    texts: Sequence[str],
    heading: str,
    width: int,
    palette: Palette,
) -> list[Strip]:
    canvas = Canvas(width, len(rows))
    for y, numbers in enumerate(rows):
        x = 1
        for number in numbers:
            if number < 0:
                x = canvas.put(x, y, heading, palette.dim) + _GAP
                continue
            group, name = entries[number][0], _name(entries[number][0])
            x = canvas.put(x, y, name, group.line) if name else x
            x = canvas.put(x, y, texts[number][len(name) :], palette.text) + _GAP
    return canvas.strips()
