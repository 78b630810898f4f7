"""What a view is told of diagnostics: the curves that it asks for, and nothing where it looks at the loss."""

import numpy as np
import pytest
from msgspec.structs import replace

from rnn_tui.engine.host.diagnostics import diagnostics_of
from rnn_tui.engine.session.session import Session
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.protocol.frame_request import CurveWanted

WANTED = CurveWanted(columns=40)


@pytest.fixture(scope="module")
def session() -> Session:
    lesson = LESSONS["hihello-sequence"]
    training = replace(lesson.training, clip=0.3, epochs=0, schedule="step", schedule_every=10, schedule_factor=0.5)
    session = Session(replace(lesson, training=training, run=replace(lesson.run, until=("ratio>1e300",))))
    for _ in range(25):
        session.tick()
    return session


def test_the_gradient_with_its_limit(session: Session) -> None:
    assert diagnostics_of(session, WANTED) is None
    facts = diagnostics_of(session, replace(WANTED, kind="gradient"))
    assert facts is not None
    norms = list(session.branch.diagnostics.norms)
    (curve,) = facts.curves
    assert curve.curve.high.tolist() == norms
    assert curve.now == norms[-1]
    assert (facts.clip, facts.clipped) == (0.3, sum(norm > 0.3 for norm in norms) / 25)
    assert 0 < sum(norm > 0.3 for norm in norms) < 25


def test_ratios_units_and_the_rate(session: Session) -> None:
    ratios, units, rate = (diagnostics_of(session, replace(WANTED, kind=kind)) for kind in ("ratio", "units", "rate"))
    assert ratios is not None
    assert units is not None
    assert rate is not None
    assert [each.name for each in ratios.curves] == ["weight_ih_l0", "weight_hh_l0"]
    assert [len(each.curve.x) for each in ratios.curves] == [24, 24]  # there is no update before the first pass
    assert [each.name for each in units.curves] == ["dead", "saturated"]
    lr = LESSONS["hihello-sequence"].training.lr
    np.testing.assert_allclose(rate.curves[0].curve.low, [lr] * 10 + [lr / 2] * 10 + [lr / 4] * 5)


def test_in_the_past_the_numbers_are_those_of_the_past(session: Session) -> None:
    """The curve keeps its future."""
    norms = list(session.branch.diagnostics.norms)
    session.go_to(7)
    facts = diagnostics_of(session, replace(WANTED, kind="gradient"))
    assert facts is not None
    assert facts.curves[0].now == norms[6]
    assert len(facts.curves[0].curve.x) == 25
    session.go_to(0)
    facts = diagnostics_of(session, replace(WANTED, kind="ratio"))
    assert facts is not None
    assert [each.now for each in facts.curves] == [None, None]
    session.go_to(25)


def test_a_look_has_every_pass_measured_that_comes_slowly() -> None:
    lesson = LESSONS["hihello-sequence"]
    now = 0.0
    session = Session(replace(lesson, training=replace(lesson.training, epochs=0)), clock=lambda: now)
    session.recording.measuring.turn_off()
    for _ in range(30):
        now += 0.2
        session.tick()
    samples = session.branch.diagnostics.samples
    assert len(samples) == 0
    for _ in range(10):
        diagnostics_of(session, replace(WANTED, kind="units"))
        now += 0.2
        session.tick()
    assert list(samples.passes) == [*range(32, 41)]
    for _ in range(10):
        now += 0.2
        session.tick()
    assert samples.passes[-1] < 47  # a look is over after a second
