"""The gates of one layer over time."""

from textual.strip import Strip

from rnn_tui.draw.gates import draw_gates, gate_units_that_fit, lay_out_gates
from rnn_tui.experiment import GATES, Experiment
from rnn_tui.inside import GatesAsk, GatesFacts
from rnn_tui.view.inside import InsidePane, chosen_cell, chosen_unit
from rnn_tui.view.pane import Explanation
from rnn_tui.view.scene import Gaze, Scene

__all__ = ["GatesPane"]

_HEATMAPS = {"lstm": GATES["lstm"] + 1, "gru": GATES["gru"]}  # an LSTM's cell is drawn as well; without gates: two


class GatesPane(InsidePane):
    """Heatmaps of i, f, g, o and c, or of r, z and n: units down, time across."""

    ID = "gates"
    NAME = "Gates"
    TIMED = True
    EXPLANATION = Explanation(
        shows="The gates of one layer at every time step: small networks inside the cell that decide what it forgets, "
        "what it takes in, and what it lets out. They are computed from the weights and states of this very tick.",
        read="A gate lies between 0 (shut, dark) and 1 (open, bright), one row a unit. LSTM: f keeps the old c, i "
        "takes in the new g, o lets c out as h. GRU: z keeps the old h, r says how much of it the new n may see.",
        then="In the lesson `remember` with --cell lstm, look at f of a unit that carries the first letter: once it is "
        "learnt, it stays near 1 from the first step to the last. ↑ ↓ choose the layer, , and . the unit.",
    )

    def ask(self, experiment: Experiment, gaze: Gaze) -> GatesAsk:
        """As many units as fit."""
        return GatesAsk(
            layer=gaze.layer,
            direction=gaze.direction,
            unit=chosen_unit(experiment, gaze),
            units=gate_units_that_fit(self.size.height, _HEATMAPS.get(experiment.network.cell, 2)),
        )

    def title(self, scene: Scene) -> str:
        """Which layer, and what a heatmap measures."""
        network = scene.experiment.network
        where = chosen_cell(scene.experiment, scene.gaze)
        cell = network.cell.partition("-")[0].upper()
        return " · ".join(filter(None, (self.NAME, f"{cell} {network.hidden_size}", where)))

    def subtitle(self, scene: Scene) -> str:
        """The keys that choose."""
        network = scene.experiment.network
        layers = network.layers * network.directions > 1
        return f"{'↑ ↓ layer · ' if layers else ''}, . unit {chosen_unit(scene.experiment, scene.gaze) + 1}"

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """See draw.gates."""
        facts = scene.answer(GatesFacts)
        if facts is None:
            return []
        return draw_gates(
            facts,
            width=width,
            height=height,
            axis=scene.axis,
            palette=scene.palette,
            inputs=scene.inputs,
            cursor=scene.cursor,
            unit=chosen_unit(scene.experiment, scene.gaze),
        )

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """The exact value of a gate."""
        facts = scene.answer(GatesFacts)
        if facts is None:
            return ""
        unit = chosen_unit(scene.experiment, scene.gaze)
        layout = lay_out_gates(
            facts, width=self.size.width, height=self.size.height, axis=scene.axis, palette=scene.palette, unit=unit
        )
        found = layout.locate(x, y)
        if found is None:
            return ""
        block, places, step = found
        values = block.gate.values[:, step - facts.first]
        return f"t={step} · " + " · ".join(
            f"unit {facts.units[place] + 1}: {block.gate.name} = {values[place]:+.7f}" for place in places
        )
