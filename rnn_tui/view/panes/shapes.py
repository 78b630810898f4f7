"""Shapes, checks and values of a forward pass."""

from textual.strip import Strip

from rnn_tui.draw.shapes import draw_shapes
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.widgets.pane import Explanation, Pane

__all__ = ["ShapesPane"]


class ShapesPane(Pane):
    """Every tensor of the pass by name, and the equalities that courses ask about, checked."""

    ID = "shapes"
    NAME = "Shapes and checks"
    HOME = "side"
    PARTS = ("tensors",)
    EXTRAS = ("checks",)
    EXPLANATION = Explanation(
        shows="Every tensor of the forward pass by name, with its shape and what each dimension counts, and "
        "equalities between them, computed and compared.",
        read="A ✓ is an equality that was checked on these very numbers; the largest difference stands beside it.",
        then="Switch batch_first in the experiment (e), and see which shapes change, and which do not.",
        shows_in_script="Every tensor of the forward pass by name, with its shape and what each dimension counts. Time "
        "comes first, whatever the order in the script is.",
        read_in_script="The numbers below are those of one row of the batch.",
        in_script="Compare the shapes with what the script should hand to the network: which dimension is time, which "
        "the batch?",
    )

    def title(self, scene: Scene) -> str:
        """Return the order of the dimensions, first, as a narrow pane cuts the end of its title."""
        if scene.subject is not None:
            return "Shapes, time first"  # whatever the order of the script's own tensors is
        return f"batch_first={scene.experiment.network.batch_first} · {self.NAME.lower()}"

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Draw the tables."""
        frame = scene.frame
        rows, is_script = scene.experiment.rows, scene.subject is not None
        notes = [] if frame.checks or "checks" in scene.failures else ["The checks are made at the end of the pass."]
        below = f"Below is row {min(scene.view.row, rows - 1) + 1}; {{ and }} pick another."
        if scene.touched and frame.checks:
            notes.append("Touched: the checks are of the pass as it was.")
        if is_script:  # whose numbers are its own
            notes = [below] if rows > 1 else []
        swapped = [
            f"{each.name} {_written((each.shape[1], each.shape[0], *each.shape[2:]))}"
            for each in frame.tensors
            if each.name in ("x", "output") and len(each.shape) >= 2
        ]
        if rows > 1 and swapped and not is_script:
            notes += [
                f"batch_first={not scene.experiment.network.batch_first} would give",
                f"  {' and '.join(swapped)};",
                "  h_0 and h_n stay as they are.",
                below,
            ]
        return draw_shapes(
            frame.tensors,
            frame.checks,
            width=width,
            height=height,
            palette=scene.palette,
            notes=notes,
            zoomed=self.has_class("full"),
        )


def _written(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"
