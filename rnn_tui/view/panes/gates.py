"""The gates of one layer over time."""

from typing import Literal

from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.common.wording import counted
from rnn_tui.draw.gates import draw_gates, gate_units_that_fit, gates_height, lay_out_gates
from rnn_tui.draw.gates_large import draw_gates_large, has_large_gates
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.gates import GatesAsk, GatesFacts
from rnn_tui.view.model.pane_heights import PaneHeights
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane, chosen_cell, chosen_step, chosen_unit, layer_keys
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["GatesPane"]

_WITHOUT_GATES = 2  # heatmaps: of the sum, and of the slope


class GatesPane(InsidePane[GatesFacts]):
    """Heatmaps of i, f, g, o and c, or of r, z and n: units down, time steps across."""

    ID = "gates"
    NAME = "Gates"
    TIMED = True
    EXPLANATION = Explanation(
        shows="The gates of one layer at every time step: small networks inside the cell that decide what it "
        "forgets, what it takes in, and what it lets out. They are computed from the weights and states of "
        "this tick.",
        read="A gate lies between 0 (shut, dark) and 1 (open, bright), one row for each unit. LSTM: f keeps the "
        "old c, i takes in the new g, o lets c out as h. GRU: z keeps the old h, r decides how much of it the "
        "new n may see.",
        then="`remember` with --cell lstm, once it has learnt it: which unit carries the first letter? One whose c "
        "differs between the rows ({ }) and stays so to the end. o puts such units first: their f is near 1 "
        "all the way. An f near 1 alone is not enough; a unit that only counts has that too. ↑ ↓ choose the "
        "layer, , and . the unit.",
        in_script="Move through the rows of the batch ({ }): does a gate open at the same tokens in all of them? ↑ ↓ "
        "choose the layer, , and . the unit.",
    )

    def ask(self, experiment: Experiment, view: ViewState) -> GatesAsk:
        """Return the ask for as many units as fit."""
        heatmaps, means = _pictures(experiment)
        units = experiment.network.hidden_size
        return GatesAsk(
            layer=view.layer,
            direction=view.direction,
            unit=chosen_unit(experiment, view),
            units=gate_units_that_fit(self.size.height, heatmaps, means, units),
            order=_order(experiment, view),
            at=chosen_step(experiment, view),
        )

    def heights(self, experiment: Experiment) -> PaneHeights:
        """Return the rows in which all units are shown below the means."""
        heatmaps, means = _pictures(experiment)
        units = experiment.network.hidden_size
        return PaneHeights([gates_height(heatmaps, tall * means, units) for tall in (2, 1)])

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """Return the view with the units that tell the rows apart first, or in order of number."""
        if len(experiment.data.inputs) < 2:
            return view
        return replace(view, gate_order="number" if view.gate_order == "rows" else "rows")

    def next_item(self, experiment: Experiment, view: ViewState, by: int) -> ViewState:
        """Return the view on the next unit in the order that is shown."""
        facts = None if self._scene is None else self.facts(self._scene)
        shown = [] if facts is None or facts.order == "number" else facts.units.tolist()
        unit = chosen_unit(experiment, view)
        if unit not in shown:
            return super().next_item(experiment, view, by)
        return replace(view, unit=shown[(shown.index(unit) + by) % len(shown)])

    def title(self, scene: Scene) -> str:
        """Return the cell, its size and the layer."""
        network = scene.experiment.network
        where = chosen_cell(scene.experiment, scene.view)
        short = self.titled(f"{scene.cell_name} {network.hidden_size}", where)
        if not _pictures(scene.experiment)[1] or scene.subject is not None:
            return short
        longer = f"{short} · mean of {counted(network.hidden_size, 'unit')}"
        scale = f"{longer} · 0 closed … 1 open"
        return self.in_border(f"{scale} · ◆ changes most", scale, longer, short)

    def subtitle(self, scene: Scene) -> str:
        """Return the keys that choose."""
        unit = f", . unit {chosen_unit(scene.experiment, scene.view) + 1}"
        turned = _order(scene.experiment, scene.view) == "rows"
        other = f"o: units {'by number' if turned else 'that tell the rows apart'}"
        return layer_keys(scene.experiment, unit, other if len(scene.experiment.data.inputs) > 1 else "")

    def draw(self, scene: Scene, facts: GatesFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        is_large = scene.view.stage and has_large_gates(facts, height)
        draw = draw_gates_large if is_large else draw_gates
        return draw(
            facts,
            width=width,
            height=height,
            axis=scene.axis,
            palette=scene.palette,
            inputs=scene.inputs,
            cursor=scene.cursor,
            unit=chosen_unit(scene.experiment, scene.view),
        )

    def exact(self, scene: Scene, facts: GatesFacts, x: int, y: int) -> str:
        """Return the exact values of a gate."""
        if scene.view.stage and has_large_gates(facts, self.size.height):
            return ""
        unit = chosen_unit(scene.experiment, scene.view)
        layout = lay_out_gates(
            facts, width=self.size.width, height=self.size.height, axis=scene.axis, palette=scene.palette, unit=unit
        )
        found = layout.locate(x, y)
        return "" if found is None else found.in_words()


def _pictures(experiment: Experiment) -> tuple[int, int]:
    """Return how many heatmaps there are, and how many gates of which a mean over the units says something."""
    kind = experiment.network.kind
    if not kind.is_gated:
        return _WITHOUT_GATES, 0
    return len(kind.gates) + kind.has_c, sum(not gate.is_signed for gate in kind.gates)


def _order(experiment: Experiment, view: ViewState) -> Literal["number", "rows"]:
    """Return the order of the units; the view may still have the one of an experiment before."""
    return view.gate_order if len(experiment.data.inputs) > 1 else "number"
