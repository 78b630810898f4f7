"""Experiment: the whole frozen description of a run; `experiment/validate.py` makes one sound.

Plain data, no torch: the view, the engine, the command line and the files all speak of the same thing.
"""

import math
from typing import TYPE_CHECKING, Literal

import msgspec

from rnn_tui.experiment.cell_kinds import CELL_KINDS, CellKind

__all__ = [
    "END",
    "PYTHON_SOURCE",
    "SINE",
    "SUMS",
    "Data",
    "Decimal",
    "Experiment",
    "ExperimentError",
    "Gaps",
    "Header",
    "Network",
    "Precision",
    "Run",
    "Schedule",
    "Separator",
    "Task",
    "Training",
]

if TYPE_CHECKING:
    Cell = str
else:
    Cell = Literal[tuple(CELL_KINDS)]  # one entry there is a new choice here
Tick = Literal["character", "sequence"]
Task = Literal["many-to-many", "one-to-many", "many-to-one"]
Schedule = Literal["constant", "step", "cosine", "plateau"]
Precision = Literal["float32", "bfloat16", "float16"]
Separator = Literal["auto", "comma", "semicolon", "tab", "bar", "blank", "none"]
Header = Literal["auto", "yes", "no"]
Decimal = Literal["auto", "point", "comma"]
Gaps = Literal["refuse", "skip", "fill"]

SUMS = "builtin:sums"  # in place of a file of pairs: additions that are made up
PYTHON_SOURCE = "builtin:python-source"  # in place of a text: the source of Python's standard library on this machine
END = "\n"  # what a network says when its answer of several characters is over

SINE = "sine"  # the name of a series that is made up from the seed; a file of that name is ./sine
MOMENTS = {"adam": 2, "rmsprop": 1, "sgd": 0}  # running averages that the optimiser keeps for each weight


class ExperimentError(ValueError):
    """An experiment that cannot be run. `path` names the field, the message says what would be right."""

    def __init__(self, path: str, problem: str, *, value: str | None = None) -> None:
        super().__init__(problem)
        self.path = path
        self.value = value  # of a list of texts, the one that is to blame


class Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is read and what is to be said: rows, a text, pairs, or a series of numbers.

    A character is one Unicode code point. The rows are one batch, the same in every pass. Of a text or a series every
    pass reads another batch, `batch` rows of `length` characters or numbers: pieces in a random order, or `stateful`,
    where row r goes on where row r of the pass before has ended. Pairs are rows of different lengths in a file, `batch`
    of them a pass in a random order, padded to `length` time steps; 0 stands for all of them, and for as many as the
    longest has.

    The task says how an input and its target become one row. many-to-many: a character is said for each that is read.
    many-to-one: one character, at the last that is read. one-to-many: the input is read and then the answer so far,
    and the answer and its end (a line feed) are said from the last character of the input on.
    """

    inputs: tuple[str, ...] = ("hihello",)  # empty where there is a text, a file of pairs, or a series
    targets: tuple[str, ...] = ()  # empty: the inputs' next characters, or nothing where there is no learning
    text: str = ""  # a path; its next characters are the targets
    pairs: str = ""  # a path: `input<TAB>target` a line
    task: Task = "many-to-many"
    series: str = ""  # the path of a CSV file, or SINE; its next values are the targets
    column: str = ""  # of that file, by its name, or its number from 1; empty: the only one
    separator: Separator = "auto"  # between its columns; see `data/csv/table.py`
    header: Header = "auto"  # whether its first line names the columns
    decimal: Decimal = "auto"  # see `data/csv/numbers.py`
    gaps: Gaps = "refuse"  # where a cell has no number; see `data/series.py`
    reverse: bool = False  # its last row is the first value
    encoding: str = "utf-8"  # of that file
    batch: int = 1
    length: int = 64
    stateful: bool = False
    holdout: float = 0.0  # the share of what is in the file, at its end, that is never learnt
    vocabulary: str = ""  # empty: the characters of the data, sorted; of a file they are known once it has been read

    @property
    def file(self) -> str:
        """The file that the data come from, or what stands for it, if there is one."""
        return self.text or self.pairs or self.series

    @property
    def padded(self) -> bool:
        """Whether rows may be of different lengths, with steps at which nothing is said."""
        return bool(self.pairs) or self.task != "many-to-many"

    @property
    def per_character(self) -> bool:
        """Whether losses are told per character, or number, however they are added up."""
        return bool(self.file) or self.padded


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One-hot or embedding, then recurrent layers, then a head."""

    cell: Cell = "rnn"
    implementation: Literal["fused", "cell", "written-out"] = "fused"
    hidden_size: int = 5
    layers: int = 1
    dropout: float = 0.0  # of the states that the layer above reads, while it learns; as nn.LSTM(dropout=) has it
    bidirectional: bool = False
    embedding: int = 0  # 0: one-hot
    head: Literal["direct", "linear"] = "direct"
    initial_state: Literal["zeros", "random"] = "zeros"
    batch_first: bool = False

    @property
    def kind(self) -> CellKind:
        """What its kind of cell is."""
        return CELL_KINDS[self.cell]

    @property
    def directions(self) -> int:
        """1, or 2 where the network also reads from the right."""
        return 2 if self.bidirectional else 1


