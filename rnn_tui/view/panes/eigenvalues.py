"""The eigenvalues of the recurrence in the unit disk."""

from collections import deque

import numpy as np
from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.common.wording import step_name
from rnn_tui.draw.eigenvalues import draw_eigenvalues, eigenvalue_at, points_of
from rnn_tui.draw.space.plane import Points
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.eigenvalues import EigenvaluesAsk, EigenvaluesFacts
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane, chosen_cell, chosen_step, layer_keys
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["EigenvaluesPane"]

_TRAIL = 60  # pictures whose eigenvalues are still there as dots


class EigenvaluesPane(InsidePane[EigenvaluesFacts]):
    """λ of ∂h_t/∂h_{t-1}, or of W_hh, as points of the complex plane."""

    ID = "eigenvalues"
    NAME = "Eigenvalues"
    HOME = "side"
    EXPLANATION = Explanation(
        shows="The eigenvalues λ of the Jacobian ∂hₜ/∂hₜ₋₁ at the time cursor: what a step makes of a small change of "
        "the state, whatever the cell. The circle is |λ| = 1; the dots are where they were in the pictures before.",
        read="Inside the circle a change dies out, the sooner the nearer to the middle; outside (▲) it grows. Away "
        "from the real axis it turns, on the left it changes its sign at each step. A gradient goes back the same way.",
        then="o goes on to W_hh of each gate. Train `remember` with --cell rnn and with --cell lstm: where do they lie "
        "when it can remember? With --init orthogonal all of W_hh begin on the circle; --cell lru cannot leave it.",
    )

    def __init__(self) -> None:
        super().__init__()
        self._place: object = None
        self._trail: deque[Points] = deque(maxlen=_TRAIL)

    def ask(self, experiment: Experiment, view: ViewState) -> EigenvaluesAsk:
        """Return the ask for the matrix that is chosen."""
        return EigenvaluesAsk(
            step=chosen_step(experiment, view), layer=view.layer, direction=view.direction,
            matrix=view.spectrum % _matrices(experiment),
        )  # fmt: skip

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """Return the view with the next matrix: the Jacobian, then W_hh of each gate."""
        return replace(view, spectrum=(view.spectrum + 1) % _matrices(experiment))

    def title(self, scene: Scene) -> str:
        """Return whose they are."""
        facts = self.facts(scene)
        at = "" if facts is None or facts.spectrum is None else facts.spectrum.name
        return self.titled(at, chosen_cell(scene.experiment, scene.view))

    def subtitle(self, scene: Scene) -> str:
        """Return the keys that choose."""
        other = "o: another matrix" if _matrices(scene.experiment) > 1 else ""
        return layer_keys(scene.experiment, "[ ] the time step", other)

    def draw(self, scene: Scene, facts: EigenvaluesFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        place = (scene.opened.shown, facts.layer, facts.direction, scene.view.spectrum, scene.view.cursor)
        if place != self._place:
            self._place = place
            self._trail.clear()
        trail = np.concatenate(self._trail) if self._trail else None
        if facts.spectrum is not None:
            self._trail.append(points_of(facts.spectrum))
        return draw_eigenvalues(facts, width=width, height=height, palette=scene.palette, trail=trail)

    def exact(self, scene: Scene, facts: EigenvaluesFacts, x: int, y: int) -> str:
        """Return the eigenvalue at a cell."""
        found = eigenvalue_at(facts, x, y, width=self.size.width, height=self.size.height)
        return f"{step_name(facts.step)} · {found}" if found else ""


def _matrices(experiment: Experiment) -> int:
    kind = experiment.network.kind
    return 1 if kind.is_module else 1 + len(kind.gates)
