"""Free generation: the prime, what is expected next, and two texts in the colours of their probabilities.

Under each character of the prime stands how likely it was; under the prime, bars of what may come next, with a mark
at the probability with which each character is drawn, where temperature or top-k make that another one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import probability
from rnn_tui.draw.kit.palette import LEVELS, Palette
from rnn_tui.draw.kit.text_fit import first_that_fits, note_lines, put_note
from rnn_tui.experiment.task_layout import Says
from rnn_tui.protocol.inspect import Floats, Integers, SampleFacts

__all__ = ["Page", "Prime", "Spot", "draw_sample", "lay_out_sample", "text_names", "text_room"]

_LABEL = 7  # cells before the prime and the bars
_NUMBER = 6  # cells of a probability
_MOST_BARS = 8
_BESIDE = 70  # cells from which the two texts stand side by side
_GAP = 3  # cells between them
_ROOMY = 15  # rows from which there are empty ones between the parts
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEIGHTS = "▁▂▃▄▅▆▇█"

_EXPECTS: dict[Says, tuple[str, ...]] = {  # over the bars
    "text": ("what it expects", "it expects"),
    "answer": ("how its answer begins", "it answers"),
    "one": ("what it answers", "it answers"),
    "each": ("what it says to the last", "to the last"),
}

Place = tuple[int, int, int]  # x, y, cells


@dataclass(frozen=True, kw_only=True)
class Prime:
    """The text to go on from, as it is on the screen: it may be some keys ahead of what the engine has answered."""

    glyphs: tuple[str, ...]
    known: tuple[bool, ...]  # whether the vocabulary has each
    typing: bool = False


@dataclass(frozen=True, kw_only=True)
class Spot:
    """What stands at a cell."""

    part: Literal["prime", "next", "greedy", "sampled"]
    index: int


@dataclass(frozen=True, kw_only=True)
class _Block:
    """One of the two texts."""

    head: tuple[int, int]
    width: int
    prime: tuple[tuple[int, Place], ...]  # which characters of the prime are repeated, and where; -1: an ellipsis
    places: tuple[Place, ...]  # of the characters made up, as many as there is room for


@dataclass(frozen=True, kw_only=True)
class Page:
    """Where everything stands."""

    note: tuple[str, ...]  # in the last rows
    prime: tuple[tuple[int, Place], ...]  # the end of the prime; -1: an ellipsis
    spark: int | None  # the row of how likely each was
    bars: range  # rows; the row above them has their heading
    texts: dict[Literal["greedy", "sampled"], _Block]

    def spot(self, x: int, y: int) -> Spot | None:
        """What stands at a cell."""
        for index, (left, top, size) in self.prime:
            if left <= x < left + size and y in (top, self.spark) and index >= 0:
                return Spot(part="prime", index=index)
        if y in self.bars:
            return Spot(part="next", index=y - self.bars.start)
        for part, block in self.texts.items():
            for index, (left, top, size) in enumerate(block.places):
                if y == top and left <= x < left + size:
                    return Spot(part=part, index=index)
        return None


def text_names(says: Says) -> dict[Literal["greedy", "sampled"], str]:
    """What the two texts are called, where the network goes on with a text and where it answers."""
    if says == "text":
        return {"greedy": "greedy", "sampled": "sampled"}
    return {"greedy": "answer", "sampled": "drawn"}


def text_room(width: int, height: int) -> int:
    """How many characters of a text there can be room for."""
    return max(1, (width - 2) // 2 * height) if width >= _BESIDE else max(1, (width - 2) * height // 2)


def lay_out_sample(
    facts: SampleFacts, prime: Prime, *, width: int, height: int, glyphs: Sequence[str], newline: int = -1
) -> Page:
    """Prime, bars and texts, one under the other; the texts side by side where it is wide. `newline` breaks lines."""
    note = tuple(note_lines(facts.note, width, height, alone=False))
    rows = height - len(note)
    gap = rows >= _ROOMY
    spark = 1 if rows >= 9 and len(facts.prime) and facts.says == "text" else None
    y = (1 if spark is None else 2) + gap
    count = max(0, min(_MOST_BARS, len(facts.next), max(2, (rows - 9) // 2), rows - y - 1))
    bars = range(y + 1, y + 1 + count) if count else range(y, y)
    y = bars.stop + gap
    start = [] if prime.typing and not prime.glyphs else _tail(prime.glyphs, max(0, width - _LABEL - 3), _LABEL, 0)
    breaks = {index for index, glyph in enumerate(prime.glyphs) if newline >= 0 and glyph == glyphs[newline]}
    across, down = max(1, width - 2), rows - y
    upper = (down - gap) // 2
    if newline < 0:  # where nothing breaks a line early, it is known how many rows the first text takes
        cells = cell_len("".join(prime.glyphs)) + sum(
            cell_len(_glyph(glyphs, index)) for index in facts.greedy.tolist()
        )
        upper = min(upper, 1 + math.ceil((min(cells, len(facts.greedy) * 2 + across) + 1) / max(1, across - 1)))
    boxes = [(1, y, across, upper), (1, y + upper + gap, across, down - upper - gap)]
    if width >= _BESIDE:
        half = (across - _GAP) // 2
        boxes = [(1, y, half, down), (1 + half + _GAP, y, half, down)]
    texts = (("greedy", facts.greedy), ("sampled", facts.sampled))
    blocks: dict[Literal["greedy", "sampled"], _Block] = {}
    for (x, top, wide, tall), (part, text) in zip(boxes, texts, strict=True):
        names = [_glyph(glyphs, index) for index in text.tolist()]
        ends = {at for at, index in enumerate(text.tolist()) if index == newline}
        blocks["greedy" if part == "greedy" else "sampled"] = _flow(
            prime, breaks, names, ends, x, top, wide, tall, repeats=facts.says == "text"
        )
    return Page(note=note, prime=tuple(start), spark=spark, bars=bars, texts=blocks)


def _tail(glyphs: Sequence[str], room: int, x: int, y: int) -> list[tuple[int, Place]]:
    """The end of a text in so many cells, with an ellipsis before it where that is not all of it."""
    sizes = [cell_len(glyph) for glyph in glyphs]
    first, used = len(sizes), 0
    while first and used + sizes[first - 1] + (first > 1) <= room:
        first -= 1
        used += sizes[first]
    places: list[tuple[int, Place]] = []
    if first and room > 0:
        places.append((-1, (x, y, 1)))
        x += 1
    for index in range(first, len(sizes)):
        places.append((index, (x, y, sizes[index])))
        x += sizes[index]
    return places


def _flow(
    prime: Prime,
    breaks: set[int],
    names: Sequence[str],
    ends: set[int],
    x: int,
    top: int,
    wide: int,
    tall: int,
    *,
    repeats: bool,
) -> _Block:
    """A heading, the end of the prime, where it `repeats` it, and the text after it; wrapped, and broken at breaks."""
    fed = [index for index, known in enumerate(prime.known) if known and repeats]
    left, y, bottom = x, top + 1, top + tall
    repeated: list[tuple[int, Place]] = []
    for at, (_, _, size) in _tail([prime.glyphs[index] for index in fed], wide * 2 // 3, x, y):
        index = fed[at] if at >= 0 else -1
        repeated.append((index, (left, y, size)))
        left += size
        if index in breaks:
            left, y = x, y + 1
    places: list[Place] = []
    for at, name in enumerate(names):
        size = cell_len(name)
        if left + size > x + wide:
            left, y = x, y + 1
        if y >= bottom:
            break
        places.append((left, y, size))
        left += size
        if at in ends:
            left, y = x, y + 1
    shown = tuple(each for each in repeated if each[1][1] < bottom)
    return _Block(head=(x, top), width=wide, prime=shown, places=tuple(places))


def _glyph(glyphs: Sequence[str], which: int) -> str:
    return glyphs[which] if 0 <= which < len(glyphs) else "•"


def draw_sample(
    facts: SampleFacts,
    prime: Prime,
    *,
    how: str,
    width: int,
    height: int,
    palette: Palette,
    glyphs: Sequence[str],
    newline: int = -1,
) -> list[Strip]:
    """The picture; `glyphs` are those of the vocabulary, `how` says how the second text is drawn."""
    canvas = Canvas(width, height)
    page = lay_out_sample(facts, prime, width=width, height=height, glyphs=glyphs, newline=newline)
    if not prime.typing and not prime.glyphs and not len(facts.next):  # there is no text to go on from
        put_note(canvas, facts.note, palette, alone=True)
        return canvas.strips()
    _draw_prime(canvas, page, facts, prime, palette)
    if page.bars:
        _draw_bars(canvas, page, facts, palette, glyphs)
    if len(facts.greedy) or len(facts.sampled):
        _draw_text(canvas, page.texts["greedy"], prime, facts.greedy, facts.greedy_p, palette, glyphs)
        _draw_text(canvas, page.texts["sampled"], prime, facts.sampled, facts.sampled_p, palette, glyphs)
        _draw_heads(canvas, page, how, palette, facts)
    for y, line in enumerate(page.note, height - len(page.note) if len(facts.next) else min(2, height - 1)):
        canvas.fill(0, y, width, Style())
        canvas.put(1, y, line, palette.text)
    return canvas.strips()


def _draw_prime(canvas: Canvas, page: Page, facts: SampleFacts, prime: Prime, palette: Palette) -> None:
    """The text to go on from; under each character how likely it was after those before it."""
    canvas.put(1, 0, "prime", palette.accent if prime.typing else palette.dim)
    if page.spark is not None:
        canvas.put(1, page.spark, "p", palette.dim)
    fed = facts.prime.tolist()
    first = next((at for at, index in enumerate(fed) if index >= 0), len(fed))
    end = _LABEL
    for index, (x, y, size) in page.prime:
        end = canvas.put(x, y, "…" if index < 0 else prime.glyphs[index], _prime_style(prime, index, palette))
        at = index - facts.skipped
        if page.spark is None or index < 0 or not first < at < len(fed) or fed[at] < 0:
            continue
        p = float(facts.prime_p[at])
        if math.isfinite(p):
            canvas.put(x, page.spark, _HEIGHTS[round(max(0.0, min(1.0, p)) * 7)] * size, palette.share(p))
        else:
            canvas.fill(x, page.spark, size, palette.warning, "!")
    if prime.typing:
        canvas.put(end, 0, " ", palette.accent + Style(reverse=True))
        hint = ("type: every key is answered below", "type: see below") if len(prime.glyphs) < 2 else ()
    else:
        hint = ("enter: type it by hand", "enter: type")
    canvas.put(end + 3, 0, first_that_fits(hint, canvas.width - end - 4), palette.faint)


def _prime_style(prime: Prime, index: int, palette: Palette) -> Style:
    if index < 0:
        return palette.dim
    return palette.accent if prime.known[index] else palette.wrong + Style(strike=True)


def _draw_bars(canvas: Canvas, page: Page, facts: SampleFacts, palette: Palette, glyphs: Sequence[str]) -> None:
    """What may come next: the network's own probability as a bar, and where it is drawn with another one, a mark."""
    pairs = list(zip(facts.next_p.tolist(), facts.next_drawn.tolist(), strict=True))
    changed = any(abs(p - drawn) > 5e-7 for p, drawn in pairs)
    right = canvas.width - 1
    columns = [(right - 2 * _NUMBER, "p"), (right - _NUMBER, "│drawn")] if changed else [(right - _NUMBER, "p")]
    room = columns[0][0] - 1 - _LABEL - 2
    y = page.bars.start - 1
    canvas.put(1, y, "next", palette.dim)
    canvas.put(_LABEL, y, first_that_fits(_EXPECTS[facts.says], columns[0][0] - _LABEL), palette.dim)
    for x, name in columns:
        canvas.put(x + _NUMBER - len(name), y, name, palette.dim if name == "p" else palette.accent)
    for y, index, (p, drawn) in zip(page.bars, facts.next.tolist(), pairs, strict=False):
        style = palette.text + Style(bold=True) if y == page.bars.start else palette.text
        canvas.put(_LABEL, y, _glyph(glyphs, index), style)
        for (x, _), value in zip(columns, (p, drawn), strict=False):
            number = probability(value, 4)
            ink = palette.dim if math.isfinite(value) else palette.warning
            canvas.put(x + _NUMBER - len(number), y, number, ink)
        if not math.isfinite(p) or room < 1:
            continue
        full, part = divmod(round(max(0.0, min(1.0, p)) * room * 8), 8)
        canvas.put(_LABEL + 2, y, "█" * full + (_EIGHTHS[part] if part else ""), palette.share(p))
        if changed and math.isfinite(drawn):
            canvas.put(_LABEL + 2 + min(room - 1, round(drawn * room)), y, "│", palette.accent)


