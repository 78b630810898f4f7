"""How the columns of a grid share its width, and the panes of a column its height."""

from collections.abc import Sequence
from functools import partial

from textual.widget import Widget

from rnn_tui.common.value import Value
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.field import FieldFacts
from rnn_tui.view.model.columns import Columns, score_width
from rnn_tui.view.model.pane_heights import BORDER, network_height
from rnn_tui.view.pane_grid.field_layout import FieldLayout, map_height
from rnn_tui.view.pane_grid.heights import rows_of_network, together
from rnn_tui.view.widgets.pane import Pane

__all__ = ["Arrangement", "share_height", "share_width"]

_SCORE_SHARE = 0.6  # of the width, for the panes over time


class Arrangement(Value, frozen=True, kw_only=True):
    """What is on the screen, and of what."""

    experiment: Experiment | None
    is_script: bool  # it is somebody else's
    field: FieldFacts | None
    layout: FieldLayout | None  # of the field
    columns: Columns  # of time steps
    shown: Sequence[Pane]
    alone: Pane | None  # it has all the room

    def pane(self, name: str) -> Pane | None:
        """Return the pane of that ID, if it is on the screen."""
        return next((pane for pane in self.shown if name == pane.ID), None)


def share_width(grid: Widget, there: Arrangement) -> None:
    """Give the columns of a grid their widths, to panes over time as much as their columns need."""
    score, experiment, layout = grid.query_one("#score"), there.experiment, there.layout
    room = grid.size.width
    if layout is not None:
        grid.query_one("#field").styles.width = "1fr" if there.alone else layout.width
        room -= layout.width
    is_column = layout is not None and layout.shape == "middle"
    grid.query_one("#member").styles.layout = "vertical" if is_column else "horizontal"
    grid.query_one("#side").styles.width = "1fr" if is_column else None
    if is_column:
        score.styles.width = "1fr"
        return
    score.styles.height = None
    usual = round(_SCORE_SHARE * room)
    alone = there.alone is not None or not any(pane.HOME == "side" for pane in there.shown)
    wider = usual
    if experiment is not None and not there.is_script and not alone:  # a script's columns grow while it runs
        wider = score_width(usual, room, experiment.length, there.columns)
    score.styles.width = wider if wider > usual else "1fr" if alone else "3fr"


def share_height(grid: Widget, network: Pane, there: Arrangement, *, slow: bool) -> None:
    """Give the network its height, and the map of a field. In slow motion there are norms between the boxes."""
    layout, experiment = there.layout, there.experiment
    if there.alone is not None or (layout is not None and layout.shape == "narrow"):
        network.styles.height = "1fr"
        _share_field(grid, network, there)
        return
    if experiment is None:
        return
    _share_field(grid, network, there)
    if layout is not None and layout.shape == "middle":
        return
    needs = [pane.heights(experiment) for pane in there.shown if pane.HOME == "score" and pane is not network]
    below = None if None in needs else together(needs)  # of a pane that can use any room nothing is taken
    network.styles.height = network_height(grid.size.height, partial(rows_of_network, experiment), below, natural=slow)


def _share_field(grid: Widget, network: Pane, there: Arrangement) -> None:
    """Give the map its height, and where the other panes stand in one column, the network too."""
    layout = there.layout
    if layout is None or there.field is None or there.experiment is None:
        return
    from rnn_tui.view.panes.map import MapPane  # for start-up time

    room = grid.size.height
    chart = there.pane("map")
    if isinstance(chart, MapPane):
        charts = sum(pane.HOME == "field" for pane in there.shown) - 1
        wanted = chart.rows_wanted(there.field, layout.width)
        chart.styles.height = "1fr" if there.alone else map_height(room, wanted, charts)
    if layout.shape == "middle":
        score, below = grid.query_one("#score"), any(pane.HOME == "side" for pane in there.shown)
        has_states = there.pane("states") is not None
        natural = (rows_of_network(there.experiment, 3) + BORDER) * (1 + has_states)
        score.styles.height = min(natural, round(0.5 * room)) if below else "1fr"
        network.styles.height = "1fr"
