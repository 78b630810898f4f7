"""The share of the networks of a field that has learnt it."""

from rnn_tui.draw.field.field_chart import FieldChart
from rnn_tui.draw.field.groups import Groups
from rnn_tui.draw.field.learnt import compose_learnt, learnt_at, learnt_words
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.protocol.field import FieldFacts, FieldPicture
from rnn_tui.view.model.field_numbers import GroupLearnt, group_learnt
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.panes.field_chart import FieldChartPane
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["LearntPane"]


class LearntPane(FieldChartPane):
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

    def caption(self, facts: FieldFacts) -> str:
        """Return what the line and the band are."""
        return "% of the networks, 95 % interval"

    def newest_words(self, facts: FieldFacts, picture: FieldPicture) -> tuple[str, ...]:
        """Return how many of the first group have learnt it, in ever fewer words."""
        return learnt_words(picture.learnt_steps[0], unit=facts.unit) if picture.learnt_steps else ()

    def words_at(self, facts: FieldFacts, picture: FieldPicture, groups: Groups, at: float) -> tuple[str, ...]:
        """Return how many of each group had learnt it by an epoch, in ever fewer words."""
        return learnt_at(picture.learnt_steps, groups, at, facts.unit)

    def numbers(self, comparison: Comparison, picture: FieldPicture, path: str) -> tuple[GroupLearnt, ...]:
        """Return how many of each group had learnt it by which epoch."""
        return group_learnt(comparison, picture.learnt_steps, path)

    def compose_chart(
        self, scene: Scene, facts: FieldFacts, picture: FieldPicture, groups: Groups, width: int, height: int
    ) -> FieldChart:
        """Draw the steps of each group."""
        return compose_learnt(
            facts,
            picture.learnt_steps,
            groups,
            width=width,
            height=height,
            palette=scene.palette,
            newest=picture.newest,
            log_x=scene.view.log_x,
            legend=not self.words_in_title(scene, facts),
        )
