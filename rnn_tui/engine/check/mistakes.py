"""The usual mistakes in the cells of torch, each as what it changes in the equations and as what people are told."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations

from rnn_tui.engine.check.equations import Changes
from rnn_tui.experiment.cell_kinds import CellKind

__all__ = ["EQUATIONS", "Mistake", "all_changes", "mistakes_of"]

EQUATIONS = {  # of each kind: its parts, as torch computes them; h and c on the right are those before the step
    "rnn": {"h": "h = tanh(W_ih x + b_ih + W_hh h + b_hh)"},
    "rnn-relu": {"h": "h = relu(W_ih x + b_ih + W_hh h + b_hh)"},
    "gru": {
        "r": "r = σ(W_ir x + b_ir + W_hr h + b_hr)",
        "z": "z = σ(W_iz x + b_iz + W_hz h + b_hz)",
        "n": "n = tanh(W_in x + b_in + r·(W_hn h + b_hn))",
        "h": "h = (1 − z)·n + z·h",
    },
    "lstm": {
        "i": "i = σ(W_ii x + b_ii + W_hi h + b_hi)",
        "f": "f = σ(W_if x + b_if + W_hf h + b_hf)",
        "g": "g = tanh(W_ig x + b_ig + W_hg h + b_hg)",
        "o": "o = σ(W_io x + b_io + W_ho h + b_ho)",
        "c": "c = f·c + i·g",
        "h": "h = o·tanh(c)",
    },
}


@dataclass(frozen=True)
class Mistake:
    """One thing that differs from torch's equations."""

    place: str  # of `equations.py`, and what stands there
    choice: str
    part: str  # the first part of the cell that it changes
    about: str  # in a few words
    yours: str  # the equation with it
    note: str = ""  # what else is worth knowing

    @property
    def is_equation(self) -> bool:
        """Whether `yours` stands against the equation of the part, rather than by itself."""
        return self.place not in ("pair", "order", "sums", "W_hh") and " is made of " not in self.yours

    @property
    def change(self) -> tuple[str, str]:
        """Return the place, and what stands there."""
        return self.place, self.choice


_RARE = ("order", "sums", "sum of", "W_hh")  # places of mistakes that seldom come with two others

_GRU = (
    Mistake(
        "mix",
        "swapped",
        "h",
        "z and 1 − z are swapped",
        "h = z·n + (1 − z)·h",
        "Papers write it either way (Chung and others, 2014, as you do); torch keeps h where z is 1.",
    ),
    Mistake("mix", "all of n", "h", "n is not multiplied by 1 − z", "h = n + z·h"),
    Mistake("mix", "all of h", "h", "h is not multiplied by z", "h = (1 − z)·n + h"),
    Mistake("mix", "no h", "h", "the term z·h is missing", "h = (1 − z)·n"),
    Mistake("mix", "n alone", "h", "z is not used", "h = n"),
    Mistake(
        "reset",
        "before",
        "n",
        "r multiplies h before the matrix product, and the bias is outside",
        "n = tanh(W_in x + b_in + W_hn (r·h) + b_hn)",
        "The first paper has it so (Cho and others, 2014); torch multiplies by r after the product, bias and all.",
    ),
    Mistake(
        "reset",
        "bias outside",
        "n",
        "the bias b_hn is outside of r·(…)",
        "n = tanh(W_in x + b_in + r·(W_hn h) + b_hn)",
    ),
    Mistake(
        "reset",
        "x too",
        "n",
        "r multiplies what comes from x as well",
        "n = tanh(r·(W_in x + b_in + W_hn h + b_hn))",
    ),
    Mistake("reset", "missing", "n", "r is not used", "n = tanh(W_in x + b_in + W_hn h + b_hn)"),
    Mistake("reset", "z", "n", "z stands in the place of r", "n = tanh(W_in x + b_in + z·(W_hn h + b_hn))"),
)
_LSTM = (
    Mistake("shown", "no tanh", "h", "the tanh of c is missing", "h = o·c"),
    Mistake("shown", "σ", "h", "σ of c stands in the place of its tanh", "h = o·σ(c)"),
    Mistake("shown", "outside", "h", "the tanh is around the whole product", "h = tanh(o·c)"),
    Mistake("shown", "old c", "h", "h is made of the c before the step, not of the new one", "h = o·tanh(c before)"),
    Mistake("shown", "no o", "h", "o is not used", "h = tanh(c)"),
    Mistake(
        "pair",
        "returned",
        "c",
        "h and c are swapped in what is returned",
        "return c, h",
        "torch's order is (h, c): the output comes first.",
    ),
    Mistake("pair", "read", "i", "h and c are swapped in what is read", "c, h = state", "torch's order is (h, c)."),
    Mistake("pair", "both", "i", "the state is (c, h) throughout", "c, h = state … return c, h", "torch's is (h, c)."),
    Mistake("memory", "no f", "c", "f is not used", "c = c + i·g"),
    Mistake("memory", "no i", "c", "i is not used", "c = f·c + g"),
    Mistake("memory", "no old c", "c", "the term f·c is missing", "c = i·g"),
    Mistake("memory", "1 − f", "c", "1 − f stands in the place of i", "c = f·c + (1 − f)·g"),
    Mistake("memory", "1 − i", "c", "1 − i stands in the place of f", "c = (1 − i)·c + i·g"),
    Mistake(
        "forget bias",
        "+1",
        "f",
        "1 is added to the bias of the forget gate",
        "f = σ(W_if x + b_if + W_hf h + b_hf + 1)",
        "A good first value for that bias, but then of the bias itself: see --forget-bias.",
    ),
)


