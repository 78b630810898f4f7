"""Which panes are on the screen, by their IDs: a pure function of what is looked at and what was opened."""

from collections.abc import Sequence

from rnn_tui.common.value import Value
from rnn_tui.experiment.spec import Experiment
from rnn_tui.view.pane_grid.field_layout import FieldLayout
from rnn_tui.view.widgets.pane import Pane

__all__ = ["Choice"]


class Choice(Value, frozen=True, kw_only=True):
    """What the choice depends on, the size of the screen apart."""

    experiment: Experiment | None
    learns: bool
    without_network: bool  # a script is watched that has called no recurrent network
    layout: FieldLayout | None  # where many networks learn at once
    opened: Sequence[Pane]  # those that look inside, at most one in each column, newest last
    zoomed: str  # empty: none
    is_stage: bool  # one pane at a time

    @property
    def alone(self) -> str:
        """The pane that has all the room: a zoomed one, or on the stage the one that matters; empty: none has."""
        if self.zoomed or not self.is_stage:
            return self.zoomed
        if self.opened:
            return self.opened[-1].ID
        if self.layout is not None:
            return "map"
        if self.without_network or (self.experiment is not None and self.experiment.data.text):
            return "loss"  # of a text every pass shows another piece
        return "prediction" if self.experiment is not None and self.experiment.is_numbers else "network"

    def panes(self, *, roomy: bool, has_room_for_states: bool) -> list[str]:
        """Return all that belong on the screen. In a roomy one a pane that looks inside replaces fewer others."""
        if self.alone:
            return [self.alone]
        opened = [each.ID for each in self.opened]
        if self.layout is not None and self.layout.shape != "wide":
            return [*self.layout.field, *(opened or self.layout.member)]
        usual = ["network", "states", *(["loss", "prediction"] if self.learns else ["shapes"])]
        if self.without_network:
            usual = ["loss"]
        homes = {each.HOME for each in self.opened}
        if "score" in homes and not (roomy and has_room_for_states):
            usual = [each for each in usual if each != "states"]
        if "side" in homes and not self.without_network:
            usual = [each for each in usual if each not in ("prediction", "shapes") and (roomy or each != "loss")]
        return [*(() if self.layout is None else self.layout.field), *usual, *opened]
