"""The hidden states of every layer at every time step."""

from math import ceil
from typing import NamedTuple

from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.draw.kit.rows_over_time import RULER, SCALES, TALLEST_UNIT
from rnn_tui.draw.kit.text_fit import place_name
from rnn_tui.draw.states import (
    StatesLayout,
    draw_states,
    lay_out_gradients_of_units,
    lay_out_states,
    rows_for_units,
)
from rnn_tui.experiment.spec import Experiment
from rnn_tui.view.model.pane_heights import PaneHeights
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.widgets.pane import Explanation, Pane

__all__ = ["Parts", "StatesPane", "heights_of", "parts_that_fit", "units_that_fit"]

_MANY_ROWS = 8  # of a heatmap, for which other layers wait
_FEWEST_ROWS = 4  # below which c waits


class Parts(NamedTuple):
    """What is shown at once: so many layers, and their c if they have one."""

    layers: int
    c: bool


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
        name = "h and c" if parts_that_fit(scene.experiment, self.size.height).c else "h"
        short = name.replace(" and ", ", ")
        return self.in_border(
            f"{self.NAME} {name} · {shape}{size}", f"State {short} · {shape}{size}", f"{short} · {shape}{size}"
        )

    def subtitle(self, scene: Scene) -> str:
        """Return which layers are on the screen, if not all, and where to see c if it is not."""
        network = scene.experiment.network
        fit = parts_that_fit(scene.experiment, self.size.height)
        words = []
        if fit.layers < network.layers:
            first = min(scene.view.layer, network.layers - fit.layers)
            shown = f"layers {first + 1}–{first + fit.layers}" if fit.layers > 1 else f"layer {first + 1}"
            words.append(f"{shown} of {network.layers} · ↑ ↓ for the others")
        if network.kind.has_c and not fit.c:
            words.append("c: press g")
        return " · ".join(words)

    def heights(self, experiment: Experiment) -> PaneHeights:
        """Return the rows in which every unit is shown."""
        return heights_of(experiment)

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Draw the heatmaps."""
        return draw_states(
            self._layout(scene, height),
            width=width,
            height=height,
            palette=scene.palette,
            inputs=scene.inputs,
            cursor=scene.cursor,
            touched=_touched(scene),
        )

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """Return the exact values of a unit at a time step."""
        found = self._layout(scene, self.size.height).locate(x, y)
        return "" if found is None else found.in_words()

    def _layout(self, scene: Scene, height: int) -> StatesLayout:
        experiment, network = scene.experiment, scene.experiment.network
        fit, has_c = parts_that_fit(experiment, height)
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
        shown = [
            each if has_c else replace(each, c=None) for each in scene.frame.states if first <= each.layer < first + fit
        ]
        return lay_out_states(
            shown,
            height=height,
            axis=scene.axis,
            hidden_size=network.hidden_size,
            layers=network.layers,
            bounded=network.kind.is_bounded,
            names_largest=scene.frame.status.state != "playing",
        )


def _touched(scene: Scene) -> set[tuple[str, int, int]]:
    """Return the heatmap, the unit and the time step of the states that are touched in the row that is looked at."""
    layers = scene.experiment.network.layers
    return {
        ("h" + place_name(each.layer, each.direction, layers=layers, both=False), each.unit, each.step)
        for each in scene.touched
        if each.kind == "state" and each.row == scene.row
    }


def _flows(scene: Scene) -> bool:
    """Return whether the gradient of single units is on its way back."""
    phase = scene.frame.phase
    return phase is not None and any(each.values is not None and each.values.size for each in phase.gradients)


def _blocks(experiment: Experiment, parts: Parts) -> int:
    return parts.layers * experiment.network.directions * (2 if parts.c else 1)


def heights_of(experiment: Experiment) -> PaneHeights:
    """Return the rows in which every unit is shown: of all layers, in a row of its own; two in a row; of one layer."""
    network = experiment.network
    has_c, units = network.kind.has_c, network.hidden_size
    every, one = Parts(network.layers, has_c), Parts(1, has_c)
    forms = [_blocks(experiment, every) * units]
    forms += [_blocks(experiment, parts) * ceil(units / 2) for parts in (every, one, Parts(1, c=False))]
    forms = [rows + SCALES + RULER for rows in dict.fromkeys(forms)]
    return PaneHeights(forms, per_row=forms[0] - SCALES - RULER, tallest=TALLEST_UNIT)


def parts_that_fit(experiment: Experiment, height: int) -> Parts:
    """Return what can be shown at once in a pane of `height` rows.

    All units come before c, and c before other layers; of a large layer many units are enough.
    """
    network = experiment.network
    has_c, every = network.kind.has_c, ceil(network.hidden_size / 2)

    def rows(layers: int, *, c: bool) -> int:
        return rows_for_units(height, _blocks(experiment, Parts(layers, c)))

    for layers in range(network.layers, 0, -1):
        if rows(layers, c=has_c) >= min(every, _MANY_ROWS):
            return Parts(layers, has_c)
    for layers in range(network.layers, 0, -1):
        if rows(layers, c=False) >= every:
            return Parts(layers, c=False)
    return Parts(1, has_c and rows(1, c=True) >= _FEWEST_ROWS)


def units_that_fit(experiment: Experiment, height: int) -> int:
    """Return how many units of a layer can be told apart in a pane of `height` rows."""
    return 2 * rows_for_units(height, _blocks(experiment, parts_that_fit(experiment, height)))
