"""The accuracy by length: from the engine's answer to the screen."""

import numpy as np

from rnn_tui.protocol.inspect.lengths import LengthsFacts
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, text_of, until


async def test_it_is_drawn_with_its_sentence() -> None:
    engine = FakeEngine()
    lengths, right, rows, learnt = np.array([[1, 2, 3, 4], [8, 8, 4, 0], [8, 8, 8, 8], [1, 1, 0, 0]], np.int32)
    engine.extra = {"inside": (LengthsFacts(lengths=lengths, right=right, rows=rows, learnt=learnt),)}
    async with running(engine=engine) as (pilot, app, _):
        await pilot.press("j")
        await until(pilot, lambda: "all right up to length 2" in text_of(app, "#lengths"))
        assert "█" in text_of(app, "#lengths")