@cache
def mistakes_of(kind: CellKind) -> tuple[Mistake, ...]:
    """Return the usual mistakes in a kind of cell, the likelier ones first."""
    own = {"gru": _GRU, "lstm": _LSTM}.get(kind.name, ())
    return (*own, *_squashes(kind), *_orders(kind), *_sums(kind))


@cache
def all_changes(kind: CellKind, *, orders: bool) -> tuple[tuple[tuple[Mistake, ...], Changes], ...]:
    """Return no mistake, each by itself, every two, and three of the likelier, with the changes that they make.

    Without `orders` those that take the gates in another order are left out.
    """
    known = [each for each in mistakes_of(kind) if orders or each.place != "order"]
    likelier = [each for each in known if not each.place.startswith(_RARE)]
    found = [(), *((each,) for each in known), *combinations(known, 2), *combinations(likelier, 3)]
    found = [some for some in found if len({each.place for each in some}) == len(some)]
    return tuple((some, dict(each.change for each in some)) for some in found)


def _squashes(kind: CellKind) -> Iterator[Mistake]:
    for gate in kind.gates:
        equation = EQUATIONS[kind.name][gate.name]
        for other in ("σ", "tanh", "relu", ""):
            if other == gate.squash:
                continue
            about = f"{other} stands in the place of {gate.squash}" if other else f"{gate.squash} is missing"
            yours = equation.replace(f"{gate.squash}(", f"{other}(" if other else "", 1)
            note = ""
            if kind.name.startswith("rnn") and other in ("tanh", "relu"):
                note = f"That is a cell of torch's too: --against {'rnn' if other == 'tanh' else 'rnn-relu'}."
            yield Mistake(
                f"squash of {gate.name}",
                other or "none",
                gate.name,
                f"in {gate.name}, {about}",
                yours if other else yours.removesuffix(")"),
                note,
            )
    doors = [gate.name for gate in kind.gates if not gate.is_signed]
    for other in ("", "tanh") if doors else ():
        about = f"{other} stands in the place of σ" if other else "σ is missing"
        names = f"{', '.join(doors[:-1])} and {doors[-1]}" if doors else ""
        equation = EQUATIONS[kind.name][doors[0]]
        yours = equation.replace("σ", other) if other else equation.replace("σ(", "").removesuffix(")")
        yield Mistake("squash of all gates", other or "none", doors[0], f"in {names}, {about}", yours)


def _orders(kind: CellKind) -> Iterator[Mistake]:
    """Yield the other orders of the blocks; two that are exchanged come before more."""
    names = kind.gate_names
    others = [order for order in permutations(names) if order != names]
    for order in sorted(others, key=lambda each: sum(a != b for a, b in zip(each, names, strict=True))):
        moved = [gate for gate, other in zip(names, order, strict=True) if gate != other]
        about = f"{moved[0]} and {moved[1]} are swapped" if len(moved) == 2 else "the gates are in another order"
        yield Mistake(
            "order",
            "".join(order),
            moved[0],
            about,
            f"{', '.join(order)}",
            f"torch's blocks of H rows are in the order {', '.join(names)}.",
        )


def _sums(kind: CellKind) -> Iterator[Mistake]:
    first = kind.gate_names[0]
    everywhere = {
        "b_i b_h": ("no bias is added", "W_ih x + W_hh h"),
        "b_i": ("b_ih is not added", "W_ih x + W_hh h + b_hh"),
        "b_h": ("b_hh is not added", "W_ih x + b_ih + W_hh h"),
        "h": ("W_hh h is missing", "W_ih x + b_ih + b_hh"),
        "h b_h": ("W_hh h + b_hh is missing", "W_ih x + b_ih"),
        "x": ("W_ih x is missing", "b_ih + W_hh h + b_hh"),
        "x b_i": ("W_ih x + b_ih is missing", "W_hh h + b_hh"),
    }
    for missing, (about, yours) in everywhere.items():
        yield Mistake("sums", missing, first, about if len(kind.gates) == 1 else f"{about}, in any gate", yours)
    note = "x @ W.T is W x: rows of W are units."
    yield Mistake("W_hh", "".join(kind.gate_names), first, "W_hh is transposed", "W_hhᵀ h, as in h @ W", note)
    if len(kind.gates) == 1:
        return
    for gate in kind.gate_names:
        yield Mistake("W_hh", gate, gate, f"in {gate}, W_h{gate} is transposed", f"W_h{gate}ᵀ h, as in h @ W", note)
        terms = {"x": f"W_i{gate} x", "b_i": f"b_i{gate}", "h": f"W_h{gate} h", "b_h": f"b_h{gate}"}
        for missing in (*everywhere,):
            gone = [terms[each] for each in missing.split()]
            are = "is" if len(gone) == 1 else "are"
            about = f"in {gate}, {' and '.join(gone)} {are} missing"
            yours = f"{gate} is made of {' + '.join(term for term in terms.values() if term not in gone)}"
            yield Mistake(f"sum of {gate}", missing, gate, about, yours)
