"""The path of the hidden state in two dimensions."""

from collections.abc import Sequence

import numpy as np
from msgspec import structs
from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.common.wording import step_name
from rnn_tui.draw.kit.numbers import with_minus
from rnn_tui.draw.kit.tiles import glyph_of
from rnn_tui.draw.space.fixed_points import fixed_point_at
from rnn_tui.draw.space.space import Window, draw_space, point_at, space_window
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect.space import SpaceAsk, SpaceFacts, SpaceKind
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.inspect_base import InsidePane, chosen_cell, layer_keys
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["SpacePane"]

_MOST_ROWS = 8  # of the batch
_NAMES: dict[SpaceKind, str] = {"states": "states", "fixed": "fixed points", "embedding": "embedding"}


class SpacePane(InsidePane[SpaceFacts]):
    """h_t on its first two principal components, from character to character; or the embedding vectors."""

    ID = "space"
    NAME = "State space"
    HOME = "side"
    EXPLANATION = Explanation(
        shows="The hidden states as points in a plane: the two directions in which they differ most (PCA), with the "
        "share of the variance that each explains, over all rows of the batch. Each point is labelled with "
        "the character that had just been read.",
        read="Follow the line from h₀ on: it is the network walking through the text. Points that lie together "
        "mean the same to the network; the same character at two distant places means that it remembers what "
        "came before.",
        then="In a batch, { and } choose the row: do two rows that begin differently stay apart to the end? o shows "
        "the fixed points, at which the state rests while nothing is read: ● stable, ○ left in some directions. "
        "With an embedding, o also shows the characters' vectors.",
        in_script="In a batch, { and } choose the row: do two rows that begin differently stay apart to the end? With "
        "an embedding, o shows the vectors of the tokens.",
    )

    def __init__(self) -> None:
        super().__init__()
        self._window: dict[
            tuple[object, str, int, int], Window
        ] = {}  # by run, kind and cell: steady from frame to frame

    def ask(self, experiment: Experiment, view: ViewState) -> SpaceAsk:
        """Return the ask for the states of the selected layer, or for the embedding."""
        return SpaceAsk(kind=_kind(experiment, view), layer=view.layer, direction=view.direction, rows=_MOST_ROWS)

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """Return the view with the next kind of points; a one-hot input has no embedding."""
        kinds = _kinds(experiment)
        return replace(view, space=kinds[(kinds.index(_kind(experiment, view)) + 1) % len(kinds)])

    def title(self, scene: Scene) -> str:
        """Return what the points are."""
        kind = _kind(scene.experiment, scene.view)
        if kind == "embedding":
            return f"{self.NAME} · embedding"
        if kind == "fixed":
            return self.titled("fixed points", chosen_cell(scene.experiment, scene.view))
        return self.titled("h", chosen_cell(scene.experiment, scene.view))

    def subtitle(self, scene: Scene) -> str:
        """Return the keys that choose."""
        kinds = _kinds(scene.experiment)
        other = kinds[(kinds.index(_kind(scene.experiment, scene.view)) + 1) % len(kinds)]
        return layer_keys(scene.experiment, f"o: {_NAMES[other]}")

    def draw(self, scene: Scene, facts: SpaceFacts, width: int, height: int) -> list[Strip]:
        """Draw the picture."""
        facts, glyphs = _readable(facts, scene)
        return draw_space(
            facts,
            width=width,
            height=height,
            palette=scene.palette,
            glyphs=glyphs,
            row=_row(scene),
            cursor=scene.cursor,
            window=self._steady(scene, facts),
        )

    def step_at(self, scene: Scene, x: int) -> int | None:
        """Return the time step of the point nearest to the mouse."""
        found = self._point(scene)
        return None if found is None or _kind(scene.experiment, scene.view) != "states" else found[1]

    def exact(self, scene: Scene, facts: SpaceFacts, x: int, y: int) -> str:
        """Return the coordinates of the point nearest to the mouse."""
        if facts.fixed is not None:
            width, height = self.size
            return fixed_point_at(facts, x, y, width=width, height=height, window=self._steady(scene, facts))
        found = self._point(scene)
        if found is None:
            return ""
        row, place = found
        at = facts.rows.tolist().index(row)
        facts, glyphs = _readable(facts, scene)
        character = glyph_of(glyphs, int(facts.characters[at, place])) if len(glyphs) else ""
        where = f"row {row + 1} " if len(facts.rows) > 1 else ""
        where += step_name(place) + (f" after {character}" if character else "")
        first, second = facts.points[at, place].tolist()
        return f"{character if facts.kind == 'embedding' else where} · " + with_minus(
            f"PC1 {first:+.6f} · PC2 {second:+.6f}"
        )

    def _point(self, scene: Scene) -> tuple[int, int] | None:
        facts = self.facts(scene)
        if facts is None or self._mouse is None:
            return None
        width, height = self.size
        return point_at(
            facts, *self._mouse, width=width, height=height, row=_row(scene), window=self._steady(scene, facts)
        )

    def _steady(self, scene: Scene, facts: SpaceFacts) -> Window:
        place = (scene.opened.shown, facts.kind, facts.layer, facts.direction)
        self._window = {place: space_window(facts, self._window.get(place))}
        return self._window[place]


def _kind(experiment: Experiment, view: ViewState) -> SpaceKind:
    """Return what is shown; the view may still have the embedding of an experiment before."""
    return view.space if view.space in _kinds(experiment) else "states"


def _kinds(experiment: Experiment) -> tuple[SpaceKind, ...]:
    return ("states", "embedding", "fixed") if experiment.network.embedding else ("states", "fixed")


def _readable(facts: SpaceFacts, scene: Scene) -> tuple[SpaceFacts, Sequence[str]]:
    """Return the facts and the glyphs of their characters: time steps, where a script reads no tokens."""
    if scene.experiment.is_numbers:
        return facts, ()
    if scene.reads_tokens or facts.kind == "embedding":
        return facts, scene.glyphs
    rows, steps = facts.characters.shape
    places = np.tile(np.arange(steps, dtype=np.int32), (rows, 1))
    return structs.replace(facts, characters=places), [str(step) for step in range(steps)]


def _row(scene: Scene) -> int:
    return min(scene.view.row, scene.experiment.rows - 1)
