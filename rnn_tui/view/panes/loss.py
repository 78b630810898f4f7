"""The loss of every update so far."""

import math

import numpy as np
from msgspec.structs import replace
from rich.style import Style
from textual.strip import Strip

from rnn_tui.common.wording import surprise
from rnn_tui.draw.kit.canvas import Canvas
from rnn_tui.draw.kit.chart import ChartAxes, ChartCurve, Level, Mark, compose_chart
from rnn_tui.draw.kit.numbers import EPOCH_ENDS, compact, nice_above
from rnn_tui.draw.kit.text_fit import first_that_fits
from rnn_tui.draw.loss_verdict import told
from rnn_tui.experiment.spec import Experiment
from rnn_tui.protocol.frame import Curve, HeldOut
from rnn_tui.view.model.beside import Beside
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.panes.diagnostics import diagnostics_picture, diagnostics_subtitle, diagnostics_titles
from rnn_tui.view.widgets.pane import Explanation, Pane

__all__ = ["LossPane"]

_ROOM_FOR_WORDS = 9  # rows from which a sentence takes one


class LossPane(Pane):
    """A curve over epochs, with the floor below which the loss of this network cannot fall."""

    ID = "loss"
    NAME = "Loss"
    HOME = "side"
    PARTS = ("curve",)
    EXTRAS = ("characters", "held_out", "others", "diagnostics")
    EXPLANATION = Explanation(
        shows="The loss after every update: how surprised the network was by the right characters, in nats.",
        read="Lower is better. Faint points are single characters. The green line is the floor: a state from −1 to 1 "
        "as logits cannot be surer. Dotted is guessing: knowing only how often each answer comes; grey, of a text, the "
        "best n-gram model. Green, up to ●, is held out: while both fall, it learns; where green rises, it learns by "
        "heart. After going back, the old future stays there, faintly.",
        then="y and x make the axes logarithmic. Y shows the gradient's norm, update:weight, idle units and the "
        "learning rate. Go back (←), fork (F) with another learning rate, and compare.",
        in_script="y and x make the axes logarithmic. B holds the script where the loss jumps or falls below a number.",
        read_in_script="Lower is better. Green are losses that the script computes without gradients: its evaluation.",
    )

    def __init__(self) -> None:
        super().__init__()
        self._curve: Curve | None = None
        self._how: tuple[object, ...] = ()
        self._chart: list[Strip] = []

    def title(self, scene: Scene) -> str:
        """Return the floor, guessing, the score of the part held out, and how losses of characters become one."""
        experiment = scene.experiment
        if scene.view.chart != "loss":
            return self.in_border(*diagnostics_titles(scene))
        if scene.subject is not None:
            if scene.held_out is None:
                return self.NAME
            return self.in_border(*(f"{self.NAME} · evaluated {form}" for form in _evaluated(scene.held_out)))
        if experiment.is_numbers:
            text = _squared(scene)
            return self.in_border(f"{self.NAME} · {text}", text, text.replace(" · held out", ", held"))
        loss = scene.frame.status.loss
        name = self.NAME + (f" {compact(loss)}" if loss is not None else "")
        if scene.held_out is not None:
            scores = _evaluated(scene.held_out, unit=experiment.data.answer_unit)
            return self.in_border(*(f"{each} · held out {form}" for form in scores for each in (name, self.NAME)))
        floor = f" · floor {compact(experiment.floor)}" if experiment.floor is not None else ""
        guess = f" · guessing {compact(scene.opened.guessing)}" if scene.opened.guessing is not None else ""
        guess += ", not smoothed" if guess and experiment.training.label_smoothing else ""
        how, brief = f" · {_reduced(experiment)}", f" · {experiment.training.reduction} of {experiment.length}"
        if experiment.data.per_character:
            how, brief = f" · nats per {experiment.data.answer_unit}", " · nats each"
        forms = (f"{floor}{guess}{how}", f"{floor}{how}", f"{floor}{brief}", how, brief, "")
        return self.in_border(*(name + form for form in forms))

    def subtitle(self, scene: Scene) -> str:
        """Return what the other curves and the points are, and which axes are logarithmic."""
        if scene.view.chart != "loss":
            return self.in_border(*diagnostics_subtitle(scene))
        green = [] if scene.held_out is None else _green(scene.held_out, scene)
        others = [f"faint: {', '.join(each.name for each in scene.others)}"] if scene.others else []
        others += ["points: single characters"] if scene.characters is not None and not scene.view.stage else []
        scales = [name for name, on in (("x", scene.view.log_x), ("y", scene.view.log_y)) if on]
        others += [f"{' and '.join(scales)} logarithmic"] if scales else []
        forms = [form for each in green for form in (" · ".join([each, *others]), each)] or [" · ".join(others)]
        if not _has_room_for_words(self.size.height):
            words = _words(scene)
            forms = [*(f"{each} · {form}" for form in forms if form for each in words), *words, *forms]
        return self.in_border(*forms, *others[:1])

    def why_empty(self, scene: Scene) -> str:
        """Return why there is no loss of a script; empty if there is one."""
        status = scene.frame.status
        if scene.subject is None or (scene.curve is not None and len(scene.curve.x)) or status.loss is not None:
            return ""
        if not status.newest:
            return scene.why_no_pass or "Waiting for the first update."
        return "No loss has been seen: the script does not compute it with torch's losses."

    def picture(self, scene: Scene, width: int, height: int) -> list[Strip]:
        """Draw the chart, if it has changed: not every frame brings a curve."""
        view = scene.view
        newest = max((float(each.x[-1]) for each in _drawn(scene) if len(each.x)), default=1.0)
        end, mark = nice_above(newest, EPOCH_ENDS), _mark(scene)
        how = (
            scene.opened.shown,
            scene.opened.guessing,
            scene.palette,
            width,
            height,
            view.log_x,
            view.log_y,
            view.stage,
            view.chart,
            end,
            mark,
            scene.beside,
            None if scene.held_out is None else scene.held_out.counting,
        )
        if scene.curve is not self._curve or how != self._how:
            self._curve, self._how = scene.curve, how
            if view.chart != "loss":
                unit = _unit(scene)
                self._chart = diagnostics_picture(scene, width, height, unit=unit, end=end, mark=mark)
                return self._chart
            above = Canvas(width, 1 if _has_room_for_words(height) else 0)
            above.put(1, 0, first_that_fits(_words(scene), width - 2), scene.palette.text)
            self._chart = [*above.strips(), *self._draw_chart(scene, width, height - above.height, end, mark)]
        return self._chart

    def _draw_chart(self, scene: Scene, width: int, height: int, end: float, mark: float | None) -> list[Strip]:
        palette, view = scene.palette, scene.view
        guessing = palette.wrong + Style(bold=False)
        characters = None if view.stage else scene.characters
        curves = [_curve(characters, palette.faint, dots=True)] if characters is not None else []
        curves += [_curve(each.curve, palette.dim) for each in scene.others]
        if scene.curve is not None:
            newest = palette.text + Style(bold=True)
            curves.append(replace(_curve(scene.curve, palette.accent), tip=newest, thick=view.stage))
        if scene.held_out is not None:
            green = replace(_curve(scene.held_out.curve, palette.right, dots=view.stage), newest="●")
            curves.append(replace(green, marked="●") if view.stage else green)  # no line that covers the thick one
        lowest = min(
            (value for each in curves for value in each.low[np.isfinite(each.low) & (each.low > 0)]), default=1.0
        )
        beside = scene.beside or Beside()
        lowest = min(lowest, beside.lowest or lowest)
        reach = (_decade_below(lowest) if view.log_y else 0.0,)
        return compose_chart(
            curves,
            width=width,
            height=height,
            axes=ChartAxes(
                style=palette.dim,
                log_x=view.log_x,
                log_y=view.log_y,
                x_to=end,
                y_to=reach if beside.highest is None else (*reach, beside.highest),
                y_levels=beside.levels,
                x_label=_unit(scene),
            ),
            levels=[
                Level(value=scene.floor, name="floor", style=palette.right, near=True),
                Level(value=scene.opened.guessing, name="guessing", style=guessing, sparse=True, near=True),
                *_counting(scene),
            ],
            mark=Mark(x=mark, style=palette.accent),
            background=Style(),
        ).strips()


