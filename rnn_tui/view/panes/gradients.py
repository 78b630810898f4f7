"""The gradient of the loss through time."""

from textual.strip import Strip

from rnn_tui.draw.gradients import draw_gradients
from rnn_tui.experiment import Experiment
from rnn_tui.inside import GradientsAsk, GradientsFacts
from rnn_tui.view.inside import InsidePane
from rnn_tui.view.pane import Explanation
from rnn_tui.view.scene import Gaze, Scene

__all__ = ["GradientsPane"]


class GradientsPane(InsidePane):
    """‖∂L/∂h_t‖ for every time step and layer, on a logarithmic scale."""

    ID = "gradients"
    NAME = "Gradients through time"
    TIMED = True
    EXPLANATION = Explanation(
        shows="How much the loss depends on the state of each time step: ‖∂L/∂h_t‖, for the whole loss and for the "
        "loss of the step at the time cursor alone. It is what backpropagation through time brings back to each step.",
        read="The scale is logarithmic. Bars that fall towards the left are a vanishing gradient: what happened there "
        "cannot be learnt from here. Bars that grow towards the left explode. ρ is the spectral radius of W_hh: well "
        "below 1 gradients die out. Saturated units pass nothing on.",
        then="Open the lesson `remember`, put the cursor on the last step, and compare --cell rnn with --cell lstm: "
        "through c the gradient survives. A larger --gap makes it harder.",
    )

    def ask(self, experiment: Experiment, gaze: Gaze) -> GradientsAsk:
        """For the loss at the time cursor."""
        at = -1 if gaze.cursor is None else min(gaze.cursor, experiment.length - 1)
        return GradientsAsk(at=at, layer=gaze.layer, direction=gaze.direction)

    def title(self, scene: Scene) -> str:
        """What is measured."""
        return f"{self.NAME} · ‖∂L/∂h‖"

    def subtitle(self, scene: Scene) -> str:
        """What the cursor is for."""
        return "[ ] whose loss alone"

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """See draw.gradients."""
        facts = scene.answer(GradientsFacts)
        if facts is None:
            return []
        network = scene.experiment.network
        return draw_gradients(
            facts,
            width=width,
            height=height,
            axis=scene.axis,
            palette=scene.palette,
            inputs=scene.inputs,
            cursor=scene.cursor,
            layers=network.layers,
        )

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """The exact norms of a time step."""
        facts, step = scene.answer(GradientsFacts), scene.axis.step_at(x)
        if facts is None or step is None or not facts.flows:
            return ""
        flow, at = facts.flows[-1], step - facts.first
        if not 0 <= at < len(flow.whole):
            return ""
        where = f"layer {flow.layer + 1} " if scene.experiment.network.layers > 1 else ""
        return f"t={step} · {where}‖∂L/∂h‖ = {flow.whole[at]:.6e} · of the loss at t={facts.at}: {flow.alone[at]:.6e}"
