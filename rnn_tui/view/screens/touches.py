"""Touching a paused run on the main screen: what begins it, what a key makes of it, and what ends it."""

from msgspec.structs import replace

from rnn_tui.protocol.engine_messages import Frame
from rnn_tui.protocol.touch import Touch, TouchKind
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.touching import Touching, kinds_of
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.widgets.touch_line import TouchLine

__all__ = ["begin", "changed", "has_passed", "moved", "other_kind", "target_of", "why_not"]

_FIRST: dict[str, TouchKind] = {  # what a pane lets be touched first
    "states": "state",
    "cell": "state",
    "gates": "state",
    "space": "state",
    "weights": "weight",
}
_STEP = 0.1  # of a state or a weight; of a series in standard deviations


def why_not(scene: Scene) -> str:
    """Return why nothing can be touched now; empty if something can."""
    if scene.has_ranks:
        return "Several processes share each batch, and cannot be touched."
    if scene.frame.status.state == "playing":
        return "A run that is paused can be touched: space pauses it."
    if scene.frame.phase is not None or scene.frame.status.slow:
        return "Slow motion cannot be touched: s leaves it."
    return "" if scene.frame.status.fed else "Nothing has been fed yet: → feeds the first character."


def begin(scene: Scene, view: ViewState, pane: str) -> ViewState:
    """Return the view with touching begun at what the pane of that name shows, or gone on with."""
    if view.touch is not None:
        return view
    first = _FIRST.get(pane, "input")
    kind = first if first in kinds_of(scene.experiment) else "input"
    return replace(view, touch=Touching(kind=kind, tick=scene.frame.status.tick, matrix=view.matrix))


def target_of(scene: Scene, view: ViewState) -> Touch | None:
    """Return the number that is chosen; None: nothing is touched."""
    if view.touch is None:
        return None
    step = min(scene.cursor, max(0, scene.frame.status.fed - 1))
    return view.touch.target(
        scene.experiment,
        row=view.row,
        step=step,
        layer=view.layer,
        direction=view.direction,
        unit=view.unit,
        column=view.column,
    )


def changed(scene: Scene, view: ViewState, event: TouchLine.Changed) -> ViewState:
    """Return the view with another value of the chosen number; the same where it is not known yet what it was."""
    touch, target = view.touch, target_of(scene, view)
    if touch is None or target is None:
        return view
    if event.number is not None:
        return replace(view, touch=touch.with_value(target, event.number))
    if event.character:
        value = scene.experiment.vocabulary.index(event.character)
        return replace(view, touch=touch.with_value(target, value))
    now = touch.value(target)
    now = _before(scene.frame, touch, target) if now is None else now
    if now is None:
        return view
    if touch.kind == "input" and not scene.experiment.is_numbers:
        return replace(view, touch=touch.with_value(target, (now + event.by) % len(scene.experiment.vocabulary)))
    scale = scene.scale_read
    size = scale.deviation if touch.kind == "input" and scale is not None else 1.0
    return replace(view, touch=touch.with_value(target, now + event.by * _STEP * size))


def _before(frame: Frame, touch: Touching, target: Touch) -> float | None:
    facts = frame.touch
    pairs = () if facts is None else zip(facts.touches, facts.before, strict=False)
    return next((value for each, value in pairs if touch.names(each, target)), None)


def moved(scene: Scene, view: ViewState, event: TouchLine.Moved) -> ViewState:
    """Return the view with a neighbour chosen: the next time step or unit; of a weight the next column or row."""
    touch, network = view.touch, scene.experiment.network
    if touch is None:
        return view
    if touch.kind == "weight":
        rows, columns = (event.by, 0) if event.way == "unit" else (0, event.by)
        return replace(view, touch=touch.moved(scene.experiment, rows, columns))
    view = replace(view, touch=replace(touch, typed=""))
    if event.way == "unit" or touch.kind in ("h0", "c0"):
        return replace(view, unit=(min(view.unit, network.hidden_size - 1) + event.by) % network.hidden_size)
    last = max(0, scene.frame.status.fed - 1)
    return view.at_step(min(scene.cursor, last) + event.by, last + 1)


def other_kind(scene: Scene, view: ViewState) -> ViewState:
    """Return the view with the next kind of number chosen."""
    if view.touch is None:
        return view
    kinds = kinds_of(scene.experiment)
    following = kinds[(kinds.index(view.touch.kind) + 1) % len(kinds)]
    return replace(view, touch=replace(view.touch, kind=following, typed=""))


def has_passed(frame: Frame, view: ViewState) -> bool:
    """Return whether the run has gone on, or to another tick, since it was touched."""
    touch, status = view.touch, frame.status
    return touch is not None and (status.state == "playing" or status.tick != touch.tick or frame.phase is not None)