def _reduced(experiment: Experiment) -> str:
    """Return how the losses of the characters become one."""
    how, count = experiment.training.reduction, experiment.length
    return f"{how} of {count} characters" if count > 1 else "1 character"


def _squared(scene: Scene) -> str:
    """Write the squared errors, in the units of the series."""
    scale, loss, held_out = scene.scale, scene.frame.status.loss, scene.held_out
    if scale is None or loss is None:
        return "squared error"
    series = scene.opened.series
    if series is not None and len(series.said) > 1:  # each has its own unit
        text = f"squared error {compact(loss)} of {len(series.said)} columns"
        return text + (f" · held out {compact(held_out.loss)}" if held_out is not None else "")
    text = f"rmse {compact(scale.deviation * math.sqrt(loss))}"
    if held_out is not None:
        text += f" · held out {compact(scale.deviation * math.sqrt(held_out.loss))}"
    return text


def _evaluated(held_out: HeldOut, *, unit: str = "") -> tuple[str, ...]:
    """Return the scores of the part held out, in ever fewer words; `unit`: its loss is in nats for each of these."""
    loss = compact(held_out.loss) if math.isfinite(held_out.loss) else "NaN"
    in_bits = f", {surprise(held_out.loss, unit)}" if unit and math.isfinite(held_out.loss) else ""
    right = f", {held_out.accuracy:.1%} ✓" if math.isfinite(held_out.accuracy) else ""
    if held_out.rows is None:
        return loss + in_bits + right, loss + right, loss
    each, pairs = f", {held_out.accuracy:.1%} of characters", f", {held_out.rows:.1%} of pairs ✓"  # right: whole pairs
    return loss + in_bits + each + pairs, loss + each + pairs, loss + pairs, loss


