"""The loss pane, unmounted: how its picture goes from one frame to the next."""

from itertools import pairwise

import numpy as np
from msgspec.structs import replace

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.diagnostics import CHARTS, DiagnosticCurve, Diagnostics
from rnn_tui.protocol.frame import Curve
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.view.model.next_scene import next_scene
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.loss import LossPane
from tests.view.fake_frames import MIDWAY, frame_of

HIHELLO = LESSONS["hihello"]
LOOK = FrameRequest(number=1, wanted=Wanted(curve=CurveWanted(columns=40)))


def scene(characters: int) -> Scene:
    """After three epochs, and so many characters in all."""
    x = np.arange(1, characters + 1) / 6
    low = 1.5 + np.cos(x)
    points = Curve(x=x, low=low, high=low)
    epochs = Curve(x=np.array([1.0, 2.0, 3.0]), low=np.array([9.0, 8.0, 7.0]), high=np.array([9.0, 8.0, 7.0]))
    frame = frame_of(LOOK, HIHELLO, MIDWAY, run=1, revision=characters, curve=epochs, characters=points)
    assert frame.opened is not None
    return next_scene(None, frame, frame.opened, view=ViewState(), palette=DARK, axis=TimeAxis.fit(60, 6))


def test_a_new_point_moves_no_other() -> None:
    """Also between two epochs: an axis that gives way at every character is a picture that is sent again each time."""
    pane = LossPane()
    pictures = ["\n".join(strip.text for strip in pane.picture(scene(n), 40, 12)) for n in range(19, 24)]
    for before, after in pairwise(pictures):
        changed = [old for old, new in zip(before, after, strict=True) if old != new]
        assert len(changed) == 1, after
        assert changed[0] in " ┄" or 0x2800 <= ord(changed[0]) < 0x2900


def test_another_chart_takes_its_place_once_its_curves_have_come() -> None:
    """Check that the curves of the previous chart are not shown under the new name."""
    pane, loss = LossPane(), scene(18)
    view = ViewState().next_chart(is_script=False)
    waiting = replace(loss, view=view)
    assert "not taken yet" in "\n".join(strip.text for strip in pane.picture(waiting, 60, 12))
    x = np.array([1.0, 2.0, 3.0])
    norm = DiagnosticCurve(name="norm", curve=Curve(x=x, low=5 / x, high=5 / x), now=1.25)
    curve = Curve(x=x, low=9 / x, high=9 / x)
    shown = replace(
        waiting, curve=curve, diagnostics=Diagnostics(kind="gradient", curves=(norm,), clip=0.5, clipped=0.25)
    )
    picture = "\n".join(strip.text for strip in pane.picture(shown, 60, 12))
    assert "clip" in picture
    assert "floor" not in picture
    assert "the largest that is known: 5.000, by epoch 1" in picture
    back = replace(shown, view=ViewState())
    assert "floor" in "\n".join(strip.text for strip in pane.picture(back, 60, 12))
    units = replace(shown, view=replace(view, chart="units"))
    assert "not taken yet" in "\n".join(strip.text for strip in pane.picture(units, 60, 12))


def test_the_charts_come_round_and_a_script_has_fewer() -> None:
    for is_script, expected in ((False, CHARTS), (True, ("loss", "gradient", "rate"))):
        view, seen = ViewState(), []
        for _ in expected:
            seen.append(view.chart)
            view = view.next_chart(is_script=is_script)
        assert tuple(seen) == tuple(expected)
        assert view.chart == "loss"
    assert ViewState(chart="units").next_chart(is_script=True).chart == "loss"
