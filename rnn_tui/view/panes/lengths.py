"""The accuracy at each length of pairs."""

from textual.strip import Strip

from rnn_tui.draw.lengths import draw_lengths, length_at
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.lengths import LengthsAsk, LengthsFacts
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["LengthsPane"]


class LengthsPane(InsidePane[LengthsFacts]):
    """A bar for each length: the share of the pairs in which all is right."""

    ID = "lengths"
    NAME = "Accuracy by length"
    HOME = "side"
    EXPLANATION = Explanation(
        shows="For each length of the input the share of the pairs in which every target is predicted. Coloured "
        "lengths are learnt; the grey ones it has never learnt: they are held out.",
        read="Bars that stay high beyond the learnt lengths: it has found what works at any length. Bars that fall "
        "there: it has learnt the lengths, and not the rule.",
        then="Open `count` with --cell lstm and --cell gru, or `parity` and `mod`. "
        "`rnn-tui train parity --accuracy-by-length` prints the numbers.",
    )

    def ask(self, experiment: Experiment, view: ViewState) -> LengthsAsk:
        """Ask for the accuracy."""
        return LengthsAsk()

    def title(self, scene: Scene) -> str:
        """Name the tick whose weights these are."""
        return self.titled(self.tick(scene))

    def draw(self, scene: Scene, facts: LengthsFacts, width: int, height: int) -> list[Strip]:
        """Draw the bars."""
        return draw_lengths(facts, width=width, height=height, palette=scene.palette)

    def exact(self, scene: Scene, facts: LengthsFacts, x: int, y: int) -> str:
        """Return the numbers of a bar."""
        return length_at(facts, x, width=self.size.width)