def _pass(scene: Scene) -> str:
    """Return what a pass over one batch is called: an update, unless an update is made of several passes."""
    return "pass" if scene.experiment.training.accumulate > 1 else "update"


def _green(held_out: HeldOut, scene: Scene) -> list[str]:
    """Return what the green curve is and how old its newest point is, in ever fewer words."""
    name, age = _pass(scene), scene.frame.status.update - held_out.update
    when = f"of {name} {held_out.update:,}"
    old = f", {age:,} ago" if age > 0 else ""
    if scene.subject is not None:
        return [f"● losses without gradients, {when}{old}", f"● evaluated, {when}", "● evaluated"]
    part = "all" if held_out.whole else "a part"
    long = f"● {part} of what is held out, {when}{old}"
    return [long, f"● held out, {when}{old}", f"● held out{old}", "● held out"]


def _counting(scene: Scene) -> list[Level]:
    """Return the line of the best n-gram model, if a text is held out and it is known."""
    best = None if scene.held_out is None else scene.held_out.best_counting
    if best is None:
        return []
    return [Level(value=best[1], name=f"{best[0]}-gram", style=scene.palette.dim, sparse=True, near=True)]


def _has_room_for_words(height: int) -> bool:
    return height >= _ROOM_FOR_WORDS


def _words(scene: Scene) -> list[str]:
    """Return what the curve says, in ever fewer words; in the past, where on it the screen is."""
    status, unit = scene.frame.status, _unit(scene)
    if status.tick < status.newest:
        now = status.epoch if unit == "epoch" else status.update
        return [f"┆ is where the screen is: {unit} {now:,}", f"┆ {unit} {now:,}"] if status.tick else []
    found = told(
        scene.curve,
        unit=unit,
        floor=scene.floor,
        guessing=None if scene.experiment.training.label_smoothing else scene.opened.guessing,  # of another loss
        over_fits_since=None if scene.held_out is None else scene.held_out.parted,
        over_fits_unit=_pass(scene),
        numbers=scene.experiment.is_numbers,
        held_out=None if scene.held_out is None else scene.held_out.loss,
        counting=None if scene.held_out is None else scene.held_out.best_counting,
    )
    return list(found)


def _unit(scene: Scene) -> str:
    """Return what the x axis counts."""
    return _pass(scene) if scene.frame.status.batches > 1 or scene.subject is not None else "epoch"


def _drawn(scene: Scene) -> list[Curve]:
    """Return all curves of the run."""
    own = (scene.curve, scene.characters)
    return [*(each.curve for each in scene.others), *(each for each in own if each is not None)]


def _mark(scene: Scene) -> float | None:
    """Return the place of the screen's tick on the axis, if it is not the end of the curve."""
    status = scene.frame.status
    if status.tick == status.newest:
        return None
    return max(0, status.update - 1) + status.fed / scene.experiment.length


def _decade_below(value: float) -> float:
    """Return the power of ten at or below a loss, where a logarithmic axis begins and stays for a while."""
    return 10.0 ** math.floor(math.log10(value))


def _curve(points: Curve, style: Style, *, dots: bool = False) -> ChartCurve:
    return ChartCurve(x=points.x, low=points.low, high=points.high, style=style, dots=dots)
