"""Free generation: the prime, what is expected next, and two texts in the colours of their probabilities.

Below each character of the prime stands how likely it was; below the prime, bars of what may come next, with a mark
at the probability with which each character is drawn, if temperature or top-k change it.
"""

import math
from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.kit.bars import bar
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.numbers import probability
from rnn_tui.draw.kit.palette import LEVELS, Palette
from rnn_tui.draw.kit.text_fit import cut_cells, first_that_fits, put_note
from rnn_tui.draw.kit.tiles import glyph_of
from rnn_tui.draw.sample.layout import LABEL, Prime, SamplePage, TextBlock, TextName, lay_out_sample
from rnn_tui.experiment.task_layout import ResponseKind
from rnn_tui.protocol.arrays import Floats, Integers
from rnn_tui.protocol.inspect.sample import SampleFacts

__all__ = ["draw_sample", "text_names"]

_NUMBER = 6  # cells of a probability
_LONGEST = 12  # cells of a word before its bar: a longer one is cut
_HEIGHTS = "▁▂▃▄▅▆▇█"

_EXPECTS: dict[ResponseKind, tuple[str, ...]] = {  # over the bars
    "text": ("what it expects", "it expects"),
    "answer": ("how its answer begins", "it answers"),
    "one": ("what it answers", "it answers"),
    "each": ("what it outputs for the last", "for the last"),
}


def text_names(says: ResponseKind) -> dict[TextName, str]:
    """Return what the two texts are called: where the network goes on with a text, and where it answers."""
    if says == "text":
        return {"greedy": "greedy", "sampled": "sampled"}
    return {"greedy": "answer", "sampled": "drawn"}


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
    """Draw the picture; `glyphs` are those of the vocabulary, `how` describes how the second text is drawn."""
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


def _draw_prime(canvas: Canvas, page: SamplePage, facts: SampleFacts, prime: Prime, palette: Palette) -> None:
    """Draw the text to go on from; below each character how likely it was after those before it."""
    canvas.put(1, 0, "prime", palette.accent if prime.typing else palette.dim)
    if page.spark is not None:
        canvas.put(1, page.spark, "p", palette.dim)
    fed = facts.prime.tolist()
    first = next((at for at, index in enumerate(fed) if index >= 0), len(fed))
    end = LABEL
    for index, (x, y, size, _) in page.prime:
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
    elif not prime.can_type:
        hint = ()
    else:
        hint = ("enter: type it yourself", "enter: type")
    canvas.put(end + 3, 0, first_that_fits(hint, canvas.width - end - 4), palette.faint)


def _prime_style(prime: Prime, index: int, palette: Palette) -> Style:
    if index < 0:
        return palette.dim
    return palette.accent if prime.known[index] else palette.wrong + Style(strike=True)


def _draw_bars(canvas: Canvas, page: SamplePage, facts: SampleFacts, palette: Palette, glyphs: Sequence[str]) -> None:
    """Draw what may come next: the network's own probability as a bar, and a mark if it is drawn with another one."""
    pairs = list(zip(facts.next_p.tolist(), facts.next_drawn.tolist(), strict=True))
    changed = any(abs(p - drawn) > 5e-7 for p, drawn in pairs)
    right = canvas.width - 1
    columns = [(right - 2 * _NUMBER, "p"), (right - _NUMBER, "│drawn")] if changed else [(right - _NUMBER, "p")]
    shown = list(zip(page.bars, facts.next.tolist(), pairs, strict=False))
    names = [cut_cells(glyph_of(glyphs, index).rstrip(), _LONGEST) for _, index, _ in shown]
    begin = LABEL + 1 + max(map(cell_len, names), default=1)
    room = columns[0][0] - 1 - begin
    y = page.bars.start - 1
    canvas.put(1, y, "next", palette.dim)
    canvas.put(LABEL, y, first_that_fits(_EXPECTS[facts.says], columns[0][0] - LABEL), palette.dim)
    for x, name in columns:
        canvas.put(x + _NUMBER - len(name), y, name, palette.dim if name == "p" else palette.accent)
    for (y, _, (p, drawn)), token in zip(shown, names, strict=True):
        style = palette.text + Style(bold=True) if y == page.bars.start else palette.text
        canvas.put(LABEL, y, token, style)
        for (x, _), value in zip(columns, (p, drawn), strict=False):
            number = probability(value, 4)
            ink = palette.dim if math.isfinite(value) else palette.warning
            canvas.put(x + _NUMBER - len(number), y, number, ink)
        if not math.isfinite(p) or room < 1:
            continue
        canvas.put(begin, y, bar(max(0.0, min(1.0, p)), room), palette.share(p))
        if changed and math.isfinite(drawn):
            canvas.put(begin + min(room - 1, round(drawn * room)), y, "│", palette.accent)


def _draw_text(
    canvas: Canvas,
    block: TextBlock,
    prime: Prime,
    text: Integers,
    shares: Floats,
    palette: Palette,
    glyphs: Sequence[str],
) -> None:
    """Draw a text in the colours of its probabilities, after the prime."""
    for index, (x, y, *_) in block.prime:
        canvas.put(x, y, "…" if index < 0 else _running(prime.glyphs[index]), _prime_style(prime, index, palette))
    for (x, y, *_), index, p in zip(block.tiles, text.tolist(), shares.tolist(), strict=False):
        canvas.put(x, y, _running(glyph_of(glyphs, index)), _shaded(p, palette))


def _running(glyph: str) -> str:
    """Return a glyph as it stands in running text: between coloured characters a space can be seen as one."""
    return " " if glyph == "␣" else glyph


def _shaded(p: float, palette: Palette) -> Style:
    if not math.isfinite(p):
        return palette.warning
    if palette.monochrome:
        return palette.text + Style(bold=p >= 0.5, underline=p < 0.1)
    return palette.share_cell(round(max(0.0, min(1.0, p)) * LEVELS))


def _draw_heads(canvas: Canvas, page: SamplePage, how: str, palette: Palette, facts: SampleFacts) -> None:
    """Write what each text is, and what its colours mean."""
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
