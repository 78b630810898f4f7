"""What each kind of recurrent cell is: its gates, how they make its state, and the words for them. Data, no torch.

A new kind is one entry here, and its equations for a time step: in `engine/network/cells.py` where it has the four
parameters of torch's cells, else as a module of its own in `engine/network/modules/`.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["CELL_KINDS", "OWN", "CellKind", "Gate", "Product", "Shape", "Squash", "Weight"]

OWN = "own"  # the kind of a cell that somebody has written in a file: see `own_cell.py`

Shape = tuple[int, ...]
Squash = Literal["tanh", "relu", "σ", ""]  # empty: whatever its equation makes of it

_TORCH = "https://docs.pytorch.org/docs/stable/generated/torch.nn."


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """One gate: squash(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), with H rows of each matrix for its H units."""

    name: str  # a letter, as in the equations
    squash: Squash
    about: str = ""  # what it decides, in a few words
    word: str = ""  # its name besides the letter: "forget"
    opened: str = ""  # what it does at 1, in a word or two
    shut: str = ""  # and at 0
    keeps: Literal["", "h", "c"] = ""  # the state that it multiplies at each step, so that a product of it is left
    rest: bool = False  # 1 − gate does
    reset: str = ""  # an earlier gate r that multiplies what comes from the state: … + r·(W_hh h_{t-1} + b_hh)

    @property
    def is_signed(self) -> bool:
        """Whether its values may be negative: it says what there is, not how much of it passes."""
        return self.squash != "σ"


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """A gate times a value: one term of the sum that is the new c or h."""

    gate: str
    value: str  # the name of a gate; "h" or "c": the one before this step; "tanh(c)": of the new c
    rest: bool = False  # 1 − gate in place of the gate


Size = Literal["E", "H", "4H"] | int  # features that are read, units, four blocks of those, or so many


@dataclass(frozen=True, slots=True)
class Weight:
    """A parameter of a cell that is a module: its name there, and its shape."""

    name: str
    shape: tuple[Size, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CellKind:
    """One kind of cell. The rows of its weights are those of its gates, H for each, in this order.

    A cell with other weights than torch's says which (`weights`); its gates are then the parts that its module shows.
    """

    name: str  # in experiments, on the command line and in TOML
    label: str  # as people write it
    module: str = ""  # of torch.nn; empty: torch has none, and it is always written out
    nonlinearity: Literal["", "tanh", "relu"] = ""  # the argument of nn.RNN
    gates: tuple[Gate, ...]
    c: tuple[Product, ...] = ()  # c_t, the sum of these; empty: there is no c
    h: tuple[Product, ...] = ()  # h_t; empty: it is the only gate
    is_bounded: bool = True  # whether h_t lies in (−1, 1), as far as it does not come from h_0
    about: str = ""  # what the gates do, after a colon
    about_c: str = ""  # what c is, in a few words
    reference: str = ""  # where its equations are written down
    weights: tuple[Weight, ...] = ()  # of a module; empty: W_ih, W_hh and two biases, with the rows of all gates
    given: tuple[tuple[tuple[str, Shape], ...], ...] = ()  # of an own cell: weights of the first layer, of those above
    memory: int | Literal["H"] = 0  # of a module: numbers of c for each unit; "H": as many as units; 0: there is no c

    @property
    def is_module(self) -> bool:
        """Whether a time step is a module with weights of its own, rather than a function of torch's four."""
        return bool(self.weights) or self.name == OWN

    @property
    def has_c(self) -> bool:
        """Whether its state is h and c."""
        return bool(self.c) or self.memory != 0

    def c_size(self, hidden_size: int) -> int:
        """Return how many numbers its c has; the first H of them, or where it is a matrix its rows, are the units'."""
        return hidden_size * (hidden_size if self.memory == "H" else max(1, self.memory))

    @property
    def is_gated(self) -> bool:
        """Whether it has gates to look at; a plain RNN has only the sum that becomes its state."""
        return len(self.gates) > 1 or self.is_module

    @property
    def gate_names(self) -> tuple[str, ...]:
        """The names of its gates in their order."""
        return tuple(gate.name for gate in self.gates)

    @property
    def mixes_h(self) -> bool:
        """Whether a part of h_{t-1} is in h_t as it is, so that h_0 is never quite gone."""
        return any(each.value == "h" for each in self.h)

    @property
    def short(self) -> str:
        """Its name in capitals, without what comes after a dash: "LSTM", "RNN" for both; the label of a module."""
        if self.is_module:
            return self.label.rpartition(" ")[2]
        return self.name.partition("-")[0].upper()

    def shapes(self, layer: int, input_size: int, hidden_size: int) -> tuple[tuple[str, Shape], ...]:
        """Return name and shape of each weight of one direction of a layer that reads `input_size` numbers."""
        if self.name == OWN:
            return self.given[min(layer, len(self.given) - 1)] if self.given else ()
        if self.weights:
            sizes = {"E": input_size, "H": hidden_size, "4H": 4 * hidden_size}
            return tuple(
                (each.name, tuple(size if isinstance(size, int) else sizes[size] for size in each.shape))
                for each in self.weights
            )
        rows = len(self.gates) * hidden_size
        return (
            ("weight_ih", (rows, input_size)),
            ("weight_hh", (rows, hidden_size)),
            ("bias_ih", (rows,)),
            ("bias_hh", (rows,)),
        )

    @property
    def options(self) -> dict[str, str]:
        """The arguments of torch's modules that make them this kind."""
        return {"nonlinearity": self.nonlinearity} if self.nonlinearity else {}

    @property
    def function(self) -> str:
        """What torch calls the function that computes it, torch.lstm, and with _cell one step of it."""
        return "_".join(filter(None, (self.module.lower(), self.nonlinearity)))


