"""Eigenvalues: from the network to the screen."""

import numpy as np

from rnn_tui.protocol.inspect.eigenvalues import EigenvaluesAsk, EigenvaluesFacts, Spectrum
from tests.view.fake_engine import FakeEngine
from tests.view.helpers import running, text_of, until


def asked(engine: FakeEngine) -> int:
    """Return the matrix that was asked for last."""
    (ask,) = [each for each in engine.looks[-1].wanted.inside if isinstance(each, EigenvaluesAsk)]
    return ask.matrix


async def test_they_are_drawn_and_o_goes_on_to_the_next_matrix() -> None:
    engine = FakeEngine()
    values = np.array([0.5, -0.25], np.float32)
    spectrum = Spectrum(name="∂h/∂h of t=2", real=values, imaginary=np.zeros(2, np.float32))
    engine.extra = {"inside": (EigenvaluesFacts(step=1, spectrum=spectrum),)}
    async with running(engine=engine) as (pilot, app, _):
        await pilot.press("J")
        await until(pilot, lambda: "●" in text_of(app, "#eigenvalues"))
        assert "half is left after 1 step" in text_of(app, "#eigenvalues")
        assert asked(engine) == 0
        await pilot.press("o")
        await until(pilot, lambda: asked(engine) == 1)
