"""What an experiment on your own file begins with, unless you ask for something else."""

from pathlib import Path

from rnn_tui.experiment.spec import Data, Experiment, Network, RunOptions, Training

__all__ = ["OWN_PAIRS", "OWN_SERIES", "OWN_TEXT", "WORD_EMBEDDING", "name_for"]

WORD_EMBEDDING = 128  # numbers for each word, unless you ask for something else

OWN_TEXT = Experiment(
    name="own-text",
    data=Data(inputs=(), batch=32, length=64, holdout=0.1),
    network=Network(cell="lstm", hidden_size=256, embedding=32, head="linear"),
    training=Training(tick="sequence", reduction="mean", lr=4e-3, clip=5, epochs=10),
    run=RunOptions(speed=0),
)  # a small character-level network that a CPU trains in minutes; every setting given takes the place of its own

OWN_PAIRS = Experiment(
    name="own-pairs",
    data=Data(inputs=(), batch=0, length=0),
    network=Network(cell="lstm", hidden_size=64, head="linear"),
    training=Training(tick="sequence", reduction="mean", lr=1e-2, clip=5, epochs=300),
    run=RunOptions(speed=0),
)  # the same for pairs

OWN_SERIES = Experiment(
    name="own-series",
    data=Data(inputs=(), batch=16, length=32, holdout=0.1),
    network=Network(cell="lstm", hidden_size=32, head="linear"),
    training=Training(tick="sequence", reduction="mean", lr=5e-3, clip=1, epochs=100),
    run=RunOptions(speed=20),
)  # and for a series


def name_for(file: str) -> str:
    """Return a name for an experiment on that file: the file's own, without its extension."""
    return Path(file).stem or OWN_TEXT.name
