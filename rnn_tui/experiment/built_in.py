"""Data that need no file: the names that stand for them, and what is known of them without making them.

`builtin:NAME` takes the place of a file; `builtin:NAME:SIZE` asks for another size of those that have one. A file that
is really called so is `./builtin:NAME`.
"""

import difflib
from typing import Literal

from rnn_tui.common.value import Value
from rnn_tui.common.wording import shown
from rnn_tui.experiment.spec import BUILT_IN, Data, ExperimentError, Task

__all__ = ["BUILT_INS", "BuiltIn", "built_in_of", "check_built_in", "size_of"]


class BuiltIn(Value, frozen=True, kw_only=True):
    """A kind of data. `make` names the function in `data/made_up/` that makes them: its module, a dot, its name."""

    name: str
    kind: Literal["text", "pairs", "series"]
    make: str  # a function of the seed, and of the size where there is one
    about: str
    paper: str = ""  # that has them
    task: Task = "many-to-many"  # that they are made for
    of_seed: bool = True  # whether another seed makes others
    size: int = 0  # that they have unless the name says another; 0: there is nothing to choose
    largest: int = 0


_ALL = (
    BuiltIn(
        name="sums",
        kind="pairs",
        make="arithmetic.sums",
        about="27+68= → 95: all sums of two numbers below 100",
        task="one-to-many",
    ),
    BuiltIn(
        name="words",
        kind="text",
        make="words.words",
        about="200 sentences of fifteen words, without blanks",
        paper="Elman (1990), Finding structure in time",
    ),
    BuiltIn(
        name="adding",
        kind="series",
        make="adding.adding",
        about="5,000 sequences of numbers, of which two are marked: their sum at the end",
        paper="Hochreiter and Schmidhuber (1997); Le, Jaitly and Hinton (2015), arXiv:1504.00941",
        task="many-to-one",
        size=50,
        largest=1000,
    ),
    BuiltIn(
        name="flip-flop",
        kind="series",
        make="flip_flop.flip_flop",
        about="500 sequences of pulses, and three bits that hold the sign of the last of each",
        paper="Sussillo and Barak (2013), Opening the black box, Neural Computation 25:626",
        size=50,
        largest=1000,
    ),
    BuiltIn(
        name="python-source",
        kind="text",
        make="python_source.python_source",
        about="the source of Python's standard library on this machine",
        of_seed=False,
    ),
    BuiltIn(
        name="copy",
        kind="pairs",
        make="copying.copying",
        about="ten of eight symbols, SIZE blanks, and then the ten again",
        paper="Arjovsky, Shah, Bengio (2016), arXiv:1511.06464",
        size=10,
        largest=1_000,
    ),
    BuiltIn(
        name="parity",
        kind="pairs",
        make="regular.parity",
        about="1 to SIZE bits: is the number of ones odd? Then up to four times as many",
        paper="Delétang et al. (2023), arXiv:2207.02098",
        task="many-to-one",
        size=10,
        largest=1_000,
    ),
    BuiltIn(
        name="mod",
        kind="pairs",
        make="regular.modular",
        about="1 to SIZE digits with + - * between them: the value modulo 5. Then up to four times as many",
        paper="Delétang et al. (2023), arXiv:2207.02098",
        task="many-to-one",
        size=6,
        largest=1_000,
    ),
    BuiltIn(
        name="count",
        kind="pairs",
        make="counting.two",
        about="aⁿ → bⁿ: n up to SIZE, then up to four times as many",
        paper="Gers, Schmidhuber (2001); Weiss, Goldberg, Yahav (2018), arXiv:1805.04908",
        task="one-to-many",
        of_seed=False,
        size=10,
        largest=1_000,
    ),
    BuiltIn(
        name="count-three",
        kind="pairs",
        make="counting.three",
        about="aⁿ → bⁿcⁿ: n up to SIZE, then up to four times as many",
        paper="Gers, Schmidhuber (2001); Weiss, Goldberg, Yahav (2018), arXiv:1805.04908",
        task="one-to-many",
        of_seed=False,
        size=10,
        largest=1_000,
    ),
    BuiltIn(
        name="reber",
        kind="text",
        make="grammars.reber",
        about="2,000 strings of the embedded Reber grammar",
        paper="Hochreiter, Schmidhuber (1997); Cleeremans, Servan-Schreiber, McClelland (1989)",
    ),
    BuiltIn(
        name="brackets",
        kind="text",
        make="grammars.brackets",
        about="30,000 nested brackets, at most SIZE deep",
        paper="Karpathy, Johnson, Fei-Fei (2015), arXiv:1506.02078",
        size=8,
        largest=100,
    ),
)

BUILT_INS: dict[str, BuiltIn] = {each.name: each for each in _ALL}


def built_in_of(file: str) -> BuiltIn | None:
    """Return what a name stands for; None: it names a file, or nothing that is known."""
    name, _, _ = file.removeprefix(BUILT_IN).partition(":")
    return BUILT_INS.get(name) if file.startswith(BUILT_IN) else None


def size_of(file: str) -> int:
    """Return the size that a known name asks for, or the usual one."""
    found = built_in_of(file)
    _, _, size = file.removeprefix(BUILT_IN).partition(":")
    return 0 if found is None else int(size or found.size)


def check_built_in(data: Data) -> None:
    """Raise ExperimentError for a name of built-in data that there are not, or that do not fit the task."""
    kind: Literal["text", "pairs", "series"] = "pairs" if data.pairs else "series" if data.series else "text"
    path, file = f"data.{kind}", getattr(data, kind)
    if not file.startswith(BUILT_IN):
        return
    name, colon, size = file.removeprefix(BUILT_IN).partition(":")
    there = [each.name for each in _ALL if each.kind == kind]
    found = built_in_of(file)
    if found is None or found.kind != kind:
        if found is not None:
            raise ExperimentError(path, f"is {found.kind}: give it as --{found.kind}")
        like = difflib.get_close_matches(name, there, n=1) or there
        raise ExperimentError(path, f"no such built-in data; nearest: {', '.join(BUILT_IN + each for each in like)}")
    if colon and not found.size:
        raise ExperimentError(path, f"has no size: it must be {BUILT_IN}{name}")
    is_number = size.isascii() and size.isdecimal() and len(size) < 10
    if colon and not (is_number and 1 <= int(size) <= found.largest):
        raise ExperimentError(path, f"{shown(size)} must be a whole number from 1 to {found.largest:,}")
    if kind == "series" and data.length != size_of(file):
        problem = f"{data.length} cuts the sequences of {file}: it must be {size_of(file)}, as many steps as they have"
        raise ExperimentError("data.length", problem)
    if data.task != found.task and kind == "pairs":
        raise ExperimentError("data.task", f"{data.task} does not fit {BUILT_IN}{name}: it must be {found.task}")
