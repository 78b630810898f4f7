"""All panes there are.

`PANES` are there from the beginning, in the order in which they stand in their columns. `INSIDE` are those that look
inside: each is imported when it is first opened, or while nothing else is to do, since start-up is felt.
"""

from importlib import import_module

from rnn_tui.view.panes.inspect_base import InsidePane
from rnn_tui.view.panes.loss import LossPane
from rnn_tui.view.panes.network import NetworkPane
from rnn_tui.view.panes.prediction import PredictionPane
from rnn_tui.view.panes.shapes import ShapesPane
from rnn_tui.view.panes.states import StatesPane
from rnn_tui.view.widgets.pane import Pane

__all__ = ["INSIDE", "PANES", "inside_pane"]

PANES: tuple[type[Pane], ...] = (NetworkPane, StatesPane, LossPane, ShapesPane, PredictionPane)
INSIDE = {  # the module, which is also the pane's ID, and its class
    "gates": "GatesPane",
    "gradients": "GradientsPane",
    "saliency": "SaliencyPane",
    "reading": "ReadingPane",
    "cell": "CellPane",
    "weights": "WeightsPane",
    "space": "SpacePane",
    "sample": "SamplePane",
}


def inside_pane(name: str) -> type[InsidePane]:
    """The class of the pane of that ID. Raises KeyError where there is none."""
    kind: type[InsidePane] = getattr(import_module(f"rnn_tui.view.panes.{name}"), INSIDE[name])
    return kind
