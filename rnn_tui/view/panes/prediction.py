"""What the network predicts now."""

import numpy as np
from msgspec.structs import replace
from textual import events
from textual.strip import Strip

from rnn_tui.common.glyphs import safe
from rnn_tui.common.wording import step_name
from rnn_tui.draw.kit.numbers import exact
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.draw.prediction import GUTTER, Prediction, Seen, draw_prediction
from rnn_tui.draw.series import as_drawn, draw_forecast, is_outside
from rnn_tui.protocol.frame import Forecast, PredictionSeen, Steps
from rnn_tui.view.model.columns import Columns
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.widgets.pane import Explanation, Pane

__all__ = ["PredictionPane", "prediction_axis"]

_MARKED = 3  # cells that a character, its mark and a free one take
_COMFORTABLE = 5  # cells a step should have, so that its bars can be read


class PredictionPane(Pane):
    """The predicted text below input and target, the likeliest characters, and the predictions before."""

    ID = "prediction"
    NAME = "Prediction"
    TIMED = True
    HOME = "side"
    PARTS = ("steps", "forecast")
    EXTRAS = ("predictions", "learnt")
    EXPLANATION = Explanation(
        shows="What the network predicts at every time step, beside the right answer, and how sure it is; for a "
        "series, its end and how the network goes on alone.",
        read="The bars are the probabilities of the likeliest characters at each step; the loss of a step is −log "
        "of the probability of the right one. Below are the texts it has predicted so far, and since when (a "
        "click goes there); if the data is a text there are none, as every pass reads another part of it.",
        then="Move the time cursor ([ and ]) to a step that is wrong, and press a: which inputs mattered for it?",
        in_script="Move the time cursor ([ and ]) to a step that is wrong, and press a: which inputs mattered for it?",
        read_in_script="The bars are the probabilities of the likeliest classes or tokens at the time cursor; the loss "
        "of a step is −log of the probability of the right one. Numbers are drawn over time, with the targets.",
    )

    def title(self, scene: Scene) -> str:
        """Return the epoch since which it is right, if it is; for a series, its name."""
        if _is_chart(scene):
            scale = scene.scale
            label = "" if scale is None else safe(scale.label)
            if scene.opened.series is not None and len(scene.opened.series.said) > 1:
                return self.in_border(f"{self.NAME} · {label} (k: next)", f"{label} (k)", label)
            return self.in_border(f"{self.NAME} · {label}", label) if label else self.NAME
        learnt = scene.frame.learnt
        name = self.NAME + (" ✓" if scene.is_right else "")
        axis = _axis(scene, self.size.width)
        part = f"steps {axis.first + 1}–{axis.first + axis.count} of {axis.length}"
        shown = f" · {part}" if 0 < axis.count < axis.length else ""
        if learnt is None:
            return self.in_border(f"{name}{shown}", shown.removeprefix(" · ") or name)
        first = f"first right in epoch {learnt:,}"
        forms = [f"{name}{shown} · {first}", f"{name}{shown}"] if shown else [f"{name} · {first}"]
        return self.in_border(*forms, f"✓ {first}" if scene.is_right else first, first)

    def why_empty(self, scene: Scene) -> str:
        """Return why no prediction of a script is drawn; empty if there is one."""
        steps = scene.steps
        if scene.subject is None or steps is None:
            return super().why_empty(scene)
        if steps.numbers is not None or (len(steps.targets) and (steps.top.shape[1] or not len(steps.top))):
            return ""
        return "No prediction is seen: no loss shows which output of the script belongs to which step of this network."

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Draw the prediction; of a series, a chart."""
        if _is_chart(scene):
            forecast = _compared(scene) or scene.frame.forecast
            if forecast is None:
                return [Strip.blank(width)] * height
            if scene.scale is not None:
                forecast = as_drawn(forecast, scene.scale)
            return draw_forecast(forecast, width=width, height=height, palette=scene.palette, is_ahead=_is_next(scene))
        axis = _axis(scene, width)
        return draw_prediction(
            _prediction(scene, axis), width=width, height=height, axis=axis, palette=scene.palette, cursor=scene.cursor
        )

    def subtitle(self, scene: Scene) -> str:
        """Return what the chart of a series leaves out."""
        compared, numbers, forecast = _compared(scene), scene.numbers, scene.frame.forecast
        if compared is not None and numbers is not None:
            outside = is_outside(replace(compared, predicted=compared.predicted[~np.isnan(compared.truth)]))
            parts = [f"the first of {numbers.of} numbers"] if numbers.of > 1 else []
            return " · ".join([*parts, *(["some of it lies outside the chart"] if outside else [])])
        if forecast is None:
            return ""
        return forecast.note or ("some of it lies outside the chart" if is_outside(forecast) else "")

    def step_at(self, scene: Scene, x: int) -> int | None:
        """Return the time step at a cell of the pane's own axis; the chart of a series has none."""
        if _is_chart(scene):
            return None
        return _axis(scene, self.size.width).step_at(x)

    def on_click(self, event: events.Click) -> None:
        """Go to the tick at which a prediction first appeared, if one was clicked."""
        tick = event.style.meta.get("tick")
        if isinstance(tick, int):
            event.prevent_default()  # the time cursor stays where it is
            self.post_message(self.TickChosen(tick))

    def under_mouse(self, scene: Scene, x: int, y: int) -> str:
        """Return the likeliest characters of a time step with their exact probabilities."""
        step, steps = self.step_at(scene, x), scene.steps
        if step is None or steps is None or step - steps.first >= len(steps.top):
            return ""
        at = step - steps.first
        pairs = zip(steps.top[at].tolist(), steps.top_p[at].tolist(), strict=True)
        likely = "  ".join(f"{scene.glyphs[index]} {exact(p, 6)}" for index, p in list(pairs)[:4])
        return f"{step_name(step)} · {likely}"


