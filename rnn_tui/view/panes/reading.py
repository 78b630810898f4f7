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
from rnn_tui.view.panes.inspect_base import InsidePane, chosen_cell
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["ReadingPane"]

_PROPERTIES: tuple[PropertyName, ...] = get_args(PropertyName)
_ORDERS: tuple[ReadingOrder, ...] = ("variance", *_PROPERTIES)


class ReadingPane(InsidePane):
    """The text, each character on the colour of one unit's value; the units in an order."""

    ID = "reading"
    NAME = "Unit's view"
    EXPLANATION = Explanation(
        shows="The text as one hidden unit sees it: each character on the colour of the unit's value when it has just "
        "read it, with the weights of this tick, from a zero state. Of an LSTM it is the cell c: its memory.",
        read="Orange is above 0, blue below. Look where the colour turns: after every space? between quotes? The table "
        "names the unit that follows each property best; r = 1 or −1 is perfectly, 0 not at all.",
        then=", and . go through the units, those that vary most first; o puts them in the order in which they follow "
        "quotes, brackets, indentation and so on. Let it train on a text, and see when a unit finds the quotes.",
    )

    def ask(self, experiment: Experiment, view: ViewState) -> ReadingAsk:
        """The unit of the rank chosen, in the order chosen."""
        return ReadingAsk(layer=view.layer, direction=view.direction, rank=_rank(experiment, view), order=view.order)

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """The next order, and the unit that comes first in it."""
        return replace(view, order=_next(view), rank=0)

    def next_item(self, experiment: Experiment, view: ViewState, by: int) -> ViewState:
        """The next unit in the order."""
        return replace(view, rank=(_rank(experiment, view) + by) % experiment.network.hidden_size)

    def title(self, scene: Scene) -> str:
        """Which layer, and the weights of which tick."""
        network = scene.experiment.network
        cell = network.cell.partition("-")[0].upper()
        where = chosen_cell(scene.experiment, scene.view)
        return " · ".join(filter(None, (self.NAME, f"{cell} {network.hidden_size}", where, _tick(scene))))

    def subtitle(self, scene: Scene) -> str:
        """The keys that choose."""
        network, view = scene.experiment.network, scene.view
        layers = "↑ ↓ layer · " if network.layers * network.directions > 1 else ""
        rank = f", . {_rank(scene.experiment, view) + 1} of {network.hidden_size} by {_label(view.order)}"
        return f"{layers}{rank} · o: by {_label(_next(view))}"

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """See draw.reading."""
        facts = _facts(scene)
        if facts is None:
            return []
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
        """Its text is wrapped: a column is not a time step."""
        step = self._character(scene)
        if scene.experiment.data.text:
            return None  # it is a text of its own
        return step if step is not None and step < scene.experiment.length else None

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """The exact value of a character, and of an LSTM both h and c."""
        facts, at = _facts(scene), self._character(scene)
        if facts is None or at is None:
            return ""
        c = "" if facts.c is None else f"c = {facts.c[at]:+.7f} · "
        return f"t={at} {scene.glyphs[facts.inputs[at]]} · unit {facts.unit + 1}: {c}h = {facts.h[at]:+.7f}"

    def _character(self, scene: Scene) -> int | None:
        facts = _facts(scene)
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
    """The character whose page of a long text is shown: the one chosen, or the one that is being fed."""
    if scene.experiment.data.text:
        return None
    return scene.current if scene.view.cursor is None else scene.view.cursor


def _facts(scene: Scene) -> ReadingFacts | None:
    """The newest answer: not every frame has one."""
    newest = scene.newest(ReadingFacts)
    return None if newest is None else newest[0]


def _tick(scene: Scene) -> str:
    """Whose weights it is of."""
    newest = scene.newest(ReadingFacts)
    return "" if newest is None else f"tick {newest[1]:,}"
