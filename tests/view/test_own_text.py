"""A text in the app: before it has been read, while it is learnt, and what is said of the part held out."""

import numpy as np
import pytest
from msgspec.structs import replace

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.overrides import overridden
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.commands import Open
from rnn_tui.protocol.frame import Curve, HeldOut
from rnn_tui.protocol.inspect.sample import SampleAsk
from rnn_tui.view.screens.experiment import ExperimentScreen
from tests.view.fake_engine import FakeEngine
from tests.view.fake_frames import MIDWAY
from tests.view.helpers import PANE_KEYS, running, screen_lines, text_of, until

GIVEN = {"data.text": "/somewhere/novel.txt", "data.batch": 3, "data.length": 6}
UNREAD = from_dict(overridden(LESSONS["hihello"], GIVEN))
VOCABULARY = "ehilo"
STATUS = replace(MIDWAY, epochs=10, epoch=2, batch=14, batches=50, fed=6, running_loss=None, loss=1.543)
HELD_OUT = HeldOut(
    update=60,
    loss=2.0,
    accuracy=0.433,
    characters=1234,
    whole=False,
    curve=Curve(x=np.array([1.0, 60.0]), low=np.array([3.0, 2.0]), high=np.array([3.0, 2.0])),
)


class TextEngine(FakeEngine):
    """Knows at once what the vocabulary of the text is."""

    def _begin(self, experiment: Experiment) -> None:
        known = replace(experiment.data, vocabulary=VOCABULARY) if experiment.data.text else experiment.data
        super()._begin(replace(experiment, data=known))


async def test_before_it_has_been_read() -> None:
    """An empty network, and which file is about to be read; no number that nobody knows yet."""
    async with running(UNREAD, engine=FakeEngine(greets=False), ready=False) as (pilot, app, _):
        await until(pilot, lambda: app.main.scene is not None)
        await pilot.pause()
        text = "\n".join(screen_lines(app))
        assert "/somewhere/novel.txt is being read." in text
        assert "6 time steps" in text
        assert "(6, 3, 256)" in text
        assert "linear …" in screen_lines(app)[0]
        assert "weights" not in screen_lines(app)[0]
        assert "e" not in "".join(app.main.scene.inputs if app.main.scene else "e")
        for key in ("right_square_bracket", "right_curly_bracket", *PANE_KEYS, "x", "2"):
            await pilot.press(key)
            await pilot.pause()
        await pilot.press("O")
        assert type(app.screen).__name__ == "GenerationScreen"


async def test_every_pane_that_looks_inside_opens() -> None:
    """Check it where rows change with every pass, and the text to go on from is not among them."""
    async with running(UNREAD, engine=TextEngine(STATUS)) as (pilot, app, engine):
        for key in PANE_KEYS:
            asks = len(engine.looks)
            await pilot.press(key)
            await until(pilot, lambda: len(engine.looks) > asks)  # noqa: B023
            if key == "G":
                new = [ask for look in engine.looks[asks:] for ask in look.wanted.inside]
                ask = next(ask for ask in new if isinstance(ask, SampleAsk))
                assert ask.prime == "e"
            await pilot.press(key)
        await pilot.press("O")
        assert type(app.screen).__name__ == "GenerationScreen"


async def test_while_it_is_learnt() -> None:
    """Epochs as a fraction, updates on the axis, the loss of a character; no list of what it has said."""
    engine = TextEngine(STATUS)
    async with running(UNREAD, engine=engine) as (pilot, app, _):
        line = screen_lines(app)[1]
        assert "epoch 1.28/10 · loss 1.543 · update 64" in line
        assert "tick" not in line.replace("ticks/s", "")
        assert "linear 5" in screen_lines(app)[0]
        assert "row 1 of 3" in text_of(app, "#network")
        assert "nats per character" in text_of(app, "#loss")
        assert "update" in text_of(app, "#loss")
        assert "epoch" not in text_of(app, "#loss")
        assert "said" not in text_of(app, "#prediction")
        before = text_of(app, "#network")
        await pilot.press("right_curly_bracket")
        await until(pilot, lambda: "row 2 of 3" in text_of(app, "#network"))
        await until(pilot, lambda: engine.looks[-1].wanted.row == 1)
        assert before != text_of(app, "#network")
        engine.move(tick=30, newest=64, batch=30, epoch=1)
        await until(pilot, lambda: "tick 30 of 64" in screen_lines(app)[1])


async def test_what_is_held_out_stands_beside_the_loss() -> None:
    engine = TextEngine(STATUS)
    engine.extra = {"held_out": HELD_OUT}
    async with running(UNREAD, engine=engine) as (pilot, app, _):
        pane = text_of(app, "#loss")
        assert "held out 2.000, 2.885 bits, 43.3% ✓" in pane
        assert "● held out, of update 60, 4 ago" in pane
        engine.extra = {"held_out": replace(HELD_OUT, parted=40)}
        engine.move(tick=65, newest=65, batch=15, state="paused")  # what rests is shown with its curve
        await until(pilot, lambda: "over-fits since update 40" in text_of(app, "#loss"))
        engine.extra = {"held_out": replace(HELD_OUT, loss=float("nan"))}
        engine.move(tick=66, batch=16)
        await until(pilot, lambda: "held out NaN" in text_of(app, "#loss"))


@pytest.mark.parametrize(
    ("width", "title"),
    [
        (200, "held out 2.000, 2.885 bits, 43.3% of characters, 1.0% of pairs ✓"),
        (120, "held out 2.000, 1.0% of pairs ✓"),
    ],
)
async def test_right_means_whole_pairs_where_pairs_are_held_out(width: int, title: str) -> None:
    engine = TextEngine(STATUS)
    engine.extra = {"held_out": replace(HELD_OUT, rows=0.01)}
    async with running(UNREAD, engine=engine, size=(width, 36)) as (_, app, _):
        assert title in text_of(app, "#loss")
        held_out = (
            "● a part of what is held out, of update 60, 4 ago" if width == 200 else "● held out, of update 60, 4 ago"
        )
        assert held_out in text_of(app, "#loss")


async def test_the_form_turns_rows_into_a_text_and_back() -> None:
    """The engine alone reads the text; its refusal is shown as a notice."""
    async with running(engine=TextEngine()) as (pilot, app, engine):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExperimentScreen))
        form = app.screen
        assert isinstance(form, ExperimentScreen)
        form.rows["data.text"].editor.value = "/somewhere/novel.txt"
        await until(pilot, lambda: form._ready is not None and form._ready.data.text)
        assert form.rows["network.cell"].editor.value == "lstm"
        form.rows["data.text"].editor.value = ""
        await until(pilot, lambda: form._ready is not None and form._ready == LESSONS["hihello"])
        form.rows["data.text"].editor.value = "/somewhere/novel.txt"
        await until(pilot, lambda: form._ready is not None and form._ready.data.text)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: any(isinstance(each, Open) for each in engine.commands))
        engine.refuse("there is no such file", "data.text")
        await until(pilot, lambda: "text there is no such file" in "\n".join(screen_lines(app)))
