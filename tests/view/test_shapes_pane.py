"""The pane of shapes: what the other order of dimensions would give is what torch gives."""

import pytest
import torch
from msgspec.structs import replace
from torch import nn

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.engine_messages import Opened
from rnn_tui.protocol.frame import TensorFact
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.protocol.subject import Subject
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.panes.shapes import ShapesPane
from tests.view.fake_frames import MIDWAY, TORCH, frame_of


def pictured(
    tensors: tuple[TensorFact, ...],
    *,
    batch_first: bool,
    zoomed: bool = False,
    height: int = 30,
    subject: Subject | None = None,
) -> str:
    experiment = LESSONS["remember"]
    experiment = replace(experiment, network=replace(experiment.network, batch_first=batch_first))
    opened = Opened(
        run=1, experiment=experiment, began=experiment, weights=1, device="cpu", torch=TORCH, subject=subject
    )
    frame = frame_of(FrameRequest(number=1, wanted=Wanted()), experiment, MIDWAY, run=1, revision=1)
    scene = Scene(opened=opened, frame=replace(frame, tensors=tensors), view=ViewState(), palette=DARK,
                  axis=TimeAxis.fit(60, experiment.length))  # fmt: skip
    pane = ShapesPane()
    pane.set_class(zoomed, "full")
    return " ".join("".join(strip.text for strip in pane.picture(scene, 70, height)).split())


@pytest.mark.parametrize("batch_first", [False, True])
def test_the_other_order_of_dimensions_is_that_of_torch(batch_first: bool) -> None:
    x = torch.zeros(21, 4, 6)
    both = {first: x.transpose(0, 1) if first else x for first in (False, True)}
    outputs = {first: nn.LSTM(6, 32, batch_first=first)(both[first])[0] for first in both}
    facts = tuple(
        TensorFact(name=name, shape=tuple(each[batch_first].shape), dimensions=("a", "b", "c"))
        for name, each in (("x", both), ("output", outputs))
    )
    other = not batch_first
    said = pictured(facts, batch_first=batch_first)
    assert (
        f"batch_first={other} would give x {tuple(both[other].shape)} and output {tuple(outputs[other].shape)};" in said
    )


def test_indices_of_an_embedding_have_two_dimensions() -> None:
    said = pictured((TensorFact(name="x", shape=(5, 6), dimensions=("time", "batch")),), batch_first=False)
    assert "would give x (6, 5);" in said


@pytest.mark.parametrize("zoomed", [False, True])
def test_more_room_is_offered_only_where_there_is_some(zoomed: bool) -> None:
    facts = tuple(TensorFact(name=f"w{number}", shape=(1,), dimensions=("a",)) for number in range(20))
    assert ("z: more room" in pictured(facts, batch_first=False, zoomed=zoomed, height=9)) == (not zoomed)


def test_of_a_script_it_says_nothing_of_batch_first_or_of_checks() -> None:
    """Check that time comes first here in any order of its own, and that there are no checks."""
    x = TensorFact(name="x", shape=(7, 3, 2), dimensions=("time", "batch", "features"))
    text = pictured((x,), batch_first=False, subject=Subject(script="train.py"))
    assert "(7, 3, 2)" in text
    assert "Below is row 1; { and } pick another." in text
    assert "batch_first" not in text
    assert "checks" not in text
