"""A comparison on the disk: a folder with `field.json`, the tensors that it names, and a table of how networks fare."""

from pathlib import Path

from rnn_tui.common.atomic_files import exists
from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.comparison import Comparison, Varied
from rnn_tui.experiment.hash import experiment_hash
from rnn_tui.experiment.members import checked_members
from rnn_tui.experiment.settings import SETTINGS, setting
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.experiment.vary import VaryError, comparison_of, parse_values
from rnn_tui.runs.manifest import CheckpointError, Sealed
from rnn_tui.runs.manifest_checks import sealed_problem
from rnn_tui.runs.read_checkpoint import check_text, read_sealed

__all__ = ["FIELD", "TABLE", "FieldManifest", "read_field"]

FIELD = "field.json"
TABLE = "networks.csv"

_PATHS = {each.path for each in SETTINGS}


class FieldManifest(Sealed, frozen=True, kw_only=True):
    """`field.json`. The tensors are the state of all networks between two passes."""

    comparison: Comparison
    stops_when_learnt: bool = False


def read_field(folder: Path) -> FieldManifest:
    """Read what is compared in a folder; all of its networks are checked. Raises CheckpointError, ExperimentError."""
    file = folder / FIELD
    if not exists(file):
        raise CheckpointError(file, "there is no such file: no comparison is kept in that folder")
    manifest = read_sealed(file, FieldManifest)
    problem = sealed_problem(manifest) or _comparison_problem(manifest.comparison)
    if problem:
        raise CheckpointError(file, f"is altered: {problem}")
    if manifest.experiment != experiment_hash(manifest.comparison.base):
        raise CheckpointError(file, "is altered: its experiment is not the one that it was made with")
    check_text(manifest, manifest.comparison.base)
    return manifest


def _comparison_problem(comparison: Comparison) -> str:
    """Say why the networks cannot be; empty: they can."""
    for varied in comparison.varied:
        if varied.path not in _PATHS or not varied.values:
            return f"no setting {safe(varied.path[:60])} can vary"
        try:
            found = [value for each in varied.values for value in parse_values(varied.path, _text(varied, each)).values]
        except VaryError as error:
            return str(error)
        if repr(found) != repr([*varied.values]):
            return f"the values of {varied.path} are none"
    try:
        if from_dict(to_dict(comparison.base)) != comparison.base:
            return "its experiment is not whole"
        comparison_of(comparison.base, comparison.varied)
        checked_members(comparison)
    except (VaryError, ExperimentError) as error:
        return str(error)
    return ""


def _text(varied: Varied, value: object) -> str:
    """Write a value, of whatever kind it is, as it would be given."""
    return setting(varied.path).format(value)
