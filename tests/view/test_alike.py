"""Where else: from the network to the screen."""

from rnn_tui.protocol.inspect.alike import AlikeAsk
from tests.draw.test_alike import facts
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, text_of, until


def asked(engine: FakeEngine) -> tuple[int, int]:
    asks = [each for look in engine.looks for each in look.wanted.inside if isinstance(each, AlikeAsk)]
    return asks[-1].start, asks[-1].length


async def test_keys_move_the_stretch_and_make_it_longer() -> None:
    engine = FakeEngine()
    engine.extra = {"inside": (facts("abcdabcd", 0, 3, (4, 3)),)}
    async with running(engine=engine) as (pilot, app, _):
        await pilot.press("H")
        await until(pilot, lambda: "the stretch" in text_of(app, "#alike"))
        assert asked(engine) == (0, 3)
        await pilot.press("full_stop", "o")
        await until(pilot, lambda: asked(engine) == (1, 4))
        await pilot.press("comma", "comma")
        await until(pilot, lambda: asked(engine) == (7, 4))
