"""Where else the same units stay on."""

from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.draw.alike import draw_alike, places_that_fit
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.alike import AlikeAsk, AlikeFacts
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane, chosen_cell, layer_keys
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["AlikePane"]

_LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24)


class AlikePane(InsidePane[AlikeFacts]):
    """A stretch of the text, the units that are on in it, and the places that are like it."""

    ID = "alike"
    NAME = "Where else"
    EXPLANATION = Explanation(
        shows="A stretch of the text, the units that turn on where it begins and stay on to its end, and the other "
        "places where most of them are on: what the network treats alike. A unit is on from |h| = 1/2 on, or |tanh c|.",
        read="All stretches begin in one column. What do they have in common: the same letters, the same place in a "
        "word, inside quotes? − before a unit: it is on below 0.",
        then=", and . move the stretch along the text, o makes it longer. Put it on the first letters of a word, "
        "or on a bracket, and see whether the other places are the same.",
    )

    def ask(self, experiment: Experiment, view: ViewState) -> AlikeAsk:
        """Return the ask for the stretch, and as many places as fit."""
        return AlikeAsk(
            layer=view.layer,
            direction=view.direction,
            start=view.stretch,
            length=_LENGTHS[view.stretch_length % len(_LENGTHS)],
            places=places_that_fit(self.size.height),
        )

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """Return the view with the next longer stretch; after the longest, the shortest."""
        return replace(view, stretch_length=(view.stretch_length + 1) % len(_LENGTHS))

    def next_item(self, experiment: Experiment, view: ViewState, by: int) -> ViewState:
        """Return the view with the stretch one token further on."""
        facts = None if self._scene is None else self.facts(self._scene)
        length = len(facts.inputs) if facts is not None and len(facts.inputs) else 1
        return replace(view, stretch=(view.stretch + by) % length)

    def title(self, scene: Scene) -> str:
        """Return the layer and the tick."""
        return self.titled("do the same units stay on?", chosen_cell(scene.experiment, scene.view), self.tick(scene))

    def subtitle(self, scene: Scene) -> str:
        """Return the keys that choose."""
        following = _LENGTHS[(scene.view.stretch_length + 1) % len(_LENGTHS)]
        return layer_keys(scene.experiment, f", . stretch from {scene.view.stretch + 1}", f"o: {following} long")

    def draw(self, scene: Scene, facts: AlikeFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        return draw_alike(
            facts,
            width=width,
            height=height,
            palette=scene.palette,
            glyphs=scene.glyphs,
            words=scene.has_words,
        )
