"""Every part of an experiment that a person can set: one table for the command line, the form and the TOML file.

A new setting is one attribute in `experiment/spec.py` and one line here.
"""

from dataclasses import dataclass

__all__ = ["FIELDS", "Field", "field"]


def _plain(number: float) -> str:
    """Every digit of a limit: 1,000,000 rather than 1e+06."""
    return f"{number:,}" if isinstance(number, int) else f"{number:,.15g}"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One setting. `path` names the attribute of `Experiment`; the rest says how people meet it."""

    path: str  # "network.hidden_size"
    option: str  # "--hidden"
    label: str  # in the form
    about: str  # in --help, in the form and as a comment in TOML
    minimum: float | None = None  # the smallest value that makes sense
    maximum: float | None = None  # the largest
    exclusive: bool = False  # the minimum itself is not allowed
    metavar: str = ""  # what stands for the value in --help; empty: after its type

    @property
    def section(self) -> str:
        """The TOML table that holds it."""
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        """The attribute's own name."""
        return self.path.rpartition(".")[2]

    def range_problem(self, value: float) -> str | None:
        """What is wrong with the size of `value`, in words that follow the value, or None."""
        if value != value or value in (float("inf"), float("-inf")):
            return "is not a finite number"
        if self.minimum is not None and (value < self.minimum or (self.exclusive and value == self.minimum)):
            return f"is too small: it must be {'above' if self.exclusive else 'at least'} {_plain(self.minimum)}"
        if self.maximum is not None and value > self.maximum:
            return f"is too large: it must be at most {_plain(self.maximum)}"
        return None


