"""The figures of several processes, made up: all alike but for what a test changes."""

from typing import Any

from rnn_tui.protocol.ranks import RankFigures

__all__ = ["ranks_of"]


def ranks_of(count: int, *, rows: int = 32, length: int = 64, **odd: dict[str, Any]) -> tuple[RankFigures, ...]:
    """Return the figures of so many ranks; `r3={"loss": 9.0}`: what is another of rank 3."""
    found = []
    for rank in range(count):
        figures: dict[str, Any] = {
            "rank": rank,
            "update": 1234,
            "rows": rows,
            "characters": rows * length,
            "loss": 1.5 + 0.01 * (rank % 5),
            "computing": 0.048 + 0.001 * (rank % 3),
            "waiting": 0.003 + 0.001 * (2 - rank % 3),
        }
        found.append(RankFigures(**{**figures, **odd.get(f"r{rank}", {})}))
    return tuple(found)
