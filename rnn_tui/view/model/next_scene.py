"""From one scene to the next: a frame has come, and what is not in every frame is kept from the scene before."""

from rnn_tui.draw.kit.palette import Palette
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.protocol.engine_messages import Frame, Opened
from rnn_tui.protocol.field import FieldWanted
from rnn_tui.protocol.frame import Failure
from rnn_tui.protocol.inspect import ASKS, name_of_answer
from rnn_tui.view.model.columns import Columns
from rnn_tui.view.model.scene import AnswerAt, Scene
from rnn_tui.view.model.view_state import ViewState

__all__ = ["next_scene"]

_CURVES = {"curve", "characters", "held_out", "others", "diagnostics"}
_EXPENSIVE = {kind.__name__.removesuffix("Ask").lower() for kind in ASKS if kind.IS_EXPENSIVE}


def next_scene(
    before: Scene | None,
    frame: Frame,
    opened: Opened,
    *,
    view: ViewState,
    palette: Palette,
    axis: TimeAxis,
    fitted: Columns | None = None,
    asked: FieldWanted | None = None,
) -> Scene:
    """Return the scene of a new frame. What is not in every frame is kept from the scene before, of the same run.

    `asked`: what the picture of a field in the frame answers.
    """
    same_field = before is not None and _is_same_field(before.opened, opened)
    old = before if before is not None and before.opened.shown == opened.shown else None
    answers = {type(each): AnswerAt(answer=each, tick=frame.status.tick) for each in frame.inside}
    return Scene(
        opened=opened,
        frame=frame,
        view=view,
        curve=frame.curve or (old.curve if old else None),
        characters=frame.characters if frame.curve else (old.characters if old else None),
        held_out=frame.held_out if frame.curve else (old.held_out if old else None),
        others=frame.others if frame.curve else (old.others if old else ()),
        field_picture=frame.field or (before.field_picture if before and same_field else None),
        field_asked=asked if frame.field or before is None or not same_field else before.field_asked,
        diagnostics=frame.diagnostics if frame.curve else (old.diagnostics if old else None),
        answers={**(old.answers if old else {}), **answers},
        failures=_failures(old, frame),
        palette=palette,
        axis=axis,
        fitted=fitted,
    )


def _is_same_field(before: Opened, opened: Opened) -> bool:
    """Tell whether these describe members of one field."""
    if before.field is None or opened.field is None:
        return False
    return before is opened or before.field.comparison == opened.field.comparison


def _failures(before: Scene | None, frame: Frame) -> dict[str, Failure]:
    """Return the failures of this frame, and those of parts that were not asked for in this frame.

    Loss curves are asked for together; some panes that look inside are answered less often than the rest.
    """
    now = {each.part: each for each in frame.failures}
    had = {name_of_answer(type(each)) for each in frame.inside}
    asked_for_curves = frame.curve is not None or not now.keys().isdisjoint(_CURVES)
    old = {} if before is None else before.failures
    kept = {part: old[part] for part in old if (part in _CURVES and not asked_for_curves) or (part in _EXPENSIVE - had)}
    return kept | now
