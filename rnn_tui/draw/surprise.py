"""A map of surprise: each character of a text on the colour of how unlikely it was."""

from collections.abc import Sequence

import numpy as np
from textual.strip import Strip

from rnn_tui.common.wording import quoted
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.heatmap import Tone, put_scale
from rnn_tui.draw.kit.numbers import compact, nice_above, probability
from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.text_fit import first_that_fits, note_lines, put_note
from rnn_tui.draw.kit.tiles import glyph_of
from rnn_tui.draw.text_page import TextPage, draw_page, lay_out_page, wrapped
from rnn_tui.protocol.inspect.surprise import SurpriseFacts

__all__ = ["draw_surprise", "in_words", "lay_out_surprise", "surprise_scale"]

_HEAD, _LEGEND = 2, 1  # rows
_BEFORE = 12  # characters that are told before a surprise
_SCALES = (1, 1.5, 2, 3, 4, 5, 7, 10)


def lay_out_surprise(
    facts: SurpriseFacts,
    *,
    width: int,
    height: int,
    vocabulary: Sequence[str],
    glyphs: Sequence[str],
    at: int | None,
    words: bool = False,
) -> TextPage:
    """Wrap the text; of a long one take the page with the character `at`."""
    top = len(note_lines(facts.note, width, height, alone=not len(facts.inputs))) + _HEAD
    text = wrapped(facts.inputs.tolist(), width=width, vocabulary=vocabulary, glyphs=glyphs, words=words)
    return lay_out_page(text, top=top, rows=max(1, height - top - _LEGEND), at=at, words=words)


def surprise_scale(facts: SurpriseFacts) -> float:
    """Return the bits of the strongest colour: the next round number above the largest, and at least 1."""
    return nice_above(float(np.nanmax(facts.bits, initial=1.0)), _SCALES)


def draw_surprise(
    facts: SurpriseFacts,
    *,
    width: int,
    height: int,
    palette: Palette,
    vocabulary: Sequence[str],
    glyphs: Sequence[str],
    rank: int,
    words: bool = False,
) -> list[Strip]:
    """Draw the text with the surprise of one rank marked and told; 0 is the largest."""
    canvas = Canvas(width, height)
    y = put_note(canvas, facts.note, palette, alone=not len(facts.inputs))
    if not len(facts.inputs):
        return canvas.strips()
    at = int(facts.order[min(rank, len(facts.order) - 1)])
    page = lay_out_surprise(facts, width=width, height=height, vocabulary=vocabulary, glyphs=glyphs, at=at, words=words)
    unit = "token" if words else "character"
    mean = f"{compact(facts.mean, 3)} bits a {unit} on average"
    choices = f"as if it chose among {compact(2.0 ** min(facts.mean, 60), 3)}"
    canvas.put(
        1,
        y,
        first_that_fits([f"{mean}, read in one go: {choices}", f"{mean}, {choices}", mean], width - 2),
        palette.text,
    )
    told = in_words(facts, at, glyphs, words=words)
    canvas.put(
        1, y + 1, first_that_fits([f"▸ {rank + 1}. {told}", f"▸ {told}", told[: width - 2]], width - 2), palette.accent
    )
    tone = Tone(palette=palette, kind="share", scale=surprise_scale(facts))
    draw_page(canvas, page, facts.inputs.tolist(), np.nan_to_num(facts.bits).tolist(), tone, vocabulary, glyphs, at)
    x = put_scale(canvas, 1, page.bottom, tone, ends=("0", f"{tone.scale:g} bits"))
    part = "" if page.whole else f"{page.first + 1:,}–{page.first + len(page.tiles):,} of {len(facts.inputs):,}"
    canvas.put(x + 3, page.bottom, first_that_fits([part], max(0, width - x - 4)), palette.dim)
    return canvas.strips()


def in_words(facts: SurpriseFacts, at: int, glyphs: Sequence[str], *, words: bool) -> str:
    """Say which token surprised, after what, how much, and what was expected in its place."""

    def name(index: int) -> str:
        return quoted(glyph_of(glyphs, index))

    between = " " if words else ""
    before = between.join(glyph_of(glyphs, each) for each in facts.inputs[max(0, at - _BEFORE) : at].tolist())
    bits = float(facts.bits[at])
    if not np.isfinite(bits):
        return f"{name(int(facts.inputs[at]))} comes first"
    told = f"{name(int(facts.inputs[at]))} after …{before}: {compact(bits, 3)} bits"
    expected = int(facts.expected[at])
    if expected == int(facts.inputs[at]):
        return f"{told}, and it was the likeliest"
    return f"{told}; {name(expected)} was likelier, p {probability(float(facts.expected_p[at]), 4)}"
