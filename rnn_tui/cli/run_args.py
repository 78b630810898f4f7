"""What the options of kept runs ask for: which folder, how often, and which run to go on with."""

import os
from pathlib import Path
from typing import Any

import msgspec

from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.experiment_args import complaint, given
from rnn_tui.cli.options import NEWEST, parameter
from rnn_tui.common.atomic_files import exists
from rnn_tui.common.glyphs import safe
from rnn_tui.common.process import home_problem
from rnn_tui.common.torchrun import is_started_by_torchrun, restarts_of
from rnn_tui.common.wording import shown
from rnn_tui.experiment.cell_kinds import OWN
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.command_line import ForkError, parse_forks
from rnn_tui.experiment.named_cell import named_cell
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import Experiment, ExperimentError, Training
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.runs.catalog import NoSuchRun, find, newest
from rnn_tui.runs.folders import runs_folder
from rnn_tui.runs.kept_comparison import FIELD
from rnn_tui.runs.manifest import EXPERIMENT, CheckpointError, Manifest
from rnn_tui.runs.read_checkpoint import read_experiment, read_manifest, read_tensors

__all__ = ["check_folder", "resumed_run", "save_options_of"]

_LONG = 50_000  # characters of inputs from which an experiment may be too large for a file


def save_options_of(experiment: Experiment, parameters: dict[str, Any], *, save: bool) -> SaveOptions | None:
    """Decide whether and where a new run is kept; `save`: also where no option asks for it. Raises UsageError."""
    folder, board = parameters["run"], parameters["tensorboard"]
    every = parameters["checkpoint_every"] or 0
    if parameters.get("no_save"):
        for option, value in (("--run", folder), ("--checkpoint-every", every), ("--tensorboard", board)):
            if value:
                raise UsageError(f"{option} {shown(value)}: cannot be combined with --no-save")
        return None
    _check_board(board)
    wanted = folder is not None or parameters.get("save") or every or board is not None
    if not wanted and not (save and experiment.training.learn):  # a forward pass is over at once, and leaves nothing
        return None
    if parameters.get("data_text") == "-":
        if wanted:
            raise UsageError("--text -: a run that is kept needs a text that stays: give it as a file")
        return None
    if folder is not None:
        check_folder(folder)
    elif problem := home_problem(runs_folder()):
        raise UsageError(f"{problem}, or name a folder with --run DIR, or keep nothing with --no-save")
    _check_size(experiment, parameters)
    return SaveOptions(folder=os.path.abspath(folder) if folder else "", every=every, tensorboard=_absolute(board))


def resumed_run(
    name: str, parameters: dict[str, Any], forks: tuple[str, ...]
) -> tuple[Experiment, tuple[Change, ...], SaveOptions]:
    """Find the run of that name, or the newest; the changes to come, and how it is kept. Raises UsageError."""
    for other in (*parameters.get("names", ()), parameters.get("file"), parameters.get("run")):
        if other is not None:
            raise UsageError(f"{shown(other)}: give it or a run to resume, not both")
    if parameters.get("no_save"):
        raise UsageError("--no-save: a run that goes on is kept where it is")
    settings = given({parameter(each): None for each in SETTINGS} | parameters)
    for each in SETTINGS:
        if each.path in settings and not each.resume and settings[each.path] != OWN:  # the file of its own cell
            hint = " (--fork changes how it learns)" if each.section == "training" else ""
            raise UsageError(f"{each.option}: is the run's own, and cannot change when it is resumed{hint}")
    _check_board(parameters["tensorboard"])
    every = parameters["checkpoint_every"] or 0
    try:
        folder = newest() if name == NEWEST else find(name)
        experiment = read_experiment(folder)
        manifest = read_manifest(folder)
        read_tensors(folder, manifest, experiment)  # before there is a screen, and before torch is loaded
    except NoSuchRun as error:
        raise UsageError(str(error)) from None
    except (ExperimentError, CheckpointError) as error:
        raise UsageError(safe(str(error))) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"{_place(folder)}: cannot be written, and the run is kept there")
    if experiment.network.cell == OWN and named_cell() is None:
        cell = experiment.network.kind.label
        raise UsageError(f"{_place(folder)}: has a cell of its author's: name its file again, --cell FILE.py:{cell}")
    training = manifest.changes[-1].training if manifest.changes else experiment.training
    values = to_dict(experiment)
    if is_started_by_torchrun(os.environ):
        values["run"]["processes"] = 1  # as many as it has started now
    values["run"] |= _of_section("run", settings)
    try:
        experiment = from_dict(values)
        changes = _other_training(experiment, training, manifest, settings)
    except ExperimentError as error:
        raise UsageError(complaint(error, values)) from None
    changes += _forks(experiment, changes[-1].training if changes else training, manifest.tick, forks)
    keep = SaveOptions(
        folder=str(folder.resolve()), resume=True, every=every, tensorboard=_absolute(parameters["tensorboard"])
    )
    return experiment, changes, keep


