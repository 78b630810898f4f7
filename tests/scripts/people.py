"""The scripts of this folder: training as people write it, each a program of its own. What tests know about them."""

import contextlib
import io
import random
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

__all__ = ["FOLDER", "SCRIPTS", "Script", "own_random_numbers", "run_here"]

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Script:
    """A script, and what is true of it."""

    name: str
    networks: tuple[str, ...]  # the recurrent ones, by the class of the model and their names in it
    about: str
    options: tuple[str, ...] = ()  # beside --updates, to be short
    backwards: int = 1  # in each update
    own_cells: tuple[str, ...] = ()  # classes of the script's own that are cells
    code: int = 0  # its exit code
    needs: str = ""  # a package that is not among ours

    @property
    def path(self) -> Path:
        """Where it is."""
        return FOLDER / f"{self.name}.py"

    @property
    def is_possible(self) -> bool:
        """Whether what it needs is installed."""
        return not self.needs or find_spec(self.needs) is not None


_ALL = (
    Script("surnames", ("Classifier.lstm",), "packed sequences, both directions, batch_first"),
    Script("dates", ("Seq2Seq.encoder.rnn", "Seq2Seq.decoder.rnn"), "two networks, one of them called step by step"),
    Script("sine", ("Sequence.lstm1", "Sequence.lstm2"), "LSTMCells, float64, LBFGS closures", backwards=4),
    Script("char_gru", ("CharRNN.cell",), "a GRUCell fed step by step, generation on the way"),
    Script("own_cell", ("Memory.cell",), "a cell of its own, weights moved by hand", own_cells=("MGUCell",)),
    Script("language_model", ("RNNModel.rnn",), "state carried, clipping, dropout between layers, tied, evaluated"),
    Script("weather", ("Forecaster.gru",), "numbers, MSE, a DataLoader, two parameter groups, inference_mode"),
    Script("accumulate", ("Sentiment.gru",), "four backwards an update, autocast to bfloat16", backwards=4),
    Script("gan", ("Generator.lstm", "Discriminator.gru"), "two models in turn, each with its optimiser"),
    Script("perceptron", (), "no recurrence"),
    Script("broken", ("Adder.rnn",), "fails at its seventh update", code=1),
    Script("endless", ("GRU",), "a progress bar, until Ctrl-C; no model around its modules"),
    Script("with_lightning", ("Walks.gru",), "a LightningModule", needs="lightning"),
    Script("with_trainer", ("Tagger.lstm",), "the Trainer of Hugging Face", needs="transformers"),
)
SCRIPTS = {script.name: script for script in _ALL}


@contextlib.contextmanager
def own_random_numbers() -> Iterator[None]:
    """Let a script have the generators of this process, and put them back afterwards."""
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        torch.set_rng_state(states[0])
        random.setstate(states[1])
        np.random.set_state(states[2])


def run_here(name: str, *options: object) -> str:
    """Run a script in this process, as `python SCRIPT.py OPTIONS` would; return what it prints.

    Generators are left as the script has left them: see `own_random_numbers`.
    """
    path, printed, before = SCRIPTS[name].path, io.StringIO(), sys.argv
    sys.argv = [str(path), *map(str, options)]
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(str(path), run_name="__main__")
    finally:
        sys.argv = before
    return printed.getvalue()
