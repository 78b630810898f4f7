"""The experiment that a command line describes, and the changes that are to come in it."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from rnn_tui.cli.options import UsageError, complaint, given, given_gap
from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import shown
from rnn_tui.data.fit_batches import fitted
from rnn_tui.experiment.lessons import DEFAULT, LESSONS, nearest
from rnn_tui.experiment.memory import check_memory
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.remember import NAME as REMEMBER
from rnn_tui.experiment.remember import remember
from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict

if TYPE_CHECKING:
    from rnn_tui.experiment.changes import Change

__all__ = ["changes_of", "experiment_of"]


def experiment_of(parameters: dict[str, Any]) -> Experiment:
    """The sound experiment that a command line describes. Raises UsageError."""
    replaced = given(parameters)
    if replaced.get("data.text") == "":
        raise UsageError("--text '': is empty; it must be a file, or - for stdin")
    if replaced.get("data.text") == "-":
        replaced["data.text"] = _stdin()
    for path, option in (("data.pairs", "--pairs"), ("data.series", "--series")):
        if replaced.get(path) == "-":
            raise UsageError(f"{option} -: must be a file; only --text reads stdin")
    base = _base(parameters["names"], parameters["file"], texts="data.inputs" in replaced)
    gap = given_gap(parameters)
    if gap is not None:
        _refuse_gap(gap, base.name, file=parameters["file"] is not None, replaced=replaced)
        base = replace(base, data=remember(gap))
    values = overridden(base, replaced)
    try:
        if replaced.get("data.text") or replaced.get("data.series"):
            values = fitted(values, replaced)
        experiment = from_dict(values)
        check_memory(experiment)
    except ExperimentError as error:
        raise UsageError(complaint(error, values)) from None
    return experiment


def _stdin() -> str:
    """The file that what comes in on stdin is kept in, until the command is over. Raises UsageError."""
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("--text -: nothing comes in on stdin; pipe a text in, as in `cat *.txt | rnn-tui --text -`")
    from rnn_tui.cli.stdin import stdin_as_file

    path = click.get_current_context().with_resource(stdin_as_file())
    if not os.path.getsize(path):
        raise UsageError("--text -: stdin is empty")
    return path


def changes_of(experiment: Experiment, forks: tuple[str, ...]) -> tuple["Change", ...]:
    """What `--fork` says. Raises UsageError."""
    if not forks:
        return ()
    from rnn_tui.experiment.command_line import ForkError, parse_forks

    try:
        return parse_forks(experiment, forks)
    except ForkError as error:
        raise UsageError(f"--fork {error}") from None


def _base(names: tuple[str, ...], file: str | None, *, texts: bool) -> Experiment:
    """The lesson, or what the file holds, that the options change; `texts`: one of them is the input."""
    if len(names) > 1:
        raise UsageError(f"{shown(names[1])}: one name at a time, and a text with spaces needs quotes")
    if file is not None:
        if names:
            raise UsageError(f"{shown(names[0])}: give a lesson or --experiment {shown(file)}, not both")
        return _read(file)
    name = names[0] if names else DEFAULT
    if name not in LESSONS:
        like = nearest(name)
        hint = f"nearest: {', '.join(like)}" if like else "`rnn-tui lessons` lists them"
        if texts:
            hint += ", and a text with spaces needs quotes"
        raise UsageError(f"{shown(name)}: no such lesson; {hint}")
    return LESSONS[name]


def _refuse_gap(gap: int, name: str, *, file: bool, replaced: dict[str, Any]) -> None:
    """Raises UsageError for a gap where the texts are not those of `remember`."""
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
