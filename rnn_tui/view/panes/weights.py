"""Every matrix of weights."""

from collections.abc import Sequence

from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.draw.weights.large import draw_weights_large, matrix_that_fits
from rnn_tui.draw.weights.weights import draw_weights, matrices_that_fit
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.weights import WeightKind, WeightsAsk, WeightsFacts
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["WeightsPane"]

_NEXT: dict[WeightKind, WeightKind] = {"value": "gradient", "gradient": "update", "update": "value"}
_NAMES: dict[WeightKind, str] = {
    "value": "Weights",
    "gradient": "Gradients of the weights",
    "update": "The last update",
}


class WeightsPane(InsidePane[WeightsFacts]):
    """Heatmaps and histograms of the weights, their gradients, or their last update."""

    ID = "weights"
    NAME = "Weights"
    HOME = "side"
    EXPLANATION = Explanation(
        shows="Every matrix of the network as a heatmap, with its shape, its norm and a histogram: the weights "
        "themselves, their gradients, or how the last update moved them.",
        read="Blue is below 0, orange above. A row belongs to the unit that it computes, a column to what it "
        "reads. The gates of an LSTM (i, f, g, o) or a GRU (r, z, n) stand below one another in one matrix.",
        then="o goes on to the gradients and to the last update; , and . go through the matrices. Step with → and "
        "watch which rows an update moves: those of the units that the characters need.",
        in_script="o goes on to the gradients and to the last update; , and . go through the matrices. Do one update "
        "(→) and see which rows it moves.",
    )

    def ask(self, experiment: Experiment, view: ViewState) -> WeightsAsk:
        """Return the ask for as many pictures as fit."""
        if view.stage:
            rows, columns = matrix_that_fits(*self.size)
            return WeightsAsk(kind=view.weights, matrix=view.matrix, matrices=1, rows=rows, columns=columns)
        shapes = [shape for _, shape in parameter_shapes(experiment)]
        count, rows, columns = matrices_that_fit(self.size.width, self.size.height, shapes, view.matrix)
        return WeightsAsk(kind=view.weights, matrix=view.matrix, matrices=count, rows=rows, columns=columns)

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """Return the view with the gradients, then the last update, then the weights again."""
        return replace(view, weights=_NEXT[view.weights])

    def next_item(self, experiment: Experiment, view: ViewState, by: int) -> ViewState:
        """Return the view on the next matrix."""
        return replace(view, matrix=(view.matrix + by) % len(parameter_shapes(experiment)))

    def title(self, scene: Scene) -> str:
        """Return what is shown, and of how many numbers, once the data has been read."""
        if not scene.experiment.vocabulary and not scene.experiment.is_numbers:
            return _NAMES[scene.view.weights]
        return f"{_NAMES[scene.view.weights]} · {scene.opened.weights:,} numbers"

    def subtitle(self, scene: Scene) -> str:
        """Return the keys that choose."""
        return f", . matrix · o: {_NAMES[_NEXT[scene.view.weights]].lower()}"

    def draw(self, scene: Scene, facts: WeightsFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        if scene.view.stage:
            rows, columns = _names(facts, scene)
            size = {"width": width, "height": height}
            return draw_weights_large(facts, **size, palette=scene.palette, row_names=rows, column_names=columns)
        gates = scene.experiment.network.kind.gate_names
        return draw_weights(
            facts, width=width, height=height, palette=scene.palette, gates=gates, touched=_touched(scene)
        )


def _touched(scene: Scene) -> dict[str, list[tuple[int, ...]]]:
    """Return the places of the weights that are touched, by the names of their tensors."""
    found: dict[str, list[tuple[int, ...]]] = {}
    for each in scene.touched:
        if each.kind == "weight":
            found.setdefault(each.name, []).append(each.at)
    return found


def _names(facts: WeightsFacts, scene: Scene) -> tuple[Sequence[str], Sequence[str]]:
    """Return what the rows and the columns of the matrix that has a picture belong to, where that has names."""
    if scene.subject is not None:
        return (), ()
    network, is_text = scene.experiment.network, not scene.experiment.is_numbers
    name = next((each.name for each in facts.matrices if each.values is not None), "")
    gates = network.kind.gate_names
    rows: Sequence[str] = ()
    if len(gates) > 1 and ("_ih_" in name or "_hh_" in name):
        rows = [f"{gate} {unit + 1}" for gate in gates for unit in range(network.hidden_size)]
    elif is_text and name.startswith(("embedding", "head")):
        rows = scene.glyphs
    reads = is_text and not network.embedding and name.startswith("weight_ih_l0")
    return rows, scene.glyphs if reads else ()
