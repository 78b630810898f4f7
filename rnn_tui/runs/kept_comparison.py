"""A comparison on the disk: a folder with `field.json`, the tensors that it names, and a table of how networks fare."""

from pathlib import Path

from rnn_tui.common.atomic_files import exists
from rnn_tui.common.glyphs import safe
from rnn_tui.experiment.comparison import MOST_MEMBERS, Comparison, Varied
from rnn_tui.experiment.hash import experiment_hash
from rnn_tui.experiment.members import checked_members
from rnn_tui.experiment.settings import SETTINGS, setting
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict
from rnn_tui.experiment.vary import VaryError, comparison_of, parse_values
from rnn_tui.runs.manifest import CheckpointError, Sealed
from rnn_tui.runs.manifest_checks import sealed_problem
from rnn_tui.runs.read_checkpoint import check_text, read_sealed

__all__ = ["FIELD", "TABLE", "FieldManifest", "read_field", "read_field_manifest"]

FIELD = "field.json"
TABLE = "networks.csv"

_PATHS = {each.path for each in SETTINGS}


class FieldManifest(Sealed, frozen=True, kw_only=True):
    """`field.json`. The tensors are the state of all networks between two passes."""

    comparison: Comparison
    stops_when_learnt: bool = False
    learnt: int | None = None  # how many have; None: none can, or an earlier version has not counted them
    ended: int | None = None  # how many have come to their end, or have diverged
    diverged: int | None = None


def read_field(folder: Path) -> FieldManifest:
    """Read what is compared in a folder; all of its networks are checked. Raises CheckpointError, ExperimentError."""
    manifest, file = read_field_manifest(folder), folder / FIELD
    try:
        if from_dict(to_dict(manifest.comparison.base)) != manifest.comparison.base:
            raise CheckpointError(file, "is altered: its experiment is not whole")
        comparison_of(manifest.comparison.base, manifest.comparison.varied)
        checked_members(manifest.comparison)
    except CheckpointError:
        raise
    except (VaryError, ExperimentError) as error:
        raise CheckpointError(file, f"is altered: {error}") from None
    if manifest.experiment != experiment_hash(manifest.comparison.base):
        raise CheckpointError(file, "is altered: its experiment is not the one that it was made with")
    check_text(manifest, manifest.comparison.base)
    return manifest


def read_field_manifest(folder: Path) -> FieldManifest:
    """Read what is compared in a folder, for a list: whether its networks can be is not checked.

    Raises CheckpointError.
    """
    file = folder / FIELD
    if not exists(file):
        raise CheckpointError(file, "there is no such file: no comparison is kept in that folder")
    manifest = read_sealed(file, FieldManifest)
    problem = sealed_problem(manifest) or _counts_problem(manifest) or _values_problem(manifest.comparison)
    if problem:
        raise CheckpointError(file, f"is altered: {problem}")
    return manifest


def _counts_problem(manifest: FieldManifest) -> str:
    members = manifest.comparison.members
    if not 0 < members <= MOST_MEMBERS:
        return f"it has {members:,} networks, and there are {MOST_MEMBERS:,} at most"
    counts = (manifest.learnt, manifest.ended, manifest.diverged)
    if not all(each is None or 0 <= each <= members for each in counts):
        return f"it counts more than its {members:,} networks"
    return ""


def _values_problem(comparison: Comparison) -> str:
    """Say why a setting cannot have its values; empty: all can."""
    for varied in comparison.varied:
        if varied.path not in _PATHS or not varied.values:
            return f"no setting {safe(varied.path[:60])} can vary"
        try:
            found = [value for each in varied.values for value in parse_values(varied.path, _text(varied, each)).values]
        except VaryError as error:
            return str(error)
        if repr(found) != repr([*varied.values]):
            return f"the values of {varied.path} are none"
    return ""


def _text(varied: Varied, value: object) -> str:
    """Write a value, of whatever kind it is, as it would be given."""
    return setting(varied.path).format(value)
