"""What the panes that look inside a network share: a key opens them, and the engine computes for them only while they
are on the screen."""

from dataclasses import replace
from typing import Any

from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.inspect import Ask
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.widgets.pane import Pane

__all__ = ["InsidePane", "chosen_cell", "chosen_unit"]


class InsidePane(Pane):
    """A pane with a question of its own. A new one says what it asks, and draws what is answered (`scene.answer`)."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Its picture is made of the answer to its ask, which bears its name."""
        super().__init_subclass__(**kwargs)
        cls.PARTS = (cls.ID, "inside")

    def ask(self, experiment: Experiment, view: ViewState) -> Ask:
        """What the engine is to compute, no more of it than fits the pane."""
        raise NotImplementedError

    def other(self, experiment: Experiment, view: ViewState) -> ViewState:
        """The view with this pane turned to the next thing that it can show; the same where there is none."""
        return view

    def next_item(self, experiment: Experiment, view: ViewState, by: int) -> ViewState:
        """The view on the next of what it shows one of: a unit, if it does not say otherwise."""
        return replace(view, unit=(chosen_unit(experiment, view) + by) % experiment.network.hidden_size)


def chosen_unit(experiment: Experiment, view: ViewState) -> int:
    """The unit that is looked at; networks differ in how many they have."""
    return min(view.unit, experiment.network.hidden_size - 1)


def chosen_cell(experiment: Experiment, view: ViewState) -> str:
    """The layer and direction that are looked at, as words for a title; empty where there is only one."""
    network = experiment.network
    words = [f"layer {min(view.layer, network.layers - 1) + 1}"] if network.layers > 1 else []
    words += ["→←"[view.direction]] if network.bidirectional else []
    return " ".join(words)
