"""How much of a run fits on the screen: from the sizes of the panes to what the engine is asked for."""

from collections.abc import Mapping

from msgspec.structs import replace
from textual.geometry import Size

from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.series import steps_that_fit
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.field import FieldFacts, FieldWanted
from rnn_tui.protocol.frame import Steps
from rnn_tui.protocol.frame_request import CurveWanted, Wanted
from rnn_tui.protocol.inspect import Ask
from rnn_tui.view.model.columns import Columns
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.network import units_in_boxes
from rnn_tui.view.panes.prediction import prediction_axis
from rnn_tui.view.panes.states import units_that_fit

__all__ = ["SMALLEST", "SMALLEST_STAGE", "axis_of", "curve_wanted", "field_wanted", "time_axis", "wanted"]

SMALLEST = Size(64, 20)  # below this, the panes cannot be read
SMALLEST_STAGE = Size(40, 14)  # the same of one pane on the stage
_RANKS = 8  # characters for each step
_MOST_LAYERS = 32  # whose states a frame carries
_WIDEST_CURVE, _USUAL_CURVE = 400, 60
_MOST_LINES = 60  # single networks behind the bundle: more of them would be a grey area


def time_axis(experiment: Experiment, width: int, columns: Columns, first: int = 0) -> TimeAxis:
    """Return the axis that the panes with time steps share, in `width` cells."""
    narrowest, longest = columns.narrowest, columns.longest
    return TimeAxis.fit(width, experiment.length, narrowest=narrowest, first=first, longest=longest)


def axis_of(experiment: Experiment, width: int, steps: Steps | None, columns: Columns) -> TimeAxis:
    """Return the shared axis for the window of a frame; None: the frame has none."""
    if steps is None:
        return time_axis(experiment, width, columns)
    axis = time_axis(experiment, width, columns, steps.first)
    return replace(axis, first=steps.first, count=min(axis.count, len(steps.inputs)))


def wanted(
    experiment: Experiment,
    view: ViewState,
    *,
    columns: Columns,
    score_width: int,
    sizes: Mapping[str, Size],
    asks: tuple[Ask, ...],
    field: FieldWanted | None = None,
) -> Wanted:
    """Return what panes of these `sizes`, by ID, can show; those over time are `score_width` cells wide."""
    count = time_axis(experiment, score_width, columns).count if score_width else 0
    prediction, states = sizes.get("prediction"), sizes.get("states")
    forecast = 0
    if prediction is not None and experiment.is_numbers:
        forecast = steps_that_fit(prediction.width)
        count = max(count, 1)  # without a time step there would be no numbers
    elif prediction is not None:
        count = max(count, prediction_axis(prediction.width, experiment.length, columns).count)
    units = units_that_fit(experiment, states.height) if states is not None else 0
    network = sizes.get("network")
    if network is not None:  # at least one: the mean of all units comes with it
        axis = time_axis(experiment, score_width, columns)
        units = max(units, 1, units_in_boxes(experiment, axis, network.height))
    layers = experiment.network.layers
    first_layer = 0 if layers <= _MOST_LAYERS else min(view.layer, layers - _MOST_LAYERS)
    return Wanted(
        row=view.row,
        column=view.column,
        first=None if view.cursor is None else max(0, view.cursor - count // 2),
        count=count,
        top=_RANKS if prediction is not None else 1,
        units=units,
        layers=(first_layer, min(layers, _MOST_LAYERS)),
        tensors="shapes" in sizes,
        inside=asks,
        forecast=forecast,
        field=field,
        member=None if field is None else view.field.member,
    )


def field_wanted(facts: FieldFacts, view: ViewState, sizes: Mapping[str, Size]) -> FieldWanted:
    """Return what panes of these `sizes`, by ID, can show of all networks."""
    bundle, charts = sizes.get("bundle"), [sizes[each].width for each in ("bundle", "learnt") if each in sizes]
    return FieldWanted(
        measure=view.field.measure_of(facts),
        is_map=True,
        columns=min(max(charts, default=_USUAL_CURVE), _WIDEST_CURVE),  # there also when a chart comes again
        lines=0 if bundle is None else min(_MOST_LINES, 2 * bundle.height),
        log_x=view.log_x,
        grouped_by=view.field.grouping_of(facts.comparison),
    )


def curve_wanted(size: Size | None, view: ViewState) -> CurveWanted | None:
    """Return the loss curve for a chart of this size; None if there is no chart."""
    if size is None:
        return None
    return CurveWanted(columns=max(1, min(size.width, _WIDEST_CURVE)), log_x=view.log_x, kind=view.chart)
