"""Which gate a name speaks of: `to_r`, `W_xr`, `update_gate`, `bf`, `h_tilde`. A hint, never a proof."""

import re

from rnn_tui.experiment.cell_kinds import CellKind

__all__ = ["gate_of", "part_of", "side_of"]

_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "gru": {
        "r": ("reset",),
        "z": ("update", "u"),
        "n": ("new", "cand", "candidate", "tilde", "tilda", "hat", "h", "c", "g"),
    },
    "lstm": {
        "i": ("input", "in"),
        "f": ("forget",),
        "g": ("cand", "candidate", "tilde", "tilda", "hat", "cell", "c", "new"),
        "o": ("output", "out"),
    },
    "rnn": {"h": ("hidden", "state")},
}
_NEW = ("tilde", "tilda", "hat", "cand", "candidate", "bar")  # beside h or c: what it may become
_BESIDE = ("t", "gate")  # what tells nothing
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
    tokens = [each for each in _tokens(name) if each not in _BESIDE]
    if len(tokens) == 2 and tokens[-1] in _NEW:
        tokens = ["tilde"]
    if len(tokens) != 1:
        return ""
    token = tokens[0].removesuffix("t") if len(tokens[0]) == 2 else tokens[0]
    if token == "h" or (token == "c" and kind.has_c):
        return token
    return next((gate for gate, words in _words(kind).items() if token in (gate, *words)), "")


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
