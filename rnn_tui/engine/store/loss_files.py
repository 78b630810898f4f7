"""The CSV files of one branch: its losses and diagnostics by pass, losses of characters, and of held-out data."""

import math
from collections.abc import Callable, Iterator, Sequence

from rnn_tui.common.atomic_files import Folder, NotTheSame
from rnn_tui.engine.training.branches import Branch
from rnn_tui.engine.training.diagnostics import clipped_norm
from rnn_tui.runs.loss_csv import CHARACTERS, HELD_OUT, LOSSES, MEASURED, RATIO, TRAINING, LossCsv, Row

__all__ = ["LossFiles"]


class LossFiles:
    """Appends what a branch has recorded since the last time."""

    def __init__(self, folder: Folder, suffix: str = "", *, matrices: Sequence[str]) -> None:
        """Name the files of a branch; `suffix` tells them from others: `-2` for the second branch.

        `matrices`: the names of those whose ratios are kept.
        """
        self._matrices = tuple(matrices)
        columns = (*LOSSES, *TRAINING, *MEASURED, *(RATIO + name for name in matrices))
        self.passes = LossCsv(folder, f"losses{suffix}.csv", columns, older=len(LOSSES))
        self.characters = LossCsv(folder, f"characters{suffix}.csv", CHARACTERS)
        self.held_out = LossCsv(folder, f"held-out{suffix}.csv", HELD_OUT)  # for people: a manifest has it too

    @classmethod
    def for_new_branch(cls, folder: Folder, *, matrices: Sequence[str]) -> "LossFiles":
        """Return files for a branch that has none yet."""
        number = 2
        while folder.exists(f"losses-{number}.csv"):
            number += 1
        return cls(folder, f"-{number}", matrices=matrices)

    @staticmethod
    def by_character(branch: Branch) -> bool:
        """Tell whether every tick of a branch was a character."""
        return 0 < len(branch.character_losses) == branch.newest

    def catch_up(self, branch: Branch, *, learns: bool) -> None:
        """Append the losses that are not there yet. Raises OSError, once as much as can be is in each file."""
        known = len(branch.losses) if learns else len(branch.ends)
        characters = branch.character_losses

        def passes(first: int) -> list[Row]:
            return list(self._rows(branch, first, known))

        def held_out(first: int) -> list[Row]:
            found = branch.held_out.all()[first:]
            return [(each.update, each.loss, _given(each.accuracy), each.characters) for each in found]

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

    def _rows(self, branch: Branch, first: int, stop: int) -> Iterator[Row]:
        """Yield the rows of passes first..stop-1, from 0."""
        diagnostics, limits = branch.diagnostics, branch.clip_limits()
        for each in range(first, stop):
            norm = _given(diagnostics.norms.at(each))
            seconds, limit = _given(diagnostics.seconds.at(each)), float(limits[each])
            taken = diagnostics.samples.taken_at(each + 1)
            yield (
                each + 1,
                branch.ends[each],
                branch.losses.at(each),
                None if seconds is None else round(seconds, 6),
                _given(diagnostics.rates.at(each)),
                norm,
                None if norm is None or not limit else clipped_norm(norm, limit),
                *(_given(taken.get(name)) for name in diagnostics.samples.names),
            )

    def recall(self, branch: Branch, rows: Sequence[Sequence[str]]) -> None:
        """Restore what the rows of a branch say besides its losses; an older file says nothing."""
        names = {column: place for place, column in enumerate(self.passes.columns)}
        diagnostics = branch.diagnostics
        taken = [*MEASURED, *(RATIO + name for name in self._matrices)]

        def number(row: Sequence[str], column: str) -> float:
            place = names.get(column, len(row))
            return float(row[place] or "nan") if place < len(row) else math.nan

        for row in rows:
            diagnostics.add(*(number(row, column) for column in ("seconds", "lr", "gradient_norm")))
            if not math.isnan(seconds := number(row, "seconds")):
                diagnostics.elapsed = seconds
            values = [number(row, column) for column in taken]
            if not all(map(math.isnan, values)):
                diagnostics.samples.add(int(row[0]), values)


def _given(number: float | None) -> float | None:
    """Return None in the place of NaN, which stands for what was not taken."""
    return None if number is None or math.isnan(number) else number


def _append(file: LossCsv, rows: Callable[[int], list[Row]]) -> None:
    """Append the rows that a file lacks; write a file anew that somebody has changed. Raises OSError."""
    try:
        file.add(rows(file.rows))
    except NotTheSame:
        file.add(rows(0))
