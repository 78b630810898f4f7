"""A pane with a chart of all networks of a field, by group; the mouse reads the values at an epoch."""

from collections.abc import Sequence

import msgspec
from textual.strip import Strip

from rnn_tui.draw.field.field_chart import FieldChart
from rnn_tui.draw.field.groups import Groups
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.protocol.field import FieldFacts, FieldPicture
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.panes.field_base import FieldPane, as_asked, grouped

__all__ = ["FieldChartPane"]


class FieldChartPane(FieldPane):
    """A chart over epochs or updates, with a curve for each group of networks."""

    def __init__(self) -> None:
        super().__init__()
        self._chart: FieldChart | None = None  # which is drawn

    def compose_chart(
        self, scene: Scene, facts: FieldFacts, picture: FieldPicture, groups: Groups, width: int, height: int
    ) -> FieldChart:
        """Return the chart, with a legend unless the title has the words of one."""
        raise NotImplementedError

    def caption(self, facts: FieldFacts) -> str:
        """Return what the chart shows of the networks, for the title."""
        raise NotImplementedError

    def newest_words(self, facts: FieldFacts, picture: FieldPicture) -> Sequence[str]:
        """Return the newest values of the first group in ever fewer words; empty if there are none yet."""
        raise NotImplementedError

    def words_at(self, facts: FieldFacts, picture: FieldPicture, groups: Groups, at: float) -> Sequence[str]:
        """Return the values of all groups at an epoch, or NaN, in ever fewer words; empty if there are none."""
        raise NotImplementedError

    def numbers(self, comparison: Comparison, picture: FieldPicture, path: str) -> tuple[msgspec.Struct, ...]:
        """Return what is drawn of each group, by the setting with this path, as numbers for a file."""
        raise NotImplementedError

    def title(self, scene: Scene) -> str:
        """Return what is drawn and by which setting the networks are grouped, or the newest values."""
        facts = scene.field_facts
        if facts is None:
            return self.NAME
        setting = grouped(scene, facts).setting
        name = f"{self.NAME} by {setting}" if setting else self.NAME
        forms: Sequence[str] = ()
        if self.words_in_title(scene, facts) and scene.field_picture is not None:
            forms = self.newest_words(facts, as_asked(scene, facts, scene.field_picture))
        return self.in_border(*(f"{name} · {words}" for words in forms or [self.caption(facts)]), name)

    def facts(self, scene: Scene) -> tuple[msgspec.Struct, ...]:
        """Return what is drawn, as numbers for a file."""
        facts, picture = scene.field_facts, scene.field_picture
        if facts is None or picture is None:
            return ()
        path = scene.view.field.grouping_of(facts.comparison)
        return self.numbers(facts.comparison, as_asked(scene, facts, picture), path)

    def draw(self, scene: Scene, facts: FieldFacts, picture: FieldPicture, width: int, height: int) -> list[Strip]:
        """Draw the chart, and keep it for the mouse."""
        self._chart = self.compose_chart(scene, facts, picture, grouped(scene, facts), width, height)
        return self._chart.strips()

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """Return the values of each group at the epoch under the mouse."""
        facts, picture = scene.field_facts, scene.field_picture
        if facts is None or picture is None or self._chart is None:
            return ""
        picture = as_asked(scene, facts, picture)
        forms = self.words_at(facts, picture, grouped(scene, facts), self._chart.value_at(x))
        return self.in_border(*forms) if forms else ""
