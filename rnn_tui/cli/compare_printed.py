"""Comparing without a view, from the command line: what is trained, where its table goes, where it is kept."""

import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from rnn_tui.cli.errors import UsageError
from rnn_tui.cli.experiment_args import complaint, given
from rnn_tui.cli.kept_comparison import read_kept
from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import shown
from rnn_tui.data.fit_batches import too_short_to_judge
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import to_dict

__all__ = ["resume_comparison", "run_comparison", "stops_when_learnt"]

_LONGEST_ROW = 4_096  # bytes of a file that are looked at before it is replaced


def stops_when_learnt(parameters: dict[str, Any]) -> bool:
    """Tell whether networks are asked to stop at learnt; a lesson's own breakpoint is for the view of a single run."""
    return "learnt" in map(str.strip, given(parameters).get("run.until", ()))


def run_comparison(
    comparison: Comparison, parameters: dict[str, Any], *, csv: str | None, json: bool, folder: str | None = None
) -> NoReturn:
    """Train the networks without a view, print how they fare, and exit. Raises UsageError.

    They are kept in `folder`; if that is empty, in one of their own.
    """
    if folder == "":
        from rnn_tui.runs.folders import new_folder

        folder = str(new_folder(comparison.base))
    options = {
        "jobs": parameters.get("jobs") or 1,
        "stops_when_learnt": stops_when_learnt(parameters),
        "caution": too_short_to_judge(comparison.base, given(parameters)),
    }
    _train(comparison, csv=csv, json=json, keep=folder, **options)


def resume_comparison(folder: Path, *, csv: str | None, json: bool, jobs: int) -> NoReturn:
    """Go on with the comparison in a folder, without a view, and exit. Raises UsageError."""
    kept = read_kept(folder)
    _train(kept.comparison, csv=csv, json=json, jobs=jobs, keep=str(folder), resume=True)


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
