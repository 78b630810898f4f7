"""The losses of all networks of a field."""

from textual.strip import Strip

from rnn_tui.draw.field.bundle import bundle_words, bundles_at, compose_bundle
from rnn_tui.draw.field.field_chart import FieldChart
from rnn_tui.protocol.field import FieldFacts, FieldPicture
from rnn_tui.view.model.field_numbers import GroupLosses, group_losses
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.panes.field_base import FieldPane, as_asked, grouped
from rnn_tui.view.widgets.pane import Explanation

__all__ = ["BundlePane"]


class BundlePane(FieldPane):
    """All loss curves as a bundle: the lowest and the highest, the middle half, the median."""

    ID = "bundle"
    NAME = "All losses"
    EXPLANATION = Explanation(
        shows="The losses of all networks at once: the strong line is the median, half of the networks lie in the "
        "coloured band, all of them in the grey one. The thin lines are single networks.",
        read="A narrow band: the seed hardly matters. A band that splits: some networks learn it and others do not, "
        "which is luck. The losses of networks that have diverged are left out.",
        then="D groups the networks by one of the settings that vary, each group with its own colour and mark. y and x "
        "make the axes linear or logarithmic.",
    )

    def __init__(self) -> None:
        super().__init__()
        self._chart: FieldChart | None = None  # which is drawn

    def title(self, scene: Scene) -> str:
        """Return by what the networks are grouped, if they are."""
        facts = scene.field_facts
        if facts is None:
            return self.NAME
        groups = grouped(scene, facts)
        by = f" by {groups.setting}" if groups.setting else ""
        name = f"{self.NAME}{by}"
        picture = None if scene.field_picture is None else as_asked(scene, facts, scene.field_picture)
        if self.words_in_title(scene, facts) and picture is not None and picture.bundles:
            forms = bundle_words(picture.bundles[0])
            return self.in_border(*(f"{name} · {words}" for words in forms), name)
        return self.in_border(f"{name} · median and middle half of {facts.comparison.members:,} networks", name)

    def subtitle(self, scene: Scene) -> str:
        """Return which axes are logarithmic."""
        scales = [name for name, on in (("x", scene.view.log_x), ("y", scene.view.log_y)) if on]
        return f"{' and '.join(scales)} logarithmic" if scales else ""

    def facts(self, scene: Scene) -> tuple[GroupLosses, ...]:
        """Return what is drawn, as numbers for a file."""
        facts, picture = scene.field_facts, scene.field_picture
        if facts is None or picture is None:
            return ()
        path = scene.view.field.grouping_of(facts.comparison)
        return group_losses(facts.comparison, as_asked(scene, facts, picture).bundles, path)

    def draw(self, scene: Scene, facts: FieldFacts, picture: FieldPicture, width: int, height: int) -> list[Strip]:
        """Draw the bundle of each group."""
        view = scene.view
        self._chart = compose_bundle(
            facts,
            picture.bundles,
            grouped(scene, facts),
            width=width,
            height=height,
            palette=scene.palette,
            log_x=view.log_x,
            log_y=view.log_y,
            legend=not self.words_in_title(scene, facts),
        )
        return self._chart.strips()

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """Return the numbers of each group at the epoch under the mouse."""
        facts, picture = scene.field_facts, scene.field_picture
        if facts is None or picture is None or self._chart is None:
            return ""
        unit = "epoch" if facts.counts_epochs else "update"
        forms = bundles_at(
            as_asked(scene, facts, picture).bundles, grouped(scene, facts), self._chart.value_at(x), unit
        )
        return self.in_border(*forms) if forms else ""
