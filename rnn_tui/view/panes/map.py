"""The map of a field: one network a cell, and the cursor that says which of them the other panes show."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from rnn_tui.draw.field.found import found_briefly, found_words
from rnn_tui.draw.field.map import cells_of, draw_map, member_words, room_of, rows_wanted
from rnn_tui.draw.field.map_layout import MapLayout, layout_of
from rnn_tui.draw.field.map_scale import MEASURES
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.protocol.field import FieldFacts, FieldPicture
from rnn_tui.view.model.field_numbers import NetworkNumbers, network_numbers
from rnn_tui.view.model.pane_heights import BORDER
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.panes.field_base import FieldPane, as_asked
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["MapPane"]


class MapPane(FieldPane):
    """A cell for each network. While it has the focus, the arrows move its cursor."""

    ID = "map"
    NAME = "Map"
    EXPLANATION = Explanation(
        shows="One network in each cell. Its colour says when it learnt it, its loss, or its first gradient.",
        read="Strong cells learnt it early, or have a low loss; · is still learning, – has ended without, ✗ has "
        "diverged. The panes beside it show the network in [ ], live. A column or a row of one colour: that setting "
        "decides.",
        then="Once the networks stand still, the border says what they show; z has all of it. The arrows move [ ] "
        "while the map has the focus, < and > everywhere. C shows another measure, X puts other "
        "settings into columns and rows. enter opens the network as a run of its own; esc comes back.",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(0, -1)", "left", show=False),
        Binding("right", "move(0, 1)", "right", show=False),
        Binding("up", "move(-1, 0)", "up", show=False),
        Binding("down", "move(1, 0)", "down", show=False),
        Binding("home", "move(0, -9999)", "first column", show=False),
        Binding("end", "move(0, 9999)", "last column", show=False),
        Binding("pageup", "move(-9999, 0)", "first row", show=False),
        Binding("pagedown", "move(9999, 0)", "last row", show=False),
    ]

    @dataclass
    class MemberChosen(Message):
        """Another network was chosen."""

        member: int

    def __init__(self) -> None:
        super().__init__()
        self._laid_out: tuple[Comparison, tuple[int, object], MapLayout] | None = None

    def layout_of(self, comparison: Comparison, number: int) -> MapLayout:
        """Return the layout of that number."""
        known, room = self._laid_out, room_of(*self.size) if self.size else None
        if known is None or known[0] != comparison or known[1] != (number, room):
            known = self._laid_out = comparison, (number, room), layout_of(comparison, number, room)
        return known[2]

    def rows_wanted(self, facts: FieldFacts, width: int) -> list[int]:
        """Return the rows that the pane can use in so many cells, its border with them, from the most to the fewest."""
        layout = layout_of(facts.comparison, self._layout_number)
        return [rows + BORDER for rows in rows_wanted(layout, width - BORDER)]

    @property
    def _fills_screen(self) -> bool:
        return self.has_class("full")

    @property
    def _layout_number(self) -> int:
        return 0 if self._scene is None else self._scene.view.field.layout

    def title(self, scene: Scene) -> str:
        """Return what the colours are, and which settings are columns and rows."""
        facts = scene.field_facts
        if facts is None:
            return self.NAME
        layout = self.layout_of(facts.comparison, scene.view.field.layout)
        what = MEASURES[scene.view.field.measure_of(facts)]
        what = f"{what} {facts.unit}" if what.endswith(" at") else what
        places = f" · {layout.column_name} × {layout.row_name}" if layout.column_name else f" · {layout.row_name}"
        name = f"{self.NAME} · {what}"
        return self.in_border(f"{name}{places}", name)

    def subtitle(self, scene: Scene) -> str:
        """Return what has been found first, in as many words as fit, and never cut: what is left could mislead.

        Where the map fills the screen, all of it stands below the map.
        """
        forms = [] if self._fills_screen else found_briefly(found_words(scene.field_picture))
        return self.in_border(*forms, "")

    def facts(self, scene: Scene) -> tuple[NetworkNumbers, ...]:
        """Return what is drawn, as numbers for a file."""
        facts, picture = scene.field_facts, scene.field_picture
        if facts is None or picture is None:
            return ()
        measure = scene.view.field.measure_of(facts)
        return network_numbers(facts.comparison, as_asked(scene, facts, picture), measure)

    def draw(self, scene: Scene, facts: FieldFacts, picture: FieldPicture, width: int, height: int) -> list[Strip]:
        """Draw the map."""
        view = scene.view.field
        return draw_map(
            facts,
            picture,
            self.layout_of(facts.comparison, view.layout),
            measure=view.measure_of(facts),
            cursor=scene.member,
            width=width,
            height=height,
            palette=scene.palette,
            alone=self._fills_screen,
        )

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """Return which network a cell is, and how it has done."""
        member = self._member_at(scene, x, y)
        facts, picture = scene.field_facts, scene.field_picture
        if member is None or picture is None or facts is None:
            return ""
        measure, picture = scene.view.field.measure_of(facts), as_asked(scene, facts, picture)
        return self.in_border(*member_words(facts, picture, measure, member))

    def on_click(self, event: events.Click) -> None:
        """Choose the network in a cell."""
        offset = event.get_content_offset(self)
        if offset is None or self._scene is None:
            return
        member = self._member_at(self._scene, offset.x, offset.y)
        if member is not None:
            self.post_message(self.MemberChosen(member))

    def action_move(self, rows: int, columns: int) -> None:
        """Choose the network so many rows and columns away."""
        scene = self._scene
        if scene is not None and scene.field_facts is not None:
            layout = self.layout_of(scene.field_facts.comparison, scene.view.field.layout)
            self.post_message(self.MemberChosen(layout.moved(scene.member, rows, columns)))

    def next_member(self, scene: Scene, by: int) -> int:
        """Return the next network on the map, row after row, or the one before."""
        assert scene.field_facts is not None
        return self.layout_of(scene.field_facts.comparison, scene.view.field.layout).next_to(scene.member, by)

    def _member_at(self, scene: Scene, x: int, y: int) -> int | None:
        facts = scene.field_facts
        if facts is None:
            return None
        layout = self.layout_of(facts.comparison, scene.view.field.layout)
        found = found_words(scene.field_picture)
        return cells_of(layout, scene.member, *self.size, alone=self._fills_screen, found=found).member_at(x, y)
