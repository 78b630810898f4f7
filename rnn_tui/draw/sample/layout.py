"""Where the prime, the bars and the two texts of free generation stand, and what is under the mouse."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len

from rnn_tui.common.value import Value
from rnn_tui.draw.kit.text_fit import note_lines
from rnn_tui.draw.kit.tiles import Tile, glyph_of, tile_at
from rnn_tui.protocol.inspect.sample import SampleFacts

__all__ = ["LABEL", "Prime", "SamplePage", "SampleSpot", "TextBlock", "TextName", "lay_out_sample", "text_room"]

LABEL = 7  # cells before the prime and the bars
_MOST_BARS = 8
_BESIDE = 70  # cells from which the two texts stand side by side
_GAP = 3  # cells between them
_ROOMY = 15  # rows from which there are empty ones between the parts

TextName = Literal["greedy", "sampled"]


class Prime(Value, frozen=True, kw_only=True):
    """The text to go on from, as it is on the screen: it may be some keys ahead of what the engine has answered."""

    glyphs: tuple[str, ...]
    known: tuple[bool, ...]  # whether the vocabulary has each
    typing: bool = False
    can_type: bool = True  # whether enter begins to


class SampleSpot(Value, frozen=True, kw_only=True):
    """What stands at a cell."""

    part: Literal["prime", "next", "greedy", "sampled"]
    index: int


class _Box(NamedTuple):
    """A rectangle of cells."""

    x: int
    y: int
    width: int
    height: int


class _Text(NamedTuple):
    """Glyphs, and the indices of those after which a new line begins."""

    glyphs: Sequence[str]
    breaks: set[int]


class TextBlock(Value, frozen=True, kw_only=True):
    """One of the two texts."""

    head: tuple[int, int]
    width: int
    prime: tuple[tuple[int, Tile], ...]  # which characters of the prime are repeated, and where; -1: an ellipsis
    tiles: tuple[Tile, ...]  # of the characters generated, as many as there is room for


class SamplePage(Value, frozen=True, kw_only=True):
    """Where everything stands."""

    note: tuple[str, ...]  # in the last rows
    prime: tuple[tuple[int, Tile], ...]  # the end of the prime; -1: an ellipsis
    spark: int | None  # the row that shows how likely each character of it was
    bars: range  # rows; the row above them has their heading
    texts: dict[TextName, TextBlock]

    def spot(self, x: int, y: int) -> SampleSpot | None:
        """Return what stands at a cell."""
        for index, tile in self.prime:
            if tile.x <= x < tile.x + tile.width and y in (tile.y, self.spark) and index >= 0:
                return SampleSpot(part="prime", index=index)
        if y in self.bars:
            return SampleSpot(part="next", index=y - self.bars.start)
        for part, block in self.texts.items():
            at = tile_at(block.tiles, x, y)
            if at is not None:
                return SampleSpot(part=part, index=at)
        return None


def text_room(width: int, height: int) -> int:
    """Return how many characters of a text there can be room for."""
    return max(1, (width - 2) // 2 * height) if width >= _BESIDE else max(1, (width - 2) * height // 2)


def lay_out_sample(
    facts: SampleFacts, prime: Prime, *, width: int, height: int, glyphs: Sequence[str], newline: int = -1
) -> SamplePage:
    """Place prime, bars and texts below one another, the texts side by side where it is wide enough.

    `newline` is the index of the character that breaks lines; -1: the vocabulary has none.
    """
    note = tuple(note_lines(facts.note, width, height, alone=False))
    rows = height - len(note)
    gap = rows >= _ROOMY
    spark = 1 if rows >= 9 and len(facts.prime) and facts.says == "text" else None
    y = (1 if spark is None else 2) + gap
    count = max(0, min(_MOST_BARS, len(facts.next), max(2, (rows - 9) // 2), rows - y - 1))
    bars = range(y + 1, y + 1 + count) if count else range(y, y)
    y = bars.stop + gap
    start = [] if prime.typing and not prime.glyphs else _tail(prime.glyphs, max(0, width - LABEL - 3), LABEL, 0)
    breaks = {at for at, glyph in enumerate(prime.glyphs) if newline >= 0 and glyph == glyphs[newline]}
    texts = [_text(indices.tolist(), glyphs, newline) for indices in (facts.greedy, facts.sampled)]
    across, used = max(1, width - 2), None
    if newline < 0:  # nothing breaks a line early, so it is known how many cells the first text takes
        cells = cell_len("".join(prime.glyphs)) + cell_len("".join(texts[0].glyphs))
        used = min(cells, len(facts.greedy) * 2 + across)
    boxes = _boxes(_Box(1, y, across, rows - y), gap=gap, beside=width >= _BESIDE, used=used)
    repeated = [at for at, known in enumerate(prime.known) if known and facts.says == "text"]
    greedy, sampled = (
        _flow(_Text(prime.glyphs, breaks), repeated, text, box) for text, box in zip(texts, boxes, strict=True)
    )
    return SamplePage(
        note=note, prime=tuple(start), spark=spark, bars=bars, texts={"greedy": greedy, "sampled": sampled}
    )


def _text(indices: Sequence[int], glyphs: Sequence[str], newline: int) -> _Text:
    breaks = {at for at, index in enumerate(indices) if index == newline}
    return _Text([glyph_of(glyphs, index) for index in indices], breaks)


def _boxes(room: _Box, *, gap: bool, beside: bool, used: int | None) -> tuple[_Box, _Box]:
    """Return the boxes of the two texts; `used` are the cells that the first one takes, if known."""
    x, y, width, height = room
    if beside:
        half = (width - _GAP) // 2
        return _Box(x, y, half, height), _Box(x + half + _GAP, y, half, height)
    upper = (height - gap) // 2
    if used is not None:
        upper = min(upper, 1 + math.ceil((used + 1) / max(1, width - 1)))
    return _Box(x, y, width, upper), _Box(x, y + upper + gap, width, height - upper - gap)


def _tail(glyphs: Sequence[str], room: int, x: int, y: int) -> list[tuple[int, Tile]]:
    """Place the end of a text in `room` cells, with an ellipsis before it where that is not all of it."""
    sizes = [cell_len(glyph) for glyph in glyphs]
    first, used = len(sizes), 0
    while first and used + sizes[first - 1] + (first > 1) <= room:
        first -= 1
        used += sizes[first]
    tiles: list[tuple[int, Tile]] = []
    if first and room > 0:
        tiles.append((-1, Tile(x, y, 1)))
        x += 1
    for index in range(first, len(sizes)):
        tiles.append((index, Tile(x, y, sizes[index])))
        x += sizes[index]
    return tiles


def _flow(prime: _Text, repeated: Sequence[int], text: _Text, box: _Box) -> TextBlock:
    """Place a heading, the end of the prime's `repeated` characters, and the text after it, in wrapped lines."""
    left, y, bottom = box.x, box.y + 1, box.y + box.height
    before: list[tuple[int, Tile]] = []
    for at, tile in _tail([prime.glyphs[index] for index in repeated], box.width * 2 // 3, left, y):
        index = repeated[at] if at >= 0 else -1
        before.append((index, Tile(left, y, tile.width)))
        left += tile.width
        if index in prime.breaks:
            left, y = box.x, y + 1
    tiles: list[Tile] = []
    for at, name in enumerate(text.glyphs):
        size = cell_len(name)
        if left + size > box.x + box.width:
            left, y = box.x, y + 1
        if y >= bottom:
            break
        tiles.append(Tile(left, y, size))
        left += size
        if at in text.breaks:
            left, y = box.x, y + 1
    shown = tuple(each for each in before if each[1].y < bottom)
    return TextBlock(head=(box.x, box.y), width=box.width, prime=shown, tiles=tuple(tiles))
