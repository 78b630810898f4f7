"""A field on the screen: keys that say which of the networks is shown, and how all of them are drawn."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.message import Message

from rnn_tui.experiment.comparison import Comparison
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.field import FieldWanted
from rnn_tui.view.model.field_view import FieldView
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.screens.panes_screen import PanesScreen
from rnn_tui.view.widgets.caption import Caption

if TYPE_CHECKING:
    from rnn_tui.view.panes.map import MapPane

__all__ = ["FieldScreen"]


class FieldScreen(PanesScreen):
    """The screen, on which many networks learn at once."""

    @dataclass
    class MemberOpened(Message):
        """The network at the cursor is to be opened as a run of its own."""

        member: int

    @dataclass
    class MemberLeft(Message):
        """The run of a network is to be left, for the field that it was opened from."""

    @dataclass
    class KeepAsked(Message):
        """The network at the cursor is to be kept as a run of its own."""

        member: int

    @dataclass
    class SideBySideAsked(Message):
        """Some networks are to be shown side by side, in the pane of that ID."""

        members: list[int]
        pane: str

    _comparison: Comparison | None = None  # of the field on the screen

    @property
    def is_field(self) -> bool:
        """Whether many networks are on the screen."""
        return self.scene is not None and self.scene.field_facts is not None

    def show(self, frame: Frame, opened: Opened, *, asked: FieldWanted | None = None) -> None:
        """Draw a frame; of a field that has just come, losses are drawn on a logarithmic scale."""
        if opened.field is not None and self._comparison != opened.field.comparison:
            self.view = replace(self.view, log_y=True, field=FieldView())
        self._comparison = None if opened.field is None else opened.field.comparison
        super().show(frame, opened, asked=asked)

    def begin_visit(self) -> None:
        """Show the run of one network, which `esc` leaves."""
        self._of_field = True
        self.scene = None

    def end_visit(self, scene: Scene, view: ViewState) -> None:
        """Show the field again, as it was last seen, until its next frame comes."""
        self._of_field = False
        if self._has_tour:
            self.query_one(Caption).set_class(False, "-shown")
            self.set_class(False, "-led")
        self._prepare(scene.experiment, field=scene.field_facts)
        self.view = replace(view, stage=self.view.stage)
        self._comparison = None if scene.field_facts is None else scene.field_facts.comparison
        self.scene = replace(scene, view=self.view)
        self.draw()

    def on_map_pane_member_chosen(self, event: "MapPane.MemberChosen") -> None:
        """Show the network that was chosen on the map."""
        self._show_member(event.member)

    def _show_member(self, member: int) -> None:
        """Move the cursor at once; the numbers of the network come with the next frame."""
        self.look_at(replace(self.view, field=replace(self.view.field, member=member)))

    def action_member(self, by: int) -> None:
        """Show the next network, or the one before."""
        from rnn_tui.view.panes.map import MapPane  # for start-up time

        pane = self.grid.pane("map") if self.is_field else None
        if isinstance(pane, MapPane) and self.scene is not None:
            self._show_member(pane.next_member(self.scene, by))

    def action_measure(self) -> None:
        """Show something else in the colours of the map."""
        if self.scene is not None and self.scene.field_facts is not None:
            self.look_at(replace(self.view, field=self.view.field.next_measure(self.scene.field_facts)))

    def action_arrange(self) -> None:
        """Put other settings into the columns and rows of the map."""
        if self.scene is not None and self.scene.field_facts is not None:
            self.look_at(replace(self.view, field=self.view.field.next_layout(self.scene.field_facts.comparison)))
            self.grid.rearrange()

    def action_group(self) -> None:
        """Group the networks by another setting."""
        if self.scene is not None and self.scene.field_facts is not None:
            self.look_at(replace(self.view, field=self.view.field.next_grouping(self.scene.field_facts.comparison)))

    def action_side_by_side(self) -> None:
        """Ask for the network at the cursor beside others that differ from it in what varies first."""
        scene = self.scene
        if scene is None or scene.field_facts is None:
            return
        members = scene.field_facts.comparison.apart(3, scene.member)
        active = self.grid.active
        if len(members) > 1:
            self.post_message(self.SideBySideAsked(members, "states" if active is None else active.ID))

    def action_keep_member(self) -> None:
        """Ask for the network at the cursor on the disk."""
        if self.is_field and self.scene is not None:
            self.post_message(self.KeepAsked(self.scene.member))

    def _open_member(self) -> bool:
        """Ask for the network at the cursor as a run of its own; return whether there are many to choose from."""
        if not self.is_field or self.scene is None:
            return False
        self.post_message(self.MemberOpened(self.scene.member))
        return True
