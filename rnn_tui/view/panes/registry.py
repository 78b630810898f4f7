"""All panes there are.

`PANES` are there from the beginning, in the order in which they stand in their columns. `INSIDE` names the panes that
look inside, by what they ask the engine: the pane of a `SaliencyAsk` is the class `SaliencyPane` in the module
`saliency`. Each is imported when it is first opened, or while there is nothing else to do, for the start-up time.
"""

from importlib import import_module
from typing import Any

from rnn_tui.protocol.inspect import ASKS
from rnn_tui.view.panes.inspect_base import InsidePane
from rnn_tui.view.panes.loss import LossPane
from rnn_tui.view.panes.network import NetworkPane
from rnn_tui.view.panes.prediction import PredictionPane
from rnn_tui.view.panes.shapes import ShapesPane
from rnn_tui.view.panes.states import StatesPane
from rnn_tui.view.widgets.pane import Pane

__all__ = ["FIELD", "INSIDE", "PANES", "field_panes", "inside_pane"]

PANES: tuple[type[Pane], ...] = (NetworkPane, StatesPane, LossPane, ShapesPane, PredictionPane)
INSIDE = tuple(kind.__name__.removesuffix("Ask").lower() for kind in ASKS)

FIELD = ("map", "learnt", "bundle")  # of a field of many networks, from the top down


def field_panes() -> tuple[type[Pane], ...]:
    """Return the classes of the panes of a field."""
    return tuple(getattr(import_module(f"rnn_tui.view.panes.{each}"), f"{each.capitalize()}Pane") for each in FIELD)


def inside_pane(name: str) -> type[InsidePane[Any]]:
    """Return the class of the pane with that ID. Raises ModuleNotFoundError if there is none."""
    module = import_module(f"rnn_tui.view.panes.{name}")
    kind: type[InsidePane[Any]] = getattr(module, f"{name.capitalize()}Pane")
    return kind
