"""Which gate a name speaks of: `to_r`, `W_xr`, `update_gate`, `bf`, `h_tilde`. A hint, never a proof."""

import re

from rnn_tui.experiment.cell_kinds import CellKind

__all__ = ["gate_of", "part_of", "side_of"]

_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "gru": {
        "r": ("reset",),
        "z": ("update", "u"),
        "n": ("new", "cand", "candidate", "tilde", "hat", "h", "c", "g"),
    },
    "lstm": {
        "i": ("input", "in"),
        "f": ("forget",),
        "g": ("cand", "candidate", "tilde", "hat", "cell", "c", "new"),
        "o": ("output", "out"),
    },
    "rnn": {"h": ("hidden", "state")},
}
_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def gate_of(kind: CellKind, name: str) -> str:
    """Return the gate that the name of a parameter speaks of, "" for none. `weight` and `bias` speak of none."""
    letters = {letter: gate for gate, words in _words(kind).items() for letter in (gate, *words) if len(letter) == 1}
    whole = {word: gate for gate, words in _words(kind).items() for word in words if len(word) > 1}
    found = ""
    for token in _tokens(name):
        if token in whole:
            found = whole[token]
        elif short := re.fullmatch(rf"[wubv]?[xhi]?([{''.join(letters)}])", token):
            found = letters[short[1]]
    return found


def part_of(kind: CellKind, name: str) -> str:
    """Return the part of the cell that the name of a value speaks of: a gate, c or h; "" for none."""
    tokens = _tokens(name)
    if tokens in (["c"], ["h"], ["c", "t"], ["h", "t"], ["new", "c"], ["new", "h"], ["c", "new"], ["h", "new"]):
        letter = next(each for each in tokens if each in "ch")
        return letter if letter == "h" or kind.has_c else ""
    return gate_of(kind, name.removesuffix("_t"))


def side_of(name: str) -> str:
    """Return "x" or "h" where the name of a bias has one of them: `bias_ih`, `b_hr`, `bx`; else ""."""
    found = ""
    for token in _tokens(name):
        if short := re.fullmatch(r"b?([ixh])[a-z]?", token):
            found = "h" if short[1] == "h" else "x"
    return found


def _words(kind: CellKind) -> dict[str, tuple[str, ...]]:
    return _WORDS.get(kind.name, _WORDS["rnn"])


def _tokens(name: str) -> list[str]:
    return [each.lower() for each in _TOKEN.findall(name)]