FIELDS = (
    Field(
        path="data.inputs",
        option="--input",
        label="input",
        about="text to read; several rows of one length make a batch",
    ),
    Field(
        path="data.targets",
        option="--target",
        label="target",
        about="text to say, character for character; none: the input's next characters",
    ),
    Field(
        path="data.text",
        option="--text",
        label="text",
        metavar="FILE",
        about="a text file of any size to learn, in batches of sequences; -: what comes in on stdin",
    ),
    Field(
        path="data.pairs",
        option="--pairs",
        label="pairs",
        metavar="FILE",
        about="a file of pairs to learn, an input, a tab and its target a line; they may be of different lengths",
    ),
    Field(
        path="data.task",
        option="--task",
        label="task",
        about="many-to-many: a character for each that is read; many-to-one: one character at the end; "
        "one-to-many: the input is read, then the target spelled and ended",
    ),
    Field(
        path="data.series",
        option="--series",
        label="series",
        metavar="FILE",
        about="a CSV file with a series of numbers, whose next value is to be said; sine: one that is made up",
    ),
    Field(
        path="data.column",
        option="--column",
        label="column",
        metavar="NAME",
        about="the column of that file, or its number from 1; none: the only one",
    ),
    Field(
        path="data.separator",
        option="--separator",
        label="separator",
        about="what separates the columns of that file; blank: spaces or tabs; none: each line is one number",
    ),
    Field(
        path="data.header",
        option="--header",
        label="header",
        about="whether the first line of that file names the columns; auto: unless it holds only numbers",
    ),
    Field(
        path="data.decimal",
        option="--decimal",
        label="decimal mark",
        about="the decimal mark of that file; the other one may stand between thousands",
    ),
    Field(
        path="data.gaps",
        option="--gaps",
        label="gaps",
        about="cells without a number: refuse them; skip those rows; fill along a line from neighbour to neighbour",
    ),
    Field(
        path="data.reverse",
        option="--reverse",
        label="reverse",
        about="read the rows from the last to the first: for a file that has the newest on top",
    ),
    Field(
        path="data.encoding",
        option="--encoding",
        label="encoding",
        metavar="NAME",
        about="how the bytes of the file are characters: utf-8, latin-1, utf-16, ...",
    ),
    Field(
        path="data.batch",
        option="--batch",
        label="batch",
        minimum=0,
        maximum=1_000_000,
        about="rows of a pass over a text or a series, or pairs of one; 0: all pairs",
    ),
    Field(
        path="data.length",
        option="--length",
        label="length",
        minimum=0,
        maximum=1_000_000,
        about="time steps of a pass over a text or a series; backward ends at the first. Of pairs 0: as the longest",
    ),
    Field(
        path="data.stateful",
        option="--stateful",
        label="stateful",
        about="the state goes on from one pass to the next; --no-stateful: the sequences are shuffled",
    ),
    Field(
        path="data.holdout",
        option="--holdout",
        label="hold-out",
        minimum=0,
        maximum=0.9,
        about="the share of a text, a series or pairs, at the end, that is kept away from learning and only judged",
    ),
    Field(
        path="data.vocabulary",
        option="--vocabulary",
        label="vocabulary",
        about="the characters in the order of their indices; none: those of the data, sorted",
    ),
    Field(path="network.cell", option="--cell", label="cell", about="the kind of recurrent cell"),
    Field(
        path="network.implementation",
        option="--implementation",
        label="implementation",
        about="fused: nn.RNN, nn.GRU, nn.LSTM; cell: nn.RNNCell and its like, one step at a time; "
        "written-out: the equations themselves",
    ),
    Field(
        path="network.hidden_size",
        option="--hidden",
        label="hidden size",
        minimum=1,
        maximum=1_000_000,
        about="units in each layer and direction",
    ),
    Field(
        path="network.layers",
        option="--layers",
        label="layers",
        minimum=1,
        maximum=10_000,
        about="recurrent layers, one above the other",
    ),
    Field(
        path="network.dropout",
        option="--dropout",
        label="dropout",
        minimum=0,
        maximum=0.99,
        about="part of the states that is left out between two layers, while it learns",
    ),
    Field(
        path="network.bidirectional",
        option="--bidirectional",
        label="bidirectional",
        about="a second set of cells that reads from the right",
    ),
    Field(
        path="network.embedding",
        option="--embedding",
        label="embedding",
        minimum=0,
        maximum=1_000_000,
        about="size of the learnt input vectors; 0: one-hot",
    ),
    Field(
        path="network.head",
        option="--head",
        label="head",
        about="direct: the state itself is the logits; linear: a linear layer on top",
    ),
    Field(
        path="network.initial_state",
        option="--initial-state",
        label="h₀",
        about="the state before the first time step: zeros, or random for every pass",
    ),
    Field(
        path="network.batch_first",
        option="--batch-first",
        label="batch first",
        about="tensors are (batch, time, features) rather than (time, batch, features)",
    ),
    Field(
        path="training.learn",
        option="--learn",
        label="learn",
        about="train; --no-learn: forward passes only, no loss and no update",
    ),
    Field(
        path="training.tick",
        option="--tick",
        label="tick",
        about="one turn of the loop: one character, or the whole sequence",
    ),
    Field(
        path="training.reduction",
        option="--reduction",
        label="loss is",
        about="how the losses of the characters become one: their sum or their mean",
    ),
    Field(path="training.optimizer", option="--optimizer", label="optimizer", about="how the weights move"),
    Field(
        path="training.lr",
        option="--lr",
        label="learning rate",
        minimum=0,
        exclusive=True,
        maximum=1e6,
        about="learning rate",
    ),
    Field(
        path="training.schedule",
        option="--schedule",
        label="lr schedule",
        about="how the learning rate goes on: constant; step: down every so often; cosine: down in half a wave; "
        "plateau: down when the loss is not",
    ),
    Field(
        path="training.schedule_every",
        option="--schedule-every",
        label="lr every",
        minimum=0,
        maximum=10**12,
        about="step: updates between two cuts; cosine: updates to its end; plateau: epochs that it waits; "
        "0: a third of all, all, 10",
    ),
    Field(
        path="training.schedule_factor",
        option="--schedule-factor",
        label="lr factor",
        minimum=0,
        exclusive=True,
        maximum=1,
        about="step, plateau: what the rate is multiplied by; cosine: what is left of it in the end",
    ),
    Field(
        path="training.weight_decay",
        option="--weight-decay",
        label="weight decay",
        minimum=0,
        maximum=1e6,
        about="how strongly weights are drawn to 0: L2, as in torch.optim; 0: not at all",
    ),
    Field(
        path="training.clip",
        option="--clip",
        label="clip",
        minimum=0,
        maximum=1e12,
        about="largest norm of the gradient; 0: no clipping",
    ),
    Field(
        path="training.accumulate",
        option="--accumulate",
        label="accumulate",
        minimum=1,
        maximum=1_000_000,
        about="passes whose gradients are averaged to one update",
    ),
    Field(
        path="training.patience",
        option="--patience",
        label="patience",
        minimum=0,
        maximum=10**12,
        about="epochs without a better loss until it stops; 0: it does not",
    ),
    Field(
        path="training.precision",
        option="--precision",
        label="precision",
        about="of the forward pass: float32; bfloat16 or float16 mixed with it, on a GPU",
    ),
    Field(
        path="training.epochs",
        option="--epochs",
        label="epochs",
        minimum=0,
        maximum=10**12,
        about="passes over all of the data; 0: forever",
    ),
    Field(
        path="training.seed",
        option="--seed",
        label="seed",
        minimum=0,
        maximum=2**63 - 1,
        about="where the random numbers start",
    ),
    Field(
        path="run.speed",
        option="--speed",
        label="speed",
        minimum=0,
        maximum=1e9,
        about="ticks a second; 0 or max: as fast as it can",
    ),
    Field(
        path="run.device",
        option="--device",
        label="device",
        about="where the tensors live: auto takes a GPU where that is faster",
    ),
    Field(
        path="run.threads",
        option="--threads",
        label="threads",
        minimum=0,
        maximum=1024,
        about="cores of a CPU to use; 0: one for a small network, all for a large one",
    ),
    Field(
        path="run.until",
        option="--until",
        label="pause at",
        metavar="WHEN",
        about="pause at learnt (first right), loss<2.7, jump>0.5, epoch=50, tick=300; never: nowhere",
    ),
)

_BY_PATH = {each.path: each for each in FIELDS}


def field(path: str) -> Field:
    """The field of that path. Raises KeyError where there is none."""
    return _BY_PATH[path]
