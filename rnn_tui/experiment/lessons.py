"""The experiments that ship with the program: the classic ones of RNN courses, by name.

A lesson's seed is one with which it learns its string; about two seeds in three do. In `remember` it is one with
which an LSTM and a GRU do: its RNN is there to fail.
"""

import difflib

import msgspec

from rnn_tui.experiment.classics import CLASSICS
from rnn_tui.experiment.course import in_order
from rnn_tui.experiment.remember import GAP, NAME, remember
from rnn_tui.experiment.spec import (
    BUILT_IN,
    PYTHON_SOURCE,
    SINE,
    SUMS,
    WORDS,
    Data,
    Experiment,
    Network,
    RunOptions,
    Training,
)

__all__ = ["DEFAULT", "LESSONS", "nearest"]

DEFAULT = "hihello"

_HIHELLO = Data(inputs=("hihell",), targets=("ihello",), vocabulary="hielo")
_OHLOL = Data(inputs=("hello",), targets=("ohlol",), vocabulary="ehlo")
_DIGITS = tuple("0123456789")
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEN = Network(hidden_size=24, head="linear")
_LOOK = Training(learn=False, epochs=1)  # forward only


def _words(*rows: str) -> Data:
    return Data(inputs=rows, vocabulary="ehlo")


_ALL = (
    Experiment(
        name="one-letter",
        about="One letter through one RNN cell, forward only: a one-hot h (4 numbers) meets a random h₀ and becomes "
        "a state of 2 numbers. Nothing is learnt; every pass draws another h₀.",
        data=_words("h"),
        network=Network(hidden_size=2, initial_state="random"),
        training=_LOOK,
        run=RunOptions(speed=1),
    ),
    Experiment(
        name="one-letter-deep",
        about="The same letter through 3 layers that read in both directions, forward only: h₀ has one row for "
        "each layer and direction, 6 × 1 × 2.",
        data=_words("h"),
        network=Network(hidden_size=2, layers=3, bidirectional=True, initial_state="random"),
        training=Training(learn=False, epochs=1, tick="sequence"),
        run=RunOptions(speed=1),
    ),
    Experiment(
        name="hello",
        about="Five letters in one go, forward only: the output holds the state at every time step, and its last "
        "row is h_n. Both are on the screen, compared.",
        data=_words("hello"),
        network=Network(hidden_size=2, initial_state="random"),
        training=Training(learn=False, epochs=1, tick="sequence"),
        run=RunOptions(speed=1),
    ),
    Experiment(
        name="hello-cell",
        about="The same five letters through nn.RNNCell, one at a time: the state goes round by hand. It equals "
        "nn.RNN on the whole sequence, and the screen checks it.",
        data=_words("hello"),
        network=Network(hidden_size=2, implementation="cell", initial_state="random"),
        training=_LOOK,
        run=RunOptions(speed=1),
    ),
    Experiment(
        name="three-words",
        about="Three words side by side, forward only: a batch. { and } pick the row to look at; batch_first "
        "swaps two dimensions of input and output, and not h₀'s.",
        data=_words("hello", "eolll", "lleel"),
        network=Network(hidden_size=2),
        training=_LOOK,
        run=RunOptions(speed=1),
    ),
    Experiment(
        name="six-words",
        about="Six words side by side, forward only. Two rows that begin alike have the same states until the "
        "letter in which they differ.",
        data=_words("hello", "hhhhh", "helll", "eeehl", "lhell", "eeeeh"),
        network=Network(hidden_size=2),
        training=_LOOK,
        run=RunOptions(speed=1),
    ),
    Experiment(
        name="hihello",
        about="Learn to answer hihell with ihello, one character a tick. h comes twice and must be answered by i, then "
        "by e: only the state knows which. The state itself is the logits, so the loss has a floor. About "
        "two seeds in three learn it (R tries the next).",
        data=_HIHELLO,
        training=Training(seed=4),
    ),
    Experiment(
        name="hihello-slow",
        about="The same with a learning rate of 0.005: one error after the other goes away, and with seed 777 the last "
        "one does in the very last of 100 epochs. About one seed in two gets there.",
        data=_HIHELLO,
        training=Training(lr=0.005, seed=777),
        run=RunOptions(speed=30),
    ),
    Experiment(
        name="hihello-long",
        about="The same as hihello for 10,000 epochs at full speed: how close to its floor does the loss get?",
        data=_HIHELLO,
        training=Training(epochs=10_000, seed=4),
        run=RunOptions(speed=0),
    ),
    Experiment(
        name="hihello-sequence",
        about="hihell to ihello, the whole sequence a tick, its loss averaged over the characters. About three "
        "seeds in four learn it.",
        data=_HIHELLO,
        training=Training(tick="sequence", reduction="mean", lr=0.05, seed=4),
    ),
    Experiment(
        name="hihello-embedding",
        about="An embedding of 10 numbers a character in front, a linear layer on top: the floor is gone, and the "
        "loss falls towards 0. Nine seeds in ten learn it.",
        data=_HIHELLO,
        network=Network(embedding=10, head="linear"),
        training=Training(tick="sequence", reduction="mean", seed=4),
    ),
    Experiment(
        name="ohlol-cell",
        about="Learn to answer hello with ohlol with nn.RNNCell, one character a tick, in 15 epochs. About two seeds "
        "in three learn it.",
        data=_OHLOL,
        network=Network(hidden_size=4, implementation="cell"),
        training=Training(epochs=15, seed=3),
    ),
    Experiment(
        name="ohlol",
        about="hello to ohlol with nn.RNN, the whole sequence a tick, in 15 epochs. About two seeds in three learn it.",
        data=_OHLOL,
        network=Network(hidden_size=4),
        training=Training(tick="sequence", reduction="mean", epochs=15, seed=3),
        run=RunOptions(speed=1),
    ),
    Experiment(
        name="ohlol-embedding",
        about="hello to ohlol with an embedding of 10, two RNN layers of 8 and a linear layer: learnt in about "
        "four epochs, by every seed we tried.",
        data=_OHLOL,
        network=Network(embedding=10, hidden_size=8, layers=2, head="linear"),
        training=Training(tick="sequence", reduction="mean", epochs=15, seed=4),
        run=RunOptions(speed=1),
    ),
    Experiment(
        name="ohlol-lstm",
        about="hello to ohlol with two LSTM layers that read in both directions: the next character is seen from "
        "the other side, so every seed we tried learns it; this is not prediction, and it cannot write on by itself.",
        data=_OHLOL,
        network=Network(cell="lstm", embedding=10, hidden_size=8, layers=2, bidirectional=True, head="linear"),
        training=Training(tick="sequence", reduction="mean", epochs=15, seed=1),
        run=RunOptions(speed=1),
    ),
    Experiment(
        name="hihello-gru",
        about="hihello-sequence with a GRU: three gates decide what the state keeps and what it takes in. "
        "About six seeds in seven learn it.",
        data=_HIHELLO,
        network=Network(cell="gru"),
        training=Training(tick="sequence", reduction="mean", lr=0.05, seed=0),
    ),
    Experiment(
        name="hihello-lstm",
        about="hihello-sequence with an LSTM: beside the state h there is a cell c, which is not bounded. "
        "About two seeds in three learn it.",
        data=_HIHELLO,
        network=Network(cell="lstm"),
        training=Training(tick="sequence", reduction="mean", lr=0.05, seed=0),
    ),
    Experiment(
        name=NAME,
        about="The first letter must come back at the question mark, --gap characters later. Until it does, the loss "
        "stays at log 4, a guess among four. At a gap of 20 the gradient of an RNN dies on the way back: no seed of 20 "
        "learns it, and at a gap of 3 all do. With --cell lstm 19 learn the gap of 20, with gru all.",
        data=remember(GAP),
        network=Network(hidden_size=32, head="linear"),
        training=Training(tick="sequence", lr=0.01, clip=1.0, epochs=300, seed=7),
        run=RunOptions(speed=30),
    ),
    Experiment(
        name="spell",
        about="One to many: it reads 7 and spells seven, and then ends the word (a line feed). After the digit "
        "it reads its own answer so far. Ten words of different lengths are a batch: where one has ended, nothing "
        "counts. Every seed we tried learns it in about 30 epochs.",
        data=Data(inputs=_DIGITS, targets=_WORDS, task="one-to-many"),
        network=_TEN,
        training=Training(tick="sequence", reduction="mean", lr=0.02),
    ),
    Experiment(
        name="read",
        about="Many to one: the same ten words turned round. It reads seven and answers 7 at the last letter; only "
        "that step counts, and backward carries its loss to all letters before. Every seed we tried learns it in about "
        "ten epochs.",
        data=Data(inputs=_WORDS, targets=_DIGITS, task="many-to-one"),
        network=_TEN,
        training=Training(tick="sequence", reduction="mean", lr=0.02),
    ),
    Experiment(
        name="sums",
        about="It reads 27+68= and answers 95: all sums of two numbers below 100, made up as you look. A tenth of them "
        "it never learns, nor the same two numbers the other way round; those that it gets right, it has calculated.",
        data=Data(inputs=(), pairs=SUMS, task="one-to-many", batch=64, length=0, holdout=0.1),
        network=Network(cell="lstm", hidden_size=128, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=0.005, clip=1, epochs=40),
        run=RunOptions(speed=0),
    ),
    Experiment(
        name="words",
        about="Fifteen words in a row, without blanks: where does one begin? Elman (1990) asked a plain RNN. It is "
        "surprised by the first letter of a word, which nobody can know, and less and less by the others: ✗ and short "
        "bars stand where words begin. Another seed makes another text.",
        data=Data(inputs=(), text=WORDS, batch=32, length=16, holdout=0.1),
        network=Network(hidden_size=20, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=0.01, clip=1, epochs=40),
        run=RunOptions(speed=30),
    ),
    Experiment(
        name="python-source",
        about="The source of Python's own standard library, as it lies on this machine: about 1 MB of modules, "
        "the last tenth kept for validation. It differs between versions of Python, so its SHA-256 is shown.",
        data=Data(inputs=(), text=PYTHON_SOURCE, batch=32, length=64, holdout=0.1),
        network=Network(cell="lstm", hidden_size=128, layers=2, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=2e-3, clip=5, epochs=10),
        run=RunOptions(speed=0),
    ),
    Experiment(
        name="sine",
        about="Numbers instead of characters: the next value of a sum of one or two sines, by its squared error. The "
        "chart shows the truth, what is predicted one step ahead, and how the network goes on alone; another seed "
        "makes another series.",
        data=Data(inputs=(), series=SINE, batch=8, length=40, holdout=0.2),
        network=Network(cell="gru", hidden_size=16, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=0.01, epochs=200),
        run=RunOptions(speed=10),
    ),
    Experiment(
        name="adding",
        about="Fifty numbers are read, of which a second column marks two: what is their sum? Always saying 1 costs "
        "0.167. An LSTM gets far below that within a minute, and so does --cell rnn-relu --init identity, as Le et al. "
        "(2015) found; a tanh RNN (--cell rnn) does not.",
        data=Data(
            inputs=(),
            series=f"{BUILT_IN}adding",
            column=("value", "marker"),
            targets=("sum",),
            ahead=0,
            standardise=False,
            task="many-to-one",
            batch=32,
            length=50,
            holdout=0.1,
        ),
        network=Network(cell="lstm", hidden_size=32, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=5e-3, clip=1, epochs=25),
        run=RunOptions(speed=0),
    ),
    Experiment(
        name="flip-flop",
        about="Three inputs give a pulse now and then, −1 or +1; three outputs must hold the sign of the last one. "
        "Sussillo and Barak (2013) looked into such networks: the state rests at eight points, the corners of a cube, "
        "and a pulse pushes it along an edge. Press p.",
        data=Data(
            inputs=(),
            series=f"{BUILT_IN}flip-flop",
            column=("in1", "in2", "in3"),
            targets=("bit1", "bit2", "bit3"),
            ahead=0,
            standardise=False,
            batch=32,
            length=50,
            holdout=0.1,
        ),
        network=Network(hidden_size=24, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=5e-3, clip=1, epochs=100),
        run=RunOptions(speed=30),
    ),
)


def _watched(lesson: Experiment) -> Experiment:
    """Let a lesson that learns pause when it has learnt: the moment that people come for."""
    until = ("learnt",) if lesson.training.learn and not lesson.data.file else ()
    return msgspec.structs.replace(lesson, run=msgspec.structs.replace(lesson.run, until=until))


_BY_NAME = {lesson.name: _watched(lesson) for lesson in (*_ALL, *CLASSICS)}
LESSONS: dict[str, Experiment] = {name: _BY_NAME[name] for name in in_order(list(_BY_NAME))}


def nearest(name: str) -> list[str]:
    """Return the lessons whose names are most like `name`, best first."""
    return difflib.get_close_matches(name, LESSONS, n=3, cutoff=0.4)
