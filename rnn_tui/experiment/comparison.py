"""A comparison: an experiment, and what varies in it. Each combination of the values is a member, a run of its own."""

import math
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from rnn_tui.experiment.settings import setting
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict

__all__ = ["MOST_MEMBERS", "Comparison", "Varied"]

MOST_MEMBERS = 4_096

_APART = ("training.seed", "training.lr", "training.weight_decay", "training.clip")  # which only their range concerns


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
        if self.base.run.processes > 1:
            raise ExperimentError("run.processes", "many networks at once share the cores by --jobs: it must be 1")
        values = to_dict(self.base)
        for varied, index in zip(self.varied, self.indices(member), strict=True):
            section, _, name = varied.path.partition(".")
            values[section][name] = varied.values[index]
        return from_dict(values)

    def experiments(self) -> Iterator[Experiment]:
        """Yield the experiments of all members in their order, as `experiment` does, at little cost for each.

        Members that differ only in numbers that no rule but their range concerns are checked once. Raises
        ExperimentError at the first whose settings do not go together.
        """
        checked: dict[tuple[int, ...], Experiment] = {}
        apart = [number for number, each in enumerate(self.varied) if _is_apart(each)]
        for member in range(self.members):
            indices = self.indices(member)
            rest = tuple(0 if number in apart else index for number, index in enumerate(indices))
            if rest not in checked:
                checked[rest] = self.experiment(self.number(rest))
            experiment = checked[rest]
            if rest != indices:
                changed = {
                    setting(each.path).name: each.values[index]
                    for number, (each, index) in enumerate(zip(self.varied, indices, strict=True))
                    if number in apart
                }
                experiment = replace(experiment, training=replace(experiment.training, **changed))
            yield experiment

    def apart(self, most: int, member: int = 0) -> list[int]:
        """Return at most so many members that differ from one in what varies first, seeds if nothing else does.

        They are those with the first values, in their order; the rest is as the member has it.
        """
        if not self.varied:
            return [member]
        at = next((number for number, each in enumerate(self.varied) if each.path != "training.seed"), 0)
        indices = list(self.indices(member))
        found = []
        for index in range(min(most, self.shape[at])):
            indices[at] = index
            found.append(self.number(tuple(indices)))
        return found

    def words(self, member: int) -> str:
        """Name a member by its values: `lr 0.01 · seed 3`; the name of the experiment where nothing varies."""
        parts = [
            f"{setting(each.path).label} {each.text(index)}"
            for each, index in zip(self.varied, self.indices(member), strict=True)
        ]
        return " · ".join(parts) or self.base.name


def _is_apart(varied: Varied) -> bool:
    """Tell whether its values can be put into a checked experiment as they are: of its kind, and in its range."""
    if varied.path not in _APART:
        return False
    its = setting(varied.path)
    numbers = [each for each in varied.values if isinstance(each, (int, float)) and type(each) is its.kind]
    return len(numbers) == len(varied.values) and not any(map(its.range_problem, numbers))
