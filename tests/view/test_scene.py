"""What a scene makes of a frame."""

import re

import numpy as np
import pytest
from msgspec.structs import replace

from rnn_tui.draw.kit.palette import DARK
from rnn_tui.draw.kit.time_axis import TimeAxis
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.frame_request import FrameRequest, Wanted
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from tests.view.fake_frames import MIDWAY, frame_of
from tests.view.helpers import running, text_of, until


@pytest.mark.parametrize(("there", "chosen", "cursor"), [(6, None, 5), (4, None, 3), (1, None, 0), (4, 5, 5)])
def test_the_cursor_follows_to_the_end_of_a_row_and_not_into_its_padding(
    there: int, chosen: int | None, cursor: int
) -> None:
    look = FrameRequest(number=1, wanted=Wanted(first=0, count=6, top=2))
    frame = frame_of(look, LESSONS["hihello"], replace(MIDWAY, fed=6), run=1, revision=1)
    assert frame.steps is not None
    assert frame.opened is not None
    padded = np.where(np.arange(6) < there, frame.steps.inputs, -1)
    scene = Scene(
        opened=frame.opened,
        frame=replace(frame, steps=replace(frame.steps, inputs=padded)),
        view=ViewState(cursor=chosen),
        palette=DARK,
        axis=TimeAxis(column=3, first=0, count=6, length=6, gutter=8),
    )
    assert scene.cursor == cursor


async def test_in_a_small_border_no_number_is_cut() -> None:
    async with running(size=(80, 24)) as (pilot, app, _):
        for pane, words in (
            ("#loss", "· sum of 6"),
            ("#network", "the state itself is the logits"),
            ("#prediction", "first right in epoch 9"),
        ):
            await until(pilot, lambda: words in text_of(app, pane))  # noqa: B023
            assert "…" not in text_of(app, pane).splitlines()[0]


async def test_a_prediction_of_a_part_of_the_row_says_which_steps_it_shows() -> None:
    async with running(LESSONS["remember"]) as (pilot, app, _):
        await until(pilot, lambda: re.search(r"steps \d+–\d+ of 21", text_of(app, "#prediction")) is not None)
        shown = re.search(r"steps (\d+)–(\d+) of 21", text_of(app, "#prediction"))
        assert shown is not None
        first, last = map(int, shown.groups())
        assert app.main.scene is not None
        assert first <= app.main.scene.cursor + 1 <= last, "with the column of the cursor"
