"""The text as one hidden unit sees it."""

from collections.abc import Sequence
from typing import get_args

import numpy as np
from msgspec import structs
from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.common.wording import step_name
from rnn_tui.data.text_properties import PROPERTIES, PropertyName
from rnn_tui.draw.kit.numbers import with_minus
from rnn_tui.draw.reading import draw_reading, lay_out_reading
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.reading import ReadingAsk, ReadingFacts, ReadingOrder
from rnn_tui.view.model.glyphs import has_stand_ins
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
        shows_in_script="What the network reads as one hidden unit sees it: each token, or time step, on the colour of "
        "the unit's value just after it was read. For an LSTM it is the cell c, its memory.",
        read_in_script="Orange is above 0, blue below. Look where the colour turns: after every comma? at the end?",
        in_script=", and . go through the units, those that vary most first; o sorts them by what they follow in the "
        "text, where the tokens are characters.",
    )

    def ask(self, experiment: Experiment, view: ViewState) -> ReadingAsk:
        """Return the ask for the unit of the chosen rank in the chosen order."""
        order = _order(experiment, view)
        return ReadingAsk(layer=view.layer, direction=view.direction, rank=_rank(experiment, view), order=order)

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """Return the view with the next order, and the unit that is first in it."""
        return view if has_stand_ins(experiment) else replace(view, order=_next(view), rank=0)

    def next_item(self, experiment: Experiment, view: ViewState, by: int) -> ViewState:
        """Return the view on the next unit in the order."""
        return replace(view, rank=(_rank(experiment, view) + by) % experiment.network.hidden_size)

    def title(self, scene: Scene) -> str:
        """Return the cell, its size, the layer and the tick."""
        network = scene.experiment.network
        where = chosen_cell(scene.experiment, scene.view)
        return self.titled(f"{scene.cell_name} {network.hidden_size}", where, self.tick(scene))

    def subtitle(self, scene: Scene) -> str:
        """Return the keys that choose."""
        experiment, view = scene.experiment, scene.view
        place = f"{_rank(experiment, view) + 1} of {experiment.network.hidden_size}"
        other = "" if has_stand_ins(experiment) else f"o: by {_label(_next(view))}"
        return layer_keys(experiment, f", . {place} by {_label(_order(experiment, view))}", other)

    def draw(self, scene: Scene, facts: ReadingFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        facts, glyphs = _readable(facts, scene)
        return draw_reading(
            facts,
            width=width,
            height=height,
            palette=scene.palette,
            vocabulary=scene.experiment.tokenizer.names,
            glyphs=glyphs,
            cursor=None if _reads_other_text(scene) else scene.cursor,
            at=_at(scene),
            words=scene.has_words,
        )

    def step_at(self, scene: Scene, x: int) -> int | None:
        """Return the time step of the character under the mouse: the text is wrapped, so a column is none."""
        step = self._character(scene)
        if _reads_other_text(scene):
            return None
        return step if step is not None and step < scene.experiment.length else None

    def exact(self, scene: Scene, facts: ReadingFacts, x: int, y: int) -> str:
        """Return the exact value of a character; for an LSTM both h and c."""
        at = self._character(scene)
        if at is None:
            return ""
        facts, glyphs = _readable(facts, scene)
        c = "" if facts.c is None else with_minus(f"c = {facts.c[at]:+.7f} · ")
        h = with_minus(f"h = {facts.h[at]:+.7f}")
        return f"{step_name(at)} {glyphs[facts.inputs[at]]} · unit {facts.unit + 1}: {c}{h}"

    def _character(self, scene: Scene) -> int | None:
        facts = self.facts(scene)
        if facts is None or self._mouse is None:
            return None
        width, height = self.size
        facts, glyphs = _readable(facts, scene)
        laid = lay_out_reading(
            facts,
            width=width,
            height=height,
            vocabulary=scene.experiment.tokenizer.names,
            glyphs=glyphs,
            at=_at(scene),
            words=scene.has_words,
        )
        return laid.page.character_at(*self._mouse)


def _rank(experiment: Experiment, view: ViewState) -> int:
    return min(view.rank, experiment.network.hidden_size - 1)


def _order(experiment: Experiment, view: ViewState) -> ReadingOrder:
    """Return the order of the units; tokens have no properties that units could follow."""
    return "variance" if has_stand_ins(experiment) else view.order


def _next(view: ViewState) -> ReadingOrder:
    return _ORDERS[(_ORDERS.index(view.order) + 1) % len(_ORDERS)]


def _label(order: ReadingOrder) -> str:
    return "variance" if order == "variance" else PROPERTIES[order].label


def _reads_other_text(scene: Scene) -> bool:
    """Return whether the units read a text of their own, rather than the row on the screen as those of a script."""
    return bool(scene.experiment.data.text) and scene.subject is None


def _readable(facts: ReadingFacts, scene: Scene) -> tuple[ReadingFacts, Sequence[str]]:
    """Return the facts with the inputs as places in a table of texts: the glyphs, or time steps where none are read."""
    if has_stand_ins(scene.experiment):
        facts = structs.replace(facts, followers=())  # tokens have none of the properties of characters
    if scene.reads_tokens:
        return facts, scene.glyphs
    places = np.arange(len(facts.inputs), dtype=np.int32)
    return structs.replace(facts, inputs=places), [str(step) for step in places.tolist()]


def _at(scene: Scene) -> int | None:
    """Return the character whose page of a long text is shown: at the time cursor, or the one being fed."""
    if _reads_other_text(scene):
        return None
    if scene.subject is not None:
        return scene.cursor
    return scene.current if scene.view.cursor is None else scene.view.cursor
