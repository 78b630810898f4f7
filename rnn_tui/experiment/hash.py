"""What a checkpoint remembers of its experiment: a hash that stays the same while the program learns new settings.

0.1.0 hashed all the settings that it knew, whatever their values. Those are still hashed so, for ever. A setting that
came later is hashed only where it is not at its default, which is what all runs before it had. So the hash of a run
that says nothing new is the one that 0.1.0 wrote, and there is one way to compute it, for old checkpoints and new.
"""

import hashlib
import json
from typing import Any

from rnn_tui.experiment.spec import PYTHON_SOURCE, SINE, SUMS, Experiment
from rnn_tui.experiment.validate import to_dict

__all__ = ["experiment_hash", "is_made_up"]

_FIRST = {  # the settings of 0.1.0: nothing is ever added here
    "data": "inputs targets text pairs task series column encoding batch length stateful holdout vocabulary",
    "network": "cell implementation hidden_size layers dropout bidirectional embedding head initial_state batch_first",
    "training": "learn tick reduction optimizer lr schedule schedule_every schedule_factor weight_decay clip "
    "accumulate patience precision epochs seed",
}
_FILES = ("text", "pairs", "series")


def experiment_hash(experiment: Experiment) -> str:
    """Return the SHA-256 of the parts of an experiment that decide its numbers: data, network and training.

    A text may lie elsewhere: `manifest.text_hash` tells whether it is the same.
    """
    values, defaults = to_dict(experiment), to_dict(Experiment())
    parts = {name: _hashed(values[name], defaults[name], first.split()) for name, first in _FIRST.items()}
    if not is_made_up(experiment):
        for name in _FILES:
            del parts["data"][name]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def is_made_up(experiment: Experiment) -> bool:
    """Return whether what stands for the file is a name that the program knows, not a path."""
    data = experiment.data
    return data.text == PYTHON_SOURCE or data.pairs == SUMS or data.series == SINE


def _hashed(values: dict[str, Any], defaults: dict[str, Any], first: list[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in first or value != defaults[name]}
