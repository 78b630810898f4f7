"""Every part of an experiment that a person can set, as the sections declare it.

A new setting is one field in `experiment/sections/` with its declaration, and its use.
"""

import msgspec

from rnn_tui.experiment.setting import Setting, settings_of
from rnn_tui.experiment.spec import Data, Network, RunOptions, Training

__all__ = ["READING", "SECTIONS", "SETTINGS", "as_read", "optimizer_state", "setting"]

SECTIONS: dict[str, type[msgspec.Struct]] = {"data": Data, "network": Network, "training": Training, "run": RunOptions}
SETTINGS = tuple(each for name, section in SECTIONS.items() for each in settings_of(section, name))
READING = tuple(each.name for each in settings_of(Data, "data") if not each.passes)  # that say what is read, and how

_BY_PATH = {each.path: each for each in SETTINGS}


def setting(path: str) -> Setting:
    """Return the setting of that path. Raises KeyError where there is none."""
    return _BY_PATH[path]


def as_read(data: Data) -> Data:
    """Return the data as every division into passes reads them: the rest is set to its default."""
    return Data(**{name: getattr(data, name) for name in READING})


def optimizer_state(training: Training) -> tuple[str, ...]:
    """Return the keys of the tensors that the optimiser keeps for each weight, as torch names them.

    "step" is one number; each of the others is as large as the weight itself.
    """
    return tuple(key for each in SETTINGS if each.optimizer_state for key in each.optimizer_state(training))
