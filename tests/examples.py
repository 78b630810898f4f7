"""How many examples a property is tried with: a third of them, unless RNN_TUI_ROUNDS asks for the long run.

The short run always tries the same ones, so that more of them would find the same again.
"""

import os

__all__ = ["examples"]


def examples(count: int) -> int:
    """Return how many of `count` examples are tried."""
    return count if "RNN_TUI_ROUNDS" in os.environ else max(8, count // 3)
