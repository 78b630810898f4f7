"""One file a pane: which part of a frame it draws, its title, and what stands under the mouse.

`PANES` has them all, in the order in which they stand in their columns.
"""

from rnn_tui.view.pane import Pane
from rnn_tui.view.panes.cell import CellPane
from rnn_tui.view.panes.gates import GatesPane
from rnn_tui.view.panes.gradients import GradientsPane
from rnn_tui.view.panes.loss import LossPane
from rnn_tui.view.panes.network import NetworkPane
from rnn_tui.view.panes.prediction import PredictionPane
from rnn_tui.view.panes.reading import ReadingPane
from rnn_tui.view.panes.saliency import SaliencyPane
from rnn_tui.view.panes.shapes import ShapesPane
from rnn_tui.view.panes.space import SpacePane
from rnn_tui.view.panes.states import StatesPane
from rnn_tui.view.panes.weights import WeightsPane

__all__ = ["PANES"]

PANES: tuple[type[Pane], ...] = (
    NetworkPane,
    StatesPane,
    GatesPane,
    GradientsPane,
    SaliencyPane,
    ReadingPane,
    LossPane,
    ShapesPane,
    CellPane,
    WeightsPane,
    SpacePane,
    PredictionPane,
)
