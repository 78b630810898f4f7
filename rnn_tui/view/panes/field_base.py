"""What the panes of a field share: they draw the newest picture of all networks, when it or the view has changed."""

from typing import ClassVar, Literal

from msgspec.structs import replace
from textual.strip import Strip

from rnn_tui.draw.field.groups import Groups, groups_of
from rnn_tui.draw.kit.text_fit import draw_note
from rnn_tui.protocol.field import FieldFacts, FieldPicture
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.widgets.pane import Pane

__all__ = ["FieldPane", "as_asked", "grouped"]

_ROOMY = 10  # rows from which there is one for a legend
_NOTHING_YET = FieldPicture(selected=0, newest=0, going=0, done=0, learnt=0, diverged=0)


class FieldPane(Pane):
    """A pane that shows all networks of a field."""

    HOME: ClassVar[Literal["score", "side", "field"]] = "field"
    PARTS = ("field",)

    def __init__(self) -> None:
        super().__init__()
        self._kept: FieldPicture | None = None  # which is drawn
        self._how: tuple[object, ...] = ()
        self._drawn: list[Strip] = []

    def words_in_title(self, scene: Scene, facts: FieldFacts) -> bool:
        """Tell whether the title says what a legend would: of one group, where rows are few."""
        return self.size.height < _ROOMY and not grouped(scene, facts).setting

    def draw(self, scene: Scene, facts: FieldFacts, picture: FieldPicture, width: int, height: int) -> list[Strip]:
        """Return the picture."""
        raise NotImplementedError

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Return the picture, the one from before where nothing in it has changed: few frames bring a new one."""
        facts, picture, view = scene.field_facts, scene.field_picture or _NOTHING_YET, scene.view
        if facts is None:
            return draw_note("", width=width, height=height, palette=scene.palette)
        how = (scene.opened.shown, view.field, view.log_x, view.log_y, scene.palette, width, height)
        if how != self._how or self._kept is not picture:
            self._how, self._kept = how, picture
            self._drawn = self.draw(scene, facts, as_asked(scene, facts, picture), width, height)
        return self._drawn


def as_asked(scene: Scene, facts: FieldFacts, picture: FieldPicture) -> FieldPicture:
    """Return a picture without what answers another question than the view asks now: its answer is on the way."""
    asked, view = scene.field_asked, scene.view.field
    if asked is None:
        return picture
    if asked.measure != view.measure_of(facts):
        picture = replace(picture, measured=None)
    if asked.grouped_by != view.grouping_of(facts.comparison):
        picture = replace(picture, bundles=(), learnt_steps=())
    return picture


def grouped(scene: Scene, facts: FieldFacts) -> Groups:
    """Return the groups of the networks, as the view has them."""
    return groups_of(facts.comparison, scene.view.field.grouping_of(facts.comparison), scene.palette)
