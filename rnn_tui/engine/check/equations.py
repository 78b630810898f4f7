"""The equations of torch's cells once more, with their parts, and with the mistakes that people make in them.

`engine/network/cells.py` has them to be read and to train; here each place where they can go wrong is a choice. With
no choice made they are torch's, and a test holds them to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from rnn_tui.engine.network.cells import SQUASH, State
from rnn_tui.experiment.cell_kinds import CellKind, Squash

__all__ = ["Changes", "Memo", "Parts", "Weights", "state_of", "step_in_parts"]

Changes = Mapping[str, str]  # the place: what stands there in place of what torch has
Parts = dict[str, Tensor]  # the gates in their order, then c where there is one, and h; (N, H) each
Memo = dict[tuple[str | None, ...], tuple[Tensor, Tensor]]  # the sums of gates, by what changes them

_SQUASHES: dict[str, Squash] = {"σ": "σ", "tanh": "tanh", "relu": "relu"}


@dataclass(frozen=True)
class Weights:
    """What torch's four weights hold, gate by gate: (G, H, E), (G, H, H), (G, H), (G, H)."""

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor
    b_hh: Tensor

    @property
    def stacked(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return W_ih (G*H, E), W_hh (G*H, H), b_ih (G*H,) and b_hh (G*H,), as torch has them."""
        return self.w_ih.flatten(0, 1), self.w_hh.flatten(0, 1), self.b_ih.flatten(), self.b_hh.flatten()


def state_of(parts: Parts) -> State:
    """Return the state that a step has come to: h, or (h, c)."""
    return (parts["h"], parts["c"]) if "c" in parts else parts["h"]


def step_in_parts(
    kind: CellKind, x: Tensor, state: State, weights: Weights, changes: Changes, memo: Memo | None = None
) -> Parts:
    """Compute one time step of a kind of cell with some things changed: x (N, E) and h, or (h, c), (N, H) each.

    A memo is for many steps that have all alike but their changes.
    """
    h, c = state if isinstance(state, tuple) else (state, state)
    if changes.get("pair") in ("read", "both"):
        h, c = c, h
    sums = _Sums(kind, x, h, weights, changes, {} if memo is None else memo)
    if kind.name == "gru":
        return _gru(sums, h)
    if kind.name == "lstm":
        return _lstm(sums, c)
    return {"h": sums.squashed("h")}


@dataclass(frozen=True)
class _Sums:
    """What stands inside the σ or tanh of a gate: W_ih x + b_ih and W_hh h + b_hh, with what is changed in them."""

    kind: CellKind
    x: Tensor
    h: Tensor
    weights: Weights
    changes: Changes
    memo: Memo

    def of(self, gate: str) -> tuple[Tensor, Tensor]:
        """Return both sums of a gate, (N, H) each."""
        places = ("order", "W_hh", "sums", f"sum of {gate}", "pair")
        key = (gate, *(self.changes.get(place) for place in places))
        if key not in self.memo:
            self.memo[key] = self.with_h(gate, self.h)
        return self.memo[key]

    def with_h(self, gate: str, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return both sums for another h."""
        at, weights = self.kind.gate_names.index(gate), _as_taken(self.kind, self.weights, self.changes)
        missing = f"{self.changes.get(f'sum of {gate}', '')} {self.changes.get('sums', '')}".split()
        none = torch.zeros_like(h)
        from_x = none if "x" in missing else self.x @ weights.w_ih[at].T
        from_h = none if "h" in missing else h @ weights.w_hh[at].T
        from_x = from_x if "b_i" in missing else from_x + weights.b_ih[at]
        return from_x, from_h if "b_h" in missing else from_h + weights.b_hh[at]

    def squashed(self, gate: str, total: Tensor | None = None) -> Tensor:
        """Return σ or tanh, or what stands in its place, of the sum of a gate, or of another total."""
        if total is None:
            from_x, from_h = self.of(gate)
            total = from_x + from_h
        wanted = self.kind.gates[self.kind.gate_names.index(gate)].squash
        everywhere = self.changes.get("squash of all gates", wanted) if wanted == "σ" else wanted
        name = _SQUASHES.get(self.changes.get(f"squash of {gate}", everywhere))
        return total if name is None else SQUASH[name](total)


def _gru(sums: _Sums, h: Tensor) -> Parts:
    r, z = sums.squashed("r"), sums.squashed("z")
    from_x, from_h = sums.of("n")
    b_hn = sums.weights.b_hh[2]
    match sums.changes.get("reset", ""):
        case "before":
            from_h = sums.with_h("n", r * h)[1]
        case "bias outside":
            from_h = r * (from_h - b_hn) + b_hn
        case "x too":
            from_x, from_h = r * from_x, r * from_h
        case "missing":
            pass
        case "z":
            from_h = z * from_h
        case _:
            from_h = r * from_h
    n = sums.squashed("n", from_x + from_h)
    match sums.changes.get("mix", ""):
        case "swapped":
            h = z * n + (1 - z) * h
        case "all of n":
            h = n + z * h
        case "all of h":
            h = (1 - z) * n + h
        case "no h":
            h = (1 - z) * n
        case "n alone":
            h = n
        case _:
            h = (1 - z) * n + z * h
    return {"r": r, "z": z, "n": n, "h": h}


def _lstm(sums: _Sums, c: Tensor) -> Parts:
    from_x, from_h = sums.of("f")
    f = sums.squashed("f", from_x + from_h + 1 if "forget bias" in sums.changes else None)
    i, g, o = sums.squashed("i"), sums.squashed("g"), sums.squashed("o")
    match sums.changes.get("memory", ""):
        case "no f":
            new = c + i * g
        case "no i":
            new = f * c + g
        case "no old c":
            new = i * g
        case "1 − f":
            new = f * c + (1 - f) * g
        case "1 − i":
            new = (1 - i) * c + i * g
        case _:
            new = f * c + i * g
    match sums.changes.get("shown", ""):
        case "no tanh":
            out = o * new
        case "σ":
            out = o * torch.sigmoid(new)
        case "outside":
            out = torch.tanh(o * new)
        case "old c":
            out = o * torch.tanh(c)
        case "no o":
            out = torch.tanh(new)
        case _:
            out = o * torch.tanh(new)
    if sums.changes.get("pair") in ("returned", "both"):
        new, out = out, new
    return {"i": i, "f": f, "g": g, "o": o, "c": new, "h": out}


def _as_taken(kind: CellKind, weights: Weights, changes: Changes) -> Weights:
    """Return the weights as a cell takes them: their blocks in another order, W_hh transposed."""
    if "order" in changes:
        at = [changes["order"].index(gate) for gate in kind.gate_names]
        weights = Weights(weights.w_ih[at], weights.w_hh[at], weights.b_ih[at], weights.b_hh[at])
    if turned := changes.get("W_hh"):
        blocks = zip(kind.gate_names, weights.w_hh, strict=True)
        w_hh = torch.stack([block.T if gate in turned else block for gate, block in blocks])
        weights = replace(weights, w_hh=w_hh)
    return weights
