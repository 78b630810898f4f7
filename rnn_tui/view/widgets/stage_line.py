"""The one line of the stage: what to press at the beginning, and then where the run is, in few words."""

from textual.widgets import Static

from rnn_tui.draw.kit.numbers import compact, count
from rnn_tui.view.model.scene import Scene

__all__ = ["StageLine", "describe_run"]

_KEYS = "space go on · S all panes · W tours · ? help · q quit"


class StageLine(Static):
    """A line below the pane on the stage."""

    def __init__(self) -> None:
        super().__init__(id="stage-line", markup=False)

    def show(self, scene: Scene, *, is_led: bool = False, loads: bool = False, was_led: bool = False) -> None:
        """Show where the run of this scene is.

        `is_led`: by a tour, which says itself what to press; `loads`: the scene is of another run than the tour's step;
        `was_led`: a tour has ended, so the keys are named while the run stands, as nothing else on the stage does.
        """
        text = "loading …" if loads else describe_run(scene, is_led=is_led)
        if was_led and not is_led and scene.frame.status.state in ("paused", "done"):
            text = _KEYS
        if text != str(self.content):
            self.update(text)


def describe_run(scene: Scene, *, is_led: bool = False) -> str:
    """Return `space` for a run that waits at its beginning, else its epoch, its loss, and how much is right."""
    status, steps = scene.frame.status, scene.steps
    held = status.state in ("paused", "done") and not is_led
    if not status.tick:
        return "" if status.state == "playing" or is_led else "space"
    parts = [f"epoch {count(status.epoch)}"] if scene.subject is None else [f"update {count(status.tick)}"]
    if status.loss is not None:
        parts.append(f"loss {compact(status.loss)}")
    is_whole = status.fed == scene.experiment.length
    if steps is not None and is_whole and len(steps.targets) and not scene.experiment.is_numbers:
        if scene.experiment.rows > 1 and steps.right_rows is not None:
            parts.append(f"{steps.right_rows} of {scene.experiment.rows} rows right")
        elif scene.experiment.rows == 1 and scene.subject is None:
            due = scene.experiment.length if steps.scored is None else steps.scored
            parts.append(f"{steps.right} of {due} right")
    return " · ".join([*parts, *(["space"] if held else [])])
