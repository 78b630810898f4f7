"""What stands for data in place of a file, made: `experiment/built_in.py` has the table of them."""

from importlib import import_module
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from rnn_tui.experiment.built_in import built_in_of, size_of
from rnn_tui.experiment.spec import Data

__all__ = ["built_in_pairs", "built_in_series", "built_in_text", "seed_of"]


def built_in_text(file: str, seed: int) -> str | None:
    """Return the text that a name stands for; None: it names a file. Raises ExperimentError."""
    return cast(str, _made(file, seed)) if built_in_of(file) else None


def built_in_pairs(file: str, seed: int) -> tuple[list[str], list[str]] | None:
    """Return the inputs and targets that a name stands for; None: it names a file."""
    return cast("tuple[list[str], list[str]]", _made(file, seed)) if built_in_of(file) else None


def built_in_series(file: str, seed: int) -> dict[str, NDArray[np.float64]] | None:
    """Return the columns that a name stands for, each (n,); None: it names a file."""
    return cast("dict[str, NDArray[np.float64]]", _made(file, seed)) if built_in_of(file) else None


def seed_of(data: Data, seed: int) -> int:
    """Return the seed if the data are made from it, and 0 where any seed reads the same."""
    found = built_in_of(data.file)
    return seed if found is not None and found.of_seed else 0


def _made(file: str, seed: int) -> Any:
    found = built_in_of(file)
    assert found is not None
    module, _, name = found.make.partition(".")
    make = getattr(import_module(f"rnn_tui.data.made_up.{module}"), name)
    return make(seed, size_of(file)) if found.size else make(seed)
