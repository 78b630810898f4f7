"""How values are put in messages: short, safe, and each said once."""

import math
import re

from rnn_tui.common.glyphs import safe

__all__ = ["counted", "quoted", "shown", "size_text", "step_name", "surprise", "unit_text", "without_value"]

_LONGEST = 48  # characters of a value that are repeated in a message
_MOST_DIGITS = 17  # of a float64
_LARGEST_POWER = 100  # of e, which is a perplexity that says enough
_ITS_VALUE = re.compile(r"""(?x) ^ (?:
    ' (?: [^'\\…] | \\. )* ['…] | " (?: [^"\\…] | \\. )* ["…]  # a text as repr shows it, or its beginning
    | [-+]? (?: [\d.]+ (?: e [-+]? \d+ )? | nan | inf )  # a number
    | [\w-]+ (?= [ ]does[ ]not[ ]fit )  # a word
) [ ]""")


def without_value(problem: str) -> str:
    """Return the problem without the value that it may begin with: for where that stands in front of it anyway."""
    return _ITS_VALUE.sub("", problem)


def shown(value: object) -> str:
    """Return a value for a message: short, safe, and visible where it is empty."""
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    return safe(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…") or "''"


def counted(number: int, what: str) -> str:
    """Return a number of things, in words: `1 update`, `1,200 updates`, `3 passes`."""
    many = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{number:,} {what if number == 1 else many}"


def quoted(character: str) -> str:
    """Put a character or a word, as it is drawn, in quotes, so that in a sentence it is no word of it."""
    return f'"{character}"' if "'" in character else f"'{character}'"


def step_name(step: int) -> str:
    """Name a time step by its index: the first, 0, is t=1. At t=0 there is only the first state, h₀."""
    return f"t={step + 1}"


def unit_text(value: float, deviation: float, digits: int = 6) -> str:
    """Write a value of a series to `digits` digits of the series' standard deviation, at least, or all that it has.

    1600000020.386 with a deviation of 3.5 is 1600000020.386 rather than 1.6e+09.
    """
    if not math.isfinite(value) or not value or not deviation > 0:
        return f"{value:.{digits}g}"
    more = math.log10(abs(value)) - math.log10(deviation)
    return f"{value:.{min(_MOST_DIGITS, digits + max(0, math.ceil(more)))}g}"


def size_text(size: int) -> str:
    """Write a number of bytes: 820 B, 12.3 KB, 4.1 MB; a KB is 1,000 bytes."""
    for unit, each in ((10**9, "GB"), (10**6, "MB"), (10**3, "KB")):
        if size >= 0.99995 * unit:  # 999,950 B are 1.0 MB
            return f"{size / unit:,.1f} {each}"
    return f"{size} B"


def surprise(nats: float, unit: str) -> str:
    """Write a loss as it is usually told: "2.226 bits", and of words "perplexity 222", which is exp(loss)."""
    if unit != "word":
        return f"{nats / math.log(2):.3f} bits"
    perplexity = math.exp(min(nats, _LARGEST_POWER))
    return f"perplexity {perplexity:,.0f}" if perplexity >= 100 else f"perplexity {perplexity:.3g}"
