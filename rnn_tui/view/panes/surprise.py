"""How surprised the network is by each character of the text."""

from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.common.wording import step_name
from rnn_tui.draw.surprise import draw_surprise, in_words, lay_out_surprise
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.surprise import SurpriseAsk, SurpriseFacts
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["SurprisePane"]

_RANKS = 100


class SurprisePane(InsidePane[SurpriseFacts]):
    """The text, each character on the colour of −log₂ of its probability."""

    ID = "surprise"
    NAME = "Surprise"
    EXPLANATION = Explanation(
        shows="The text that is held out, or its beginning: each character on the colour of how unlikely the network "
        "found it before it was read, in bits, −log₂ p. It is read with the weights of this tick.",
        read="Dark is expected, bright is a surprise. Bits add up: the average is the loss, in bits. Where do words "
        "begin? Inside a word it is sure, and the next word cannot be known.",
        then=", and . go through the largest surprises, the largest first. Open the lesson `words`, or a text of your "
        "own, and see what is never learnt: names, numbers, the first letter of a sentence.",
    )

    def ask(self, experiment: Experiment, view: ViewState) -> SurpriseAsk:
        """Return the ask."""
        return SurpriseAsk()

    def next_item(self, experiment: Experiment, view: ViewState, by: int) -> ViewState:
        """Return the view on the next smaller surprise, or the next larger."""
        return replace(view, surprise=(view.surprise + by) % self._count())

    def title(self, scene: Scene) -> str:
        """Return what is shown, and of which tick."""
        return self.titled("−log₂ p of each character", self.tick(scene))

    def subtitle(self, scene: Scene) -> str:
        """Return the keys that choose."""
        return f", . surprise {min(scene.view.surprise, self._count() - 1) + 1} of the largest {self._count()}"

    def draw(self, scene: Scene, facts: SurpriseFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        return draw_surprise(
            facts,
            width=width,
            height=height,
            palette=scene.palette,
            vocabulary=scene.experiment.tokenizer.names,
            glyphs=scene.glyphs,
            rank=min(scene.view.surprise, self._count() - 1),
            words=scene.has_words,
        )

    def exact(self, scene: Scene, facts: SurpriseFacts, x: int, y: int) -> str:
        """Return the surprise of the character under the mouse, and what was expected."""
        if not len(facts.inputs):
            return ""
        page = lay_out_surprise(
            facts,
            width=self.size.width,
            height=self.size.height,
            vocabulary=scene.experiment.tokenizer.names,
            glyphs=scene.glyphs,
            at=int(facts.order[min(scene.view.surprise, len(facts.order) - 1)]),
            words=scene.has_words,
        )
        at = page.character_at(x, y)
        return "" if at is None else f"{step_name(at)} {in_words(facts, at, scene.glyphs, words=scene.has_words)}"

    def _count(self) -> int:
        facts = None if self._scene is None else self.facts(self._scene)
        return _RANKS if facts is None or not len(facts.order) else len(facts.order)
