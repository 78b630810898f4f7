"""The map of surprise: from the network to the screen."""

from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.inspect.surprise import SurpriseFacts
from tests.draw.test_surprise import facts
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, text_of, until


async def test_the_largest_surprises_are_found_by_a_key() -> None:
    engine = FakeEngine()
    some: SurpriseFacts = facts("abca", [2.0, 8.0, 1.0], "bba")
    engine.extra = {"inside": (some,)}
    async with running(LESSONS["hihello"], engine=engine) as (pilot, app, _):
        await pilot.press("U")
        await until(pilot, lambda: "▸ 1." in text_of(app, "#surprise"))
        assert "8.00 bits" in text_of(app, "#surprise")
        await pilot.press("full_stop")
        await until(pilot, lambda: "▸ 2." in text_of(app, "#surprise"))
        assert "2.00 bits" in text_of(app, "#surprise")
        await pilot.press("comma", "comma")
        await until(pilot, lambda: "▸ 3." in text_of(app, "#surprise"))
