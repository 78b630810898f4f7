"""The loss of every update so far."""

import math

import numpy as np
from rich.style import Style
from textual.strip import Strip

from rnn_tui.draw.chart import Curve, draw_chart
from rnn_tui.draw.numbers import compact, nice_above
from rnn_tui.protocol import Curve as Points
from rnn_tui.view.pane import Pane
from rnn_tui.view.scene import Scene

__all__ = ["LossPane"]

_STEPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)  # where the axis of the epochs may end


class LossPane(Pane):
    """A curve over epochs, with the floor below which this network cannot fall."""

    NAME = "Loss"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._curve: Points | None = None
        self._how: tuple[object, ...] = ()
        self._chart: list[Strip] = []

    def title(self, scene: Scene) -> str:
        """How the losses of the characters become one, and the floor."""
        experiment = scene.experiment
        floor = f" · floor {compact(experiment.floor)}" if experiment.floor is not None else ""
        return f"{self.NAME}{floor} · {experiment.training.reduction} over {experiment.length}"

    def subtitle(self, scene: Scene) -> str:
        """What the faint points are, and which axes are logarithmic."""
        parts = ["points: single characters"] if scene.characters is not None else []
        parts += [f"log {name}" for name, on in (("x", scene.gaze.log_x), ("y", scene.gaze.log_y)) if on]
        return " · ".join(parts)

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """See draw.chart. The curve comes less often than frames do: the same one is not drawn again."""
        gaze, end = scene.gaze, nice_above(scene.frame.status.epoch, _STEPS)
        how = (scene.palette, width, height, gaze.log_x, gaze.log_y, end)
        if scene.curve is not self._curve or how != self._how:
            self._curve, self._how = scene.curve, how
            self._chart = self._draw_chart(scene, width, height, end)
        return self._chart

    def _draw_chart(self, scene: Scene, width: int, height: int, end: float) -> list[Strip]:
        palette, gaze = scene.palette, scene.gaze
        curves = [_curve(scene.characters, palette.faint, dots=True)] if scene.characters is not None else []
        if scene.curve is not None:
            curves.append(_curve(scene.curve, palette.accent))
        lowest = min(
            (value for each in curves for value in each.low[np.isfinite(each.low) & (each.low > 0)]), default=1.0
        )
        return draw_chart(
            curves,
            width=width,
            height=height,
            log_x=gaze.log_x,
            log_y=gaze.log_y,
            floor=scene.experiment.floor,
            x_to=end,
            y_to=(_decade_below(lowest),) if gaze.log_y else (0.0,),
            axis_style=palette.dim,
            floor_style=palette.right,
            mark_style=palette.faint,
            background=Style(),
        )

    def step_at(self, scene: Scene, x: int) -> int | None:
        """Its axis is not that of the time steps."""
        return None


def _decade_below(value: float) -> float:
    """The power of ten at or below a loss: where a logarithmic axis begins, and stays for a while."""
    return 10.0 ** math.floor(math.log10(value))


def _curve(points: Points, style: Style, *, dots: bool = False) -> Curve:
    return Curve(x=points.x, low=points.low, high=points.high, style=style, dots=dots)
