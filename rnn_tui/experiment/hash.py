"""What a checkpoint remembers of its experiment: a hash that stays the same when the program gains settings.

0.1.0 hashed all the settings that it had, whatever their values, and those are hashed so for ever. A setting that came
later is hashed only where it is not at its default, which is what all runs before it had. So the hash of a run that
uses nothing new is the one that 0.1.0 wrote, and there is one way to compute it, for old checkpoints and new.
"""

import hashlib
import json
from typing import Any

from rnn_tui.experiment.setting import FIRST_VERSION
from rnn_tui.experiment.settings import SETTINGS
from rnn_tui.experiment.spec import BUILT_IN, SINE, Experiment
from rnn_tui.experiment.validate import to_dict

__all__ = ["experiment_hash", "is_made_up"]

_DECIDING = ("data", "network", "training")  # sections
_FILES = ("text", "pairs", "series")


def experiment_hash(experiment: Experiment) -> str:
    """Return the SHA-256 of the parts of an experiment that decide its numbers: data, network and training.

    A file may lie elsewhere: its content has a hash of its own, `Sealed.text` in the manifest.
    """
    values = to_dict(experiment)
    parts: dict[str, dict[str, Any]] = {section: {} for section in _DECIDING}
    for each in SETTINGS:
        is_counted = each.since == FIRST_VERSION or each.of(experiment) != each.default
        if each.section in parts and is_counted:
            parts[each.section][each.name] = values[each.section][each.name]
    if len(columns := experiment.data.columns) < 2:  # 0.1.0 knew one, as a text
        parts["data"]["column"] = "".join(columns)
    if not is_made_up(experiment):
        for name in _FILES:
            del parts["data"][name]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def is_made_up(experiment: Experiment) -> bool:
    """Return whether the data are named by a word that the program knows, rather than by a path."""
    data = experiment.data
    return data.file.startswith(BUILT_IN) or data.series == SINE
