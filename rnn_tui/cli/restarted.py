"""A run that `torchrun` begins again, since a process was lost or the number of machines has changed: it goes on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.run_args import save_options_of
from rnn_tui.common.atomic_files import exists
from rnn_tui.common.glyphs import safe
from rnn_tui.common.torchrun import follows, launch_of, restarts_of
from rnn_tui.experiment.changes import Change
from rnn_tui.experiment.hash import experiment_hash
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.protocol.commands import SaveOptions
from rnn_tui.runs.folders import short_name
from rnn_tui.runs.launch import read_launch, runs_of
from rnn_tui.runs.manifest import EXPERIMENT, MANIFEST, Manifest
from rnn_tui.runs.read_checkpoint import read_experiment, read_manifest, read_tensors
from rnn_tui.runs.remove import CannotRemove, remove_run

__all__ = ["kept_by_launch"]


def kept_by_launch(
    experiment: Experiment, changes: tuple[Change, ...], parameters: dict[str, Any], environment: Mapping[str, str]
) -> tuple[tuple[Change, ...], SaveOptions | None, str]:
    """Decide how a run is kept that torchrun may begin again; any other run is kept as `save_options_of` says.

    Returns the changes that are to come, how it is kept (None: not by this process), and a line for whoever has
    launched it: how a run goes on that this launch has begun before. What has no checkpoint yet is removed, and begins
    again. Raises UsageError where the folder holds a run of this launch that is another one, or that is damaged.
    """
    if follows(environment):
        return changes, None, ""
    launch, restarts = launch_of(environment), restarts_of(environment)
    folder = _folder_of(launch, experiment, parameters["run"]) if launch and not parameters["no_save"] else None
    if folder is not None and (manifest := _manifest(folder, experiment)) is not None:
        known = (*manifest.changes, *manifest.planned)
        to_come = tuple(each for each in changes if each.tick >= manifest.tick and each not in known)
        board = parameters["tensorboard"]
        keep = SaveOptions(
            folder=str(folder.resolve()),
            resume=True,
            every=parameters["checkpoint_every"] or 0,
            tensorboard=os.path.abspath(board) if board else "",
        )
        count = f" (restart {restarts})" if restarts else ""
        name = safe(short_name(folder))
        return to_come, keep, f"torchrun has begun again{count}: {name} goes on from tick {manifest.tick:,}"
    new = save_options_of(experiment, parameters, save=True)
    if new is None or not launch:
        return changes, new, ""
    way = "" if new.folder else "; --run DIR says where it is looked for"
    said = f"torchrun has begun again (restart {restarts}), and no checkpoint of this run is found: it begins anew{way}"
    return changes, msgspec.structs.replace(new, launch=launch), said if restarts else ""


def _manifest(folder: Path, experiment: Experiment) -> Manifest | None:
    """Return where the run in a folder was left; None: nowhere yet, and it is there no more. Raises UsageError."""
    name = f"--run {safe(str(folder))}"
    try:
        if experiment_hash(read_experiment(folder)) != experiment_hash(experiment):
            raise UsageError(f"{name}: holds another run that this launch of torchrun has begun: name another folder")
        if not exists(folder / MANIFEST):
            remove_run(folder)
            return None
        manifest = read_manifest(folder)
        read_tensors(folder, manifest, experiment)
    except CannotRemove as error:
        raise UsageError(f"{name}: {error}") from None
    except OSError as error:
        raise UsageError(f"{name}: cannot be begun again: {error.strerror or error}") from None
    except ExperimentError as error:  # CheckpointError is one
        raise UsageError(safe(str(error))) from None
    return manifest


def _folder_of(launch: str, experiment: Experiment, named: str | None) -> Path | None:
    """Return the folder of the run that this launch has begun; None: it has begun none."""
    if named is not None:
        folder = Path(named)
        return folder if "\0" not in named and exists(folder / EXPERIMENT) and read_launch(folder) == launch else None
    for folder in reversed(runs_of(launch)):
        try:
            if experiment_hash(read_experiment(folder)) == experiment_hash(experiment):
                return folder
        except ExperimentError:
            continue
    return None
