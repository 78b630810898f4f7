"""One cell at one time step, in numbers."""

from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.common.wording import step_name
from rnn_tui.draw.cell.cell import draw_cell
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts
from rnn_tui.view.model.glyphs import UNREAD
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane, chosen_cell, chosen_step, chosen_unit, layer_keys
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["CellPane"]

_COLUMN = 2  # cells that a number of a matrix takes at the least


class CellPane(InsidePane[CellFacts]):
    """The equation of the cell with the real numbers put in."""

    ID = "cell"
    NAME = "The cell, in numbers"
    HOME = "side"
    EXPLANATION = Explanation(
        shows="The arithmetic of one cell at the time cursor: what it reads, what it remembers, the weights, and "
        "how the new state follows from them. The numbers are those of this tick, and they add up.",
        read="Each row of W_ih is a template: its inner product with x_t is large where the input fits "
        "it. W_hh does the same with the state before. The sum goes through the non-linearity, and that is "
        "h_t.",
        then=", and . choose the unit whose line is written out. Move the time cursor and see which part changes. "
        "o computes the same from the equations in engine/network/cells.py, beside torch, with the "
        "largest difference.",
        in_script=", and . choose the unit whose line is written out. Move the time cursor and see which part changes. "
        "o computes the same from the equations, beside torch, with the largest difference.",
    )

    def ask(self, experiment: Experiment, view: ViewState) -> CellAsk:
        """Return the ask for the cell at the time cursor, for as much of it as could fit."""
        width, height = self.size
        return CellAsk(
            step=chosen_step(experiment, view),
            layer=view.layer,
            direction=view.direction,
            unit=chosen_unit(experiment, view),
            units=2 * height,
            features=max(1, width // _COLUMN),
            compare=view.compare,
        )

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """Return the view with the equations written out beside torch, or without; torch has no other cells."""
        if experiment.network.kind.is_module:
            return view
        return replace(view, compare=not view.compare)

    def title(self, scene: Scene) -> str:
        """Return which cell it is."""
        facts = self.facts(scene)
        at = "" if facts is None else f"{step_name(facts.step)}"
        return self.titled(at, chosen_cell(scene.experiment, scene.view))

    def subtitle(self, scene: Scene) -> str:
        """Return the keys that choose."""
        beside = "no comparison" if scene.view.compare else "compare with torch"
        unit = f", . unit {chosen_unit(scene.experiment, scene.view) + 1}"
        return layer_keys(scene.experiment, unit, "" if scene.experiment.network.kind.is_module else f"o: {beside}")

    def draw(self, scene: Scene, facts: CellFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        return draw_cell(
            facts,
            width=width,
            height=height,
            palette=scene.palette,
            kind=scene.experiment.network.kind,
            character=scene.name_of(facts.character) if scene.reads_tokens else UNREAD,
        )