def _draw_text(
    canvas: Canvas,
    block: _Block,
    prime: Prime,
    text: Integers,
    shares: Floats,
    palette: Palette,
    glyphs: Sequence[str],
) -> None:
    """A text in the colours of its probabilities, behind the prime."""
    for index, (x, y, _) in block.prime:
        canvas.put(x, y, "…" if index < 0 else _running(prime.glyphs[index]), _prime_style(prime, index, palette))
    for (x, y, _), index, p in zip(block.places, text.tolist(), shares.tolist(), strict=False):
        canvas.put(x, y, _running(_glyph(glyphs, index)), _shaded(p, palette))


def _running(glyph: str) -> str:
    """Between shaded characters a space is seen as one."""
    return " " if glyph == "␣" else glyph


def _shaded(p: float, palette: Palette) -> Style:
    if not math.isfinite(p):
        return palette.warning
    if palette.monochrome:
        return palette.text + Style(bold=p >= 0.5, underline=p < 0.1)
    return palette.share_cell(round(max(0.0, min(1.0, p)) * LEVELS))


def _draw_heads(canvas: Canvas, page: Page, how: str, palette: Palette, facts: SampleFacts) -> None:
    """What each text is, and what its colours mean."""
    called = text_names(facts.says)
    greedy, sampled = called["greedy"], called["sampled"]
    names = {"greedy": (f"{greedy}: the likeliest", greedy), "sampled": (f"{sampled}: {how}", how, sampled)}
    for part, block in page.texts.items():
        x, y = block.head
        end = canvas.put(x, y, first_that_fits(names[part], block.width), palette.text + Style(bold=True))
        if part == "greedy":
            _draw_legend(canvas, end + 2, x + block.width, y, palette)


def _draw_legend(canvas: Canvas, left: int, right: int, y: int, palette: Palette) -> None:
    if palette.monochrome:
        text = first_that_fits(("bold: p ≥ .5 · underlined: p < .1",), right - left)
        canvas.put(right - cell_len(text), y, text, palette.dim)
    elif right - left >= 15:
        x = canvas.put(right - 15, y, "p 0 ", palette.dim)
        for level in range(0, LEVELS + 1, 2):
            if x < right - 2:
                x = canvas.put(x, y, " ", palette.share_cell(level))
        canvas.put(right - 1, y, "1", palette.dim)
