"""What a pane shows as numbers, for a file: those of the frame, exactly, each with its layer, unit and time step.

Units, layers, rows, time steps and the like count from 1, as on the screen.
"""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from rnn_tui.protocol.field import HeldOutBundle
from rnn_tui.protocol.frame import (
    Curve,
    Forecast,
    SeriesNumbers,
    States,
    Steps,
    TensorFact,
)
from rnn_tui.protocol.inspect.cell import CellFacts, Compared, GateTerms
from rnn_tui.protocol.inspect.gates import GatesFacts, GateValues
from rnn_tui.protocol.inspect.gradients import GradientFlow
from rnn_tui.protocol.inspect.reading import ReadingFacts
from rnn_tui.protocol.inspect.saliency import SaliencyFacts
from rnn_tui.protocol.inspect.sample import SampleFacts
from rnn_tui.protocol.inspect.space import SpaceFacts
from rnn_tui.protocol.inspect.weights import MatrixFact
from rnn_tui.protocol.phase import Gradient
from rnn_tui.view.model.field_numbers import GroupLearnt, GroupLosses

__all__ = ["Table", "as_csv", "as_json", "tables"]

_ANY: tuple[str, ...] = ("index", "second index", "third index")
_AXES: dict[type, dict[str, tuple[str, ...]]] = {  # what the dimensions of an array count; "": of all other arrays
    Steps: {"top": ("step", "rank"), "top_p": ("step", "rank"), "outputs": ("step", "output"), "": ("step",)},
    SeriesNumbers: {"": ("step",)},
    States: {"": ("unit", "step")},
    Gradient: {"values": ("unit", "step"), "": ("step",)},
    CellFacts: {"x": ("feature",), "h_before": ("state",), "": ("unit",)},
    GateTerms: {"w_ih": ("unit", "feature"), "w_hh": ("unit", "state"), "": ("unit",)},
    Compared: {"": ("unit",)},
    GatesFacts: {"": ("unit",)},
    GateValues: {"means": ("step",), "": ("unit", "step")},
    GradientFlow: {"": ("step",)},
    SaliencyFacts: {"": ("step",)},
    ReadingFacts: {"": ("character",)},
    SampleFacts: {"": ("place",)},
    SpaceFacts: {"start": ("row", "axis"), "": ("row", "step", "axis")},
    MatrixFact: {"counts": ("bin",), "": ("row", "column")},
    TensorFact: {"": ("row", "column")},
    Curve: {"": ("point",)},
    Forecast: {"": ("place",)},
    GroupLosses: {"": ("point",)},
    HeldOutBundle: {"": ("evaluation",)},
    GroupLearnt: {"": ("step up",)},
}
_LABELS = {"units": "unit", "features": "feature", "states": "state", "rows": "row", "columns": "column"}
_CHARACTERS: dict[type, tuple[str, ...]] = {  # fields that are indices into the vocabulary
    Steps: ("inputs", "targets", "top"),
    CellFacts: ("character",),
    SaliencyFacts: ("inputs", "character"),
    ReadingFacts: ("inputs",),
    SampleFacts: ("prime", "greedy", "sampled", "next"),
    SpaceFacts: ("characters",),
}
_FROM_ZERO = frozenset(
    {
        "step",
        "time_step",
        "layer",
        "direction",
        "unit",
        "at",
        "begin",
        "end",
        "turn_at",
        "start",
        "peak_step",
        "first_exploding",
        "first_vanished",
        "first_broken",
        "rank",
        "wrong",
    }
)  # fields that count from 0, or are -1 where there is none
_PLACE = ("layer", "direction")
_OWN_STEPS = (SaliencyFacts, SpaceFacts)  # which begin at the first time step, wherever the window does
_COLUMNS = ("quantity", "layer", "direction", "unit", "step")

