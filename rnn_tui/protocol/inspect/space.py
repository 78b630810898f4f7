"""The state space: what a pane asks, and the states or embedding vectors as points in two dimensions."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnn_tui.protocol.arrays import Floats, Integers
from rnn_tui.protocol.inspect.base import Answer, Ask

__all__ = ["SpaceAsk", "SpaceFacts", "SpaceKind"]

SpaceKind = Literal["states", "embedding", "fixed"]


class SpaceAsk(Ask, frozen=True, kw_only=True, tag=True):
    """The trajectory of h_t in two dimensions, with the fixed points or without, or the embedding vectors."""

    kind: SpaceKind = "states"
    layer: int = 0
    direction: int = 0
    rows: int = 8  # of the batch, at most; the one on the screen is among them


class SpaceFacts(Answer, frozen=True, kw_only=True, tag=True):
    """Points on the first two principal components; of the embedding, one row with a point for each character."""

    kind: SpaceKind = "states"
    layer: int = 0
    direction: int = 0
    rows: Integers  # (n,) which rows of the batch
    characters: Integers  # (n, p) indices into the vocabulary: the input at each state
    points: NDArray[np.float32]  # (n, p, 2); of the p steps fed, in the order of the text
    start: Floats  # (n, 2) where h_0 lies; (0, 2) for the embedding
    shares: tuple[float, float] = (0.0, 0.0)  # of the variance that each axis explains
    furthest: tuple[float, float] = (0.0, 0.0)  # the largest coordinate on each axis, also in rows that are not shown
    lowest: tuple[float, float] | None = None  # the lowest coordinate on each axis, likewise; None: an older engine
    highest: tuple[float, float] | None = None
    fixed: Floats | None = None  # (m, 2) of the fixed points, the most stable first; None: not asked for
    unstable: Integers | None = None  # (m,) in how many directions states leave each of them; 0: it is stable
    largest: Floats | None = None  # (m,) the largest |λ| of the Jacobian there
