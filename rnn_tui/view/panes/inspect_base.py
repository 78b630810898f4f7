"""What the panes that look inside a network share: a key opens them, and the engine computes for them only while they
are on the screen."""

from typing import Any, Generic, TypeVar, get_args

from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect import ASKS, Answer, Ask
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.widgets.pane import Pane

__all__ = ["InsidePane", "chosen_cell", "chosen_step", "chosen_unit", "layer_keys"]

Facts = TypeVar("Facts", bound=Answer)


class InsidePane(Pane, Generic[Facts]):
    """A pane with a question of its own. A new one says what it asks, and draws the facts that the engine answers."""

    _facts_type: type[Facts]
    _is_expensive: bool

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Note the facts that its picture is made of, which bear its name."""
        super().__init_subclass__(**kwargs)
        cls.PARTS = (cls.ID, "inside")
        cls._is_expensive = any(kind.IS_EXPENSIVE for kind in ASKS if kind.__name__.lower() == f"{cls.ID}ask")
        (cls._facts_type,) = get_args(cls.__orig_bases__[0])  # type: ignore[attr-defined]

    def ask(self, experiment: Experiment, view: ViewState) -> Ask:
        """Return what the engine is to compute, no more of it than fits the pane."""
        raise NotImplementedError

    def draw(self, scene: Scene, facts: Facts, width: int, height: int) -> list[Strip]:
        """Return the picture of what the engine has answered."""
        raise NotImplementedError

    def exact(self, scene: Scene, facts: Facts, x: int, y: int) -> str:
        """Return the exact value at a cell, in words."""
        return ""

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """Return the view with this pane turned to the next thing that it can show; the same if there is none."""
        return view

    def next_item(self, experiment: Experiment, view: ViewState, by: int) -> ViewState:
        """Return the view on the next of the things that it shows one by one; by default, the next unit."""
        return replace(view, unit=(chosen_unit(experiment, view) + by) % experiment.network.hidden_size)

    def facts(self, scene: Scene) -> Facts | None:
        """Return what the engine has answered; None before it has. What is expensive stays until the next answer."""
        if not self._is_expensive:
            return scene.answer(self._facts_type)
        newest = scene.newest(self._facts_type)
        return None if newest is None else newest[0]

    def tick(self, scene: Scene) -> str:
        """Return the tick that the newest answer belongs to, in words; of a script it is an update."""
        newest, unit = scene.newest(self._facts_type), "tick" if scene.subject is None else "update"
        return "" if newest is None else f"{unit} {newest[1]:,}"

    def titled(self, *parts: str) -> str:
        """Return the pane's name and those of the parts that are not empty."""
        return _joined(self.NAME, *parts)

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Return the picture; nothing before there is an answer."""
        facts = self.facts(scene)
        return [] if facts is None else self.draw(scene, facts, width, height)

    def why_empty(self, scene: Scene) -> str:
        """Return why there is no picture of a script that is watched; empty if there is one."""
        return scene.why_no_pass if self.facts(scene) is None else ""

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """Return the exact value at a cell, in words."""
        facts = self.facts(scene)
        return "" if facts is None else self.exact(scene, facts, x, y)


def chosen_step(experiment: Experiment, view: ViewState) -> int:
    """Return the time step of the cursor; -1: it follows the one being fed."""
    return -1 if view.cursor is None else min(view.cursor, experiment.length - 1)


def chosen_unit(experiment: Experiment, view: ViewState) -> int:
    """Return the selected unit; networks differ in how many they have."""
    return min(view.unit, experiment.network.hidden_size - 1)


def chosen_cell(experiment: Experiment, view: ViewState) -> str:
    """Return the selected layer and direction, as words for a title; empty if there is only one."""
    network = experiment.network
    words = [f"layer {min(view.layer, network.layers - 1) + 1}"] if network.layers > 1 else []
    words += ["→←"[view.direction]] if network.bidirectional else []
    return " ".join(words)


def layer_keys(experiment: Experiment, *others: str) -> str:
    """Return the keys that choose the layer, if there are several, and other keys, as a subtitle."""
    network = experiment.network
    return _joined("↑ ↓ layer" if network.layers * network.directions > 1 else "", *others)


def _joined(*parts: str) -> str:
    return " · ".join(filter(None, parts))
