"""Slow motion in the view: the lines under the unrolled network."""

from rnn_tui.draw.network.phase_lines import draw_phase
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.widgets.picture import Picture

__all__ = ["PhaseLines"]


class PhaseLines(Picture):
    """What happens at this phase, in words and numbers; shown in slow motion only, always at one height."""

    def show(self, scene: Scene) -> bool:
        """Draw it, or go away. Whether it has come or gone, so that the panes have other sizes now."""
        on = bool(scene.frame.status.slow) or scene.frame.phase is not None
        changed = on != self.has_class("-shown")
        self.set_class(on, "-shown")
        if on and self.size:
            self.paint(
                draw_phase(scene.frame.phase, width=self.size.width, height=self.size.height, palette=scene.palette)
            )
        return changed
