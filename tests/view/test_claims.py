"""What a pane says of a whole it shows whole, or with a sign that it does not: for any texts, in any room."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from textual.geometry import Size

from rnn_tui.common.glyphs import glyph
from rnn_tui.draw.kit.palette import DARK
from rnn_tui.experiment.spec import Data, Experiment, Network, Training
from rnn_tui.protocol.frame_request import FrameRequest
from rnn_tui.view.model.columns import columns_of
from rnn_tui.view.model.next_scene import next_scene
from rnn_tui.view.model.scene import Scene
from rnn_tui.view.model.view_state import ViewState
from rnn_tui.view.pane_grid.wanted import time_axis, wanted
from rnn_tui.view.panes.network import NetworkPane
from rnn_tui.view.panes.prediction import PredictionPane
from tests.examples import examples
from tests.view.fake_frames import MIDWAY, frame_of

LETTERS = "abcxyz字ा"  # of one cell and of two


@st.composite
def scenes(draw: st.DrawFn, width: int, height: int) -> Scene:
    """A run on rows of any length, in the middle of a pass or at its end, looked at anywhere."""
    length, count = draw(st.integers(1, 70)), draw(st.integers(1, 4))
    row = st.text(LETTERS, min_size=length, max_size=length)
    rows = st.lists(row, min_size=count, max_size=count)
    data = Data(inputs=tuple(draw(rows)), targets=tuple(draw(rows)), vocabulary=LETTERS)
    experiment = Experiment(data=data, network=Network(head="linear"), training=Training(tick="sequence"))
    view = ViewState(cursor=draw(st.none() | st.integers(0, length - 1)), row=draw(st.integers(0, count - 1)))
    sizes = {"prediction": Size(width, height), "network": Size(width, height)}
    look = FrameRequest(
        number=1,
        wanted=wanted(experiment, view, columns=columns_of(experiment), score_width=width, sizes=sizes, asks=()),
    )
    status = replace(MIDWAY, fed=draw(st.sampled_from([length, draw(st.integers(0, length))])))
    frame = frame_of(look, experiment, status, run=1, revision=1)
    assert frame.opened is not None
    assert frame.steps is not None
    axis = time_axis(experiment, width, columns_of(experiment), frame.steps.first)
    return next_scene(None, frame, frame.opened, view=view, palette=DARK, axis=axis)


def characters(line: str) -> list[str]:
    """The characters of a line, without marks, signs and blanks; a sign on a dotted circle is one."""
    return re.findall(r"◌[^ ✓✗·…]|[^ ✓✗…]", line)


@settings(max_examples=examples(150))
@given(st.data(), st.integers(22, 130), st.integers(6, 30))
def test_the_prediction_counts_what_it_shows_or_shows_that_it_is_more(
    data: st.DataObject, width: int, height: int
) -> None:
    scene = data.draw(scenes(width, height))
    rows = [strip.text for strip in PredictionPane().picture(scene, width, height)]
    texts = [row[8:] for row in rows[:3]]
    length, fed = scene.experiment.length, scene.frame.status.fed
    source = scene.experiment.data.inputs[scene.view.row]
    shown = characters(texts[0])
    assert "".join(map(glyph, source)).find("".join(shown)) >= 0
    assert len(characters(texts[1])) == len(characters(texts[2])) == len(shown)
    for text in texts:
        assert ("…" in text) == (len(shown) < length), "a part of the row says that it is one"
    claim = re.search(r"(\d+) of (\d+) right", rows[3])
    if claim is not None:
        right, of = map(int, claim.groups())
        assert of == fed
        said = [(each, target) for each, target in zip(characters(texts[2]), characters(texts[1]), strict=True)]
        if len(shown) == length:
            assert sum(each == target for each, target in said if each != "·") == right
    if scene.experiment.rows > 1 and rows[3].strip():
        assert re.match(rf" *row {scene.view.row + 1}\b", rows[3]), "one row of several is named"
    assert all(cell_len(row) == width for row in rows)


@settings(max_examples=examples(100))
@given(st.data(), st.integers(40, 130), st.integers(8, 30))
def test_the_network_names_the_part_that_it_shows(data: st.DataObject, width: int, height: int) -> None:
    scene = data.draw(scenes(width, height))
    rows = [strip.text for strip in NetworkPane().picture(scene, width, height)]
    shown = characters(next(row for row in rows if row.startswith(" input"))[11:])
    length, axis = scene.experiment.length, scene.axis
    assert len(shown) == axis.count
    for form in NetworkPane().forms(scene):
        part = re.search(r"steps (\d+)–(\d+) of (\d+)", form)
        assert (part is None) == (len(shown) == length)
        if part is not None:
            assert tuple(map(int, part.groups())) == (axis.first + 1, axis.first + len(shown), length)
