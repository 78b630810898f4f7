"""A comparison: an experiment, and what varies in it. Each combination of the values is a member, a run of its own."""

import math
from typing import Any

import msgspec

from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict, to_dict

__all__ = ["MOST_MEMBERS", "Comparison", "Varied"]

MOST_MEMBERS = 4_096


class Varied(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A setting that varies, and its values in order."""

    path: str  # "training.lr"
    values: tuple[Any, ...]
    logarithmic: bool = False  # whether they are spaced by a factor

    def text(self, index: int) -> str:
        """Write one of the values as the setting is written."""
        return setting(self.path).format(self.values[index])


class Comparison(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Many networks: the members are all combinations of what varies, the last varied setting fastest.

    Members are numbered from 0, in row-major order over `varied`.
    """

    base: Experiment
    varied: tuple[Varied, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each varied setting has."""
        return tuple(len(each.values) for each in self.varied)

    @property
    def members(self) -> int:
        """How many networks there are."""
        return math.prod(self.shape)

    def indices(self, member: int) -> tuple[int, ...]:
        """Return which value of each varied setting a member has."""
        found = []
        for count in reversed(self.shape):
            member, index = divmod(member, count)
            found.append(index)
        return tuple(reversed(found))

    def number(self, indices: tuple[int, ...]) -> int:
        """Return the member with those values: the inverse of `indices`."""
        member = 0
        for index, count in zip(indices, self.shape, strict=True):
            member = member * count + index
        return member

    def experiment(self, member: int) -> Experiment:
        """Return the experiment of a member. Raises ExperimentError where its settings do not go together."""
        values = to_dict(self.base)
        for varied, index in zip(self.varied, self.indices(member), strict=True):
            section, _, name = varied.path.partition(".")
            values[section][name] = varied.values[index]
        return from_dict(values)

    def words(self, member: int) -> str:
        """Name a member by its values: `lr 0.01 · seed 3`; the name of the experiment where nothing varies."""
        parts = [
            f"{setting(each.path).label} {each.text(index)}"
            for each, index in zip(self.varied, self.indices(member), strict=True)
        ]
        return " · ".join(parts) or self.base.name
