"""The equations of torch's recurrent modules, written out in NumPy, float64: one layer in one direction.

T time steps, N rows, I features that it reads, H hidden units. A row of a length below T has zeros after its end.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["GATES", "Doubles", "Layer", "Weights", "unroll"]

Doubles = NDArray[np.float64]

GATES = {"lstm": ("i", "f", "g", "o"), "gru": ("r", "z", "n"), "rnn": ("h",), "rnn-relu": ("h",)}


@dataclass(frozen=True)
class Weights:
    """The four tensors of a layer in one direction; the biases are zeros where there are none."""

    w_ih: Doubles  # (G*H, I)
    w_hh: Doubles  # (G*H, H)
    b_ih: Doubles  # (G*H,)
    b_hh: Doubles  # (G*H,)


@dataclass
class Layer:
    """What a layer computed in one direction."""

    x: Doubles  # (T, N, I)
    h_0: Doubles  # (N, H)
    c_0: Doubles | None  # (N, H) of an LSTM
    h: Doubles  # (T, N, H)
    c: Doubles | None = None  # (T, N, H)
    gates: dict[str, Doubles] = field(default_factory=dict)  # (T, N, H) each
    dh: Doubles | None = None  # (T, N, H) ∂L/∂h_t, by all ways
    dc: Doubles | None = None  # (T, N, H) ∂L/∂c_t


def unroll(
    kind: str,
    weights: Weights,
    x: Doubles,
    h_0: Doubles,
    c_0: Doubles | None,
    lengths: list[int],
    *,
    reverse: bool = False,
) -> Layer:
    """Compute the states and gates of all time steps, from the right if `reverse`."""
    steps, rows = x.shape[:2]
    h, c = h_0.copy(), np.zeros_like(h_0) if c_0 is None else c_0.copy()
    found = Layer(x=x, h_0=h_0, c_0=c_0, h=np.zeros((steps, *h_0.shape)))
    found.gates = {name: np.zeros_like(found.h) for name in GATES[kind]}
    found.c = None if c_0 is None else np.zeros_like(found.h)
    for t in reversed(range(steps)) if reverse else range(steps):
        here = np.array([t < lengths[row] for row in range(rows)])
        new_h, new_c, gates = _step(kind, weights, x[t], h, c)
        h, c = np.where(here[:, None], new_h, h), np.where(here[:, None], new_c, c)
        found.h[t, here] = h[here]
        if found.c is not None:
            found.c[t, here] = c[here]
        for name, value in gates.items():
            found.gates[name][t, here] = value[here]
    return found


def _step(
    kind: str, weights: Weights, x: Doubles, h: Doubles, c: Doubles
) -> tuple[Doubles, Doubles, dict[str, Doubles]]:
    a = x @ weights.w_ih.T + weights.b_ih
    b = h @ weights.w_hh.T + weights.b_hh
    if kind == "lstm":
        i, f, g, o = np.split(a + b, 4, axis=-1)
        i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
        c = f * c + i * g
        return o * np.tanh(c), c, {"i": i, "f": f, "g": g, "o": o}
    if kind == "gru":
        a_r, a_z, a_n = np.split(a, 3, axis=-1)
        b_r, b_z, b_n = np.split(b, 3, axis=-1)
        r, z = _sigmoid(a_r + b_r), _sigmoid(a_z + b_z)
        n = np.tanh(a_n + r * b_n)
        return (1 - z) * n + z * h, c, {"r": r, "z": z, "n": n}
    h = np.maximum(a + b, 0) if kind == "rnn-relu" else np.tanh(a + b)
    return h, c, {"h": h}


def _sigmoid(a: Doubles) -> Doubles:
    return 1 / (1 + np.exp(-a))
