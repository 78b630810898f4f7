"""Experiment: the whole frozen description of a run; `experiment/validate.py` makes one sound.

Plain data, no torch: the view, the engine, the command line and the files all speak of the same thing.
"""

import math
from collections.abc import Iterable

import msgspec

from rnn_tui.experiment.sections.data import Data, Decimal, Gaps, Header, Separator, Task, Tokens
from rnn_tui.experiment.sections.network import Cell, Network
from rnn_tui.experiment.sections.run import RunOptions
from rnn_tui.experiment.sections.training import Precision, Schedule, Tick, Training
from rnn_tui.experiment.tokenizers import Tokenizer, tokenizer_of

__all__ = [
    "BUILT_IN",
    "END",
    "PYTHON_SOURCE",
    "SINE",
    "SUMS",
    "WORDS",
    "Cell",
    "Data",
    "Decimal",
    "Experiment",
    "ExperimentError",
    "Gaps",
    "Header",
    "Network",
    "Precision",
    "RunOptions",
    "Schedule",
    "Separator",
    "Task",
    "Tick",
    "Tokens",
    "Training",
]

BUILT_IN = "builtin:"  # what begins a name that stands for data, see `experiment/built_in.py`
SUMS = "builtin:sums"  # in place of a file of pairs: additions that are made up
PYTHON_SOURCE = "builtin:python-source"  # in place of a text: the source of Python's standard library on this machine
WORDS = "builtin:words"  # in place of a text: words without blanks between them, made up from the seed
END = "\n"  # what a network says when its answer of several characters is over

SINE = "sine"  # the name of a series that is made up from the seed; a file of that name is ./sine


class ExperimentError(ValueError):
    """An experiment that cannot be run. `path` names the field, the message says what would be right."""

    def __init__(self, path: str, problem: str, *, value: str | None = None) -> None:
        super().__init__(problem)
        self.path = path
        self.value = value  # of a list of texts, the one that is to blame


class Experiment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides the numbers of a run, and a name for it."""

    name: str = "experiment"
    about: str = ""
    data: Data = Data()
    network: Network = Network()
    training: Training = Training()
    run: RunOptions = RunOptions()

    @property
    def length(self) -> int:
        """Time steps in a sequence."""
        data = self.data
        if data.file:
            return max(1, data.length)  # 0: the pairs have not been read
        if data.task == "one-to-many":
            return max(len(row) + len(target) for row, target in zip(data.inputs, data.targets, strict=False))
        return max(map(len, data.inputs))

    @property
    def rows(self) -> int:
        """Sequences in a batch."""
        return max(1, self.data.batch) if self.data.file else len(self.data.inputs)

    @property
    def is_numbers(self) -> bool:
        """Whether it reads and says numbers rather than characters: the values of a series."""
        return bool(self.data.series)

    @property
    def tokenizer(self) -> Tokenizer:
        """What turns text into indices, and indices into text. It knows nothing of a file that has not been read."""
        return tokenizer_of(self.data.tokens, self._vocabulary)

    @property
    def vocabulary(self) -> str:
        """One character for each index: itself, or what stands for a word or a byte.

        Empty for a file that has not been read, and for numbers.
        """
        return self._vocabulary if self.data.tokens == "char" else self.tokenizer.symbols

    @property
    def _vocabulary(self) -> str:
        data = self.data
        if data.tokens != "char" or data.series:  # whose targets are columns
            return data.vocabulary
        end = END if data.task == "one-to-many" and not data.file else ""
        return data.vocabulary or "".join(sorted(set("".join((*data.inputs, *data.targets, end)))))

    @property
    def features(self) -> int:
        """Features of an input without an embedding: one for each character of the vocabulary, or column of numbers."""
        return max(1, len(self.data.columns)) if self.is_numbers else len(self.vocabulary)

    @property
    def classes(self) -> int:
        """Classes that are told apart in what is predicted: the labels, or the characters. Of numbers: how many."""
        if self.is_numbers:
            return len(self.data.targets) or self.features
        return len(self.data.labels) or self.features

    def places(self, column: int) -> tuple[int, int]:
        """Return which number that is read and which that is predicted belong to a column that is looked at."""
        return min(max(column, 0), self.features - 1), min(max(column, 0), self.classes - 1)

    @property
    def classes_from(self) -> int:
        """The index of the first label: labels come after all that can be read. 0: what is read is predicted."""
        return len(self.vocabulary) if self.data.labels else 0

    def name_of(self, index: int) -> str:
        """Return the name of a token or, from `classes_from` on, of a label."""
        names = self.tokenizer.names
        return names[index] if index < len(names) else self.data.labels[index - len(names)]

    def text_of(self, indices: Iterable[int]) -> str:
        """Return the text of tokens, or of labels with a blank between them."""
        found = [*indices]
        if self.data.labels and found and min(found) >= self.classes_from:
            return " ".join(map(self.name_of, found))
        return self.tokenizer.decode(found)

    @property
    def input_size(self) -> int:
        """Features that the first recurrent layer reads at a time step."""
        return self.network.embedding or self.features

    @property
    def output_size(self) -> int:
        """Features of one output: one per character or number, or the states themselves where nothing is learnt."""
        network = self.network
        return self.classes if network.head == "linear" else network.hidden_size * network.directions

    @property
    def weights(self) -> int:
        """Trainable numbers, as `sum(p.numel() for p in model.parameters())` counts them."""
        network = self.network
        directions, hidden = network.directions, network.hidden_size
        total = self.features * network.embedding
        for layer in range(min(network.layers, 2)):  # all layers above the first are of one size
            count = 1 if layer == 0 else network.layers - 1
            shapes = network.cell_shapes(layer, self.input_size)
            total += count * directions * sum(math.prod(shape) for _, shape in shapes)
        if network.layer_norm:
            total += (network.layers - 1) * 2 * hidden * directions
        if network.head == "linear":
            total += self.classes * ((0 if network.tied else hidden * directions) + 1)
        return total

    @property
    def floor(self) -> float | None:
        """The loss below which this network cannot fall, or None where there is no such bound.

        A state used directly as logits lies in (-1, 1), so the best distribution it can state puts e on the
        right character and 1/e on the C - 1 others: log(1 + (C - 1) e^-2) per character. Smoothed targets are matched
        best by a difference d of the logarithms, at most 2: log(1 + (C - 1) e^-d) + d ε (C - 1) / C. Losses of a text
        and of pairs are always told per character.
        """
        network, training = self.network, self.training
        if not training.learn or network.head == "linear" or not network.kind.is_bounded or not self.vocabulary:
            return None
        if network.kind.mixes_h and network.initial_state == "random":  # it mixes h_0 in, which is not bounded
            return None
        others, spread = self.classes - 1, training.label_smoothing / self.classes
        apart = min(2.0, math.log1p((1 - training.label_smoothing) / spread)) if spread else 2.0
        per_character = math.log1p(others * math.exp(-apart)) + apart * spread * others
        return per_character * (self.length if training.reduction == "sum" and not self.data.per_character else 1)
