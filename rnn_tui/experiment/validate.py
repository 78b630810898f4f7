"""From plain values, which anybody may have written, to an experiment that can run.

All rules are checked here, so that the command line, the form, the files and the protocol refuse alike.
"""

from typing import Any

import msgspec

from rnn_tui.experiment.rules.data import check_data, with_default_target
from rnn_tui.experiment.rules.network import check_device, check_network, with_fitting_cell
from rnn_tui.experiment.rules.training import check_training, with_breakpoints
from rnn_tui.experiment.rules.words import brief
from rnn_tui.experiment.setting import either
from rnn_tui.experiment.settings import SECTIONS, SETTINGS, setting
from rnn_tui.experiment.spec import Experiment, ExperimentError

__all__ = ["from_dict", "to_dict"]


def to_dict(experiment: Experiment) -> dict[str, Any]:
    """Return the experiment as nested dicts and lists of plain values."""
    plain = msgspec.to_builtins(experiment)
    assert isinstance(plain, dict)
    return plain


def from_dict(values: dict[str, Any]) -> Experiment:
    """Make a valid experiment of nested plain values; what is left out has its default.

    Raises ExperimentError, which names the setting and what would be right.
    """
    data = values.get("data") if isinstance(values, dict) else None
    if isinstance(data, dict) and any(map(data.get, ("text", "pairs", "series"))):  # the defaults for rows give way
        values = values | {"data": {"inputs": ()} | ({"batch": 0, "length": 0} if data.get("pairs") else {}) | data}
    try:
        experiment = msgspec.convert(values, Experiment)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$.")
        raise _explained(values, path.rstrip("`").partition("[")[0], problem) from None
    return _checked(experiment)


def _explained(values: Any, path: str, problem: str) -> ExperimentError:
    """Put msgspec's message about the value at that path in our words: the setting, the value, what would be right."""
    for name in path.split(".") if path else ():
        values = values[name]
    if "unknown field" in problem:
        known = [each.name for each in SETTINGS if each.section == path] or Experiment.__struct_fields__
        unknown = f"{path}.{problem.split('`')[1]}".lstrip(".")
        return ExperimentError(unknown, f"is not a setting: there are {either(known, 'and')}")
    if "." in path:
        if "`" not in problem and not setting(path).choices:
            return ExperimentError(path, problem.lower())
        wanted = setting(path).wanted
    elif path in SECTIONS or not path:
        wanted = "a table"
    else:
        wanted = "text"
    return ExperimentError(path, f"{brief(values)} does not fit: it must be {wanted}")


def _checked(experiment: Experiment) -> Experiment:
    """Return the experiment with its default target filled in. Raises ExperimentError where a rule is broken."""
    for each in SETTINGS:
        value = each.of(experiment)
        if each.kind in (int, float) and (problem := each.range_problem(value)):
            raise ExperimentError(each.path, f"{value:g} {problem}" if each.kind is float else f"{value} {problem}")
    experiment = with_fitting_cell(experiment)
    for each in SETTINGS:
        if each.unused and each.of(experiment) != each.default and (problem := each.unused(experiment)):
            raise ExperimentError(each.path, f"{brief(each.of(experiment))} {problem}")
    experiment = with_default_target(experiment)
    check_data(experiment)
    check_network(experiment)
    check_device(experiment.run.device)
    check_training(experiment)
    return with_breakpoints(experiment)
