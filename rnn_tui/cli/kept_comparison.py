"""A comparison that is kept on the disk, found and read before anything is begun, and opened in the view."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.experiment_args import given
from rnn_tui.cli.kept_run import refuse_alive
from rnn_tui.cli.options import parameter
from rnn_tui.cli.view_args import view_settings_of
from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import shown
from rnn_tui.experiment.settings import SETTINGS, setting
from rnn_tui.experiment.spec import ExperimentError

if TYPE_CHECKING:
    from rnn_tui.runs.kept_comparison import FieldManifest
    from rnn_tui.view.model.launch import LaunchOptions

__all__ = ["find_comparison", "keep_options_of", "launch_of_kept", "read_kept"]


def find_comparison(name: str) -> Path:
    """Find the folder of a comparison: by its name, how that begins, or a path. Raises UsageError."""
    from rnn_tui.runs.catalog import NoSuchRun, find_any, is_comparison
    from rnn_tui.runs.manifest import EXPERIMENT

    if os.sep in name and "\0" not in name and not os.path.lexists(os.path.join(name, EXPERIMENT)):
        return Path(name)  # what is missing there is said when it is read
    try:
        folder = find_any(name)
    except NoSuchRun as error:
        raise UsageError(f"--resume {error}") from None
    if not is_comparison(folder):
        raise UsageError(f"--resume {shown(name)}: is a run of one network: `rnn-tui resume` goes on with it")
    return folder


def read_kept(folder: Path) -> "FieldManifest":
    """Read what is compared in a folder, all of it checked before torch is loaded. Raises UsageError."""
    from rnn_tui.runs.kept_comparison import read_field
    from rnn_tui.runs.read_checkpoint import sealed_bytes

    try:
        kept = read_field(folder)
        sealed_bytes(folder, kept)
    except (ExperimentError, ValueError) as error:
        raise UsageError(safe(str(error))) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"{safe(str(folder))}: cannot be written, and the comparison is kept there")
    return kept


def keep_options_of(parameters: dict[str, Any]) -> str | None:
    """Return the folder in which a new comparison is to be kept; empty: one of its own; None: nowhere.

    Raises UsageError.
    """
    folder: str | None = parameters["run"]
    if folder is None and not parameters["save"]:
        return None
    if parameters["data_text"] == "-":
        raise UsageError("--text -: a comparison that is kept needs a text that stays: give it as a file")
    if folder is None:
        from rnn_tui.common.process import home_problem
        from rnn_tui.runs.folders import runs_folder

        if problem := home_problem(runs_folder()):
            raise UsageError(f"{problem}, or name a folder with --run DIR")
        return ""
    _check_folder(folder)
    return os.path.abspath(folder)


def _check_folder(folder: str) -> None:
    """Raise UsageError where no comparison can begin in that folder. Nothing is made."""
    from rnn_tui.cli.run_args import check_folder
    from rnn_tui.runs.kept_comparison import FIELD

    if os.path.lexists(os.path.join(folder, FIELD)):
        raise UsageError(f"--run {shown(folder)}: holds a comparison already: --resume goes on with it")
    check_folder(folder)


def launch_of_kept(
    folder: Path, parameters: dict[str, Any], *, forks: tuple[str, ...] = (), paused: bool = False
) -> "LaunchOptions":
    """Return how a view goes on with a comparison that is kept. Raises UsageError."""
    used = [setting(path).option for path in given({parameter(each): None for each in SETTINGS} | parameters)]
    used += ["--fork"] if forks else []
    used += ["--tensorboard"] if parameters.get("tensorboard") is not None else []
    if used:
        raise UsageError(f"{used[0]}: a comparison that is resumed has its own: leave it out")
    from rnn_tui.protocol.commands import SaveOptions
    from rnn_tui.view.model.launch import LaunchOptions

    kept = read_kept(folder)
    refuse_alive(str(folder))
    return LaunchOptions(
        experiment=kept.comparison.base,
        comparison=kept.comparison,
        stops_when_learnt=kept.stops_when_learnt,
        paused=paused,
        keep=SaveOptions(folder=str(folder.resolve()), resume=True, every=parameters.get("checkpoint_every") or 0),
        view_settings=view_settings_of(parameters),
    )
