"""Whether all networks of a comparison can be: their settings fit together, and they fit into this machine."""

from rnn_tui.common.wording import shown, without_value
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.memory import shortage_of_members
from rnn_tui.experiment.rules.words import brief
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.vary import SEED, VaryError, short_name

__all__ = ["checked_members", "member_name"]


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
