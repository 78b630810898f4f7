"""The hidden states of every layer at every time step."""

from textual.strip import Strip

from rnn_tui.draw.kit.rows_over_time import RULER, SCALES
from rnn_tui.draw.states import (
    StatesLayout,
    draw_states,
    lay_out_gradients_of_units,
    lay_out_states,
    rows_for_units,
)
from rnn_tui.experiment.spec import Experiment
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.widgets.pane import Explanation, Pane

__all__ = ["StatesPane", "height_with_numbers", "layers_that_fit", "units_that_fit"]

_FEWEST_ROWS = 2  # below which a heatmap says nothing


class StatesPane(Pane):
    """Heatmaps of h_t, and of c_t for an LSTM: units down, time steps across."""

    ID = "states"
    NAME = "Hidden state"
    TIMED = True
    PARTS = ("steps", "states")
    EXPLANATION = Explanation(
        shows="The hidden state h: what the network remembers at each time step, one row for each unit.",
        read="Blue is below 0, orange above, and the middle grey is 0. Read a column from top to bottom: that is "
        "the whole memory after that character. Read a row from left to right: that is what one unit makes of "
        "the text. An LSTM has its cell c beside h. In the backward pass of slow motion it shows ∂L/∂h instead: "
        "which units the loss depends on, step after step from the right.",
        then="Look for a unit that keeps its colour from the first character to the last: it remembers it. p shows "
        "the same states as a path in two dimensions, g the gates of an LSTM or GRU.",
        in_script="Look for a unit that keeps its colour from the first time step to the last: it remembers it. p "
        "shows the same states as a path in two dimensions, g the gates of an LSTM or GRU.",
    )

    def title(self, scene: Scene) -> str:
        """Return h and its shape; in the backward pass, what flows instead."""
        network = scene.experiment.network
        if _flows(scene):
            return self.in_border(
                "Backward · ∂L/∂h of each unit: how the loss would change with it", "Backward · ∂L/∂h of each unit"
            )
        many = [
            f"{count} {name}"
            for count, name in ((network.layers, "layers"), (network.directions, "directions"))
            if count > 1
        ]
        shape = f"{' · '.join(many)} × " if many else ""
        size = f"({scene.experiment.length}, {scene.experiment.rows}, {network.hidden_size})"
        name = "h and c" if network.kind.has_c else "h"
        short = name.replace(" and ", ", ")
        return self.in_border(
            f"{self.NAME} {name} · {shape}{size}", f"State {short} · {shape}{size}", f"{short} · {shape}{size}"
        )

    def subtitle(self, scene: Scene) -> str:
        """Return which layers are on the screen, if not all."""
        layers = scene.experiment.network.layers
        fit = layers_that_fit(scene.experiment, self.size.height)
        if fit >= layers:
            return ""
        first = min(scene.view.layer, layers - fit)
        shown = f"layers {first + 1}–{first + fit}" if fit > 1 else f"layer {first + 1}"
        return f"{shown} of {layers} · ↑ ↓ for the others"

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Draw the heatmaps."""
        return draw_states(
            self._layout(scene, height),
            width=width,
            height=height,
            palette=scene.palette,
            inputs=scene.inputs,
            cursor=scene.cursor,
        )

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """Return the exact values of a unit at a time step."""
        found = self._layout(scene, self.size.height).locate(x, y)
        return "" if found is None else found.in_words()

    def _layout(self, scene: Scene, height: int) -> StatesLayout:
        experiment, network = scene.experiment, scene.experiment.network
        fit = layers_that_fit(experiment, height)
        first = min(scene.view.layer, network.layers - fit)
        phase = scene.frame.phase
        if phase is not None and _flows(scene):
            return lay_out_gradients_of_units(
                [each for each in phase.gradients if first <= each.layer < first + fit],
                height=height,
                axis=scene.axis,
                hidden_size=network.hidden_size,
                layers=network.layers,
                largest=phase.largest_value,
            )
        shown = [each for each in scene.frame.states if first <= each.layer < first + fit]
        return lay_out_states(
            shown,
            height=height,
            axis=scene.axis,
            hidden_size=network.hidden_size,
            layers=network.layers,
            bounded=network.kind.is_bounded,
        )


def _flows(scene: Scene) -> bool:
    """Return whether the gradient of single units is on its way back."""
    phase = scene.frame.phase
    return phase is not None and any(each.values is not None and each.values.size for each in phase.gradients)


def _blocks(experiment: Experiment, layers: int) -> int:
    network = experiment.network
    return layers * network.directions * (2 if network.kind.has_c else 1)


def height_with_numbers(experiment: Experiment) -> int:
    """Return the rows in which every unit of every layer has its own, with room for numbers."""
    return _blocks(experiment, experiment.network.layers) * experiment.network.hidden_size + SCALES + RULER


def layers_that_fit(experiment: Experiment, height: int) -> int:
    """Return how many layers can be shown at once in a pane of `height` rows."""
    network = experiment.network
    wanted = min(_FEWEST_ROWS, network.hidden_size)
    layers = network.layers
    while layers > 1 and (rows_for_units(height, _blocks(experiment, layers)) < wanted):
        layers -= 1
    return layers


def units_that_fit(experiment: Experiment, height: int) -> int:
    """Return how many units of a layer can be told apart in a pane of `height` rows."""
    return 2 * rows_for_units(height, _blocks(experiment, layers_that_fit(experiment, height)))
