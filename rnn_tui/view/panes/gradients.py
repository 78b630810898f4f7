"""The gradient of the loss through time."""

from typing import Any

from textual.strip import Strip

from rnn_tui.common.wording import step_name
from rnn_tui.draw.gradients.gradients import draw_gradients, lay_out_gradients
from rnn_tui.draw.gradients.large import draw_gradients_large
from rnn_tui.draw.kit.numbers import with_minus
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.gradients import GradientsAsk, GradientsFacts
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane, chosen_step
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["GradientsPane"]


class GradientsPane(InsidePane[GradientsFacts]):
    """‖∂L/∂h_t‖ for every time step and layer, on a logarithmic scale."""

    ID = "gradients"
    NAME = "Gradients through time"
    TIMED = True
    EXPLANATION = Explanation(
        shows="How much the loss depends on the state at each time step: ‖∂L/∂h_t‖, for the whole loss and for the "
        "loss at the time cursor alone. It is what backpropagation through time brings back to each step.",
        read="Bars that shrink towards the left are a vanishing gradient: what happened there cannot be learnt from "
        "here. Grey is less than a millionth of the largest in its row. Red is exploding: above 1, and more than 10 "
        "times the norm it starts with. The sentences are about all steps. ρ is the spectral radius of W_hh: if it is "
        "well below 1, gradients die out. A saturated unit, near ±1 or a relu at 0, passes next to nothing on.",
        then="Open the lesson `remember`, put the cursor on the last step, and compare --cell rnn with --cell "
        "lstm: through c the gradient survives. A larger --gap makes it harder.",
        in_script="Put the cursor on the last step that has a loss: how far back does its gradient reach? If it dies "
        "out early, what happened before cannot be learnt from there.",
    )

    def ask(self, experiment: Experiment, view: ViewState) -> GradientsAsk:
        """Return the ask for the loss at the time cursor."""
        at = chosen_step(experiment, view)
        return GradientsAsk(at=at, layer=view.layer, direction=view.direction)

    def title(self, scene: Scene) -> str:
        """Return what is measured."""
        return f"{self.NAME} · ‖∂L/∂h‖"

    def subtitle(self, scene: Scene) -> str:
        """Return what the time cursor is for; of a script's loss no part by a single step is known."""
        if scene.opened.subject is not None:
            return ""
        return "[ ] the step whose loss is followed back"

    def draw(self, scene: Scene, facts: GradientsFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        how: dict[str, Any] = {
            "width": width,
            "height": height,
            "axis": scene.axis,
            "palette": scene.palette,
            "inputs": scene.inputs,
            "cursor": scene.cursor,
            "layers": scene.experiment.network.layers,
        }
        if scene.view.stage:
            return draw_gradients_large(facts, **how)
        return draw_gradients(facts, **how, most=_most(scene))

    def exact(self, scene: Scene, facts: GradientsFacts, x: int, y: int) -> str:
        """Return the exact norm at a cell."""
        if scene.view.stage:
            return ""
        layout = lay_out_gradients(
            facts,
            width=self.size.width,
            height=self.size.height,
            axis=scene.axis,
            palette=scene.palette,
            layers=scene.experiment.network.layers,
            most=_most(scene),
        )
        found = layout.locate(x, y)
        if found is None:
            return ""
        series, (norm,) = found.block, found.values
        loss = f"of the loss at {step_name(facts.at)}" if series.alone else "of the whole loss"
        return f"{step_name(found.step)} · ‖∂L/∂{series.name}‖ = {with_minus(f'{norm:.6e}')} {loss}"


def _most(scene: Scene) -> int:
    """Return the most series that one of the pictures beside one another has; 0: it stands alone."""
    return 0 if scene.beside is None else scene.beside.series
