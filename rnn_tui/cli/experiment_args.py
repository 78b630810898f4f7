"""The experiment that a command line describes, and the changes that are to come in it."""

import difflib
import os
import sys
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.options import parameter
from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import shown, without_value
from rnn_tui.data.fit_batches import fitting_experiment
from rnn_tui.experiment.lessons import DEFAULT, LESSONS, nearest
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.remember import NAME as REMEMBER
from rnn_tui.experiment.remember import remember
from rnn_tui.experiment.settings import SETTINGS, setting
from rnn_tui.experiment.spec import Experiment, ExperimentError

if TYPE_CHECKING:
    from rnn_tui.experiment.changes import Change

__all__ = ["changes_of", "complaint", "experiment_of", "given"]


def experiment_of(parameters: dict[str, Any], base: Experiment | None = None) -> Experiment:
    """Make the valid experiment that a command line describes; `base`: what its file holds. Raises UsageError."""
    replaced = given(parameters)
    if replaced.get("data.text") == "":
        raise UsageError("--text '': is empty; it must be a file, or - for stdin")
    if replaced.get("data.text") == "-":
        replaced["data.text"] = _stdin()
    for path, option in (("data.pairs", "--pairs"), ("data.series", "--series")):
        if replaced.get(path) == "-":
            raise UsageError(f"{option} -: must be a file; only --text reads stdin")
    begun = _base(parameters["names"], parameters["file"], base, texts="data.inputs" in replaced)
    gap = parameters["gap"]
    if gap is not None:
        _refuse_gap(gap, begun.name, file=parameters["file"] is not None, replaced=replaced)
        begun = replace(begun, data=remember(gap))
    values = overridden(begun, replaced)
    try:
        return fitting_experiment(values, replaced)
    except ExperimentError as error:
        raise UsageError(complaint(error, values)) from None


def given(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the options that were used, by the paths of their settings."""
    found = {each.path: parameters[parameter(each)] for each in SETTINGS}
    return {path: value for path, value in found.items() if value not in (None, ())}


def complaint(error: ExperimentError, values: dict[str, Any]) -> str:
    """Say in one line what is wrong with an experiment: the option, its value, and what would be right."""
    section, _, name = error.path.partition(".")
    option, value = setting(error.path).option, values[section][name]
    if isinstance(value, bool):
        return f"{option if value else f'--no-{option[2:]}'}: {without_value(str(error))}"
    if error.value is not None:
        value = error.value
    elif isinstance(value, (list, tuple)):
        value = f" {option} ".join(row or "''" for row in value)
    return f"{option} {shown(value)}: {without_value(str(error))}"


def _stdin() -> str:
    """Return a file that holds what comes in on stdin until the command is over. Raises UsageError."""
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("--text -: nothing comes in on stdin; pipe a text in, as in `cat *.txt | rnn-tui --text -`")
    from rnn_tui.cli.stdin import stdin_as_file

    path = click.get_current_context().with_resource(stdin_as_file())
    if not os.path.getsize(path):
        raise UsageError("--text -: stdin is empty")
    return path


def changes_of(experiment: Experiment, forks: tuple[str, ...]) -> tuple["Change", ...]:
    """Read the changes that `--fork` asks for. Raises UsageError."""
    if not forks:
        return ()
    from rnn_tui.experiment.command_line import ForkError, parse_forks

    try:
        return parse_forks(experiment, forks)
    except ForkError as error:
        raise UsageError(f"--fork {error}") from None


def _base(names: tuple[str, ...], file: str | None, read: Experiment | None, *, texts: bool) -> Experiment:
    """Return the lesson, or what the file holds, for the options to change; `texts`: one of them is the input.

    `read`: what the file holds, where it has been read.
    """
    if len(names) > 1:
        raise UsageError(f"{shown(names[1])}: one name at a time, and a text with spaces needs quotes")
    if file is not None:
        if names:
            raise UsageError(f"{shown(names[0])}: give a lesson or --experiment {shown(file)}, not both")
        return _read(file) if read is None else read
    name = names[0] if names else DEFAULT
    if name not in LESSONS:
        like = [f"the command `rnn-tui {each}`" for each in _commands_like(name)] or nearest(name)
        hint = f"nearest: {', '.join(like)}" if like else "`rnn-tui lessons` lists them"
        if texts:
            hint += ", and a text with spaces needs quotes"
        raise UsageError(f"{shown(name)}: no such lesson; {hint}")
    return LESSONS[name]


def _commands_like(name: str) -> list[str]:
    """Return the command that was meant, if a word that is no lesson is very like one."""
    context = click.get_current_context(silent=True)
    if context is None or context.parent is None or not isinstance(context.parent.command, click.Group):
        return []
    commands = context.parent.command.list_commands(context.parent)
    return difflib.get_close_matches(name, commands, n=1, cutoff=0.8)


def _refuse_gap(gap: int, name: str, *, file: bool, replaced: dict[str, Any]) -> None:
    """Raise UsageError for a gap where the texts are not the ones of `remember`."""
    if file or name != REMEMBER:
        other = "a file" if file else name
        raise UsageError(f"--gap {gap}: only the lesson {REMEMBER} has a gap; {other} has none")
    for path in ("data.inputs", "data.targets"):
        if path in replaced:
            raise UsageError(f"--gap {gap}: makes the texts of {REMEMBER}; give it or {setting(path).option}, not both")


def _read(file: str) -> Experiment:
    from rnn_tui.experiment.toml_file import read

    try:
        return read(file)
    except ExperimentError as error:
        raise UsageError(f"--experiment {safe(str(error))}") from None
