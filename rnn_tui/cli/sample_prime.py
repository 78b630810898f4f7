"""What `rnn-tui sample` reads before it writes: a text, lines that are to be answered, or numbers."""

import math
import sys
from pathlib import Path

from rnn_tui.cli.errors import UsageError
from rnn_tui.common.glyphs import glyph, safe
from rnn_tui.common.output import say
from rnn_tui.common.wording import counted, shown
from rnn_tui.experiment.task_layout import ResponseKind
from rnn_tui.experiment.tokenizers import Tokenizer

__all__ = ["known_primes", "numbers_of", "prime_of", "rows_of"]

_NAMED = 5  # characters that a message names


def prime_of(prime: str | None, file: str | None) -> str | None:
    """Return the text that either option gives; None: neither does.

    Raises UsageError where both do, and for a file that cannot be read.
    """
    if file is None:
        return prime
    if prime is not None:
        raise UsageError(f"--prime-file {shown(file)}: cannot be combined with --prime: give one of them")
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"--prime-file {shown(file)}: is not UTF-8 text at offset {error.start:,}") from None
    except (OSError, ValueError) as error:
        problem = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"--prime-file {shown(file)}: cannot be read: {problem}") from None
    except AttributeError:  # there is no stdin
        raise UsageError("--prime-file -: stdin is closed") from None


def known_primes(
    given: str | None, inputs: tuple[str, ...], tokenizer: Tokenizer, *, says: ResponseKind, skip_unknown: bool
) -> list[str]:
    """Return the texts to read: one to go on with, else one for each line to answer; or the run's own first input.

    Raises UsageError for characters that were never learnt, unless they are to be left out: then stderr says how many.
    """
    if given is None and not (inputs and inputs[0]):
        raise UsageError("--prime: is missing, and the run does not know what it has learnt")
    if given is None:
        if says == "text":
            return [tokenizer.decode(tokenizer.encode(inputs[0])[:1])]
        say(f"What it answers to {shown(inputs[0])}, the first that the run learns; --prime gives another.", err=True)
        return [inputs[0]]
    if says == "text":
        texts = [given if "\n" in tokenizer.names else given.removesuffix("\n").removesuffix("\r")]
    elif "\n" in given:
        texts = [line.removesuffix("\r") for line in given.split("\n")]
        texts = [line for line in texts if line]
    else:
        texts = [given]
    known = set(tokenizer.names)
    unknown = sum(tokenizer.encode(text).count(-1) for text in texts)
    if unknown and not skip_unknown:
        raise UsageError(_unknown(texts, known, tokenizer))
    if unknown:  # only characters can be: unknown words are one word, and every byte is known
        texts = ["".join(character for character in text if character in known) for text in texts]
    if not texts or not all(map(tokenizer.encode, texts)):
        left = "of what was given nothing is left" if unknown else "is empty"
        raise UsageError(f"--prime {shown(given)}: {left}; it must be of {_wanted(tokenizer)}")
    if unknown:
        was = "was" if unknown == 1 else "were"
        say(f"{counted(unknown, 'character')} left out that {was} never learnt.", err=True)
    return texts


def _unknown(texts: list[str], known: set[str], tokenizer: Tokenizer) -> str:
    """Say which characters were never learnt, and where the first of them are."""
    several = len(texts) > 1
    found: dict[str, str] = {}
    for line, text in enumerate(texts, 1):
        for place, character in enumerate(text, 1):
            if character not in known and character not in found:
                found[character] = f"{f'line {line:,}, ' if several else ''}character {place:,}, {character!r}"
    first, *others = found.values()
    more = ", ".join(repr(each) for each in list(found)[1:_NAMED]) + (" …" if len(found) > _NAMED else "")
    also = f", nor are {more}" if len(others) > 1 else f", nor is {more}" if others else ""
    text = texts[0] if not several else " ".join(texts)
    return (
        f"--prime {shown(text)}: {first}, is not in the vocabulary{also}; it must be of {_wanted(tokenizer)}; "
        "--skip-unknown leaves out what is not"
    )


def _wanted(tokenizer: Tokenizer) -> str:
    names = tokenizer.names
    if tokenizer.unit != "character":
        return f"{tokenizer.unit}s"
    return f"the {len(names):,} characters {shown(''.join(map(glyph, names)))}"


def numbers_of(text: str) -> list[float]:
    """Read the numbers in a text, with white space between them. Raises UsageError."""
    found = []
    for place, word in enumerate(text.split(), 1):
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise UsageError(f"--prime: number {place:,}, {shown(word)}, is not one: separate numbers with blanks")
        found.append(value)
    if not found:
        raise UsageError("--prime: has no number: give at least one")
    return found


def rows_of(numbers: list[float], names: list[str]) -> list[tuple[float, ...]]:
    """Return numbers as rows with one for each column. Raises UsageError where they do not fill the last row."""
    width = len(names)
    if len(numbers) % width:
        there = counted(len(numbers), "number")
        raise UsageError(f"--prime: has {there}: each time step takes {width}, {safe(', '.join(names))}")
    return list(zip(*(numbers[at::width] for at in range(width)), strict=True))
