"""Comparing without a view, from the command line: what is trained, where its table goes, where it is kept."""

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.experiment_args import complaint, given
from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import shown
from rnn_tui.data.fit_batches import too_short_to_judge
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import to_dict

__all__ = ["check_folder_for_comparison", "resume_comparison", "run_comparison", "stops_when_learnt"]

_LONGEST_ROW = 4_096  # bytes of a file that are looked at before it is replaced


def stops_when_learnt(parameters: dict[str, Any]) -> bool:
    """Tell whether networks are asked to stop at learnt; a lesson's own breakpoint is for the view of a single run."""
    return "learnt" in map(str.strip, given(parameters).get("run.until", ()))


def run_comparison(
    comparison: Comparison, parameters: dict[str, Any], *, csv: str | None, json: bool, folder: str | None = None
) -> NoReturn:
    """Train the networks without a view, print how they fare, and exit. Raises UsageError."""
    options = {
        "jobs": parameters.get("jobs") or 1,
        "stops_when_learnt": stops_when_learnt(parameters),
        "caution": too_short_to_judge(comparison.base, given(parameters)),
    }
    _train(comparison, csv=csv, json=json, keep=folder, **options)


def resume_comparison(name: str, *, csv: str | None, json: bool, jobs: int) -> NoReturn:
    """Go on with the comparison in a folder, without a view, and exit. Raises UsageError."""
    from rnn_tui.runs.kept_comparison import read_field

    try:
        kept = read_field(Path(name))
    except (ExperimentError, ValueError) as error:  # ValueError: a null character in the name
        raise UsageError(f"--resume {safe(str(error))}") from None
    _train(
        kept.comparison, csv=csv, json=json, jobs=jobs, keep=name, kept=kept, stops_when_learnt=kept.stops_when_learnt
    )


def _train(comparison: Comparison, *, csv: str | None, json: bool, **options: Any) -> NoReturn:
    if csv is not None:
        _check_csv(csv)
    from rnn_tui.engine.headless.compare import compare as compare_networks
    from rnn_tui.runs.manifest import CheckpointError

    try:
        code = compare_networks(comparison, json=json, out=sys.stdout, err=sys.stderr, csv=csv, **options)
    except CheckpointError as error:
        raise UsageError(safe(str(error))) from None
    except ExperimentError as error:
        raise UsageError(complaint(error, to_dict(comparison.base))) from None
    raise SystemExit(code)


def check_folder_for_comparison(folder: str) -> None:
    """Raise UsageError where no comparison can begin in that folder. Nothing is made."""
    from rnn_tui.cli.run_args import check_folder
    from rnn_tui.runs.kept_comparison import FIELD

    check_folder(folder)
    if os.path.lexists(os.path.join(folder, FIELD)):
        raise UsageError(f"--run {shown(folder)}: holds a comparison already: --resume goes on with it")


def _check_csv(file: str) -> None:
    """Raise UsageError where no table can be written, or where something else would be lost."""
    path = Path(file)
    if not file or "\0" in file:
        raise UsageError(f"--csv {shown(file)}: is not the name of a file")
    if path.is_dir():
        raise UsageError(f"--csv {shown(file)}: is a folder; it must be a file")
    if not path.parent.is_dir():
        raise UsageError(f"--csv {shown(file)}: there is no folder {shown(path.parent)}")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"--csv {shown(file)}: cannot be written in {shown(path.parent)}")
    if os.path.lexists(path) and not _is_ours(file):
        raise UsageError(f"--csv {shown(file)}: is there, and is no table of a comparison: name another file")


def _is_ours(file: str) -> bool:
    from rnn_tui.common.atomic_files import read_regular

    try:
        return read_regular(file, _LONGEST_ROW).startswith(b"member,")
    except (OSError, ValueError):
        return False