Value = float | int | str | bool | None


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity: a number, or an array with the labels of each of its dimensions."""

    quantity: str  # "states.h"
    place: Mapping[str, int] = msgspec.field(default_factory=dict)  # layer and direction, from 1
    axes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    values: Any  # nested lists

    def cells(self) -> Iterator[tuple[dict[str, int], Value]]:
        """Yield each value with its labels."""
        yield from _cells(self.axes, self.values)


def _cells(axes: Sequence[tuple[str, tuple[int, ...]]], values: Any) -> Iterator[tuple[dict[str, int], Value]]:
    if not axes:
        yield {}, values
        return
    name, labels = axes[0]
    for label, each in zip(labels, values, strict=True):
        for labelled, value in _cells(axes[1:], each):
            yield {name: label, **labelled}, value


class _Around(msgspec.Struct, frozen=True):
    """What a struct inherits from those around it."""

    first: int = 0  # the time step of the first column
    labels: Mapping[str, tuple[int, ...]] = msgspec.field(default_factory=dict)  # of an axis, from 1
    place: Mapping[str, int] = msgspec.field(default_factory=dict)
    vocabulary: Sequence[str] = ()


def tables(parts: Mapping[str, Any], *, first: int = 0, vocabulary: Sequence[str] = ()) -> list[Table]:
    """Return every number in parts of a frame, by their names.

    `first` is the time step of the window's first column, from 0. `vocabulary` turns indices into characters; empty:
    they stay indices.
    """
    around = _Around(first=first, vocabulary=vocabulary)
    return [table for name, part in parts.items() for table in _tables(name, part, around)]


def _tables(name: str, value: Any, around: _Around, kind: type | None = None, key: str = "") -> Iterator[Table]:
    """Yield the numbers in a value; `key` is its field in a struct of that kind."""
    if isinstance(value, msgspec.Struct):
        yield from _of_struct(name, value, around)
    elif isinstance(value, np.ndarray):
        yield _of_array(name, value, around, kind, key)
    elif isinstance(value, tuple | list):
        for number, each in enumerate(value, 1):
            told = getattr(each, "name", "") or (f"{number}" if not _is_placed(each) else "")
            yield from _tables(f"{name}.{told}" if told else name, each, around)
    elif value is not None and value != "":
        characters = kind is not None and key in _CHARACTERS.get(kind, ())
        told = _character(value, around.vocabulary) if characters else value
        counted = key in _FROM_ZERO and isinstance(value, int) and not isinstance(value, bool) and value >= 0
        yield Table(quantity=name, place=around.place, values=value + 1 if counted and not characters else told)


def _is_placed(value: Any) -> bool:
    """Return whether its layer says which of several it is."""
    return hasattr(value, "layer")


def _of_struct(name: str, value: msgspec.Struct, around: _Around) -> Iterator[Table]:
    kind = type(value)
    found = {each: getattr(value, each) for each in value.__struct_fields__}
    place = {each: found[each] + 1 for each in _PLACE if each in found}
    labels = {
        axis: tuple(int(each) + 1 for each in found[label])
        for label, axis in _LABELS.items()
        if isinstance(found.get(label), np.ndarray) and found[label].ndim == 1
    }
    first = 0 if kind in _OWN_STEPS else found.get("first", around.first)
    inner = _Around(first, {**around.labels, **labels}, {**around.place, **place}, around.vocabulary)
    skip = found.get("skip", 0)
    for key, each in found.items():
        if key in ("first", "skip", "name", *_PLACE) or (key in _LABELS and _LABELS[key] in labels):
            continue
        if skip and isinstance(each, np.ndarray) and each.ndim == 2:  # columns that are not there yet
            each, at = each[:, skip:], _Around(first + skip, inner.labels, inner.place, inner.vocabulary)
        else:
            at = inner
        yield from _tables(f"{name}.{key}", each, at, kind, key)


def _of_array(name: str, value: np.ndarray[Any, Any], around: _Around, kind: type | None, key: str) -> Table:
    told = _AXES.get(kind, {}) if kind is not None else {}
    names = (*told.get(key, told.get("", ())), *_ANY)[: value.ndim]
    axes = []
    for axis, size in zip(names, value.shape, strict=True):
        labels = around.labels.get(axis, ())
        start = around.first if axis == "step" else 0
        axes.append((axis, labels if len(labels) == size else tuple(range(start + 1, start + size + 1))))
    listed = value.tolist()
    if kind is not None and key in _CHARACTERS.get(kind, ()):
        listed = _characters(listed, around.vocabulary)
    return Table(quantity=name, place=around.place, axes=tuple(axes), values=listed)


def _characters(values: Any, vocabulary: Sequence[str]) -> Any:
    if isinstance(values, list):
        return [_characters(each, vocabulary) for each in values]
    return _character(values, vocabulary)


def _character(index: int, vocabulary: Sequence[str]) -> Value:
    """Return the character of an index; None where there is none."""
    if index < 0:
        return None
    return vocabulary[index] if index < len(vocabulary) else index


def as_csv(found: Sequence[Table], about: Mapping[str, str | int]) -> str:
    """Return one line for each value: what it is about, its quantity, its place, and the value with all its digits."""
    axes = dict.fromkeys(axis for table in found for axis, _ in table.axes if axis not in _COLUMNS)
    names = {axis: f"{axis} of table" if axis in about else axis for axis in axes}  # each column has one name
    more = list(axes)
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write([*about, *_COLUMNS, *names.values(), "value"])
    for table in found:
        for labels, value in table.cells():
            at = {"quantity": table.quantity, **table.place, **labels}
            write([*about.values(), *(at.get(column, "") for column in (*_COLUMNS, *more)), _written(value)])
    return out.getvalue()


def as_json(found: Sequence[Table], about: Mapping[str, str | int]) -> str:
    """Return the same as JSON; NaN and infinities, which it does not have, are the texts NaN, inf and -inf."""
    quantities = [
        {"quantity": each.quantity, **each.place, "axes": {name: list(of) for name, of in each.axes},
         "values": _finite(each.values)}
        for each in found
    ]  # fmt: skip
    whole = {**about, "counted": "from 1", "quantities": quantities}
    return json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _written(value: Value) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _finite(values: Any) -> Any:
    if isinstance(values, list):
        return [_finite(each) for each in values]
    return str(values).replace("nan", "NaN") if isinstance(values, float) and not math.isfinite(values) else values