def _of_section(section: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {each.name: settings[each.path] for each in SETTINGS if each.section == section and each.path in settings}


def _other_training(
    experiment: Experiment, training: Training, manifest: Manifest, settings: dict[str, Any]
) -> tuple[Change, ...]:
    """Return the change of training from the tick on where the run was left. Raises ExperimentError, or UsageError."""
    values = to_dict(msgspec.structs.replace(experiment, training=training))
    values["training"] |= _of_section("training", settings)
    asked = from_dict(values).training
    epochs = asked.epochs
    if "training.epochs" in settings and 0 < epochs < manifest.epoch:
        raise UsageError(
            f"--epochs {epochs}: is too small: the run is in epoch {manifest.epoch:,}; it must be at least that, or 0"
        )
    return () if asked == training else (Change(tick=manifest.tick, training=asked),)


def _forks(experiment: Experiment, training: Training, tick: int, forks: tuple[str, ...]) -> tuple[Change, ...]:
    try:
        changes = parse_forks(msgspec.structs.replace(experiment, training=training), forks)
    except ForkError as error:
        raise UsageError(f"--fork {error}") from None
    for change, text in zip(changes, forks, strict=True):
        if change.tick < tick and not restarts_of(os.environ):  # which makes those again that have been made
            raise UsageError(f"--fork {shown(text)}: is in the past: the run was left at tick {tick:,}")
    return tuple(each for each in changes if each.tick >= tick)


def _check_board(folder: str | None) -> None:
    """Raise UsageError where event files are asked for and cannot be written."""
    if folder is None:
        return
    from importlib.util import find_spec

    if find_spec("tensorboard") is None:
        raise UsageError("--tensorboard: needs another package: pip install 'rnn-tui[tensorboard]'")
    _check_writable("--tensorboard", folder)


def check_folder(folder: str) -> None:
    """Raise UsageError where no run can begin in that folder. Nothing is made."""
    _check_writable("--run", folder)
    if exists(Path(folder) / EXPERIMENT) or exists(Path(folder) / FIELD):
        raise UsageError(f"--run {_place(folder)}: holds a run already: resume it, or name another folder")


def _check_size(experiment: Experiment, parameters: dict[str, Any]) -> None:
    """Do nothing where the experiment can be written as a file and read again. Raises UsageError."""
    if sum(map(len, (*experiment.data.inputs, *experiment.data.targets))) < _LONG:
        return  # the package that writes it need not be loaded
    from rnn_tui.experiment.toml_file import write

    try:
        write(experiment)
    except ExperimentError as error:
        way = "; --no-save trains without keeping the run" if "no_save" in parameters else ""
        raise UsageError(f"--input: {error}{way}") from None


def _check_writable(option: str, folder: str) -> None:
    path = Path(folder)
    if not folder or "\0" in folder:
        raise UsageError(f"{option} {_place(folder)}: is not a folder")
    while not path.exists() and path != path.parent:
        path = path.parent
    if not path.is_dir():
        raise UsageError(f"{option} {_place(folder)}: {_place(path)} is not a folder")
    if not os.access(path, os.W_OK | os.X_OK):
        raise UsageError(f"{option} {_place(folder)}: {_place(path)} cannot be written")


def _place(path: str | Path) -> str:
    """Return a path for a message: all of it, since its end matters most."""
    return safe(str(path)) or "''"


def _absolute(folder: str | None) -> str:
    return os.path.abspath(folder) if folder else ""
