"""The CSV files with the losses of one branch: of passes, of characters, and of held-out data."""

import math
from collections.abc import Callable

from rnn_tui.common.atomic_files import Folder, NotTheSame
from rnn_tui.engine.training.branches import Branch
from rnn_tui.runs.loss_csv import CHARACTERS, HELD_OUT, LOSSES, LossCsv, Row

__all__ = ["LossFiles"]


class LossFiles:
    """Appends what a branch has recorded since the last time."""

    def __init__(self, folder: Folder, suffix: str = "") -> None:
        """Name the files of a branch; `suffix` tells them from others: `-2` for the second branch."""
        self.passes = LossCsv(folder, f"losses{suffix}.csv", LOSSES)
        self.characters = LossCsv(folder, f"characters{suffix}.csv", CHARACTERS)
        self.held_out = LossCsv(folder, f"held-out{suffix}.csv", HELD_OUT)  # for people: a manifest has it too

    @classmethod
    def for_new_branch(cls, folder: Folder) -> "LossFiles":
        """Return files for a branch that has none yet."""
        number = 2
        while folder.exists(f"losses-{number}.csv"):
            number += 1
        return cls(folder, f"-{number}")

    @staticmethod
    def by_character(branch: Branch) -> bool:
        """Tell whether every tick of a branch was a character."""
        return 0 < len(branch.character_losses) == branch.newest

    def catch_up(self, branch: Branch, *, learns: bool) -> None:
        """Append the losses that are not there yet. Raises OSError, once as much as can be is in each file."""
        known = len(branch.losses) if learns else len(branch.ends)
        characters = branch.character_losses

        def passes(first: int) -> list[Row]:
            return [(each + 1, branch.ends[each], branch.losses.at(each)) for each in range(first, known)]

        def held_out(first: int) -> list[Row]:
            found = branch.held_out.all()[first:]
            return [(each.update, each.loss, _known(each.accuracy), each.characters) for each in found]

        def steps(first: int) -> list[Row]:
            return [(each + 1, characters.at(each)) for each in range(first, len(characters))]

        files = [(self.passes, passes)]
        if branch.held_out.count > self.held_out.rows:
            files.append((self.held_out, held_out))
        if self.by_character(branch):
            files.append((self.characters, steps))
        problem = None
        for file, rows in files:
            try:
                _append(file, rows)
            except OSError as error:
                problem = problem or error
        if problem is not None:
            raise problem


def _append(file: LossCsv, rows: Callable[[int], list[Row]]) -> None:
    """Append the rows that a file lacks; write a file anew that somebody has changed. Raises OSError."""
    try:
        file.add(rows(file.rows))
    except NotTheSame:
        file.add(rows(0))


def _known(number: float) -> float | None:
    """Return None in place of NaN, which stands for the accuracy of numbers."""
    return None if math.isnan(number) else number
