"""Whether all networks of a comparison can be: their settings fit together, and they fit into this machine."""

import numpy as np

from rnn_tui.common.wording import shown, without_value
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.memory import shortage_of_members
from rnn_tui.experiment.rules.words import brief
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.vary import SEED, VaryError, short_name

__all__ = ["check_values", "checked_members", "member_name"]

_MOST = 64  # values of a setting that are checked while somebody types


def checked_members(comparison: Comparison, *, jobs: int = 1) -> tuple[Experiment, ...]:
    """Return the experiments of all members in their order; `jobs` large ones are to learn at once.

    Raises VaryError where one cannot be, before any trains.
    """
    found: list[Experiment] = []
    try:
        found.extend(comparison.experiments())
    except ExperimentError as error:
        raise VaryError(_told(comparison, len(found), error)) from None
    if problem := shortage_of_members(found, jobs):
        raise VaryError(problem)
    return tuple(found)


def check_values(comparison: Comparison) -> None:
    """Check values beside the first values of the other settings: at most 64 of each, the ends with them.

    It takes no time, however many members there are. Raises VaryError. `checked_members` checks all of them, and
    whether they fit into this machine.
    """
    for place, size in enumerate(comparison.shape):
        for index in np.unique(np.linspace(0, size - 1, min(size, _MOST)).round().astype(int)).tolist():
            member = comparison.number(tuple(index if each == place else 0 for each in range(len(comparison.shape))))
            try:
                comparison.experiment(member)
            except ExperimentError as error:
                raise VaryError(_told(comparison, member, error)) from None


def member_name(comparison: Comparison, member: int, *, seed: bool = True) -> str:
    """Name a member by its values as options have them: `cell=gru lr=0.01 seed=3`."""
    return " ".join(
        f"{short_name(setting(each.path))}={each.text(index)}"
        for each, index in zip(comparison.varied, comparison.indices(member), strict=True)
        if seed or each.path != SEED
    )


def _told(comparison: Comparison, member: int, error: ExperimentError) -> str:
    """Say which values do not go together, and what would be right."""
    its = setting(error.path)
    value = {
        each.path: each.values[index] for each, index in zip(comparison.varied, comparison.indices(member), strict=True)
    }.get(error.path, its.of(comparison.base))
    problem = without_value(str(error))
    values = member_name(comparison, member, seed=error.path == SEED)
    if values == f"{short_name(its)}={its.format(value)}":
        return f"{values}: {problem}"
    text = brief(value) if isinstance(value, (bool, tuple)) else its.format(value)
    return f"{values}: {its.option} {shown(text)} {problem}"
