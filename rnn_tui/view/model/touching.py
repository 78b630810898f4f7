"""What is touched of a paused run: which number is chosen, and what it and others are instead."""

import msgspec
from msgspec.structs import replace

from rnn_tui.common.glyphs import safe
from rnn_tui.common.value import Value
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.touch import Touch, TouchKind

__all__ = ["Touching", "kinds_of", "place_in_words"]

_NAMES: dict[TouchKind, str] = {"state": "h", "h0": "h₀", "c0": "c₀"}


class Touching(Value, frozen=True, kw_only=True):
    """The number that is chosen, and the touches made so far."""

    kind: TouchKind
    tick: int  # of the run
    matrix: int = 0  # of a weight: which tensor
    at: tuple[int, int] = (0, 0)  # its row and column
    typed: str = ""  # a number that is being typed
    made: tuple[Touch, ...] = ()

    def target(
        self, experiment: Experiment, *, row: int, step: int, layer: int, direction: int, unit: int, column: int = 0
    ) -> Touch:
        """Return the chosen number as a touch that changes nothing: a weight by its place, else at these places."""
        network = experiment.network
        if self.kind == "weight":
            name, shape = parameter_shapes(experiment)[self.matrix % len(parameter_shapes(experiment))]
            at = tuple(min(place, size - 1) for place, size in zip(self.at, shape, strict=False))
            return Touch(kind="weight", name=name, at=at)
        row = min(row, experiment.rows - 1)
        if self.kind == "input":
            column = experiment.places(column)[0] if experiment.is_numbers else 0
            return Touch(kind="input", row=row, step=step, unit=column)
        layer, unit = min(layer, network.layers - 1), min(unit, network.hidden_size - 1)
        if self.kind == "state":
            return Touch(kind="state", row=row, step=step, layer=layer, unit=unit)
        direction = min(direction, network.directions - 1)
        return Touch(kind=self.kind, row=row, layer=layer, direction=direction, unit=unit)

    def value(self, target: Touch) -> float | None:
        """Return what a number is instead; None: it is as it was."""
        return next((each.value for each in self.made if _place(each) == target), None)

    def with_value(self, target: Touch, value: float) -> "Touching":
        """Return the same with another value of a number."""
        others = tuple(each for each in self.made if _place(each) != target)
        return replace(self, made=(*others, msgspec.structs.replace(target, value=value)), typed="")

    def names(self, touch: Touch, target: Touch) -> bool:
        """Return whether a touch is of the chosen number."""
        return _place(touch) == target

    def asked(self, target: Touch) -> tuple[Touch, ...]:
        """Return what the engine is asked: all touches, and what the chosen number is."""
        return self.made if self.value(target) is not None else (*self.made, target)

    def moved(self, experiment: Experiment, rows: int, columns: int) -> "Touching":
        """Return the same with another of the weights, so many rows and columns away; after a row comes the next."""
        _, shape = parameter_shapes(experiment)[self.matrix % len(parameter_shapes(experiment))]
        width = shape[1] if len(shape) > 1 else 1
        place = self.at[0] * width + min(self.at[1], width - 1) + rows * width + columns
        row, column = divmod(place % (shape[0] * width), width)
        return replace(self, at=(row, column), typed="")


def _place(touch: Touch) -> Touch:
    return msgspec.structs.replace(touch, value=None)


def kinds_of(experiment: Experiment) -> tuple[TouchKind, ...]:
    """Return what can be touched in an experiment."""
    network = experiment.network
    state: tuple[TouchKind, ...] = () if network.bidirectional else ("state",)
    cell: tuple[TouchKind, ...] = ("c0",) if network.kind.has_c else ()
    return ("input", *state, "h0", *cell, "weight")


def place_in_words(touch: Touch, experiment: Experiment) -> str:
    """Return which number it is, all counted from 1."""
    network = experiment.network
    row = f" of row {touch.row + 1}" if experiment.rows > 1 else ""
    if touch.kind == "weight":
        at = " and ".join(f"{what} {place + 1}" for what, place in zip(("row", "column"), touch.at, strict=False))
        return f"{touch.name}, {at}"
    if touch.kind == "input":
        which = f" {safe(experiment.data.columns[touch.unit])}" if len(experiment.data.columns) > 1 else ""
        return f"input{which}{row} at time step {touch.step + 1}"
    where = f", layer {touch.layer + 1}" if network.layers > 1 else ""
    where += f" {'→←'[touch.direction]}" if network.bidirectional else ""
    step = f" at time step {touch.step + 1}" if touch.kind == "state" else ""
    return f"{_NAMES[touch.kind]} of unit {touch.unit + 1}{where}{row}{step}"
