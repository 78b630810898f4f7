"""What rank 0 shows of a row that another rank has is what one process shows of it."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from numpy.testing import assert_allclose, assert_array_equal

from rnn_tui.engine.answers.probe import Probe
from rnn_tui.engine.ranks.ranks import Ranks
from rnn_tui.protocol.frame_request import Wanted
from rnn_tui.protocol.inspect.cell import CellAsk, CellFacts
from tests.engine.ranks.trained import alone, experiment, shared
from tests.loopback import has_loopback

pytestmark = [
    pytest.mark.xdist_group("ranks"),  # they share two processes
    pytest.mark.skipif(not has_loopback(), reason="there is no loopback device"),
]


@pytest.mark.parametrize("row", [3, 4, 99])
def test_a_row_of_the_other_rank(row: int, ranks: Ranks, files: Path) -> None:
    trained = experiment(files)
    one, two = alone(trained), shared(trained, ranks)
    for _ in range(7):
        one.tick()
        two.tick()
    wanted = Wanted(row=row, count=12, top=3, units=8, layers=(0, 1), inside=(CellAsk(step=4),))
    assert ranks.view_elsewhere(two, replace(wanted, row=2)) is None
    seen, probe = ranks.view_elsewhere(two, wanted), Probe(one)
    assert seen is not None
    steps, at_home = seen.steps, probe.steps(replace(wanted, row=min(row, 4)))
    assert steps is not None
    assert_array_equal(steps.inputs, at_home.inputs)
    assert_array_equal(steps.top, at_home.top)
    assert_allclose(steps.top_p, at_home.top_p, rtol=1e-4)
    (states,) = seen.states
    assert_allclose(states.h, probe.states(replace(wanted, row=min(row, 4)))[0].h, atol=1e-4)
    (cell,) = seen.inside
    assert isinstance(cell, CellFacts)
    assert not seen.failures
