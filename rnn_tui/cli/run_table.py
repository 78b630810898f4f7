"""A table that fits its width: what has no room in a row stands in lines below it. Nothing is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

__all__ = ["Column", "table_lines"]

_BETWEEN = 2  # cells between two columns
_INDENT = 4
_WIDEST_FIRST = 36  # cells of the first column, above which its text gets a line of its own


@dataclass(frozen=True)
class Column:
    """A column of texts that are safe to print."""

    name: str
    right: bool = False  # aligned
    below: bool = False  # never in the row


def table_lines(columns: Sequence[Column], rows: Sequence[Mapping[str, str]], width: int) -> list[str]:
    """Return a header and the lines of each row, by the names of the columns; an empty column is left out.

    Columns stand in the row as long as there is room for them, in their order; the others follow below as `name text`.
    """
    columns = [each for each in columns if any(row.get(each.name) for row in rows)]
    if not columns:
        return []
    first, *others = columns
    sizes = {
        each.name: max(cell_len(each.name), *(cell_len(row.get(each.name, "")) for row in rows)) for each in columns
    }
    sizes[first.name] = min(sizes[first.name], _WIDEST_FIRST, width)
    room, shown, below = width - sizes[first.name], [first], []
    for each in others:
        if not each.below and sizes[each.name] + _BETWEEN <= room:
            room -= sizes[each.name] + _BETWEEN
            shown.append(each)
        else:
            below.append(each)

    def line(texts: Mapping[str, str]) -> str:
        cells = [_aligned(texts.get(each.name, ""), sizes[each.name], right=each.right) for each in shown]
        return (" " * _BETWEEN).join(cells).rstrip()

    lines = [line({each.name: each.name for each in columns})]
    for row in rows:
        name = row.get(first.name, "")
        if cell_len(name) > sizes[first.name]:
            lines += _broken(name, width)
            row = {**row, first.name: ""}
        lines.append(line(row))
        items = [f"{each.name} {text}" for each in below if (text := row.get(each.name, ""))]
        lines += [" " * _INDENT + each for each in _folded(items, width - _INDENT)]
    return lines


def _aligned(text: str, size: int, *, right: bool) -> str:
    blanks = " " * (size - cell_len(text))
    return blanks + text if right else text + blanks


def _folded(items: Sequence[str], room: int) -> list[str]:
    """Join items with dots between them, as many on a line as fit; a longer one is folded between words."""
    lines: list[str] = []
    for item in items:
        if lines and cell_len(lines[-1]) + 3 + cell_len(item) <= room:
            lines[-1] += f" · {item}"
        else:
            lines += _wrapped(item, room)
    return lines


def _wrapped(text: str, room: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= room:
            lines[-1] = joined
        else:
            *whole, last = _broken(word, room)
            lines += [*whole, last]
    return [each for each in lines if each]


def _broken(word: str, room: int) -> list[str]:
    """Cut a text into lines anywhere; marks without cells of their own stay with their letters."""
    lines = [""]
    for character in word:
        if cell_len(lines[-1]) + cell_len(character) > max(room, 2):
            lines.append("")
        lines[-1] += character
    return lines
