"""Data that need no file and are not shipped either: made up, or found on this machine."""

import contextlib
import hashlib
import importlib.util
import platform
from pathlib import Path

import numpy as np

from rnn_tui.experiment.spec import PYTHON_SOURCE, WORDS, ExperimentError

__all__ = ["built_in_text", "origin", "python_source", "sums", "words"]

_BELOW = 100  # the numbers that are added
_SENTENCES = 200
_LEXICON = "many years ago boy and girl lived by sea they played happily all day long"  # no word begins another one
_MODULES = """
    argparse ast bisect calendar cmd configparser contextlib copy dataclasses fractions functools getopt glob heapq
    inspect pprint queue random shlex shutil socket tempfile textwrap threading tokenize traceback typing warnings
"""  # of Python's standard library, a file each, in the order in which they are read


def sums(seed: int) -> tuple[list[str], list[str]]:
    """Return all sums of two numbers from 0 to 99 as inputs `27+68=` and targets `95`, in an order set by the seed.

    First those of a number with itself; then a+b and b+a stand beside each other, so that with a hold-out of an even
    number of sums neither is kept away while the other is learnt.
    """
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))
    twice = random.permutation(_BELOW)
    a, b = np.triu_indices(_BELOW, 1)
    order = random.permutation(len(a))
    both = np.stack([np.stack([a, b]), np.stack([b, a])], -1)[:, order].reshape(2, -1)
    first, second = np.concatenate([np.stack([twice, twice]), both], 1).tolist()
    pairs = list(zip(first, second, strict=True))
    return [f"{x}+{y}=" for x, y in pairs], [str(x + y) for x, y in pairs]


def built_in_text(name: str, seed: int) -> str | None:
    """Return the text that a name stands for; None: it names a file. Raises ExperimentError."""
    if name == PYTHON_SOURCE:
        return python_source()
    return words(seed) if name == WORDS else None


def words(seed: int) -> str:
    """Return 200 sentences of four to nine words, without blanks and punctuation: about 6,000 letters.

    So are the data of Elman (1990), "Finding structure in time", section "Discovering the notion 'word'".
    """
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))
    lengths = random.randint(4, 10, _SENTENCES)
    lexicon = _LEXICON.split()
    return "".join(lexicon[each] for each in random.randint(0, len(lexicon), lengths.sum()))


def python_source() -> str:
    """Return the source of some modules of Python's standard library, about 1 MB; missing ones are left out.

    Raises ExperimentError where none is.
    """
    found = []
    for name in _MODULES.split():
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin and spec.has_location:
            with contextlib.suppress(OSError, ValueError):  # a Python without its source
                found.append(Path(spec.origin).read_text(encoding="utf-8"))
    if not found:
        raise ExperimentError("data.text", "finds no source of Python's standard library on this machine")
    return "\n".join(found)


def origin(text: str) -> str:
    """Identify a text that differs between versions of Python: `Python 3.12.3, SHA-256 0123456789ab`."""
    return f"Python {platform.python_version()}, SHA-256 {hashlib.sha256(text.encode()).hexdigest()[:12]}"
