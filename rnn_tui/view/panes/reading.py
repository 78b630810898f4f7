"""The text as one hidden unit sees it."""

from dataclasses import replace
from typing import get_args

from textual.strip import Strip

from rnn_tui.data.text_properties import PROPERTIES, PropertyName
from rnn_tui.draw.reading import draw_reading, lay_out_reading
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.reading import ReadingAsk, ReadingFacts, ReadingOrder
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane, chosen_cell, layer_keys
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["ReadingPane"]

_PROPERTIES: tuple[PropertyName, ...] = get_args(PropertyName)
_ORDERS: tuple[ReadingOrder, ...] = ("variance", *_PROPERTIES)


class ReadingPane(InsidePane[ReadingFacts]):
    """The text, each character on the colour of one unit's value; the units in an order."""

    ID = "reading"
    NAME = "Unit's view"
    EXPLANATION = Explanation(
        shows="The text as one hidden unit sees it: each character on the colour of the unit's value just after it "
        "was read, with the weights of this tick, from a zero state. For an LSTM it is the cell c, its "
        "memory.",
        read="Orange is above 0, blue below. Look where the colour turns: after every space? between quotes? The "
        "table names the unit that follows each property best; r = 1 or −1 means perfectly, 0 not at all.",
        then=", and . go through the units, those that vary most first; o sorts them by how closely they follow "
        "quotes, brackets, indentation and so on. Let it train on a text, and see when a unit finds the "
        "quotes.",
    )

    def ask(self, experiment: Experiment, view: ViewState) -> ReadingAsk:
        """Return the ask for the unit of the chosen rank in the chosen order."""
        return ReadingAsk(layer=view.layer, direction=view.direction, rank=_rank(experiment, view), order=view.order)

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """Return the view with the next order, and the unit that is first in it."""
        return replace(view, order=_next(view), rank=0)

    def next_item(self, experiment: Experiment, view: ViewState, by: int) -> ViewState:
        """Return the view on the next unit in the order."""
        return replace(view, rank=(_rank(experiment, view) + by) % experiment.network.hidden_size)

    def title(self, scene: Scene) -> str:
        """Return the cell, its size, the layer and the tick."""
        network = scene.experiment.network
        where = chosen_cell(scene.experiment, scene.view)
        return self.titled(f"{network.kind.short} {network.hidden_size}", where, self.tick(scene))

    def subtitle(self, scene: Scene) -> str:
        """Return the keys that choose."""
        network, view = scene.experiment.network, scene.view
        rank = f", . {_rank(scene.experiment, view) + 1} of {network.hidden_size} by {_label(view.order)}"
        return layer_keys(scene.experiment, rank, f"o: by {_label(_next(view))}")

    def draw(self, scene: Scene, facts: ReadingFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        return draw_reading(
            facts,
            width=width,
            height=height,
            palette=scene.palette,
            vocabulary=scene.experiment.vocabulary,
            glyphs=scene.glyphs,
            cursor=None if scene.experiment.data.text else scene.cursor,
            at=_at(scene),
        )

    def step_at(self, scene: Scene, x: int) -> int | None:
        """Return the time step of the character under the mouse: the text is wrapped, so a column is none."""
        step = self._character(scene)
        if scene.experiment.data.text:
            return None  # it is a text of its own
        return step if step is not None and step < scene.experiment.length else None

    def exact(self, scene: Scene, facts: ReadingFacts, x: int, y: int) -> str:
        """Return the exact value of a character; for an LSTM both h and c."""
        at = self._character(scene)
        if at is None:
            return ""
        c = "" if facts.c is None else f"c = {facts.c[at]:+.7f} · "
        return f"t={at} {scene.glyphs[facts.inputs[at]]} · unit {facts.unit + 1}: {c}h = {facts.h[at]:+.7f}"

    def _character(self, scene: Scene) -> int | None:
        facts = self.facts(scene)
        if facts is None or self._mouse is None:
            return None
        width, height = self.size
        page = lay_out_reading(
            facts,
            width=width,
            height=height,
            vocabulary=scene.experiment.vocabulary,
            glyphs=scene.glyphs,
            at=_at(scene),
        )
        return page.character_at(*self._mouse)


def _rank(experiment: Experiment, view: ViewState) -> int:
    return min(view.rank, experiment.network.hidden_size - 1)


def _next(view: ViewState) -> ReadingOrder:
    return _ORDERS[(_ORDERS.index(view.order) + 1) % len(_ORDERS)]


def _label(order: ReadingOrder) -> str:
    return "variance" if order == "variance" else PROPERTIES[order].label


def _at(scene: Scene) -> int | None:
    """Return the character whose page of a long text is shown: at the time cursor, or the one being fed."""
    if scene.experiment.data.text:
        return None
    return scene.current if scene.view.cursor is None else scene.view.cursor
