"""The network unrolled over time."""

import numpy as np
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import quoted, step_name, unit_text
from rnn_tui.draw.kit.numbers import exact, nice_above, with_minus
from rnn_tui.draw.kit.text_fit import cut_cells
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.network.bands import TALLEST_BOX, Unrolled, natural_height, units_in_box
from rnn_tui.draw.network.boxes import LayerRow, units_fit
from rnn_tui.draw.network.large import draw_large, units_in_large_box
from rnn_tui.draw.network.phase_flow import PhaseFlow
from rnn_tui.draw.network.unrolled import draw_unrolled
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.arrays import Floats
from rnn_tui.protocol.frame import SeriesNumbers, States, Steps
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.widgets.pane import Explanation, Pane

__all__ = ["NetworkPane", "height_of", "units_in_boxes"]

_LONGEST_NAME = 7  # cells that the kind of a cell takes before its boxes


class NetworkPane(Pane):
    """A column for each time step: input, layers, output, target."""

    ID = "network"
    NAME = "Unrolled network"
    TIMED = True
    HAS_NOTES = True
    PARTS = ("steps",)
    EXTRAS = ("states", "phase")
    EXPLANATION = Explanation(
        shows="One and the same cell, drawn once for each time step: at every step it reads a character and the "
        "state that the step before has left, and leaves a new state.",
        read="Data flows upward: the input at the bottom, the recurrent layers above it, the output with its "
        "probability, and the target at the top. Time runs to the right, along the arrows. A box is filled "
        "with the colours of its state; ✓ and ✗ show whether the likeliest character is the right one.",
        then="Press n for slow motion: the tick is held at each of its phases, and the backward pass runs along "
        "the arrows from right to left. Or use [ and ] to choose a time step, and i for its cell in numbers.",
        in_script="Hold the script (space), choose a time step with [ and ], and press i for its cell in numbers.",
    )

    def title(self, scene: Scene) -> str:
        """Return how many time steps there are, and which are shown."""
        return self.in_border(*self.forms(scene))

    def forms(self, scene: Scene) -> list[str]:
        """Return the titles, in ever fewer words: each tells which time steps are shown, if not all."""
        axis, rows = scene.axis, scene.experiment.rows
        part = f" · steps {axis.first + 1}–{axis.first + axis.count} of {axis.length}"
        shown = part if axis.count < axis.length else ""
        row = f" · row {min(scene.view.row, rows - 1) + 1} of {rows}" if rows > 1 else ""
        steps = "" if shown else f" · {axis.length} time step{'s' if axis.length > 1 else ''}"
        forms = [f"{self.NAME}{steps}{shown}{row}", f"Network{steps}{shown}{row}", f"Network{shown or steps}{row}"]
        return [*forms, f"Network{shown}", part.removeprefix(" · ")] if shown else [*forms, f"Network{row}"]

    def subtitle(self, scene: Scene) -> str:
        """Return what the drawing does not show."""
        if scene.view.stage:
            return _sample(scene, self.size.height)
        network = scene.experiment.network
        learn = scene.experiment.training.learn and scene.subject is None  # of a script it is not known what it learns
        sample, words = _sample(scene, self.size.height), [""]
        scale = scene.scale
        if scene.column_in_words:
            words = [f"numbers are {scene.column_in_words} (k: next)", f"{scene.column_in_words} (k)"]
        elif scale is not None and (scale.offset or scale.unit != 1):
            words = [f"numbers are {safe(scale.label)}", safe(scale.label)]
        if learn and network.bidirectional:
            words = ["reads both ways, so it has already seen the answer", "it has seen the answer", "saw the answer"]
        elif learn and network.head == "direct":
            words = ["the state itself is the logits", "the logits are h"]
        return self.in_border(*(" · ".join(filter(None, (sample, each))) for each in words))

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Draw the network."""
        draw = draw_large if scene.view.stage else draw_unrolled
        return draw(
            _unrolled(scene), width=width, height=height, axis=scene.axis, palette=scene.palette, cursor=scene.cursor
        )

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """Return the time step, what is predicted there, and with which probability."""
        step, steps = scene.axis.step_at(x), scene.steps
        if step is None or steps is None:
            return ""
        at = step - steps.first
        if steps.numbers is not None:
            return _number_under_mouse(scene, steps.numbers, at, step)
        text = f"{step_name(step)} input {quoted(scene.inputs[at])}"
        if at < len(steps.target_p) and steps.top.shape[1]:
            output, p = scene.glyphs[steps.top[at, 0]], steps.top_p[at, 0]
            text += f" · predicts {quoted(output)} with p={exact(p, 6)}"
            text += f" · target {quoted(scene.targets[at])} has p={exact(steps.target_p[at], 6)}"
        return text


def _number_under_mouse(scene: Scene, numbers: SeriesNumbers, at: int, step: int) -> str:
    scale, said = scene.scale_read, scene.scale
    deviation = 0.0 if scale is None else scale.deviation
    text = f"{step_name(step)}"
    if len(numbers.values):
        text += f" input {with_minus(unit_text(numbers.values[at], deviation))}"
    elif scene.reads_tokens:
        text += f" input {scene.inputs[at]}"
    if scale is not None:
        text += with_minus(f" ({(numbers.values[at] - scale.mean) / scale.deviation:+.4f} standardised)")
    deviation = 0.0 if said is None else said.deviation
    if at < len(numbers.predicted) and not np.isnan(numbers.truth[at]):
        output, true = (with_minus(unit_text(each[at], deviation)) for each in (numbers.predicted, numbers.truth))
        text += f" · predicts {output} · true {true}"
    return text


def _sample(scene: Scene, height: int) -> str:
    """Return how many units the boxes show, if not all; none while they show gradients."""
    units, flow = scene.experiment.network.hidden_size, _flow(scene)
    if units <= 1 or (flow is not None and (flow.is_backward or flow.kind == "update")):
        return ""
    halves = not scene.palette.shaded
    count = units_in_large_box if scene.view.stage else units_in_box
    shown = count(_unrolled(scene), height=height, axis=scene.axis, halves=halves)
    if shown or not any(each.size is not None for each in scene.frame.states):
        return f"boxes: {shown} of {units} units" if 0 < shown < units else ""
    return f"boxes: mean |h| of {units} units"


def units_in_boxes(experiment: Experiment, axis: TimeAxis, height: int) -> int:
    """Return how many units the boxes show in a pane of this height: all of them, or 0, as their mean is enough."""
    network = experiment.network
    every, low = (height_of(experiment, box=box) for box in (1, 0))
    rows = max(1, min(TALLEST_BOX, (height - low) // max(1, every - low)))
    units = network.hidden_size
    return units if units_fit(units, axis.column, rows) else 0


def height_of(experiment: Experiment, *, box: int = 3) -> int:
    """Return how many rows the network of an experiment can use, with boxes of so many."""
    network = experiment.network
    cells = network.layers * network.directions
    return natural_height(
        cells=cells,
        layers=network.layers,
        learns=experiment.training.learn,
        features=experiment.output_size,
        head=network.head == "linear",
        embedding=bool(network.embedding),
        box=box,
    )


def _unrolled(scene: Scene) -> Unrolled:
    network, steps, fed = scene.experiment.network, scene.steps, scene.fed_in_window
    states = {(each.layer, each.direction): each for each in scene.frame.states}
    top = steps.top if steps is not None else None
    numbers = scene.numbers
    outputs = [scene.glyphs[index] for index in top[:, 0].tolist()] if top is not None and top.shape[1] else []
    if numbers is not None:
        outputs = scene.predicted
    targets = scene.targets if outputs or scene.subject is None or not fed else []  # of a script they may be unknown
    return Unrolled(
        inputs=scene.inputs,
        targets=targets,
        outputs=outputs,
        output_p=steps.top_p[:, 0].tolist() if steps is not None and numbers is None and outputs else [],
        numbers=numbers is not None,
        words=scene.has_words,
        right=_right(steps) if outputs and numbers is None else None,
        values=_values(scene),
        cells=[
            _cell(scene, layer, direction, states.get((layer, direction)))
            for layer in range(network.layers)
            for direction in range(network.directions)
        ],
        embedding=network.embedding if scene.subject is None else scene.subject.embedding or network.embedding,
        head=network.head == "linear" and (scene.subject is None or bool(targets)),
        fed=min(fed, len(outputs)) if targets else fed,
        current=scene.current,
        double=network.kind.has_c,
        flow=_flow(scene),
        first_scored=scene.first_scored,
    )


def _values(scene: Scene) -> Floats | None:
    """Return the outputs that are no predictions; of a script they may not be known."""
    outputs = None if scene.steps is None else scene.steps.outputs
    if outputs is not None and scene.subject is not None and (outputs.size == 0 or len(outputs) < scene.fed_in_window):
        return None
    return outputs


def _right(steps: Steps | None) -> list[bool] | None:
    """Return at which of the steps fed the likeliest index is the target; two words may look alike."""
    if steps is None or not steps.top.shape[1] or len(steps.targets) < len(steps.top):
        return None
    right: list[bool] = (steps.top[:, 0] == steps.targets[: len(steps.top)]).tolist()
    return right


def _flow(scene: Scene) -> PhaseFlow | None:
    """Return the phase at which a tick is held, as it is drawn."""
    phase, network = scene.frame.phase, scene.experiment.network
    if phase is None:
        return None
    return PhaseFlow(
        kind=phase.kind,
        step=phase.time_step,
        layer=phase.layer,
        direction=phase.direction,
        layers=network.layers,
        both=network.bidirectional,
        norms={(each.layer, each.direction): (each.first, tuple(each.norms.tolist())) for each in phase.gradients},
        largest=phase.largest,
    )


def _cell(scene: Scene, layer: int, direction: int, states: States | None) -> LayerRow:
    network = scene.experiment.network
    place = (f" {layer + 1}" if network.layers > 1 else "") + ("→←"[direction] if network.bidirectional else "")
    scale = 1.0
    if states is not None and not network.kind.is_bounded:
        scale = nice_above(float(np.abs(states.h[np.isfinite(states.h)]).max(initial=1.0)))
    return LayerRow(
        scale=scale,
        name=cut_cells(scene.cell_name, _LONGEST_NAME - len(place)) + place,
        direction=direction,
        layer=layer,
        h=None if states is None else states.h,
        skip=0 if states is None else states.skip,
        units=network.hidden_size,
        size=None if states is None else states.size,
    )
