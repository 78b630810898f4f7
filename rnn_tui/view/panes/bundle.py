"""The losses of all networks of a field."""

from rnn_tui.draw.field.bundle import bundle_words, bundles_at, compose_bundle
from rnn_tui.draw.field.field_chart import FieldChart
from rnn_tui.draw.field.groups import Groups
from rnn_tui.experiment.comparison import Comparison
from rnn_tui.protocol.field import FieldFacts, FieldPicture
from rnn_tui.view.model.field_numbers import GroupLosses, group_losses
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.panes.field_chart import FieldChartPane
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["BundlePane"]


class BundlePane(FieldChartPane):
    """All loss curves as a bundle: the lowest and the highest, the middle half, the median."""

    ID = "bundle"
    NAME = "All losses"
    EXPLANATION = Explanation(
        shows="The losses of all networks at once: the strong line is the median, half of the networks lie in the "
        "coloured band, all of them in the grey one. The thin lines are single networks.",
        read="A narrow band: the seed hardly matters. A band that splits: some networks learn it and others do not, "
        "which is luck. The losses of networks that have diverged are left out. + is the median of the loss held out, "
        "with dots over the middle half: where it rises while the line falls, they learn by heart.",
        then="D groups the networks by one of the settings that vary, each group with its own colour and mark. y and x "
        "make the axes linear or logarithmic.",
    )

    def subtitle(self, scene: Scene) -> str:
        """Return which axes are logarithmic."""
        scales = [name for name, on in (("x", scene.view.log_x), ("y", scene.view.log_y)) if on]
        return f"{' and '.join(scales)} logarithmic" if scales else ""

    def caption(self, facts: FieldFacts) -> str:
        """Return what the line and the band are."""
        return f"median and middle half of {facts.comparison.members:,} networks"

    def newest_words(self, facts: FieldFacts, picture: FieldPicture) -> tuple[str, ...]:
        """Return the newest losses of the first group, in ever fewer words."""
        return bundle_words(picture.bundles[0]) if picture.bundles else ()

    def words_at(self, facts: FieldFacts, picture: FieldPicture, groups: Groups, at: float) -> tuple[str, ...]:
        """Return the losses of all groups at an epoch, in ever fewer words."""
        return bundles_at(picture.bundles, groups, at, facts.unit)

    def numbers(self, comparison: Comparison, picture: FieldPicture, path: str) -> tuple[GroupLosses, ...]:
        """Return the losses of each group."""
        return group_losses(comparison, picture.bundles, path)

    def compose_chart(
        self, scene: Scene, facts: FieldFacts, picture: FieldPicture, groups: Groups, width: int, height: int
    ) -> FieldChart:
        """Draw the bundle of each group."""
        return compose_bundle(
            facts,
            picture.bundles,
            groups,
            width=width,
            height=height,
            palette=scene.palette,
            log_x=scene.view.log_x,
            log_y=scene.view.log_y,
            legend=not self.words_in_title(scene, facts),
        )
