"""The share of the networks of a field that has learnt it."""

from textual.strip import Strip

from rnn_tui.draw.field.field_chart import FieldChart
from rnn_tui.draw.field.learnt import compose_learnt, learnt_at, learnt_words
from rnn_tui.protocol.field import FieldFacts, FieldPicture
from rnn_tui.view.model.field_numbers import GroupLearnt, group_learnt
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.panes.field_base import FieldPane, as_asked, grouped
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["LearntPane"]


class LearntPane(FieldPane):
    """How many of the networks had learnt it by each epoch."""

    ID = "learnt"
    NAME = "Learnt"
    EXPLANATION = Explanation(
        shows="The share of the networks that had learnt it by each epoch: whose prediction had been right.",
        read="In brackets, and as a band, stands the 95 % interval: so large is the share of all seeds there are, as "
        "far as these few can tell. Where the intervals of two groups overlap, their difference may be luck.",
        then="Compare more seeds (A), and the interval gets narrower: four times as many halve it. D groups the "
        "networks by one of the settings that vary.",
    )

    def __init__(self) -> None:
        super().__init__()
        self._chart: FieldChart | None = None  # which is drawn

    def title(self, scene: Scene) -> str:
        """Return by what the networks are grouped, and what the band is."""
        facts = scene.field_facts
        if facts is None:
            return self.NAME
        groups = grouped(scene, facts)
        by = f" by {groups.setting}" if groups.setting else ""
        picture = None if scene.field_picture is None else as_asked(scene, facts, scene.field_picture)
        if self.words_in_title(scene, facts) and picture is not None and picture.learnt_steps:
            forms = learnt_words(picture.learnt_steps[0], unit="epoch" if facts.counts_epochs else "update")
            return self.in_border(*(f"{self.NAME} · {words}" for words in forms), self.NAME)
        return self.in_border(f"{self.NAME}{by} · % of the networks, 95 % interval", f"{self.NAME}{by}")

    def facts(self, scene: Scene) -> tuple[GroupLearnt, ...]:
        """Return what is drawn, as numbers for a file."""
        facts, picture = scene.field_facts, scene.field_picture
        if facts is None or picture is None:
            return ()
        path = scene.view.field.grouping_of(facts.comparison)
        return group_learnt(facts.comparison, as_asked(scene, facts, picture).learnt_steps, path)

    def draw(self, scene: Scene, facts: FieldFacts, picture: FieldPicture, width: int, height: int) -> list[Strip]:
        """Draw the steps of each group."""
        self._chart = compose_learnt(
            facts,
            picture.learnt_steps,
            grouped(scene, facts),
            width=width,
            height=height,
            palette=scene.palette,
            newest=picture.newest,
            log_x=scene.view.log_x,
            legend=not self.words_in_title(scene, facts),
        )
        return self._chart.strips()

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """Return the numbers of each group at the epoch under the mouse."""
        facts, picture = scene.field_facts, scene.field_picture
        if facts is None or picture is None or self._chart is None:
            return ""
        unit = "epoch" if facts.counts_epochs else "update"
        forms = learnt_at(
            as_asked(scene, facts, picture).learnt_steps, grouped(scene, facts), self._chart.value_at(x), unit
        )
        return self.in_border(*forms) if forms else ""