def _is_chart(scene: Scene) -> bool:
    """Tell whether numbers are predicted, which are drawn as a chart."""
    return scene.experiment.is_numbers or (scene.subject is not None and scene.numbers is not None)


def _is_next(scene: Scene) -> bool:
    """Tell whether what is predicted is the value of the next time step."""
    return scene.subject is None and scene.experiment.data.ahead == 1


def _compared(scene: Scene) -> Forecast | None:
    """Return targets and outputs of a script that predicts numbers, over the window; None: it does not."""
    numbers, steps = scene.numbers, scene.steps
    if scene.subject is None or numbers is None or steps is None:
        return None
    unknown = np.isnan(numbers.truth[: len(numbers.predicted)])
    return Forecast(
        first=steps.first,
        end=steps.first + len(numbers.predicted),
        truth=numbers.truth[: len(numbers.predicted)],
        predicted=np.where(unknown, np.nan, numbers.predicted),
        free=np.zeros(0),
    )


def prediction_axis(width: int, length: int, columns: Columns) -> TimeAxis:
    """Return an axis of all steps if each has room for a mark, else of a window with wider columns and margins."""
    narrowest, longest = columns.narrowest, columns.longest
    axis = TimeAxis.fit(width, length, narrowest=narrowest, gutter=GUTTER, longest=longest)
    if axis.column < max(_MARKED, narrowest + 1) or axis.count < length:
        wide = max(_COMFORTABLE, narrowest + 1)
        axis = TimeAxis.fit(width - 1, length, narrowest=wide, gutter=GUTTER + 1, longest=longest)
    return axis


def _axis(scene: Scene, width: int) -> TimeAxis:
    """Return the pane's own axis, with the cursor in the middle, inside the frame's window."""
    axis = prediction_axis(width, scene.experiment.length, scene.columns)
    steps = scene.steps
    if steps is None:
        return axis
    count = min(axis.count, len(steps.inputs))
    first = max(steps.first, min(scene.cursor - count // 2, steps.first + len(steps.inputs) - count))
    return TimeAxis(column=axis.column, first=first, count=count, length=axis.length, gutter=axis.gutter)


def _due(scene: Scene, steps: Steps) -> int:
    """Return how many characters of the row have a target."""
    return scene.experiment.length if steps.scored is None else steps.scored


def _prediction(scene: Scene, axis: TimeAxis) -> Prediction:
    status, steps = scene.frame.status, scene.steps
    assert steps is not None
    start = axis.first - steps.first
    window = slice(start, start + axis.count)
    seen = [_seen(each) for each in scene.frame.predictions]
    whole = status.fed == scene.experiment.length and len(steps.top) == scene.experiment.length
    rows = scene.experiment.rows
    targets = steps.targets[window][: len(steps.top[window])]
    return Prediction(
        inputs=scene.inputs[window],
        targets=scene.targets[window],
        top=[[scene.glyphs[index] for index in row] for row in steps.top[window].tolist()],
        top_p=steps.top_p[window],
        target_p=steps.target_p[window].tolist(),
        losses=steps.losses[window].tolist(),
        right=steps.right,
        fed=status.fed if steps.scored_fed is None else steps.scored_fed,
        length=_due(scene, steps),
        seen=None
        if (whole and not seen) or scene.subject is not None or scene.experiment.data.text or status.batches > 1
        else seen,  # every pass says another batch; of a network of a field only the newest is known
        now=safe(scene.experiment.text_of(steps.top[:, 0].tolist()))
        if whole and rows == 1 and scene.subject is None
        else "",
        ticks=[each.tick for each in scene.frame.predictions],
        first_scored=scene.first_scored,
        row=min(scene.view.row, rows - 1),
        rows=rows,
        right_rows=steps.right_rows,
        smoothed=scene.experiment.training.label_smoothing > 0,
        words=scene.has_words,
        hits=(steps.top[window] == targets[:, None]).tolist(),
        reading=_reading(scene),
    )


def _reading(scene: Scene) -> range:
    """Return the time steps that slow motion has begun to compute; both ways, all of them once the cells are."""
    phase = scene.frame.phase
    if phase is None or phase.kind in ("update", "backward"):
        return range(0)
    if not scene.experiment.network.bidirectional:
        return range(phase.time_step, phase.time_step + 1)
    return range(phase.time_step + 1 if phase.kind == "embed" else scene.experiment.length)


def _seen(seen: PredictionSeen) -> Seen:
    """Return a prediction in printable characters, of which several may stand for one."""
    wrong = None if seen.wrong is None else len(safe(seen.text[: seen.wrong]))
    return Seen(safe(seen.text), seen.epoch, seen.right, wrong)