_ARXIV = "https://arxiv.org/abs/"


def _linear(*names: str, bias: bool = True) -> tuple[Weight, ...]:
    """Return the weights of nn.Linear(E, H), one for each name."""
    kinds: tuple[tuple[str, tuple[Size, ...]], ...] = (("weight", ("H", "E")), ("bias", ("H",)))
    return tuple(Weight(f"{name}.{kind}", shape) for name in names for kind, shape in kinds[: 1 + bias])


CELL_KINDS: dict[str, CellKind] = {
    kind.name: kind
    for kind in (
        CellKind(
            name="rnn",
            label="RNN",
            module="RNN",
            nonlinearity="tanh",
            gates=(Gate(name="h", squash="tanh"),),
            reference=f"{_TORCH}RNN.html",
        ),
        CellKind(
            name="rnn-relu",
            label="RNN relu",
            module="RNN",
            nonlinearity="relu",
            gates=(Gate(name="h", squash="relu"),),
            is_bounded=False,
            reference=f"{_TORCH}RNN.html",
        ),
        CellKind(
            name="gru",
            label="GRU",
            module="GRU",
            gates=(
                Gate(
                    name="r",
                    squash="σ",
                    about="how much of h n may see",
                    word="reset",
                    opened="n sees h",
                    shut="n sees no h",
                ),
                Gate(
                    name="z",
                    squash="σ",
                    about="how much of h is kept",
                    word="update",
                    opened="keeps",
                    shut="replaces",
                    keeps="h",
                ),
                Gate(name="n", squash="tanh", about="what takes the place of the rest", reset="r"),
            ),
            h=(Product(gate="z", value="n", rest=True), Product(gate="z", value="h")),
            about="gates say how much of it stays.",
            reference=f"{_TORCH}GRU.html",
        ),
        CellKind(
            name="lstm",
            label="LSTM",
            module="LSTM",
            gates=(
                Gate(
                    name="i",
                    squash="σ",
                    about="how much of g is let in",
                    word="input",
                    opened="writes",
                    shut="writes nothing",
                ),
                Gate(
                    name="f",
                    squash="σ",
                    about="how much of c is kept",
                    word="forget",
                    opened="keeps",
                    shut="forgets",
                    keeps="c",
                ),
                Gate(name="g", squash="tanh", about="what there is to let in"),
                Gate(
                    name="o",
                    squash="σ",
                    about="how much of c is shown",
                    word="output",
                    opened="shows c",
                    shut="hides c",
                ),
            ),
            c=(Product(gate="f", value="c"), Product(gate="i", value="g")),
            h=(Product(gate="o", value="tanh(c)"),),
            about="gates forget, take in, and show.",
            about_c="the memory: f·c + i·g",
            reference=f"{_TORCH}LSTM.html",
        ),
        CellKind(
            name="peephole-lstm",
            label="peephole LSTM",
            gates=(
                Gate(name="i", squash="σ", about="how much of g is let in", word="input", opened="writes"),
                Gate(name="f", squash="σ", about="how much of c is kept", word="forget", opened="keeps", keeps="c"),
                Gate(name="g", squash="tanh", about="what there is to let in"),
                Gate(name="o", squash="σ", about="how much of c is shown", word="output", opened="shows c"),
            ),
            memory=1,
            about="an LSTM whose gates read c as well.",
            about_c="the memory: f·c + i·g",
            reference="https://www.jmlr.org/papers/v3/gers02a.html",
            weights=(
                Weight("w", ("4H", "E")),
                Weight("u", ("4H", "H")),
                Weight("b", ("4H",)),
                Weight("p", (3, "H")),
            ),
        ),
        CellKind(
            name="ind-rnn",
            label="IndRNN",
            gates=(
                Gate(name="a", squash="", about="what comes from the input"),
                Gate(name="k", squash="", about="what is kept: u·h"),
            ),
            is_bounded=False,
            about="each unit reads its own state alone.",
            reference=f"{_ARXIV}1803.04831",
            weights=(Weight("u", ("H",)), *_linear("to_a")),
        ),
        CellKind(
            name="min-gru",
            label="minGRU",
            gates=(
                Gate(
                    name="z",
                    squash="σ",
                    about="how much of h is replaced",
                    opened="replaces",
                    shut="keeps",
                    keeps="h",
                    rest=True,
                ),
                Gate(name="n", squash="", about="what takes its place"),
            ),
            is_bounded=False,
            about="a gate that reads the input alone says how much stays.",
            reference=f"{_ARXIV}2410.01201",
            weights=_linear("to_z", "to_n"),
        ),
        CellKind(
            name="min-lstm",
            label="minLSTM",
            gates=(
                Gate(name="f", squash="σ", about="how much of h is kept", word="forget", opened="keeps", keeps="h"),
                Gate(name="i", squash="σ", about="how much of n is let in", word="input", opened="writes"),
                Gate(name="n", squash="", about="what there is to let in"),
            ),
            is_bounded=False,
            about="two gates that read the input alone, together 1, forget and take in.",
            reference=f"{_ARXIV}2410.01201",
            weights=_linear("to_f", "to_i", "to_n"),
        ),
        CellKind(
            name="slstm",
            label="sLSTM",
            gates=(
                Gate(name="i", squash="", about="how much of z is let in, over e^m", word="input"),
                Gate(name="f", squash="", about="how much of c and n is kept, over e^m", word="forget"),
                Gate(name="z", squash="tanh", about="what there is to let in"),
                Gate(name="o", squash="σ", about="how much of c/n is shown", word="output", opened="shows c"),
            ),
            memory=3,
            about="exponential gates weigh what comes against what is there.",
            about_c="what is remembered, before it is divided by n",
            reference=f"{_ARXIV}2405.04517",
            weights=(Weight("w", ("4H", "E")), Weight("u", ("4H", "H")), Weight("b", ("4H",))),
        ),
        CellKind(
            name="lru",
            label="LRU",
            gates=(
                Gate(name="re", squash="", about="the real part of the state"),
                Gate(name="im", squash="", about="its imaginary part"),
            ),
            memory=2,
            is_bounded=False,
            about="each unit turns and shrinks by its own complex λ; nothing squashes it.",
            about_c="the real part of the state s",
            reference=f"{_ARXIV}2303.06349",
            weights=(
                *(Weight(name, ("H",)) for name in ("nu", "theta", "gamma")),
                Weight("b_re", ("H", "E")),
                Weight("b_im", ("H", "E")),
                Weight("c_re", ("H", "H")),
                Weight("c_im", ("H", "H")),
                Weight("d", ("H", "E")),
            ),
        ),
        CellKind(
            name="ssm",
            label="selective SSM",
            gates=(
                Gate(name="Δ", squash="", about="how far the state goes on in this step"),
                Gate(name="u", squash="", about="what comes from the input"),
            ),
            memory=4,
            is_bounded=False,
            about="the input says how far the state goes on, and what is written and read.",
            about_c="the number of each unit that decays most slowly",
            reference=f"{_ARXIV}2312.00752",
            weights=(
                Weight("log_a", (4, "H")),
                Weight("d", ("H",)),
                *_linear("to_u", bias=False),
                *_linear("to_delta"),
                Weight("to_b.weight", (4, "E")),
                Weight("to_c.weight", (4, "E")),
            ),
        ),
        CellKind(
            name="delta-net",
            label="Gated DeltaNet",
            gates=(
                Gate(name="α", squash="σ", about="how much of S is kept", opened="keeps", shut="clears", keeps="c"),
                Gate(name="β", squash="σ", about="how far v takes the place of what S has for k", opened="writes"),
                Gate(name="v", squash="", about="the value that is written"),
                Gate(name="k", squash="", about="the key it is written under"),
                Gate(name="q", squash="", about="the key that is read"),
            ),
            memory="H",
            is_bounded=False,
            about="a matrix S maps keys to values; each step replaces the value of one key.",
            about_c="the length of each row of S",
            reference=f"{_ARXIV}2412.06464",
            weights=(
                *_linear("to_q", "to_k", "to_v", bias=False),
                Weight("to_alpha.weight", (1, "E")),
                Weight("to_alpha.bias", (1,)),
                Weight("to_beta.weight", (1, "E")),
                Weight("to_beta.bias", (1,)),
            ),
        ),
    )
}