class Training(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it learns."""

    learn: bool = True
    tick: Tick = "character"
    reduction: Literal["sum", "mean"] = "sum"
    optimizer: Literal["adam", "sgd", "rmsprop"] = "adam"
    lr: float = 0.1  # where the schedule begins
    schedule: Schedule = "constant"  # see `engine/training/lr_schedule.py`
    schedule_every: int = 0  # step, cosine: updates; plateau: epochs; 0: as suits the schedule
    schedule_factor: float = 0.1  # step, plateau: what the rate is multiplied by; cosine: in the end
    weight_decay: float = 0.0  # λ in g + λW, as torch's optimisers have it (L2, not that of AdamW)
    clip: float = 0.0  # 0: no clipping
    accumulate: int = 1  # passes whose gradients are averaged to one update
    patience: int = 0  # epochs without a better loss after which it holds; 0: it never does
    precision: Precision = "float32"  # of the forward pass; less than float32 is for a GPU
    epochs: int = 100  # 0: forever
    seed: int = 0


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and how fast it runs; nothing here changes what a number means."""

    speed: float = 4.0  # ticks a second; 0: as fast as it can
    device: str = "auto"
    threads: int = 0  # of a CPU; 0: one for a small network, all for a large one
    until: tuple[str, ...] = ()  # breakpoints, see `experiment/breakpoints.py`


class Experiment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides the numbers of a run, and a name for it."""

    name: str = "experiment"
    about: str = ""
    data: Data = Data()
    network: Network = Network()
    training: Training = Training()
    run: Run = Run()

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
        """Whether it reads and says numbers rather than characters: the next value of a series."""
        return bool(self.data.series)

    @property
    def vocabulary(self) -> str:
        """The characters in the order of their indices; empty for a file that has not been read, and for numbers."""
        data = self.data
        end = END if data.task == "one-to-many" and not data.file else ""
        return data.vocabulary or "".join(sorted(set("".join((*data.inputs, *data.targets, end)))))

    @property
    def classes(self) -> int:
        """Features of an input without an embedding, and of what is to be said: one for each character, or 1."""
        return 1 if self.is_numbers else len(self.vocabulary)

    @property
    def input_size(self) -> int:
        """Features that the first recurrent layer reads at a time step."""
        return self.network.embedding or self.classes

    @property
    def output_size(self) -> int:
        """Features of one output: one per character, a number, or the states themselves where nothing is learnt."""
        network = self.network
        return self.classes if network.head == "linear" else network.hidden_size * network.directions

    @property
    def weights(self) -> int:
        """Trainable numbers, as `sum(p.numel() for p in model.parameters())` counts them."""
        network = self.network
        directions, hidden = network.directions, network.hidden_size
        total = self.classes * network.embedding
        for layer in range(min(network.layers, 2)):  # all layers above the first are of one size
            width = self.input_size if layer == 0 else hidden * directions
            count = 1 if layer == 0 else network.layers - 1
            total += count * directions * len(network.kind.gates) * hidden * (width + hidden + 2)
        if network.head == "linear":
            total += self.classes * (hidden * directions + 1)
        return total

    @property
    def floor(self) -> float | None:
        """The loss below which this network cannot fall, or None where there is no such bound.

        A state used directly as logits lies in (-1, 1), so the best distribution it can state puts e on the
        right character and 1/e on the C - 1 others: log(1 + (C - 1) e^-2) per character. Losses of a text and
        of pairs are always told per character.
        """
        network, training = self.network, self.training
        if not training.learn or network.head == "linear" or not network.kind.is_bounded or not self.vocabulary:
            return None
        if network.kind.mixes_h and network.initial_state == "random":  # it mixes h_0 in, which is not bounded
            return None
        per_character = math.log1p((len(self.vocabulary) - 1) * math.exp(-2))
        return per_character * (self.length if training.reduction == "sum" and not self.data.per_character else 1)

    @property
    def memory_bytes(self) -> int:
        """About what training takes: weights, gradients, moments, and what the backward pass keeps, in float32."""
        network = self.network
        copies = 2 + MOMENTS[self.training.optimizer] if self.training.learn else 1
        per_cell = 2 * len(network.kind.gates) + 2 + (2 if network.dropout else 0)  # a mask, and what it leaves
        cells = network.layers * network.directions * network.hidden_size * per_cell
        kept = self.length * self.rows * (cells + self.input_size + 3 * self.output_size)
        return 4 * (copies * self.weights + kept)
