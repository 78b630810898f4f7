"""The loss pane, unmounted: how its picture goes from one frame to the next."""

from itertools import pairwise

import numpy as np

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.frame import Curve
from rnn_tui.protocol.frame_request import CurveWanted, FrameRequest, Wanted
from rnn_tui.view.model.scene import Scene, next_scene
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
