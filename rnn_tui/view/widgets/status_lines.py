"""The two lines on top."""

from rnn_tui.draw.status import draw_status
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.widgets.picture import Picture

__all__ = ["StatusLines"]


class StatusLines(Picture):
    """What is being run, and where it is."""

    def show(self, scene: Scene, *, flow: str = "", waits: int = 0) -> None:
        """Draw them; `flow` is how the terminal keeps up, where that is asked for; `waits` counts keys not done yet."""
        frame = scene.frame
        strips = draw_status(
            scene.opened,
            frame.status,
            width=self.size.width,
            palette=scene.palette,
            views=frame.views,
            controls=frame.controls,
            flow=flow,
            waits=waits,
        )
        self.paint(strips)
