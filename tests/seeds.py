"""The seeds that a check which runs often trains; `RNN_TUI_SEEDS=20` trains all that the lessons' words count."""

import os

__all__ = ["SEEDS", "TIPPED"]

SEEDS = range(min(20, int(os.environ.get("RNN_TUI_SEEDS", "5"))))
TIPPED = max(1, len(SEEDS) // 10)  # seeds on the edge, which another build of torch may tip
